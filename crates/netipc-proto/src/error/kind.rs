//! The error kinds, one row each.

use core::fmt;

/// Who or what is at fault, the same in every language; the numbers never change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u16)]
pub enum ErrorKind {
    /// The caller used the library against its rules.
    ApiMisuse = 1,
    /// The client is not connected.
    NotReady = 2,
    /// The bytes received do not form a message.
    InvalidMessage = 3,
    /// The peer broke a rule of the protocol with well-formed bytes.
    PeerMisbehaved = 4,
    /// The peer speaks another version or shares no profile.
    Incompatible = 5,
    /// The peer answered with a failure status.
    Rejected = 6,
    /// Access was refused.
    Denied = 7,
    /// A size or a count is over its limit.
    LimitExceeded = 8,
    /// Another server owns the endpoint.
    AddressInUse = 9,
    /// Nobody serves the endpoint.
    NotFound = 10,
    /// The connection is gone.
    Disconnected = 11,
    /// The deadline passed.
    Timeout = 12,
    /// The call was aborted.
    Aborted = 13,
    /// The operating system failed an operation.
    Io = 14,
    /// A defect of this library.
    Bug = 15,
    /// The operation would have to wait.
    WouldBlock = 16,
    /// This platform or profile cannot do it.
    Unsupported = 17,
}

impl ErrorKind {
    /// The number that every language uses for this kind.
    #[must_use]
    pub const fn code(self) -> u16 {
        self as u16
    }

    /// The lower-case name, words joined by underscores.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ApiMisuse => "api_misuse",
            Self::NotReady => "not_ready",
            Self::InvalidMessage => "invalid_message",
            Self::PeerMisbehaved => "peer_misbehaved",
            Self::Incompatible => "incompatible",
            Self::Rejected => "rejected",
            Self::Denied => "denied",
            Self::LimitExceeded => "limit_exceeded",
            Self::AddressInUse => "address_in_use",
            Self::NotFound => "not_found",
            Self::Disconnected => "disconnected",
            Self::Timeout => "timeout",
            Self::Aborted => "aborted",
            Self::Io => "io",
            Self::Bug => "bug",
            Self::WouldBlock => "would_block",
            Self::Unsupported => "unsupported",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
