package compute

import (
	"math"

	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/workload"
)

// Node is a compiled node type.
type Node struct {
	Name         string
	GPUs         int
	GPU          GPU
	CPUs         int
	Cores        float64 // of the whole node
	cpu          Curve
	Fixed        float64 // W: memory, drives, network cards, boards
	fans         FanSpec
	leastRelief  float64 // the lowest fan speed to the power of the flow exponent
	squareFans   bool    // fan power is speed² times that of the flow exponent
	psu          power.PSU
	Boot         float64 // s from the return of its power until it takes work
	FailedDraw   float64 // of a failed node, as a share of IdlePower
	RestartBelow float64 // °C of inlet air
	ShutAbove    float64 // likewise
	Capacity     workload.Vector
	IdlePower    float64 // W at the node's input, all devices idle, inlet 25 °C
	MaxPower     float64 // W at the node's input, all devices at full load, fans at full speed
	FullFlow     float64 // m³/s at full fan speed
	inRow        int     // GPUs side by side in the stream of air
	preheat      float64 // K of the air for each W of the GPUs before, at full fan speed
}

// airHeat is the heat capacity of air in J/m³/K, at 20 °C and sea level.
const airHeat = 1.204 * 1006

// Compile makes the type ready for use.
func (s *NodeSpec) Compile() Node {
	n := Node{
		Name: first(s.Model, s.Title), GPUs: s.GPUs, GPU: s.GPU.Compile(), CPUs: s.CPUs, Cores: float64(s.CPUs * s.CPU.Cores),
		cpu:   s.CPU.Power.Compile(float64(s.CPU.Idle), float64(s.CPU.Max)),
		Fixed: float64(s.MemoryPower+s.DrivePower+s.Other) + float64(s.NICs)*float64(s.NICPower),
		fans:  s.Fans, psu: s.PSU.Compile(), Boot: float64(s.Boot), FailedDraw: float64(s.FailedDraw), RestartBelow: float64(s.Fans.Restart), ShutAbove: float64(s.Fans.Shutdown),
		FullFlow: float64(s.Fans.Flow),
		Capacity: workload.Vector{float64(s.GPUs), float64(s.CPUs * s.CPU.Cores), float64(s.Memory), float64(s.Storage), float64(s.Network)},
	}
	n.inRow = s.GPUs / max(s.GPURows, 1)
	if n.GPU.FlowExponent > 0 && n.FullFlow > 0 && s.GPURows > 1 {
		n.preheat = 1 / (airHeat * n.FullFlow * float64(s.GPUAir))
	}
	n.leastRelief = math.Pow(float64(s.Fans.Minimum), n.GPU.FlowExponent)
	n.squareFans = math.Abs(s.Fans.Exponent-n.GPU.FlowExponent-2) < 1e-12
	idle := Load{GPUsUp: s.GPUs}
	n.IdlePower = n.Eval(&idle, 25).Input
	full := Load{GPUsUp: s.GPUs, CPU: n.Cores, Groups: []Group{{GPUs: s.GPUs, Util: workload.Util{GPU: 1, CPU: 1}, Limit: math.Inf(1), Spread: 1}}}
	n.MaxPower = n.Eval(&full, n.GPU.ThrottleInlet(n.GPU.Max, n.GPU.Resistance)).Input
	return n
}

// Before returns how many GPUs of a node warm the air of its GPU number i.
func (n *Node) Before(i int) int {
	if n.preheat == 0 {
		return 0
	}
	return i / n.inRow * n.inRow
}

// Warmth returns by how much a die stands above the node's coolant, in K for each W, at full flow and with the GPUs
// before it as busy as it is: the worst of a node's GPUs is the one of the most warmth.
func (n *Node) Warmth(spread float64, before int) float64 {
	return n.GPU.Resistance*spread + n.preheat*float64(before)
}

