package proto

import "fmt"

// Fault is what a server finds wrong with a HELLO, or why it refuses it.
type Fault struct {
	// Reason is one of [ReasonHeader], [ReasonVersion], [ReasonNotHello], [ReasonShort], [ReasonLayout],
	// [ReasonPadding], [ReasonNoProfile], [ReasonNotAllowed], [ReasonToken], [ReasonRequestPayload],
	// [ReasonPacketSize] and [ReasonFull]. ReasonVersion is a HELLO of another version, ReasonHeader anything else
	// that is wrong with the header.
	Reason Reason
	// Got is the value found. For ReasonNoProfile it is the client's [Profiles]; for ReasonToken nothing, since a
	// token is told to nobody.
	Got uint64
	// Allowed is the value that would do: the largest for ReasonRequestPayload, the smallest for ReasonShort and
	// ReasonPacketSize, the server's [Profiles] for ReasonNoProfile.
	Allowed uint64
	// MessageKind and Code are those of the packet, for ReasonNotHello.
	MessageKind MessageKind
	Code        uint16
	// Err is the [HeaderError], for ReasonHeader.
	Err error
}

// Kind tells who is at fault.
func (f Fault) Kind() Kind {
	switch f.Reason {
	case ReasonHeader, ReasonShort:
		return InvalidMessage
	case ReasonNotHello, ReasonPadding:
		return PeerMisbehaved
	case ReasonVersion, ReasonLayout, ReasonNoProfile, ReasonPacketSize:
		return Incompatible
	case ReasonToken, ReasonNotAllowed:
		return Denied
	case ReasonRequestPayload, ReasonFull:
		return LimitExceeded
	}
	return Bug
}

// Is tells whether target is the kind of f.
func (f Fault) Is(target error) bool { return target == f.Kind() }

// Unwrap returns Err.
func (f Fault) Unwrap() error { return f.Err }

func (f Fault) Error() string {
	switch f.Reason {
	case ReasonHeader:
		if f.Err != nil {
			return f.Err.Error()
		}
	case ReasonVersion:
		return fmt.Sprintf("a HELLO has protocol version %d, only %d is known", f.Got, f.Allowed)
	case ReasonNotHello:
		return fmt.Sprintf("the first packet must be a HELLO, but it is a %v with code %d", f.MessageKind, f.Code)
	case ReasonShort:
		return fmt.Sprintf("a HELLO payload has %d bytes, at least %d are needed", f.Got, f.Allowed)
	case ReasonLayout:
		return fmt.Sprintf("a HELLO has layout version %d, only %d is known", f.Got, f.Allowed)
	case ReasonPadding:
		return fmt.Sprintf("the padding of a HELLO is %#08x, it must be zero", f.Got)
	}
	return f.refused()
}

// refused is the sentence about a sound HELLO.
func (f Fault) refused() string {
	switch f.Reason {
	case ReasonNoProfile:
		return fmt.Sprintf("no common profile: the client supports %v, the server %v",
			Profiles(f.Got), Profiles(f.Allowed))
	case ReasonToken:
		return "the client's auth token is wrong"
	case ReasonNotAllowed:
		return "the client's user or group is not on the allow-list"
	case ReasonRequestPayload:
		return fmt.Sprintf("the client proposes request payloads of %d bytes, at most %d are accepted",
			f.Got, f.Allowed)
	case ReasonPacketSize:
		return fmt.Sprintf("the packet size would be %d bytes, at least %d are needed", f.Got, f.Allowed)
	case ReasonFull:
		return "the server has as many sessions as it may"
	}
	return "the client's HELLO is wrong: " + string(f.Reason)
}

// Refusal is why a client has no session after a handshake.
type Refusal struct {
	// Reason is, in the order of the checks, one of [ReasonVersion], [ReasonHeader], [ReasonNotAck], [ReasonRejected],
	// [ReasonShort], [ReasonLayout], [ReasonFlags], [ReasonProfile], [ReasonPacketSize] and [ReasonRequestPayload].
	Reason Reason
	// Status is what the server said, for ReasonRejected; [StatusOK] otherwise.
	Status Status
	// Got is the value found. For ReasonRejected it is the request payload that was proposed, which is what
	// [StatusLimitExceeded] is about (NIPC-HS-30).
	Got uint64
	// Allowed is the value that would do: the smallest for ReasonShort and ReasonPacketSize, the proposed one for
	// ReasonRequestPayload, the possible [Profiles] for ReasonProfile.
	Allowed uint64
	// MessageKind and Code are those of the packet, for ReasonNotAck.
	MessageKind MessageKind
	Code        uint16
	// Err is the [HeaderError], for ReasonHeader.
	Err error
}

