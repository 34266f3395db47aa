//! What the process has used of the machine.
//!
//! References: getrusage(2).

use std::mem::MaybeUninit;

/// Since the process began, all threads together.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Usage {
    /// User and system, in microseconds.
    pub(crate) cpu_us: u64,
    /// Times a thread gave its CPU up.
    pub(crate) voluntary: u64,
    /// Times it was taken away.
    pub(crate) involuntary: u64,
}

impl Usage {
    pub(crate) fn now() -> Self {
        let mut usage = MaybeUninit::<libc::rusage>::uninit();
        // SAFETY: the pointer is valid for writes of one rusage.
        let result = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
        if result != 0 {
            // Not reached: it fails for a bad pointer or an unknown `who` only.
            return Self::default();
        }
        // SAFETY: the call succeeded, and then it has filled the whole structure.
        let usage = unsafe { usage.assume_init() };
        let micros = |time: libc::timeval| positive(time.tv_sec) * 1_000_000 + positive(time.tv_usec);
        Self {
            cpu_us: micros(usage.ru_utime) + micros(usage.ru_stime),
            voluntary: positive(usage.ru_nvcsw),
            involuntary: positive(usage.ru_nivcsw),
        }
    }

    pub(crate) fn since(&self, earlier: &Self) -> Self {
        Self {
            cpu_us: self.cpu_us.saturating_sub(earlier.cpu_us),
            voluntary: self.voluntary.saturating_sub(earlier.voluntary),
            involuntary: self.involuntary.saturating_sub(earlier.involuntary),
        }
    }
}

fn positive(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_and_sleep_are_counted() {
        let before = Usage::now();
        std::thread::sleep(std::time::Duration::from_millis(1));
        while Usage::now().since(&before).cpu_us < 2_000 {
            std::hint::spin_loop();
        }
        assert!(Usage::now().since(&before).voluntary >= 1);
    }
}
