package schedule

import (
	"cmp"
	"math"
	"slices"
)

// standing is the rank of a running job in a pass.
type standing struct {
	key   float64
	pace  float64 // at which it gets better; of two that draw level the slower one was ahead
	seq   uint64
	slot  int32
	place int32 // in the ranking
}

// rankRunning lists the running jobs that a waiting one could make stop, the best first.
func (c *Config) rankRunning(s *State, now float64) []standing {
	sc, o := s.scratch, c.order.(ranked)
	_, service := c.order.(remainingService)
	sc.standing = sc.standing[:0]
	best := s.Queue.Blocks[0].Items[0].Key // whoever ranks before all that wait stays
	for _, slot := range s.Running {
		if e := &s.Entries[slot]; !c.spared(e, now) {
			r := standing{key: o.rank(c, e, now), seq: e.Seq, slot: slot}
			if r.key < best || r.key == best && c.preemption.ties == tieRunning {
				continue
			}
			if service {
				r.pace = c.size(e)
			}
			sc.standing = append(sc.standing, r)
		}
	}
	slices.SortFunc(sc.standing, func(a, b standing) int {
		if d := cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.pace, b.pace)); d != 0 || c.preemption.ties == tieSubmitted {
			return cmp.Or(d, cmp.Compare(a.seq, b.seq))
		}
		return cmp.Or(cmp.Compare(s.Entries[a.slot].Begun, s.Entries[b.slot].Begun), cmp.Compare(a.seq, b.seq))
	})
	for i := range sc.standing {
		sc.standing[i].place = int32(i)
	}
	return sc.standing
}

// outranks reports whether a waiting job goes before a running one.
func (c *Config) outranks(s *State, it *Item, r *standing) bool {
	if it.Key != r.key {
		return it.Key < r.key
	}
	if s.Entries[it.Slot].Stopped == s.scratch.now { // it has just lost
		return false
	}
	switch c.preemption.ties {
	case tieWaiting:
		return true
	case tieSubmitted:
		return it.Seq < r.seq
	}
	return false
}

// sizeOf returns the size of a waiting job as [Config.size] has it, rounded down to levels.
func (c *Config) sizeOf(it *Item) float64 {
	if it.Whole {
		return float64(it.Parts) * float64(c.top)
	}
	return float64(it.Parts) * float64(it.Level)
}

// passCount keeps the best ranked of all jobs that fit the site by their size, running or waiting, whatever the nodes: who
// runs and is not among them stops, who waits and is among them starts if it finds its place.
func (c *Config) passCount(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	running := c.rankRunning(s, now)
	left := c.unused(s) + c.tolerate[c.axis]
	for i := range running {
		left += c.countOf(s, running[i].slot)
	}
	sc.chosen = sc.chosen[:0]
	at := 0
	keep := func(until *Item) {
		for ; at < len(running) && (until == nil || !c.outranks(s, until, &running[at])); at++ {
			if n := c.countOf(s, running[at].slot); n <= left {
				left -= n
			} else {
				starts = c.stop(s, running[at].slot, now, false, starts)
			}
		}
	}
	strictly := false
	for b := range s.Queue.Blocks {
		x := &s.Queue.Blocks[b]
		if x.summarise(s); c.exceeds(x, left) && c.backfill != strict {
			continue // whatever running jobs take before it
		}
		for i := range x.Items {
			it := &x.Items[i]
			keep(it)
			switch n := c.countOf(s, it.Slot); {
			case n <= left:
				left -= n
				sc.chosen = append(sc.chosen, it)
			case c.backfill == strict:
				strictly = true
			}
			if strictly {
				break
			}
		}
		if strictly {
			break
		}
	}
	keep(nil)
	c.forget(s)
	for _, it := range sc.chosen {
		if c.try(s, it, now, false) {
			starts = c.begin(s, it.Slot, now, starts)
		}
	}
	return starts
}

// countOf returns the size of a job, a whole node counting as the largest there is, but never more than the site.
func (c *Config) countOf(s *State, slot int32) float64 {
	return min(c.size(&s.Entries[slot]), c.total)
}

