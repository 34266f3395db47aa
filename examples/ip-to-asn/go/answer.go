// Package asn is what a provider and a consumer of the service ip-to-asn share in Go.
package asn

import (
	"encoding/binary"
	"net/netip"

	"example.org/ip-to-asn/iptoasn"
)

// Key returns the key that asks for an address.
func Key(ip netip.Addr) iptoasn.Address {
	bits := ip.As16()
	return iptoasn.Address{High: binary.BigEndian.Uint64(bits[:8]), Low: binary.BigEndian.Uint64(bits[8:])}
}

// Addr returns the address that a key asks for.
func Addr(key iptoasn.Address) netip.Addr {
	var bits [16]byte
	binary.BigEndian.PutUint64(bits[:8], key.High)
	binary.BigEndian.PutUint64(bits[8:], key.Low)
	return netip.AddrFrom16(bits).Unmap()
}

// Network is a network and who announces it.
type Network struct {
	Prefix       netip.Prefix
	ASN          uint32
	Country      string
	Organisation string
}

// Answer answers each key of a request with the longest prefix that contains it.
func Answer(networks []Network, request iptoasn.Request, reply *iptoasn.ReplyBuilder) error {
	reply.SetGeneration(1) // the networks never change
	for key := range request.Keys().All() {
		network := find(networks, Addr(key))
		if network == nil {
			if err := reply.Unknown(); err != nil {
				return err
			}
			continue
		}
		err := reply.Known(iptoasn.KnownFields{
			ASN:          network.ASN,
			Country:      []byte(network.Country),
			Organisation: []byte(network.Organisation),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func find(networks []Network, ip netip.Addr) *Network {
	var best *Network
	for i := range networks {
		network := &networks[i]
		if network.Prefix.Contains(ip) && (best == nil || network.Prefix.Bits() > best.Prefix.Bits()) {
			best = network
		}
	}
	return best
}
