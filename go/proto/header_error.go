package proto

import "fmt"

// HeaderError says why bytes are no message header. Its kind is [InvalidMessage].
type HeaderError struct {
	// Reason is, in the order of the checks, one of [ReasonShort], [ReasonMagic], [ReasonHeaderLen], [ReasonKind] and
	// [ReasonVersion]; the last one says that nothing else is wrong (NIPC-ENV-05).
	Reason Reason
	// Got is the value found; for ReasonShort the number of bytes there are.
	Got uint32
}

// Kind returns [InvalidMessage].
func (e HeaderError) Kind() Kind { return InvalidMessage }

// Is tells whether target is the kind of e.
func (e HeaderError) Is(target error) bool { return target == e.Kind() }

func (e HeaderError) Error() string {
	switch e.Reason {
	case ReasonShort:
		return fmt.Sprintf("a packet of %d bytes is too short for a %d-byte header", e.Got, HeaderLen)
	case ReasonMagic:
		return fmt.Sprintf("a message starts with %#08x, not with the magic %#08x", e.Got, Magic)
	case ReasonVersion:
		return fmt.Sprintf("a message has protocol version %d, only %d is known", e.Got, Version)
	case ReasonHeaderLen:
		return fmt.Sprintf("a message has a header length of %d, not %d", e.Got, HeaderLen)
	case ReasonKind:
		return fmt.Sprintf("a message has kind %d, only 1, 2 and 3 are known", e.Got)
	}
	return "a message header is unsound: " + string(e.Reason)
}
