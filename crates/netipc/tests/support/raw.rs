//! A peer that speaks bytes.
//!
//! It knows the offset tables of `spec/` and nothing of this crate, so that an error in an encoder cannot hide behind
//! the decoder next to it. It can break every rule, and it never waits longer than [`PATIENCE`].

#![allow(dead_code, reason = "every test crate uses its own part")]

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use netipc::{Client, ClientConfig, Endpoint, HandlerError, RunningServer, Server, ServerConfig, Service, State};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType, accept_with, bind, connect,
    listen, recv, send, shutdown, socket_with,
};
use tempfile::TempDir;

/// How long a test waits for something that must happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);
/// How long one test may run.
const WHOLE_TEST: Duration = Duration::from_secs(60);

pub(crate) const MAGIC: u32 = 0x4e49_5043;
pub(crate) const CHUNK_MAGIC: u32 = 0x4e43_484b;
pub(crate) const REQUEST: u16 = 1;
pub(crate) const RESPONSE: u16 = 2;
pub(crate) const CONTROL: u16 = 3;
pub(crate) const BATCH: u16 = 1;
pub(crate) const INCREMENT: u16 = 1;
pub(crate) const STRING_REVERSE: u16 = 3;

/// Where the fields are, counted from the start of the packet.
pub(crate) mod at {
    pub(crate) const MAGIC: usize = 0;
    pub(crate) const VERSION: usize = 4;
    pub(crate) const HEADER_LEN: usize = 6;
    pub(crate) const KIND: usize = 8;
    pub(crate) const FLAGS: usize = 10;
    pub(crate) const CODE: usize = 12;
    pub(crate) const STATUS: usize = 14;
    pub(crate) const PAYLOAD_LEN: usize = 16;
    pub(crate) const ITEM_COUNT: usize = 20;
    pub(crate) const MESSAGE_ID: usize = 24;
    pub(crate) const PAYLOAD: usize = 32;

    /// In a HELLO and in a HELLO_ACK.
    pub(crate) const LAYOUT: usize = 32;
    pub(crate) const LAYOUT_FLAGS: usize = 34;

    pub(crate) mod hello {
        pub(crate) const SUPPORTED: usize = 36;
        pub(crate) const PREFERRED: usize = 40;
        pub(crate) const REQUEST_PAYLOAD: usize = 44;
        pub(crate) const REQUEST_ITEMS: usize = 48;
        pub(crate) const RESPONSE_PAYLOAD: usize = 52;
        pub(crate) const RESPONSE_ITEMS: usize = 56;
        pub(crate) const PADDING: usize = 60;
        pub(crate) const TOKEN: usize = 64;
        pub(crate) const PACKET: usize = 72;
    }

    pub(crate) mod ack {
        pub(crate) const SERVER_SUPPORTED: usize = 36;
        pub(crate) const INTERSECTION: usize = 40;
        pub(crate) const SELECTED: usize = 44;
        pub(crate) const REQUEST_PAYLOAD: usize = 48;
        pub(crate) const REQUEST_ITEMS: usize = 52;
        pub(crate) const RESPONSE_PAYLOAD: usize = 56;
        pub(crate) const RESPONSE_ITEMS: usize = 60;
        pub(crate) const PACKET: usize = 64;
        pub(crate) const PADDING: usize = 68;
        pub(crate) const SESSION_ID: usize = 72;
    }

    pub(crate) mod chunk {
        pub(crate) const MAGIC: usize = 0;
        pub(crate) const VERSION: usize = 4;
        pub(crate) const FLAGS: usize = 6;
        pub(crate) const MESSAGE_ID: usize = 8;
        pub(crate) const TOTAL: usize = 16;
        pub(crate) const INDEX: usize = 20;
        pub(crate) const COUNT: usize = 24;
        pub(crate) const PAYLOAD_LEN: usize = 28;
    }
}

/// One field of a packet set to a value.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Field {
    U16(usize, u16),
    U32(usize, u32),
    U64(usize, u64),
}

pub(crate) fn set(mut packet: Vec<u8>, field: Field) -> Vec<u8> {
    match field {
        Field::U16(at, value) => packet[at..at + 2].copy_from_slice(&value.to_ne_bytes()),
        Field::U32(at, value) => packet[at..at + 4].copy_from_slice(&value.to_ne_bytes()),
        Field::U64(at, value) => packet[at..at + 8].copy_from_slice(&value.to_ne_bytes()),
    }
    packet
}

