package twin

import (
	"fmt"
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Dies take seconds to minutes to follow their power and their coolant, where their type states heat capacities. The
// hottest die of each slice stands for it: where it was when its power or its coolant last changed, and where it is bound
// ([compute.Die]). Nobody looks at it until something changes again, or somebody asks; when it will come to its slowdown or
// shutdown temperature is known in closed form and is an event. Power is constant between evaluations, so that energy stays
// exact: in steps shorter than a die takes to follow, leakage is that of its mean temperature over the step to come, and
// the rack is evaluated anew in each until its dies are at rest; in longer ones it is that at rest.

// hotGPU is the GPU of a node that gets hottest: the others of it are never held back before it is.
type hotGPU struct {
	spread float64 // its thermal resistance over the type's
	local  int     // its number in the node
	before int     // GPUs that warm its air
}

// spread draws the thermal resistance of each of a node's GPUs and returns the one that gets hottest.
func (w *World) spread(n int32) hotGPU {
	t := w.plan.Tree
	node := &w.plan.RackTypes[w.plan.RackType[w.nodeRack[n]]].Node
	lo, hi := t.Children(facility.GPU, n)
	for i := lo; i < hi; i++ {
		w.spreads[i] = 1
	}
	if lo == hi {
		return hotGPU{spread: 1}
	}
	if node.GPU.Spread > 0 {
		st := w.seed.Stream("thermal/" + t.NameOf(facility.Ref{Kind: facility.Node, Index: n}))
		for i := lo; i < hi; i++ {
			w.spreads[i] = float32(1 + node.GPU.Spread*min(max(st.Norm(), -3), 3))
		}
	}
	for i := lo; i < hi; i++ {
		w.warmth[i] = float32(node.Warmth(float64(w.spreads[i]), node.Before(int(i-lo))))
	}
	return w.hottestOf(n, node, 1<<uint(hi-lo)-1)
}

// hottestOf returns the GPU that gets hottest among a node's GPUs in mask.
func (w *World) hottestOf(n int32, t *compute.Node, mask uint64) hotGPU {
	lo, _ := w.plan.Tree.Children(facility.GPU, n)
	hot, most := -1, float32(0)
	for m := mask; m != 0; m &= m - 1 {
		if i := bits.TrailingZeros64(m); w.warmth[lo+int32(i)] > most {
			hot, most = i, w.warmth[lo+int32(i)]
		}
	}
	if hot < 0 {
		return hotGPU{}
	}
	return hotGPU{spread: float64(w.spreads[lo+int32(hot)]), local: hot, before: t.Before(hot)}
}

// worst returns the GPU that gets hottest among a node's GPUs in mask, mostly all of them.
func (w *World) worst(n int32, t *compute.Node, mask uint64) hotGPU {
	if bits.OnesCount64(mask) == t.GPUs {
		return w.hottest[n]
	}
	return w.hottestOf(n, t, mask)
}

// steer lets the dies of a run's nodes be bound for where its groups, just evaluated, send them, and notes when that
// makes a difference.
func (w *World) steer(u *run, t *compute.Node, inlet float64) {
	g := &t.GPU
	u.Until, u.Cross = 0, math.Inf(1)
	for n := u.first; n < u.first+u.count; n++ {
		k := 0
		for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
			sl := &w.Slices[i]
			if !w.Nodes[n].Up {
				sl.Hot = false
				if g.Lags() {
					sl.Die.Turn(g, w.Now, &compute.Group{R1: sl.Die.R1, R2: sl.Die.R2, Rest: compute.Temperatures{Die: inlet, Sink: inlet}})
				}
				continue
			}
			gr := &w.groups[k]
			k++
			sl.Hot = gr.Bound == compute.Thermal
			if !g.Lags() || gr.GPUs == 0 {
				continue
			}
			sl.Die.Turn(g, w.Now, gr)
			if w.settling {
				sl.Die.Settle()
			}
			u.Until = max(u.Until, sl.Die.Until)
			switch {
			case gr.Again > 0:
				u.Cross = min(u.Cross, w.Now+gr.Again)
			case gr.Over:
				u.Cross = min(u.Cross, sl.Die.Reaches(g, g.Slowdown))
			case gr.Rest.Die > g.Shutdown:
				u.Cross = min(u.Cross, sl.Die.Reaches(g, g.Shutdown))
			}
		}
	}
}

// watchDies puts the moment on the agenda at which the next die of a rack comes to its slowdown or shutdown temperature.
func (w *World) watchDies(r int32, at float64) {
	rs := &w.Racks[r]
	if at == rs.Cross {
		return
	}
	rs.Cross = at
	rs.HeatGen++
	if at <= w.plan.Duration {
		w.push(max(at, w.Now), phasePower, evHeat, r, rs.HeatGen)
	}
}

// soon is the time in s within which a die counts as being at a threshold: that of the event that says so, but for rounding.
const soon = 1e-6

