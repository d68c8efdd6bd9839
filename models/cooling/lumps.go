package cooling

import "math"

// Lag is one thermal mass behind a resistance to a temperature that holds still: a die on its cold plate.
type Lag struct {
	Resistance float64 // K/W
	Tau        float64 // s
}

// After returns the °C of the mass t s after it stood at start °C, with heat W into it and a sink of the given °C.
func (l Lag) After(start, heat, sink, t float64) float64 {
	end := sink + heat*l.Resistance
	return end + (start-end)*math.Exp(-t/l.Tau)
}

// Time returns the s until the mass reaches limit °C; 0 where it is there, +Inf where it never is.
func (l Lag) Time(start, heat, sink, limit float64) float64 {
	if start >= limit {
		return 0
	}
	end := sink + heat*l.Resistance
	if end <= limit {
		return inf
	}
	return -l.Tau * math.Log((end-limit)/(end-start))
}

// LumpChain is two thermal masses in a row before a sink: a die, its heat sink, and the coolant.
//
//	C1 dT1/dt = heat - (T1 - T2)/R1      C2 dT2/dt = (T1 - T2)/R1 - (T2 - sink)/R2
type LumpChain struct {
	C1, C2 float64 // J/K
	R1, R2 float64 // K/W
}

// Taus returns the two time constants in s, the fast one first.
func (c LumpChain) Taus() (fast, slow float64) {
	a, b, d := 1/(c.R1*c.C1), 1/(c.R1*c.C2), 1/(c.R2*c.C2)
	half := (a + b + d) / 2
	root := math.Sqrt(half*half - a*d)
	return 1 / (half + root), 1 / (half - root)
}

// After returns the °C of both masses t s after they stood at t1 and t2, with heat W into the first. It is exact.
func (c LumpChain) After(t1, t2, heat, sink, t float64) (first, second float64) {
	fast, slow := c.Taus()
	end2 := sink + heat*c.R2
	end1 := end2 + heat*c.R1
	// Deviations from the end decay as two modes; in mode λ the second mass moves by 1 - λ R1 C1 for each of the
	// first.
	mf, ms := 1-c.R1*c.C1/fast, 1-c.R1*c.C1/slow
	x1, x2 := t1-end1, t2-end2
	af := (x2 - ms*x1) / (mf - ms)
	as := x1 - af
	af *= math.Exp(-t / fast)
	as *= math.Exp(-t / slow)
	return end1 + af + as, end2 + mf*af + ms*as
}
