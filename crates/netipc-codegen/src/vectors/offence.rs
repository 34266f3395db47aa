//! What can be wrong with bytes or values, as the specification names it.

use super::value::Value;

/// A broken rule of a codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Problem {
    /// The bytes end early.
    Truncated,
    /// Bytes follow where the record must end.
    TrailingBytes,
    /// A field with one value has another.
    Constant,
    /// A fixed part of a size that it has in no version.
    FixedSize,
    /// A number without a name in a closed enumeration.
    Unlisted,
    /// A rule with a condition demands another number.
    ConstantWhen,
    /// A rule with a condition demands something, and there is nothing.
    EmptyWhen,
    /// A rule with a condition demands nothing, and there is something.
    NotEmptyWhen,
    /// More rows than the count can tell.
    TooMany,
    /// A byte other than zero before a table.
    Padding,
    /// It starts before the place where it may.
    StartsEarly,
    /// It does not start at its only place.
    Misplaced,
    /// It does not start at a multiple of 8.
    Unaligned,
    /// It ends behind what holds it.
    OutOfBounds,
    /// A string is too short.
    TooShort,
    /// A string is too long.
    TooLong,
    /// No NUL behind a string.
    Unterminated,
    /// A NUL inside a string.
    InteriorNul,
    /// Two strings share a byte.
    Overlap,
}

impl Problem {
    /// Its name in the specification.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Truncated => "truncated",
            Self::TrailingBytes => "trailing_bytes",
            Self::Constant => "constant",
            Self::FixedSize => "fixed_size",
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

    /// The common requirements that it is about.
    #[must_use]
    pub const fn requirements(self) -> &'static [&'static str] {
        match self {
            Self::Truncated => &["NIPC-COD-01", "NIPC-COD-02"],
            Self::TrailingBytes => &["NIPC-COD-05"],
            Self::Constant => &["NIPC-COD-04"],
            Self::FixedSize => &["NIPC-EVO-02"],
            Self::Unlisted => &["NIPC-COD-22"],
            Self::ConstantWhen | Self::EmptyWhen | Self::NotEmptyWhen => &["NIPC-COD-23"],
            Self::TooMany => &["NIPC-COD-16"],
            Self::Padding | Self::Misplaced => &["NIPC-COD-20", "NIPC-COD-21"],
            Self::Unaligned => &["NIPC-COD-10"],
            Self::StartsEarly | Self::OutOfBounds | Self::Unterminated => &["NIPC-COD-02", "NIPC-COD-07"],
            Self::TooShort | Self::TooLong | Self::InteriorNul => &["NIPC-COD-09"],
            Self::Overlap => &["NIPC-COD-08"],
        }
    }
}

/// Why bytes were refused, or values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Offence {
    /// Bytes break a rule.
    Decode {
        /// Service and record.
        record: String,
        /// The field, or again service and record when it is the record as a whole.
        field: String,
        /// Where in the payload.
        offset: u64,
        /// The position in the list.
        item: Option<u64>,
        /// The rule.
        problem: Problem,
    },
    /// The payload does not fit.
    Overflow {
        /// Bytes it takes.
        needed: u64,
        /// Bytes it may take.
        budget: u64,
    },
    /// A value breaks a rule.
    Invalid {
        /// Service and record.
        record: String,
        /// The field.
        field: String,
        /// The rule.
        problem: Problem,
    },
    /// Too many answers, or too few.
    Answers {
        /// Answers that were given.
        got: u64,
        /// Keys there are.
        keys: u64,
    },
    /// Something of the envelope is wrong.
    Envelope {
        /// What it is.
        part: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
}

impl Offence {
    /// What a testee answers.
    #[must_use]
    pub fn value(&self) -> Value {
        match self {
            Self::Decode { record, field, offset, item, problem } => Value::object([
                ("error", Value::word("decode")),
                ("record", Value::word(record)),
                ("field", Value::word(field)),
                ("offset", (*offset).into()),
                ("item", item.map_or(Value::Null, Value::Number)),
                ("problem", Value::word(problem.name())),
            ]),
            Self::Overflow { needed, budget } => Value::object([
                ("error", Value::word("overflow")),
                ("needed", (*needed).into()),
                ("budget", (*budget).into()),
            ]),
            Self::Invalid { record, field, problem } => Value::object([
                ("error", Value::word("invalid")),
                ("record", Value::word(record)),
                ("field", Value::word(field)),
                ("problem", Value::word(problem.name())),
            ]),
            Self::Answers { got, keys } => {
                Value::object([("error", Value::word("answers")), ("got", (*got).into()), ("keys", (*keys).into())])
            }
            Self::Envelope { part, problem } => {
                Value::object([("error", Value::word(part)), ("problem", Value::word(problem))])
            }
        }
    }
}
