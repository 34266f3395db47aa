package service

import "github.com/netdata/plugin-ipc/go/proto/codec"

// Outcome tells what the item of a reply means for who asked.
type Outcome uint8

const (
	// Final: an answer, also when it is that nothing is known.
	Final Outcome = iota
	// Exceeded: the reply was full; the key is to be asked for again.
	Exceeded
	// Oversized: the item does not fit even alone.
	Oversized
)

// String returns the outcome in text.
func (o Outcome) String() string {
	switch o {
	case Final:
		return "final"
	case Exceeded:
		return "exceeded"
	case Oversized:
		return "oversized"
	}
	return "unknown outcome"
}

// Lookup is a service whose request is a list of keys, and whose reply has one item for each key, in
// their order.
//
// One logical call may take several requests: a client sends as many keys at once as fit (KeyLen,
// ShortLen), looks at what it gets (Outcome, Echoes, Generation), asks again for what is missing, and
// puts the items together with a [codec.Stitcher]. The result is a reply like any other.
type Lookup[Key, Request, Reply, Builder any] interface {
	Service[[]Key, Request, Reply, Builder]

	// RequestLen returns the size of a request without keys in bytes; a [codec.ListLen] adds the keys.
	RequestLen() int

	// ReplyLen returns the size of a reply without items in bytes.
	ReplyLen() int

	// CheckKey checks the rules of a key, which do not include its size as a whole. The error, if
	// any, is a [*codec.InvalidError] with the first rule it breaks.
	CheckKey(key Key) error

	// KeyLen returns the size of the key's item in a request in bytes, without padding.
	KeyLen(key Key) int

	// ShortLen returns the size in bytes of the item of a reply that says only that the key got no
	// answer, without padding. No item is shorter.
	ShortLen(key Key) int

	// Len returns how many items the reply has.
	Len(reply Reply) int

	// Generation returns what must be equal in all replies that one logical answer is made of.
	Generation(reply Reply) uint64

	// Outcome returns what the item at index means; [Final] when there are not that many.
	Outcome(reply Reply, index int) Outcome

	// Echoes reports whether the item at index is there and repeats key.
	Echoes(reply Reply, index int, key Key) bool

	// ItemBytes returns the bytes of the item at index, for a [codec.Stitcher]; none when there are
	// not that many.
	ItemBytes(reply Reply, index int) []byte

	// Stitch makes a reply to keys keys at the end of dst, at most budget bytes, of the items of
	// others.
	Stitch(dst []byte, budget, keys int) codec.Stitcher

	// AddOversized appends the item that says that the answer to key does not fit. The error, if
	// any, is a [*codec.InvalidError] or a [*codec.OverflowError].
	AddOversized(s *codec.Stitcher, key Key) error

	// FinishStitched ends a stitched reply and returns the longer buffer. When something did not fit
	// that is the buffer as it was at the start, with a [*codec.OverflowError].
	FinishStitched(s *codec.Stitcher, generation uint64) ([]byte, error)

	// ViewReply returns the view of a reply that DecodeReply accepted before, or that was stitched of
	// such replies' items, without checking it again. Other bytes give an unspecified view.
	ViewReply(payload []byte) Reply
}
