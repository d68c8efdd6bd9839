package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// load solves everything that a water loop serves for water of the given °C, and returns the heat it takes up in
// W and by how much less it would for each K warmer, in W/K.
func (p *Plan) load(s *State, i int, water, dt float64) (heat, slope float64) {
	l := &p.water[i]
	if l.halls {
		for h := range p.halls {
			w := &s.c.halls[h]
			w.solve(p.rhoCp, water)
			heat += w.heat + w.latent
			slope += w.slope
		}
	}
	if l.cdus {
		for j := range p.loops {
			w := &s.c.loops[j]
			w.solve(&p.loops[j], s.LoopSupply[j], s.LoopSet[j], dt, water)
			heat += w.out
			slope += w.slope
		}
	}
	return heat, slope
}

// sink is what a plant can take from a water loop in one step: base + exchange·(return - temperature).
type sink struct {
	base        float64 // W: chillers
	exchange    float64 // W/K: economizer or dry coolers
	temperature float64 // °C: of the tower water or the outdoor air
}

// most returns the largest heat in W that the sink takes from water of the given supply °C that carries the load
// in W at a capacity rate in W/K, and its change with the supply temperature for a load that falls by slope W/K.
func (k *sink) most(water, load, rate, slope float64) (heat, change float64) {
	if k.exchange <= 0 || rate <= 0 {
		return k.base, 0
	}
	drive := water + load/rate - k.temperature
	if drive <= 0 {
		return k.base, 0
	}
	return k.base + k.exchange*drive, max(k.exchange*(1-slope/rate), 0)
}

// runWater advances one water loop: it finds what its plant can do in this weather, the temperature at which load
// and plant balance, and how the plant shares the work.
func (p *Plan) runWater(s *State, i int, in *Input, out *Output) {
	l := &p.water[i]
	start, set := s.WaterSupply[i], s.WaterSet[i]
	guess, slope := p.load(s, i, start, in.Dt)
	flow := s.c.flowOf[i]
	pump := 0.0
	if flow > 0 {
		y := min(max(guess/l.design, float64(p.plant.Pump.MinFlow)), flow)
		pump = Affinity(p.pumps[l.pumps].power, y, p.plant.Pump.Exponent)
	}
	rate := l.rate * flow
	var k sink
	var plan plantWork
	if flow > 0 {
		k, plan = p.sink(s, l, in, start, guess+pump, rate)
	}
	heat, rejected, end := p.balance(s, i, &k, in.Dt, start, set, guess+pump, slope, pump, rate)
	out.Storing += l.mass * (end - start) / in.Dt
	s.WaterSupply[i] = end
	if l.halls {
		for h := range p.halls {
			s.c.halls[h].source = end
		}
	}
	out.Pumps += pump
	p.showPumps(s, &p.pumps[l.pumps], pump, flow)
	p.reject(s, l, &k, &plan, in, rejected, heat, rate, out)
}

// balance finds the mean supply temperature over the step at which the load and the sink agree with the loop's
// mass, leaves halls and technology loops solved for it, and returns the loop's heat and rejection in W and its
// temperature at the end.
//
// In control the plant takes what brings the loop to its set point. Otherwise it takes all it can, or nothing,
// and the mean follows from mean = T0 + w·dt/C·(load(mean) - plant(mean)), whose difference rises with the mean:
// Newton's method inside a bracket finds the one root.
func (p *Plan) balance(s *State, i int, k *sink, dt, start, set, heat, slope, pump, rate float64) (load, rejected, end float64) {
	mass := p.water[i].mass
	mean := (start + set) / 2
	if mean != start {
		heat, slope = p.load(s, i, mean, dt)
		heat += pump
	}
	need := heat - mass*(set-start)/dt
	most, _ := k.most(mean, heat, rate, slope)
	if need >= 0 && need <= most {
		return heat, need, set
	}
	saturated := need > most
	can := func(water, heat, slope float64) (float64, float64) {
		if saturated {
			return k.most(water, heat, rate, slope)
		}
		return 0, 0
	}
	heat, slope = p.load(s, i, start, dt)
	heat += pump
	rejected, change := can(start, heat, slope)
	weight := fittedWeight((slope + change) * dt / mass)
	z := weight * dt / mass
	// The difference rises by at least one K for each K, so the root is no further away than its value.
	mean = start
	g := -z * (heat - rejected)
	lo, hi := min(start, start-g), max(start, start-g)
	for range solveSteps {
		next := mean - g/(1+z*(slope+change))
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if math.Abs(next-mean) < 1e-9 {
			return heat, rejected, start + (heat-rejected)*dt/mass
		}
		mean = next
		heat, slope = p.load(s, i, mean, dt)
		heat += pump
		rejected, change = can(mean, heat, slope)
		g = mean - start - z*(heat-rejected)
		if g > 0 {
			hi = mean
		} else {
			lo = mean
		}
	}
	// Not found to 1e-9 K: the end follows from the mean, and the plant takes the rest of the balance.
	end = start + (mean-start)/weight
	rejected = max(heat-mass*(end-start)/dt, 0)
	return heat, rejected, start + (heat-rejected)*dt/mass
}

// solveSteps bounds the search for a loop's temperature; three or four steps are the rule.
const solveSteps = 48

// showPumps sets what is known of a loop's pumps.
func (p *Plan) showPumps(s *State, g *pumpGroup, power, flow float64) {
	up := float64(max(s.working(facility.Pump, g.first, g.n), 1))
	for u := g.first; u < g.first+g.n; u++ {
		s.Pump.Power[u], s.Pump.Load[u] = 0, 0
		if s.down[facility.Pump][u] == 0 && flow > 0 {
			s.Pump.Power[u] = power / up
			s.Pump.Load[u] = flow * float64(g.needed) / up
		}
	}
}
