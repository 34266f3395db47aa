package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/netdata/plugin-ipc/go/proto/codec"
)

// What can be asked.
const (
	opDecode = 1
	opEncode = 2
	opCheck  = 3
	opAnswer = 4
	opRun    = 5
)

// How a response begins.
const (
	resultDone     = 0
	resultRefused  = 1
	resultNotKnown = 2
)

// errNotKnown tells that a target does not have an op.
var errNotKnown = errors.New("not known")

// target is something that can be tested. The methods append what came of it to dst; their error is
// errNotKnown, an offence of the library, or a [malformed] request.
type target interface {
	// Decode appends the value of bytes.
	Decode(dst, b []byte) ([]byte, error)
	// Encode appends the bytes of a value.
	Encode(dst []byte, budget int, value *parser) ([]byte, error)
	// Check decodes, and encodes what was decoded.
	Check(dst, b []byte) ([]byte, error)
	// Answer appends the reply to a request.
	Answer(dst []byte, budget int, request []byte, answers *parser) ([]byte, error)
	// Run appends what came of a script.
	Run(dst []byte, script *parser) ([]byte, error)
}

// malformed is a request that is no request.
type malformed struct{ err error }

func (m malformed) Error() string { return m.err.Error() }
func (m malformed) Unwrap() error { return m.err }

// respond appends the response to one request, without its length.
func respond(dst, frame []byte) ([]byte, error) {
	if len(frame) < 2 || len(frame) < 2+int(frame[1]) {
		return dst, fmt.Errorf("a frame of %d bytes has no target", len(frame))
	}
	op, name, body := frame[0], string(frame[2:2+frame[1]]), frame[2+frame[1]:]
	t, ok := find(name)
	if !ok {
		return append(dst, resultNotKnown), nil
	}
	response, err := perform(append(dst, resultDone), t, op, body)
	_, bad := errors.AsType[malformed](err)
	switch {
	case err == nil:
		return response, nil
	case bad:
		return dst, fmt.Errorf("op %d of %s: %w", op, name, err)
	case errors.Is(err, errNotKnown):
		return append(dst, resultNotKnown), nil
	}
	return appendOffence(append(dst, resultRefused), err)
}

func find(name string) (target, bool) {
	if t, ok := serviceTargets[name]; ok {
		return t, true
	}
	t, ok := envelopeTargets[name]
	return t, ok
}

func perform(dst []byte, t target, op byte, body []byte) ([]byte, error) {
	switch op {
	case opDecode:
		return t.Decode(dst, body)
	case opCheck:
		return t.Check(dst, body)
	case opRun:
		p := &parser{text: string(body)}
		out, err := t.Run(dst, p)
		return finish(dst, p, out, err)
	case opEncode:
		budget, rest, err := cutUint32(body)
		if err != nil {
			return dst, err
		}
		p := &parser{text: string(rest)}
		out, err := t.Encode(dst, budget, p)
		return finish(dst, p, out, err)
	case opAnswer:
		return answer(dst, t, body)
	}
	return dst, errNotKnown
}

func answer(dst []byte, t target, body []byte) ([]byte, error) {
	budget, body, err := cutUint32(body)
	if err != nil {
		return dst, err
	}
	n, body, err := cutUint32(body)
	if err != nil {
		return dst, err
	}
	if n > len(body) {
		return dst, malformed{fmt.Errorf("a request of %d bytes in %d", n, len(body))}
	}
	p := &parser{text: string(body[n:])}
	out, err := t.Answer(dst, budget, body[:n], p)
	return finish(dst, p, out, err)
}

// finish tells malformed JSON from an offence. After an offence the rest of the JSON may be unread.
func finish(dst []byte, p *parser, out []byte, err error) ([]byte, error) {
	if p.err != nil {
		return dst, malformed{p.err}
	}
	if err == nil {
		if err := p.end(); err != nil {
			return dst, malformed{err}
		}
	}
	return out, err
}

func cutUint32(b []byte) (int, []byte, error) {
	if len(b) < 4 {
		return 0, nil, malformed{fmt.Errorf("a body of %d bytes", len(b))}
	}
	// On 32 bits more than an int can tell is more than there can be.
	n := min(uint64(binary.LittleEndian.Uint32(b)), math.MaxInt)
	return int(n), b[4:], nil
}

// nothing is a target without any op, for others to be built on.
type nothing struct{}

func (nothing) Decode(dst, _ []byte) ([]byte, error)                { return dst, errNotKnown }
func (nothing) Check(dst, _ []byte) ([]byte, error)                 { return dst, errNotKnown }
func (nothing) Run(dst []byte, _ *parser) ([]byte, error)           { return dst, errNotKnown }
func (nothing) Encode(dst []byte, _ int, _ *parser) ([]byte, error) { return dst, errNotKnown }
func (nothing) Answer(dst []byte, _ int, _ []byte, _ *parser) ([]byte, error) {
	return dst, errNotKnown
}

// payload is a target with values of type F.
type payload[F any] struct {
	nothing
	decode func(b []byte) (F, error)
	encode func(dst []byte, budget int, fields F) ([]byte, error)
	append func(dst []byte, fields F) []byte
	parse  func(p *parser) F
	answer func(dst []byte, budget int, request []byte, p *parser) ([]byte, error)
}

func (t payload[F]) Decode(dst, b []byte) ([]byte, error) {
	fields, err := t.decode(b)
	if err != nil {
		return dst, err
	}
	return t.append(dst, fields), nil
}

func (t payload[F]) Encode(dst []byte, budget int, value *parser) ([]byte, error) {
	fields := t.parse(value)
	if err := value.end(); err != nil {
		return dst, malformed{err}
	}
	return t.encode(dst, budget, fields)
}

func (t payload[F]) Check(dst, b []byte) ([]byte, error) {
	fields, err := t.decode(b)
	if err != nil {
		return dst, err
	}
	at := len(dst)
	dst = t.append(append(dst, 0, 0, 0, 0), fields)
	binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
	return t.encode(dst, math.MaxInt, fields)
}

func (t payload[F]) Answer(dst []byte, budget int, request []byte, answers *parser) ([]byte, error) {
	if t.answer == nil {
		return dst, errNotKnown
	}
	return t.answer(dst, budget, request, answers)
}

// answers reads the array of answers that ends an object, each of which begins with key and the
// status, and gives them to answer. It stops at the first that is refused as invalid, which it
// returns, or for want of room, which the builder remembers. Answers that are too many are counted.
func (p *parser) answers(key string, answer func(status uint64) error) error {
	p.expect("[")
	if p.skip("]}") {
		return nil
	}
	for p.err == nil {
		p.expect(key)
		err := answer(p.number(64))
		if _, ok := errors.AsType[*codec.InvalidError](err); ok {
			return err
		}
		if _, ok := errors.AsType[*codec.OverflowError](err); ok {
			p.text = ""
			return nil
		}
		if p.skip("]}") {
			break
		}
		p.expect(",")
	}
	return nil
}
