//! A lookup without a transport: both codecs, both sides, and the handler between them, in one thread.

use std::time::Instant;

use netipc::codec::Writer;

use super::failure::Failure;
use super::lookups::MadeUp;
use super::window::{Call, Done};
use crate::protocol::Task;

pub(super) struct Codec<S: MadeUp> {
    count: u32,
    keys: Vec<S::Key<'static>>,
    request: Vec<u8>,
    reply: Vec<u8>,
}

impl<S: MadeUp> Codec<S> {
    pub(super) fn new(task: &Task) -> Self {
        let keys = S::keys(task.size, task.mix);
        Self { count: task.size, keys, request: Vec::new(), reply: Vec::new() }
    }
}

impl<S: MadeUp> Call for Codec<S>
where
    S::Key<'static>: Send,
{
    fn call(&mut self) -> Result<Done, Failure> {
        let Self { count, keys, request: sent, reply: received } = self;
        sent.clear();
        received.clear();
        S::encode_keys(keys, Writer::new(sent, usize::MAX)).map_err(failed)?;
        let request = S::decode_request(sent).map_err(failed)?;
        let mut builder = S::reply_builder(&request, Writer::new(received, usize::MAX));
        S::answer(*count, &request, &mut builder).map_err(failed)?;
        S::finish_reply(builder).map_err(failed)?;
        let reply = S::decode_reply(received).map_err(failed)?;
        let at = Instant::now();
        S::check(&reply, *count, keys)?;
        Ok(Done::at(keys.len() as u64, at))
    }
}

fn failed(error: impl std::error::Error) -> Failure {
    Failure::failed(error.to_string())
}
