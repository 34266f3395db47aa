//! Why a driver stops.

use std::io;

use rustix::io::Errno;

use crate::protocol::Malformed;

#[derive(Debug)]
pub(super) enum Failure {
    /// It cannot do this at all.
    Absent(String),
    /// It went wrong.
    Failed(String),
}

impl Failure {
    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::Failed(reason.into())
    }

    /// An answer is not what it has to be.
    pub(super) fn wrong(got: impl std::fmt::Debug, expected: impl std::fmt::Debug) -> Self {
        Self::Failed(format!("a wrong response: got {got:?}, expected {expected:?}"))
    }
}

/// Fails unless both are the same.
pub(super) fn expect<T: PartialEq + std::fmt::Debug>(got: T, expected: T) -> Result<(), Failure> {
    if got == expected { Ok(()) } else { Err(Failure::wrong(got, expected)) }
}

fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

impl From<netipc::Error> for Failure {
    fn from(error: netipc::Error) -> Self {
        Self::Failed(told(&error))
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Failed(told(&error))
    }
}

impl From<Errno> for Failure {
    fn from(errno: Errno) -> Self {
        io::Error::from(errno).into()
    }
}

impl From<Malformed> for Failure {
    fn from(error: Malformed) -> Self {
        Self::Failed(told(&error))
    }
}
