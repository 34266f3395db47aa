package proto

import (
	"iter"
	"math"
	"time"
)

// Role tells which side of a session this is.
type Role uint8

const (
	// Client sends requests and receives responses.
	Client Role = iota
	// Server receives requests and sends responses.
	Server
)

// String returns the role in lower case.
func (r Role) String() string {
	if r == Server {
		return "server"
	}
	return "client"
}

func (r Role) sends() MessageKind {
	if r == Server {
		return Response
	}
	return Request
}

func (r Role) receives() MessageKind {
	if r == Server {
		return Request
	}
	return Response
}

// Progress tells how much of a message is there after a packet.
type Progress uint8

const (
	// Partial: more packets must follow before [Session.Deadline].
	Partial Progress = iota
	// Whole: the message came in this packet, and the payload is a part of the packet.
	Whole
	// Assembled: this was the last packet of its message, and the payload is in memory of the session.
	Assembled
)

// Received is what a packet brought.
type Received struct {
	// Progress tells whether a message is complete; the other fields are set if so.
	Progress Progress
	// Header is the message header.
	Header Header
	// Payload is the whole payload. It is valid as long as the packet that was passed in when Progress is [Whole], and
	// until the next use of the session when it is [Assembled]. It cannot be appended to in place.
	Payload []byte
}

// Session is the state of one session on one side, after its handshake: what may be sent, and whether what came is
// sound. Every transport feeds the packets it receives to the same session, so that limits, directories and ids are
// checked on all of them alike (NIPC-RCV-10).
//
// After a [Violation] the session is broken for good: every further use reports the same violation.
//
// A session is not safe for concurrent use; a transport that sends and receives at once holds a lock around its calls,
// none of which waits.
type Session struct {
	role               Role
	outbound, inbound  Limits
	packetSize         uint32
	inFlight           inFlight
	assembler          Assembler
	halfMessageTimeout time.Duration
	// deadline counts while the assembler has a message pending.
	deadline time.Time
	// broken is the Violation, if there was one.
	broken   error
	offender *Header
	closed   bool
}

// NewSession returns a session with these limits. A message that comes in parts must be complete halfMessageTimeout
// after its first part (NIPC-CHK-12).
func NewSession(role Role, agreed Agreed, halfMessageTimeout time.Duration) *Session {
	s := &Session{role: role, packetSize: agreed.PacketSize, halfMessageTimeout: halfMessageTimeout}
	s.outbound, s.inbound = representable(agreed.Request), representable(agreed.Response)
	if role == Server {
		s.outbound, s.inbound = s.inbound, s.outbound
	}
	return s
}

// representable: a payload whose message is longer than 32 bits can say (NIPC-ENV-08), or than this machine can
// address, is over any limit.
func representable(limits Limits) Limits {
	const longest = uint32(min(uint64(MaxPayloadLen), uint64(math.MaxInt-HeaderLen)))
	limits.MaxPayload = min(limits.MaxPayload, longest)
	return limits
}

// Role returns which side this is.
func (s *Session) Role() Role { return s.role }

// Outbound returns the limits of what this side sends.
func (s *Session) Outbound() Limits { return s.outbound }

// Inbound returns the limits of what this side receives.
func (s *Session) Inbound() Limits { return s.inbound }

// PacketSize returns the longest packet of the session in bytes.
func (s *Session) PacketSize() uint32 { return s.packetSize }

// Violation returns the [Violation] that broke the session; nil while it is sound.
func (s *Session) Violation() error { return s.broken }

// Offender returns the header of the message that is over a limit, after a violation with [ReasonPayloadTooLarge] or
// [ReasonTooManyItems], and whether there is one: a server answers it before it closes, with the header that
// [Header.Failure] makes of it (NIPC-L2S-08).
func (s *Session) Offender() (Header, bool) {
	if s.offender == nil {
		return Header{}, false
	}
	return *s.offender, true
}

