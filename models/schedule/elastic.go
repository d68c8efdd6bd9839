package schedule

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// ElasticSpec says how elastic jobs change their size.
type ElasticSpec struct {
	Grow   string        `yaml:"grow" doc:"idle: running jobs grow into what is free while nobody waits; never" enum:"idle,never" default:"idle"`
	Shrink string        `yaml:"shrink" doc:"waiting: running jobs shrink for the first job that waits, and go on smaller when they lose a node; never" enum:"waiting,never" default:"waiting"`
	Every  unit.Duration `yaml:"every" doc:"time between two changes of a job's size, at least; a lost node does not wait for it" default:"10 min" source:"typical" range:"[1,)"`
}

// elastic is an ElasticSpec compiled.
type elastic struct {
	on, grow, shrink bool
	every            float64 // s
}

// stretch compiles what the spec says of elastic jobs.
func (c *Config) stretch(s *ElasticSpec) {
	if s != nil {
		c.elastic = elastic{on: true, grow: s.Grow != "never", shrink: s.Shrink != "never", every: max(float64(s.Every), 1)}
	}
}

// validateElastic refuses what elastic jobs do not go with.
func (s *Spec) validateElastic(fail func(path, msg string)) {
	switch b := s.backfill(); {
	case s.Policy == "external":
		fail("elastic", "an external scheduler decides by itself; leave elastic out, or choose a policy")
	case shares(s.order()) || len(s.Queues) > 0:
		fail("elastic", "quotas and jobs that change their size do not go together; write policy: first-fit, fcfs, sjf or priority")
	case preemptive[s.order()] || s.Preemption != nil:
		fail("elastic", "preemption and jobs that change their size do not go together; write policy: first-fit, fcfs, sjf or priority, without preemption")
	case b == "easy" || b == "conservative":
		fail("elastic", "reserved starts do not go with jobs that change their size; write policy: first-fit, or backfill: first-fit or strict")
	}
	for _, x := range []struct {
		given bool
		what  string
	}{
		{s.Sharing != nil, "gpu_sharing"}, {len(s.Limits) > 0, "power_limits"}, {s.Shift != nil, "shift"}, {s.Runtimes != nil, "runtimes"},
		{len(s.Reservations) > 0, "reservations"},
	} {
		if x.given {
			fail("elastic", fmt.Sprintf("jobs that change their size do not go with %s; leave one of them out", x.what))
		}
	}
}

// Elastic reports whether elastic jobs change their size.
func (c *Config) Elastic() bool { return c.elastic.on }

// stretched is a running job and the parts that it is to have.
type stretched struct {
	slot   int32
	parts  int32 // to have
	had    int32
	before int32 // its chain of chunks while it is lifted
}

// worth returns what one part more than so many is worth: useful work in parts of the size asked for.
func (e *Entry) worth(parts int32) float64 {
	return (e.Elastic.At(parts+1) - e.Elastic.At(parts)) * float64(e.Wish)
}

// unit returns what a part takes of the indexed resource.
func (c *Config) unit(e *Entry) float64 {
	need := demand(&e.Request)
	return need[c.axis]
}

// flexible reports whether a running job may change its size now.
func (c *Config) flexible(e *Entry, now float64) bool {
	return e.Elastic.Least > 0 && !e.Pinned && !e.Firm && now >= e.Sized+c.elastic.every
}

// passElastic goes through the queue once. An elastic job starts with as many parts as fit, up to what it asked for. For the first
// that does not fit running jobs shrink; when nobody waits, they grow.
func (c *Config) passElastic(s *State, now float64, starts []Start) []Start {
	blocked := false
	for it := range s.Queue.All() {
		e := &s.Entries[it.Slot]
		var fits bool
		if e.Elastic.Least > 0 {
			fits = c.fill(s, it.Slot, now, e.Elastic.Least, e.Wish)
		} else {
			fits = c.try(s, it, now, false)
		}
		if fits {
			starts = c.begin(s, it.Slot, now, starts)
			continue
		}
		if blocked {
			continue
		}
		if c.elastic.shrink {
			if starts, fits = c.shrinkFor(s, it.Slot, now, starts); fits {
				continue
			}
		}
		if blocked = true; c.backfill == strict {
			break
		}
	}
	if c.elastic.grow && int(s.Queue.Count) == len(s.scratch.gone) {
		starts = c.growIdle(s, now, starts)
	}
	return starts
}

