package schedule

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// Making room takes jobs off their nodes one after the other, the worst first, until the better one finds its place, and
// then puts back, the best first, all without whom it still does: they never stopped. The others are stopped. (The scheduler of
// Kubernetes chooses the victims of a preemption likewise.)

// lift takes a running job off its nodes but remembers them.
func (c *Config) lift(s *State, slot int32) {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		c.lose(s, e, &s.Chunks[ch], &need)
	}
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
		c.hold(s, k.Node, k.GPUs, e.Share)
		nd.Parts += k.Parts
		c.index(s, k.Node)
		c.occupy(s, e, k.Node, &need, float64(k.Parts))
		c.draw(s, k.Node, float64(k.Parts)*e.Draw)
	}
}

// back reports whether a lifted job can go back to the nodes and devices it was lifted from.
func (c *Config) back(s *State, slot int32) bool {
	e := &s.Entries[slot]
	need := demand(&e.Request)
	if c.limits != nil && !c.powers(s, e) {
		return false
	}
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		nd := &s.Nodes[k.Node]
		if !c.canHold(s, k.Node, k.GPUs, e.Share) || nd.Exclusive || e.Whole && nd.Parts > 0 {
			return false
		}
		holds := c.holds(e, k, &need)
		for i := range holds {
			if workload.Resource(i) != workload.GPU && holds[i] > nd.Free[i]+c.tolerate[i] { // devices are told apart above
				return false
			}
		}
	}
	return true
}

// evict gives a waiting job its place at the cost of running ones, of which those given may go, the best first. Those that must
// are lifted until [Config.commit]. It reports whether the job now holds its nodes; when it does not, nothing has changed.
func (c *Config) evict(s *State, it *Item, now float64, may []standing) bool {
	sc := s.scratch
	sum := c.unused(s) - c.size(&s.Entries[it.Slot])
	for i := range may {
		sum += c.size(&s.Entries[may[i].slot])
	}
	if sum < -c.tolerate[c.axis] {
		return false
	}
	lifted, fits := 0, false
	for next := 1; lifted < len(may) && !fits; {
		c.lift(s, may[len(may)-1-lifted].slot)
		if lifted++; lifted < next && lifted < len(may) {
			continue
		}
		fits = c.couldPlace(s, it, now)
		next = 2 * lifted // a few too many go back below; trying after each would cost more
	}
	first := len(sc.lifted)
	for _, r := range may[len(may)-lifted:] {
		c.lower(s, r.slot)
		if fits && !c.couldPlace(s, it, now) {
			c.lift(s, r.slot)
			sc.lifted = append(sc.lifted, r)
		}
	}
	if fits && c.place(s, it.Slot, now, false, -1) {
		for _, r := range sc.lifted[first:] {
			s.Entries[r.slot].Phase = Halted
		}
		c.forget(s)
		return true
	}
	for _, r := range sc.lifted[first:] {
		c.lower(s, r.slot)
	}
	sc.lifted = sc.lifted[:first]
	c.recount(s)
	return false
}

// unlift puts those of the lifted jobs that go before a waiting one, or all for nil, back where they were if that has become
// possible. It reports whether others that go before it remain: then it must wait until these have been queued again.
func (c *Config) unlift(s *State, it *Item) bool {
	sc := s.scratch
	slices.SortFunc(sc.lifted, func(a, b standing) int { return int(a.place - b.place) })
	left, remain := sc.lifted[:0], false
	for i := range sc.lifted {
		r := sc.lifted[i]
		before := it == nil || !c.outranks(s, it, &r)
		if before && c.back(s, r.slot) {
			c.lower(s, r.slot)
			s.Entries[r.slot].Phase = Running
			c.recount(s)
			continue
		}
		left, remain = append(left, r), remain || before
	}
	sc.lifted = left
	return remain
}

// commit stops the lifted jobs for good.
func (c *Config) commit(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	if len(sc.lifted) > 0 {
		c.unlift(s, nil)
	}
	for _, r := range sc.lifted {
		starts = c.stop(s, r.slot, now, true, starts)
	}
	sc.lifted = sc.lifted[:0]
	return starts
}

// couldPlace reports whether a waiting job finds a place now, and leaves it without.
func (c *Config) couldPlace(s *State, it *Item, now float64) bool {
	c.recount(s)
	if c.hopeless(s, it) || !c.place(s, it.Slot, now, false, -1) {
		return false
	}
	c.free(s, it.Slot)
	return true
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
	if !c.quotas.on || !lifted { // else it was charged when it was lifted
		c.charge(s, e, -1)
	}
	s.scratch.stopped = true
	e.Served, e.Phase, e.End, e.Stopped = c.served(e, now), Halted, math.Inf(1), now
	return append(starts, Start{Job: e.Job, Stop: true})
}

// forget drops what a pass has learnt of who finds no place: something was freed.
func (c *Config) forget(s *State) {
	sc := s.scratch
	c.recount(s)
	sc.failed[0].n, sc.failed[1].n = 0, 0
	sc.dead = [2]shapeSet{}
}

// recount drops what a pass has counted of the index.
func (c *Config) recount(s *State) {
	s.scratch.counted = false
	for l := range s.scratch.bounds {
		s.scratch.bounds[l] = -1
	}
}

// unused returns how much of the indexed resource is free on nodes that take work.
func (c *Config) unused(s *State) float64 {
	sum := 0.0
	if c.parts > 0 {
		for n := range s.Nodes {
			if s.Nodes[n].open() {
				sum += s.Nodes[n].Free[c.axis] + c.loose(s, int32(n))
			}
		}
		return sum
	}
	if c.axis == workload.GPU && c.top < maxLevel {
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
