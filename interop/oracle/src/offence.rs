//! What can be wrong, by the names of `spec/codec.md` and in the form of `spec/conformance.md`.

use crate::json;

/// The first rule that is broken.
#[derive(Debug)]
pub(crate) enum Offence {
    Decode {
        record: &'static str,
        /// None when the record as a whole is meant.
        field: Option<&'static str>,
        offset: usize,
        /// The position in the list, where there is one.
        item: Option<usize>,
        problem: Problem,
    },
    Overflow {
        needed: usize,
        budget: usize,
    },
    Invalid {
        record: &'static str,
        field: &'static str,
        problem: Problem,
    },
    Missing {
        record: &'static str,
        field: &'static str,
    },
    /// Of a lookup.
    Answers {
        got: usize,
        keys: usize,
    },
}

/// Why an encode request has no bytes as its answer.
#[derive(Debug)]
pub(crate) enum Refusal {
    Offence(Offence),
    /// The request itself cannot be read.
    Malformed(String),
}

/// Name of a broken rule.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Problem {
    Truncated,
    TrailingBytes,
    Constant,
    Unlisted,
    ConstantWhen,
    /// Empty though it must not be.
    EmptyWhen,
    /// Not empty though it must be.
    NotEmptyWhen,
    TooMany,
    Padding,
    StartsEarly,
    Misplaced,
    Unaligned,
    OutOfBounds,
    TooShort,
    TooLong,
    Unterminated,
    InteriorNul,
    Overlap,
}

impl Problem {
    fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::TrailingBytes => "trailing_bytes",
            Self::Constant => "constant",
            Self::Unlisted => "unlisted",
            Self::ConstantWhen => "constant_when",
            Self::EmptyWhen => "empty_when",
            Self::NotEmptyWhen => "not_empty_when",
            Self::TooMany => "too_many",
            Self::Padding => "padding",
            Self::StartsEarly => "starts_early",
            Self::Misplaced => "misplaced",
            Self::Unaligned => "unaligned",
            Self::OutOfBounds => "out_of_bounds",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Unterminated => "unterminated",
            Self::InteriorNul => "interior_nul",
            Self::Overlap => "overlap",
        }
    }
}

impl Offence {
    pub(crate) fn to_json(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Decode { record, field, offset, item, problem } => {
                json::name(out, "{\"error\":\"decode\",\"record\":", record);
                match field {
                    Some(field) => json::name(out, ",\"field\":", field),
                    None => json::text(out, ",\"field\":null"),
                }
                json::number(out, ",\"offset\":", offset as u64);
                match item {
                    Some(item) => json::number(out, ",\"item\":", item as u64),
                    None => json::text(out, ",\"item\":null"),
                }
                json::name(out, ",\"problem\":", problem.name());
            }
            Self::Overflow { needed, budget } => {
                json::number(out, "{\"error\":\"overflow\",\"needed\":", needed as u64);
                json::number(out, ",\"budget\":", budget as u64);
            }
            Self::Invalid { record, field, problem } => {
                json::name(out, "{\"error\":\"invalid\",\"record\":", record);
                json::name(out, ",\"field\":", field);
                json::name(out, ",\"problem\":", problem.name());
            }
            Self::Missing { record, field } => {
                json::name(out, "{\"error\":\"missing\",\"record\":", record);
                json::name(out, ",\"field\":", field);
            }
            Self::Answers { got, keys } => {
                json::number(out, "{\"error\":\"answers\",\"got\":", got as u64);
                json::number(out, ",\"keys\":", keys as u64);
            }
        }
        out.push(b'}');
    }
}
