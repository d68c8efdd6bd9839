package schedule

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// LimitSpec is a limit on the power that running jobs may come to: a job starts only where the nodes behind it stay within, if all
// that runs there draws its peak.
type LimitSpec struct {
	At    string     `yaml:"at" doc:"selector of what is limited: site, or halls, rows, racks, PDUs, RPPs or busways; each of them has the limit" required:"true"`
	Limit unit.Power `yaml:"limit" doc:"IT power of the nodes in it or behind it, what they draw idle included" required:"true" range:"(0,)"`
}

// limit is a compiled LimitSpec for one thing.
type limit struct {
	name  string
	power float64 // W
	idle  float64 // W that its nodes draw with nothing to do
}

// limitBy compiles the limits.
func (c *Config) limitBy(specs []LimitSpec, tree *facility.Tree) error {
	if len(specs) == 0 {
		return nil
	}
	if c.backfill == easy || c.backfill == conservative {
		return fmt.Errorf("scheduler: power limits go with backfill first-fit or strict; reserved starts know nothing of power")
	}
	if tree == nil {
		return fmt.Errorf("scheduler: power limits name things, but there is no facility")
	}
	at := make([][]int32, len(c.capacity)) // by node: its limits
	for i := range specs {
		refs, err := tree.Select(specs[i].At)
		if err != nil {
			return fmt.Errorf("scheduler: power_limits[%d]: %w", i, err)
		}
		for _, ref := range refs {
			k := int32(len(c.limits))
			c.limits = append(c.limits, limit{name: tree.NameOf(ref), power: float64(specs[i].Limit)})
			lo, hi := tree.Descendants(ref, facility.Node)
			for n := lo; n < hi; n++ {
				at[n] = append(at[n], k)
			}
			if lo == hi {
				return fmt.Errorf("scheduler: power_limits[%d]: %s has no nodes", i, tree.NameOf(ref))
			}
		}
	}
	c.limitsOf = make([]int32, 1, len(at)+1)
	for _, list := range at {
		c.limitList = append(c.limitList, list...)
		c.limitsOf = append(c.limitsOf, int32(len(c.limitList)))
	}
	return nil
}

// LimitsPower reports whether power is limited: then requests must say what they draw.
func (c *Config) LimitsPower() bool { return len(c.limits) > 0 }

// Idle tells what each node draws with nothing to do, in W. A limit that these alone exceed is an error. Call it before NewState.
func (c *Config) Idle(node func(n int32) float64) error {
	c.limits = slices.Clone(c.limits) // others may have been copied from the same
	for n := range c.capacity {
		if len(c.limits) > 0 {
			for _, k := range c.at(int32(n)) {
				c.limits[k].idle += node(int32(n))
			}
		}
	}
	for _, l := range c.limits {
		if l.idle > l.power {
			return fmt.Errorf("scheduler.power_limits: the nodes of %s draw %.4g kW with nothing to do, more than the limit of %.4g kW; nothing would ever start", l.name, l.idle/1000, l.power/1000)
		}
	}
	return nil
}

// at returns the limits that a node is under.
func (c *Config) at(n int32) []int32 { return c.limitList[c.limitsOf[n]:c.limitsOf[n+1]] }

// affords returns how many of k parts that each add so many W can run on node n under its limits.
func (c *Config) affords(s *State, n, k int32, draw float64) int32 {
	if draw <= 0 {
		return k
	}
	for _, l := range c.at(n) {
		if left := c.limits[l].power*(1+1e-9) - s.Drawn[l]; left < float64(k)*draw {
			k = int32(max(0, left/draw))
		}
	}
	return k
}

// powers reports whether a job that has been lifted off its nodes can go back as far as power goes.
func (c *Config) powers(s *State, e *Entry) bool {
	fits, first := true, e.First
	ch := first
	for ; ch >= 0 && fits; ch = s.Chunks[ch].Next {
		k := &s.Chunks[ch]
		fits = c.affords(s, k.Node, k.Parts, e.Draw) == k.Parts
		c.draw(s, k.Node, float64(k.Parts)*e.Draw)
	}
	for back := first; back != ch; back = s.Chunks[back].Next {
		k := &s.Chunks[back]
		c.draw(s, k.Node, -float64(k.Parts)*e.Draw)
	}
	return fits
}

// draw books that so many W more run on node n.
func (c *Config) draw(s *State, n int32, watts float64) {
	if len(c.limits) == 0 || watts == 0 {
		return
	}
	for _, l := range c.at(n) {
		s.Drawn[l] += watts
	}
}

// CouldStart reports whether a request finds its place, and the power that it draws, on an empty site: s is a state as [NewState]
// returns it, and remains so.
func (c *Config) CouldStart(s *State, r *Request) bool {
	c.scratch(s)
	slot := s.enter(c.divided(*r))
	ok := c.place(s, slot, 0, false, -1)
	if ok {
		c.free(s, slot)
	}
	s.leave(slot)
	return ok
}
