package proto_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// limits are those of most sessions in these tests.
var limits = agreed(256, 512, 4, 1024)

func request(payloadLen uint32, id uint64) proto.Header {
	return proto.RequestHeader(1, payloadLen, id)
}

// breaks fails the test unless the session takes the packet for this violation.
func breaks(t *testing.T, s *proto.Session, packet []byte, want proto.Violation) {
	t.Helper()
	received, err := s.OnPacket(packet, epoch)
	equal[error](t, "error", err, want)
	equal(t, "progress", received.Progress, proto.Partial)
	equal[error](t, "violation", s.Violation(), want)
}

// takes fails the test unless the session takes the packet for a whole message.
func takes(t *testing.T, s *proto.Session, packet []byte) {
	t.Helper()
	received, err := s.OnPacket(packet, epoch)
	noError(t, err)
	equal(t, "progress", received.Progress, proto.Whole)
	header, err := proto.DecodeHeader(packet)
	noError(t, err)
	equal(t, "header", received.Header, header)
	equalBytes(t, "payload", received.Payload, packet[32:])
	equal(t, "capacity", cap(received.Payload), len(received.Payload))
}

func begin(t *testing.T, s *proto.Session, header proto.Header) proto.Chunker {
	t.Helper()
	chunker, err := s.BeginSend(header)
	noError(t, err)
	return chunker
}

func sendError(s *proto.Session, header proto.Header) error {
	_, err := s.BeginSend(header)
	return err
}

func unsoundHeader(reason proto.Reason, got uint32) proto.Violation {
	return proto.Violation{Reason: proto.ReasonHeader, Err: proto.HeaderError{Reason: reason, Got: got}}
}

func unsoundBatch(err proto.BatchError) proto.Violation {
	return proto.Violation{Reason: proto.ReasonBatch, Err: err}
}

func tooLarge(got, allowed uint64) proto.Violation {
	return proto.Violation{Reason: proto.ReasonPayloadTooLarge, Got: got, Allowed: allowed}
}

func tooMany(got, allowed uint64) proto.Violation {
	return proto.Violation{Reason: proto.ReasonTooManyItems, Got: got, Allowed: allowed}
}

// NIPC-RCV-02, NIPC-RCV-03, NIPC-RCV-04, NIPC-RCV-05, NIPC-RCV-07, NIPC-RCV-10: a packet in which everything is wrong
// is put right one field at a time; each step shows the next violation of the order.
func TestSessionOrderOfChecks(t *testing.T) {
	packet := filled(1200)
	step := func(want proto.Violation) { t.Helper(); breaks(t, newServer(limits), packet, want) }
	breaks(t, newServer(limits), packet[:31], unsoundHeader(proto.ReasonShort, 31))
	step(unsoundHeader(proto.ReasonMagic, 0xeeeeeeee))
	packet = patched(packet, 0, proto.Magic)
	step(unsoundHeader(proto.ReasonHeaderLen, 0xeeee))
	packet = patched(packet, 6, uint16(32))
	step(unsoundHeader(proto.ReasonKind, 0xeeee))
	packet = patched(packet, 8, uint16(2))
	step(unsoundHeader(proto.ReasonVersion, 0xeeee))
	packet = patched(packet, 4, uint16(1))
	for kind := uint16(2); kind <= 3; kind++ {
		packet = patched(packet, 8, kind)
		step(proto.Violation{Reason: proto.ReasonUnexpectedKind, Got: uint64(kind), Allowed: 1})
	}
	packet = patched(packet, 8, uint16(1))
	for _, n := range []uint32{0xeeeeeeee, 257} {
		packet = patched(packet, 16, n)
		step(tooLarge(uint64(n), 256))
	}
	packet = patched(packet, 16, uint32(256))
	for _, items := range []uint32{0xeeeeeeee, 5} {
		packet = patched(packet, 20, items)
		step(tooMany(uint64(items), 4))
	}
	packet = patched(packet, 20, uint32(4))
	for _, n := range []int{1200, 289} {
		packet = packet[:n]
		step(proto.Violation{Reason: proto.ReasonPacketTooLong, Got: uint64(n), Allowed: 288})
	}
	packet = packet[:288]
	// The flags 0xeeee do not have the batch bit, so it is a single message with an odd item count: NIPC-ENV-10.
	takes(t, newServer(limits), packet)
	packet = patched(packet, 10, uint16(0xffff))
	step(unsoundBatch(proto.BatchError{Reason: proto.ReasonMisaligned, Offset: 0xeeeeeeee}))
	takes(t, newServer(limits), slices.Concat(packet[:32], make([]byte, 32), packet[64:]))
}

