//! The code printed from the invented schemas, run through its public interface.
#![allow(clippy::unwrap_used, reason = "a failed test panics")]

use netipc_proto::codec::{BuildError, DecodeError, Problem, Writer};
use netipc_proto::service::{Lookup, Outcome, Service};

extern crate alloc;

#[allow(unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/fuzzing.rs"]
mod fuzzing;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/gazette.rs"]
mod gazette;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/journal.rs"]
mod journal;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/motto.rs"]
mod motto;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/parcels.rs"]
mod parcels;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/ports.rs"]
mod ports;
#[allow(dead_code, unreachable_pub, reason = "a user would pick what it needs")]
#[path = "golden/weather.rs"]
mod weather_report;

use gazette::{ArticleFields, Gazette, Language, SearchFields, Sort, Tag};
use journal::{Journal, LongWindedEntryFields};
use motto::{Mood, Motto, Occasion};
use parcels::{Carrier, DeliveredFields, Parcel, Parcels, State};
use ports::{Port, Ports};
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

/// A string that takes the rest of its record has no reference, only its NUL.
#[test]
fn string_that_takes_the_rest() {
    let bytes = request::<Gazette>(SearchFields { most: 3, words: b"a\0b" }).unwrap();
    assert_eq!(bytes, [bytes![3_u32].as_slice(), b"a\0b\0"].concat());
    let view = Gazette::decode_request(&bytes).unwrap();
    assert_eq!((view.most(), view.words()), (3, &b"a\0b"[..]));
    assert_eq!(view.into_owned().fields(), SearchFields { most: 3, words: b"a\0b" });

    let decode = |bytes: &[u8]| problem(Gazette::decode_request(bytes));
    assert_eq!(decode(&bytes[..4]), ("words", 4, Problem::Truncated { got: 4, needed: 5 }));
    assert_eq!(decode(&bytes[..7]), ("words", 4, Problem::Unterminated { got: b'b' }));
    let long = [vec![b'x'; 45], vec![0]].concat();
    assert_eq!(decode(&long), ("words", 4, Problem::TooLong { got: 41, most: 40 }));

    let bytes = reply::<Motto>(|out| out.words(b"Festina lente").unwrap()).unwrap();
    assert_eq!(bytes, b"Festina lente\0");
    assert_eq!(Motto::decode_reply(&bytes).unwrap().words(), b"Festina lente");
    assert_eq!(problem(Motto::decode_reply(b"a\0b\0")), ("words", 0, Problem::InteriorNul { at: 1 }));
}

/// NIPC-COD-22, NIPC-COD-23: enumerations and rules of a record that is all numbers.
#[test]
fn plain_record_with_a_rule() {
    let solemn = Occasion { mood: Mood::Solemn, guests: 0 };
    let bytes = request::<Motto>(solemn).unwrap();
    assert_eq!((bytes.as_slice(), Motto::decode_request(&bytes)), (&[2, 0][..], Ok(solemn)));
    let rule = Problem::ConstantWhen { got: 4, allowed: 0, when: "`mood` is `solemn`" };
    assert_eq!(problem(Motto::decode_request(&[2, 4])), ("guests", 1, rule));
    let invalid = BuildError::Invalid { record: "motto occasion", field: "guests", problem: rule };
    assert_eq!(request::<Motto>(Occasion { guests: 4, ..solemn }), Err(invalid));
    assert_eq!(problem(Motto::decode_request(&[3, 0])), ("mood", 0, Problem::Unlisted { got: 3, listed: &[1, 2] }));
    assert_eq!(Mood::ALL.map(Mood::code), [1, 2]);
    assert_eq!((Mood::from_code(2), Mood::from_code(0)), (Some(Mood::Solemn), None));
    assert_eq!(Mood::Solemn.to_string(), "solemn");
}

const ARTICLE: ArticleFields<'_> = ArticleFields {
    sort: Sort::Story,
    language: Language::LATIN,
    title: b"Rain",
    text: b"Pluit.",
    tags: &[Tag { word: b"rain" }, Tag { word: b"grass" }],
};

