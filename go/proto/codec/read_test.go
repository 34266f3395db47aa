package codec_test

import (
	"errors"
	"math/bits"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
)

// NIPC-COD-06: an error names the record, the field, the place and the numbers, in a sentence.
func TestErrorsAreSentences(t *testing.T) {
	listed := []uint64{1, 2, 3}
	for want, p := range map[string]codec.Problem{
		"needs 8 bytes, got 3":                                   {Rule: codec.Truncated, Got: 3, Limit: 8},
		"must end after 8 bytes, got 9":                          {Rule: codec.TrailingBytes, Got: 9, Limit: 8},
		"must be 1, got 2":                                       {Rule: codec.Constant, Got: 2, Limit: 1},
		"must be 1, 2, 3 or more, got 0":                         {Rule: codec.FixedSize, List: listed},
		"must be 1, 2, 3, got 4":                                 {Rule: codec.Unlisted, Got: 4, List: listed},
		"must be 0 when `a` is `b`, got 7":                       {Rule: codec.ConstantWhen, Got: 7, When: "`a` is `b`"},
		"must be empty when `a` is `b`, has length 7":            {Rule: codec.NotEmptyWhen, Got: 7, When: "`a` is `b`"},
		"must not be empty when `a` is `b`":                      {Rule: codec.EmptyWhen, When: "`a` is `b`"},
		"must have 255 rows or fewer, got 256":                   {Rule: codec.TooMany, Got: 256, Limit: 255},
		"must have zero bytes before it, got 0x01 at position 9": {Rule: codec.Padding, Got: 1, Limit: 9},
		"must start at offset 8 or later, got 7":                 {Rule: codec.StartsEarly, Got: 7, Limit: 8},
		"must start at offset 8, got 7":                          {Rule: codec.Misplaced, Got: 7, Limit: 8},
		"must start at a multiple of 8, got offset 7":            {Rule: codec.Unaligned, Got: 7, Limit: 8},
		"must end at offset 8 or before, ends at 9":              {Rule: codec.OutOfBounds, Got: 9, Limit: 8},
		"must have 1 bytes or more, got 0":                       {Rule: codec.TooShort, Limit: 1},
		"must have 2 bytes or fewer, got 3":                      {Rule: codec.TooLong, Got: 3, Limit: 2},
		"must be followed by a NUL byte, got 0x78":               {Rule: codec.Unterminated, Got: 'x'},
		"must not contain a NUL byte, has one at position 0":     {Rule: codec.InteriorNUL},
		"shares bytes with field `x`":                            {Rule: codec.Overlap, With: "x"},
		"breaks rule 99":                                         {Rule: 99},
	} {
		if got := p.String(); got != want {
			t.Errorf("%v: got %q, want %q", p.Rule, got, want)
		}
	}
	err := &codec.DecodeError{Record: "r", Field: "f", Offset: 4, Item: 2, Problem: codec.Problem{Rule: codec.Constant}}
	if got, want := err.Error(), "r 2: field `f` at byte 4 must be 0, got 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	err = &codec.DecodeError{Record: "r", Field: "r", Item: codec.NoItem, Problem: codec.Problem{Rule: codec.Truncated}}
	if got, want := err.Error(), "r at byte 0 needs 0 bytes, got 0"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if !errors.Is(err, proto.InvalidMessage) || errors.Is(err, proto.Timeout) {
		t.Errorf("%v is of another kind", err)
	}
}

// Each rule has the name that the specification gives it, and no two have the same.
func TestRuleNames(t *testing.T) {
	names := map[string]bool{}
	for rule := codec.Truncated; rule <= codec.Overlap; rule++ {
		names[rule.String()] = true
	}
	if len(names) != 19 || !names["not_empty_when"] || !names["interior_nul"] {
		t.Errorf("%v", names)
	}
	if got := codec.Rule(0).String(); got != "rule 0" {
		t.Errorf("no rule is called %q", got)
	}
}

