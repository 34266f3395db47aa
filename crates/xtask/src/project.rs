//! Where the project is, and the files in it.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

/// Directories that hold no source: build output, and what fuzzing leaves.
const SKIPPED: &[&str] = &["target", "build", "fuzz/corpus", "fuzz/artifacts", "fuzz/coverage"];

/// The work tree that the tasks act on.
pub(crate) struct Project {
    root: PathBuf,
}

impl Project {
    /// Finds the root by way of this crate's own place in it.
    pub(crate) fn locate() -> Result<Self> {
        // Cargo names the crate of *this* run; the path baked in at build
        // time may belong to another clone that shares the target directory.
        let manifest_dir = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest_dir
            .ancestors()
            .nth(2)
            .with_context(|| format!("{} is not inside a workspace", manifest_dir.display()))?;
        Ok(Self::at(root))
    }

    pub(crate) fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.root.join(relative)
    }

    /// The directory Cargo builds into.
    pub(crate) fn target(&self) -> PathBuf {
        // An absolute CARGO_TARGET_DIR replaces the root, a relative one joins it.
        self.path(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
    }

    /// Cargo with `args`, to run at the root.
    pub(crate) fn cargo<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
    }

    /// Any program, to run at the root.
    pub(crate) fn command<A: AsRef<OsStr>>(
        &self,
        program: impl AsRef<OsStr>,
        args: impl IntoIterator<Item = A>,
    ) -> Command {
        let mut command = Command::new(program);
        command.args(args).current_dir(&self.root);
        command
    }

    pub(crate) fn read(&self, relative: impl AsRef<Path>) -> Result<String> {
        let path = self.path(relative);
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))
    }

    /// Every file of the work tree but hidden ones and build output,
    /// relative to the root and sorted.
    pub(crate) fn files(&self) -> Result<Vec<PathBuf>> {
        let mut found = Vec::new();
        self.walk(Path::new(""), &mut found)?;
        found.sort();
        Ok(found)
    }

    fn walk(&self, directory: &Path, found: &mut Vec<PathBuf>) -> Result<()> {
        let full = self.path(directory);
        let failed = || format!("cannot list {}", full.display());
        for entry in fs::read_dir(&full).with_context(failed)? {
            let entry = entry.with_context(failed)?;
            let path = directory.join(entry.file_name());
            let hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
            if hidden || SKIPPED.iter().any(|skipped| path == Path::new(skipped)) {
                continue;
            }
            if entry.file_type().with_context(failed)?.is_dir() {
                self.walk(&path, found)?;
            } else {
                found.push(path);
            }
        }
        Ok(())
    }

    /// The files git tracks, relative to the root; `None` outside a clone.
    pub(crate) fn tracked(&self) -> Result<Option<Vec<PathBuf>>> {
        if !self.path(".git").exists() {
            return Ok(None);
        }
        let output = self
            .command("git", ["ls-files", "-z"])
            .output()
            .context("cannot run git, which the hygiene checks need")?;
        if !output.status.success() {
            bail!("git ls-files failed: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
        let names = String::from_utf8(output.stdout).context("a tracked file name is not UTF-8")?;
        Ok(Some(names.split_terminator('\0').map(PathBuf::from).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_leave_out_build_output_and_hidden_ones() {
        let dir = tempfile::tempdir().unwrap();
        for file in ["a.rs", "target/b.rs", "build/dev/b.c", ".git/c", "fuzz/corpus/x/d", "fuzz/e.rs"] {
            let path = dir.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let files = Project::at(dir.path()).files().unwrap();
        assert_eq!(files, [PathBuf::from("a.rs"), PathBuf::from("fuzz/e.rs")]);
    }

    #[test]
    fn the_root_holds_the_workspace() {
        assert!(Project::locate().unwrap().path("crates/xtask/Cargo.toml").is_file());
    }
}
