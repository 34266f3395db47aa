package asn_test

import (
	"net/netip"
	"testing"

	asn "example.org/ip-to-asn"
	"example.org/ip-to-asn/iptoasn"
	version2 "example.org/ip-to-asn/version2/iptoasn"
)

var networks = []asn.Network{
	{netip.MustParsePrefix("192.0.2.0/24"), 64496, "DE", "Example Networks"},
	{netip.MustParsePrefix("192.0.2.192/26"), 64497, "FR", "Exemple SARL"},
	{netip.MustParsePrefix("2001:db8::/32"), 64500, "NL", "Voorbeeld B.V."},
}

// ask encodes a request, answers it within budget bytes, and returns the payload of the reply.
func ask(t *testing.T, budget int, addresses ...string) []byte {
	t.Helper()
	var keys []iptoasn.Address
	for _, address := range addresses {
		keys = append(keys, asn.Key(netip.MustParseAddr(address)))
	}
	payload, err := iptoasn.Service{}.EncodeRequest(nil, 1024, keys)
	if err != nil {
		t.Fatal(err)
	}
	request, err := iptoasn.DecodeRequest(payload)
	if err != nil {
		t.Fatal(err)
	}
	var reply iptoasn.ReplyBuilder
	reply.Reset(nil, budget, request)
	if err := asn.Answer(networks, request, &reply); err != nil {
		t.Fatal(err)
	}
	payload, err = reply.Finish()
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

func TestTheLongestPrefixAnswers(t *testing.T) {
	addresses := []string{"192.0.2.1", "192.0.2.200", "2001:db8::1", "10.0.0.1"}
	reply, err := iptoasn.DecodeReply(ask(t, 1024, addresses...))
	if err != nil {
		t.Fatal(err)
	}
	want := []uint32{64496, 64497, 64500, 0}
	for i, address := range addresses {
		item := reply.Items().At(i)
		if got := asn.Addr(iptoasn.Address{High: item.High(), Low: item.Low()}); got.String() != address {
			t.Errorf("item %d is about %v, want %s", i, got, address)
		}
		if known := item.Status() == iptoasn.StatusKnown; item.ASN() != want[i] || known != (want[i] != 0) {
			t.Errorf("%s: %+v", address, item.Clone())
		}
	}
	if got := string(reply.Items().At(1).Organisation()); got != "Exemple SARL" {
		t.Errorf("the organisation is %q", got)
	}
}

// What has no room is to be asked for again; the service needs to do nothing for that.
func TestFullRepliesSayWhatIsMissing(t *testing.T) {
	addresses := []string{"192.0.2.1", "192.0.2.2", "192.0.2.3"}
	whole := ask(t, 1024, addresses...)
	reply, err := iptoasn.DecodeReply(ask(t, len(whole)-1, addresses...))
	if err != nil {
		t.Fatal(err)
	}
	if reply.Items().At(0).Status() != iptoasn.StatusKnown || reply.Items().At(2).Status() != iptoasn.StatusPayloadExceeded {
		t.Errorf("%+v", reply.Clone())
	}
}

// NIPC-EVO-04: a consumer of version 2 reads what a provider of version 1 wrote.
func TestNewConsumersUnderstandOldProviders(t *testing.T) {
	reply, err := version2.DecodeReply(ask(t, 1024, "192.0.2.1"))
	if err != nil {
		t.Fatal(err)
	}
	item := reply.Items().At(0)
	if item.PrefixLength() != 0 || item.ASN() != 64496 || string(item.Country()) != "DE" {
		t.Errorf("%+v", item.Clone())
	}
}

// NIPC-EVO-05, NIPC-EVO-06: a consumer of version 1 reads what a provider of version 2 wrote.
func TestOldConsumersUnderstandNewProviders(t *testing.T) {
	key := asn.Key(netip.MustParseAddr("192.0.2.1"))
	payload, err := version2.EncodeReply(nil, 1024, version2.ReplyFields{
		Generation: 1,
		Items: []version2.AnswerFields{{
			High:         key.High,
			Low:          key.Low,
			Status:       version2.StatusKnown,
			ASN:          64496,
			Country:      []byte("DE"),
			Organisation: []byte("Example Networks"),
			PrefixLength: 24,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	reply, err := iptoasn.DecodeReply(payload)
	if err != nil {
		t.Fatal(err)
	}
	if item := reply.Items().At(0); item.ASN() != 64496 || string(item.Organisation()) != "Example Networks" {
		t.Errorf("%+v", item.Clone())
	}
}
