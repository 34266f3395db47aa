package proto_test

import (
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// What providers put into the hash field of a snapshot item.
func TestDJB2(t *testing.T) {
	equal(t, "empty", proto.DJB2(""), 5381)
	equal(t, "a", proto.DJB2("a"), 5381*33+97)
	equal(t, "ab", proto.DJB2([]byte("ab")), (5381*33+97)*33+98)
	const long = "/system.slice/docker-abc.scope"
	wide := uint64(5381)
	for _, b := range []byte(long) {
		wide = (wide*33 + uint64(b)) % (1 << 32)
	}
	equal(t, "wraps at 32 bits", proto.DJB2(long), uint32(wide))
	equal(t, "bytes above 127", proto.DJB2("\xff"), 5381*33+255)
}

// The published test values of FNV-1a.
func TestFNV1a64(t *testing.T) {
	equal(t, "empty", proto.FNV1a64(""), 0xcbf29ce484222325)
	equal(t, "a", proto.FNV1a64("a"), 0xaf63dc4c8601ec8c)
	equal(t, "foobar", proto.FNV1a64([]byte("foobar")), 0x85944171f73967e8)
}
