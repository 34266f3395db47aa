//! What the two sides have to say to each other.

use netipc_proto::batch::BatchBuilder;
use netipc_proto::header::Header;

use crate::common::pattern;

/// A payload, and its item count when it is a batch.
#[derive(Clone, Debug)]
pub(crate) struct Message {
    pub(crate) payload: Vec<u8>,
    items: Option<u32>,
}

impl Message {
    /// `len` bytes that depend on `tag`.
    pub(crate) fn single(len: usize, tag: u8) -> Message {
        let payload = pattern(len).iter().map(|byte| byte ^ tag).collect();
        Message { payload, items: None }
    }

    /// A batch of items of `len` bytes.
    pub(crate) fn batch(items: u32, len: usize) -> Message {
        let mut payload = Vec::new();
        let mut builder = BatchBuilder::new(&mut payload, 1024, items).unwrap();
        for _ in 0..items {
            builder.push(&pattern(len)).unwrap();
        }
        builder.finish();
        Message { payload, items: Some(items) }
    }

    /// The header that `single` becomes when it opens this message.
    pub(crate) fn header(&self, mut single: Header) -> Header {
        single.payload_len = self.payload.len() as u32;
        match self.items {
            Some(items) => single.batch(items),
            None => single,
        }
    }
}

/// The calls of a client and their answers; the message id of a call is its position.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    /// Request and response of each call.
    pub(crate) calls: Vec<(Message, Message)>,
    /// Calls that may be in flight at once.
    pub(crate) window: usize,
}
