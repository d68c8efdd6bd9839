package session

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record/plant"
)

// Describe draws the plant of a plan.
func Describe(plan *scenarios.Plan) *plant.Plant {
	d := &plant.Plant{Sides: []string{}}
	d.Redundancy = redundancy(plan)
	drawPower(d, plan)
	drawCooling(d, plan)
	for i := range plan.RackTypes {
		t := &plan.RackTypes[i]
		n := 0
		for _, k := range plan.RackType {
			if int(k) == i {
				n++
			}
		}
		g := &t.Node.GPU
		d.Racks = append(d.Racks, plant.Rack{Model: t.Name, Racks: n, Nodes: t.Nodes, GPUs: t.Node.GPUs, Rating: t.Max, Liquid: t.Liquid,
			GPUPower: g.Max, GPUTarget: g.Target, GPUShutdown: g.Shutdown})
	}
	d.Notes = plan.Power.Notes()
	return d
}

func redundancy(plan *scenarios.Plan) string {
	switch n := plan.Power.Sides(); {
	case n == 2:
		return "2N"
	case n == 3:
		return "3N/2"
	}
	return ""
}

// diagram adds nodes and edges to a graph.
type diagram struct {
	*plant.Graph
	tree *facility.Tree
}

func (g diagram) add(n plant.Node) int {
	n.ID = len(g.Nodes)
	g.Nodes = append(g.Nodes, n)
	return n.ID
}

// thing adds a piece of equipment of the site.
func (g diagram) thing(k facility.Kind, i int32, side int, rating float64) int {
	r := facility.Ref{Kind: k, Index: i}
	if math.IsInf(rating, 0) {
		rating = 0
	}
	return g.add(plant.Node{Kind: k.String(), Index: i, Name: g.tree.NameOf(r), Side: side, Rating: rating, Model: g.tree.ModelOf(r)})
}

func (g diagram) join(from, to int, medium string) {
	g.Edges = append(g.Edges, plant.Edge{From: from, To: to, Medium: medium})
}

// drawPower draws utility and gensets, switch, transformers, UPS and PDUs of each side.
func drawPower(d *plant.Plant, plan *scenarios.Plan) {
	p, g := plan.Power, diagram{&d.Power, plan.Tree}
	g.Nodes, g.Edges = []plant.Node{}, []plant.Edge{}
	sides := p.Lineups()
	utility, genset := map[int32]int{}, map[int32]int{}
	own := func(seen map[int32]int, k facility.Kind, i int32, side int) int {
		id, ok := seen[i]
		if !ok {
			id = g.thing(k, i, side, p.Rating(k))
			seen[i] = id
		} else {
			g.Nodes[id].Side = -1 // it is of several
		}
		return id
	}
	mech := g.add(plant.Node{Kind: "mechanical", Index: -1, Name: "cooling", Side: -1})
	for s, l := range sides {
		d.Sides = append(d.Sides, string(rune('A'+s)))
		sw := g.add(plant.Node{Kind: "switch", Index: int32(s), Name: fmt.Sprintf("switch %c", 'A'+s), Side: s})
		board := g.add(plant.Node{Kind: "bus", Index: int32(s), Name: fmt.Sprintf("switchboard %c", 'A'+s), Side: s})
		g.join(sw, board, "")
		for _, f := range l.Feeds {
			from := own(utility, facility.Utility, f, s)
			if l.Transformers.Lo == l.Transformers.Hi {
				g.join(from, sw, "")
			}
			for t := l.Transformers.Lo; t < l.Transformers.Hi; t++ {
				id := g.find(facility.Transformer, t)
				if id < 0 {
					id = g.thing(facility.Transformer, t, s, p.Rating(facility.Transformer))
					g.join(id, sw, "")
				}
				g.join(from, id, "")
			}
		}
		for i := l.Gensets.Lo; i < l.Gensets.Hi; i++ {
			g.join(own(genset, facility.Genset, i, s), sw, "")
		}
		out := board
		if l.UPS.Lo < l.UPS.Hi {
			out = g.add(plant.Node{Kind: "bus", Index: int32(len(sides) + s), Name: fmt.Sprintf("UPS output %c", 'A'+s), Side: s})
			g.row(facility.UPS, l.UPS, s, p.Rating(facility.UPS), board, out)
		}
		if p.MechOnUPS() {
			g.join(out, mech, "")
		} else {
			g.join(board, mech, "")
		}
		g.row(facility.PDU, l.PDUs, s, p.Rating(facility.PDU), out, -1)
	}
	for r := range plan.RackType {
		a, b := p.Cords(r)
		d.Feeds.A, d.Feeds.B = pack(d.Feeds.A, a), pack(d.Feeds.B, b)
	}
}

// row adds units side by side between two nodes.
func (g diagram) row(k facility.Kind, u power.Units, side int, rating float64, from, to int) {
	for i := u.Lo; i < u.Hi; i++ {
		id := g.thing(k, i, side, rating)
		g.join(from, id, "")
		if to >= 0 {
			g.join(id, to, "")
		}
	}
}

