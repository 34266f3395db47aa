//! What one side of a measurement has to do.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::line::{Fields, Malformed};
use super::words::{Mix, Order, Transport, Work};

/// Which side a driver is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Role {
    /// Answers.
    Server,
    /// Asks, and measures.
    Client,
}

/// Everything that a driver has to know before it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// Which side.
    pub role: Role,
    /// What is done.
    pub work: Work,
    /// What sessions run on.
    pub transport: Transport,
    /// 1 or 2.
    pub level: u8,
    /// Where both sides meet. It exists, is empty, and is removed by the runner.
    pub run_dir: PathBuf,
    /// Under which name.
    pub service: String,
    /// The only CPU that may be used.
    pub cpu: Option<usize>,
    /// Items, keys or bytes.
    pub size: u32,
    /// Which keys are known.
    pub mix: Mix,
    /// In which order.
    pub order: Order,
    /// Sessions, or threads.
    pub sessions: u32,
    /// Requests in flight.
    pub depth: u32,
    /// Whether snapshots change.
    pub refresh: bool,
    /// How long a client makes requests that do not count, before it is ready.
    pub warm_millis: u64,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Server => "server",
            Self::Client => "client",
        })
    }
}

impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { role, work, transport, level, service, size, mix, order, sessions, depth, warm_millis, .. } = self;
        let run_dir = self.run_dir.display();
        write!(f, "role={role} work={work} transport={transport} level={level} run_dir={run_dir} service={service} ")?;
        if let Some(cpu) = self.cpu {
            write!(f, "cpu={cpu} ")?;
        }
        let refresh = if self.refresh { "yes" } else { "no" };
        write!(f, "size={size} mix={mix} order={order} sessions={sessions} depth={depth} refresh={refresh} ")?;
        write!(f, "warm_millis={warm_millis}")
    }
}

impl FromStr for Task {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let fields = Fields::parse(text)?;
        Ok(Self {
            role: match fields.required::<String>("role")?.as_str() {
                "server" => Role::Server,
                "client" => Role::Client,
                other => return Err(value("role", other, "expected server or client")),
            },
            work: fields.required("work")?,
            transport: fields.required("transport")?,
            level: fields.required("level")?,
            run_dir: fields.required("run_dir")?,
            service: fields.required("service")?,
            cpu: fields.optional("cpu")?,
            size: fields.required("size")?,
            mix: fields.required::<Mix>("mix")?,
            order: fields.required::<Order>("order")?,
            sessions: fields.required("sessions")?,
            depth: fields.required("depth")?,
            refresh: match fields.required::<String>("refresh")?.as_str() {
                "yes" => true,
                "no" => false,
                other => return Err(value("refresh", other, "expected yes or no")),
            },
            warm_millis: fields.required("warm_millis")?,
        })
    }
}

fn value(field: &str, value: &str, reason: &str) -> Malformed {
    Malformed::Value { field: field.to_owned(), value: value.to_owned(), reason: reason.to_owned() }
}
