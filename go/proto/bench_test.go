package proto_test

import (
	"testing"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

func BenchmarkHeader(b *testing.B) {
	buffer := make([]byte, 0, proto.HeaderLen)
	header := proto.RequestHeader(1, 8, 42)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := proto.DecodeHeader(proto.AppendHeader(buffer, header)); err != nil {
			b.Fatal(err)
		}
	}
}

// A small call, request and response, as both sides of it see it.
func BenchmarkCall(b *testing.B) {
	client, server := newClient(limits), newServer(limits)
	buffer, payload := make([]byte, 0, 1024), pattern(8)
	id := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		id++
		chunker, err := client.BeginSend(request(8, id))
		if err != nil {
			b.Fatal(err)
		}
		asked, err := server.OnPacketFunc(chunker.AppendPacket(buffer, payload), time.Now)
		if err != nil {
			b.Fatal(err)
		}
		if chunker, err = server.BeginSend(asked.Header.Response(8)); err != nil {
			b.Fatal(err)
		}
		if _, err = client.OnPacketFunc(chunker.AppendPacket(buffer, payload), time.Now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBatch(b *testing.B) {
	payload := threeItems(b, 100)
	b.ReportAllocs()
	for b.Loop() {
		batch, err := proto.ParseBatch(payload, 3)
		if err != nil {
			b.Fatal(err)
		}
		for _, item := range batch.Items() {
			if len(item) != 100 {
				b.Fatal("another item")
			}
		}
	}
}
