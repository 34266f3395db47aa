package codec

import (
	"fmt"
	"strconv"
	"strings"
)

// Problem is a rule of the codec that does not hold, with what was got and what is allowed. What the
// numbers mean depends on the rule; those that it does not mention are zero.
type Problem struct {
	Rule Rule
	// Got is the number found.
	Got uint64
	// Limit is the number that it must be, or must not pass.
	Limit uint64
	// List has the numbers allowed when there are several. It must not be changed.
	List []uint64
	// When is the condition under which the rule holds, as a sentence.
	When string
	// With is the other field.
	With string
}

// Rule is a rule of the codec.
type Rule uint8

// The rules, and the numbers of a [Problem] with each.
const (
	// Truncated: the bytes end before the record's fixed part, directory or table does. Got bytes
	// there are, Limit there must be.
	Truncated Rule = iota + 1
	// TrailingBytes: bytes follow where the record must end. Got bytes there are, Limit it takes.
	TrailingBytes
	// Constant: a field that must hold Limit holds Got.
	Constant
	// FixedSize: the fixed part of a record that can grow has a size, Got, that it has in no version.
	// List has the sizes in the versions that the reader knows; newer ones have larger ones.
	FixedSize
	// Unlisted: a field that must hold one of List holds Got.
	Unlisted
	// ConstantWhen: a field that must hold Limit under the condition When holds Got.
	ConstantWhen
	// NotEmptyWhen: a string or table that must be empty under the condition When has Got bytes or
	// rows.
	NotEmptyWhen
	// EmptyWhen: a string that must not be empty under the condition When is.
	EmptyWhen
	// TooMany: a table has Got rows, more than the Limit that its count can tell.
	TooMany
	// Padding: the byte at Limit in the record, which only keeps the alignment, is Got and not zero.
	Padding
	// StartsEarly: a string or item starts at Got, before the place Limit where it may.
	StartsEarly
	// Misplaced: a string or item must start at Limit and starts at Got.
	Misplaced
	// Unaligned: an item starts at Got, which is no multiple of Limit.
	Unaligned
	// OutOfBounds: a string or item ends at Got, behind the end Limit of what holds it.
	OutOfBounds
	// TooShort: a string has Got bytes without its NUL, fewer than the Limit.
	TooShort
	// TooLong: a string has Got bytes without its NUL, more than the Limit.
	TooLong
	// Unterminated: the byte after a string is Got and not NUL.
	Unterminated
	// InteriorNUL: a string that must not contain NUL has its first one at position Got.
	InteriorNUL
	// Overlap: two strings share bytes; With names the other one.
	Overlap
)

var ruleNames = [...]string{
	Truncated:     "truncated",
	TrailingBytes: "trailing_bytes",
	Constant:      "constant",
	FixedSize:     "fixed_size",
	Unlisted:      "unlisted",
	ConstantWhen:  "constant_when",
	NotEmptyWhen:  "not_empty_when",
	EmptyWhen:     "empty_when",
	TooMany:       "too_many",
	Padding:       "padding",
	StartsEarly:   "starts_early",
	Misplaced:     "misplaced",
	Unaligned:     "unaligned",
	OutOfBounds:   "out_of_bounds",
	TooShort:      "too_short",
	TooLong:       "too_long",
	Unterminated:  "unterminated",
	InteriorNUL:   "interior_nul",
	Overlap:       "overlap",
}

// String returns the name of the rule in the specification.
func (r Rule) String() string {
	if 0 < r && int(r) < len(ruleNames) {
		return ruleNames[r]
	}
	return "rule " + strconv.Itoa(int(r))
}

// String returns the rest of a sentence that starts with the field.
func (p Problem) String() string {
	switch p.Rule {
	case Truncated:
		return fmt.Sprintf("needs %d bytes, got %d", p.Limit, p.Got)
	case TrailingBytes:
		return fmt.Sprintf("must end after %d bytes, got %d", p.Limit, p.Got)
	case Constant:
		return fmt.Sprintf("must be %d, got %d", p.Limit, p.Got)
	case FixedSize:
		return fmt.Sprintf("must be %s or more, got %d", list(p.List), p.Got)
	case Unlisted:
		return fmt.Sprintf("must be %s, got %d", list(p.List), p.Got)
	case ConstantWhen:
		return fmt.Sprintf("must be %d when %s, got %d", p.Limit, p.When, p.Got)
	case NotEmptyWhen:
		return fmt.Sprintf("must be empty when %s, has length %d", p.When, p.Got)
	case EmptyWhen:
		return "must not be empty when " + p.When
	case TooMany:
		return fmt.Sprintf("must have %d rows or fewer, got %d", p.Limit, p.Got)
	case Padding:
		return fmt.Sprintf("must have zero bytes before it, got 0x%02x at position %d", p.Got, p.Limit)
	}
	return p.place()
}

// place is String for the rules about places and lengths.
func (p Problem) place() string {
	switch p.Rule {
	case StartsEarly:
		return fmt.Sprintf("must start at offset %d or later, got %d", p.Limit, p.Got)
	case Misplaced:
		return fmt.Sprintf("must start at offset %d, got %d", p.Limit, p.Got)
	case Unaligned:
		return fmt.Sprintf("must start at a multiple of %d, got offset %d", p.Limit, p.Got)
	case OutOfBounds:
		return fmt.Sprintf("must end at offset %d or before, ends at %d", p.Limit, p.Got)
	case TooShort:
		return fmt.Sprintf("must have %d bytes or more, got %d", p.Limit, p.Got)
	case TooLong:
		return fmt.Sprintf("must have %d bytes or fewer, got %d", p.Limit, p.Got)
	case Unterminated:
		return fmt.Sprintf("must be followed by a NUL byte, got 0x%02x", p.Got)
	case InteriorNUL:
		return fmt.Sprintf("must not contain a NUL byte, has one at position %d", p.Got)
	case Overlap:
		return fmt.Sprintf("shares bytes with field `%s`", p.With)
	}
	return "breaks " + p.Rule.String()
}

func list(values []uint64) string {
	var b strings.Builder
	for i, value := range values {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(strconv.FormatUint(value, 10))
	}
	return b.String()
}
