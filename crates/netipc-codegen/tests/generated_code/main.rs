//! The code printed from the invented schemas, run through its public interface.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::codec::{BuildError, DecodeError, Problem, Writer};
use netipc_proto::service::Service;

extern crate alloc;

mod lookups;
mod strings_and_tables;

#[allow(unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/fuzzing.rs"]
mod fuzzing;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/gazette.rs"]
mod gazette;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/journal.rs"]
mod journal;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/motto.rs"]
mod motto;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/parcels.rs"]
mod parcels;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/ports.rs"]
mod ports;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "../golden/weather.rs"]
mod weather_report;

use gazette::{Gazette, SearchFields};
use journal::{Journal, LongWindedEntryFields};
use lookups::{PARCELS, places};
use motto::{Mood, Motto, Occasion};
use parcels::Parcels;
use ports::{Port, Ports};
use strings_and_tables::{ARTICLE, issue};
use weather_report::{Place, ReportFields, WeatherReport};

fn request<S: Service>(query: S::Query<'_>) -> Result<Vec<u8>, BuildError> {
    let mut bytes = Vec::new();
    S::encode_request(query, Writer::new(&mut bytes, 1000))?;
    Ok(bytes)
}

/// A service with some request.
trait Asked: Service {
    fn question() -> Vec<u8>;
}

impl Asked for WeatherReport {
    fn question() -> Vec<u8> {
        request::<Self>(Place { x: 1, y: 2 }).unwrap()
    }
}

impl Asked for Ports {
    fn question() -> Vec<u8> {
        request::<Self>(b"root").unwrap()
    }
}

impl Asked for Journal {
    fn question() -> Vec<u8> {
        request::<Self>(ENTRY).unwrap()
    }
}

impl Asked for Gazette {
    fn question() -> Vec<u8> {
        request::<Self>(SearchFields { most: 3, words: b"rain" }).unwrap()
    }
}

impl Asked for Motto {
    fn question() -> Vec<u8> {
        request::<Self>(Occasion { mood: Mood::Merry, guests: 9 }).unwrap()
    }
}

impl Asked for Parcels {
    fn question() -> Vec<u8> {
        request::<Self>(&PARCELS).unwrap()
    }
}

fn reply<S: Asked>(fill: impl for<'a> FnOnce(&mut S::ReplyBuilder<'a>)) -> Result<Vec<u8>, BuildError> {
    let question = S::question();
    let question = S::decode_request(&question).unwrap();
    let mut bytes = b"before".to_vec();
    let mut builder = S::reply_builder(&question, Writer::new(&mut bytes, 1000));
    fill(&mut builder);
    let result = S::finish_reply(builder);
    assert!(bytes.starts_with(b"before"));
    assert!(result.is_ok() || bytes.len() == 6, "a failed reply left bytes behind");
    result.map(|()| bytes.split_off(6))
}

/// Bytes of numbers in host order.
macro_rules! bytes {
    ($($part:expr),* $(,)?) => { [$($part.to_ne_bytes().to_vec()),*].concat() };
}
use bytes;

fn problem<T>(result: Result<T, DecodeError>) -> (&'static str, usize, Problem) {
    let error = result.err().expect("the bytes break a rule");
    (error.field, error.offset, error.problem)
}

#[test]
fn plain_record_is_written_and_read() {
    let place = Place { x: 3, y: 0x0102_0304 };
    let bytes = request::<WeatherReport>(place).unwrap();
    assert_eq!(bytes, bytes![3_u16, 7_u8, 0_u8, 0x0102_0304_u32]);
    assert_eq!(WeatherReport::decode_request(&bytes), Ok(place));
}

#[test]
fn plain_record_checks_constants_and_end() {
    let decode = |bytes: &[u8]| problem(WeatherReport::decode_request(bytes));
    let constant = |got, allowed| Problem::Constant { got, allowed };
    assert_eq!(decode(&bytes![3_u16, 8_u8, 0_u8, 1_u32]), ("level", 2, constant(8, 7)));
    assert_eq!(decode(&bytes![3_u16, 7_u8, 1_u8, 1_u32]), ("reserved", 3, constant(1, 0)));
    let trailing = Problem::TrailingBytes { got: 9, allowed: 8 };
    assert_eq!(decode(&bytes![3_u16, 7_u8, 0_u8, 1_u32, 0_u8]), ("weather-report place", 8, trailing));
    let truncated = Problem::Truncated { got: 7, needed: 8 };
    assert_eq!(decode(&[0; 7]), ("weather-report place", 0, truncated));
}

