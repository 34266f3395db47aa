//! What a cache must know of a service.

use super::Service;
use crate::codec::{Items, Record};

/// A service whose reply is a list of everything there is, which a consumer keeps and looks things up in.
///
/// Two items are the same thing when [`hash`](Self::hash) and [`name`](Self::name) are equal. Generated for every schema
/// with `[service.snapshot]`.
///
/// # Example
///
/// The names of a snapshot, whatever the service:
///
/// ```
/// use netipc_proto::service::Snapshot;
///
/// fn names<S: Snapshot>(payload: &[u8]) -> Result<Vec<Vec<u8>>, netipc_proto::codec::DecodeError> {
///     let reply = S::decode_reply(payload)?;
///     Ok(S::items(&reply).iter().map(|item| S::name(&item).to_vec()).collect())
/// }
/// ```
pub trait Snapshot: Service {
    /// The view of one item.
    type Item<'a>: Record<'a>;

    /// The number that a provider makes of a name. How it does so is its own affair.
    type Hash: Copy + Eq + Into<u64>;

    /// The items of a reply, in order.
    fn items<'a>(reply: &Self::Reply<'a>) -> Items<'a, Self::Item<'a>>;

    /// The hash that the provider gave the item.
    fn hash(item: &Self::Item<'_>) -> Self::Hash;

    /// The name of the item, borrowed from the payload.
    fn name<'a>(item: &Self::Item<'a>) -> &'a [u8];

    /// The version of the data, when the service tells it.
    fn generation(reply: &Self::Reply<'_>) -> Option<u64> {
        let _ = reply;
        None
    }

    /// The view of a payload that [`Service::decode_reply`] accepted before, without looking at its items again: this takes
    /// the same time however many there are.
    ///
    /// Other bytes give an unspecified view, never a panic.
    fn view_reply(payload: &[u8]) -> Self::Reply<'_>;
}