// fill places a job with the largest number of parts between two that fits.
func (c *Config) fill(s *State, slot int32, now float64, lo, hi int32) bool {
	e := &s.Entries[slot]
	fits := func(parts int32) bool {
		e.Parts = parts
		return c.place(s, slot, now, false, -1)
	}
	if fits(hi) {
		return true
	}
	if lo >= hi || !fits(lo) {
		e.Parts = hi
		return false
	}
	c.free(s, slot)
	for hi-lo > 1 {
		if mid := (lo + hi) / 2; fits(mid) {
			c.free(s, slot)
			lo = mid
		} else {
			hi = mid
		}
	}
	return fits(lo)
}

// shrinkFor starts the first job that waits at the cost of running elastic ones: each part is taken where it is missed least for
// what it frees. An elastic job takes the least that it runs on, and more as long as it makes more of it than the others.
func (c *Config) shrinkFor(s *State, slot int32, now float64, starts []Start) ([]Start, bool) {
	sc, e := s.scratch, &s.Entries[slot]
	may := sc.stretched[:0]
	for _, r := range s.Running {
		if v := &s.Entries[r]; c.flexible(v, now) && v.Parts > v.Elastic.Least {
			may = append(may, stretched{slot: r, parts: v.Parts, had: v.Parts})
		}
	}
	sc.stretched = may
	free := c.unused(s) + c.tolerate[c.axis]
	take := func(below float64) bool {
		best := -1
		for i := range may {
			if v := &s.Entries[may[i].slot]; may[i].parts > v.Elastic.Least {
				if loss := v.worth(may[i].parts - 1); loss < below {
					best, below = i, loss
				}
			}
		}
		if best >= 0 {
			may[best].parts--
			free += c.unit(&s.Entries[may[best].slot])
		}
		return best >= 0
	}
	parts, most, each := e.Wish, e.Wish, c.unit(e)
	if e.Elastic.Least > 0 {
		parts = e.Elastic.Least
	}
	least := parts
	for free < each*float64(parts) {
		if !take(math.Inf(1)) {
			return starts, false
		}
	}
	for parts < most {
		gain, ok := e.worth(parts)*(1-1e-9), true
		for ok && free < each*float64(parts+1) {
			ok = take(gain)
		}
		if !ok {
			break
		}
		parts++
	}
	for !c.exchange(s, slot, parts, now, may) { // what is free is in the wrong places
		if parts > least {
			parts = least
		} else if !take(math.Inf(1)) {
			e.Parts = e.Wish
			return starts, false
		}
	}
	for i := range may {
		if m := &may[i]; m.parts < m.had {
			starts = c.resized(s, m, now, starts)
		}
	}
	c.forget(s)
	return c.begin(s, slot, now, starts), true
}

// exchange takes the jobs that are to shrink off their nodes, places a waiting one, and then them with what they are to have. It
// reports whether all have found a place; when not, nothing has changed.
func (c *Config) exchange(s *State, slot, parts int32, now float64, may []stretched) bool {
	for i := range may {
		if m := &may[i]; m.parts < m.had {
			c.raise(s, m)
		}
	}
	s.Entries[slot].Parts = parts
	fits, placed := c.place(s, slot, now, false, -1), 0
	if fits {
		for placed < len(may) && fits {
			m := &may[placed]
			if m.parts < m.had {
				s.Entries[m.slot].Parts = m.parts
				fits = c.place(s, m.slot, now, false, -1)
			}
			if fits {
				placed++
			}
		}
		if fits {
			return true
		}
		c.free(s, slot)
	}
	for i := range may {
		m := &may[i]
		if m.parts == m.had {
			continue
		}
		if i < placed {
			c.free(s, m.slot)
		}
	}
	for i := range may {
		if m := &may[i]; m.parts < m.had {
			c.settleBack(s, m)
		}
	}
	return false
}

// raise takes a running job off its nodes, to be placed anew or put back.
func (c *Config) raise(s *State, m *stretched) {
	e := &s.Entries[m.slot]
	c.lift(s, m.slot)
	m.before, e.First = e.First, -1
}

