package cooling

import "math"

// fanSteps bounds the search for the speed of the fans.
const fanSteps = 60

// controlFans sets the speed of the CRAHs' fans that PI control by a temperature T gives:
//
//	u = K e + I,  dI/dt = K e / Ti,  e = T - goal
//
// T falls as u rises, and its answer within a step is algebraic: an explicit step would chatter where K·|dT/du| > 1. So
// u is the root of u - K e(u) - I(u) with T taken at the end of the step and the integral by the trapezoidal rule; the
// difference rises with u, so there is one root. Where the speed is at a bound the integral rests there and cannot wind
// up. In steps longer than Ti/4 the control has done its work: u is the speed at which T is at its goal, and the
// integral follows it. The drive then follows u as it follows the pressure control ([CRAHSpec].Ramp).
func (p *Plan) controlFans(s *State, i int, dt float64) {
	w := &s.c.halls[i]
	c := p.air.CRAH.Control
	gain, time := c.Gain, float64(c.Time)
	low := float64(p.air.CRAH.Each.MinSpeed)
	goal := float64(p.air.Supply) + 2
	if c.By == "return" {
		goal += 10
	}
	if c.Goal != nil {
		goal = float64(*c.Goal)
	}
	var e float64 // at the speed tried last
	quasi := dt > time/4
	was := p.fanError(s, i, s.HallCold[i], s.HallAir[i], goal)
	when := atEnd
	if quasi {
		when = atRest
	}
	excess := func(u float64) float64 {
		p.blow(s, i, dt, u, when)
		w.solve(p.rhoCp)
		hot := w.airTemp + (w.hot-w.airTemp)/w.weight
		x, y := w.sides()
		cold := x*w.supply + y*w.row.supply + (1-x-y)*hot
		if !quasi {
			cold += (w.coldTemp - w.entering(w.hot)) * w.keptEnd
		}
		e = p.fanError(s, i, cold, hot, goal)
		if quasi {
			return -e
		}
		return u - gain*e - (s.HallFan[i] + gain*(was+e)/2*dt/time)
	}
	u := root(excess, low, 1)
	excess(u)
	if quasi {
		s.HallFan[i] = u - gain*e
	} else {
		s.HallFan[i] += gain * (was + e) / 2 * dt / time
	}
	s.HallFan[i] = min(max(s.HallFan[i], low), 1)
	p.blow(s, i, dt, u, overStep)
}

// fanError returns by how much the air that the fans of a hall hold is too warm, for air before the racks and on the hot
// side of the given °C.
func (p *Plan) fanError(s *State, i int, cold, hot, goal float64) float64 {
	if p.air.CRAH.Control.By == "inlet" {
		return cold - goal
	}
	ret := hot
	if w := &s.c.halls[i]; w.air > 0 {
		ret = w.supply + w.through/w.air*(hot-w.supply)
	}
	return ret - goal
}

// root returns where a rising function crosses 0 within [low, high], or the end that is nearer to it, by the Illinois
// method.
func root(f func(float64) float64, low, high float64) float64 {
	fl, fh := f(low), f(high)
	if fl >= 0 {
		return low
	}
	if fh <= 0 {
		return high
	}
	side := 0
	for range fanSteps {
		x := (low*fh - high*fl) / (fh - fl)
		y := f(x)
		if math.Abs(y) < 1e-10 || high-low < 1e-12 {
			return x
		}
		switch {
		case y > 0:
			high, fh = x, y
			if side > 0 {
				fl /= 2
			}
			side = 1
		default:
			low, fl = x, y
			if side < 0 {
				fh /= 2
			}
			side = -1
		}
	}
	return (low + high) / 2
}
