//! What fuzzing starts from: the golden bytes of the specification.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::project::Project;

const GOLDEN: &[&str] = &["spec/vectors/golden/packets", "spec/vectors/golden/payloads"];

/// What an entry point reads ahead of the message, with values that let the golden messages pass; without it none of
/// them would get past the first checks.
const PREFIXES: &[(&str, &[&[u8]])] = &[
    ("batch", &[&[1, 0, 0, 0], &[2, 0, 0, 0], &[3, 0, 0, 0]]),
    (
        "handshake",
        &[&[
            0, // the gate is open
            0x01, 0, 0, 0, // profiles: supported
            0x01, 0, 0, 0, // profiles: preferred
            0xbe, 0xba, 0xfe, 0xca, 0xef, 0xbe, 0xad, 0xde, // the golden auth token
            0, 0, 1, 0, // largest request
            0, 0, 1, 0, // largest response
            0, 0, 1, 0, // packet size
        ]],
    ),
];

/// Every other target reads the message alone.
const NONE: &[&[u8]] = &[&[]];

/// Writes the seeds of `target` into `corpus`.
pub(super) fn write(project: &Project, target: &str, corpus: &Path) -> Result<()> {
    let prefixes = PREFIXES.iter().find(|(name, _)| *name == target).map_or(NONE, |(_, prefixes)| *prefixes);
    for directory in GOLDEN {
        let full = project.path(directory);
        let failed = || format!("cannot read the seeds in {}", full.display());
        for entry in fs::read_dir(&full).with_context(failed)? {
            let path = entry.with_context(failed)?.path();
            let golden = fs::read(&path).with_context(failed)?;
            let name = path.file_stem().unwrap_or_default().display().to_string();
            for (number, prefix) in prefixes.iter().enumerate() {
                let seed = corpus.join(format!("golden-{name}-{number}"));
                fs::write(&seed, [*prefix, &golden].concat())
                    .with_context(|| format!("cannot write {}", seed.display()))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_carry_what_the_target_reads_first() {
        let dir = tempfile::tempdir().unwrap();
        let project = Project::locate().unwrap();
        write(&project, "handshake", dir.path()).unwrap();
        let seed = fs::read(dir.path().join("golden-client_snapshot_hello-0")).unwrap();
        assert_eq!(seed.len(), 29 + 76);
        write(&project, "header", dir.path()).unwrap();
        let seed = fs::read(dir.path().join("golden-client_snapshot_hello-0")).unwrap();
        assert_eq!(seed.len(), 76);
    }
}
