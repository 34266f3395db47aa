//! The standard services.
