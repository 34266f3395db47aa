package proto

import (
	"encoding/binary"
	"errors"
)

// The two packets of the handshake (handshake.md, section 1).
const (
	// LayoutVersion is the only layout of the handshake payloads.
	LayoutVersion uint16 = 1
	// HelloLen is the number of bytes of a HELLO payload.
	HelloLen = 44
	// HelloPacketLen is the number of bytes of a HELLO packet (NIPC-HS-01).
	HelloPacketLen = HeaderLen + HelloLen
	// HelloAckLen is the number of bytes of a HELLO_ACK payload.
	HelloAckLen = 48
	// HelloAckPacketLen is the number of bytes of a HELLO_ACK packet (NIPC-HS-02).
	HelloAckPacketLen = HeaderLen + HelloAckLen
)

// Hello is the payload of HELLO, field by field; nothing is judged here.
type Hello struct {
	// LayoutVersion is the layout of the payload.
	LayoutVersion uint16
	// Flags has no flag that is known; ignored on receipt.
	Flags uint16
	// Supported are the profiles that the client can run.
	Supported Profiles
	// Preferred are the profiles that it would like best.
	Preferred Profiles
	// Request are the proposed limits of requests.
	Request Limits
	// Response are hints for responses.
	Response Limits
	// Padding is always 0.
	Padding uint32
	// AuthToken is the shared secret of client and server.
	AuthToken uint64
	// PacketSize is the longest packet in bytes that the client can carry.
	PacketSize uint32
}

// AppendHello appends the [HelloLen] bytes of the payload.
func AppendHello(dst []byte, h Hello) []byte {
	var b [HelloLen]byte
	binary.NativeEndian.PutUint16(b[0:], h.LayoutVersion)
	binary.NativeEndian.PutUint16(b[2:], h.Flags)
	binary.NativeEndian.PutUint32(b[4:], uint32(h.Supported))
	binary.NativeEndian.PutUint32(b[8:], uint32(h.Preferred))
	binary.NativeEndian.PutUint32(b[12:], h.Request.MaxPayload)
	binary.NativeEndian.PutUint32(b[16:], h.Request.MaxItems)
	binary.NativeEndian.PutUint32(b[20:], h.Response.MaxPayload)
	binary.NativeEndian.PutUint32(b[24:], h.Response.MaxItems)
	binary.NativeEndian.PutUint32(b[28:], h.Padding)
	binary.NativeEndian.PutUint64(b[32:], h.AuthToken)
	binary.NativeEndian.PutUint32(b[40:], h.PacketSize)
	return append(dst, b[:]...)
}

// AppendHelloPacket appends the whole packet, [HelloPacketLen] bytes.
func AppendHelloPacket(dst []byte, h Hello) []byte {
	return AppendHello(AppendHeader(dst, controlHeader(CodeHello, StatusOK, HelloLen)), h)
}

// DecodeHello reads the fields of a payload; bytes after it are ignored. The error is a [Fault] with [ReasonShort].
func DecodeHello(payload []byte) (Hello, error) {
	if len(payload) < HelloLen {
		return Hello{}, Fault{Reason: ReasonShort, Got: uint64(len(payload)), Allowed: HelloLen}
	}
	b := (*[HelloLen]byte)(payload)
	return Hello{
		LayoutVersion: binary.NativeEndian.Uint16(b[0:]),
		Flags:         binary.NativeEndian.Uint16(b[2:]),
		Supported:     Profiles(binary.NativeEndian.Uint32(b[4:])),
		Preferred:     Profiles(binary.NativeEndian.Uint32(b[8:])),
		Request:       decodeLimits(b[12:]),
		Response:      decodeLimits(b[20:]),
		Padding:       binary.NativeEndian.Uint32(b[28:]),
		AuthToken:     binary.NativeEndian.Uint64(b[32:]),
		PacketSize:    binary.NativeEndian.Uint32(b[40:]),
	}, nil
}

