package codectest

import (
	"math/rand/v2"
	"reflect"
	"slices"
)

// fill gives random values to what p points to. Small numbers and empty strings are frequent, so that
// values often keep the rules.
func fill(rng *rand.Rand, p any) { fillValue(rng, reflect.ValueOf(p).Elem()) }

func fillValue(rng *rand.Rand, v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(rng, v.Field(i))
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			v.SetBytes(text(rng))
			return
		}
		n := rng.IntN(4)
		v.Set(reflect.MakeSlice(v.Type(), n, n))
		for i := range n {
			fillValue(rng, v.Index(i))
		}
	default:
		v.SetUint(number(rng) & (1<<v.Type().Bits() - 1))
	}
}

func number(rng *rand.Rand) uint64 {
	switch rng.IntN(8) {
	case 0:
		return rng.Uint64()
	case 1:
		return 1<<64 - 1
	case 2, 3, 4:
		return 0
	}
	return rng.Uint64N(10)
}

func text(rng *rand.Rand) []byte {
	if rng.IntN(3) == 0 {
		return []byte{}
	}
	text := make([]byte, rng.IntN(9))
	for i := range text {
		text[i] = byte('a' + rng.IntN(26))
	}
	if len(text) > 0 && rng.IntN(16) == 0 {
		text[rng.IntN(len(text))] = 0
	}
	return text
}

// mutate returns a changed copy.
func mutate(rng *rand.Rand, payload []byte) []byte {
	data := slices.Clone(payload)
	for range 1 + rng.IntN(3) {
		if len(data) == 0 {
			return []byte{byte(rng.Uint32())}
		}
		at := rng.IntN(len(data))
		switch rng.IntN(6) {
		case 0:
			data = data[:at]
		case 1:
			data = append(data, byte(rng.IntN(3)))
		case 2:
			data[at] = 0
		case 3:
			data[at] ^= 1 << rng.IntN(8)
		case 4:
			data[at] += byte(rng.IntN(17) - 8)
		case 5:
			data = slices.Insert(data, at, byte(rng.IntN(2)))
		}
	}
	return data
}
