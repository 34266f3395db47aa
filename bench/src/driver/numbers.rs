//! Small calls: numbers that are answered with the next one.

use std::thread::{self, JoinHandle};

use netipc::codec::Writer;
use netipc::services::Increment;
use netipc::{
    Abort, Client, ClientConfig, Deadline, Endpoint, Error, Header, Listener, RunningServer, Server, Service, Session,
};

use super::failure::{Failure, expect};
use super::random::Random;
use super::server::{Served, Serving};
use super::sessions::{self, MAX_BATCH, PATIENCE};
use super::window::{Call, Done, Drive};
use crate::protocol::Task;

/// Threads that call many sessions in turn.
const THREADS: usize = 8;

pub(super) fn serve(task: &Task, served: Served) -> Result<RunningServer, Failure> {
    let server =
        Server::<Increment>::bind(sessions::endpoint(task)?, sessions::server(task), move |request, reply| {
            served.add(1);
            Ok(reply.value(request.value.wrapping_add(1))?)
        })?;
    Ok(server.spawn()?)
}

/// Calls sessions in turn, each when the last is answered.
struct Calls {
    clients: Vec<Client<Increment>>,
    turn: usize,
    value: u64,
}

/// As many threads as useful, with the sessions dealt out among them.
pub(super) fn callers(task: &Task) -> Result<Vec<Box<dyn Drive>>, Failure> {
    let sessions = task.sessions.max(1) as usize;
    let threads = sessions.min(THREADS);
    let mut callers = Vec::new();
    for thread in 0..threads {
        let count = (sessions - thread).div_ceil(threads);
        let clients = (0..count).map(|_| sessions::client(task)).collect::<Result<_, _>>()?;
        callers.push(Box::new(Calls { clients, turn: 0, value: 0 }) as Box<dyn Drive>);
    }
    Ok(callers)
}

impl Call for Calls {
    #[inline]
    fn call(&mut self) -> Result<Done, Failure> {
        let value = self.value;
        let reply = self.clients[self.turn].call(value)?;
        expect(reply.value, value.wrapping_add(1))?;
        self.value += 1;
        self.turn += 1;
        if self.turn == self.clients.len() {
            self.turn = 0;
        }
        Ok(Done::quick(1))
    }
}

/// The same without the typed client.
pub(super) struct Frames {
    session: Session,
    payload: Vec<u8>,
    value: u64,
}

impl Frames {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { session: sessions::connect(task)?, payload: Vec::new(), value: 0 })
    }
}

impl Call for Frames {
    #[inline]
    fn call(&mut self) -> Result<Done, Failure> {
        self.value += 1;
        self.payload.clear();
        encode(self.value, &mut self.payload)?;
        let header = Header::request(Increment::METHOD, length(&self.payload), self.value);
        self.session.send(&header, &self.payload, Deadline::after(PATIENCE), None)?;
        let message = self.session.receive(Deadline::after(PATIENCE), None)?;
        expect(message.header.message_id, self.value)?;
        expect(decode(message.payload)?, self.value + 1)?;
        Ok(Done::quick(1))
    }
}

pub(super) fn encode(value: u64, payload: &mut Vec<u8>) -> Result<(), Failure> {
    Increment::encode_request(value, Writer::new(payload, usize::MAX))
        .map_err(|error| Failure::failed(error.to_string()))
}

pub(super) fn decode(payload: &[u8]) -> Result<u64, Failure> {
    Increment::decode_reply(payload).map(|reply| reply.value).map_err(|error| Failure::failed(error.to_string()))
}

pub(super) fn length(payload: &[u8]) -> u32 {
    u32::try_from(payload.len()).unwrap_or(u32::MAX)
}

/// Batches of 2 to 1000 numbers.
pub(super) struct Batches {
    client: Client<Increment>,
    random: Random,
    values: Vec<u64>,
    next: u64,
}

impl Batches {
    pub(super) fn connect(task: &Task) -> Result<Self, Failure> {
        Ok(Self { client: sessions::client(task)?, random: Random::new(1), values: Vec::new(), next: 0 })
    }
}

/// How many numbers the next batch has.
pub(super) fn batch_len(random: &mut Random) -> u32 {
    2 + random.below(MAX_BATCH - 1)
}

impl Call for Batches {
    fn call(&mut self) -> Result<Done, Failure> {
        let count = u64::from(batch_len(&mut self.random));
        self.values.clear();
        self.values.extend(self.next..self.next + count);
        self.next += count;
        let reply = self.client.call_batch(&self.values)?;
        let at = std::time::Instant::now();
        expect(reply.len(), self.values.len())?;
        for (reply, value) in reply.iter().zip(&self.values) {
            expect(reply?.value, value + 1)?;
        }
        Ok(Done::at(count, at))
    }
}

/// A session for each number.
pub(super) struct Connects {
    endpoint: Endpoint,
    config: ClientConfig,
    value: u64,
}

impl Connects {
    pub(super) fn new(task: &Task) -> Result<Self, Failure> {
        // Once with a look at what it became.
        let _ = sessions::client::<Increment>(task)?;
        Ok(Self { endpoint: sessions::endpoint(task)?, config: sessions::client_config(task), value: 0 })
    }
}

impl Call for Connects {
    fn call(&mut self) -> Result<Done, Failure> {
        let mut client = Client::<Increment>::new(self.endpoint.clone(), self.config.clone());
        client.refresh();
        let reply = client.call(self.value)?;
        let at = std::time::Instant::now();
        self.value += 1;
        expect(reply.value, self.value)?;
        Ok(Done::at(1, at))
    }
}

/// A server without the typed one: a thread for each session.
pub(super) struct Echo {
    abort: Abort,
    listening: JoinHandle<Result<(), Failure>>,
}

impl Echo {
    pub(super) fn bind(task: &Task, served: Served) -> Result<Self, Failure> {
        let mut listener = Listener::bind(&sessions::endpoint(task)?, sessions::listener(task))?;
        let abort = Abort::new();
        let until = abort.clone();
        let listening = thread::spawn(move || {
            let mut threads = Vec::new();
            loop {
                match listener.accept(Deadline::NEVER, Some(&until)) {
                    Ok(session) => {
                        let (until, served) = (until.clone(), served.clone());
                        threads.push(thread::spawn(move || echo(session, &until, &served)));
                    }
                    Err(Error::Aborted) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            for thread in threads {
                thread.join().unwrap_or_else(|_panic| Err(Failure::failed("a session panicked")))?;
            }
            Ok(())
        });
        Ok(Self { abort, listening })
    }
}

fn echo(mut session: Session, until: &Abort, served: &Served) -> Result<(), Failure> {
    let mut payload = Vec::new();
    loop {
        let message = match session.receive(Deadline::NEVER, Some(until)) {
            Ok(message) => message,
            Err(Error::Aborted | Error::Disconnected { .. }) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let request = Increment::decode_request(message.payload).map_err(|error| Failure::failed(error.to_string()))?;
        payload.clear();
        encode(request.value.wrapping_add(1), &mut payload)?;
        let header = message.header.response(length(&payload));
        served.add(1);
        session.send(&header, &payload, Deadline::after(PATIENCE), Some(until))?;
    }
}

impl Serving for Echo {
    fn stop(self: Box<Self>) -> Result<(), Failure> {
        self.abort.abort();
        self.listening.join().unwrap_or_else(|_panic| Err(Failure::failed("the listener panicked")))
    }
}
