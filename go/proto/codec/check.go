package codec

import "slices"

// Checker checks the values of a record that is to be written (NIPC-COD-16). It remembers the first
// rule that is broken; what is asked of it after that has no effect.
type Checker struct {
	record string
	err    *InvalidError
}

// NewChecker starts on a record.
func NewChecker(record string) Checker { return Checker{record: record} }

// Err returns the first offence, an [*InvalidError], or nil.
func (c *Checker) Err() error {
	if c.err == nil {
		return nil
	}
	return c.err
}

// Listed checks the number of a closed enumeration.
func (c *Checker) Listed(field string, got uint64, listed []uint64) {
	if !slices.Contains(listed, got) {
		c.fail(c.record, field, Problem{Rule: Unlisted, Got: got, List: listed})
	}
}

// Text checks a string.
func (c *Checker) Text(field string, rule *StringRule, text []byte) {
	c.RowText(c.record, field, rule, text)
}

// Rows checks the number of rows of a table, whose count can tell most.
func (c *Checker) Rows(field string, rows int, most uint64) {
	if got := uint64(rows); got > most {
		c.fail(c.record, field, Problem{Rule: TooMany, Got: got, Limit: most})
	}
}

// RowText checks a string of the row of a table.
func (c *Checker) RowText(row, field string, rule *StringRule, text []byte) {
	if v := rule.content(text); v.rule != 0 {
		c.fail(row, field, v.problem())
	}
}

// ConstantWhen checks that a number is allowed; when is the condition under which it must be
// (NIPC-COD-23).
func (c *Checker) ConstantWhen(field string, got, allowed uint64, when string) {
	if got != allowed {
		c.fail(c.record, field, Problem{Rule: ConstantWhen, Got: got, Limit: allowed, When: when})
	}
}

// EmptyWhen checks that a string or table has length 0.
func (c *Checker) EmptyWhen(field string, length int, when string) {
	if length != 0 {
		c.fail(c.record, field, Problem{Rule: NotEmptyWhen, Got: uint64(length), When: when})
	}
}

// PresentWhen checks that a string has another length than 0.
func (c *Checker) PresentWhen(field string, length int, when string) {
	if length == 0 {
		c.fail(c.record, field, Problem{Rule: EmptyWhen, When: when})
	}
}

func (c *Checker) fail(record, field string, p Problem) {
	if c.err == nil {
		c.err = &InvalidError{Record: record, Field: field, Problem: p}
	}
}
