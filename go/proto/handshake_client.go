package proto

// Proposal is what a client asks for.
type Proposal struct {
	// Supported are the profiles that the client offers; bits that may not be offered are dropped (NIPC-PRF-03).
	Supported Profiles
	// Preferred are the profiles that it would like best.
	Preferred Profiles
	// Request are the limits of requests; an item count of 0 counts as 1, a payload of 0 stays 0.
	Request Limits
	// Response are hints for responses; a server may ignore them.
	Response Limits
	// ResponseCeiling is the largest response payload in bytes that the client takes, whatever the server grants
	// (NIPC-HS-27).
	ResponseCeiling uint32
	// AuthToken is the shared secret of client and server.
	AuthToken uint64
	// PacketSize is the longest packet in bytes that the client can carry.
	PacketSize uint32
}

// DefaultProposal returns the defaults (handshake.md, section 5).
func DefaultProposal() Proposal {
	return Proposal{
		Supported:       ProfileBaseline,
		Request:         Limits{MaxPayload: DefaultRequestPayload, MaxItems: DefaultItems},
		Response:        Limits{MaxPayload: DefaultResponsePayload, MaxItems: DefaultItems},
		ResponseCeiling: DefaultGrowthCeiling,
		PacketSize:      DefaultPacketSize,
	}
}

// Hello returns the payload that makes the proposal (NIPC-HS-29).
func (p *Proposal) Hello() Hello {
	return Hello{
		LayoutVersion: LayoutVersion,
		Supported:     p.offered(),
		Preferred:     p.Preferred,
		Request:       p.Request.atLeastOneItem(),
		Response:      p.Response.atLeastOneItem(),
		AuthToken:     p.AuthToken,
		PacketSize:    p.PacketSize,
	}
}

// AppendPacket appends the packet to send, [HelloPacketLen] bytes (NIPC-HS-01).
func (p *Proposal) AppendPacket(dst []byte) []byte { return AppendHelloPacket(dst, p.Hello()) }

func (p *Proposal) offered() Profiles { return p.Supported & OfferableProfiles }

// Judge judges the server's answer, in the order of NIPC-HS-21. runnable are the profiles that this build can run.
//
// The error is a [Refusal]: the first thing that is wrong with the answer, or its status when it is a rejection.
func (p *Proposal) Judge(ack []byte, runnable Profiles) (Agreed, error) {
	granted, err := p.receiveAck(ack)
	if err != nil {
		return Agreed{}, err
	}
	packetSize, err := p.check(granted, runnable)
	if err != nil {
		return Agreed{}, err
	}
	response := granted.Response
	response.MaxPayload = min(response.MaxPayload, p.ResponseCeiling)
	return Agreed{
		Profile:                granted.Selected,
		ServerSupported:        granted.ServerSupported,
		Request:                granted.Request.atLeastOneItem(),
		Response:               response.atLeastOneItem(),
		GrantedResponsePayload: granted.Response.MaxPayload,
		PacketSize:             packetSize,
		SessionID:              granted.SessionID,
	}, nil
}

func (p *Proposal) receiveAck(packet []byte) (HelloAck, error) {
	header, err := DecodeHeader(packet)
	if err != nil {
		if version, wrong := wrongVersion(err); wrong {
			return HelloAck{}, Refusal{Reason: ReasonVersion, Got: version, Allowed: uint64(Version)}
		}
		return HelloAck{}, Refusal{Reason: ReasonHeader, Err: err}
	}
	if header.Kind != Control || header.Code != CodeHelloAck {
		return HelloAck{}, Refusal{Reason: ReasonNotAck, MessageKind: header.Kind, Code: header.Code}
	}
	// Before the payload: a rejection may come without one (NIPC-HS-22).
	if header.Status != StatusOK {
		proposed := uint64(p.Request.MaxPayload)
		return HelloAck{}, Refusal{Reason: ReasonRejected, Status: header.Status, Got: proposed}
	}
	ack, err := DecodeHelloAck(packet[HeaderLen:])
	if err != nil {
		return HelloAck{}, err
	}
	if layout := ack.LayoutVersion; layout != LayoutVersion {
		return HelloAck{}, Refusal{Reason: ReasonLayout, Got: uint64(layout), Allowed: uint64(LayoutVersion)}
	}
	if ack.Flags != 0 {
		return HelloAck{}, Refusal{Reason: ReasonFlags, Got: uint64(ack.Flags)}
	}
	return ack, nil
}

// check judges the grants and returns the packet size: one above the proposed counts as that (NIPC-HS-24, NIPC-HS-25).
func (p *Proposal) check(ack HelloAck, runnable Profiles) (packetSize uint32, err error) {
	selected, possible := ack.Selected, p.offered()&runnable
	if !selected.IsSingle() || !possible.Contains(selected) {
		return 0, Refusal{Reason: ReasonProfile, Got: uint64(selected), Allowed: uint64(possible)}
	}
	packetSize = min(ack.PacketSize, p.PacketSize)
	if packetSize < MinPacketSize {
		return 0, Refusal{Reason: ReasonPacketSize, Got: uint64(packetSize), Allowed: uint64(MinPacketSize)}
	}
	if got, proposed := ack.Request.MaxPayload, p.Request.MaxPayload; got > proposed {
		return 0, Refusal{Reason: ReasonRequestPayload, Got: uint64(got), Allowed: uint64(proposed)}
	}
	return packetSize, nil
}
