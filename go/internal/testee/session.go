package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// message and violation are what a session makes of a packet; it may also be "partial".
type (
	message struct {
		Message hexBytes `json:"message"`
		Payload hexBytes `json:"payload"`
	}
	violation struct {
		Violation string `json:"violation"`
	}
)

var runSession = scripted(func(in struct {
	Role            string     `json:"role"`
	RequestPayload  uint32     `json:"request_payload"`
	ResponsePayload uint32     `json:"response_payload"`
	Items           uint32     `json:"items"`
	PacketSize      uint32     `json:"packet_size"`
	Sent            []hexBytes `json:"sent"`
	Packets         []hexBytes `json:"packets"`
}) (any, error) {
	roles := map[string]proto.Role{"client": proto.Client, "server": proto.Server}
	role, ok := roles[in.Role]
	if !ok {
		return nil, malformed{fmt.Errorf("no role is called %q", in.Role)}
	}
	session := proto.NewSession(role, proto.Agreed{
		Profile:    proto.ProfileBaseline,
		Request:    proto.Limits{MaxPayload: in.RequestPayload, MaxItems: in.Items},
		Response:   proto.Limits{MaxPayload: in.ResponsePayload, MaxItems: in.Items},
		PacketSize: in.PacketSize,
	}, time.Minute)
	for _, sent := range in.Sent {
		header, err := proto.DecodeHeader(sent)
		if err == nil {
			_, err = session.BeginSend(header)
		}
		if err != nil {
			return nil, malformed{err}
		}
	}
	events := []any{}
	for _, packet := range in.Packets {
		received, err := session.OnPacket(packet, time.Time{})
		if err != nil {
			events = append(events, violation{problem(err)})
			break
		}
		if received.Progress == proto.Partial {
			events = append(events, "partial")
			continue
		}
		header := proto.AppendHeader(nil, received.Header)
		events = append(events, message{header, slices.Clone(received.Payload)})
	}
	inFlight := slices.AppendSeq([]uint64{}, session.InFlight())
	slices.Sort(inFlight)
	return struct {
		Events   []any    `json:"events"`
		InFlight []uint64 `json:"in_flight"`
	}{events, inFlight}, nil
})

// problem names a violation, with that of the structure inside when it is about one.
func problem(err error) string {
	v, ok := errors.AsType[proto.Violation](err)
	if !ok {
		return err.Error()
	}
	switch v.Reason {
	case proto.ReasonHeader:
		return string(reason(v.Err))
	case proto.ReasonBatch, proto.ReasonChunk:
		return string(v.Reason) + "_" + string(reason(v.Err))
	}
	return string(v.Reason)
}
