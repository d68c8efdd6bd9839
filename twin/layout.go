package twin

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
)

// layout is a rack as runs of equal nodes, so that a rack costs what is different in it, and of that only what changed. It
// follows from the state and is no part of it.
type layout struct {
	runs  []run
	laid  bool
	until float64 // from then on more of its nodes may be alike: their dies have come to rest
}

// run is a stretch of nodes of one shelf that are all alike: idle, or each held by the same job in the same way.
type run struct {
	share
	first, count int32
	speed        float64 // that the slices on all of them have, NaN when not known
	fresh        bool    // share is that of now
}

// share is what one node adds to its rack.
type share struct {
	Input     float64 // W
	Use       RackUse // W, by purpose; conversion is left to the rack
	Flow      float64 // m³/s
	Hottest   float64 // °C of its hottest busy die, at rest
	Speed     float64 // relative, of its slowest group
	Die       int32   // the GPU of that die, or -1
	Until     float64 // from then on its dies are at rest
	Cross     float64 // when the next of them comes to a threshold
	Moving    bool    // it draws what its dies draw on their way
	Throttled float64 // GPUs held back by heat
	Limited   float64 // GPUs held back by a power limit
}

// touch brings a rack's energy up to now and marks it to be evaluated when the instant settles. It comes before
// any change to what the rack holds, its limits or its coolant.
func (w *World) touch(r int32) {
	w.layouts[r].laid = false
	w.mark(r)
}

// stir is touch where nodes that were alike remain so: their coolant, or a limit on all of them, changes.
func (w *World) stir(r int32) {
	runs := w.layouts[r].runs
	for i := range runs {
		runs[i].fresh = false
	}
	w.mark(r)
}

// stirJob is touch for the racks of a job that is to be differently busy.
func (w *World) stirJob(j int32) {
	for i := w.Jobs[j].Slice; i >= 0; i = w.Slices[i].OfJob {
		n := w.Slices[i].Node
		r := w.nodeRack[n]
		if l := &w.layouts[r]; l.laid {
			l.runs[w.runOf[n]].fresh = false
		}
		w.mark(r)
	}
}

func (w *World) mark(r int32) {
	rs := &w.Racks[r]
	if w.plan.Economics != nil {
		w.charge(&w.Money.Shares, r)
	}
	if rs.Mark != w.Now {
		rs.count(w.Now)
	}
	if !rs.Dirty {
		rs.Dirty = true
		w.dirty = append(w.dirty, r)
		w.wantSettle()
	}
}

// lay finds the runs of a rack.
func (w *World) lay(r, shelf int32) *layout {
	l := &w.layouts[r]
	if l.laid && w.Now < l.until {
		return l
	}
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	l.runs, l.laid, l.until = l.runs[:0], true, math.Inf(1)
	for n := lo; n < hi; n++ {
		k := len(l.runs) - 1
		same, until := false, math.Inf(1)
		if (n-lo)%shelf != 0 {
			same, until = w.alike(l.runs[k].first, n)
		}
		l.until = min(l.until, until)
		if same {
			l.runs[k].count++
		} else {
			l.runs = append(l.runs, run{first: n, count: 1, speed: math.NaN()})
		}
		w.runOf[n] = int32(len(l.runs) - 1)
	}
	return l
}

// alike reports whether two nodes of a rack draw and run alike, whatever their jobs do, or else from when on they might: when
// their dies have come to rest.
func (w *World) alike(a, b int32) (same bool, from float64) {
	never := math.Inf(1)
	if w.serves(a) != w.serves(b) {
		return false, never
	}
	x, y := &w.Nodes[a], &w.Nodes[b]
	if !x.Up || !y.Up || w.gpusDown(a) != 0 || w.gpusDown(b) != 0 || w.isBound(a) || w.isBound(b) {
		return false, never
	}
	if x.Slice < 0 || y.Slice < 0 {
		return x.Slice == y.Slice, never
	}
	s, t := &w.Slices[x.Slice], &w.Slices[y.Slice]
	node := &w.plan.RackTypes[w.plan.RackType[w.nodeRack[a]]].Node
	if s.Job != t.Job || s.Hot != t.Hot || s.OnNode >= 0 || t.OnNode >= 0 || s.Cores != t.Cores || w.GPULimit != nil ||
		bits.OnesCount64(s.GPUs) != bits.OnesCount64(t.GPUs) || w.worst(a, node, s.GPUs) != w.worst(b, node, t.GPUs) {
		return false, never
	}
	if !node.GPU.Lags() || s.Die.Like(&t.Die, w.Now) {
		return true, never
	}
	if from = max(s.Die.Until, t.Die.Until); from <= w.Now {
		from = never
	}
	return false, from
}

// refresh evaluates a run: its first node stands for all.
func (w *World) refresh(u *run, t *compute.Node, inlet float64) {
	u.share, u.fresh = w.evaluateFor(u.first, t, inlet, t.GPU.Window(w.stepLength())), true
	w.steer(u, t, inlet)
	first := w.Nodes[u.first].Slice
	if u.count == 1 || first < 0 {
		return
	}
	speed := w.Slices[first].Speed
	if speed == u.speed {
		return
	}
	u.speed = speed
	changed := false
	for n := u.first + 1; n < u.first+u.count; n++ {
		sl := &w.Slices[w.Nodes[n].Slice]
		changed = changed || sl.Speed != speed
		sl.Speed = speed
	}
	if changed {
		w.flagged = append(w.flagged, w.Slices[first].Job)
	}
}
