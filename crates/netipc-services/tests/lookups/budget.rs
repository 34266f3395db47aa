//! The server's budget: the builder against a naive model, for every budget.

use netipc_proto::ErrorKind;
use netipc_proto::codec::{BuildError, Shortage, Writer};
use netipc_proto::service::{Lookup, Outcome, Service};
use netipc_services::{AppsLookup, CgroupsLookup, apps_lookup};
use proptest::prelude::*;

use crate::common::reply_to;
use crate::sample::{AppAnswer, CgroupAnswer, Sample, cases, outcomes, reply, request};

/// Bytes of a reply whose items have these lengths.
fn total(lens: &[usize]) -> usize {
    let mut end = 0_usize;
    for len in lens {
        end = end.next_multiple_of(8) + len;
    }
    16 + 8 * lens.len() + end
}

/// What must become of each key, or the bytes that are needed; the sentences of the specification and nothing clever:
/// NIPC-LKP-10 to NIPC-LKP-15.
fn naive(full: &[usize], short: &[usize], budget: usize) -> Result<Vec<Outcome>, usize> {
    let mut lens = short.to_vec();
    if total(&lens) > budget {
        return Err(total(&lens));
    }
    let mut outcomes = Vec::new();
    for key in 0..full.len() {
        let mut with_it = lens.clone();
        with_it[key] = full[key];
        if total(&with_it) <= budget {
            lens = with_it;
            outcomes.push(Outcome::Final);
        } else if total(&[full[key]]) > budget {
            outcomes.push(Outcome::Oversized);
        } else if key == 0 {
            return Err(total(&with_it));
        } else {
            outcomes.resize(full.len(), Outcome::Exceeded);
            break;
        }
    }
    Ok(outcomes)
}

/// Builds within every budget from nothing to more than enough, and compares all of it with the model.
fn every_budget<S: Sample>(cases: &[(S::Question, S::Answer)]) {
    let full: Vec<_> = cases.iter().map(|(question, answer)| S::item_len(question, answer)).collect();
    let short: Vec<_> = cases.iter().map(|(question, _)| S::short_len(S::key(question))).collect();
    for budget in 0..=total(&full) + 9 {
        let bytes = match (reply::<S>(cases, budget), naive(&full, &short, budget)) {
            (Err(error), expected) => {
                assert_eq!(Err(error), expected.map_err(|needed| BuildError::Overflow { needed, budget }));
                assert_eq!(error.kind(), ErrorKind::LimitExceeded);
                continue;
            }
            (Ok(bytes), expected) => {
                check::<S>(&bytes, cases, &expected.unwrap_or_else(|needed| panic!("{needed} in {budget} bytes")));
                bytes
            }
        };
        assert!(bytes.len() <= budget);
    }
    let whole = reply::<S>(cases, total(&full)).unwrap();
    assert_eq!(whole.len(), total(&full));
    assert_eq!(reply::<S>(cases, usize::MAX).unwrap(), whole);
}

/// Every key has its item, in order, with what its outcome says.
fn check<S: Sample>(bytes: &[u8], cases: &[(S::Question, S::Answer)], expected: &[Outcome]) {
    let view = S::decode_reply(bytes).unwrap();
    assert_eq!(outcomes::<S>(&view), expected);
    assert_eq!(<S as Lookup>::generation(&view), 7);
    for (index, (item, retry_later)) in S::items(&view).into_iter().enumerate() {
        let (question, answer) = &cases[index];
        let wanted = match expected[index] {
            Outcome::Final => S::item(question, answer),
            Outcome::Exceeded => S::short(question, Shortage::Exceeded),
            Outcome::Oversized => S::short(question, Shortage::Oversized),
        };
        assert_eq!(item, wanted);
        assert_eq!(retry_later, expected[index] == Outcome::Final && S::retry_later(answer));
        assert!(S::echoes(&view, index, S::key(question)));
    }
    let lens: Vec<_> = (0..S::len(&view)).map(|index| S::item_bytes(&view, index).len()).collect();
    assert_eq!(bytes.len(), total(&lens), "the reply is canonical");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    /// NIPC-LKP-10, NIPC-LKP-11, NIPC-LKP-12, NIPC-LKP-13, NIPC-LKP-14, NIPC-LKP-15.
    #[test]
    fn cgroups_under_every_budget(cases in cases::<CgroupsLookup>(9)) {
        every_budget::<CgroupsLookup>(&cases);
    }

    #[test]
    fn apps_under_every_budget(cases in cases::<AppsLookup>(9)) {
        every_budget::<AppsLookup>(&cases);
    }
}

/// A process whose item has `len` bytes.
fn process(len: usize) -> AppAnswer {
    let item = apps_lookup::OwnedItem {
        status: apps_lookup::Status::Known,
        orchestrator: apps_lookup::Orchestrator::DOCKER,
        cgroup_status: apps_lookup::CgroupStatus::Known,
        pid: 0,
        ppid: 1,
        uid: 1000,
        starttime: 5,
        comm: b"c".to_vec(),
        cgroup_path: b"/".to_vec(),
        cgroup_name: vec![b'n'; len - 65],
        labels: Vec::new(),
    };
    assert_eq!(AppsLookup::item_len(&0, &Some(item.clone())), len);
    Some(item)
}

