//! What a client makes of an answer to its HELLO.

use super::super::value::Value;
use super::super::{Golden, Page};
use super::layout::{HELLO_ACK, header};
use super::{flagged, of, patched, run};

const TARGET: &str = "handshake-client";

/// One fault of an ACK.
struct Fault {
    topic: &'static str,
    /// Bytes to overwrite.
    patch: Option<(usize, &'static [u8])>,
    /// How long the packet is cut.
    cut: Option<usize>,
    problem: &'static str,
    state: &'static str,
    id: &'static str,
}

/// All faults, in the order of judgement; a version is wrong alone only when the header is sound otherwise.
fn faults() -> Vec<Fault> {
    let patch =
        |topic, at, bytes, problem, state, id| Fault { topic, patch: Some((at, bytes)), cut: None, problem, state, id };
    let cut = |topic, at, problem, id| Fault { topic, patch: None, cut: Some(at), problem, state: "disconnected", id };
    let (gone, unfit) = ("disconnected", "incompatible");
    vec![
        cut("one-byte", 1, "header", "NIPC-HS-23"),
        cut("short-header", 31, "header", "NIPC-HS-23"),
        patch("magic", 0, &[0x42], "header", gone, "NIPC-HS-23"),
        patch("header-len", 6, &[40, 0], "header", gone, "NIPC-HS-23"),
        patch("kind-0", 8, &[0, 0], "header", gone, "NIPC-HS-23"),
        patch("kind-4", 8, &[4, 0], "header", gone, "NIPC-HS-23"),
        patch("version", 4, &[2, 0], "version", unfit, "NIPC-HS-23"),
        patch("kind-request", 8, &[1, 0], "not_ack", gone, "NIPC-HS-21"),
        patch("kind-response", 8, &[2, 0], "not_ack", gone, "NIPC-HS-21"),
        patch("code-hello", 12, &[1, 0], "not_ack", gone, "NIPC-HS-21"),
        patch("code-0", 12, &[0, 0], "not_ack", gone, "NIPC-HS-21"),
        patch("status-1", 14, &[1, 0], "rejected", gone, "NIPC-HS-30"),
        patch("status-2", 14, &[2, 0], "rejected", "auth_failed", "NIPC-HS-30"),
        patch("status-3", 14, &[3, 0], "rejected", unfit, "NIPC-HS-30"),
        patch("status-4", 14, &[4, 0], "rejected", unfit, "NIPC-HS-30"),
        patch("status-5", 14, &[5, 0], "rejected", gone, "NIPC-HS-30"),
        patch("status-6", 14, &[6, 0], "rejected", gone, "NIPC-HS-30"),
        patch("status-7", 14, &[7, 0], "rejected", gone, "NIPC-HS-30"),
        patch("status-max", 14, &[0xff, 0xff], "rejected", gone, "NIPC-HS-30"),
        cut("no-payload", 32, "short", "NIPC-HS-23"),
        cut("short-payload", 79, "short", "NIPC-HS-23"),
        patch("layout-0", 32, &[0, 0], "layout", unfit, "NIPC-HS-23"),
        patch("layout-2", 32, &[2, 0], "layout", unfit, "NIPC-HS-23"),
        patch("flags", 34, &[0, 0x80], "flags", gone, "NIPC-HS-23"),
        patch("profile-0", 44, &[0, 0, 0, 0], "profile", gone, "NIPC-HS-24"),
        patch("profile-two-bits", 44, &[3, 0, 0, 0], "profile", gone, "NIPC-HS-24"),
        patch("profile-not-offered", 44, &[0x10, 0, 0, 0], "profile", gone, "NIPC-HS-24"),
        patch("profile-not-runnable", 44, &[2, 0, 0, 0], "profile", gone, "NIPC-HS-24"),
        patch("profile-high-bit", 44, &[0, 0, 0, 0x80], "profile", gone, "NIPC-HS-24"),
        patch("packet-size-0", 64, &[0, 0, 0, 0], "packet_size", gone, "NIPC-HS-25"),
        patch("packet-size-32", 64, &[32, 0, 0, 0], "packet_size", gone, "NIPC-HS-25"),
        patch("request-payload-one-more", 48, &[1, 4, 0, 0], "request_payload", gone, "NIPC-HS-25"),
        patch("request-payload-max", 48, &[0xff; 4], "request_payload", gone, "NIPC-HS-25"),
    ]
}

pub(super) fn page(golden: &[Golden]) -> Page {
    let mut page =
        Page::new("What a client makes of the answer to its HELLO: each fault, each pair of faults, each grant.");
    let faults = faults();
    for (position, first) in faults.iter().enumerate() {
        page.push(faulty(first, None));
        for second in faults[position + 1..].iter().filter(|second| can_meet(first, second)) {
            page.push(flagged(faulty(first, Some(second)), &["order"]));
        }
    }
    grants(&mut page);
    ignored(&mut page);
    for golden in of(golden, TARGET) {
        page.push(of_peers(golden));
    }
    page
}

/// What a client asks for: profiles 1 and 2, of which it can run 1.
fn proposal() -> Value {
    Value::object([
        ("supported", 3.into()),
        ("preferred", 0.into()),
        ("request_payload", 1024.into()),
        ("request_items", 1.into()),
        ("response_payload", 65536.into()),
        ("response_items", 1.into()),
        ("auth_token", 7.into()),
        ("packet_size", 65536.into()),
        ("response_ceiling", 1_048_576.into()),
        ("runnable", 1.into()),
        ("packet", packet(&ack()).into()),
    ])
}

fn ack() -> Value {
    HELLO_ACK.value(&[1, 0, 1, 1, 1, 1024, 1, 65536, 1, 32768, 0, 11])
}

fn packet(ack: &Value) -> Vec<u8> {
    [header(3, 0, 2, 0, 48, 1, 0), HELLO_ACK.encode(ack)].concat()
}

fn can_meet(first: &Fault, second: &Fault) -> bool {
    let apart = match (first.patch, second.patch) {
        (Some((a, first)), Some((b, second))) => a + first.len() <= b || b + second.len() <= a,
        _ => true,
    };
    let there = |patched: &Fault, cut: &Fault| match (patched.patch, cut.cut) {
        (Some((at, bytes)), Some(cut)) => at + bytes.len() <= cut,
        _ => true,
    };
    apart && there(first, second) && there(second, first) && (first.cut.is_none() || second.cut.is_none())
}

fn refused(problem: &str, state: &str) -> Value {
    Value::object([("refused", Value::word(problem)), ("state", Value::word(state))])
}

fn faulty(first: &Fault, second: Option<&Fault>) -> super::Vector {
    let faults: Vec<_> = [Some(first), second].into_iter().flatten().collect();
    let mut bytes = packet(&ack());
    for (at, patch) in faults.iter().filter_map(|fault| fault.patch) {
        bytes = patched(&bytes, at, patch);
    }
    if let Some(cut) = faults.iter().find_map(|fault| fault.cut) {
        bytes.truncate(cut);
    }
    let topics: Vec<_> = faults.iter().map(|fault| fault.topic).collect();
    let script = proposal().with("packet", bytes.into());
    let cited = [first.id, "NIPC-HS-21", "NIPC-HS-22"];
    let what = format!("Wrong: {}.", topics.join(" and "));
    run(TARGET, &format!("fault/{}", topics.join("+")), &what, script, refused(first.problem, first.state), &cited)
}

/// What is agreed when the client accepts.
fn agreed(script: &Value, ack: &Value) -> Value {
    let agreed = Value::object([
        ("profile", ack.number("selected").into()),
        ("server_supported", ack.number("server_supported").into()),
        ("request_payload", ack.number("request_payload").into()),
        ("request_items", ack.number("request_items").max(1).into()),
        ("response_payload", ack.number("response_payload").min(script.number("response_ceiling")).into()),
        ("response_items", ack.number("response_items").max(1).into()),
        ("packet_size", ack.number("packet_size").min(script.number("packet_size")).into()),
        ("session_id", ack.number("session_id").into()),
    ]);
    Value::object([("agreed", agreed)])
}

fn accepted(topic: &str, what: &str, script: &Value, ack: &Value, cited: &[&str], page: &mut Page) {
    let outcome = agreed(script, ack);
    let script = script.with("packet", packet(ack).into());
    page.push(run(TARGET, topic, what, script, outcome, cited));
}

fn grants(page: &mut Page) {
    accepted("accept/example", "An ACK like any other.", &proposal(), &ack(), &["NIPC-HS-02"], page);
    let edges: [(&str, u64, &str); 19] = [
        ("request_payload", 0, "NIPC-HS-25"),
        ("request_payload", 1023, "NIPC-HS-25"),
        ("request_items", 0, "NIPC-HS-29"),
        ("request_items", 0xffff_ffff, "NIPC-HS-25"),
        ("response_payload", 0, "NIPC-HS-27"),
        ("response_payload", 1_048_576, "NIPC-HS-27"),
        ("response_payload", 1_048_577, "NIPC-HS-27"),
        ("response_payload", 0xffff_ffff, "NIPC-HS-27"),
        ("response_items", 0, "NIPC-HS-29"),
        ("response_items", 7, "NIPC-HS-27"),
        ("packet_size", 33, "NIPC-HS-25"),
        ("packet_size", 65536, "NIPC-HS-25"),
        ("packet_size", 65537, "NIPC-HS-25"),
        ("packet_size", 0xffff_ffff, "NIPC-HS-25"),
        ("session_id", 0, "NIPC-HS-16"),
        ("session_id", u64::MAX, "NIPC-HS-16"),
        ("server_supported", 0, "NIPC-HS-26"),
        ("intersection", 0xffff_ffff, "NIPC-HS-26"),
        ("padding", 0xffff_ffff, "NIPC-HS-26"),
    ];
    for (name, number, id) in edges {
        let what = format!("`{name}` is {number}.");
        accepted(&format!("accept/{name}-{number}"), &what, &proposal(), &ack().with(name, number.into()), &[id], page);
    }
    for (selected, supported, runnable) in [(2, 3, 3), (2, 2, 2), (0x10, 0x10, 0x13), (1, 0xffff_ffff, 0xffff_ffff)] {
        let script = proposal().with("supported", u64::into(supported)).with("runnable", u64::into(runnable));
        let ack = ack().with("selected", u64::into(selected)).with("server_supported", u64::into(supported));
        let topic = format!("accept/profile-{selected:x}-{supported:x}-{runnable:x}");
        accepted(&topic, "A profile that was offered and can run.", &script, &ack, &["NIPC-HS-24"], page);
    }
    for (selected, supported, runnable) in
        [(4, 7, 7), (8, 15, 15), (2, 1, 3), (1, 2, 3), (2, 3, 0), (0x20, 0xffff_ffff, 0xffff_ffff)]
    {
        let script = proposal().with("supported", u64::into(supported)).with("runnable", u64::into(runnable));
        let ack = ack().with("selected", u64::into(selected));
        let topic = format!("profile/{selected:x}-{supported:x}-{runnable:x}");
        let what = "A profile that may not be offered, was not, or cannot run.";
        let script = script.with("packet", packet(&ack).into());
        page.push(run(
            TARGET,
            &topic,
            what,
            script,
            refused("profile", "disconnected"),
            &["NIPC-HS-24", "NIPC-PRF-03"],
        ));
    }
}

/// What must not matter.
fn ignored(page: &mut Page) {
    let sound = packet(&ack());
    let changes: [(&str, Vec<u8>); 6] = [
        ("header-flags", patched(&sound, 10, &[0xff, 0xff])),
        ("payload-len-0", patched(&sound, 16, &[0; 4])),
        ("payload-len-max", patched(&sound, 16, &[0xff; 4])),
        ("item-count", patched(&sound, 20, &[0xff; 4])),
        ("message-id", patched(&sound, 24, &[0xee; 8])),
        ("bytes-behind", [&sound[..], &[0xee; 40]].concat()),
    ];
    for (topic, packet) in changes {
        let outcome = agreed(&proposal(), &ack());
        let script = proposal().with("packet", packet.into());
        let what = "What the client must ignore differs from what servers send.";
        page.push(flagged(
            run(TARGET, &format!("ignored/{topic}"), what, script, outcome, &["NIPC-HS-26"]),
            &["tolerated"],
        ));
    }
}

/// An ACK of an existing server.
fn of_peers(golden: &Golden) -> super::Vector {
    let ack = HELLO_ACK.decode(&golden.bytes[32..]);
    let status = golden.bytes[14];
    let script = proposal().with("request_payload", 65536.into()).with("packet", golden.bytes.as_slice().into());
    let outcome = match status {
        0 => agreed(&script, &ack),
        2 => refused("rejected", "auth_failed"),
        3 | 4 => refused("rejected", "incompatible"),
        _ => refused("rejected", "disconnected"),
    };
    let what = format!("What existing servers answer: {}.", golden.name);
    let vector = run(TARGET, &format!("golden/{}", golden.name), &what, script, outcome, &["NIPC-HS-02", "NIPC-HS-03"]);
    flagged(vector, &["golden"])
}
