package proto

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// BatchEntryLen is the number of bytes of one entry of a batch directory: offset and length (envelope.md, section 2).
const BatchEntryLen = 8

// Batch is a batch payload whose directory was checked: many items of one method. It holds a part of the payload that
// was parsed and is valid as long as that is unchanged.
type Batch struct {
	directory, area []byte
}

// ParseBatch checks the directory of a batch of itemCount items (NIPC-BAT-01).
//
// Every offset must be a multiple of 8 and every item must lie inside the payload. Gaps, overlaps and any order are
// tolerated (NIPC-BAT-10). The error is a [BatchError] that names the first unsound entry.
func ParseBatch(payload []byte, itemCount uint32) (Batch, error) {
	// In 64 bits the product cannot overflow (NIPC-BAT-07).
	directoryLen := uint64(itemCount) * BatchEntryLen
	if directoryLen > uint64(len(payload)) {
		return Batch{}, BatchError{Reason: ReasonTruncated, Items: itemCount, Have: len(payload)}
	}
	directory, area := payload[:directoryLen], payload[directoryLen:]
	for at := 0; at < len(directory); at += BatchEntryLen {
		offset, length := batchEntry(directory[at:])
		// Each of the two fits 32 bits, so that their sum fits 64 (NIPC-BAT-09).
		if offset%8 != 0 || uint64(offset)+uint64(length) > uint64(len(area)) {
			return Batch{}, unsoundEntry(at/BatchEntryLen, offset, length, len(area))
		}
	}
	return Batch{directory, area}, nil
}

func unsoundEntry(index int, offset, length uint32, area int) error {
	if offset%8 != 0 { // NIPC-BAT-08
		return BatchError{Reason: ReasonMisaligned, Index: uint32(index), Offset: offset}
	}
	return BatchError{Reason: ReasonOutOfBounds, Index: uint32(index), Offset: offset, Length: length, Have: area}
}

// Len returns the number of items.
func (b Batch) Len() int { return len(b.directory) / BatchEntryLen }

// Item returns the bytes of the item at index, and whether there is one. They cannot be appended to in place.
func (b Batch) Item(index int) ([]byte, bool) {
	if index < 0 || index >= b.Len() {
		return nil, false
	}
	return b.at(index), true
}

// Items yields the items in order, with their index.
func (b Batch) Items() iter.Seq2[int, []byte] {
	return func(yield func(int, []byte) bool) {
		for index := range b.Len() {
			if !yield(index, b.at(index)) {
				return
			}
		}
	}
}

func (b Batch) at(index int) []byte {
	offset, length := batchEntry(b.directory[index*BatchEntryLen:])
	// In bounds: ParseBatch looked at every entry.
	end := uint64(offset) + uint64(length)
	return b.area[offset:end:end]
}

func batchEntry(entry []byte) (offset, length uint32) {
	return binary.NativeEndian.Uint32(entry), binary.NativeEndian.Uint32(entry[4:])
}

// BatchError says why a payload is no batch. Its kind is [InvalidMessage].
type BatchError struct {
	// Reason is one of [ReasonTruncated], [ReasonMisaligned] and [ReasonOutOfBounds].
	Reason Reason
	// Items is the number of items that the header announces, for ReasonTruncated.
	Items uint32
	// Index tells which entry, for the other reasons.
	Index uint32
	// Offset is the offset of the entry, counted from the end of the directory.
	Offset uint32
	// Length is the length of the item in bytes, for ReasonOutOfBounds.
	Length uint32
	// Have is the number of bytes there are: of the whole payload for ReasonTruncated, after the directory for
	// ReasonOutOfBounds.
	Have int
}

// Kind returns [InvalidMessage].
func (e BatchError) Kind() Kind { return InvalidMessage }

// Is tells whether target is the kind of e.
func (e BatchError) Is(target error) bool { return target == e.Kind() }

func (e BatchError) Error() string {
	switch e.Reason {
	case ReasonTruncated:
		return fmt.Sprintf("a batch payload of %d bytes cannot hold a directory of %d entries", e.Have, e.Items)
	case ReasonMisaligned:
		return fmt.Sprintf("batch item %d starts at offset %d, which is no multiple of 8", e.Index, e.Offset)
	case ReasonOutOfBounds:
		return fmt.Sprintf("batch item %d has %d bytes at offset %d, only %d bytes are there",
			e.Index, e.Length, e.Offset, e.Have)
	}
	return "a batch is unsound: " + string(e.Reason)
}
