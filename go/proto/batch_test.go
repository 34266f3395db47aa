package proto_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// directory returns a payload with these entries, offset and length each, and an item area.
func directory(area int, entries ...[2]uint32) []byte {
	var payload []byte
	for _, entry := range entries {
		payload = binary.LittleEndian.AppendUint32(payload, entry[0])
		payload = binary.LittleEndian.AppendUint32(payload, entry[1])
	}
	return append(payload, bytes.Repeat([]byte{0xcc}, area)...)
}

func build(t testing.TB, dst []byte, slots int, items ...[]byte) []byte {
	t.Helper()
	builder, err := proto.NewBatchBuilder(dst, math.MaxInt, uint32(slots))
	noError(t, err)
	for _, item := range items {
		noError(t, builder.Push(item))
	}
	equal(t, "length", builder.Len(), len(items))
	payload, n := builder.Finish()
	equal(t, "items", int(n), len(items))
	return payload
}

func randomItems(r *rand.Rand) [][]byte {
	items := make([][]byte, r.IntN(12))
	for i := range items {
		items[i] = randomBytes(r, 40)
	}
	return items
}

func sameItems(t testing.TB, batch proto.Batch, items [][]byte) {
	t.Helper()
	equal(t, "items", batch.Len(), len(items))
	for i, item := range batch.Items() {
		equalBytes(t, "item", item, items[i])
		same, ok := batch.Item(i)
		equal(t, "there", ok, true)
		equalBytes(t, "item by index", same, item)
	}
}

func align8(n int) int { return (n + 7) &^ 7 }

// NIPC-BAT-01, NIPC-BAT-02, NIPC-BAT-03, NIPC-BAT-04
func TestBatchRoundTrip(t *testing.T) {
	r := random(4)
	for range 500 {
		items := randomItems(r)
		payload := build(t, nil, len(items), items...)
		batch, err := proto.ParseBatch(payload, uint32(len(items)))
		noError(t, err)
		sameItems(t, batch, items)
		// Canonical: packed, so the length follows from the items alone.
		packed := 8 * len(items)
		for _, item := range items {
			packed += align8(len(item))
		}
		equal(t, "length", len(payload), packed)
	}
}

// NIPC-BAT-11
func TestUnusedSlotsLeaveNoTrace(t *testing.T) {
	r := random(5)
	for range 300 {
		items := randomItems(r)
		exact := build(t, nil, len(items), items...)
		equalBytes(t, "with spare slots", build(t, nil, len(items)+r.IntN(9), items...), exact)
	}
}

// NIPC-BAT-03. Fault 9 of the existing peers: stale bytes of an old buffer in the padding.
func TestNoStaleBytesInPadding(t *testing.T) {
	r := random(6)
	for range 200 {
		items := randomItems(r)
		stale := bytes.Repeat([]byte{0xaa}, 2000)[:0]
		builder, err := proto.NewBatchBuilder(stale, 1000, uint32(len(items)+1))
		noError(t, err)
		failed := errors.New("half-way")
		for _, item := range items {
			// A writer that fails half-way, and one that writes too much, must leave nothing behind either.
			err := builder.PushFunc(func(dst []byte, _ int) ([]byte, error) {
				return append(dst, bytes.Repeat([]byte{0xbb}, r.IntN(90))...), failed
			})
			equal(t, "error of the writer", err, failed)
			noError(t, builder.PushFunc(func(dst []byte, _ int) ([]byte, error) { return append(dst, item...), nil }))
		}
		err = builder.PushFunc(func(dst []byte, budget int) ([]byte, error) {
			return append(dst, bytes.Repeat([]byte{0xbb}, budget+1)...), nil
		})
		equal(t, "writing too much", errors.Is(err, proto.LimitExceeded), true)
		payload, _ := builder.Finish()
		equalBytes(t, "payload", payload, build(t, nil, len(items), items...))
	}
}

// NIPC-BAT-12
func TestBudgetIsNeverExceeded(t *testing.T) {
	r := random(7)
	for range 1000 {
		items, budget := randomItems(r), r.IntN(400)
		start := bytes.Repeat([]byte{0x5a}, r.IntN(40))
		builder, err := proto.NewBatchBuilder(slices.Clone(start), budget, uint32(len(items)))
		if err != nil {
			equal[error](t, "error", err, proto.BatchFullError{Reason: "bytes", Needed: 8 * len(items), Budget: budget})
			equal(t, "directory over the budget", 8*len(items) > budget, true)
			continue
		}
		var taken [][]byte
		used := 8 * len(items)
		for _, item := range items {
			err := builder.Push(item)
			if used+align8(len(item)) > budget {
				equal[error](t, "error", err,
					proto.BatchFullError{Reason: "bytes", Needed: len(item), Budget: (budget - used) &^ 7})
				continue
			}
			noError(t, err)
			taken = append(taken, item)
			used += align8(len(item))
		}
		payload, _ := builder.Finish()
		equal(t, "within the budget", len(payload)-len(start) <= budget, true)
		equalBytes(t, "what was there", payload[:len(start)], start)
		equalBytes(t, "payload", payload[len(start):], build(t, nil, len(taken), taken...))
	}
}

// NIPC-BAT-07, NIPC-BAT-08, NIPC-BAT-09: a change of one byte never panics, and what still parses stays in bounds.
func TestBatchMutation(t *testing.T) {
	r := random(8)
	for range 2000 {
		items := randomItems(r)
		payload := build(t, nil, len(items), items...)
		if len(payload) > 0 {
			payload[r.IntN(len(payload))] ^= byte(1 + r.IntN(255))
		}
		if batch, err := proto.ParseBatch(payload, r.Uint32N(14)); err == nil {
			for _, item := range batch.Items() {
				equal(t, "inside the payload", len(item) <= len(payload), true)
			}
		}
	}
}

