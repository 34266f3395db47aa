//! What runner and drivers say to each other: lines of text, see `PROTOCOL.md`.
//!
//! Must not contain: processes or pipes.

mod figures;
mod line;
mod task;
mod words;

pub use figures::Figures;
pub use line::{Malformed, VERSION};
pub use task::{Role, Task};
pub use words::{Load, Mix, Order, Transport, UnknownWord, Work};

use std::fmt;
use std::str::FromStr;

use line::Fields;

/// What the runner says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make ready to serve or call, and warm up.
    Prepare(Box<Task>),
    /// Begin to count. A client makes requests for so long and then reports; a server goes on until it is stopped.
    Start {
        /// How long.
        millis: u64,
        /// How fast.
        load: Load,
    },
    /// Stop counting and report. For servers.
    Stop,
    /// Undo everything and end.
    Quit,
}

/// What a driver says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The first line of all.
    Driver {
        /// Of the protocol.
        version: u32,
        /// What it is written in, as a column is to be headed.
        language: String,
    },
    /// Prepared.
    Ready,
    /// So many requests took so long.
    Latency {
        /// In nanoseconds.
        ns: u64,
        /// How many.
        count: u64,
    },
    /// The window is over.
    Report(Figures),
    /// This driver cannot do what it was asked to prepare, and why.
    Absent(String),
    /// Something went wrong. The run is over.
    Failed(String),
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prepare(task) => write!(f, "prepare {task}"),
            Self::Start { millis, load } => write!(f, "start millis={millis} rate={load}"),
            Self::Stop => f.write_str("stop"),
            Self::Quit => f.write_str("quit"),
        }
    }
}

impl FromStr for Command {
    type Err = Malformed;

    fn from_str(line: &str) -> Result<Self, Malformed> {
        let (word, rest) = split(line);
        match word {
            "prepare" => Ok(Self::Prepare(Box::new(rest.parse()?))),
            "start" => {
                let fields = Fields::parse(rest)?;
                Ok(Self::Start { millis: fields.required("millis")?, load: fields.required("rate")? })
            }
            "stop" => Ok(Self::Stop),
            "quit" => Ok(Self::Quit),
            _ => Err(Malformed::Word(line.to_owned())),
        }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Driver { version, language } => write!(f, "driver version={version} language={language}"),
            Self::Ready => f.write_str("ready"),
            Self::Latency { ns, count } => write!(f, "latency {ns} {count}"),
            Self::Report(figures) => write!(f, "report {figures}"),
            Self::Absent(reason) => write!(f, "absent {}", one_line(reason)),
            Self::Failed(reason) => write!(f, "failed {}", one_line(reason)),
        }
    }
}

impl FromStr for Reply {
    type Err = Malformed;

    fn from_str(line: &str) -> Result<Self, Malformed> {
        let (word, rest) = split(line);
        match word {
            "driver" => {
                let fields = Fields::parse(rest)?;
                Ok(Self::Driver { version: fields.required("version")?, language: fields.required("language")? })
            }
            "ready" => Ok(Self::Ready),
            "latency" => {
                let (ns, count) = split(rest);
                Ok(Self::Latency { ns: line::number("latency", ns)?, count: line::number("latency", count)? })
            }
            "report" => Ok(Self::Report(rest.parse()?)),
            "absent" => Ok(Self::Absent(rest.to_owned())),
            "failed" => Ok(Self::Failed(rest.to_owned())),
            _ => Err(Malformed::Word(line.to_owned())),
        }
    }
}

fn split(line: &str) -> (&str, &str) {
    let line = line.trim();
    line.split_once(' ').unwrap_or((line, ""))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_back_as_they_were() {
        let commands = [
            "prepare role=server work=ping-pong transport=uds level=2 run_dir=/tmp/x service=bench cpu=1 size=1 mix=known \
             order=random sessions=1 depth=16 refresh=no warm_millis=50",
            "prepare role=client work=raw-copy transport=shm level=1 run_dir=/tmp/x service=bench size=10 mix=mixed \
             order=round-robin sessions=4 depth=0 refresh=yes warm_millis=0",
            "start millis=250 rate=max",
            "start millis=250 rate=idle",
            "start millis=250 rate=100000",
            "stop",
            "quit",
        ];
        for line in commands {
            assert_eq!(line.parse::<Command>().unwrap().to_string(), line);
        }
        let replies = [
            "driver version=1 language=rust",
            "ready",
            "latency 1234 17",
            "report requests=17 items=34 elapsed_ns=5 sent=20 cpu_us=3 voluntary=2 involuntary=1 pacing_us=0 sleeps=0",
            "report requests=17 items=34 elapsed_ns=5 sent=20 cpu_us=3 voluntary=2 involuntary=1 pacing_us=0 sleeps=0 unsent=3",
            "absent no shared memory here",
            "failed a wrong answer: 3",
        ];
        for line in replies {
            assert_eq!(line.parse::<Reply>().unwrap().to_string(), line);
        }
    }

    #[test]
    fn unknown_fields_are_passed_over_and_missing_ones_named() {
        let line = "start millis=1 rate=10k colour=blue";
        assert_eq!(line.parse::<Command>().unwrap(), Command::Start { millis: 1, load: Load::Rate(10_000) });
        let told = |line: &str| line.parse::<Command>().unwrap_err().to_string();
        assert_eq!(told("start millis=1"), "the field rate is missing");
        assert!(told("start millis=x rate=max").contains("millis=x"));
        assert!(told("start millis=1 rate=0").contains("rate=0"));
        assert!(told("begin").contains("begin"));
        assert!(told("").contains("\"\""));
        assert!("latency 1".parse::<Reply>().is_err());
        assert!("latency -1 3".parse::<Reply>().is_err());
        assert!("report requests=1".parse::<Reply>().unwrap_err().to_string().contains("is missing"));
    }

    #[test]
    fn a_reason_is_one_line() {
        assert_eq!(Reply::Failed("first\nsecond".into()).to_string(), "failed first second");
    }
}
