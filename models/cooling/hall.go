package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// hallWork is what a step knows of one hall.
//
// Over a step every flow of heat is taken at the mean temperatures. The racks then release A - K·Tc for a mean
// cold-aisle temperature Tc, and all else is affine too, so the means follow without iteration.
type hallWork struct {
	a, k   float64 // the racks' release A - K·Tc, in W and W/K
	demand float64 // m³/s that the racks take from the cold side

	up        int32   // CRAHs at work
	speed     float64 // of their fans, mean over the step
	lastSpeed float64 // at its end
	air       float64 // m³/s that they deliver
	fans      float64 // W
	through   float64 // m³/s of it that passes the racks
	coil      float64 // W/K: ε·Cmin of all coils; of outdoor air its capacity rate
	boost     float64 // W that DX coils can take on top
	contact   float64 // share of the coils' air that touches their surface
	drawn     float64 // kg/s of outdoor air beside its leaks, where that cools
	latent    float64 // W: heat of the vapour that condenses on the coils
	wall      float64 // W/K to the structure, as the step sees it
	wallPhi   float64
	weight    float64 // of the air's mean between its ends
	z         float64 // weight·dt/C of the air
	wallTemp  float64 // °C at the start
	airTemp   float64 // °C at the start
	setPoint  float64 // °C
	source    float64 // °C at the end: what the coil takes its cold from, water or outdoor air

	// The solution for one water temperature.
	s0, s1 float64 // supply = s0 + s1·hot
	c0, c1 float64 // cold = c0 + c1·hot
	hot    float64 // °C, mean
	cold   float64 // °C, mean
	supply float64 // °C, mean
	heat   float64 // W to the water, fans included
	slope  float64 // -dheat/dwater in W/K, at least 0
}

// prepareHall sets the airflow and the coefficients of a step; a, k and demand are known.
func (p *Plan) prepareHall(s *State, i int, dt float64) {
	h, w := &p.halls[i], &s.c.halls[i]
	each := &p.air.CRAH.Each
	w.up = s.working(facility.CRAH, h.first, h.n)
	w.speed, w.air, w.fans, w.coil, w.through, w.boost, w.contact = 0, 0, 0, 0, 0, 0, 0
	w.lastSpeed = 0
	if w.up > 0 {
		want := w.demand / (1 - h.bypass) * (1 + float64(each.Excess))
		goal := min(max(want/(float64(w.up)*h.airflow), float64(each.MinSpeed)), 1)
		w.speed, w.lastSpeed = follow(s.HallSpeed[i], goal, dt, float64(each.Ramp))
		w.air = float64(w.up) * h.airflow * w.speed
		w.fans = float64(w.up) * Affinity(h.fan, w.speed, each.Exponent)
		w.through = min((1-h.bypass)*w.air, w.demand)
		if flow := s.airWater(); flow > 0 {
			ca, cw := h.airflow*w.speed*p.rhoCp, h.water*flow
			w.contact = -math.Expm1(-h.ua * (1 + 2.0/3) * math.Pow(w.speed, 0.8) / ca)
			cmin, cmax := min(ca, cw), max(ca, cw)
			w.coil = float64(w.up) * cmin * Counterflow(Conductance(h.ua, 2.0/3, flow, w.speed, 0.85, 0.8)/cmin, cmin/cmax)
		}
	}
	w.wallPhi = 0
	if h.structure > 0 {
		w.wallPhi, _ = fitted(h.exchange * dt / h.structure)
	}
	w.wall = h.exchange * w.wallPhi
	sigma := w.through / w.demand
	w.weight = fittedWeight((p.rhoCp*w.demand*sigma + w.k*(1-sigma) + w.wall) * dt / h.air)
	w.z = w.weight * dt / h.air
	w.wallTemp, w.airTemp, w.setPoint = s.HallWall[i], s.HallAir[i], s.HallSet[i]
}

// follow returns the mean over dt s, and the value at their end, of what moves from y to a goal with a time constant in s.
func follow(y, goal, dt, time float64) (mean, end float64) {
	if time <= 0 {
		return goal, goal
	}
	return goal - (y-goal)*math.Expm1(-dt/time)*time/dt, lag(y, goal, dt, time)
}

// airWater returns the share of the design flow of the water that serves the air handlers; 0 where there is none.
func (s *State) airWater() float64 {
	if len(s.c.flowOf) == 0 {
		return 0
	}
	return s.c.flowOf[0]
}

