package proto_test

import (
	"errors"
	"math/bits"
	"slices"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// policy is what the server of these tests grants.
var policy = proto.ServerPolicy{
	Supported:          proto.ProfileBaseline,
	AuthToken:          5,
	MaxRequestPayload:  4096,
	MaxResponsePayload: 8192,
	PacketSize:         65536,
}

// hello returns the packet of a client with this token and the defaults.
func hello(token uint64) []byte {
	proposal := proto.DefaultProposal()
	proposal.AuthToken = token
	return proposal.AppendPacket(nil)
}

// rejects fails the test unless the server rejects the packet for this reason. NIPC-HS-03
func rejects(t *testing.T, packet []byte, gate proto.Gate, status proto.Status, fault proto.Fault) {
	t.Helper()
	answer := policy.Judge(packet, 1, gate)
	equal(t, "verdict", answer.Verdict, proto.Reject)
	equal(t, "status", answer.Status, status)
	equal[error](t, "error", answer.Err, fault)
	ack := answer.AppendPacket(nil)
	equal(t, "length", len(ack), proto.HelloAckPacketLen)
	header, err := proto.DecodeHeader(ack)
	noError(t, err)
	equal(t, "header", header, proto.Header{Kind: 3, Code: 2, Status: status, PayloadLen: 48, ItemCount: 1})
	equalBytes(t, "payload", ack[32:], append([]byte{1, 0}, make([]byte, 46)...))
}

// closes fails the test unless the server closes without an answer for this reason.
func closes(t *testing.T, packet []byte, fault proto.Fault) {
	t.Helper()
	answer := policy.Judge(packet, 1, proto.GateOpen)
	equal(t, "verdict", answer.Verdict, proto.Close)
	equal[error](t, "error", answer.Err, fault)
	equal(t, "length of the answer", len(answer.AppendPacket(nil)), 0)
}

func accepts(t *testing.T, policy proto.ServerPolicy, packet []byte, sessionID uint64) proto.Answer {
	t.Helper()
	answer := policy.Judge(packet, sessionID, proto.GateOpen)
	equal(t, "verdict", answer.Verdict, proto.Accept)
	noError(t, answer.Err)
	equal(t, "status", answer.Status, proto.StatusOK)
	return answer
}

// NIPC-HS-04, NIPC-HS-05, NIPC-HS-06: a packet in which everything is wrong is put right one field at a time; each step
// shows the next fault of the order.
func TestServerOrderOfChecks(t *testing.T) {
	unsound := func(reason proto.Reason, got uint32) proto.Fault {
		return proto.Fault{Reason: proto.ReasonHeader, Err: proto.HeaderError{Reason: reason, Got: got}}
	}
	packet := filled(32)
	closes(t, packet[:31], unsound(proto.ReasonShort, 31))
	closes(t, nil, unsound(proto.ReasonShort, 0))
	closes(t, packet, unsound(proto.ReasonMagic, 0xeeeeeeee))
	packet = patched(packet, 0, proto.Magic)
	closes(t, packet, unsound(proto.ReasonHeaderLen, 0xeeee))
	packet = patched(packet, 6, uint16(32))
	closes(t, packet, unsound(proto.ReasonKind, 0xeeee))
	// A request of another version is no HELLO of another version, and neither is another control message.
	packet = patched(packet, 8, uint16(1))
	closes(t, packet, unsound(proto.ReasonVersion, 0xeeee))
	packet = patched(packet, 8, uint16(3))
	closes(t, packet, unsound(proto.ReasonVersion, 0xeeee))
	packet = patched(packet, 12, uint16(1))
	version := proto.Fault{Reason: proto.ReasonVersion, Got: 0xeeee, Allowed: 1}
	rejects(t, packet, proto.GateOpen, proto.StatusIncompatible, version)
	packet = patched(packet, 4, uint16(1))
	notHello := func(kind proto.MessageKind, code uint16) proto.Fault {
		return proto.Fault{Reason: proto.ReasonNotHello, MessageKind: kind, Code: code}
	}
	closes(t, patched(packet, 8, uint16(1)), notHello(proto.Request, 1))
	closes(t, patched(packet, 12, uint16(2)), notHello(proto.Control, 2))

	short := func(got uint64) proto.Fault { return proto.Fault{Reason: proto.ReasonShort, Got: got, Allowed: 44} }
	closes(t, packet, short(0))
	packet = append(packet, filled(43)...)
	closes(t, packet, short(43))
	packet = append(packet, 0xee)
	layout := proto.Fault{Reason: proto.ReasonLayout, Got: 0xeeee, Allowed: 1}
	rejects(t, packet, proto.GateDenied, proto.StatusIncompatible, layout)
	packet = patched(packet, 32, uint16(1))
	closes(t, packet, proto.Fault{Reason: proto.ReasonPadding, Got: 0xeeeeeeee})
	serverOrderOfGrants(t, patched(packet, 32+28, uint32(0)))
}

// NIPC-HS-07, NIPC-HS-08, NIPC-HS-09, NIPC-HS-10, NIPC-HS-11, NIPC-HS-12
func serverOrderOfGrants(t *testing.T, packet []byte) {
	noProfile := proto.Fault{Reason: proto.ReasonNoProfile, Got: 0xeeeeeeee, Allowed: 1}
	rejects(t, packet, proto.GateDenied, proto.StatusUnsupported, noProfile)
	packet = patched(packet, 32+4, uint32(1))
	rejects(t, packet, proto.GateDenied, proto.StatusAuthFailed, proto.Fault{Reason: proto.ReasonNotAllowed})
	rejects(t, packet, proto.GateFull, proto.StatusAuthFailed, proto.Fault{Reason: proto.ReasonToken})
	packet = patched(packet, 32+32, uint64(5))
	rejects(t, packet, proto.GateDenied, proto.StatusAuthFailed, proto.Fault{Reason: proto.ReasonNotAllowed})
	for _, got := range []uint32{0xeeeeeeee, 4097} {
		packet = patched(packet, 32+12, got)
		tooLarge := proto.Fault{Reason: proto.ReasonRequestPayload, Got: uint64(got), Allowed: 4096}
		rejects(t, packet, proto.GateFull, proto.StatusLimitExceeded, tooLarge)
	}
	packet = patched(packet, 32+12, uint32(4096))
	for _, got := range []uint32{0, 32} {
		packet = patched(packet, 32+40, got)
		tooSmall := proto.Fault{Reason: proto.ReasonPacketSize, Got: uint64(got), Allowed: 33}
		rejects(t, packet, proto.GateFull, proto.StatusIncompatible, tooSmall)
	}
	packet = patched(packet, 32+40, uint32(33))
	rejects(t, packet, proto.GateFull, proto.StatusInternalError, proto.Fault{Reason: proto.ReasonFull})
	answer := accepts(t, policy, packet, 7)
	equal(t, "packet size", answer.Agreed.PacketSize, 33)
	equal(t, "session id", answer.Agreed.SessionID, 7)
	equal(t, "request", answer.Agreed.Request, proto.Limits{MaxPayload: 4096, MaxItems: 0xeeeeeeee})
}

// NIPC-HS-08, NIPC-HS-09: a wrong token and a refused user look the same to the client, whichever bit is wrong.
func TestServerToken(t *testing.T) {
	denied := policy.Judge(hello(5), 1, proto.GateDenied)
	refused := denied.AppendPacket(nil)
	for bit := range 64 {
		answer := policy.Judge(hello(5^(1<<bit)), 1, proto.GateOpen)
		equal[error](t, "error", answer.Err, proto.Fault{Reason: proto.ReasonToken})
		equalBytes(t, "answer", answer.AppendPacket(nil), refused)
	}
	accepts(t, policy, hello(5), 1)
}

// NIPC-HS-14: a payload of 0 stays 0, an item count of 0 counts as 1.
func TestServerZeroLimits(t *testing.T) {
	packet := patched(patched(hello(5), 32+12, uint32(0)), 32+16, uint32(0))
	answer := accepts(t, policy, packet, 1)
	equal(t, "request", answer.Agreed.Request, proto.Limits{MaxItems: 1})
	equal(t, "response", answer.Agreed.Response, proto.Limits{MaxPayload: 8192, MaxItems: 1})
	proposal := proto.DefaultProposal()
	proposal.Request, proposal.AuthToken = proto.Limits{}, 5
	equal(t, "both sides agree", clientAccepts(t, proposal, answer.AppendPacket(nil)), answer.Agreed)
}

func clientAccepts(t *testing.T, proposal proto.Proposal, ack []byte) proto.Agreed {
	t.Helper()
	agreed, err := proposal.Judge(ack, proto.OfferableProfiles)
	noError(t, err)
	return agreed
}

// NIPC-PRF-01: selection follows the rule for every combination of the named profiles.
func TestServerSelection(t *testing.T) {
	servers := []uint32{0x01, 0x02, 0x10, 0x03, 0x11, 0x12, 0x13}
	masks := append([]uint32{0x00, 0x1f, 0xffffffff}, servers...)
	for _, server := range servers {
		for _, client := range masks {
			for _, liked := range masks {
				for _, preferred := range masks {
					checkSelection(t, client, liked, server, preferred)
				}
			}
		}
	}
}

func checkSelection(t *testing.T, client, liked, server, preferred uint32) {
	t.Helper()
	policy := policy
	policy.Supported, policy.Preferred = proto.Profiles(server), proto.Profiles(preferred)
	// Written straight into the packet, because our client would not offer every bit.
	packet := patched(patched(hello(5), 32+4, client), 32+8, liked)
	pool := client & server & liked & preferred
	if pool == 0 {
		pool = client & server
	}
	answer := policy.Judge(packet, 1, proto.GateOpen)
	if pool == 0 {
		equal(t, "verdict", answer.Verdict, proto.Reject)
		equal(t, "status", answer.Status, proto.StatusUnsupported)
		return
	}
	equal(t, "profile", uint32(answer.Agreed.Profile), 1<<(bits.Len32(pool)-1))
	ack, err := proto.DecodeHelloAck(answer.AppendPacket(nil)[32:])
	noError(t, err)
	equal(t, "selected", ack.Selected, answer.Agreed.Profile)
	equal(t, "server supported", uint32(ack.ServerSupported), server)
	equal(t, "intersection", uint32(ack.Intersection), client&server)
}

// NIPC-PRF-02, NIPC-PRF-03: bits that do not exist or are reserved are never granted, even when both sides have them.
func TestServerReservedBits(t *testing.T) {
	policy := policy
	policy.Supported, policy.Preferred = 0xffffffff, 0xffffffff
	for _, mask := range []uint32{0x08, 0x20, 0x80000000, 0xffffffe8} {
		answer := policy.Judge(patched(hello(5), 32+4, mask), 1, proto.GateOpen)
		equal(t, "status", answer.Status, proto.StatusUnsupported)
		answer = accepts(t, policy, patched(hello(5), 32+4, mask|1), 1)
		equal(t, "profile", answer.Agreed.Profile, proto.ProfileBaseline)
		equal(t, "offered", answer.Ack.ServerSupported, proto.OfferableProfiles)
	}
}

// NIPC-PRF-04: a profile for which the server could not make the memory leaves the whole answer.
func TestServerDroppedProfile(t *testing.T) {
	policy := policy
	policy.Supported = proto.ProfileBaseline | proto.ProfileSHMHybrid
	packet := patched(hello(5), 32+4, uint32(policy.Supported))
	answer := accepts(t, policy, packet, 1)
	equal(t, "profile", answer.Agreed.Profile, proto.ProfileSHMHybrid)
	policy.Supported &^= answer.Agreed.Profile
	answer = accepts(t, policy, packet, 1)
	equal(t, "profile", answer.Agreed.Profile, proto.ProfileBaseline)
	equal(t, "server supported", answer.Agreed.ServerSupported, proto.ProfileBaseline)
	equal(t, "intersection", answer.Ack.Intersection, proto.ProfileBaseline)
	policy.Supported = 0
	equal(t, "status", policy.Judge(packet, 1, proto.GateOpen).Status, proto.StatusUnsupported)
}

// NIPC-HS-13: what must be ignored changes nothing.
func TestServerIgnoredFields(t *testing.T) {
	r := random(13)
	want := policy.Judge(hello(5), 3, proto.GateOpen)
	for range 300 {
		packet := patched(hello(5), 10, uint16(r.Uint32()))
		packet = patched(packet, 14, uint16(r.Uint32()))
		packet = patched(packet, 16, r.Uint32())
		packet = patched(packet, 20, r.Uint32())
		packet = patched(packet, 24, r.Uint64())
		packet = patched(packet, 34, uint16(r.Uint32()))
		packet = append(packet, randomBytes(r, 60)...)
		equal(t, "answer", policy.Judge(packet, 3, proto.GateOpen), want)
	}
}

// NIPC-HS-14, NIPC-HS-15: what is granted follows from both sides by the table.
func TestServerGrants(t *testing.T) {
	r := random(14)
	for range 300 {
		proposal := proto.DefaultProposal()
		proposal.AuthToken = 5
		proposal.Request = proto.Limits{MaxPayload: r.Uint32N(4097), MaxItems: r.Uint32() >> r.UintN(33)}
		proposal.Response = proto.Limits{MaxPayload: r.Uint32(), MaxItems: r.Uint32()}
		proposal.ResponseCeiling = 0xffffffff
		proposal.PacketSize = 33 + r.Uint32()>>r.UintN(32)/2
		policy := policy
		policy.MaxResponsePayload = r.Uint32()
		policy.PacketSize = 33 + r.Uint32()>>r.UintN(32)/2
		answer := accepts(t, policy, proposal.AppendPacket(nil), 11)
		items := max(proposal.Request.MaxItems, 1)
		equal(t, "agreed", answer.Agreed, proto.Agreed{
			Profile:                proto.ProfileBaseline,
			ServerSupported:        proto.ProfileBaseline,
			Request:                proto.Limits{MaxPayload: proposal.Request.MaxPayload, MaxItems: items},
			Response:               proto.Limits{MaxPayload: policy.MaxResponsePayload, MaxItems: items},
			GrantedResponsePayload: policy.MaxResponsePayload,
			PacketSize:             min(proposal.PacketSize, policy.PacketSize),
			SessionID:              11,
		})
		ack := answer.AppendPacket(nil)
		equal(t, "both sides agree", clientAccepts(t, proposal, ack), answer.Agreed)
		header, err := proto.DecodeHeader(ack)
		noError(t, err)
		equal(t, "header", header, proto.Header{Kind: 3, Code: 2, PayloadLen: 48, ItemCount: 1}) // NIPC-HS-02
	}
}

func TestServerDefaults(t *testing.T) {
	answer := accepts(t, proto.DefaultServerPolicy(), hello(0), 1)
	equal(t, "request", answer.Agreed.Request, proto.Limits{MaxPayload: 1024, MaxItems: 1})
	equal(t, "response", answer.Agreed.Response, proto.Limits{MaxPayload: 65536, MaxItems: 1})
	proposal := proto.DefaultProposal()
	proposal.Request.MaxPayload = 1 << 20
	accepts(t, proto.DefaultServerPolicy(), proposal.AppendPacket(nil), 1) // NIPC-L2S-18
}

func TestVerdictNames(t *testing.T) {
	for verdict, name := range []string{"close", "reject", "accept", "unknown"} {
		equal(t, "name", proto.Verdict(verdict).String(), name)
	}
}

// Not on the hottest path, but a server full of strangers should not make garbage.
func TestHandshakeAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, 128)
	proposal := proto.DefaultProposal()
	proposal.AuthToken = 5
	noAllocs(t, "a handshake", func() {
		packet := proposal.AppendPacket(buffer)
		answer := policy.Judge(packet, 1, proto.GateOpen)
		agreed, err := proposal.Judge(answer.AppendPacket(buffer), proto.ProfileBaseline)
		if err != nil || agreed != answer.Agreed {
			t.Error("the sides do not agree")
		}
	})
	equal(t, "kind", errors.Is(policy.Judge(hello(6), 1, 0).Err, proto.Denied), true)
	equal(t, "packet", slices.Equal(hello(5), proposal.AppendPacket(buffer)), true)
}
