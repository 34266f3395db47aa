package proto_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// proposal is what the client of these tests asks for.
var proposal = proto.Proposal{
	Supported:       proto.ProfileBaseline | proto.ProfileSHMRing,
	Request:         proto.Limits{MaxPayload: 1024, MaxItems: 4},
	Response:        proto.Limits{MaxPayload: 65536, MaxItems: 4},
	ResponseCeiling: 100_000,
	PacketSize:      4096,
}

// soundAck is an ACK that is accepted.
var soundAck = proto.HelloAck{
	LayoutVersion:   1,
	ServerSupported: proto.ProfileBaseline,
	Intersection:    proto.ProfileBaseline,
	Selected:        proto.ProfileBaseline,
	Request:         proto.Limits{MaxPayload: 1024, MaxItems: 4},
	Response:        proto.Limits{MaxPayload: 65536, MaxItems: 4},
	PacketSize:      4096,
	SessionID:       9,
}

func refuses(t *testing.T, packet []byte, want proto.Refusal) {
	t.Helper()
	agreed, err := proposal.Judge(packet, proto.ProfileBaseline)
	equal[error](t, "error", err, want)
	equal(t, "agreed", agreed, proto.Agreed{})
}

// NIPC-HS-21, NIPC-HS-22, NIPC-HS-23: a packet in which everything is wrong is put right one field at a time; each step
// shows the next refusal of the order.
func TestClientOrderOfChecks(t *testing.T) {
	unsound := func(reason proto.Reason, got uint32) proto.Refusal {
		return proto.Refusal{Reason: proto.ReasonHeader, Err: proto.HeaderError{Reason: reason, Got: got}}
	}
	packet := filled(32)
	refuses(t, packet[:31], unsound(proto.ReasonShort, 31))
	refuses(t, packet, unsound(proto.ReasonMagic, 0xeeeeeeee))
	packet = patched(packet, 0, proto.Magic)
	refuses(t, packet, unsound(proto.ReasonHeaderLen, 0xeeee))
	packet = patched(packet, 6, uint16(32))
	refuses(t, packet, unsound(proto.ReasonKind, 0xeeee))
	packet = patched(packet, 8, uint16(1))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonVersion, Got: 0xeeee, Allowed: 1})
	packet = patched(packet, 4, uint16(1))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonNotAck, MessageKind: proto.Request, Code: 0xeeee})
	packet = patched(packet, 8, uint16(3))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonNotAck, MessageKind: proto.Control, Code: 0xeeee})
	packet = patched(packet, 12, uint16(2))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonRejected, Status: 0xeeee, Got: 1024})
	packet = patched(packet, 14, uint16(0))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonShort, Allowed: 48})
	packet = append(packet, filled(47)...)
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonShort, Got: 47, Allowed: 48})
	packet = append(packet, 0xee)
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonLayout, Got: 0xeeee, Allowed: 1})
	packet = patched(packet, 32, uint16(1))
	refuses(t, packet, proto.Refusal{Reason: proto.ReasonFlags, Got: 0xeeee})
	clientOrderOfGrants(t, patched(packet, 34, uint16(0)))
}

// NIPC-HS-24, NIPC-HS-25, NIPC-HS-27
func clientOrderOfGrants(t *testing.T, packet []byte) {
	// The last one was offered, but this build cannot run it.
	for _, selected := range []uint32{0xeeeeeeee, 0, 3, 0x11, 0x02, 0x08, 0x10} {
		packet = patched(packet, 32+12, selected)
		refuses(t, packet, proto.Refusal{Reason: proto.ReasonProfile, Got: uint64(selected), Allowed: 1})
	}
	packet = patched(packet, 32+12, uint32(1))
	payload := func(got uint64) proto.Refusal {
		return proto.Refusal{Reason: proto.ReasonRequestPayload, Got: got, Allowed: 1024}
	}
	// A packet size above the proposed one counts as that, so the next offence is the request payload.
	refuses(t, packet, payload(0xeeeeeeee))
	for _, got := range []uint32{0, 32} {
		packet = patched(packet, 32+32, got)
		refuses(t, packet, proto.Refusal{Reason: proto.ReasonPacketSize, Got: uint64(got), Allowed: 33})
	}
	packet = patched(packet, 32+32, uint32(33))
	refuses(t, packet, payload(0xeeeeeeee))
	packet = patched(packet, 32+16, uint32(1025))
	refuses(t, packet, payload(1025))
	packet = patched(packet, 32+16, uint32(1024))
	equal(t, "agreed", clientAccepts(t, proposal, packet), proto.Agreed{
		Profile:                proto.ProfileBaseline,
		ServerSupported:        0xeeeeeeee,
		Request:                proto.Limits{MaxPayload: 1024, MaxItems: 0xeeeeeeee},
		Response:               proto.Limits{MaxPayload: 100_000, MaxItems: 0xeeeeeeee},
		GrantedResponsePayload: 0xeeeeeeee,
		PacketSize:             33,
		SessionID:              0xeeeeeeeeeeeeeeee,
	})
	packet = patched(packet, 32+32, uint32(0xffffffff))
	equal(t, "packet size", clientAccepts(t, proposal, packet).PacketSize, 4096)
}

