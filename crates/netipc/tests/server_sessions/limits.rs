//! What a server learns, and what it does not.

use netipc::RunningServer;
use netipc::services::StringReverse;

use crate::raw::{Bed, Field, Raw, STRING_REVERSE, at, failure, hello, request, response, set, text, u32_at};

/// Answers with as many bytes as the request says.
fn server(bed: &Bed, max_response: Option<u32>) -> RunningServer {
    bed.server::<StringReverse>(
        |config| config.listener.max_response_payload = max_response,
        |request, reply| {
            let length = std::str::from_utf8(request.text()).unwrap().parse().unwrap();
            // The builder refuses what does not fit; a handler may ignore that. NIPC-L2S-07
            let _ = reply.text(&vec![b'y'; length]);
            Ok(())
        },
    )
}

/// The response limit that a new session gets.
fn granted(bed: &Bed) -> (Raw, u32) {
    let (session, ack) = Raw::session_with(&bed.path(), &hello());
    let granted = u32_at(&ack, at::ack::RESPONSE_PAYLOAD);
    (session, granted)
}

#[track_caller]
fn ask(session: &Raw, length: usize, fits: bool) {
    session.send(&request(STRING_REVERSE, 1, &text(length.to_string().as_bytes())));
    if fits {
        assert_eq!(session.message(), response(STRING_REVERSE, 1, &text(&vec![b'y'; length])));
    } else {
        assert_eq!(session.packet(), failure(STRING_REVERSE, 1, 5));
        session.orderly_end();
    }
}

#[test]
fn responses_that_do_not_fit_teach() {
    // NIPC-L2S-18, NIPC-L2S-19, NIPC-L2S-07
    let bed = Bed::new();
    let server = server(&bed, None);
    let (old, limit) = granted(&bed);
    assert_eq!(limit, 65536);
    ask(&old, 65536 - 9, true);
    assert_eq!(granted(&bed).1, 65536);
    let (other, _) = granted(&bed);
    ask(&old, 65536 - 8, false);
    // At least twice as much, for those who come later.
    let (new, limit) = granted(&bed);
    assert_eq!(limit, 131_072);
    ask(&new, 100_000, true);
    ask(&other, 100_000, false);
    assert_eq!(granted(&bed).1, 131_072, "what an old limit could not hold teaches nothing new");
    assert_eq!(server.handle().status().max_response_payload, 131_072);
    // As much as was needed, up to the ceiling, and never less again.
    ask(&new, 600_000, false);
    let (new, limit) = granted(&bed);
    assert_eq!(limit, 1 << 20);
    ask(&new, 1 << 20, false);
    let (new, limit) = granted(&bed);
    assert_eq!(limit, 1 << 20);
    ask(&new, 10, true);
    assert_eq!(granted(&bed).1, 1 << 20);
}

#[test]
fn a_configured_maximum_is_final() {
    // NIPC-L2S-18
    let bed = Bed::new();
    let server = server(&bed, Some(100));
    for _ in 0..3 {
        let (session, limit) = granted(&bed);
        assert_eq!(limit, 100);
        ask(&session, 91, true);
        ask(&session, 92, false);
    }
    assert_eq!(server.handle().status().max_response_payload, 100);
}

#[test]
fn requests_up_to_the_ceiling_from_the_start() {
    // NIPC-L2S-18, NIPC-HS-10
    let bed = Bed::new();
    let _server = server(&bed, None);
    let ask = |payload| {
        let client = bed.connect();
        client.send(&set(hello(), Field::U32(at::hello::REQUEST_PAYLOAD, payload)));
        client.packet()[at::STATUS]
    };
    assert_eq!((ask(1 << 20), ask((1 << 20) + 1), ask(u32::MAX)), (0, 5, 5));
    // A refusal teaches nothing.
    assert_eq!(ask((1 << 20) + 1), 5);
}