// NIPC-RCV-07, NIPC-RCV-08: on a client too, kind comes first and the id last.
func TestClientSideOrderOfChecks(t *testing.T) {
	breaks(t, newClient(limits), proto.AppendHeader(nil, request(0, 1)),
		proto.Violation{Reason: proto.ReasonUnexpectedKind, Got: 1, Allowed: 2})
	batch := whole(request(0, 1).Response(8).Batch(1), []byte{1, 1, 1, 1, 1, 1, 1, 1})
	breaks(t, newClient(limits), batch,
		unsoundBatch(proto.BatchError{Reason: proto.ReasonMisaligned, Offset: 0x01010101}))
	breaks(t, newClient(limits), patched(batch, 10, uint16(0)),
		proto.Violation{Reason: proto.ReasonUnknownMessageID, Got: 1})
	breaks(t, newClient(limits), proto.AppendHeader(nil, request(0, 1).Response(513)), tooLarge(513, 512))
}

// NIPC-RCV-03, NIPC-HS-14: a limit of 0 admits empty payloads only.
func TestLimitOfZero(t *testing.T) {
	zero := agreed(0, 0, 1, 64)
	client, server := newClient(zero), newServer(zero)
	equal[error](t, "error", sendError(client, request(1, 1)),
		proto.SendError{Reason: proto.ReasonPayloadTooLarge, Got: 1})
	begin(t, client, request(0, 1))
	takes(t, server, proto.AppendHeader(nil, request(0, 1)))
	breaks(t, server, proto.AppendHeader(nil, request(1, 2)), tooLarge(1, 0))
}

// NIPC-ENV-08: no limit admits a message whose length does not fit 32 bits.
func TestLongestMessage(t *testing.T) {
	if strconv.IntSize < 64 {
		t.Skip("this machine cannot address such a message")
	}
	boundless := agreed(math.MaxUint32, math.MaxUint32, 1, 64)
	client, server := newClient(boundless), newServer(boundless)
	const most = proto.MaxPayloadLen
	equal[error](t, "error", sendError(client, request(most+1, 1)),
		proto.SendError{Reason: proto.ReasonPayloadTooLarge, Got: uint64(most) + 1, Allowed: uint64(most)})
	chunker := begin(t, client, request(most, 2))
	last := 0
	for range 3 {
		start, end := chunker.Part()
		equal(t, "start", start, last)
		last = end
		chunker.Advance()
	}
	equal(t, "count", chunker.Count(), most/32+1)
	received, err := server.OnPacket(proto.AppendHeader(nil, request(most, 1)), epoch)
	noError(t, err)
	equal(t, "progress", received.Progress, proto.Partial)
	equal(t, "held", server.Held(), 0) // NIPC-CHK-13
	breaks(t, newServer(boundless), proto.AppendHeader(nil, request(most+1, 1)), tooLarge(uint64(most)+1, uint64(most)))
}

// NIPC-RCV-06: a whole message may come in a longer packet than agreed, the first part of one may not.
func TestPacketLongerThanAgreed(t *testing.T) {
	server := newServer(agreed(1000, 0, 1, 96))
	takes(t, server, whole(request(65, 1), make([]byte, 65)))
	breaks(t, server, whole(request(1000, 2), make([]byte, 65)),
		proto.Violation{Reason: proto.ReasonPacketTooLong, Got: 97, Allowed: 96})
}

