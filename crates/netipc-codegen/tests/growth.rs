//! Two versions of one service speak to each other: `probe_3` is what became of `probe_1`.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::codec::{BuildError, Problem, Writer};
use netipc_proto::service::{Lookup, Outcome, Service};
use proptest::prelude::*;

#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/probe_3.rs"]
mod new;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/probe_1.rs"]
mod old;

#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/ip_to_asn_2.rs"]
mod new_lookup;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/ip_to_asn_1.rs"]
mod old_lookup;

fn written(write: impl FnOnce(Writer<'_>) -> Result<(), BuildError>) -> Vec<u8> {
    let mut bytes = Vec::new();
    write(Writer::new(&mut bytes, 1 << 20)).unwrap();
    bytes
}

fn old_state(state: new::State) -> old::State {
    old::State::from_code(state.code()).unwrap()
}

/// Any reading that meets the rules.
fn reading() -> impl Strategy<Value = new::OwnedReading> {
    let text = || proptest::collection::vec(1..=u8::MAX, 0..20);
    let unit = proptest::collection::vec(1..=u8::MAX, 1..=4);
    (any::<bool>(), any::<u32>(), text(), unit, any::<u32>(), text()).prop_map(
        |(broken, value, place, unit, weight, note)| {
            let (state, weight, note) =
                if broken { (new::State::Broken, 1, Vec::new()) } else { (new::State::Fine, weight, note) };
            new::OwnedReading { state, value, place, unit, weight, note }
        },
    )
}

fn new_reply(load: u16, total: u64, readings: &[new::OwnedReading]) -> Vec<u8> {
    written(|out| {
        let mut builder = new::AnswerBuilder::new(out);
        builder.load(load).total(total);
        readings.iter().for_each(|reading| builder.push(reading.fields()).unwrap());
        builder.finish()
    })
}

fn old_reply(load: u16, readings: &[new::OwnedReading]) -> Vec<u8> {
    written(|out| {
        let mut builder = old::AnswerBuilder::new(out);
        builder.load(load);
        for new::OwnedReading { state, value, place, .. } in readings {
            let fields = old::ReadingFields { state: old_state(*state), value: *value, place };
            builder.push(fields).unwrap();
        }
        builder.finish()
    })
}

proptest! {
    /// An older writer: what it lacks has its default (NIPC-EVO-04).
    #[test]
    fn new_reader_reads_what_an_old_one_wrote(
        first: u32, load: u16, readings in proptest::collection::vec(reading(), 0..5)
    ) {
        let query = old::Question { state: old::State::Fine, first };
        let bytes = written(|out| old::Probe::encode_request(query, out));
        let read = new::Probe::decode_request(&bytes).unwrap();
        let state = new::State::Fine;
        prop_assert_eq!(read, new::Question { state, first, most: 10, except: new::State::Broken });

        let bytes = old_reply(load, &readings);
        let read = new::Probe::decode_reply(&bytes).unwrap();
        prop_assert_eq!((read.load(), read.total()), (load, 0));
        prop_assert_eq!(read.probes().len(), readings.len());
        for (got, sent) in read.probes().iter().zip(&readings) {
            let expected = new::ReadingFields { unit: b"K", weight: 1, note: b"", ..sent.fields() };
            prop_assert_eq!(got.fields(), expected);
        }
    }

    /// A newer writer: what the reader does not know changes nothing (NIPC-EVO-03, NIPC-EVO-05, NIPC-EVO-06).
    #[test]
    fn old_reader_reads_what_a_new_one_wrote(
        first: u32, most: u64, load: u16, total: u64, readings in proptest::collection::vec(reading(), 0..5)
    ) {
        let query = new::Question { state: new::State::Broken, first, most, except: new::State::Fine };
        let bytes = written(|out| new::Probe::encode_request(query, out));
        let read = old::Probe::decode_request(&bytes).unwrap();
        prop_assert_eq!(read, old::Question { state: old::State::Broken, first });

        let bytes = new_reply(load, total, &readings);
        let read = old::Probe::decode_reply(&bytes).unwrap();
        prop_assert_eq!(read.load(), load);
        prop_assert_eq!(read.probes().len(), readings.len());
        for (got, sent) in read.probes().iter().zip(&readings) {
            let expected = old::ReadingFields { state: old_state(sent.state), value: sent.value, place: &sent.place };
            prop_assert_eq!(got.fields(), expected);
        }
    }

    #[test]
    fn versions_agree_with_themselves(load: u16, total: u64, readings in proptest::collection::vec(reading(), 0..5)) {
        let bytes = new_reply(load, total, &readings);
        let read = new::Probe::decode_reply(&bytes).unwrap().into_owned();
        prop_assert_eq!(read, new::OwnedAnswer { load, total, probes: readings });
    }

    #[test]
    fn no_bytes_make_a_reader_panic(data in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = new::Probe::decode_reply(&data).map(new::Answer::into_owned);
        let _ = old::Probe::decode_reply(&data).map(old::Answer::into_owned);
        let _ = new::Probe::decode_request(&data);
    }

    /// Mutated messages are refused or read, and whatever is read can be copied.
    #[test]
    fn no_change_of_a_byte_makes_a_reader_panic(
        readings in proptest::collection::vec(reading(), 1..3), at: prop::sample::Index, byte: u8
    ) {
        let mut bytes = new_reply(1, 2, &readings);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = new::Probe::decode_reply(&bytes).map(new::Answer::into_owned);
        let _ = old::Probe::decode_reply(&bytes).map(old::Answer::into_owned);
    }
}

fn question(size: u16, rest: &[u8]) -> Vec<u8> {
    [size.to_ne_bytes().as_slice(), &[0, 0], &7_u32.to_ne_bytes(), rest].concat()
}

/// NIPC-EVO-02: a fixed part ends where one does in some version, or behind all of them.
#[test]
fn sizes_between_versions_are_refused() {
    let decode = |size, rest: &[u8]| {
        new::Probe::decode_request(&question(size, rest)).map(|_| ()).map_err(|error| (error.field, error.problem))
    };
    let wrong = |got| Err(("size", Problem::FixedSize { got, known: &[8, 16, 20] }));
    assert_eq!(decode(8, &[]), Ok(()));
    assert_eq!(decode(16, &[0; 8]), Ok(()));
    assert_eq!(decode(20, &[0; 12]), Ok(()));
    assert_eq!(decode(7, &[]), wrong(7));
    assert_eq!(decode(12, &[0; 4]), wrong(12));
    assert_eq!(decode(0, &[]), wrong(0));
    assert_eq!(decode(21, &[0; 12]), Err(("size", Problem::Truncated { got: 20, needed: 21 })));
    assert_eq!(decode(21, &[0; 13]), Ok(()));
    assert_eq!(Problem::FixedSize { got: 12, known: &[8, 16] }.to_string(), "must be 8, 16 or more, got 12");
}

/// NIPC-EVO-06: the end is judged when the reader knows everything, and only then.
#[test]
fn bytes_behind_the_content_are_those_of_a_newer_version() {
    let problem = Problem::TrailingBytes { got: 21, allowed: 20 };
    assert_eq!(new::Probe::decode_request(&question(20, &[0; 13])).unwrap_err().problem, problem);
    assert!(new::Probe::decode_request(&question(24, &[0; 30])).is_ok());
    let problem = Problem::TrailingBytes { got: 9, allowed: 8 };
    assert_eq!(new::Probe::decode_request(&question(8, &[0])).unwrap_err().problem, problem);
}

/// NIPC-EVO-05: strings lie behind the fixed part as its writer made it.
#[test]
fn strings_inside_a_longer_fixed_part_are_refused() {
    let reading = |size: u16, place_at: u32| {
        let mut bytes = [size.to_ne_bytes(), [0, 0]].concat();
        bytes.extend([9_u32, place_at, 0].map(u32::to_ne_bytes).concat());
        bytes.extend([0; 4]);
        bytes
    };
    assert!(old::Reading::decode(&reading(18, 18)).is_ok());
    let early = old::Reading::decode(&reading(18, 17)).unwrap_err();
    assert_eq!((early.field, early.problem), ("place", Problem::StartsEarly { got: 17, least: 18 }));
}

const ORGANISATION: &[u8] = b"Example Networks";

/// What a provider of the first version answers to four addresses within `budget`: it knows the first one and the third.
fn old_answers(budget: usize) -> Vec<u8> {
    let keys = [1, 2, 3, 4].map(|low| new_lookup::Address { high: 0, low });
    let request = written(|out| new_lookup::IpToAsn::encode_request(&keys, out));
    let request = old_lookup::IpToAsn::decode_request(&request).unwrap();
    let mut bytes = Vec::new();
    let mut builder = old_lookup::IpToAsn::reply_builder(&request, Writer::new(&mut bytes, budget));
    builder.generation(9);
    for key in request.keys() {
        let fields = old_lookup::KnownFields { asn: key.low as u32, country: b"DE", organisation: ORGANISATION };
        if key.low % 2 == 1 { builder.known(fields).unwrap() } else { builder.unknown().unwrap() }
    }
    old_lookup::IpToAsn::finish_reply(builder).unwrap();
    bytes
}

/// Items of lookups grow: the statuses that are not answers, and replies put together of older items, too (NIPC-EVO-04).
#[test]
fn new_consumer_looks_up_at_an_old_provider() {
    type New = new_lookup::IpToAsn;
    let bytes = old_answers(1000);
    let reply = New::decode_reply(&bytes).unwrap();
    let asns: Vec<_> = reply.items().iter().map(|item| (item.low(), item.asn(), item.prefix_length())).collect();
    assert_eq!(asns, [(1, 1, 0), (2, 0, 0), (3, 3, 0), (4, 0, 0)]);
    assert_eq!(reply.items().get(2).unwrap().organisation(), ORGANISATION);

    // No room for the third item beside the short record of the fourth, as the first version makes them.
    let cut = old_answers(bytes.len() - 8);
    let cut = New::decode_reply(&cut).unwrap();
    let outcomes: Vec<_> = (0..4).map(|index| New::outcome(&cut, index)).collect();
    assert_eq!(outcomes, [Outcome::Final, Outcome::Final, Outcome::Exceeded, Outcome::Exceeded]);

    let mut whole = Vec::new();
    let mut stitcher = New::stitcher(Writer::new(&mut whole, 1000), 5);
    (0..2).for_each(|index| stitcher.copy(New::item_bytes(&cut, index)).unwrap());
    (2..4).for_each(|index| stitcher.copy(New::item_bytes(&reply, index)).unwrap());
    New::push_oversized(&mut stitcher, new_lookup::Address { high: 0, low: 5 }).unwrap();
    New::finish_stitched(stitcher, 9).unwrap();
    let whole = New::decode_reply(&whole).unwrap();
    assert!(whole.items().iter().take(4).eq(reply.items()));
    assert_eq!(New::outcome(&whole, 4), Outcome::Oversized);
}

/// NIPC-EVO-03
#[test]
fn old_consumer_looks_up_at_a_new_provider() {
    let keys = [1, 2].map(|low| old_lookup::Address { high: 7, low });
    let request = written(|out| old_lookup::IpToAsn::encode_request(&keys, out));
    let request = new_lookup::IpToAsn::decode_request(&request).unwrap();
    let bytes = written(|out| {
        let mut builder = new_lookup::IpToAsn::reply_builder(&request, out);
        builder.generation(1);
        let (country, organisation) = (b"NL".as_slice(), ORGANISATION);
        builder.known(new_lookup::KnownFields { asn: 64500, country, organisation, prefix_length: 32 }).unwrap();
        builder.unknown().unwrap();
        new_lookup::IpToAsn::finish_reply(builder)
    });
    let reply = old_lookup::IpToAsn::decode_reply(&bytes).unwrap();
    let known = reply.items().get(0).unwrap();
    assert_eq!((known.asn(), known.country(), known.organisation()), (64500, b"NL".as_slice(), ORGANISATION));
    assert_eq!(reply.items().get(1).unwrap().status(), old_lookup::Status::Unknown);
    assert!(keys.iter().enumerate().all(|(index, key)| old_lookup::IpToAsn::echoes(&reply, index, *key)));
}
