//! Made-up cgroups and processes, the same in every driver. `PROTOCOL.md` tells the rules.

use netipc::proto::hash::djb2;

use crate::protocol::Mix;

pub(super) const PARENT: &str = "/synthetic/";

/// One made-up cgroup.
#[derive(Debug)]
pub(super) struct Cgroup {
    pub(super) hash: u32,
    pub(super) enabled: u32,
    pub(super) name: String,
    pub(super) path: String,
}

pub(super) fn cgroups(count: u32) -> Vec<Cgroup> {
    (0..count)
        .map(|i| {
            let name = name(i);
            Cgroup { hash: djb2(name.as_bytes()), enabled: i % 2, path: format!("{PARENT}{name}"), name }
        })
        .collect()
}

pub(super) fn name(i: u32) -> String {
    format!("cgroup-{i}")
}

/// The numbers that a lookup asks for: those below `count` are known.
pub(super) fn numbers(count: u32, mix: Mix) -> impl Iterator<Item = u32> {
    (0..count).map(move |i| match mix {
        Mix::Known => i,
        Mix::Unknown => i + count,
        Mix::Mixed => i + if i % 2 == 0 { 0 } else { count },
    })
}

/// The number of a cgroup, by its path.
pub(super) fn number_of(path: &[u8]) -> Option<u32> {
    let digits = path.strip_prefix(PARENT.as_bytes())?.strip_prefix(b"cgroup-")?;
    if digits.is_empty() || digits.len() > 9 || (digits[0] == b'0' && digits.len() > 1) {
        return None;
    }
    digits.iter().try_fold(0, |number, digit| digit.is_ascii_digit().then(|| number * 10 + u32::from(digit - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers_agree() {
        for cgroup in cgroups(12) {
            let number = number_of(cgroup.path.as_bytes()).unwrap();
            assert_eq!(name(number), cgroup.name);
        }
        for path in ["/synthetic/cgroup-", "/synthetic/cgroup-01", "/synthetic/cgroup-1x", "/x/cgroup-1"] {
            assert_eq!(number_of(path.as_bytes()), None, "{path}");
        }
        assert_eq!(numbers(4, Mix::Mixed).collect::<Vec<_>>(), [0, 5, 2, 7]);
        assert_eq!(numbers(3, Mix::Unknown).collect::<Vec<_>>(), [3, 4, 5]);
    }
}