const REPORT: ReportFields<'_> = ReportFields { temperature: 293_150, station: b"pier", remark: b"a\0b" };

#[test]
fn strings_are_written_in_order_without_gaps() {
    let bytes = reply::<WeatherReport>(|out| out.set(REPORT).unwrap()).unwrap();
    let fixed = bytes![293_150_u64, 24_u32, 4_u32, 29_u32, 3_u32];
    assert_eq!(bytes, [fixed.as_slice(), b"pier\0a\0b\0"].concat());
    let view = WeatherReport::decode_reply(&bytes).unwrap();
    assert_eq!(view.fields(), REPORT);
    assert_eq!(view.into_owned().fields(), REPORT);
    assert_eq!(format!("{view:?}"), r#"Report { temperature: 293150, station: b"pier", remark: b"a\x00b" }"#);
}

/// A later string may come first in the bytes; views compare by value.
#[test]
fn strings_are_read_in_any_order() {
    let fixed = bytes![293_150_u64, 28_u32, 4_u32, 24_u32, 3_u32];
    let other_order = [fixed.as_slice(), b"a\0b\0pier\0"].concat();
    let canonical = reply::<WeatherReport>(|out| out.set(REPORT).unwrap()).unwrap();
    assert_eq!(WeatherReport::decode_reply(&other_order), WeatherReport::decode_reply(&canonical));
}

#[test]
fn string_rules_are_checked_when_read() {
    let decode = |station: (u32, u32), remark: (u32, u32), tail: &[u8]| {
        let fixed = bytes![0_u64, station.0, station.1, remark.0, remark.1];
        problem(WeatherReport::decode_reply(&[&fixed, tail].concat()))
    };
    assert_eq!(decode((24, 0), (25, 0), b"\0\0"), ("station", 8, Problem::TooShort { got: 0, least: 1 }));
    let too_long = Problem::TooLong { got: 16, most: 15 };
    assert_eq!(decode((24, 16), (41, 0), b"1234567890123456\0\0"), ("station", 8, too_long));
    assert_eq!(decode((24, 2), (27, 0), b"a\0\0\0"), ("station", 8, Problem::InteriorNul { at: 1 }));
    assert_eq!(decode((24, 1), (25, 0), b"a\0"), ("remark", 16, Problem::Overlap { with: "station" }));
    let trailing = Problem::TrailingBytes { got: 28, allowed: 27 };
    assert_eq!(decode((24, 1), (26, 0), b"a\0\0\0"), ("weather-report report", 27, trailing));
}

/// A builder refuses what its own decoder would (NIPC-COD-16), and goes on with the next value.
#[test]
fn string_rules_are_checked_when_written() {
    let set = |station: &[u8]| {
        let mut result = Ok(());
        let built = reply::<WeatherReport>(|out| result = out.set(ReportFields { station, ..REPORT }));
        (result, built.map(|_| ()))
    };
    let invalid = |problem| BuildError::Invalid { record: "weather-report report", field: "station", problem };
    let missing = BuildError::Missing { record: "weather-report report", field: "temperature" };
    assert_eq!(set(b"").0, Err(invalid(Problem::TooShort { got: 0, least: 1 })));
    assert_eq!(set(&[b'x'; 16]).0, Err(invalid(Problem::TooLong { got: 16, most: 15 })));
    assert_eq!(set(b"a\0"), (Err(invalid(Problem::InteriorNul { at: 1 })), Err(missing)));
    assert_eq!(set(&[b'x'; 15]), (Ok(()), Ok(())));
    assert!(matches!(request::<Ports>(b""), Err(BuildError::Invalid { field: "owner", .. })));
}

#[test]
fn the_last_value_set_counts() {
    let bytes = reply::<WeatherReport>(|out| {
        out.set(ReportFields { remark: &[b'x'; 2000], ..REPORT }).unwrap_err();
        out.set(REPORT).unwrap();
    });
    assert_eq!(WeatherReport::decode_reply(&bytes.unwrap()).unwrap().fields(), REPORT);
}

#[test]
fn list_of_plain_items() {
    let ports = [Port { number: 22, protocol: 6 }, Port { number: 53, protocol: 17 }];
    let bytes = reply::<Ports>(|out| {
        for port in ports {
            out.push(port).unwrap();
        }
    });
    let bytes = bytes.unwrap();
    let head = bytes![2_u32, 0_u32, 0_u32, 3_u32, 8_u32, 3_u32];
    assert_eq!(bytes, [head.as_slice(), &bytes![22_u16, 6_u8], &[0; 5], &bytes![53_u16, 17_u8]].concat());
    let view = Ports::decode_reply(&bytes).unwrap();
    assert!(view.ports().iter().eq(ports));
    assert!(view.ports().iter().rev().eq([ports[1], ports[0]]));
    assert_eq!(view.into_owned().ports, ports);
    assert_eq!(view.ports().get(1), Some(ports[1]));
    assert_eq!(view.ports().get(2), None);
}

#[test]
fn list_rules_are_checked() {
    let port = bytes![22_u16, 6_u8];
    let decode = |entries: &[(u32, u32)], area: &[u8]| {
        let mut bytes = bytes![entries.len() as u32, 0_u32];
        entries.iter().for_each(|entry| bytes.extend(bytes![entry.0, entry.1]));
        bytes.extend(area);
        Ports::decode_reply(&bytes).map(|_| ()).map_err(|error| (error.field, error.item, error.problem))
    };
    assert_eq!(decode(&[(0, 3)], &port), Ok(()));
    let gap = [&[0; 8], port.as_slice()].concat();
    assert_eq!(decode(&[(8, 3)], &gap), Err(("ports", Some(0), Problem::Misplaced { got: 8, allowed: 0 })));
    let item = Problem::TrailingBytes { got: 4, allowed: 3 };
    assert_eq!(decode(&[(0, 4)], &[port.as_slice(), &[0]].concat()), Err(("ports port", Some(0), item)));
    let end = Problem::TrailingBytes { got: 20, allowed: 19 };
    assert_eq!(decode(&[(0, 3)], &[port.as_slice(), &[0]].concat()), Err(("ports answer", None, end)));
}

#[test]
fn reply_without_values_needs_no_call() {
    let bytes = reply::<Journal>(|_| {}).unwrap();
    assert_eq!(bytes, 2_u32.to_ne_bytes());
    Journal::decode_reply(&bytes).unwrap();
}

const ENTRY: LongWindedEntryFields<'_> = LongWindedEntryFields {
    priority_among_all_entries: 9,
    identifier_of_the_writing_program: b"demo",
    message_for_whoever_reads_it: b"hello",
    location_in_the_source: b"",
};

