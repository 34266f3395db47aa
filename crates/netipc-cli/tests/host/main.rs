//! The host provider on trees modelled on real hosts; see `tests/fixtures/`.

mod fixture;
mod provider;
mod trees;
