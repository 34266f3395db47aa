//! Vectors that a testee is known to fail.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

/// What is excluded, and why.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusions {
    #[serde(default)]
    exclude: Vec<Exclusion>,
}

/// Vectors that one testee is known to fail.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exclusion {
    /// Name of the testee.
    pub testee: String,
    /// The id of a vector, or its beginning and `*`.
    pub vectors: String,
    /// Why.
    pub reason: String,
}

impl Exclusions {
    /// Reads the file.
    ///
    /// # Errors
    ///
    /// A file that cannot be read, or has an entry without a reason.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
        let exclusions: Self = toml::from_str(&text).with_context(|| format!("{} is wrong", path.display()))?;
        if let Some(bare) = exclusions.exclude.iter().find(|exclusion| exclusion.reason.trim().is_empty()) {
            bail!("{}: `{}` has no reason; say why {} fails it", path.display(), bare.vectors, bare.testee);
        }
        Ok(exclusions)
    }

    /// The exclusion of a vector for a testee.
    #[must_use]
    pub fn find(&self, testee: &str, id: &str) -> Option<&Exclusion> {
        self.exclude.iter().find(|exclusion| exclusion.testee == testee && matches(&exclusion.vectors, id))
    }

    /// Exclusions for `testee` that are about none of `ids`.
    pub fn idle<'a>(&'a self, testee: &'a str, ids: &'a [&str]) -> impl Iterator<Item = &'a Exclusion> {
        let of_testee = self.exclude.iter().filter(move |exclusion| exclusion.testee == testee);
        of_testee.filter(|exclusion| !ids.iter().any(|id| matches(&exclusion.vectors, id)))
    }
}

fn matches(pattern: &str, id: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => id.starts_with(beginning),
        None => id == pattern,
    }
}