// NIPC-RCV-12
func TestSendSideRefuses(t *testing.T) {
	client, server := newClient(limits), newServer(limits)
	refuse := func(s *proto.Session, header proto.Header, reason proto.Reason, got, allowed uint64) {
		t.Helper()
		equal[error](t, "error", sendError(s, header), proto.SendError{Reason: reason, Got: got, Allowed: allowed})
	}
	refuse(client, request(257, 1), proto.ReasonPayloadTooLarge, 257, 256)
	refuse(client, request(8, 1).Batch(5), proto.ReasonTooManyItems, 5, 4)
	refuse(client, request(8, 1).Response(8), proto.ReasonWrongKind, 2, 1)
	equal(t, "what was refused is in flight", client.InFlightLen(), 0)
	begin(t, client, request(256, 1).Batch(4))
	refuse(client, request(8, 1), proto.ReasonDuplicateID, 1, 0)
	begin(t, client, request(8, 2))
	refuse(client, request(8, 2), proto.ReasonDuplicateID, 2, 0)
	equal(t, "in flight", client.InFlightLen(), 2)

	refuse(server, request(8, 1).Response(513), proto.ReasonPayloadTooLarge, 513, 512)
	refuse(server, request(8, 1), proto.ReasonWrongKind, 1, 2)
	for range 2 {
		begin(t, server, request(8, 1).Response(512)) // a server does not track ids
	}
	equal(t, "in flight on a server", server.InFlightLen(), 0)
}

// NIPC-RCV-08, NIPC-RCV-09
func TestResponsesMatchRequests(t *testing.T) {
	client := newClient(limits)
	for _, id := range []uint64{7, math.MaxUint64, 0} {
		begin(t, client, request(0, id))
	}
	for _, id := range []uint64{0, 7, math.MaxUint64} {
		takes(t, client, proto.AppendHeader(nil, request(0, id).Response(0)))
	}
	equal(t, "in flight", client.InFlightLen(), 0)
	begin(t, client, request(0, 8))
	breaks(t, client, proto.AppendHeader(nil, request(0, 7).Response(0)),
		proto.Violation{Reason: proto.ReasonUnknownMessageID, Got: 7})
	equal(t, "dead", fmt.Sprint(client.Close()), "[8]")
}

// NIPC-RCV-13: a failure has no payload and so no directory, even from a server that repeats flag and item count of the
// request.
func TestFailureOfABatch(t *testing.T) {
	fresh := func() *proto.Session {
		client := newClient(limits)
		begin(t, client, request(0, 2))
		return client
	}
	failure := request(0, 2).Failure(proto.StatusInternalError).Batch(3)
	takes(t, fresh(), proto.AppendHeader(nil, failure))
	// What has a payload, or is no failure, needs a directory; a request can be no failure.
	truncated := func(have int) proto.Violation {
		return unsoundBatch(proto.BatchError{Reason: proto.ReasonTruncated, Items: 3, Have: have})
	}
	withPayload, success, odd := failure, failure, failure
	withPayload.PayloadLen, success.Status, odd.Kind = 8, proto.StatusOK, proto.Request
	breaks(t, fresh(), whole(withPayload, make([]byte, 8)), truncated(8))
	breaks(t, fresh(), proto.AppendHeader(nil, success), truncated(0))
	breaks(t, newServer(limits), proto.AppendHeader(nil, odd), truncated(0))
}

// NIPC-RCV-09: once broken, the session says the same to everybody, and its ids can be reported.
func TestViolationStays(t *testing.T) {
	client := newClient(limits)
	for _, id := range []uint64{3, 1, 2} {
		begin(t, client, request(0, id))
	}
	violation := proto.Violation{Reason: proto.ReasonUnknownMessageID, Got: 9}
	breaks(t, client, proto.AppendHeader(nil, request(0, 9).Response(0)), violation)
	breaks(t, client, proto.AppendHeader(nil, request(0, 1).Response(0)), violation)
	client.Fail(proto.Violation{Reason: proto.ReasonPacketTooLong})
	equal[error](t, "violation", client.Violation(), violation)
	refused := sendError(client, request(0, 4))
	equal[error](t, "send", refused, proto.SendError{Reason: proto.ReasonBroken, Err: violation})
	equal[error](t, "deadline", client.OnDeadline(epoch.Add(100*half)), violation)
	equal(t, "in flight", fmt.Sprint(slices.Sorted(client.InFlight())), "[1 2 3]")
	equal(t, "dead", fmt.Sprint(client.Close()), "[1 2 3]")
	equal(t, "each id dies once", len(client.Close()), 0)
}

