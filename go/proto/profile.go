package proto

import (
	"fmt"
	"iter"
	"math/bits"
	"strings"
)

// Profiles is a set of profiles, the ways to carry messages, one bit each (handshake.md, section 4). Bits that have no
// name here can come from a peer and disturb nothing (NIPC-PRF-02).
type Profiles uint32

// The profiles.
const (
	// ProfileBaseline: packets on the socket or pipe.
	ProfileBaseline Profiles = 0x01
	// ProfileSHMHybrid: shared memory with one message per direction.
	ProfileSHMHybrid Profiles = 0x02
	// ProfileSHMFutex: the same data plane under another number on POSIX, where it is never offered; busy waiting on
	// Windows.
	ProfileSHMFutex Profiles = 0x04
	// ProfileReserved is never offered.
	ProfileReserved Profiles = 0x08
	// ProfileSHMRing: the shared-memory ring.
	ProfileSHMRing Profiles = 0x10
)

// profileNames are the profiles that have a name.
var profileNames = [...]struct {
	profile Profiles
	name    string
}{
	{ProfileBaseline, "baseline"},
	{ProfileSHMHybrid, "shm-hybrid"},
	{ProfileSHMFutex, "shm-futex"},
	{ProfileSHMRing, "shm-ring"},
}

// ProfileByName returns the profile with this name, as [Profiles.String] writes it, and whether there is one.
func ProfileByName(name string) (Profiles, bool) {
	for _, known := range profileNames {
		if known.name == name {
			return known.profile, true
		}
	}
	return 0, false
}

// IsSingle tells whether exactly one bit is set.
func (p Profiles) IsSingle() bool { return bits.OnesCount32(uint32(p)) == 1 }

// Contains tells whether every bit of other is set in p too.
func (p Profiles) Contains(other Profiles) bool { return p&other == other }

// Highest returns the highest bit; the empty set when there is none.
func (p Profiles) Highest() Profiles {
	if p == 0 {
		return 0
	}
	return 1 << (bits.Len32(uint32(p)) - 1)
}

// All yields the profiles in the set, lowest bit first.
func (p Profiles) All() iter.Seq[Profiles] {
	return func(yield func(Profiles) bool) {
		for rest := p; rest != 0; rest &= rest - 1 {
			if !yield(rest & -rest) {
				return
			}
		}
	}
}

// String returns the names joined by commas, a bit without a name as its value, "none" for the empty set.
func (p Profiles) String() string {
	if p == 0 {
		return "none"
	}
	var names []string
	for profile := range p.All() {
		names = append(names, profile.name())
	}
	return strings.Join(names, ",")
}

func (p Profiles) name() string {
	for _, known := range profileNames {
		if known.profile == p {
			return known.name
		}
	}
	return fmt.Sprintf("%#x", uint32(p))
}
