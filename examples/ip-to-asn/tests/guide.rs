//! The guide is this example: what it shows is what is compiled, and it shows all of it.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use std::path::Path;

const GUIDE: &str = include_str!("../../../docs/add-a-service.md");

/// The blocks that show a file of the example: path and content.
fn blocks() -> Vec<(&'static str, String)> {
    let mut blocks = Vec::new();
    let mut lines = GUIDE.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let content: String =
            lines.by_ref().take_while(|line| *line != "```").map(|line| format!("{line}\n")).collect();
        if let Some((_, path)) = info.split_once(' ') {
            blocks.push((path, content));
        }
    }
    blocks
}

fn file(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn every_block_is_in_the_file_that_it_names() {
    let blocks = blocks();
    assert!(!blocks.is_empty());
    for (path, content) in blocks {
        let file = file(path);
        let at = file.find(&content).unwrap_or_else(|| panic!("this is not in {path}:\n{content}"));
        assert!(at == 0 || file[..at].ends_with('\n'), "this begins within a line of {path}:\n{content}");
    }
}

#[test]
fn schema_and_programs_are_shown_completely_and_in_order() {
    let shown = |path: &str| -> String {
        let blocks = blocks().into_iter().filter(|(of, _)| *of == path);
        blocks.map(|(_, content)| content).collect::<Vec<_>>().join("\n")
    };
    for path in ["build.rs", "src/lib.rs", "src/bin/ip-to-asn-provider.rs", "src/bin/ip-to-asn-consumer.rs"] {
        assert_eq!(shown(path), file(path), "{path}");
    }
    let schema = file("ip-to-asn.toml");
    let (comment, schema) = schema.split_once("\n\n").unwrap();
    assert!(comment.starts_with("# "));
    assert_eq!(shown("ip-to-asn.toml"), schema);
}

#[test]
fn the_next_version_is_compatible_as_the_guide_says() {
    // NIPC-EVO-09
    let paths = ["ip-to-asn.toml", "version-2/ip-to-asn.toml"];
    let [old, new] = paths.map(|path| (format!("examples/ip-to-asn/{path}"), file(path)));
    let report = netipc_codegen::compat::check((&old.0, &old.1), (&new.0, &new.1)).unwrap();
    assert!(report.is_compatible());
    let told: String = report.changes.iter().map(|change| format!("{change}\n")).collect();
    assert!(GUIDE.contains(&format!("```text\n{told}```")), "the guide does not show this:\n{told}");
}
