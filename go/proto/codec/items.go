package codec

import (
	"fmt"
	"iter"
)

// Items are the items of a checked record, in order. They borrow from the payload.
type Items[T any] struct {
	directory, area []byte
	view            func([]byte) T
}

// ItemsAt returns the list of count items at byte at of the record b, which was checked before. view
// makes an item of its bytes.
func ItemsAt[T any](b []byte, at int, count uint32, view func([]byte) T) Items[T] {
	if at > len(b) {
		return Items[T]{}
	}
	rest := b[at:]
	// In 64 bits: the product does not fit an int on every host.
	n := min(uint64(count)*EntryLen, uint64(len(rest)/EntryLen*EntryLen))
	return Items[T]{directory: rest[:n:n], area: rest[n:], view: view}
}

// Len returns how many items there are.
func (i Items[T]) Len() int { return len(i.directory) / EntryLen }

// At returns the item at position index. It panics when there are not that many, as a slice does.
func (i Items[T]) At(index int) T {
	inRange(index, i.Len())
	return i.view(entry(i.directory[index*EntryLen:], i.area))
}

// Bytes returns the bytes of the item at position index, for a [Stitcher]; none when there are not
// that many.
func (i Items[T]) Bytes(index int) []byte {
	if index < 0 || index >= i.Len() {
		return nil
	}
	return entry(i.directory[index*EntryLen:], i.area)
}

// All iterates over the items in order.
func (i Items[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		for at := 0; at+EntryLen <= len(i.directory); at += EntryLen {
			if !yield(i.view(entry(i.directory[at:], i.area))) {
				return
			}
		}
	}
}

// inRange panics unless 0 <= index < n. Slicing would not tell for an index so large that its byte
// offset wraps.
func inRange(index, n int) {
	if uint(index) >= uint(n) {
		panic(fmt.Sprintf("codec: index %d out of range with length %d", index, n))
	}
}

// entry returns the bytes that the directory entry at the start of e stands for.
func entry(e, area []byte) []byte {
	offset, length := uint64(Uint32(e, 0)), uint64(Uint32(e, 4))
	end := offset + length
	if end > uint64(len(area)) {
		return nil
	}
	return area[offset:end:end]
}

// Items checks the directory of count entries behind the fixed part, and every item by check, which
// counts offsets from the start of the item. gaps tells whether bytes that belong to no item may
// stand between items, beyond alignment. It returns where the last item ends, counted from the start
// of the record. (NIPC-COD-10, NIPC-COD-11)
func (r *Reader) Items(field string, count uint64, gaps bool, check func([]byte) *DecodeError) int {
	if r.err != nil {
		return 0
	}
	rest := r.b[r.size:]
	n := count * EntryLen
	if n > uint64(len(rest)) {
		p := Problem{Rule: Truncated, Got: uint64(len(r.b)), Limit: uint64(r.size) + n}
		r.fail(field, r.size, p)
		return 0
	}
	directory, area := rest[:n], rest[n:]
	end := uint64(0)
	for at := 0; at < len(directory); at += EntryLen {
		offset, length := uint64(Uint32(directory, at)), uint64(Uint32(directory, at+4))
		if v := checkEntry(offset, length, end, uint64(len(area)), gaps); v.rule != 0 {
			r.fail(field, r.size+at, v.problem())
			r.err.Item = at / EntryLen
			return 0
		}
		end = offset + length
		if err := check(area[offset:end]); err != nil {
			err.Offset += r.size + len(directory) + int(offset)
			err.Item = at / EntryLen
			r.err = err
			return 0
		}
	}
	return r.size + len(directory) + int(end)
}

// checkEntry checks one entry against the end of the item before it and the size of the area.
func checkEntry(offset, length, previous, area uint64, gaps bool) verdict {
	if offset%ItemAlign != 0 {
		return verdict{Unaligned, offset, ItemAlign}
	}
	if offset < previous {
		return verdict{StartsEarly, offset, previous}
	}
	packed := (previous + ItemAlign - 1) &^ (ItemAlign - 1)
	if !gaps && offset != packed {
		return verdict{Misplaced, offset, packed}
	}
	if end := offset + length; end > area {
		return verdict{OutOfBounds, end, area}
	}
	return verdict{}
}

// ListLen adds up the bytes of a record with a list, item by item.
type ListLen struct {
	// head is the fixed part and the directory, end where the last item ends behind these.
	head, end int
}

// NewListLen starts without items, behind a fixed part of so many bytes.
func NewListLen(fixed int) ListLen { return ListLen{head: fixed} }

// Add adds an item of size bytes.
func (l *ListLen) Add(size int) {
	l.head = Sum(l.head, EntryLen)
	l.end = Sum(align(l.end), size)
}

// Total returns the bytes of the record.
func (l ListLen) Total() int { return Sum(l.head, l.end) }

// Padded returns the bytes of the record with padding behind the last item too, which none writes
// but existing servers reckon with.
func (l ListLen) Padded() int { return Sum(l.head, align(l.end)) }
