//! The requirement ids of the specification against those that tests cite.
//!
//! A requirement is a paragraph, list item or table row of a page in `spec/`
//! that begins with its id in bold. `spec/untested.txt` holds the ids that no
//! test cites yet; it may only become shorter, so a new requirement arrives
//! with its test.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::project::Project;
use crate::source;
use crate::steps::{self, Outcome};

const UNTESTED: &str = "spec/untested.txt";

const HEADING: &str = "\
# Requirement ids that no test cites. This list only becomes shorter:
# `cargo xtask requirements --update` removes what is tested by now.
";

#[derive(Args)]
pub(crate) struct Options {
    /// Remove tested and dropped ids from spec/untested.txt (and write it
    /// when there is none yet); it never adds an id to an existing list
    #[arg(long)]
    update: bool,
    /// Print, for every id, where tests cite it
    #[arg(long)]
    list: bool,
}

pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut report = Report::collect(project)?;
    if options.list {
        for (id, places) in &report.cited {
            println!("{id}: {}", places.join(", "));
        }
    }
    if options.update {
        report.shrink();
        let lines: String = report.listed.iter().map(|id| format!("{id}\n")).collect();
        let path = project.path(UNTESTED);
        std::fs::write(&path, format!("{HEADING}{lines}"))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    println!("{}", report.judge()?);
    Ok(())
}

pub(crate) fn step(project: &Project) -> Result<Outcome> {
    let report = Report::collect(project)?;
    if report.defined.is_empty() {
        return Ok(Outcome::NotRun("no page in spec/ defines a requirement".into()));
    }
    Ok(Outcome::Passed(report.judge()?))
}

/// Everything that is known about the ids; places are `file:line`.
#[derive(Default)]
struct Report {
    defined: BTreeMap<String, Vec<String>>,
    /// What tests cite.
    cited: BTreeMap<String, Vec<String>>,
    /// What anything names, tests included.
    named: BTreeMap<String, Vec<String>>,
    listed: BTreeSet<String>,
    has_list: bool,
}

impl Report {
    fn collect(project: &Project) -> Result<Self> {
        let mut report = Self::default();
        for page in project.files()? {
            // Schemas name the requirements that their rules stand for.
            if page.extension().is_some_and(|extension| extension == "md" || extension == "toml") {
                report.read_page(&page, &project.read(&page)?);
            }
        }
        for source in source::all(project)? {
            // This crate's own tests are about ids that exist nowhere.
            if !source.path.starts_with("crates/xtask") {
                report.read_source(&source);
            }
        }
        for path in project.files()?.into_iter().filter(|path| is_vectors(path)) {
            report.read_vectors(&path, &project.read(&path)?);
        }
        if project.path(UNTESTED).exists() {
            report.has_list = true;
            let list = project.read(UNTESTED)?;
            let ids = list.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
            report.listed = ids.map(str::to_owned).collect();
        }
        Ok(report)
    }

    fn read_page(&mut self, path: &Path, text: &str) {
        for (number, line) in text.lines().enumerate() {
            let place = format!("{}:{}", path.display(), number + 1);
            if path.parent() == Some(Path::new("spec"))
                && let Some(id) = definition(line)
            {
                self.defined.entry(id.to_owned()).or_default().push(place.clone());
            }
            for id in ids(line) {
                self.named.entry(id.to_owned()).or_default().push(place.clone());
            }
        }
    }

