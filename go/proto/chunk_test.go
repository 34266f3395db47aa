package proto_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// sndbuf is SO_SNDBUF of a Linux system with default settings; the kernel keeps 32 bytes of it for itself.
const sndbuf = 212_992

// NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03: the example of the specification.
func TestChunkExample(t *testing.T) {
	header := proto.RequestHeader(1, 188, 77)
	all := packets(proto.NewChunker(header, 96), pattern(188))
	var sizes []int
	for index, packet := range all {
		sizes = append(sizes, len(packet))
		if index == 0 {
			equalBytes(t, "head of the first", packet[:32], proto.AppendHeader(nil, header))
			continue
		}
		chunk, err := proto.DecodeChunkHeader(packet)
		noError(t, err)
		equal(t, "chunk header", chunk, proto.ChunkHeader{
			MessageID: 77, TotalLen: 220, Index: uint32(index), Count: 3, PayloadLen: uint32(len(packet) - 32),
		})
	}
	equal(t, "sizes", fmt.Sprint(sizes), "[96 96 92]")
}

// NIPC-CHK-01
func TestBoundaryOfOnePacket(t *testing.T) {
	for _, c := range []struct{ n, count uint32 }{{0, 1}, {63, 1}, {64, 1}, {65, 2}, {128, 2}, {129, 3}} {
		chunker := proto.NewChunker(proto.RequestHeader(1, c.n, 1), 96)
		equal(t, "count", chunker.Count(), c.count)
		equal(t, "packets", uint32(len(packets(chunker, pattern(int(c.n))))), c.count)
	}
}

// NIPC-CHK-04: a chunker shows the same packet until it is told that the packet was sent.
func TestChunkerIsResumable(t *testing.T) {
	payload := pattern(100)
	chunker := proto.NewChunker(proto.RequestHeader(1, 100, 1), 64)
	equal(t, "started", chunker.Started(), false)
	equalBytes(t, "again", chunker.AppendPacket(nil, payload), chunker.AppendPacket(nil, payload))
	chunker.Advance()
	equal(t, "started", chunker.Started() && !chunker.Done(), true)
	resumed := chunker
	equalBytes(t, "resumed", resumed.AppendPacket(nil, payload), chunker.AppendPacket(nil, payload))
	start, end := chunker.Part()
	equal(t, "part", [2]int{start, end}, [2]int{32, 64})
	for range 5 {
		chunker.Advance()
	}
	equal(t, "done", chunker.Done(), true)
	equal(t, "packet when done", len(chunker.AppendPacket(nil, payload)), 0)
	equal(t, "header", chunker.Header(), proto.RequestHeader(1, 100, 1))
}

// assemble feeds the packets of one message to a server's session until it is complete or refused. When the packets end
// before the message does, Progress is Partial.
func assemble(all [][]byte, packetSize uint32) (proto.Received, error) {
	server := newServer(agreed(1<<20, 0, math.MaxUint32, packetSize))
	for _, packet := range all {
		received, err := server.OnPacket(packet, epoch)
		if err != nil || received.Progress != proto.Partial {
			return received, err
		}
	}
	return proto.Received{}, nil
}

// NIPC-CHK-02, NIPC-CHK-03: any message over any packet size arrives as it was sent, in as few packets as possible.
func TestChunksRoundTrip(t *testing.T) {
	payload := pattern(3000)
	r := random(9)
	for packetSize := uint32(33); packetSize < 500; packetSize++ {
		for _, n := range []int{0, 1, int(packetSize) - 33, int(packetSize) - 32, int(packetSize) - 31, r.IntN(3000)} {
			header := proto.RequestHeader(1, uint32(n), r.Uint64())
			all := packets(proto.NewChunker(header, packetSize), payload[:n])
			part := int(packetSize) - 32
			equal(t, "packets", len(all), max(1, (n+part-1)/part))
			received, err := assemble(all, packetSize)
			noError(t, err)
			equal(t, "progress", received.Progress == proto.Whole, len(all) == 1)
			equal(t, "header", received.Header, header)
			equalBytes(t, "payload", received.Payload, payload[:n])
		}
	}
}

