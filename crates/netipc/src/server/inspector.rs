//! What a server tells of itself to who asks. See `spec/inspect.md`.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};
use std::time::{Duration, Instant};

use netipc_proto::codec::BuildError;
use netipc_proto::header::{Header, Status};
use netipc_proto::limits::Agreed;
use netipc_proto::profile::Profiles;
use netipc_proto::service::Service;

use crate::inspect::{Implementation, Inspect, Question, Reason, ReportBuilder, Session};
use crate::server::answer::{Answer, Responder, Typed};
use crate::server::config::ServerConfig;
use crate::server::engine::{Engine, lock};
use crate::server::stats::ServerStatus;
use crate::sys::credentials::PeerCredentials;
use crate::trace::event;

/// What a server knows of itself, apart from its service.
#[derive(Debug)]
pub(crate) struct Inspector {
    registry: Arc<Registry>,
    bound: Instant,
    max_sessions: u32,
    profiles: Profiles,
    max_request: u32,
    inspectable: bool,
    engine: OnceLock<Weak<Engine>>,
}

/// The sessions of a server, by their ids.
type Registry = Mutex<BTreeMap<u64, Arc<Facts>>>;

/// What is known of a session.
#[derive(Debug)]
struct Facts {
    agreed: Agreed,
    reason: Reason,
    peer: PeerCredentials,
    since: Instant,
    /// Milliseconds from then to the last request.
    last: AtomicU64,
    answered: AtomicU64,
    failed: AtomicU64,
}

/// A session is known for as long as this lives.
#[derive(Debug)]
pub(crate) struct Entry {
    registry: Arc<Registry>,
    facts: Arc<Facts>,
}

impl Inspector {
    pub(crate) fn new(config: &ServerConfig, max_request: u32) -> Self {
        Self {
            registry: Arc::default(),
            bound: Instant::now(),
            max_sessions: u32::try_from(config.listener.max_sessions).unwrap_or(u32::MAX),
            profiles: config.listener.supported,
            max_request,
            inspectable: config.inspectable,
            engine: OnceLock::new(),
        }
    }

    /// The engine whose status is told.
    pub(crate) fn attach(&self, engine: &Arc<Engine>) {
        // There is one, from the bind on.
        let _ = self.engine.set(Arc::downgrade(engine));
    }

    /// Makes a new session known.
    pub(crate) fn enter(&self, agreed: &Agreed, reason: Reason, peer: PeerCredentials) -> Entry {
        let facts = Arc::new(Facts {
            agreed: *agreed,
            reason,
            peer,
            since: Instant::now(),
            last: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        });
        event!(DEBUG, session = agreed.session_id, pid = peer.pid, uid = peer.uid, profile = %agreed.profile, reason = reason.name(), "a session began");
        lock(&self.registry).insert(agreed.session_id, Arc::clone(&facts));
        Entry { registry: Arc::clone(&self.registry), facts }
    }

    /// Answers a request for inspection; none when it is one for the service. NIPC-INS-01, NIPC-INS-02.
    pub(crate) fn answer(
        &self,
        peer: PeerCredentials,
        request: &Header,
        payload: &[u8],
        budget: usize,
        out: &mut Vec<u8>,
    ) -> Option<Answer> {
        if request.code != Inspect::METHOD || !self.inspectable {
            return None;
        }
        let status = self.engine.get().and_then(Weak::upgrade).map(|engine| engine.status()).unwrap_or_default();
        let typed = Typed::<Inspect, _>::new(|question: Question, report: &mut ReportBuilder<'_>| {
            let most = room(budget).min(question.most as usize);
            Ok(self.tell(&status, peer, Question { most: most as u32, ..question }, report)?)
        });
        Some(typed.answer(request, payload, budget, out))
    }

    fn tell(
        &self,
        status: &ServerStatus,
        peer: PeerCredentials,
        question: Question,
        report: &mut ReportBuilder<'_>,
    ) -> Result<(), BuildError> {
        let may_know = peer.uid == 0 || peer.uid == rustix::process::geteuid().as_raw();
        report
            .implementation(Implementation::IN_RUST)
            .uptime(millis(self.bound.elapsed()))
            .accepted(status.accepted)
            .rejected(status.rejected)
            .dropped(status.dropped)
            .answered(status.answered)
            .failed(status.failed)
            .violations(status.violations)
            .stalled(status.stalled)
            .broken(status.broken)
            .open(u32::try_from(status.sessions).unwrap_or(u32::MAX))
            .workers(u32::try_from(status.workers).unwrap_or(u32::MAX))
            .shm_sessions(u32::try_from(status.shm_sessions).unwrap_or(u32::MAX))
            .shm_fallbacks(status.shm_fallbacks)
            .max_sessions(self.max_sessions)
            .profiles(self.profiles.0)
            .max_request(self.max_request)
            .max_response(status.max_response_payload)
            .withheld(u32::from(!may_know));
        if may_know {
            for session in self.sessions(question.after, question.most as usize) {
                report.push(session)?;
            }
        }
        Ok(())
    }

    /// Sessions with the least ids above one, no more than so many. NIPC-INS-04.
    fn sessions(&self, after: u64, most: usize) -> Vec<Session> {
        let registry = lock(&self.registry);
        let above = registry.range((Bound::Excluded(after), Bound::Unbounded));
        above.take(most).map(|(_, facts)| facts.session()).collect()
    }
}

/// How many sessions a report of so many bytes has room for. NIPC-INS-04.
fn room(budget: usize) -> usize {
    /// The fixed part of a report.
    const REPORT: usize = 120;
    /// That of a session, with the entry of the directory that leads to it.
    const SESSION: usize = 72 + 8;
    budget.saturating_sub(REPORT) / SESSION
}

impl Facts {
    fn session(&self) -> Session {
        let age = millis(self.since.elapsed());
        Session {
            reason: self.reason,
            profile: self.agreed.profile.0,
            id: self.agreed.session_id,
            pid: u32::try_from(self.peer.pid).unwrap_or(0),
            uid: self.peer.uid,
            gid: self.peer.gid,
            packet_size: self.agreed.packet_size,
            max_request: self.agreed.request.max_payload,
            max_response: self.agreed.response.max_payload,
            age,
            idle: age.saturating_sub(self.last.load(Ordering::Relaxed)),
            answered: self.answered.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
        }
    }
}

impl Entry {
    /// A request of the session was answered.
    pub(crate) fn answered(&self, status: Status) {
        self.facts.last.store(millis(self.facts.since.elapsed()), Ordering::Relaxed);
        let counter = if status.is_ok() { &self.facts.answered } else { &self.facts.failed };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        let Facts { agreed, answered, failed, .. } = &*self.facts;
        event!(DEBUG, session = agreed.session_id, ?answered, ?failed, "a session ended");
        lock(&self.registry).remove(&agreed.session_id);
    }
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
