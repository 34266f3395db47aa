package proto

import (
	"encoding/binary"
	"math"
)

// What every message header begins with, and how long it is (envelope.md, section 1).
const (
	// Magic is the first word of a message.
	Magic uint32 = 0x4e495043
	// Version is the only protocol version.
	Version uint16 = 1
	// HeaderLen is the number of bytes of a message header.
	HeaderLen = 32
	// MaxPayloadLen is the longest payload whose message length still fits 32 bits (NIPC-ENV-08).
	MaxPayloadLen uint32 = math.MaxUint32 - HeaderLen
)

// FlagBatch says that the payload starts with a batch directory. The other bits are sent as 0 and ignored on receipt
// (NIPC-ENV-06).
const FlagBatch uint16 = 1

// Codes of control messages.
const (
	// CodeHello is the opcode of the client's handshake packet.
	CodeHello uint16 = 1
	// CodeHelloAck is the opcode of the server's handshake packet.
	CodeHelloAck uint16 = 2
)

// MessageKind tells what a message is.
type MessageKind uint16

// The kinds of messages; there are no others (NIPC-ENV-04).
const (
	// Request is sent by clients.
	Request MessageKind = 1
	// Response is sent by servers.
	Response MessageKind = 2
	// Control messages make the handshake.
	Control MessageKind = 3
)

// String returns the kind in words.
func (k MessageKind) String() string {
	switch k {
	case Request:
		return "request"
	case Response:
		return "response"
	case Control:
		return "control message"
	}
	return "message of an unknown kind"
}

func (k MessageKind) known() bool { return Request <= k && k <= Control }

// Header is a message header; magic, version and header length are implied.
type Header struct {
	// Kind tells what the message is.
	Kind MessageKind
	// Flags is [FlagBatch] or 0; other bits of a received message are kept and mean nothing.
	Flags uint16
	// Code is the method of a request or response, the opcode of a control message.
	Code uint16
	// Status tells how the envelope fared; 0 in requests, and ignored there (NIPC-ENV-07).
	Status Status
	// PayloadLen is the number of bytes after the header.
	PayloadLen uint32
	// ItemCount is 1 for a single message, the number of items for a batch.
	ItemCount uint32
	// MessageID ties a response to its request.
	MessageID uint64
}

// RequestHeader returns the header of a request that is a single message (NIPC-ENV-09).
func RequestHeader(code uint16, payloadLen uint32, messageID uint64) Header {
	return Header{Kind: Request, Code: code, PayloadLen: payloadLen, ItemCount: 1, MessageID: messageID}
}

// Response returns the header of the response to h that is a single message (NIPC-L2S-02).
func (h Header) Response(payloadLen uint32) Header {
	return Header{Kind: Response, Code: h.Code, PayloadLen: payloadLen, ItemCount: 1, MessageID: h.MessageID}
}

// Failure returns the header of the response that tells the sender of h why there is no answer; its payload is empty
// (NIPC-L2S-03).
func (h Header) Failure(status Status) Header {
	h = h.Response(0)
	h.Status = status
	return h
}

// Batch returns the same header for a batch of items; a batch of one carries the flag too (NIPC-BAT-05).
func (h Header) Batch(items uint32) Header {
	h.Flags = FlagBatch
	h.ItemCount = items
	return h
}

// IsBatch tells whether the payload starts with a batch directory. The flag with an item count of 0 is a single
// message, and so is a count above 1 without the flag (NIPC-BAT-06, NIPC-ENV-10).
func (h Header) IsBatch() bool { return h.Flags&FlagBatch != 0 && h.ItemCount > 0 }

// AppendHeader appends the [HeaderLen] bytes of h (NIPC-ENV-01, NIPC-ENV-03).
//
// The protocol is in the byte order of the host (NIPC-ENV-02).
func AppendHeader(dst []byte, h Header) []byte {
	var b [HeaderLen]byte
	binary.NativeEndian.PutUint32(b[0:], Magic)
	binary.NativeEndian.PutUint16(b[4:], Version)
	binary.NativeEndian.PutUint16(b[6:], HeaderLen)
	binary.NativeEndian.PutUint16(b[8:], uint16(h.Kind))
	binary.NativeEndian.PutUint16(b[10:], h.Flags)
	binary.NativeEndian.PutUint16(b[12:], h.Code)
	binary.NativeEndian.PutUint16(b[14:], uint16(h.Status))
	binary.NativeEndian.PutUint32(b[16:], h.PayloadLen)
	binary.NativeEndian.PutUint32(b[20:], h.ItemCount)
	binary.NativeEndian.PutUint64(b[24:], h.MessageID)
	return append(dst, b[:]...)
}

// DecodeHeader reads the header at the start of a packet; the bytes after it are not looked at.
//
// The error is a [HeaderError] that names the first unsound field in the order length, magic, header length, kind,
// version (NIPC-ENV-03, NIPC-ENV-04, NIPC-RCV-02). The version comes last, so that it is named only when it alone is
// wrong: both sides of a handshake treat a peer of another version differently from one that sends garbage
// (NIPC-ENV-05).
func DecodeHeader(packet []byte) (Header, error) {
	if len(packet) < HeaderLen {
		return Header{}, HeaderError{Reason: ReasonShort, Got: uint32(len(packet))}
	}
	b := (*[HeaderLen]byte)(packet)
	if magic := binary.NativeEndian.Uint32(b[0:]); magic != Magic {
		return Header{}, HeaderError{Reason: ReasonMagic, Got: magic}
	}
	if headerLen := binary.NativeEndian.Uint16(b[6:]); headerLen != HeaderLen {
		return Header{}, HeaderError{Reason: ReasonHeaderLen, Got: uint32(headerLen)}
	}
	h := readHeader(b)
	if !h.Kind.known() {
		return Header{}, HeaderError{Reason: ReasonKind, Got: uint32(h.Kind)}
	}
	if version := binary.NativeEndian.Uint16(b[4:]); version != Version {
		return Header{}, HeaderError{Reason: ReasonVersion, Got: uint32(version)}
	}
	return h, nil
}

// readHeader reads the fields and judges nothing.
func readHeader(b *[HeaderLen]byte) Header {
	return Header{
		Kind:       MessageKind(binary.NativeEndian.Uint16(b[8:])),
		Flags:      binary.NativeEndian.Uint16(b[10:]),
		Code:       binary.NativeEndian.Uint16(b[12:]),
		Status:     Status(binary.NativeEndian.Uint16(b[14:])),
		PayloadLen: binary.NativeEndian.Uint32(b[16:]),
		ItemCount:  binary.NativeEndian.Uint32(b[20:]),
		MessageID:  binary.NativeEndian.Uint64(b[24:]),
	}
}
