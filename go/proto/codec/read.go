package codec

import (
	"bytes"
	"slices"
)

// NoLimit is the greatest length of a string that only the message limits.
const NoLimit = 1<<32 - 1

// StringRule has the rules of one string field.
type StringRule struct {
	// Start is the least offset it may have, counted from the start of its record.
	Start uint32
	// Exact tells that it has that offset and no other.
	Exact bool
	// Least and Most are its least and greatest length in bytes, without the NUL.
	Least, Most uint32
	// InteriorNUL tells that NUL bytes may be part of it.
	InteriorNUL bool
}

// content checks the rules that hold wherever the string stands.
func (r *StringRule) content(text []byte) verdict {
	n := uint64(len(text))
	if n < uint64(r.Least) {
		return verdict{TooShort, n, uint64(r.Least)}
	}
	if n > uint64(r.Most) {
		return verdict{TooLong, n, uint64(r.Most)}
	}
	if !r.InteriorNUL {
		if at := bytes.IndexByte(text, 0); at >= 0 {
			return verdict{InteriorNUL, uint64(at), 0}
		}
	}
	return verdict{}
}

// verdict is a [Problem] with numbers only, which fits registers; its zero value says that all is well.
type verdict struct {
	rule       Rule
	got, limit uint64
}

func (v verdict) problem() Problem { return Problem{Rule: v.rule, Got: v.got, Limit: v.limit} }

// Extent tells which bytes a string takes in its record, its NUL included.
type Extent struct {
	field      string
	at         int
	start, end int
	length     int
}

// End returns where the first byte behind its NUL is.
func (e Extent) End() int { return e.end }

// Len returns the number of bytes of the string, without its NUL.
func (e Extent) Len() int { return e.length }

// End returns where the last of the strings ends.
func End(strings ...Extent) int {
	end := 0
	for _, s := range strings {
		end = max(end, s.end)
	}
	return end
}

// Reader checks a record rule by rule, in the order of NIPC-COD-24. It remembers the first rule that
// is broken; what is asked of it after that has no effect, and what it returns no meaning.
//
// Errors name the record and count offsets from its start.
type Reader struct {
	record string
	b      []byte
	// base is the number of bytes of the fixed part that every writer sends, size how many this one
	// sent.
	base, size int
	// newer tells that the writer knows fields that the reader does not.
	newer bool
	err   *DecodeError
}

// NewReader starts on b, which must hold the fixed part of size bytes.
func NewReader(record string, size int, b []byte) Reader {
	r := Reader{record: record, b: b, base: size, size: size}
	if len(b) < size {
		r.fail(record, 0, Problem{Rule: Truncated, Got: uint64(len(b)), Limit: uint64(size)})
	}
	return r
}

// NewGrowingReader starts on a record that can grow, whose fixed part is as long as the u16 field at
// byte at says (NIPC-EVO-02). It had each of sizes, which ascend, in some version.
func NewGrowingReader(record string, b []byte, field string, at int, sizes []uint64) Reader {
	r := NewReader(record, int(sizes[0]), b)
	got, newest := uint64(Uint16(b, at)), sizes[len(sizes)-1]
	if got <= newest && !slices.Contains(sizes, got) {
		r.fail(field, at, Problem{Rule: FixedSize, Got: got, List: sizes})
	} else if got > uint64(len(b)) {
		r.fail(field, at, Problem{Rule: Truncated, Got: uint64(len(b)), Limit: got})
	}
	if r.err == nil {
		r.size, r.newer = int(got), got > newest
	}
	return r
}

// Err returns the first offence, or nil.
func (r *Reader) Err() *DecodeError { return r.err }

// Size returns the number of bytes of the fixed part as its writer made it.
func (r *Reader) Size() int { return r.size }

// The loads give a number of the fixed part. They widen it, so that all checks take one type.

// Uint8 returns the number at byte at of the fixed part.
func (r *Reader) Uint8(at int) uint64 { return uint64(Uint8(r.b, at)) }

// Uint16 returns the number at byte at of the fixed part.
func (r *Reader) Uint16(at int) uint64 { return uint64(Uint16(r.b, at)) }

// Uint32 returns the number at byte at of the fixed part.
func (r *Reader) Uint32(at int) uint64 { return uint64(Uint32(r.b, at)) }

// Uint64 returns the number at byte at of the fixed part.
func (r *Reader) Uint64(at int) uint64 { return Uint64(r.b, at) }

// Grown returns the fixed part as its writer made it.
func (r *Reader) Grown() []byte {
	if r.err != nil {
		return nil
	}
	return r.b[:r.size]
}

// Constant checks that the field at byte at, which holds got, holds allowed (NIPC-COD-04).
func (r *Reader) Constant(field string, at int, got, allowed uint64) {
	if got != allowed {
		r.fail(field, at, Problem{Rule: Constant, Got: got, Limit: allowed})
	}
}

