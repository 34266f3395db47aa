package codec

import (
	"iter"
	"math"
)

// RowRule has the rules of the rows of a table.
type RowRule struct {
	// Record is what errors call the row.
	Record string
	// Strings are the strings of each row.
	Strings []RowString
}

// RowString is one string of a row; its place does not matter.
type RowString struct {
	Field string
	Rule  *StringRule
}

// Table checks the table of count rows behind strings, which are all strings of the record, and says
// where the content of the record ends (NIPC-COD-20, NIPC-COD-21).
func (r *Reader) Table(field string, count uint64, row *RowRule, strings ...Extent) int {
	behind := max(r.base, End(strings...))
	if r.err != nil || count == 0 {
		return behind
	}
	table := align(behind)
	// In 64 bits nothing wraps: a 32-bit number times the bytes of a row, which has a few strings.
	tableEnd := uint64(table) + count*uint64(len(row.Strings)*refLen)
	if tableEnd > uint64(len(r.b)) {
		r.fail(field, table, Problem{Rule: Truncated, Got: uint64(len(r.b)), Limit: tableEnd})
		return behind
	}
	for at, b := range r.b[behind:table] {
		if b != 0 {
			r.fail(field, table, Problem{Rule: Padding, Got: uint64(b), Limit: uint64(behind + at)})
			return behind
		}
	}
	return r.rows(table, int(tableEnd), row)
}

// rows checks the strings whose references stand between at and end.
func (r *Reader) rows(at, end int, row *RowRule) int {
	for references := end; at < references; {
		for i := range row.Strings {
			s := &row.Strings[i]
			rule := *s.Rule
			rule.Exact = true
			// An offset has 32 bits: behind 4 GiB none is right.
			start := min(uint64(end), math.MaxUint32)
			_, next, v := place(r.b, at, start, &rule)
			if v.rule != 0 {
				r.fail(s.Field, at, v.problem())
				r.err.Record = row.Record
				return end
			}
			end = next
			at += refLen
		}
	}
	return end
}

// Rows are the rows of a checked record, in order. They borrow from the payload.
type Rows[T any] struct {
	// record has the strings, references says where they are.
	record, references []byte
	strings            int
	view               func(RowStrings) T
}

// RowsAt returns the table of count rows, each of so many strings, in the record b, which was
// checked before. fixed is the number of bytes of its fixed part, refs where the references of the
// record's strings stand in it. view makes a row of its strings.
func RowsAt[T any](b []byte, fixed, count, strings int, view func(RowStrings) T, refs ...int) Rows[T] {
	behind := uint64(fixed)
	for _, at := range refs {
		behind = max(behind, uint64(Uint32(b, at))+uint64(Uint32(b, at+4))+1)
	}
	table := (behind + tableAlign - 1) &^ (tableAlign - 1)
	end := table + uint64(count)*uint64(strings*refLen)
	if count <= 0 || end > uint64(len(b)) {
		return Rows[T]{strings: strings, view: view}
	}
	return Rows[T]{record: b, references: b[table:end:end], strings: strings, view: view}
}

// Len returns how many rows there are.
func (r Rows[T]) Len() int {
	if r.strings == 0 {
		return 0
	}
	return len(r.references) / (r.strings * refLen)
}

// At returns the row at position index. It panics when there are not that many, as a slice does.
func (r Rows[T]) At(index int) T {
	inRange(index, r.Len())
	size := r.strings * refLen
	return r.view(RowStrings{r.record, r.references[index*size:][:size]})
}

// All iterates over the rows in order.
func (r Rows[T]) All() iter.Seq[T] {
	return func(yield func(T) bool) {
		size := r.strings * refLen
		for at := 0; at < len(r.references); at += size {
			if !yield(r.view(RowStrings{r.record, r.references[at:][:size]})) {
				return
			}
		}
	}
}

// RowStrings are the strings of one row.
type RowStrings struct{ record, references []byte }

// At returns the string at position index.
func (s RowStrings) At(index int) []byte {
	offset := uint64(Uint32(s.references, index*refLen))
	end := offset + uint64(Uint32(s.references, index*refLen+4))
	if end > uint64(len(s.record)) {
		return nil
	}
	return s.record[offset:end:end]
}

// TableLen returns the bytes of the references of a table of rows, each of so many strings, with the
// padding before it, behind strings that end at byte behind; the strings of the rows come on top.
func TableLen(behind, rows, strings int) int {
	if rows == 0 {
		return 0
	}
	// A saturated end has no room for padding, and none for anything else.
	padding := max(align(behind)-behind, 0)
	if rows > (math.MaxInt-padding)/(strings*refLen) {
		return math.MaxInt
	}
	return padding + rows*strings*refLen
}

// TableWriter writes the strings of a table, row by row.
type TableWriter struct {
	b       []byte
	at, end int
}

// NewTableWriter starts the table of rows, each of so many strings, in the record b, which holds
// zeros behind its strings, which end at byte behind.
func NewTableWriter(b []byte, behind, rows, strings int) TableWriter {
	table := align(behind)
	return TableWriter{b: b, at: table, end: table + rows*strings*refLen}
}

// Put writes the next string.
func (w *TableWriter) Put(text []byte) {
	w.end = PutText(w.b, w.at, w.end, text)
	w.at += refLen
}