// Group is the GPUs of one node that one job holds: equal in load, limit and fate. The hottest of them stands for all.
type Group struct {
	GPUs      int
	Util      workload.Util
	Limit     float64 // W a GPU may draw by setting; +Inf for none
	Spread    float64 // thermal resistance of the hottest of them over the type's
	Before    int     // GPUs that warm the air of the hottest of them
	Throttled bool    // heat holds it back already

	// Where dies lag: where the hottest of them is, and over how many s to come its mean decides the leakage; 0 for that of
	// dies at rest.
	At     Temperatures
	Window float64

	// Results of Eval.
	Power  float64      // W a GPU draws
	Speed  float64      // relative throughput under the limit and the temperature, 0 to 1
	Bound  Bound        // what holds the speed below 1
	Over   bool         // the hottest die may pass its slowdown temperature, but runs free until it does
	Moving bool         // Power is that of a die on its way, which changes with it
	Again  float64      // s after which it is to be found again, while a sink is warmer than it will be; 0 for when asked
	Rest   Temperatures // where its hottest die is bound
	R1, R2 float64      // K/W of that die to its sink, and from there to the coolant
}

// Bound says what limits a group's speed.
type Bound uint8

// The bounds.
const (
	Unbound Bound = iota
	PowerLimit
	Thermal
)

// Load is what a node is doing.
type Load struct {
	Groups  []Group
	CPU     float64 // busy cores
	GPUsUp  int     // GPUs that have power, busy or not
	Settled bool    // dies are where they are bound, however much they lag
}

// Draw is what a node then draws and needs.
type Draw struct {
	Input   float64 // W at the node's input
	GPUs    float64 // W of its GPUs
	CPUs    float64 // W of its CPUs
	Fans    float64 // W of them for its fans
	Flow    float64 // m³/s of air
	Relief  float64 // relative flow to the power of the flow exponent, by which the resistance of the dies falls
	Hottest float64 // °C at rest of its hottest busy die, the coolant where none is
	Hot     int     // the group of that die, -1 where none is
}

// Eval computes a working node's draw with its coolant (inlet air, or the supply of its cold plates) at the given
// temperature in °C, and fills in the results of its groups. Flow is that of dies at rest, and so is power but for groups with a window.
func (n *Node) Eval(l *Load, coolant float64) Draw {
	g := &n.GPU
	var hot *Group // its dies need the most flow
	most, busy := 0.0, 0
	for i := range l.Groups {
		gr := &l.Groups[i]
		gr.Power, gr.Speed, gr.Bound, gr.Over, gr.Moving, gr.Again = 0, 1, Unbound, false, false, 0
		if gr.GPUs == 0 { // a job of processors only
			continue
		}
		gr.Power = g.Curve.Power(gr.Util.GPU, gr.Util.Memory) // as stated, for a die at its target
		if need := n.Warmth(gr.Spread, gr.Before) * min(gr.Power, max(gr.Limit, g.Idle)); hot == nil || need > most {
			hot, most = gr, need
		}
		busy += gr.GPUs
	}
	var d Draw
	y, relief := n.flow(coolant, hot)
	d.Relief, d.Hottest, d.Hot = relief, coolant, -1
	for i := range l.Groups {
		gr := &l.Groups[i]
		if gr.GPUs == 0 {
			continue
		}
		n.heat(gr, coolant, y, relief, l.Settled)
		if die := gr.Rest.Die; d.Hot < 0 || die > d.Hottest {
			d.Hottest, d.Hot = die, i
		}
		d.GPUs += float64(gr.GPUs) * gr.Power
	}
	if idle := l.GPUsUp - busy; idle > 0 {
		d.GPUs += float64(idle) * g.Idle
	}
	if n.FullFlow > 0 {
		d.Flow = y * n.FullFlow
		d.Fans = float64(n.fans.Power) * n.fanPower(y, relief)
	}
	if n.CPUs > 0 {
		d.CPUs = float64(n.CPUs) * n.cpu.Power(l.CPU/n.Cores, 0)
	}
	d.Input = n.psu.Input(n.Fixed + d.GPUs + d.CPUs + d.Fans)
	return d
}

