package cooling

import "math"

// The regimes of a coil's valve and of the doors'.
const (
	steered = iota // at its set point
	opened         // the valve is open
	closed         // the valve is closed
)

// handlers is what a step knows of like air handlers of one hall: its CRAHs, or its in-row coolers.
type handlers struct {
	up        int32   // units at work
	loop      int32   // water loop that feeds the coils
	speed     float64 // of their fans, mean over the step
	lastSpeed float64 // at its end
	air       float64 // m³/s that they deliver
	fans      float64 // W
	through   float64 // m³/s of it that passes the racks
	coil      float64 // W/K: ε·Cmin of all coils; of outdoor air its capacity rate
	boost     float64 // W that DX coils can take on top
	contact   float64 // share of the coils' air that touches their surface
	floor     float64 // °C: colder water is mixed up to it, and keeps the coils dry
	source    float64 // °C at the end: what the coil takes its cold from, water or outdoor air

	regime int
	s0, s1 float64 // supply = s0 + s1·hot
	supply float64 // °C, mean
	heat   float64 // W to the water, fans included
}

// bend sets the supply's line for hot air of the given °C. Of three regimes the coil is saturated (valve open), in
// control (supply at its set point) or closed (the air is colder than the set point); the supply temperature is the
// middle of the three, and each is a rising affine function of the hot air. It reports whether the regime changed.
func (b *handlers) bend(rhoCp, set, water, hot float64) (changed bool) {
	was := b.regime
	if b.through <= 0 {
		b.regime, b.s0, b.s1 = closed, 0, 1
		return b.regime != was
	}
	b.regime, b.s0, b.s1 = steered, set, 0
	ca, share := rhoCp*b.air, b.through/b.air
	den := ca*share + b.coil*(1-share)
	open0, open1 := (b.fans+b.coil*max(water, b.floor)-b.boost)/den, share*(ca-b.coil)/den
	if open0+open1*hot > set {
		b.regime, b.s0, b.s1 = opened, open0, open1
	}
	if shut := b.fans / (ca * share); shut+hot < b.s0+b.s1*hot { // nor does a coil heat the air
		b.regime, b.s0, b.s1 = closed, shut, 1
	}
	return b.regime != was
}

// lift returns by how much the supply rises for each K of its water.
func (b *handlers) lift(rhoCp, water float64) float64 {
	if b.regime != opened || water < b.floor {
		return 0
	}
	share := b.through / b.air
	return b.coil / (rhoCp*b.air*share + b.coil*(1-share))
}

// at returns the supply at the end of the step, in °C, for hot air of the given °C and what the coil then takes from: in
// a long step it has moved on from the means.
func (b *handlers) at(rhoCp, set, hot float64) float64 {
	if b.through <= 0 {
		return hot
	}
	ca, share := rhoCp*b.air, b.through/b.air
	den := ca*share + b.coil*(1-share)
	open := (b.fans+b.coil*max(b.source, b.floor)-b.boost)/den + share*(ca-b.coil)/den*hot
	return min(max(open, set), hot+b.fans/(ca*share))
}

// doorWork is what a step knows of the rear doors of one hall, summed over the doors at work.
//
// A door takes e·(release + C·(Tc - Tw)) with its valve open, e its effectiveness, C the heat capacity rate of the air
// through it and the release, A - K·Tc, that of its rack; or what brings the air to its set point; and never heats it.
type doorWork struct {
	a, k, c    float64 // of the racks behind doors: A in W, K and C in W/K
	ea, ek, ec float64 // the same, times e
	loop       int32
	floor      float64 // °C: as of handlers
	leaving    float64 // °C: set point of the air, -Inf without
	regime     int
	q0, q1     float64 // heat to the water = q0 + q1·Tc
	heat       float64 // W to the water
	fans       float64 // W
}

// bend sets the line of the doors' heat for a cold aisle of the given °C, and reports whether the regime changed.
func (d *doorWork) bend(water, cold float64) (changed bool) {
	was := d.regime
	d.regime, d.q0, d.q1 = opened, d.ea-d.ec*max(water, d.floor), d.ec-d.ek
	if !math.IsInf(d.leaving, -1) {
		if q0, q1 := d.a-d.c*d.leaving, d.c-d.k; q0+q1*cold < d.q0+d.q1*cold {
			d.regime, d.q0, d.q1 = steered, q0, q1
		}
	}
	if d.q0+d.q1*cold < 0 {
		d.regime, d.q0, d.q1 = closed, 0, 0
	}
	return d.regime != was
}

// solveRegimes bounds the search for the regimes of coils and doors; two or three steps are the rule.
const solveRegimes = 64

// solve finds the hall's means for water of the temperatures in w.water.
//
// The hot side is the root of a balance that rises with it and is affine between the bends where a valve opens, closes
// or takes hold: Newton's method inside a bracket ends when no valve changes its regime, and is then exact.
func (w *hallWork) solve(rhoCp float64) {
	w.regime, w.s0, w.s1 = steered, w.setPoint, 0
	w.row.regime, w.row.s0, w.row.s1 = steered, w.setPoint, 0
	w.door.regime, w.door.q0, w.door.q1 = closed, 0, 0
	if w.through <= 0 {
		w.regime, w.s0, w.s1 = closed, 0, 1
	}
	if w.row.through <= 0 {
		w.row.regime, w.row.s0, w.row.s1 = closed, 0, 1
	}
	w.mix(rhoCp)
	lo, hi := math.Inf(-1), math.Inf(1)
	x, solved := w.hot, true
	for range solveRegimes {
		if !w.bend(rhoCp, x) && solved {
			break
		}
		w.mix(rhoCp)
		if math.Abs(w.hot-x) < 1e-12 {
			break
		}
		if w.hot < x {
			hi = x
		} else {
			lo = x
		}
		x, solved = w.hot, w.hot > lo && w.hot < hi
		if !solved {
			x = (lo + hi) / 2
		}
	}
	w.account(rhoCp)
}

