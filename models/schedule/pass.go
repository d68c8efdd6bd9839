package schedule

import (
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// backfill says who may start while the first job in the queue is blocked.
type backfill uint8

const (
	strict       backfill = iota // nobody
	skip                         // whoever fits
	easy                         // whoever does not delay the blocked job
	conservative                 // whoever delays no job before it
)

// backfills by the names that Spec.Backfill knows.
var backfills = map[string]backfill{"strict": strict, "first-fit": skip, "easy": easy, "conservative": conservative}

// Pass decides what starts now and appends it to starts. Call it once all that happens at one time has been told.
func (c *Config) Pass(s *State, now float64, starts []Start) []Start {
	sc := c.scratch(s)
	sc.slices, sc.stopped = sc.slices[:0], false
	c.settle(s, now)
	starts = c.startPinned(s, now, starts)
	c.admit(s, now)
	if sc.now = now; c.external || !c.due(s, now) {
		return starts
	}
	if s.Queue.Count > 0 || c.elastic.on {
		if o, ok := c.order.(moving); ok {
			o.begin(c, s, now)
			for it := range s.Queue.All() {
				e := &s.Entries[it.Slot]
				e.Key = o.key(c, s, e)
				it.Key = e.Key
			}
			sc.items = s.Queue.sort(sc.items)
			s.Known = 0
		}
		c.forget(s)
		sc.gone = sc.gone[:0]
		switch {
		case c.backfill == conservative:
			starts = c.passConservative(s, now, starts)
		case c.quotas.on:
			starts = c.passFair(s, now, starts)
		case c.preemption.count:
			starts = c.passCount(s, now, starts)
		case c.preemption.on:
			starts = c.passPlace(s, now, starts)
		case c.elastic.on:
			starts = c.passElastic(s, now, starts)
		default:
			starts = c.pass(s, now, starts)
		}
		for _, it := range sc.gone {
			s.dequeue(it)
		}
	}
	s.Dirty, s.Known = sc.stopped, s.NextSeq
	return starts
}

// settle notices reservations that begin or end.
func (c *Config) settle(s *State, now float64) {
	if now >= s.Edge {
		s.Edge = c.edge(now)
		s.Dirty = true
	}
}

// startPinned starts the replayed jobs whose time has come, whatever is free.
func (c *Config) startPinned(s *State, now float64, starts []Start) []Start {
	due := 0
	for _, slot := range s.Pinned {
		e := &s.Entries[slot]
		if e.Start > now {
			break
		}
		due++
		sc := s.scratch
		sc.shadow.live = false
		sc.attempt++
		sc.try = attempt{c: c, s: s, slot: slot, need: demand(&e.Request), want: e.Parts, last: -1, whole: e.Whole, mark: sc.attempt, device: -1}
		for i := range e.Parts {
			sc.try.take(e.Nodes[int(i)%len(e.Nodes)], 1)
		}
		starts = c.begin(s, slot, now, starts)
		s.Dirty = true
	}
	s.Pinned = slices.Delete(s.Pinned, 0, due)
	return starts
}

// pass goes through the queue once. When nothing was freed since the last pass, only new jobs are looked at.
func (c *Config) pass(s *State, now float64, starts []Start) []Start {
	sh := &s.scratch.shadow
	all := s.Dirty // look at all jobs

	// What is set aside depends on the time, and on who asks.
	if all || now > sh.at || c.seatsOf != nil {
		sh.live = false
	}
	blocked, at := -1, -1 // place of the blocked job, and of the one looked at
	for b := range s.Queue.Blocks {
		x := &s.Queue.Blocks[b]
		if blocked >= 0 {
			if !all && x.Last < s.Known || c.idle(s, x, now) {
				at += len(x.Items)
				continue
			}
		}
		for i := range x.Items {
			at++
			it := &x.Items[i]
			seen := it.Seq < s.Known && !all
			if blocked >= 0 {
				if c.depth > 0 && at-blocked > c.depth {
					return starts
				}
				if seen || c.hopeless(s, it) {
					continue
				}
				if c.backfill == easy && !sh.live {
					c.foresee(s, s.Head, now)
				}
			}
			guard := blocked >= 0 && c.backfill == easy && now+it.Span > sh.at
			if blocked >= 0 && it.Shape >= 0 && s.scratch.dead[place(guard)].has(it.Shape) {
				continue
			}
			if !seen && c.try(s, it, now, guard) {
				starts = c.begin(s, it.Slot, now, starts)
				if blocked < 0 && c.backfill == easy {
					sh.live, all = false, true // what was reserved may be reserved otherwise now
				}
				continue
			}
			if blocked >= 0 {
				continue
			}
			blocked = at
			if c.backfill == strict {
				return c.startMembers(s, now, it, starts)
			}
			if c.backfill == easy && s.Head != it.Slot {
				sh.live, all = false, true
			}
			s.Head = it.Slot
		}
	}
	if blocked < 0 {
		s.Head = -1
	}
	return starts
}

// try gives the job its nodes if that is possible now: a member of a reservation on its nodes first.
func (c *Config) try(s *State, it *Item, now float64, guard bool) bool {
	if c.hopeless(s, it) {
		return false
	}
	e := &s.Entries[it.Slot]
	if e.Member >= 0 {
		if from, _ := c.reservations[e.Member].window(now); from <= now && c.place(s, it.Slot, now, guard, e.Member) {
			return true
		}
		return c.place(s, it.Slot, now, guard, -1)
	}
	until := now + c.occupancy(e)
	if c.seatsOf == nil {
		until = 0 // then it does not matter when a job ends, beyond guard
	}
	f, dead := &s.scratch.failed[0], &s.scratch.dead[0]
	if guard {
		f, dead = &s.scratch.failed[1], &s.scratch.dead[1]
	}
	if it.Shape >= 0 && c.seatsOf == nil {
		dead.add(it.Shape) // unless it starts: nothing is freed within a pass
	}
	if c.limits == nil && f.covers(&e.Part, e.Parts, e.Whole, until) {
		return false
	}
	if c.place(s, it.Slot, now, guard, -1) {
		if it.Shape >= 0 {
			dead.drop(it.Shape)
		}
		return true
	}
	f.add(e, until)
	return false
}

// startMembers starts jobs behind the blocked one that fit into their own open reservation: it is of no use to others.
func (c *Config) startMembers(s *State, now float64, head *Item, starts []Start) []Start {
	if c.seatsOf == nil {
		return starts
	}
	behind := false
	for it := range s.Queue.All() {
		if !behind {
			behind = it == head
			continue
		}
		e := &s.Entries[it.Slot]
		if e.Member < 0 {
			continue
		}
		begin, end := c.reservations[e.Member].window(now)
		if begin <= now && now+c.occupancy(e) <= end && !c.hopeless(s, it) && c.place(s, it.Slot, now, false, e.Member) {
			starts = c.begin(s, it.Slot, now, starts)
		}
	}
	return starts
}

// begin makes a placed job run and reports it.
func (c *Config) begin(s *State, slot int32, now float64, starts []Start) []Start {
	sc, e := s.scratch, &s.Entries[slot]
	e.Phase, e.Begun, e.End, e.Sized = Running, now, now+c.occupancy(e), now
	s.insert(slot)
	c.charge(s, e, 1)
	if c.preemption.promote > 0 && e.Key == 0 && c.queueOf(e.Served) > 0 {
		e.Served = 0 // it begins anew in the first queue
	}
	if o, ok := c.order.(turning); ok && !e.Pinned {
		o.started(s, e.Key)
	}
	if !e.Pinned {
		sc.gone = append(sc.gone, Item{Key: e.Key, Seq: e.Seq})
	}
	c.recount(s)
	return append(starts, Start{Job: e.Job, Slices: c.held(s, e)})
}

// held lists what a job holds.
func (c *Config) held(s *State, e *Entry) []Slice {
	sc, need := s.scratch, demand(&e.Request)
	first := len(sc.slices)
	for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		sc.slices = append(sc.slices, Slice{Node: k.Node, Parts: k.Parts, GPUs: k.GPUs, Shared: e.Share > 0, Demand: c.holds(e, k, &need)})
	}
	return sc.slices[first:len(sc.slices):len(sc.slices)]
}

// holds returns what a chunk of the job holds.
func (c *Config) holds(e *Entry, k *Chunk, need *workload.Vector) workload.Vector {
	if e.Whole {
		return c.capacity[k.Node]
	}
	v := *need
	for i := range v {
		v[i] *= float64(k.Parts)
	}
	return v
}