// settleBack puts a job that was raised back where it was.
func (c *Config) settleBack(s *State, m *stretched) {
	e := &s.Entries[m.slot]
	e.First, e.Parts = m.before, m.had
	c.lower(s, m.slot)
}

// resized reports that a job that was raised runs in its new place.
func (c *Config) resized(s *State, m *stretched, now float64, starts []Start) []Start {
	e := &s.Entries[m.slot]
	first := e.First
	e.First = m.before
	c.unchain(s, e)
	e.First, e.Sized = first, now
	return append(starts, Start{Job: e.Job, Resize: true, Slices: c.held(s, e)})
}

// growIdle lets running jobs grow into what is free: each part goes where it brings most for what it takes, to the one that is
// expected to end first among equals, and only to jobs that save more time by it than the change costs.
func (c *Config) growIdle(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	free := c.unused(s) + c.tolerate[c.axis]
	may := sc.stretched[:0]
	for _, r := range s.Running {
		if e := &s.Entries[r]; c.flexible(e, now) && e.Parts < e.Elastic.Most && c.pays(e, e.Elastic.Most, now) {
			may = append(may, stretched{slot: r, parts: e.Parts, had: e.Parts})
		}
	}
	sc.stretched = may
	for {
		best, most := -1, 0.0
		for i := range may {
			e := &s.Entries[may[i].slot]
			if may[i].parts < e.Elastic.Most && c.unit(e) <= free {
				if gain := e.worth(may[i].parts); gain > most {
					best, most = i, gain
				}
			}
		}
		if best < 0 {
			break
		}
		may[best].parts++
		free -= c.unit(&s.Entries[may[best].slot])
	}
	for i := range may {
		m := &may[i]
		e := &s.Entries[m.slot]
		if m.parts == m.had || !c.pays(e, m.parts, now) {
			continue
		}
		c.raise(s, m)
		if !c.fill(s, m.slot, now, m.had+1, m.parts) {
			c.settleBack(s, m)
			continue
		}
		starts = c.resized(s, m, now, starts)
	}
	c.forget(s)
	return starts
}

// pays reports whether a running job that grows to so many parts is done earlier, the time for the change included.
func (c *Config) pays(e *Entry, parts int32, now float64) bool {
	left := e.End - c.holdExtra - now
	return math.IsInf(left, 1) || left*(1-e.Elastic.At(e.Parts)/e.Elastic.At(parts)) > e.Elastic.Resize
}

// Hold says that a running job stands still on a failure: it keeps its size until it is released, or [Config.Survive] is called.
func (c *Config) Hold(s *State, job int32) {
	if slot := s.slot(job); c.elastic.on && slot >= 0 {
		s.Entries[slot].Sized = math.Inf(1)
	}
}

// Survive gives an elastic job that lost something under it the most parts, up to those it had, that fit on nodes which work: its own
// and free ones. It reports whether these are enough to go on; when not, nothing has changed.
func (c *Config) Survive(s *State, now float64, job int32) (Start, bool) {
	slot := s.slot(job)
	if !c.elastic.shrink || slot < 0 || s.Entries[slot].Phase != Running || s.Entries[slot].Elastic.Least == 0 {
		return Start{}, false
	}
	sc, e := c.scratch(s), &s.Entries[slot]
	sc.slices = sc.slices[:0]
	m := stretched{slot: slot, had: e.Parts}
	c.raise(s, &m)
	if !c.fill(s, slot, now, e.Elastic.Least, m.had) {
		c.settleBack(s, &m)
		return Start{}, false
	}
	s.Dirty = true
	return c.resized(s, &m, now, nil)[0], true
}

// wakeElastic returns when a job may next change its size again.
func (c *Config) wakeElastic(s *State, now float64) float64 {
	at := math.Inf(1)
	if !c.elastic.on {
		return at
	}
	for _, slot := range s.Running {
		if e := &s.Entries[slot]; e.Elastic.Least > 0 && e.Elastic.Least < e.Elastic.Most {
			if t := e.Sized + c.elastic.every; t > now {
				at = min(at, t)
			}
		}
	}
	return at
}
