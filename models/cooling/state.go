package cooling

import (
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
)

// Why a unit does not work.
const (
	broken    uint8 = 1 << iota // failed, until repaired
	unpowered                   // its feed is dead
)

// Units is what is known of each unit of a kind after a step, by unit. Powers and flows are means over the step, or over
// its last part where chillers start in it; temperatures hold at its end.
type Units struct {
	Power  []float64 // W of electricity
	Load   []float64 // heat over rated heat
	Flow   []float64 // CRAH, in-row: m³/s of air; CDU: kg/s of coolant; others: nil
	Supply []float64 // °C: CRAH, in-row, rear door: air delivered; CDU: coolant to the racks; chiller: water leaving; others: nil
	Return []float64 // °C: CRAH, in-row, rear door: air taken in; CDU: coolant from the racks; others: nil
}

// Mode is how the chilled-water loop is cooled.
type Mode uint8

// The modes of a chilled-water loop.
const (
	Mechanical Mode = iota // by chillers alone
	Partial                // by the economizer and chillers
	Free                   // by the economizer alone
)

func (m Mode) String() string { return [...]string{"mechanical", "partial", "free"}[m] }

// State is a cooling system at one instant. It is plain data: [State.Clone] copies all of it.
type State struct {
	RackInlet  []float64 // °C of the air that enters each rack
	RackOutlet []float64 // °C of the air that leaves it
	RackLiquid []float64 // °C of the coolant that goes to it; its inlet air where it has none

	Machines     []float64 // °C by rack: the mass of its machines
	HallAir      []float64 // °C by hall: hot-side air
	HallWall     []float64 // °C by hall: its structure
	HallSupply   []float64 // °C by hall: air that the CRAHs deliver
	HallCold     []float64 // °C by hall: air before the racks, and its mass
	HallRate     []float64 // K/s by hall: its change over the last step
	HallSpeed    []float64 // by hall: relative speed of the CRAH fans at work
	HallFan      []float64 // by hall: integral of the PI control of these fans
	RowSpeed     []float64 // by hall: relative speed of the fans of its in-row coolers
	HallSet      []float64 // °C by hall: set point of the supply air
	HallHumidity []float64 // kg/kg by hall: water in its air, for each kg of dry air
	HallSurface  []float64 // °C by hall: effective surface of the coils, which wet where it is below the dew point
	LoopSupply   []float64 // °C by technology loop: coolant to the racks, and its mass
	LoopReturn   []float64 // °C by technology loop: coolant from the racks
	LoopSet      []float64 // °C by technology loop: set point
	WaterSupply  []float64 // °C by water loop (chilled, then warm): its mass
	WaterSet     []float64 // °C by water loop: set point
	WaterRate    []float64 // K/s by water loop: change of WaterSupply over the last step
	Restart      []float64 // s by chiller until it may cool
	Mode         Mode      // of the chilled loop, or of the halls with outdoor air
	ModeAge      float64   // s since the mode changed
	Delivered    []float64 // °C by water loop: water to coils and CDUs, behind a tank in series
	TankNodes    []float64 // °C of the nodes of the tanks, from the bottom up, loop by loop
	Locked       []float64 // s by chiller for which it may not be staged on
	Ready        []float64 // by chiller: share of its rating to which it has loaded since its start
	TowerLeaving float64   // °C of the water from the towers, and its mass
	Clamped      float64   // s for which chillers ran outside the range of their curves

	Class []Class // by hall

	HallReset []float64 // °C by hall: integral of the reset of its supply air
	On        []bool    // by chiller: it is staged on
	StageAge  float64   // s since a chiller was started
	StageDue  float64   // s for which the load asks for one more; negative for one less
	Taken     float64   // W that the chillers took up in the last step

	CRAH, InRow, RearDoor, CDU, Chiller, Tower, DryCooler, Pump Units

	down  [facility.NumKinds][]uint8 // by unit: why it does not work
	stale bool                       // equipment or step changed: coefficients must be made anew
	moved bool                       // air handlers changed since the last step
	dt    float64                    // s of the last step, for which the coefficients hold
	c     coefficients
}

// coefficients are derived from equipment and step, and kept because exponentials cost time.
type coefficients struct {
	flow   []float64 // by rack: m³/s that k and held belong to
	k      []float64 // by rack: W/K between machines and cold aisle, for the mass at the start of the step
	held   []float64 // by rack: mean of the decay over the step, the share of heat that the mass holds back
	air    []float64 // by rack: W to air in this step
	halls  []hallWork
	loops  []loopWork
	waters [2]waterWork
	flowOf []float64 // by water loop: share of the design flow that its pumps can give

	doorFlow, doorWater []float64 // by rear door: m³/s of air and share of its water that these belong to
	doorEffect          []float64 // effectiveness, of the air's capacity rate
	doorFan             []float64 // W

	matrix matrixWork
}

