package power

import "math"

// Room returns what the gensets that carry sides of the site could carry beyond what is asked of them, in W; infinite where none
// do.
func (p *Plan) Room(s *State) float64 {
	sum, any := 0.0, false
	for g := range p.groups {
		on := false
		for i := range p.sides {
			on = on || p.onGensets(s, i, int32(g))
		}
		if on {
			sum, any = sum+p.room(s, int32(g)), true
		}
	}
	if !any {
		return math.Inf(1)
	}
	return sum
}
