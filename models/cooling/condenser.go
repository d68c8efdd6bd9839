package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// towerSink is the plant of water-cooled chillers, towers and a water-side economizer. The towers' water has a mass:
// it carries the plant on for minutes when towers are lost, and takes its time to become cold enough for the
// economizer.
func (p *Plan) towerSink(s *State, l *water, in *Input, start, load, rate float64, w plantWork) (sink, plantWork) {
	w.cells = s.working(facility.Tower, 0, int32(p.banks[towers].n))
	w.condFlow = p.condenserFlow(s)
	if w.condFlow <= 0 {
		w.available = 0
		p.setMode(s, Mechanical, in.Dt, true)
		return sink{}, w
	}
	full := p.fullFans(load, in, &w)
	mean, _ := full.move(s.TowerLeaving, in.Dt)
	ret := start + load/rate
	eco := &p.plant.Economizer
	effect := l.economizer(rate)
	mode := Mechanical
	if l.coil > 0 {
		switch {
		case effect*(ret-max(mean, full.steady)) >= load:
			mode = Free
		case full.steady+float64(eco.Approach)+float64(eco.Band) < ret:
			mode = Partial
		}
	}
	lost := start > s.WaterSet[0]+1 && mode < s.Mode
	p.setMode(s, mode, in.Dt, lost)
	k := sink{}
	if s.Mode != Mechanical {
		k.exchange, k.temperature = effect, mean
	}
	if s.Mode == Free {
		w.goal = s.WaterSet[0] - float64(eco.Approach)
		return k, w
	}
	// Condenser water: as cold as the chillers like, or as cold as the towers can make it with the heat of the
	// compressors on top.
	each := &p.plant.Tower.Each
	w.goal = math.Inf(-1)
	if s.Mode == Mechanical {
		w.goal = max(in.Weather.WetBulb+float64(each.Approach), float64(each.MinWater))
	}
	full = p.fullFans(min(load, w.available)*1.15, in, &w)
	w.cond = max(full.hold(s.TowerLeaving, w.goal, in.Dt).mean, float64(each.MinWater))
	w.cond = min(w.cond, float64(p.plant.Chiller.Each.Trip))
	w.available = p.limitByTowers(s, in, &w, w.available*p.capacity(&w))
	w.cop = p.carnot(&w)
	k.base = w.available
	return k, w
}

// condenserFlow returns the share of the condenser water's design flow that its pumps can give.
func (p *Plan) condenserFlow(s *State) float64 { return p.pumps[p.water[0].pumps+1].able(s) }

// cellWater returns the kg/s of water through one cell; all cells at work share the condenser water.
func (p *Plan) cellWater(w *plantWork) float64 {
	b := &p.banks[towers]
	return min(b.tower.Water*float64(b.needed)*w.condFlow/float64(w.cells), 1.2*b.tower.Water)
}

// basin is the condenser water under a constant heat, its fans at full speed: it approaches a steady temperature as a
// linear mass does, the conductance of the towers being heat over its distance from the wet bulb. Without towers it
// warms.
type basin struct {
	heat   float64 // W
	mass   float64 // J/K
	steady float64 // °C; +Inf without towers
	rate   float64 // 1/s
}

// fullFans returns the condenser water's course under a heat in W.
func (p *Plan) fullFans(heat float64, in *Input, w *plantWork) basin {
	b := basin{heat: heat, mass: p.condenser, steady: math.Inf(1)}
	if w.cells == 0 {
		return b
	}
	wet := in.Weather.WetBulb
	n := float64(w.cells)
	least := max(heat, 0.02*p.banks[towers].rating*n)
	_, out := p.banks[towers].tower.Leaving(least/n, 1, p.cellWater(w), wet)
	conductance := least / (out - wet)
	b.steady = wet + max(heat, 0)/conductance
	b.rate = conductance / p.condenser
	return b
}