// BeginSend starts to send the message that header opens; on a client its id is in flight from here on.
//
// The packets of two messages must not be mixed: finish one chunker before the next one starts (NIPC-CHK-04). When no
// packet could be sent at all, [Session.Abandon] takes the id back.
//
// The error is a [SendError]: the message is over a limit of the direction, its kind does not belong there, its id is
// in flight already, or the session is broken or closed (NIPC-RCV-12).
func (s *Session) BeginSend(header Header) (Chunker, error) {
	if err := s.maySend(header); err != nil {
		return Chunker{}, err
	}
	if s.role == Client && !s.inFlight.insert(header.MessageID) {
		return Chunker{}, SendError{Reason: ReasonDuplicateID, Got: header.MessageID}
	}
	return NewChunker(header, s.packetSize), nil
}

func (s *Session) maySend(header Header) error {
	if s.broken != nil {
		return SendError{Reason: ReasonBroken, Err: s.broken}
	}
	if s.closed {
		return SendError{Reason: ReasonClosed}
	}
	if sends := s.role.sends(); header.Kind != sends {
		return SendError{Reason: ReasonWrongKind, Got: uint64(header.Kind), Allowed: uint64(sends)}
	}
	if got, allowed := header.PayloadLen, s.outbound.MaxPayload; got > allowed {
		return SendError{Reason: ReasonPayloadTooLarge, Got: uint64(got), Allowed: uint64(allowed)}
	}
	if got, allowed := header.ItemCount, s.outbound.MaxItems; got > allowed {
		return SendError{Reason: ReasonTooManyItems, Got: uint64(got), Allowed: uint64(allowed)}
	}
	return nil
}

// Abandon takes the id of a request back of which no packet was sent. It returns whether the id was in flight.
func (s *Session) Abandon(messageID uint64) bool { return s.inFlight.remove(messageID) }

// OnPacket judges a packet that came, in the order of NIPC-RCV-07.
//
// A packet of length zero is the end of the stream and must not be passed in (NIPC-RCV-01).
//
// The error is the [Violation] of the first rule that the packet breaks; the session is broken from then on.
func (s *Session) OnPacket(packet []byte, now time.Time) (Received, error) {
	received, started, err := s.receive(packet)
	if started {
		s.deadline = now.Add(s.halfMessageTimeout)
	}
	return received, err
}

// OnPacketFunc is OnPacket that asks for the time only when it matters: at the first part of a message that comes in
// several. Reading a clock can cost more than all the checks of a small message.
func (s *Session) OnPacketFunc(packet []byte, now func() time.Time) (Received, error) {
	received, started, err := s.receive(packet)
	if started {
		s.deadline = now().Add(s.halfMessageTimeout)
	}
	return received, err
}

// receive also tells whether the packet started a message of several.
func (s *Session) receive(packet []byte) (received Received, started bool, err error) {
	if s.broken != nil {
		return Received{}, false, s.broken
	}
	if s.assembler.pending {
		received, err = s.continuation(packet)
	} else {
		received, started, err = s.firstPacket(packet)
	}
	if err != nil {
		s.poison(err)
		return Received{}, false, err
	}
	return received, started, nil
}

func (s *Session) firstPacket(packet []byte) (received Received, started bool, err error) {
	header, err := DecodeHeader(packet)
	if err != nil {
		return Received{}, false, Violation{Reason: ReasonHeader, Err: err}
	}
	if err := s.checkHeader(header); err != nil {
		return Received{}, false, err
	}
	body := packet[HeaderLen:len(packet):len(packet)]
	if uint64(len(body)) == uint64(header.PayloadLen) {
		if err := s.complete(header, body); err != nil {
			return Received{}, false, err
		}
		return Received{Progress: Whole, Header: header, Payload: body}, false, nil
	}
	// A message that is whole may come in one packet of any length; the first packet of several may not be longer than
	// the others (NIPC-RCV-05, NIPC-RCV-06).
	allowed := min(HeaderLen+uint64(header.PayloadLen), uint64(s.packetSize))
	if got := uint64(len(packet)); got > allowed {
		return Received{}, false, Violation{Reason: ReasonPacketTooLong, Got: got, Allowed: allowed}
	}
	s.assembler.Begin(header, body, s.packetSize)
	return Received{}, true, nil
}

