package proto_test

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// simLoss is how a side is lost.
type simLoss int

const (
	crash   simLoss = iota // it dies: what it sent still arrives, then the end
	cutOff                 // it dies, and what it sent dies with it
	silence                // it lives on and does nothing
)

const (
	handshakeTimeout = proto.DefaultHandshakeTimeout
	callTimeout      = proto.DefaultCallTimeout
	// mostRounds is more than any run takes that is not stuck.
	mostRounds = 20_000
)

// simWorld is both sides, the links between them, and time.
type simWorld struct {
	t        *testing.T
	now      time.Time
	rounds   int
	client   *simClient
	server   *simServer
	up, down *simLink
	lost     proto.Role
	loss     simLoss
	lossAt   int
	hasLoss  bool
}

func newSimWorld(
	t *testing.T, proposal proto.Proposal, policy proto.ServerPolicy, plan simPlan, seed uint64,
) *simWorld {
	w := &simWorld{t: t, now: epoch, up: newSimLink(seed), down: newSimLink(^seed)}
	client := simSide{t: t, plan: plan, link: w.up, deadline: epoch.Add(handshakeTimeout)}
	server := simSide{t: t, plan: plan, link: w.down, deadline: epoch.Add(handshakeTimeout)}
	w.client = &simClient{simSide: client, proposal: proposal}
	w.server = &simServer{simSide: server, policy: policy, random: random(seed ^ 0x55)}
	return w
}

// lose takes a side out before round step.
func (w *simWorld) lose(side proto.Role, loss simLoss, step int) {
	w.lost, w.loss, w.lossAt, w.hasLoss = side, loss, step, true
}

// drive runs until nothing can happen any more.
func (w *simWorld) drive() {
	w.t.Helper()
	for w.step() {
		if w.rounds++; w.rounds > mostRounds {
			w.t.Fatalf("the world is stuck: client %q, server %q", w.client.end, w.server.end)
		}
	}
}

// step is one round: everybody does what it can, then time moves to the next event.
func (w *simWorld) step() bool {
	if w.hasLoss && w.lossAt == w.rounds {
		w.takeOut()
	}
	w.client.poll(w.now)
	w.server.poll(w.now)
	next, ok := w.nextEvent()
	if !ok {
		return false
	}
	if w.server.end == "" && len(w.server.waiting) > 0 && w.down.hasRoom() {
		return true // the server is busy
	}
	if next.After(w.now) {
		w.now = next
	}
	if packet, ok := w.up.take(w.now); ok {
		w.server.receive(packet, w.now)
	}
	if packet, ok := w.down.take(w.now); ok {
		w.client.receive(packet, w.now)
	}
	w.client.tick(w.now)
	w.server.tick(w.now)
	return true
}

func (w *simWorld) nextEvent() (next time.Time, ok bool) {
	var events []time.Time
	for _, link := range []*simLink{w.up, w.down} {
		if len(link.queue) > 0 {
			events = append(events, link.queue[0].arrival)
		}
	}
	for _, side := range []*simSide{&w.client.simSide, &w.server.simSide} {
		if deadline, ok := side.nextDeadline(); ok {
			events = append(events, deadline)
		}
	}
	if len(events) == 0 {
		return time.Time{}, false
	}
	return slices.MinFunc(events, time.Time.Compare), true
}

func (w *simWorld) takeOut() {
	side := &w.client.simSide
	if w.lost == proto.Server {
		side = &w.server.simSide
	}
	if side.end == "" {
		side.stop("lost", nil)
		side.link.lose(w.loss, w.now)
	}
}

// check is what must hold at the end of every run.
func (w *simWorld) check() {
	w.t.Helper()
	client, server := w.client, w.server
	equal(w.t, "a client waits for ever", client.end == "", false)
	// Every call that was begun is either answered or reported as dead, never both and never neither.
	ids := slices.Concat(client.answered, client.dead)
	slices.Sort(ids)
	for i, id := range ids {
		equal(w.t, "id", id, uint64(i))
	}
	equal(w.t, "calls accounted for", len(ids), client.next)
	for _, id := range client.answered {
		equal(w.t, "no answer without a request", slices.Contains(server.received, id), true)
	}
	equal(w.t, "requests keep their order", slices.IsSorted(server.received), true)
	equal(w.t, "a violation without a loss", client.end == "violation" && !w.hasLoss, false)
	equal(w.t, "a server has nothing in flight", len(server.dead), 0)
	if server.end == "" {
		// Only an idle session outlives its peer's silence.
		equal(w.t, "silent client", w.hasLoss && w.lost == proto.Client && w.loss == silence, true)
		_, half := server.session.Deadline()
		equal(w.t, "half a message for ever", half, false)
	}
}

// simSide is what both sides have in common.
type simSide struct {
	t       *testing.T
	plan    simPlan
	link    *simLink
	session *proto.Session
	outbox  simOutbox
	// deadline is that of the handshake, and on the client of all calls; zero for none.
	deadline time.Time
	// end is how the side ended, err the reason if there is one, dead the ids that died with the session.
	end  string
	err  error
	dead []uint64
}