func batchError(payload []byte, items uint32) error {
	_, err := proto.ParseBatch(payload, items)
	return err
}

// NIPC-BAT-07
func TestDirectoryLongerThanPayload(t *testing.T) {
	truncated := func(items uint32, have int) proto.BatchError {
		return proto.BatchError{Reason: proto.ReasonTruncated, Items: items, Have: have}
	}
	equal[error](t, "one byte short", batchError(make([]byte, 15), 2), truncated(2, 15))
	equal[error](t, "empty", batchError(nil, 1), truncated(1, 0))
	// 8 x 2^29 is 2^32: it would be 0 in 32 bits.
	for _, items := range []uint32{1 << 29, 1<<29 + 1, math.MaxUint32} {
		equal[error](t, "product", batchError(make([]byte, 64), items), truncated(items, 64))
	}
	noError(t, batchError(make([]byte, 16), 2))
	noError(t, batchError(nil, 0))
}

// NIPC-BAT-08
func TestBatchMisaligned(t *testing.T) {
	for offset := uint32(1); offset < 24; offset++ {
		err := batchError(directory(32, [2]uint32{0, 8}, [2]uint32{offset, 0}), 2)
		if offset%8 == 0 {
			noError(t, err)
			continue
		}
		equal[error](t, "error", err, proto.BatchError{Reason: proto.ReasonMisaligned, Index: 1, Offset: offset})
	}
}

// NIPC-BAT-09
func TestBatchOutOfBounds(t *testing.T) {
	const top = math.MaxUint32
	for _, e := range [][2]uint32{{0, 25}, {24, 1}, {32, 0}, {top - 7, 8}, {top - 7, top}, {0, top}, {8, 17}} {
		want := proto.BatchError{Reason: proto.ReasonOutOfBounds, Offset: e[0], Length: e[1], Have: 24}
		equal[error](t, "error", batchError(directory(24, e), 1), want)
	}
	for _, e := range [][2]uint32{{0, 24}, {24, 0}, {16, 8}, {8, 16}} {
		noError(t, batchError(directory(24, e), 1))
	}
}

// NIPC-BAT-10, NIPC-BAT-04
func TestBatchTolerated(t *testing.T) {
	// A gap, an overlap, descending order, an empty item, odd padding and bytes after the last item.
	payload := directory(41, [2]uint32{24, 5}, [2]uint32{0, 16}, [2]uint32{8, 3}, [2]uint32{40, 0})
	batch, err := proto.ParseBatch(payload, 4)
	noError(t, err)
	var lengths []int
	for _, item := range batch.Items() {
		lengths = append(lengths, len(item))
		equal(t, "capacity", cap(item), len(item))
	}
	equal(t, "lengths", slices.Equal(lengths, []int{5, 16, 3, 0}), true)
	for _, index := range []int{-1, 4} {
		_, ok := batch.Item(index)
		equal(t, "item outside", ok, false)
	}
	for range batch.Items() {
		break // ends without a word
	}
}

// NIPC-BAT-12
func TestSlotsRunOut(t *testing.T) {
	builder, err := proto.NewBatchBuilder(nil, 64, 1)
	noError(t, err)
	noError(t, builder.Push([]byte("x")))
	full := proto.BatchFullError{Reason: proto.ReasonSlots, Needed: 2, Budget: 1}
	equal[error](t, "second", builder.Push([]byte("y")), full)
	never := func([]byte, int) ([]byte, error) { panic("there is no slot") }
	equal[error](t, "second by function", builder.PushFunc(never), full)
	payload, _ := builder.Finish()
	equalBytes(t, "payload", payload, build(t, nil, 1, []byte("x")))
}

func TestNegativeBudget(t *testing.T) {
	_, err := proto.NewBatchBuilder(nil, -1, 1)
	equal[error](t, "error", err, proto.BatchFullError{Reason: proto.ReasonBytes, Needed: 8, Budget: -1})
}

// A writer that takes away what is not its own is our caller's fault, and harms nothing.
func TestWriterThatTruncates(t *testing.T) {
	builder, err := proto.NewBatchBuilder([]byte("head"), 64, 2)
	noError(t, err)
	noError(t, builder.Push([]byte("x")))
	err = builder.PushFunc(func(dst []byte, _ int) ([]byte, error) { return dst[:3], nil })
	equal[error](t, "error", err, proto.BatchFullError{Reason: proto.ReasonWriter, Needed: 3, Budget: 4 + 16 + 8})
	equal(t, "kind", errors.Is(err, proto.APIMisuse), true)
	payload, _ := builder.Finish()
	equalBytes(t, "payload", payload, build(t, []byte("head"), 1, []byte("x")))
}

func TestBatchAllocatesNothing(t *testing.T) {
	buffer := make([]byte, 0, 1024)
	item := pattern(20)
	noAllocs(t, "build and read", func() {
		builder, err := proto.NewBatchBuilder(buffer, 1024, 8)
		if err != nil {
			t.Error(err)
		}
		for range 3 {
			if builder.Push(item) != nil || builder.PushFunc(func(dst []byte, _ int) ([]byte, error) {
				return append(dst, item...), nil
			}) != nil {
				t.Error("no room")
			}
		}
		payload, items := builder.Finish()
		batch, err := proto.ParseBatch(payload, items)
		if err != nil {
			t.Error(err)
		}
		for _, got := range batch.Items() {
			if !bytes.Equal(got, item) {
				t.Error("another item")
			}
		}
	})
}
