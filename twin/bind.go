package twin

import (
	"errors"
	"fmt"
	"math"
	"math/bits"
	"path"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// Bound things are real: a device stands in the place of a simulated GPU, or a host in that of a node's processors. What is
// measured of it replaces what the model says it draws and how fast it works; what the world then asks of it (its job, a power
// limit, silence when its feed is dead) is for the driver to carry out. The room stays simulated: where its coolant would make
// the simulated device slow down, the real one gets a limit at the power that the model says is left.

// Bond binds one thing of a world to a device.
type Bond struct {
	Thing  facility.Ref // a GPU, or a node for its processors
	Device string       // as people call it
	Model  string       // what it is; empty where that is not known
}

// follows reports whether a bond is said in one breath with the one before.
func (x *Bond) follows(before *Bond, w *World) bool {
	return x.Thing.Kind == before.Thing.Kind && x.Thing.Index == before.Thing.Index+1 && x.Model == before.Model &&
		path.Dir(w.name(x.Thing)) == path.Dir(w.name(before.Thing))
}

// Measured is what was last read of a bound thing; NaN where it was not, which leaves it to the model.
type Measured struct {
	Power       float64 // W
	Temperature float64 // °C of the die
	Utilisation float64
	Speed       float64 // throughput over that without a limit, 0 to 1
}

// Unmeasured is what is known of a device that does not answer.
var Unmeasured = Measured{math.NaN(), math.NaN(), math.NaN(), math.NaN()}

// Ask is what a world wants of a bound thing now.
type Ask struct {
	Job   int32         // that holds it, -1 for none
	On    bool          // it has power and works
	Use   workload.Util // how busy the job keeps it; zero while it is off
	Limit float64       // W of a GPU; +Inf for none
	Share float64       // of what it may draw at most that the limit leaves, 0 to 1
}

// Runs reports whether there is work to do.
func (a *Ask) Runs() bool { return a.On && (a.Use.GPU > 0 || a.Use.CPU > 0) }

// bound is what of a world is real. It is no part of the state: a fork has no hardware.
type bound struct {
	bonds  []Bond
	stand  bool        // they stand for the others of their type as well
	now    []Measured  // by bond
	next   []Measured  // to be taken at the next event
	model  []modelled  // by bond
	nodes  []boundNode //
	ofNode []int32     // by node: of nodes, -1 for none
	scale  []scale     // by rack type
	joules float64     // measured
	mark   float64     // s up to when that is so
	seen   float64     // s of all bonds in which power was measured
	kpis   []attached
}

// boundNode is a node with something real in it.
type boundNode struct {
	node int32
	gpu  []int32 // by number in the node: its bond, -1 for none
	cpu  int32   // bond of the processors, -1 for none
}

// modelled is what the model says of a bound GPU that a job holds.
type modelled struct {
	busy  bool
	power float64 // W
	speed float64
	bound compute.Bound
}

// scale is what bound GPUs of a type do over what the model says that they do.
type scale struct{ power, speed float64 }

// attached is a figure that the driver adds to the summary.
type attached struct {
	group string
	kpi   record.KPI
}

// Bind makes things real from the next moment on. With stand, what is measured of them also scales the model of the other
// GPUs in racks of the same type.
func (d *Driven) Bind(bonds []Bond, stand bool) error {
	w := d.world
	if w.bound != nil {
		return errors.New("this run is bound already")
	}
	b := &bound{bonds: bonds, stand: stand, ofNode: make([]int32, len(w.Nodes)), mark: d.Now()}
	for n := range b.ofNode {
		b.ofNode[n] = -1
	}
	for i, x := range bonds {
		if err := b.add(w, int32(i), x.Thing); err != nil {
			return err
		}
		b.now, b.next, b.model = append(b.now, Unmeasured), append(b.next, Unmeasured), append(b.model, modelled{})
	}
	for range w.plan.RackTypes {
		b.scale = append(b.scale, scale{1, 1})
	}
	w.bound = b
	w.push(d.Soon(), phaseAction, evMeasured, 0, 0)
	return nil
}

// add binds one thing.
func (b *bound) add(w *World, bond int32, r facility.Ref) error {
	n := r.Index
	if r.Kind == facility.GPU {
		n = w.plan.Tree.Levels[facility.GPU].Up[r.Index]
	} else if r.Kind != facility.Node {
		return fmt.Errorf("%s is a %s: GPUs can be bound, and nodes for their processors", w.name(r), r.Kind)
	}
	lo, hi := w.plan.Tree.Children(facility.GPU, n)
	if b.ofNode[n] < 0 {
		b.ofNode[n] = int32(len(b.nodes))
		b.nodes = append(b.nodes, boundNode{node: n, gpu: slices.Repeat([]int32{-1}, int(hi-lo)), cpu: -1})
	}
	x := &b.nodes[b.ofNode[n]]
	at := &x.cpu
	if r.Kind == facility.GPU {
		at = &x.gpu[r.Index-lo]
	}
	if *at >= 0 {
		return fmt.Errorf("%s is bound twice", w.name(r))
	}
	*at = bond
	return nil
}

// Measured hands over what is measured now, by bond; it counts from the next moment on.
func (d *Driven) Measured(all []Measured) {
	copy(d.world.bound.next, all)
	d.world.push(d.Soon(), phaseAction, evMeasured, 0, 0)
}

// takeMeasured lets what was measured count.
func (w *World) takeMeasured() {
	b := w.bound
	if b == nil { // a fork: it has no hardware
		return
	}
	for i := range b.now { // up to now it was what it was at the reading before
		if p := b.now[i].Power; !math.IsNaN(p) {
			b.joules += p * (w.Now - b.mark)
			b.seen += w.Now - b.mark
		}
	}
	b.mark = w.Now
	copy(b.now, b.next)
	if b.stand {
		w.rescale()
	}
	for i := range b.nodes {
		w.touch(w.nodeRack[b.nodes[i].node])
	}
}

// blend is how much of a new ratio counts, so that a noisy sensor does not move a hall; from coarse on a change is passed on.
const (
	blend  = 0.2
	coarse = 0.01
)

// rescale finds how the bound GPUs of each rack type compare with the model, and lets the others of it follow.
func (w *World) rescale() {
	b := w.bound
	for t := range b.scale {
		measured, expected, fast, slow := 0.0, 0.0, 0.0, 0.0
		for i := range b.nodes {
			x := &b.nodes[i]
			if int(w.plan.RackType[w.nodeRack[x.node]]) != t {
				continue
			}
			for _, bond := range x.gpu {
				if bond < 0 || !b.model[bond].busy || math.IsNaN(b.now[bond].Power) {
					continue
				}
				measured += b.now[bond].Power
				expected += b.model[bond].power
				if v := b.now[bond].Speed; !math.IsNaN(v) {
					fast, slow = fast+v, slow+b.model[bond].speed
				}
			}
		}
		if !(expected > 0) {
			continue
		}
		s, was := &b.scale[t], b.scale[t]
		s.power += blend * (measured/expected - s.power)
		if slow > 0 {
			s.speed += blend * (min(1, fast/slow) - s.speed)
		}
		if math.Abs(s.power-was.power) < coarse*blend && math.Abs(s.speed-was.speed) < coarse*blend {
			*s = was
			continue
		}
		for r := range w.Racks {
			if int(w.plan.RackType[r]) == t {
				w.stir(int32(r))
			}
		}
	}
}

// replace puts what is measured in the place of what the model says of a node, just evaluated into w.groups.
func (w *World) replace(n int32, t *compute.Node, d *compute.Draw) {
	b := w.bound
	if b.ofNode[n] < 0 {
		if s := &b.scale[w.plan.RackType[w.nodeRack[n]]]; b.stand && *s != (scale{1, 1}) {
			w.follows(t, d, s)
		}
		return
	}
	x := &b.nodes[b.ofNode[n]]
	gpus, cpus := d.GPUs, d.CPUs
	for _, bond := range x.gpu {
		if bond >= 0 {
			b.model[bond] = modelled{}
		}
	}
	held, k := uint64(0), 0
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		held |= w.Slices[i].GPUs
		gpus += b.replaceGroup(x, w.Slices[i].GPUs, &w.groups[k])
		k++
	}
	for local, bond := range x.gpu {
		if bond >= 0 && held>>uint(local)&1 == 0 && w.upGPU(n, local) && !math.IsNaN(b.now[bond].Power) {
			gpus += b.now[bond].Power - t.GPU.Idle
		}
	}
	if x.cpu >= 0 {
		switch m := &b.now[x.cpu]; {
		case !math.IsNaN(m.Power):
			cpus = m.Power
		case !math.IsNaN(m.Utilisation):
			cpus = t.CPUPower(min(max(m.Utilisation, 0), 1))
		}
	}
	*d = t.Measured(*d, gpus, cpus)
}