// NIPC-UDS-04, the session's part: what a transport finds breaks the session as well, half a message included.
func TestFail(t *testing.T) {
	server := newServer(limits)
	_, err := server.OnPacket(whole(request(100, 1), []byte("half")), epoch)
	noError(t, err)
	violation := proto.Violation{Reason: proto.ReasonPacketTooLong, Got: 2000, Allowed: 1024}
	server.Fail(violation)
	_, waits := server.Deadline()
	equal(t, "waits for the rest", waits, false)
	equal(t, "held", server.Held(), 0)
	breaks(t, server, proto.AppendHeader(nil, request(0, 1)), violation)
}

// The session's part of NIPC-L2S-08: the server can answer the message that is over a limit, and only that.
func TestOffender(t *testing.T) {
	items := request(8, 6)
	items.ItemCount = 5
	for _, header := range []proto.Header{request(257, 6), items} {
		server := newServer(limits)
		_, err := server.OnPacket(proto.AppendHeader(nil, header), epoch)
		equal(t, "refused", err != nil, true)
		offender, ok := server.Offender()
		equal(t, "there", ok, true)
		equal(t, "offender", offender, header)
		equal(t, "answer", offender.Failure(5), proto.Header{Kind: 2, Code: 1, Status: 5, ItemCount: 1, MessageID: 6})
	}
	server := newServer(limits)
	breaks(t, server, whole(request(8, 6).Batch(1), []byte{1, 0, 0, 0, 0, 0, 0, 0}),
		unsoundBatch(proto.BatchError{Reason: proto.ReasonMisaligned, Offset: 1}))
	_, ok := server.Offender()
	equal(t, "there", ok, false)
}

// deadline fails the test unless the session has this deadline; the zero time stands for none.
func deadline(t *testing.T, s *proto.Session, want time.Time) {
	t.Helper()
	got, ok := s.Deadline()
	equal(t, "has a deadline", ok, !want.IsZero())
	equal(t, "deadline", got, want)
}

// NIPC-CHK-12, and the session's part of NIPC-L2S-15: half a message is given its time and no more.
func TestHalfMessage(t *testing.T) {
	server := newServer(agreed(1000, 512, 1, 96))
	chunks := packets(proto.NewChunker(request(200, 1), 96), pattern(200))
	deadline(t, server, time.Time{})
	feed := func(packet []byte, now time.Time) {
		t.Helper()
		received, err := server.OnPacket(packet, now)
		noError(t, err)
		equal(t, "progress", received.Progress, proto.Partial)
		// The time runs from the first packet; further ones do not extend it.
		deadline(t, server, epoch.Add(half))
	}
	feed(chunks[0], epoch)
	feed(chunks[1], epoch.Add(half/2))
	noError(t, server.OnDeadline(epoch.Add(half-1)))
	violation := proto.Violation{Reason: proto.ReasonHalfMessage, Got: 128, Allowed: 200, Timeout: half}
	equal[error](t, "overdue", server.OnDeadline(epoch.Add(half)), violation)
	deadline(t, server, time.Time{})
	equal(t, "held", server.Held(), 0)
	breaks(t, server, chunks[2], violation)
}

// NIPC-CHK-12: a message that is complete needs no deadline.
func TestCompleteMessageHasNoDeadline(t *testing.T) {
	server := newServer(agreed(1000, 512, 1, 96))
	chunks := packets(proto.NewChunker(request(100, 1), 96), pattern(100))
	_, err := server.OnPacket(chunks[0], epoch)
	noError(t, err)
	deadline(t, server, epoch.Add(half))
	received, err := server.OnPacket(chunks[1], epoch)
	noError(t, err)
	deadline(t, server, time.Time{})
	noError(t, server.OnDeadline(epoch.Add(100*half)))
	equal(t, "progress", received.Progress, proto.Assembled)
	equalBytes(t, "payload", received.Payload, pattern(100))
	equal(t, "capacity", cap(received.Payload), len(received.Payload))
	equalBytes(t, "taken", server.TakeAssembled(), pattern(100))
	equal(t, "held", server.Held(), 0)
}

