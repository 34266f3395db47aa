//! What the manifests promise together: one Rust version for every crate,
//! none of the dependencies asking for a newer one, and a lock file that is
//! up to date.

use anyhow::{Context as _, Result};
use serde_json::Value;

use crate::project::Project;
use crate::steps::{self, Outcome};
use crate::{fuzz, process};

pub(crate) fn step(project: &Project) -> Result<Outcome> {
    let workspace = metadata(project, "Cargo.toml")?;
    let fuzz = metadata(project, fuzz::MANIFEST)?;
    let promised = promise(&workspace)?;
    let mut problems = problems(&workspace, &promised);
    problems.extend(problems_of_fuzz(&fuzz, &promised));
    steps::settle(&problems)?;
    Ok(Outcome::Passed(format!("Rust {promised} suffices for every crate and dependency")))
}

fn metadata(project: &Project, manifest: &str) -> Result<Vec<Package>> {
    let args = ["metadata", "--format-version=1", "--locked", "--manifest-path", manifest];
    let text = process::output(&mut project.cargo(args))
        .with_context(|| format!("cannot read {manifest}; its Cargo.lock may be out of date"))?;
    let value: Value = serde_json::from_str(&text).context("cargo metadata is not JSON")?;
    let packages = value["packages"].as_array().context("cargo metadata names no packages")?;
    packages.iter().map(Package::read).collect()
}

struct Package {
    name: String,
    version: String,
    edition: String,
    rust_version: Option<Version>,
    license: Option<String>,
    ours: bool,
}

impl Package {
    fn read(value: &Value) -> Result<Self> {
        let text = |key: &str| value[key].as_str().map(str::to_owned);
        let name = text("name").context("a package has no name")?;
        let rust_version = match text("rust_version") {
            Some(version) => Some(
                Version::parse(&version)
                    .with_context(|| format!("rust-version {version:?} of {name} is no version"))?,
            ),
            None => None,
        };
        Ok(Self {
            version: text("version").unwrap_or_default(),
            edition: text("edition").unwrap_or_default(),
            license: text("license"),
            // Packages from a registry have a source, those of the tree none.
            ours: value["source"].is_null(),
            name,
            rust_version,
        })
    }
}

/// A Rust version; compares as numbers, so that 1.9 is older than 1.88.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Version(u32, u32, u32);

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.').map(str::parse);
        let mut next = || parts.next().unwrap_or(Ok(0)).ok();
        Some(Self(next()?, next()?, next()?))
    }
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// The version that this crate, and so every crate, has from the workspace.
fn promise(packages: &[Package]) -> Result<Version> {
    let own = packages.iter().find(|package| package.ours && package.name == "xtask");
    own.and_then(|package| package.rust_version).context("the workspace sets no rust-version for its crates")
}

fn problems(packages: &[Package], promised: &Version) -> Vec<String> {
    let mut problems = too_new(packages, promised);
    let own = packages.iter().find(|package| package.name == "xtask");
    for package in packages.iter().filter(|package| package.ours) {
        let differs = |what| format!("{}: {what} is not taken from the workspace", package.name);
        if package.rust_version != Some(*promised) {
            problems.push(differs("rust-version"));
        }
        if own.is_some_and(|own| own.edition != package.edition) {
            problems.push(differs("edition"));
        }
        if own.is_some_and(|own| own.license != package.license) {
            problems.push(differs("license"));
        }
    }
    problems
}

/// The fuzz crate stands outside the workspace, so it repeats the version.
fn problems_of_fuzz(packages: &[Package], promised: &Version) -> Vec<String> {
    let mut problems = too_new(packages, promised);
    for package in packages.iter().filter(|p| p.ours && p.rust_version != Some(*promised)) {
        problems.push(format!("{}: rust-version must be {promised}", package.name));
    }
    problems
}

fn too_new(packages: &[Package], promised: &Version) -> Vec<String> {
    let newer = packages.iter().filter(|package| package.rust_version > Some(*promised));
    newer
        .filter_map(|package| {
            let needed = package.rust_version?;
            let Package { name, version, .. } = package;
            Some(format!("{name} {version} needs Rust {needed}, but we promise {promised}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, rust_version: &str, ours: bool) -> Package {
        Package {
            name: name.into(),
            version: "1.0.0".into(),
            edition: "2024".into(),
            rust_version: Version::parse(rust_version),
            license: None,
            ours,
        }
    }

    #[test]
    fn versions_compare_as_numbers() {
        assert!(Version::parse("1.9") < Version::parse("1.88"));
        assert_eq!(Version::parse("1.88"), Version::parse("1.88.0"));
        assert_eq!(Version::parse("new"), None);
    }

    #[test]
    fn a_dependency_that_needs_more_is_named() {
        let packages = [package("xtask", "1.88", true), package("other", "1.90", false)];
        let promised = promise(&packages).unwrap();
        let found = problems(&packages, &promised);
        assert_eq!(found, ["other 1.0.0 needs Rust 1.90.0, but we promise 1.88.0"]);
    }

    #[test]
    fn a_crate_that_goes_its_own_way_is_named() {
        let mut odd = package("odd", "1.80", true);
        odd.edition = "2021".into();
        let found = problems(&[package("xtask", "1.88", true), odd], &Version(1, 88, 0));
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().all(|problem| problem.starts_with("odd: ")), "{found:?}");
    }
}
