package proto_test

import (
	"errors"
	"fmt"
	"time"

	"github.com/netdata/plugin-ipc/go/proto"
)

// Two sides shake hands, and one message goes from the client to the server.
func Example() {
	proposal, policy := proto.DefaultProposal(), proto.DefaultServerPolicy()
	answer := policy.Judge(proposal.AppendPacket(nil), 1, proto.GateOpen)
	agreed, err := proposal.Judge(answer.AppendPacket(nil), proto.ProfileBaseline)
	if err != nil {
		fmt.Println(err)
		return
	}
	client := proto.NewSession(proto.Client, agreed, 30*time.Second)
	server := proto.NewSession(proto.Server, answer.Agreed, 30*time.Second)

	payload := []byte("ping")
	chunker, err := client.BeginSend(proto.RequestHeader(0x8000, uint32(len(payload)), 7))
	if err != nil {
		fmt.Println(err)
		return
	}
	for ; !chunker.Done(); chunker.Advance() {
		packet := chunker.AppendPacket(nil, payload) // here a transport moves it
		received, err := server.OnPacketFunc(packet, time.Now)
		if err != nil {
			fmt.Println(err)
			return
		}
		if received.Progress != proto.Partial {
			fmt.Printf("%v %d: %s\n", received.Header.Kind, received.Header.MessageID, received.Payload)
		}
	}
	// Output: request 7: ping
}

// A server refuses a client, which learns why.
func ExampleServerPolicy_Judge() {
	proposal, policy := proto.DefaultProposal(), proto.DefaultServerPolicy()
	policy.AuthToken = 8
	answer := policy.Judge(proposal.AppendPacket(nil), 1, proto.GateOpen)
	fmt.Println(answer.Verdict, answer.Err)

	_, err := proposal.Judge(answer.AppendPacket(nil), proto.ProfileBaseline)
	fmt.Println(errors.Is(err, proto.Denied))
	// Output:
	// reject the client's auth token is wrong
	// true
}

func ExampleBatchBuilder() {
	builder, err := proto.NewBatchBuilder(nil, 1024, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, item := range []string{"one", "three"} {
		if err := builder.Push([]byte(item)); err != nil {
			fmt.Println(err)
			return
		}
	}
	payload, items := builder.Finish()

	batch, err := proto.ParseBatch(payload, items)
	if err != nil {
		fmt.Println(err)
		return
	}
	for index, item := range batch.Items() {
		fmt.Printf("%d %s\n", index, item)
	}
	// Output:
	// 0 one
	// 1 three
}

func ExampleChunker() {
	payload := make([]byte, 188)
	chunker := proto.NewChunker(proto.RequestHeader(1, 188, 9), 96)
	for ; !chunker.Done(); chunker.Advance() {
		start, end := chunker.Part()
		fmt.Println(len(chunker.AppendHead(nil)), "+", len(payload[start:end]))
	}
	// Output:
	// 32 + 64
	// 32 + 64
	// 32 + 60
}

func ExampleGrowth() {
	growth := proto.NewGrowth(proto.Payloads{Request: 1024, Response: 65536}, 1<<20)
	growth.ResponseTooSmall(65536)
	fmt.Println(growth.Proposal())
	growth.Refused()
	fmt.Println(growth.Proposal())
	// Output:
	// {1024 131072}
	// {1024 65536}
}

func ExampleProfiles() {
	ours := proto.ProfileBaseline | proto.ProfileSHMRing
	fmt.Println(ours, ours&0x07)
	// Output: baseline,shm-ring baseline
}
