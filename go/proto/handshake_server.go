package proto

import (
	"crypto/subtle"
	"encoding/binary"
)

// ServerPolicy is what a server grants.
type ServerPolicy struct {
	// Supported are the profiles that can run for this client; bits that may not be offered are dropped (NIPC-PRF-03).
	Supported Profiles
	// Preferred are the profiles that the server would like best.
	Preferred Profiles
	// AuthToken is the shared secret of client and server.
	AuthToken uint64
	// MaxRequestPayload is the largest request payload accepted, in bytes.
	MaxRequestPayload uint32
	// MaxResponsePayload is the largest response payload that will be sent, in bytes.
	MaxResponsePayload uint32
	// PacketSize is the longest packet in bytes that the server can carry.
	PacketSize uint32
}

// DefaultServerPolicy returns the defaults (handshake.md, section 5).
func DefaultServerPolicy() ServerPolicy {
	return ServerPolicy{
		Supported:          ProfileBaseline,
		MaxRequestPayload:  DefaultAcceptedRequestPayload,
		MaxResponsePayload: DefaultResponsePayload,
		PacketSize:         DefaultPacketSize,
	}
}

// Gate is what the caller knows about the client besides its HELLO.
type Gate uint8

const (
	// GateOpen: nothing speaks against it.
	GateOpen Gate = iota
	// GateDenied: its user or group is not on the allow-list; judged together with the token (NIPC-HS-09).
	GateDenied
	// GateFull: the server has as many sessions as it may; judged last (NIPC-HS-12).
	GateFull
)

// Verdict is what to do with a client that sent its HELLO.
type Verdict uint8

const (
	// Close without a word.
	Close Verdict = iota
	// Reject: send the packet of the answer, then close.
	Reject
	// Accept: send the packet of the answer and start the session.
	Accept
)

// String returns the verdict in lower case.
func (v Verdict) String() string {
	switch v {
	case Close:
		return "close"
	case Reject:
		return "reject"
	case Accept:
		return "accept"
	}
	return "unknown"
}

// Answer is a server's judgement of a HELLO.
type Answer struct {
	// Verdict tells what to do; the other fields depend on it.
	Verdict Verdict
	// Agreed is what was agreed, for [Accept].
	Agreed Agreed
	// Ack is the payload of the packet to send, for Accept and [Reject].
	Ack HelloAck
	// Status is the status of the packet to send: [StatusOK] for Accept.
	Status Status
	// Err is the [Fault], for Reject and [Close].
	Err error
}

// AppendPacket appends the packet to send, [HelloAckPacketLen] bytes; nothing when the verdict is [Close].
func (a *Answer) AppendPacket(dst []byte) []byte {
	if a.Verdict == Close {
		return dst
	}
	return AppendHelloAckPacket(dst, a.Status, a.Ack)
}

// Judge judges the first packet of a client; the order of the checks is part of the protocol (NIPC-HS-04).
//
// Ignored, by NIPC-HS-13, are the flags of the HELLO, bytes after its payload, and all header fields other than magic,
// version, header length, kind and code. sessionID counts from 1 and is used only when the verdict is [Accept].
//
// When the memory for a selected shared-memory profile cannot be made, judge again with that profile taken out of
// Supported: it then leaves every field of the answer.
func (p *ServerPolicy) Judge(hello []byte, sessionID uint64, gate Gate) Answer {
	h, status, err := receiveHello(hello)
	if err == nil {
		status, err = p.check(h, gate)
	}
	switch {
	case err == nil:
		return p.accept(h, sessionID)
	case status != StatusOK:
		return Answer{Verdict: Reject, Status: status, Ack: rejection, Err: err}
	}
	return Answer{Verdict: Close, Err: err}
}