// heat finds what the GPUs of a group draw with their leakage, under their limits, and where their hottest die is bound.
// gr.Power is what they would draw with the die at its target.
func (n *Node) heat(gr *Group, coolant, y, relief float64, settled bool) {
	g := &n.GPU
	stated := gr.Power
	air := n.preheat * float64(gr.Before) / y // K for each W of the GPUs before
	gr.R1 = gr.Spread * g.DieResistance
	gr.R2 = gr.Spread * (g.Resistance - g.DieResistance) / relief
	r := gr.R1 + gr.R2 + air
	limit := gr.Limit
	if g.Leakage > 0 {
		limit = min(limit, g.Max)
	}
	lags := g.Lags() && !settled
	gr.Power = g.warmed(stated, coolant, r)
	over := gr.Power-limit > 1e-6 // a die held at its target draws max, but for rounding
	if lags && gr.Window > 0 && g.Leakage > 0 {
		gr.rest(coolant, air, max(min(gr.Power, limit), g.Idle))
		if away(gr.At, gr.Rest, stir) {
			path := TwoPole{R1: gr.R1, R2: gr.R2, C1: g.DieCapacity, C2: g.SinkCapacity}
			gr.Power, gr.Moving = g.leaky(stated, path.Mean(gr.Window).From(gr.At, gr.Rest).Die), true
		}
	}
	if limit < gr.Power {
		if over { // not for the minute in which a die above its target leaks more
			gr.Bound = PowerLimit
		}
		gr.Power = max(limit, g.Idle)
	}
	// A die that lags runs free until it has come to its slowdown temperature, and one that was held runs free again
	// when it would stay below by a margin. A sink that is still warm from less flow counts as what it is.
	die, hold, warm := coolant+r*gr.Power, g.ThermalLimit(coolant, r), 0.0
	if lags && g.SinkCapacity > 0 {
		die = max(die, gr.At.Sink+gr.R1*gr.Power)
		if rest := coolant + (air+gr.R2)*hold; gr.At.Sink > rest+warmer || gr.Throttled && gr.At.Die > g.Hold+stir {
			hold, warm = gr.holding(g, rest)
		}
	}
	if gr.Power > g.Idle && (die > g.Slowdown || gr.Throttled && die > g.Hold) {
		if gr.Throttled || !lags {
			gr.Power, gr.Bound, gr.Moving, gr.Again = hold, Thermal, warm > 0, warm
		} else {
			gr.Over = true
		}
	}
	gr.rest(coolant, air, gr.Power)
	if gr.Bound != Unbound {
		gr.Speed = g.Speed(gr.Power, g.leaky(stated, gr.Rest.Die))
	}
}

// holding returns the power that holds a die whose sink is or may become warmer than the rest °C to which it then falls, and
// for how many s: the mean over a fall by twice what is not followed.
func (gr *Group) holding(g *GPU, rest float64) (power, time float64) {
	above := max(gr.At.Sink-rest, 0)
	tau := g.SinkCapacity * gr.R1 * gr.R2 / (gr.R1 + gr.R2)
	time = tau / 2
	if above > 4*stir {
		time = tau * 2 * stir / above
	}
	return g.ThermalLimit(rest-above*math.Expm1(-time/tau)*tau/time, gr.R1), time
}

// rest finds where the group's hottest die is bound under a power in W, in air that each watt of the GPUs before it warms.
func (gr *Group) rest(coolant, air, power float64) {
	gr.Rest.Sink = coolant + (air+gr.R2)*power
	gr.Rest.Die = gr.Rest.Sink + gr.R1*power
}

// Temperature returns the °C at rest of a die that has spread times the type's resistance, where GPUs before it warm its
// air and the node moves flow m³/s.
func (n *Node) Temperature(coolant, power, spread float64, before int, flow float64) float64 {
	y := 1.0
	if n.FullFlow > 0 && flow > 0 {
		y = min(1, flow/n.FullFlow)
	}
	return n.GPU.Temperature(coolant+n.preheat*float64(before)/y*power, power, spread, y)
}

// Resting returns where an idle die that has spread times the type's resistance comes to rest, and its way to the
// coolant, with the fans where the coolant alone sends them.
func (n *Node) Resting(coolant, spread float64, before int) (rest Temperatures, p TwoPole) {
	g := &n.GPU
	y, relief := n.flow(coolant, nil)
	p = TwoPole{R1: spread * g.DieResistance, R2: spread * (g.Resistance - g.DieResistance) / relief, C1: g.DieCapacity, C2: g.SinkCapacity}
	return p.Rest(g.Idle, coolant+n.preheat*float64(before)/y*g.Idle), p
}

