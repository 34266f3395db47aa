//! How clients and servers are configured for a task.

use std::time::Duration;

use netipc::{Agreed, Client, ClientConfig, Deadline, Endpoint, ListenerConfig, Profiles, ServerConfig, Service};
use netipc::{Session, SessionConfig};

use super::failure::{Failure, expect};
use crate::protocol::{Task, Transport, Work};

/// Most items of a batch.
pub(super) const MAX_BATCH: u32 = 1000;

/// Room for the largest snapshot, so that no measurement begins with growing.
const LARGE: u32 = 1 << 20;

/// Longer than any answer takes that is not lost.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn endpoint(task: &Task) -> Result<Endpoint, Failure> {
    Ok(Endpoint::new(task.run_dir.clone(), &*task.service)?)
}

fn profiles(task: &Task) -> (Profiles, Profiles) {
    match task.transport {
        Transport::Uds => (Profiles::BASELINE, Profiles::NONE),
        Transport::Shm => (Profiles::BASELINE | Profiles::SHM_HYBRID, Profiles::SHM_HYBRID),
    }
}

pub(super) fn listener(task: &Task) -> ListenerConfig {
    let mut config = ListenerConfig::default();
    (config.supported, config.preferred) = profiles(task);
    if is_large(task) {
        config.max_response_payload = Some(LARGE);
    }
    config
}

pub(super) fn server(task: &Task) -> ServerConfig {
    let mut config = ServerConfig::default();
    config.listener = listener(task);
    config
}

pub(super) fn session(task: &Task) -> SessionConfig {
    let mut config = SessionConfig::default();
    (config.supported, config.preferred) = profiles(task);
    if matches!(task.work, Work::Batch | Work::PipelineBatch) {
        config.max_batch_items = MAX_BATCH;
        config.max_request_payload = 16 * (MAX_BATCH + 1);
    }
    if is_large(task) {
        config.max_response_payload = LARGE;
    }
    config
}

fn is_large(task: &Task) -> bool {
    matches!(task.work, Work::Snapshot | Work::CacheLookup)
}

pub(super) fn client_config(task: &Task) -> ClientConfig {
    let mut config = ClientConfig::default();
    config.session = session(task);
    config.call_timeout = PATIENCE;
    config
}

/// A client that is connected over the transport of the task.
pub(super) fn client<S: Service>(task: &Task) -> Result<Client<S>, Failure> {
    let mut client = Client::new(endpoint(task)?, client_config(task));
    client.refresh();
    let status = client.status();
    match (status.agreed, status.cause) {
        (Some(agreed), _) => check_profile(task, &agreed)?,
        (None, Some(cause)) => return Err(Failure::failed(format!("cannot connect: {cause}"))),
        (None, None) => return Err(Failure::failed("cannot connect")),
    }
    Ok(client)
}

pub(super) fn connect(task: &Task) -> Result<Session, Failure> {
    let session = Session::connect(&endpoint(task)?, &session(task), Deadline::after(PATIENCE), None)?;
    check_profile(task, session.agreed())?;
    Ok(session)
}

/// A session that fell back to another transport would measure that.
pub(super) fn check_profile(task: &Task, agreed: &Agreed) -> Result<(), Failure> {
    let wanted = match task.transport {
        Transport::Uds => Profiles::BASELINE,
        Transport::Shm => Profiles::SHM_HYBRID,
    };
    expect(agreed.profile.to_string(), wanted.to_string())
}