func (g diagram) find(k facility.Kind, i int32) int {
	for id := range g.Nodes {
		if g.Nodes[id].Index == i && g.Nodes[id].Kind == k.String() {
			return id
		}
	}
	return -1
}

// pack appends a value to a list of runs.
func pack(runs [][2]int, v int) [][2]int {
	if n := len(runs); n > 0 && runs[n-1][1] == v {
		runs[n-1][0]++
		return runs
	}
	return append(runs, [2]int{1, v})
}

// drawCooling draws what the heat passes on its way out.
func drawCooling(d *plant.Plant, plan *scenarios.Plan) {
	g := diagram{&d.Cooling, plan.Tree}
	g.Nodes, g.Edges = []plant.Node{}, []plant.Edge{}
	c, t := plan.Cooling.Circuit(), plan.Tree
	outdoors := g.add(plant.Node{Kind: "outdoors", Index: -1, Name: "outdoors", Side: -1})
	water := g.drawPlant(c.Kind, outdoors)
	rooms := make([]int, t.Count(facility.Hall))
	for h := range rooms {
		ref := facility.Ref{Kind: facility.Hall, Index: int32(h)}
		lo, hi := t.Descendants(ref, facility.Rack)
		racks := g.add(plant.Node{Kind: "racks", Index: int32(h), Name: "racks of " + t.NameOf(ref), Side: -1, Count: int(hi - lo)})
		rooms[h] = racks
		lo, hi = t.Descendants(ref, facility.CRAH)
		for i := lo; i < hi; i++ {
			id := g.thing(facility.CRAH, i, -1, 0)
			g.join(racks, id, "air")
			g.join(id, water["chilled"], "water")
		}
		if lo == hi {
			g.join(racks, water["chilled"], "air")
		}
	}
	served := []int{}
	for _, l := range c.Loops {
		for i := l.Lo; i < l.Hi; i++ {
			id := g.thing(facility.CDU, i, -1, l.Rating)
			g.join(rooms[l.Hall], id, "coolant")
			to, ok := water[c.CDUWater]
			if !ok {
				to = outdoors
			}
			g.join(id, to, "water")
		}
		served = append(served, int(l.Lo))
	}
	for r := range plan.RackType {
		cdu := -1
		if r < len(c.RackLoop) && c.RackLoop[r] >= 0 {
			cdu = served[c.RackLoop[r]]
		}
		d.CDU = pack(d.CDU, cdu)
	}
}

// drawPlant draws the water loops and what cools them; it returns the node of each water, by name.
func (g diagram) drawPlant(kind string, outdoors int) map[string]int {
	water := map[string]int{"chilled": outdoors}
	if kind == "outdoor-air" || kind == "none" {
		return water
	}
	loop := g.add(plant.Node{Kind: "loop", Index: 0, Name: "chilled water", Side: -1})
	water["chilled"] = loop
	reject := outdoors
	if n := g.tree.Count(facility.Tower); n > 0 {
		reject = g.add(plant.Node{Kind: "loop", Index: 1, Name: "condenser water", Side: -1})
		for i := range n {
			id := g.thing(facility.Tower, int32(i), -1, 0)
			g.join(reject, id, "condenser-water")
			g.join(id, outdoors, "outdoor-air")
		}
	}
	for i := range g.tree.Count(facility.Chiller) {
		id := g.thing(facility.Chiller, int32(i), -1, 0)
		g.join(loop, id, "water")
		g.join(id, reject, "condenser-water")
	}
	if n := g.tree.Count(facility.DryCooler); n > 0 {
		warm := g.add(plant.Node{Kind: "loop", Index: 2, Name: "warm water", Side: -1})
		water["warm"] = warm
		for i := range n {
			id := g.thing(facility.DryCooler, int32(i), -1, 0)
			g.join(warm, id, "water")
			g.join(id, outdoors, "outdoor-air")
		}
	}
	return water
}

// Job is one job of a run, as it was submitted.
type Job struct {
	Name               string // as it is the subject of events
	Class, User, Queue string
	GPUs               float64
	Submit             float64 // s
}

var classes = map[workload.Class]string{workload.Batch: "batch", workload.Train: "training", workload.Service: "service"}

// Jobs lists the work of a plan under a seed, by index.
func Jobs(plan *scenarios.Plan, seed uint64) ([]Job, error) {
	set, err := plan.Workload(random.Seed(seed))
	if err != nil {
		return nil, err
	}
	jobs := make([]Job, len(set.Jobs))
	for i := range set.Jobs {
		j := &set.Jobs[i]
		jobs[i] = Job{Name: nameOf(j), Class: classes[j.Class], User: j.User, Queue: j.Queue, GPUs: j.GPUs(), Submit: j.Submit}
	}
	return jobs, nil
}

// nameOf is what the log calls a job.
func nameOf(j *workload.Job) string {
	if j.Name != "" && j.Name != j.ID {
		return fmt.Sprintf("job %s (%s)", j.ID, j.Name)
	}
	return "job " + j.ID
}