// Disposition is the state in which a refusal leaves the client (handshake.md, section 3.1).
type Disposition uint8

const (
	// DispositionDisconnected: the next attempt may go better; it proposes what was configured.
	DispositionDisconnected Disposition = iota
	// DispositionAuthFailed stays until the caller resets or closes.
	DispositionAuthFailed
	// DispositionIncompatible stays until the caller resets or closes.
	DispositionIncompatible
)

// String returns the state in lower case.
func (d Disposition) String() string {
	switch d {
	case DispositionDisconnected:
		return "disconnected"
	case DispositionAuthFailed:
		return "auth_failed"
	case DispositionIncompatible:
		return "incompatible"
	}
	return "unknown"
}

// Disposition returns the state in which the refusal leaves the client.
func (r Refusal) Disposition() Disposition {
	switch r.Kind() {
	case Denied:
		return DispositionAuthFailed
	case Incompatible:
		return DispositionIncompatible
	}
	return DispositionDisconnected
}

// Kind tells who is at fault (NIPC-HS-30, NIPC-ERR-07).
func (r Refusal) Kind() Kind {
	switch r.Reason {
	case ReasonHeader, ReasonShort:
		return InvalidMessage
	case ReasonVersion, ReasonLayout:
		return Incompatible
	case ReasonRejected:
		return rejectionKind(r.Status)
	case ReasonNotAck, ReasonFlags, ReasonProfile, ReasonPacketSize, ReasonRequestPayload:
		return PeerMisbehaved
	}
	return Bug
}

func rejectionKind(status Status) Kind {
	switch status {
	case StatusAuthFailed:
		return Denied
	case StatusIncompatible, StatusUnsupported:
		return Incompatible
	}
	return Rejected
}

// Is tells whether target is the kind of r.
func (r Refusal) Is(target error) bool { return target == r.Kind() }

// Unwrap returns Err.
func (r Refusal) Unwrap() error { return r.Err }

func (r Refusal) Error() string {
	switch r.Reason {
	case ReasonHeader:
		if r.Err != nil {
			return r.Err.Error()
		}
	case ReasonVersion:
		return fmt.Sprintf("the server speaks protocol version %d, only %d is known", r.Got, r.Allowed)
	case ReasonNotAck:
		return fmt.Sprintf("the server must answer with a HELLO_ACK, but it sent a %v with code %d",
			r.MessageKind, r.Code)
	case ReasonRejected:
		return r.rejected()
	case ReasonShort:
		return fmt.Sprintf("a HELLO_ACK payload has %d bytes, at least %d are needed", r.Got, r.Allowed)
	case ReasonLayout:
		return fmt.Sprintf("a HELLO_ACK has layout version %d, only %d is known", r.Got, r.Allowed)
	case ReasonFlags:
		return fmt.Sprintf("a HELLO_ACK has flags %#04x, none are known", r.Got)
	case ReasonProfile:
		return fmt.Sprintf("the server selected profile %v, it must be one of %v", Profiles(r.Got), Profiles(r.Allowed))
	case ReasonPacketSize:
		return fmt.Sprintf("the server grants packets of %d bytes, at least %d are needed", r.Got, r.Allowed)
	case ReasonRequestPayload:
		return fmt.Sprintf("the server grants request payloads of %d bytes, only %d were proposed", r.Got, r.Allowed)
	}
	return "the server's answer is wrong: " + string(r.Reason)
}

// rejected tells what a status means when it answers a HELLO.
func (r Refusal) rejected() string {
	meaning := "the server refused the handshake"
	switch r.Status {
	case StatusAuthFailed:
		meaning = "the server refused access: check the auth token, or its list of allowed users and groups"
	case StatusIncompatible:
		meaning = "the server speaks another protocol version or needs another packet size"
	case StatusUnsupported:
		meaning = "the server supports none of the offered profiles"
	case StatusLimitExceeded:
		meaning = fmt.Sprintf("the server refused the proposed request payload of %d bytes: propose less", r.Got)
	case StatusInternalError:
		meaning = "the server cannot take another session now: try again later"
	}
	return fmt.Sprintf("%s (status %v)", meaning, r.Status)
}