// NIPC-HS-24, NIPC-PRF-03: neither what this build could run but did not offer, nor what may never be offered.
func TestClientRefusesWhatItDidNotOffer(t *testing.T) {
	proposal := proposal
	for _, supported := range []proto.Profiles{0x11, 0xffffffff} {
		proposal.Supported = supported
		for selected := proto.Profiles(1); selected != 0; selected <<= 1 {
			ack := soundAck
			ack.Selected = selected
			_, err := proposal.Judge(proto.AppendHelloAckPacket(nil, proto.StatusOK, ack), 0xffffffff)
			possible := supported & proto.OfferableProfiles
			if possible.Contains(selected) {
				noError(t, err)
				continue
			}
			refusal := proto.Refusal{Reason: proto.ReasonProfile, Got: uint64(selected), Allowed: uint64(possible)}
			equal[error](t, "error", err, refusal)
		}
	}
}

// NIPC-HS-22, NIPC-HS-30, NIPC-ERR-07: what a rejection means for the client, whatever payload it has.
func TestRejections(t *testing.T) {
	cases := []struct {
		status proto.Status
		kind   proto.Kind
		state  proto.Disposition
	}{
		{1, proto.Rejected, proto.DispositionDisconnected},
		{2, proto.Denied, proto.DispositionAuthFailed},
		{3, proto.Incompatible, proto.DispositionIncompatible},
		{4, proto.Incompatible, proto.DispositionIncompatible},
		{5, proto.Rejected, proto.DispositionDisconnected},
		{6, proto.Rejected, proto.DispositionDisconnected},
		{7, proto.Rejected, proto.DispositionDisconnected},
		{0xffff, proto.Rejected, proto.DispositionDisconnected},
	}
	for _, c := range cases {
		full := proto.AppendHelloAckPacket(nil, c.status, proto.HelloAck{LayoutVersion: 1})
		for _, n := range []int{80, 40, 32} {
			_, err := proposal.Judge(full[:n], proto.ProfileBaseline)
			refusal, ok := errors.AsType[proto.Refusal](err)
			equal(t, "a refusal", ok, true)
			equal(t, "refusal", refusal, proto.Refusal{Reason: proto.ReasonRejected, Status: c.status, Got: 1024})
			equal(t, "kind", errors.Is(err, c.kind), true)
			equal(t, "state", refusal.Disposition(), c.state)
			equal(t, "names the status", strings.Contains(err.Error(), c.status.String()), true)
			named := strings.Contains(err.Error(), "1024")
			equal(t, "names the proposal", named, c.status == proto.StatusLimitExceeded)
		}
	}
}

