package proto

// keep is the memory in bytes that an assembler keeps for the next message when it is told to release what it holds.
const keep = 4096

// Assembler puts the packets of one message together. Its zero value holds nothing and is ready.
//
// Memory is reserved for bytes that arrived, at most twice as much, and never for a length that a peer merely announced
// (NIPC-CHK-13).
type Assembler struct {
	payload []byte
	// header, next, count and budget are those of the message that is half there.
	header  Header
	next    uint32
	count   uint32
	budget  uint32
	pending bool
}

// Begin starts a message with the payload bytes of its first packet, which are copied. A message that was half there is
// forgotten.
//
// body must be shorter than header.PayloadLen: a message that is complete needs no assembler. The number of chunks
// follows from the real length of body, so that a first packet with less than it could take is fine (NIPC-CHK-05,
// NIPC-CHK-06).
func (a *Assembler) Begin(header Header, body []byte, packetSize uint32) {
	rest := header.PayloadLen - uint32(min(uint64(len(body)), uint64(header.PayloadLen)))
	a.header = header
	a.next = 1
	a.budget = bodyBudget(packetSize)
	a.count = 1 + divCeil(rest, a.budget)
	a.pending = true
	a.payload = a.payload[:0]
	a.extend(body)
}

// Pending returns the header of the message that is half there, and whether one is.
func (a *Assembler) Pending() (Header, bool) {
	if !a.pending {
		return Header{}, false
	}
	return a.header, true
}

// Continuation takes the next packet and tells whether it was the last one of its message, whose header it returns.
//
// The error is a [ChunkError] that names the first field that does not continue the message, which stays half there.
func (a *Assembler) Continuation(packet []byte) (header Header, complete bool, err error) {
	chunk, err := DecodeChunkHeader(packet)
	if err != nil {
		return Header{}, false, err
	}
	body := packet[ChunkHeaderLen:]
	if !a.pending {
		return Header{}, false, ChunkError{Reason: ReasonIndex, Got: uint64(chunk.Index)}
	}
	if err := a.check(chunk, uint64(len(body))); err != nil {
		return Header{}, false, err
	}
	a.next++
	a.extend(body)
	if a.left() > 0 {
		return Header{}, false, nil
	}
	a.pending = false
	return a.header, true, nil
}

// Payload returns the payload bytes that arrived; the whole payload once the message is complete. They are valid until
// the next use of the assembler.
func (a *Assembler) Payload() []byte { return a.payload }

// Take takes the payload of a complete message out, memory and all; the caller owns it. It returns nil, and takes
// nothing, while a message is half there.
func (a *Assembler) Take() []byte {
	if a.pending {
		return nil
	}
	payload := a.payload
	a.payload = nil
	return payload
}

// Held returns the number of bytes of memory held.
func (a *Assembler) Held() int { return cap(a.payload) }

// Release gives memory back that a large message needed, unless a message is half there.
func (a *Assembler) Release() {
	if !a.pending && cap(a.payload) > keep {
		a.payload = nil
	}
}

// Clear forgets a message that is half there and gives all memory back.
func (a *Assembler) Clear() { *a = Assembler{} }

// check judges what depends on the message, in the order of the specification.
func (a *Assembler) check(chunk ChunkHeader, body uint64) error {
	if chunk.MessageID != a.header.MessageID {
		return ChunkError{Reason: ReasonMessageID, Got: chunk.MessageID, Want: a.header.MessageID}
	}
	if chunk.Index != a.next {
		return ChunkError{Reason: ReasonIndex, Got: uint64(chunk.Index), Want: uint64(a.next)}
	}
	if chunk.Count != a.count {
		return ChunkError{Reason: ReasonCount, Got: uint64(chunk.Count), Want: uint64(a.count)}
	}
	if total := messageLen(a.header); chunk.TotalLen != total {
		return ChunkError{Reason: ReasonTotal, Got: uint64(chunk.TotalLen), Want: uint64(total)}
	}
	if body != uint64(chunk.PayloadLen) {
		return ChunkError{Reason: ReasonPacketLen, Got: body, Want: uint64(chunk.PayloadLen)}
	}
	// A part has at least one byte and never more than what is left, so this one comparison also refuses empty chunks,
	// an overrun, and an index beyond the count (NIPC-CHK-09, NIPC-CHK-10, NIPC-CHK-11).
	if part := min(uint64(a.budget), a.left()); body != part {
		return ChunkError{Reason: ReasonPartLen, Got: body, Want: part}
	}
	return nil
}

// left is the number of payload bytes that did not arrive yet.
func (a *Assembler) left() uint64 {
	arrived := uint64(len(a.payload))
	return uint64(a.header.PayloadLen) - min(arrived, uint64(a.header.PayloadLen))
}

// extend copies body behind what arrived. The built-in append would round the capacity up, past what may be held.
func (a *Assembler) extend(body []byte) {
	arrived := len(a.payload)
	if needed := arrived + len(body); needed > cap(a.payload) {
		target := max(2*arrived, needed)
		target = max(int(min(uint64(target), uint64(a.header.PayloadLen))), needed)
		grown := make([]byte, arrived, target)
		copy(grown, a.payload)
		a.payload = grown
	}
	a.payload = append(a.payload, body...)
}
