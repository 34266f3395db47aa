//! Error kinds and sentences.

use core::error::Error;
use core::time::Duration;

use netipc_proto::ErrorKind;
use netipc_proto::batch::{BatchError, BatchFull};
use netipc_proto::chunk::ChunkError;
use netipc_proto::error::{SendError, Violation};
use netipc_proto::handshake::{Fault, Refusal};
use netipc_proto::header::{HeaderError, Kind, Status};
use netipc_proto::profile::Profiles;

/// NIPC-ERR-07: what a receiver finds wrong.
#[test]
fn kinds_of_violations() {
    let invalid = [
        Violation::Header(HeaderError::Magic { got: 0 }),
        Violation::Batch(BatchError::Misaligned { index: 0, offset: 1 }),
        Violation::Chunk(ChunkError::Flags { got: 1 }),
        Violation::MessageCut { got: 1, expected: 2 },
    ];
    assert!(invalid.iter().all(|violation| violation.kind() == ErrorKind::InvalidMessage));
    let misbehaved = [
        Violation::UnexpectedKind { got: Kind::Control, expected: Kind::Response },
        Violation::PayloadTooLarge { got: 2, allowed: 1 },
        Violation::TooManyItems { got: 2, allowed: 1 },
        Violation::PacketTooLong { got: 2, allowed: 1 },
        Violation::UnknownMessageId { got: 1 },
        Violation::RegionLength { got: 0, allowed: 64 },
        Violation::RegionSequence { got: 3, expected: 1 },
        Violation::RegionChanged,
        Violation::RegionLost,
        Violation::HalfMessage { got: 1, expected: 2, timeout: Duration::ZERO },
    ];
    assert!(misbehaved.iter().all(|violation| violation.kind() == ErrorKind::PeerMisbehaved));
}

/// NIPC-ERR-01: why a server refuses a HELLO.
#[test]
fn kinds_of_handshake_faults() {
    let none = Profiles::NONE;
    let cases = [
        (Fault::Header(HeaderError::Magic { got: 0 }), ErrorKind::InvalidMessage),
        (Fault::Short { got: 43 }, ErrorKind::InvalidMessage),
        (Fault::NotHello { kind: Kind::Request, code: 1 }, ErrorKind::PeerMisbehaved),
        (Fault::Padding { got: 1 }, ErrorKind::PeerMisbehaved),
        (Fault::Layout { got: 2 }, ErrorKind::Incompatible),
        (Fault::NoProfile { client: none, server: none }, ErrorKind::Incompatible),
        (Fault::PacketSize { got: 32, needed: 33 }, ErrorKind::Incompatible),
        (Fault::Token, ErrorKind::Denied),
        (Fault::NotAllowed, ErrorKind::Denied),
        (Fault::RequestPayload { got: 2, allowed: 1 }, ErrorKind::LimitExceeded),
        (Fault::Full, ErrorKind::LimitExceeded),
    ];
    for (fault, kind) in cases {
        assert_eq!(fault.kind(), kind, "{fault}");
    }
}

/// NIPC-ERR-07: a refusal of our own caller's wish is never blamed on the peer.
#[test]
fn kinds_of_send_errors() {
    let violation = Violation::UnknownMessageId { got: 1 };
    let cases = [
        (SendError::PayloadTooLarge { got: 2, allowed: 1 }, ErrorKind::LimitExceeded),
        (SendError::TooManyItems { got: 2, allowed: 1 }, ErrorKind::LimitExceeded),
        (SendError::WrongKind { got: Kind::Control, expected: Kind::Request }, ErrorKind::ApiMisuse),
        (SendError::DuplicateId { id: 1 }, ErrorKind::ApiMisuse),
        (SendError::Broken(violation), ErrorKind::PeerMisbehaved),
        (SendError::Closed, ErrorKind::Disconnected),
    ];
    for (error, kind) in cases {
        assert_eq!(error.kind(), kind, "{error}");
    }
}