// NIPC-CHK-02, NIPC-CHK-03. Fault 4 of the existing peers: chunked messages fail at the default packet
// size, because they count on all of SO_SNDBUF.
func TestChunkingAtDefaultPacketSize(t *testing.T) {
	const packetSize = sndbuf - 32
	for _, n := range []int{packetSize - 32, packetSize - 31, packetSize, sndbuf, 1 << 20} {
		payload := pattern(n)
		header := proto.RequestHeader(2, uint32(n), 1)
		all := packets(proto.NewChunker(header, packetSize), payload)
		for _, packet := range all {
			equal(t, "packet fits", len(packet) <= packetSize, true)
		}
		received, err := assemble(all, packetSize)
		noError(t, err)
		equal(t, "header", received.Header, header)
		equal(t, "payload", bytes.Equal(received.Payload, payload), true)
	}
}

// cut returns the packets of a message whose first packet carries only first payload bytes, as a foreign sender may cut
// it, and each further one as many as the next of sizes says.
func cut(header proto.Header, payload []byte, first int, count uint32, sizes func() int) [][]byte {
	all := [][]byte{whole(header, payload[:first])}
	for index, rest := uint32(1), payload[first:]; len(rest) > 0; index++ {
		n := min(sizes(), len(rest))
		chunk := proto.AppendChunkHeader(nil, proto.ChunkHeader{
			MessageID: header.MessageID, TotalLen: 32 + uint32(len(payload)),
			Index: index, Count: count, PayloadLen: uint32(n),
		})
		all = append(all, append(chunk, rest[:n]...))
		rest = rest[n:]
	}
	return all
}

// NIPC-CHK-05, NIPC-CHK-06: a short first packet is fine, whatever it carries.
func TestShortFirstPacket(t *testing.T) {
	r := random(10)
	for range 500 {
		payload, part := pattern(1+r.IntN(2000)), 1+r.IntN(270)
		first := r.IntN(min(part+1, len(payload)))
		header := proto.RequestHeader(1, uint32(len(payload)), 3)
		count := uint32(1 + (len(payload)-first+part-1)/part)
		all := cut(header, payload, first, count, func() int { return part })
		received, err := assemble(all, uint32(32+part))
		noError(t, err)
		equal(t, "progress", received.Progress, proto.Assembled)
		equalBytes(t, "payload", received.Payload, payload)
	}
}

// NIPC-CHK-11: any other split of the rest than full packets is refused.
func TestOtherSplitsAreRefused(t *testing.T) {
	r := random(11)
	refused := 0
	for range 500 {
		payload := pattern(200 + r.IntN(600))
		header := proto.RequestHeader(1, uint32(len(payload)), 3)
		good := packets(proto.NewChunker(header, 96), payload)
		all := cut(header, payload, 64, uint32(len(good)), func() int { return 62 + r.IntN(4) })
		received, err := assemble(all, 96)
		if slices.EqualFunc(all, good, bytes.Equal) {
			noError(t, err)
			equal(t, "progress", received.Progress, proto.Assembled)
			continue
		}
		refused++
		chunk, ok := errors.AsType[proto.ChunkError](err)
		equal(t, "a chunk error", ok, true)
		equal(t, "reason", chunk.Reason, proto.ReasonPartLen)
	}
	equal(t, "some were refused", refused > 400, true)
}

// NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11: a change of one byte is refused, or changes nothing
// but that byte of the message.
func TestChunkMutation(t *testing.T) {
	r := random(12)
	for range 3000 {
		payload := pattern(65 + r.IntN(335))
		header := proto.RequestHeader(1, uint32(len(payload)), 0x0102030405060708)
		all := packets(proto.NewChunker(header, 96), payload)
		index := r.IntN(len(all))
		at := r.IntN(len(all[index]))
		all[index][at] ^= byte(1 + r.IntN(255))
		received, err := assemble(all, 96)
		switch {
		case err != nil:
			// The batch flag makes a directory of the payload.
			batch := index == 0 && at == 10
			equal(t, "refused for a byte of the payload", at >= 32 && !batch, false)
		case received.Progress == proto.Partial:
			equal(t, "only a first header that announces more leaves the message open", index == 0 && at/4 == 4, true)
		case at >= 32:
			differing := 0
			for i := range payload {
				if received.Payload[i] != payload[i] {
					differing++
				}
			}
			equal(t, "differing bytes", differing, 1)
			equal(t, "header", received.Header, header)
		default:
			equal(t, "changed header", index == 0 && received.Header != header, true)
			equalBytes(t, "payload", received.Payload, payload)
		}
	}
}

