package scenarios

import (
	"fmt"
	"reflect"
	"time"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/power"
)

// maxGPUs and maxRacks bound a site: ten times the largest that anyone plans, low enough to keep a slip of the finger
// from filling the memory.
const (
	maxGPUs  = 10_000_000
	maxRacks = 1_000_000
)

func s2d(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

// site builds the tree of things, the power chain and the cooling.
func (c *compiler) site() {
	s := &c.spec.Site
	p := c.plan
	var rows, racks []int // by hall, by row
	var names []string
	named := false
	total := 0
	for h := range s.Halls {
		hall := &s.Halls[h]
		for i := range hall.Count {
			n := 0
			for r := range hall.Rows {
				row := &hall.Rows[r]
				kind := c.rackType(&row.Rack)
				n += row.Count
				if total += row.Count * row.Racks; total > maxRacks {
					c.fail(fmt.Sprintf("site.halls[%d].rows[%d]", h, r), "limit", fmt.Sprintf("more than %d racks", maxRacks), "")
					return
				}
				for range row.Count {
					racks = append(racks, row.Racks)
					for range row.Racks {
						p.RackType = append(p.RackType, kind)
					}
				}
			}
			rows = append(rows, n)
			name := hall.Name
			if name != "" {
				named = true
				if hall.Count > 1 {
					name = fmt.Sprintf("%s-%d", name, i)
				}
			}
			names = append(names, name)
		}
	}
	if total == 0 {
		c.fail("site.halls", "required", "the site has no racks", "write halls: [{rows: [{racks: 8, rack: {use: hardware/…}}]}]")
		return
	}
	t := facility.New(siteName(s.Title))
	halls := t.Add(facility.Hall, facility.Site, []int{len(rows)})
	if named {
		halls.Names = names
	}
	t.Add(facility.Row, facility.Hall, rows)
	t.Add(facility.Rack, facility.Row, racks)
	c.nodes(t)
	if len(c.ds) > 0 {
		return
	}
	c.leaves(t)
	c.storage(t)
	p.Tree = t
	c.plants()
	c.services()
	if len(c.ds) > 0 {
		p.Tree = nil
	}
}

// rackType compiles a rack type once, however many rows name it.
func (c *compiler) rackType(s *compute.RackSpec) int16 {
	for i := range c.rackSpecs {
		if reflect.DeepEqual(c.rackSpecs[i], s) {
			return int16(i)
		}
	}
	c.rackSpecs = append(c.rackSpecs, s)
	c.plan.RackTypes = append(c.plan.RackTypes, s.Compile())
	return int16(len(c.rackSpecs) - 1)
}

// nodes adds nodes and GPUs to the tree, with their models.
func (c *compiler) nodes(t *facility.Tree) {
	p := c.plan
	perRack := make([]int, len(p.RackType))
	gpus := 0
	for r, k := range p.RackType {
		perRack[r] = p.RackTypes[k].Nodes
		gpus += p.RackTypes[k].Nodes * p.RackTypes[k].Node.GPUs
		if gpus > maxGPUs {
			c.fail("site.halls", "limit", fmt.Sprintf("more than %d GPUs", maxGPUs), "")
			return
		}
	}
	rackModels, nodeModels, gpuModels := newModels(), newModels(), newModels()
	rackLevel := &t.Levels[facility.Rack]
	for _, k := range p.RackType {
		rackModels.add(p.RackTypes[k].Name)
	}
	rackModels.into(rackLevel)
	nodes := t.Add(facility.Node, facility.Rack, perRack)
	perNode := make([]int, 0, nodes.Count())
	for _, k := range p.RackType {
		rt := &p.RackTypes[k]
		p.DesignIT += rt.Max
		for range rt.Nodes {
			perNode = append(perNode, rt.Node.GPUs)
			nodeModels.add(rt.Node.Name)
			p.Capacity = append(p.Capacity, rt.Node.Capacity)
			for range rt.Node.GPUs {
				gpuModels.add(rt.Node.GPU.Name)
			}
		}
	}
	nodeModels.into(nodes)
	gpuModels.into(t.Add(facility.GPU, facility.Node, perNode))
}

// leaves groups the nodes behind leaf switches.
func (c *compiler) leaves(t *facility.Tree) {
	p := c.plan
	n := t.Count(facility.Node)
	p.LeafOf = make([]int32, n)
	var leaves int
	if per := c.spec.Site.Fabric.NodesPerLeaf; per > 0 {
		for i := range n {
			p.LeafOf[i] = int32(i / per)
		}
		leaves = (n + per - 1) / per
	} else {
		for i := range n {
			row, _ := t.Ancestor(facility.Ref{Kind: facility.Node, Index: int32(i)}, facility.Row)
			p.LeafOf[i] = row
		}
		leaves = t.Count(facility.Row)
	}
	t.Add(facility.Leaf, facility.Site, []int{leaves})
	c.network(n, leaves)
}

// network compiles what the fabric leaves of the nodes' bandwidth with distance, and the bandwidth out of each leaf.
func (c *compiler) network(nodes, leaves int) {
	s, p := &c.spec.Site.Fabric, c.plan
	if s.Topology == "torus" {
		room := 1
		for _, d := range s.Dimensions {
			room *= d
		}
		if room < nodes {
			c.fail("site.fabric.dimensions", "size", fmt.Sprintf("the torus has room for %d of the %d nodes", room, nodes), "make the dimensions larger")
			return
		}
	}
	per := (nodes + leaves - 1) / leaves
	p.Reach = s.Compile(nodes, per)
	p.Scarce = p.Reach.Up < 1
	p.Uplink = make([]float64, leaves)
	node := 0
	for _, k := range p.RackType {
		for range p.RackTypes[k].Nodes {
			p.Uplink[p.LeafOf[node]] += float64(c.rackSpecs[k].Node.Network) * p.Reach.Up
			node++
		}
	}
}

// plants compiles cooling and power, and puts their equipment on the map.
func (c *compiler) plants() {
	s, p, t := &c.spec.Site, c.plan, c.plan.Tree
	n := t.Count(facility.Rack)
	sizes := cooling.Sizes{
		Racks: n, RackHall: make([]int32, n), RackRow: make([]int32, n), RackDesign: make([]float64, n), RackLiquid: make([]float64, n),
		RackFlow: make([]float64, n), RackMass: make([]float64, n), RackEdge: make([]bool, n),
		Pressure: moistair.PressureAt(float64(s.Altitude)),
	}
	ratings := make([]float64, n)
	liquid := false
	for r, k := range p.RackType {
		rt := &p.RackTypes[k]
		ref := facility.Ref{Kind: facility.Rack, Index: int32(r)}
		sizes.RackHall[r], _ = t.Ancestor(ref, facility.Hall)
		row, _ := t.Ancestor(ref, facility.Row)
		sizes.RackRow[r] = row
		lo, hi := t.Children(facility.Rack, row)
		sizes.RackEdge[r] = hi-lo > 2 && (int32(r) == lo || int32(r) == hi-1)
		sizes.RackDesign[r], sizes.RackLiquid[r], sizes.RackMass[r] = rt.Max, rt.Liquid, rt.HeatCapacity
		sizes.RackFlow[r] = max(rt.Flow, rt.Node.FullFlow*float64(rt.Nodes))
		ratings[r] = rt.Max
		liquid = liquid || rt.Liquid > 0
	}
	sizes.Carried = c.matrix()
	spec := &cooling.Spec{Air: s.Air, Liquid: s.Liquid, Plant: s.Plant}
	if liquid && spec.Liquid == nil {
		c.fail("site", "required", "racks with cold plates need a liquid loop", "write site.liquid: {supply: 32 degC}")
		return
	}
	cool, err := cooling.Compile(spec, sizes)
	if err != nil {
		c.failErr("site", "plant", err)
		return
	}
	p.Cooling = cool
	p.Other = float64(s.Other) * p.DesignIT
	chain, err := power.Compile(&s.Power, power.Sizes{Racks: n, RackRating: ratings, MechRating: cool.DesignPower() + p.Other})
	if err != nil {
		c.failErr("site.power", "power", err)
		return
	}
	p.Power = chain
	p.Notes = append(p.Notes, chain.Notes()...)
	for _, e := range chain.Equipment() {
		addEquipment(t, e.Kind, facility.Site, []int{e.Count}, e.Names, e.Models)
	}
	for _, e := range cool.Equipment() {
		parent, counts := facility.Site, []int{e.Count}
		if e.Halls != nil {
			parent, counts = facility.Hall, make([]int, t.Count(facility.Hall))
			for _, h := range e.Halls {
				counts[h]++
			}
		}
		addEquipment(t, e.Kind, parent, counts, e.Names, e.Models)
	}
}

func addEquipment(t *facility.Tree, k, parent facility.Kind, counts []int, names, titles []string) {
	l := t.Add(k, parent, counts)
	l.Names = names
	if titles != nil {
		m := newModels()
		for _, title := range titles {
			m.add(title)
		}
		m.into(l)
	}
}

// models collects the hardware types of one kind of thing.
type models struct {
	index map[string]int16
	names []string
	of    []int16
}

func newModels() *models { return &models{index: map[string]int16{}} }

func (m *models) add(name string) {
	i, ok := m.index[name]
	if !ok {
		i = int16(len(m.names))
		m.index[name] = i
		m.names = append(m.names, name)
	}
	m.of = append(m.of, i)
}

func (m *models) into(l *facility.Level) { l.Model, l.Models = m.of, m.names }

// siteName is what the site is called in events and tables.
func siteName(title string) string {
	if title == "" {
		return "site"
	}
	return title
}
