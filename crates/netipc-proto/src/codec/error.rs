//! What can be wrong with a payload, and with a request to build one.

use core::error::Error;
use core::fmt;

use crate::ErrorKind;

/// Why a payload was refused.
///
/// Names the record and the field, where in the payload the offence is, and the numbers that broke the rule
/// (NIPC-COD-06).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError {
    /// The record in which the offence is, as the specification names it.
    pub record: &'static str,
    /// The field that broke its rule; the record's own name when the record as a whole did.
    pub field: &'static str,
    /// Where in the payload the field starts.
    pub offset: usize,
    /// The position in its list when the record is an item of one.
    pub item: Option<usize>,
    /// The rule that was broken, with its numbers.
    pub problem: Problem,
}

impl DecodeError {
    /// Always [`ErrorKind::InvalidMessage`].
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        ErrorKind::InvalidMessage
    }

    /// The same error, seen from the list that holds the record as its item number `item`, starting at byte `base`.
    #[must_use]
    pub(crate) fn in_item(self, item: usize, base: usize) -> Self {
        Self { offset: self.offset.saturating_add(base), item: Some(item), ..self }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.record)?;
        if let Some(item) = self.item {
            write!(f, " {item}")?;
        }
        if self.field != self.record {
            write!(f, ": field `{}`", self.field)?;
        }
        write!(f, " at byte {} {}", self.offset, self.problem)
    }
}

impl Error for DecodeError {}

/// A rule of the codec that does not hold, with what was got and what is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The bytes end before the record's fixed part or directory does.
    Truncated {
        /// Bytes there are.
        got: usize,
        /// Bytes there must be.
        needed: usize,
    },
    /// Bytes follow where the record must end.
    TrailingBytes {
        /// Bytes there are.
        got: usize,
        /// Bytes the record takes.
        allowed: usize,
    },
    /// A field that must hold one value holds another.
    Constant {
        /// The value found.
        got: u64,
        /// The only value allowed.
        allowed: u64,
    },
    /// The fixed part of a record that can grow has a size that it has in no version.
    FixedSize {
        /// The size found.
        got: u64,
        /// The sizes in the versions that the reader knows, ascending. Newer ones have larger ones.
        known: &'static [u64],
    },
    /// A field that must hold one of several values holds another.
    Unlisted {
        /// The value found.
        got: u64,
        /// The values allowed.
        listed: &'static [u64],
    },
    /// A field that must hold one value under some condition holds another.
    ConstantWhen {
        /// The value found.
        got: u64,
        /// The only value allowed then.
        allowed: u64,
        /// The condition, as a sentence.
        when: &'static str,
    },
    /// A string or table that must be empty under some condition is not.
    NotEmptyWhen {
        /// Its length: bytes of a string, rows of a table.
        got: u64,
        /// The condition, as a sentence.
        when: &'static str,
    },
    /// A string that must not be empty under some condition is.
    EmptyWhen {
        /// The condition, as a sentence.
        when: &'static str,
    },
    /// A table has more rows than its count can tell.
    TooMany {
        /// The rows there are.
        got: u64,
        /// The greatest number allowed.
        most: u64,
    },
    /// A byte that only keeps the alignment is not zero.
    Padding {
        /// Where in the record it is.
        at: usize,
        /// The byte found there.
        got: u8,
    },
    /// A string or item starts before the place where it may.
    StartsEarly {
        /// The offset found.
        got: u64,
        /// The least offset allowed.
        least: u64,
    },
    /// A string or item must start at one place and starts at another.
    Misplaced {
        /// The offset found.
        got: u64,
        /// The only offset allowed.
        allowed: u64,
    },
    /// An item does not start at a multiple of the alignment.
    Unaligned {
        /// The offset found.
        got: u64,
        /// What it must be a multiple of.
        multiple: u64,
    },
    /// A string or item ends behind the end of what holds it.
    OutOfBounds {
        /// Where it ends.
        end: u64,
        /// Where it must end at the latest.
        limit: u64,
    },
    /// A string is shorter than allowed.
    TooShort {
        /// Its length, without the NUL.
        got: u64,
        /// The least length allowed.
        least: u64,
    },
    /// A string is longer than allowed.
    TooLong {
        /// Its length, without the NUL.
        got: u64,
        /// The greatest length allowed.
        most: u64,
    },
    /// The byte after a string is not NUL.
    Unterminated {
        /// The byte found there.
        got: u8,
    },
    /// A string that must not contain NUL does.
    InteriorNul {
        /// Position of the first one in the string.
        at: usize,
    },
    /// Two strings share bytes.
    Overlap {
        /// The other string.
        with: &'static str,
    },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated { got, needed } => write!(f, "needs {needed} bytes, got {got}"),
            Self::TrailingBytes { got, allowed } => {
                write!(f, "must end after {allowed} bytes, got {got}")
            }
            Self::Constant { got, allowed } => write!(f, "must be {allowed}, got {got}"),
            Self::Unlisted { got, listed } => {
                write!(f, "must be ")?;
                write_list(f, listed)?;
                write!(f, ", got {got}")
            }
            Self::FixedSize { got, known } => {
                write!(f, "must be ")?;
                write_list(f, known)?;
                write!(f, " or more, got {got}")
            }
            Self::ConstantWhen { got, allowed, when } => write!(f, "must be {allowed} when {when}, got {got}"),
            Self::NotEmptyWhen { got, when } => write!(f, "must be empty when {when}, has length {got}"),
            Self::EmptyWhen { when } => write!(f, "must not be empty when {when}"),
            Self::TooMany { got, most } => write!(f, "must have {most} rows or fewer, got {got}"),
            Self::Padding { at, got } => {
                write!(f, "must have zero bytes before it, got 0x{got:02x} at position {at}")
            }
            Self::StartsEarly { got, least } => {
                write!(f, "must start at offset {least} or later, got {got}")
            }
            Self::Misplaced { got, allowed } => {
                write!(f, "must start at offset {allowed}, got {got}")
            }
            Self::Unaligned { got, multiple } => {
                write!(f, "must start at a multiple of {multiple}, got offset {got}")
            }
            Self::OutOfBounds { end, limit } => {
                write!(f, "must end at offset {limit} or before, ends at {end}")
            }
            Self::TooShort { got, least } => {
                write!(f, "must have {least} bytes or more, got {got}")
            }
            Self::TooLong { got, most } => write!(f, "must have {most} bytes or fewer, got {got}"),
            Self::Unterminated { got } => {
                write!(f, "must be followed by a NUL byte, got 0x{got:02x}")
            }
            Self::InteriorNul { at } => {
                write!(f, "must not contain a NUL byte, has one at position {at}")
            }
            Self::Overlap { with } => write!(f, "shares bytes with field `{with}`"),
        }
    }
}

