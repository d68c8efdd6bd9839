package schedule

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/workload"
)

// passConservative gives every waiting job, in order, the earliest start that delays no job before it, and starts
// those whose time is now.
func (c *Config) passConservative(s *State, now float64, starts []Start) []Start {
	fresh := s.Dirty
	for i := range s.Queue {
		fresh = fresh || !s.Queue[i].Seen
	}
	if !fresh {
		return starts
	}
	p := &s.scratch.plan
	p.begin(c, s, now)
	for i := range s.Queue {
		it := &s.Queue[i]
		if c.depth > 0 && i >= c.depth {
			break
		}
		it.Seen = true
		e := &s.Entries[it.Slot]
		p.consider(c, s, e)
		at := p.find(c, s, now)
		if at == now {
			if c.placePlanned(s, it.Slot, now) {
				p.started(c, s, it.Slot, now)
				starts = c.begin(s, it.Slot, now, starts)
				it.Slot = -1
				continue
			}
			at = p.find(c, s, math.Nextafter(now, math.Inf(1)))
		}
		e.Promise = at
		if !math.IsInf(at, 1) {
			p.book(c, s, at)
		}
	}
	return starts
}

// placePlanned places a job where the plan has room for all of its length.
func (c *Config) placePlanned(s *State, slot int32, now float64) bool {
	e, p := &s.Entries[slot], &s.scratch.plan
	p.guard = !p.slots
	ok := false
	if e.Member >= 0 {
		from, _ := c.reservations[e.Member].window(now)
		ok = from <= now && c.place(s, slot, now, false, e.Member)
	}
	ok = ok || c.place(s, slot, now, false, -1)
	p.guard = false
	return ok
}

// started books a job that has just been given its nodes.
func (p *plan) started(c *Config, s *State, slot int32, now float64) {
	if p.slots {
		p.book(c, s, now)
		return
	}
	p.claims++
	for ch := s.Entries[slot].First; ch >= 0; ch = s.Chunks[ch].Next {
		p.bookNode(c, s.Chunks[ch].Node, now, s.Chunks[ch].Parts)
	}
}

// alike reports whether nodes need not be told apart in a plan: all parts in the system are the same, or every part
// fills any node by itself. Then a node offers a fixed number of slots, one for each part.
func (p *plan) alike(c *Config, s *State) bool {
	if c.seatsOf != nil {
		return false
	}
	for n := range s.Nodes {
		if nd := &s.Nodes[n]; !nd.Down && bits.OnesCount64(nd.GPUUp) != int(c.capacity[n][workload.GPU]) {
			return false
		}
	}
	p.slot, p.lone = &s.Entries[s.Queue[0].Slot], true
	same := true
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		if e.Pinned {
			return false
		}
		same = same && e.like(p.slot)
		p.lone = p.lone && c.fills(e)
	}
	for i := range s.Queue {
		e := &s.Entries[s.Queue[i].Slot]
		same = same && e.like(p.slot)
		p.lone = p.lone && c.fills(e)
	}
	return p.lone || same && !c.consolidates()
}

// like reports whether the parts of two jobs are the same.
func (e *Entry) like(f *Entry) bool { return e.Part == f.Part && e.Whole == f.Whole }

// fills reports whether a part of the job fits on any node and leaves no room there for a second one.
func (c *Config) fills(e *Entry) bool {
	need := demand(&e.Request)
	for i := range c.kinds {
		if k := c.room(&c.kinds[i], &need, 2); k == 0 || k == 2 && !e.Whole {
			return false
		}
	}
	return true
}
