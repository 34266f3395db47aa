package proto

import (
	"fmt"
	"time"
)

// Violation is what a peer broke on the wire. It ends the session and fails everything in flight (NIPC-RCV-09).
type Violation struct {
	// Reason tells the rule; the constants are listed under "What a peer can break on the wire".
	Reason Reason
	// Got is the value found: a length, a count, an id, a code, a status, a [MessageKind], or the index of an item.
	Got uint64
	// Allowed is the largest value that the rule allows here, or the only one.
	Allowed uint64
	// Timeout is the time that was given to the rest of the message, for [ReasonHalfMessage].
	Timeout time.Duration
	// Err is the [HeaderError], [BatchError] or [ChunkError], for the reasons with these names.
	Err error
}

// Kind returns [InvalidMessage] for bytes that form no message and [PeerMisbehaved] for the rest (NIPC-ERR-07).
func (v Violation) Kind() Kind {
	switch v.Reason {
	case ReasonHeader, ReasonBatch, ReasonChunk:
		return InvalidMessage
	}
	return PeerMisbehaved
}

// Is tells whether target is the kind of v.
func (v Violation) Is(target error) bool { return target == v.Kind() }

// Unwrap returns Err.
func (v Violation) Unwrap() error { return v.Err }

func (v Violation) Error() string {
	switch v.Reason {
	case ReasonHeader, ReasonBatch, ReasonChunk:
		if v.Err != nil {
			return v.Err.Error()
		}
	case ReasonUnexpectedKind:
		return fmt.Sprintf("the peer sent a %v where only a %v may come", MessageKind(v.Got), MessageKind(v.Allowed))
	case ReasonPayloadTooLarge:
		return fmt.Sprintf("the peer announced a payload of %d bytes, the agreed limit is %d", v.Got, v.Allowed)
	case ReasonTooManyItems:
		return fmt.Sprintf("the peer announced %d batch items, the agreed limit is %d", v.Got, v.Allowed)
	case ReasonPacketTooLong:
		return fmt.Sprintf("the peer sent a packet of %d bytes, at most %d can belong to its message", v.Got, v.Allowed)
	case ReasonHalfMessage:
		return fmt.Sprintf("only %d of %d payload bytes arrived within %v", v.Got, v.Allowed, v.Timeout)
	}
	return v.answered()
}

// answered is the sentence about a response that does not fit its request.
func (v Violation) answered() string {
	switch v.Reason {
	case ReasonUnknownMessageID:
		return fmt.Sprintf("the peer answered message id %d, which is not in flight", v.Got)
	case ReasonWrongCode:
		return fmt.Sprintf("the peer answered a call of method %d with a response of method %d", v.Allowed, v.Got)
	case ReasonUnexpectedStatus:
		return fmt.Sprintf("the peer answered a call with status %v", Status(v.Got))
	case ReasonWrongItemCount:
		return fmt.Sprintf("the peer answered a batch of %d items with one of %d (0 is none at all)", v.Allowed, v.Got)
	case ReasonReplyItems:
		return fmt.Sprintf("the peer answered a lookup of %d keys with %d items", v.Allowed, v.Got)
	case ReasonReplyKey:
		return fmt.Sprintf("the peer answered key %d of a lookup with another key", v.Got)
	case ReasonReplyGap:
		return fmt.Sprintf("the peer answered key %d of a lookup, but had no room for one before it", v.Got)
	}
	return "the peer broke the protocol: " + string(v.Reason)
}
