package proto

import (
	"iter"
	"maps"
	"slices"
)

// inFlight is the set of the ids of requests that wait for their response.
//
// The usual client has one request in flight, and for it this is one compare: single takes the first id and the map is
// never made. The ids are the client's own, so no peer can choose them to collide.
type inFlight struct {
	single    uint64
	hasSingle bool
	others    map[uint64]struct{}
}

func (f *inFlight) len() int {
	if f.hasSingle {
		return 1 + len(f.others)
	}
	return len(f.others)
}

// insert adds id; false when it was there already.
func (f *inFlight) insert(id uint64) bool {
	if f.contains(id) {
		return false
	}
	if !f.hasSingle {
		f.single, f.hasSingle = id, true
		return true
	}
	if f.others == nil {
		f.others = make(map[uint64]struct{})
	}
	f.others[id] = struct{}{}
	return true
}

// remove takes id out; false when it was not there.
func (f *inFlight) remove(id uint64) bool {
	if f.hasSingle && f.single == id {
		f.hasSingle = false
		return true
	}
	if _, there := f.others[id]; !there {
		return false
	}
	delete(f.others, id)
	return true
}

func (f *inFlight) contains(id uint64) bool {
	if f.hasSingle && f.single == id {
		return true
	}
	_, there := f.others[id]
	return there
}

// all yields the ids in no particular order.
func (f *inFlight) all() iter.Seq[uint64] {
	return func(yield func(uint64) bool) {
		if f.hasSingle && !yield(f.single) {
			return
		}
		maps.Keys(f.others)(yield)
	}
}

// drain takes all ids out, lowest first, and gives the memory back.
func (f *inFlight) drain() []uint64 {
	ids := slices.Sorted(f.all())
	*f = inFlight{}
	return ids
}

// release gives memory back that no id needs.
func (f *inFlight) release() {
	if len(f.others) == 0 {
		f.others = nil
	}
}
