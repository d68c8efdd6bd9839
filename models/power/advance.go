package power

import "math"

// due is how close to now an event counts as due, s. A world's clock is a float64 of seconds: after a year its steps
// are 4 ns, so a time that Next gave may be missed by that much.
const due = 1e-6

// Advance moves batteries, breaker heat, fuel, timers and counters by dt seconds at the flows of the last Solve. dt
// is at most [Plan.Next].
func (p *Plan) Advance(s *State, dt float64) {
	if dt <= 0 {
		return
	}
	s.Age += dt
	if s.calm() {
		p.warmRuns(s, dt)
	} else {
		p.warmEach(s, dt)
	}
	s.Counts.OverloadSeconds += float64(s.AbovePDUs) * dt
	if !s.calm() {
		p.moveMasses(s, dt)
	}
	for i, t := range s.Target {
		if t >= 0 {
			s.Transfer[i] -= dt
		}
	}
	for i := range s.Ride {
		if s.Sagging[i] {
			s.Ride[i] -= dt
		}
		s.Connect[i] = max(s.Connect[i]-dt, 0)
		s.Gap[i] = max(s.Gap[i]-dt, 0)
	}
	if p.gated {
		for g, t := range s.Gate {
			if t > 0 {
				s.Gate[g] = max(t-dt, 0)
			}
		}
	}
	s.Counts.UnservedRackSeconds += float64(s.Dark) * dt
	if !s.MechOn {
		s.Counts.NoCoolingSeconds += dt
	}
}

// warmEach brings the heat of breakers above the PDUs over dt seconds.
func (p *Plan) warmEach(s *State, dt float64) {
	for i := range pdus {
		l := &p.layers[i]
		if l.count() == 0 || l.rating == unlimited {
			continue
		}
		forget := forgotten(&l.breaker, dt)
		was := math.NaN() // heat of the unit before this one, which mostly is like it
		for u := l.first; u < l.end; u++ {
			if s.Heat[u] == was && s.Load[u] == s.Load[u-1] {
				s.Heat[u] = s.Heat[u-1]
			} else {
				was = s.Heat[u]
				s.Heat[u] = l.breaker.Heat(was, s.Load[u], dt, forget)
			}
			if s.Load[u] > overload {
				s.Counts.OverloadSeconds += dt
			}
		}
	}
}

// moveMasses lets batteries and gensets be used for dt seconds.
func (p *Plan) moveMasses(s *State, dt float64) {
	moved := false
	for k, w := range s.BatteryW {
		moved = moved || w != 0
		switch {
		case w > 0:
			s.Available[k], s.Bound[k] = p.battery.Discharge(s.Available[k], s.Bound[k], w, dt)
			s.Counts.BatterySeconds += dt
		case w < 0:
			s.Available[k], s.Bound[k] = p.battery.Charge(s.Available[k], s.Bound[k], -w*dt)
		}
	}
	if moved {
		s.Stored = 0
		for k := range s.Available {
			s.Stored += s.Available[k] + s.Bound[k]
		}
	}
	for k, m := range s.Gensets {
		switch m {
		case GensetStarting, GensetRefusing, GensetCooling:
			s.Timer[k] -= dt
		}
		if s.Delivery[k] > 0 {
			s.Delivery[k] = max(s.Delivery[k]-dt, due/2)
		}
		use := s.FuelUse[k] * dt
		s.Fuel[k] -= use
		s.Counts.Fuel += use
	}
}

