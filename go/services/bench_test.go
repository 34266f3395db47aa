package services_test

import (
	"testing"

	"github.com/netdata/plugin-ipc/go/services/appslookup"
	"github.com/netdata/plugin-ipc/go/services/cgroupssnapshot"
)

// snapshot returns a reply with 1000 items.
func snapshot(b *testing.B, dst []byte) []byte {
	b.Helper()
	var reply cgroupssnapshot.ReplyBuilder
	reply.Reset(dst, 1<<20)
	reply.SetGeneration(1)
	reply.SetSystemdEnabled(1)
	reply.Grow(1000)
	item := cgroupssnapshot.ItemFields{Name: []byte("docker-abcdef"), Path: []byte("/sys/fs/cgroup/system.slice/docker.scope")}
	for range 1000 {
		if err := reply.Add(item); err != nil {
			b.Fatal(err)
		}
	}
	payload, err := reply.Finish()
	if err != nil {
		b.Fatal(err)
	}
	return payload
}

func BenchmarkEncodeSnapshot(b *testing.B) {
	buf := make([]byte, 0, 1<<20)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(int64(len(snapshot(b, buf))))
	}
}

func BenchmarkDecodeSnapshot(b *testing.B) {
	payload := snapshot(b, nil)
	b.SetBytes(int64(len(payload)))
	b.ReportAllocs()
	for b.Loop() {
		reply, err := cgroupssnapshot.DecodeReply(payload)
		if err != nil {
			b.Fatal(err)
		}
		sum := 0
		for item := range reply.Items().All() {
			sum += len(item.Name()) + len(item.Path())
		}
		if sum == 0 {
			b.Fatal("no bytes")
		}
	}
}

func BenchmarkDecodeProcess(b *testing.B) {
	l := apps([]*appslookup.KnownFields{process(200)})
	request, err := l.EncodeRequest(nil, 100, l.keys)
	if err != nil {
		b.Fatal(err)
	}
	view, err := l.DecodeRequest(request)
	if err != nil {
		b.Fatal(err)
	}
	var builder appslookup.ReplyBuilder
	l.StartReply(&builder, nil, 1000, view)
	builder.SetGeneration(1)
	if err := l.answer(&builder, 0); err != nil {
		b.Fatal(err)
	}
	payload, err := l.FinishReply(&builder)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := appslookup.DecodeReply(payload); err != nil {
			b.Fatal(err)
		}
	}
}
