package power

import "github.com/halltwin/halltwin/models/facility"

// window is the lowest voltage, relative to nominal, from which a UPS takes its input, and at which a feed counts as good;
// typical of double conversion.
const window = 0.85

// Tolerance returns the seconds that power supplies, and with them everything without a UPS, stand a voltage relative to
// nominal: the lower side of the ITI (CBEMA) curve of 2000. From 90 % up they stand it for ever.
func Tolerance(voltage float64) float64 {
	switch {
	case voltage >= 0.9:
		return unlimited
	case voltage >= 0.8:
		return 10
	case voltage >= 0.7:
		return 0.5
	}
	return holdUp
}

// holdUp is how long a power supply runs on without input, s: the ITI curve at zero voltage.
const holdUp = 0.02

// SetVoltage sets the voltage of utility i relative to nominal and returns what it was. Below 85 % UPSs go to their
// batteries, transfer switches look for another source, and what has no UPS is lost when its tolerance is over.
func (p *Plan) SetVoltage(s *State, i int, voltage float64) (old float64) {
	u := int(p.layers[utilities].first) + i
	old = s.Voltage[u]
	s.Voltage[u] = voltage
	s.stir()
	for k := range p.sides {
		s.Sagging[k] = s.Sagging[k] && !p.serves(k, int32(u)) // the tolerance counts anew from here
	}
	return old
}

// Voltage returns the voltage of a utility relative to nominal.
func (p *Plan) Voltage(s *State, r facility.Ref) float64 { return s.Voltage[r.Index] }

// rides reports whether a side whose source has just failed it still has voltage: a sag that loads stand for a while.
func (p *Plan) rides(s *State, i int) bool {
	sd := &p.sides[i]
	k := s.Source[i]
	if int(k) >= len(sd.feeds) || !s.Up[sd.feeds[k]] || s.Open[sd.feeds[k]] || s.Voltage[sd.feeds[k]] >= window ||
		sd.transformers.count() > 0 && p.working(s, sd.transformers) == 0 {
		s.Sagging[i] = false
		return false
	}
	if !s.Sagging[i] {
		s.Sagging[i], s.Ride[i] = true, Tolerance(s.Voltage[sd.feeds[k]])
	}
	return s.Ride[i] > due
}

// switchStatic moves sides with static switches to another live source, faster than any load notices.
func (p *Plan) switchStatic(s *State) {
	for i := range p.sides {
		if p.available(s, i, s.Source[i]) {
			continue
		}
		to := p.preferred(s, i)
		if own := int32(len(p.sides[i].feeds)); to < 0 && p.available(s, i, own) {
			to = own
		}
		if to >= 0 {
			s.Source[i], s.Target[i] = to, -1
			s.Counts.Transfers++
		}
	}
}
