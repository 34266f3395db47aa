//! What is made from the records of benchmarks: the page and plots of each, and the table of the README.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use netipc_bench::report::fill;
use netipc_bench::{Catalogue, Report};
use netipc_codegen::project::GeneratedFile;

const RECORDS: &str = "bench/record";
/// The page that shows the record which its marks name.
const PAGE: &str = "README.md";

/// All of them, as they should be.
pub(crate) fn files(root: &Path) -> Result<Vec<GeneratedFile>> {
    let catalogue = Catalogue::built_in()?;
    let mut files = Vec::new();
    for record in records(root)? {
        let report = Report::read(&root.join(&record)).with_context(|| format!("cannot use {}", record.display()))?;
        let pages = report.pages(&catalogue).with_context(|| format!("cannot show {}", record.display()))?;
        files.extend(pages.into_iter().map(|(name, content)| GeneratedFile { path: record.join(name), content }));
    }
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let content = fill(&page, root, &catalogue).with_context(|| format!("the benchmark that {PAGE} names"))?;
    files.push(GeneratedFile { path: PAGE.into(), content });
    Ok(files)
}

/// Their directories, by name; none before the first was made.
fn records(root: &Path) -> Result<Vec<PathBuf>> {
    if !root.join(RECORDS).is_dir() {
        return Ok(Vec::new());
    }
    let mut records = Vec::new();
    for entry in fs::read_dir(root.join(RECORDS)).with_context(|| format!("cannot list {RECORDS}"))? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            records.push(Path::new(RECORDS).join(entry.file_name()));
        }
    }
    records.sort();
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tree with one record, and a README that shows it.
    fn tree() -> tempfile::TempDir {
        let tree = tempfile::tempdir().unwrap();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench/tests/record");
        let record = tree.path().join(RECORDS).join("one");
        fs::create_dir_all(&record).unwrap();
        for name in ["results.csv", "run.toml", "why.toml"] {
            fs::copy(example.join(name), record.join(name)).unwrap();
        }
        fs::write(tree.path().join(PAGE), "<!-- bench: bench/record/one -->\n<!-- bench end -->\n").unwrap();
        tree
    }

    #[test]
    fn pages_follow_their_record() {
        let tree = tree();
        let content = |path: &str| {
            let files = files(tree.path()).unwrap();
            files.into_iter().find(|file| file.path == Path::new(path)).map(|file| file.content).unwrap()
        };
        assert!(content("README.md").contains("small call over a socket"));
        let before = content("bench/record/one/README.md");
        let why = tree.path().join("bench/record/one/why.toml");
        fs::write(&why, "[[reason]]\nscenarios = [\"uds-*\"]\ntext = \"another reason\"\n").unwrap();
        let after = content("bench/record/one/README.md");
        assert!(!before.contains("another reason") && after.contains("another reason"));
        fs::write(&why, "nonsense").unwrap();
        assert!(files(tree.path()).is_err());
    }

    #[test]
    fn no_record_is_none() {
        let tree = tempfile::tempdir().unwrap();
        fs::write(tree.path().join(PAGE), "nothing\n").unwrap();
        let files = files(tree.path()).unwrap();
        assert_eq!(files, [GeneratedFile { path: PAGE.into(), content: "nothing\n".into() }]);
    }
}
