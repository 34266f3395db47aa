package proto

import "errors"

// ErrorKind returns the kind of an error of this module, however often it was wrapped, and whether it has one.
//
// To ask for one certain kind, errors.Is(err, kind) is shorter.
func ErrorKind(err error) (Kind, bool) {
	if typed, ok := errors.AsType[kinded](err); ok {
		return typed.Kind(), true
	}
	return errors.AsType[Kind](err)
}

// kinded is what every error type of the protocol is.
type kinded interface {
	error
	Kind() Kind
}

// Reason names the rule or the field that an error is about, within its type. It is text to be read and compared, the
// same word for the same rule in every type; where conformance.md names the problem, it is that name.
type Reason string

// What can be wrong with a header, a chunk or a payload of the handshake.
const (
	ReasonShort     Reason = "short"      // fewer bytes than the structure has
	ReasonMagic     Reason = "magic"      // another first word
	ReasonVersion   Reason = "version"    // another version
	ReasonHeaderLen Reason = "header_len" // another header length
	ReasonKind      Reason = "kind"       // no such kind of message
	ReasonFlags     Reason = "flags"      // flags that do not exist
	ReasonLayout    Reason = "layout"     // another layout of a handshake payload
	ReasonPadding   Reason = "padding"    // padding that is not zero
)

// What can be wrong with a batch, and why a batch takes no more.
const (
	ReasonTruncated   Reason = "truncated"     // the payload ends inside the directory
	ReasonMisaligned  Reason = "misaligned"    // an offset is no multiple of 8
	ReasonOutOfBounds Reason = "out_of_bounds" // an item does not lie inside the payload
	ReasonBytes       Reason = "bytes"         // the bytes do not fit the budget
	ReasonSlots       Reason = "slots"         // all entries of the directory are taken
	ReasonWriter      Reason = "writer"        // the writer of an item took away what was there before
)

// Why a chunk does not continue its message.
const (
	ReasonMessageID Reason = "message_id" // a chunk of another message
	ReasonIndex     Reason = "index"      // a chunk is missing or repeated
	ReasonCount     Reason = "count"      // another number of chunks than the size of the message gives
	ReasonTotal     Reason = "total"      // another message length than the message header gives
	ReasonPacketLen Reason = "packet_len" // chunk header and packet disagree about the payload bytes in it
	ReasonPartLen   Reason = "part_len"   // a chunk carries more or less than the next part of the message
)

// What a peer can break on the wire, see [Violation].
const (
	ReasonHeader           Reason = "header"             // the message header is unsound
	ReasonBatch            Reason = "batch"              // the batch directory is unsound
	ReasonChunk            Reason = "chunk"              // a packet that must continue a message does not
	ReasonUnexpectedKind   Reason = "unexpected_kind"    // a kind that never travels in this direction
	ReasonPayloadTooLarge  Reason = "payload_too_large"  // payload over the agreed limit
	ReasonTooManyItems     Reason = "too_many_items"     // item count over the agreed limit
	ReasonPacketTooLong    Reason = "packet_too_long"    // packet longer than its message or the packet size
	ReasonUnknownMessageID Reason = "unknown_message_id" // a response that answers nothing that was asked
	ReasonWrongCode        Reason = "wrong_code"         // a response with another method than its request
	ReasonUnexpectedStatus Reason = "unexpected_status"  // a status that no response may have
	ReasonWrongItemCount   Reason = "wrong_item_count"   // a response with another number of items than its request
	ReasonReplyItems       Reason = "reply_items"        // a lookup's reply with more or fewer items than keys
	ReasonReplyKey         Reason = "reply_key"          // a lookup's item that repeats another key
	ReasonReplyGap         Reason = "reply_gap"          // a lookup's item with an answer behind one without room
	ReasonHalfMessage      Reason = "half_message"       // the rest of a message did not arrive in time
)

// Why a message cannot be sent, see [SendError].
const (
	ReasonWrongKind   Reason = "wrong_kind"   // this side does not send that
	ReasonDuplicateID Reason = "duplicate_id" // a request with the same id is in flight
	ReasonBroken      Reason = "broken"       // the peer broke the protocol earlier
	ReasonClosed      Reason = "closed"       // the session was closed
)

// Why there is no session, see [Fault] and [Refusal].
const (
	ReasonNotHello       Reason = "not_hello"       // the first packet is something else
	ReasonNotAck         Reason = "not_ack"         // the answer is something else
	ReasonNoProfile      Reason = "no_profile"      // no profile that both can run
	ReasonToken          Reason = "token"           // the token is wrong
	ReasonNotAllowed     Reason = "not_allowed"     // the peer's user or group is not on the allow-list
	ReasonRequestPayload Reason = "request_payload" // request payload above what is accepted or was proposed
	ReasonPacketSize     Reason = "packet_size"     // packets that would carry nothing besides their header
	ReasonFull           Reason = "full"            // the server has as many sessions as it may
	ReasonRejected       Reason = "rejected"        // the server says no
	ReasonProfile        Reason = "profile"         // a profile that was not offered or cannot run
)
