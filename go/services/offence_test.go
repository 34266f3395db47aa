package services_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto/codec"
	"github.com/netdata/plugin-ipc/go/services/appslookup"
)

// The first broken rule of any bytes is one and the same everywhere, and so is its place: NIPC-COD-24, NIPC-COD-25. The
// golden reply has its item at byte 24: a fixed part of 60 bytes, three strings, and two labels from byte 104 of it on.
func TestPlacesOfOffences(t *testing.T) {
	const item, table = 24, 24 + 104
	size := len(golden(t, "apps_lookup_resp_known_full"))
	for name, c := range map[string]struct {
		change func(b []byte) []byte
		want   string
	}{
		"record as a whole": {
			func(b []byte) []byte { return b[:15] },
			"apps-lookup reply/apps-lookup reply 0 - truncated",
		},
		"first of two constants": {
			func(b []byte) []byte { b[0], b[2] = 9, 9; return b },
			"apps-lookup reply/layout_version 0 - constant",
		},
		"directory": {
			func(b []byte) []byte { codec.PutUint32(b, 4, 1000); return b },
			"apps-lookup reply/items 16 - truncated",
		},
		"entry of the directory": {
			func(b []byte) []byte { b[16] = 4; return b },
			"apps-lookup reply/items 16 0 unaligned",
		},
		"field of an item": {
			func(b []byte) []byte { b[item+2] = 9; return b },
			fmt.Sprintf("apps-lookup item/status %d 0 unlisted", item+2),
		},
		"string, by its reference": {
			func(b []byte) []byte { b[item+32+4]++; return b },
			fmt.Sprintf("apps-lookup item/comm %d 0 unterminated", item+32),
		},
		"string before the table behind it": {
			func(b []byte) []byte { codec.PutUint32(b, item+32, 1); b[table-1] = 7; return b },
			fmt.Sprintf("apps-lookup item/comm %d 0 starts_early", item+32),
		},
		"string of a row, by its reference": {
			func(b []byte) []byte { codec.PutUint32(b, table+8, 0); return b },
			fmt.Sprintf("apps-lookup label/value %d 0 misplaced", table+8),
		},
		"padding before a table": {
			func(b []byte) []byte { b[table-1] = 7; return b },
			fmt.Sprintf("apps-lookup item/labels %d 0 padding", table),
		},
		"bytes behind an item": {
			func(b []byte) []byte { codec.PutUint32(b, 20, codec.Uint32(b, 20)+1); return append(b, 0) },
			fmt.Sprintf("apps-lookup item/apps-lookup item %d 0 trailing_bytes", size),
		},
	} {
		_, err := appslookup.DecodeReply(c.change(golden(t, "apps_lookup_resp_known_full")))
		var offence *codec.DecodeError
		if !errors.As(err, &offence) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		position := "-"
		if offence.Item != codec.NoItem {
			position = fmt.Sprint(offence.Item)
		}
		got := fmt.Sprintf("%s/%s %d %s %v", offence.Record, offence.Field, offence.Offset, position, offence.Problem.Rule)
		if got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