fn issue(articles: &[ArticleFields<'_>]) -> Result<Vec<u8>, BuildError> {
    let mut result = Ok(());
    let bytes = reply::<Gazette>(|out| {
        out.language(Language(7));
        result = articles.iter().try_for_each(|article| out.push(*article));
    });
    result.and(bytes)
}

/// NIPC-COD-20: a table of one string a row stands behind the strings, and tags behind the table.
#[test]
fn items_with_a_table() {
    let bytes = issue(&[ARTICLE]).unwrap();
    let fixed = bytes![0_u16, 2_u8, 0_u8, 1_u32, 24_u32, 4_u32, 29_u32, 6_u32];
    let table = bytes![56_u32, 4_u32, 61_u32, 5_u32];
    let item = [fixed.as_slice(), b"Rain\0Pluit.\0\0\0\0\0", &table, b"rain\0grass\0"].concat();
    assert_eq!(bytes, [bytes![7_u32, 1_u32, 0_u32, 67_u32], item].concat());

    let view = Gazette::decode_reply(&bytes).unwrap();
    assert_eq!((view.language(), view.language().name()), (Language(7), None));
    let article = view.articles().get(0).unwrap();
    assert!(article.tags().iter().eq(ARTICLE.tags.iter().copied()));
    assert_eq!((article.tags().len(), article.tags().is_empty(), article.tags().get(2)), (2, false, None));
    assert_eq!(article.into_owned().tags[1].view(), Tag { word: b"grass" });
    let shown = r#"Article { sort: Story, language: Language(1), title: b"Rain", text: b"Pluit.", tags: [Tag { word: b"rain" }, Tag { word: b"grass" }] }"#;
    assert_eq!(format!("{article:?}"), shown);
    // Without rows there is no table, and nothing keeps its place.
    assert_eq!(issue(&[ArticleFields { tags: &[], ..ARTICLE }]).unwrap().len(), 8 + 8 + 36);
}

/// Bytes behind an item's table are tolerated where the schema says so, and every reply in between comes back.
#[test]
fn items_with_a_table_and_a_tail() {
    let bytes = issue(&[ARTICLE]).unwrap();
    let mut longer = [bytes.as_slice(), &[0xee; 3]].concat();
    longer[12..16].copy_from_slice(&70_u32.to_ne_bytes());
    assert_eq!(Gazette::decode_reply(&longer), Gazette::decode_reply(&bytes));
}

/// Rules are told with their condition, by decoder and builder alike (NIPC-COD-23, NIPC-COD-16).
#[test]
fn rules_hold_under_their_condition() {
    let notice = ArticleFields { sort: Sort::Notice, text: b"", ..ARTICLE };
    let no_text = ArticleFields { text: b"", ..ARTICLE };
    issue(&[notice, ArticleFields { language: Language::UNKNOWN, ..no_text }]).unwrap();
    let empty = Problem::NotEmptyWhen { got: 1, when: "`sort` is `notice`" };
    let present = Problem::EmptyWhen { when: "`sort` is `story` and `language` is not `unknown`" };
    let short = [Tag { word: b"a" }];
    let many = [Tag { word: b"aa" }; 256];
    let cases = [
        (ArticleFields { text: b"x", ..notice }, "gazette article", "text", empty),
        (no_text, "gazette article", "text", present),
        (ArticleFields { tags: &short, ..ARTICLE }, "gazette tag", "word", Problem::TooShort { got: 1, least: 2 }),
        (ArticleFields { tags: &many, ..ARTICLE }, "gazette article", "tags", Problem::TooMany { got: 256, most: 255 }),
    ];
    for (article, record, field, problem) in cases {
        assert_eq!(issue(&[article]), Err(BuildError::Invalid { record, field, problem }));
    }
    let mut bytes = issue(&[ArticleFields { tags: &[], ..ARTICLE }]).unwrap();
    bytes[16..18].copy_from_slice(&100_u16.to_ne_bytes());
    let empty = Problem::NotEmptyWhen { got: 6, when: "`sort` is `notice`" };
    assert_eq!(problem(Gazette::decode_reply(&bytes)), ("text", 32, empty));
}

const PARCELS: [Parcel; 3] = [
    Parcel { number: 1, carrier: Carrier::POST },
    Parcel { number: 1, carrier: Carrier(200) },
    Parcel { number: 2, carrier: Carrier::NOBODY },
];

fn places() -> Vec<u8> {
    let bytes = reply::<Parcels>(|out| {
        out.edition(5).delivered(DeliveredFields { district: 4, weight: 10 }).unwrap();
        out.lost().unwrap();
        assert!(out.wants_more());
        out.delivered(DeliveredFields { district: 0, weight: 0 }).unwrap();
        assert!(!out.wants_more());
    });
    bytes.unwrap()
}

/// A lookup whose items are all numbers, and whose keys have two.
#[test]
fn lookup_of_plain_records() {
    let question = Parcels::question();
    let head = bytes![3_u32, 0_u32, 0_u32, 9_u32, 16_u32, 9_u32, 32_u32, 9_u32];
    assert_eq!(question[..32], head);
    assert_eq!(question.len(), 32 + 2 * 16 + 9);
    assert!(Parcels::decode_request(&question).unwrap().parcels().iter().eq(PARCELS));

    let bytes = places();
    let view = Parcels::decode_reply(&bytes).unwrap();
    assert_eq!((view.edition(), Parcels::generation(&view), Parcels::len(&view)), (5, 5, 3));
    let place = view.places().get(1).unwrap();
    assert_eq!((place.state, place.carrier, place.district, place.weight), (State::Lost, Carrier(200), 65_535, 0));
    assert!((0..3).all(|index| Parcels::echoes(&view, index, PARCELS[index])));
    assert!(!Parcels::echoes(&view, 0, PARCELS[1]));
    assert_eq!((Parcels::key_len(PARCELS[0]), Parcels::short_len(PARCELS[0])), (9, 16));
    assert_eq!(Parcels::check_key(PARCELS[1]), Ok(()));
    assert_eq!(Parcels::view_reply(&bytes), view);

    let mut stitched = Vec::new();
    let mut whole = Parcels::stitcher(Writer::new(&mut stitched, 1000), 2);
    whole.copy(Parcels::item_bytes(&view, 1)).unwrap();
    Parcels::push_oversized(&mut whole, PARCELS[2]).unwrap();
    Parcels::finish_stitched(whole, 6).unwrap();
    let view = Parcels::decode_reply(&stitched).unwrap();
    assert_eq!([0, 1].map(|index| Parcels::outcome(&view, index)), [Outcome::Final, Outcome::Oversized]);
    assert!(Parcels::echoes(&view, 1, PARCELS[2]));
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
