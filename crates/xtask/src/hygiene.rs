//! What must not be checked in, whatever the language.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::project::Project;
use crate::steps::{self, Outcome};

/// Larger files are build output or data that does not belong in the history.
const MAX_BYTES: u64 = 1 << 20;

/// Longer scripts should be programs.
const MAX_SCRIPT_LINES: usize = 100;

/// Words that mark unfinished work; split so that this file passes.
const UNFINISHED: &[&str] = &[
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("X", "XX"),
    concat!("todo", "!"),
    concat!("unimplemented", "!"),
];

/// Text tools write these at the start of a line on a merge conflict.
const CONFLICT: &[&str] = &[concat!("<<<<", "<<< "), concat!(">>>>", ">>> ")];

/// Names that say a test file was split by size instead of by topic.
const OVERFLOW_NAMES: &[&str] = &["more_", "extra", "misc", "edge2", "more-"];

pub(crate) fn step(project: &Project) -> Result<Outcome> {
    let Some(files) = project.tracked()? else {
        return Ok(Outcome::NotRun("this is not a git clone".into()));
    };
    let mut problems = Vec::new();
    for path in &files {
        check(project, path, &mut problems)?;
    }
    steps::settle(&problems)?;
    Ok(Outcome::Passed(format!("{} tracked files", files.len())))
}

fn check(project: &Project, path: &Path, problems: &mut Vec<String>) -> Result<()> {
    let full = project.path(path);
    let metadata = match fs::symlink_metadata(&full) {
        Ok(metadata) => metadata,
        // Deleted in the work tree, the deletion not committed yet.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => {
            return Err(error).with_context(|| format!("cannot look at {}", full.display()));
        }
    };
    let mut tell = |what: String| problems.push(format!("{}{what}", path.display()));
    if metadata.len() > MAX_BYTES {
        tell(format!(": {} bytes; at most {MAX_BYTES} are allowed", metadata.len()));
    }
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    if is_source(path) && OVERFLOW_NAMES.iter().any(|odd| name.starts_with(odd)) {
        tell(": name the file after its topic".into());
    }
    if !metadata.is_file() {
        return Ok(());
    }
    let bytes = fs::read(&full).with_context(|| format!("cannot read {}", full.display()))?;
    if bytes.starts_with(b"\x7fELF") {
        tell(": a compiled program".into());
    }
    let Ok(text) = String::from_utf8(bytes) else {
        return Ok(());
    };
    if !is_text(path, &text) {
        return Ok(());
    }
    for (number, what) in text_problems(path, &text) {
        tell(format!(":{number}: {what}"));
    }
    Ok(())
}

fn is_source(path: &Path) -> bool {
    has_extension(path, &["rs", "go", "c", "h"])
}

fn has_extension(path: &Path, known: &[&str]) -> bool {
    path.extension().is_some_and(|extension| known.iter().any(|known| extension == *known))
}

fn is_text(path: &Path, text: &str) -> bool {
    let known = ["rs", "go", "c", "h", "md", "toml", "json", "txt", "sh", "cmake", "yml"];
    has_extension(path, &known) || text.starts_with("#!")
}

/// Every problem in a text file as line number and sentence.
fn text_problems(path: &Path, text: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    // Not `lines`, which hides carriage returns.
    for (index, line) in text.split('\n').enumerate() {
        found.extend(line_problem(path, line).map(|what| (index + 1, what)));
    }
    let lines = text.lines().count();
    if !text.is_empty() && (!text.ends_with('\n') || text.ends_with("\n\n")) {
        found.push((lines, "the file must end with exactly one newline".into()));
    }
    if text.starts_with("#!") && text.lines().next().is_some_and(|line| line.ends_with("sh")) {
        if lines > MAX_SCRIPT_LINES {
            found.push((lines, format!("a script of {lines} lines; {MAX_SCRIPT_LINES} are allowed")));
        }
        if !text.contains("\nset -euo pipefail\n") {
            found.push((1, "a script must say `set -euo pipefail`".into()));
        }
    }
    found
}

