//! How the command fails: one sentence, and an exit code that scripts can tell apart.

use std::fmt;
use std::process::ExitCode;

use netipc::{Error, ErrorKind, Status};
use serde_json::json;

use crate::host::HostError;

/// Why the command could not do what it was asked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: Kind,
    message: String,
}

/// The kinds of the library, and one for a command line that makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Usage,
    Library(ErrorKind),
}

impl Failure {
    /// The command line asks for what cannot be.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { kind: Kind::Usage, message: message.into() }
    }

    /// The system refused something that is no business of the library.
    pub(crate) fn io(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Io, message)
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind: Kind::Library(kind), message: message.into() }
    }

    /// What clap has to say, without the pages that it would add.
    pub(crate) fn from_clap(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let paragraph = text.split("\n\n").next().unwrap_or_default();
        let sentence: Vec<_> = paragraph.split_whitespace().collect();
        let sentence = sentence.join(" ");
        let sentence = sentence.strip_prefix("error: ").unwrap_or(&sentence);
        Self::usage(format!("{}; see --help", sentence.trim_end_matches('.')))
    }

    /// Tells people, and with `json` programs too, on the standard error stream.
    pub(crate) fn report(&self, json: bool) -> ExitCode {
        eprintln!("netipc: {self}");
        if json {
            eprintln!("{}", json!({"error": {"kind": self.kind_name(), "message": self.message}}));
        }
        ExitCode::from(self.exit_code())
    }

    pub(crate) fn exit_code(&self) -> u8 {
        match self.kind {
            Kind::Usage | Kind::Library(ErrorKind::ApiMisuse) => 2,
            Kind::Library(ErrorKind::NotFound) => 3,
            Kind::Library(ErrorKind::Denied | ErrorKind::Incompatible) => 4,
            Kind::Library(ErrorKind::Timeout) => 5,
            Kind::Library(_) => 1,
        }
    }

    fn kind_name(&self) -> &'static str {
        match self.kind {
            Kind::Usage => "usage",
            Kind::Library(kind) => kind.name(),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<&Error> for Failure {
    /// A client that is not ready fails for the reason why it is not.
    fn from(error: &Error) -> Self {
        match error {
            Error::NotReady { cause: Some(cause), .. } => Self::from(&**cause),
            _ => {
                let mut message = sentence(error);
                if let Some(remedy) = remedy(error) {
                    message = format!("{message}; {remedy}");
                }
                Self::new(error.kind(), message)
            }
        }
    }
}

/// What the library cannot say, since it does not know the options of this command.
fn remedy(error: &Error) -> Option<&'static str> {
    match error {
        Error::LimitExceeded { .. } => Some("raise --max-request or --max-response"),
        Error::Rejected(Status::UNSUPPORTED) => Some("it serves something else, check --service"),
        Error::Rejected(Status::LIMIT_EXCEEDED) => Some("raise --max-response of the provider"),
        Error::Timeout { .. } => Some("see whether the provider is busy, or allow more with --timeout"),
        Error::AddressInUse { .. } => Some("stop that, or choose another --service or --run-dir"),
        Error::Disconnected { .. } => Some("see whether the provider still runs, and call again"),
        _ => None,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::from(&error)
    }
}

impl From<HostError> for Failure {
    fn from(error: HostError) -> Self {
        Self::io(error.to_string())
    }
}

/// An error and its causes on one line, leaving out a cause that the sentence before it already tells.
fn sentence(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_follow_the_kind() {
        let code = |kind| Failure::new(kind, "x").exit_code();
        assert_eq!(Failure::usage("x").exit_code(), 2);
        assert_eq!(code(ErrorKind::ApiMisuse), 2);
        assert_eq!(code(ErrorKind::NotFound), 3);
        assert_eq!(code(ErrorKind::Denied), 4);
        assert_eq!(code(ErrorKind::Incompatible), 4);
        assert_eq!(code(ErrorKind::Timeout), 5);
        assert_eq!(code(ErrorKind::Disconnected), 1);
        assert_eq!(code(ErrorKind::Rejected), 1);
    }

    #[test]
    fn a_cause_that_was_told_is_not_told_again() {
        let source = std::io::Error::from_raw_os_error(13);
        let told = HostError::Unreadable { path: "/x".into(), source };
        assert_eq!(sentence(&told).matches("denied").count(), 1);
    }
}
