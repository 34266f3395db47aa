package proto

// Chunker cuts one message into packets (NIPC-CHK-01, NIPC-CHK-02, NIPC-CHK-03).
//
// It is plain state without the payload: when the transport would block, keep the chunker and go on later with the
// packet that it still shows. A transport sends the current packet, as one piece or as two, until Done:
//
//	for ; !c.Done(); c.Advance() {
//		start, end := c.Part()
//		send(c.AppendHead(head[:0]), payload[start:end])
//	}
type Chunker struct {
	header Header
	// budget is the number of payload bytes that fit a packet.
	budget uint32
	// sent is the number of payload bytes in the packets before the current one.
	sent  uint32
	index uint32
}

// NewChunker returns the packets of the message that header opens, none longer than packetSize bytes.
//
// header.PayloadLen must be the length of the payload and at most [MaxPayloadLen]; a session makes sure of the latter.
// A packetSize below [MinPacketSize] counts as that.
func NewChunker(header Header, packetSize uint32) Chunker {
	return Chunker{header: header, budget: bodyBudget(packetSize)}
}

// bodyBudget is the number of payload bytes that fit one packet.
func bodyBudget(packetSize uint32) uint32 { return max(packetSize, MinPacketSize) - HeaderLen }

// Header returns the message header.
func (c *Chunker) Header() Header { return c.header }

// AppendHead appends the 32 bytes that open the current packet: the message header, unchanged, or a chunk header.
// Once the message is complete it appends nothing.
func (c *Chunker) AppendHead(dst []byte) []byte {
	if c.Done() {
		return dst
	}
	if c.index == 0 {
		return AppendHeader(dst, c.header)
	}
	return AppendChunkHeader(dst, ChunkHeader{
		MessageID:  c.header.MessageID,
		TotalLen:   messageLen(c.header),
		Index:      c.index,
		Count:      c.Count(),
		PayloadLen: c.part(),
	})
}

// Part returns which part of the payload follows the head of the current packet.
func (c *Chunker) Part() (start, end int) {
	return int(c.sent), int(c.sent + c.part())
}

// AppendPacket appends the whole current packet, head and part of the payload.
func (c *Chunker) AppendPacket(dst, payload []byte) []byte {
	start, end := c.Part()
	return append(c.AppendHead(dst), payload[start:end]...)
}

// Advance moves to the next packet: the current one was sent. Only the next packet of the same message may follow it
// (NIPC-CHK-04).
func (c *Chunker) Advance() {
	if !c.Done() {
		c.sent += c.part()
		c.index++
	}
}

// Count returns the number of packets of the message.
func (c *Chunker) Count() uint32 { return max(divCeil(c.header.PayloadLen, c.budget), 1) }

// Started tells whether a packet of the message was sent already.
func (c *Chunker) Started() bool { return c.index > 0 }

// Done tells whether all packets were sent.
func (c *Chunker) Done() bool { return c.index > 0 && c.sent == c.header.PayloadLen }

func (c *Chunker) part() uint32 { return min(c.header.PayloadLen-c.sent, c.budget) }

// messageLen is the length of a message with its header; the largest number for one that is too long for any.
func messageLen(header Header) uint32 { return min(header.PayloadLen, MaxPayloadLen) + HeaderLen }

func divCeil(a, b uint32) uint32 {
	if a == 0 {
		return 0
	}
	return (a-1)/b + 1
}
