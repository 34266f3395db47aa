package codec

// Stitcher puts items that were decoded before, byte for byte, into one reply (NIPC-LKP-17).
//
// Memory grows with what is put in, up to the budget.
type Stitcher struct {
	out   Writer
	items ItemsWriter
}

// NewStitcher starts a reply at the end of dst, with a fixed part of so many bytes and at most budget
// bytes in all; keys are expected, which saves moving bytes when it is right.
func NewStitcher(dst []byte, budget, fixed, keys int) Stitcher {
	s := Stitcher{out: NewWriter(dst, budget)}
	// The writer remembers what did not fit, and Finish reports it.
	_, _ = s.out.Extend(fixed)
	s.items = NewItemsWriter(&s.out)
	s.items.Grow(&s.out, keys)
	return s
}

// Len returns how many items there are.
func (s *Stitcher) Len() int { return s.items.Len() }

// Size returns the bytes of the reply as it stands.
func (s *Stitcher) Size() int { return s.out.Len() }

// Copy appends the bytes of one item, which were decoded before as part of a reply of the same
// service. It returns an [*OverflowError] when it does not fit.
func (s *Stitcher) Copy(item []byte) error {
	b, err := s.items.Add(&s.out, len(item))
	copy(b, item)
	return err
}

// Add appends an item of size zero bytes and returns these to be filled; they are valid until the
// next write.
func (s *Stitcher) Add(size int) ([]byte, error) { return s.items.Add(&s.out, size) }

// Head closes the list and returns its fixed part of so many bytes to be filled, or nil as
// [Writer.Head] does, and the number of items.
func (s *Stitcher) Head(fixed int) ([]byte, uint32) {
	count := s.items.Finish(&s.out)
	return s.out.Head(fixed), count
}

// Finish ends the reply, which err says is complete or not, and returns the buffer as
// [Writer.Finish] does.
func (s *Stitcher) Finish(err error) ([]byte, error) { return s.out.Finish(err) }
