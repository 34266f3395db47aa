package proto

import "time"

// Defaults. None of them is a limit of the protocol; all of them are configuration (handshake.md, section 5).
const (
	// DefaultRequestPayload is the request payload in bytes that a client proposes.
	DefaultRequestPayload uint32 = 1024
	// DefaultAcceptedRequestPayload is the request payload in bytes that a server accepts (NIPC-L2S-18).
	DefaultAcceptedRequestPayload = DefaultGrowthCeiling
	// DefaultResponsePayload is the response payload in bytes, on both sides.
	DefaultResponsePayload uint32 = 65536
	// DefaultGrowthCeiling is how far limits in bytes grow by themselves.
	DefaultGrowthCeiling uint32 = 1 << 20
	// DefaultItems is the number of batch items.
	DefaultItems uint32 = 1
	// DefaultPacketSize is the packet size in bytes where the operating system gives no better number.
	DefaultPacketSize uint32 = 65536
	// DefaultHandshakeTimeout is the time for a handshake, on a client with the connecting (NIPC-HS-17, NIPC-HS-28).
	DefaultHandshakeTimeout = 5 * time.Second
	// DefaultCallTimeout is the time for a call (NIPC-L2C-07).
	DefaultCallTimeout = 30 * time.Second
)

// Limits are the limits of one direction.
type Limits struct {
	// MaxPayload is the largest payload in bytes; 0 admits empty payloads only.
	MaxPayload uint32
	// MaxItems is the largest number of batch items.
	MaxItems uint32
}

// atLeastOneItem: an item count of 0 counts as 1 (NIPC-HS-14, NIPC-HS-29).
func (l Limits) atLeastOneItem() Limits {
	l.MaxItems = max(l.MaxItems, 1)
	return l
}

// Agreed is what a handshake settled for the life of a session.
type Agreed struct {
	// Profile is the one profile of the session.
	Profile Profiles
	// ServerSupported is what the server offered.
	ServerSupported Profiles
	// Request are the limits of requests.
	Request Limits
	// Response are the limits of responses; on the client never above its own ceiling (NIPC-HS-27).
	Response Limits
	// GrantedResponsePayload is the response payload in bytes that the server may send; above that of Response when
	// the client's own ceiling is lower.
	GrantedResponsePayload uint32
	// PacketSize is the longest packet in bytes, its 32-byte header counted.
	PacketSize uint32
	// SessionID is the server's number for the session.
	SessionID uint64
}
