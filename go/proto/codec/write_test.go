package codec_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
)

func overflows(t *testing.T, err error, needed, budget int) {
	t.Helper()
	var overflow *codec.OverflowError
	if want := (codec.OverflowError{Needed: needed, Budget: budget}); !errors.As(err, &overflow) || *overflow != want {
		t.Errorf("got %v, want %v", err, &want)
	}
	if !errors.Is(err, proto.LimitExceeded) || errors.Is(err, proto.APIMisuse) {
		t.Errorf("%v is of another kind", err)
	}
}

// NIPC-COD-13, NIPC-COD-15
func TestWriterAppendsWithinTheBudget(t *testing.T) {
	dirty := bytes.Repeat([]byte{0xee}, 32)
	w := codec.NewWriter(dirty[:1], 8)
	for i, n := range []int{2, 6} {
		b, err := w.Extend(n)
		if err != nil || !bytes.Equal(b, make([]byte, n)) {
			t.Fatalf("%x, %v", b, err)
		}
		b[0] = byte(i + 1)
	}
	if w.Len() != 8 || w.Remaining() != 0 || w.Budget() != 8 {
		t.Errorf("%d bytes, %d of %d left", w.Len(), w.Remaining(), w.Budget())
	}
	w.Head(2)[1] = 9
	got, err := w.Finish(nil)
	if want := []byte{0xee, 1, 9, 2, 0, 0, 0, 0, 0}; err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %x, %v, want %x", got, err, want)
	}
}

// A fixed part that nobody wrote cannot be filled, and the payload without it is none.
func TestHeadsMustBeThere(t *testing.T) {
	var w codec.Writer
	if head := w.Head(4); head != nil {
		t.Errorf("%x is there", head)
	}
	_, err := w.Finish(nil)
	overflows(t, err, 4, 0)

	w = codec.NewWriter(nil, 8)
	_, _ = w.Extend(9)
	if head := w.Head(4); head != nil {
		t.Errorf("%x is there", head)
	}
	_, err = w.Finish(nil)
	overflows(t, err, 9, 8)
}

// NIPC-COD-15: refused once, refused for good, with the sum of what was asked for.
func TestOverflowsAreRemembered(t *testing.T) {
	w := codec.NewWriter([]byte{9}, 4)
	if _, err := w.Extend(3); err != nil {
		t.Fatal(err)
	}
	_, err := w.Extend(2)
	overflows(t, err, 5, 4)
	_, err = w.Extend(1)
	overflows(t, err, 6, 4)
	if w.Len() != 3 || w.Remaining() != 0 {
		t.Errorf("%d bytes, %d left", w.Len(), w.Remaining())
	}
	// The overflow comes first, because only a larger budget helps.
	buf, err := w.Finish(&codec.MissingError{Record: "r", Field: "f"})
	overflows(t, err, 6, 4)
	if !bytes.Equal(buf, []byte{9}) {
		t.Errorf("%x stays", buf)
	}
	w.Restart()
	if _, err := w.Extend(4); err != nil {
		t.Error(err)
	}
	if buf, err := w.Finish(nil); err != nil || len(buf) != 5 {
		t.Errorf("%x, %v", buf, err)
	}
}

// Numbers near the end of int do not wrap.
func TestHugeRequestsAreRefused(t *testing.T) {
	w := codec.NewWriter(nil, math.MaxInt)
	limit := int(min(uint64(math.MaxUint32-32), math.MaxInt))
	if w.Budget() != limit {
		t.Errorf("the budget is %d", w.Budget())
	}
	if _, err := w.Extend(1); err != nil {
		t.Error(err)
	}
	_, err := w.Extend(math.MaxInt)
	overflows(t, err, math.MaxInt, limit)
	if got := codec.Sum(1, math.MaxInt, math.MaxInt); got != math.MaxInt {
		t.Errorf("the sum wraps to %d", got)
	}
	if got := codec.TableLen(math.MaxInt, 3, 2); got < 48 {
		t.Errorf("a table behind everything has %d bytes", got)
	}
	if w := codec.NewWriter(nil, -1); w.Budget() != 0 {
		t.Errorf("a negative budget is %d", w.Budget())
	}
}

// The directory grows far beyond its first size, and no hint shows in the bytes: NIPC-COD-12.
func TestItemsOfAnyNumber(t *testing.T) {
	for _, count := range []int{0, 1, 15, 16, 17, 1000} {
		var want []byte
		for _, hint := range []int{0, 1, count, 10 * count, math.MaxInt} {
			w := codec.NewWriter([]byte("head"), 1<<20)
			items := codec.NewItemsWriter(&w)
			items.Grow(&w, hint)
			for index := range count {
				b, err := items.Add(&w, 1+index%9)
				if err != nil {
					t.Fatal(err)
				}
				for i := range b {
					b[i] = byte(index)
				}
			}
			if got := items.Finish(&w); int(got) != count || items.Len() != count {
				t.Errorf("%d items, want %d", got, count)
			}
			got, err := w.Finish(nil)
			if err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d items with the hint %d: %x, want %x", count, hint, got, want)
			}
		}
		checkItems(t, want[4:], count)
	}
}

func checkItems(t *testing.T, payload []byte, count int) {
	t.Helper()
	r := codec.NewReader("list", 0, payload)
	end := r.Items("items", uint64(count), false, func([]byte) *codec.DecodeError { return nil })
	r.Ends(end)
	if err := r.Err(); err != nil {
		t.Fatal(err)
	}
	items := codec.ItemsAt(payload, 0, uint32(count), func(b []byte) []byte { return b })
	index := 0
	for item := range items.All() {
		if want := bytes.Repeat([]byte{byte(index)}, 1+index%9); !bytes.Equal(item, want) || !bytes.Equal(items.At(index), want) {
			t.Fatalf("item %d is %x, want %x", index, item, want)
		}
		index++
	}
	if index != count || items.Len() != count {
		t.Errorf("%d items of %d, want %d", index, items.Len(), count)
	}
}

// NIPC-COD-03: how much capacity saves a list from moving to another buffer.
func TestListsStayWhereTheyCan(t *testing.T) {
	for count := range 300 {
		size := 4 + (codec.EntryLen+8)*count
		for name, c := range map[string]struct{ hint, room int }{
			"announced": {count, size}, "not announced": {0, size + max(128, codec.EntryLen*count)},
		} {
			dst := make([]byte, 0, c.room)
			w := codec.NewWriter(dst, size)
			if _, err := w.Extend(4); err != nil {
				t.Fatal(err)
			}
			items := codec.NewItemsWriter(&w)
			items.Grow(&w, c.hint)
			for range count {
				if _, err := items.Add(&w, 8); err != nil {
					t.Fatal(err)
				}
			}
			items.Finish(&w)
			buf, err := w.Finish(nil)
			if err != nil || len(buf) != size {
				t.Fatalf("%d bytes, %v", len(buf), err)
			}
			if &buf[0] != &dst[:1][0] {
				t.Errorf("%d items, %s: moved out of %d bytes", count, name, c.room)
			}
		}
	}
}