pub(crate) fn set_all(packet: Vec<u8>, fields: &[Field]) -> Vec<u8> {
    fields.iter().fold(packet, |packet, &field| set(packet, field))
}

pub(crate) fn u16_at(packet: &[u8], at: usize) -> u16 {
    u16::from_ne_bytes(packet[at..at + 2].try_into().unwrap())
}

pub(crate) fn u32_at(packet: &[u8], at: usize) -> u32 {
    u32::from_ne_bytes(packet[at..at + 4].try_into().unwrap())
}

pub(crate) fn u64_at(packet: &[u8], at: usize) -> u64 {
    u64::from_ne_bytes(packet[at..at + 8].try_into().unwrap())
}

/// A message of one packet.
pub(crate) fn message(kind: u16, code: u16, status: u16, id: u64, payload: &[u8]) -> Vec<u8> {
    let fields = [
        Field::U32(at::MAGIC, MAGIC),
        Field::U16(at::VERSION, 1),
        Field::U16(at::HEADER_LEN, 32),
        Field::U16(at::KIND, kind),
        Field::U16(at::CODE, code),
        Field::U16(at::STATUS, status),
        Field::U32(at::PAYLOAD_LEN, payload.len() as u32),
        Field::U32(at::ITEM_COUNT, 1),
        Field::U64(at::MESSAGE_ID, id),
    ];
    let mut packet = set_all(vec![0; 32], &fields);
    packet.extend_from_slice(payload);
    packet
}

pub(crate) fn request(code: u16, id: u64, payload: &[u8]) -> Vec<u8> {
    message(REQUEST, code, 0, id, payload)
}

pub(crate) fn response(code: u16, id: u64, payload: &[u8]) -> Vec<u8> {
    message(RESPONSE, code, 0, id, payload)
}

/// A request to add one to `value`.
pub(crate) fn increment(id: u64, value: u64) -> Vec<u8> {
    request(INCREMENT, id, &value.to_ne_bytes())
}

/// The response that carries `value`.
pub(crate) fn incremented(id: u64, value: u64) -> Vec<u8> {
    response(INCREMENT, id, &value.to_ne_bytes())
}

/// A failure as a server of ours must word it. NIPC-L2S-03
pub(crate) fn failure(code: u16, id: u64, status: u16) -> Vec<u8> {
    message(RESPONSE, code, status, id, &[])
}

/// Marks a message as a batch of so many items.
pub(crate) fn batch(packet: Vec<u8>, items: u32) -> Vec<u8> {
    set_all(packet, &[Field::U16(at::FLAGS, BATCH), Field::U32(at::ITEM_COUNT, items)])
}

/// The canonical payload of a batch.
pub(crate) fn batch_payload<T: AsRef<[u8]>>(items: &[T]) -> Vec<u8> {
    let (mut directory, mut area) = (Vec::new(), Vec::new());
    for item in items {
        let item = item.as_ref();
        directory.extend_from_slice(&(area.len() as u32).to_ne_bytes());
        directory.extend_from_slice(&(item.len() as u32).to_ne_bytes());
        area.extend_from_slice(item);
        area.resize(area.len().next_multiple_of(8), 0);
    }
    directory.extend(area);
    directory
}

/// The payload of STRING_REVERSE.
pub(crate) fn text(text: &[u8]) -> Vec<u8> {
    let mut payload = Vec::new();
    payload.extend_from_slice(&8u32.to_ne_bytes());
    payload.extend_from_slice(&(text.len() as u32).to_ne_bytes());
    payload.extend_from_slice(text);
    payload.push(0);
    payload
}

/// A HELLO that every server of these tests accepts.
pub(crate) fn hello() -> Vec<u8> {
    let fields = [
        Field::U16(at::LAYOUT, 1),
        Field::U32(at::hello::SUPPORTED, 1),
        Field::U32(at::hello::REQUEST_PAYLOAD, 4096),
        Field::U32(at::hello::REQUEST_ITEMS, 16),
        Field::U32(at::hello::RESPONSE_PAYLOAD, 65536),
        Field::U32(at::hello::RESPONSE_ITEMS, 16),
        Field::U32(at::hello::PACKET, 65536),
    ];
    set_all(message(CONTROL, 1, 0, 0, &[0; 44]), &fields)
}

