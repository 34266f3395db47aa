package proto

// DJB2 is what providers put into the hash field of a snapshot item, computed over the item's name.
//
// It names things; it does not protect a table against an attacker.
func DJB2[T ~string | ~[]byte](name T) uint32 {
	hash := uint32(5381)
	for i := range len(name) {
		hash = hash*33 + uint32(name[i])
	}
	return hash
}

// FNV1a64 is FNV-1a with 64 bits, which names kernel objects after a run directory.
//
// It names things; it does not protect a table against an attacker.
func FNV1a64[T ~string | ~[]byte](name T) uint64 {
	hash := uint64(0xcbf29ce484222325)
	for i := range len(name) {
		hash = (hash ^ uint64(name[i])) * 0x100000001b3
	}
	return hash
}
