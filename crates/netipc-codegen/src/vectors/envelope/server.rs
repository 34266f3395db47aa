//! What a server answers to a HELLO.

use super::super::value::Value;
use super::super::{Golden, Page};
use super::layout::{HELLO, HELLO_ACK, header};
use super::{flagged, of, patched, run};

const TARGET: &str = "handshake-server";

/// What a server says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    Close,
    Reject(u64),
}

/// One fault of a HELLO or of what the server knows of its client.
struct Fault {
    topic: &'static str,
    /// Bytes to overwrite.
    patch: Option<(usize, &'static [u8])>,
    /// How long the packet is cut.
    cut: Option<usize>,
    /// A member of the script.
    member: Option<(&'static str, Value)>,
    answer: Answer,
    id: &'static str,
}

/// All faults, in the order of judgement.
fn faults() -> Vec<Fault> {
    let patch =
        |topic, at, bytes, answer, id| Fault { topic, patch: Some((at, bytes)), cut: None, member: None, answer, id };
    let cut = |topic, at, answer, id| Fault { topic, patch: None, cut: Some(at), member: None, answer, id };
    let member = |topic, name, value, answer, id| Fault {
        topic,
        patch: None,
        cut: None,
        member: Some((name, value)),
        answer,
        id,
    };
    let (close, reject) = (Answer::Close, Answer::Reject);
    vec![
        cut("empty-packet-but-one", 1, close, "NIPC-HS-05"),
        cut("short-header", 31, close, "NIPC-HS-05"),
        patch("magic", 0, &[0x42], close, "NIPC-HS-05"),
        patch("header-len", 6, &[40, 0], close, "NIPC-HS-05"),
        patch("kind-0", 8, &[0, 0], close, "NIPC-HS-05"),
        patch("kind-4", 8, &[4, 0], close, "NIPC-HS-05"),
        patch("version", 4, &[2, 0], reject(3), "NIPC-HS-06"),
        patch("kind-request", 8, &[1, 0], close, "NIPC-HS-05"),
        patch("kind-response", 8, &[2, 0], close, "NIPC-HS-05"),
        patch("code-2", 12, &[2, 0], close, "NIPC-HS-05"),
        patch("code-0", 12, &[0, 0], close, "NIPC-HS-05"),
        cut("no-payload", 32, close, "NIPC-HS-05"),
        cut("short-payload", 75, close, "NIPC-HS-05"),
        patch("layout-0", 32, &[0, 0], reject(3), "NIPC-HS-06"),
        patch("layout-2", 32, &[2, 0], reject(3), "NIPC-HS-06"),
        patch("padding", 60, &[0, 0, 0, 1], close, "NIPC-HS-05"),
        patch("no-profile", 36, &[0x02, 0, 0, 0], reject(4), "NIPC-HS-07"),
        patch("profiles-0", 36, &[0, 0, 0, 0], reject(4), "NIPC-HS-07"),
        patch("token", 64, &[8], reject(2), "NIPC-HS-08"),
        member("denied", "gate", Value::word("denied"), reject(2), "NIPC-HS-09"),
        patch("request-payload", 44, &[1, 0, 1, 0], reject(5), "NIPC-HS-10"),
        patch("request-payload-max", 44, &[0xff; 4], reject(5), "NIPC-HS-10"),
        patch("packet-size-32", 72, &[32, 0, 0, 0], reject(3), "NIPC-HS-11"),
        patch("packet-size-0", 72, &[0, 0, 0, 0], reject(3), "NIPC-HS-11"),
        member("own-packet-size-32", "packet_size", 32.into(), reject(3), "NIPC-HS-11"),
        member("full", "gate", Value::word("full"), reject(6), "NIPC-HS-12"),
    ]
}

pub(super) fn page(golden: &[Golden]) -> Page {
    let mut page = Page::new("What a server answers to the first packet: each fault, each pair of faults, each grant.");
    judgement(&mut page);
    grants(&mut page);
    ignored(&mut page);
    profiles(&mut page);
    for golden in of(golden, TARGET) {
        let script = policy(1, 0).with("packet", golden.bytes.as_slice().into());
        let script = script.with("auth_token", 0xdead_beef_cafe_babe.into());
        let mut hello = HELLO.decode(&golden.bytes[32..]);
        // Their token may be another; the server's is theirs.
        let token = hello.number("auth_token");
        let script = script.with("auth_token", token.into());
        hello.set("padding", 0.into());
        let outcome = accept(&script, &hello);
        let what = format!("What existing clients send: {}.", golden.name);
        page.push(flagged(
            run(TARGET, &format!("golden/{}", golden.name), &what, script, outcome, &["NIPC-HS-01"]),
            &["golden"],
        ));
    }
    page
}

fn hello() -> Value {
    HELLO.value(&[1, 0, 1, 0, 1024, 1, 65536, 1, 0, 7, 65536])
}

fn packet(hello: &Value) -> Vec<u8> {
    [header(3, 0, 1, 0, 44, 1, 0), HELLO.encode(hello)].concat()
}

fn policy(supported: u64, preferred: u64) -> Value {
    Value::object([
        ("supported", supported.into()),
        ("preferred", preferred.into()),
        ("auth_token", 7.into()),
        ("max_request", 65536.into()),
        ("max_response", 131_072.into()),
        ("packet_size", 65536.into()),
        ("session_id", 11.into()),
        ("gate", Value::word("open")),
        ("packet", packet(&hello()).into()),
    ])
}

fn outcome(answer: Answer) -> Value {
    match answer {
        Answer::Close => Value::object([("answer", Value::word("close"))]),
        Answer::Reject(status) => {
            let mut ack = header(3, 0, 2, status, 48, 1, 0);
            ack.extend([1, 0]);
            ack.resize(80, 0);
            Value::object([("answer", Value::word("reject")), ("status", status.into()), ("packet", ack.into())])
        }
    }
}

fn judgement(page: &mut Page) {
    let faults = faults();
    for (position, first) in faults.iter().enumerate() {
        page.push(faulty(&[first], first.answer));
        for second in &faults[position + 1..] {
            if !can_meet(first, second) {
                continue;
            }
            // A wrong version is answered only when the packet is a HELLO otherwise.
            let is_hello = !["kind-request", "kind-response", "code-2", "code-0"].contains(&second.topic);
            let answer = if first.topic == "version" && !is_hello { Answer::Close } else { first.answer };
            page.push(flagged(faulty(&[first, second], answer), &["order"]));
        }
    }
}

fn can_meet(first: &Fault, second: &Fault) -> bool {
    let apart = match (first.patch, second.patch) {
        (Some((a, first)), Some((b, second))) => a + first.len() <= b || b + second.len() <= a,
        _ => true,
    };
    let member = |fault: &Fault| fault.member.as_ref().map(|(name, _)| *name);
    let members = member(first).is_none() || member(first) != member(second);
    // What is cut off cannot be wrong as well.
    let there = |patched: &Fault, cut: &Fault| match (patched.patch, cut.cut) {
        (Some((at, bytes)), Some(cut)) => at + bytes.len() <= cut,
        _ => true,
    };
    apart && members && there(first, second) && there(second, first) && (first.cut.is_none() || second.cut.is_none())
}

fn faulty(faults: &[&Fault], answer: Answer) -> super::Vector {
    let mut script = policy(1, 0);
    let mut packet = packet(&hello());
    for fault in faults {
        if let Some((at, bytes)) = fault.patch {
            packet = patched(&packet, at, bytes);
        }
        if let Some((name, value)) = &fault.member {
            script.set(name, value.clone());
        }
    }
    if let Some(cut) = faults.iter().find_map(|fault| fault.cut) {
        packet.truncate(cut);
    }
    script.set("packet", packet.into());
    let topics: Vec<_> = faults.iter().map(|fault| fault.topic).collect();
    let cited: Vec<_> = faults.iter().map(|fault| fault.id).chain(["NIPC-HS-03", "NIPC-HS-04"]).collect();
    let what = format!("Wrong: {}.", topics.join(" and "));
    run(TARGET, &format!("fault/{}", topics.join("+")), &what, script, outcome(answer), &cited)
}

/// What an accepting server grants.
fn accept(script: &Value, hello: &Value) -> Value {
    const OFFERABLE: u64 = 0x13;
    let server = script.number("supported") & OFFERABLE;
    let common = hello.number("supported") & server;
    let liked = common & hello.number("preferred") & script.number("preferred");
    let from = if liked == 0 { common } else { liked };
    let selected = (0..32).map(|bit| 1_u64 << bit).rfind(|bit| from & bit != 0).unwrap_or_default();
    let items = hello.number("request_items").max(1);
    let packet_size = hello.number("packet_size").min(script.number("packet_size"));
    let ack = HELLO_ACK.value(&[
        1,
        0,
        server,
        common,
        selected,
        hello.number("request_payload"),
        items,
        script.number("max_response"),
        items,
        packet_size,
        0,
        script.number("session_id"),
    ]);
    let packet = [header(3, 0, 2, 0, 48, 1, 0), HELLO_ACK.encode(&ack)].concat();
    Value::object([("answer", Value::word("accept")), ("status", 0.into()), ("packet", packet.into())])
}

fn accepted(topic: &str, what: &str, script: &Value, hello: &Value, cited: &[&str], page: &mut Page) {
    let outcome = accept(script, hello);
    let script = script.with("packet", packet(hello).into());
    page.push(run(TARGET, topic, what, script, outcome, cited));
}

fn grants(page: &mut Page) {
    accepted("accept/example", "A HELLO like any other.", &policy(1, 0), &hello(), &["NIPC-HS-02", "NIPC-HS-14"], page);
    let edges: [(&str, u64, &str); 17] = [
        ("request_payload", 0, "NIPC-HS-14"),
        ("request_payload", 65535, "NIPC-HS-10"),
        ("request_payload", 65536, "NIPC-HS-10"),
        ("request_items", 0, "NIPC-HS-14"),
        ("request_items", 2, "NIPC-HS-14"),
        ("request_items", 0xffff_ffff, "NIPC-HS-14"),
        ("response_payload", 0, "NIPC-HS-15"),
        ("response_payload", 0xffff_ffff, "NIPC-HS-15"),
        ("response_items", 0, "NIPC-HS-15"),
        ("response_items", 99, "NIPC-HS-15"),
        ("packet_size", 33, "NIPC-HS-11"),
        ("packet_size", 34, "NIPC-HS-11"),
        ("packet_size", 65537, "NIPC-HS-15"),
        ("packet_size", 0xffff_ffff, "NIPC-HS-15"),
        ("preferred", 0xffff_ffff, "NIPC-PRF-01"),
        ("supported", 0xffff_ffff, "NIPC-PRF-02"),
        ("flags", 0xffff, "NIPC-HS-13"),
    ];
    for (name, number, id) in edges {
        let what = format!("`{name}` is {number}.");
        let hello = hello().with(name, number.into());
        accepted(&format!("accept/{name}-{number}"), &what, &policy(1, 0), &hello, &[id], page);
    }
    let own: [(&str, u64, &str); 8] = [
        ("max_request", 1024, "NIPC-HS-10"),
        ("max_response", 0, "NIPC-HS-15"),
        ("max_response", 0xffff_ffff, "NIPC-HS-15"),
        ("packet_size", 33, "NIPC-HS-11"),
        ("packet_size", 1000, "NIPC-HS-15"),
        ("session_id", 1, "NIPC-HS-16"),
        ("session_id", u64::MAX, "NIPC-HS-16"),
        ("supported", 0xffff_ffff, "NIPC-PRF-03"),
    ];
    for (name, number, id) in own {
        let what = format!("The server's `{name}` is {number}.");
        let script = policy(1, 0).with(name, number.into());
        accepted(&format!("accept/server-{name}-{number}"), &what, &script, &hello(), &[id], page);
    }
    for token in [0, 1, 1 << 63, u64::MAX] {
        let script = policy(1, 0).with("auth_token", token.into());
        let hello = hello().with("auth_token", token.into());
        accepted(&format!("accept/token-{token}"), "The tokens are equal.", &script, &hello, &["NIPC-HS-08"], page);
    }
    for bit in 0..64 {
        let script = policy(1, 0).with("packet", packet(&hello().with("auth_token", (7 ^ 1_u64 << bit).into())).into());
        let what = format!("The tokens differ in bit {bit}.");
        page.push(run(TARGET, &format!("token-bit-{bit}"), &what, script, outcome(Answer::Reject(2)), &["NIPC-HS-08"]));
    }
}

/// What must not matter.
fn ignored(page: &mut Page) {
    let sound = packet(&hello());
    let changes: [(&str, Vec<u8>); 7] = [
        ("header-flags", patched(&sound, 10, &[0xff, 0xff])),
        ("transport-status", patched(&sound, 14, &[5, 0])),
        ("payload-len-0", patched(&sound, 16, &[0; 4])),
        ("payload-len-max", patched(&sound, 16, &[0xff; 4])),
        ("item-count", patched(&sound, 20, &[0xff; 4])),
        ("message-id", patched(&sound, 24, &[0xee; 8])),
        ("bytes-behind", [&sound[..], &[0xee; 40]].concat()),
    ];
    for (topic, packet) in changes {
        let outcome = accept(&policy(1, 0), &hello());
        let script = policy(1, 0).with("packet", packet.into());
        let what = "What the server must ignore differs from what clients send.";
        page.push(flagged(
            run(TARGET, &format!("ignored/{topic}"), what, script, outcome, &["NIPC-HS-13"]),
            &["tolerated"],
        ));
    }
}

/// Who supports and prefers what.
fn profiles(page: &mut Page) {
    for client in [0x01, 0x03, 0x13, 0xffff_ffff] {
        for server in [0x01, 0x02, 0x13, 0x1f] {
            for liked_by_client in [0, 0x01, 0x02, 0x1f] {
                for liked_by_server in [0, 0x01, 0x02, 0x10] {
                    let hello = hello().with("supported", client.into()).with("preferred", liked_by_client.into());
                    let script = policy(server, liked_by_server);
                    let topic = format!("profiles/{client:x}-{server:x}-{liked_by_client:x}-{liked_by_server:x}");
                    let what = "Profiles of client and server, preferred ones of client and server.";
                    let cited = ["NIPC-PRF-01", "NIPC-PRF-02", "NIPC-PRF-03", "NIPC-PRF-04"];
                    if client & server & 0x13 == 0 {
                        let script = script.with("packet", packet(&hello).into());
                        let outcome = outcome(Answer::Reject(4));
                        page.push(run(TARGET, &topic, what, script, outcome, &["NIPC-HS-07"]));
                    } else {
                        accepted(&topic, what, &script, &hello, &cited, page);
                    }
                }
            }
        }
    }
}