/// The HELLO_ACK that grants what a HELLO asks for.
pub(crate) fn ack_to(hello: &[u8]) -> Vec<u8> {
    let fields = [
        Field::U16(at::LAYOUT, 1),
        Field::U32(at::ack::SERVER_SUPPORTED, 1),
        Field::U32(at::ack::INTERSECTION, 1),
        Field::U32(at::ack::SELECTED, 1),
        Field::U32(at::ack::REQUEST_PAYLOAD, u32_at(hello, at::hello::REQUEST_PAYLOAD)),
        Field::U32(at::ack::REQUEST_ITEMS, u32_at(hello, at::hello::REQUEST_ITEMS)),
        Field::U32(at::ack::RESPONSE_PAYLOAD, u32_at(hello, at::hello::RESPONSE_PAYLOAD)),
        Field::U32(at::ack::RESPONSE_ITEMS, u32_at(hello, at::hello::REQUEST_ITEMS)),
        Field::U32(at::ack::PACKET, u32_at(hello, at::hello::PACKET)),
        Field::U64(at::ack::SESSION_ID, 1),
    ];
    set_all(message(CONTROL, 2, 0, 0, &[0; 48]), &fields)
}

/// A rejection. NIPC-HS-03
pub(crate) fn rejection(status: u16) -> Vec<u8> {
    set(message(CONTROL, 2, status, 0, &[0; 48]), Field::U16(at::LAYOUT, 1))
}

/// The packets of a message over packets of `size` bytes, of which the first carries `first` payload bytes.
pub(crate) fn chunked_from(message: &[u8], size: usize, first: usize) -> Vec<Vec<u8>> {
    let (head, payload) = message.split_at(32);
    let (begin, rest) = payload.split_at(first.min(payload.len()));
    let mut packets = vec![[head, begin].concat()];
    let count = 1 + rest.len().div_ceil(size - 32);
    for (index, part) in rest.chunks(size - 32).enumerate() {
        let fields = [
            Field::U32(at::chunk::MAGIC, CHUNK_MAGIC),
            Field::U16(at::chunk::VERSION, 1),
            Field::U64(at::chunk::MESSAGE_ID, u64_at(message, at::MESSAGE_ID)),
            Field::U32(at::chunk::TOTAL, message.len() as u32),
            Field::U32(at::chunk::INDEX, index as u32 + 1),
            Field::U32(at::chunk::COUNT, count as u32),
            Field::U32(at::chunk::PAYLOAD_LEN, part.len() as u32),
        ];
        let mut packet = set_all(vec![0; 32], &fields);
        packet.extend_from_slice(part);
        packets.push(packet);
    }
    packets
}

/// The canonical packets of a message.
pub(crate) fn chunked(message: &[u8], size: usize) -> Vec<Vec<u8>> {
    chunked_from(message, size, size - 32)
}

/// One file of the golden packets.
pub(crate) fn golden(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec/vectors/golden/packets").join(name);
    std::fs::read(path).unwrap()
}

/// The token of the golden handshakes.
pub(crate) const GOLDEN_TOKEN: u64 = 0xDEAD_BEEF_CAFE_BABE;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Raw(OwnedFd);

/// What a receive brought.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Got {
    Packet(Vec<u8>),
    End,
    /// The peer closed with input unread. What it had sent before can still be received.
    Reset,
}

