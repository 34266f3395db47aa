package main

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/netdata/plugin-ipc/go/proto"
	"github.com/netdata/plugin-ipc/go/proto/codec"
)

// envelopeError is an offence against the envelope; target names the structure.
type envelopeError struct {
	target  string
	problem string
}

func (e envelopeError) Error() string { return e.target + ": " + e.problem }

// appendOffence appends an error of the library as JSON. Its own error is that of what is no offence.
func appendOffence(dst []byte, err error) ([]byte, error) {
	var (
		decode   *codec.DecodeError
		overflow *codec.OverflowError
		invalid  *codec.InvalidError
		missing  *codec.MissingError
		answers  *codec.AnswersError
		envelope envelopeError
	)
	switch {
	case errors.As(err, &decode):
		item := "null"
		if decode.Item != codec.NoItem {
			item = strconv.Itoa(decode.Item)
		}
		return fmt.Appendf(dst, `{"error":"decode","record":%q,"field":%q,"offset":%d,"item":%s,"problem":%q}`,
			decode.Record, decode.Field, decode.Offset, item, decode.Problem.Rule), nil
	case errors.As(err, &overflow):
		return fmt.Appendf(dst, `{"error":"overflow","needed":%d,"budget":%d}`, overflow.Needed, overflow.Budget), nil
	case errors.As(err, &invalid):
		return fmt.Appendf(dst, `{"error":"invalid","record":%q,"field":%q,"problem":%q}`,
			invalid.Record, invalid.Field, invalid.Problem.Rule), nil
	case errors.As(err, &missing):
		return fmt.Appendf(dst, `{"error":"missing","record":%q,"field":%q}`, missing.Record, missing.Field), nil
	case errors.As(err, &answers):
		return fmt.Appendf(dst, `{"error":"answers","got":%d,"keys":%d}`, answers.Got, answers.Keys), nil
	case errors.As(err, &envelope):
		return fmt.Appendf(dst, `{"error":%q,"problem":%q}`, envelope.target, envelope.problem), nil
	}
	return dst, fmt.Errorf("an error that no testee may have: %w", err)
}

// reason returns the rule that an error of package proto is about.
func reason(err error) proto.Reason {
	var (
		header    proto.HeaderError
		chunk     proto.ChunkError
		batch     proto.BatchError
		fault     proto.Fault
		refusal   proto.Refusal
		violation proto.Violation
	)
	switch {
	case errors.As(err, &violation):
		return violation.Reason
	case errors.As(err, &fault):
		return fault.Reason
	case errors.As(err, &refusal):
		return refusal.Reason
	case errors.As(err, &header):
		return header.Reason
	case errors.As(err, &chunk):
		return chunk.Reason
	case errors.As(err, &batch):
		return batch.Reason
	}
	return ""
}
