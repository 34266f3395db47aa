//! Entry points for fuzzers: each takes any bytes, and panics when something that must always hold does not.
//!
//! No part of the public interface. A fuzz target is one call of one of these functions.

mod session;

use alloc::vec;
use alloc::vec::Vec;

pub use session::session_ops;

use crate::batch::{Batch, BatchBuilder};
use crate::chunk::{Assembler, ChunkHeader, Chunker};
use crate::handshake::{Answer, Gate, Hello, HelloAck, Proposal, ServerPolicy, answer};
use crate::header::{HEADER_LEN, Header, Status};
use crate::limits::{Agreed, Limits};
use crate::profile::Profiles;

/// Turns bytes into numbers; what is missing at the end reads as zero.
struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take(&mut self, n: usize) -> &'a [u8] {
        let (head, tail) = self.0.split_at(n.min(self.0.len()));
        self.0 = tail;
        head
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let mut out = [0; N];
        let bytes = self.take(N);
        out[..bytes.len()].copy_from_slice(bytes);
        out
    }

    fn u8(&mut self) -> u8 {
        self.array::<1>()[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.array())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.array())
    }
}

/// Message and chunk headers: what decodes, encodes to the same bytes.
pub fn header(data: &[u8]) {
    if let Ok(header) = Header::decode(data) {
        assert_eq!(&header.encode()[..], &data[..HEADER_LEN]);
    }
    if let Ok(chunk) = ChunkHeader::decode(data) {
        assert_eq!(&chunk.encode()[..], &data[..HEADER_LEN]);
    }
    if let Some(hello) = Hello::decode(data) {
        assert_eq!(&hello.encode()[..], &data[..hello.encode().len()]);
    }
    if let Some(ack) = HelloAck::decode(data) {
        assert_eq!(&ack.encode()[..], &data[..ack.encode().len()]);
    }
}

/// Batches: the first four bytes are the item count, the rest is the payload. What parses can be built again, in the
/// canonical form, with the same items.
pub fn batch(data: &[u8]) {
    let mut input = Input(data);
    let item_count = input.u32();
    let Ok(batch) = Batch::parse(input.0, item_count) else {
        return;
    };
    assert_eq!(batch.len(), item_count as usize);
    assert!(batch.item(batch.len()).is_none());
    // Overlapping items can add up to far more than the payload; rebuilding them would only test the allocator.
    let total: usize = batch.iter().map(<[u8]>::len).sum();
    if total > 1 << 16 {
        return;
    }
    let mut canonical = vec![0xa5; 3];
    let mut builder = BatchBuilder::new(&mut canonical, usize::MAX, item_count).expect("there is no budget");
    for item in batch.iter() {
        builder.push(item).expect("there is a slot for every item");
    }
    assert_eq!(builder.finish(), item_count);
    let again = Batch::parse(&canonical[3..], item_count).expect("what was built parses");
    assert!(again.iter().eq(batch.iter()));
    assert_eq!(canonical.len() % 8, 3);
}

/// Chunks: a packet size, the bytes missing from the first packet, and a payload. What is cut is put together again.
pub fn chunks(data: &[u8]) {
    let mut input = Input(data);
    let packet_size = u32::from(input.u8());
    let payload = &data[data.len() - input.0.len()..];
    let header = Header::request(1, payload.len() as u32, input.u64());
    let mut chunker = Chunker::new(header, packet_size);
    let mut assembler = Assembler::new();
    let (mut packets, mut done) = (0, false);
    while let Some((head, body)) = chunker.packet() {
        assert!(!done, "no packet follows the last one");
        assert!(head.len() + body.len() <= packet_size.max(33) as usize);
        assert_eq!(chunker.started(), packets > 0);
        if packets > 0 {
            let packet = [&head[..], &payload[body.clone()]].concat();
            let complete = assembler.continuation(&packet).expect("our own chunks are sound");
            done = complete.is_some();
        } else if body.len() == payload.len() {
            done = true;
        } else {
            assembler.begin(header, &payload[body.clone()], packet_size);
        }
        if packets > 0 || !done {
            assert_eq!(assembler.payload(), &payload[..body.end]);
            assert!(assembler.held() <= (2 * body.end).min(payload.len()));
        }
        packets += 1;
        chunker.advance();
    }
    assert!(done && chunker.is_done());
    assert_eq!(packets, chunker.count());
}

