package proto

import "math/bits"

const (
	// MinGrown is the smallest limit in bytes that growth leads to (NIPC-L2C-23).
	MinGrown uint32 = 16
	// MaxGrowthRounds tells how often one logical call may grow a limit and reconnect (NIPC-L2C-24).
	MaxGrowthRounds = 8

	maxPow2 uint32 = 1 << 31
)

// NextPow2 returns the smallest power of two that is at least n, at least [MinGrown] and at most 2^31 (NIPC-L2C-23).
func NextPow2(n uint32) uint32 {
	switch {
	case n <= MinGrown:
		return MinGrown
	case n > maxPow2:
		return maxPow2
	}
	return 1 << bits.Len32(n-1)
}

// Doubled returns the limit that follows after a message did not fit an agreed limit (NIPC-L2C-21).
func Doubled(agreed uint32) uint32 {
	if agreed >= maxPow2 {
		return maxPow2
	}
	return NextPow2(2 * agreed)
}

// Payloads is a payload limit in bytes for each direction.
type Payloads struct {
	Request, Response uint32
}

// Growth is what a client proposes next (level2.md, section 1.4).
//
// Proposals grow up to a ceiling and never shrink by themselves; only a refusal takes them back to what was configured,
// so that no refused number ever comes twice by itself (NIPC-L2C-23).
type Growth struct {
	configured, proposal Payloads
	ceiling              uint32
}

// NewGrowth starts at configured. A configured limit above ceiling stays, but does not grow.
func NewGrowth(configured Payloads, ceiling uint32) Growth {
	return Growth{configured: configured, proposal: configured, ceiling: ceiling}
}

// Proposal returns what the next HELLO proposes.
func (g *Growth) Proposal() Payloads { return g.proposal }

// ResponseTooSmall is told that a response did not fit the agreed limit of agreed bytes. It returns whether the
// proposal grew (NIPC-L2C-21).
func (g *Growth) ResponseTooSmall(agreed uint32) bool {
	return raise(&g.proposal.Response, min(Doubled(agreed), g.ceiling))
}

// RequestTooSmall is told that a request of needed bytes did not fit the agreed limit. It returns whether the proposal
// grew (NIPC-L2C-22).
func (g *Growth) RequestTooSmall(needed uint32) bool {
	return raise(&g.proposal.Request, min(NextPow2(needed), g.ceiling))
}

// CanCarry tells whether a request of needed bytes can ever be proposed.
func (g *Growth) CanCarry(needed uint32) bool { return needed <= max(g.ceiling, g.configured.Request) }

// Refused is told that the server refused the proposal: the next one is what was configured.
func (g *Growth) Refused() { g.proposal = g.configured }

func raise(limit *uint32, wanted uint32) bool {
	grew := wanted > *limit
	*limit = max(*limit, wanted)
	return grew
}

// Rounds bounds the growth rounds of one logical call (NIPC-L2C-24).
type Rounds struct {
	left   int
	agreed Payloads
}

// NewRounds is for a call that starts on a session with these agreed limits.
func NewRounds(agreed Payloads) Rounds { return Rounds{left: MaxGrowthRounds, agreed: agreed} }

// Start tells whether the call may grow a limit and reconnect once more, and counts that round.
func (r *Rounds) Start() bool {
	if r.left == 0 {
		return false
	}
	r.left--
	return true
}

// Progressed is told the limits that a reconnect agreed on. It returns whether they changed; when they did not, more
// rounds are pointless.
func (r *Rounds) Progressed(agreed Payloads) bool {
	changed := agreed != r.agreed
	r.agreed = agreed
	return changed
}

// Learned is a limit of one direction that a server raises as it sees traffic. What it learns applies to later sessions
// (NIPC-L2S-18, NIPC-L2S-19).
type Learned struct {
	limit, ceiling uint32
}

// NewLearned starts at start, in bytes, and may grow to ceiling. A limit that is configured does not grow: its start is
// its ceiling.
func NewLearned(start, ceiling uint32) Learned {
	return Learned{limit: start, ceiling: max(start, ceiling)}
}

// Limit returns the limit for the next session.
func (l *Learned) Limit() uint32 { return l.limit }

// Ceiling returns what the limit never goes beyond.
func (l *Learned) Ceiling() uint32 { return l.ceiling }

// Saw is told that a payload of n bytes was seen. It returns whether the limit grew.
func (l *Learned) Saw(n uint32) bool { return raise(&l.limit, min(NextPow2(n), l.ceiling)) }

// Overflowed is told that a message did not fit the limit of agreed bytes that its session had. It returns whether the
// limit grew.
func (l *Learned) Overflowed(agreed uint32) bool {
	return raise(&l.limit, min(Doubled(agreed), l.ceiling))
}
