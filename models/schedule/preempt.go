package schedule

import (
	"cmp"
	"math"
	"slices"
)

// standing is the rank of a running job in a pass.
type standing struct {
	key  float64
	pace float64 // at which it gets better; of two that draw level the slower one was ahead
	seq  uint64
	slot int32
}

// rankRunning lists the running jobs that may be preempted, the best first.
func (c *Config) rankRunning(s *State, now float64) []standing {
	sc, o := s.scratch, c.order.(ranked)
	_, service := c.order.(remainingService)
	sc.standing = sc.standing[:0]
	for _, slot := range s.Running {
		if e := &s.Entries[slot]; !c.spared(e, now) {
			r := standing{key: o.rank(c, e, now), seq: e.Seq, slot: slot}
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
		left += c.size(&s.Entries[running[i].slot])
	}
	sc.chosen = sc.chosen[:0]
	at := 0
	keep := func(until *Item) {
		for ; at < len(running) && (until == nil || !c.outranks(s, until, &running[at])); at++ {
			if n := c.size(&s.Entries[running[at].slot]); n <= left {
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
			switch n := c.size(&s.Entries[it.Slot]); {
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

// exceeds reports whether all jobs of a block are larger than what is left.
func (c *Config) exceeds(x *Block, left float64) bool {
	for k := range x.least.jobs {
		l := &x.least.jobs[k]
		if l.parts > 0 && c.sizeOf(&Item{Parts: l.parts, Level: l.level, Whole: k >= wholes}) <= left {
			return false
		}
	}
	return true
}

// passPlace goes through the queue once. Who finds no free place may take that of running jobs of a worse rank.
func (c *Config) passPlace(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	running := c.rankRunning(s, now)
	worst := len(running) // of which no running job is worse
	from, blocked, at := 0, -1, -1
	for b := range s.Queue.Blocks {
		x := &s.Queue.Blocks[b]
		if blocked >= 0 && (worst == 0 || !c.outranks(s, &x.Items[0], &running[worst-1])) && c.idle(s, x, now) {
			at += len(x.Items)
			continue
		}
		for i := range x.Items {
			at++
			if blocked >= 0 && c.depth > 0 && at-blocked > c.depth {
				return starts
			}
			it := &x.Items[i]
			if !(it.Shape >= 0 && sc.dead[0][it.Shape]) && c.try(s, it, now, false) {
				starts = c.begin(s, it.Slot, now, starts)
				continue
			}
			for from < worst && !c.outranks(s, it, &running[from]) {
				from++
			}
			if from < worst && !(it.Shape >= 0 && sc.dead[1][it.Shape]) {
				sc.may = sc.may[:0]
				for _, r := range running[from:worst] {
					if s.Entries[r.slot].Phase == Running {
						sc.may = append(sc.may, r.slot)
					}
				}
				var ok bool
				if starts, ok = c.evict(s, it, now, sc.may, starts); ok {
					starts = c.begin(s, it.Slot, now, starts)
					for worst > from && s.Entries[running[worst-1].slot].Phase != Running {
						worst--
					}
					continue
				}
				if it.Shape >= 0 { // those behind it may take the place of fewer
					sc.dead[0][it.Shape], sc.dead[1][it.Shape] = true, true
				}
			}
			if blocked < 0 {
				blocked, s.Head = at, it.Slot
			}
			if c.backfill == strict {
				return starts
			}
		}
	}
	if blocked < 0 {
		s.Head = -1
	}
	return starts
}

// due reports whether the scheduler decides now, and sets the next time that it does.
func (c *Config) due(s *State, now float64) bool {
	if c.interval == 0 {
		return true
	}
	if now < s.Tick {
		return false
	}
	s.Tick = (math.Floor(now/c.interval*(1+1e-12)) + 1) * c.interval
	return true
}
