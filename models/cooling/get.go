package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// Setting returns the value in °C that a set point of one thing has, NaN for a setting that the plan does not have.
func (p *Plan) Setting(s *State, r facility.Ref, field string) float64 {
	at := int(r.Index)
	first := func(v []float64, i int) float64 {
		if i < len(v) {
			return v[i]
		}
		return math.NaN()
	}
	switch {
	case r.Kind == facility.Site && field == "air.supply":
		return first(s.HallSet, 0)
	case r.Kind == facility.Site && field == "liquid.supply":
		return first(s.LoopSet, 0)
	case r.Kind == facility.Hall && field == "air.supply":
		return first(s.HallSet, at)
	case r.Kind == facility.CRAH && field == "supply":
		for i := range p.halls {
			if h := &p.halls[i]; r.Index >= h.first && r.Index < h.first+h.n {
				return s.HallSet[i]
			}
		}
	case r.Kind == facility.CDU && field == "supply":
		for i := range p.loops {
			if l := &p.loops[i]; r.Index >= l.first && r.Index < l.first+l.n {
				return s.LoopSet[i]
			}
		}
	case r.Kind == facility.Site && field == "plant.chilled.supply", r.Kind == facility.Chiller && field == "supply":
		return first(s.WaterSet, 0)
	case r.Kind == facility.Site && field == "plant.warm.supply", r.Kind == facility.DryCooler && field == "supply":
		return first(s.WaterSet, 1)
	}
	return math.NaN()
}

// Units returns what is known of the units of a kind of cooling equipment after the last step; it is empty for others.
func (s *State) Units(k facility.Kind) *Units {
	if u := s.units(k); u != nil {
		return u
	}
	return &Units{}
}
