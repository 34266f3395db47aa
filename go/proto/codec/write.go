package codec

import "math"

// maxPayload: no payload is longer, because 32 header bytes and the payload together must fit 32
// bits.
const maxPayload = math.MaxUint32 - 32

// Writer appends one payload to a buffer and never lets it exceed a budget.
//
// Bytes that the buffer holds already are left alone, and none of them ever becomes part of the
// payload, nor does what lies in its capacity (NIPC-COD-13). The first write that does not fit makes
// the writer fail for good: later writes fail too and add up what would have been needed,
// [Writer.Finish] reports it, and the buffer comes back as it was (NIPC-COD-15).
//
// The zero value has a budget of 0 bytes.
type Writer struct {
	buf    []byte
	start  int
	budget int
	// slack is the number of bytes in the buffer that are set aside and will not be part of the
	// payload unless they are used.
	slack int
	// needed counts only after an overflow.
	needed     int
	overflowed bool
}

// NewWriter appends to dst, at most budget bytes.
func NewWriter(dst []byte, budget int) Writer {
	limit := min(uint64(max(budget, 0)), maxPayload)
	return Writer{buf: dst, start: len(dst), budget: int(limit)}
}

// Len returns the number of bytes written so far.
func (w *Writer) Len() int { return w.position() - w.slack }

// Budget returns the number of bytes the payload may have.
func (w *Writer) Budget() int { return w.budget }

// Remaining returns the number of bytes that can still be written.
func (w *Writer) Remaining() int {
	if w.overflowed {
		return 0
	}
	return w.budget - w.Len()
}

// Claim checks that n more bytes fit, without writing. When they do not, the writer fails for good
// with an [*OverflowError].
func (w *Writer) Claim(n int) error {
	if !w.overflowed && n <= w.budget-w.Len() {
		return nil
	}
	return w.overflow(n)
}

func (w *Writer) overflow(n int) *OverflowError {
	if !w.overflowed {
		w.needed, w.overflowed = w.Len(), true
	}
	w.needed = Sum(w.needed, n)
	return &OverflowError{Needed: w.needed, Budget: w.budget}
}

// Extend appends n zero bytes and returns them to be filled; they are valid until the next write.
// When they do not fit, the writer fails for good with an [*OverflowError].
func (w *Writer) Extend(n int) ([]byte, error) {
	if err := w.Claim(n); err != nil {
		return nil, err
	}
	at := len(w.buf)
	w.grow(n)
	clear(w.buf[at:])
	return w.buf[at:], nil
}

// Restart starts the payload anew, as if nothing had been written or refused.
func (w *Writer) Restart() {
	w.buf = w.buf[:w.start]
	w.slack, w.needed, w.overflowed = 0, 0, false
}

// Finish ends the payload, which err says is complete or not, and returns the buffer: longer by the
// payload, or as it was when there is an error. An overflow is reported before err, because whoever
// hits it may well stop before the payload is complete, and only a larger budget helps.
func (w *Writer) Finish(err error) ([]byte, error) {
	if w.overflowed {
		err = &OverflowError{Needed: w.needed, Budget: w.budget}
	}
	if err != nil {
		return w.buf[:w.start], err
	}
	return w.buf, nil
}

// Head returns the first n bytes of the payload to be overwritten; they are valid until the next
// write. It returns nil when they are not there: after an overflow, or because nobody wrote them,
// which makes the writer fail for good.
func (w *Writer) Head(n int) []byte {
	if missing := n - w.position(); missing > 0 {
		if !w.overflowed {
			w.overflow(missing)
		}
		return nil
	}
	return w.buf[w.start:][:n]
}

// position is where the next byte goes, counted from the start of the payload.
func (w *Writer) position() int { return len(w.buf) - w.start }

// grow makes the buffer longer by n bytes, which hold anything.
func (w *Writer) grow(n int) {
	if n <= cap(w.buf)-len(w.buf) {
		w.buf = w.buf[:len(w.buf)+n]
		return
	}
	w.buf = append(w.buf, make([]byte, n)...)
}

// insert sets n bytes aside at position at, moving what is behind.
func (w *Writer) insert(at, n int) {
	end := len(w.buf)
	w.grow(n)
	at += w.start
	copy(w.buf[at+n:], w.buf[at:end])
	clear(w.buf[at : at+n])
	w.slack += n
}

// remove takes n bytes that were set aside at position at out again, moving what is behind.
func (w *Writer) remove(at, n int) {
	at += w.start
	copy(w.buf[at:], w.buf[at+n:])
	w.buf = w.buf[:len(w.buf)-n]
	w.slack -= n
}