func (s *simSide) nextDeadline() (time.Time, bool) {
	if s.end != "" {
		return time.Time{}, false
	}
	deadline := s.deadline
	if s.session != nil {
		if half, ok := s.session.Deadline(); ok && (deadline.IsZero() || half.Before(deadline)) {
			deadline = half
		}
	}
	return deadline, !deadline.IsZero()
}

// stop ends the side without telling its peer.
func (s *simSide) stop(end string, err error) {
	s.end, s.err = end, err
	if s.session != nil {
		s.dead = s.session.Close()
		equal(s.t, "held after the close", s.session.Held(), 0)
	}
}

func (s *simSide) finish(end string, err error, now time.Time) {
	s.stop(end, err)
	s.link.finish(now)
}

func (s *simSide) begin(header proto.Header, payload []byte) {
	chunker, err := s.session.BeginSend(header)
	noError(s.t, err) // the plan is within the limits
	s.outbox = append(s.outbox, simOutgoing{chunker, payload})
}

func (s *simSide) tick(now time.Time) {
	if deadline, ok := s.nextDeadline(); !ok || now.Before(deadline) {
		return
	}
	if s.session != nil {
		if err := s.session.OnDeadline(now); err != nil {
			s.finish("violation", err, now)
			return
		}
	}
	s.finish("timeout", nil, now)
}

type simClient struct {
	simSide
	proposal proto.Proposal
	started  bool
	// next is the number of calls that were begun.
	next int
	// answered are the ids in the order of their answers.
	answered []uint64
}

// poll does what can be done without a packet.
func (c *simClient) poll(now time.Time) {
	if c.end != "" {
		return
	}
	if !c.started {
		c.started = true
		c.link.send(now, c.proposal.AppendPacket(nil))
	}
	for c.session != nil && c.session.InFlightLen() < c.plan.window && c.next < len(c.plan.calls) {
		id := uint64(c.next)
		c.begin(c.plan.request(id), c.plan.calls[id].request.payload)
		c.next++
	}
	c.outbox.flush(c.link, now)
	if c.session != nil && len(c.answered) == len(c.plan.calls) {
		c.finish("finished", nil, now)
	}
}

func (c *simClient) receive(packet []byte, now time.Time) {
	switch {
	case c.end != "":
	case packet == nil:
		c.finish("peer gone", nil, now)
	case c.session == nil:
		agreed, err := c.proposal.Judge(packet, proto.ProfileBaseline)
		if err != nil {
			c.finish("refused", err, now)
			return
		}
		c.session = proto.NewSession(proto.Client, agreed, callTimeout)
		c.deadline = now.Add(callTimeout)
	default:
		received, err := c.session.OnPacket(packet, now)
		if err != nil {
			c.finish("violation", err, now)
		} else if received.Progress != proto.Partial {
			id := received.Header.MessageID
			equal(c.t, "response", received.Header, c.plan.response(id))
			equalBytes(c.t, "payload", received.Payload, c.plan.calls[id].response.payload)
			c.answered = append(c.answered, id)
		}
	}
}

type simServer struct {
	simSide
	policy proto.ServerPolicy
	random *rand.Rand
	// waiting are the ids of requests that are not answered yet, received those of all, in their order.
	waiting, received []uint64
}

// poll answers one of the waiting requests now and then, in any order.
func (s *simServer) poll(now time.Time) {
	if s.end != "" {
		return
	}
	urgent := len(s.received) == len(s.plan.calls) || len(s.waiting) >= s.plan.window
	if len(s.waiting) > 0 && (urgent || s.random.IntN(3) == 0) {
		at := s.random.IntN(len(s.waiting))
		id := s.waiting[at]
		s.waiting = slices.Delete(s.waiting, at, at+1)
		s.begin(s.plan.response(id), s.plan.calls[id].response.payload)
	}
	s.outbox.flush(s.link, now)
}

func (s *simServer) receive(packet []byte, now time.Time) {
	switch {
	case s.end != "":
	case packet == nil:
		s.finish("peer gone", nil, now)
	case s.session == nil:
		s.handshake(packet, now)
	default:
		received, err := s.session.OnPacket(packet, now)
		if err != nil {
			s.finish("violation", err, now)
		} else if received.Progress != proto.Partial {
			id := received.Header.MessageID
			equal(s.t, "request", received.Header, s.plan.request(id))
			equalBytes(s.t, "payload", received.Payload, s.plan.calls[id].request.payload)
			s.received, s.waiting = append(s.received, id), append(s.waiting, id)
		}
	}
}

func (s *simServer) handshake(packet []byte, now time.Time) {
	s.deadline = time.Time{}
	answer := s.policy.Judge(packet, 1, proto.GateOpen)
	if answer.Verdict != proto.Close {
		s.link.send(now, answer.AppendPacket(nil))
	}
	switch answer.Verdict {
	case proto.Accept:
		s.session = proto.NewSession(proto.Server, answer.Agreed, half)
	case proto.Reject:
		s.finish("rejected", answer.Err, now)
	case proto.Close:
		s.finish("closed", answer.Err, now)
	}
}
