package proto_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// A client and a server in a world with invented time: packets take a while, pipes fill up, and either side can die or
// fall silent at any moment. No socket, no clock, no sleep.

// simLimits are the limits of the client's proposal.
var simLimits = proto.Limits{MaxPayload: 1024, MaxItems: 8}

func simProposal() proto.Proposal {
	proposal := proto.DefaultProposal()
	proposal.Request, proposal.Response, proposal.AuthToken, proposal.PacketSize = simLimits, simLimits, 3, 96
	return proposal
}

func simPolicy() proto.ServerPolicy {
	policy := proto.DefaultServerPolicy()
	policy.AuthToken = 3
	policy.MaxRequestPayload = 65536
	return policy
}

// mixedPlan is two small calls, one that needs chunks both ways, and a batch.
func mixedPlan(t testing.TB) simPlan {
	return simPlan{window: 3, calls: []simCall{
		{single(8, 1), single(8, 2)},
		{single(300, 3), single(500, 4)},
		{batchOf(t, 3, 20), batchOf(t, 3, 40)},
		{single(0, 5), single(0, 6)},
	}}
}

// NIPC-RCV-08: everything is answered, in whatever order the server answers.
func TestSimAllCallsAreAnswered(t *testing.T) {
	overtaken := false
	for seed := range uint64(50) {
		w := newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), seed)
		w.drive()
		equal(t, "client", w.client.end, "finished")
		equal(t, "server", w.server.end, "peer gone")
		equal(t, "answered", len(w.client.answered), 4)
		overtaken = overtaken || !slices.IsSorted(w.client.answered)
		w.check()
	}
	equal(t, "responses overtook each other", overtaken, true)
}

// NIPC-RCV-09, NIPC-CHK-12: whichever side is lost at whichever step, and however, the other one comes to an end in
// bounded time, and each call is either answered or reported as lost.
func TestSimPeerLostAtEveryStep(t *testing.T) {
	for seed := range uint64(4) {
		w := newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), seed)
		w.drive()
		equal(t, "a long way", w.rounds > 20, true)
		for step := range w.rounds + 1 {
			for _, side := range []proto.Role{proto.Client, proto.Server} {
				for _, loss := range []simLoss{crash, cutOff, silence} {
					w := newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), seed)
					w.lose(side, loss, step)
					w.drive()
					w.check()
				}
			}
		}
	}
}

// NIPC-CHK-12: a server rids itself of half a message, and does not mind an idle session.
func TestSimHalfMessageIsBoundedIdleIsNot(t *testing.T) {
	halves, idle := 0, 0
	for step := range 60 {
		w := newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), 1)
		w.lose(proto.Client, silence, step)
		w.drive()
		violation, _ := w.server.err.(proto.Violation)
		switch {
		case violation.Reason == proto.ReasonHalfMessage:
			equal(t, "some is missing", violation.Got < violation.Allowed, true)
			halves++
		case w.server.end == "":
			idle++
		}
	}
	equal(t, fmt.Sprint(halves, " halves, ", idle, " idle"), halves > 0 && idle > 0, true)
}

// NIPC-HS-17, NIPC-HS-28, what the core can do for them: neither side waits for ever for a handshake.
func TestSimSilentHandshake(t *testing.T) {
	w := newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), 1)
	w.lose(proto.Client, silence, 0)
	w.drive()
	equal(t, "server", w.server.end, "timeout")
	w = newSimWorld(t, simProposal(), simPolicy(), mixedPlan(t), 1)
	w.lose(proto.Server, silence, 0)
	w.drive()
	equal(t, "client", w.client.end, "timeout")
	equal(t, "answered", len(w.client.answered), 0)
}

// NIPC-HS-03: the client learns why it was refused.
func TestSimRefusedHandshake(t *testing.T) {
	refused := func(proposal proto.Proposal, status proto.Status) {
		t.Helper()
		w := newSimWorld(t, proposal, simPolicy(), mixedPlan(t), 1)
		w.drive()
		proposed := uint64(proposal.Request.MaxPayload)
		refusal := proto.Refusal{Reason: proto.ReasonRejected, Status: status, Got: proposed}
		equal[error](t, "client", w.client.err, refusal)
		equal(t, "server", w.server.end, "rejected")
		w.check()
	}
	proposal := simProposal()
	proposal.AuthToken = 4
	refused(proposal, proto.StatusAuthFailed)
	proposal = simProposal()
	proposal.PacketSize = 32
	refused(proposal, proto.StatusIncompatible)
	proposal = simProposal()
	proposal.Request.MaxPayload = 1 << 20
	refused(proposal, proto.StatusLimitExceeded)
}

// NIPC-CHK-03, NIPC-RCV-08, NIPC-RCV-09: any traffic over any packet size arrives as it was sent, and whatever dies is
// reported.
func TestSimAnyTraffic(t *testing.T) {
	r := random(20)
	message := func() simMessage {
		if r.IntN(4) == 0 {
			return batchOf(t, r.IntN(6), r.IntN(60))
		}
		return single(r.IntN(700), byte(r.Uint32()))
	}
	for range 300 {
		plan := simPlan{window: 1 + r.IntN(11)}
		for range r.IntN(25) {
			plan.calls = append(plan.calls, simCall{message(), message()})
		}
		proposal := simProposal()
		proposal.PacketSize = 33 + r.Uint32N(367)
		w := newSimWorld(t, proposal, simPolicy(), plan, r.Uint64())
		lossy := r.IntN(2) == 0
		if lossy {
			w.lose(proto.Role(r.IntN(2)), simLoss(r.IntN(3)), r.IntN(300))
		}
		w.drive()
		w.check()
		if !lossy {
			equal(t, "answered", len(w.client.answered), len(plan.calls))
			equal(t, "client", w.client.end, "finished")
		}
	}
}
