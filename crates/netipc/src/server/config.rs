//! How a server behaves.

use std::time::Duration;

use netipc_proto::limits;

use crate::listener::ListenerConfig;

/// How a server behaves. Every default is meant to be left alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerConfig {
    /// Who may connect, what is granted, and how long arriving may take. A response limit that is not configured grows
    /// with what responses need.
    pub listener: ListenerConfig,
    /// How far limits that are not configured grow, in bytes: responses as they need it, requests as clients ask for it.
    /// Default: 1 MiB.
    pub growth_ceiling: u32,
    /// Most threads that serve sessions and run handlers, 1 or more. They are started as they are needed. Default: 16.
    pub max_workers: usize,
    /// How long a client may leave a response unread before its session is closed. Default: 30 s.
    pub write_stall_timeout: Duration,
    /// How long handlers may go on after a stop. Default: 5 s.
    pub drain_timeout: Duration,
    /// Whether it answers [inspection](crate::inspect): counters to whoever may connect, sessions only to its own user and
    /// to root. Default: true.
    pub inspectable: bool,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            listener: ListenerConfig::default(),
            growth_ceiling: limits::DEFAULT_GROWTH_CEILING,
            max_workers: 16,
            write_stall_timeout: Duration::from_secs(30),
            drain_timeout: Duration::from_secs(5),
            inspectable: true,
        }
    }
}