    /// Vectors are tests: the conformance runner asks every implementation all of them, and those of Rust are asked by
    /// `cargo test`.
    fn read_vectors(&mut self, path: &Path, text: &str) {
        for (number, line) in
            text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("\"requirements\""))
        {
            let place = format!("{}:{}", path.display(), number + 1);
            for id in ids(line) {
                // One place of a file says enough.
                let places = self.cited.entry(id.to_owned()).or_default();
                if !places.iter().any(|known| known.starts_with(&format!("{}:", path.display()))) {
                    places.push(place.clone());
                }
                self.named.entry(id.to_owned()).or_insert_with(|| vec![place.clone()]);
            }
        }
    }

    fn read_source(&mut self, source: &source::Source) {
        for (number, (line, test)) in source.text.lines().zip(&source.test_lines).enumerate() {
            for id in ids(line) {
                let place = format!("{}:{}", source.path.display(), number + 1);
                if *test {
                    self.cited.entry(id.to_owned()).or_default().push(place.clone());
                }
                self.named.entry(id.to_owned()).or_default().push(place);
            }
        }
    }

    fn untested(&self) -> BTreeSet<String> {
        self.defined.keys().filter(|id| !self.cited.contains_key(*id)).cloned().collect()
    }

    fn shrink(&mut self) {
        let untested = self.untested();
        self.listed = match self.has_list {
            true => self.listed.intersection(&untested).cloned().collect(),
            false => untested,
        };
        self.has_list = true;
    }

    /// Prints the untested ids and every problem; the sums when there is none.
    fn judge(&self) -> Result<String> {
        let untested = self.untested();
        println!("requirements that no test cites: {}", untested.len());
        for line in by_area(&untested) {
            println!("  {line}");
        }
        let tested = self.defined.len() - untested.len();
        let sums = format!("{} requirements, {tested} cited by tests, {} not", self.defined.len(), untested.len());
        steps::settle(&self.problems(&untested)).with_context(|| sums.clone())?;
        Ok(sums)
    }

    fn problems(&self, untested: &BTreeSet<String>) -> Vec<String> {
        let mut problems = Vec::new();
        for (id, places) in self.defined.iter().filter(|(_, places)| places.len() > 1) {
            problems.push(format!("{id} is defined more than once: {}", places.join(", ")));
        }
        for (id, places) in self.named.iter().filter(|(id, _)| !self.defined.contains_key(*id)) {
            problems.push(format!("no page of spec/ defines {id}, named in {}", places.join(", ")));
        }
        if !self.has_list {
            problems.push(format!("{UNTESTED} is missing; write it with cargo xtask requirements --update"));
        }
        for id in untested.difference(&self.listed).filter(|_| self.has_list) {
            let place = &self.defined[id][0];
            problems.push(format!("no test cites {id} ({place}); write one that names it"));
        }
        for id in self.listed.difference(untested) {
            let why = match self.cited.get(id) {
                Some(places) => format!("{} cites it", places[0]),
                None => "it is not defined any more".to_owned(),
            };
            problems.push(format!("{id} stands in {UNTESTED} though {why}; run cargo xtask requirements --update"));
        }
        problems
    }
}

/// Whether this is a file of vectors, which the generator writes.
fn is_vectors(path: &Path) -> bool {
    path.parent() == Some(Path::new("spec/vectors")) && path.extension().is_some_and(|extension| extension == "json")
}

/// One line for each area, as `NIPC-HS: 01 02 07`.
fn by_area(ids: &BTreeSet<String>) -> Vec<String> {
    let mut areas: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for id in ids {
        if let Some((area, number)) = id.rsplit_once('-') {
            areas.entry(area).or_default().push(number);
        }
    }
    areas.into_iter().map(|(area, numbers)| format!("{area}: {}", numbers.join(" "))).collect()
}

/// The id that `line` defines: it opens the line in bold, after a list or
/// table mark at most.
fn definition(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = line.strip_prefix(['-', '*', '|']).filter(|_| !line.starts_with("**")).unwrap_or(line);
    let rest = line.trim_start().strip_prefix("**")?;
    let id = ids(rest).next().filter(|id| rest.starts_with(id))?;
    rest[id.len()..].starts_with("**").then_some(id)
}

