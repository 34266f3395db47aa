//! What a transport has to supply to be tested, and the sessions that the tests use.

use std::thread;

use netipc::{Deadline, Endpoint, Header, Listener, ListenerConfig, Profiles, Session, SessionConfig};
use rustix::net::sockopt;
use tempfile::TempDir;

use crate::support::{Watchdog, patience};

/// One way to carry messages. Implement it and add a line to `main.rs`: the whole suite runs for it.
pub trait Transport {
    /// The name of its module in `main.rs`.
    const NAME: &'static str;
    /// The profile that its sessions must come out with.
    const PROFILE: Profiles;

    /// The packet size that a session must have when nobody configured one.
    fn default_packet_size(session: &Session) -> u32;
}

/// SOCK_SEQPACKET.
pub struct Baseline;

impl Transport for Baseline {
    const NAME: &'static str = "baseline";
    const PROFILE: Profiles = Profiles::BASELINE;

    fn default_packet_size(session: &Session) -> u32 {
        u32::try_from(sockopt::socket_send_buffer_size(session.wait_object().unwrap()).unwrap()).unwrap() - 32
    }
}

/// Shared memory with one message in each direction.
pub struct Hybrid;

impl Transport for Hybrid {
    const NAME: &'static str = "hybrid";
    const PROFILE: Profiles = Profiles::SHM_HYBRID;

    /// Agreed on, as for any session, and then of no use.
    fn default_packet_size(_session: &Session) -> u32 {
        let (socket, _) = rustix::net::socketpair(
            rustix::net::AddressFamily::UNIX,
            rustix::net::SocketType::SEQPACKET,
            rustix::net::SocketFlags::empty(),
            None,
        )
        .unwrap();
        u32::try_from(sockopt::socket_send_buffer_size(socket).unwrap()).unwrap() - 32
    }
}

/// A listener in a run directory of its own.
pub struct Bed {
    pub listener: Listener,
    pub endpoint: Endpoint,
    pub config: SessionConfig,
    _dir: TempDir,
    _watchdog: Watchdog,
}

impl Bed {
    pub fn new<T: Transport>(configure: impl FnOnce(&mut ListenerConfig, &mut SessionConfig)) -> Self {
        let (mut listener, mut config) = (ListenerConfig::default(), SessionConfig::default());
        listener.supported = T::PROFILE | Profiles::BASELINE;
        config.supported = listener.supported;
        config.preferred = T::PROFILE;
        listener.preferred = T::PROFILE;
        configure(&mut listener, &mut config);
        let dir = tempfile::tempdir().unwrap();
        let endpoint = Endpoint::new(dir.path(), "conformance").unwrap();
        let listener = Listener::bind(&endpoint, listener).unwrap();
        Self { listener, endpoint, config, _dir: dir, _watchdog: Watchdog::start() }
    }

    /// A new session: the client's end, the server's end.
    pub fn connect(&mut self) -> (Session, Session) {
        let (endpoint, config) = (&self.endpoint, &self.config);
        thread::scope(|scope| {
            let client = scope.spawn(move || Session::connect(endpoint, config, patience(), None).unwrap());
            let server = self.listener.accept(patience(), None).unwrap();
            (client.join().unwrap(), server)
        })
    }
}

/// A session with its listener.
pub struct Pair {
    pub client: Session,
    pub server: Session,
    pub bed: Bed,
}

/// A session that was made with these configurations.
pub fn pair<T: Transport>(configure: impl FnOnce(&mut ListenerConfig, &mut SessionConfig)) -> Pair {
    let mut bed = Bed::new::<T>(configure);
    let (client, server) = bed.connect();
    assert_eq!(client.agreed().profile, T::PROFILE);
    Pair { client, server, bed }
}

/// A session with this packet size (0: the default) and this payload limit in both directions.
pub fn sized<T: Transport>(packet_size: u32, limit: u32) -> Pair {
    pair::<T>(|listener, config| {
        config.packet_size = packet_size;
        limits(listener, config, limit);
    })
}

/// The same payload limit everywhere.
pub fn limits(listener: &mut ListenerConfig, config: &mut SessionConfig, limit: u32) {
    listener.max_request_payload = Some(limit);
    listener.max_response_payload = Some(limit);
    config.max_request_payload = limit;
    config.max_response_payload = limit;
}

/// The method code of the tests.
pub const CODE: u16 = 0x8001;

/// The header of a request with this payload.
pub fn request(id: u64, payload: &[u8]) -> Header {
    Header::request(CODE, payload.len().try_into().unwrap(), id)
}

/// The header of the response to the request `id`.
pub fn response(id: u64, payload: &[u8]) -> Header {
    Header::request(CODE, 0, id).response(payload.len().try_into().unwrap())
}

/// A payload in which a lost, moved or repeated part shows.
pub fn pattern(seed: u64, length: usize) -> Vec<u8> {
    (0..length as u64).map(|i| (i.wrapping_mul(31) ^ (i >> 8) ^ seed) as u8).collect()
}

/// Already over: an operation succeeds only if it need not wait.
pub fn now() -> Deadline {
    Deadline::after(std::time::Duration::ZERO)
}

/// Answers every request with its own payload until the client hangs up.
pub fn echo(server: &mut Session) {
    loop {
        let (header, payload) = match server.receive(patience(), None) {
            Ok(message) => (message.header, message.payload.to_vec()),
            Err(netipc::Error::Disconnected { .. }) => return,
            Err(error) => panic!("{error}"),
        };
        server.send(&header.response(header.payload_len), &payload, patience(), None).unwrap();
    }
}

/// Sends a request and receives its response, both whole at once.
pub fn round_trip(client: &mut Session, server: &mut Session, id: u64) {
    let payload = id.to_ne_bytes();
    client.send(&request(id, &payload), &payload, patience(), None).unwrap();
    let message = server.receive(patience(), None).unwrap();
    assert_eq!((message.header.message_id, message.payload), (id, &payload[..]));
    server.send(&response(id, &payload), &payload, patience(), None).unwrap();
    let message = client.receive(patience(), None).unwrap();
    assert_eq!((message.header.message_id, message.payload), (id, &payload[..]));
}