// exceeds reports whether all jobs of a block are larger than what is left.
func (c *Config) exceeds(x *Block, left float64) bool {
	for k := range x.least.jobs {
		l := &x.least.jobs[k]
		if l.parts > 0 && c.sizeOf(&Item{Parts: l.parts, Level: l.level, Whole: k >= wholes}) <= left || left >= c.total {
			return false
		}
	}
	return true
}

// passPlace goes through the queue once. Who finds no free place may take that of running jobs of a worse rank. Jobs that rank
// behind one that must go wait until it has been queued again, at the same time: it may find another place before them.
func (c *Config) passPlace(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	running := c.rankRunning(s, now)
	from, blocked, at := 0, -1, -1 // running[from:] rank behind the job looked at
	sc.lifted, sc.shadow.live = sc.lifted[:0], false
queue:
	for b := range s.Queue.Blocks {
		x := &s.Queue.Blocks[b]
		last := len(running) - 1
		if blocked >= 0 && len(sc.lifted) == 0 && (last < 0 || !c.outranks(s, &x.Items[0], &running[last])) && c.idle(s, x, now) {
			at += len(x.Items)
			continue
		}
		for i := range x.Items {
			at++
			it := &x.Items[i]
			if blocked >= 0 && c.depth > 0 && at-blocked > c.depth || len(sc.lifted) > 0 && c.unlift(s, it) {
				break queue
			}
			if !(it.Shape >= 0 && sc.dead[0].has(it.Shape)) && c.try(s, it, now, false) || c.usurp(s, it, now, running, &from) {
				starts = c.begin(s, it.Slot, now, starts)
				continue
			}
			if c.backfill == easy && len(sc.lifted) == 0 {
				return c.passBehind(s, now, starts)
			}
			if blocked < 0 {
				blocked, s.Head = at, it.Slot
			}
			if c.backfill != skip { // those who must go are queued first
				break queue
			}
		}
	}
	if blocked < 0 {
		s.Head = -1
	}
	begun := len(starts)
	starts = c.commit(s, now, starts)
	rotate(starts, begun)
	return starts
}

// passBehind lets jobs behind the blocked one start beside its reserved start. They take nobody's place.
func (c *Config) passBehind(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	s.Dirty = s.Dirty || len(sc.gone) > 0 // what was reserved may be reserved otherwise now
	for _, it := range sc.gone {
		s.dequeue(it)
	}
	sc.gone = sc.gone[:0]
	return c.pass(s, now, starts)
}

// usurp lets a waiting job take the place of running ones that rank behind it.
func (c *Config) usurp(s *State, it *Item, now float64, running []standing, from *int) bool {
	sc := s.scratch
	for *from < len(running) && !c.outranks(s, it, &running[*from]) {
		*from++
	}
	if *from == len(running) || it.Shape >= 0 && sc.dead[1].has(it.Shape) {
		return false
	}
	sc.may = sc.may[:0]
	for _, r := range running[*from:] {
		if s.Entries[r.slot].Phase == Running {
			sc.may = append(sc.may, r)
		}
	}
	if c.evict(s, it, now, sc.may) {
		return true
	}
	if it.Shape >= 0 { // those behind it may take the place of fewer
		sc.dead[1].add(it.Shape)
	}
	return false
}

// rotate puts the decisions from n on first: who stops before who starts in its place.
func rotate(starts []Start, n int) {
	if n == 0 || n == len(starts) {
		return
	}
	slices.Reverse(starts[:n])
	slices.Reverse(starts[n:])
	slices.Reverse(starts)
}

// due reports whether the scheduler decides now.
func (c *Config) due(s *State, now float64) bool {
	if c.interval > 0 && now != s.Tick && now < c.tick(s) {
		return false
	}
	s.Tick = now
	return true
}

// tick returns the next multiple of the interval.
func (c *Config) tick(s *State) float64 {
	return (math.Floor(s.Tick/c.interval*(1+1e-12)) + 1) * c.interval
}
