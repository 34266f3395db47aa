//! Writing under a byte budget.

use alloc::vec::Vec;

use super::BuildError;

/// No payload is longer, because 32 header bytes and the payload together must fit a u32.
const PAYLOAD_MAX: usize = u32::MAX as usize - 32;

/// Appends one payload to a buffer and never lets it exceed a budget.
///
/// Bytes that the buffer holds already are left alone, and none of them ever becomes part of the payload (NIPC-COD-13). The first write that does not fit makes the writer fail for good:
/// later writes fail too and add up what would have been needed, [`finish`](Self::finish) reports it, and nothing stays
/// in the buffer (NIPC-COD-15).
#[derive(Debug)]
pub struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
    budget: usize,
    /// Bytes in the buffer that are set aside and will not be part of the payload unless they are used.
    slack: usize,
    needed: Option<usize>,
}

impl<'a> Writer<'a> {
    /// Appends to `out`, at most `budget` bytes.
    #[inline]
    #[must_use]
    pub fn new(out: &'a mut Vec<u8>, budget: usize) -> Self {
        Self { start: out.len(), out, budget: budget.min(PAYLOAD_MAX), slack: 0, needed: None }
    }

    /// Bytes written so far.
    #[inline]
    #[must_use]
    pub fn len(&self) -> usize {
        self.position() - self.slack
    }

    /// Whether nothing is written yet.
    #[inline]
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes the payload may have.
    #[inline]
    #[must_use]
    pub fn budget(&self) -> usize {
        self.budget
    }

    /// Bytes that can still be written.
    #[inline]
    #[must_use]
    pub fn remaining(&self) -> usize {
        match self.needed {
            None => self.budget - self.len(),
            Some(_) => 0,
        }
    }

    /// Checks that `len` more bytes fit, without writing.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`], for good.
    #[inline]
    pub fn claim(&mut self, len: usize) -> Result<(), BuildError> {
        if self.needed.is_none() && len <= self.budget - self.len() {
            return Ok(());
        }
        Err(self.overflow(len))
    }

    #[cold]
    fn overflow(&mut self, len: usize) -> BuildError {
        let needed = self.needed.unwrap_or(self.len()).saturating_add(len);
        self.needed = Some(needed);
        let budget = self.budget;
        BuildError::Overflow { needed, budget }
    }

