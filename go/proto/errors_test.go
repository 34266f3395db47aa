package proto_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/netdata/plugin-ipc/go/proto"
)

// NIPC-ERR-07: what a receiver finds wrong.
func TestKindsOfViolations(t *testing.T) {
	cases := map[proto.Kind][]proto.Violation{
		proto.InvalidMessage: {
			unsoundHeader(proto.ReasonMagic, 0),
			unsoundBatch(proto.BatchError{Reason: proto.ReasonMisaligned, Offset: 1}),
			{Reason: proto.ReasonChunk, Err: proto.ChunkError{Reason: proto.ReasonFlags, Got: 1}},
		},
		proto.PeerMisbehaved: {
			{Reason: proto.ReasonUnexpectedKind}, {Reason: proto.ReasonPayloadTooLarge},
			{Reason: proto.ReasonTooManyItems}, {Reason: proto.ReasonPacketTooLong},
			{Reason: proto.ReasonUnknownMessageID}, {Reason: proto.ReasonHalfMessage},
			{Reason: proto.ReasonWrongCode}, {Reason: proto.ReasonUnexpectedStatus},
			{Reason: proto.ReasonWrongItemCount}, {Reason: proto.ReasonReplyItems},
			{Reason: proto.ReasonReplyKey}, {Reason: proto.ReasonReplyGap},
		},
	}
	for kind, violations := range cases {
		for _, violation := range violations {
			equal(t, violation.Error(), violation.Kind(), kind)
		}
	}
}

// NIPC-ERR-07: a refusal of our own caller's wish is never blamed on the peer.
func TestKindsOfSendErrors(t *testing.T) {
	broken := proto.Violation{Reason: proto.ReasonUnknownMessageID, Got: 1}
	cases := []struct {
		err  proto.SendError
		kind proto.Kind
	}{
		{proto.SendError{Reason: proto.ReasonPayloadTooLarge}, proto.LimitExceeded},
		{proto.SendError{Reason: proto.ReasonTooManyItems}, proto.LimitExceeded},
		{proto.SendError{Reason: proto.ReasonWrongKind}, proto.APIMisuse},
		{proto.SendError{Reason: proto.ReasonDuplicateID}, proto.APIMisuse},
		{proto.SendError{Reason: proto.ReasonBroken, Err: broken}, proto.PeerMisbehaved},
		{proto.SendError{Reason: proto.ReasonClosed}, proto.Disconnected},
	}
	for _, c := range cases {
		equal(t, c.err.Error(), c.err.Kind(), c.kind)
	}
}

func TestKindsOfFaults(t *testing.T) {
	cases := map[proto.Reason]proto.Kind{
		proto.ReasonHeader: proto.InvalidMessage, proto.ReasonShort: proto.InvalidMessage,
		proto.ReasonNotHello: proto.PeerMisbehaved, proto.ReasonPadding: proto.PeerMisbehaved,
		proto.ReasonVersion: proto.Incompatible, proto.ReasonLayout: proto.Incompatible,
		proto.ReasonNoProfile: proto.Incompatible, proto.ReasonPacketSize: proto.Incompatible,
		proto.ReasonToken: proto.Denied, proto.ReasonNotAllowed: proto.Denied,
		proto.ReasonRequestPayload: proto.LimitExceeded, proto.ReasonFull: proto.LimitExceeded,
	}
	for reason, kind := range cases {
		equal(t, string(reason), proto.Fault{Reason: reason}.Kind(), kind)
	}
}

// NIPC-ERR-01, NIPC-ERR-04: every error has one kind, which is found through any wrapping, and so is its cause.
func TestErrorsAreFound(t *testing.T) {
	cause := proto.BatchError{Reason: proto.ReasonMisaligned, Index: 3, Offset: 13}
	violation := unsoundBatch(cause)
	broken := proto.SendError{Reason: proto.ReasonBroken, Err: violation}
	err := fmt.Errorf("call: %w", broken)
	equal(t, "is of its kind", errors.Is(err, proto.InvalidMessage), true)
	equal(t, "is of another kind", errors.Is(err, proto.PeerMisbehaved), false)
	equal(t, "is the violation", errors.Is(err, violation), true)
	found, ok := errors.AsType[proto.BatchError](err)
	equal(t, "the cause is there", ok, true)
	equal(t, "cause", found, cause)
	kind, ok := proto.ErrorKind(err)
	equal(t, "has a kind", ok, true)
	equal(t, "kind", kind, proto.InvalidMessage)
	kind, ok = proto.ErrorKind(fmt.Errorf("call: %w", proto.Timeout))
	equal(t, "has a kind", ok, true)
	equal(t, "kind", kind, proto.Timeout)
	_, ok = proto.ErrorKind(io.EOF)
	equal(t, "has a kind", ok, false)
	for _, unsound := range []interface{ Unwrap() error }{
		proto.Fault{Reason: proto.ReasonHeader, Err: cause}, proto.Refusal{Reason: proto.ReasonHeader, Err: cause},
	} {
		equal[error](t, "cause", unsound.Unwrap(), cause)
	}
}