// HelloAck is the payload of HELLO_ACK, field by field; nothing is judged here.
type HelloAck struct {
	// LayoutVersion is the layout of the payload.
	LayoutVersion uint16
	// Flags is always 0.
	Flags uint16
	// ServerSupported are the profiles that the server can run for this client.
	ServerSupported Profiles
	// Intersection are the profiles that both can run.
	Intersection Profiles
	// Selected is the one profile of the session.
	Selected Profiles
	// Request are the agreed limits of requests.
	Request Limits
	// Response are the agreed limits of responses.
	Response Limits
	// PacketSize is the agreed packet size in bytes.
	PacketSize uint32
	// Padding is 0 when we send it; ignored on receipt.
	Padding uint32
	// SessionID is the server's number for the session.
	SessionID uint64
}

// rejection is what a rejection carries: the layout version, and zero in every other field (NIPC-HS-03).
var rejection = HelloAck{LayoutVersion: LayoutVersion}

// AppendHelloAck appends the [HelloAckLen] bytes of the payload.
func AppendHelloAck(dst []byte, a HelloAck) []byte {
	var b [HelloAckLen]byte
	binary.NativeEndian.PutUint16(b[0:], a.LayoutVersion)
	binary.NativeEndian.PutUint16(b[2:], a.Flags)
	binary.NativeEndian.PutUint32(b[4:], uint32(a.ServerSupported))
	binary.NativeEndian.PutUint32(b[8:], uint32(a.Intersection))
	binary.NativeEndian.PutUint32(b[12:], uint32(a.Selected))
	binary.NativeEndian.PutUint32(b[16:], a.Request.MaxPayload)
	binary.NativeEndian.PutUint32(b[20:], a.Request.MaxItems)
	binary.NativeEndian.PutUint32(b[24:], a.Response.MaxPayload)
	binary.NativeEndian.PutUint32(b[28:], a.Response.MaxItems)
	binary.NativeEndian.PutUint32(b[32:], a.PacketSize)
	binary.NativeEndian.PutUint32(b[36:], a.Padding)
	binary.NativeEndian.PutUint64(b[40:], a.SessionID)
	return append(dst, b[:]...)
}

// AppendHelloAckPacket appends the whole packet with this status, [HelloAckPacketLen] bytes.
func AppendHelloAckPacket(dst []byte, status Status, a HelloAck) []byte {
	return AppendHelloAck(AppendHeader(dst, controlHeader(CodeHelloAck, status, HelloAckLen)), a)
}

// DecodeHelloAck reads the fields of a payload; bytes after it are ignored. The error is a [Refusal] with
// [ReasonShort].
func DecodeHelloAck(payload []byte) (HelloAck, error) {
	if len(payload) < HelloAckLen {
		return HelloAck{}, Refusal{Reason: ReasonShort, Got: uint64(len(payload)), Allowed: HelloAckLen}
	}
	b := (*[HelloAckLen]byte)(payload)
	return HelloAck{
		LayoutVersion:   binary.NativeEndian.Uint16(b[0:]),
		Flags:           binary.NativeEndian.Uint16(b[2:]),
		ServerSupported: Profiles(binary.NativeEndian.Uint32(b[4:])),
		Intersection:    Profiles(binary.NativeEndian.Uint32(b[8:])),
		Selected:        Profiles(binary.NativeEndian.Uint32(b[12:])),
		Request:         decodeLimits(b[16:]),
		Response:        decodeLimits(b[24:]),
		PacketSize:      binary.NativeEndian.Uint32(b[32:]),
		Padding:         binary.NativeEndian.Uint32(b[36:]),
		SessionID:       binary.NativeEndian.Uint64(b[40:]),
	}, nil
}

func decodeLimits(b []byte) Limits {
	return Limits{MaxPayload: binary.NativeEndian.Uint32(b), MaxItems: binary.NativeEndian.Uint32(b[4:])}
}

func controlHeader(code uint16, status Status, payloadLen uint32) Header {
	return Header{Kind: Control, Code: code, Status: status, PayloadLen: payloadLen, ItemCount: 1}
}

// wrongVersion returns the version in a header of which nothing else is wrong (NIPC-ENV-05).
func wrongVersion(err error) (version uint64, wrong bool) {
	unsound, ok := errors.AsType[HeaderError](err)
	return uint64(unsound.Got), ok && unsound.Reason == ReasonVersion
}
