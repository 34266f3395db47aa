package proto_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

func randomHeader(r *rand.Rand) proto.Header {
	return proto.Header{
		Kind:       proto.MessageKind(1 + r.IntN(3)),
		Flags:      uint16(r.Uint32()),
		Code:       uint16(r.Uint32()),
		Status:     proto.Status(r.Uint32()),
		PayloadLen: r.Uint32(),
		ItemCount:  r.Uint32(),
		MessageID:  r.Uint64(),
	}
}

// NIPC-ENV-01
func TestHeaderRoundTrip(t *testing.T) {
	r := random(1)
	for range 1000 {
		want := randomHeader(r)
		packet := append(proto.AppendHeader(nil, want), randomBytes(r, 8)...)
		got, err := proto.DecodeHeader(packet)
		noError(t, err)
		equal(t, "header", got, want)
	}
}

// NIPC-ENV-03, NIPC-ENV-04: a change of one byte is refused, or shows in the decoded header.
func TestHeaderMutationIsSeen(t *testing.T) {
	r := random(2)
	for range 2000 {
		header := randomHeader(r)
		bytes := proto.AppendHeader(nil, header)
		at := r.IntN(len(bytes))
		bytes[at] ^= byte(1 + r.IntN(255))
		changed, err := proto.DecodeHeader(bytes)
		if err != nil {
			equal(t, "refused although only a field of the message changed", at < 10, true)
			continue
		}
		equal(t, "accepted although magic, version or length changed", at >= 8, true)
		equal(t, "change unseen", changed == header, false)
		equalBytes(t, "encoded again", proto.AppendHeader(nil, changed), bytes)
	}
}

// NIPC-RCV-02
func TestHeaderShort(t *testing.T) {
	bytes := proto.AppendHeader(nil, proto.RequestHeader(1, 0, 1))
	for n := range proto.HeaderLen {
		_, err := proto.DecodeHeader(bytes[:n])
		equal[error](t, fmt.Sprint(n, " bytes"), err, proto.HeaderError{Reason: proto.ReasonShort, Got: uint32(n)})
	}
}

func headerError(packet []byte) error {
	_, err := proto.DecodeHeader(packet)
	return err
}

// NIPC-ENV-03, NIPC-ENV-04, NIPC-RCV-07: with everything wrong, the first field in the order of the checks is named.
func TestHeaderOrderOfChecks(t *testing.T) {
	packet := filled(32)
	step := func(reason proto.Reason, got uint32) {
		t.Helper()
		equal[error](t, "error", headerError(packet), proto.HeaderError{Reason: reason, Got: got})
	}
	step(proto.ReasonMagic, 0xeeeeeeee)
	packet = patched(packet, 0, uint32(0x4e495043))
	step(proto.ReasonHeaderLen, 0xeeee)
	packet = patched(packet, 6, uint16(32))
	step(proto.ReasonKind, 0xeeee)
	for _, kind := range []uint16{0, 4, 5, 256, 0xffff} {
		packet = patched(packet, 8, kind)
		step(proto.ReasonKind, uint32(kind))
	}
	packet = patched(packet, 8, uint16(1))
	step(proto.ReasonVersion, 0xeeee)
	packet = patched(packet, 4, uint16(1))
	for kind := range uint16(3) {
		header, err := proto.DecodeHeader(patched(packet, 8, kind+1))
		noError(t, err)
		equal(t, "kind", header.Kind, proto.MessageKind(kind+1))
	}
}

// NIPC-ENV-05: a wrong version is told from a wrong version among other faults.
func TestHeaderVersionAlone(t *testing.T) {
	packet := patched(proto.AppendHeader(nil, proto.RequestHeader(1, 0, 1)), 4, uint16(2))
	equal[error](t, "alone", headerError(packet), proto.HeaderError{Reason: proto.ReasonVersion, Got: 2})
	others := []struct {
		packet []byte
		want   proto.HeaderError
	}{
		{patched(packet, 0, uint32(0)), proto.HeaderError{Reason: proto.ReasonMagic}},
		{patched(packet, 6, uint16(33)), proto.HeaderError{Reason: proto.ReasonHeaderLen, Got: 33}},
		{patched(packet, 8, uint16(9)), proto.HeaderError{Reason: proto.ReasonKind, Got: 9}},
	}
	for _, other := range others {
		equal[error](t, "not alone", headerError(other.packet), other.want)
	}
}

// NIPC-ENV-06, NIPC-ENV-10, NIPC-BAT-05, NIPC-BAT-06
func TestHeaderBatchFlag(t *testing.T) {
	cases := []struct {
		flags uint16
		items uint32
		batch bool
	}{
		{0, 1, false}, {0, 3, false}, {1, 0, false}, {0xfffe, 3, false}, {1, 1, true}, {0xffff, 2, true},
	}
	for _, c := range cases {
		header := proto.Header{Kind: proto.Request, Flags: c.flags, ItemCount: c.items}
		equal(t, fmt.Sprintf("flags %#x, items %d", c.flags, c.items), header.IsBatch(), c.batch)
	}
	batch := proto.RequestHeader(1, 8, 1).Batch(1)
	equal(t, "batch of one", batch, proto.Header{Kind: 1, Flags: 1, Code: 1, PayloadLen: 8, ItemCount: 1, MessageID: 1})
}

// NIPC-ENV-07, NIPC-ENV-09, NIPC-L2S-02, NIPC-L2S-03: what we emit is canonical.
func TestHeaderConstructors(t *testing.T) {
	request := proto.RequestHeader(3, 17, 99)
	equal(t, "request", request, proto.Header{Kind: 1, Code: 3, PayloadLen: 17, ItemCount: 1, MessageID: 99})
	odd := request
	odd.ItemCount, odd.Flags, odd.Status = 7, 0xffff, 5
	response := odd.Response(20)
	equal(t, "response", response, proto.Header{Kind: 2, Code: 3, PayloadLen: 20, ItemCount: 1, MessageID: 99})
	failure := odd.Failure(proto.StatusInternalError)
	equal(t, "failure", failure, proto.Header{Kind: 2, Code: 3, Status: 6, ItemCount: 1, MessageID: 99})
}

// NIPC-ENV-12
func TestStatuses(t *testing.T) {
	names := []string{
		"ok", "bad_envelope", "auth_failed", "incompatible", "unsupported", "limit_exceeded", "internal_error",
		"unknown",
	}
	for value, name := range names {
		equal(t, "name", proto.Status(value).Name(), name)
		equal(t, "text", proto.Status(value).String(), fmt.Sprintf("%d (%s)", value, name))
	}
	strange := proto.RequestHeader(1, 0, 1).Failure(0xabcd)
	decoded, err := proto.DecodeHeader(proto.AppendHeader(nil, strange))
	noError(t, err)
	equal(t, "status passed through", decoded.Status, 0xabcd)
}

// NIPC-ENV-08
func TestLongestPayload(t *testing.T) {
	equal(t, "longest message", uint64(proto.MaxPayloadLen)+proto.HeaderLen, 1<<32-1)
}

func TestMessageKindNames(t *testing.T) {
	names := []string{"message of an unknown kind", "request", "response", "control message"}
	for kind, name := range names {
		equal(t, "name", proto.MessageKind(kind).String(), name)
	}
}

func TestHeaderAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, proto.HeaderLen)
	header := proto.RequestHeader(1, 8, 42)
	noAllocs(t, "encode and decode", func() {
		packet := proto.AppendHeader(buffer, header)
		if decoded, err := proto.DecodeHeader(packet); err != nil || decoded != header {
			t.Error("no round trip")
		}
	})
}
