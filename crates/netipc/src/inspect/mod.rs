//! What a server tells of itself, beside its service.
//!
//! Every server of this crate answers [`Inspect`] on its endpoint, unless
//! [`ServerConfig::inspectable`](crate::ServerConfig::inspectable) says otherwise; others answer
//! [`Status::UNSUPPORTED`](crate::Status::UNSUPPORTED), which does no harm.
//!
//! Implements `spec/inspect.md`.
//!
//! # Example
//!
//! ```
//! use netipc::inspect::{Inspect, Question};
//! use netipc::services::Increment;
//! use netipc::{Client, ClientConfig, Endpoint, Server, ServerConfig};
//!
//! # let run_dir = tempfile::tempdir()?;
//! # let run_dir = run_dir.path();
//! let endpoint = Endpoint::new(run_dir, "increment")?;
//! let server = Server::<Increment>::bind(endpoint.clone(), ServerConfig::default(), |request, reply| {
//!     reply.value(request.value + 1)?;
//!     Ok(())
//! })?
//! .spawn()?;
//!
//! let mut client = Client::<Inspect>::new(endpoint, ClientConfig::default());
//! client.refresh();
//! let report = client.call(Question { most: 100, after: 0 })?;
//! assert_eq!((report.open(), report.answered()), (1, 0));
//! for session in report.sessions() {
//!     println!("process {} of user {} has answered {}", session.pid, session.uid, session.answered);
//! }
//! # server.stop()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod prometheus;
mod service;

pub use prometheus::prometheus;
pub use service::{Implementation, Inspect, OwnedReport, Question, Reason, Report, ReportBuilder, Session};

use crate::server::ServerStatus;

impl ServerStatus {
    /// What a server told, as that server's own program would see it, but without `shm_fault`, of which it does not tell.
    pub fn from_report(report: &OwnedReport) -> Self {
        Self {
            sessions: report.open as usize,
            workers: report.workers as usize,
            shm_sessions: report.shm_sessions as usize,
            shm_fallbacks: report.shm_fallbacks,
            accepted: report.accepted,
            rejected: report.rejected,
            dropped: report.dropped,
            answered: report.answered,
            failed: report.failed,
            violations: report.violations,
            stalled: report.stalled,
            broken: report.broken,
            max_response_payload: report.max_response,
            ..Self::default()
        }
    }
}
