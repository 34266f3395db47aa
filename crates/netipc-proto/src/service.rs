//! What a client or server must know of a service to speak it.
//!
//! A generated descriptor implements [`Service`]; clients and servers are generic over it and stay free of payload
//! knowledge.

use alloc::boxed::Box;
use alloc::string::String;
use core::error::Error;
use core::fmt;

use crate::codec::{BuildError, DecodeError, Writer};

mod lookup;
mod snapshot;

pub use lookup::{Lookup, Outcome};
pub use snapshot::Snapshot;

/// One service: its name, its method, and how payloads become typed values and back.
///
/// Generated from a schema; the type itself is only a name and has no values.
pub trait Service: Send + Sync + 'static {
    /// The name endpoints of this service have by default.
    const NAME: &'static str;
    /// The method code in the envelope.
    const METHOD: u16;
    /// Whether several requests may travel in one batch.
    const BATCHABLE: bool;
    /// Whether a request may be sent again when the connection was lost before its reply came.
    const IDEMPOTENT: bool;

    /// What a caller passes.
    type Query<'a>: Copy;
    /// The view of a request that the handler gets.
    type Request<'a>;
    /// The view of a reply that the caller gets.
    type Reply<'a>;
    /// What the handler fills.
    type ReplyBuilder<'a>;

    /// Appends the request payload for `query`.
    ///
    /// # Errors
    ///
    /// A value that breaks a rule of its field, or [`BuildError::Overflow`]; nothing stays in the buffer then.
    fn encode_request(query: Self::Query<'_>, out: Writer<'_>) -> Result<(), BuildError>;

    /// Checks a request payload completely.
    ///
    /// # Errors
    ///
    /// The first rule it breaks.
    fn decode_request(payload: &[u8]) -> Result<Self::Request<'_>, DecodeError>;

    /// Starts the reply payload to `request`.
    fn reply_builder<'r: 'a, 'a>(request: &Self::Request<'r>, out: Writer<'a>) -> Self::ReplyBuilder<'a>;

    /// Ends a reply payload.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`], [`BuildError::Missing`] or [`BuildError::Answers`], also when the handler ignored its own
    /// errors; nothing stays in the buffer then.
    fn finish_reply(builder: Self::ReplyBuilder<'_>) -> Result<(), BuildError>;

    /// Checks a reply payload completely.
    ///
    /// # Errors
    ///
    /// The first rule it breaks.
    fn decode_reply(payload: &[u8]) -> Result<Self::Reply<'_>, DecodeError>;
}

/// Why a handler gave no reply.
///
/// A [`BuildError`] becomes one by `?`; anything else by [`HandlerError::new`] or [`HandlerError::caused_by`].
#[derive(Debug)]
pub struct HandlerError {
    repr: Repr,
}

#[derive(Debug)]
enum Repr {
    Build(BuildError),
    Other { message: String, source: Option<Box<dyn Error + Send + Sync>> },
}

impl HandlerError {
    /// A failure told in a lower-case sentence.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { repr: Repr::Other { message: message.into(), source: None } }
    }

    /// A failure with its cause.
    #[must_use]
    pub fn caused_by(message: impl Into<String>, source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { repr: Repr::Other { message: message.into(), source: Some(source.into()) } }
    }

    /// The error of the reply builder, when that is what it was.
    #[must_use]
    pub fn build_error(&self) -> Option<&BuildError> {
        match &self.repr {
            Repr::Build(error) => Some(error),
            Repr::Other { .. } => None,
        }
    }
}

impl From<BuildError> for HandlerError {
    fn from(error: BuildError) -> Self {
        Self { repr: Repr::Build(error) }
    }
}

impl fmt::Display for HandlerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.repr {
            Repr::Build(_) => write!(f, "the reply could not be built"),
            Repr::Other { message, .. } => f.write_str(message),
        }
    }
}

impl Error for HandlerError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.repr {
            Repr::Build(error) => Some(error),
            Repr::Other { source, .. } => source.as_ref().map(|source| source.as_ref() as &(dyn Error + 'static)),
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;

    /// NIPC-ERR-04: the cause is reachable, whatever it was.
    #[test]
    fn handler_errors_keep_their_cause() {
        let overflow = BuildError::Overflow { needed: 9, budget: 8 };
        let error = HandlerError::from(overflow);
        assert_eq!(error.build_error(), Some(&overflow));
        assert_eq!(error.to_string(), "the reply could not be built");
        assert_eq!(error.source().map(ToString::to_string), Some(overflow.to_string()));

        let error = HandlerError::caused_by("no data", overflow);
        assert_eq!(error.build_error(), None);
        assert_eq!(error.to_string(), "no data");
        assert!(error.source().is_some());
        assert!(HandlerError::new("no data").source().is_none());
    }
}