fn line_problem(path: &Path, line: &str) -> Option<String> {
    if CONFLICT.iter().any(|mark| line.starts_with(mark)) {
        return Some("a conflict mark".into());
    }
    if line.ends_with([' ', '\t', '\r']) {
        return Some("white space at the end of the line".into());
    }
    if line.contains(|c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')) {
        return Some("a character that changes the direction of text".into());
    }
    if let Some(word) = UNFINISHED.iter().find(|word| contains_word(line, word)) {
        return Some(format!("{word} marks unfinished work"));
    }
    if is_source(path) && is_banner(line) {
        return Some("a banner line; let a heading of the module say it".into());
    }
    if has_extension(path, &["rs"]) && line.trim() == "#[ignore]" {
        return Some("an ignored test must say why: #[ignore = \"reason\"]".into());
    }
    None
}

/// Whether `word` stands in `line` with no letter, digit or `_` beside it.
fn contains_word(line: &str, word: &str) -> bool {
    let part = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next();
        !before.is_some_and(part) && (word.ends_with('!') || !after.is_some_and(part))
    })
}

/// A comment of nothing but a rule, such as a row of dashes.
fn is_banner(line: &str) -> bool {
    let Some(comment) = line.trim().strip_prefix("//").or_else(|| line.trim().strip_prefix("/*")) else {
        return false;
    };
    let comment = comment.trim_start_matches(['/', '!']).trim_end_matches("*/").trim();
    // Documentation tables have `|` and so are none.
    comment.len() >= 5 && comment.chars().all(|c| "-=*#~_".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(file: &str, text: &str) -> Vec<String> {
        let problems = text_problems(Path::new(file), text);
        problems.into_iter().map(|(number, what)| format!("{number}: {what}")).collect()
    }

    #[test]
    fn clean_text_passes() {
        assert_eq!(found("a.rs", "// a - b\nfn a() {}\n"), [""; 0]);
        assert_eq!(found("a.md", "| a |\n| --- |\n\n---------\n"), [""; 0]);
        assert_eq!(found("run", "#!/usr/bin/env bash\nset -euo pipefail\n"), [""; 0]);
    }

    #[test]
    fn each_problem_is_found() {
        let unfinished = format!("// {} later\n", UNFINISHED[0]);
        let conflict = format!("{}ours\n", CONFLICT[0]);
        for (file, text, expected) in [
            ("a.rs", "a \n", "1: white space"),
            ("a.rs", "a\r\n", "1: white space"),
            ("a.rs", "a", "1: the file must end"),
            ("a.rs", "a\n\n", "2: the file must end"),
            ("a.c", "\n// -----\n", "2: a banner"),
            ("a.rs", "    #[ignore]\n", "1: an ignored test"),
            ("a.rs", unfinished.as_str(), "1: TO"),
            ("a.md", conflict.as_str(), "1: a conflict"),
            ("a.sh", "#!/bin/sh\necho\n", "1: a script must say"),
            ("a.md", "\u{202e}\n", "1: a character"),
        ] {
            let problems = found(file, text);
            assert_eq!(problems.len(), 1, "{text:?}: {problems:?}");
            assert!(problems[0].starts_with(expected), "{text:?}: {problems:?}");
        }
    }

    #[test]
    fn words_stand_alone() {
        assert!(!contains_word("/tmp/aXXXXXX", UNFINISHED[2]));
        assert!(contains_word(concat!("todo", "!(x)"), UNFINISHED[3]));
    }

    #[test]
    fn large_files_and_programs_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::at(dir.path());
        fs::write(project.path("big.bin"), vec![0; 1 << 20]).unwrap();
        fs::write(project.path("bigger.bin"), vec![0; (1 << 20) + 1]).unwrap();
        fs::write(project.path("program"), b"\x7fELF\x02").unwrap();
        let mut problems = Vec::new();
        for file in ["big.bin", "bigger.bin", "program", "absent"] {
            check(&project, Path::new(file), &mut problems).unwrap();
        }
        assert_eq!(problems.len(), 2, "{problems:?}");
        assert!(problems[0].starts_with("bigger.bin: 1048577 bytes"), "{problems:?}");
    }
}
