package codec

// AnswersWriter gives each key of a request its answer within a byte budget, in the order of the
// keys (NIPC-LKP-10 to NIPC-LKP-16). Its cost is linear in the keys.
//
// A reply has an item for every key, so room is always kept for the short records of the keys that
// follow: records that say nothing but that their key got no answer. That is what makes every later
// decision possible; without it the reply could be full while keys are left. What a record that does
// not fit becomes depends on whether it ever could:
//
//   - not even alone in the whole budget: an oversized record, and the next key gets its chance;
//   - alone, but this is the first key: the reply as a whole is an overflow, because a reply that
//     answers nothing would bring nobody forward, while a larger limit does;
//   - alone, and this is a later key: it and all behind it are to be asked for again.
//
// Generated builders use it so: [AnswersWriter.Expect] for each key, [AnswersWriter.Start]; for each
// answer [AnswersWriter.Next], then [AnswersWriter.Place] and what that tells to do; at the end
// [AnswersWriter.Ready], then Add for the keys without an answer, and [AnswersWriter.Finish].
type AnswersWriter struct {
	// record is what errors call the reply, fixed the bytes of its fixed part.
	record string
	fixed  int
	out    Writer
	items  ItemsWriter
	keys   int
	// given counts the answers, also those that had no room any more.
	given int
	// reserve is the bytes of the short records of the keys behind the items, each padded, and
	// padding that of the last one, which is never written.
	reserve, padding int
	// full tells that a key had no room; all behind it have none either.
	full bool
}

// Verdict tells what becomes of an answer.
type Verdict uint8

const (
	// Fits: the item is to be added.
	Fits Verdict = iota
	// Oversized: the short record of an oversized item is to be added.
	Oversized
	// Left: nothing is to be added; the key is to be asked for again.
	Left
)

// NewAnswersWriter starts at the end of dst. Errors call the reply record; its fixed part has so many
// bytes.
func NewAnswersWriter(record string, dst []byte, budget, fixed int) AnswersWriter {
	return AnswersWriter{record: record, fixed: fixed, out: NewWriter(dst, budget)}
}

// Expect announces the next key, whose short record takes short bytes.
func (a *AnswersWriter) Expect(short int) {
	a.keys++
	a.reserve = Sum(a.reserve, align(short))
	a.padding = align(short) - short
}

// Start ends the announcement of keys.
func (a *AnswersWriter) Start() {
	least := Sum(a.fixed, EntryLen*a.keys, a.reserve-a.padding)
	// The writer remembers what did not fit, and Finish reports it.
	if a.out.Claim(least) == nil {
		_, _ = a.out.Extend(a.fixed)
	}
	a.items = NewItemsWriter(&a.out)
	a.items.Grow(&a.out, a.keys)
}

// WantsMore reports whether the answer to another key can change the reply: there is such a key, and
// room.
func (a *AnswersWriter) WantsMore() bool {
	return !a.full && !a.out.overflowed && a.given < a.keys
}

// Next returns the position of the key that the next answer is for, or an [*AnswersError] when every
// key has its answer already.
func (a *AnswersWriter) Next() (int, error) {
	if a.given >= a.keys {
		a.given = Sum(a.given, 1)
		return 0, a.miscounted()
	}
	return a.given, nil
}

// Place decides what becomes of the answer to the next key: an item of size bytes, which breaks no
// rule. The short record of the key takes short bytes. It returns an [*OverflowError] when the reply
// cannot be given within the budget.
func (a *AnswersWriter) Place(size, short int) (Verdict, error) {
	// Nothing: asks whether it has overflowed already.
	if err := a.out.Claim(0); err != nil {
		return Left, err
	}
	verdict := Left
	if !a.full {
		var err error
		if verdict, err = a.decide(size, short); err != nil {
			return Left, err
		}
	}
	a.given++
	return verdict, nil
}

func (a *AnswersWriter) decide(size, short int) (Verdict, error) {
	following := a.reserve - align(short)
	needed := a.whole(size, following)
	switch {
	case needed <= a.out.budget:
		a.reserve = following
		return Fits, nil
	case Sum(a.fixed, EntryLen, size) > a.out.budget:
		a.reserve = following
		return Oversized, nil
	case a.items.count == 0:
		// Surely refused, with the right numbers.
		return Left, a.out.Claim(needed - a.out.Len())
	}
	a.full = true
	return Left, nil
}

// whole returns the bytes of the reply when the next item has size bytes, and short records follow.
func (a *AnswersWriter) whole(size, following int) int {
	area := Sum(align(a.items.end), size)
	if following > 0 {
		area = Sum(align(area), following-a.padding)
	}
	return Sum(a.fixed, EntryLen*a.keys, area)
}

// Add appends an item of size zero bytes and returns these to be filled; they are valid until the
// next write.
func (a *AnswersWriter) Add(size int) ([]byte, error) { return a.items.Add(&a.out, size) }

// Ready reports whether the reply can end: it returns the position of the first key that is to be
// asked for again, an [*OverflowError], or an [*AnswersError] when there are more answers than keys,
// or fewer and that was not because the reply was full.
func (a *AnswersWriter) Ready() (int, error) {
	if err := a.out.Claim(0); err != nil {
		return 0, err
	}
	if a.given > a.keys || (a.given < a.keys && !a.full) {
		return 0, a.miscounted()
	}
	return a.items.count, nil
}

// Head closes the list and returns its fixed part of so many bytes to be filled, or nil as
// [Writer.Head] does, and the number of items.
func (a *AnswersWriter) Head(fixed int) ([]byte, uint32) {
	count := a.items.Finish(&a.out)
	return a.out.Head(fixed), count
}

// Finish ends the reply, which err says is complete or not, and returns the buffer as
// [Writer.Finish] does.
func (a *AnswersWriter) Finish(err error) ([]byte, error) { return a.out.Finish(err) }

func (a *AnswersWriter) miscounted() error {
	return &AnswersError{Record: a.record, Got: a.given, Keys: a.keys}
}
