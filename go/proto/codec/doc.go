// Package codec is the runtime that generated codecs stand on.
//
// A codec turns one payload into a typed view and back. What is common to all of them lives here,
// once: bounds-checked loads, strings placed by an (offset, length) pair, item directories, tables,
// and a [Writer] that keeps a byte budget. What a particular service looks like is never known
// here; that is the generated code's part.
//
// Reading: a [Reader] checks every rule of a record and remembers the first that is broken
// (NIPC-COD-01, NIPC-COD-02). Views of checked bytes cannot fail and borrow from the payload, so
// they are valid for as long as it is left alone. They are total: even a view of bytes that were
// never checked, such as its zero value, gives unspecified values and never panics.
//
// Writing: a [Writer] appends to the caller's buffer, and an [ItemsWriter] adds a list of records
// whose number need not be known in advance. Lookups have two more ways to write such a list: an
// [AnswersWriter] gives every key of a request its answer within the budget, and a [Stitcher] puts
// the items of several replies into one.
//
// Neither reading nor writing into a buffer with enough capacity allocates, unless there is an error
// to report (NIPC-COD-03). For a list of unknown length, enough is the payload and as much again as
// its directory takes, at least 128 bytes; [ItemsWriter.Grow] with the right number, up to
// 65536, makes the payload enough. Values of this package are not safe for concurrent use, but views are,
// as long as nobody writes to the payload.
//
// This package must not contain: sockets, envelopes, batches, policy, or the name of any service.
package codec

import "math"

const (
	// EntryLen is the number of bytes of one directory entry: a u32 offset and a u32 length.
	EntryLen = 8

	// ItemAlign is what the offsets of items are multiples of, counted from the end of the
	// directory.
	ItemAlign = 8

	// refLen is the number of bytes of the reference to a string: a u32 offset and a u32 length.
	refLen = 8

	// tableAlign is what tables start at multiples of, counted from the start of their record.
	tableAlign = 8
)

// align returns the next multiple of 8 at or above n.
func align(n int) int { return Sum(n, ItemAlign-1) &^ (ItemAlign - 1) }

// Sum adds lengths. It saturates, so that no sum of lengths wraps and passes for a small one.
func Sum(lens ...int) int {
	sum := 0
	for _, n := range lens {
		if n > math.MaxInt-sum {
			return math.MaxInt
		}
		sum += n
	}
	return sum
}
