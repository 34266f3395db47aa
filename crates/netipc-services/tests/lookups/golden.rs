//! The bytes of the golden vectors, decoded and encoded.

use netipc_proto::codec::Shortage;
use netipc_proto::service::{Lookup, Service};
use netipc_services::apps_lookup::{CgroupStatus, Orchestrator, OwnedItem, OwnedLabel, Status};
use netipc_services::{AppsLookup, CgroupsLookup};

use crate::common::{golden, reply_to};
use crate::sample::{CgroupAnswer, Sample, outcomes, request};

/// NIPC-LKP-01, NIPC-CGL-01.
#[test]
fn cgroups_requests() {
    check_request::<CgroupsLookup>(
        "cgroups_lookup_req",
        &[b"/sys/fs/cgroup/a".to_vec(), b"/system.slice/docker-abc.scope".to_vec()],
    );
    check_request::<CgroupsLookup>("cgroups_lookup_req_empty", &[]);
}

/// NIPC-LKP-01, NIPC-APL-01.
#[test]
fn apps_requests() {
    check_request::<AppsLookup>("apps_lookup_req", &[0, 1234, 4321]);
    check_request::<AppsLookup>("apps_lookup_req_empty", &[]);
}

fn check_request<S: Sample<Question: PartialEq>>(name: &str, questions: &[S::Question]) {
    let bytes = golden(name);
    assert_eq!(S::questions(&S::decode_request(&bytes).unwrap()), questions);
    assert_eq!(request::<S>(questions), bytes);
}

/// NIPC-LKP-02, NIPC-LKP-05, NIPC-LKP-06, NIPC-CGL-02.
#[test]
fn cgroups_replies() {
    let known = |orchestrator, name: &str, labels: &[(&str, &str)]| CgroupAnswer::Known {
        orchestrator,
        name: name.into(),
        labels: labels.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
    };
    let labels = [("namespace", "default"), ("pod", "web")];
    let cases = [
        ("known_with_labels", 100, "/kubepods.slice/pod-a", known(3, "pod-a", &labels)),
        ("known_no_labels", 101, "/docker/abc", known(2, "", &[])),
        ("unknown_retry", 102, "/missing/retry", CgroupAnswer::RetryLater),
        ("unknown_permanent", 103, "/gone", CgroupAnswer::Permanent),
    ];
    for (name, generation, path, answer) in cases {
        check_reply::<CgroupsLookup>(&format!("cgroups_lookup_resp_{name}"), generation, &path.into(), &answer);
    }
    let short = [
        ("payload_exceeded", 104, "/payload-exceeded", Shortage::Exceeded),
        ("oversized_item", 105, "/oversized", Shortage::Oversized),
    ];
    for (name, generation, path, why) in short {
        check_short::<CgroupsLookup>(&format!("cgroups_lookup_resp_{name}"), generation, &path.into(), why);
    }
    check_empty::<CgroupsLookup>("cgroups_lookup_resp_empty", 106);
}

/// NIPC-LKP-02, NIPC-LKP-05, NIPC-LKP-06, NIPC-APL-02.
#[test]
fn apps_replies() {
    let label = |key: &str, value: &str| OwnedLabel { key: key.into(), value: value.into() };
    let item = |cgroup_status, pid, uid, starttime, comm: &str, path: &str| OwnedItem {
        status: Status::Known,
        orchestrator: Orchestrator::UNKNOWN,
        cgroup_status,
        pid,
        ppid: 1,
        uid,
        starttime,
        comm: comm.into(),
        cgroup_path: path.into(),
        cgroup_name: Vec::new(),
        labels: Vec::new(),
    };
    let full = OwnedItem {
        orchestrator: Orchestrator::DOCKER,
        cgroup_name: b"container-a".to_vec(),
        labels: vec![label("image", "nginx:latest"), label("service", "web")],
        ..item(CgroupStatus::Known, 1234, 1000, 123_456, "123456789012345", "/docker/abc")
    };
    let cases = [
        ("known_full", 200, full),
        ("known_retry", 201, item(CgroupStatus::UnknownRetryLater, 1235, 1000, 123_457, "app", "/pending")),
        ("known_permanent", 202, item(CgroupStatus::UnknownPermanent, 1236, 1000, 123_458, "app2", "/permanent")),
        ("known_host_root", 203, item(CgroupStatus::HostRoot, 1237, 0, 123_459, "sshd", "")),
    ];
    for (name, generation, item) in cases {
        check_reply::<AppsLookup>(&format!("apps_lookup_resp_{name}"), generation, &item.pid.clone(), &Some(item));
    }
    check_reply::<AppsLookup>("apps_lookup_resp_unknown_pid", 204, &0, &None);
    check_short::<AppsLookup>("apps_lookup_resp_payload_exceeded", 205, &1238, Shortage::Exceeded);
    check_short::<AppsLookup>("apps_lookup_resp_oversized_item", 206, &1239, Shortage::Oversized);
    check_empty::<AppsLookup>("apps_lookup_resp_empty", 207);
}