// checkHeader makes the checks that need the header alone.
func (s *Session) checkHeader(header Header) error {
	if receives := s.role.receives(); header.Kind != receives {
		return Violation{Reason: ReasonUnexpectedKind, Got: uint64(header.Kind), Allowed: uint64(receives)}
	}
	if got, allowed := header.PayloadLen, s.inbound.MaxPayload; got > allowed { // NIPC-RCV-03
		s.offend(header)
		return Violation{Reason: ReasonPayloadTooLarge, Got: uint64(got), Allowed: uint64(allowed)}
	}
	if got, allowed := header.ItemCount, s.inbound.MaxItems; got > allowed { // NIPC-RCV-04
		s.offend(header)
		return Violation{Reason: ReasonTooManyItems, Got: uint64(got), Allowed: uint64(allowed)}
	}
	return nil
}

func (s *Session) offend(header Header) { s.offender = &header }

func (s *Session) continuation(packet []byte) (Received, error) {
	header, complete, err := s.assembler.Continuation(packet)
	if err != nil {
		return Received{}, Violation{Reason: ReasonChunk, Err: err}
	}
	if !complete {
		return Received{}, nil
	}
	payload := s.assembler.Payload()
	if err := s.complete(header, payload); err != nil {
		return Received{}, err
	}
	return Received{Progress: Assembled, Header: header, Payload: payload[:len(payload):len(payload)]}, nil
}

// complete makes the checks that need the whole message: batch directory, then the id.
func (s *Session) complete(header Header, payload []byte) error {
	if header.IsBatch() && !isEmptyFailure(header) {
		if _, err := ParseBatch(payload, header.ItemCount); err != nil {
			return Violation{Reason: ReasonBatch, Err: err}
		}
	}
	if s.role == Client && !s.inFlight.remove(header.MessageID) { // NIPC-RCV-08
		return Violation{Reason: ReasonUnknownMessageID, Got: header.MessageID}
	}
	return nil
}

// isEmptyFailure: some servers echo flag and item count of a batch in a failure, whose payload is empty; there is no
// directory then (NIPC-RCV-13).
func isEmptyFailure(header Header) bool {
	return header.Kind == Response && header.Status != StatusOK && header.PayloadLen == 0
}

// Fail records what the peer broke where this session does not look, such as a packet that was too long to be read
// whole. It is broken from then on, as after a violation of its own finding; the first violation stays.
func (s *Session) Fail(violation Violation) {
	if s.broken == nil {
		s.poison(violation)
	}
}

func (s *Session) poison(violation error) {
	s.broken = violation
	s.assembler.Clear()
}

// TakeAssembled takes the payload of the last message that was [Assembled] out of the session, without copying it; the
// caller owns it then. It returns nil, and takes nothing, while a message is half there.
func (s *Session) TakeAssembled() []byte { return s.assembler.Take() }

// Held returns the number of bytes of memory held for assembling.
func (s *Session) Held() int { return s.assembler.Held() }

// Release gives memory back that large messages or a large window needed.
//
// Call it when the session falls idle, not after every message: a stream of large messages then reuses the same memory.
func (s *Session) Release() {
	s.assembler.Release()
	s.inFlight.release()
}

// Deadline returns when [Session.OnDeadline] must be called, and whether it must: only while a message is half there.
func (s *Session) Deadline() (deadline time.Time, ok bool) {
	if !s.assembler.pending {
		return time.Time{}, false
	}
	return s.deadline, true
}

// OnDeadline looks whether a message that is half there is overdue (NIPC-CHK-12). The error is the [Violation]; the
// session is broken from then on.
func (s *Session) OnDeadline(now time.Time) error {
	if s.broken != nil {
		return s.broken
	}
	header, pending := s.assembler.Pending()
	if !pending || now.Before(s.deadline) {
		return nil
	}
	s.poison(Violation{
		Reason:  ReasonHalfMessage,
		Got:     uint64(len(s.assembler.Payload())),
		Allowed: uint64(header.PayloadLen),
		Timeout: s.halfMessageTimeout,
	})
	return s.broken
}

// InFlightLen returns the number of requests in flight.
func (s *Session) InFlightLen() int { return s.inFlight.len() }

// InFlight yields the ids of the requests in flight, in no particular order.
func (s *Session) InFlight() iter.Seq[uint64] { return s.inFlight.all() }

// Close ends the session. It returns the ids that were in flight and will never be answered, lowest first
// (NIPC-RCV-09).
func (s *Session) Close() []uint64 {
	s.closed = true
	s.assembler.Clear()
	return s.inFlight.drain()
}