/// Every number in the sentence is one of these, so that it is seen whether it got there.
fn sentences() -> Vec<(Box<dyn Error>, &'static [&'static str])> {
    let timeout = Duration::from_secs(30);
    vec![
        (Box::new(HeaderError::Short { got: 31 }), &["31", "32"]),
        (Box::new(HeaderError::Magic { got: 0xabcd }), &["0x0000abcd", "0x4e495043"]),
        (Box::new(HeaderError::Version { got: 7 }), &["7"]),
        (Box::new(HeaderError::HeaderLen { got: 33 }), &["33", "32"]),
        (Box::new(HeaderError::Kind { got: 9 }), &["9"]),
        (Box::new(Violation::PayloadTooLarge { got: 2000, allowed: 1024 }), &["2000", "1024"]),
        (Box::new(Violation::TooManyItems { got: 20, allowed: 10 }), &["20", "10"]),
        (Box::new(Violation::PacketTooLong { got: 97, allowed: 96 }), &["97", "96"]),
        (Box::new(Violation::UnknownMessageId { got: 42 }), &["42"]),
        (Box::new(Violation::MessageCut { got: 9, expected: 10 }), &["9", "10"]),
        (Box::new(Violation::RegionLength { got: 70, allowed: 64 }), &["70", "64"]),
        (Box::new(Violation::RegionSequence { got: 8, expected: 7 }), &["8", "7"]),
        (Box::new(Violation::UnexpectedKind { got: Kind::Control, expected: Kind::Request }), &["control", "request"]),
        (Box::new(Violation::HalfMessage { got: 10, expected: 20, timeout }), &["10", "20", "30s"]),
        (Box::new(Violation::from(BatchError::Truncated { items: 9, got: 8 })), &["9", "8"]),
        (Box::new(BatchError::Misaligned { index: 3, offset: 13 }), &["3", "13"]),
        (Box::new(BatchError::OutOfBounds { index: 3, offset: 16, length: 99, area: 77 }), &["3", "16", "99", "77"]),
        (Box::new(BatchFull::Bytes { needed: 30, budget: 20 }), &["30", "20"]),
        (Box::new(BatchFull::Slots { slots: 4 }), &["4"]),
        (Box::new(Violation::from(ChunkError::Short { got: 3 })), &["3", "32"]),
        (Box::new(ChunkError::Magic { got: 0xabcd }), &["0x0000abcd", "0x4e43484b"]),
        (Box::new(ChunkError::Version { got: 5 }), &["5", "1"]),
        (Box::new(ChunkError::Flags { got: 5 }), &["0x0005"]),
        (Box::new(ChunkError::MessageId { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(ChunkError::Index { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(ChunkError::Count { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(ChunkError::Total { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(ChunkError::PacketLen { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(ChunkError::PartLen { got: 5, expected: 6 }), &["5", "6"]),
        (Box::new(SendError::PayloadTooLarge { got: 2, allowed: 1 }), &["2", "1"]),
        (Box::new(SendError::TooManyItems { got: 2, allowed: 1 }), &["2", "1"]),
        (Box::new(SendError::WrongKind { got: Kind::Control, expected: Kind::Request }), &["control", "request"]),
        (Box::new(SendError::DuplicateId { id: 8 }), &["8"]),
        (Box::new(SendError::Broken(Violation::UnknownMessageId { got: 42 })), &["broken", "42"]),
        (Box::new(SendError::Closed), &["closed"]),
    ]
}

fn handshake_sentences() -> Vec<(Box<dyn Error>, &'static [&'static str])> {
    let rejected = |status| Box::new(Refusal::Rejected { status, proposed_request: 70_000 });
    vec![
        (rejected(Status::BAD_ENVELOPE), &["1 (bad_envelope)"]),
        (rejected(Status::AUTH_FAILED), &["2 (auth_failed)", "token"]),
        (rejected(Status::INCOMPATIBLE), &["3 (incompatible)"]),
        (rejected(Status::UNSUPPORTED), &["4 (unsupported)", "profiles"]),
        (rejected(Status::LIMIT_EXCEEDED), &["5 (limit_exceeded)", "70000"]),
        (rejected(Status::INTERNAL_ERROR), &["6 (internal_error)", "later"]),
        (rejected(Status(77)), &["77 (unknown)"]),
        (Box::new(Refusal::Header(HeaderError::Kind { got: 9 })), &["9"]),
        (Box::new(Refusal::Version { got: 2 }), &["2", "1"]),
        (Box::new(Refusal::NotAck { kind: Kind::Request, code: 5 }), &["request", "5"]),
        (Box::new(Refusal::Short { got: 47 }), &["47", "48"]),
        (Box::new(Refusal::Layout { got: 2 }), &["2", "1"]),
        (Box::new(Refusal::Flags { got: 2 }), &["0x0002"]),
        (
            Box::new(Refusal::Profile { got: Profiles::SHM_RING, offered: Profiles::BASELINE }),
            &["shm-ring", "baseline"],
        ),
        (Box::new(Refusal::PacketSize { got: 32, needed: 33 }), &["32", "33"]),
        (Box::new(Refusal::RequestPayload { got: 70, proposed: 60 }), &["70", "60"]),
        (Box::new(Fault::Header(HeaderError::Short { got: 1 })), &["1", "32"]),
        (Box::new(Fault::NotHello { kind: Kind::Request, code: 5 }), &["request", "5"]),
        (Box::new(Fault::Short { got: 43 }), &["43", "44"]),
        (Box::new(Fault::Layout { got: 2 }), &["2", "1"]),
        (Box::new(Fault::Padding { got: 3 }), &["0x00000003"]),
        (
            Box::new(Fault::NoProfile { client: Profiles::SHM_RING, server: Profiles::BASELINE }),
            &["shm-ring", "baseline"],
        ),
        (Box::new(Fault::Token), &["token"]),
        (Box::new(Fault::NotAllowed), &["allow-list"]),
        (Box::new(Fault::RequestPayload { got: 70, allowed: 60 }), &["70", "60"]),
        (Box::new(Fault::PacketSize { got: 32, needed: 33 }), &["32", "33"]),
        (Box::new(Fault::Full), &["sessions"]),
    ]
}

/// NIPC-ERR-03: a lower-case sentence that names what was got and what is allowed.
#[test]
fn sentences_carry_their_numbers() {
    for (error, numbers) in sentences().into_iter().chain(handshake_sentences()) {
        let sentence = error.to_string();
        for number in numbers {
            assert!(sentence.contains(number), "{number} is missing in: {sentence}");
        }
        assert!(!sentence.starts_with(char::is_uppercase), "{sentence}");
        assert!(!sentence.ends_with('.'), "{sentence}");
    }
}

/// NIPC-ERR-01, NIPC-ERR-02
#[test]
fn kinds_have_code_and_name() {
    assert_eq!((ErrorKind::ApiMisuse.code(), ErrorKind::ApiMisuse.name()), (1, "api_misuse"));
    assert_eq!((ErrorKind::LimitExceeded.code(), ErrorKind::LimitExceeded.name()), (8, "limit_exceeded"));
    assert_eq!((ErrorKind::Unsupported.code(), ErrorKind::Unsupported.name()), (17, "unsupported"));
    assert_eq!(ErrorKind::PeerMisbehaved.to_string(), "peer_misbehaved");
}
