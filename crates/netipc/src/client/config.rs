//! How a client behaves.

use std::time::Duration;

use netipc_proto::growth::Payloads;
use netipc_proto::handshake::Proposal;
use netipc_proto::limits;

use crate::client::lookup::LookupLimits;
use crate::session::SessionConfig;

/// How a client behaves. Every default is meant to be left alone.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// What is offered, and the limits that a session starts with. Payload limits grow when a call needs it; a message
    /// that is half there has the time of its call.
    pub session: SessionConfig,
    /// How far payload limits grow, in bytes; also the largest response that is accepted. A larger limit that is
    /// configured counts instead. Default: 1 MiB.
    pub growth_ceiling: u32,
    /// How long a call may take, with everything it does, unless the call says otherwise. Default: 30 s.
    pub call_timeout: Duration,
    /// Bounds of one logical lookup.
    pub lookup: LookupLimits,
    /// How long connecting and the handshake may take together. Default: 5 s.
    pub connect_timeout: Duration,
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self {
            session: SessionConfig::default(),
            growth_ceiling: limits::DEFAULT_GROWTH_CEILING,
            lookup: LookupLimits::default(),
            call_timeout: limits::DEFAULT_CALL_TIMEOUT,
            connect_timeout: limits::DEFAULT_HANDSHAKE_TIMEOUT,
        }
    }
}

impl ClientConfig {
    pub(crate) fn payloads(&self) -> Payloads {
        Payloads { request: self.session.max_request_payload, response: self.session.max_response_payload }
    }

    /// What the next HELLO says once the limits have grown to `payloads`.
    pub(crate) fn proposal(&self, payloads: Payloads) -> Proposal {
        let mut proposal = self.session.proposal();
        proposal.request.max_payload = payloads.request;
        proposal.response.max_payload = payloads.response;
        proposal.response_ceiling = self.growth_ceiling.max(self.session.max_response_payload);
        proposal
    }
}
