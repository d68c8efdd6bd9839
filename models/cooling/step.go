package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// Step advances the cooling system by in.Dt s. The order is that of the heat: racks, halls and technology loops,
// facility water, plant; then the masses move, all by the same flows, so that the ledger closes.
//
// It allocates nothing. Any Dt above zero is stable; thresholds and transients are resolved as finely as the
// caller steps. Only chillers that start, and water that they bring back, are followed more finely ([Plan.Part]): a mean
// over a lack of cooling and its end would show neither.
func (p *Plan) Step(s *State, in *Input, out *Output) {
	part := p.Part(s, in.Dt)
	if part >= in.Dt {
		p.step(s, in, out)
		return
	}
	var sum, one Output
	cut := *in
	for left := in.Dt; left > 0; left -= cut.Dt {
		if cut.Dt = p.Part(s, left); left-cut.Dt < 1e-9*in.Dt {
			cut.Dt = left
		}
		p.step(s, &cut, &one)
		sum.add(&one, cut.Dt/in.Dt)
	}
	*out = sum
}

// loadingParts is the number of parts into which the whole ramp of a chiller is cut.
const loadingParts = 12

// instantly is the shortest part of a step in s: what is due sooner is taken with it.
const instantly = 1e-3

// shortest is the s below which no step is cut where water comes back to its set point, and above which none is cut for air.
const shortest = 10

// settlesBy is by how many K the air before the racks may change in one step, down to steps of a second.
const settlesBy = 0.25

// Part returns how many s, of at most dt, the next step may take so that it ends where a chiller starts or has loaded up,
// and is short on the way, and where warm water is about to be back at its set point, so that pumps and fans do not run a
// whole step for a part of it; and where air handlers have failed or work again, until the air before the racks has followed.
// [Plan.Step] takes longer steps apart by it; who wants to see what happens in them asks first.
func (p *Plan) Part(s *State, dt float64) float64 {
	ramp := float64(p.plant.Chiller.Each.Ramp)
	for i, wait := range s.Restart {
		switch {
		case !s.On[i] || s.down[facility.Chiller][i] != 0:
		case wait > 0:
			dt = min(dt, max(wait, instantly))
		case s.Ready[i] < 1 && ramp > 0:
			dt = min(dt, ramp/loadingParts, max((1-s.Ready[i])*ramp, ramp/100))
		}
	}
	if dt < settleDt {
		if s.moved {
			dt = min(dt, 1)
		}
		for _, rate := range s.HallRate {
			if rate = math.Abs(rate); rate*shortest > settlesBy { // more slowly it drifts with its hall
				dt = min(dt, max(settlesBy/rate, 1))
			}
		}
	}
	if dt <= shortest {
		return dt
	}
	for i, rate := range s.WaterRate {
		if excess := s.WaterSupply[i] - s.WaterSet[i]; rate < 0 && excess > 0.05 && excess < -rate*dt {
			dt = max(excess/-rate, shortest)
		}
	}
	return dt
}

// add adds a part of a step that takes a share of its time.
func (o *Output) add(part *Output, share float64) {
	for _, x := range [...]struct {
		sum *float64
		v   float64
	}{
		{&o.Fans, part.Fans}, {&o.CDUs, part.CDUs}, {&o.Pumps, part.Pumps}, {&o.Chillers, part.Chillers}, {&o.Towers, part.Towers},
		{&o.DryCooler, part.DryCooler}, {&o.Humidity, part.Humidity}, {&o.UPS, part.UPS}, {&o.Heat, part.Heat},
		{&o.Rejected, part.Rejected}, {&o.Storing, part.Storing}, {&o.Water, part.Water}, {&o.Drain, part.Drain},
	} {
		*x.sum += share * x.v
	}
	o.Mode = part.Mode
	o.Crossed = o.Crossed || part.Crossed
}

func (p *Plan) step(s *State, in *Input, out *Output) {
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
	s.stale, s.moved = false, false
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
		sum += p.halls[i].air*s.HallAir[i] + p.halls[i].aisle*s.HallCold[i] + p.halls[i].structure*s.HallWall[i]
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
