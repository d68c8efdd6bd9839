package schedule

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// packNodes keeps a job on few nodes: on the fullest node that has room for all of it; else on the emptiest nodes,
// and what is left over on the fullest node with room. Hard, it waits until the fewest nodes possible will do.
type packNodes struct{ hard bool }

func (p packNodes) consolidates() bool { return p.hard }

func (p packNodes) place(a *attempt) bool {
	most := int32(math.MaxInt32)
	if p.hard {
		most = fewest(a.all, a.c.perNode(&a.need, a.whole, a.all))
	}
	l, from := int32(a.c.top), int32(0)
	for used := int32(0); used < most; {
		if n := a.tightest(); n >= 0 {
			a.take(n, a.want)
			return true
		}
		n := a.c.exactly(a.s, l, from)
		for n < 0 {
			if l--; l < a.level {
				return false
			}
			n = a.c.exactly(a.s, l, 0)
		}
		from = n + 1
		if k := a.room(n); k > 0 {
			a.take(n, k)
			used++
			if a.want == 0 {
				return true
			}
		}
	}
	return false
}

// tightest returns the node with the least free of the indexed resource that takes all that is wanted, or -1.
func (a *attempt) tightest() int32 {
	if a.whole && a.want > 1 {
		return -1
	}
	l := int64(a.level)
	if !a.whole {
		l *= int64(a.want)
	}
	for ; l <= int64(a.c.top); l++ {
		for n := a.c.exactly(a.s, int32(l), 0); n >= 0; n = a.c.exactly(a.s, int32(l), n+1) {
			if a.room(n) == a.want {
				return n
			}
		}
	}
	return -1
}

// fewest returns how many things that take per parts each a job of parts needs at least.
func fewest(parts, per int32) int32 {
	if per == 0 {
		return 0
	}
	return (parts + per - 1) / per
}

// perNode returns how many parts the roomiest node takes when empty, at most most.
func (c *Config) perNode(need *workload.Vector, whole bool, most int32) int32 {
	if whole {
		most = 1
	}
	per := int32(0)
	for i := range c.kinds {
		per = max(per, c.room(&c.kinds[i], need, most))
	}
	return per
}

// packGroups keeps a job in few racks, or under few leaf switches: in the fullest one with room for all of it; else
// in the emptiest ones, and what is left over in the fullest one with room. Within one, it packs nodes.
// Hard, it waits until the fewest groups possible will do.
type packGroups struct{ hard bool }

func (p packGroups) consolidates() bool { return p.hard }

func (p packGroups) place(a *attempt) bool {
	g, rooms := &a.c.groups, a.s.scratch.rooms
	clear(rooms)
	for n := a.first(0); n >= 0; n = a.first(n + 1) {
		rooms[g.of[n]] += a.room(n)
	}
	most := int32(math.MaxInt32)
	if p.hard {
		most = fewest(a.all, a.c.perGroup(&a.need, a.whole, a.all))
	}
	for range most {
		best, fits := int32(-1), false
		for i, r := range rooms {
			switch {
			case r >= a.want:
				if !fits || r < rooms[best] {
					best, fits = int32(i), true
				}
			case r > 0 && !fits && (best < 0 || r > rooms[best]):
				best = int32(i)
			}
		}
		if best < 0 {
			return false
		}
		a.fill(g.nodes(best))
		if a.want == 0 {
			return true
		}
		rooms[best] = 0
	}
	return false
}

// fill packs as much as there is room for into the given nodes: the fullest that takes the rest, else the emptiest.
func (a *attempt) fill(nodes []int32) {
	for a.want > 0 {
		best, room := int32(-1), int32(0)
		for _, n := range nodes {
			r := a.room(n)
			if r == 0 {
				continue
			}
			better := r > room
			if r == room {
				better = r == a.want && a.s.Nodes[n].Level < a.s.Nodes[best].Level
			}
			if better {
				best, room = n, r
			}
		}
		if best < 0 {
			return
		}
		a.take(best, room)
	}
}

// perGroup returns how many parts the roomiest group takes when empty, at most most.
func (c *Config) perGroup(need *workload.Vector, whole bool, most int32) int32 {
	per := int32(0)
	for i := range c.groups.count() {
		sum := int32(0)
		for _, n := range c.groups.nodes(int32(i)) {
			if whole {
				sum += c.room(&c.capacity[n], need, 1)
			} else {
				sum += c.room(&c.capacity[n], need, most)
			}
		}
		per = max(per, min(sum, most))
	}
	return per
}
