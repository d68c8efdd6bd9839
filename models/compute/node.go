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
	FailedDraw   float64 // of a failed node, as a share of IdlePower
	RestartBelow float64 // °C of inlet air
	Capacity     workload.Vector
	IdlePower    float64 // W at the node's input, all devices idle, inlet 25 °C
	MaxPower     float64 // W at the node's input, all devices at full load, fans at full speed
	FullFlow     float64 // m³/s at full fan speed
}

// Compile makes the type ready for use.
func (s *NodeSpec) Compile() Node {
	n := Node{
		Name: first(s.Model, s.Title), GPUs: s.GPUs, GPU: s.GPU.Compile(), CPUs: s.CPUs, Cores: float64(s.CPUs * s.CPU.Cores),
		cpu:   s.CPU.Power.Compile(float64(s.CPU.Idle), float64(s.CPU.Max)),
		Fixed: float64(s.MemoryPower+s.DrivePower+s.Other) + float64(s.NICs)*float64(s.NICPower),
		fans:  s.Fans, psu: s.PSU.Compile(), FailedDraw: float64(s.FailedDraw), RestartBelow: float64(s.Fans.Restart),
		FullFlow: float64(s.Fans.Flow),
		Capacity: workload.Vector{float64(s.GPUs), float64(s.CPUs * s.CPU.Cores), float64(s.Memory), float64(s.Storage), float64(s.Network)},
	}
	n.leastRelief = math.Pow(float64(s.Fans.Minimum), n.GPU.FlowExponent)
	n.squareFans = math.Abs(s.Fans.Exponent-n.GPU.FlowExponent-2) < 1e-12
	idle := Load{GPUsUp: s.GPUs}
	n.IdlePower = n.Eval(&idle, 25).Input
	full := Load{GPUsUp: s.GPUs, CPU: n.Cores, Groups: []Group{{GPUs: s.GPUs, Util: workload.Util{GPU: 1, CPU: 1}, Limit: math.Inf(1), Spread: 1}}}
	n.MaxPower = n.Eval(&full, n.GPU.ThrottleInlet(n.GPU.Max, 1)).Input
	return n
}

// Group is the GPUs of one node that one job holds: equal in load, limit and fate.
type Group struct {
	GPUs   int
	Util   workload.Util
	Limit  float64 // W a GPU may draw by setting; +Inf for none
	Spread float64 // thermal resistance of the hottest of them over the type's

	// Results of Eval.
	Power float64 // W a GPU draws
	Speed float64 // relative throughput under the limit and the temperature, 0 to 1
	Bound Bound   // what holds the speed below 1
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
	Groups []Group
	CPU    float64 // busy cores
	GPUsUp int     // GPUs that have power, busy or not
}

// Draw is what a node then draws and needs.
type Draw struct {
	Input   float64 // W at the node's input
	GPUs    float64 // W of its GPUs
	CPUs    float64 // W of its CPUs
	Fans    float64 // W of them for its fans
	Flow    float64 // m³/s of air
	Hottest float64 // °C of its hottest busy die, the coolant where none is
}

// Eval computes a working node's draw with its coolant (inlet air, or the supply of its cold plates) at the given
// temperature in °C, and fills in the results of its groups.
func (n *Node) Eval(l *Load, coolant float64) Draw {
	g := &n.GPU
	var gpus float64
	var hot *Group // its dies need the most flow
	busy := 0
	for i := range l.Groups {
		gr := &l.Groups[i]
		if n.GPUs == 0 {
			gr.Power, gr.Speed, gr.Bound = 0, 1, Unbound
			continue
		}
		demand := g.Curve.Power(gr.Util.GPU, gr.Util.Memory)
		gr.Power, gr.Speed, gr.Bound = demand, 1, Unbound
		if gr.Limit < demand {
			gr.Power, gr.Bound = max(gr.Limit, g.Idle), PowerLimit
		}
		if gr.Power > g.Idle && g.Resistance*gr.Spread*gr.Power > g.Slowdown-coolant {
			gr.Power, gr.Bound = g.ThermalLimit(coolant, gr.Spread), Thermal
		}
		if gr.Bound != Unbound {
			gr.Speed = g.Speed(gr.Power, demand)
		}
		if hot == nil || gr.Power*gr.Spread > hot.Power*hot.Spread {
			hot = gr
		}
		gpus += float64(gr.GPUs) * gr.Power
		busy += gr.GPUs
	}
	if idle := l.GPUsUp - busy; idle > 0 {
		gpus += float64(idle) * g.Idle
	}
	var d Draw
	y, relief := n.flow(coolant, hot)
	if n.FullFlow > 0 {
		d.Flow = y * n.FullFlow
		d.Fans = float64(n.fans.Power) * n.fanPower(y, relief)
	}
	d.Hottest = coolant
	if hot != nil && n.GPUs > 0 {
		d.Hottest += g.Resistance * hot.Spread * hot.Power / relief
	}
	var cpu float64
	if n.CPUs > 0 {
		cpu = float64(n.CPUs) * n.cpu.Power(l.CPU/n.Cores, 0)
	}
	d.GPUs, d.CPUs = gpus, cpu
	d.Input = n.psu.Input(n.Fixed + gpus + cpu + d.Fans)
	return d
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
	need := g.needForTarget(coolant, hot.Power, hot.Spread)
	switch {
	case g.FlowExponent == 0:
		return max(y, need), 1
	case need <= relief:
		return y, relief
	case need >= 1:
		return 1, 1
	}
	return math.Pow(need, 1/g.FlowExponent), need
}

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
	Max          float64 // W at its feed with every node at full load
	Idle         float64 // W at its feed with every node idle
}

// Compile makes the type ready for use.
func (s *RackSpec) Compile() Rack {
	r := Rack{
		Name: first(s.Model, s.Title), Nodes: s.Nodes, Node: s.Node.Compile(), Shelves: s.Shelves,
		Switches:  float64(s.Switches) * float64(s.SwitchPower),
		rectifier: s.Rectifier.Compile(),
		Liquid:    float64(s.Liquid), Flow: float64(s.Flow), HeatCapacity: 500 * float64(s.Mass), // J/kg/K, of steel, copper and aluminium in servers
	}
	perShelf := float64(r.Nodes / r.Shelves)
	r.Max = float64(r.Shelves) * r.ShelfInput(r.Node.MaxPower*perShelf)
	r.Idle = float64(r.Shelves) * r.ShelfInput(r.Node.IdlePower*perShelf)
	return r
}

// ShelfInput returns the power in W that a shelf draws from the rack's feed when its nodes draw nodes W.
func (r *Rack) ShelfInput(nodes float64) float64 { return r.rectifier.Input(nodes + r.Switches) }