impl Raw {
    fn new(socket: OwnedFd) -> Self {
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).unwrap();
        set_socket_timeout(&socket, Timeout::Send, Some(PATIENCE)).unwrap();
        Self(socket)
    }

    pub(crate) fn connect(path: &Path) -> Self {
        let raw = Self::new(open());
        connect(&raw.0, &SocketAddrUnix::new(path).unwrap()).unwrap();
        raw
    }

    /// A session on the terms of this HELLO, and the ACK.
    pub(crate) fn session_with(path: &Path, hello: &[u8]) -> (Self, Vec<u8>) {
        let raw = Self::connect(path);
        raw.send(hello);
        let ack = raw.packet();
        assert_eq!(u16_at(&ack, at::STATUS), 0, "the handshake was refused");
        (raw, ack)
    }

    pub(crate) fn session(path: &Path) -> Self {
        Self::session_with(path, &hello()).0
    }

    pub(crate) fn send(&self, packet: &[u8]) {
        self.try_send(packet).unwrap();
    }

    pub(crate) fn send_all<P: AsRef<[u8]>>(&self, packets: &[P]) {
        packets.iter().for_each(|packet| self.send(packet.as_ref()));
    }

    /// Waits for room. Fails with EPIPE when the peer is gone, and once with ECONNRESET if it left input unread.
    pub(crate) fn try_send(&self, packet: &[u8]) -> Result<(), Errno> {
        send(&self.0, packet, SendFlags::NOSIGNAL).map(|sent| assert_eq!(sent, packet.len()))
    }

    /// Fails with EAGAIN when there is no room.
    pub(crate) fn send_now(&self, packet: &[u8]) -> Result<(), Errno> {
        send(&self.0, packet, SendFlags::NOSIGNAL | SendFlags::DONTWAIT).map(drop)
    }

    pub(crate) fn receive(&self) -> Got {
        self.receive_with(RecvFlags::empty()).expect("the peer is silent")
    }

    /// Nothing when nothing is there.
    pub(crate) fn receive_now(&self) -> Option<Got> {
        self.receive_with(RecvFlags::DONTWAIT)
    }

    fn receive_with(&self, flags: RecvFlags) -> Option<Got> {
        let mut buffer = vec![0; 256 << 10];
        loop {
            return match recv(&self.0, &mut buffer[..], flags | RecvFlags::TRUNC) {
                Ok((_, 0)) => Some(Got::End),
                Ok((_, length)) => {
                    assert!(length <= buffer.len(), "a packet of {length} bytes");
                    buffer.truncate(length);
                    Some(Got::Packet(buffer))
                }
                Err(Errno::CONNRESET | Errno::PIPE) => Some(Got::Reset),
                Err(Errno::AGAIN) => None,
                Err(Errno::INTR) => continue,
                Err(errno) => panic!("{errno}"),
            };
        }
    }

    /// The next packet; anything else fails the test.
    #[track_caller]
    pub(crate) fn packet(&self) -> Vec<u8> {
        match self.receive() {
            Got::Packet(packet) => packet,
            other => panic!("{other:?} instead of a packet"),
        }
    }

    /// A whole message that may come in chunks: its header and its payload.
    #[track_caller]
    pub(crate) fn message(&self) -> Vec<u8> {
        let mut message = self.packet();
        let whole = 32 + u32_at(&message, at::PAYLOAD_LEN) as usize;
        while message.len() < whole {
            message.extend_from_slice(&self.packet()[32..]);
        }
        message
    }

    /// The peer says no more; nothing was lost.
    #[track_caller]
    pub(crate) fn orderly_end(&self) {
        assert_eq!(self.receive(), Got::End);
    }

    /// The peer is gone, whatever it left unread, and said nothing.
    #[track_caller]
    pub(crate) fn end(&self) {
        match self.receive() {
            Got::End => {}
            Got::Reset => self.orderly_end(),
            Got::Packet(packet) => panic!("{packet:?} instead of the end"),
        }
    }

    /// Waits until something can be received, without receiving it.
    pub(crate) fn await_input(&self) {
        self.await_events(PollFlags::IN);
    }

    /// Waits until the peer has closed, whatever is still queued.
    pub(crate) fn await_hang_up(&self) {
        self.await_events(PollFlags::empty());
    }

    fn await_events(&self, events: PollFlags) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let timeout = rustix::event::Timespec { tv_sec: left.as_secs() as i64, tv_nsec: 0 };
            match poll(&mut [PollFd::new(&self.0, events)], Some(&timeout)) {
                Ok(0) => panic!("nothing happened on the socket"),
                Ok(_) => return,
                Err(Errno::INTR) => {}
                Err(errno) => panic!("{errno}"),
            }
        }
    }

    pub(crate) fn socket(&self) -> &OwnedFd {
        &self.0
    }

    pub(crate) fn shut_down_write(&self) {
        shutdown(&self.0, Shutdown::Write).unwrap();
    }

    /// One increment there and back.
    #[track_caller]
    pub(crate) fn check_increment(&self, id: u64) {
        self.send(&increment(id, 41));
        assert_eq!(self.packet(), incremented(id, 42));
    }
}

fn open() -> OwnedFd {
    socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None).unwrap()
}

/// A listening socket whose owner answers by hand.
#[derive(Debug)]
pub(crate) struct RawListener(OwnedFd);

impl RawListener {
    pub(crate) fn bind(path: &Path) -> Self {
        Self::bind_with_backlog(path, 128)
    }

    pub(crate) fn bind_with_backlog(path: &Path, backlog: i32) -> Self {
        let socket = open();
        bind(&socket, &SocketAddrUnix::new(path).unwrap()).unwrap();
        listen(&socket, backlog).unwrap();
        set_socket_timeout(&socket, Timeout::Recv, Some(PATIENCE)).unwrap();
        Self(socket)
    }

