//! Strings that take the rest of a record, tables, enumerations, and rules that hold for some records only.

use netipc_proto::codec::{BuildError, Problem};
use netipc_proto::service::Service;

use crate::gazette::{ArticleFields, Gazette, Language, SearchFields, Sort, Tag};
use crate::motto::{Mood, Motto, Occasion};
use crate::{bytes, problem, reply, request};

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

pub(crate) const ARTICLE: ArticleFields<'_> = ArticleFields {
    sort: Sort::Story,
    language: Language::LATIN,
    title: b"Rain",
    text: b"Pluit.",
    tags: &[Tag { word: b"rain" }, Tag { word: b"grass" }],
};

pub(crate) fn issue(articles: &[ArticleFields<'_>]) -> Result<Vec<u8>, BuildError> {
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
