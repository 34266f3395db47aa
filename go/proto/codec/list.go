package codec

const (
	// hintMax is the number of slots that a hint alone sets aside at most.
	hintMax = 1 << 16
	// firstSlots is the number of slots a directory starts with when no hint was given.
	firstSlots = 16
)

// ItemsWriter appends items to a [Writer]: the directory in front of them grows as needed and is
// closed up at the end, so that their number need not be known (NIPC-COD-12).
//
// Unused slots never count against the budget, so what fits does not depend on a hint.
type ItemsWriter struct {
	// at is where the directory starts, counted from the start of the payload.
	at           int
	slots, count int
	// end is where the last item ends, counted from the end of the directory.
	end int
}

// NewItemsWriter starts the list where out stands now.
func NewItemsWriter(out *Writer) ItemsWriter { return ItemsWriter{at: out.position()} }

// Len returns how many items there are.
func (i *ItemsWriter) Len() int { return i.count }

// Grow makes room for n more entries at once; that saves moving bytes later, and changes no result.
func (i *ItemsWriter) Grow(out *Writer, n int) {
	// A hint may be anything; more entries than fit are never needed, and very many may as well grow
	// as they come.
	wanted := i.count + min(max(n, 0), out.Remaining()/EntryLen, hintMax)
	if wanted > i.slots {
		i.grow(out, wanted)
	}
}

// Add appends an item of size zero bytes and returns these to be filled; they are valid until the
// next write. When it does not fit, the writer fails for good with an [*OverflowError].
func (i *ItemsWriter) Add(out *Writer, size int) ([]byte, error) {
	offset := align(i.end)
	padding := max(offset-i.end, 0)
	if err := out.Claim(Sum(size, padding, EntryLen)); err != nil {
		// Nothing fits any more; counting on makes the padding of later items part of what is needed.
		i.end = Sum(offset, size)
		return nil, err
	}
	if i.count == i.slots {
		i.grow(out, max(2*i.slots, firstSlots))
	}
	// The claim was for the entry too, which has its place already.
	out.slack -= EntryLen
	start := len(out.buf)
	out.grow(padding + size)
	clear(out.buf[start:])

	at := out.start + i.at + i.count*EntryLen
	// The budget keeps both below 2^32.
	PutUint32(out.buf, at, uint32(offset))
	PutUint32(out.buf, at+4, uint32(size))
	i.end = offset + size
	i.count++
	return out.buf[start+padding:], nil
}

// Finish closes the list: the directory shrinks to the items there are. It returns how many.
func (i *ItemsWriter) Finish(out *Writer) uint32 {
	if unused := i.slots - i.count; unused > 0 {
		out.remove(i.at+i.count*EntryLen, unused*EntryLen)
		i.slots = i.count
	}
	return uint32(i.count)
}

func (i *ItemsWriter) grow(out *Writer, slots int) {
	out.insert(i.at+i.slots*EntryLen, (slots-i.slots)*EntryLen)
	i.slots = slots
}
