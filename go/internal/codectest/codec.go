// Package codectest checks what must hold for every generated codec.
package codectest

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
)

// budget is more than any value here takes.
const budget = 1 << 20

// Codec is the codec of one payload; F has its values.
type Codec[F any] struct {
	// Encode appends the payload of values to dst.
	Encode func(dst []byte, budget int, values F) ([]byte, error)
	// Decode copies the values out of a payload.
	Decode func(payload []byte) (F, error)
	// Check decodes a payload without copying.
	Check func(payload []byte) error
	// Equal compares values.
	Equal func(a, b F) bool
	// Grows tells that the canonical form can be longer than what an older program wrote.
	Grows bool
	// Converts tells that Encode allocates to convert the values first.
	Converts bool
}

// Test encodes and decodes random values, and bytes that were changed at random.
func (c Codec[F]) Test(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	valid := 0
	for range 3000 {
		var values F
		fill(rng, &values)
		payload := c.values(t, values)
		if payload == nil {
			continue
		}
		valid++
		for range 8 {
			c.Bytes(t, mutate(rng, payload))
		}
		if valid%64 == 1 {
			c.allocations(t, values, payload)
		}
	}
	if valid < 30 {
		t.Errorf("only %d random values were valid", valid)
	}
}

// Fuzz checks the bytes that the fuzzer comes up with.
func (c Codec[F]) Fuzz(f *testing.F) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var values F
		fill(rng, &values)
		if payload, err := c.Encode(nil, budget, values); err == nil {
			f.Add(payload)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) { c.Bytes(t, data) })
}

// values checks the way from values to bytes and back. It returns nil when they break a rule.
func (c Codec[F]) values(t *testing.T, values F) []byte {
	t.Helper()
	head := []byte("head")
	buf, err := c.Encode(head, budget, values)
	if err != nil {
		var invalid *codec.InvalidError
		if !errors.As(err, &invalid) || !errors.Is(err, proto.APIMisuse) {
			t.Fatalf("encoding %+v: %v", values, err)
		}
		if !bytes.Equal(buf, head) {
			t.Fatalf("a refusal leaves %q in the buffer", buf)
		}
		return nil
	}
	payload := buf[len(head):]
	if !bytes.HasPrefix(buf, head) {
		t.Fatalf("the buffer begins with %q now", buf[:len(head)])
	}
	c.overflow(t, values, len(payload))
	// What was decoded must not depend on the payload any more.
	lent := bytes.Clone(payload)
	again, err := c.Decode(lent)
	if err != nil {
		t.Fatalf("decoding %x, made of %+v: %v", payload, values, err)
	}
	for i := range lent {
		lent[i] ^= 0xff
	}
	if !c.Equal(again, values) {
		t.Fatalf("%+v became %+v", values, again)
	}
	return payload
}

// overflow checks that the budget is kept to the byte.
func (c Codec[F]) overflow(t *testing.T, values F, size int) {
	t.Helper()
	if _, err := c.Encode(nil, size, values); err != nil {
		t.Fatalf("%d bytes do not fit a budget of as many: %v", size, err)
	}
	buf, err := c.Encode([]byte("head"), size-1, values)
	if size == 0 {
		return
	}
	var overflow *codec.OverflowError
	if !errors.As(err, &overflow) || !errors.Is(err, proto.LimitExceeded) {
		t.Fatalf("%d bytes fit a budget of %d: %v", size, size-1, err)
	}
	if want := (codec.OverflowError{Needed: size, Budget: size - 1}); *overflow != want {
		t.Fatalf("got %+v, want %+v", *overflow, want)
	}
	if string(buf) != "head" {
		t.Fatalf("an overflow leaves %q in the buffer", buf)
	}
}

// Bytes checks any bytes: what the decoder accepts must encode again, to no more bytes, and decode to
// equal values; the canonical form must encode to itself.
func (c Codec[F]) Bytes(t *testing.T, data []byte) {
	t.Helper()
	values, err := c.Decode(data)
	if err != nil {
		var offence *codec.DecodeError
		if !errors.As(err, &offence) || !errors.Is(err, proto.InvalidMessage) || offence.Problem.Rule == 0 {
			t.Fatalf("decoding %x: %v", data, err)
		}
		return
	}
	payload, err := c.Encode(nil, budget+len(data), values)
	if err != nil {
		t.Fatalf("encoding %+v, decoded from %x: %v", values, data, err)
	}
	if len(payload) > len(data) && !c.Grows {
		t.Fatalf("%x became longer: %x", data, payload)
	}
	again, err := c.Decode(payload)
	if err != nil {
		t.Fatalf("the canonical form %x of %x does not decode: %v", payload, data, err)
	}
	if !c.Equal(again, values) {
		t.Fatalf("%+v became %+v", values, again)
	}
	if twice, err := c.Encode(nil, len(payload), again); err != nil || !bytes.Equal(twice, payload) {
		t.Fatalf("%x became %x, %v", payload, twice, err)
	}
}

// allocations checks that nothing allocates.
func (c Codec[F]) allocations(t *testing.T, values F, payload []byte) {
	t.Helper()
	n := testing.AllocsPerRun(5, func() {
		if err := c.Check(payload); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Fatalf("decoding %x allocates %v times", payload, n)
	}
	if c.Converts {
		return
	}
	// A directory starts with more slots than it may need.
	buf := make([]byte, 0, 2*len(payload)+1024)
	n = testing.AllocsPerRun(5, func() {
		if _, err := c.Encode(buf, budget, values); err != nil {
			t.Fatal(err)
		}
	})
	if n > 0 {
		t.Fatalf("encoding %+v allocates %v times", values, n)
	}
}