// replaceGroup does so with the GPUs of one job, and returns by how many W they differ.
func (b *bound) replaceGroup(x *boundNode, gpus uint64, g *compute.Group) (more float64) {
	speed, whole := g.Speed, true
	slowest := math.Inf(1)
	for m := gpus; m != 0; m &= m - 1 {
		bond := x.gpu[bits.TrailingZeros64(m)]
		if bond < 0 {
			whole = false
			continue
		}
		b.model[bond] = modelled{busy: true, power: g.Power, speed: g.Speed, bound: g.Bound}
		if p := b.now[bond].Power; !math.IsNaN(p) {
			more += p - g.Power
		}
		if v := b.now[bond].Speed; math.IsNaN(v) {
			whole = false
		} else {
			slowest = min(slowest, v)
		}
	}
	if x.cpu >= 0 {
		if v := b.now[x.cpu].Speed; !math.IsNaN(v) {
			slowest = min(slowest, v)
			whole = whole || gpus == 0
		}
	}
	switch {
	case math.IsInf(slowest, 1):
	case whole:
		speed = slowest
	default:
		speed = min(speed, slowest)
	}
	g.Speed = min(max(speed, 0), 1)
	if g.GPUs > 0 {
		g.Power += more / float64(g.GPUs)
	}
	return more
}