fn processes(lens: &[usize]) -> Vec<(u32, AppAnswer)> {
    lens.iter().zip(100..).map(|(len, pid)| (pid, process(*len))).collect()
}

fn app_outcomes(lens: &[usize], budget: usize) -> Result<Vec<Outcome>, BuildError> {
    let bytes = reply::<AppsLookup>(&processes(lens), budget)?;
    Ok(outcomes::<AppsLookup>(&AppsLookup::decode_reply(&bytes).unwrap()))
}

/// NIPC-LKP-12, NIPC-LKP-13: what the library's forerunners get wrong. Of 14 items of 66 bytes in 1024 bytes they call the
/// first one oversized for ever, and of one large and nine small ones the large one, though each fits alone.
#[test]
fn fault_08_what_fits_alone_is_never_called_oversized() {
    let overflow = |needed| Err(BuildError::Overflow { needed, budget: 1024 });
    let alike = [66; 14];
    assert_eq!(app_outcomes(&alike, 1024), overflow(16 + 14 * 8 + 72 + 12 * 64 + 63));
    assert_eq!(app_outcomes(&alike, 2048), Ok(vec![Outcome::Final; 14]));

    let mut one_large = [66; 10];
    one_large[0] = 465;
    assert_eq!(app_outcomes(&one_large, 1024), overflow(16 + 10 * 8 + 472 + 8 * 64 + 63));
    assert_eq!(app_outcomes(&one_large, 2048), Ok(vec![Outcome::Final; 10]));

    // The large one elsewhere: the client asks again, and gets it.
    one_large.swap(0, 6);
    let mut expected = vec![Outcome::Final; 6];
    expected.resize(10, Outcome::Exceeded);
    assert_eq!(app_outcomes(&one_large, 1024), Ok(expected));

    let two_large = [66, 565, 565, 66];
    let expected = vec![Outcome::Final, Outcome::Final, Outcome::Exceeded, Outcome::Exceeded];
    assert_eq!(app_outcomes(&two_large, 1024), Ok(expected));
}

/// NIPC-LKP-12: only what no reply of this size can carry, wherever it stands; the others get their answers.
#[test]
fn what_does_not_fit_alone_is_oversized() {
    use Outcome::{Final, Oversized};
    assert_eq!(app_outcomes(&[1001, 66, 1001, 66], 1024), Ok(vec![Oversized, Final, Oversized, Final]));
    assert_eq!(app_outcomes(&[1001], 1024), Ok(vec![Oversized]));
    assert_eq!(app_outcomes(&[1000], 1024), Ok(vec![Final]));
}

/// NIPC-LKP-15.
#[test]
fn short_records_that_do_not_fit_are_an_overflow() {
    let none = |keys: usize| vec![(1, None); keys];
    let needed = 16 + 15 * 8 + 14 * 64 + 63;
    assert_eq!(reply::<AppsLookup>(&none(15), 1024), Err(BuildError::Overflow { needed, budget: 1024 }));
    assert_eq!(reply::<AppsLookup>(&none(14), 1024).unwrap().len(), 16 + 14 * 8 + 13 * 64 + 63);
    // No key, no short record: only the fixed part is needed.
    assert_eq!(reply::<AppsLookup>(&[], 16).unwrap().len(), 16);
    assert_eq!(reply::<AppsLookup>(&[], 15), Err(BuildError::Overflow { needed: 16, budget: 15 }));
}

/// NIPC-LKP-14: a provider that stops when nothing more is wanted gives the same reply as one that goes on.
#[test]
fn providers_can_stop_early() {
    let cases = processes(&[66, 500, 500, 500]);
    let questions: Vec<_> = cases.iter().map(|(pid, _)| *pid).collect();
    let mut asked = 0;
    let stopped = reply_to::<AppsLookup>(&request::<AppsLookup>(&questions), 1024, |builder| {
        builder.generation(7);
        for (_, answer) in &cases {
            if !builder.wants_more() {
                break;
            }
            asked += 1;
            AppsLookup::push(builder, answer).unwrap();
        }
    });
    assert_eq!(asked, 3, "the third has no room; the fourth is never looked up");
    assert_eq!(stopped, reply::<AppsLookup>(&cases, 1024));
}

/// Nothing more is wanted when all keys have answers, or after an overflow.
#[test]
fn nothing_more_is_wanted_at_the_end() {
    let request = request::<CgroupsLookup>(&[b"/a".to_vec()]);
    let result = reply_to::<CgroupsLookup>(&request, 100, |builder| {
        builder.generation(1);
        assert!(builder.wants_more());
        builder.unknown_permanent().unwrap();
        assert!(!builder.wants_more());
    });
    result.unwrap();
    let result = reply_to::<CgroupsLookup>(&request, 30, |builder| {
        assert!(!builder.wants_more());
        let overflow = BuildError::Overflow { needed: 24 + 32, budget: 30 };
        assert_eq!(builder.unknown_permanent(), Err(overflow));
        assert_eq!(builder.unknown_permanent(), Err(overflow));
    });
    assert!(matches!(result, Err(BuildError::Overflow { needed: 56, budget: 30 })));
}

