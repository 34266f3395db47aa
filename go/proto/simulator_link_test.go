package proto_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// simMessage is a payload, and its item count when it is a batch; -1 when it is none.
type simMessage struct {
	payload []byte
	items   int
}

// single returns n bytes that depend on tag.
func single(n int, tag byte) simMessage {
	payload := pattern(n)
	for i := range payload {
		payload[i] ^= tag
	}
	return simMessage{payload, -1}
}

// batchOf returns a batch of items of n bytes.
func batchOf(t testing.TB, items, n int) simMessage {
	all := make([][]byte, items)
	for i := range all {
		all[i] = pattern(n)
	}
	return simMessage{build(t, nil, items, all...), items}
}

// header returns what header becomes when it opens this message.
func (m simMessage) header(header proto.Header) proto.Header {
	header.PayloadLen = uint32(len(m.payload))
	if m.items >= 0 {
		return header.Batch(uint32(m.items))
	}
	return header
}

type simCall struct{ request, response simMessage }

// simPlan is the calls of a client and their answers; the message id of a call is its position.
type simPlan struct {
	calls []simCall
	// window is the number of calls that may be in flight at once.
	window int
}

func (p simPlan) request(id uint64) proto.Header {
	return p.calls[id].request.header(proto.RequestHeader(1, 0, id))
}

func (p simPlan) response(id uint64) proto.Header {
	return p.calls[id].response.header(p.request(id).Response(0))
}

// simPacket is under way; without bytes it is the end of the stream.
type simPacket struct {
	arrival time.Time
	bytes   []byte
}

// linkCapacity is the number of packets that fit a pipe.
const linkCapacity = 5

// simLink is a pipe that keeps order, takes its time, and holds a few packets only.
type simLink struct {
	queue  []simPacket
	last   time.Time
	ended  bool
	random *rand.Rand
}

func newSimLink(seed uint64) *simLink { return &simLink{random: random(seed), last: epoch} }

func (l *simLink) hasRoom() bool { return len(l.queue) < linkCapacity }

func (l *simLink) send(now time.Time, packet []byte) {
	if !l.ended {
		l.push(now, packet)
	}
}

// finish ends the stream behind what is under way.
func (l *simLink) finish(now time.Time) {
	if !l.ended {
		l.push(now, nil)
		l.ended = true
	}
}

// lose is what becomes of the pipe when its sender is lost.
func (l *simLink) lose(loss simLoss, now time.Time) {
	if loss == crash {
		l.finish(now)
		return
	}
	l.queue, l.ended = nil, loss == silence
	l.finish(now)
}

func (l *simLink) push(now time.Time, packet []byte) {
	arrival := now.Add(time.Duration(10+l.random.IntN(100)) * time.Microsecond)
	if arrival.Before(l.last) {
		arrival = l.last
	}
	l.last = arrival
	l.queue = append(l.queue, simPacket{arrival, packet})
}

// take returns the packet that has arrived, if one has.
func (l *simLink) take(now time.Time) (packet []byte, ok bool) {
	if len(l.queue) == 0 || l.queue[0].arrival.After(now) {
		return nil, false
	}
	packet = l.queue[0].bytes
	l.queue = l.queue[1:]
	return packet, true
}

// simOutbox is the messages that wait for room in the pipe, the first one perhaps half sent.
type simOutbox []simOutgoing

type simOutgoing struct {
	chunker proto.Chunker
	payload []byte
}

// flush sends until the pipe is full.
func (o *simOutbox) flush(link *simLink, now time.Time) {
	for len(*o) > 0 && link.hasRoom() {
		first := &(*o)[0]
		link.send(now, first.chunker.AppendPacket(nil, first.payload))
		if first.chunker.Advance(); first.chunker.Done() {
			*o = (*o)[1:]
		}
	}
}
