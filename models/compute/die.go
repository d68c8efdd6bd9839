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
}

// stir is the change of a die at rest, in K, that it follows at once. It is that of a coolant that drifts.
const stir = 0.3

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

// Turn lets the die be bound for where the power of its group, the coolant and the flow now send it. A die that is
// steered the way it goes already is left alone.
func (d *Die) Turn(g *GPU, now float64, gr *Group) {
	if gr.R1 == d.R1 && gr.R2 == d.R2 && gr.Rest == d.Rest {
		return
	}
	at := d.Now(g, now)
	d.Mark, d.At, d.Rest, d.R1, d.R2 = now, at, gr.Rest, gr.R1, gr.R2
	d.Until = now
	if math.Abs(at.Die-d.Rest.Die) > stir || math.Abs(at.Sink-d.Rest.Sink) > stir {
		d.Until += d.path(g).Settled()
	}
}

// Settle puts the die where it is bound.
func (d *Die) Settle() { d.At, d.Until = d.Rest, d.Mark }

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