/// NIPC-LKP-16: neither more answers than keys nor fewer.
#[test]
fn wrong_numbers_of_answers_are_told() {
    let keys = [b"/a".to_vec(), b"/b".to_vec()];
    let answers = |count: usize| {
        reply_to::<CgroupsLookup>(&request::<CgroupsLookup>(&keys), 1000, |builder| {
            builder.generation(1);
            for answer in 0..count {
                assert_eq!(builder.unknown_permanent().is_ok(), answer < 2);
            }
        })
    };
    let miscounted = |got| Err(BuildError::Answers { record: "cgroups-lookup reply", got, keys: 2 });
    assert_eq!(answers(0), miscounted(0));
    assert_eq!(answers(1), miscounted(1));
    assert!(answers(2).is_ok());
    assert_eq!(answers(3), miscounted(3));
    assert_eq!(answers(3).unwrap_err().kind(), ErrorKind::ApiMisuse);
    let sentence = "cgroups-lookup reply: 3 answers to 2 keys; give each key one answer";
    assert_eq!(answers(3).unwrap_err().to_string(), sentence);
}

/// Too many answers are an error also when the reply is full.
#[test]
fn too_many_answers_to_a_full_reply() {
    let mut cases = processes(&[66, 500, 500]);
    let questions: Vec<_> = cases.iter().map(|(pid, _)| *pid).collect();
    cases.push((0, None));
    let result = reply_to::<AppsLookup>(&request::<AppsLookup>(&questions), 800, |builder| {
        builder.generation(7);
        for (_, answer) in &cases {
            let _ = AppsLookup::push(builder, answer);
        }
    });
    assert_eq!(result, Err(BuildError::Answers { record: "apps-lookup reply", got: 4, keys: 3 }));
}

/// NIPC-COD-17.
#[test]
fn a_reply_needs_its_generation() {
    let result = reply_to::<AppsLookup>(&request::<AppsLookup>(&[1]), 1000, |builder| builder.unknown().unwrap());
    assert_eq!(result, Err(BuildError::Missing { record: "apps-lookup reply", field: "generation" }));
    // Of an overflow the missing generation says nothing: the handler may have stopped there.
    let result = reply_to::<AppsLookup>(&request::<AppsLookup>(&[1]), 50, |_| {});
    assert_eq!(result, Err(BuildError::Overflow { needed: 87, budget: 50 }));
}

/// 65536 keys with answers, refusals and a full reply, in a moment: every step is of constant cost.
#[test]
fn many_keys() {
    let cases: Vec<_> = (0..65_536_u32).map(|pid| (pid, process(66 + pid as usize % 7))).collect();
    let full: Vec<_> = cases.iter().map(|(pid, answer)| AppsLookup::item_len(pid, answer)).collect();
    let whole = reply::<AppsLookup>(&cases, usize::MAX).unwrap();
    assert_eq!(whole.len(), total(&full));
    let view = AppsLookup::decode_reply(&whole).unwrap();
    assert!(outcomes::<AppsLookup>(&view).iter().all(|outcome| *outcome == Outcome::Final));
    assert!(view.items().iter().map(|item| item.pid()).eq(0..65_536));

    let half = reply::<AppsLookup>(&cases, 16 + 65_536 * 72 + 100_000).unwrap();
    let outcomes = outcomes::<AppsLookup>(&AppsLookup::decode_reply(&half).unwrap());
    let answered = outcomes.iter().take_while(|outcome| **outcome == Outcome::Final).count();
    assert!(answered > 5_000 && answered < 65_536, "{answered}");
    assert!(outcomes[answered..].iter().all(|outcome| *outcome == Outcome::Exceeded));

    let paths: Vec<_> = (0..65_536).map(|path| format!("/{path}").into_bytes()).collect();
    let cases: Vec<_> = paths.iter().map(|path| (path.clone(), CgroupAnswer::Permanent)).collect();
    let bytes = reply::<CgroupsLookup>(&cases, usize::MAX).unwrap();
    let view = CgroupsLookup::decode_reply(&bytes).unwrap();
    assert!(view.items().iter().map(|item| item.path()).eq(paths.iter()));
}

/// A request that does not fit says what all of it takes.
#[test]
fn requests_keep_their_budget() {
    let keys: [&[u8]; 3] = [b"/a", b"/bb", b"/ccc"];
    let whole = request::<CgroupsLookup>(&keys.map(<[u8]>::to_vec));
    assert_eq!(whole.len(), 16 + 3 * 8 + 8 + 8 + 5);
    for budget in 0..whole.len() + 3 {
        let mut bytes = vec![9];
        let result = CgroupsLookup::encode_keys(&keys, Writer::new(&mut bytes, budget));
        if budget >= whole.len() {
            assert_eq!((result, &bytes[1..]), (Ok(()), whole.as_slice()));
        } else {
            let overflow = BuildError::Overflow { needed: whole.len(), budget };
            assert_eq!((result, bytes), (Err(overflow), vec![9]));
        }
    }
}
