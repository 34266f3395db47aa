package codec

import "encoding/binary"

// The loads below are total: where b ends too early they give zero, or the default. Numbers are in
// host byte order.

// Uint8 returns the number at byte at of b.
func Uint8(b []byte, at int) uint8 { return Uint8Or(b, at, 0) }

// Uint16 returns the number at byte at of b.
func Uint16(b []byte, at int) uint16 { return Uint16Or(b, at, 0) }

// Uint32 returns the number at byte at of b.
func Uint32(b []byte, at int) uint32 { return Uint32Or(b, at, 0) }

// Uint64 returns the number at byte at of b.
func Uint64(b []byte, at int) uint64 { return Uint64Or(b, at, 0) }

// Uint8Or returns the number at byte at of b, or absent when b ends before it (NIPC-EVO-04).
func Uint8Or(b []byte, at int, absent uint8) uint8 {
	if len(b)-at < 1 {
		return absent
	}
	return b[at]
}

// Uint16Or returns the number at byte at of b, or absent when b ends before it (NIPC-EVO-04).
func Uint16Or(b []byte, at int, absent uint16) uint16 {
	if len(b)-at < 2 {
		return absent
	}
	return binary.NativeEndian.Uint16(b[at:])
}

// Uint32Or returns the number at byte at of b, or absent when b ends before it (NIPC-EVO-04).
func Uint32Or(b []byte, at int, absent uint32) uint32 {
	if len(b)-at < 4 {
		return absent
	}
	return binary.NativeEndian.Uint32(b[at:])
}

// Uint64Or returns the number at byte at of b, or absent when b ends before it (NIPC-EVO-04).
func Uint64Or(b []byte, at int, absent uint64) uint64 {
	if len(b)-at < 8 {
		return absent
	}
	return binary.NativeEndian.Uint64(b[at:])
}

// Grown returns the fixed part of the record b that was checked before, as long as the u16 at byte
// at says. A field that stands behind it has the default of the reader's schema.
func Grown(b []byte, at int) []byte {
	size := int(Uint16(b, at))
	if size > len(b) {
		return nil
	}
	return b[:size]
}

// Text returns the string of the record b whose offset and length stand at byte at, in a record that
// was checked before.
func Text(b []byte, at int) []byte {
	offset, length := uint64(Uint32(b, at)), uint64(Uint32(b, at+4))
	end := offset + length
	if end > uint64(len(b)) {
		return nil
	}
	return b[offset:end:end]
}

// TextOr is like [Text] for a string that its writer may not have known: when the fixed part ends
// before its reference it is absent, which must not be changed.
func TextOr(b, fixed []byte, at int, absent []byte) []byte {
	if len(fixed)-at < refLen {
		return absent[:len(absent):len(absent)]
	}
	return Text(b, at)
}

// Rest returns the string that takes all bytes of b behind the first at but the last one, in a
// record that was checked before.
func Rest(b []byte, at int) []byte {
	end := len(b) - 1
	if end < at {
		return nil
	}
	return b[at:end:end]
}

// PutUint8 writes a number to byte at of b.
func PutUint8(b []byte, at int, value uint8) { b[at] = value }

// PutUint16 writes a number to byte at of b.
func PutUint16(b []byte, at int, value uint16) { binary.NativeEndian.PutUint16(b[at:], value) }

// PutUint32 writes a number to byte at of b.
func PutUint32(b []byte, at int, value uint32) { binary.NativeEndian.PutUint32(b[at:], value) }

// PutUint64 writes a number to byte at of b.
func PutUint64(b []byte, at int, value uint64) { binary.NativeEndian.PutUint64(b[at:], value) }

// PutText writes text to byte start of the record b, which holds zeros there, and its offset and
// length to byte at. It returns where the next string starts, behind the NUL.
func PutText(b []byte, at, start int, text []byte) int {
	// The budget of the writer that b comes from keeps both below 2^32.
	PutUint32(b, at, uint32(start))
	PutUint32(b, at+4, uint32(len(text)))
	return start + copy(b[start:], text) + 1
}

// PutRoom is like [PutText] for a string of n bytes that is yet to be written, and returns these.
func PutRoom(b []byte, at, start, n int) []byte {
	PutUint32(b, at, uint32(start))
	PutUint32(b, at+4, uint32(n))
	return b[start : start+n : start+n]
}