/// Every `NIPC-AREA-NN` in `line`.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices("NIPC-").filter_map(|(start, prefix)| {
        let before = line[..start].bytes().next_back();
        if before.is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
            return None;
        }
        let rest = &line[start + prefix.len()..];
        let area = rest.bytes().take_while(|b| b.is_ascii_uppercase() || b.is_ascii_digit()).count();
        let number = rest[area..].strip_prefix('-')?;
        let digits = number.bytes().take_while(u8::is_ascii_digit).count();
        // `AREA` stands for any area where the form of an id is explained.
        (area > 0 && digits == 2 && &rest[..area] != "AREA")
            .then(|| &line[start..start + prefix.len() + area + 1 + digits])
    })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn report(page: &str, test: &str, list: &[&str]) -> Report {
        let mut report = Report { has_list: true, ..Report::default() };
        report.read_page(Path::new("spec/a.md"), page);
        report.read_source(&source::Source {
            path: PathBuf::from("crates/a/tests/a.rs"),
            text: test.to_owned(),
            test_lines: vec![true; test.lines().count()],
        });
        report.listed = list.iter().map(ToString::to_string).collect();
        report
    }

    fn problems(page: &str, test: &str, list: &[&str]) -> Vec<String> {
        let report = report(page, test, list);
        report.problems(&report.untested())
    }

    #[test]
    fn definitions_open_a_line_in_bold() {
        for line in [
            "**NIPC-HS-07** The server",
            "- **NIPC-HS-07** x",
            "  * **NIPC-HS-07**: x",
            "| **NIPC-HS-07** | x |",
            "|**NIPC-HS-07**|",
        ] {
            assert_eq!(definition(line), Some("NIPC-HS-07"), "{line}");
        }
        for line in ["see **NIPC-HS-07**", "NIPC-HS-07 x", "**NIPC-HS-07 x**", "**NIPC-HS-077**"] {
            assert_eq!(definition(line), None, "{line}");
        }
    }

    #[test]
    fn ids_are_found_in_running_text() {
        let found: Vec<&str> = ids("NIPC-HS-07, (NIPC-L2C-10) NIPC-x-1 XNIPC-HS-08 NIPC-HS-nn NIPC-AREA-01").collect();
        assert_eq!(found, ["NIPC-HS-07", "NIPC-L2C-10"]);
    }

    #[test]
    fn a_cited_requirement_is_no_problem() {
        assert_eq!(problems("**NIPC-A-01** x", "// NIPC-A-01", &[]), [""; 0]);
        assert_eq!(problems("**NIPC-A-01** x", "", &["NIPC-A-01"]), [""; 0]);
    }

    #[test]
    fn vectors_cite_what_they_are_about() {
        let mut report = report("**NIPC-A-01**\n**NIPC-A-02**", "", &[]);
        let text =
            "\"what\": \"As NIPC-A-02 says.\",\n\"requirements\": [\"NIPC-A-01\"]\n\"requirements\": [\"NIPC-A-01\"]\n";
        report.read_vectors(Path::new("spec/vectors/a.json"), text);
        assert_eq!(report.untested(), ["NIPC-A-02".to_owned()].into());
        assert_eq!(report.cited["NIPC-A-01"], ["spec/vectors/a.json:2"]);
        assert!(is_vectors(Path::new("spec/vectors/a.json")) && !is_vectors(Path::new("spec/vectors/golden/a.json")));
    }

    #[test]
    fn each_problem_is_told() {
        for (page, test, list, expected) in [
            ("**NIPC-A-01**\n**NIPC-A-01**", "NIPC-A-01", &[][..], "more than once"),
            ("", "NIPC-A-09", &[], "no page of spec/ defines NIPC-A-09"),
            ("**NIPC-A-01** as NIPC-A-02", "NIPC-A-01", &[], "defines NIPC-A-02, named in spec/a.md:1"),
            ("**NIPC-A-01**", "", &[], "no test cites NIPC-A-01 (spec/a.md:1)"),
            ("**NIPC-A-01**", "NIPC-A-01", &["NIPC-A-01"], "though crates/a/tests/a.rs:1 cites it"),
            ("", "", &["NIPC-A-01"], "not defined any more"),
        ] {
            let found = problems(page, test, list);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].contains(expected), "{found:?}");
        }
    }

    #[test]
    fn an_update_only_removes() {
        let mut report =
            report("**NIPC-A-01**\n**NIPC-A-02**\n**NIPC-A-03**", "NIPC-A-01", &["NIPC-A-01", "NIPC-A-02"]);
        report.shrink();
        assert_eq!(report.listed, ["NIPC-A-02".to_owned()].into());
        report.has_list = false;
        report.shrink();
        assert_eq!(report.listed.len(), 2);
    }

    #[test]
    fn untested_ids_are_grouped() {
        let ids = ["NIPC-A-01", "NIPC-A-02", "NIPC-B-01"].map(str::to_owned).into();
        assert_eq!(by_area(&ids), ["NIPC-A: 01 02", "NIPC-B: 01"]);
    }
}
