//! Errors of the library as offences in JSON.

use netipc_proto::codec::{BuildError, DecodeError, Problem};

use crate::json::Json;

/// Why bytes do not decode.
pub(crate) fn decode(error: &DecodeError) -> Vec<u8> {
    object(|json| {
        json.word("error", "decode");
        json.word("record", error.record);
        json.word("field", error.field);
        json.number("offset", error.offset as u64);
        match error.item {
            Some(item) => json.number("item", item as u64),
            None => json.null("item"),
        }
        json.word("problem", problem(&error.problem));
    })
}

/// Why values do not encode.
pub(crate) fn build(error: &BuildError) -> Vec<u8> {
    object(|json| match error {
        BuildError::Overflow { needed, budget } => {
            json.word("error", "overflow");
            json.number("needed", *needed as u64);
            json.number("budget", *budget as u64);
        }
        BuildError::Invalid { record, field, problem } => {
            json.word("error", "invalid");
            json.word("record", record);
            json.word("field", field);
            json.word("problem", self::problem(problem));
        }
        BuildError::Missing { record, field } => {
            json.word("error", "missing");
            json.word("record", record);
            json.word("field", field);
        }
        BuildError::Answers { got, keys, .. } => {
            json.word("error", "answers");
            json.number("got", *got as u64);
            json.number("keys", *keys as u64);
        }
        _ => json.word("error", "unknown"),
    })
}

/// An offence of the envelope.
pub(crate) fn envelope(part: &str, problem: &str) -> Vec<u8> {
    object(|json| {
        json.word("error", part);
        json.word("problem", problem);
    })
}

fn object(show: impl FnOnce(&mut Json)) -> Vec<u8> {
    let mut json = Json::default();
    json.begin();
    show(&mut json);
    json.end();
    json.into_bytes()
}

fn problem(problem: &Problem) -> &'static str {
    match problem {
        Problem::Truncated { .. } => "truncated",
        Problem::TrailingBytes { .. } => "trailing_bytes",
        Problem::Constant { .. } => "constant",
        Problem::FixedSize { .. } => "fixed_size",
        Problem::Unlisted { .. } => "unlisted",
        Problem::ConstantWhen { .. } => "constant_when",
        Problem::NotEmptyWhen { .. } => "not_empty_when",
        Problem::EmptyWhen { .. } => "empty_when",
        Problem::TooMany { .. } => "too_many",
        Problem::Padding { .. } => "padding",
        Problem::StartsEarly { .. } => "starts_early",
        Problem::Misplaced { .. } => "misplaced",
        Problem::Unaligned { .. } => "unaligned",
        Problem::OutOfBounds { .. } => "out_of_bounds",
        Problem::TooShort { .. } => "too_short",
        Problem::TooLong { .. } => "too_long",
        Problem::Unterminated { .. } => "unterminated",
        Problem::InteriorNul { .. } => "interior_nul",
        Problem::Overlap { .. } => "overlap",
        _ => "unknown",
    }
}
