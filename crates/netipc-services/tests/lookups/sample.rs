//! The two services as the generic tests see them.

use std::fmt::Debug;

use netipc_proto::codec::{BuildError, Shortage};
use netipc_proto::service::{Lookup, Outcome};
use netipc_services::{AppsLookup, CgroupsLookup, apps_lookup, cgroups_lookup};
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

use crate::common::reply_to;

/// Key and value of a label.
pub(crate) type Label = (Vec<u8>, Vec<u8>);

/// What a test must know of a lookup beyond its descriptor.
pub(crate) trait Sample: Lookup {
    /// A key that owns its bytes.
    type Question: Clone + Debug;
    /// An answer of a provider that owns its bytes.
    type Answer: Clone + Debug;
    /// An item that owns its bytes.
    type Item: Clone + Debug + PartialEq;

    fn key(question: &Self::Question) -> Self::Key<'_>;
    fn questions(request: &Self::Request<'_>) -> Vec<Self::Question>;
    /// The items, and whether each may soon be followed by a better one.
    fn items(reply: &Self::Reply<'_>) -> Vec<(Self::Item, bool)>;
    fn set_generation(builder: &mut Self::ReplyBuilder<'_>, generation: u64);
    fn push(builder: &mut Self::ReplyBuilder<'_>, answer: &Self::Answer) -> Result<(), BuildError>;

    /// The item for an answer, and for a key without one.
    fn item(question: &Self::Question, answer: &Self::Answer) -> Self::Item;
    fn short(question: &Self::Question, why: Shortage) -> Self::Item;
    /// Bytes of the item, counted apart from the code under test.
    fn item_len(question: &Self::Question, answer: &Self::Answer) -> usize;
    fn retry_later(answer: &Self::Answer) -> bool;

    fn any_question() -> BoxedStrategy<Self::Question>;
    fn any_answer() -> BoxedStrategy<Self::Answer>;
}

/// Bytes of the fixed part, strings and labels of an item.
fn len_of(fixed: usize, strings: &[&Vec<u8>], labels: &[Label]) -> usize {
    let end = fixed + strings.iter().map(|string| string.len() + 1).sum::<usize>();
    if labels.is_empty() {
        return end;
    }
    end.next_multiple_of(8) + labels.iter().map(|(key, value)| 16 + key.len() + 1 + value.len() + 1).sum::<usize>()
}

fn text(len: std::ops::Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(1..=u8::MAX, len)
}

pub(crate) fn any_labels() -> impl Strategy<Value = Vec<Label>> {
    let few = prop::collection::vec((text(1..6), text(0..6)), 0..4);
    prop_oneof![2 => Just(Vec::new()), 2 => few]
}

/// Mostly short, sometimes much longer than the rest.
fn name() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![6 => text(0..12), 1 => text(100..400)]
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum CgroupAnswer {
    Known { orchestrator: u16, name: Vec<u8>, labels: Vec<Label> },
    RetryLater,
    Permanent,
}

impl Sample for CgroupsLookup {
    type Question = Vec<u8>;
    type Answer = CgroupAnswer;
    type Item = cgroups_lookup::OwnedItem;

    fn key(question: &Vec<u8>) -> &[u8] {
        question
    }

    fn questions(request: &cgroups_lookup::Request<'_>) -> Vec<Vec<u8>> {
        request.keys().iter().map(|key| key.path().to_vec()).collect()
    }

    fn items(reply: &cgroups_lookup::Reply<'_>) -> Vec<(Self::Item, bool)> {
        reply.items().iter().map(|item| (item.into_owned(), item.retry_later())).collect()
    }

    fn set_generation(builder: &mut Self::ReplyBuilder<'_>, generation: u64) {
        builder.generation(generation);
    }

    fn push(builder: &mut Self::ReplyBuilder<'_>, answer: &CgroupAnswer) -> Result<(), BuildError> {
        match answer {
            CgroupAnswer::Known { orchestrator, name, labels } => {
                let labels: Vec<_> = labels.iter().map(|(key, value)| cgroups_lookup::Label { key, value }).collect();
                let orchestrator = cgroups_lookup::Orchestrator(*orchestrator);
                builder.known(cgroups_lookup::KnownFields { orchestrator, name, labels: &labels })
            }
            CgroupAnswer::RetryLater => builder.unknown_retry_later(),
            CgroupAnswer::Permanent => builder.unknown_permanent(),
        }
    }

    fn item(question: &Vec<u8>, answer: &CgroupAnswer) -> Self::Item {
        use cgroups_lookup::{OwnedLabel, Status};
        let status = match answer {
            CgroupAnswer::Known { .. } => Status::Known,
            CgroupAnswer::RetryLater => Status::UnknownRetryLater,
            CgroupAnswer::Permanent => Status::UnknownPermanent,
        };
        let mut item = cgroup_item(question, status);
        if let CgroupAnswer::Known { orchestrator, name, labels } = answer {
            item.orchestrator = cgroups_lookup::Orchestrator(*orchestrator);
            item.name = name.clone();
            item.labels = labels.iter().cloned().map(|(key, value)| OwnedLabel { key, value }).collect();
        }
        item
    }

    fn short(question: &Vec<u8>, why: Shortage) -> Self::Item {
        cgroup_item(
            question,
            match why {
                Shortage::Exceeded => cgroups_lookup::Status::PayloadExceeded,
                Shortage::Oversized => cgroups_lookup::Status::OversizedItem,
            },
        )
    }

    fn item_len(question: &Vec<u8>, answer: &CgroupAnswer) -> usize {
        match answer {
            CgroupAnswer::Known { name, labels, .. } => len_of(28, &[question, name], labels),
            _ => 28 + question.len() + 2,
        }
    }

    fn retry_later(answer: &CgroupAnswer) -> bool {
        *answer == CgroupAnswer::RetryLater
    }

    fn any_question() -> BoxedStrategy<Vec<u8>> {
        text(1..20).boxed()
    }

    fn any_answer() -> BoxedStrategy<CgroupAnswer> {
        let known = (any::<u16>(), name(), any_labels()).prop_map(|(orchestrator, name, labels)| CgroupAnswer::Known {
            orchestrator,
            name,
            labels,
        });
        prop_oneof![4 => known, 1 => Just(CgroupAnswer::RetryLater), 1 => Just(CgroupAnswer::Permanent)].boxed()
    }
}

fn cgroup_item(path: &[u8], status: cgroups_lookup::Status) -> cgroups_lookup::OwnedItem {
    cgroups_lookup::OwnedItem {
        status,
        orchestrator: cgroups_lookup::Orchestrator::UNKNOWN,
        path: path.to_vec(),
        name: Vec::new(),
        labels: Vec::new(),
    }
}

/// All of an item but its key; none for a process that is not there.
pub(crate) type AppAnswer = Option<apps_lookup::OwnedItem>;

impl Sample for AppsLookup {
    type Question = u32;
    type Answer = AppAnswer;
    type Item = apps_lookup::OwnedItem;

    fn key(question: &u32) -> u32 {
        *question
    }

    fn questions(request: &apps_lookup::Request<'_>) -> Vec<u32> {
        request.keys().iter().map(|key| key.pid).collect()
    }

    fn items(reply: &apps_lookup::Reply<'_>) -> Vec<(Self::Item, bool)> {
        reply.items().iter().map(|item| (item.into_owned(), item.retry_later())).collect()
    }

    fn set_generation(builder: &mut Self::ReplyBuilder<'_>, generation: u64) {
        builder.generation(generation);
    }

    fn push(builder: &mut Self::ReplyBuilder<'_>, answer: &AppAnswer) -> Result<(), BuildError> {
        let Some(item) = answer else { return builder.unknown() };
        let labels: Vec<_> = item.labels.iter().map(apps_lookup::OwnedLabel::view).collect();
        builder.known(apps_lookup::KnownFields {
            orchestrator: item.orchestrator,
            cgroup_status: item.cgroup_status,
            ppid: item.ppid,
            uid: item.uid,
            starttime: item.starttime,
            comm: &item.comm,
            cgroup_path: &item.cgroup_path,
            cgroup_name: &item.cgroup_name,
            labels: &labels,
        })
    }

    fn item(question: &u32, answer: &AppAnswer) -> Self::Item {
        match answer {
            Some(item) => apps_lookup::OwnedItem { pid: *question, ..item.clone() },
            None => app_item(*question, apps_lookup::Status::Unknown),
        }
    }

    fn short(question: &u32, why: Shortage) -> Self::Item {
        app_item(
            *question,
            match why {
                Shortage::Exceeded => apps_lookup::Status::PayloadExceeded,
                Shortage::Oversized => apps_lookup::Status::OversizedItem,
            },
        )
    }

    fn item_len(_: &u32, answer: &AppAnswer) -> usize {
        let Some(item) = answer else { return 63 };
        let labels: Vec<_> = item.labels.iter().map(|label| (label.key.clone(), label.value.clone())).collect();
        len_of(60, &[&item.comm, &item.cgroup_path, &item.cgroup_name], &labels)
    }

    fn retry_later(answer: &AppAnswer) -> bool {
        use apps_lookup::CgroupStatus;
        answer.as_ref().is_some_and(|item| item.cgroup_status == CgroupStatus::UnknownRetryLater)
    }

    fn any_question() -> BoxedStrategy<u32> {
        any::<u32>().boxed()
    }

    fn any_answer() -> BoxedStrategy<AppAnswer> {
        let status = prop::sample::select(apps_lookup::CgroupStatus::ALL.to_vec());
        let process = (any::<u32>(), any::<u32>(), any::<u64>(), text(1..16));
        let cgroup = (any::<u16>(), name(), name(), any_labels());
        let known =
            (status, process, cgroup).prop_map(|(status, process, cgroup)| Some(process_item(status, process, cgroup)));
        prop_oneof![5 => known, 1 => Just(None)].boxed()
    }
}

type Process = (u32, u32, u64, Vec<u8>);
type Cgroup = (u16, Vec<u8>, Vec<u8>, Vec<Label>);

/// A known process, with as much of the control group as its status allows.
fn process_item(
    cgroup_status: apps_lookup::CgroupStatus,
    (ppid, uid, starttime, comm): Process,
    (orchestrator, mut path, name, labels): Cgroup,
) -> apps_lookup::OwnedItem {
    use apps_lookup::{CgroupStatus, Orchestrator, OwnedItem, OwnedLabel, Status};
    if path.is_empty() {
        path.push(b'/');
    }
    let item = OwnedItem { cgroup_status, ppid, uid, starttime, comm, ..app_item(0, Status::Known) };
    match cgroup_status {
        CgroupStatus::Known => OwnedItem {
            orchestrator: Orchestrator(orchestrator),
            cgroup_path: path,
            cgroup_name: name,
            labels: labels.into_iter().map(|(key, value)| OwnedLabel { key, value }).collect(),
            ..item
        },
        CgroupStatus::HostRoot => item,
        // Retry later: with or without a path.
        CgroupStatus::UnknownRetryLater if ppid.is_multiple_of(2) => item,
        _ => OwnedItem { cgroup_path: path, ..item },
    }
}

fn app_item(pid: u32, status: apps_lookup::Status) -> apps_lookup::OwnedItem {
    apps_lookup::OwnedItem {
        status,
        orchestrator: apps_lookup::Orchestrator::UNKNOWN,
        cgroup_status: apps_lookup::CgroupStatus::Known,
        pid,
        ppid: 0,
        uid: u32::MAX,
        starttime: 0,
        comm: Vec::new(),
        cgroup_path: Vec::new(),
        cgroup_name: Vec::new(),
        labels: Vec::new(),
    }
}

/// The request for these keys.
pub(crate) fn request<S: Sample>(questions: &[S::Question]) -> Vec<u8> {
    let keys: Vec<_> = questions.iter().map(S::key).collect();
    let mut bytes = Vec::new();
    S::encode_keys(&keys, netipc_proto::codec::Writer::new(&mut bytes, usize::MAX)).unwrap();
    bytes
}

/// The reply of a provider that answers all keys, whether they are wanted or not.
pub(crate) fn reply<S: Sample>(cases: &[(S::Question, S::Answer)], budget: usize) -> Result<Vec<u8>, BuildError> {
    let questions: Vec<_> = cases.iter().map(|(question, _)| question.clone()).collect();
    reply_to::<S>(&request::<S>(&questions), budget, |builder| {
        S::set_generation(builder, 7);
        for (_, answer) in cases {
            let _ = S::push(builder, answer);
        }
    })
}

/// What each item of a reply means.
pub(crate) fn outcomes<S: Sample>(reply: &S::Reply<'_>) -> Vec<Outcome> {
    (0..S::len(reply)).map(|index| S::outcome(reply, index)).collect()
}

/// Some keys with their answers.
pub(crate) fn cases<S: Sample>(most: usize) -> impl Strategy<Value = Vec<(S::Question, S::Answer)>> {
    prop::collection::vec((S::any_question(), S::any_answer()), 0..=most)
}
