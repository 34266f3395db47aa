//! Puts the packets of one message together.

use alloc::vec::Vec;

use super::{CHUNK_HEADER_LEN, ChunkError, ChunkHeader, body_budget};
use crate::header::{HEADER_LEN, Header};

/// Memory that an assembler keeps for the next message when it is told to release what it holds.
const KEEP: usize = 4096;

/// The message that is half there.
#[derive(Clone, Copy, Debug)]
struct Pending {
    header: Header,
    next: u32,
    count: u32,
    budget: u32,
}

/// Puts the packets of one message together.
///
/// Memory is reserved for bytes that arrived, at most twice as much, and never for a length that a peer merely
/// announced (NIPC-CHK-13).
#[derive(Debug, Default)]
pub struct Assembler {
    payload: Vec<u8>,
    pending: Option<Pending>,
}

impl Assembler {
    /// An assembler that holds nothing.
    #[must_use]
    pub const fn new() -> Assembler {
        Assembler { payload: Vec::new(), pending: None }
    }

    /// Starts a message with the payload bytes of its first packet. A message that was half there is forgotten.
    ///
    /// `body` must be shorter than `header.payload_len`: a message that is complete needs no assembler. The number of
    /// chunks follows from the real length of `body`, so that a first packet with less than it could take is fine
    /// (NIPC-CHK-05, NIPC-CHK-06).
    pub fn begin(&mut self, header: Header, body: &[u8], packet_size: u32) {
        debug_assert!(body.len() < header.payload_len as usize);
        let budget = body_budget(packet_size);
        let first = u32::try_from(body.len()).unwrap_or(u32::MAX);
        let rest = header.payload_len.saturating_sub(first);
        self.payload.clear();
        self.pending = Some(Pending { header, next: 1, count: 1 + rest.div_ceil(budget), budget });
        self.extend(body, header.payload_len as usize);
    }

    /// Whether a message is half there.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.pending.is_some()
    }

    /// The header of the message that is half there.
    #[must_use]
    pub fn pending(&self) -> Option<&Header> {
        self.pending.as_ref().map(|pending| &pending.header)
    }

    /// Takes the next packet; the header of the message when this was its last one.
    ///
    /// # Errors
    /// Names the first field that does not continue the message. The message stays half there.
    pub fn continuation(&mut self, packet: &[u8]) -> Result<Option<Header>, ChunkError> {
        let chunk = ChunkHeader::decode(packet)?;
        let body = &packet[CHUNK_HEADER_LEN..];
        let Some(pending) = &mut self.pending else {
            return Err(ChunkError::Index { got: chunk.index, expected: 0 });
        };
        pending.check(&chunk, body.len(), self.payload.len())?;
        pending.next += 1;
        let header = pending.header;
        self.extend(body, header.payload_len as usize);
        if self.payload.len() < header.payload_len as usize {
            return Ok(None);
        }
        self.pending = None;
        Ok(Some(header))
    }

    /// The payload bytes that arrived; the whole payload once the message is complete.
    #[must_use]
    pub fn payload(&self) -> &[u8] {
        &self.payload
    }

    /// Takes the payload out, memory and all.
    #[must_use]
    pub fn take(&mut self) -> Vec<u8> {
        core::mem::take(&mut self.payload)
    }

    /// Puts back what [`take`](Self::take) took out.
    pub fn restore(&mut self, payload: Vec<u8>) {
        self.payload = payload;
    }

    /// Bytes of memory held.
    #[must_use]
    pub fn held(&self) -> usize {
        self.payload.capacity()
    }

    /// Gives memory back that a large message needed, unless a message is half there.
    pub fn release(&mut self) {
        if self.pending.is_none() && self.payload.capacity() > KEEP {
            self.payload = Vec::new();
        }
    }

    /// Forgets a message that is half there and gives all memory back.
    pub fn clear(&mut self) {
        *self = Assembler::new();
    }

    fn extend(&mut self, body: &[u8], total: usize) {
        let needed = self.payload.len() + body.len();
        if needed > self.payload.capacity() {
            let target = needed.max(self.payload.len().saturating_mul(2)).min(total.max(needed));
            self.payload.reserve_exact(target - self.payload.len());
        }
        self.payload.extend_from_slice(body);
    }
}

impl Pending {
    fn check(&self, chunk: &ChunkHeader, body: usize, arrived: usize) -> Result<(), ChunkError> {
        let header = &self.header;
        if chunk.message_id != header.message_id {
            return Err(ChunkError::MessageId { got: chunk.message_id, expected: header.message_id });
        }
        if chunk.index != self.next {
            return Err(ChunkError::Index { got: chunk.index, expected: self.next });
        }
        if chunk.count != self.count {
            return Err(ChunkError::Count { got: chunk.count, expected: self.count });
        }
        let total = header.payload_len.saturating_add(HEADER_LEN as u32);
        if chunk.total_len != total {
            return Err(ChunkError::Total { got: chunk.total_len, expected: total });
        }
        if body != chunk.payload_len as usize {
            return Err(ChunkError::PacketLen { got: body, expected: chunk.payload_len });
        }
        // A part has at least one byte and never more than what is left, so this one comparison also refuses empty
        // chunks, an overrun, and an index beyond the count (NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11).
        let left = (header.payload_len as usize).saturating_sub(arrived);
        let part = u32::try_from(left).map_or(self.budget, |left| left.min(self.budget));
        if chunk.payload_len != part {
            return Err(ChunkError::PartLen { got: chunk.payload_len, expected: part });
        }
        Ok(())
    }
}
