// Package service has what a client or server must know of a service to speak it.
//
// A generated descriptor implements [Service], and [Lookup] when it is one; clients and servers are
// generic over it and stay free of payload knowledge. The compiler infers the type parameters from
// the descriptor:
//
//	func Ask[Query, Request, Reply, Builder any](
//		s service.Service[Query, Request, Reply, Builder], query Query,
//	) ([]byte, error) {
//		return s.EncodeRequest(nil, 1024, query)
//	}
//
//	payload, err := Ask(increment.Service{}, 41)
//
// Descriptors have no state, so they are safe for concurrent use.
package service

// Service is one service: its name, its method, and how payloads become typed values and back.
//
// Query is what a caller passes, Request the view of a request that the handler gets, Builder what
// the handler fills, and Reply the view of a reply that the caller gets. Views borrow from the
// payload, so they are valid for as long as it is left alone.
type Service[Query, Request, Reply, Builder any] interface {
	// Name returns the name that endpoints of this service have by default.
	Name() string

	// Method returns the method code in the envelope.
	Method() uint16

	// Batchable reports whether several requests may travel in one batch.
	Batchable() bool

	// Idempotent reports whether a request may be sent again when the connection was lost before its
	// reply came.
	Idempotent() bool

	// EncodeRequest appends the request payload for query to dst, at most budget bytes, and returns
	// the longer buffer. When there is an error that is dst as it was: a [*codec.InvalidError] for a
	// value that breaks a rule of its field, or a [*codec.OverflowError].
	EncodeRequest(dst []byte, budget int, query Query) ([]byte, error)

	// DecodeRequest checks a request payload completely. The error, if any, is a
	// [*codec.DecodeError] with the first rule that it breaks.
	DecodeRequest(payload []byte) (Request, error)

	// StartReply makes b ready to append the reply payload to request to dst, at most budget bytes.
	// What b was used for before does not matter.
	StartReply(b *Builder, dst []byte, budget int, request Request)

	// FinishReply ends the reply payload and returns the longer buffer. When there is an error that
	// is the buffer as it was at the start: a [*codec.OverflowError], [*codec.MissingError] or
	// [*codec.AnswersError], also when the handler ignored its own errors.
	FinishReply(b *Builder) ([]byte, error)

	// DecodeReply checks a reply payload completely. The error, if any, is a [*codec.DecodeError]
	// with the first rule that it breaks.
	DecodeReply(payload []byte) (Reply, error)
}
