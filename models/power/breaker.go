package power

import "math"

// Breaker is an overload protection. Its state is a heat h: 0 cold, 1 trips. Loads are relative to its rating.
//
// A thermal element follows dh/dt = ((x/pickup)² - h)/τ. An inverse-time relay instead accumulates 1/t(M) with
// M = x/pickup above pickup (IEEE C37.112, clause 4) and forgets with τ below. From Instant up, both trip within Delay.
type Breaker struct {
	Pickup  float64
	Tau     float64 // s
	Instant float64
	Delay   float64 // s
	Relay   *Relay  // nil: thermal
}

// Relay is an inverse-time curve: t = Dial (A/(M^P - 1) + B) in s, for M > 1.
type Relay struct{ A, B, P, Dial float64 }

// Time returns the seconds to trip at a constant multiple m > 1 of pickup.
func (r *Relay) Time(m float64) float64 { return r.Dial * (r.A/(math.Pow(m, r.P)-1) + r.B) }

// RelayCurve returns a standard inverse-time curve by name, with dial 1. IEEE C37.112-2018 table 1 (moderately, very,
// extremely inverse); IEC 60255-151 table 1 (standard, very, extremely inverse).
func RelayCurve(name string) (Relay, bool) {
	switch name {
	case "ieee-mi":
		return Relay{0.0515, 0.1140, 0.02, 1}, true
	case "ieee-vi":
		return Relay{19.61, 0.491, 2, 1}, true
	case "ieee-ei":
		return Relay{28.2, 0.1217, 2, 1}, true
	case "iec-si":
		return Relay{0.14, 0, 0.02, 1}, true
	case "iec-vi":
		return Relay{13.5, 0, 1, 1}, true
	case "iec-ei":
		return Relay{80, 0, 2, 1}, true
	}
	return Relay{}, false
}

// BreakerTau returns the time constant in s of a thermal element that, after a long time at load preload, trips t
// seconds into load x > pickup.
func BreakerTau(pickup, preload, x, t float64) float64 {
	return t / math.Log((x*x-preload*preload)/(x*x-pickup*pickup))
}

// Settled returns the heat after a long time at load x; at most 1.
func (b *Breaker) Settled(x float64) float64 {
	if b.Relay != nil {
		return 0
	}
	q := x / b.Pickup
	return math.Min(q*q, 1)
}

// TripTime returns the seconds until heat h reaches 1 at constant load x; +Inf if it never does.
func (b *Breaker) TripTime(h, x float64) float64 {
	switch {
	case x >= b.Instant:
		return math.Max(1-h, 0) * b.Delay
	case x <= b.Pickup:
		return math.Inf(1)
	case h >= 1:
		return 0
	case b.Relay != nil:
		return (1 - h) * b.Relay.Time(x/b.Pickup)
	}
	q := x / b.Pickup
	q *= q
	return b.Tau * math.Log((q-h)/(q-1))
}

// Heat returns the heat dt seconds after h at constant load x. forget is 1 - exp(-dt/Tau), which callers share
// between breakers of one type.
func (b *Breaker) Heat(h, x, dt, forget float64) float64 {
	q := x / b.Pickup
	q *= q
	switch {
	case x >= b.Instant:
		return h + dt/b.Delay
	case b.Relay == nil:
		return h + (q-h)*forget
	case x > b.Pickup:
		return h + dt/b.Relay.Time(x/b.Pickup)
	}
	return h - h*forget
}

// CoolTime returns the seconds until heat h has fallen to low without load.
func (b *Breaker) CoolTime(h, low float64) float64 {
	if h <= low {
		return 0
	}
	return b.Tau * math.Log(h/low)
}

// preload is the load at which the trip time of a spec is stated.
const preload = 0.8

func (s *BreakerSpec) breaker() Breaker {
	b := Breaker{Pickup: float64(s.Pickup), Instant: s.Instant, Delay: float64(s.Delay)}
	b.Tau = BreakerTau(b.Pickup, min(preload, b.Pickup), math.Max(2, 1.1*b.Pickup), float64(s.Double))
	if r, ok := RelayCurve(s.Curve); ok {
		r.Dial = s.Dial
		b.Relay = &r
	}
	return b
}

// overloadDelay is how long a machine takes to give up at its instant limit, s.
const overloadDelay = 0.02

func (s *OverloadSpec) breaker(absent OverloadSpec) Breaker {
	if s == nil {
		s = &absent
	}
	b := Breaker{Pickup: float64(s.Pickup), Instant: s.Instant, Delay: overloadDelay}
	b.Tau = BreakerTau(b.Pickup, min(preload, b.Pickup), float64(s.Load), float64(s.For))
	return b
}

// What a UPS and a genset stand where their spec does not say it; typical.
var (
	upsOverload    = OverloadSpec{Pickup: 1.02, Load: 1.25, For: 600, Instant: 1.5}
	gensetOverload = OverloadSpec{Pickup: 1.02, Load: 1.10, For: 3600, Instant: 1.5}
)