// sentence is an error, and the words and numbers that its text must have.
type sentence struct {
	err   error
	words string
}

func sentences() []sentence {
	header := func(reason proto.Reason, got uint32) error { return proto.HeaderError{Reason: reason, Got: got} }
	chunk := func(reason proto.Reason) error { return proto.ChunkError{Reason: reason, Got: 5, Want: 67} }
	violation := func(reason proto.Reason, got, allowed uint64) error {
		return proto.Violation{Reason: reason, Got: got, Allowed: allowed, Timeout: 30 * time.Second}
	}
	send := func(reason proto.Reason, got, allowed uint64) error {
		return proto.SendError{Reason: reason, Got: got, Allowed: allowed}
	}
	return []sentence{
		{header(proto.ReasonShort, 31), "31 32"},
		{header(proto.ReasonMagic, 0xabcd), "0x0000abcd 0x4e495043"},
		{header(proto.ReasonVersion, 7), "7 1"},
		{header(proto.ReasonHeaderLen, 33), "33 32"},
		{header(proto.ReasonKind, 9), "9"},
		{proto.BatchError{Reason: proto.ReasonTruncated, Items: 9, Have: 8}, "9 8"},
		{proto.BatchError{Reason: proto.ReasonMisaligned, Index: 3, Offset: 13}, "3 13"},
		{proto.BatchError{Reason: proto.ReasonOutOfBounds, Index: 3, Offset: 16, Length: 99, Have: 77}, "3 16 99 77"},
		{proto.BatchFullError{Reason: proto.ReasonBytes, Needed: 30, Budget: 20}, "30 20"},
		{proto.BatchFullError{Reason: proto.ReasonSlots, Needed: 5, Budget: 4}, "4"},
		{proto.BatchFullError{Reason: proto.ReasonWriter, Needed: 5, Budget: 4}, "5 4"},
		{proto.ChunkError{Reason: proto.ReasonShort, Got: 3, Want: 32}, "3 32"},
		{proto.ChunkError{Reason: proto.ReasonMagic, Got: 0xabcd, Want: 0x4e43484b}, "0x0000abcd 0x4e43484b"},
		{proto.ChunkError{Reason: proto.ReasonFlags, Got: 5}, "0x0005"},
		{chunk(proto.ReasonVersion), "5 67"},
		{chunk(proto.ReasonMessageID), "5 67"},
		{chunk(proto.ReasonIndex), "5 67"},
		{chunk(proto.ReasonCount), "5 67"},
		{chunk(proto.ReasonTotal), "5 67"},
		{chunk(proto.ReasonPacketLen), "5 67"},
		{chunk(proto.ReasonPartLen), "5 67"},
		{violation(proto.ReasonUnexpectedKind, 3, 1), "control request"},
		{violation(proto.ReasonPayloadTooLarge, 2000, 1024), "2000 1024"},
		{violation(proto.ReasonTooManyItems, 20, 10), "20 10"},
		{violation(proto.ReasonPacketTooLong, 97, 96), "97 96"},
		{violation(proto.ReasonUnknownMessageID, 42, 0), "42"},
		{violation(proto.ReasonWrongCode, 4, 5), "4 5"},
		{violation(proto.ReasonUnexpectedStatus, 2, 0), "2 auth_failed"},
		{violation(proto.ReasonWrongItemCount, 4, 5), "4 5"},
		{violation(proto.ReasonReplyItems, 4, 5), "4 5"},
		{violation(proto.ReasonReplyKey, 4, 0), "4"},
		{violation(proto.ReasonReplyGap, 4, 0), "4"},
		{violation(proto.ReasonHalfMessage, 10, 20), "10 20 30s"},
		{unsoundHeader(proto.ReasonKind, 9), "9"},
		{send(proto.ReasonPayloadTooLarge, 77, 66), "77 66"},
		{send(proto.ReasonTooManyItems, 77, 66), "77 66"},
		{send(proto.ReasonWrongKind, 3, 1), "control request"},
		{send(proto.ReasonDuplicateID, 8, 0), "8"},
		{send(proto.ReasonClosed, 0, 0), "closed"},
		{proto.SendError{Reason: proto.ReasonBroken, Err: violation(proto.ReasonUnknownMessageID, 42, 0)}, "broken 42"},
	}
}

