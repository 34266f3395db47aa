//! Unix sockets: how sessions come to be on both sides. Implements `spec/uds.md` and
//! `spec/endpoints.md`.

pub(crate) mod dial;
pub(crate) mod door;
pub(crate) mod guests;
pub(crate) mod reception;
pub(crate) mod takeover;