// refused returns what an assembler says to a packet after the first of the example of the specification.
func refused(t *testing.T, packet []byte) error {
	t.Helper()
	payload := pattern(188)
	var assembler proto.Assembler
	assembler.Begin(proto.RequestHeader(1, 188, 77), payload[:64], 96)
	_, complete, err := assembler.Continuation(packet)
	equal(t, "complete", complete, false)
	_, pending := assembler.Pending()
	equal(t, "still half there", pending, true)
	equalBytes(t, "payload so far", assembler.Payload(), payload[:64])
	return err
}

// NIPC-CHK-07, NIPC-CHK-08, NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11, NIPC-RCV-07: with everything wrong, the first field
// in the order of the checks is named.
func TestChunkOrderOfChecks(t *testing.T) {
	packet := filled(100)
	step := func(reason proto.Reason, got, want uint64) {
		t.Helper()
		equal[error](t, "error", refused(t, packet), proto.ChunkError{Reason: reason, Got: got, Want: want})
	}
	equal[error](t, "short", refused(t, packet[:31]), proto.ChunkError{Reason: proto.ReasonShort, Got: 31, Want: 32})
	step(proto.ReasonMagic, 0xeeeeeeee, 0x4e43484b)
	packet = patched(packet, 0, uint32(0x4e43484b))
	step(proto.ReasonVersion, 0xeeee, 1)
	packet = patched(packet, 4, uint16(1))
	step(proto.ReasonFlags, 0xeeee, 0)
	packet = patched(packet, 6, uint16(0))
	step(proto.ReasonMessageID, 0xeeeeeeeeeeeeeeee, 77)
	packet = patched(packet, 8, uint64(77))
	step(proto.ReasonIndex, 0xeeeeeeee, 1)
	packet = patched(packet, 20, uint32(1))
	step(proto.ReasonCount, 0xeeeeeeee, 3)
	packet = patched(packet, 24, uint32(3))
	step(proto.ReasonTotal, 0xeeeeeeee, 220)
	packet = patched(packet, 16, uint32(220))
	step(proto.ReasonPacketLen, 68, 0xeeeeeeee)
	packet = patched(packet, 28, uint32(68))
	step(proto.ReasonPartLen, 68, 64)
}

// NIPC-CHK-10: a chunk without payload.
func TestEmptyChunk(t *testing.T) {
	chunk := proto.ChunkHeader{MessageID: 77, TotalLen: 220, Index: 1, Count: 3}
	err := refused(t, proto.AppendChunkHeader(nil, chunk))
	equal[error](t, "error", err, proto.ChunkError{Reason: proto.ReasonPartLen, Want: 64})
}

// NIPC-CHK-09: repeated and skipped chunks, ones past the last, and one without a message.
func TestChunkSequence(t *testing.T) {
	chunk := proto.ChunkHeader{MessageID: 77, TotalLen: 220, Index: 1, Count: 3, PayloadLen: 64}
	packet := append(proto.AppendChunkHeader(nil, chunk), make([]byte, 64)...)
	for _, index := range []uint32{0, 2, 3, 4, math.MaxUint32} {
		err := refused(t, patched(packet, 20, index))
		equal[error](t, "error", err, proto.ChunkError{Reason: proto.ReasonIndex, Got: uint64(index), Want: 1})
	}
	var idle proto.Assembler
	_, _, err := idle.Continuation(packet)
	equal[error](t, "idle", err, proto.ChunkError{Reason: proto.ReasonIndex, Got: 1})
	_, pending := idle.Pending()
	equal(t, "pending", pending, false)
}

