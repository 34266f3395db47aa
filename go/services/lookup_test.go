package services_test

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
	"github.com/netdata/plugin-ipc/go/proto/service"
	"github.com/netdata/plugin-ipc/go/services/appslookup"
	"github.com/netdata/plugin-ipc/go/services/cgroupslookup"
	"github.com/netdata/plugin-ipc/go/services/cgroupssnapshot"
	"github.com/netdata/plugin-ipc/go/services/increment"
)

// total returns the bytes of a reply whose items have these lengths.
func total(lens []int) int {
	end := 0
	for _, n := range lens {
		end = (end+7)/8*8 + n
	}
	return 16 + 8*len(lens) + end
}

// naive returns what must become of each key, or the bytes that are needed: the sentences of the specification and
// nothing clever.
func naive(full, short []int, budget int) ([]service.Outcome, int) {
	lens := slices.Clone(short)
	if total(lens) > budget {
		return nil, total(lens)
	}
	outcomes := []service.Outcome{}
	for key := range full {
		withIt := slices.Clone(lens)
		withIt[key] = full[key]
		switch {
		case total(withIt) <= budget:
			lens = withIt
			outcomes = append(outcomes, service.Final)
		case total(full[key:key+1]) > budget:
			outcomes = append(outcomes, service.Oversized)
		case key == 0:
			return nil, total(withIt)
		default:
			rest := slices.Repeat([]service.Outcome{service.Exceeded}, len(full)-key)
			return append(outcomes, rest...), 0
		}
	}
	return outcomes, 0
}

// lookup is one of the services with keys and what answers them.
type lookup[Key, Request, Reply, Builder any] struct {
	service.Lookup[Key, Request, Reply, Builder]
	keys []Key
	// answer gives the builder the answer to the key at index.
	answer func(b *Builder, index int) error
	// set sets the generation.
	set func(b *Builder, generation uint64)
}

func (l *lookup[Key, Request, Reply, Builder]) build(t *testing.T, budget int) ([]byte, error) {
	t.Helper()
	payload, err := l.EncodeRequest(nil, math.MaxInt, l.keys)
	if err != nil {
		t.Fatal(err)
	}
	request, err := l.DecodeRequest(payload)
	if err != nil {
		t.Fatal(err)
	}
	var b Builder
	l.StartReply(&b, []byte("head"), budget, request)
	l.set(&b, 7)
	for index := range l.keys {
		// What has no room is told by the end.
		_ = l.answer(&b, index)
	}
	buf, err := l.FinishReply(&b)
	if !bytes.HasPrefix(buf, []byte("head")) || (err != nil && len(buf) != 4) {
		t.Fatalf("the buffer is %q", buf)
	}
	return buf[4:], err
}

