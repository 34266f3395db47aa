//! Line coverage per crate, by cargo-llvm-cov.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context as _, Result, bail};
use clap::Args;
use serde_json::Value;

use crate::process;
use crate::project::Project;

#[derive(Args)]
pub(crate) struct Options {
    /// Also write an HTML report below the target directory
    #[arg(long)]
    html: bool,
}

#[derive(Default)]
struct Sums {
    lines: [u64; 2],
    functions: [u64; 2],
    regions: [u64; 2],
}

/// Runs all Rust tests instrumented and prints what they reach.
pub(crate) fn run(project: &Project, options: &Options) -> Result<()> {
    let mut probe = project.cargo(["llvm-cov", "--version"]);
    let found = probe.stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !found.is_ok_and(|status| status.success()) {
        bail!(
            "cargo-llvm-cov is missing: run `cargo install cargo-llvm-cov --locked` \
             and `rustup component add llvm-tools`"
        );
    }
    // Programs and counts of an earlier run, of other code perhaps, would be added to ours.
    process::run(&mut project.cargo(["llvm-cov", "clean", "--workspace"]))?;
    process::run(&mut project.cargo(["llvm-cov", "--workspace", "--exclude=xtask", "--no-report"]))?;
    if options.html {
        process::run(&mut project.cargo(["llvm-cov", "report", "--html"]))?;
    }
    let text = process::output(&mut project.cargo(["llvm-cov", "report", "--json", "--summary-only"]))?;
    let report: Value = serde_json::from_str(&text).context("the coverage report is not JSON")?;
    print(&per_crate(&report, project.root())?);
    Ok(())
}

fn per_crate(report: &Value, root: &Path) -> Result<BTreeMap<String, Sums>> {
    let files = report["data"][0]["files"].as_array().context("the coverage report has no files")?;
    let mut crates: BTreeMap<String, Sums> = BTreeMap::new();
    for file in files {
        let name = file["filename"].as_str().context("a file of the coverage report has no name")?;
        let Ok(path) = Path::new(name).strip_prefix(root.join("crates")) else {
            continue;
        };
        let Some(owner) = path.iter().next() else {
            continue;
        };
        let summary = &file["summary"];
        for name in [owner.to_string_lossy().into_owned(), "all".to_owned()] {
            let sums = crates.entry(name).or_default();
            add(&mut sums.lines, &summary["lines"]);
            add(&mut sums.functions, &summary["functions"]);
            add(&mut sums.regions, &summary["regions"]);
        }
    }
    Ok(crates)
}

fn add([covered, count]: &mut [u64; 2], part: &Value) {
    *covered += part["covered"].as_u64().unwrap_or(0);
    *count += part["count"].as_u64().unwrap_or(0);
}

fn print(crates: &BTreeMap<String, Sums>) {
    println!("{:16} {:>8} {:>9} {:>10} {:>9}", "crate", "lines", "covered", "functions", "regions");
    let all = crates.iter().filter(|(name, _)| *name == "all");
    for (name, sums) in crates.iter().filter(|(name, _)| *name != "all").chain(all) {
        println!(
            "{name:16} {:>8} {:>8.1}% {:>9.1}% {:>8.1}%",
            sums.lines[1],
            percent(sums.lines),
            percent(sums.functions),
            percent(sums.regions),
        );
    }
}

#[expect(clippy::cast_precision_loss, reason = "line counts are far below 2^52")]
fn percent([covered, count]: [u64; 2]) -> f64 {
    if count == 0 { 100.0 } else { covered as f64 * 100.0 / count as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_add_up_per_crate() {
        let file = |name: &str, covered: u64| {
            let part = serde_json::json!({ "count": 10, "covered": covered });
            serde_json::json!({
                "filename": name,
                "summary": { "lines": part, "functions": part, "regions": part },
            })
        };
        let files = [file("/p/crates/a/src/x.rs", 5), file("/p/crates/a/src/y.rs", 10), file("/q/z.rs", 0)];
        let report = serde_json::json!({ "data": [{ "files": files }] });
        let crates = per_crate(&report, Path::new("/p")).unwrap();
        assert_eq!(crates.keys().collect::<Vec<_>>(), ["a", "all"]);
        assert!((percent(crates["a"].lines) - 75.0).abs() < f64::EPSILON);
    }
}
