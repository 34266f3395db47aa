//! What the client's engine for lookups must know of a service.

use super::Service;
use crate::codec::{BuildError, Stitcher, Writer};

/// What the item of a reply means for who asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// An answer, also when it is that nothing is known.
    Final,
    /// The reply was full; the key is to be asked for again.
    Exceeded,
    /// The item does not fit even alone.
    Oversized,
}

/// A service whose request is a list of keys, and whose reply has one item for each key, in their order.
///
/// One logical call may take several requests: a client sends as many keys at once as fit ([`key_len`](Self::key_len),
/// [`short_len`](Self::short_len)), looks at what it gets ([`outcome`](Self::outcome), [`echoes`](Self::echoes),
/// [`generation`](Self::generation)), asks again for what is missing, and puts the items together with a
/// [`stitcher`](Self::stitcher). The result is a reply like any other.
///
/// The [`Service::Query`] of a lookup is a slice of [`Key`](Self::Key)s.
///
/// # Example
///
/// Two replies become one, whatever the service:
///
/// ```
/// use netipc_proto::codec::{BuildError, Writer};
/// use netipc_proto::service::Lookup;
///
/// fn join<S: Lookup>(parts: &[S::Reply<'_>], ceiling: usize) -> Result<Vec<u8>, BuildError> {
///     let mut payload = Vec::new();
///     let keys = parts.iter().map(|part| S::len(part)).sum();
///     let mut whole = S::stitcher(Writer::new(&mut payload, ceiling), keys);
///     for part in parts {
///         for index in 0..S::len(part) {
///             whole.copy(S::item_bytes(part, index))?;
///         }
///     }
///     S::finish_stitched(whole, parts.first().map_or(0, S::generation))?;
///     Ok(payload)
/// }
/// ```
pub trait Lookup: Service {
    /// One key, as a caller passes it.
    type Key<'a>: Copy;

    /// Bytes of a request without keys. [`ListLen`](crate::codec::ListLen) adds the keys.
    const REQUEST_LEN: usize;
    /// Bytes of a reply without items.
    const REPLY_LEN: usize;

    /// Appends the request payload for `keys`; the same as [`Service::encode_request`].
    ///
    /// # Errors
    ///
    /// A key that breaks a rule, or [`BuildError::Overflow`]; nothing stays in the buffer then.
    fn encode_keys(keys: &[Self::Key<'_>], out: Writer<'_>) -> Result<(), BuildError>;

    /// Checks the rules of a key, which do not include its size as a whole.
    ///
    /// # Errors
    ///
    /// [`BuildError::Invalid`] with the first rule it breaks.
    fn check_key(key: Self::Key<'_>) -> Result<(), BuildError>;

    /// Bytes of the key's item in a request, without padding.
    fn key_len(key: Self::Key<'_>) -> usize;

    /// Bytes of the item of a reply that says only that the key got no answer, without padding. No item is shorter.
    fn short_len(key: Self::Key<'_>) -> usize;

    /// How many items the reply has.
    fn len(reply: &Self::Reply<'_>) -> usize;

    /// What must be equal in all replies that one logical answer is made of.
    fn generation(reply: &Self::Reply<'_>) -> u64;

    /// What the item at `index` means; [`Outcome::Final`] when there are not that many.
    fn outcome(reply: &Self::Reply<'_>, index: usize) -> Outcome;

    /// Whether the item at `index` is there and repeats `key`.
    fn echoes(reply: &Self::Reply<'_>, index: usize, key: Self::Key<'_>) -> bool;

    /// The bytes of the item at `index`, for a [`Stitcher`]; none when there are not that many.
    fn item_bytes<'a>(reply: &Self::Reply<'a>, index: usize) -> &'a [u8];

    /// Starts a reply to `keys` keys, made of the items of others. The writer's budget is its ceiling.
    fn stitcher(out: Writer<'_>, keys: usize) -> Stitcher<'_> {
        Stitcher::new(out, Self::REPLY_LEN, keys)
    }

    /// Appends the item that says that the answer to `key` does not fit.
    ///
    /// # Errors
    ///
    /// A key that breaks a rule, or [`BuildError::Overflow`].
    fn push_oversized(stitcher: &mut Stitcher<'_>, key: Self::Key<'_>) -> Result<(), BuildError>;

    /// Ends a stitched reply.
    ///
    /// # Errors
    ///
    /// [`BuildError::Overflow`] when something did not fit; nothing stays in the buffer then.
    fn finish_stitched(stitcher: Stitcher<'_>, generation: u64) -> Result<(), BuildError>;

    /// The view of a reply that [`Service::decode_reply`] accepted before, or that was stitched of such replies' items,
    /// without checking it again.
    ///
    /// Other bytes give an unspecified view, never a panic.
    fn view_reply(payload: &[u8]) -> Self::Reply<'_>;
}
