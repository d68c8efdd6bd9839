package cooling

// advanceRacks moves the machines' masses through the step, now that the cold-aisle means are known, sets what
// the racks see, and returns the W that the masses took up.
//
// A rack draws the share r of its inlet from its own outlet, so its machines see the cold aisle through
// g = ε·C·(1-r)/(1-r+r·ε), and the inlet follows from Tc and the mass alone.
func (p *Plan) advanceRacks(s *State, in *Input) (storing float64) {
	if p.matrix != nil {
		return p.advanceMatrix(s, in)
	}
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
	if p.matrix != nil {
		return p.gatherMatrix(s, in)
	}
	for i := range s.c.halls {
		w := &s.c.halls[i]
		w.a, w.k, w.demand = 0, 0, 0
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
	s.c.define()
	return heat
}

// define keeps the balance of halls without racks defined.
func (c *coefficients) define() {
	for i := range c.halls {
		c.halls[i].demand = max(c.halls[i].demand, leastDemand)
	}
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