func handshakeSentences() []sentence {
	rejected := func(status proto.Status) error {
		return proto.Refusal{Reason: proto.ReasonRejected, Status: status, Got: 70_000}
	}
	refusal := func(reason proto.Reason, got, allowed uint64) error {
		return proto.Refusal{Reason: reason, Got: got, Allowed: allowed, MessageKind: proto.Request, Code: 5}
	}
	fault := func(reason proto.Reason, got, allowed uint64) error {
		return proto.Fault{Reason: reason, Got: got, Allowed: allowed, MessageKind: proto.Request, Code: 5}
	}
	short := proto.HeaderError{Reason: proto.ReasonShort, Got: 1}
	return []sentence{
		{rejected(1), "1 bad_envelope"},
		{rejected(2), "2 auth_failed token"},
		{rejected(3), "3 incompatible"},
		{rejected(4), "4 unsupported profiles"},
		{rejected(5), "5 limit_exceeded 70000"},
		{rejected(6), "6 internal_error later"},
		{rejected(77), "77 unknown"},
		{proto.Refusal{Reason: proto.ReasonHeader, Err: short}, "1 32"},
		{refusal(proto.ReasonVersion, 2, 1), "2 1"},
		{refusal(proto.ReasonNotAck, 0, 0), "request 5"},
		{refusal(proto.ReasonShort, 47, 48), "47 48"},
		{refusal(proto.ReasonLayout, 2, 1), "2 1"},
		{refusal(proto.ReasonFlags, 2, 0), "0x0002"},
		{refusal(proto.ReasonProfile, 0x10, 1), "shm-ring baseline"},
		{refusal(proto.ReasonPacketSize, 32, 33), "32 33"},
		{refusal(proto.ReasonRequestPayload, 70, 60), "70 60"},
		{proto.Fault{Reason: proto.ReasonHeader, Err: short}, "1 32"},
		{fault(proto.ReasonVersion, 2, 1), "2 1"},
		{fault(proto.ReasonNotHello, 0, 0), "request 5"},
		{fault(proto.ReasonShort, 43, 44), "43 44"},
		{fault(proto.ReasonLayout, 2, 1), "2 1"},
		{fault(proto.ReasonPadding, 3, 0), "0x00000003"},
		{fault(proto.ReasonNoProfile, 0x10, 1), "shm-ring baseline"},
		{fault(proto.ReasonToken, 0, 0), "token"},
		{fault(proto.ReasonNotAllowed, 0, 0), "allow-list"},
		{fault(proto.ReasonRequestPayload, 70, 60), "70 60"},
		{fault(proto.ReasonPacketSize, 32, 33), "32 33"},
		{fault(proto.ReasonFull, 0, 0), "sessions"},
	}
}

// NIPC-ERR-03: a lower-case sentence that names what was got and what is allowed.
func TestSentencesCarryTheirNumbers(t *testing.T) {
	for _, s := range append(sentences(), handshakeSentences()...) {
		text := s.err.Error()
		for word := range strings.FieldsSeq(s.words) {
			equal(t, fmt.Sprintf("%q has %q", text, word), strings.Contains(text, word), true)
		}
		equal(t, fmt.Sprintf("%q is a sentence", text), strings.Contains(text, " "), true)
		equal(t, fmt.Sprintf("%q begins in upper case", text), unicode.IsUpper(rune(text[0])), false)
		equal(t, fmt.Sprintf("%q ends with a dot", text), strings.HasSuffix(text, "."), false)
		kind, ok := proto.ErrorKind(s.err)
		equal(t, fmt.Sprintf("%q has a kind", text), ok, true)
		equal(t, fmt.Sprintf("%q is of its kind", text), errors.Is(s.err, kind), true)
	}
}

// An error that somebody made without a reason, or with one of another type, has a text too.
func TestSentencesOfUnknownReasons(t *testing.T) {
	const odd = proto.Reason("odd")
	for _, err := range []error{
		proto.HeaderError{Reason: odd}, proto.BatchError{Reason: odd}, proto.BatchFullError{Reason: odd},
		proto.ChunkError{Reason: odd}, proto.Violation{Reason: odd}, proto.SendError{Reason: odd},
		proto.Fault{Reason: odd}, proto.Refusal{Reason: odd},
	} {
		equal(t, err.Error(), strings.Contains(err.Error(), "odd"), true)
	}
	for _, err := range []error{
		proto.Violation{Reason: proto.ReasonHeader}, proto.Fault{Reason: proto.ReasonHeader},
		proto.Refusal{Reason: proto.ReasonHeader},
	} {
		equal(t, err.Error(), strings.Contains(err.Error(), "header"), true)
	}
	equal(t, "kind", proto.SendError{}.Kind(), proto.Bug)
	equal(t, "kind", proto.SendError{Reason: proto.ReasonBroken}.Kind(), proto.Bug)
	equal(t, "kind", proto.Fault{}.Kind(), proto.Bug)
	equal(t, "kind", proto.Refusal{}.Kind(), proto.Bug)
}
