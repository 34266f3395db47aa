package proto_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// half is the time given to a message that is half there.
const half = 30 * time.Second

// epoch is the start of all invented time.
var epoch = time.Unix(1_000_000, 0)

// agreed returns limits as a handshake could have settled them.
func agreed(request, response, items, packetSize uint32) proto.Agreed {
	return proto.Agreed{
		Profile:                proto.ProfileBaseline,
		ServerSupported:        proto.ProfileBaseline,
		Request:                proto.Limits{MaxPayload: request, MaxItems: items},
		Response:               proto.Limits{MaxPayload: response, MaxItems: items},
		GrantedResponsePayload: response,
		PacketSize:             packetSize,
		SessionID:              1,
	}
}

func newClient(a proto.Agreed) *proto.Session { return proto.NewSession(proto.Client, a, half) }

func newServer(a proto.Agreed) *proto.Session { return proto.NewSession(proto.Server, a, half) }

// packets returns the packets of a message.
func packets(c proto.Chunker, payload []byte) [][]byte {
	var out [][]byte
	for ; !c.Done(); c.Advance() {
		out = append(out, c.AppendPacket(nil, payload))
	}
	return out
}

// whole returns a message that fits one packet.
func whole(header proto.Header, payload []byte) []byte {
	return append(proto.AppendHeader(nil, header), payload...)
}

// pattern returns bytes that differ from place to place, so that a part in the wrong place is seen.
func pattern(n int) []byte {
	out := make([]byte, n)
	for i := range out {
		out[i] = byte(uint32(i) * 2_654_435_761 >> 24)
	}
	return out
}

// patched returns the packet with a number of the same size as value at another place.
func patched[T uint16 | uint32 | uint64](packet []byte, at int, value T) []byte {
	packet = slices.Clone(packet)
	if _, err := binary.Encode(packet[at:], binary.LittleEndian, value); err != nil {
		panic(err)
	}
	return packet
}

// filled returns n bytes in which every number is wrong.
func filled(n int) []byte { return bytes.Repeat([]byte{0xee}, n) }

// golden returns a golden vector.
func golden(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "spec", "vectors", "golden", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// random returns numbers that are the same in every run.
func random(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15)) }

// randomBytes returns up to most random bytes.
func randomBytes(r *rand.Rand, most int) []byte {
	out := make([]byte, r.IntN(most+1))
	for i := range out {
		out[i] = byte(r.Uint32())
	}
	return out
}

// equal fails the test unless got is want. Helper costs more than the comparison, so it is called on failure only.
func equal[T comparable](t testing.TB, what string, got, want T) {
	if got != want {
		t.Helper()
		t.Errorf("%s: got %+v, want %+v", what, got, want)
	}
}

// equalBytes fails the test unless got is want.
func equalBytes(t testing.TB, what string, got, want []byte) {
	if !bytes.Equal(got, want) {
		t.Helper()
		t.Errorf("%s: got %x, want %x", what, got, want)
	}
}

// noError ends the test on an error.
func noError(t testing.TB, err error) {
	if err != nil {
		t.Helper()
		t.Fatal(err)
	}
}

// noAllocs fails the test when run allocates.
func noAllocs(t *testing.T, what string, run func()) {
	t.Helper()
	if allocs := testing.AllocsPerRun(100, run); allocs != 0 {
		t.Errorf("%s allocates %v times", what, allocs)
	}
}
