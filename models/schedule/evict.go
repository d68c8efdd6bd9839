package schedule

import (
	"math"
	"math/bits"
)

// Making room takes jobs off their nodes one after the other, the worst first, until the better one finds its place, and
// then puts back, the best first, all that still fit where they were: they never stopped. Who does not is stopped.

// lift takes a running job off its nodes but remembers them.
func (c *Config) lift(s *State, slot int32) {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		c.lose(s, e, &s.Chunks[ch], &need)
	}
}

// back reports whether a lifted job can go back to the nodes and devices it was lifted from.
func (c *Config) back(s *State, slot int32) bool {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		nd := &s.Nodes[k.Node]
		if nd.GPUUsed&k.GPUs != 0 || nd.Exclusive || e.Whole && nd.Parts > 0 {
			return false
		}
		holds := c.holds(e, k, &need)
		for i := range holds {
			if i != 0 && holds[i] > nd.Free[i]+c.tolerate[i] { // devices are told apart above
				return false
			}
		}
	}
	return true
}

// lower puts a lifted job back.
func (c *Config) lower(s *State, slot int32) {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		nd := &s.Nodes[k.Node]
		nd.Free = nd.Free.Sub(c.holds(e, k, &need))
		nd.Exclusive = nd.Exclusive || e.Whole
		nd.GPUUsed |= k.GPUs
		nd.Parts += k.Parts
		nd.Free[0] = float64(bits.OnesCount64(nd.GPUUp &^ nd.GPUUsed))
		c.index(s, k.Node)
		c.occupy(s, e, k.Node, &need, float64(k.Parts))
	}
}

// evict gives a waiting job its place at the cost of running ones, of which those given may go, the best first. It appends
// who stops, and reports whether the job now holds its nodes. When it does not, nothing has changed.
func (c *Config) evict(s *State, it *Item, now float64, may []int32, starts []Start) ([]Start, bool) {
	sc := s.scratch
	sum := c.unused(s) - c.size(&s.Entries[it.Slot])
	for _, slot := range may {
		sum += c.size(&s.Entries[slot])
	}
	if sum < -c.tolerate[c.axis] {
		return starts, false
	}
	lifted, placed := 0, false
	for next := 1; lifted < len(may) && !placed; {
		c.lift(s, may[len(may)-1-lifted])
		lifted++
		if lifted < next && lifted < len(may) {
			continue
		}
		for l := range sc.bounds {
			sc.bounds[l] = -1
		}
		if !c.hopeless(s, it) {
			placed = c.place(s, it.Slot, now, false, -1)
		}
		next = 2 * lifted // a few too many go back below; trying after each would cost more
	}
	may = may[len(may)-lifted:]
	for _, slot := range may {
		switch {
		case !placed || c.back(s, slot):
			c.lower(s, slot)
		default:
			starts = c.stop(s, slot, now, true, starts)
		}
	}
	if placed {
		c.forget(s)
	}
	for l := range sc.bounds {
		sc.bounds[l] = -1
	}
	return starts, placed
}

// stop takes a running job out of service: it waits until its owner submits it again.
func (c *Config) stop(s *State, slot int32, now float64, lifted bool, starts []Start) []Start {
	e := &s.Entries[slot]
	s.remove(slot)
	if lifted {
		c.unchain(s, e)
	} else {
		c.free(s, slot)
	}
	c.quotas.count(s, e, -1)
	e.Served, e.Phase, e.End, e.Stopped = c.served(e, now), Halted, math.Inf(1), now
	return append(starts, Start{Job: e.Job, Stop: true})
}

// forget drops what a pass has learnt of who finds no place: something was freed.
func (c *Config) forget(s *State) {
	sc := s.scratch
	for l := range sc.bounds {
		sc.bounds[l] = -1
	}
	sc.failed[0].n, sc.failed[1].n = 0, 0
	clear(sc.dead[0][:])
	clear(sc.dead[1][:])
}

// unused returns how much of the indexed resource is free on nodes that take work.
func (c *Config) unused(s *State) float64 {
	sum := 0.0
	if c.axis == 0 && c.top < maxLevel {
		for _, n := range s.Count[1:] {
			sum += float64(n)
		}
		return sum
	}
	for n := range s.Nodes {
		if nd := &s.Nodes[n]; nd.open() {
			sum += nd.Free[c.axis]
		}
	}
	return sum
}
