package proto_test

import (
	"bytes"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

const (
	// fuzzTimeout is the time for half a message.
	fuzzTimeout = time.Second
	// slack is what an assembler may hold besides twice the bytes that arrived.
	slack = 4096
	// mostQueued is the number of packets that can be under way in one direction.
	mostQueued = 64
)

func FuzzSession(f *testing.F) {
	seed(f, 0xff, 0x07, 0x07, 0xff, 0x07, 0x07, 0x40)
	// A request, a delivery, a response, a delivery.
	f.Add([]byte{0, 4, 3, 0, 4, 3, 64, 0, 100, 0, 7, 1, 4, 4, 4, 1, 200, 0, 7, 1, 5, 5, 5, 5, 5})
	f.Fuzz(func(t *testing.T, data []byte) { checkSession(t, data) })
}

// checkSession runs a sequence of operations on a client and a server that talk to each other: sends, deliveries,
// packets changed, cut, lost or invented, time that passes, close.
//
// Throughout, nothing panics; ids in flight are as a plain set has them; memory is bounded by what arrived; a deadline
// is there exactly while a message is half there; a violation, once there, stays (NIPC-RCV-09, NIPC-RCV-11).
func checkSession(t *testing.T, data []byte) {
	in := &input{data}
	limits := func() proto.Limits {
		return proto.Limits{MaxPayload: uint32(in.u16()) % 2048, MaxItems: uint32(in.u8()%8) + 1}
	}
	agreed := proto.Agreed{Request: limits(), Response: limits(), PacketSize: uint32(in.u8()) + 33}
	w := fuzzWorld{
		client: newFuzzEnd(t, proto.Client, agreed),
		server: newFuzzEnd(t, proto.Server, agreed),
		now:    epoch,
	}
	for len(in.rest) > 0 {
		w.step(in)
		w.client.check()
		w.server.check()
	}
	w.client.close()
	w.server.close()
}

type fuzzWorld struct {
	client, server *fuzzEnd
	now            time.Time
}

func (w *fuzzWorld) step(in *input) {
	op := in.u8()
	from, to := w.client, w.server
	if op&1 == 1 {
		from, to = to, from
	}
	switch op >> 1 & 0xf {
	case 0, 1:
		from.send(in)
	case 2, 3, 4:
		if packet := from.next(); packet != nil {
			to.receive(packet, w.now)
		}
	case 5, 6:
		from.damage(in)
	case 7:
		from.next()
	case 8:
		if garbage := in.take(int(in.u8())); len(garbage) > 0 {
			to.receive(garbage, w.now)
		}
	case 9:
		w.now = w.now.Add(time.Duration(in.u8()) * 8 * time.Millisecond)
		from.tick(w.now)
		to.tick(w.now)
	case 10:
		from.session.Release()
	case 11:
		from.abandon(uint64(in.u8() % 16))
	case 12:
		taken := from.session.TakeAssembled()
		equal(from.t, "taken is within the limit", len(taken) <= int(from.session.Inbound().MaxPayload), true)
	case 13:
		from.close()
	}
}

// fuzzEnd is a session, and a plain model of what it should be like.
type fuzzEnd struct {
	t       *testing.T
	session *proto.Session
	queue   [][]byte
	// ids are those in flight.
	ids map[uint64]bool
	// arrived is the number of bytes that came since the end was created.
	arrived int
	half    bool
	started time.Time
	broken  error
	closed  bool
}

func newFuzzEnd(t *testing.T, role proto.Role, agreed proto.Agreed) *fuzzEnd {
	return &fuzzEnd{t: t, session: proto.NewSession(role, agreed, fuzzTimeout), ids: make(map[uint64]bool)}
}

func (e *fuzzEnd) next() []byte {
	if len(e.queue) == 0 {
		return nil
	}
	packet := e.queue[0]
	e.queue = e.queue[1:]
	return packet
}

func (e *fuzzEnd) damage(in *input) {
	at, change := int(in.u16()), in.u8()
	switch {
	case len(e.queue) == 0:
	case change == 0:
		e.queue[0] = e.queue[0][:1+at%len(e.queue[0])]
	default:
		e.queue[0][at%len(e.queue[0])] ^= change
	}
}

func (e *fuzzEnd) send(in *input) {
	n, id, items := uint32(in.u16())%2048, uint64(in.u8()%16), uint32(in.u8()%10)
	header := proto.RequestHeader(1, n, id)
	if e.session.Role() == proto.Server {
		header = header.Response(n)
	}
	header.ItemCount = items
	payload := bytes.Repeat([]byte{byte(id)}, int(n))
	if items > 5 && items*8 <= n {
		header = header.Batch(items)
		clear(payload) // a directory of empty items, all at offset 0
	}
	chunker, err := e.session.BeginSend(header)
	equal(e.t, "error of a send", err, e.sendError(header))
	if err != nil {
		return
	}
	if e.session.Role() == proto.Client {
		e.ids[id] = true
	}
	if len(e.queue) < mostQueued {
		e.queue = append(e.queue, packets(chunker, payload)...)
	}
}

// sendError is what a send must say.
func (e *fuzzEnd) sendError(header proto.Header) error {
	n, items, limits := header.PayloadLen, header.ItemCount, e.session.Outbound()
	switch {
	case e.broken != nil:
		return proto.SendError{Reason: proto.ReasonBroken, Err: e.broken}
	case e.closed:
		return proto.SendError{Reason: proto.ReasonClosed}
	case n > limits.MaxPayload:
		return proto.SendError{Reason: proto.ReasonPayloadTooLarge, Got: uint64(n), Allowed: uint64(limits.MaxPayload)}
	case items > limits.MaxItems:
		return proto.SendError{Reason: proto.ReasonTooManyItems, Got: uint64(items), Allowed: uint64(limits.MaxItems)}
	case e.ids[header.MessageID]:
		return proto.SendError{Reason: proto.ReasonDuplicateID, Got: header.MessageID}
	}
	return nil
}

func (e *fuzzEnd) receive(packet []byte, now time.Time) {
	e.arrived += len(packet)
	received, err := e.session.OnPacket(packet, now)
	if err != nil || e.broken != nil {
		if e.broken == nil {
			e.broken = err
		}
		equal(e.t, "violation", err, e.broken)
		e.half = false
		return
	}
	if received.Progress == proto.Partial {
		if !e.half {
			e.half, e.started = true, now
		}
		return
	}
	equal(e.t, "assembled of several", received.Progress == proto.Assembled, e.half)
	e.half = false
	header, limits := received.Header, e.session.Inbound()
	equal(e.t, "length", len(received.Payload), int(header.PayloadLen))
	within := header.PayloadLen <= limits.MaxPayload && header.ItemCount <= limits.MaxItems
	equal(e.t, "within the limits", within, true)
	if e.session.Role() == proto.Client {
		equal(e.t, "only what is in flight is answered", e.ids[header.MessageID], true)
		delete(e.ids, header.MessageID)
	}
}

func (e *fuzzEnd) tick(now time.Time) {
	overdue := e.half && !now.Before(e.started.Add(fuzzTimeout))
	err := e.session.OnDeadline(now)
	if e.broken != nil {
		equal(e.t, "violation", err, e.broken)
		return
	}
	equal(e.t, "overdue", err != nil, overdue)
	if overdue {
		e.broken, e.half = err, false
	}
}

func (e *fuzzEnd) abandon(id uint64) {
	equal(e.t, "was in flight", e.session.Abandon(id), e.ids[id])
	delete(e.ids, id)
}

func (e *fuzzEnd) close() {
	dead := e.session.Close()
	equal(e.t, "the dead are those in flight", slices.Equal(dead, slices.Sorted(maps.Keys(e.ids))), true)
	clear(e.ids)
	e.closed, e.half = true, false
}

func (e *fuzzEnd) check() {
	equal(e.t, "violation", e.session.Violation(), e.broken)
	equal(e.t, "number in flight", e.session.InFlightLen(), len(e.ids))
	for id := range e.session.InFlight() {
		equal(e.t, "in flight", e.ids[id], true)
	}
	equal(e.t, "memory is bounded", e.session.Held() <= 2*e.arrived+slack, true)
	deadline, ok := e.session.Deadline()
	equal(e.t, "has a deadline", ok, e.half)
	equal(e.t, "deadline", !ok || deadline.Equal(e.started.Add(fuzzTimeout)), true)
}