// solve finds the hall's means for coil water of the given °C. Of three regimes the coil is saturated (valve
// open), in control (supply at its set point) or closed (the air is colder than the set point); the supply
// temperature is the middle of the three, and each is a rising affine function of the hot air.
func (w *hallWork) solve(rhoCp, water float64) {
	if w.air <= 0 || w.through <= 0 {
		w.s0, w.s1 = 0, 1
		w.mix(rhoCp)
		w.supply, w.heat, w.slope = w.hot, w.fans, 0
		return
	}
	ca := rhoCp * w.air
	share := w.through / w.air
	den := ca*share + w.coil*(1-share)
	satS0, satS1 := (w.fans+w.coil*water-w.boost)/den, share*(ca-w.coil)/den
	w.s0, w.s1 = w.setPoint, 0
	w.mix(rhoCp)
	w.slope = 0
	if satS0+satS1*w.hot > w.setPoint {
		w.s0, w.s1 = satS0, satS1
		w.mix(rhoCp)
		// Implicit derivative of the coil's heat by the water temperature.
		ds0 := w.coil / den
		sigma := w.through / w.demand
		beta := rhoCp*w.demand*(1-w.c1) + w.k*w.c1 + w.wall
		dhot := w.z * (rhoCp*w.demand - w.k) * sigma * ds0 / (1 + w.z*beta)
		w.slope = max(rhoCp*w.through*(ds0+w.s1*dhot-dhot), 0)
	}
	if closed := w.fans / (ca * share); closed+w.hot < w.s0+w.s1*w.hot { // nor does a coil heat the air
		w.s0, w.s1 = closed, 1
		w.mix(rhoCp)
		w.slope = 0
	}
	w.supply = w.s0 + w.s1*w.hot
	w.heat = rhoCp*w.through*(w.hot-w.supply) + w.fans
}

// supplyAt returns the supply at the end of the step, in °C, for hot air of the given °C and what the coil then takes
// from: in a long step it has moved on from the means.
func (w *hallWork) supplyAt(rhoCp, hot float64) float64 {
	if w.air <= 0 || w.through <= 0 {
		return hot
	}
	ca, share := rhoCp*w.air, w.through/w.air
	den := ca*share + w.coil*(1-share)
	open := (w.fans+w.coil*w.source-w.boost)/den + share*(ca-w.coil)/den*hot
	return min(max(open, w.setPoint), hot+w.fans/(ca*share))
}

// mix closes the loop of supply, cold aisle, racks and hot aisle for supply = s0 + s1·hot.
func (w *hallWork) mix(rhoCp float64) {
	sigma := w.through / w.demand
	w.c0, w.c1 = sigma*w.s0, sigma*w.s1+1-sigma
	f := rhoCp * w.demand
	alpha := (f-w.k)*w.c0 + w.a + w.wall*w.wallTemp
	beta := f*(1-w.c1) + w.k*w.c1 + w.wall
	w.hot = (w.airTemp + w.z*alpha) / (1 + w.z*beta)
	w.cold = w.c0 + w.c1*w.hot
}

// commitHall advances the masses of a hall to the end of the step and returns the W that they took up, and sets
// what is known of its CRAHs.
func (p *Plan) commitHall(s *State, i int, dt float64) (storing float64) {
	h, w := &p.halls[i], &s.c.halls[i]
	air := w.airTemp + (w.hot-w.airTemp)/w.weight
	storing = h.air * (air - w.airTemp) / dt
	s.HallAir[i], s.HallSpeed[i] = air, w.lastSpeed
	if h.structure > 0 {
		wall := w.wallTemp + w.wall*(w.hot-w.wallTemp)*dt/h.structure
		storing += h.structure * (wall - w.wallTemp) / dt
		s.HallWall[i] = wall
	}
	s.HallSupply[i] = w.supplyAt(p.rhoCp, air)
	sigma := w.through / w.demand
	s.HallCold[i] = sigma*s.HallSupply[i] + (1-sigma)*air
	ret := air
	if w.air > 0 {
		ret = s.HallSupply[i] + w.through/w.air*(air-s.HallSupply[i])
	}
	s.HallSurface[i] = ret
	if ca := p.rhoCp * w.air; w.contact > 0 {
		s.HallSurface[i] = ret - w.heat/ca/w.contact
	}
	n := float64(max(w.up, 1))
	for u := h.first; u < h.first+h.n; u++ {
		s.CRAH.Power[u], s.CRAH.Load[u], s.CRAH.Flow[u] = 0, 0, 0
		s.CRAH.Supply[u], s.CRAH.Return[u] = ret, ret
		if s.down[facility.CRAH][u] == 0 {
			s.CRAH.Power[u] = w.fans / n
			s.CRAH.Load[u] = (w.heat + w.latent) / n / h.rating
			s.CRAH.Flow[u] = w.air / n
			s.CRAH.Supply[u] = s.HallSupply[i]
		}
	}
	return storing
}