// receiveHello reads a HELLO, or says what is wrong with it and the status that tells the client; with StatusOK the
// connection just closes (NIPC-HS-05, NIPC-HS-06).
func receiveHello(packet []byte) (Hello, Status, error) {
	header, err := DecodeHeader(packet)
	if err != nil {
		// A client of another version deserves to be told; only if everything else says that it is one.
		if version, wrong := wrongVersion(err); wrong && isHello(readHeader((*[HeaderLen]byte)(packet))) {
			return Hello{}, StatusIncompatible, Fault{Reason: ReasonVersion, Got: version, Allowed: uint64(Version)}
		}
		return Hello{}, StatusOK, Fault{Reason: ReasonHeader, Err: err}
	}
	if !isHello(header) {
		return Hello{}, StatusOK, Fault{Reason: ReasonNotHello, MessageKind: header.Kind, Code: header.Code}
	}
	hello, err := DecodeHello(packet[HeaderLen:])
	if err != nil {
		return Hello{}, StatusOK, err
	}
	if layout := hello.LayoutVersion; layout != LayoutVersion {
		fault := Fault{Reason: ReasonLayout, Got: uint64(layout), Allowed: uint64(LayoutVersion)}
		return Hello{}, StatusIncompatible, fault
	}
	if hello.Padding != 0 {
		return Hello{}, StatusOK, Fault{Reason: ReasonPadding, Got: uint64(hello.Padding)}
	}
	return hello, StatusOK, nil
}

func isHello(header Header) bool { return header.Kind == Control && header.Code == CodeHello }

// check tells why a sound HELLO is rejected, if it is.
func (p *ServerPolicy) check(hello Hello, gate Gate) (Status, error) {
	server := p.Supported & OfferableProfiles
	if hello.Supported&server == 0 {
		fault := Fault{Reason: ReasonNoProfile, Got: uint64(hello.Supported), Allowed: uint64(server)}
		return StatusUnsupported, fault
	}
	if gate == GateDenied {
		return StatusAuthFailed, Fault{Reason: ReasonNotAllowed}
	}
	if !sameToken(hello.AuthToken, p.AuthToken) {
		return StatusAuthFailed, Fault{Reason: ReasonToken}
	}
	if got, allowed := hello.Request.MaxPayload, p.MaxRequestPayload; got > allowed {
		fault := Fault{Reason: ReasonRequestPayload, Got: uint64(got), Allowed: uint64(allowed)}
		return StatusLimitExceeded, fault
	}
	if size := min(hello.PacketSize, p.PacketSize); size < MinPacketSize {
		fault := Fault{Reason: ReasonPacketSize, Got: uint64(size), Allowed: uint64(MinPacketSize)}
		return StatusIncompatible, fault
	}
	if gate == GateFull {
		return StatusInternalError, Fault{Reason: ReasonFull}
	}
	return StatusOK, nil
}

// accept grants what both sides can do (NIPC-HS-14, NIPC-HS-15).
func (p *ServerPolicy) accept(hello Hello, sessionID uint64) Answer {
	server := p.Supported & OfferableProfiles
	common := hello.Supported & server
	selected := (common & hello.Preferred & p.Preferred).Highest()
	if selected == 0 { // NIPC-PRF-01
		selected = common.Highest()
	}
	request := hello.Request.atLeastOneItem()
	response := Limits{MaxPayload: p.MaxResponsePayload, MaxItems: request.MaxItems}
	packetSize := min(hello.PacketSize, p.PacketSize)
	return Answer{
		Verdict: Accept,
		Agreed: Agreed{
			Profile:                selected,
			ServerSupported:        server,
			Request:                request,
			Response:               response,
			GrantedResponsePayload: response.MaxPayload,
			PacketSize:             packetSize,
			SessionID:              sessionID,
		},
		Ack: HelloAck{
			LayoutVersion:   LayoutVersion,
			ServerSupported: server,
			Intersection:    common,
			Selected:        selected,
			Request:         request,
			Response:        response,
			PacketSize:      packetSize,
			SessionID:       sessionID,
		},
	}
}

// sameToken compares in constant time (NIPC-HS-08): the time taken tells nothing about how many bits are right.
func sameToken(a, b uint64) bool {
	var x, y [8]byte
	binary.NativeEndian.PutUint64(x[:], a)
	binary.NativeEndian.PutUint64(y[:], b)
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}
