package schedule

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Submit puts a request into the queue, or sets it aside when pinned. A job that has been released or preempted may be submitted
// again; one that waits or runs may not.
func (c *Config) Submit(s *State, now float64, r Request) {
	if slot := s.slot(r.Job); slot >= 0 && s.Entries[slot].Phase != Halted {
		panic(fmt.Sprintf("schedule: job %d submitted twice", r.Job))
	}
	if r.Parts < 1 {
		panic(fmt.Sprintf("schedule: job %d has %d parts", r.Job, r.Parts))
	}
	r = c.divided(r)
	slot := s.enter(r)
	e := &s.Entries[slot]
	e.Wish = r.Parts
	if e.Since = now; e.Phase == Halted && c.preemption.ties == tieWaiting { // it goes to the end of the queue
		e.Seq = s.NextSeq
		s.NextSeq++
	}
	if r.Pinned {
		e.Phase = Pinned
		i, _ := slices.BinarySearchFunc(s.Pinned, slot, func(a, b int32) int {
			x, y := &s.Entries[a], &s.Entries[b]
			return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.Seq, y.Seq))
		})
		s.Pinned = slices.Insert(s.Pinned, i, slot)
		return
	}
	if r.Begin > now {
		s.putOff(slot)
		return
	}
	c.join(s, slot)
}

// join puts a job into the queue.
func (c *Config) join(s *State, slot int32) {
	e := &s.Entries[slot]
	e.Phase, e.Member = Waiting, c.member(e)
	r := &e.Request
	need := demand(r)
	if _, ok := c.order.(moving); !ok { // else every pass ranks anew
		e.Key = c.order.key(c, s, e)
	}
	level, shape := min(c.levelOf(&need), int32(c.top)+1), int32(-1)
	if len(c.limits) == 0 { // else jobs of one shape may draw differently
		shape = s.shape(r, level)
	}
	it := Item{Key: e.Key, Span: c.occupancy(e), Seq: e.Seq, Slot: slot, Parts: r.Parts, Level: level, Whole: r.Whole, Shape: shape}
	s.Queue.insert(it, &e.Part)
}

func before(a, b Item) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Seq, b.Seq)) }

// Release takes a job's nodes back: it has completed, or was killed, or failed.
func (c *Config) Release(s *State, now float64, job int32) {
	slot := s.slot(job)
	if slot < 0 || s.Entries[slot].Phase != Running {
		panic(fmt.Sprintf("schedule: job %d released, but it does not run", job))
	}
	s.remove(slot)
	c.free(s, slot)
	c.charge(s, &s.Entries[slot], -1)
	s.leave(slot)
	s.Dirty = true
}

// Cancel removes a job wherever it is and reports whether the scheduler knew it.
func (c *Config) Cancel(s *State, job int32) bool {
	slot := s.slot(job)
	if slot < 0 {
		return false
	}
	switch s.Entries[slot].Phase {
	case Running:
		s.remove(slot)
		c.free(s, slot)
		c.charge(s, &s.Entries[slot], -1)
	case Deferred:
		s.Deferred = slices.DeleteFunc(s.Deferred, func(x int32) bool { return x == slot })
	case Pinned:
		s.Pinned = slices.DeleteFunc(s.Pinned, func(x int32) bool { return x == slot })
	case Waiting:
		s.drop(&s.Entries[slot])
		s.dequeue(Item{Key: s.Entries[slot].Key, Seq: s.Entries[slot].Seq})
	}
	s.leave(slot)
	s.Dirty = true
	return true
}

// Extend says when a running job is now expected to end, in s: it slows, or speeds up.
func (c *Config) Extend(s *State, job int32, end float64) {
	slot := s.slot(job)
	if slot < 0 || s.Entries[slot].Phase != Running {
		return
	}
	s.remove(slot)
	s.Entries[slot].End = end + c.holdExtra
	s.insert(slot)
	s.Dirty = true
}

// Wake returns the next time at which [Config.Pass] may start something though nothing else happens, and whether
// there is one: a pinned start, the begin or end of a reservation, a change of ranks, the next time it decides at all.
func (c *Config) Wake(s *State, now float64) (at float64, ok bool) {
	at = min(c.wakePreemption(s, now), c.wakeElastic(s, now))
	if s.Queue.Count > 0 && len(c.reservations) > 0 {
		at = s.Edge
	}
	if c.interval > 0 && s.Queue.Count > 0 {
		at = c.tick(s) // whatever comes before it must wait
	}
	if len(s.Deferred) > 0 {
		at = min(at, s.Entries[s.Deferred[0]].Begin)
	}
	if len(s.Pinned) > 0 {
		at = min(at, s.Entries[s.Pinned[0]].Start)
	}
	return at, !math.IsInf(at, 1)
}

// byEnd orders running jobs.
func (s *State) byEnd(a, b int32) int {
	x, y := &s.Entries[a], &s.Entries[b]
	return cmp.Or(cmp.Compare(x.End, y.End), cmp.Compare(x.Seq, y.Seq))
}

func (s *State) insert(slot int32) {
	i, _ := slices.BinarySearchFunc(s.Running, slot, s.byEnd)
	s.Running = slices.Insert(s.Running, i, slot)
}

func (s *State) remove(slot int32) {
	i, ok := slices.BinarySearchFunc(s.Running, slot, s.byEnd)
	if !ok {
		panic(fmt.Sprintf("schedule: job %d runs, but is not in the list of running jobs", s.Entries[slot].Job))
	}
	s.Running = slices.Delete(s.Running, i, i+1)
}
