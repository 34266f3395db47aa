package proto

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Tested from inside, since only here it can be seen that the usual client needs no map.
func TestOneInFlightNeedsNoMap(t *testing.T) {
	var ids inFlight
	for id := range uint64(1000) {
		if !ids.insert(id) || ids.insert(id) || ids.len() != 1 || ids.remove(id+1) || !ids.remove(id) {
			t.Fatalf("id %d is not handled as in a set", id)
		}
	}
	if ids.others != nil {
		t.Error("a map was made")
	}
}

func TestInFlightBehavesLikeASet(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var ids inFlight
		model := make(map[uint64]bool)
		for range r.IntN(400) {
			id := r.Uint64N(40)
			if there := model[id]; r.IntN(2) == 0 {
				if ids.insert(id) == there {
					t.Fatalf("insert of %d, which is in the set: %v", id, there)
				}
				model[id] = true
			} else {
				if ids.remove(id) != there {
					t.Fatalf("remove of %d, which is in the set: %v", id, there)
				}
				delete(model, id)
			}
			if ids.len() != len(model) {
				t.Fatalf("%d ids, want %d", ids.len(), len(model))
			}
		}
		for range ids.all() {
			break // ends without a word
		}
		dead := ids.drain()
		if len(dead) != len(model) || !slices.IsSorted(dead) {
			t.Fatalf("drained %v, want the ids of %v", dead, model)
		}
		for _, id := range dead {
			if !model[id] {
				t.Fatalf("%d was not in flight", id)
			}
		}
		if ids.len() != 0 || ids.others != nil {
			t.Fatal("something is left")
		}
	}
}

func TestInFlightReleasesItsMap(t *testing.T) {
	var ids inFlight
	ids.insert(1)
	ids.insert(2)
	ids.release()
	if !ids.contains(2) {
		t.Fatal("an id is lost")
	}
	ids.remove(2)
	ids.release()
	if ids.others != nil || !ids.contains(1) {
		t.Error("the map is still there, or an id is lost")
	}
}
