//! The answers to the keys of one request, within a byte budget (NIPC-LKP-10 to NIPC-LKP-16).
//!
//! A reply has an item for every key, so room is always kept for the *short records* of the keys that follow: records that
//! say nothing but that their key got no answer. That is what makes every later decision possible; without it the reply
//! could be full while keys are left. What a record that does not fit then becomes depends on whether it ever could:
//!
//! * not even alone in the whole budget: an oversized record, and the next key gets its chance;
//! * alone, but this is the first key: the reply as a whole is an overflow, because a reply that answers nothing would
//!   bring nobody forward, while a larger limit does;
//! * alone, and this is a later key: it and all behind it are to be asked for again.

use core::fmt;

use super::{BuildError, ENTRY_LEN, Items, ItemsWriter, Record, Writer, align_item};

/// A record that can be appended to a reply.
pub trait Encode {
    /// Checks the rules that do not depend on where the record goes.
    ///
    /// # Errors
    ///
    /// [`BuildError::Invalid`] with the first rule that is broken.
    fn check(&self) -> Result<(), BuildError>;

    /// Bytes that it takes.
    fn size(&self) -> usize;

    /// Appends it: [`Self::size`] bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when it does not fit.
    fn write(&self, out: &mut Writer<'_>) -> Result<(), BuildError>;
}

/// Why a key gets a short record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shortage {
    /// The reply is full; the key is to be asked for again.
    Exceeded,
    /// The key's record does not fit even alone.
    Oversized,
}

/// A key of a request, which knows the short record of the reply that echoes it.
pub trait Keyed<'a>: Record<'a> {
    /// The short record.
    type Short: Encode;

    /// The record that says only why the key got no answer. Its size does not depend on `why`.
    fn short(self, why: Shortage) -> Self::Short;
}

/// Appends one item for each key of a request to a [`Writer`], in the order of the keys. Its cost is linear in the keys.
pub struct AnswersWriter<'a, K> {
    /// What errors call the reply.
    record: &'static str,
    /// Bytes of the reply's fixed part.
    fixed: usize,
    out: Writer<'a>,
    keys: Items<'a, K>,
    items: ItemsWriter,
    /// Answers that were given, also those that had no room any more.
    given: usize,
    /// Bytes of the short records of the keys behind the items, each padded.
    reserve: usize,
    /// Padding of the last key's short record, which is never written.
    last_padding: usize,
    /// Whether a key had no room; all behind it have none either.
    full: bool,
}

impl<'a, K: Keyed<'a>> AnswersWriter<'a, K> {
    /// Starts at the end of what `out` holds, with `fixed` zero bytes. Errors call the reply `record`.
    #[must_use]
    pub fn new(record: &'static str, mut out: Writer<'a>, fixed: usize, keys: Items<'a, K>) -> Self {
        let (mut reserve, mut last_padding) = (0_usize, 0);
        for key in keys {
            let size = short_size(key);
            reserve = reserve.saturating_add(align_item(size));
            last_padding = align_item(size) - size;
        }
        // The writer remembers what did not fit, and `finish` reports it.
        let least = (ENTRY_LEN * keys.len()).saturating_add(reserve - last_padding);
        let _ = out.claim(fixed.saturating_add(least)).and_then(|()| out.zeros(fixed));
        let mut items = ItemsWriter::new(&out);
        items.reserve(&mut out, keys.len());
        Self { record, fixed, out, keys, items, given: 0, reserve, last_padding, full: false }
    }

    /// Whether the answer to another key can change the reply: there is such a key, and room.
    #[must_use]
    pub fn wants_more(&self) -> bool {
        !self.full && !self.out.has_overflowed() && self.given < self.keys.len()
    }

    /// Answers the next key with the item that `answer` makes for it. An item that has no room becomes what the module's
    /// documentation says.
    ///
    /// # Errors
    ///
    /// [`BuildError::Answers`] when every key has its answer already, [`BuildError::Invalid`] when the item breaks a rule
    /// (the key can be answered otherwise then), [`BuildError::Overflow`] when the reply cannot be given within the budget.
    pub fn push<T: Encode>(&mut self, answer: impl FnOnce(K) -> T) -> Result<(), BuildError> {
        let Some(key) = self.keys.get(self.given) else {
            self.given = self.given.saturating_add(1);
            return Err(self.miscounted());
        };
        let item = answer(key);
        item.check()?;
        // Nothing: asks whether it has overflowed already.
        self.out.claim(0)?;
        if !self.full {
            self.place(key, &item)?;
        }
        self.given += 1;
        Ok(())
    }

    fn place(&mut self, key: K, item: &impl Encode) -> Result<(), BuildError> {
        let (size, short) = (item.size(), short_size(key));
        let following = self.reserve - align_item(short);
        let needed = self.whole(size, following);
        if needed <= self.out.budget() {
            self.write(item, short)
        } else if self.fixed.saturating_add(ENTRY_LEN).saturating_add(size) > self.out.budget() {
            self.write(&key.short(Shortage::Oversized), short)
        } else if self.items.is_empty() {
            // Surely refused, with the right numbers.
            self.out.claim(needed - self.out.len())
        } else {
            self.full = true;
            Ok(())
        }
    }

    /// Bytes of the reply when the next item has `size` bytes, and short records follow.
    fn whole(&self, size: usize, following: usize) -> usize {
        let end = self.items.next_offset().saturating_add(size);
        let area = if following == 0 { end } else { align_item(end).saturating_add(following - self.last_padding) };
        (self.fixed + ENTRY_LEN * self.keys.len()).saturating_add(area)
    }

    fn write(&mut self, item: &impl Encode, short: usize) -> Result<(), BuildError> {
        self.items.push(&mut self.out, item.size(), |out| item.write(out))?;
        self.reserve -= align_item(short);
        Ok(())
    }

    fn miscounted(&self) -> BuildError {
        BuildError::Answers { record: self.record, got: self.given, keys: self.keys.len() }
    }

    /// Ends the reply. `head` makes its fixed part of the number of items.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when the reply cannot be given within the budget, also when the handler ignored that,
    /// [`BuildError::Answers`] when there are more answers than keys, or fewer and that was not because the reply was full,
    /// and that of `head`. Nothing stays in the buffer then.
    pub fn finish<const N: usize>(
        mut self,
        head: impl FnOnce(u32) -> Result<[u8; N], BuildError>,
    ) -> Result<(), BuildError> {
        let result = self.close(head);
        self.out.end(result)
    }

    fn close<const N: usize>(
        &mut self,
        head: impl FnOnce(u32) -> Result<[u8; N], BuildError>,
    ) -> Result<(), BuildError> {
        self.out.claim(0)?;
        if self.given > self.keys.len() || (self.given < self.keys.len() && !self.full) {
            return Err(self.miscounted());
        }
        for key in self.keys.iter().skip(self.items.len()) {
            let item = key.short(Shortage::Exceeded);
            self.items.push(&mut self.out, item.size(), |out| item.write(out))?;
        }
        let head = head(self.items.finish(&mut self.out))?;
        self.out.patch(0, &head);
        Ok(())
    }
}

impl<K> fmt::Debug for AnswersWriter<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswersWriter")
            .field("keys", &self.keys.len())
            .field("given", &self.given)
            .field("full", &self.full)
            .field("out", &self.out)
            .finish_non_exhaustive()
    }
}

fn short_size<'a, K: Keyed<'a>>(key: K) -> usize {
    key.short(Shortage::Exceeded).size()
}
