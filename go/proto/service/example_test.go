package service_test

import (
	"fmt"
	"log"
	"math"

	"github.com/netdata/plugin-ipc/go/proto/service"
	"github.com/netdata/plugin-ipc/go/services/appslookup"
)

// join makes one reply of several, whatever the service.
func join[Key, Request, Reply, Builder any](
	s service.Lookup[Key, Request, Reply, Builder], budget int, parts ...Reply,
) ([]byte, error) {
	whole := s.Stitch(nil, budget, len(parts))
	for _, part := range parts {
		for index := range s.Len(part) {
			if err := whole.Copy(s.ItemBytes(part, index)); err != nil {
				return nil, err
			}
		}
	}
	return s.FinishStitched(&whole, s.Generation(parts[0]))
}

// The compiler infers what a function is generic over from the descriptor.
func ExampleLookup() {
	var parts []appslookup.Reply
	for _, pid := range []uint32{1, 2} {
		item := appslookup.ItemFields{Status: appslookup.StatusUnknown, PID: pid, UID: math.MaxUint32}
		fields := appslookup.ReplyFields{Generation: 7, Items: []appslookup.ItemFields{item}}
		payload, err := appslookup.EncodeReply(nil, 1024, fields)
		if err != nil {
			log.Fatal(err)
		}
		part, err := appslookup.DecodeReply(payload)
		if err != nil {
			log.Fatal(err)
		}
		parts = append(parts, part)
	}
	payload, err := join(appslookup.Service{}, 1024, parts...)
	if err != nil {
		log.Fatal(err)
	}
	whole, err := appslookup.DecodeReply(payload)
	if err != nil {
		log.Fatal(err)
	}
	for item := range whole.Items().All() {
		fmt.Println(item.PID(), item.Status())
	}
	// Output:
	// 1 unknown
	// 2 unknown
}