// everyBudget builds within every budget from nothing to more than enough, and compares all of it with the model.
func (l *lookup[Key, Request, Reply, Builder]) everyBudget(t *testing.T) {
	t.Helper()
	whole, err := l.build(t, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	full, short := []int{}, []int{}
	view := l.ViewReply(whole)
	for index, key := range l.keys {
		full = append(full, len(l.ItemBytes(view, index)))
		short = append(short, l.ShortLen(key))
	}
	if len(whole) != total(full) {
		t.Fatalf("the reply has %d bytes, want %d", len(whole), total(full))
	}
	for budget := -1; budget < len(whole)+9; budget++ {
		payload, err := l.build(t, budget)
		want, needed := naive(full, short, budget)
		if want == nil {
			var overflow *codec.OverflowError
			expected := codec.OverflowError{Needed: needed, Budget: max(budget, 0)}
			if !errors.As(err, &overflow) || *overflow != expected || !errors.Is(err, proto.LimitExceeded) {
				t.Fatalf("%d bytes: %v, want %v", budget, err, &expected)
			}
			continue
		}
		if err != nil || len(payload) > budget {
			t.Fatalf("%d bytes: %d written, %v", budget, len(payload), err)
		}
		l.check(t, payload, want)
	}
}

// check checks that every key has its item, in order, with this outcome.
func (l *lookup[Key, Request, Reply, Builder]) check(t *testing.T, payload []byte, want []service.Outcome) {
	t.Helper()
	reply, err := l.DecodeReply(payload)
	if err != nil {
		t.Fatal(err)
	}
	if l.Len(reply) != len(l.keys) || l.Generation(reply) != 7 {
		t.Fatalf("%d items of generation %d", l.Len(reply), l.Generation(reply))
	}
	lens := []int{}
	for index, key := range l.keys {
		if got := l.Outcome(reply, index); got != want[index] {
			t.Fatalf("%d bytes: item %d is %v, want %v", len(payload), index, got, want[index])
		}
		if !l.Echoes(reply, index, key) {
			t.Fatalf("item %d does not repeat %v", index, key)
		}
		lens = append(lens, len(l.ItemBytes(reply, index)))
	}
	if len(payload) != total(lens) {
		t.Fatalf("a reply of %d bytes is not canonical", len(payload))
	}
	beyond := len(l.keys)
	if l.Outcome(reply, beyond) != service.Final || l.ItemBytes(reply, beyond) != nil || l.ItemBytes(reply, -1) != nil {
		t.Fatal("there is something behind the last item")
	}
}

func text(rng *rand.Rand, most int) []byte { return bytes.Repeat([]byte("x"), rng.IntN(most)) }

type appsCase = lookup[uint32, appslookup.Request, appslookup.Reply, appslookup.ReplyBuilder]

func apps(answers []*appslookup.KnownFields) *appsCase {
	keys := make([]uint32, len(answers))
	for i := range keys {
		keys[i] = uint32(100 + i)
	}
	return &appsCase{
		Lookup: appslookup.Service{},
		keys:   keys,
		set:    (*appslookup.ReplyBuilder).SetGeneration,
		answer: func(b *appslookup.ReplyBuilder, index int) error {
			if answers[index] == nil {
				return b.Unknown()
			}
			return b.Known(*answers[index])
		},
	}
}

// NIPC-LKP-10, NIPC-LKP-11, NIPC-LKP-12, NIPC-LKP-13, NIPC-LKP-14, NIPC-LKP-15
func TestAppsUnderEveryBudget(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 20 {
		answers := make([]*appslookup.KnownFields, rng.IntN(8))
		for i := range answers {
			if rng.IntN(3) == 0 {
				continue
			}
			f := &appslookup.KnownFields{Comm: []byte("c"), CgroupPath: []byte("/"), CgroupName: text(rng, 20)}
			if rng.IntN(5) == 0 {
				f.CgroupName = text(rng, 400)
			}
			for range rng.IntN(3) {
				f.Labels = append(f.Labels, appslookup.Label{Key: []byte("k"), Value: text(rng, 9)})
			}
			answers[i] = f
		}
		apps(answers).everyBudget(t)
	}
}

// NIPC-LKP-10, NIPC-LKP-11, NIPC-LKP-12, NIPC-LKP-13, NIPC-LKP-14, NIPC-LKP-15
func TestCgroupsUnderEveryBudget(t *testing.T) {
	rng := rand.New(rand.NewPCG(2, 2))
	for range 20 {
		keys := make([][]byte, rng.IntN(8))
		names := make([][]byte, len(keys))
		for i := range keys {
			keys[i] = append([]byte("/"), text(rng, 30)...)
			names[i] = text(rng, 1+300/(1+rng.IntN(9)))
		}
		l := lookup[[]byte, cgroupslookup.Request, cgroupslookup.Reply, cgroupslookup.ReplyBuilder]{
			Lookup: cgroupslookup.Service{},
			keys:   keys,
			set:    (*cgroupslookup.ReplyBuilder).SetGeneration,
			answer: func(b *cgroupslookup.ReplyBuilder, index int) error {
				switch index % 4 {
				case 0:
					return b.UnknownPermanent()
				case 1:
					return b.UnknownRetryLater()
				}
				return b.Known(cgroupslookup.KnownFields{Name: names[index]})
			},
		}
		l.everyBudget(t)
	}
}

// process answers with an item of n bytes.
func process(n int) *appslookup.KnownFields {
	name := bytes.Repeat([]byte("n"), n-65)
	return &appslookup.KnownFields{Comm: []byte("c"), CgroupPath: []byte("/"), CgroupName: name}
}

// NIPC-LKP-12, NIPC-LKP-13: what existing servers get wrong. Of 14 items of 66 bytes in 1024 bytes they call the first
// one oversized for ever, though each fits alone.
func TestWhatFitsAloneIsNeverCalledOversized(t *testing.T) {
	alike := apps(slices.Repeat([]*appslookup.KnownFields{process(66)}, 14))
	_, err := alike.build(t, 1024)
	var overflow *codec.OverflowError
	if !errors.As(err, &overflow) || overflow.Needed != 16+14*8+72+12*64+63 {
		t.Fatal(err)
	}
	payload, err := alike.build(t, 2048)
	if err != nil {
		t.Fatal(err)
	}
	alike.check(t, payload, slices.Repeat([]service.Outcome{service.Final}, 14))

	large := apps([]*appslookup.KnownFields{process(1001), process(66), process(1001), process(66)})
	payload, err = large.build(t, 1024)
	if err != nil {
		t.Fatal(err)
	}
	large.check(t, payload, []service.Outcome{service.Oversized, service.Final, service.Oversized, service.Final})
}

// NIPC-LKP-14: a provider that stops when nothing more is wanted gives the same reply as one that goes on.
func TestProvidersCanStopEarly(t *testing.T) {
	l := apps([]*appslookup.KnownFields{process(66), process(500), process(500), process(500)})
	want, err := l.build(t, 1024)
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	answer := l.answer
	l.answer = func(b *appslookup.ReplyBuilder, index int) error {
		if !b.WantsMore() {
			return nil
		}
		asked++
		return answer(b, index)
	}
	if got, err := l.build(t, 1024); err != nil || !bytes.Equal(got, want) || asked != 3 {
		t.Errorf("%d keys were looked up: %x, %v, want %x", asked, got, err, want)
	}
}

// NIPC-LKP-16, NIPC-COD-17
func TestWrongNumbersOfAnswersAreTold(t *testing.T) {
	payload, err := appslookup.Service{}.EncodeRequest(nil, 100, []uint32{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	request, err := appslookup.DecodeRequest(payload)
	if err != nil {
		t.Fatal(err)
	}
	for count := range 4 {
		var b appslookup.ReplyBuilder
		b.Reset(nil, 1000, request)
		b.SetGeneration(1)
		for answer := range count {
			if err := b.Unknown(); (err == nil) != (answer < 2) {
				t.Errorf("answer %d: %v", answer, err)
			}
		}
		_, err := b.Finish()
		var miscounted *codec.AnswersError
		if count == 2 {
			if err != nil {
				t.Error(err)
			}
		} else if !errors.As(err, &miscounted) || !errors.Is(err, proto.APIMisuse) || miscounted.Got != count {
			t.Errorf("%d answers: %v", count, err)
		}
	}
	var b appslookup.ReplyBuilder
	b.Reset(nil, 1000, request)
	_, _ = b.Unknown(), b.Unknown()
	_, err = b.Finish()
	if want := "apps-lookup reply: field `generation` was given no value; set it before the end"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// An answer that breaks a rule is refused, and the key can be answered otherwise: NIPC-COD-16, NIPC-LKP-07.
func TestInvalidAnswersCanBeReplaced(t *testing.T) {
	l := apps([]*appslookup.KnownFields{{Comm: []byte("c"), CgroupPath: []byte("/a\x00b")}})
	answer := l.answer
	l.answer = func(b *appslookup.ReplyBuilder, index int) error {
		var invalid *codec.InvalidError
		err := answer(b, index)
		want := "apps-lookup item: field `cgroup_path` must not contain a NUL byte, has one at position 2"
		if !errors.As(err, &invalid) || invalid.Problem.Rule != codec.InteriorNUL || err.Error() != want {
			t.Errorf("got %v", err)
		}
		return b.Unknown()
	}
	payload, err := l.build(t, 1000)
	if err != nil {
		t.Fatal(err)
	}
	l.check(t, payload, []service.Outcome{service.Final})
}

// NIPC-LKP-17
func TestPartsBecomeTheWhole(t *testing.T) {
	answers := []*appslookup.KnownFields{process(66), nil, process(100), nil, process(81)}
	whole := apps(answers)
	want, err := whole.build(t, math.MaxInt)
	if err != nil {
		t.Fatal(err)
	}
	for at := range len(answers) + 1 {
		left, right := apps(answers[:at]), apps(answers[at:])
		right.keys = whole.keys[at:]
		for _, ceiling := range []int{len(want), len(want) - 1, 16} {
			s := whole.Stitch([]byte("head"), ceiling, at)
			for _, part := range []*appsCase{left, right} {
				payload, err := part.build(t, math.MaxInt)
				if err != nil {
					t.Fatal(err)
				}
				view := part.ViewReply(payload)
				for index := range part.Len(view) {
					_ = s.Copy(part.ItemBytes(view, index))
				}
			}
			got, err := whole.FinishStitched(&s, 7)
			var overflow *codec.OverflowError
			if ceiling == len(want) {
				if err != nil || string(got) != "head"+string(want) {
					t.Errorf("cut at %d: %x, %v, want %x", at, got, err, want)
				}
			} else if !errors.As(err, &overflow) || overflow.Needed != len(want) || string(got) != "head" {
				t.Errorf("cut at %d, %d bytes: %q, %v", at, ceiling, got, err)
			}
		}
	}
}

// NIPC-LKP-17: items that are made on the spot; a key that breaks a rule makes none.
func TestOversizedItemsAreMadeOnTheSpot(t *testing.T) {
	var s cgroupslookup.Service
	whole := s.Stitch(nil, 1000, 2)
	if err := s.AddOversized(&whole, []byte("/a\x00b")); !errors.Is(err, proto.APIMisuse) {
		t.Errorf("a bad key: %v", err)
	}
	if err := s.AddOversized(&whole, []byte("/big")); err != nil {
		t.Error(err)
	}
	if whole.Len() != 1 || whole.Size() != 16+8+s.ShortLen([]byte("/big")) {
		t.Errorf("%d items, %d bytes", whole.Len(), whole.Size())
	}
	payload, err := s.FinishStitched(&whole, 3)
	if err != nil {
		t.Fatal(err)
	}
	reply, err := s.DecodeReply(payload)
	if err != nil || s.Outcome(reply, 0) != service.Oversized || !s.Echoes(reply, 0, []byte("/big")) {
		t.Errorf("%v, %v", reply.Clone(), err)
	}
}

// A builder that was never made ready has no room; it must not end in an empty reply: NIPC-COD-15.
func TestZeroBuildersHaveNoRoom(t *testing.T) {
	for name, finish := range map[string]func() ([]byte, error){
		"lookup": func() ([]byte, error) {
			var b appslookup.ReplyBuilder
			b.SetGeneration(1)
			return b.Finish()
		},
		"list": func() ([]byte, error) {
			var b cgroupssnapshot.ReplyBuilder
			b.SetGeneration(1)
			b.SetSystemdEnabled(1)
			return b.Finish()
		},
		"single value": func() ([]byte, error) {
			var b increment.NumberBuilder
			_ = b.SetValue(1)
			return b.Finish()
		},
		"stitched": func() ([]byte, error) {
			return appslookup.Service{}.FinishStitched(new(codec.Stitcher), 1)
		},
	} {
		payload, err := finish()
		var overflow *codec.OverflowError
		if !errors.As(err, &overflow) || overflow.Needed == 0 || overflow.Budget != 0 || len(payload) != 0 {
			t.Errorf("%s: %x, %v", name, payload, err)
		}
	}
}

// A view of bytes that were not checked gives anything, but does not panic: NIPC-COD-02.
func TestUncheckedViewsAreTotal(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 5))
	valid := golden(t, "apps_lookup_resp_known_full")
	for range 20_000 {
		payload := bytes.Clone(valid[:rng.IntN(len(valid)+1)])
		for range rng.IntN(4) {
			if len(payload) > 0 {
				payload[rng.IntN(len(payload))] = byte(rng.Uint32())
			}
		}
		reply := appslookup.Service{}.ViewReply(payload)
		_ = reply.Clone()
		for index := range reply.Items().Len() {
			_ = appslookup.Service{}.Outcome(reply, index)
		}
	}
}

// 65536 keys with answers and a full reply, in a moment: every step is of constant cost.
func TestManyKeys(t *testing.T) {
	l := apps(slices.Repeat([]*appslookup.KnownFields{process(67)}, 65_536))
	payload, err := l.build(t, 16+65_536*72+100_000)
	if err != nil {
		t.Fatal(err)
	}
	reply := l.ViewReply(payload)
	answered := 0
	for answered < l.Len(reply) && l.Outcome(reply, answered) == service.Final {
		answered++
	}
	if answered < 5_000 || answered == 65_536 || l.Outcome(reply, 65_535) != service.Exceeded {
		t.Errorf("%d answers", answered)
	}
}

// What the descriptors say of lengths is what encoders do.
func TestLengths(t *testing.T) {
	var s cgroupslookup.Service
	keys := [][]byte{[]byte("/a"), []byte("/bb"), []byte("/long/path")}
	n := codec.NewListLen(s.RequestLen())
	for _, key := range keys {
		n.Add(s.KeyLen(key))
	}
	payload, err := s.EncodeRequest(nil, 1000, keys)
	if err != nil || len(payload) != n.Total() || (len(payload)+7)/8*8 != n.Padded() {
		t.Errorf("%d bytes, %v, want %d, padded %d", len(payload), err, n.Total(), n.Padded())
	}
	_, err = s.EncodeRequest(nil, 20, keys)
	if want := fmt.Sprintf("the payload needs %d bytes, 20 are allowed", len(payload)); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if err := s.CheckKey(nil); !errors.Is(err, proto.APIMisuse) {
		t.Errorf("an empty path: %v", err)
	}
}

// A whole exchange of a lookup allocates nothing: NIPC-COD-03.
func TestLookupsDoNotAllocate(t *testing.T) {
	var s appslookup.Service
	keys := []uint32{1, 2, 3}
	requestBuf, replyBuf := make([]byte, 0, 1024), make([]byte, 0, 4096)
	var b appslookup.ReplyBuilder
	labels := []appslookup.Label{{Key: []byte("k"), Value: []byte("v")}}
	known := appslookup.KnownFields{Comm: []byte("c"), CgroupPath: []byte("/"), Labels: labels}
	n := testing.AllocsPerRun(100, func() {
		payload, err := s.EncodeRequest(requestBuf, 1024, keys)
		if err != nil {
			t.Fatal(err)
		}
		request, err := s.DecodeRequest(payload)
		if err != nil {
			t.Fatal(err)
		}
		s.StartReply(&b, replyBuf, 4096, request)
		b.SetGeneration(1)
		for range request.Keys().All() {
			if err := b.Known(known); err != nil {
				t.Fatal(err)
			}
		}
		payload, err = s.FinishReply(&b)
		if err != nil {
			t.Fatal(err)
		}
		reply, err := s.DecodeReply(payload)
		if err != nil {
			t.Fatal(err)
		}
		sum := 0
		for item := range reply.Items().All() {
			sum += len(item.Comm())
			for label := range item.Labels().All() {
				sum += len(label.Key)
			}
		}
		if sum != 6 {
			t.Fatal(sum)
		}
	})
	if n != 0 {
		t.Errorf("%v allocations", n)
	}
}
