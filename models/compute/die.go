package compute

import "math"

// Die is the thermal state of a die, brought up to date only when its power or its coolant changes: where it was
// then, and where it is bound. Plain data; the zero value is a die of which nothing is known yet.
type Die struct {
	Mark  float64 // s: when it was at At
	Until float64 // s: from then on it is at Rest
	At    Temperatures
	Rest  Temperatures
	R1    float64 // K/W: die to sink
	R2    float64 // K/W: sink to coolant, at the present flow

	Moving bool    // its power changes with it: found at Mark, for the mean over
	Window float64 // s from then
}

// stir is the change of a die at rest, in K, that it follows at once. It is that of a coolant that drifts.
const stir = 0.3

// warmer is the same of a die that throttles, and of its sink.
const warmer = 0.05

// away reports whether a die has a way to go that is worth following: more than a change that it follows at once, in K.
func away(at, rest Temperatures, change float64) bool {
	return math.Abs(at.Die-rest.Die) > change || math.Abs(at.Sink-rest.Sink) > change
}

// path returns the way of the die's heat.
func (d *Die) path(g *GPU) TwoPole {
	return TwoPole{R1: d.R1, R2: d.R2, C1: g.DieCapacity, C2: g.SinkCapacity}
}

// Now returns where die and sink of a GPU are.
func (d *Die) Now(g *GPU, now float64) Temperatures {
	switch {
	case now >= d.Until:
		return d.Rest
	case now <= d.Mark:
		return d.At
	}
	return d.path(g).Decay(now-d.Mark).From(d.At, d.Rest)
}

// Like reports whether two dies of a type are and will be where the other is, as long as they are steered alike.
func (d *Die) Like(other *Die, now float64) bool {
	if now >= d.Until && now >= other.Until {
		return d.Rest == other.Rest && d.Moving == other.Moving
	}
	return *d == *other
}

// Turn lets the die be bound for where the power of its group, the coolant and the flow now send it. A die that is
// steered the way it goes already is left alone.
func (d *Die) Turn(g *GPU, now float64, gr *Group) {
	if gr.R1 == d.R1 && gr.R2 == d.R2 && gr.Rest == d.Rest && !gr.Moving && !d.Moving {
		return
	}
	at := d.Now(g, now)
	d.Moving, d.Window = gr.Moving, gr.Window
	d.Mark, d.At, d.Rest, d.R1, d.R2 = now, at, gr.Rest, gr.R1, gr.R2
	d.Until = now
	change := stir
	if gr.Bound == Thermal { // at its threshold little decides
		change = warmer
	}
	if away(at, d.Rest, change) {
		d.Until += d.path(g).Settled()
	}
}

// Window returns over how many of the s to come the mean of the die decides its leakage: all, or none where they are more
// than it takes to follow.
func (g *GPU) Window(s float64) float64 {
	if !g.Lags() || s > g.slow {
		return 0
	}
	return s
}

// Settle puts the die where it is bound.
func (d *Die) Settle() { d.At, d.Until, d.Moving = d.Rest, d.Mark, false }

// Begin puts die and sink where they are known to be, whatever they are bound for next.
func (d *Die) Begin(now float64, at Temperatures) {
	*d = Die{Mark: now, Until: now, At: at, Rest: at}
}

// Reaches returns when the die first reaches limit °C after it was last steered, in s; +Inf for never.
func (d *Die) Reaches(g *GPU, limit float64) float64 {
	if d.Until <= d.Mark {
		if d.Rest.Die >= limit {
			return d.Mark
		}
	}
	return d.Mark + d.path(g).Time(d.At, d.Rest, limit)
}