#[test]
fn request_of_several_values() {
    let bytes = request::<Journal>(ENTRY).unwrap();
    assert_eq!(Journal::decode_request(&bytes).unwrap().fields(), ENTRY);
    let long = LongWindedEntryFields { identifier_of_the_writing_program: &[0; 65], ..ENTRY };
    assert!(matches!(request::<Journal>(long), Err(BuildError::Invalid { problem: Problem::TooLong { .. }, .. })));
}

/// The fuzzing entry points take what was encoded, and anything else.
#[test]
fn fuzzing_entry_points() {
    let entries = [
        (fuzzing::gazette as fn(&[u8]), [Gazette::question(), issue(&[ARTICLE, ARTICLE]).unwrap()]),
        (fuzzing::journal, [Journal::question(), reply::<Journal>(|_| {}).unwrap()]),
        (fuzzing::motto, [Motto::question(), b"Memento\0".to_vec()]),
        (fuzzing::parcels, [Parcels::question(), places()]),
        (fuzzing::ports, [Ports::question(), bytes![0_u32, 0_u32].to_vec()]),
        (
            fuzzing::weather_report,
            [WeatherReport::question(), reply::<WeatherReport>(|out| out.set(REPORT).unwrap()).unwrap()],
        ),
    ];
    for (entry, payloads) in &entries {
        for payload in payloads.iter().chain(entries.iter().flat_map(|(_, payloads)| payloads)) {
            (0..payload.len()).for_each(|len| entry(&payload[..len]));
            entry(payload);
        }
    }
}
