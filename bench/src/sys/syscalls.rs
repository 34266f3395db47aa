//! Counts the system calls of other processes.
//!
//! References: perf_event_open(2).

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::fd::{FromRawFd, OwnedFd};
use std::path::Path;

/// Where the kernel tells the number of its tracepoint.
const TRACEPOINTS: [&str; 2] = ["/sys/kernel/tracing", "/sys/kernel/debug/tracing"];
const ENTER: &str = "events/raw_syscalls/sys_enter/id";

/// Counts from when it is made. The counting slows every system call of the machine, so nothing is timed meanwhile.
#[derive(Debug)]
pub(crate) struct Counter(Vec<File>);

/// The first version of the structure that the kernel takes; later ones only append.
#[repr(C)]
#[derive(Default)]
struct Attributes {
    kind: u32,
    size: u32,
    config: u64,
    sample_period: u64,
    sample_type: u64,
    read_format: u64,
    flags: u64,
    wakeup: u32,
    breakpoint: u32,
    config1: u64,
}

const TYPE_TRACEPOINT: u32 = 2;
/// Threads that are started later count, too.
const FLAG_INHERIT: u64 = 1 << 1;
const FLAG_FD_CLOEXEC: libc::c_ulong = 1 << 3;

/// Why counting is not possible here, if it is not.
pub(crate) fn tracepoint() -> Result<u64, String> {
    let mut refused = "the kernel has no tracepoints, or tracefs is not mounted".to_owned();
    for root in TRACEPOINTS {
        match fs::read_to_string(Path::new(root).join(ENTER)) {
            Ok(text) => return text.trim().parse().map_err(|error| format!("{root}/{ENTER}: {error}")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => refused = format!("{root}/{ENTER}: {error}"),
        }
    }
    Err(refused)
}

impl Counter {
    /// All threads of a process.
    pub(crate) fn of(pid: u32, tracepoint: u64) -> io::Result<Self> {
        let mut files = Vec::new();
        for task in fs::read_dir(format!("/proc/{pid}/task"))? {
            let thread = task?.file_name().to_string_lossy().parse().map_err(io::Error::other)?;
            files.push(open(thread, tracepoint)?);
        }
        Ok(Self(files))
    }

    pub(crate) fn read(&mut self) -> io::Result<u64> {
        let mut sum = 0;
        for file in &mut self.0 {
            let mut count = [0; 8];
            file.read_exact(&mut count)?;
            sum += u64::from_ne_bytes(count);
        }
        Ok(sum)
    }
}

fn open(thread: libc::pid_t, tracepoint: u64) -> io::Result<File> {
    let attributes = Attributes {
        kind: TYPE_TRACEPOINT,
        size: size_of::<Attributes>() as u32,
        config: tracepoint,
        flags: FLAG_INHERIT,
        ..Attributes::default()
    };
    let (any_cpu, no_group) = (-1, -1);
    // SAFETY: the attributes are valid for reads of the size that they tell, and the kernel keeps no pointer to them.
    let result = unsafe {
        libc::syscall(libc::SYS_perf_event_open, &raw const attributes, thread, any_cpu, no_group, FLAG_FD_CLOEXEC)
    };
    let fd = i32::try_from(result).map_err(io::Error::other)?;
    if fd < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the kernel has just given this descriptor to us alone.
    Ok(File::from(unsafe { OwnedFd::from_raw_fd(fd) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where counting is not possible, there has to be a reason.
    #[test]
    fn calls_are_counted_or_there_is_a_reason() {
        let counter = tracepoint()
            .and_then(|tracepoint| Counter::of(std::process::id(), tracepoint).map_err(|error| error.to_string()));
        let mut counter = match counter {
            Ok(counter) => counter,
            Err(reason) => {
                assert!(!reason.is_empty());
                return;
            }
        };
        let before = counter.read().unwrap();
        for _ in 0..100 {
            let _ = fs::metadata("/");
        }
        assert!(counter.read().unwrap() - before >= 100);
    }
}