// flow returns the relative flow of the fans, and that flow to the power of the type's flow exponent, by which the dies'
// thermal resistance falls. They are found together because powers are what an evaluation spends its time on.
func (n *Node) flow(coolant float64, hot *Group) (y, relief float64) {
	g := &n.GPU
	if n.FullFlow == 0 {
		return 1, 1
	}
	y, relief = n.fans.minimum(coolant), n.leastRelief
	if y > float64(n.fans.Minimum) {
		relief = math.Pow(y, g.FlowExponent)
	}
	if hot == nil {
		return y, relief
	}
	power := min(hot.Power, max(hot.Limit, g.Idle))
	rise := g.Target - coolant // K that the die may stand above its coolant
	if g.FlowExponent == 0 {
		if rise <= 0 {
			return 1, 1
		}
		return max(y, min(g.Resistance*hot.Spread*power/rise, 1)), 1
	}
	rise -= g.DieResistance * hot.Spread * power
	sink := (g.Resistance - g.DieResistance) * hot.Spread * power // K at full flow
	air := n.preheat * float64(hot.Before) * power                // likewise
	switch {
	case sink+air >= rise:
		return 1, 1
	case sink/relief+air/y <= rise:
		return y, relief
	}
	// sink y^-n + air/y = rise: as if both fell with the mean exponent, and then by Newton's method on the logarithm of y.
	e := g.FlowExponent
	x := math.Log((sink+air)/rise) / ((e*sink + air) / (sink + air))
	y, relief = math.Exp(x), (sink+air)/rise
	if air > 0 {
		relief = math.Exp(e * x)
		for range 2 {
			s, a := sink/relief, air/y
			x := (s + a - rise) / (e*s + a)
			y *= expNear(x)
			relief *= expNear(e * x)
		}
		y, relief = min(y, 1), min(relief, 1)
	}
	return y, relief
}

// expNear is the exponential near 0, where the error of its series is x⁵/120.
func expNear(x float64) float64 { return 1 + x*(1+x/2*(1+x/3*(1+x/4))) }

// fanPower returns the fans' power at relative flow y over that at full flow; relief is y to the flow exponent.
func (n *Node) fanPower(y, relief float64) float64 {
	if n.squareFans {
		return y * y * relief
	}
	return math.Pow(y, n.fans.Exponent)
}

// minimum returns the relative fan speed that the inlet temperature alone asks for.
func (f *FanSpec) minimum(inlet float64) float64 {
	lo := float64(f.Minimum)
	if inlet <= float64(f.RampFrom) {
		return lo
	}
	return min(1, lo+(1-lo)*(inlet-float64(f.RampFrom))/float64(f.RampTo-f.RampFrom))
}

// Rack is a compiled rack type.
type Rack struct {
	Name         string
	Nodes        int
	Node         Node
	Shelves      int
	Switches     float64 // W a shelf
	rectifier    power.PSU
	Liquid       float64 // share of heat to cold plates
	Flow         float64 // m³/s at full load where the nodes have no fans
	HeatCapacity float64 // J/K of its machines
	CoolFor      float64 // s for which its inlet must have stayed cool before it is switched on after a shutdown by heat
	RestartEvery float64 // s between it and another rack of its row
	Max          float64 // W at its feed with every node at full load
	Idle         float64 // W at its feed with every node idle
}

// Compile makes the type ready for use.
func (s *RackSpec) Compile() Rack {
	r := Rack{
		Name: first(s.Model, s.Title), Nodes: s.Nodes, Node: s.Node.Compile(), Shelves: s.Shelves,
		Switches:  float64(s.Switches) * float64(s.SwitchPower),
		rectifier: s.Rectifier.Compile(),
		Liquid:    float64(s.Liquid), Flow: float64(s.Flow), CoolFor: float64(s.Restart.After), RestartEvery: float64(s.Restart.Every), HeatCapacity: 500 * float64(s.Mass), // J/kg/K, of steel, copper and aluminium in servers
	}
	perShelf := float64(r.Nodes / r.Shelves)
	r.Max = float64(r.Shelves) * r.ShelfInput(r.Node.MaxPower*perShelf)
	r.Idle = float64(r.Shelves) * r.ShelfInput(r.Node.IdlePower*perShelf)
	return r
}

// ShelfInput returns the power in W that a shelf draws from the rack's feed when its nodes draw nodes W.
func (r *Rack) ShelfInput(nodes float64) float64 { return r.rectifier.Input(nodes + r.Switches) }
