//! How many processes a cgroup holds.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader};

use rustix::io::Errno;

use super::mountinfo::Hierarchy;

/// Counts the processes directly in the cgroup at `path`, in the first of `hierarchies` that has it: those that live in
/// cgroups below are counted there.
///
/// `None` when no hierarchy has the cgroup, when its members may not be read, or when the kernel does not tell, as for the
/// threaded cgroups of v2.
///
/// References: `cgroups(7)`.
pub(super) fn count(hierarchies: &[Hierarchy], path: &[u8]) -> Option<usize> {
    hierarchies.iter().filter_map(|hierarchy| hierarchy.directory(path)).find_map(|directory| {
        match File::open(directory.join("cgroup.procs")) {
            Ok(members) => Some(distinct(BufReader::new(members)).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(_) => Some(None),
        }
    })?
}

/// v1 may list a process twice, and neither version sorts.
fn distinct(members: impl BufRead) -> io::Result<usize> {
    let mut processes = HashSet::new();
    for line in members.split(b'\n') {
        match line {
            Ok(line) if line.is_empty() => {}
            Ok(line) => {
                processes.insert(line);
            }
            // The cgroup went away while it was read: nobody is left in it.
            Err(error) if error.raw_os_error() == Some(Errno::NODEV.raw_os_error()) => {
                return Ok(0);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(processes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_listed_twice_counts_once() {
        assert_eq!(distinct(&b"1\n22\n1\n333\n"[..]).unwrap(), 3);
        assert_eq!(distinct(&b""[..]).unwrap(), 0);
    }
}
