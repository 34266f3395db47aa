package main

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// appendNumber appends a member of an object: its key with what stands before it, then the number.
func appendNumber(dst []byte, key string, value uint64) []byte {
	return strconv.AppendUint(append(dst, key...), value, 10)
}

func appendBytes(dst []byte, key string, value []byte) []byte {
	dst = append(append(dst, key...), '"')
	return append(hex.AppendEncode(dst, value), '"')
}

func appendList[T any](dst []byte, key string, items []T, item func([]byte, T) []byte) []byte {
	dst = append(append(dst, key...), '[')
	for i := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item(dst, items[i])
	}
	return append(dst, ']')
}

// parser reads canonical JSON, in which the next byte is always known or decides everything. It
// remembers the first thing that is wrong; what it reads after that has no meaning.
type parser struct {
	text string
	err  error
}

func (p *parser) fail(what string) {
	if p.err == nil {
		p.err = fmt.Errorf("malformed JSON at %.40q: want %s", p.text, what)
	}
}

// skip reads text when it comes next, and tells whether it did.
func (p *parser) skip(text string) bool {
	rest, ok := strings.CutPrefix(p.text, text)
	if ok && p.err == nil {
		p.text = rest
	}
	return ok && p.err == nil
}

func (p *parser) expect(text string) {
	if !p.skip(text) {
		p.fail(text)
	}
}

// number reads a number of so many bits.
func (p *parser) number(bits int) uint64 {
	digits := p.text
	if end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || '9' < r }); end >= 0 {
		digits = digits[:end]
	}
	value, err := strconv.ParseUint(digits, 10, bits)
	if err != nil {
		p.fail(fmt.Sprintf("a number of %d bits", bits))
		return 0
	}
	p.text = p.text[len(digits):]
	return value
}

func (p *parser) bytes() []byte {
	p.expect(`"`)
	digits, rest, ok := strings.Cut(p.text, `"`)
	value, err := hex.DecodeString(digits)
	if !ok || err != nil {
		p.fail("hexadecimal digits and a quote")
		return []byte{}
	}
	p.text = rest
	return value
}

func parseList[T any](p *parser, item func(*parser) T) []T {
	items := []T{}
	p.expect("[")
	if p.skip("]") {
		return items
	}
	for p.err == nil {
		items = append(items, item(p))
		if p.skip("]") {
			break
		}
		p.expect(",")
	}
	return items
}

// end checks that everything was read, and returns what was wrong.
func (p *parser) end() error {
	if p.text != "" {
		p.fail("the end")
	}
	return p.err
}
