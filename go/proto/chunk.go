package proto

import (
	"encoding/binary"
	"fmt"
)

// What every continuation packet begins with (envelope.md, section 3).
const (
	// ChunkMagic is the first word of a continuation.
	ChunkMagic uint32 = 0x4e43484b
	// ChunkVersion is the only version of the chunk header.
	ChunkVersion uint16 = 1
	// ChunkHeaderLen is the number of bytes of a chunk header; as many as a message header has.
	ChunkHeaderLen = HeaderLen
	// MinPacketSize is the smallest packet in bytes that carries anything besides its header.
	MinPacketSize uint32 = HeaderLen + 1
)

// ChunkHeader is the header of a continuation; magic, version and flags are implied.
type ChunkHeader struct {
	// MessageID is that of the message that goes on.
	MessageID uint64
	// TotalLen is the length in bytes of the whole message with its header.
	TotalLen uint32
	// Index is the number of this packet; the first continuation is 1.
	Index uint32
	// Count is the number of packets, the first one counted.
	Count uint32
	// PayloadLen is the number of payload bytes in this packet.
	PayloadLen uint32
}

// AppendChunkHeader appends the [ChunkHeaderLen] bytes of h (NIPC-CHK-03).
func AppendChunkHeader(dst []byte, h ChunkHeader) []byte {
	var b [ChunkHeaderLen]byte
	binary.NativeEndian.PutUint32(b[0:], ChunkMagic)
	binary.NativeEndian.PutUint16(b[4:], ChunkVersion)
	binary.NativeEndian.PutUint64(b[8:], h.MessageID)
	binary.NativeEndian.PutUint32(b[16:], h.TotalLen)
	binary.NativeEndian.PutUint32(b[20:], h.Index)
	binary.NativeEndian.PutUint32(b[24:], h.Count)
	binary.NativeEndian.PutUint32(b[28:], h.PayloadLen)
	return append(dst, b[:]...)
}

// DecodeChunkHeader reads the chunk header at the start of a packet; the bytes after it are not looked at.
//
// The error is a [ChunkError] that names the first unsound field in the order length, magic, version, flags
// (NIPC-CHK-07). Fields that depend on the message are judged by the [Assembler].
func DecodeChunkHeader(packet []byte) (ChunkHeader, error) {
	if len(packet) < ChunkHeaderLen {
		return ChunkHeader{}, ChunkError{Reason: ReasonShort, Got: uint64(len(packet)), Want: ChunkHeaderLen}
	}
	b := (*[ChunkHeaderLen]byte)(packet)
	if magic := binary.NativeEndian.Uint32(b[0:]); magic != ChunkMagic {
		return ChunkHeader{}, ChunkError{Reason: ReasonMagic, Got: uint64(magic), Want: uint64(ChunkMagic)}
	}
	if version := binary.NativeEndian.Uint16(b[4:]); version != ChunkVersion {
		return ChunkHeader{}, ChunkError{Reason: ReasonVersion, Got: uint64(version), Want: uint64(ChunkVersion)}
	}
	if flags := binary.NativeEndian.Uint16(b[6:]); flags != 0 {
		return ChunkHeader{}, ChunkError{Reason: ReasonFlags, Got: uint64(flags)}
	}
	return ChunkHeader{
		MessageID:  binary.NativeEndian.Uint64(b[8:]),
		TotalLen:   binary.NativeEndian.Uint32(b[16:]),
		Index:      binary.NativeEndian.Uint32(b[20:]),
		Count:      binary.NativeEndian.Uint32(b[24:]),
		PayloadLen: binary.NativeEndian.Uint32(b[28:]),
	}, nil
}

// ChunkError says why a packet does not continue the message that is half there. Its kind is [InvalidMessage].
type ChunkError struct {
	// Reason is, in the order of the checks, one of [ReasonShort], [ReasonMagic], [ReasonVersion], [ReasonFlags],
	// [ReasonMessageID], [ReasonIndex], [ReasonCount], [ReasonTotal], [ReasonPacketLen] and [ReasonPartLen].
	Reason Reason
	// Got is the value found.
	Got uint64
	// Want is the value that would continue the message.
	Want uint64
}

// Kind returns [InvalidMessage].
func (e ChunkError) Kind() Kind { return InvalidMessage }

// Is tells whether target is the kind of e.
func (e ChunkError) Is(target error) bool { return target == e.Kind() }

func (e ChunkError) Error() string {
	switch e.Reason {
	case ReasonShort:
		return fmt.Sprintf("a packet of %d bytes is too short for a %d-byte chunk header", e.Got, e.Want)
	case ReasonMagic:
		return fmt.Sprintf("a chunk must follow, but the packet starts with %#08x, not with %#08x", e.Got, e.Want)
	case ReasonVersion:
		return fmt.Sprintf("a chunk has version %d, only %d is known", e.Got, e.Want)
	case ReasonFlags:
		return fmt.Sprintf("a chunk has flags %#04x, none are known", e.Got)
	case ReasonMessageID:
		return fmt.Sprintf("a chunk has message id %d, the message that it must continue has %d", e.Got, e.Want)
	case ReasonIndex:
		return fmt.Sprintf("a chunk has index %d, the next one is %d", e.Got, e.Want)
	case ReasonCount:
		return fmt.Sprintf("a chunk tells of %d chunks, the message has %d", e.Got, e.Want)
	case ReasonTotal:
		return fmt.Sprintf("a chunk tells of a message of %d bytes, the message has %d", e.Got, e.Want)
	case ReasonPacketLen:
		return fmt.Sprintf("a chunk announces %d payload bytes, its packet has %d", e.Want, e.Got)
	case ReasonPartLen:
		return fmt.Sprintf("a chunk carries %d payload bytes, the next part of the message has %d", e.Got, e.Want)
	}
	return "a chunk is unsound: " + string(e.Reason)
}
