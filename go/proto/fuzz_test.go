package proto_test

import (
	"bytes"
	"encoding/binary"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// Each check takes any bytes and fails when something that must always hold does not. The fuzzers start from the golden
// vectors; TestFuzzRandomInput runs the same checks over random input in every test run.

// input turns bytes into numbers; what is missing at the end reads as zero.
type input struct{ rest []byte }

func (in *input) take(n int) []byte {
	n = min(n, len(in.rest))
	head := in.rest[:n]
	in.rest = in.rest[n:]
	return head
}

func (in *input) number(size int) uint64 {
	var b [8]byte
	copy(b[:], in.take(size))
	return binary.LittleEndian.Uint64(b[:])
}

func (in *input) u8() uint8   { return uint8(in.number(1)) }
func (in *input) u16() uint16 { return uint16(in.number(2)) }
func (in *input) u32() uint32 { return uint32(in.number(4)) }
func (in *input) u64() uint64 { return in.number(8) }

// seed adds all golden vectors, each behind prefix.
func seed(f *testing.F, prefix ...byte) {
	root := filepath.Join("..", "..", "spec", "vectors", "golden")
	found := 0
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".bin" {
			return err
		}
		data, err := os.ReadFile(path)
		f.Add(append(bytes.Clone(prefix), data...))
		found++
		return err
	})
	noError(f, err)
	equal(f, "vectors found", found > 40, true)
}

func FuzzHeader(f *testing.F) {
	seed(f)
	f.Fuzz(func(t *testing.T, data []byte) { checkHeaders(t, data) })
}

// checkHeaders: of headers and payloads of the handshake, what decodes, encodes to the same bytes.
func checkHeaders(t *testing.T, data []byte) {
	if header, err := proto.DecodeHeader(data); err == nil {
		equalBytes(t, "header", proto.AppendHeader(nil, header), data[:proto.HeaderLen])
	}
	if chunk, err := proto.DecodeChunkHeader(data); err == nil {
		equalBytes(t, "chunk header", proto.AppendChunkHeader(nil, chunk), data[:proto.ChunkHeaderLen])
	}
	if hello, err := proto.DecodeHello(data); err == nil {
		equalBytes(t, "hello", proto.AppendHello(nil, hello), data[:proto.HelloLen])
	}
	if ack, err := proto.DecodeHelloAck(data); err == nil {
		equalBytes(t, "hello ack", proto.AppendHelloAck(nil, ack), data[:proto.HelloAckLen])
	}
}

func FuzzBatch(f *testing.F) {
	for items := range byte(4) {
		seed(f, items, 0, 0, 0)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkBatch(t, data) })
}

// checkBatch: the first four bytes are the item count, the rest is the payload. What parses can be built again, in the
// canonical form, with the same items.
func checkBatch(t *testing.T, data []byte) {
	in := input{data}
	count := in.u32()
	batch, err := proto.ParseBatch(in.rest, count)
	if err != nil {
		return
	}
	var items [][]byte
	total := 0
	for _, item := range batch.Items() {
		items = append(items, item)
		total += len(item)
	}
	equal(t, "items", len(items), int(count))
	// Overlapping items can add up to far more than the payload; rebuilding them would only test the allocator.
	if total > 1<<16 {
		return
	}
	head := []byte("abc")
	canonical := build(t, bytes.Repeat(head, 50)[:3], int(count), items...)
	equalBytes(t, "head", canonical[:3], head)
	equal(t, "aligned", len(canonical)%8, 3)
	again, err := proto.ParseBatch(canonical[3:], count)
	noError(t, err)
	sameItems(t, again, items)
}

func FuzzHandshake(f *testing.F) {
	seed(f, make([]byte, 29)...)
	seed(f, fittingPolicy()...)
	f.Fuzz(func(t *testing.T, data []byte) { checkHandshake(t, data) })
}

// fittingPolicy is input for checkHandshake that makes a server which takes most HELLOs of the vectors.
func fittingPolicy() []byte {
	data := []byte{0, 0x13, 0, 0, 0, 0, 0, 0, 0}
	data = binary.LittleEndian.AppendUint64(data, goldenToken)
	return append(data, bytes.Repeat([]byte{0x7f}, 12)...)
}

// checkHandshake judges any HELLO by a policy, and any ACK by a proposal.
func checkHandshake(t *testing.T, data []byte) {
	in := input{data}
	gate := proto.Gate(in.u8() % 3)
	policy := proto.ServerPolicy{
		Supported: proto.Profiles(in.u32()), Preferred: proto.Profiles(in.u32()), AuthToken: in.u64(),
		MaxRequestPayload: in.u32(), MaxResponsePayload: in.u32(), PacketSize: in.u32(),
	}
	packet := in.rest
	answer := policy.Judge(packet, 9, gate)
	ack := answer.AppendPacket(nil)
	switch answer.Verdict {
	case proto.Accept:
		equal(t, "gate", gate, proto.GateOpen)
		checkAccept(t, policy, packet, answer)
	case proto.Reject:
		equal(t, "status", answer.Status != proto.StatusOK, true)
		equalBytes(t, "payload", ack[32:], append([]byte{1, 0}, make([]byte, 46)...))
	case proto.Close:
		equal(t, "length of the answer", len(ack), 0)
	}
	equal(t, "has an error", answer.Err != nil, answer.Verdict != proto.Accept)
	checkClient(t, policy, packet)
}

