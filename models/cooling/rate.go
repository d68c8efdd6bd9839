package cooling

import "math"

// The limits on how fast the inlets may change, and the window in which each holds. ASHRAE TC 9.9, Thermal Guidelines
// for Data Processing Environments, 5th ed. 2021: 20 K in any hour, and 5 K in any 15 minutes where tape is kept
// (typical: as commonly quoted).
const (
	hourlyChange = 20.0 // K
	tapeChange   = 5.0  // K
)

// rateBins is the number of parts of a window whose extremes are kept: a swing is seen as soon as it is over, and
// forgotten at most one part after it left the window.
const rateBins = 30

// swing is how far the warmest and the coldest inlet of a hall have moved within a window. The zero value has seen nothing.
type swing struct {
	seen     bool
	at       int     // part in hand
	age      float64 // s since it began
	low, top [2][rateBins]float64
}

// widen takes the inlets in °C at the end of a step of dt s into the window of the given s.
func (r *swing) widen(now [2]float64, dt, window float64) {
	if !r.seen {
		r.seen = true
		for k, t := range now {
			for i := range rateBins {
				r.low[k][i], r.top[k][i] = t, t
			}
		}
	}
	part := window / rateBins
	r.age += dt
	for n := 0; r.age >= part; n++ {
		if n == rateBins { // longer than the window
			r.age = math.Mod(r.age, part)
			break
		}
		r.age -= part
		// The step's path is not known within it: the new part begins where the step ended.
		r.at = (r.at + 1) % rateBins
		for k, t := range now {
			r.low[k][r.at], r.top[k][r.at] = t, t
		}
	}
	for k, t := range now {
		r.low[k][r.at], r.top[k][r.at] = min(r.low[k][r.at], t), max(r.top[k][r.at], t)
	}
}

// most returns the K by which the warmest or the coldest inlet, whichever moved more, has changed within the window.
func (r *swing) most() float64 {
	worst := 0.0
	for k := range r.low {
		low, top := math.Inf(1), math.Inf(-1)
		for i := range rateBins {
			low, top = min(low, r.low[k][i]), max(top, r.top[k][i])
		}
		worst = max(worst, top-low)
	}
	return worst
}

// changeLimit returns the K that the inlets of a hall may change by, and within which s.
func (p *Plan) changeLimit() (limit, window float64) {
	if p.air.Tape {
		return tapeChange, 900
	}
	return hourlyChange, 3600
}

// classifyChange holds a hall against the limit on the rate of change.
func (p *Plan) classifyChange(c *Class, dt float64) {
	limit, window := p.changeLimit()
	c.swing.widen([2]float64{c.Hottest, c.Coldest}, dt, window)
	c.Change = c.swing.most()
	c.Fast = c.Change > limit
	if c.Fast {
		c.OutsideRate += dt
	}
}

// crossedRate reports whether the inlets of a hall have begun to change too fast, or have ceased to by the hysteresis,
// and nobody was told.
func (p *Plan) crossedRate(c *Class) bool {
	limit, _ := p.changeLimit()
	return c.Fast && !c.toldFast || c.toldFast && c.Change < limit-hysteresis
}

// explainRate says how fast the inlets of a hall change, and what stands behind it.
func (p *Plan) explainRate(s *State, i int) string {
	c := &s.Class[i]
	limit, window := p.changeLimit()
	what := "ASHRAE " + p.class.air
	if p.air.Tape {
		what += " with tape"
	}
	if !c.Fast {
		return sprintf("back inside %s: inlets changed by %.1f K in %.0f min", what, c.Change, window/60)
	}
	return sprintf("outside %s, too fast: inlets changed by %.1f K in %.0f min, %g allowable; they are at %.1f to %.1f °C%s",
		what, c.Change, window/60, limit, c.Coldest, c.Hottest, p.behind(s, i))
}
