package proto

import "fmt"

// SendError says why a message cannot be sent on a session. Nothing was sent, and nothing is in flight that was not
// before.
type SendError struct {
	// Reason is one of [ReasonPayloadTooLarge], [ReasonTooManyItems], [ReasonWrongKind], [ReasonDuplicateID],
	// [ReasonBroken] and [ReasonClosed].
	Reason Reason
	// Got is the value at fault: a length, a count, an id or a [MessageKind].
	Got uint64
	// Allowed is the agreed limit, or the only kind that this side sends.
	Allowed uint64
	// Err is the [Violation] that broke the session earlier, for ReasonBroken.
	Err error
}

// Kind tells who is at fault: [LimitExceeded] over a limit, [APIMisuse] for a wrong kind or id, [Disconnected] after a
// close, the kind of Err on a broken session (NIPC-ERR-07).
func (e SendError) Kind() Kind {
	switch e.Reason {
	case ReasonPayloadTooLarge, ReasonTooManyItems:
		return LimitExceeded
	case ReasonWrongKind, ReasonDuplicateID:
		return APIMisuse
	case ReasonBroken:
		if kind, ok := ErrorKind(e.Err); ok {
			return kind
		}
	case ReasonClosed:
		return Disconnected
	}
	return Bug
}

// Is tells whether target is the kind of e.
func (e SendError) Is(target error) bool { return target == e.Kind() }

// Unwrap returns Err.
func (e SendError) Unwrap() error { return e.Err }

func (e SendError) Error() string {
	switch e.Reason {
	case ReasonPayloadTooLarge:
		return fmt.Sprintf("the payload has %d bytes, the agreed limit is %d", e.Got, e.Allowed)
	case ReasonTooManyItems:
		return fmt.Sprintf("the batch has %d items, the agreed limit is %d", e.Got, e.Allowed)
	case ReasonWrongKind:
		return fmt.Sprintf("this side of a session sends a %v, not a %v", MessageKind(e.Allowed), MessageKind(e.Got))
	case ReasonDuplicateID:
		return fmt.Sprintf("message id %d is in flight already", e.Got)
	case ReasonBroken:
		return fmt.Sprintf("the session is broken: %v", e.Err)
	case ReasonClosed:
		return "the session is closed"
	}
	return "the message cannot be sent: " + string(e.Reason)
}
