package proto

import (
	"encoding/binary"
	"fmt"
	"math"
	"slices"
)

// BatchBuilder appends a batch payload to a buffer of the caller, within a byte budget.
//
// All padding is written as zero, whatever the buffer held before (NIPC-BAT-03). A builder that is given up without
// [BatchBuilder.Finish] leaves an unfinished payload behind the end of the caller's slice, where it does no harm.
type BatchBuilder struct {
	buf    []byte
	start  int
	slots  uint32
	items  uint32
	budget int
}

// NewBatchBuilder starts a batch of up to slots items at the end of dst; the payload will have at most budget bytes.
// The builder owns dst until Finish.
//
// The error is a [BatchFullError]: the directory alone is over the budget.
func NewBatchBuilder(dst []byte, budget int, slots uint32) (BatchBuilder, error) {
	directory := uint64(slots) * BatchEntryLen
	if directory > uint64(max(budget, 0)) {
		needed := int(min(directory, math.MaxInt))
		return BatchBuilder{}, BatchFullError{Reason: ReasonBytes, Needed: needed, Budget: budget}
	}
	b := BatchBuilder{buf: dst, start: len(dst), slots: slots, budget: budget}
	b.buf = appendZeros(b.buf, int(directory))
	return b, nil
}

// Len returns the number of items so far.
func (b *BatchBuilder) Len() int { return int(b.items) }

// Push appends an item. When it does not fit, the error is a [BatchFullError] and the batch is as before (NIPC-BAT-12).
func (b *BatchBuilder) Push(item []byte) error {
	if err := b.checkSlot(); err != nil {
		return err
	}
	if room := b.room(); len(item) > room {
		return BatchFullError{Reason: ReasonBytes, Needed: len(item), Budget: room}
	}
	return b.closeItem(append(b.buf, item...))
}

// PushFunc appends the item that write appends to dst; write is told how many bytes it may add, must leave alone what
// is there already, and returns the longer slice, as append does.
//
// The error is the one of write, or a [BatchFullError] when all slots are taken or write added too much; the batch is
// as before then.
func (b *BatchBuilder) PushFunc(write func(dst []byte, budget int) ([]byte, error)) error {
	if err := b.checkSlot(); err != nil {
		return err
	}
	written, err := write(b.buf, b.room())
	if err != nil {
		return err
	}
	return b.closeItem(written)
}

func (b *BatchBuilder) checkSlot() error {
	if b.items == b.slots {
		return BatchFullError{Reason: ReasonSlots, Needed: int(b.slots) + 1, Budget: int(b.slots)}
	}
	return nil
}

// room is what an item can take with its padding. The buffer ends at a multiple of 8 from the start here, so that is
// what is left of the budget, rounded down.
func (b *BatchBuilder) room() int {
	return (b.budget - (len(b.buf) - b.start)) &^ 7
}

// closeItem takes what was written behind b.buf as the next item.
func (b *BatchBuilder) closeItem(written []byte) error {
	before, room := len(b.buf), b.room()
	length := len(written) - before
	if length < 0 {
		return BatchFullError{Reason: ReasonWriter, Needed: len(written), Budget: before}
	}
	if length > room {
		return BatchFullError{Reason: ReasonBytes, Needed: length, Budget: room}
	}
	offset := before - b.start - int(b.slots)*BatchEntryLen
	if uint64(offset) > math.MaxUint32 || uint64(length) > math.MaxUint32 {
		most := int(min(uint64(math.MaxUint32), math.MaxInt))
		return BatchFullError{Reason: ReasonBytes, Needed: length, Budget: most}
	}
	b.buf = appendZeros(written, -length&7)
	entry := b.buf[b.start+int(b.items)*BatchEntryLen:]
	binary.NativeEndian.PutUint32(entry, uint32(offset))
	binary.NativeEndian.PutUint32(entry[4:], uint32(length))
	b.items++
	return nil
}

// Finish ends the batch. It returns the caller's slice with the payload appended, and the number of items. Slots that
// were not used leave the directory (NIPC-BAT-11). The builder must not be used again.
func (b *BatchBuilder) Finish() (dst []byte, items uint32) {
	used := b.start + int(b.items)*BatchEntryLen
	area := b.start + int(b.slots)*BatchEntryLen
	if used < area {
		moved := copy(b.buf[used:], b.buf[area:])
		b.buf = b.buf[:used+moved]
	}
	return b.buf, b.items
}

func appendZeros(dst []byte, n int) []byte {
	end := len(dst)
	dst = slices.Grow(dst, n)[:end+n]
	clear(dst[end:])
	return dst
}

// BatchFullError says why a batch takes no more. Its kind is [LimitExceeded]; [APIMisuse] for ReasonWriter.
type BatchFullError struct {
	// Reason is [ReasonBytes], [ReasonSlots] or [ReasonWriter].
	Reason Reason
	// Needed is what was wanted: bytes of the item or of the directory, or entries of the directory.
	Needed int
	// Budget is what is left for it.
	Budget int
}

// Kind returns [LimitExceeded], or [APIMisuse] for [ReasonWriter].
func (e BatchFullError) Kind() Kind {
	if e.Reason == ReasonWriter {
		return APIMisuse
	}
	return LimitExceeded
}

// Is tells whether target is the kind of e.
func (e BatchFullError) Is(target error) bool { return target == e.Kind() }

func (e BatchFullError) Error() string {
	switch e.Reason {
	case ReasonBytes:
		return fmt.Sprintf("%d bytes do not fit into the %d bytes left for the batch", e.Needed, e.Budget)
	case ReasonSlots:
		return fmt.Sprintf("the batch has all of its %d items already", e.Budget)
	case ReasonWriter:
		return fmt.Sprintf("the writer of an item left only %d of %d bytes before it", e.Needed, e.Budget)
	}
	return "the batch is full: " + string(e.Reason)
}
