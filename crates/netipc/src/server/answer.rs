//! From one request to its answer: the only part of a server that knows its service.

use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};

use netipc_proto::batch::{Batch, BatchBuilder, BatchFull};
use netipc_proto::codec::{BuildError, Writer};
use netipc_proto::header::{Header, Status};
use netipc_proto::service::{HandlerError, Service};

use crate::trace::event;

/// The answer to a request. Its payload is in the buffer that was lent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Answer {
    pub(crate) header: Header,
    /// Bytes that the response would have needed at least, when it did not fit the agreed limit.
    pub(crate) overflow: Option<usize>,
}

/// A service with its handler, the service's type forgotten.
pub(crate) trait Responder: Send + Sync {
    /// Answers one request with at most `budget` bytes; `out` comes empty and holds the payload afterwards.
    fn answer(&self, request: &Header, payload: &[u8], budget: usize, out: &mut Vec<u8>) -> Answer;
}

/// What a failing request comes to.
enum Failure {
    Malformed,
    Handler,
    Overflow(usize),
}

pub(crate) struct Typed<S, H> {
    handler: H,
    service: PhantomData<fn() -> S>,
}

impl<S, H> Typed<S, H>
where
    S: Service,
    H: for<'a, 'b> Fn(S::Request<'a>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError> + Send + Sync,
{
    pub(crate) fn new(handler: H) -> Self {
        Self { handler, service: PhantomData }
    }

    fn single(&self, payload: &[u8], budget: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Ok(request) = S::decode_request(payload) else { return Err(Failure::Malformed) };
        let mut builder = S::reply_builder(&request, Writer::new(out, budget));
        let handled = (self.handler)(request, &mut builder);
        // What did not fit outranks what the handler says of it: it may have ignored the refusal.
        match (S::finish_reply(builder), handled) {
            (Err(BuildError::Overflow { needed, .. }), _) => Err(Failure::Overflow(needed)),
            (Ok(()), Ok(())) => Ok(()),
            (finished, handled) => {
                // Nobody but the host can learn why: the client gets a status.
                event!(WARN, service = S::NAME, ?handled, ?finished, "a handler failed");
                Err(Failure::Handler)
            }
        }
    }

    fn batch(&self, payload: &[u8], items: u32, budget: usize, out: &mut Vec<u8>) -> Result<(), Failure> {
        let Ok(batch) = Batch::parse(payload, items) else { return Err(Failure::Malformed) };
        if !S::BATCHABLE {
            return Err(Failure::Malformed);
        }
        let mut builder = BatchBuilder::new(out, budget, items)?;
        for item in batch.iter() {
            builder.push_with(|out, budget| self.single(item, budget, out))?;
        }
        builder.finish();
        Ok(())
    }
}

impl From<BatchFull> for Failure {
    fn from(full: BatchFull) -> Self {
        match full {
            BatchFull::Bytes { needed, .. } => Self::Overflow(needed),
            // Not reached: the builder has a slot for each item of the request.
            _ => Self::Handler,
        }
    }
}

impl<S, H> Responder for Typed<S, H>
where
    S: Service,
    H: for<'a, 'b> Fn(S::Request<'a>, &mut S::ReplyBuilder<'b>) -> Result<(), HandlerError> + Send + Sync,
{
    fn answer(&self, request: &Header, payload: &[u8], budget: usize, out: &mut Vec<u8>) -> Answer {
        if request.code != S::METHOD {
            return Answer { header: request.failure(Status::UNSUPPORTED), overflow: None };
        }
        // Unwind safety: what a panic can leave torn here is the reply, which is thrown away. What the handler itself
        // shares between calls is behind `&self`, and so its own affair.
        let result = catch_unwind(AssertUnwindSafe(|| {
            if request.is_batch() {
                self.batch(payload, request.item_count, budget, out)
            } else {
                self.single(payload, budget, out)
            }
        }));
        let (status, overflow) = match result {
            Ok(Ok(())) => {
                // A budget is a u32, and no payload exceeds it.
                let header = request.response(u32::try_from(out.len()).unwrap_or(u32::MAX));
                let header = if request.is_batch() { header.batch(request.item_count) } else { header };
                return Answer { header, overflow: None };
            }
            Ok(Err(Failure::Overflow(needed))) => (Status::LIMIT_EXCEEDED, Some(needed)),
            Ok(Err(Failure::Malformed)) => (Status::BAD_ENVELOPE, None),
            Ok(Err(Failure::Handler)) => (Status::INTERNAL_ERROR, None),
            Err(panic) => {
                event!(ERROR, service = S::NAME, "a handler panicked");
                // Dropping it runs the handler's code, which could panic in its turn.
                if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
                    std::mem::forget(second);
                }
                (Status::INTERNAL_ERROR, None)
            }
        };
        out.clear();
        Answer { header: request.failure(status), overflow }
    }
}
