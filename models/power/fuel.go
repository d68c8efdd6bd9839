package power

import "math"

// A genset whose tank falls to the level of reorder calls a tanker, which fills it to the brim some hours later, whatever the
// genset does by then. One that has run dry meanwhile can start again.

// fuelTime is the time until a genset's tank asks for something: it falls to its reorder level, it is filled, or it is dry.
func (p *Plan) fuelTime(s *State, k int) float64 {
	t := math.Inf(1)
	use := s.FuelUse[k]
	if use > 0 {
		t = s.Fuel[k] / use
	}
	switch left := s.Fuel[k] - p.reorder; {
	case p.delivery == 0:
	case s.Delivery[k] > 0:
		t = min(t, s.Delivery[k])
	case use > 0 && left > 0:
		t = min(t, left/use)
	case left <= 0:
		return 0
	}
	return t
}

// refuel orders fuel and takes deliveries that are due.
func (f *firing) refuel(k int, u int32) {
	switch {
	case f.delivery == 0:
	case f.Delivery[k] > due:
	case f.Delivery[k] > 0:
		f.Delivery[k], f.Fuel[k] = 0, f.tank
		if f.Gensets[k] == GensetLockedOut && f.Dry[k] && !f.Open[u] {
			f.Gensets[k] = GensetOff
		}
		f.Dry[k] = false
		f.say("genset.refuel", u, "has its tank filled")
	case f.Fuel[k]-f.reorder <= f.FuelUse[k]*due:
		f.Delivery[k] = f.delivery
		f.say("genset.order", u, "has %s of its fuel left and orders more, there in %s", percent(f.Fuel[k]/f.tank), seconds(f.delivery))
	}
}

// crank lets a genset that was asked to start try, as often as it may; it reports whether the first crank catches. A genset
// that refuses fails every crank; one that does not catches with each, by chance.
func (f *firing) crank(k int) bool {
	refuses := f.Draws[k].Float64() < f.failToStart
	failed := 0
	for !refuses && f.failToCrank > 0 && failed < f.attempts && f.Draws[k].Float64() < f.failToCrank {
		failed++
	}
	if refuses {
		failed = f.attempts
	}
	f.Cranks[k] = int32(failed)
	return failed == 0
}
