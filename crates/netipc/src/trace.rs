//! Events for programs that collect them, with the feature `tracing`; without it they leave no code behind.
//!
//! Nothing is told of payloads, and nothing on the path of a call that succeeds.

/// `event!(LEVEL, fields, "sentence")`, as [`tracing::event!`] takes it without the level's path.
#[cfg(feature = "tracing")]
macro_rules! event {
    ($level:ident, $($arguments:tt)*) => { ::tracing::event!(target: "netipc", ::tracing::Level::$level, $($arguments)*) };
}

#[cfg(not(feature = "tracing"))]
macro_rules! event {
    ($level:ident, $($arguments:tt)*) => {};
}

pub(crate) use event;
