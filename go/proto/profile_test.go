package proto_test

import (
	"runtime"
	"testing"

	"github.com/netdata/plugin-ipc/go/proto"
)

func TestProfilesBits(t *testing.T) {
	r := random(3)
	for i := range 2000 {
		mask := r.Uint32() & r.Uint32()
		if i < 32 {
			mask = 1 << i
		}
		var highest, all proto.Profiles
		count := 0
		for bit := range 32 {
			if mask&(1<<bit) != 0 {
				highest = 1 << bit
				count++
			}
		}
		last := proto.Profiles(0)
		for profile := range proto.Profiles(mask).All() {
			equal(t, "single and rising", profile.IsSingle() && profile > last, true)
			all |= profile
			last = profile
		}
		equal(t, "all", all, proto.Profiles(mask))
		equal(t, "highest", proto.Profiles(mask).Highest(), highest)
		equal(t, "single", proto.Profiles(mask).IsSingle(), count == 1)
		equal(t, "contains its highest", proto.Profiles(mask).Contains(highest), true)
		equal(t, "contains what it has not", proto.Profiles(mask).Contains(^proto.Profiles(mask)), mask == 0xffffffff)
	}
	equal(t, "highest of none", proto.Profiles(0).Highest(), 0)
}

// NIPC-PRF-03
func TestNeverOffered(t *testing.T) {
	offerable := proto.OfferableProfiles
	equal(t, "reserved", offerable.Contains(proto.ProfileReserved), false)
	equal(t, "futex", offerable.Contains(proto.ProfileSHMFutex), runtime.GOOS == "windows")
	equal(t, "baseline", offerable.Contains(proto.ProfileBaseline), true)
}

func TestProfileNames(t *testing.T) {
	for _, name := range []string{"baseline", "shm-hybrid", "shm-futex", "shm-ring"} {
		profile, ok := proto.ProfileByName(name)
		equal(t, "known", ok, true)
		equal(t, "name", profile.String(), name)
	}
	_, ok := proto.ProfileByName("reserved")
	equal(t, "reserved is known", ok, false)
	equal(t, "none", proto.Profiles(0).String(), "none")
	equal(t, "several", proto.Profiles(0x19).String(), "baseline,0x8,shm-ring")
	for range proto.Profiles(3).All() {
		break // ends without a word
	}
}
