//! One call that connects first when it has to, for those who keep the payload.

use std::time::Duration;

use netipc_proto::service::Service;

use crate::client::{Client, State};
use crate::error::Error;

impl<S: Service> Client<S> {
    /// Connects if there is no session, calls, and lends the payload of the reply to `take`; all within the timeout, zero
    /// standing for [`ClientConfig::call_timeout`](crate::ClientConfig).
    ///
    /// What `take` makes of the payload is the outcome of the call. The memory that a large reply needed is given back.
    pub(crate) fn fetch<T>(
        &mut self,
        query: S::Query<'_>,
        timeout: Duration,
        take: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let taken = self.fetch_payload(query, timeout, take);
        self.tally.count(taken.is_ok());
        if let Ok(session) = self.link.session() {
            session.connection().release();
        }
        taken
    }

    fn fetch_payload<T>(
        &mut self,
        query: S::Query<'_>,
        timeout: Duration,
        take: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.link.abort().check()?;
        let deadline = self.link.deadline(timeout);
        // A refusal that only a reset can cure is told by the call.
        if !matches!(self.link.state(), State::AuthFailed | State::Incompatible) {
            self.link.revive(deadline)?;
        }
        let envelope = self.exchange_by(query, deadline)?;
        take(self.link.message(&envelope)?.payload)
    }
}
