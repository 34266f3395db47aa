//! Tests that need to see, or end, what no public interface shows.

pub(crate) mod kill;
