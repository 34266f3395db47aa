//! One reply out of the items of several.

use super::{BuildError, Encode, ItemsWriter, Writer};

/// Puts items that were decoded before, byte for byte, into one reply (NIPC-LKP-17).
///
/// Memory grows with what is put in, up to the budget of the [`Writer`].
#[derive(Debug)]
pub struct Stitcher<'a> {
    out: Writer<'a>,
    items: ItemsWriter,
}

impl<'a> Stitcher<'a> {
    /// Starts a reply with a fixed part of `fixed` bytes; `keys` are expected, which saves moving bytes when it is right.
    #[must_use]
    pub fn new(mut out: Writer<'a>, fixed: usize, keys: usize) -> Self {
        // The writer remembers what did not fit, and `finish` reports it.
        let _ = out.zeros(fixed);
        let mut items = ItemsWriter::new(&out);
        items.reserve(&mut out, keys);
        Self { out, items }
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are no items.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Bytes of the reply as it stands.
    #[must_use]
    pub fn size(&self) -> usize {
        self.out.len()
    }

    /// Appends the bytes of one item, which were decoded before as part of a reply of the same service.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    pub fn copy(&mut self, item: &[u8]) -> Result<(), BuildError> {
        self.items.push(&mut self.out, item.len(), |out| out.bytes(item))
    }

    /// Appends an item that is made here.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit, [`BuildError::Invalid`] when it breaks a rule.
    pub fn push(&mut self, item: &impl Encode) -> Result<(), BuildError> {
        item.check()?;
        self.items.push(&mut self.out, item.size(), |out| item.write(out))
    }

    /// Ends the reply. `head` makes its fixed part of the number of items.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when something did not fit; nothing stays in the buffer then.
    pub fn finish<const N: usize>(mut self, head: impl FnOnce(u32) -> [u8; N]) -> Result<(), BuildError> {
        let count = self.items.finish(&mut self.out);
        self.out.patch(0, &head(count));
        self.out.end(Ok(()))
    }
}
