//! Messages that outgrow their limits, between ours.

use netipc::services::StringReverse;
use netipc::{Error, ErrorKind, RunningServer, ServerConfig};

use crate::kind_of;
use crate::raw::Bed;

/// Answers with as many bytes as the request says, and one for everything else.
fn server(bed: &Bed, change: impl FnOnce(&mut ServerConfig)) -> RunningServer {
    bed.server::<StringReverse>(change, |request, reply| {
        let length = std::str::from_utf8(request.text()).ok().and_then(|text| text.parse().ok()).unwrap_or(1);
        Ok(reply.text(&vec![b'y'; length])?)
    })
}

#[test]
fn responses_grow_to_the_ceiling() {
    // NIPC-L2C-21, NIPC-L2C-23, NIPC-L2S-18
    let bed = Bed::new();
    let _server = server(&bed, |_| {});
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    for length in [1, 60_000, 70_000, 400_000, (1 << 20) - 9] {
        assert_eq!(client.call(length.to_string().as_bytes()).unwrap().text().len(), length);
    }
    let grown = client.status().agreed.unwrap().response.max_payload;
    assert_eq!(grown, 1 << 20);
    let error = client.call(b"1048568").unwrap_err();
    assert!(matches!(error, Error::LimitExceeded { allowed: 1_048_576, .. }), "{error:?}");
    assert!(error.to_string().contains("1048576"), "{error}");
    client.refresh();
    assert_eq!(client.call(b"5").unwrap().text().len(), 5);
}

#[test]
fn requests_grow_to_what_they_need() {
    // NIPC-L2C-22, NIPC-L2C-23
    let bed = Bed::new();
    let _server = server(&bed, |_| {});
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    for (length, limit) in [(1015, 1024), (1016, 2048), (100_000, 131_072), ((1 << 20) - 9, 1 << 20)] {
        client.call(&vec![b'x'; length]).unwrap();
        assert_eq!(client.status().agreed.unwrap().request.max_payload, limit);
    }
    let connects = client.status().counters.connects;
    assert_eq!(kind_of(client.call(&vec![b'x'; (1 << 20) - 8])), ErrorKind::LimitExceeded);
    assert!(client.is_ready(), "it was refused here, and nothing was sent");
    assert_eq!(client.status().counters.connects, connects);
}

#[test]
fn small_configured_limits_grow_from_sixteen() {
    // NIPC-L2C-23
    let bed = Bed::new();
    let _server = server(&bed, |_| {});
    let mut client = bed.ready_client::<StringReverse>(|config| {
        config.session.max_request_payload = 0;
        config.session.max_response_payload = 0;
    });
    assert_eq!(client.status().agreed.unwrap().request.max_payload, 0);
    client.call(b"").unwrap();
    assert_eq!(client.status().agreed.unwrap().request.max_payload, 16);
    client.call(b"abcdefgh").unwrap();
    assert_eq!(client.status().agreed.unwrap().request.max_payload, 32);
}

#[test]
fn a_configured_limit_above_the_ceiling_counts() {
    // NIPC-L2C-23
    let bed = Bed::new();
    let _server = server(&bed, |config| config.growth_ceiling = 4 << 20);
    let mut client = bed.ready_client::<StringReverse>(|config| config.session.max_request_payload = 2 << 20);
    client.call(&vec![b'x'; (2 << 20) - 9]).unwrap();
    assert_eq!(kind_of(client.call(&vec![b'x'; 2 << 20])), ErrorKind::LimitExceeded);
    let mut client = bed.ready_client::<StringReverse>(|config| config.growth_ceiling = 4 << 20);
    client.call(&vec![b'x'; 3 << 20]).unwrap();
}

#[test]
fn reset_forgets_growth() {
    let bed = Bed::new();
    let _server = server(&bed, |_| {});
    let mut client = bed.ready_client::<StringReverse>(|_| {});
    client.call(&[b'x'; 5000]).unwrap();
    assert_eq!(client.status().agreed.unwrap().request.max_payload, 8192);
    client.reset();
    client.refresh();
    assert_eq!(client.status().agreed.unwrap().request.max_payload, 1024);
}
