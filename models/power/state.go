package power

import (
	"math"
	"slices"
	"strconv"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// UPSMode is what a UPS does.
type UPSMode uint8

// The modes.
const (
	UPSOff     UPSMode = iota // carries nothing
	UPSOnline                 // carries its share from its input
	UPSBattery                // carries its share from its battery
	UPSBypass                 // its share goes over the bank's line path, unprotected
)

func (m UPSMode) String() string {
	return [...]string{"off", "online", "battery", "bypass"}[m]
}

// GensetMode is what a genset does.
type GensetMode uint8

// The modes.
const (
	GensetOff       GensetMode = iota
	GensetStarting             // asked to start, not there yet
	GensetRefusing             // its first crank failed; it tries the others
	GensetLockedOut            // did not start, or ran dry, or tripped; stays out until the utility is back or it is repaired
	GensetRunning              // takes load
	GensetCooling              // runs on without need, then stops
)

func (m GensetMode) String() string {
	return [...]string{"off", "starting", "refusing", "locked out", "running", "cooling down"}[m]
}

// Losses is where power is lost, in W.
type Losses struct {
	Transformer float64
	UPS         float64 // rectifier and inverter, or line path
	Battery     float64 // discharging and charging
	PDU         float64
}

// Total returns the sum in W.
func (l *Losses) Total() float64 { return l.Transformer + l.UPS + l.Battery + l.PDU }

// Counters count up from the start of a run.
type Counters struct {
	BreakerTrips   int64 // breakers, relays and machines that gave up on overload
	Transfers      int64 // of transfer switches, and of UPS banks to and from bypass
	GensetStarts   int64
	GensetRefusals int64 // demands on which a genset did not start

	BatterySeconds      float64 // UPS-seconds on battery
	UnservedRackSeconds float64 // rack-seconds without power
	NoCoolingSeconds    float64 // s without power for the mechanical load
	OverloadSeconds     float64 // unit-seconds above rating, or above a PDU's continuous limit
	Fuel                float64 // m³
}

// State is the state of a power chain: plain data, copied by [State.Clone]. Arrays are by unit (see [Plan.Range]),
// by side, by UPS or genset counted from 0, or by rack.
type State struct {
	Up   []bool    // by unit: not failed
	Open []bool    // by unit: its breaker has tripped
	Flow []float64 // by unit: W that it delivers
	Load []float64 // by unit: Flow ÷ rating; 0 where that is not limited
	Heat []float64 // by unit: overload heat, trips at 1; of a PDU as of its HeatAge
	Over []uint8   // by unit: what was last said of its load: 0 nothing, 1 above continuous limit, 2 will trip

	Var     []float64 // by unit: var that it delivers; nil without a model of power factors
	Voltage []float64 // by utility: relative to nominal
	Sagging []bool    // by side: its feed sags and its loads still stand it
	Ride    []float64 // by side: s that they stand it

	Gate     []float64 // by group of racks: s until it is connected; 0 when it is, +Inf without power
	Shed     []bool    // by group of racks
	ShedLoad []float64 // by group of racks: W that it drew when it was shed
	ShedAt   []int32   // by group of racks: gensets that ran then
	Blocks   []int32   // by side: blocks of load that are connected
	Connect  []float64 // by side: s until the next one may be
	Cooled   []float64 // by side: W of cooling when it last had everything

	Source   []int32   // by side: the feed it is on, counted in its preference; their number means the gensets
	Gap      []float64 // by side: s until its UPSs, that left eco mode, carry its load
	Target   []int32   // by side: what it is to move to; -1: nothing
	Transfer []float64 // by side: s until it moves
	Live     []bool    // by side: the switchboard has voltage
	Fed      []bool    // by side: the PDUs have voltage
	Bypassed []bool    // by side: the UPS bank has given up on overload
	Demand   []float64 // by side: W that the switchboard last drew, without charging
	Drew     []float64 // by side: what Out last was while it was fed
	Bus      []float64 // by side: W that the switchboard draws
	Out      []float64 // by side: W that the PDUs and, if on UPS, cooling draw

	UPS       []UPSMode // by UPS
	Available []float64 // by UPS: J in the battery that can be drawn
	Bound     []float64 // by UPS: J in the battery that cannot be drawn now
	BatteryW  []float64 // by UPS: W drawn from the battery; negative when charging (W stored)
	Drained   []bool    // by UPS: cut off
	Charging  []bool    // by UPS: not full

	Gensets  []GensetMode
	Timer    []float64       // by genset: s until its mode ends
	Cranks   []int32         // by genset: how many of its cranks fail this time
	Dry      []bool          // by genset: locked out for lack of fuel
	Delivery []float64       // by genset: s until its tank is filled; 0: nothing is ordered
	Fuel     []float64       // by genset: m³ left
	FuelUse  []float64       // by genset: m³/s
	Draws    []random.Stream // by genset: whether it starts

	RackOn     []bool    // by rack: at least one cord is live
	Cut        []uint8   // by rack: cords whose breaker tripped, bits
	Cuts       int       // cord breakers that are tripped
	CordLoad   []float64 // by rack: load of each live cord ÷ its limit; nil where cords are not limited
	CordLive   []uint8   // by rack: cords that carry, bits; nil likewise
	BranchHeat []float64 // two by rack: heat of its cords' breakers as of CordAge; nil likewise

	Age       float64   // s that have passed
	HeatAge   []float64 // by PDU: the Age that its Heat is of
	CordAge   []float64 // by rack: the Age that the BranchHeat of its cords is of
	AbovePDUs int32     // PDUs above what they may carry continuously
	HotPDUs   int32     // PDUs that will trip
	HotCords  int32     // racks whose cords will trip

	MechOn   bool
	Mech     float64 // W served to cooling
	IT       float64 // W served to racks
	Unserved float64 // W that racks without power would draw
	Dark     int     // racks without power
	Loss     Losses
	Stored   float64 // J in all batteries
	Storing  float64 // W: how fast Stored rises

	Told   Told // what the event log last heard
	News   bool // Fire has something to report
	Counts Counters

	memory *memory `state:"-"`
}

// Told is what was last reported of states that follow from others.
type Told struct {
	UPS  []UPSMode
	Live []bool
	From []int32 // Source
	Dark int
	Mech bool
}

// New returns the state of a plan at the start: everything works, batteries and tanks are full, breakers are cold.
// Each genset decides from its own stream of the seed whether it starts when asked to.
func New(p *Plan, seed random.Seed) *State {
	n, k := int(p.units), len(p.sides)
	nu, ng := p.layers[upses].count(), p.layers[gensets].count()
	s := &State{
		Up: make([]bool, n), Open: make([]bool, n), Flow: make([]float64, n), Load: make([]float64, n),
		Heat: make([]float64, n), Over: make([]uint8, n),
		Source: make([]int32, k), Target: make([]int32, k), Transfer: make([]float64, k),
		Live: make([]bool, k), Fed: make([]bool, k), Bypassed: make([]bool, k),
		Demand: make([]float64, k), Drew: make([]float64, k), Bus: make([]float64, k), Out: make([]float64, k),
		UPS: make([]UPSMode, nu), Available: make([]float64, nu), Bound: make([]float64, nu),
		BatteryW: make([]float64, nu), Drained: make([]bool, nu), Charging: make([]bool, nu),
		Gensets: make([]GensetMode, ng), Timer: make([]float64, ng), Fuel: make([]float64, ng),
		Cranks: make([]int32, ng), Dry: make([]bool, ng), Delivery: make([]float64, ng), Gap: make([]float64, k),
		FuelUse: make([]float64, ng), Draws: make([]random.Stream, ng),
		Voltage: make([]float64, p.layers[utilities].count()), Sagging: make([]bool, k), Ride: make([]float64, k),
		Gate: make([]float64, len(p.rackFeeds)), Shed: make([]bool, len(p.rackFeeds)), ShedLoad: make([]float64, len(p.rackFeeds)), ShedAt: make([]int32, len(p.rackFeeds)),
		Blocks: make([]int32, k), Connect: make([]float64, k), Cooled: make([]float64, k),
		HeatAge: make([]float64, len(p.outletSide)), CordAge: make([]float64, p.racks),
		RackOn: make([]bool, p.racks), Cut: make([]uint8, p.racks), MechOn: true,
		Told: Told{UPS: make([]UPSMode, nu), Live: make([]bool, k), From: make([]int32, k), Mech: true},
	}
	if p.factor != nil {
		s.Var = make([]float64, n)
	}
	if p.limited() {
		s.CordLoad, s.CordLive = make([]float64, p.racks), make([]uint8, p.racks)
		s.BranchHeat = make([]float64, 2*p.racks)
	}
	for i := range s.Up {
		s.Up[i] = true
	}
	for i := range s.Voltage {
		s.Voltage[i] = 1
	}
	for i := range s.Target {
		s.Blocks[i] = allBlocks
		s.Target[i], s.Live[i], s.Told.Live[i] = -1, true, true
	}
	for i := range s.UPS {
		s.UPS[i], s.Told.UPS[i] = UPSOnline, UPSOnline
		s.Available[i], s.Bound[i] = p.battery.Level(p.battery.Capacity)
		s.Stored += p.battery.Capacity
	}
	for i := range s.Gensets {
		s.Fuel[i] = p.tank
		s.Draws[i] = seed.Stream("power/genset-" + strconv.Itoa(i))
	}
	for i := range s.RackOn {
		s.RackOn[i] = true
	}
	return s
}

// limited says whether rack cords have breakers.
func (p *Plan) limited() bool { return p.limit < unlimited }

// Clone returns an independent copy.
func (s *State) Clone() *State {
	c := *s
	c.Up, c.Open = slices.Clone(s.Up), slices.Clone(s.Open)
	c.Flow, c.Load, c.Heat, c.Over = slices.Clone(s.Flow), slices.Clone(s.Load), slices.Clone(s.Heat), slices.Clone(s.Over)
	c.Var = slices.Clone(s.Var)
	c.Cranks, c.Dry, c.Delivery, c.Gap = slices.Clone(s.Cranks), slices.Clone(s.Dry), slices.Clone(s.Delivery), slices.Clone(s.Gap)
	c.Source, c.Target, c.Transfer = slices.Clone(s.Source), slices.Clone(s.Target), slices.Clone(s.Transfer)
	c.Live, c.Fed, c.Bypassed = slices.Clone(s.Live), slices.Clone(s.Fed), slices.Clone(s.Bypassed)
	c.Voltage, c.Sagging, c.Ride = slices.Clone(s.Voltage), slices.Clone(s.Sagging), slices.Clone(s.Ride)
	c.Gate, c.Shed, c.ShedLoad = slices.Clone(s.Gate), slices.Clone(s.Shed), slices.Clone(s.ShedLoad)
	c.ShedAt = slices.Clone(s.ShedAt)
	c.Blocks, c.Connect, c.Cooled = slices.Clone(s.Blocks), slices.Clone(s.Connect), slices.Clone(s.Cooled)
	c.Demand, c.Drew = slices.Clone(s.Demand), slices.Clone(s.Drew)
	c.Bus, c.Out = slices.Clone(s.Bus), slices.Clone(s.Out)
	c.UPS, c.Available, c.Bound = slices.Clone(s.UPS), slices.Clone(s.Available), slices.Clone(s.Bound)
	c.BatteryW, c.Drained, c.Charging = slices.Clone(s.BatteryW), slices.Clone(s.Drained), slices.Clone(s.Charging)
	c.Gensets, c.Timer, c.Fuel = slices.Clone(s.Gensets), slices.Clone(s.Timer), slices.Clone(s.Fuel)
	c.FuelUse, c.Draws = slices.Clone(s.FuelUse), slices.Clone(s.Draws)
	c.RackOn, c.Cut = slices.Clone(s.RackOn), slices.Clone(s.Cut)
	c.CordLoad, c.CordLive, c.BranchHeat = slices.Clone(s.CordLoad), slices.Clone(s.CordLive), slices.Clone(s.BranchHeat)
	c.HeatAge, c.CordAge = slices.Clone(s.HeatAge), slices.Clone(s.CordAge)
	c.memory = nil
	c.Told.UPS, c.Told.Live, c.Told.From = slices.Clone(s.Told.UPS), slices.Clone(s.Told.Live), slices.Clone(s.Told.From)
	return &c
}

// Flows returns the W that each unit of kind k delivers, in the order of its kind.
func (p *Plan) Flows(s *State, k facility.Kind) []float64 {
	lo, hi := p.Range(k)
	return s.Flow[lo:hi]
}

// Loads returns the load of each unit of kind k relative to its rating.
func (p *Plan) Loads(s *State, k facility.Kind) []float64 {
	lo, hi := p.Range(k)
	return s.Load[lo:hi]
}

// Working reports whether equipment r is neither failed nor tripped.
func (p *Plan) Working(s *State, r facility.Ref) bool {
	u, ok := p.unit(r)
	return ok && s.Up[u] && !s.Open[u]
}

// Charge returns the energy in the battery of UPS i relative to a full one.
func (p *Plan) Charge(s *State, i int) float64 {
	return (s.Available[i] + s.Bound[i]) / p.battery.Capacity
}

// Autonomy returns the seconds that UPS i's battery would last at its present output, whether or not it is on it.
func (p *Plan) Autonomy(s *State, i int) float64 {
	u := p.layers[upses].first + int32(i)
	return p.battery.Time(s.Available[i], s.Bound[i], s.Flow[u]/p.discharging)
}

// Current returns the line current in A of utility i.
func (p *Plan) Current(s *State, i int) float64 {
	if p.factor != nil {
		return LineCurrent(math.Hypot(s.Flow[i], s.Var[i]), p.volts, 1)
	}
	return LineCurrent(s.Flow[i], p.volts, p.powerFactor)
}

// Health fails equipment r or makes it work again; a repair also closes its tripped breaker and resets it, and that
// of a rack the breakers of its cords. It reports whether the plan has such equipment.
func (p *Plan) Health(s *State, r facility.Ref, up bool) bool {
	if r.Kind == facility.Rack && r.Index >= 0 && int(r.Index) < p.racks && up {
		p.resetCords(s, r.Index)
		return true
	}
	u, ok := p.unit(r)
	if !ok {
		return false
	}
	s.stir()
	s.Up[u] = up
	if up {
		s.Open[u], s.Heat[u], s.Over[u] = false, 0, 0
		if k := u - p.layers[pdus].first; k >= 0 {
			s.HeatAge[k] = s.Age
		}
	}
	switch p.layerOf(u) {
	case gensets:
		i := u - p.layers[gensets].first
		s.Gensets[i], s.Timer[i] = GensetOff, 0
		if up && s.Fuel[i] <= 0 {
			s.Fuel[i], s.Dry[i], s.Delivery[i] = p.tank, false, 0
		}
	case upses:
		if up {
			for i := range p.sides {
				if p.serves(i, u) {
					s.Bypassed[i] = false
				}
			}
		}
	}
	return true
}

// Settle puts every breaker where a long time at the present load would have put it. A run that begins in the middle
// of a day calls it after its first Solve.
func (p *Plan) Settle(s *State) {
	for i := range p.layers {
		l := &p.layers[i]
		for u := l.first; u < l.end; u++ {
			s.Heat[u] = min(l.breaker.Settled(s.Load[u]), settledMost)
		}
	}
	for k := range s.HeatAge {
		s.HeatAge[k] = s.Age
	}
	for r := range s.CordAge {
		s.CordAge[r] = s.Age
	}
	for r, live := range s.CordLive {
		for c := range 2 {
			if live>>c&1 == 1 {
				s.BranchHeat[2*r+c] = min(p.branch.Settled(s.CordLoad[r]), settledMost)
			}
		}
	}
}

// settledMost keeps Settle from tripping what is overloaded from the start: that takes its time from here.
const settledMost = 0.9