// heatUp is the moment at which a die of a rack comes to a threshold, or a sink has cooled so far that its die may draw more.
func (w *World) heatUp(r int32) {
	rs := &w.Racks[r]
	t := &w.plan.RackTypes[w.plan.RackType[r]].Node
	g := &t.GPU
	rs.Cross = math.Inf(1)
	gpu, held := int32(-1), 0
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		first, _ := w.plan.Tree.Children(facility.GPU, n)
		for i := w.Nodes[n].Slice; i >= 0 && w.Nodes[n].Up; i = w.Slices[i].OnNode {
			sl := &w.Slices[i]
			if sl.GPUs == 0 {
				continue
			}
			if sl.Die.Rest.Die > g.Shutdown && sl.Die.Reaches(g, g.Shutdown) <= w.Now+soon {
				w.shut(r, "its GPUs pass their limit")
				return
			}
			if !sl.Hot && sl.Die.Reaches(g, g.Slowdown) <= w.Now+soon {
				sl.Hot = true
				gpu = first + int32(w.worst(n, t, sl.GPUs).local)
				held += bits.OnesCount64(sl.GPUs)
				w.sawDie(gpu, g.Slowdown)
			}
		}
	}
	if held > 0 && rs.Throttled == 0 {
		w.tellThrottle(r, gpu, held)
	}
	w.touch(r)
}

// tellHeat tells when heat begins and ceases to hold back GPUs of a rack, before which as many were held back. Where dies
// lag, [World.heatUp] tells the beginning: it knows which of them it was.
func (w *World) tellHeat(r int32, before float64) {
	rs := &w.Racks[r]
	if w.settling {
		return
	}
	rack := facility.Ref{Kind: facility.Rack, Index: r}
	switch {
	case before > 0 && rs.Throttled == 0:
		w.bear(rack, !rs.Shut, record.Event{Severity: record.Info, Type: "throttle.end", Subject: w.name(rack), Text: "no GPU of it is held back by heat any more"})
	case before == 0 && rs.Throttled > 0 && rs.Die >= 0 && !w.plan.RackTypes[w.plan.RackType[r]].Node.GPU.Lags():
		w.tellThrottle(r, rs.Die, int(rs.Throttled))
	}
}

// tellThrottle tells which GPU of a rack has come to its slowdown temperature, and how many it holds back.
func (w *World) tellThrottle(r, gpu int32, held int) {
	rack := facility.Ref{Kind: facility.Rack, Index: r}
	g := &w.plan.RackTypes[w.plan.RackType[r]].Node.GPU
	w.bear(rack, false, record.Event{Severity: record.Info, Type: "throttle.begin", Subject: w.name(rack),
		Text: fmt.Sprintf("%s is at %.4g °C: %d of its GPUs are held back by heat", w.name(facility.Ref{Kind: facility.GPU, Index: gpu}), g.Slowdown, held)})
}

// hottestNow returns the °C of a rack's hottest busy die as it is now.
func (w *World) hottestNow(r int32) float64 {
	rs := &w.Racks[r]
	if w.Now >= rs.Settled {
		return rs.Hottest
	}
	g := &w.plan.RackTypes[w.plan.RackType[r]].Node.GPU
	hottest := math.Inf(-1)
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
			if sl := &w.Slices[i]; sl.GPUs != 0 {
				hottest = max(hottest, sl.Die.Now(g, w.Now).Die)
			}
		}
	}
	if math.IsInf(hottest, -1) {
		return rs.Hottest
	}
	return hottest
}

// dieNow returns the °C of one GPU of a node that draws power and moves flow m³/s: how far the hottest die of its slice, or
// of the node's free GPUs, is from rest tells how far it is.
func (w *World) dieNow(n int32, local int, t *compute.Node, power, flow float64) float64 {
	first, _ := w.plan.Tree.Children(facility.GPU, n)
	spread := float64(w.spreads[first+int32(local)])
	v := t.Temperature(w.Racks[w.nodeRack[n]].Inlet, power, spread, t.Before(local), flow)
	if !t.GPU.Lags() {
		return v
	}
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		if sl := &w.Slices[i]; sl.GPUs>>uint(local)&1 == 1 {
			return v + (sl.Die.Now(&t.GPU, w.Now).Die-sl.Die.Rest.Die)*spread/w.worst(n, t, sl.GPUs).spread
		}
	}
	at, rest := w.residual(n)
	return v + (at.Die-rest.Die)*spread/w.hottest[n].spread
}

// residual returns where the hottest die of a node's free GPUs is, and where it rests: it cools from where the last job
// left it.
func (w *World) residual(n int32) (at, rest compute.Temperatures) {
	r := w.nodeRack[n]
	t := &w.plan.RackTypes[w.plan.RackType[r]].Node
	ns, hot := &w.Nodes[n], &w.hottest[n]
	rest, path := t.Resting(w.Racks[r].Inlet, hot.spread, hot.before)
	if since := w.Now - ns.LeftAt; since < path.Settled() {
		return path.Decay(since).From(ns.Left, rest), rest
	}
	return rest, rest
}

// warm gives a new slice the temperature of the GPUs that it takes.
func (w *World) warm(sl *Slice) {
	if sl.GPUs == 0 || !w.plan.RackTypes[w.plan.RackType[w.nodeRack[sl.Node]]].Node.GPU.Lags() {
		return
	}
	at, _ := w.residual(sl.Node)
	sl.Die.Begin(w.Now, at)
}

// leave keeps for a node's next job how hot a slice has left its GPUs: where jobs share a node, the hottest.
func (w *World) leave(sl *Slice) {
	g := &w.plan.RackTypes[w.plan.RackType[w.nodeRack[sl.Node]]].Node.GPU
	if sl.GPUs == 0 || !g.Lags() {
		return
	}
	ns := &w.Nodes[sl.Node]
	left := sl.Die.Now(g, w.Now)
	if at, _ := w.residual(sl.Node); left.Die > at.Die {
		ns.Left, ns.LeftAt = left, w.Now
	}
}