// Listed checks that the field at byte at, which holds got, holds one of listed (NIPC-COD-22).
func (r *Reader) Listed(field string, at int, got uint64, listed []uint64) {
	if !slices.Contains(listed, got) {
		r.fail(field, at, Problem{Rule: Unlisted, Got: got, List: listed})
	}
}

// Text checks the string whose offset and length stand at byte at (NIPC-COD-07, NIPC-COD-09), and
// says which bytes it takes.
func (r *Reader) Text(field string, at int, rule *StringRule) Extent {
	if r.err != nil {
		return Extent{}
	}
	start := uint64(rule.Start)
	if !rule.Exact {
		// Its writer's fixed part counts, which may be longer than the reader knows (NIPC-EVO-05).
		start = max(start, uint64(r.size))
	}
	from, to, v := place(r.b, at, start, rule)
	if v.rule != 0 {
		r.fail(field, at, v.problem())
		return Extent{}
	}
	return Extent{field: field, at: at, start: from, end: to, length: to - from - 1}
}

// TextOr is like [Reader.Text] for a string that its writer may not have known; it is absent then
// and takes no bytes.
func (r *Reader) TextOr(field string, at int, rule *StringRule, absent []byte) Extent {
	if r.err == nil && r.size-at < refLen {
		return Extent{field: field, at: at, start: r.size, end: r.size, length: len(absent)}
	}
	return r.Text(field, at, rule)
}

// Rest checks the string that takes all bytes behind the fixed part but the last one, which is its
// NUL.
func (r *Reader) Rest(field string, rule *StringRule) Extent {
	if r.err != nil {
		return Extent{}
	}
	n := len(r.b)
	var v verdict
	switch {
	case n == r.base:
		v = verdict{Truncated, uint64(n), uint64(n + 1)}
	case r.b[n-1] != 0:
		v = verdict{Unterminated, uint64(r.b[n-1]), 0}
	default:
		v = rule.content(r.b[r.base : n-1])
	}
	if v.rule != 0 {
		r.fail(field, r.base, v.problem())
	}
	return Extent{field: field, at: r.base, start: r.base, end: n, length: n - r.base - 1}
}

// Disjoint checks that no two of the strings share a byte, their NULs included (NIPC-COD-08).
func (r *Reader) Disjoint(strings ...Extent) {
	for i, s := range strings {
		for _, other := range strings[:i] {
			if s.start < other.end && other.start < s.end {
				r.fail(s.field, s.at, Problem{Rule: Overlap, With: other.field})
			}
		}
	}
}

// Ends checks that the record ends at byte end, unless its writer knows fields that the reader does
// not: what these refer to may follow (NIPC-EVO-06).
func (r *Reader) Ends(end int) {
	if !r.newer && len(r.b) != end {
		r.fail(r.record, end, Problem{Rule: TrailingBytes, Got: uint64(len(r.b)), Limit: uint64(end)})
	}
}

// ConstantWhen checks that the field at byte at, which holds got, holds allowed; when is the
// condition under which it must (NIPC-COD-23).
func (r *Reader) ConstantWhen(field string, at int, got, allowed uint64, when string) {
	if got != allowed {
		r.fail(field, at, Problem{Rule: ConstantWhen, Got: got, Limit: allowed, When: when})
	}
}

// EmptyWhen checks that the string or table has length 0.
func (r *Reader) EmptyWhen(field string, at int, length int, when string) {
	if length != 0 {
		r.fail(field, at, Problem{Rule: NotEmptyWhen, Got: uint64(length), When: when})
	}
}

// PresentWhen checks that the string has another length than 0.
func (r *Reader) PresentWhen(field string, at int, length int, when string) {
	if length == 0 {
		r.fail(field, at, Problem{Rule: EmptyWhen, When: when})
	}
}

func (r *Reader) fail(field string, offset int, p Problem) {
	if r.err == nil {
		r.err = &DecodeError{Record: r.record, Field: field, Offset: offset, Item: NoItem, Problem: p}
	}
}

// place checks the string whose reference stands at byte at of b, and says where it starts and where
// its NUL ends.
func place(b []byte, at int, start uint64, rule *StringRule) (from, to int, v verdict) {
	offset, length := uint64(Uint32(b, at)), uint64(Uint32(b, at+4))
	if rule.Exact && offset != start {
		return 0, 0, verdict{Misplaced, offset, start}
	}
	if offset < start {
		return 0, 0, verdict{StartsEarly, offset, start}
	}
	// In 64 bits the sum of two 32-bit numbers cannot wrap, on no host.
	end := offset + length
	if end >= uint64(len(b)) {
		return 0, 0, verdict{OutOfBounds, end + 1, uint64(len(b))}
	}
	if b[end] != 0 {
		return 0, 0, verdict{Unterminated, uint64(b[end]), 0}
	}
	return int(offset), int(end) + 1, rule.content(b[offset:end])
}
