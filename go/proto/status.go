package proto

import "fmt"

// Status is the transport status of a response: how the envelope fared. Outcomes of a method live in its payload.
//
// Values without a name here can come from a peer and pass through (NIPC-ENV-12).
type Status uint16

// The statuses (envelope.md, section 1.2).
const (
	// StatusOK: the payload is the answer.
	StatusOK Status = 0
	// StatusBadEnvelope: the request's payload could not be decoded.
	StatusBadEnvelope Status = 1
	// StatusAuthFailed: the token is wrong, or the peer's user or group is not allowed.
	StatusAuthFailed Status = 2
	// StatusIncompatible: versions, layouts or packet sizes do not fit.
	StatusIncompatible Status = 3
	// StatusUnsupported: no common profile, or a method that is not served.
	StatusUnsupported Status = 4
	// StatusLimitExceeded: a message or a proposal is over a limit.
	StatusLimitExceeded Status = 5
	// StatusInternalError: the handler failed, or the server cannot take one more session.
	StatusInternalError Status = 6
)

// Name returns the lower-case name, words joined by underscores; "unknown" for a value without one.
func (s Status) Name() string {
	switch s {
	case StatusOK:
		return "ok"
	case StatusBadEnvelope:
		return "bad_envelope"
	case StatusAuthFailed:
		return "auth_failed"
	case StatusIncompatible:
		return "incompatible"
	case StatusUnsupported:
		return "unsupported"
	case StatusLimitExceeded:
		return "limit_exceeded"
	case StatusInternalError:
		return "internal_error"
	}
	return "unknown"
}

// String returns the number and the name.
func (s Status) String() string { return fmt.Sprintf("%d (%s)", uint16(s), s.Name()) }