// What follows a payload in memory of the session is none of the receiver's business.
func TestAssembledPayloadIsCapped(t *testing.T) {
	server := newServer(agreed(1000, 512, 1, 96))
	for _, n := range []int{900, 100} {
		var received proto.Received
		for _, packet := range packets(proto.NewChunker(request(uint32(n), 1), 96), pattern(n)) {
			var err error
			received, err = server.OnPacket(packet, epoch)
			noError(t, err)
		}
		equalBytes(t, "payload", received.Payload, pattern(n))
		equal(t, "capacity", cap(received.Payload), n)
	}
	equal(t, "memory is reused", server.Held() >= 900, true)
}

// The clock is read only for the first part of a message that comes in several.
func TestClockIsReadOnlyWhenNeeded(t *testing.T) {
	never := func() time.Time { panic("the time does not matter here") }
	server := newServer(agreed(1000, 512, 1, 96))
	chunks := packets(proto.NewChunker(request(100, 2), 96), pattern(100))
	feed := func(packet []byte, now func() time.Time) error {
		_, err := server.OnPacketFunc(packet, now)
		return err
	}
	noError(t, feed(whole(request(8, 1), make([]byte, 8)), never))
	noError(t, feed(chunks[0], func() time.Time { return epoch.Add(5) }))
	deadline(t, server, epoch.Add(5+half))
	noError(t, feed(chunks[1], never))
	for range 2 {
		equal[error](t, "error", feed(make([]byte, 40), never), unsoundHeader(proto.ReasonMagic, 0))
	}
}

// NIPC-CHK-04: nothing may come between the chunks of a message, and no chunk outside of one.
func TestMessageBetweenChunks(t *testing.T) {
	server := newServer(agreed(1000, 512, 1, 96))
	chunks := packets(proto.NewChunker(request(200, 1), 96), pattern(200))
	_, err := server.OnPacket(chunks[0], epoch)
	noError(t, err)
	chunkError := proto.ChunkError{Reason: proto.ReasonMagic, Got: uint64(proto.Magic), Want: uint64(proto.ChunkMagic)}
	breaks(t, server, proto.AppendHeader(nil, request(0, 2)),
		proto.Violation{Reason: proto.ReasonChunk, Err: chunkError})
	breaks(t, newServer(limits), chunks[1], unsoundHeader(proto.ReasonMagic, proto.ChunkMagic))
}

// threeItems is a batch of three items of n bytes each.
func threeItems(t testing.TB, n int) []byte {
	return build(t, nil, 3, pattern(n), pattern(n), pattern(n))
}

// NIPC-RCV-04, NIPC-RCV-10, NIPC-BAT-08, NIPC-BAT-09. Fault 11 of the existing peers: limits and batch directories are
// not checked on every transport. A session checks them whatever brought the bytes, in one packet and in several.
func TestLimitsAndDirectoriesAreAlwaysChecked(t *testing.T) {
	payload := threeItems(t, 100)
	size := uint32(len(payload))
	header := request(size, 1).Batch(3)
	for _, packetSize := range []uint32{96, 65536} {
		feed := func(maxPayload, items uint32, payload []byte) error {
			server := newServer(agreed(maxPayload, 1024, items, packetSize))
			var err error
			for _, packet := range packets(proto.NewChunker(header, packetSize), payload) {
				_, err = server.OnPacket(packet, epoch)
			}
			return err
		}
		noError(t, feed(1024, 3, payload))
		equal[error](t, "unaligned", feed(1024, 3, patched(payload, 8, uint32(4))),
			unsoundBatch(proto.BatchError{Reason: proto.ReasonMisaligned, Index: 1, Offset: 4}))
		equal[error](t, "outside", feed(1024, 3, patched(payload, 20, uint32(4096))),
			unsoundBatch(proto.BatchError{
				Reason: proto.ReasonOutOfBounds, Index: 2, Offset: 208, Length: 4096, Have: len(payload) - 24,
			}))
		equal[error](t, "payload limit", feed(size-1, 3, payload), tooLarge(uint64(size), uint64(size-1)))
		equal[error](t, "item limit", feed(1024, 2, payload), tooMany(3, 2))
	}
}

