package schedule

import (
	"math"
	"slices"
)

// completion is minimum completion time: the job that would be done first is first. Its start is estimated from the
// total that is free at the estimated ends of the running jobs, whatever the nodes.
type completion struct{}

func (completion) begin(c *Config, s *State, now float64) {
	sc := s.scratch
	sc.times, sc.freed = append(sc.times[:0], now), append(sc.freed[:0], 0)
	for n := range s.Nodes {
		if nd := &s.Nodes[n]; nd.open() {
			sc.freed[0] += nd.Free[c.axis]
		}
	}
	sum := sc.freed[0]
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		sum += c.size(e)
		sc.times, sc.freed = append(sc.times, max(e.End, now)), append(sc.freed, sum)
	}
}

func (completion) key(c *Config, s *State, e *Entry) float64 {
	sc := s.scratch
	i, _ := slices.BinarySearch(sc.freed, c.size(e)-c.tolerate[c.axis])
	if i == len(sc.freed) {
		return math.Inf(1)
	}
	return sc.times[i] + e.estimate()
}
