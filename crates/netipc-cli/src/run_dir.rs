//! The run directory: which one, and making and removing it.

use std::ffi::OsString;
use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use crate::failure::Failure;

/// The directory that was asked for, else the first of the defaults that the environment makes possible. Nothing is looked
/// at on disk, so both sides come to the same answer whatever is there.
pub(crate) fn choose(asked: Option<&Path>) -> PathBuf {
    chosen(asked, |name| std::env::var_os(name))
}

fn chosen(asked: Option<&Path>, variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let set = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    asked
        .map(Path::to_path_buf)
        .or_else(|| set("NETIPC_RUN_DIR"))
        .or_else(|| set("XDG_RUNTIME_DIR").map(|directory| directory.join("netipc")))
        .unwrap_or_else(|| PathBuf::from("/run/netipc"))
}

/// A run directory that exists, and that is removed with this value if it was this value that made it.
#[derive(Debug)]
pub(crate) struct RunDir {
    path: PathBuf,
    made: bool,
}

impl RunDir {
    /// Makes the directory, for nobody but its owner, unless it is there.
    pub(crate) fn provide(path: &Path) -> Result<Self, Failure> {
        let made = match DirBuilder::new().mode(0o700).create(path) {
            Ok(()) => true,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
            Err(error) => {
                return Err(Failure::io(format!(
                    "cannot make the run directory {}: {error}; make it yourself, or choose another with --run-dir",
                    path.display()
                )));
            }
        };
        Ok(Self { path: path.to_path_buf(), made })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDir {
    /// Leaves a directory alone that others have put something into, or are about to: every server holds the lock of the
    /// directory while it binds.
    fn drop(&mut self) {
        if !self.made {
            return;
        }
        // Whatever fails here, the directory is in use or gone, and either is as it should be.
        if let Ok(directory) = File::open(&self.path)
            && rustix::fs::flock(&directory, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let _ = fs::remove_dir(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_default_that_is_set_wins() {
        let environment = |run_dir: &'static str, runtime: &'static str| {
            move |name: &str| match name {
                "NETIPC_RUN_DIR" => Some(OsString::from(run_dir)),
                "XDG_RUNTIME_DIR" => Some(OsString::from(runtime)),
                _ => None,
            }
        };
        assert_eq!(chosen(Some(Path::new("/a")), environment("/b", "/c")), Path::new("/a"));
        assert_eq!(chosen(None, environment("/b", "/c")), Path::new("/b"));
        assert_eq!(chosen(None, environment("", "/c")), Path::new("/c/netipc"));
        assert_eq!(chosen(None, environment("", "")), Path::new("/run/netipc"));
        assert_eq!(chosen(None, |_| None), Path::new("/run/netipc"));
    }

    #[test]
    fn only_what_was_made_and_is_empty_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("run");
        drop(RunDir::provide(&path).unwrap());
        assert!(!path.exists());

        let first = RunDir::provide(&path).unwrap();
        drop(RunDir::provide(&path).unwrap());
        assert!(path.exists());
        fs::write(path.join("other.sock"), "").unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[test]
    fn a_directory_that_a_server_is_taking_over_stays() {
        let parent = tempfile::tempdir().unwrap();
        let made = RunDir::provide(&parent.path().join("run")).unwrap();
        let other = File::open(made.path()).unwrap();
        rustix::fs::flock(&other, FlockOperation::LockExclusive).unwrap();
        let path = made.path().to_path_buf();
        drop(made);
        assert!(path.exists());
    }

    #[test]
    fn a_missing_parent_is_told() {
        let parent = tempfile::tempdir().unwrap();
        let failure = RunDir::provide(&parent.path().join("a/b")).unwrap_err();
        assert!(failure.to_string().contains("--run-dir"), "{failure}");
    }
}
