package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/netdata/plugin-ipc/go/proto"
)

// script is a target that plays a part of the protocol.
type script struct {
	nothing
	run func(dst []byte, text string) ([]byte, error)
}

func (s script) Run(dst []byte, p *parser) ([]byte, error) {
	text := p.text
	p.text = ""
	return s.run(dst, text)
}

// scripted makes a script of a function whose input and output are JSON objects.
func scripted[In any](run func(in In) (any, error)) func(dst []byte, text string) ([]byte, error) {
	return func(dst []byte, text string) ([]byte, error) {
		var in In
		decoder := json.NewDecoder(strings.NewReader(text))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&in); err != nil {
			return dst, malformed{err}
		}
		out, err := run(in)
		if err != nil {
			return dst, err
		}
		text2, err := json.Marshal(out)
		return append(dst, text2...), err
	}
}

// hexBytes are bytes that JSON has in hexadecimal digits.
type hexBytes []byte

func (h hexBytes) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%x", []byte(h)), nil }

func (h *hexBytes) UnmarshalText(text []byte) error {
	p := parser{text: `"` + string(text) + `"`}
	*h = p.bytes()
	return p.end()
}

var runServer = scripted(func(in struct {
	Supported   proto.Profiles `json:"supported"`
	Preferred   proto.Profiles `json:"preferred"`
	AuthToken   uint64         `json:"auth_token"`
	MaxRequest  uint32         `json:"max_request"`
	MaxResponse uint32         `json:"max_response"`
	PacketSize  uint32         `json:"packet_size"`
	SessionID   uint64         `json:"session_id"`
	Gate        string         `json:"gate"`
	Packet      hexBytes       `json:"packet"`
}) (any, error) {
	gates := map[string]proto.Gate{"open": proto.GateOpen, "denied": proto.GateDenied, "full": proto.GateFull}
	gate, ok := gates[in.Gate]
	if !ok {
		return nil, malformed{fmt.Errorf("no gate is called %q", in.Gate)}
	}
	policy := proto.ServerPolicy{
		Supported:          in.Supported,
		Preferred:          in.Preferred,
		AuthToken:          in.AuthToken,
		MaxRequestPayload:  in.MaxRequest,
		MaxResponsePayload: in.MaxResponse,
		PacketSize:         in.PacketSize,
	}
	answer := policy.Judge(in.Packet, in.SessionID, gate)
	verdicts := map[proto.Verdict]string{proto.Accept: "accept", proto.Reject: "reject", proto.Close: "close"}
	if answer.Verdict == proto.Close {
		return struct {
			Answer string `json:"answer"`
		}{verdicts[answer.Verdict]}, nil
	}
	return struct {
		Answer string       `json:"answer"`
		Status proto.Status `json:"status"`
		Packet hexBytes     `json:"packet"`
	}{verdicts[answer.Verdict], answer.Status, answer.AppendPacket(nil)}, nil
})

// agreed is what a handshake settled, as JSON has it.
type agreed struct {
	Profile         proto.Profiles `json:"profile"`
	ServerSupported proto.Profiles `json:"server_supported"`
	RequestPayload  uint32         `json:"request_payload"`
	RequestItems    uint32         `json:"request_items"`
	ResponsePayload uint32         `json:"response_payload"`
	ResponseItems   uint32         `json:"response_items"`
	PacketSize      uint32         `json:"packet_size"`
	SessionID       uint64         `json:"session_id"`
}

var runClient = scripted(func(in struct {
	Supported       proto.Profiles `json:"supported"`
	Preferred       proto.Profiles `json:"preferred"`
	RequestPayload  uint32         `json:"request_payload"`
	RequestItems    uint32         `json:"request_items"`
	ResponsePayload uint32         `json:"response_payload"`
	ResponseItems   uint32         `json:"response_items"`
	AuthToken       uint64         `json:"auth_token"`
	PacketSize      uint32         `json:"packet_size"`
	ResponseCeiling uint32         `json:"response_ceiling"`
	Runnable        proto.Profiles `json:"runnable"`
	Packet          hexBytes       `json:"packet"`
}) (any, error) {
	proposal := proto.Proposal{
		Supported:       in.Supported,
		Preferred:       in.Preferred,
		Request:         proto.Limits{MaxPayload: in.RequestPayload, MaxItems: in.RequestItems},
		Response:        proto.Limits{MaxPayload: in.ResponsePayload, MaxItems: in.ResponseItems},
		ResponseCeiling: in.ResponseCeiling,
		AuthToken:       in.AuthToken,
		PacketSize:      in.PacketSize,
	}
	a, err := proposal.Judge(in.Packet, in.Runnable)
	if refusal, ok := errors.AsType[proto.Refusal](err); ok {
		return struct {
			Refused proto.Reason `json:"refused"`
			State   string       `json:"state"`
		}{refusal.Reason, refusal.Disposition().String()}, nil
	}
	return struct {
		Agreed agreed `json:"agreed"`
	}{agreed{
		Profile:         a.Profile,
		ServerSupported: a.ServerSupported,
		RequestPayload:  a.Request.MaxPayload,
		RequestItems:    a.Request.MaxItems,
		ResponsePayload: a.Response.MaxPayload,
		ResponseItems:   a.Response.MaxItems,
		PacketSize:      a.PacketSize,
		SessionID:       a.SessionID,
	}}, err
})

var runChunker = scripted(func(in struct {
	Header     hexBytes `json:"header"`
	Payload    hexBytes `json:"payload"`
	PacketSize uint32   `json:"packet_size"`
}) (any, error) {
	header, err := proto.DecodeHeader(in.Header)
	if err != nil {
		return nil, malformed{err}
	}
	if int(header.PayloadLen) != len(in.Payload) {
		return nil, malformed{fmt.Errorf("the header announces %d bytes of %d", header.PayloadLen, len(in.Payload))}
	}
	packets := []hexBytes{}
	for c := proto.NewChunker(header, in.PacketSize); !c.Done(); c.Advance() {
		packets = append(packets, c.AppendPacket(nil, in.Payload))
	}
	return struct {
		Packets []hexBytes `json:"packets"`
	}{packets}, nil
})

var runHash = scripted(func(in struct {
	Bytes hexBytes `json:"bytes"`
}) (any, error) {
	return struct {
		DJB2    uint32 `json:"djb2"`
		FNV1a64 uint64 `json:"fnv1a64"`
	}{proto.DJB2(in.Bytes), proto.FNV1a64(in.Bytes)}, nil
})