// Next returns the seconds until the next event inside the chain if flows stay as they are: a transfer, a genset that
// starts, stops or runs dry, a battery that is empty or full, a trip. It is 0 when [Plan.Fire] has something to do
// now, and +Inf when nothing is coming. Every time is exact, from a closed form.
func (p *Plan) Next(s *State) float64 {
	if s.News {
		return 0
	}
	t := min(p.nextTrip(s), p.nextCord(s))
	if !s.calm() {
		t = min(t, p.nextMass(s))
	}
	for i, to := range s.Target {
		if to >= 0 {
			t = min(t, s.Transfer[i])
		}
	}
	if p.sheds(s) {
		return 0
	}
	for i := range p.sides {
		if s.Gap[i] > due {
			t = min(t, s.Gap[i])
		}
		if s.Sagging[i] && s.Ride[i] > due {
			t = min(t, s.Ride[i])
		}
		if p.step > 0 && p.waits(s, i) {
			t = min(t, s.Connect[i])
		}
	}
	if p.gated {
		for _, w := range s.Gate {
			if w > due {
				t = min(t, w)
			}
		}
	}
	for i := range s.Bypassed {
		if s.Bypassed[i] {
			t = min(t, p.bypassTime(s, i))
		}
	}
	if t <= due {
		return 0
	}
	return t
}

// nextTrip is the time to the next trip of a breaker or machine.
func (p *Plan) nextTrip(s *State) float64 {
	t := math.Inf(1)
	calm := s.calm()
	for i := range p.layers {
		l := &p.layers[i]
		if i == pdus && s.HotPDUs == 0 || i < pdus && calm {
			continue
		}
		for u := l.first; u < l.end; u++ {
			if s.Load[u] > l.breaker.Pickup {
				t = min(t, p.tripTime(s, l, u))
			}
		}
	}
	if calm {
		for _, r := range s.memory.runs {
			if l := &p.layers[r.layer]; s.Load[r.first] > l.breaker.Pickup {
				t = min(t, p.tripTime(s, l, r.first))
			}
		}
	}
	return t
}

// nextMass is the time until a battery is empty or full, or a genset starts, stops or lacks fuel.
func (p *Plan) nextMass(s *State) float64 {
	t := math.Inf(1)
	for k, w := range s.BatteryW {
		if w != 0 {
			t = min(t, p.batteryTime(s, k))
		}
	}
	for k, m := range s.Gensets {
		if m != GensetOff && m != GensetLockedOut || p.delivery > 0 {
			t = min(t, p.gensetTime(s, k))
		}
	}
	return t
}

func (p *Plan) tripTime(s *State, l *layer, u int32) float64 {
	if s.Open[u] {
		return math.Inf(1)
	}
	return l.breaker.TripTime(p.heat(s, u), s.Load[u])
}

// nextCord is the time to the next trip of a rack cord's breaker.
func (p *Plan) nextCord(s *State) float64 {
	t := math.Inf(1)
	if s.HotCords == 0 {
		return t
	}
	for r, x := range s.CordLoad {
		if x <= p.branch.Pickup {
			continue
		}
		for c := range int32(2) {
			if s.CordLive[r]>>c&1 == 1 {
				t = min(t, p.cordTrip(s, int32(r), c))
			}
		}
	}
	return t
}

// batteryTime is the time until a battery in use is empty or full.
func (p *Plan) batteryTime(s *State, k int) float64 {
	switch w := s.BatteryW[k]; {
	case w > 0:
		return p.battery.Time(s.Available[k], s.Bound[k], w)
	case w < 0:
		return (p.battery.Capacity - s.Available[k] - s.Bound[k]) / -w
	}
	return math.Inf(1)
}

// gensetTime is the time until a genset's mode ends: started, stopped, or out of fuel.
func (p *Plan) gensetTime(s *State, k int) float64 {
	t := math.Inf(1)
	switch s.Gensets[k] {
	case GensetStarting, GensetRefusing, GensetCooling:
		t = s.Timer[k]
	}
	return min(t, p.fuelTime(s, k))
}

// cooled is the heat at which a UPS bank takes its load back from its bypass.
const cooled = 0.5

// bypassTime is the time until an overloaded bank goes back from its bypass: when it has cooled and its load fits.
func (p *Plan) bypassTime(s *State, i int) float64 {
	sd := &p.sides[i]
	n := p.working(s, sd.ups)
	l := &p.layers[upses]
	if n == 0 || s.Out[i] > l.rating*float64(n) {
		return math.Inf(1)
	}
	t := 0.0
	for u := sd.ups.first; u < sd.ups.end; u++ {
		t = max(t, l.breaker.CoolTime(s.Heat[u], cooled))
	}
	return t
}
