//! Which lines of a source file are tests, and which files are generated.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::project::Project;

/// One source file of any language in the tree.
pub(crate) struct Source {
    /// Relative to the root of the project.
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// For each line, whether it is part of a test.
    pub(crate) test_lines: Vec<bool>,
}

/// Every source file, sorted by path.
pub(crate) fn all(project: &Project) -> Result<Vec<Source>> {
    let mut sources = Vec::new();
    let mut modules = BTreeSet::new();
    for path in project.files()? {
        if !path.extension().is_some_and(|e| ["rs", "go", "c", "h"].iter().any(|known| e == *known)) {
            continue;
        }
        let text = project.read(&path)?;
        let rust = path.extension().is_some_and(|extension| extension == "rs");
        if rust {
            modules.extend(test_modules(&path, &text));
        }
        let test_lines = match is_test_path(&path) {
            true => vec![true; text.lines().count()],
            false if rust => test_lines(&text),
            false => vec![false; text.lines().count()],
        };
        sources.push(Source { path, text, test_lines });
    }
    for source in &mut sources {
        if modules.iter().any(|module| owns(module, &source.path)) {
            source.test_lines.fill(true);
        }
    }
    Ok(sources)
}

/// Whether `path` is the module file `module` or one of its submodules.
fn owns(module: &Path, path: &Path) -> bool {
    let below = match module.ends_with("mod.rs") {
        true => module.parent().unwrap_or(module).to_owned(),
        false => module.with_extension(""),
    };
    path == module || path.starts_with(below)
}

/// Where tests live, by path alone: a `tests` directory, the fuzz targets,
/// and Go's test files.
fn is_test_path(path: &Path) -> bool {
    let go_test = path.to_str().is_some_and(|path| path.ends_with("_test.go"));
    path.iter().any(|part| part == "tests") || path.starts_with("fuzz") || go_test
}

/// True for files that carry a generator's mark at their top.
pub(crate) fn is_generated(text: &str) -> bool {
    text.lines().take(8).any(|line| line.contains("@generated") || line.contains("Code generated"))
}

/// For each line of a Rust file, whether an item under `#[cfg(test)]` owns it.
fn test_lines(text: &str) -> Vec<bool> {
    let mut owned = Vec::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        let indent = indent(line);
        if line.trim() != "#[cfg(test)]" {
            owned.push(false);
            continue;
        }
        owned.push(true);
        // Further attributes stand between the first one and its item.
        while lines.next_if(|line| line.trim_start().starts_with('#')).is_some() {
            owned.push(true);
        }
        // rustfmt puts the end of an item at the indentation of its start.
        for line in lines.by_ref() {
            owned.push(true);
            let closes = line.trim_end().ends_with([';', '}']);
            if closes && self::indent(line) == indent {
                break;
            }
        }
    }
    owned
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The files that `mod name;` items under `#[cfg(test)]` in `path` may stand
/// for: such a file is a test from its first line on.
fn test_modules(path: &Path, text: &str) -> BTreeSet<PathBuf> {
    let directory = match path.file_stem().and_then(|stem| stem.to_str()) {
        Some("lib" | "main" | "mod") | None => path.parent().unwrap_or(Path::new("")).to_owned(),
        Some(_) => path.with_extension(""),
    };
    let owned = test_lines(text);
    let declared = text.lines().zip(owned).filter(|(_, test)| *test).filter_map(|(line, _)| {
        let item = line.trim().strip_suffix(';')?;
        item.rsplit_once("mod ").map(|(_, name)| name.to_owned())
    });
    declared.flat_map(|name| [directory.join(format!("{name}.rs")), directory.join(&name).join("mod.rs")]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(text: &str) -> String {
        test_lines(text).into_iter().map(|test| if test { 't' } else { '.' }).collect()
    }

    #[test]
    fn a_test_module_owns_its_lines_only() {
        let text = "fn a() {}\n#[cfg(test)]\n#[allow(x)]\nmod tests {\n    fn b() {\n    }\n}\nfn c() {}\n";
        assert_eq!(owned(text), ".tttttt.");
    }

    #[test]
    fn a_test_item_may_be_a_declaration_or_nested() {
        assert_eq!(owned("#[cfg(test)]\nmod sim;\nfn c() {}\n"), "tt.");
        assert_eq!(owned("impl A {\n    #[cfg(test)]\n    fn b() {\n        x;\n    }\n    y;\n}\n"), ".tttt..");
    }

    #[test]
    fn test_modules_are_found_beside_and_below() {
        let text = "mod plain;\n#[cfg(test)]\npub(crate) mod sim;\n";
        let found = test_modules(Path::new("a/src/lib.rs"), text);
        assert_eq!(found, [PathBuf::from("a/src/sim.rs"), "a/src/sim/mod.rs".into()].into());
        let found = test_modules(Path::new("a/src/session.rs"), text);
        assert!(found.contains(Path::new("a/src/session/sim.rs")));
    }

    #[test]
    fn files_of_test_modules_are_tests_throughout() {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in [
            ("src/lib.rs", "#[cfg(test)]\nmod sim;\npub fn a() {}\n"),
            ("src/sim.rs", "mod clock;\n"),
            ("src/sim/clock.rs", "fn tick() {}\n"),
            ("src/simple.rs", "fn plain() {}\n"),
        ] {
            let path = dir.path().join(file);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let sources = all(&Project::at(dir.path())).unwrap();
        let masks: Vec<&[bool]> = sources.iter().map(|source| &source.test_lines[..]).collect();
        assert_eq!(masks, [&[true, true, false][..], &[true], &[true], &[false]]);
    }

    #[test]
    fn test_paths() {
        for path in ["crates/a/tests/b/c.rs", "fuzz/fuzz_targets/x.rs", "go/proto/header_test.go"] {
            assert!(is_test_path(Path::new(path)), "{path}");
        }
        assert!(!is_test_path(Path::new("crates/a/src/contest.rs")));
    }
}
