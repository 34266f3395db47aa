package proto_test

import (
	"encoding/binary"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// The golden vectors, in both directions: they decode to what their index says, and what we emit is the same bytes.

const goldenToken = 0xDEADBEEFCAFEBABE

// NIPC-ENV-01, NIPC-ENV-02
func TestGoldenHeader(t *testing.T) {
	bytes := golden(t, "payloads/header.bin")
	want := proto.Header{
		Kind: proto.Request, Flags: proto.FlagBatch, Code: 2, PayloadLen: 12345, ItemCount: 42, MessageID: goldenToken,
	}
	got, err := proto.DecodeHeader(bytes)
	noError(t, err)
	equal(t, "header", got, want)
	equalBytes(t, "encoded", proto.AppendHeader(nil, want), bytes)
}

// NIPC-CHK-03
func TestGoldenChunkHeader(t *testing.T) {
	bytes := golden(t, "payloads/chunk_header.bin")
	want := proto.ChunkHeader{MessageID: 0x1234567890ABCDEF, TotalLen: 100_000, Index: 3, Count: 10, PayloadLen: 8192}
	got, err := proto.DecodeChunkHeader(bytes)
	noError(t, err)
	equal(t, "chunk header", got, want)
	equalBytes(t, "encoded", proto.AppendChunkHeader(nil, want), bytes)
}

// NIPC-HS-01
func TestGoldenHello(t *testing.T) {
	bytes := golden(t, "payloads/hello.bin")
	want := proto.Hello{
		LayoutVersion: 1,
		Supported:     5,
		Preferred:     4,
		Request:       proto.Limits{MaxPayload: 4096, MaxItems: 100},
		Response:      proto.Limits{MaxPayload: 1_048_576, MaxItems: 1},
		AuthToken:     0xAABBCCDDEEFF0011,
		PacketSize:    65536,
	}
	got, err := proto.DecodeHello(bytes)
	noError(t, err)
	equal(t, "hello", got, want)
	equalBytes(t, "encoded", proto.AppendHello(nil, want), bytes)
	_, err = proto.DecodeHello(bytes[:43])
	equal[error](t, "short", err, proto.Fault{Reason: proto.ReasonShort, Got: 43, Allowed: 44})
}

// NIPC-HS-02
func TestGoldenHelloAck(t *testing.T) {
	bytes := golden(t, "payloads/hello_ack.bin")
	want := proto.HelloAck{
		LayoutVersion:   1,
		ServerSupported: 7,
		Intersection:    5,
		Selected:        4,
		Request:         proto.Limits{MaxPayload: 2048, MaxItems: 50},
		Response:        proto.Limits{MaxPayload: 65536, MaxItems: 1},
		PacketSize:      32768,
		SessionID:       1,
	}
	got, err := proto.DecodeHelloAck(bytes)
	noError(t, err)
	equal(t, "hello ack", got, want)
	equalBytes(t, "encoded", proto.AppendHelloAck(nil, want), bytes)
	_, err = proto.DecodeHelloAck(bytes[:47])
	equal[error](t, "short", err, proto.Refusal{Reason: proto.ReasonShort, Got: 47, Allowed: 48})
}

// goldenProposal is what the client of the ack_* vectors proposes.
func goldenProposal() proto.Proposal {
	return proto.Proposal{
		Supported:       proto.ProfileBaseline,
		Request:         proto.Limits{MaxPayload: 2048, MaxItems: 4},
		Response:        proto.Limits{MaxPayload: 777, MaxItems: 3},
		ResponseCeiling: 1 << 20,
		AuthToken:       goldenToken,
		PacketSize:      32768,
	}
}

// goldenPolicy is what the server of the ack_* vectors grants.
var goldenPolicy = proto.ServerPolicy{
	Supported:          3,
	AuthToken:          goldenToken,
	MaxRequestPayload:  4096,
	MaxResponsePayload: 8192,
	PacketSize:         65536,
}

// NIPC-HS-14, NIPC-HS-15: the grants of an existing server and ours are the same bytes.
func TestGoldenAccept(t *testing.T) {
	bytes := golden(t, "packets/ack_ok_baseline.bin")
	proposal := goldenProposal()
	answer := accepts(t, goldenPolicy, proposal.AppendPacket(nil), 1)
	equalBytes(t, "ack", answer.AppendPacket(nil), bytes)
	agreed := clientAccepts(t, proposal, bytes)
	equal(t, "client and server", agreed, answer.Agreed)
	equal(t, "request", agreed.Request, proto.Limits{MaxPayload: 2048, MaxItems: 4})
	equal(t, "response", agreed.Response, proto.Limits{MaxPayload: 8192, MaxItems: 4})
	equal(t, "packet size", agreed.PacketSize, 32768)
	equal(t, "session id", agreed.SessionID, 1)
}

// NIPC-HS-03
func TestGoldenReject(t *testing.T) {
	change := func(change func(*proto.Proposal)) []byte {
		proposal := goldenProposal()
		change(&proposal)
		return proposal.AppendPacket(nil)
	}
	same := change(func(*proto.Proposal) {})
	cases := []struct {
		vector string
		status proto.Status
		hello  []byte
	}{
		{"unsupported", 4, change(func(p *proto.Proposal) { p.Supported = proto.ProfileSHMRing })},
		{"auth_failed", 2, change(func(p *proto.Proposal) { p.AuthToken = 1 })},
		{"limit_exceeded", 5, change(func(p *proto.Proposal) { p.Request.MaxPayload = 4097 })},
		{"incompatible_packet", 3, change(func(p *proto.Proposal) { p.PacketSize = 32 })},
		{"incompatible_layout", 3, patched(same, 32, uint16(2))},
		{"header_version", 3, patched(same, 4, uint16(2))},
	}
	for _, c := range cases {
		bytes := golden(t, "packets/ack_reject_"+c.vector+".bin")
		answer := goldenPolicy.Judge(c.hello, 1, proto.GateOpen)
		equal(t, c.vector, answer.Verdict, proto.Reject)
		equalBytes(t, c.vector, answer.AppendPacket(nil), bytes)
		proposal := goldenProposal()
		_, err := proposal.Judge(bytes, proto.ProfileBaseline)
		equal[error](t, c.vector, err, proto.Refusal{Reason: proto.ReasonRejected, Status: c.status, Got: 2048})
	}
}

// NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-05, NIPC-BAT-11
func TestGoldenBatches(t *testing.T) {
	number := func(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }
	text := func(s string) []byte { return append([]byte{8, 0, 0, 0, byte(len(s)), 0, 0, 0}, s+"\x00"...) }
	cases := []struct {
		vector string
		slots  int
		items  [][]byte
	}{
		{"increment_3", 3, [][]byte{number(1), number(2), number(3)}},
		{"increment_1", 1, [][]byte{number(7)}},
		{"string_reverse_2", 2, [][]byte{text("ab"), text("hello")}},
		{"compacted", 4, [][]byte{[]byte("xyz"), []byte("12345678")}},
	}
	for _, c := range cases {
		bytes := golden(t, "payloads/batch_"+c.vector+".bin")
		batch, err := proto.ParseBatch(bytes, uint32(len(c.items)))
		noError(t, err)
		sameItems(t, batch, c.items)
		equalBytes(t, c.vector, build(t, nil, c.slots, c.items...), bytes)
	}
}

// NIPC-L2S-02, NIPC-L2S-03
func TestGoldenResponses(t *testing.T) {
	cases := []struct {
		vector string
		want   proto.Header
	}{
		{"increment_resp", proto.RequestHeader(1, 8, 5).Response(8)},
		{"batch_increment_resp", proto.RequestHeader(1, 8, 7).Response(48).Batch(3)},
		{"resp_unsupported", proto.RequestHeader(3, 8, 6).Failure(proto.StatusUnsupported)},
		{"resp_malformed_payload", proto.RequestHeader(1, 8, 10).Failure(proto.StatusBadEnvelope)},
		{"resp_handler_failure", proto.RequestHeader(1, 8, 9).Failure(proto.StatusInternalError)},
	}
	client := newClient(agreed(4096, 4096, 16, 65536))
	for id := range uint64(11) {
		begin(t, client, request(0, id))
	}
	for _, c := range cases {
		bytes := golden(t, "packets/"+c.vector+".bin")
		takes(t, client, bytes)
		equalBytes(t, c.vector, proto.AppendHeader(nil, c.want), bytes[:32])
	}
	equal(t, "in flight", client.InFlightLen(), 6)
}

// NIPC-ENV-07, NIPC-ENV-09
func TestGoldenRequests(t *testing.T) {
	cases := []struct {
		vector string
		want   proto.Header
	}{
		{"client_snapshot_request", proto.RequestHeader(2, 4, 1)},
		{"client_apps_request", proto.RequestHeader(5, 48, 1)},
		{"client_increment_request", proto.RequestHeader(1, 8, 1)},
	}
	for _, c := range cases {
		bytes := golden(t, "packets/"+c.vector+".bin")
		takes(t, newServer(agreed(4096, 4096, 16, 65536)), bytes)
		equalBytes(t, c.vector, proto.AppendHeader(nil, c.want), bytes[:32])
	}
}

// NIPC-HS-01: HELLOs of existing clients are accepted, and the same proposal from us is the same bytes.
func TestGoldenClientHellos(t *testing.T) {
	for _, name := range []string{"snapshot", "apps", "increment"} {
		bytes := golden(t, "packets/client_"+name+"_hello.bin")
		hello, err := proto.DecodeHello(bytes[32:])
		noError(t, err)
		proposal := proto.Proposal{
			Supported:       hello.Supported,
			Preferred:       hello.Preferred,
			Request:         hello.Request,
			Response:        hello.Response,
			ResponseCeiling: 1 << 20,
			AuthToken:       hello.AuthToken,
			PacketSize:      hello.PacketSize,
		}
		equalBytes(t, name, proposal.AppendPacket(nil), bytes)
		policy := proto.DefaultServerPolicy()
		policy.AuthToken, policy.PacketSize = hello.AuthToken, sndbuf-32
		answer := accepts(t, policy, bytes, 3)
		equal(t, "request", answer.Agreed.Request, hello.Request)
		equal(t, "packet size", answer.Agreed.PacketSize, min(hello.PacketSize, sndbuf-32))
		equal(t, "client and server", clientAccepts(t, proposal, answer.AppendPacket(nil)), answer.Agreed)
	}
}