// Units returns what is known of the units of a kind of cooling equipment after the last step; it is empty for
// other kinds.
func (s *State) Units(k facility.Kind) *Units {
	switch k {
	case facility.CRAH:
		return &s.CRAH
	case facility.InRow:
		return &s.InRow
	case facility.RearDoor:
		return &s.RearDoor
	case facility.CDU:
		return &s.CDU
	case facility.Chiller:
		return &s.Chiller
	case facility.Tower:
		return &s.Tower
	case facility.DryCooler:
		return &s.DryCooler
	case facility.Pump:
		return &s.Pump
	}
	return &Units{}
}

// New returns the state in which everything works, no heat flows and everything is at its set point. Call
// [Plan.Settle] to begin from the equilibrium of a load.
func New(p *Plan) *State {
	s := &State{stale: true, dt: -1, Mode: Mechanical, ModeAge: float64(p.plant.Economizer.Wait)}
	racks, halls, loops, waters := len(p.rackHall), len(p.halls), len(p.loops), len(p.water)
	air := float64(p.air.Supply)
	fill := func(n int, v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	s.RackInlet, s.RackOutlet, s.RackLiquid, s.Machines = fill(racks, air), fill(racks, air), fill(racks, air), fill(racks, air)
	s.HallAir, s.HallWall, s.HallSupply, s.HallCold, s.HallSet = fill(halls, air), fill(halls, air), fill(halls, air), fill(halls, air), fill(halls, air)
	s.HallRate = fill(halls, 0)
	s.HallHumidity, s.HallSurface = fill(halls, moistair.FromDewPoint(8, p.pressure)), fill(halls, air)
	s.HallSpeed = fill(halls, float64(p.air.CRAH.Each.MinSpeed))
	s.HallFan, s.RowSpeed = fill(halls, 1), fill(halls, 0)
	s.LoopSupply, s.LoopReturn, s.LoopSet = fill(loops, p.liquidSupply), fill(loops, p.liquidSupply), fill(loops, p.liquidSupply)
	for i := range waters {
		s.WaterSupply = append(s.WaterSupply, p.water[i].supply)
		s.WaterSet = append(s.WaterSet, p.water[i].supply)
		s.WaterRate = append(s.WaterRate, 0)
		if t := p.water[i].tank; t != nil {
			s.TankNodes = append(s.TankNodes, fill(int(t.n), p.water[i].supply)...)
		}
	}
	for i, l := range p.rackLoop {
		if l >= 0 {
			s.RackLiquid[i] = p.liquidSupply
		}
	}
	s.TowerLeaving = float64(p.plant.Tower.Each.MinWater)
	for _, k := range kinds {
		n := p.counts[k]
		s.down[k] = make([]uint8, n)
		u := s.Units(k)
		u.Power, u.Load = fill(n, 0), fill(n, 0)
		switch k {
		case facility.RearDoor:
			u.Supply, u.Return = fill(n, air), fill(n, air)
		case facility.CRAH, facility.InRow:
			u.Flow, u.Supply, u.Return = fill(n, 0), fill(n, air), fill(n, air)
		case facility.CDU:
			u.Flow, u.Supply, u.Return = fill(n, 0), fill(n, p.liquidSupply), fill(n, p.liquidSupply)
		case facility.Chiller:
			u.Supply = fill(n, float64(p.plant.Chilled.Supply))
		}
	}
	s.Delivered = slices.Clone(s.WaterSupply)
	n := p.counts[facility.Chiller]
	s.Restart, s.Locked, s.Ready = fill(n, 0), fill(n, 0), fill(n, 1)
	s.On = slices.Repeat([]bool{true}, p.counts[facility.Chiller])
	s.HallReset = fill(halls, air)
	s.c.flow, s.c.k, s.c.held, s.c.air = fill(racks, -1), fill(racks, 0), fill(racks, 0), fill(racks, 0)
	s.c.halls, s.c.loops = make([]hallWork, halls), make([]loopWork, loops)
	s.c.flowOf = fill(waters, 1)
	doors := len(p.doors)
	s.c.doorFlow, s.c.doorWater, s.c.doorEffect, s.c.doorFan = fill(doors, -1), fill(doors, -1), fill(doors, 0), fill(doors, 0)
	if p.matrix != nil {
		s.c.matrix = newMatrixWork(p.matrix, racks)
	}
	s.Class = make([]Class, halls)
	return s
}

// Clone returns an independent copy.
func (s *State) Clone() *State {
	c := *s
	for _, f := range [...]*[]float64{
		&c.RackInlet, &c.RackOutlet, &c.RackLiquid, &c.Machines, &c.HallAir, &c.HallWall, &c.HallSupply, &c.HallCold, &c.HallRate, &c.HallSet, &c.HallSpeed, &c.HallFan, &c.RowSpeed,
		&c.HallHumidity, &c.HallSurface, &c.HallReset, &c.LoopSupply, &c.LoopReturn, &c.LoopSet, &c.WaterSupply, &c.WaterSet, &c.WaterRate, &c.Restart, &c.Locked, &c.Ready, &c.Delivered, &c.TankNodes,
		&c.c.flow, &c.c.k, &c.c.held, &c.c.air, &c.c.flowOf,
		&c.c.doorFlow, &c.c.doorWater, &c.c.doorEffect, &c.c.doorFan,
	} {
		*f = slices.Clone(*f)
	}
	for _, k := range kinds {
		u := c.Units(k)
		u.Power, u.Load, u.Flow, u.Supply, u.Return = slices.Clone(u.Power), slices.Clone(u.Load), slices.Clone(u.Flow), slices.Clone(u.Supply), slices.Clone(u.Return)
		c.down[k] = slices.Clone(c.down[k])
	}
	c.c.matrix = c.c.matrix.clone()
	c.Class = slices.Clone(c.Class)
	c.On = slices.Clone(c.On)
	c.c.halls, c.c.loops = slices.Clone(c.c.halls), slices.Clone(c.c.loops)
	return &c
}

// Health fails (up is false) or repairs a unit. Other refs are ignored. A repaired chiller waits for its restart.
func (p *Plan) Health(s *State, r facility.Ref, up bool) { p.mark(s, r, broken, up) }

// Working reports whether a unit is neither failed nor without power.
func (s *State) Working(r facility.Ref) bool {
	d := s.down[r.Kind]
	return int(r.Index) < len(d) && d[r.Index] == 0
}

// Powered switches the mechanical power of the whole plant off or on. CDUs on UPS keep running.
func (p *Plan) Powered(s *State, on bool) {
	for _, k := range kinds {
		for i := range s.down[k] {
			if !p.onUPS(k, int32(i)) {
				p.mark(s, facility.Ref{Kind: k, Index: int32(i)}, unpowered, on)
			}
		}
	}
}

// PoweredRef switches the power of one unit off or on.
func (p *Plan) PoweredRef(s *State, r facility.Ref, on bool) { p.mark(s, r, unpowered, on) }

// onUPS reports whether a unit keeps running when mechanical power is lost.
func (p *Plan) onUPS(k facility.Kind, i int32) bool {
	if k == facility.RearDoor {
		return p.doorPassive // the servers' fans push the air through
	}
	if len(p.loops) == 0 || !p.loops[0].onUPS {
		return false
	}
	return k == facility.CDU || k == facility.Pump && int(i) >= p.counts[facility.Pump]-p.cduPumps*p.counts[facility.CDU]
}

func (p *Plan) mark(s *State, r facility.Ref, why uint8, up bool) {
	d := s.down[r.Kind]
	if r.Index < 0 || int(r.Index) >= len(d) {
		return
	}
	was := d[r.Index]
	if up {
		d[r.Index] &^= why
	} else {
		d[r.Index] |= why
	}
	if d[r.Index] == was {
		return
	}
	s.stale = true
	s.moved = s.moved || r.Kind == facility.CRAH || r.Kind == facility.InRow
	if r.Kind == facility.Chiller && d[r.Index] == 0 {
		s.Restart[r.Index] = float64(p.plant.Chiller.Each.Restart)
	}
}

// working counts the units [first, first+n) of a kind that work.
func (s *State) working(k facility.Kind, first, n int32) int32 {
	up := int32(0)
	for _, d := range s.down[k][first : first+n] {
		if d == 0 {
			up++
		}
	}
	return up
}

// Input is what happens during one step. The slices are by rack.
type Input struct {
	Dt       float64            // s, above 0
	RackHeat []float64          // W: mean over the step
	RackFlow []float64          // m³/s of air that its fans move
	Weather  weather.Conditions // outdoors, mean over the step
}

// Power is the electrical power of a cooling system in W, by component, as means over a step.
type Power struct {
	Fans      float64 // of CRAHs, in-row coolers and rear doors
	CDUs      float64 // pumps of the technology loops
	Pumps     float64 // of chilled, condenser and warm water
	Chillers  float64 // compressors, and condenser fans where air-cooled
	Towers    float64 // fans
	DryCooler float64 // fans
	Humidity  float64 // humidifiers
}

// Total returns the sum in W.
func (p *Power) Total() float64 {
	return p.Fans + p.CDUs + p.Pumps + p.Chillers + p.Towers + p.DryCooler + p.Humidity
}

// Output is what one step did, as means over it.
type Output struct {
	Power
	UPS      float64 // W of the total that is drawn from UPS-backed feeds
	Heat     float64 // W from the racks
	Rejected float64 // W that left the site, the heat of fans and pumps included, less what vapour brought in that condensed
	Storing  float64 // W that went into masses
	Water    float64 // kg/s: make-up of towers and pads, and humidifiers
	Drain    float64 // kg/s of condensate from wet coils
	Mode     Mode
	Crossed  bool // a hall left its class or came back: [Plan.Crossings] tells
}

// Imbalance returns in - out - stored in W, which is zero but for rounding.
func (o *Output) Imbalance() float64 { return o.Heat + o.Power.Total() - o.Rejected - o.Storing }
