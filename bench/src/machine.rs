//! Where something was measured. No names of hosts or people.

use std::fs;
use std::time::{Duration, SystemTime};

use serde::{Deserialize, Serialize};

use crate::sample::Noise;

/// What a figure cannot be understood without.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Machine {
    /// As the system names it.
    pub cpu: String,
    /// How many of them may be used.
    pub cpus: usize,
    /// Whether it is a virtual one.
    pub virtual_machine: bool,
    /// Operating system and version of its kernel.
    pub kernel: String,
    /// Who decides how fast CPUs run.
    pub governor: String,
    /// What tells the time.
    pub clock: String,
}

impl Machine {
    /// This one.
    pub fn this() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.starts_with(name));
            line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
        };
        let name = field("model name").or_else(|| field("Model")).or_else(|| field("CPU part"));
        let system = "/sys/devices/system";
        Self {
            cpu: name.unwrap_or_else(|| std::env::consts::ARCH.to_owned()),
            cpus: cpus().len(),
            virtual_machine: field("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
            kernel: kernel(),
            governor: word(&format!("{system}/cpu/cpu0/cpufreq/scaling_governor")),
            clock: word(&format!("{system}/clocksource/clocksource0/current_clocksource")),
        }
    }

    /// A name for directories: `vm-2cpu-amd-epyc`.
    pub fn slug(&self) -> String {
        let kind = if self.virtual_machine { "vm" } else { "host" };
        let mut slug = format!("{kind}-{}cpu", self.cpus);
        let words = self.cpu.split(|c: char| !c.is_ascii_alphanumeric());
        for word in words.filter(|word| !word.is_empty() && !matches!(*word, "R" | "TM" | "CPU" | "Processor")).take(4)
        {
            slug.push('-');
            slug.push_str(&word.to_ascii_lowercase());
        }
        slug
    }
}

/// Version numbers alone: what may follow them was chosen by somebody.
fn kernel() -> String {
    let uname = rustix::system::uname();
    let release = uname.release().to_string_lossy();
    let end = release.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(release.len());
    format!("{} {}", uname.sysname().to_string_lossy(), release[..end].trim_end_matches('.'))
}

fn word(path: &str) -> String {
    fs::read_to_string(path).map_or_else(|_missing| "unknown".to_owned(), |text| text.trim().to_owned())
}

/// The CPUs that this process may use.
pub(crate) fn cpus() -> Vec<usize> {
    let set = rustix::thread::sched_getaffinity(None);
    set.map_or_else(
        |_errno| vec![0],
        |set| (0..rustix::thread::CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect(),
    )
}

/// Today in UTC, as `2026-01-31`.
pub fn today() -> String {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    date(since.as_secs() / 86_400)
}

/// The day that so many days after 1970-01-01 it is, in the Gregorian calendar.
fn date(days: u64) -> String {
    // Years that begin in March have their leap day at the end, and 400 of them always have the same length.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (month, carry) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    format!("{:04}-{month:02}-{day:02}", year + era * 400 + carry)
}

/// CPU time of the whole machine so far, in ticks of the kernel.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Ticks {
    busy: u64,
    steal: u64,
}

impl Ticks {
    pub(crate) fn now() -> Self {
        Self::parse(&fs::read_to_string("/proc/stat").unwrap_or_default())
    }

    fn parse(stat: &str) -> Self {
        let first = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = first.split_whitespace().skip(1).map(|field| field.parse().unwrap_or(0)).collect();
        // user nice system idle iowait irq softirq steal
        let at = |index: usize| ticks.get(index).copied().unwrap_or(0);
        Self { busy: at(0) + at(1) + at(2) + at(5) + at(6), steal: at(7) }
    }

    /// What was taken since `earlier`, while our processes used `own`.
    pub(crate) fn noise_since(self, earlier: Self, elapsed: Duration, own: Duration) -> Noise {
        let tick = Duration::from_secs(1).as_secs_f64() / rustix::param::clock_ticks_per_second() as f64;
        let capacity = elapsed.as_secs_f64() * online() as f64;
        if capacity == 0.0 {
            return Noise::default();
        }
        let share = |seconds: f64| (seconds / capacity * 100.0).max(0.0);
        let busy = self.busy.saturating_sub(earlier.busy) as f64 * tick;
        Noise {
            steal: share(self.steal.saturating_sub(earlier.steal) as f64 * tick),
            foreign: share(busy - own.as_secs_f64()),
        }
    }
}

/// How many CPUs the machine has, whether they may be used or not.
fn online() -> usize {
    let stat = fs::read_to_string("/proc/stat").unwrap_or_default();
    let is_cpu = |line: &&str| line.starts_with("cpu") && line.as_bytes().get(3).is_some_and(u8::is_ascii_digit);
    stat.lines().filter(is_cpu).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_have_dates() {
        for (days, expected) in
            [(0, "1970-01-01"), (59, "1970-03-01"), (789, "1972-02-29"), (11_016, "2000-02-29"), (47_540, "2100-02-28")]
        {
            assert_eq!(date(days), expected);
        }
        assert_eq!(date(47_541), "2100-03-01");
    }

    #[test]
    fn a_machine_is_described_without_its_name() {
        let machine = Machine::this();
        assert!(machine.cpus >= 1 && !machine.cpu.is_empty());
        assert!(machine.kernel.chars().all(|c| c.is_ascii_alphanumeric() || c == '.' || c == ' '), "{machine:?}");
        let epyc = Machine { cpu: "AMD EPYC 7B13 64-Core Processor".into(), cpus: 2, virtual_machine: true, ..machine };
        assert_eq!(epyc.slug(), "vm-2cpu-amd-epyc-7b13-64");
        let xeon = Machine { cpu: "Intel(R) Xeon(R) CPU @ 2.20GHz".into(), virtual_machine: false, ..epyc };
        assert_eq!(xeon.slug(), "host-2cpu-intel-xeon-2-20ghz");
    }

    #[test]
    fn what_others_took_is_what_is_left() {
        let before = Ticks::parse("cpu  100 0 50 1000 0 0 0 3 0 0\n");
        let after = Ticks::parse("cpu  180 0 70 1100 5 0 0 5 0 0\n");
        let second = Duration::from_secs(1) * u32::try_from(online()).unwrap();
        let hundredth = 100.0 / rustix::param::clock_ticks_per_second() as f64;
        let noise = after.noise_since(before, Duration::from_secs(1), Duration::ZERO);
        let share = |ticks: f64| ticks * hundredth / second.as_secs_f64();
        assert!((noise.foreign - share(100.0)).abs() < 1e-9, "{noise:?}");
        assert!((noise.steal - share(2.0)).abs() < 1e-9, "{noise:?}");
        let own = after.noise_since(before, Duration::from_secs(1), Duration::from_secs(1000));
        assert_eq!(own.foreign, 0.0);
    }
}