// bend sets every line for hot air of the given °C.
func (w *hallWork) bend(rhoCp, hot float64) (changed bool) {
	changed = w.handlers.bend(rhoCp, w.setPoint, w.water[w.loop], hot)
	if w.row.through > 0 {
		changed = w.row.bend(rhoCp, w.setPoint, w.water[w.row.loop], hot) || changed
	}
	if w.door.c > 0 {
		changed = w.door.bend(w.water[w.door.loop], w.coldAt(hot)) || changed
	}
	return changed
}

// sides returns the shares of the racks' air that CRAHs and in-row coolers deliver.
func (w *hallWork) sides() (crah, row float64) { return w.through / w.demand, w.row.through / w.demand }

// entering returns the °C of the air that flows to the cold side, for hot air of the given °C and the lines of the supplies.
func (w *hallWork) entering(hot float64) float64 {
	x, y := w.sides()
	return x*(w.s0+w.s1*hot) + y*(w.row.s0+w.row.s1*hot) + (1-x-y)*hot
}

// coldAt returns the mean °C of the cold side, part of which is what it was.
func (w *hallWork) coldAt(hot float64) float64 {
	return w.kept*w.coldTemp + (1-w.kept)*w.entering(hot)
}

// mix closes the loop of supply, cold aisle, racks, doors and hot aisle for the lines that bend has set.
func (w *hallWork) mix(rhoCp float64) {
	x, y := w.sides()
	w.c0, w.c1 = w.kept*w.coldTemp+(1-w.kept)*(x*w.s0+y*w.row.s0), (1-w.kept)*(x*w.s1+y*w.row.s1+1-x-y)
	f := rhoCp * w.demand
	alpha := (f-w.k-w.door.q1)*w.c0 + w.a - w.door.q0 + w.wall*w.wallTemp
	beta := f*(1-w.c1) + (w.k+w.door.q1)*w.c1 + w.wall
	w.hot = (w.airTemp + w.z*alpha) / (1 + w.z*beta)
	w.cold = w.c0 + w.c1*w.hot
}

// account sets what the solution means: supplies, heat by water loop, and by how much less it would be for water that
// is 1 K warmer.
func (w *hallWork) account(rhoCp float64) {
	d := &w.door
	w.supply, w.row.supply = w.s0+w.s1*w.hot, w.row.s0+w.row.s1*w.hot
	w.heat = rhoCp*w.through*(w.hot-w.supply) + w.fans
	w.row.heat = rhoCp*w.row.through*(w.hot-w.row.supply) + w.row.fans
	d.heat = d.q0 + d.q1*w.cold
	w.taken = [2]float64{}
	w.taken[w.loop] += w.heat
	w.taken[w.row.loop] += w.row.heat
	w.taken[d.loop] += d.heat
	w.slope = [2]float64{w.stiffness(rhoCp, 0), w.stiffness(rhoCp, 1)}
}

// stiffness returns by how many W less a water loop would take for each K that it is warmer: the derivative of the
// solution within its regimes.
func (w *hallWork) stiffness(rhoCp float64, loop int) float64 {
	d := &w.door
	var ds, dr, dq float64
	if int(w.loop) == loop {
		ds = w.lift(rhoCp, w.water[loop])
	}
	if int(w.row.loop) == loop {
		dr = w.row.lift(rhoCp, w.water[loop])
	}
	if int(d.loop) == loop && d.regime == opened && w.water[loop] >= d.floor {
		dq = -d.ec
	}
	if ds == 0 && dr == 0 && dq == 0 {
		return 0
	}
	x, y := w.sides()
	f := rhoCp * w.demand
	dcold := (1 - w.kept) * (x*ds + y*dr)
	dhot := w.z * ((f-w.k-d.q1)*dcold - dq) / (1 + w.z*(f*(1-w.c1)+(w.k+d.q1)*w.c1+w.wall))
	sum := 0.0
	if int(w.loop) == loop {
		sum += rhoCp * w.through * (ds + w.s1*dhot - dhot)
	}
	if int(w.row.loop) == loop {
		sum += rhoCp * w.row.through * (dr + w.row.s1*dhot - dhot)
	}
	if int(d.loop) == loop {
		sum -= dq + d.q1*(dcold+w.c1*dhot)
	}
	return max(sum, 0)
}

// cool tells the coils of a water loop what it is at, at the end of the step.
func (w *hallWork) cool(loop int, water float64) {
	if int(w.loop) == loop {
		w.source = water
	}
	if int(w.row.loop) == loop {
		w.row.source = water
	}
}

// warmest returns the °C of the warmest water of a loop, warm or chilled, with which coils and doors would have done the
// work of the solution with their valves open; +Inf where none has a set point to keep.
func (w *hallWork) warmest(warm bool) float64 {
	need := math.Inf(1)
	for _, b := range [...]*handlers{&w.handlers, &w.row} {
		if (b.loop == 1) == warm && b.coil > 0 && b.through > 0 && b.heat > 0 {
			need = min(need, b.supply+b.through/b.air*(w.hot-b.supply)-b.heat/b.coil)
		}
	}
	if d := &w.door; (d.loop == 1) == warm && d.ec > 0 && d.heat > 0 && !math.IsInf(d.leaving, -1) {
		need = min(need, (d.ea+(d.ec-d.ek)*w.cold-d.heat)/d.ec)
	}
	return need
}