// NIPC-CHK-11: the last part may be neither longer nor shorter than what is left.
func TestChunkOverrun(t *testing.T) {
	payload := pattern(188)
	all := packets(proto.NewChunker(proto.RequestHeader(1, 188, 77), 96), payload)
	var assembler proto.Assembler
	assembler.Begin(proto.RequestHeader(1, 188, 77), payload[:64], 96)
	_, complete, err := assembler.Continuation(all[1])
	noError(t, err)
	equal(t, "complete", complete, false)
	for _, n := range []int{59, 61, 64} {
		packet := append(patched(all[2], 28, uint32(n))[:32], make([]byte, n)...)
		_, _, err := assembler.Continuation(packet)
		equal[error](t, "error", err, proto.ChunkError{Reason: proto.ReasonPartLen, Got: uint64(n), Want: 60})
	}
	equal(t, "taken half-way", assembler.Take() == nil, true)
	header, complete, err := assembler.Continuation(all[2])
	noError(t, err)
	equal(t, "complete", complete, true)
	equal(t, "header", header, proto.RequestHeader(1, 188, 77))
	equalBytes(t, "payload", assembler.Take(), payload)
	equal(t, "held", assembler.Held(), 0)
}

// A message that was half there is forgotten when another one begins.
func TestBeginForgets(t *testing.T) {
	var assembler proto.Assembler
	assembler.Begin(proto.RequestHeader(1, 100, 1), pattern(64), 96)
	assembler.Begin(proto.RequestHeader(1, 70, 2), []byte("x"), 96)
	header, pending := assembler.Pending()
	equal(t, "pending", pending, true)
	equal(t, "header", header, proto.RequestHeader(1, 70, 2))
	equalBytes(t, "payload", assembler.Payload(), []byte("x"))
	assembler.Clear()
	equal(t, "held", assembler.Held(), 0)
}

// NIPC-CHK-13: memory follows the bytes that arrived, not the number announced.
func TestMemoryGrowsWithArrival(t *testing.T) {
	const total = 64 << 20
	var assembler proto.Assembler
	assembler.Begin(proto.RequestHeader(1, total, 1), nil, 4128)
	equal(t, "held", assembler.Held(), 0)
	chunk := proto.ChunkHeader{MessageID: 1, TotalLen: total + 32, Count: 1 + total/4096, PayloadLen: 4096}
	packet := append(proto.AppendChunkHeader(nil, chunk), pattern(4096)...)
	moves, held := 0, 0
	for index := range uint32(1024) {
		binary.LittleEndian.PutUint32(packet[20:], index+1)
		_, complete, err := assembler.Continuation(packet)
		noError(t, err)
		equal(t, "complete", complete, false)
		equal(t, "bounded", assembler.Held() <= 2*len(assembler.Payload()), true)
		if assembler.Held() != held {
			moves, held = moves+1, assembler.Held()
		}
	}
	equal(t, "few moves", moves <= 12, true)
}

// NIPC-CHK-13: memory that a large message needed is given back, and reused until then.
func TestMemoryIsReleased(t *testing.T) {
	const n = 1 << 20
	server := newServer(agreed(n, 1024, 1, 4096))
	payload := pattern(n)
	for id := range uint64(2) {
		all := packets(proto.NewChunker(proto.RequestHeader(1, n, id), 4096), payload)
		var received proto.Received
		for _, packet := range all {
			var err error
			received, err = server.OnPacket(packet, epoch)
			noError(t, err)
			if received.Progress == proto.Partial {
				server.Release() // in the middle of a message it loses nothing
			}
		}
		equal(t, "payload", bytes.Equal(received.Payload, payload), true)
		equal(t, "held", server.Held(), n)
		server.Release()
		equal(t, "held after release", server.Held(), 0)
	}
}

// A stream of large messages reuses the memory of the first.
func TestChunksAllocateNothingInSteadyState(t *testing.T) {
	payload := pattern(10_000)
	buffer := make([]byte, 0, 4096)
	server := newServer(agreed(1<<20, 1024, 1, 4096))
	send := func() {
		chunker := proto.NewChunker(proto.RequestHeader(1, uint32(len(payload)), 5), 4096)
		for ; !chunker.Done(); chunker.Advance() {
			if _, err := server.OnPacket(chunker.AppendPacket(buffer, payload), epoch); err != nil {
				t.Error(err)
			}
		}
	}
	send()
	noAllocs(t, "a message in several packets", send)
}
