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
			w.water[i] = water
			w.solve(p.rhoCp)
			heat += w.taken[i]
			slope += w.slope[i]
			if i == int(w.loop) {
				heat += w.latent
			}
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

// economizer returns the effectiveness times the smaller capacity rate, in W/K, of the loop's economizer at a capacity
// rate of its water in W/K: the other side keeps its flow.
func (l *water) economizer(rate float64) float64 {
	if l.coil <= 0 || rate <= 0 {
		return 0
	}
	y := min(rate/l.rate, 1)
	ntu := l.coil / (1 - l.coil) * Conductance(1, 1, y, 1, 0.7, 0.7) / y
	return rate * Counterflow(ntu, y)
}

// opening is by how many K the water is too warm where the valves of its coils and CDUs stand open (typical).
const opening = 2

// runWaters advances the water loops: for each it finds what its plant can do in this weather, the temperature at which
// load and plant balance, and how the plant shares the work.
func (p *Plan) runWaters(s *State, in *Input, out *Output) {
	if len(p.water) > 1 && p.water[0].halls && p.water[1].halls {
		p.runJoined(s, in, out)
		return
	}
	for i := range p.water {
		b := &s.c.waters[i]
		p.openWater(s, i, in, b)
		p.balance(s, b)
		p.closeWater(s, i, in, b, out)
	}
}

// openWater sets what a loop's pumps and plant can do. Pumps follow the valves: the flow keeps the design rise while the
// water is as cold as it should be, and goes up to all they can where it is not.
func (p *Plan) openWater(s *State, i int, in *Input, b *waterWork) {
	l := &p.water[i]
	*b = waterWork{loop: i, dt: in.Dt, start: s.WaterSupply[i], set: s.WaterSet[i]}
	guess, _ := p.load(s, i, s.Delivered[i], in.Dt)
	if flow := s.c.flowOf[i]; flow > 0 {
		y := max(guess/l.design, float64(p.plant.Pump.MinFlow), (s.Delivered[i]-b.set)/opening)
		y = min(y, flow)
		b.pump = Affinity(p.pumps[l.pumps].power, y, p.plant.Pump.Exponent)
		b.rate = l.rate * y
		b.k, b.plan = p.sink(s, l, in, s.Delivered[i], guess+b.pump, b.rate)
	}
	p.prepareTank(s, b, in)
}

// closeWater moves a loop's masses, now that its balance is known, and lets the plant do its share.
func (p *Plan) closeWater(s *State, i int, in *Input, b *waterWork, out *Output) {
	l := &p.water[i]
	out.Storing += l.mass * (b.end - b.start) / in.Dt
	s.WaterSupply[i], s.Delivered[i] = b.end, b.end
	s.WaterRate[i] = (b.end - b.start) / in.Dt
	p.commitTank(s, b, in, out)
	if l.halls {
		for h := range p.halls {
			s.c.halls[h].cool(i, s.Delivered[i])
		}
	}
	out.Pumps += b.pump
	p.showPumps(s, &p.pumps[l.pumps], b.pump, s.c.flowOf[i])
	p.reject(s, l, &b.k, &b.plan, in, b.rejected, b.heat, b.rate, out)
}

// waterWork is what a step knows of one water loop.
type waterWork struct {
	loop           int
	dt, start, set float64 // s; °C of the water that leaves the plant: at the start and its set point
	pump           float64 // W
	gain           float64 // W that come through the wall of the tank
	rate           float64 // W/K: heat capacity rate
	k              sink
	plan           plantWork
	series         tankMap // of a tank that all the water passes: its outlet over the plant's water
	tank           sink    // what a tank beside the loop can take from the return
	tankRate       float64 // W/K: through the tank, negative downwards
	tankIn         float64 // °C

	// The solution.
	mean, end float64 // °C: of the water that leaves the plant
	delivered float64 // °C, mean: of the water to the coils and CDUs
	heat      float64 // W that the water carries back, pumps and the tank's gain included
	rejected  float64 // W that the plant takes
	stored    float64 // W that the tank takes
}

// carry solves what the loop serves for water that leaves the plant at mean °C. It returns the W into the loop's mass
// and by how much less they would be for each K warmer, and the W/K by which the load falls for each K.
func (p *Plan) carry(s *State, b *waterWork, mean float64) (in, stiff, slope float64) {
	b.mean = mean
	b.delivered = b.series.at(mean)
	heat, slope := p.load(s, b.loop, b.delivered, b.dt)
	b.heat = heat + b.pump + b.gain
	passing := b.rate * (1 - b.series.pass)
	return b.heat + b.rate*(b.delivered-mean), slope*b.series.pass + passing, slope * b.series.pass
}

// balance finds the mean temperature over the step at which load and sink agree with the loop's mass, and leaves halls
// and technology loops solved for it.
//
// In control the plant takes what brings its water to the set point, and a tank beside the loop the rest or what is
// left to recharge it. Otherwise plant and tank take all they can, or nothing, and the mean follows from
// mean = T0 + w·dt/C·(load(mean) - plant(mean)), whose difference rises with the mean: Newton's method inside a bracket
// finds the one root.
func (p *Plan) balance(s *State, b *waterWork) {
	mass := p.water[b.loop].mass
	heat, _, slope := p.carry(s, b, (b.start+b.set)/2)
	need := heat - mass*(b.set-b.start)/b.dt
	most, _ := b.k.most(b.delivered, b.heat, b.rate, slope)
	if need >= 0 && need <= most {
		b.end, b.rejected = b.set, need
		p.recharge(s, b, most-need)
		return
	}
	saturated := need > most
	if saturated && p.discharge(s, b, need-most) {
		b.rejected = most
		b.end = b.start + (heat-most-b.stored)*b.dt/mass
		return
	}
	can := func(slope float64) (plant, tank, change float64) {
		if !saturated {
			return 0, 0, 0
		}
		plant, c1 := b.k.most(b.delivered, b.heat, b.rate, slope)
		tank, c2 := b.tank.most(b.delivered, b.heat, b.rate, slope)
		return plant, tank, (c1 + c2) * b.series.pass
	}
	heat, stiff, slope := p.carry(s, b, b.start)
	plant, tank, change := can(slope)
	weight := fittedWeight((stiff + change) * b.dt / mass)
	z := weight * b.dt / mass
	// The difference rises by at least one K for each K, so the root is no further away than its value.
	g := -z * (heat - plant - tank)
	lo, hi := min(b.start, b.start-g), max(b.start, b.start-g)
	found := false
	for range solveSteps {
		next := b.mean - g/(1+z*(stiff+change))
		if !(next > lo && next < hi) {
			next = (lo + hi) / 2
		}
		if found = math.Abs(next-b.mean) < 1e-9; found {
			break
		}
		heat, stiff, slope = p.carry(s, b, next)
		plant, tank, change = can(slope)
		g = b.mean - b.start - z*(heat-plant-tank)
		if g > 0 {
			hi = b.mean
		} else {
			lo = b.mean
		}
	}
	b.empty(tank)
	if !found { // the end follows from the mean, and the plant takes the rest of the balance
		end := b.start + (b.mean-b.start)/weight
		plant = max(heat-tank-mass*(end-b.start)/b.dt, 0)
	}
	b.rejected = plant
	b.end = b.start + (heat-plant-tank)*b.dt/mass
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