func checkAccept(t *testing.T, policy proto.ServerPolicy, packet []byte, answer proto.Answer) {
	hello, err := proto.DecodeHello(packet[proto.HeaderLen:])
	noError(t, err)
	agreed := answer.Agreed
	common := hello.Supported & policy.Supported & proto.OfferableProfiles
	equal(t, "profile", agreed.Profile.IsSingle() && common.Contains(agreed.Profile), true)
	equal(t, "request payload", agreed.Request.MaxPayload, hello.Request.MaxPayload)
	equal(t, "accepted", agreed.Request.MaxPayload <= policy.MaxRequestPayload, true)
	equal(t, "packet size", agreed.PacketSize, min(hello.PacketSize, policy.PacketSize))
	equal(t, "packet size is of use", agreed.PacketSize > 32, true)
	proposal := proto.Proposal{
		Supported: hello.Supported, Preferred: hello.Preferred, Request: hello.Request, Response: hello.Response,
		ResponseCeiling: math.MaxUint32, AuthToken: hello.AuthToken, PacketSize: hello.PacketSize,
	}
	equal(t, "both sides agree", clientAccepts(t, proposal, answer.AppendPacket(nil)), agreed)
}

func checkClient(t *testing.T, policy proto.ServerPolicy, packet []byte) {
	proposal := proto.Proposal{
		Supported: policy.Supported, Request: proto.Limits{MaxPayload: policy.MaxRequestPayload},
		ResponseCeiling: policy.MaxResponsePayload, PacketSize: policy.PacketSize,
	}
	agreed, err := proposal.Judge(packet, proto.OfferableProfiles)
	if err != nil {
		return
	}
	equal(t, "profile", agreed.Profile.IsSingle() && policy.Supported.Contains(agreed.Profile), true)
	equal(t, "request", agreed.Request.MaxPayload <= policy.MaxRequestPayload, true)
	equal(t, "response", agreed.Response.MaxPayload <= policy.MaxResponsePayload, true)
	equal(t, "items", min(agreed.Request.MaxItems, agreed.Response.MaxItems) > 0, true)
	equal(t, "packet size", agreed.PacketSize > 32 && agreed.PacketSize <= policy.PacketSize, true)
}

func FuzzAssembler(f *testing.F) {
	seed(f, 96, 7, 0, 0, 0, 0, 0, 0, 0)
	seed(f, 40, 7, 0, 0, 0, 0, 0, 0, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		checkChunks(t, data)
		checkAssembler(t, data)
	})
}

// checkChunks: a packet size, a message id and a payload. What is cut is put together again.
func checkChunks(t *testing.T, data []byte) {
	in := input{data}
	packetSize, id := uint32(in.u8()), in.u64()
	payload := in.rest
	header := proto.RequestHeader(1, uint32(len(payload)), id)
	chunker := proto.NewChunker(header, packetSize)
	var assembler proto.Assembler
	count, complete := uint32(0), false
	for ; !chunker.Done(); chunker.Advance() {
		equal(t, "complete before the last packet", complete, false)
		packet := chunker.AppendPacket(nil, payload)
		equal(t, "packet fits", len(packet) <= max(int(packetSize), 33), true)
		equal(t, "started", chunker.Started(), count > 0)
		count++
		_, end := chunker.Part()
		switch {
		case count > 1:
			var err error
			_, complete, err = assembler.Continuation(packet)
			noError(t, err)
		case end == len(payload):
			complete = true
			continue
		default:
			assembler.Begin(header, packet[32:], packetSize)
		}
		equalBytes(t, "arrived", assembler.Payload(), payload[:end])
		equal(t, "memory is bounded", assembler.Held() <= min(2*end, len(payload)), true)
	}
	equal(t, "complete", complete, true)
	equal(t, "packets", count, chunker.Count())
}

// checkAssembler feeds packets that a peer made up: a packet size, the payload length, then packets with their length.
func checkAssembler(t *testing.T, data []byte) {
	in := input{data}
	packetSize, announced := uint32(in.u8()), in.u32()
	first := in.take(int(in.u8()))
	if uint64(len(first)) >= uint64(announced) {
		return
	}
	var assembler proto.Assembler
	assembler.Begin(proto.RequestHeader(1, announced, 1), first, packetSize)
	for arrived := len(first); len(in.rest) > 0; {
		packet := in.take(int(in.u8()))
		_, complete, err := assembler.Continuation(packet)
		if err == nil {
			arrived += len(packet) - proto.ChunkHeaderLen
		}
		equal(t, "arrived", len(assembler.Payload()), arrived)
		equal(t, "memory is bounded", assembler.Held() <= 2*arrived, true)
		if complete {
			equal(t, "length", uint32(arrived), announced)
			return
		}
	}
}

func TestFuzzRandomInput(t *testing.T) {
	r := random(19)
	hello := hello(0)
	for range 1000 {
		data := randomBytes(r, 300)
		checkHeaders(t, data)
		checkBatch(t, data)
		checkChunks(t, data)
		checkAssembler(t, data)
		checkHandshake(t, data)

		// What is nearly sound gets further than what is not.
		packet := bytes.Clone(hello)
		packet[r.IntN(len(packet))] = byte(r.Uint32())
		checkHeaders(t, packet)
		checkHandshake(t, append(randomBytes(r, 29), packet...))
		checkHandshake(t, append(fittingPolicy(), packet...))
		batch := append([]byte{byte(r.IntN(6)), 0, 0, 0}, make([]byte, r.IntN(120))...)
		for range r.IntN(6) {
			batch[r.IntN(len(batch))] = byte(r.Uint32N(4) * 8)
		}
		checkBatch(t, batch)
		ops := make([]byte, r.IntN(1500))
		for i := range ops {
			ops[i] = byte(r.Uint32())
		}
		checkSession(t, ops)
	}
}
