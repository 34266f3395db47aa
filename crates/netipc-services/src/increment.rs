//! Adds one to a number; exists for tests and benchmarks.

use netipc_proto::codec::{BuildError, DecodeError, Reader, Writer, store};
use netipc_proto::service::Service;

/// The `increment` service.
#[derive(Debug)]
pub enum Increment {}

impl Service for Increment {
    const NAME: &'static str = "increment";
    const METHOD: u16 = 1;
    const BATCHABLE: bool = true;
    const IDEMPOTENT: bool = true;

    type Query<'a> = u64;
    type Request<'a> = Number;
    type Reply<'a> = Number;
    type ReplyBuilder<'a> = NumberBuilder<'a>;

    #[inline]
    fn encode_request(query: u64, out: Writer<'_>) -> Result<(), BuildError> {
        let mut builder = NumberBuilder::new(out);
        builder.value(query)?;
        builder.finish()
    }

    #[inline]
    fn decode_request(payload: &[u8]) -> Result<Number, DecodeError> {
        Number::decode(payload)
    }

    #[inline]
    fn reply_builder(out: Writer<'_>) -> NumberBuilder<'_> {
        NumberBuilder::new(out)
    }

    #[inline]
    fn finish_reply(builder: NumberBuilder<'_>) -> Result<(), BuildError> {
        builder.finish()
    }

    #[inline]
    fn decode_reply(payload: &[u8]) -> Result<Number, DecodeError> {
        Number::decode(payload)
    }
}

/// Where the fields of a number start.
mod number {
    pub(super) const VALUE: usize = 0;
    pub(super) const SIZE: usize = 8;
}

/// A number, 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Number {
    /// The number.
    pub value: u64,
}

impl Number {
    /// Reads a number. Bytes behind it are ignored.
    ///
    /// # Errors
    ///
    /// The rule that `bytes` break.
    #[inline]
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        let reader = Reader::<{ number::SIZE }>::new("increment number", bytes)?;
        Ok(Self { value: reader.load(number::VALUE) })
    }

    fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError> {
        let mut fixed = [0; number::SIZE];
        store(&mut fixed, number::VALUE, self.value);
        out.bytes(&fixed)
    }
}

/// Builds a [`Number`].
#[derive(Debug)]
pub struct NumberBuilder<'a> {
    out: Writer<'a>,
    written: bool,
}

impl<'a> NumberBuilder<'a> {
    /// Starts a number.
    #[inline]
    #[must_use]
    pub fn new(out: Writer<'a>) -> Self {
        Self { out, written: false }
    }

    /// Writes the number; a second call replaces the first.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    #[inline]
    pub fn value(&mut self, value: u64) -> Result<(), BuildError> {
        self.out.restart();
        self.written = true;
        Number { value }.write(&mut self.out)
    }

    /// Ends the number.
    ///
    /// # Errors
    ///
    /// [`BuildError::Missing`] when nothing was written, [`BuildError::Overflow`] when it did not fit.
    #[inline]
    pub fn finish(self) -> Result<(), BuildError> {
        if !self.written {
            self.out.discard();
            return Err(BuildError::Missing { record: "increment number", field: "value" });
        }
        self.out.finish()
    }
}