// follows scales the model of a node by what is measured of others of its type. A power limit stays one.
func (w *World) follows(t *compute.Node, d *compute.Draw, s *scale) {
	more := 0.0
	for i := range w.groups {
		g := &w.groups[i]
		if g.GPUs == 0 {
			continue
		}
		p := min(g.Power*s.power, max(g.Limit, t.GPU.Idle))
		more += float64(g.GPUs) * (p - g.Power)
		g.Power = p
		g.Speed *= s.speed
	}
	*d = t.Measured(*d, d.GPUs+more, d.CPUs)
}

func (w *World) upGPU(n int32, local int) bool {
	first, _ := w.plan.Tree.Children(facility.GPU, n)
	return w.Down[facility.GPU][first+int32(local)] == 0
}

// isBound reports whether something in a node is real: no other node is like it.
func (w *World) isBound(n int32) bool { return w.bound != nil && w.bound.ofNode[n] >= 0 }

// gpuMeasured returns the value of a channel of a GPU that was measured, or else the one given.
func (w *World) gpuMeasured(name string, n int32, local int, v float64) float64 {
	bond := w.bound.nodes[w.bound.ofNode[n]].gpu[local]
	if bond < 0 {
		return v
	}
	m, read := &w.bound.now[bond], math.NaN()
	switch name {
	case "gpu.power":
		read = m.Power
	case "gpu.temperature":
		read = m.Temperature
	case "gpu.utilisation":
		read = m.Utilisation
	}
	if math.IsNaN(read) {
		return v
	}
	return read
}

// Asks returns what the world wants of each bound thing now.
func (d *Driven) Asks(into []Ask) []Ask {
	w := d.world
	for i, x := range w.bound.bonds {
		if x.Thing.Kind == facility.Node {
			into = append(into, w.askNode(x.Thing.Index))
		} else {
			into = append(into, w.askGPU(x.Thing.Index, &w.bound.model[i]))
		}
	}
	return into
}

