package twin

import "github.com/halltwin/halltwin/models/facility"

// unfit reports whether a node is out of service, wholly or with some of its GPUs.
func (n *NodeState) unfit() bool { return !n.Up || n.Drain > 0 || n.Failed > 0 }

// recount asks for a new count of a node's GPUs that are out of service, when it may have changed.
func (w *World) recount(n int32) {
	w.Recounts = append(w.Recounts, n)
	w.wantSettle()
}

// countOut counts the GPUs that no job holds and that cannot work, or that take no work, on the nodes where that may have
// changed.
func (w *World) countOut() {
	for _, n := range w.Recounts {
		ns := &w.Nodes[n]
		w.DeadGPUs -= float64(ns.Dead)
		w.OutGPUs -= float64(ns.Out)
		w.DrainedGPUs -= float64(ns.Barred)
		ns.Dead, ns.Out, ns.Barred = w.outOf(n)
		w.DeadGPUs += float64(ns.Dead)
		w.OutGPUs += float64(ns.Out)
		w.DrainedGPUs += float64(ns.Barred)
	}
	w.Recounts = w.Recounts[:0]
}

// outOf counts the GPUs of a node that cannot work, those of them that no job holds, and those that could work, that no job
// holds and that take no job.
func (w *World) outOf(n int32) (dead, out, barred uint8) {
	ns := &w.Nodes[n]
	if !ns.unfit() {
		return 0, 0, 0
	}
	var held uint64
	for i := ns.Slice; i >= 0; i = w.Slices[i].OnNode {
		held |= w.Slices[i].GPUs
	}
	lo, hi := w.plan.Tree.Children(facility.GPU, n)
	for g := lo; g < hi; g++ {
		free := held>>uint(g-lo)&1 == 0
		switch {
		case !ns.Up || w.Down[facility.GPU][g] > 0:
			dead++
			if free {
				out++
			}
		case free && ns.Drain > 0:
			barred++
		}
	}
	return dead, out, barred
}
