package twin

import (
	"fmt"
	"math/bits"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// Spares are nodes that take no work of their own. When a job has lost nodes and the loss is noticed, it goes on with spares in
// their place if there are enough, on the nodes that it has left; the lost nodes are spares when they are repaired.

// holdBack makes the last nodes of the site spares that take jobs: those that serve storage are none.
func (w *World) holdBack(count int) {
	for n := int32(len(w.Nodes) - 1); n >= 0 && len(w.Care.Pool) < count; n-- {
		if w.serves(n) >= 0 {
			continue
		}
		w.Care.Pool = append(w.Care.Pool, n)
		w.drain(n)
	}
}

// spare returns the place in the pool of one that can stand in for a node, at or after the given place; -1 for none.
func (w *World) spare(from int, n int32) int {
	kind := w.plan.RackType[w.nodeRack[n]]
	for i := from; i < len(w.Care.Pool); i++ {
		s := &w.Nodes[w.Care.Pool[i]]
		if s.Up && s.Drain == 1 && s.Failed == 0 && s.Slice < 0 && w.plan.RackType[w.nodeRack[w.Care.Pool[i]]] == kind {
			return i
		}
	}
	return -1
}

// unusable reports whether a job cannot go on with what it holds on a node.
func (w *World) unusable(sl *Slice) bool {
	ns := &w.Nodes[sl.Node]
	if !ns.Up || ns.Drain > 0 {
		return true
	}
	first, _ := w.plan.Tree.Children(facility.GPU, sl.Node)
	for m := sl.GPUs; m != 0; m &= m - 1 {
		if w.Down[facility.GPU][first+int32(bits.TrailingZeros64(m))] > 0 {
			return true
		}
	}
	return false
}

// swap lets a job that was interrupted go on with spares for the nodes that it lost. It reports whether it does.
func (w *World) swap(j int32) bool {
	pool := w.plan.Failures.Pool
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	if pool == nil || spec.Pinned || spec.Class == workload.Service || s.Slice < 0 {
		return false
	}
	var nodes, lost []int32
	for i := s.Slice; i >= 0; i = w.Slices[i].OfJob {
		sl := &w.Slices[i]
		if slices.Contains(nodes, sl.Node) {
			return false // parts share a node
		}
		nodes = append(nodes, sl.Node)
		if w.unusable(sl) {
			lost = append(lost, int32(len(nodes)-1))
		}
	}
	if len(lost) == 0 || len(nodes) != int(spec.Parts) {
		return false
	}
	places, at := make([]int, len(lost)), 0
	for k, i := range lost {
		if at = w.spare(at, nodes[i]); at < 0 {
			w.Care.Counts.Unswapped++
			return false
		}
		places[k] = at
		at++
	}
	var refs []facility.Ref
	for k, i := range lost {
		gone, in := nodes[i], w.Care.Pool[places[k]]
		w.Care.Pool[places[k]], nodes[i] = gone, in
		w.drain(gone)
		w.undrain(in)
		refs = append(refs, facility.Ref{Kind: facility.Node, Index: in})
	}
	w.count(j)
	w.release(j)
	w.Care.Counts.Swapped++
	s.Restarts++
	s.Owed = pool.Swap
	if !pool.Warm {
		s.Owed = spec.Restart + w.plan.RackTypes[w.plan.RackType[w.nodeRack[refs[0].Index]]].Node.Boot
	}
	if w.heard() {
		w.emit(record.Event{Parent: s.Cause, Severity: record.Info, Type: "job.swap", Subject: w.jobName(j),
			Text: fmt.Sprintf("goes on with %s for what it lost, %s of work saved", w.names(refs), clock(s.Saved))})
	}
	w.swapped = nodes
	w.enqueue(j)
	w.swapped = nil
	return true
}
