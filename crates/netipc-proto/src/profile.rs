//! Profiles: which data plane a session uses.
//!
//! ```
//! use netipc_proto::profile::Profiles;
//!
//! let ours = Profiles::BASELINE | Profiles::SHM_RING;
//! let theirs = Profiles(0x07);
//! assert_eq!(ours & theirs, Profiles::BASELINE);
//! assert_eq!(ours.to_string(), "baseline,shm-ring");
//! ```

use core::fmt;
use core::ops::{BitAnd, BitOr, BitOrAssign};

/// A set of profiles, one bit each. Bits that have no name here can come from a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Profiles(pub u32);

/// The profiles that have a name.
const NAMES: [(Profiles, &str); 4] = [
    (Profiles::BASELINE, "baseline"),
    (Profiles::SHM_HYBRID, "shm-hybrid"),
    (Profiles::SHM_FUTEX, "shm-futex"),
    (Profiles::SHM_RING, "shm-ring"),
];

impl Profiles {
    /// No profile.
    pub const NONE: Profiles = Profiles(0);
    /// Packets on the socket or pipe.
    pub const BASELINE: Profiles = Profiles(0x01);
    /// Shared memory with one message per direction.
    pub const SHM_HYBRID: Profiles = Profiles(0x02);
    /// The same data plane under another number on POSIX, busy waiting on Windows; never offered by us on POSIX.
    pub const SHM_FUTEX: Profiles = Profiles(0x04);
    /// Reserved; never offered.
    pub const RESERVED: Profiles = Profiles(0x08);
    /// The shared-memory ring.
    pub const SHM_RING: Profiles = Profiles(0x10);
    /// Everything that may be offered on this system at all (NIPC-PRF-03).
    pub const OFFERABLE: Profiles = if cfg!(windows) {
        Profiles(Self::BASELINE.0 | Self::SHM_HYBRID.0 | Self::SHM_FUTEX.0)
    } else {
        Profiles(Self::BASELINE.0 | Self::SHM_HYBRID.0 | Self::SHM_RING.0)
    };

    /// True when no bit is set.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True when exactly one bit is set.
    #[must_use]
    pub const fn is_single(self) -> bool {
        self.0.is_power_of_two()
    }

    /// True when every bit of `other` is set here too.
    #[must_use]
    pub const fn contains(self, other: Profiles) -> bool {
        self.0 & other.0 == other.0
    }

    /// This set without the bits of `other`.
    #[must_use]
    pub const fn without(self, other: Profiles) -> Profiles {
        Profiles(self.0 & !other.0)
    }

    /// The highest bit; the empty set when there is none.
    #[must_use]
    pub const fn highest(self) -> Profiles {
        match self.0.checked_ilog2() {
            Some(bit) => Profiles(1 << bit),
            None => Profiles::NONE,
        }
    }

    /// The profile with this name, as it is printed.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Profiles> {
        NAMES.iter().find(|(_, known)| *known == name).map(|(profile, _)| *profile)
    }

    /// The profiles in the set, lowest bit first.
    pub fn iter(self) -> impl Iterator<Item = Profiles> {
        (0..u32::BITS).map(|bit| Profiles(1 << bit)).filter(move |profile| self.contains(*profile))
    }
}

impl BitAnd for Profiles {
    type Output = Profiles;
    fn bitand(self, other: Profiles) -> Profiles {
        Profiles(self.0 & other.0)
    }
}

impl BitOr for Profiles {
    type Output = Profiles;
    fn bitor(self, other: Profiles) -> Profiles {
        Profiles(self.0 | other.0)
    }
}

impl BitOrAssign for Profiles {
    fn bitor_assign(&mut self, other: Profiles) {
        self.0 |= other.0;
    }
}

impl fmt::Display for Profiles {
    /// Names joined by commas, a bit without a name as its value, `none` for the empty set.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("none");
        }
        for (i, profile) in self.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            match NAMES.iter().find(|(known, _)| *known == profile) {
                Some((_, name)) => f.write_str(name)?,
                None => write!(f, "{:#x}", profile.0)?,
            }
        }
        Ok(())
    }
}