    pub(crate) fn accept(&self) -> Raw {
        Raw::new(accept_with(&self.0, SocketFlags::CLOEXEC).expect("nobody connects"))
    }

    /// Accepts and reads the HELLO.
    pub(crate) fn accept_hello(&self) -> (Raw, Vec<u8>) {
        let raw = self.accept();
        let hello = raw.packet();
        assert_eq!(hello.len(), 76);
        (raw, hello)
    }

    /// Accepts and grants what is asked for.
    pub(crate) fn accept_session(&self) -> Raw {
        let (raw, hello) = self.accept_hello();
        raw.send(&ack_to(&hello));
        raw
    }

    /// Whether somebody waits to be accepted.
    pub(crate) fn has_caller(&self) -> bool {
        let now = rustix::event::Timespec { tv_sec: 0, tv_nsec: 0 };
        poll(&mut [PollFd::new(&self.0, PollFlags::IN)], Some(&now)).unwrap() > 0
    }
}

/// A run directory of one test.
#[derive(Debug)]
pub(crate) struct Bed {
    dir: TempDir,
    _watchdog: Watchdog,
}

impl Bed {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap(), _watchdog: Watchdog::after(WHOLE_TEST) }
    }

    /// For a test of very many rounds: in memory, as run directories are, and with more time.
    pub(crate) fn at_length() -> Self {
        let dir = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
        Self { dir, _watchdog: Watchdog::after(10 * WHOLE_TEST) }
    }

    pub(crate) fn endpoint(&self) -> Endpoint {
        Endpoint::new(self.dir.path(), "test").unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.endpoint().socket_path().to_owned()
    }

    /// Names in the run directory.
    pub(crate) fn files(&self) -> Vec<std::ffi::OsString> {
        std::fs::read_dir(self.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    pub(crate) fn listener(&self) -> RawListener {
        RawListener::bind(&self.path())
    }

    pub(crate) fn connect(&self) -> Raw {
        Raw::connect(&self.path())
    }

    pub(crate) fn session(&self) -> Raw {
        Raw::session(&self.path())
    }

    pub(crate) fn server<S: Service>(
        &self,
        change: impl FnOnce(&mut ServerConfig),
        handler: impl for<'a, 'b> Fn(S::Request<'a>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError>
        + Send
        + Sync
        + 'static,
    ) -> RunningServer {
        let mut config = ServerConfig::default();
        change(&mut config);
        Server::<S>::bind(self.endpoint(), config, handler).unwrap().spawn().unwrap()
    }

    /// A client that has not connected yet.
    pub(crate) fn client<S: Service>(&self, change: impl FnOnce(&mut ClientConfig)) -> Client<S> {
        let mut config = ClientConfig::default();
        change(&mut config);
        Client::new(self.endpoint(), config)
    }

    pub(crate) fn ready_client<S: Service>(&self, change: impl FnOnce(&mut ClientConfig)) -> Client<S> {
        let mut client = self.client(change);
        assert_eq!(client.refresh(), State::Ready, "{:?}", client.status());
        client
    }

    /// Sockets of the kernel that belong to this endpoint: the listener, and the server's end of each connection.
    pub(crate) fn sockets(&self) -> usize {
        let path = self.path();
        let table = std::fs::read_to_string("/proc/net/unix").unwrap();
        table.lines().filter(|line| line.ends_with(path.to_str().unwrap())).count()
    }

    /// The server has forgotten everybody but the sessions that the test holds.
    #[track_caller]
    pub(crate) fn assert_only(&self, server: &RunningServer, sessions: usize) {
        eventually("sessions end", || server.handle().status().sessions == sessions);
        eventually("sockets are closed", || self.sockets() == 1 + sessions);
    }
}

/// Waits for something that no event tells.
#[track_caller]
pub(crate) fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Ends the process when a test hangs: a hang must not stop the suite.
#[derive(Debug)]
struct Watchdog {
    _alive: Sender<()>,
}

impl Watchdog {
    fn after(limit: Duration) -> Self {
        let (alive, gone) = channel::<()>();
        let test = std::thread::current().name().unwrap_or("a test").to_owned();
        std::thread::spawn(move || {
            if gone.recv_timeout(limit) == Err(RecvTimeoutError::Timeout) {
                // Not `eprintln`: the test harness would keep it for itself.
                let _ = writeln!(std::io::stderr(), "{test} hangs");
                std::process::exit(101);
            }
        });
        Self { _alive: alive }
    }
}

/// A number that looks random and is the same in every run.
#[derive(Debug)]
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| self.next() as u8).collect()
    }
}
