//! Reverses the bytes of a string; exists for tests and benchmarks.

use alloc::vec::Vec;

use netipc_proto::codec::{
    BuildError, DecodeError, Placement, Reader, StringRule, Writer, check_string, fixed_part, store, string_at,
};
use netipc_proto::service::Service;

/// The `string-reverse` service.
#[derive(Debug)]
pub enum StringReverse {}

impl Service for StringReverse {
    const NAME: &'static str = "string-reverse";
    const METHOD: u16 = 3;
    const BATCHABLE: bool = true;
    const IDEMPOTENT: bool = true;

    type Query<'a> = &'a [u8];
    type Request<'a> = Text<'a>;
    type Reply<'a> = Text<'a>;
    type ReplyBuilder<'a> = TextBuilder<'a>;

    #[inline]
    fn encode_request(query: &[u8], out: Writer<'_>) -> Result<(), BuildError> {
        let mut builder = TextBuilder::new(out);
        builder.text(query)?;
        builder.finish()
    }

    #[inline]
    fn decode_request(payload: &[u8]) -> Result<Text<'_>, DecodeError> {
        Text::decode(payload)
    }

    #[inline]
    fn reply_builder(out: Writer<'_>) -> TextBuilder<'_> {
        TextBuilder::new(out)
    }

    #[inline]
    fn finish_reply(builder: TextBuilder<'_>) -> Result<(), BuildError> {
        builder.finish()
    }

    #[inline]
    fn decode_reply(payload: &[u8]) -> Result<Text<'_>, DecodeError> {
        Text::decode(payload)
    }
}

/// Where the fields of a text start.
mod text {
    pub(super) const TEXT: usize = 0;
    pub(super) const SIZE: usize = 8;
}

const TEXT: StringRule = StringRule { placement: Placement::At(8), ..StringRule::ANY };

/// A string.
#[derive(Clone, Copy)]
pub struct Text<'a> {
    bytes: &'a [u8],
}

impl<'a> Text<'a> {
    /// Reads a text.
    ///
    /// # Errors
    ///
    /// The rule that `bytes` break.
    #[inline]
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let reader = Reader::<{ text::SIZE }>::new("string-reverse text", bytes)?;
        reader.string("text", text::TEXT, &TEXT)?;
        Ok(Self { bytes })
    }

    /// The text.
    #[inline]
    #[must_use]
    pub fn text(&self) -> &'a [u8] {
        string_at(self.bytes, fixed_part::<{ text::SIZE }>(self.bytes), text::TEXT)
    }

    /// A copy that does not borrow the payload.
    #[must_use]
    pub fn to_owned(&self) -> OwnedText {
        OwnedText { text: self.text().to_vec() }
    }
}

/// A [`Text`] that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnedText {
    /// The text.
    pub text: Vec<u8>,
}

/// Builds a [`Text`].
#[derive(Debug)]
pub struct TextBuilder<'a> {
    out: Writer<'a>,
    written: bool,
}

impl<'a> TextBuilder<'a> {
    /// Starts a text.
    #[inline]
    #[must_use]
    pub fn new(out: Writer<'a>) -> Self {
        Self { out, written: false }
    }

    /// Writes the text; a second call replaces the first.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    pub fn text(&mut self, text: &[u8]) -> Result<(), BuildError> {
        if let Err(problem) = check_string(text, &TEXT) {
            return Err(BuildError::Invalid { record: "string-reverse text", field: "text", problem });
        }
        self.text_room(text.len())?.copy_from_slice(text);
        Ok(())
    }

    /// Writes a text of `len` bytes, and lends them, all zero, to be filled; a second call replaces the first.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    pub fn text_room(&mut self, len: usize) -> Result<&mut [u8], BuildError> {
        self.out.restart();
        self.written = true;
        self.out.claim(text::SIZE.saturating_add(len).saturating_add(1))?;
        let mut fixed = [0; text::SIZE];
        store(&mut fixed, text::TEXT, text::SIZE as u32);
        store(&mut fixed, text::TEXT + 4, len as u32);
        self.out.bytes(&fixed)?;
        self.out.room(len)
    }

    /// Ends the text.
    ///
    /// # Errors
    ///
    /// [`BuildError::Missing`] when nothing was written, [`BuildError::Overflow`] when it did not fit.
    #[inline]
    pub fn finish(self) -> Result<(), BuildError> {
        if !self.written {
            self.out.discard();
            return Err(BuildError::Missing { record: "string-reverse text", field: "text" });
        }
        self.out.finish()
    }
}
