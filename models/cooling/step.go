package cooling

import "github.com/halltwin/halltwin/models/facility"

// Step advances the cooling system by in.Dt s. The order is that of the heat: racks, halls and technology loops,
// facility water, plant; then the masses move, all by the same flows, so that the ledger closes.
//
// It allocates nothing. Any Dt above zero is stable; thresholds and transients are resolved as finely as the
// caller steps.
func (p *Plan) Step(s *State, in *Input, out *Output) {
	if !(in.Dt > 0) || len(in.RackHeat) != len(s.Machines) || len(in.RackFlow) != len(s.Machines) {
		panic(sprintf("cooling: a step of %v s with %d heats and %d flows for %d racks", in.Dt, len(in.RackHeat), len(in.RackFlow), len(s.Machines)))
	}
	*out = Output{}
	if p.none {
		p.pass(s, in, out)
		return
	}
	if in.Dt != s.dt {
		s.dt = in.Dt
		s.stale = true
		for i := range s.c.flow {
			s.c.flow[i] = -1
		}
	}
	p.control(s, in)
	out.Heat = p.gatherRacks(s, in)
	if s.stale {
		p.prepareEquipment(s, in.Dt)
	}
	if len(p.doors) > 0 {
		p.gatherDoors(s)
	}
	for i := range p.halls {
		p.prepareHall(s, i, in.Dt)
		p.moisten(s, i, in, out)
	}
	if p.open {
		p.runOutdoor(s, in, out)
	}
	p.runWaters(s, in, out)
	for i := range p.halls {
		out.Storing += p.commitHall(s, i, in.Dt)
		w := &s.c.halls[i]
		out.Fans += w.fans + w.row.fans + w.door.fans
	}
	for i := range p.loops {
		out.Storing += p.commitLoop(s, i, in.Dt)
		out.CDUs += s.c.loops[i].pump
	}
	out.Storing += p.advanceRacks(s, in)
	if len(p.loops) > 0 && p.loops[0].onUPS {
		out.UPS = out.CDUs
	}
	out.Mode = s.Mode
	p.classify(s, in.Dt, out)
}

// prepareEquipment makes what depends on which units work, and on the step.
func (p *Plan) prepareEquipment(s *State, dt float64) {
	for i := range p.water {
		g := &p.pumps[p.water[i].pumps]
		s.c.flowOf[i] = g.able(s)
	}
	for i := range p.loops {
		p.prepareLoop(s, i, dt)
	}
	s.stale = false
}

// able returns the share of a group's design flow that its pumps at work can give.
func (g *pumpGroup) able(s *State) float64 {
	return min(float64(s.working(facility.Pump, g.first, g.n))/float64(g.needed), 1)
}

// pass is the step of a plan in which heat leaves without effort: everything is at its set point.
func (p *Plan) pass(s *State, in *Input, out *Output) {
	if s.stale || in.Dt != s.dt {
		s.dt = in.Dt
		p.prepareEquipment(s, in.Dt)
	}
	for i := range s.c.loops {
		s.c.loops[i].heat = 0
	}
	for i := range s.Machines {
		q := in.RackHeat[i]
		out.Heat += q
		inlet := s.HallSet[p.rackHall[i]]
		s.RackInlet[i], s.RackLiquid[i] = inlet, inlet
		f := &p.rackFixed[i]
		s.RackOutlet[i] = inlet + f.toAir*q/(p.rhoCp*max(in.RackFlow[i], f.minFlow))
		s.Machines[i] = s.RackOutlet[i]
		if l := p.rackLoop[i]; l >= 0 {
			s.RackLiquid[i] = s.LoopSet[l]
			s.c.loops[l].heat += (1 - f.toAir) * q
		}
	}
	for i := range p.loops {
		t, w := &p.loops[i], &s.c.loops[i]
		s.LoopSupply[i] = s.LoopSet[i]
		s.LoopReturn[i] = s.LoopSet[i]
		if w.flow > 0 {
			s.LoopReturn[i] += w.heat / (t.flow * w.flow)
		}
		out.CDUs += w.pump
		p.showLoop(s, i)
	}
	for i := range p.halls {
		s.HallSupply[i], s.HallCold[i] = s.HallSet[i], s.HallSet[i]
	}
	out.Rejected = out.Heat + out.CDUs
	if len(p.loops) > 0 && p.loops[0].onUPS {
		out.UPS = out.CDUs
	}
}

// settleSteps and settleDt make Settle: steps so long that every mass reaches its equilibrium in each.
const (
	settleSteps = 12
	settleDt    = 1e7 // s
)

// Settle brings the state to the equilibrium of constant inputs, as at the beginning of a run; in.Dt is not used.
// Timers start afresh.
func (p *Plan) Settle(s *State, in *Input) {
	steady := *in
	steady.Dt = settleDt
	var out Output
	for range settleSteps {
		p.Step(s, &steady, &out)
	}
	s.Clamped = 0
	clear(s.Class)
}

// Energy returns the heat in J that the masses hold, counted from 0 °C.
func (p *Plan) Energy(s *State) float64 {
	if p.none {
		return 0
	}
	sum := 0.0
	for i, t := range s.Machines {
		sum += p.rackFixed[i].mass * t
	}
	for i := range p.halls {
		sum += p.halls[i].air*s.HallAir[i] + p.halls[i].structure*s.HallWall[i]
	}
	for i := range p.loops {
		sum += p.loops[i].mass * s.LoopSupply[i]
	}
	for i := range p.water {
		sum += p.water[i].mass * s.WaterSupply[i]
		if t := p.water[i].tank; t != nil {
			k := s.tankOf(t)
			sum += k.Energy()
		}
	}
	sum += p.condenser * s.TowerLeaving
	return sum
}
