//! The words that fields may have as values.

use std::fmt;
use std::num::NonZero;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

/// A word that is not among those that are allowed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected {expected}")]
pub struct UnknownWord {
    expected: String,
}

/// An enumeration of which each value is a word.
macro_rules! words {
    ($(#[$attribute:meta])* $name:ident { $($(#[$about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The word.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                let found = Self::ALL.iter().find(|value| value.name() == word);
                found.copied().ok_or_else(|| UnknownWord { expected: [$($word,)+].join(", ") })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

words! {
    /// What drivers do. `PROTOCOL.md` says what each means exactly.
    Work {
        /// One number each way.
        PingPong = "ping-pong",
        /// Batches of numbers.
        Batch = "batch",
        /// Numbers, many in flight.
        Pipeline = "pipeline",
        /// Batches, many in flight.
        PipelineBatch = "pipeline-batch",
        /// A session for each number.
        Connect = "connect",
        /// All made-up cgroups.
        Snapshot = "snapshot",
        /// Made-up cgroups by path.
        CgroupsLookup = "cgroups-lookup",
        /// Made-up processes by id.
        AppsLookup = "apps-lookup",
        /// Cgroups by path, both sides in one process without a transport.
        CgroupsCodec = "cgroups-codec",
        /// Processes by id, both sides in one process without a transport.
        AppsCodec = "apps-codec",
        /// Items of a snapshot cache.
        CacheLookup = "cache-lookup",
        /// A number in a cache line of each direction.
        RawLine = "raw-line",
        /// The same with a wake-up of nobody for each.
        RawLineWake = "raw-line-wake",
        /// Shared memory, and a futex to sleep on.
        RawFutex = "raw-futex",
        /// A sequenced-packet socket that is slept on.
        RawSeqpacket = "raw-seqpacket",
        /// A sequenced-packet socket that is asked again and again.
        RawSeqpacketSpin = "raw-seqpacket-spin",
        /// A pipe in each direction.
        RawPipe = "raw-pipe",
        /// A connection for each packet.
        RawConnect = "raw-connect",
        /// A copy of as many bytes as a snapshot has.
        RawCopy = "raw-copy",
        /// A hash table with the hash given and the name compared.
        RawHash = "raw-hash",
        /// A cgroups lookup in a general serialisation format with validation.
        RawRkyvCgroups = "raw-rkyv-cgroups",
        /// An apps lookup in a general serialisation format with validation.
        RawRkyvApps = "raw-rkyv-apps",
    }
}

words! {
    /// What sessions run on.
    Transport {
        /// Unix sockets, profile `BASELINE`.
        Uds = "uds",
        /// Shared memory, profile `SHM_HYBRID`.
        Shm = "shm",
    }
}

words! {
    /// Which keys of a lookup the server knows.
    Mix {
        /// All.
        Known = "known",
        /// None.
        Unknown = "unknown",
        /// Every second one.
        Mixed = "mixed",
    }
}

words! {
    /// In which order a client goes through its keys.
    Order {
        /// Pseudo-random, the same in every run.
        Random = "random",
        /// One after the other.
        RoundRobin = "round-robin",
    }
}

impl Work {
    /// Whether it measures the machine and not netipc.
    pub fn is_raw(self) -> bool {
        self.name().starts_with("raw-")
    }

    /// Whether there is a server to it.
    pub fn has_server(self) -> bool {
        use Work::{AppsCodec, CgroupsCodec, RawCopy, RawHash, RawRkyvApps, RawRkyvCgroups};
        !matches!(self, CgroupsCodec | AppsCodec | RawCopy | RawHash | RawRkyvCgroups | RawRkyvApps)
    }

    /// Whether a server sees each item of a client exactly once, so that both can be compared.
    pub fn is_countable(self) -> bool {
        self.has_server() && !matches!(self, Self::CgroupsLookup | Self::AppsLookup | Self::CacheLookup)
    }
}

/// How fast a client makes requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Load {
    /// The next when the last is answered.
    Max,
    /// So many a second, whether answered or not.
    Rate(u64),
    /// None at all.
    Idle,
}

impl FromStr for Load {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        match word {
            "max" => return Ok(Self::Max),
            "idle" => return Ok(Self::Idle),
            _ => {}
        }
        let (digits, unit) = word.strip_suffix('k').map_or((word, 1), |digits| (digits, 1000));
        let rate = digits.parse::<NonZero<u64>>().ok().and_then(|rate| rate.get().checked_mul(unit));
        rate.map(Self::Rate).ok_or_else(|| UnknownWord { expected: "max, idle or requests per second".to_owned() })
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.pad("max"),
            Self::Idle => f.pad("idle"),
            Self::Rate(rate) => f.pad(&rate.to_string()),
        }
    }
}

impl Serialize for Load {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Load {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(u64),
            Word(String),
        }
        let word = match Written::deserialize(from)? {
            Written::Number(rate) => rate.to_string(),
            Written::Word(word) => word,
        };
        word.parse().map_err(serde::de::Error::custom)
    }
}
