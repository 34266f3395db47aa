// Package services_test tests the standard services by the bytes of peers that exist, and against
// models of what the specification says.
package services_test

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/netdata/plugin-ipc/go/services/appslookup"
	"github.com/netdata/plugin-ipc/go/services/cgroupslookup"
	"github.com/netdata/plugin-ipc/go/services/cgroupssnapshot"
	"github.com/netdata/plugin-ipc/go/services/increment"
	"github.com/netdata/plugin-ipc/go/services/stringreverse"
)

func golden(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../../spec/vectors/golden/payloads", name+".bin"))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// encodes checks that a golden payload comes of values, to the byte and not one byte later.
func encodes(t *testing.T, name string, encode func(dst []byte, budget int) ([]byte, error)) {
	t.Helper()
	want := golden(t, name)
	if got, err := encode([]byte("head"), len(want)); err != nil || string(got) != "head"+string(want) {
		t.Errorf("%s: encoded %x, %v, want %x", name, got, err, want)
	}
}

// NIPC-INC-01, NIPC-COD-14
func TestGoldenIncrement(t *testing.T) {
	for name, value := range map[string]uint64{"increment_0": 0, "increment_42": 42, "increment_max": 1<<64 - 1} {
		payload := golden(t, name)
		if got, err := (increment.Service{}).DecodeRequest(payload); err != nil || got.Value != value {
			t.Errorf("%s: the request is %v, %v", name, got, err)
		}
		if got, err := (increment.Service{}).DecodeReply(payload); err != nil || got.Value != value {
			t.Errorf("%s: the reply is %v, %v", name, got, err)
		}
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			return increment.Service{}.EncodeRequest(dst, budget, value)
		})
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			var b increment.NumberBuilder
			b.Reset(dst, budget)
			_ = b.SetValue(value)
			return b.Finish()
		})
	}
}

// NIPC-REV-01, NIPC-REV-03
func TestGoldenStringReverse(t *testing.T) {
	for name, text := range map[string]string{
		"string_reverse_empty": "", "string_reverse_hello": "hello", "string_reverse_utf8": "h\xc3\xa9llo",
	} {
		payload := golden(t, name)
		if got, err := (stringreverse.Service{}).DecodeReply(payload); err != nil || string(got.Text()) != text {
			t.Errorf("%s: the reply is %q, %v", name, got.Text(), err)
		}
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			return stringreverse.Service{}.EncodeRequest(dst, budget, []byte(text))
		})
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			var b stringreverse.TextBuilder
			b.Reset(dst, budget)
			room, _ := b.TextRoom(len(text))
			copy(room, text)
			return b.Finish()
		})
	}
}

// NIPC-SNAP-01, NIPC-SNAP-02, NIPC-SNAP-03, NIPC-SNAP-04, NIPC-COD-12
func TestGoldenSnapshot(t *testing.T) {
	if _, err := (cgroupssnapshot.Service{}).DecodeRequest(golden(t, "cgroups_req")); err != nil {
		t.Error(err)
	}
	encodes(t, "cgroups_req", func(dst []byte, budget int) ([]byte, error) {
		return cgroupssnapshot.Service{}.EncodeRequest(dst, budget, struct{}{})
	})
	for name, items := range map[string]int{"cgroups_resp": 3, "cgroups_resp_empty": 0} {
		view, err := cgroupssnapshot.DecodeReply(golden(t, name))
		if err != nil {
			t.Fatal(err)
		}
		if view.Items().Len() != items {
			t.Errorf("%s has %d items", name, view.Items().Len())
		}
		reply := view.Clone()
		// How many items are announced must not show in the bytes (NIPC-COD-13).
		for _, hint := range []int{-1, 0, 1, 3, 4, 1000, math.MaxInt} {
			encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
				var b cgroupssnapshot.ReplyBuilder
				b.Reset(dst, budget)
				b.SetGeneration(reply.Generation)
				b.Grow(hint)
				b.SetSystemdEnabled(reply.SystemdEnabled)
				for _, item := range reply.Items {
					if err := b.Add(item); err != nil {
						return nil, err
					}
				}
				return b.Finish()
			})
		}
	}
}

// NIPC-LKP-01, NIPC-CGL-01, NIPC-APL-01
func TestGoldenLookupRequests(t *testing.T) {
	for name, paths := range map[string][]string{
		"cgroups_lookup_req":       {"/sys/fs/cgroup/a", "/system.slice/docker-abc.scope"},
		"cgroups_lookup_req_empty": {},
	} {
		keys := make([][]byte, len(paths))
		for i, path := range paths {
			keys[i] = []byte(path)
		}
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			return cgroupslookup.Service{}.EncodeRequest(dst, budget, keys)
		})
		view, err := cgroupslookup.DecodeRequest(golden(t, name))
		if err != nil || view.Keys().Len() != len(keys) {
			t.Fatalf("%s: %v, %v", name, view, err)
		}
		for i, key := range keys {
			if got := view.Keys().At(i).Path(); !bytes.Equal(got, key) {
				t.Errorf("%s: key %d is %q", name, i, got)
			}
		}
	}
	for name, pids := range map[string][]uint32{"apps_lookup_req": {0, 1234, 4321}, "apps_lookup_req_empty": {}} {
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			return appslookup.Service{}.EncodeRequest(dst, budget, pids)
		})
	}
}

// Every golden reply of a lookup decodes to what encodes to the same bytes: NIPC-LKP-02, NIPC-LKP-05, NIPC-LKP-06,
// NIPC-CGL-02, NIPC-APL-02.
func TestGoldenLookupReplies(t *testing.T) {
	files, err := filepath.Glob("../../spec/vectors/golden/payloads/*_lookup_resp_*.bin")
	if err != nil || len(files) != 15 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".bin")
		if strings.HasPrefix(name, "apps_") {
			view, err := appslookup.DecodeReply(golden(t, name))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
				return appslookup.EncodeReply(dst, budget, view.Clone())
			})
			continue
		}
		view, err := cgroupslookup.DecodeReply(golden(t, name))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		encodes(t, name, func(dst []byte, budget int) ([]byte, error) {
			return cgroupslookup.EncodeReply(dst, budget, view.Clone())
		})
	}
}

// NIPC-APL-02, NIPC-LKP-06
func TestGoldenProcess(t *testing.T) {
	view, err := appslookup.DecodeReply(golden(t, "apps_lookup_resp_known_full"))
	if err != nil {
		t.Fatal(err)
	}
	want := appslookup.ItemFields{
		Status:       appslookup.StatusKnown,
		Orchestrator: appslookup.OrchestratorDocker,
		CgroupStatus: appslookup.CgroupStatusKnown,
		PID:          1234,
		PPID:         1,
		UID:          1000,
		Starttime:    123_456,
		Comm:         []byte("123456789012345"),
		CgroupPath:   []byte("/docker/abc"),
		CgroupName:   []byte("container-a"),
		Labels: []appslookup.Label{
			{Key: []byte("image"), Value: []byte("nginx:latest")},
			{Key: []byte("service"), Value: []byte("web")},
		},
	}
	item := view.Items().At(0)
	if got := item.Clone(); view.Generation() != 200 || !got.Equal(want) || item.RetryLater() {
		t.Errorf("generation %d, %+v", view.Generation(), got)
	}
	view, err = appslookup.DecodeReply(golden(t, "apps_lookup_resp_known_retry"))
	if err != nil || !view.Items().At(0).RetryLater() {
		t.Errorf("%v is not to be asked for again", err)
	}
}
