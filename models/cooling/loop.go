package cooling

import (
	"github.com/halltwin/halltwin/models/facility"
)

// loopWork is what a step knows of one technology loop.
type loopWork struct {
	heat float64 // W from the racks

	up       int32   // CDUs at work
	flow     float64 // share of the design flow
	pump     float64 // W
	exchange float64 // W/K: ε·Cmin of all CDUs
	weight   float64 // of the mean between its ends
	z        float64 // weight·dt/C

	// The solution for one facility-water temperature.
	mean  float64 // °C
	end   float64 // °C
	out   float64 // W to the facility water
	slope float64 // -dout/dwater in W/K, at least 0
}

// prepareLoop makes a loop's coefficients, after its equipment, its water or the step changed.
func (p *Plan) prepareLoop(s *State, i int, dt float64) {
	t, w := &p.loops[i], &s.c.loops[i]
	w.up = 0
	able := 0.0 // flow that the CDUs at work can give, in units of one CDU's rated flow
	for c := t.first; c < t.first+t.n; c++ {
		if s.down[facility.CDU][c] != 0 {
			continue
		}
		g := p.cduPump(c)
		if up := s.working(facility.Pump, g.first, g.n); up > 0 {
			w.up++
			able += min(float64(up)/float64(g.needed), 1)
		}
	}
	w.flow, w.exchange, w.pump = 0, 0, 0
	if able > 0 {
		perCDU := t.flow / (float64(t.needed) * t.ratedFlow()) // speed at which the needed ones carry the design flow
		w.flow = min(able/(float64(t.needed)*max(perCDU, 1e-9)), 1)
		y := w.flow * float64(t.needed) * perCDU / float64(w.up)
		if p.constantPump >= 0 {
			w.pump = p.constantPump * float64(w.up)
		} else {
			w.pump = float64(w.up) * Affinity(t.pump, y, p.plant.Pump.Exponent)
		}
		if water := s.waterFlow(p); water > 0 {
			hot, cold := t.flow*w.flow/float64(w.up), t.water*water
			cmin, cmax := min(hot, cold), max(hot, cold)
			ua := Conductance(t.ua, 1, water, max(y, 0.01), 0.7, 0.7)
			w.exchange = float64(w.up) * cmin * Counterflow(ua/cmin, cmin/cmax)
		}
	}
	w.weight = fittedWeight(w.exchange * dt / t.mass)
	w.z = w.weight * dt / t.mass
}

// ratedFlow returns the heat capacity rate of one CDU's rated flow in W/K.
func (t *tcs) ratedFlow() float64 { return t.water }

// waterFlow returns the share of the design flow that the pumps of the CDUs' facility water can give.
func (s *State) waterFlow(p *Plan) float64 {
	for i := range p.water {
		if p.water[i].cdus {
			return s.c.flowOf[i]
		}
	}
	return 0
}

// solve finds the loop's means for facility water of the given °C. The valve is closed (the coolant is colder
// than the set point), in control (it ends the step at the set point) or open.
func (w *loopWork) solve(t *tcs, start, set, dt, water float64) {
	in := w.heat + w.pump
	w.slope = 0
	if w.flow > 0 && w.exchange > 0 {
		// Valve open: the exchanger sees the return, supply + heat/flow.
		lift := w.heat / (t.flow * w.flow)
		mean := (start + w.z*(in+w.exchange*(water-lift))) / (1 + w.z*w.exchange)
		if end := start + (mean-start)/w.weight; end >= set {
			w.mean, w.end = mean, end
			w.out = w.exchange * (mean + lift - water)
			w.slope = w.exchange / (1 + w.z*w.exchange)
			if w.out < 0 { // the facility water is warmer: its valve stays closed
				w.closed(t, start, in, dt)
			}
			return
		}
	}
	w.closed(t, start, in, dt)
	if w.end > set && w.exchange > 0 {
		w.end, w.mean = set, (start+set)/2
		w.out = in - t.mass*(set-start)/dt
	}
}

func (w *loopWork) closed(t *tcs, start, in, dt float64) {
	w.end = start + in*dt/t.mass
	w.mean = (start + w.end) / 2
	w.out, w.slope = 0, 0
}

// commitLoop advances a loop to the end of the step and returns the W that its mass took up.
func (p *Plan) commitLoop(s *State, i int, dt float64) (storing float64) {
	t, w := &p.loops[i], &s.c.loops[i]
	storing = t.mass * (w.end - s.LoopSupply[i]) / dt
	s.LoopSupply[i] = w.end
	s.LoopReturn[i] = w.end
	if w.flow > 0 {
		s.LoopReturn[i] += w.heat / (t.flow * w.flow)
	}
	p.showLoop(s, i)
	return storing
}

// showLoop sets what is known of a loop's CDUs and their pumps.
func (p *Plan) showLoop(s *State, i int) {
	t, w := &p.loops[i], &s.c.loops[i]
	n := float64(max(w.up, 1))
	for c := t.first; c < t.first+t.n; c++ {
		g := p.cduPump(c)
		running := s.working(facility.Pump, g.first, g.n)
		on := s.down[facility.CDU][c] == 0 && running > 0
		s.CDU.Power[c], s.CDU.Load[c], s.CDU.Flow[c] = 0, 0, 0
		s.CDU.Supply[c], s.CDU.Return[c] = s.LoopSupply[i], s.LoopReturn[i]
		if on {
			s.CDU.Power[c] = w.pump / n
			s.CDU.Load[c] = w.heat / n / t.rating
			s.CDU.Flow[c] = t.flow * w.flow / cpWater / n
		}
		for u := g.first; u < g.first+g.n; u++ {
			s.Pump.Power[u], s.Pump.Load[u] = 0, 0
			if on && s.down[facility.Pump][u] == 0 {
				s.Pump.Power[u] = s.CDU.Power[c] / float64(running)
				s.Pump.Load[u] = w.flow / n * float64(t.needed)
			}
		}
	}
}
