package codec_test

import (
	"fmt"
	"log"

	"github.com/netdata/plugin-ipc/go/proto/codec"
)

var textRule = codec.StringRule{Start: 12, Most: codec.NoLimit}

// A record of one number and one string, encoded and decoded by hand as generated code does it.
func Example() {
	out := codec.NewWriter(nil, 64)
	record, err := out.Extend(codec.Sum(12, len("hi"), 1))
	if err != nil {
		log.Fatal(err)
	}
	codec.PutUint32(record, 0, 7)
	codec.PutText(record, 4, 12, []byte("hi"))
	payload, err := out.Finish(nil)
	if err != nil {
		log.Fatal(err)
	}

	r := codec.NewReader("greeting", 12, payload)
	text := r.Text("text", 4, &textRule)
	r.Ends(text.End())
	if err := r.Err(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(codec.Uint32(payload, 0), string(codec.Text(payload, 4)))

	payload[12] = 0 // the text now has a NUL inside
	r = codec.NewReader("greeting", 12, payload)
	r.Text("text", 4, &textRule)
	fmt.Println(r.Err())
	// Output:
	// 7 hi
	// greeting: field `text` at byte 4 must not contain a NUL byte, has one at position 0
}
