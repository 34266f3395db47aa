//! Schema compiler.
