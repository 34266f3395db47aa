package main

import (
	"encoding/binary"
	"errors"

	"github.com/netdata/plugin-ipc/go/proto"
)

// envelopeTargets are all but the payloads of services.
var envelopeTargets = map[string]target{
	"header":           header,
	"chunk-header":     chunkHeader,
	"hello":            hello,
	"hello-ack":        helloAck,
	"batch":            batch,
	"handshake-server": script{run: runServer},
	"handshake-client": script{run: runClient},
	"chunker":          script{run: runChunker},
	"session":          script{run: runSession},
	"hash":             script{run: runHash},
}

// envelope makes a target of a structure without a budget; name is what offences call it.
func envelope[T any](
	name string, decode func([]byte) (T, error), encode func([]byte, T) []byte, members func(*object, *T),
) payload[T] {
	return payload[T]{
		decode: func(b []byte) (T, error) {
			value, err := decode(b)
			if err != nil {
				err = envelopeError{name, string(reason(err))}
			}
			return value, err
		},
		encode: func(dst []byte, _ int, value T) ([]byte, error) { return encode(dst, value), nil },
		append: func(dst []byte, value T) []byte {
			o := object{dst: append(dst, '{')}
			members(&o, &value)
			return append(o.dst, '}')
		},
		parse: func(p *parser) (value T) {
			o := object{p: p}
			p.expect("{")
			members(&o, &value)
			p.expect("}")
			return value
		},
	}
}

// object writes or, with a parser, reads the members of an object, whichever is asked of it.
type object struct {
	dst   []byte
	p     *parser
	count int
}

func (o *object) key(name string) {
	key := `"` + name + `":`
	if o.count > 0 {
		key = "," + key
	}
	o.count++
	if o.p != nil {
		o.p.expect(key)
		return
	}
	o.dst = append(o.dst, key...)
}

// number writes or reads a member; it is a function because methods have no type parameters.
func number[T ~uint16 | ~uint32 | ~uint64](o *object, name string, value *T) {
	o.key(name)
	if o.p != nil {
		*value = T(o.p.number(binary.Size(*value) * 8))
		return
	}
	o.dst = appendNumber(o.dst, "", uint64(*value))
}

var header = sound(envelope("header", proto.DecodeHeader, proto.AppendHeader, func(o *object, h *proto.Header) {
	number(o, "kind", &h.Kind)
	number(o, "flags", &h.Flags)
	number(o, "code", &h.Code)
	number(o, "transport_status", &h.Status)
	number(o, "payload_len", &h.PayloadLen)
	number(o, "item_count", &h.ItemCount)
	number(o, "message_id", &h.MessageID)
}))

// sound refuses to encode kinds that do not exist.
func sound(t payload[proto.Header]) payload[proto.Header] {
	encode := t.encode
	t.encode = func(dst []byte, budget int, h proto.Header) ([]byte, error) {
		if h.Kind < proto.Request || proto.Control < h.Kind {
			return dst, envelopeError{"header", string(proto.ReasonKind)}
		}
		return encode(dst, budget, h)
	}
	return t
}

var chunkHeader = envelope("chunk", proto.DecodeChunkHeader, proto.AppendChunkHeader,
	func(o *object, h *proto.ChunkHeader) {
		number(o, "message_id", &h.MessageID)
		number(o, "total_message_len", &h.TotalLen)
		number(o, "chunk_index", &h.Index)
		number(o, "chunk_count", &h.Count)
		number(o, "chunk_payload_len", &h.PayloadLen)
	})

var hello = envelope("hello", proto.DecodeHello, proto.AppendHello, func(o *object, h *proto.Hello) {
	number(o, "layout_version", &h.LayoutVersion)
	number(o, "flags", &h.Flags)
	number(o, "supported", &h.Supported)
	number(o, "preferred", &h.Preferred)
	limits(o, &h.Request, &h.Response)
	number(o, "padding", &h.Padding)
	number(o, "auth_token", &h.AuthToken)
	number(o, "packet_size", &h.PacketSize)
})

var helloAck = envelope("hello-ack", proto.DecodeHelloAck, proto.AppendHelloAck, func(o *object, a *proto.HelloAck) {
	number(o, "layout_version", &a.LayoutVersion)
	number(o, "flags", &a.Flags)
	number(o, "server_supported", &a.ServerSupported)
	number(o, "intersection", &a.Intersection)
	number(o, "selected", &a.Selected)
	limits(o, &a.Request, &a.Response)
	number(o, "packet_size", &a.PacketSize)
	number(o, "padding", &a.Padding)
	number(o, "session_id", &a.SessionID)
})

func limits(o *object, request, response *proto.Limits) {
	number(o, "request_payload", &request.MaxPayload)
	number(o, "request_items", &request.MaxItems)
	number(o, "response_payload", &response.MaxPayload)
	number(o, "response_items", &response.MaxItems)
}

// batch has items of any sort.
var batch = payload[[][]byte]{
	decode: decodeBatch,
	encode: encodeBatch,
	append: func(dst []byte, items [][]byte) []byte {
		item := func(dst, item []byte) []byte { return appendBytes(dst, "", item) }
		return append(appendList(dst, `{"items":`, items, item), '}')
	},
	parse: func(p *parser) [][]byte {
		p.expect(`{"items":`)
		items := parseList(p, (*parser).bytes)
		p.expect("}")
		return items
	},
}

func decodeBatch(b []byte) ([][]byte, error) {
	count, payload, err := cutUint32(b)
	if err != nil {
		return nil, envelopeError{"batch", string(proto.ReasonTruncated)}
	}
	parsed, err := proto.ParseBatch(payload, uint32(count))
	if err != nil {
		return nil, envelopeError{"batch", string(reason(err))}
	}
	items := make([][]byte, 0, parsed.Len())
	for _, item := range parsed.Items() {
		items = append(items, item)
	}
	return items, nil
}

func encodeBatch(dst []byte, budget int, items [][]byte) ([]byte, error) {
	b, err := proto.NewBatchBuilder(dst, budget, uint32(len(items)))
	for i := 0; err == nil && i < len(items); i++ {
		err = b.Push(items[i])
	}
	var full proto.BatchFullError
	if errors.As(err, &full) {
		return dst, envelopeError{"batch", "overflow"}
	}
	if err != nil {
		return dst, err
	}
	dst, _ = b.Finish()
	return dst, nil
}
