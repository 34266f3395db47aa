package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// vector is one question and its answer, as spec/vectors/schema.json says.
type vector struct {
	ID        string          `json:"id"`
	Op        string          `json:"op"`
	Target    string          `json:"target"`
	Hex       hexBytes        `json:"hex"`
	Budget    uint32          `json:"budget"`
	Value     json.RawMessage `json:"value"`
	Canonical *hexBytes       `json:"canonical"`
	Request   hexBytes        `json:"request"`
	Answers   json.RawMessage `json:"answers"`
	Script    json.RawMessage `json:"script"`
	Outcome   json.RawMessage `json:"outcome"`
	Offence   json.RawMessage `json:"offence"`
}

// The vectors cite the requirements that they are about.
func TestVectors(t *testing.T) {
	files, err := filepath.Glob("../../../spec/vectors/*.json")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, file := range files {
		if filepath.Base(file) == "schema.json" {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var vectors struct{ Vectors []vector }
		if err := json.Unmarshal(text, &vectors); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, v := range vectors.Vectors {
			v.test(t)
			count++
		}
	}
	if count == 0 {
		t.Fatal("there are no vectors")
	}
	t.Logf("%d vectors", count)
}

func (v *vector) test(t *testing.T) {
	t.Helper()
	op, body, want := v.question()
	got, err := ask(op, v.Target, body)
	if err != nil {
		t.Errorf("%s: %v", v.ID, err)
		return
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s:\n got %q\nwant %q", v.ID, got, want)
	}
}

// question returns what to ask, and the response that is right.
func (v *vector) question() (op byte, body, want []byte) {
	switch v.Op {
	case "check":
		op, body = opCheck, v.Hex
		canonical := v.Hex
		if v.Canonical != nil {
			canonical = *v.Canonical
		}
		want = append(binary.LittleEndian.AppendUint32([]byte{resultDone}, uint32(len(v.Value))), v.Value...)
		want = append(want, canonical...)
	case "encode":
		op = opEncode
		body = append(binary.LittleEndian.AppendUint32(nil, v.Budget), v.Value...)
		want = append([]byte{resultDone}, v.Hex...)
	case "answer":
		op = opAnswer
		body = binary.LittleEndian.AppendUint32(nil, v.Budget)
		body = binary.LittleEndian.AppendUint32(body, uint32(len(v.Request)))
		body = append(append(body, v.Request...), v.Answers...)
		want = append([]byte{resultDone}, v.Hex...)
	case "run":
		op, body = opRun, v.Script
		want = append([]byte{resultDone}, v.Outcome...)
	}
	if v.Offence != nil {
		want = append([]byte{resultRefused}, v.Offence...)
	}
	return op, body, want
}

// ask sends one request through the frames of a testee and returns the response.
func ask(op byte, target string, body []byte) ([]byte, error) {
	var out bytes.Buffer
	in := bytes.NewReader(request(op, target, body))
	if err := run(in, &out); err != nil {
		return nil, err
	}
	response := out.Bytes()
	if len(response) < 5 || int(binary.LittleEndian.Uint32(response)) != len(response)-4 {
		return nil, fmt.Errorf("a response of %x", response)
	}
	return response[4:], nil
}

func TestUnknownTargetsAndOpsAreTold(t *testing.T) {
	for _, question := range []struct {
		op     byte
		target string
	}{{opDecode, "no-such/reply"}, {opRun, "increment/reply"}, {opAnswer, "increment/reply"}, {opDecode, "hash"}, {9, "hello"}} {
		body := bytes.Repeat([]byte{0}, 8)
		if got, err := ask(question.op, question.target, body); err != nil || !bytes.Equal(got, []byte{resultNotKnown}) {
			t.Errorf("op %d of %s: %x, %v", question.op, question.target, got, err)
		}
	}
}

func TestMalformedRequestsEndTheTestee(t *testing.T) {
	value := func(text string) []byte { return append([]byte{0, 1, 0, 0}, text...) }
	for name, frame := range map[string][]byte{
		"length that no bytes follow": {9, 0, 0, 0, 1},
		"half a length":               {9, 0},
		"length of 4 GiB":             {255, 255, 255, 255, 1},
		"no target":                   {1, 0, 0, 0, 1},
		"target that is cut off":      {3, 0, 0, 0, 1, 9, 'x'},
		"no budget":                   request(opEncode, "increment/reply", []byte{1}),
		"wrong member":                request(opEncode, "increment/reply", value(`{"valeu":1}`)),
		"space":                       request(opEncode, "increment/reply", value(`{"value": 1}`)),
		"number that is too large":    request(opEncode, "increment/reply", value(`{"value":18446744073709551616}`)),
		"something behind":            request(opEncode, "increment/reply", value(`{"value":1}}`)),
		"digits that are none":        request(opEncode, "string-reverse/reply", value(`{"text":"0g"}`)),
		"request that is cut off":     request(opAnswer, "apps-lookup/reply", []byte{0, 1, 0, 0, 9, 0, 0, 0, 1}),
		"request that is cut off far": request(opAnswer, "apps-lookup/reply", []byte{0, 1, 0, 0, 255, 255, 255, 255, 1}),
		"unknown member of a script":  request(opRun, "hash", []byte(`{"bytes":"00","salt":1}`)),
	} {
		if err := run(bytes.NewReader(frame), io.Discard); err == nil || strings.Contains(err.Error(), "no testee may have") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func request(op byte, target string, body []byte) []byte {
	frame := binary.LittleEndian.AppendUint32(nil, uint32(2+len(target)+len(body)))
	frame = append(append(frame, op, byte(len(target))), target...)
	return append(frame, body...)
}
