// Command testee does what a conformance runner asks of the Go implementation: it reads requests from
// its standard input and writes one response for each to its standard output, as
// spec/conformance.md says.
package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "testee:", err)
		os.Exit(1)
	}
}

// run answers requests until the input ends.
func run(in io.Reader, out io.Writer) error {
	r, w := bufio.NewReaderSize(in, 1<<16), bufio.NewWriterSize(out, 1<<16)
	var frame, response []byte
	for {
		// What is held back must be written before waiting for input.
		if r.Buffered() == 0 {
			if err := w.Flush(); err != nil {
				return err
			}
		}
		var err error
		frame, err = readFrame(r, frame)
		if errors.Is(err, io.EOF) {
			return w.Flush()
		}
		if err != nil {
			return err
		}
		response, err = respond(append(response[:0], 0, 0, 0, 0), frame)
		if err != nil {
			return errors.Join(err, w.Flush())
		}
		binary.LittleEndian.PutUint32(response, uint32(len(response)-4))
		if _, err := w.Write(response); err != nil {
			return err
		}
	}
}

// readFrame reads one frame into buf, which it makes longer as needed. The error is io.EOF when the
// input ends before one.
func readFrame(r io.Reader, buf []byte) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return buf, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > math.MaxInt32 {
		return buf, fmt.Errorf("a frame of %d bytes, %d are allowed", length, math.MaxInt32)
	}
	n := int(length)
	if n > cap(buf) {
		buf = make([]byte, n)
	}
	buf = buf[:n]
	if _, err := io.ReadFull(r, buf); err != nil {
		return buf, fmt.Errorf("a frame of %d bytes: %w", n, io.ErrUnexpectedEOF)
	}
	return buf, nil
}