/// The handshake: any HELLO against a policy, and any ACK against a proposal.
pub fn handshake(data: &[u8]) {
    let mut input = Input(data);
    let gate = [Gate::Open, Gate::Denied, Gate::Full][usize::from(input.u8() % 3)];
    let policy = ServerPolicy {
        supported: Profiles(input.u32()),
        preferred: Profiles(input.u32()),
        auth_token: input.u64(),
        max_request_payload: input.u32(),
        max_response_payload: input.u32(),
        packet_size: input.u32(),
    };
    let packet = input.0;
    match answer(&policy, packet, 9, gate) {
        Answer::Accept { agreed, ack } => check_accept(&policy, packet, gate, &agreed, &ack),
        Answer::Reject { status, ack, .. } => {
            assert!(!status.is_ok());
            assert_eq!(ack, HelloAck::REJECTION.packet(status));
        }
        Answer::Close { .. } => {}
    }
    check_client(&policy, packet);
}

fn check_accept(policy: &ServerPolicy, packet: &[u8], gate: Gate, agreed: &Agreed, ack: &[u8]) {
    assert_eq!(gate, Gate::Open);
    let hello = Hello::decode(&packet[HEADER_LEN..]).expect("it was accepted");
    assert!(agreed.profile.is_single());
    assert!((hello.supported & policy.supported & Profiles::OFFERABLE).contains(agreed.profile));
    assert_eq!(agreed.request.max_payload, hello.request.max_payload);
    assert!(agreed.request.max_payload <= policy.max_request_payload);
    assert!(agreed.packet_size > 32 && agreed.packet_size <= hello.packet_size.min(policy.packet_size));
    assert_eq!(Header::decode(ack).map(|header| header.status), Ok(Status::OK));
    let proposal = Proposal {
        supported: hello.supported,
        preferred: hello.preferred,
        request: hello.request,
        response: hello.response,
        response_ceiling: u32::MAX,
        auth_token: hello.auth_token,
        packet_size: hello.packet_size,
    };
    assert_eq!(proposal.accept(ack, Profiles::OFFERABLE).as_ref(), Ok(agreed), "both sides agree on the same");
}

fn check_client(policy: &ServerPolicy, packet: &[u8]) {
    let limits = Limits { max_payload: policy.max_request_payload, max_items: 0 };
    let proposal = Proposal {
        supported: policy.supported,
        preferred: policy.preferred,
        request: limits,
        response: limits,
        response_ceiling: policy.max_response_payload,
        auth_token: policy.auth_token,
        packet_size: policy.packet_size,
    };
    if let Ok(agreed) = proposal.accept(packet, Profiles::OFFERABLE) {
        assert!(agreed.profile.is_single() && proposal.supported.contains(agreed.profile));
        assert!(agreed.request.max_payload <= limits.max_payload);
        assert!(agreed.response.max_payload <= proposal.response_ceiling);
        assert!(agreed.request.max_items > 0 && agreed.response.max_items > 0);
        assert!(agreed.packet_size > 32 && agreed.packet_size <= proposal.packet_size);
    }
}

/// The packets of a message.
fn packets(mut chunker: Chunker, payload: &[u8]) -> Vec<Vec<u8>> {
    let mut out = Vec::new();
    while let Some((head, body)) = chunker.packet() {
        out.push([&head[..], &payload[body]].concat());
        chunker.advance();
    }
    out
}
