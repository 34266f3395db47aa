//! The plugin-ipc wire protocol.
