package schedule

import (
	"cmp"
	"slices"
)

// coolest fills the nodes where it is coolest, by steps of [coolStep], the first of equals, as [Config.Feel] has been told.
type coolest struct{}

// coolStep is the difference of temperature, in K, below which nodes count as equally cool.
const coolStep = 0.25

func (coolest) place(a *attempt) bool {
	sc := a.s.scratch
	sc.picks = sc.picks[:0]
	for n := a.first(0); n >= 0; n = a.first(n + 1) {
		if a.room(n) > 0 {
			heat := 0.0
			if a.s.Heat != nil {
				heat = float64(int(float64(a.s.Heat[n]) / coolStep))
			}
			sc.picks = append(sc.picks, pick{heat, n})
		}
	}
	slices.SortFunc(sc.picks, func(x, y pick) int {
		return cmp.Or(cmp.Compare(x.score, y.score), cmp.Compare(x.node, y.node))
	})
	for _, p := range sc.picks {
		if k := a.room(p.node); k > 0 {
			if a.take(p.node, k); a.want == 0 {
				return true
			}
		}
	}
	return false
}

// Feels reports whether the placement asks how hot it is.
func (c *Config) Feels() bool {
	_, ok := c.placement.(coolest)
	return ok
}

// Feel tells how hot it is at a node, in °C.
func (c *Config) Feel(s *State, node int32, heat float64) {
	if s.Heat == nil {
		s.Heat = make([]float32, len(c.capacity))
	}
	s.Heat[node] = float32(heat)
}
