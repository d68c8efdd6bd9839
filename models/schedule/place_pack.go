package schedule

import (
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// packNodes keeps a job on few nodes: on the fullest node that has room for all of it; else on the emptiest nodes,
// and what is left over on the fullest node with room. Hard, it waits for nodes that it can fill and one for the rest,
// as Helios does.
type packNodes struct{ hard bool }

func (p packNodes) consolidates() bool { return p.hard }

func (p packNodes) place(a *attempt) bool {
	least := int32(1)
	if p.hard {
		unit, _ := a.c.compact(a.s, &a.need, a.whole, a.all)
		least = max(1, unit)
	}
	for l, from := int32(a.c.top), int32(0); ; {
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
		if k := a.room(n); k >= least {
			a.take(n, k)
		}
	}
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

// packGroups keeps a job in few racks, or under few leaf switches: on a node in use that has room for all of it; else
// in the fullest group that has; else in the emptiest groups, and what is left over in the fullest one with room.
// Within one, it packs nodes.
// Hard, it waits for groups that take as much of it as an empty one would, and one for the rest.
type packGroups struct{ hard bool }

func (p packGroups) consolidates() bool { return p.hard }

func (p packGroups) place(a *attempt) bool {
	if n := a.tightest(); n >= 0 && a.s.Nodes[n].Parts > 0 {
		a.take(n, a.want)
		return true
	}
	t := a.table()
	rooms, parts := a.groupRooms(t)
	if parts < int64(a.want) {
		return false
	}
	least := int32(1)
	if p.hard {
		unit, _ := a.c.compact(a.s, &a.need, a.whole, a.all)
		least = max(1, unit)
	}
	for {
		best, fits := int32(-1), false
		for i, r := range rooms {
			switch {
			case r >= a.want:
				if !fits || r < rooms[best] {
					best, fits = int32(i), true
				}
			case r >= least && !fits && (best < 0 || r > rooms[best]):
				best = int32(i)
			}
		}
		if best < 0 {
			return false
		}
		a.fill(t, a.c.groups.nodes(best))
		if a.want == 0 {
			return true
		}
		rooms[best] = 0
	}
}

// fill packs as much as there is room for into the given nodes: the fullest that takes the rest, else the emptiest.
func (a *attempt) fill(t *roomTable, nodes []int32) {
	for a.want > 0 {
		best, room := -1, int32(0)
		for i, n := range nodes {
			if t.room[n] < room || t.room[n] == 0 {
				continue
			}
			r := a.roomIn(t, n, a.want)
			better := r > room
			if r == room && r > 0 {
				better = r == a.want && a.s.Nodes[n].Level < a.s.Nodes[nodes[best]].Level
			}
			if better {
				best, room = i, r
			}
		}
		if best < 0 {
			return
		}
		a.take(nodes[best], room)
		// The next ones with as much room are the next best, as long as more than that is wanted.
		for _, n := range nodes[best+1:] {
			if a.want <= room {
				break
			}
			if t.room[n] >= room && a.roomIn(t, n, a.want) == room {
				a.take(n, room)
			}
		}
		t.update(a.c, a.s)
	}
}

// compact returns what a consolidating placement asks for: how many nodes or groups that take at least unit parts
// each. The unit is the largest for which the site has enough of them when empty; it is 0 where there is none, and
// then the job may spread as it likes.
func (c *Config) compact(s *State, need *workload.Vector, whole bool, parts int32) (unit int32, wanted int64) {
	most := parts
	if whole {
		most = 1
	}
	sizes := s.scratch.sizes[:0] // room of each empty node or group
	if c.groups.of == nil {
		for i := range c.kinds {
			sizes = append(sizes, size{c.roomEmpty(&c.kinds[i], need, most), c.kindCount[i]})
		}
	} else {
		for g := range c.groups.count() {
			sum := int64(0)
			for _, n := range c.groups.nodes(int32(g)) {
				sum += int64(c.roomEmpty(&c.capacity[n], need, most))
			}
			sizes = append(sizes, size{int32(min(sum, int64(parts))), 1})
		}
	}
	s.scratch.sizes = sizes
	slices.SortFunc(sizes, func(a, b size) int { return int(b.room - a.room) })
	have := int64(0)
	for i, z := range sizes {
		if z.room == 0 {
			break
		}
		have += z.count
		wanted = (int64(parts) + int64(z.room) - 1) / int64(z.room)
		if have >= wanted && (i+1 == len(sizes) || sizes[i+1].room < z.room) {
			return z.room, wanted
		}
	}
	return 0, int64(parts)
}

// size is a number of nodes or groups with the same room when empty.
type size struct {
	room  int32
	count int64
}