    /// Appends `bytes`.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when they do not fit.
    #[inline]
    pub fn bytes(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.claim(bytes.len())?;
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends a string and its NUL.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when they do not fit.
    #[inline]
    pub fn terminated(&mut self, text: &[u8]) -> Result<(), BuildError> {
        self.claim(text.len() + 1)?;
        self.out.extend_from_slice(text);
        self.out.push(0);
        Ok(())
    }

    /// Appends `len` zero bytes.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when they do not fit.
    #[inline]
    pub fn zeros(&mut self, len: usize) -> Result<(), BuildError> {
        self.claim(len)?;
        self.out.resize(self.out.len() + len, 0);
        Ok(())
    }

    /// Appends `len` zero bytes and a NUL, and lends the former to be filled.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when they do not fit.
    pub fn room(&mut self, len: usize) -> Result<&mut [u8], BuildError> {
        let at = self.out.len();
        self.zeros(len.saturating_add(1))?;
        Ok(&mut self.out[at..at + len])
    }

    /// Starts the payload anew, as if nothing had been written or refused.
    pub fn restart(&mut self) {
        self.out.truncate(self.start);
        self.slack = 0;
        self.needed = None;
    }

    /// Ends the payload.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when anything did not fit; the buffer is then as long as at the start.
    #[inline]
    pub fn finish(self) -> Result<(), BuildError> {
        self.end(Ok(()))
    }

    /// Ends the payload, which `result` says is complete or not.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when anything did not fit, else that of `result`; the buffer is then as long as at the
    /// start. The overflow comes first, because whoever hits it may well stop before the payload is complete, and only a
    /// larger budget helps.
    #[inline]
    pub fn end(self, result: Result<(), BuildError>) -> Result<(), BuildError> {
        let result = match self.needed {
            None => result,
            Some(needed) => Err(BuildError::Overflow { needed, budget: self.budget }),
        };
        if result.is_err() {
            self.out.truncate(self.start);
        }
        result
    }

    /// Overwrites bytes that were written at `at`, counted from the start of the payload. Without effect after an
    /// overflow, when they may not be there.
    #[inline]
    pub fn patch(&mut self, at: usize, bytes: &[u8]) {
        let at = self.start + at;
        if let Some(place) = self.out.get_mut(at..at + bytes.len()) {
            place.copy_from_slice(bytes);
        }
    }

    /// Whether something did not fit.
    #[inline]
    pub(super) fn has_overflowed(&self) -> bool {
        self.needed.is_some()
    }

    /// Where the next byte goes, counted from the start of the payload.
    #[inline]
    pub(super) fn position(&self) -> usize {
        self.out.len() - self.start
    }

    /// Gives up what was written at `at` and behind.
    pub(super) fn truncate(&mut self, at: usize) {
        self.out.truncate(self.start + at);
    }

    /// Sets `len` bytes aside at `at`, moving what is behind.
    pub(super) fn insert_slack(&mut self, at: usize, len: usize) {
        let (at, old_end) = (self.start + at, self.out.len());
        self.out.resize(old_end + len, 0);
        self.out.copy_within(at..old_end, at + len);
        self.out[at..at + len].fill(0);
        self.slack += len;
    }

    /// Takes `len` set-aside bytes at `at` out again, moving what is behind.
    pub(super) fn remove_slack(&mut self, at: usize, len: usize) {
        if len == 0 {
            return;
        }
        let (at, end) = (self.start + at, self.out.len());
        self.out.copy_within(at + len.., at);
        self.out.truncate(end - len);
        self.slack -= len;
    }

    /// Makes `len` set-aside bytes part of the payload.
    pub(super) fn take_slack(&mut self, len: usize) {
        self.slack -= len;
    }

    /// Sets `len` bytes aside that were part of the payload.
    pub(super) fn add_slack(&mut self, len: usize) {
        self.slack += len;
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;

    use super::*;

    fn overflow(needed: usize, budget: usize) -> Result<(), BuildError> {
        Err(BuildError::Overflow { needed, budget })
    }

    /// NIPC-COD-13, NIPC-COD-15.
    #[test]
    fn appends_within_the_budget() {
        let mut bytes = vec![9];
        let mut out = Writer::new(&mut bytes, 8);
        out.bytes(&[1, 2]).unwrap();
        out.terminated(b"ab").unwrap();
        assert_eq!((out.len(), out.remaining(), out.budget()), (5, 3, 8));
        out.room(2).unwrap().copy_from_slice(b"xy");
        out.patch(1, &[7]);
        assert_eq!(out.remaining(), 0);
        out.finish().unwrap();
        assert_eq!(bytes, [9, 1, 7, b'a', b'b', 0, b'x', b'y', 0]);
    }

    /// NIPC-COD-15: refused once, refused for good, with the sum of what was asked for.
    #[test]
    fn an_overflow_is_remembered() {
        let mut bytes = vec![9];
        let mut out = Writer::new(&mut bytes, 4);
        out.bytes(&[1, 2, 3]).unwrap();
        assert_eq!(out.zeros(2), overflow(5, 4));
        assert_eq!(out.bytes(&[4]), overflow(6, 4));
        assert_eq!((out.len(), out.remaining()), (3, 0));
        out.patch(100, &[1]);
        assert_eq!(out.finish(), overflow(6, 4));
        assert_eq!(bytes, [9]);
    }

    #[test]
    fn starts_anew() {
        let mut bytes = vec![9];
        let mut out = Writer::new(&mut bytes, 4);
        out.zeros(5).unwrap_err();
        out.restart();
        assert!(out.is_empty());
        out.bytes(&[1]).unwrap();
        out.finish().unwrap();
        assert_eq!(bytes, [9, 1]);
    }

    /// Numbers near the end of `usize` do not wrap.
    #[test]
    fn huge_requests_are_refused() {
        let mut bytes = vec![];
        let mut out = Writer::new(&mut bytes, usize::MAX);
        assert_eq!(out.budget(), PAYLOAD_MAX);
        out.bytes(&[1]).unwrap();
        assert_eq!(out.zeros(usize::MAX), overflow(usize::MAX, PAYLOAD_MAX));
        assert_eq!(out.room(usize::MAX).map(|_| ()), overflow(usize::MAX, PAYLOAD_MAX));
    }
}
