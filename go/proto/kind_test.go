package proto_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

// NIPC-ERR-01, NIPC-ERR-02
func TestKindsHaveCodesAndNames(t *testing.T) {
	for code := range uint16(20) {
		kind, ok := proto.KindOf(code)
		if known := 1 <= code && code <= 17; ok != known {
			t.Errorf("KindOf(%d) is %v, %v", code, kind, ok)
		}
		if ok && kind.Code() != code {
			t.Errorf("the code of %v is %d, want %d", kind, kind.Code(), code)
		}
	}
	if got := proto.APIMisuse.String(); got != "api_misuse" {
		t.Errorf("APIMisuse is called %q", got)
	}
	if got := proto.Kind(99).String(); got != "kind 99" {
		t.Errorf("an unknown kind is called %q", got)
	}
}

func TestKindsAreErrors(t *testing.T) {
	err := fmt.Errorf("call: %w", proto.Timeout)
	if !errors.Is(err, proto.Timeout) || errors.Is(err, proto.IO) {
		t.Errorf("%v is not just a time-out", err)
	}
}
