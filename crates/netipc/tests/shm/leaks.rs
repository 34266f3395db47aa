//! Nothing is left, however often.
