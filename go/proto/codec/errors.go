package codec

import (
	"fmt"
	"strings"

	"github.com/netdata/plugin-ipc/go/proto"
)

// NoItem is the position of a record that is no item of a list.
const NoItem = -1

// DecodeError tells why a payload was refused: the record and the field, where in the payload the
// offence is, and the numbers that broke the rule (NIPC-COD-06). It is of kind
// [proto.InvalidMessage].
type DecodeError struct {
	// Record is the record in which the offence is, as the specification names it.
	Record string
	// Field is the field that broke its rule; the record's own name when the record as a whole did.
	Field string
	// Offset is where in the payload the field starts, in bytes (NIPC-COD-25).
	Offset int
	// Item is the position in its list when the record is an item of one, else [NoItem].
	Item int
	// Problem is the rule that was broken, with its numbers.
	Problem Problem
}

func (e *DecodeError) Error() string {
	var b strings.Builder
	b.WriteString(e.Record)
	if e.Item != NoItem {
		fmt.Fprintf(&b, " %d", e.Item)
	}
	if e.Field != e.Record {
		fmt.Fprintf(&b, ": field `%s`", e.Field)
	}
	fmt.Fprintf(&b, " at byte %d %v", e.Offset, e.Problem)
	return b.String()
}

// Kind returns [proto.InvalidMessage].
func (e *DecodeError) Kind() proto.Kind { return proto.InvalidMessage }

// Is reports whether target is the kind of the error.
func (e *DecodeError) Is(target error) bool { return target == e.Kind() }

// OverflowError tells that a payload does not fit the byte budget; nothing is written then. It is of
// kind [proto.LimitExceeded].
type OverflowError struct {
	// Needed is the number of bytes that all that was asked for so far takes.
	Needed int
	// Budget is the number of bytes there may be.
	Budget int
}

func (e *OverflowError) Error() string {
	return fmt.Sprintf("the payload needs %d bytes, %d are allowed", e.Needed, e.Budget)
}

// Kind returns [proto.LimitExceeded].
func (e *OverflowError) Kind() proto.Kind { return proto.LimitExceeded }

// Is reports whether target is the kind of the error.
func (e *OverflowError) Is(target error) bool { return target == e.Kind() }

// InvalidError tells that a value to be written breaks a rule of its field (NIPC-COD-16). It is of
// kind [proto.APIMisuse].
type InvalidError struct {
	// Record is the record that was built.
	Record string
	// Field is the field whose rule is broken.
	Field string
	// Problem is the rule, with its numbers.
	Problem Problem
}

func (e *InvalidError) Error() string {
	return fmt.Sprintf("%s: field `%s` %v", e.Record, e.Field, e.Problem)
}

// Kind returns [proto.APIMisuse].
func (e *InvalidError) Kind() proto.Kind { return proto.APIMisuse }

// Is reports whether target is the kind of the error.
func (e *InvalidError) Is(target error) bool { return target == e.Kind() }

// MissingError tells that a field was never given a value (NIPC-COD-17). It is of kind
// [proto.APIMisuse].
type MissingError struct {
	// Record is the record that was built.
	Record string
	// Field is the field without a value.
	Field string
}

func (e *MissingError) Error() string {
	return fmt.Sprintf("%s: field `%s` was given no value; set it before the end", e.Record, e.Field)
}

// Kind returns [proto.APIMisuse].
func (e *MissingError) Kind() proto.Kind { return proto.APIMisuse }

// Is reports whether target is the kind of the error.
func (e *MissingError) Is(target error) bool { return target == e.Kind() }

// AnswersError tells that the number of answers is not the number of keys (NIPC-LKP-16). It is of
// kind [proto.APIMisuse].
type AnswersError struct {
	// Record is the record that was built.
	Record string
	// Got is the number of answers that were given.
	Got int
	// Keys is the number of keys of the request.
	Keys int
}

func (e *AnswersError) Error() string {
	return fmt.Sprintf("%s: %d answers to %d keys; give each key one answer", e.Record, e.Got, e.Keys)
}

// Kind returns [proto.APIMisuse].
func (e *AnswersError) Kind() proto.Kind { return proto.APIMisuse }

// Is reports whether target is the kind of the error.
func (e *AnswersError) Is(target error) bool { return target == e.Kind() }