// move returns the mean over dt s, and the end, of water that starts at t °C.
func (b *basin) move(t, dt float64) (mean, end float64) {
	if b.rate == 0 {
		end = t + b.heat*dt/b.mass
		return (t + end) / 2, end
	}
	x := b.rate * dt
	gone := -math.Expm1(-x)
	return b.steady + (t-b.steady)*gone/x, t + (b.steady-t)*gone
}

// course is what the condenser water did in a step.
type course struct {
	mean, end float64 // °C
	full      bool    // fans ran at full speed to its end
}

// hold returns the course of water that starts at t °C and whose fans hold a goal in °C: at full speed down to it,
// standing until the heat has brought it up.
func (b *basin) hold(t, goal, dt float64) course {
	mean, end := b.move(t, dt)
	if end >= goal {
		return course{mean, end, b.rate > 0}
	}
	took, at := 0.0, goal // s and mean °C on the way
	switch {
	case t > goal:
		took = -math.Log((goal-b.steady)/(t-b.steady)) / b.rate
		at, _ = b.move(t, took)
	case t < goal && b.heat <= 0:
		return course{t, t, false}
	case t < goal:
		took = (goal - t) * b.mass / b.heat
		if took >= dt {
			end = t + b.heat*dt/b.mass
			return course{(t + end) / 2, end, false}
		}
		at = (t + goal) / 2
	}
	return course{goal + (at-goal)*took/dt, goal, false}
}

// limitByTowers sheds chiller load where the condenser water would pass the trip within the step.
func (p *Plan) limitByTowers(s *State, in *Input, w *plantWork, available float64) float64 {
	trip := float64(p.plant.Chiller.Each.Trip)
	ends := func(heat float64) float64 {
		b := p.fullFans(heat*1.2, in, w)
		_, end := b.move(s.TowerLeaving, in.Dt)
		return end
	}
	if available <= 0 || ends(available) <= trip {
		return available
	}
	lo, hi := 0.0, available
	for range 12 {
		mid := (lo + hi) / 2
		if ends(mid) <= trip {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// rejectTower sends heat in W through the condenser water and the towers.
func (p *Plan) rejectTower(s *State, w *plantWork, in *Input, heat float64, out *Output) {
	b := &p.banks[towers]
	g := &p.pumps[p.water[0].pumps+1]
	clear(s.Tower.Power)
	clear(s.Tower.Load)
	pump, fans := 0.0, 0.0
	if w.condFlow > 0 {
		y := min(max(heat/(b.rating*float64(b.needed)), float64(p.plant.Pump.MinFlow)), w.condFlow)
		pump = Affinity(g.power, y, p.plant.Pump.Exponent)
	} else {
		w.cells = 0
	}
	full := p.fullFans(heat+pump, in, w)
	path := full.hold(s.TowerLeaving, w.goal, in.Dt)
	storing := p.condenser * (path.end - s.TowerLeaving) / in.Dt
	away := heat + pump - storing
	s.TowerLeaving = path.end
	if w.cells > 0 {
		n := float64(w.cells)
		speed := 0.0
		switch {
		case path.full:
			speed = 1
		case away > 0:
			speed = b.tower.speed(away/n, p.cellWater(w), in.Weather.WetBulb, path.mean, 0.1)
		}
		fans = n * Affinity(b.fan, speed, 3)
		for i := range s.Tower.Power {
			if s.down[facility.Tower][i] == 0 {
				s.Tower.Power[i] = fans / n
				s.Tower.Load[i] = away / n / b.rating
			}
		}
		water := &p.plant.Water
		out.Water += Makeup(Evaporation(away, float64(water.Evaporation)), water.Cycles) + water.Drift*p.cellWater(w)*n
	}
	p.showPumps(s, g, pump, w.condFlow)
	out.Pumps += pump
	out.Towers += fans
	out.Storing += storing
	out.Rejected += away + fans
}
