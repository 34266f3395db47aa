//! How values are written on the command line.

use std::time::Duration;

use netipc::Profiles;
use netipc_bench::Driver;

/// The profiles that this build can run.
pub(crate) const AVAILABLE: Profiles = Profiles(Profiles::BASELINE.0 | Profiles::SHM_HYBRID.0);

/// `250ms`, `3s`, `1.5s`, `2m`; a unit is always there.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    const UNITS: [(&str, f64); 6] = [("ns", 1e-9), ("us", 1e-6), ("ms", 1e-3), ("s", 1.0), ("m", 60.0), ("h", 3600.0)];
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let seconds = UNITS.iter().find(|(name, _)| *name == unit).and_then(|(_, factor)| {
        let value = number.parse::<f64>().ok()?;
        Duration::try_from_secs_f64(value * factor).ok()
    });
    seconds.ok_or_else(|| "write a number and a unit, as in 250ms, 3s or 2m".to_owned())
}

/// A duration that something can be waited for.
pub(crate) fn positive_duration(text: &str) -> Result<Duration, String> {
    match duration(text)? {
        Duration::ZERO => Err("nothing can be done in no time, allow at least 1ms".to_owned()),
        positive => Ok(positive),
    }
}

/// `go=path/to/driver argument`: a name, and a program with its arguments.
pub(crate) fn driver(text: &str) -> Result<Driver, String> {
    let (name, command) = text.split_once('=').ok_or("write a name and a command, as in go=./driver")?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return Err("name a driver with letters, digits, - and _, as in go=./driver".to_owned());
    }
    let mut words = command.split_whitespace().map(str::to_owned);
    let program = words.next().ok_or("write a command after the name, as in go=./driver")?;
    Ok(Driver { name: name.to_owned(), program: program.into(), arguments: words.collect() })
}

/// A number, decimal or hexadecimal with `0x`.
pub(crate) fn number(text: &str) -> Result<u64, String> {
    let parsed = match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        // from_str_radix takes a sign, and 0x+1 is no number.
        Some(digits) if digits.starts_with(['+', '-']) => None,
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    };
    parsed.ok_or_else(|| format!("write a number from 0 to {}, or 0x and up to 16 hexadecimal digits", u64::MAX))
}

/// A hash of 32 bits.
pub(crate) fn hash(text: &str) -> Result<u32, String> {
    number(text)
        .ok()
        .and_then(|hash| u32::try_from(hash).ok())
        .ok_or_else(|| format!("write a number from 0 to {}, or 0x and up to 8 hexadecimal digits", u32::MAX))
}

/// The permission bits of a file in octal, as chmod takes them.
pub(crate) fn mode(text: &str) -> Result<u32, String> {
    u32::from_str_radix(text, 8)
        .ok()
        .filter(|mode| *mode <= 0o777 && !text.starts_with('+'))
        .ok_or_else(|| "write permissions in octal, as in 0600 or 0660".to_owned())
}

/// Bytes as pairs of hexadecimal digits.
pub(crate) fn hex(text: &str) -> Result<Hex, String> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    match digits {
        Some(digits) if digits.len().is_multiple_of(2) => {
            Ok(Hex(digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()))
        }
        _ => Err("write two hexadecimal digits for each byte, as in 68c3a9".to_owned()),
    }
}

/// Bytes that were given in hexadecimal. A type of its own, since a list of bytes would read as many values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hex(pub(crate) Vec<u8>);

/// Names of profiles, separated by commas, of which this build has at least one; the others are never offered.
pub(crate) fn profiles(text: &str) -> Result<Profiles, String> {
    let available = preferences(text)?;
    if available.is_empty() {
        return Err(format!("{text} is not in this build, which has {}", names(AVAILABLE).join(", ")));
    }
    Ok(available)
}

/// Names of profiles, separated by commas. Those that this build lacks make no difference.
pub(crate) fn preferences(text: &str) -> Result<Profiles, String> {
    let mut all = Profiles::NONE;
    for name in text.split(',') {
        all |= Profiles::from_name(name.trim())
            .ok_or_else(|| format!("{name:?} is no profile; this build has {}", names(AVAILABLE).join(", ")))?;
    }
    Ok(all & AVAILABLE)
}

/// The names of profiles, lowest bit first.
pub(crate) fn names(profiles: Profiles) -> Vec<String> {
    profiles.iter().map(|profile| profile.to_string()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit() {
        assert_eq!(duration("250ms"), Ok(Duration::from_millis(250)));
        assert_eq!(duration("3s"), Ok(Duration::from_secs(3)));
        assert_eq!(duration("1.5s"), Ok(Duration::from_millis(1500)));
        assert_eq!(duration("2m"), Ok(Duration::from_secs(120)));
        assert_eq!(duration("0s"), Ok(Duration::ZERO));
        for bad in ["", "3", "s", "-1s", "1 s", "1d", "1e3s", "..s", "99999999999999999999999s"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
        assert!(positive_duration("0s").is_err());
    }

    #[test]
    fn numbers_may_be_hexadecimal() {
        assert_eq!(number("42"), Ok(42));
        assert_eq!(number("0xDEADbeef"), Ok(0xdead_beef));
        assert_eq!(number("18446744073709551615"), Ok(u64::MAX));
        for bad in ["", "0x", "0x+1", "-1", "18446744073709551616", "ff"] {
            assert!(number(bad).is_err(), "{bad}");
        }
        assert_eq!(hash("0xffffffff"), Ok(u32::MAX));
        assert!(hash("4294967296").is_err());
    }

    #[test]
    fn modes_are_octal_permissions() {
        assert_eq!(mode("0600"), Ok(0o600));
        assert_eq!(mode("660"), Ok(0o660));
        for bad in ["", "0800", "1777", "+600", "u=rw"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn hexadecimal_bytes_come_in_pairs() {
        assert_eq!(hex("68C3a9"), Ok(Hex(b"h\xc3\xa9".to_vec())));
        assert_eq!(hex(""), Ok(Hex(Vec::new())));
        for bad in ["6", "zz", "68 c3"] {
            assert!(hex(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn profiles_that_the_build_lacks_are_left_out() {
        // NIPC-PRF-04, NIPC-PRF-05
        assert_eq!(profiles("baseline"), Ok(Profiles::BASELINE));
        assert_eq!(profiles("shm-ring,baseline,shm-hybrid"), Ok(Profiles::BASELINE | Profiles::SHM_HYBRID));
        let message = profiles("shm-ring").unwrap_err();
        assert!(message.contains("shm-ring") && message.contains("baseline"), "{message}");
        assert_eq!(preferences("shm-ring"), Ok(Profiles::NONE));
        assert_eq!(preferences("shm-hybrid,shm-ring"), Ok(Profiles::SHM_HYBRID));
        assert!(profiles("baseline,").is_err());
        assert!(profiles("tcp").unwrap_err().contains("baseline"));
    }
}