// advanceRacks moves the machines' masses through the step, now that the cold-aisle means are known, sets what
// the racks see, and returns the W that the masses took up.
//
// A rack draws the share r of its inlet from its own outlet, so its machines see the cold aisle through
// g = ε·C·(1-r)/(1-r+r·ε), and the inlet follows from Tc and the mass alone.
func (p *Plan) advanceRacks(s *State, in *Input) (storing float64) {
	n := len(s.Machines)
	eps := float64(p.air.Room.Coupling)
	machines, inlets, outlets, liquids := s.Machines[:n], s.RackInlet[:n], s.RackOutlet[:n], s.RackLiquid[:n]
	k, held, heat := s.c.k[:n], s.c.held[:n], s.c.air[:n]
	halls, loops, fixed := p.rackHall[:n], p.rackLoop[:n], p.rackFixed[:n]
	at, meanCold, cold := int32(-1), 0.0, 0.0
	for i, mass := range machines {
		if halls[i] != at {
			at = halls[i]
			meanCold, cold = s.c.halls[at].cold, s.HallCold[at]
		}
		f := &fixed[i]
		// Heat less release, with the release heat·(1-φ) + k·(mass - cold).
		rise := (heat[i]*held[i] - k[i]*(mass-meanCold)) * in.Dt * f.perMass
		next := mass + rise
		storing += (next - mass) * f.mass
		machines[i] = next
		inlet := f.fromCold*cold + f.fromMass*next
		inlets[i] = inlet
		outlets[i] = inlet + eps*(next-inlet)
		if l := loops[i]; l >= 0 {
			liquids[i] = s.LoopSupply[l]
		} else {
			liquids[i] = inlet
		}
	}
	return storing / in.Dt
}

// leastDemand keeps the balance of a hall without racks defined, in m³/s.
const leastDemand = 1e-3

// gatherRacks sums what the racks of each hall and loop do in this step, and returns their heat.
func (p *Plan) gatherRacks(s *State, in *Input) (heat float64) {
	for i := range s.c.halls {
		w := &s.c.halls[i]
		w.a, w.k, w.demand = 0, 0, leastDemand
	}
	for i := range s.c.loops {
		s.c.loops[i].heat = 0
	}
	n := len(s.Machines)
	machines, heats, flows := s.Machines[:n], in.RackHeat[:n], in.RackFlow[:n]
	k, held, air, seen := s.c.k[:n], s.c.held[:n], s.c.air[:n], s.c.flow[:n]
	halls, loops, fixed := p.rackHall[:n], p.rackLoop[:n], p.rackFixed[:n]
	var a, ks, demand float64 // of the hall in hand: racks of a hall mostly follow each other
	at := int32(-1)
	for i, mass := range machines {
		if halls[i] != at {
			s.c.add(at, a, ks, demand)
			a, ks, demand, at = 0, 0, 0, halls[i]
		}
		f := &fixed[i]
		q := heats[i]
		heat += q
		flow := max(flows[i], f.minFlow)
		if flow != seen[i] {
			seen[i] = flow
			g := f.perFlow * flow
			phi := meanDecay(g * in.Dt * f.perMass)
			k[i], held[i] = g*phi, phi
		}
		air[i] = f.toAir * q
		a += air[i]*(1-held[i]) + k[i]*mass
		ks += k[i]
		demand += f.share * flow
		if l := loops[i]; l >= 0 {
			s.c.loops[l].heat += q - air[i]
		}
	}
	s.c.add(at, a, ks, demand)
	return heat
}

// add puts the sums of some racks to their hall; a negative hall is none.
func (c *coefficients) add(hall int32, a, k, demand float64) {
	if hall >= 0 {
		w := &c.halls[hall]
		w.a += a
		w.k += k
		w.demand += demand
	}
}