// NIPC-HS-23, NIPC-ERR-07: kinds and states of answers that are no rejections.
func TestOtherRefusals(t *testing.T) {
	ok := proto.AppendHelloAckPacket(nil, proto.StatusOK, soundAck)
	cases := []struct {
		packet []byte
		kind   proto.Kind
		state  proto.Disposition
	}{
		{patched(ok, 4, uint16(2)), proto.Incompatible, proto.DispositionIncompatible},
		{patched(ok, 32, uint16(2)), proto.Incompatible, proto.DispositionIncompatible},
		{patched(ok, 34, uint16(1)), proto.PeerMisbehaved, proto.DispositionDisconnected},
		{patched(ok, 0, uint16(1)), proto.InvalidMessage, proto.DispositionDisconnected},
		{ok[:79], proto.InvalidMessage, proto.DispositionDisconnected},
		{patched(ok, 12, uint16(1)), proto.PeerMisbehaved, proto.DispositionDisconnected},
		{patched(ok, 32+12, uint32(2)), proto.PeerMisbehaved, proto.DispositionDisconnected},
		{patched(ok, 32+32, uint32(32)), proto.PeerMisbehaved, proto.DispositionDisconnected},
		{patched(ok, 32+16, uint32(65536)), proto.PeerMisbehaved, proto.DispositionDisconnected},
	}
	for _, c := range cases {
		_, err := proposal.Judge(c.packet, proto.ProfileBaseline)
		refusal, _ := errors.AsType[proto.Refusal](err)
		equal(t, err.Error(), refusal.Kind(), c.kind)
		equal(t, err.Error(), refusal.Disposition(), c.state)
		equal(t, err.Error(), refusal.Status, proto.StatusOK)
	}
}

func TestDispositionNames(t *testing.T) {
	for state, name := range []string{"disconnected", "auth_failed", "incompatible", "unknown"} {
		equal(t, "name", proto.Disposition(state).String(), name)
	}
}

// NIPC-HS-01, NIPC-HS-29, NIPC-PRF-03, NIPC-PRF-04: the HELLO is canonical, whatever was configured.
func TestClientHello(t *testing.T) {
	odd := proposal
	odd.Supported, odd.Request, odd.Response = 0xffffffff, proto.Limits{}, proto.Limits{}
	packet := odd.AppendPacket(nil)
	equal(t, "length", len(packet), 76)
	header, err := proto.DecodeHeader(packet)
	noError(t, err)
	equal(t, "header", header, proto.Header{Kind: 3, Code: 1, PayloadLen: 44, ItemCount: 1})
	hello, err := proto.DecodeHello(packet[32:])
	noError(t, err)
	equal(t, "hello", hello, proto.Hello{
		LayoutVersion: 1,
		Supported:     proto.OfferableProfiles,
		Request:       proto.Limits{MaxItems: 1},
		Response:      proto.Limits{MaxItems: 1},
		PacketSize:    4096,
	})
}

// A server that grants no items at all still takes single messages.
func TestGrantedItemsCountAtLeastOne(t *testing.T) {
	ack := soundAck
	ack.Request.MaxItems, ack.Response.MaxItems = 0, 0
	agreed := clientAccepts(t, proposal, proto.AppendHelloAckPacket(nil, proto.StatusOK, ack))
	equal(t, "request", agreed.Request.MaxItems, 1)
	equal(t, "response", agreed.Response.MaxItems, 1)
}

// NIPC-HS-26: what must be ignored changes nothing.
func TestClientIgnoredFields(t *testing.T) {
	r := random(15)
	want := clientAccepts(t, proposal, proto.AppendHelloAckPacket(nil, proto.StatusOK, soundAck))
	for range 300 {
		ack := soundAck
		ack.ServerSupported, ack.Intersection = proto.Profiles(r.Uint32()), proto.Profiles(r.Uint32())
		ack.Padding = r.Uint32()
		packet := patched(proto.AppendHelloAckPacket(nil, proto.StatusOK, ack), 10, uint16(r.Uint32()))
		packet = patched(packet, 16, r.Uint32())
		packet = patched(packet, 20, r.Uint32())
		packet = patched(packet, 24, r.Uint64())
		want.ServerSupported = ack.ServerSupported
		equal(t, "agreed", clientAccepts(t, proposal, append(packet, randomBytes(r, 60)...)), want)
	}
}

// NIPC-HS-27
func TestClientResponseLimit(t *testing.T) {
	r := random(16)
	for range 300 {
		ack, proposal := soundAck, proposal
		ack.Response.MaxPayload, proposal.ResponseCeiling = r.Uint32(), r.Uint32()
		agreed := clientAccepts(t, proposal, proto.AppendHelloAckPacket(nil, proto.StatusOK, ack))
		equal(t, "limit", agreed.Response.MaxPayload, min(ack.Response.MaxPayload, proposal.ResponseCeiling))
		equal(t, "granted", agreed.GrantedResponsePayload, ack.Response.MaxPayload)
	}
}