func (w *World) askGPU(gpu int32, m *modelled) Ask {
	n := w.plan.Tree.Levels[facility.GPU].Up[gpu]
	first, _ := w.plan.Tree.Children(facility.GPU, n)
	t := &w.plan.RackTypes[w.plan.RackType[w.nodeRack[n]]].Node
	mask := uint64(1) << uint(gpu-first)
	a := Ask{Job: -1, On: w.Racks[w.nodeRack[n]].On && w.Nodes[n].Up && w.Down[facility.GPU][gpu] == 0}
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		if w.Slices[i].GPUs&mask != 0 {
			a.Job = w.Slices[i].Job
		}
	}
	if a.On && a.Job >= 0 {
		a.Use = w.use(a.Job)
	}
	a.Limit = w.limit(n, mask, a.Job)
	if m.busy && m.bound == compute.Thermal {
		a.Limit = min(a.Limit, m.power)
	}
	a.Share = min(1, a.Limit/t.GPU.Max)
	return a
}

// askNode adds up the jobs on a node: how much of its processors they want, or how busy they keep its GPUs, and how much of
// that its limits leave.
func (w *World) askNode(n int32) Ask {
	t := &w.plan.RackTypes[w.plan.RackType[w.nodeRack[n]]].Node
	a := Ask{Job: -1, On: w.Racks[w.nodeRack[n]].On && w.Nodes[n].Up, Limit: math.Inf(1), Share: 1}
	for i := w.Nodes[n].Slice; a.On && i >= 0; i = w.Slices[i].OnNode {
		sl := &w.Slices[i]
		use := w.use(sl.Job)
		a.Job = sl.Job
		if t.Cores > 0 {
			a.Use.CPU = min(1, a.Use.CPU+sl.Cores*use.CPU/t.Cores)
		}
		if sl.GPUs != 0 {
			a.Use.GPU = max(a.Use.GPU, use.GPU)
			a.Share = min(a.Share, w.limit(n, sl.GPUs, sl.Job)/t.GPU.Max)
		}
	}
	return a
}

// Attach adds a figure that the driver of the bound devices knows to the summary.
func (d *Driven) Attach(group string, k record.KPI) {
	d.world.bound.kpis = append(d.world.bound.kpis, attached{group, k})
}

// summarise says what of a run was measured.
func (b *bound) summarise(w *World, s *record.Summary) {
	s.Add(record.Energy, record.KPI{Key: "energy.bound", Label: "of it measured on real devices", Value: b.joules, Unit: "J", Provenance: record.ProvMeasured})
	all := float64(len(b.bonds)) * w.Now
	s.Add(record.Compute, record.KPI{Key: "bound.devices", Label: "real devices", Value: float64(len(b.bonds)), Unit: "", Provenance: record.ProvMeasured,
		Note: fmt.Sprintf("power measured for %.0f %% of the time", 100*b.seen/max(all, 1e-9))})
	for _, k := range b.kpis {
		s.Add(k.group, k.kpi)
	}
	var words []string
	for i := 0; i < len(b.bonds); {
		k := i + 1
		for k < len(b.bonds) && b.bonds[k].follows(&b.bonds[k-1], w) {
			k++
		}
		first, last := &b.bonds[i], &b.bonds[k-1]
		text := w.name(first.Thing)
		if k > i+1 {
			text += " to " + path.Base(w.name(last.Thing))
		}
		if text += " = " + first.Device; k > i+1 {
			text += " to " + last.Device
		}
		if first.Model != "" {
			text += " (" + first.Model + ")"
		}
		words, i = append(words, text), k
	}
	note := "real: " + strings.Join(words, ", ") + "; what could be measured of them is, all else is modelled"
	if b.stand {
		note += ", the other GPUs of their type in proportion to them"
	}
	s.Notes = append(slices.Clip(s.Notes), note)
}