fn write_list(f: &mut fmt::Formatter<'_>, values: &[u64]) -> fmt::Result {
    for (position, value) in values.iter().enumerate() {
        let separator = if position == 0 { "" } else { ", " };
        write!(f, "{separator}{value}")?;
    }
    Ok(())
}

/// Why a payload could not be built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildError {
    /// The payload does not fit the byte budget. Nothing is written then.
    Overflow {
        /// Bytes that all that was asked for so far takes.
        needed: usize,
        /// Bytes there may be.
        budget: usize,
    },
    /// A value breaks a rule of its field.
    Invalid {
        /// The record that was built.
        record: &'static str,
        /// The field whose rule is broken.
        field: &'static str,
        /// The rule, with its numbers.
        problem: Problem,
    },
    /// A field was never given a value.
    Missing {
        /// The record that was built.
        record: &'static str,
        /// The field without a value.
        field: &'static str,
    },
    /// The number of answers is not the number of keys.
    Answers {
        /// The record that was built.
        record: &'static str,
        /// Answers that were given.
        got: usize,
        /// Keys of the request.
        keys: usize,
    },
}

impl BuildError {
    /// [`ErrorKind::LimitExceeded`] for the budget, [`ErrorKind::ApiMisuse`] for values that break a rule (NIPC-COD-16) or
    /// are missing (NIPC-COD-17), and for answers that are missing or too many (NIPC-LKP-16).
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        match self {
            Self::Overflow { .. } => ErrorKind::LimitExceeded,
            Self::Invalid { .. } | Self::Missing { .. } | Self::Answers { .. } => ErrorKind::ApiMisuse,
        }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Overflow { needed, budget } => {
                write!(f, "the payload needs {needed} bytes, {budget} are allowed")
            }
            Self::Invalid { record, field, problem } => write!(f, "{record}: field `{field}` {problem}"),
            Self::Missing { record, field } => {
                write!(f, "{record}: field `{field}` was given no value; set it before the end")
            }
            Self::Answers { record, got, keys } => {
                write!(f, "{record}: {got} answers to {keys} keys; give each key one answer")
            }
        }
    }
}

impl Error for BuildError {}

/// Shows a byte string as `b"..."`, in which bytes that are not printable ASCII are escaped.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Quoted<'a>(pub &'a [u8]);

impl fmt::Debug for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", self.0.escape_ascii())
    }
}
