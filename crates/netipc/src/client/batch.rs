//! Several calls in one message.

use std::marker::PhantomData;
use std::time::Duration;

use netipc_proto::batch::{Batch, BatchBuilder, BatchFull};
use netipc_proto::codec::{BuildError, Writer};
use netipc_proto::header::Header;
use netipc_proto::service::Service;

use crate::client::{Client, request_header};
use crate::connection::Envelope;
use crate::error::Error;

/// The replies of a batch, in the order of its queries. Valid until the client is used again.
#[derive(Debug, Clone, Copy)]
pub struct BatchReply<'a, S> {
    items: Option<Batch<'a>>,
    service: PhantomData<fn() -> S>,
}

impl<'a, S: Service> BatchReply<'a, S> {
    /// Number of replies.
    pub fn len(&self) -> usize {
        self.items.map_or(0, |items| items.iter().len())
    }

    /// True for the reply to an empty batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The replies, each decoded when it is reached.
    pub fn iter(&self) -> impl Iterator<Item = Result<S::Reply<'a>, Error>> + use<'a, S> {
        let items = self.items;
        items.into_iter().flat_map(|items| items.iter()).map(|item| S::decode_reply(item).map_err(Error::from))
    }
}

/// Keeps apart what a batch could not hold and what a query got wrong.
enum Unbuilt {
    Full(BatchFull),
    Query(BuildError),
}

impl From<BatchFull> for Unbuilt {
    fn from(full: BatchFull) -> Self {
        Self::Full(full)
    }
}

impl<S: Service> Client<S> {
    /// Calls the service once for all queries, in one message each way.
    ///
    /// The server answers all of them or none. At most [`SessionConfig::max_batch_items`](crate::SessionConfig) queries;
    /// an empty batch does no I/O.
    ///
    /// # Errors
    ///
    /// As [`Client::call`]; `ApiMisuse` when the service has no batches, `LimitExceeded` when there are more queries than
    /// agreed.
    pub fn call_batch(&mut self, queries: &[S::Query<'_>]) -> Result<BatchReply<'_, S>, Error> {
        self.call_batch_within(queries, Duration::ZERO)
    }

    /// As [`Client::call_batch`], with a timeout of its own; zero stands for
    /// [`ClientConfig::call_timeout`](crate::ClientConfig).
    ///
    /// # Errors
    ///
    /// As [`Client::call_batch`].
    pub fn call_batch_within(
        &mut self,
        queries: &[S::Query<'_>],
        timeout: Duration,
    ) -> Result<BatchReply<'_, S>, Error> {
        let envelope = self.exchange_batch(queries, timeout);
        let reply = envelope.and_then(|envelope| {
            let Some(envelope) = envelope else { return Ok(BatchReply { items: None, service: PhantomData }) };
            let message = self.link.message(&envelope)?;
            let items = Batch::parse(message.payload, message.header.item_count)
                .map_err(|error| Error::Violation(error.into()))?;
            Ok(BatchReply { items: Some(items), service: PhantomData })
        });
        self.tally.count(reply.is_ok());
        reply
    }

    fn exchange_batch(&mut self, queries: &[S::Query<'_>], timeout: Duration) -> Result<Option<Envelope>, Error> {
        self.link.check_ready()?;
        if !S::BATCHABLE {
            return Err(Error::misuse(format!("the service {} takes no batches: call it for each query", S::NAME)));
        }
        if queries.is_empty() {
            return Ok(None);
        }
        let deadline = self.link.deadline(timeout);
        let header = self.build_batch(queries)?;
        self.link.exchange(header, &self.request, S::IDEMPOTENT, deadline).map(Some)
    }

    fn build_batch(&mut self, queries: &[S::Query<'_>]) -> Result<Header, Error> {
        let allowed = self.link.session()?.agreed().request.max_items;
        let items = u32::try_from(queries.len()).unwrap_or(u32::MAX);
        if items > allowed {
            return Err(Error::LimitExceeded { what: "a batch", got: queries.len() as u64, allowed: allowed.into() });
        }
        self.request.clear();
        let mut builder =
            BatchBuilder::new(&mut self.request, self.link.request_ceiling(), items).map_err(batch_error)?;
        for &query in queries {
            builder
                .push_with(|out, budget| S::encode_request(query, Writer::new(out, budget)).map_err(Unbuilt::Query))
                .map_err(|unbuilt| match unbuilt {
                    Unbuilt::Full(full) => batch_error(full),
                    Unbuilt::Query(error) => error.into(),
                })?;
        }
        builder.finish();
        Ok(request_header::<S>(&self.request).batch(items))
    }
}

fn batch_error(full: BatchFull) -> Error {
    match full {
        BatchFull::Bytes { needed, budget } => {
            Error::LimitExceeded { what: "a batch payload", got: needed as u64, allowed: budget as u64 }
        }
        _ => Error::Bug("a batch has fewer slots than queries"),
    }
}
