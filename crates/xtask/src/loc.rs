//! Lines per crate, without blank ones.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;

use crate::project::Project;
use crate::source;

#[derive(Default)]
struct Lines {
    files: usize,
    code: usize,
    tests: usize,
    generated: usize,
    longest: usize,
}

/// Prints a table: lines that are code, tests and generated per crate, and
/// the longest file written by hand.
pub(crate) fn run(project: &Project) -> Result<()> {
    let sources = source::all(project)?;
    let mut crates: BTreeMap<String, Lines> = BTreeMap::new();
    for file in &sources {
        let lines = crates.entry(crate_name(&file.path)).or_default();
        lines.files += 1;
        if source::is_generated(&file.text) {
            lines.generated += filled(file.text.lines());
            continue;
        }
        let tests = file.text.lines().zip(&file.test_lines).filter(|(_, test)| **test);
        let tests = filled(tests.map(|(line, _)| line));
        lines.tests += tests;
        lines.code += filled(file.text.lines()) - tests;
        lines.longest = lines.longest.max(file.text.lines().count());
    }
    println!("{:16} {:>6} {:>8} {:>8} {:>10} {:>14}", "crate", "files", "code", "tests", "generated", "longest file");
    let mut sum = Lines::default();
    for (name, lines) in &crates {
        print_row(name, lines);
        sum.files += lines.files;
        sum.code += lines.code;
        sum.tests += lines.tests;
        sum.generated += lines.generated;
        sum.longest = sum.longest.max(lines.longest);
    }
    print_row("all", &sum);
    Ok(())
}

fn print_row(name: &str, lines: &Lines) {
    let Lines { files, code, tests, generated, longest } = lines;
    println!("{name:16} {files:>6} {code:>8} {tests:>8} {generated:>10} {longest:>14}");
}

fn filled<'a>(lines: impl Iterator<Item = &'a str>) -> usize {
    lines.filter(|line| !line.trim().is_empty()).count()
}

fn crate_name(path: &Path) -> String {
    let mut parts = path.iter().map(|part| part.to_string_lossy().into_owned());
    let first = parts.next().unwrap_or_default();
    if first == "crates" { parts.next().unwrap_or_default() } else { first }
}
