package schedule

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// passConservative gives every waiting job, in order, the earliest start that delays no job before it, and starts
// those whose time is now.
//
// Where nodes are told apart, a reservation is on certain nodes and is kept until an earlier start is found for it:
// no job starts later than it was first told, as long as no job outlives its estimate and no node fails. In a site
// of slots the plan is made anew, job by job, when something is freed early; then a job that goes before another may
// move into the gap that the other one counted on (one of 1,000 jobs of the HPC2N log).
func (c *Config) passConservative(s *State, now float64, starts []Start) []Start {
	if !s.Dirty && s.Known == s.NextSeq {
		return starts
	}
	p := &s.scratch.plan
	p.begin(c, s, now)
	if s.Apart {
		p.keep(c, s)
	}
	same := !s.Dirty // nothing has changed for the jobs so far
	at := 0
	for it := range s.Queue.All() {
		if at++; c.depth > 0 && at > c.depth {
			break
		}
		e := &s.Entries[it.Slot]
		p.consider(c, s, e)
		same = same && it.Seq < s.Known && e.Promise > now && (!s.Apart || e.First >= 0)
		if same {
			if !s.Apart && !math.IsInf(e.Promise, 1) {
				p.book(c, s, e.Promise)
			}
			continue
		}
		if e.First >= 0 {
			p.unbook(c, s, e)
		}
		at := p.find(c, s, now)
		if at == now {
			if c.placePlanned(s, it.Slot, now) {
				p.started(c, s, e)
				starts = c.begin(s, it.Slot, now, starts)
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
	p.guard = s.Apart
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
func (p *plan) started(c *Config, s *State, e *Entry) {
	if !s.Apart {
		p.book(c, s, p.now)
		return
	}
	p.bookChain(c, s, e, p.now, 1)
}

// keep books the reservations made so far, as far as they still can be held.
func (p *plan) keep(c *Config, s *State) {
	p.moved = p.moved[:0]
	for it := range s.Queue.All() {
		slot := it.Slot
		e := &s.Entries[slot]
		switch {
		case e.First >= 0:
			p.consider(c, s, e)
			if p.holds(c, s, e) {
				p.bookChain(c, s, e, e.Promise, 1)
			} else {
				s.drop(e)
				e.Promise = math.Inf(1)
			}
		case !math.IsInf(e.Promise, 1):
			p.moved = append(p.moved, slot)
		}
	}
	// Reservations of slots become reservations of nodes; in order of their starts there is always a node.
	slices.SortStableFunc(p.moved, func(a, b int32) int { return cmp.Compare(s.Entries[a].Promise, s.Entries[b].Promise) })
	for _, slot := range p.moved {
		e := &s.Entries[slot]
		p.consider(c, s, e)
		if e.Promise >= p.now && p.find(c, s, e.Promise) == e.Promise {
			p.book(c, s, e.Promise)
		} else {
			e.Promise = math.Inf(1)
		}
	}
}

// holds reports whether the nodes that a job has reserved will be free for it.
func (p *plan) holds(c *Config, s *State, e *Entry) bool {
	if e.Promise < p.now {
		return false
	}
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		x := p.cellOf[k.Node]
		if x < 0 {
			return false
		}
		p.cells[x].cursor = 0
		if room, _ := p.room(c, s, &p.cells[x], e.Promise); room < k.Parts {
			return false
		}
	}
	return true
}

// unbook gives back what a job has reserved.
func (p *plan) unbook(c *Config, s *State, e *Entry) {
	p.bookChain(c, s, e, e.Promise, -1)
	s.drop(e)
}

// bookChain claims the nodes that a job has, sign 1, or gives them back, sign -1.
func (p *plan) bookChain(c *Config, s *State, e *Entry, t float64, sign int32) {
	p.claims++
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		p.bookNode(c, s.Chunks[ch].Node, t, sign*s.Chunks[ch].Parts)
	}
}

// drop forgets the nodes that a waiting job has reserved.
func (s *State) drop(e *Entry) {
	for ch := e.First; ch >= 0; {
		next := s.Chunks[ch].Next
		s.Chunks[ch].Next, s.Chain = s.Chain, ch
		ch = next
	}
	e.First = -1
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
	p.slot, p.lone = &s.Entries[s.Queue.Blocks[0].Items[0].Slot], true
	same := true
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		if e.Pinned {
			return false
		}
		same = same && e.like(p.slot)
		p.lone = p.lone && c.fills(e)
	}
	for it := range s.Queue.All() {
		e := &s.Entries[it.Slot]
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