// A request of which nothing could be sent is taken back.
func TestAbandon(t *testing.T) {
	client := newClient(limits)
	begin(t, client, request(0, 5))
	equal(t, "was in flight", client.Abandon(5), true)
	equal(t, "is in flight", client.Abandon(5), false)
	begin(t, client, request(0, 5))
	equal(t, "dead", fmt.Sprint(client.Close()), "[5]")
	equal[error](t, "closed", sendError(client, request(0, 6)), proto.SendError{Reason: proto.ReasonClosed})
}

func TestSessionAccessors(t *testing.T) {
	client, server := newClient(limits), newServer(limits)
	equal(t, "roles", fmt.Sprint(client.Role(), server.Role()), "client server")
	equal(t, "outbound", client.Outbound(), limits.Request)
	equal(t, "inbound", client.Inbound(), limits.Response)
	equal(t, "outbound", server.Outbound(), limits.Response)
	equal(t, "inbound", server.Inbound(), limits.Request)
	equal(t, "packet size", client.PacketSize(), 1024)
	noError(t, client.Violation())
}

// NIPC-RCV-11: a change of one byte anywhere in a stream of messages never panics, and the session either goes on or is
// broken for good.
func TestMutatedStream(t *testing.T) {
	r := random(18)
	payload := threeItems(t, 30)
	for range 1000 {
		packetSize := 33 + r.Uint32N(167)
		server := newServer(agreed(1024, 512, 3, packetSize))
		var stream [][]byte
		for id := range uint64(3) {
			header := request(uint32(len(payload)), id).Batch(3)
			stream = append(stream, packets(proto.NewChunker(header, packetSize), payload)...)
		}
		packet := stream[r.IntN(len(stream))]
		packet[r.IntN(len(packet))] ^= byte(1 + r.IntN(255))
		var broken error
		for _, packet := range stream {
			_, err := server.OnPacket(packet, epoch)
			if broken != nil {
				equal(t, "the same violation", err, broken)
			}
			broken = err
			equal(t, "violation", server.Violation(), broken)
		}
	}
}

func TestOnePacketMessageAllocatesNothing(t *testing.T) {
	client, server := newClient(limits), newServer(limits)
	payload := threeItems(t, 8)
	buffer := make([]byte, 0, 1024)
	id := uint64(0)
	noAllocs(t, "a round trip", func() {
		id++
		header := request(uint32(len(payload)), id).Batch(3)
		chunker, err := client.BeginSend(header)
		if err != nil {
			t.Error(err)
		}
		asked, err := server.OnPacketFunc(chunker.AppendPacket(buffer, payload), time.Now)
		if err != nil || asked.Progress != proto.Whole {
			t.Error(err)
		}
		chunker, err = server.BeginSend(asked.Header.Response(8))
		if err != nil {
			t.Error(err)
		}
		answered, err := client.OnPacket(chunker.AppendPacket(buffer, payload[:8]), epoch)
		if err != nil || answered.Header.MessageID != id {
			t.Error(err)
		}
	})
}

func TestWindowAllocatesNothingInSteadyState(t *testing.T) {
	client := newClient(limits)
	buffer := make([]byte, 0, 64)
	const window = 64
	next := uint64(0)
	for ; next < window; next++ {
		begin(t, client, request(0, next))
	}
	slide := func() {
		response := request(0, next-window).Response(0)
		if _, err := client.OnPacket(proto.AppendHeader(buffer, response), epoch); err != nil {
			t.Error(err)
		}
		if _, err := client.BeginSend(request(0, next)); err != nil {
			t.Error(err)
		}
		next++
	}
	for range 10 * window {
		slide()
	}
	noAllocs(t, "a call in a window", slide)
}