// NIPC-EVO-02, NIPC-EVO-04: a record that can grow says how long its fixed part is.
func TestGrowingReader(t *testing.T) {
	sizes := []uint64{4, 8}
	record := func(size uint16, n int) []byte {
		b := make([]byte, n)
		codec.PutUint16(b, 0, size)
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		rule codec.Rule
	}{
		"nothing":             {nil, codec.Truncated},
		"first version":       {record(4, 4), 0},
		"second version":      {record(8, 8), 0},
		"third version":       {record(12, 12), 0},
		"between versions":    {record(6, 8), codec.FixedSize},
		"too small":           {record(0, 8), codec.FixedSize},
		"longer than it is":   {record(8, 7), codec.Truncated},
		"much longer than it": {record(65_535, 8), codec.Truncated},
	} {
		r := codec.NewGrowingReader("r", c.b, "size", 0, sizes)
		r.Ends(r.Size())
		if err := r.Err(); (err == nil) != (c.rule == 0) || (err != nil && err.Problem.Rule != c.rule) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// NIPC-EVO-06: behind the fixed part of a newer writer anything may follow.
	r := codec.NewGrowingReader("r", record(12, 13), "size", 0, sizes)
	if r.Ends(12); r.Err() != nil {
		t.Error(r.Err())
	}
}

// Views of bytes that nobody checked give anything, but do no harm: NIPC-COD-02.
func TestViewsAreTotal(t *testing.T) {
	wild := []byte{255, 255, 255, 255, 255, 255, 255, 255, 9}
	for _, b := range [][]byte{nil, {1}, wild, wild[:8]} {
		for at := range 12 {
			_, _, _, _ = codec.Uint8(b, at), codec.Uint16(b, at), codec.Uint32(b, at), codec.Uint64(b, at)
			if text := codec.Text(b, at); len(text) > len(b) {
				t.Errorf("a string of %d bytes in %d", len(text), len(b))
			}
			_, _ = codec.Rest(b, at), codec.Grown(b, at)
			for _, count := range []uint32{0, 1, 1 << 31} {
				for item := range codec.ItemsAt(b, at, count, func(b []byte) []byte { return b }).All() {
					_ = item
				}
				rows := codec.RowsAt(b, at, int(count), 1, func(s codec.RowStrings) []byte { return s.At(0) }, at)
				for row := range rows.All() {
					_ = row
				}
			}
		}
	}
	var none codec.Rows[int]
	if none.Len() != 0 || (codec.Items[int]{}).Len() != 0 {
		t.Error("nothing has rows or items")
	}
	// What is lent cannot be appended to in place.
	b := []byte{8, 0, 0, 0, 1, 0, 0, 0, 'x', 0}
	if text := codec.Text(b, 0); string(text) != "x" || cap(text) != 1 {
		t.Errorf("%q with %d bytes of room", text, cap(text))
	}
}

// An index that is out of range panics, also when its offset in bytes would wrap to that of another.
func TestIndexesOutOfRangePanic(t *testing.T) {
	b := make([]byte, 64)
	items := codec.ItemsAt(b, 0, 1, func(b []byte) int { return len(b) })
	rows := codec.RowsAt(b, 8, 1, 2, func(s codec.RowStrings) int { return len(s.At(0)) })
	if items.At(0) != 0 || rows.At(0) != 0 {
		t.Fatal("the first ones are not there")
	}
	for _, index := range []int{-1, 1, 1 << (bits.UintSize - 3), 1 << (bits.UintSize - 4), -1 << (bits.UintSize - 3)} {
		for name, at := range map[string]func(int) int{
			"items": items.At, "rows": rows.At, "no items": codec.Items[int]{}.At, "no rows": codec.Rows[int]{}.At,
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Errorf("%s: there is one at %d", name, index)
					}
				}()
				at(index)
			}()
		}
	}
}

func TestValuesKnowWhetherTheyAreSet(t *testing.T) {
	var v codec.Value[int]
	if _, ok := v.Get(); ok {
		t.Error("set from the start")
	}
	v.Set(0)
	if got, ok := v.Get(); !ok || got != 0 {
		t.Errorf("%d, %v", got, ok)
	}
}