fn check_reply<S: Sample>(name: &str, generation: u64, question: &S::Question, answer: &S::Answer) {
    let bytes = golden(name);
    let view = S::decode_reply(&bytes).unwrap();
    assert_eq!(S::generation(&view), generation);
    assert_eq!(S::items(&view), [(S::item(question, answer), S::retry_later(answer))]);
    let request = request::<S>(std::slice::from_ref(question));
    let built = reply_to::<S>(&request, bytes.len(), |builder| {
        S::set_generation(builder, generation);
        S::push(builder, answer).unwrap();
    });
    assert_eq!(built.unwrap(), bytes, "{name}");
}

/// Short records come from the builder alone: oversized ones when the budget is too small, the others behind a first item
/// that takes all the room.
fn check_short<S: Sample>(name: &str, generation: u64, question: &S::Question, why: Shortage) {
    let bytes = golden(name);
    let view = S::decode_reply(&bytes).unwrap();
    assert_eq!(S::generation(&view), generation);
    assert_eq!(S::items(&view), [(S::short(question, why), false)]);
    if why == Shortage::Exceeded {
        return;
    }
    let mut built = Vec::new();
    let mut stitcher = S::stitcher(netipc_proto::codec::Writer::new(&mut built, bytes.len()), 1);
    S::push_oversized(&mut stitcher, S::key(question)).unwrap();
    S::finish_stitched(stitcher, generation).unwrap();
    assert_eq!(built, bytes, "{name}");
}

fn check_empty<S: Sample>(name: &str, generation: u64) {
    let bytes = golden(name);
    let view = S::decode_reply(&bytes).unwrap();
    assert_eq!((S::len(&view), S::generation(&view)), (0, generation));
    let built = reply_to::<S>(&request::<S>(&[]), 16, |builder| S::set_generation(builder, generation));
    assert_eq!(built.unwrap(), bytes);
}

/// NIPC-LKP-14: the builder's own item for a key without room is that of the golden vector.
#[test]
fn items_without_room() {
    let exceeded = golden("cgroups_lookup_resp_payload_exceeded");
    let known = CgroupAnswer::Known { orchestrator: 1, name: vec![b'n'; 100], labels: Vec::new() };
    let questions = [b"/first".to_vec(), b"/payload-exceeded".to_vec()];
    let built = reply_to::<CgroupsLookup>(&request::<CgroupsLookup>(&questions), 260, |builder| {
        builder.generation(104);
        CgroupsLookup::push(builder, &known).unwrap();
        CgroupsLookup::push(builder, &known).unwrap();
    });
    let built = built.unwrap();
    let view = CgroupsLookup::decode_reply(&built).unwrap();
    assert_eq!(CgroupsLookup::item_bytes(&view, 1), &exceeded[24..]);
    assert_eq!(outcomes::<CgroupsLookup>(&view).len(), 2);

    let exceeded = golden("apps_lookup_resp_payload_exceeded");
    let process = OwnedItem { comm: b"x".to_vec(), cgroup_path: vec![b'p'; 100], ..process() };
    let built = reply_to::<AppsLookup>(&request::<AppsLookup>(&[1, 1238]), 300, |builder| {
        builder.generation(205);
        AppsLookup::push(builder, &Some(process.clone())).unwrap();
        AppsLookup::push(builder, &Some(process.clone())).unwrap();
    });
    let built = built.unwrap();
    let view = AppsLookup::decode_reply(&built).unwrap();
    assert_eq!(AppsLookup::item_bytes(&view, 1), &exceeded[24..]);
}

fn process() -> OwnedItem {
    OwnedItem { cgroup_status: CgroupStatus::Known, status: Status::Known, ..AppsLookup::item(&1, &None) }
}

/// The descriptors say what the specification says of the services.
#[test]
fn descriptors() {
    fn facts<S: Lookup>() -> (&'static str, u16, bool, bool, usize, usize) {
        (S::NAME, S::METHOD, S::BATCHABLE, S::IDEMPOTENT, S::REQUEST_LEN, S::REPLY_LEN)
    }
    assert_eq!(facts::<CgroupsLookup>(), ("cgroups-lookup", 4, false, true, 16, 16));
    assert_eq!(facts::<AppsLookup>(), ("apps-lookup", 5, false, true, 16, 16));
}
