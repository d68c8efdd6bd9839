package compute

import "math"

// TwoPole is the way of the heat of a die to its coolant: the die, its heat sink or cold plate, the coolant.
//
//	C1 dT1/dt = P - (T1 - T2)/R1      C2 dT2/dt = (T1 - T2)/R1 - (T2 - Tc)/R2
//
// Without a mass of the sink (C2 = 0) it is one mass behind R1 + R2.
type TwoPole struct {
	R1, R2 float64 // K/W: die to sink, sink to coolant
	C1, C2 float64 // J/K: of the die with its package, of the sink
}

// Temperatures are those of a die and its sink in °C.
type Temperatures struct{ Die, Sink float64 }

// Rest returns where die and sink come to rest under power W and coolant °C.
func (p TwoPole) Rest(power, coolant float64) Temperatures {
	sink := coolant + p.R2*power
	return Temperatures{Die: sink + p.R1*power, Sink: sink}
}

// Taus returns the two time constants in s, the fast one first; it is 0 where there is but one mass.
func (p TwoPole) Taus() (fast, slow float64) {
	if p.C2 == 0 {
		return 0, (p.R1 + p.R2) * p.C1
	}
	a, b, d := 1/(p.R1*p.C1), 1/(p.R1*p.C2), 1/(p.R2*p.C2)
	half := (a + b + d) / 2
	rate := half + math.Sqrt(half*half-a*d)
	return 1 / rate, rate / (a * d)
}

// settling is the number of slow time constants after which a die counts as at rest: e^-6 of 50 K is 0.1 K.
const settling = 6

// Settled returns the s after which nothing of a change is left to be seen.
func (p TwoPole) Settled() float64 {
	_, slow := p.Taus()
	return settling * slow
}

// Decay is what t seconds leave of a deviation from rest: exact, and the same for every power and coolant.
type Decay struct{ dieDie, dieSink, sinkDie, sinkSink float64 }

// Decay returns the decay over t s.
func (p TwoPole) Decay(t float64) Decay {
	fast, slow := p.Taus()
	if p.C2 == 0 {
		return p.modes(0, slow, 0, math.Exp(-t/slow))
	}
	return p.modes(fast, slow, math.Exp(-t/fast), math.Exp(-t/slow))
}

// Mean returns the mean of the decay over t s, above 0.
func (p TwoPole) Mean(t float64) Decay {
	fast, slow := p.Taus()
	mean := func(tau float64) float64 { return -math.Expm1(-t/tau) * tau / t }
	if p.C2 == 0 {
		return p.modes(0, slow, 0, mean(slow))
	}
	return p.modes(fast, slow, mean(fast), mean(slow))
}

// modes returns the decay of which the modes of the time constants given have left ef and es.
func (p TwoPole) modes(fast, slow, ef, es float64) Decay {
	if p.C2 == 0 {
		return Decay{dieDie: es, sinkDie: es * p.R2 / (p.R1 + p.R2)}
	}
	// In the mode of time constant τ the sink moves by 1 - R1 C1/τ for each kelvin of the die.
	f, s := 1-p.R1*p.C1/fast, 1-p.R1*p.C1/slow
	return Decay{
		dieDie: (f*es - s*ef) / (f - s), dieSink: (ef - es) / (f - s),
		sinkDie: f * s * (es - ef) / (f - s), sinkSink: (f*ef - s*es) / (f - s),
	}
}

// From returns where die and sink are after the decay, having been at the one and bound for the other.
func (d Decay) From(at, rest Temperatures) Temperatures {
	x, y := at.Die-rest.Die, at.Sink-rest.Sink
	return Temperatures{Die: rest.Die + d.dieDie*x + d.dieSink*y, Sink: rest.Sink + d.sinkDie*x + d.sinkSink*y}
}

// After returns where die and sink are t s after they were at the given temperatures, under constant power W and
// coolant °C.
func (p TwoPole) After(at Temperatures, power, coolant, t float64) Temperatures {
	return p.Decay(t).From(at, p.Rest(power, coolant))
}

// Follow is the response to a power and a coolant that are constant between samples: from t[i] on, in s, they are
// power[i] W and coolant[i] °C. It writes the die's °C at each of these times into die, all of one length, and returns
// where die and sink are at the last. It does not allocate; samples at even times cost one exponential in all.
func (p TwoPole) Follow(at Temperatures, t, power, coolant, die []float64) Temperatures {
	var decay Decay
	over := math.NaN()
	for i := range t {
		if i > 0 {
			if dt := t[i] - t[i-1]; dt != over {
				over, decay = dt, p.Decay(dt)
			}
			at = decay.From(at, p.Rest(power[i-1], coolant[i-1]))
		}
		die[i] = at.Die
	}
	return at
}

// Time returns the s until the die first reaches limit °C, bound for rest from where it is; 0 where it is that hot
// already, +Inf where it never becomes so. With one mass it is closed form, with two the root is bracketed between the
// extremum of the response and the end of its slow mode, and bisected.
func (p TwoPole) Time(at, rest Temperatures, limit float64) float64 {
	if at.Die >= limit {
		return 0
	}
	fast, slow := p.Taus()
	end := rest.Die - limit
	if p.C2 == 0 {
		if end <= 0 {
			return math.Inf(1)
		}
		return slow * math.Log((rest.Die-at.Die)/end)
	}
	f, s := 1-p.R1*p.C1/fast, 1-p.R1*p.C1/slow
	quick := (at.Sink - rest.Sink - s*(at.Die-rest.Die)) / (f - s)
	lasting := at.Die - rest.Die - quick
	over := func(t float64) float64 { return end + quick*math.Exp(-t/fast) + lasting*math.Exp(-t/slow) }
	lo, hi := 0.0, -1.0
	if turn := -quick * slow / (lasting * fast); turn > 1 { // the response has an extremum on its way
		at := math.Log(turn) / (1/fast - 1/slow)
		switch {
		case over(at) >= 0:
			hi = at
		case lasting > 0: // it was the highest point: from there it falls to rest
			return math.Inf(1)
		default:
			lo = at
		}
	}
	if hi < 0 {
		if end <= 0 {
			return math.Inf(1)
		}
		hi = max(lo, slow*math.Log((math.Abs(quick)+math.Abs(lasting))/end))
	}
	for range 60 {
		if mid := (lo + hi) / 2; over(mid) < 0 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
