package proto_test

import (
	"math"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

const mib = 1 << 20

// NIPC-L2C-23
func TestNextPow2(t *testing.T) {
	cases := [][2]uint32{
		{0, 16}, {1, 16}, {16, 16}, {17, 32}, {1024, 1024}, {1025, 2048}, {1 << 31, 1 << 31}, {1<<31 + 1, 1 << 31},
		{math.MaxUint32, 1 << 31},
	}
	for _, c := range cases {
		equal(t, "power", proto.NextPow2(c[0]), c[1])
	}
	for _, c := range [][2]uint32{{0, 16}, {8, 16}, {1000, 2048}, {1 << 30, 1 << 31}, {math.MaxUint32, 1 << 31}} {
		equal(t, "doubled", proto.Doubled(c[0]), c[1])
	}
}

// NIPC-L2C-21, NIPC-L2C-22, NIPC-L2C-23
func TestClientGrowsToItsCeiling(t *testing.T) {
	growth := proto.NewGrowth(proto.Payloads{Request: 1024, Response: 65536}, mib)
	step := func(grew, want bool, request, response uint32) {
		t.Helper()
		equal(t, "grew", grew, want)
		equal(t, "proposal", growth.Proposal(), proto.Payloads{Request: request, Response: response})
	}
	step(growth.ResponseTooSmall(65536), true, 1024, 131_072)
	// The limit that was agreed counts, not the one proposed.
	step(growth.ResponseTooSmall(500_000), true, 1024, mib)
	step(growth.ResponseTooSmall(mib), false, 1024, mib)
	step(growth.RequestTooSmall(5000), true, 8192, mib)
	step(growth.RequestTooSmall(5000), false, 8192, mib)
	equal(t, "can carry", growth.CanCarry(mib) && !growth.CanCarry(mib+1), true)
	step(growth.RequestTooSmall(mib+1), true, mib, mib)
}

// NIPC-L2C-23: what is configured above the ceiling stays.
func TestConfiguredAboveTheCeiling(t *testing.T) {
	configured := proto.Payloads{Request: 4 * mib, Response: 8 * mib}
	growth := proto.NewGrowth(configured, mib)
	equal(t, "grew", growth.ResponseTooSmall(8*mib) || growth.RequestTooSmall(5*mib), false)
	equal(t, "proposal", growth.Proposal(), configured)
	equal(t, "can carry", growth.CanCarry(4*mib) && !growth.CanCarry(4*mib+1), true)
}

// NIPC-L2C-23. Fault 7 of the existing peers: a refused larger proposal poisons the client object for good.
func TestRefusedProposalGoesBackToConfigured(t *testing.T) {
	policy := proto.DefaultServerPolicy()
	policy.MaxRequestPayload = 4096
	configured := proto.Payloads{Request: 1024, Response: 65536}
	growth := proto.NewGrowth(configured, mib)
	judge := func() (proto.Verdict, error) {
		proposal := proto.DefaultProposal()
		proposal.Request.MaxPayload = growth.Proposal().Request
		proposal.Response.MaxPayload = growth.Proposal().Response
		answer := policy.Judge(proposal.AppendPacket(nil), 1, proto.GateOpen)
		_, err := proposal.Judge(answer.AppendPacket(nil), proto.ProfileBaseline)
		return answer.Verdict, err
	}
	for _, needed := range []uint32{5000, 100_000, 5000} {
		equal(t, "grew", growth.RequestTooSmall(needed), true)
		growth.ResponseTooSmall(65536)
		proposed := uint64(growth.Proposal().Request)
		verdict, err := judge()
		equal(t, "verdict", verdict, proto.Reject)
		equal[error](t, "error", err, proto.Refusal{Reason: proto.ReasonRejected, Status: 5, Got: proposed})
		growth.Refused()
		equal(t, "proposal", growth.Proposal(), configured)
		verdict, err = judge()
		equal(t, "verdict", verdict, proto.Accept)
		noError(t, err)
	}
}

// NIPC-L2C-24
func TestRoundsAreBounded(t *testing.T) {
	rounds := proto.NewRounds(proto.Payloads{Request: 16, Response: 16})
	for round := range proto.MaxGrowthRounds {
		equal(t, "may", rounds.Start(), true)
		equal(t, "progressed", rounds.Progressed(proto.Payloads{Request: 16, Response: 32 << round}), true)
	}
	for range 2 {
		equal(t, "may go on for ever", rounds.Start(), false)
	}
	rounds = proto.NewRounds(proto.Payloads{Request: 16, Response: 64})
	equal(t, "may", rounds.Start(), true)
	equal(t, "progressed", rounds.Progressed(proto.Payloads{Request: 32, Response: 64}), true)
	// A reconnect that changed nothing.
	equal(t, "progressed", rounds.Progressed(proto.Payloads{Request: 32, Response: 64}), false)
}

// NIPC-L2S-18
func TestServerLearns(t *testing.T) {
	learned := proto.NewLearned(65536, mib)
	step := func(grew, want bool, limit uint32) {
		t.Helper()
		equal(t, "grew", grew, want)
		equal(t, "limit", learned.Limit(), limit)
	}
	step(learned.Saw(0), false, 65536)
	step(learned.Saw(65536), false, 65536)
	step(learned.Saw(65537), true, 131_072)
	step(learned.Overflowed(131_072), true, 262_144)
	step(learned.Overflowed(65536), false, 262_144) // never falls
	step(learned.Saw(math.MaxUint32), true, mib)
	equal(t, "ceiling", learned.Ceiling(), mib)
	// The next power of two, also within the limit.
	learned = proto.NewLearned(60_000, mib)
	step(learned.Saw(50_000), true, 65536)
	// What is configured is start and ceiling in one.
	learned = proto.NewLearned(1000, 1000)
	step(learned.Saw(5000), false, 1000)
	step(learned.Overflowed(1000), false, 1000)
	learned = proto.NewLearned(1000, 0)
	step(learned.Saw(5000), false, 1000)
}

// NIPC-L2S-18, NIPC-L2C-23: limits never fall and never pass the ceiling.
func TestGrowthIsMonotonicAndBounded(t *testing.T) {
	r := random(17)
	for range 200 {
		ceiling := r.Uint32() >> r.UintN(32)
		learned := proto.NewLearned(4096, ceiling)
		growth := proto.NewGrowth(proto.Payloads{Request: 4096, Response: 4096}, ceiling)
		most := max(ceiling, 4096)
		for range 50 {
			n := r.Uint32() >> r.UintN(32)
			limit, proposal := learned.Limit(), growth.Proposal()
			grew, proposed := learned.Saw(n), growth.RequestTooSmall(n)
			if r.IntN(2) == 0 {
				grew, proposed = learned.Overflowed(n) || grew, growth.ResponseTooSmall(n) || proposed
			}
			equal(t, "learned grew", grew, learned.Limit() > limit)
			equal(t, "learned stays", learned.Limit() >= limit && learned.Limit() <= most, true)
			equal(t, "proposal grew", proposed, growth.Proposal() != proposal)
			now := growth.Proposal()
			equal(t, "never falls", now.Request >= proposal.Request && now.Response >= proposal.Response, true)
			equal(t, "bounded", max(now.Request, now.Response) <= most, true)
		}
	}
}
