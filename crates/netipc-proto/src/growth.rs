//! How limits grow: the client's proposals, and what a server learns from traffic.
//!
//! This module must not know sessions. It answers one question: which numbers go into the next handshake.
//!
//! ```
//! use netipc_proto::growth::{Growth, Payloads};
//!
//! let configured = Payloads { request: 1024, response: 65536 };
//! let mut growth = Growth::new(configured, 1 << 20);
//! growth.response_too_small(65536);
//! assert_eq!(growth.proposal().response, 131_072);
//! growth.refused();
//! assert_eq!(growth.proposal(), configured);
//! ```

/// Smallest limit that growth leads to.
pub const MIN_GROWN: u32 = 16;

/// How often one logical call may grow a limit and reconnect.
pub const MAX_ROUNDS: u32 = 8;

/// The smallest power of two that is at least `n`, at least [`MIN_GROWN`] and at most 2^31.
#[must_use]
pub const fn next_pow2(n: u32) -> u32 {
    if n <= MIN_GROWN {
        return MIN_GROWN;
    }
    match n.checked_next_power_of_two() {
        Some(power) => power,
        None => 1 << 31,
    }
}

/// The limit that follows after a message did not fit an agreed limit of `agreed`.
#[must_use]
pub const fn doubled(agreed: u32) -> u32 {
    next_pow2(agreed.saturating_mul(2))
}

/// A payload limit for each direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Payloads {
    /// Largest request payload.
    pub request: u32,
    /// Largest response payload.
    pub response: u32,
}

/// What a client proposes next.
///
/// Proposals grow up to a ceiling and never shrink by themselves; only a refusal takes them back to what was
/// configured, so that no refused number ever comes twice by itself (NIPC-L2C-23).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth {
    configured: Payloads,
    proposal: Payloads,
    ceiling: u32,
}

impl Growth {
    /// Starts at `configured`. A configured limit above `ceiling` stays, but does not grow.
    #[must_use]
    pub const fn new(configured: Payloads, ceiling: u32) -> Growth {
        Growth { configured, proposal: configured, ceiling }
    }

    /// What the next HELLO proposes.
    #[must_use]
    pub const fn proposal(&self) -> Payloads {
        self.proposal
    }

    /// A response did not fit the agreed limit of `agreed` bytes. Returns whether the proposal grew.
    pub fn response_too_small(&mut self, agreed: u32) -> bool {
        let wanted = doubled(agreed).min(self.ceiling);
        raise(&mut self.proposal.response, wanted)
    }

    /// A request of `needed` bytes did not fit the agreed limit. Returns whether the proposal grew.
    pub fn request_too_small(&mut self, needed: u32) -> bool {
        let wanted = next_pow2(needed).min(self.ceiling);
        raise(&mut self.proposal.request, wanted)
    }

    /// Whether a request of `needed` bytes can ever be proposed.
    #[must_use]
    pub fn can_carry(&self, needed: u32) -> bool {
        needed <= self.ceiling.max(self.configured.request)
    }

    /// The server refused the proposal: the next one is what was configured.
    pub fn refused(&mut self) {
        self.proposal = self.configured;
    }
}

fn raise(limit: &mut u32, wanted: u32) -> bool {
    let grew = wanted > *limit;
    if grew {
        *limit = wanted;
    }
    grew
}

/// Bounds the growth rounds of one logical call (NIPC-L2C-24).
#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    left: u32,
    agreed: Payloads,
}

impl Rounds {
    /// For a call that starts on a session with these agreed limits.
    #[must_use]
    pub const fn new(agreed: Payloads) -> Rounds {
        Rounds { left: MAX_ROUNDS, agreed }
    }

    /// Whether the call may grow a limit and reconnect once more; counts that round.
    pub fn start(&mut self) -> bool {
        let may = self.left > 0;
        self.left = self.left.saturating_sub(1);
        may
    }

    /// After the reconnect: whether it changed an agreed limit. When it did not, more rounds are pointless.
    pub fn progressed(&mut self, agreed: Payloads) -> bool {
        let changed = agreed != self.agreed;
        self.agreed = agreed;
        changed
    }
}

/// A limit of one direction that a server raises as it sees traffic. What it learns applies to later sessions
/// (NIPC-L2S-18, NIPC-L2S-19).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Learned {
    limit: u32,
    ceiling: u32,
}

impl Learned {
    /// A configured limit is start and ceiling in one; without one the limit starts at `default` and may grow to
    /// `ceiling`.
    #[must_use]
    pub fn new(configured: Option<u32>, default: u32, ceiling: u32) -> Learned {
        match configured {
            Some(limit) => Learned { limit, ceiling: limit },
            None => Learned { limit: default, ceiling: ceiling.max(default) },
        }
    }

    /// The limit for the next session.
    #[must_use]
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// The limit never goes beyond this.
    #[must_use]
    pub const fn ceiling(&self) -> u32 {
        self.ceiling
    }

    /// A payload of `len` bytes was seen. Returns whether the limit grew.
    pub fn saw(&mut self, len: u32) -> bool {
        raise(&mut self.limit, next_pow2(len).min(self.ceiling))
    }

    /// A message did not fit the limit of `agreed` bytes that its session had. Returns whether the limit grew.
    pub fn overflowed(&mut self, agreed: u32) -> bool {
        raise(&mut self.limit, doubled(agreed).min(self.ceiling))
    }
}
