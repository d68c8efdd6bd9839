package twin

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
)

// What a rack keeps of its runs is what every node of it, evaluated by itself, comes to.
func TestRunsAreTheirNodes(t *testing.T) {
	for name, p := range shipped(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, at := range []float64{0.13, 0.5, 1} {
				w := world(t, p, at*min(p.Duration, short))
				for r := range w.Racks {
					checkRuns(t, w, int32(r))
				}
			}
		})
	}
}

func checkRuns(t *testing.T, w *World, r int32) {
	t.Helper()
	rs := &w.Racks[r]
	rt := &w.plan.RackTypes[w.plan.RackType[r]]
	if rs.Dirty || !rs.On {
		return
	}
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	shelf := (hi - lo) / int32(rt.Shelves)
	power, nodes, hottest, speed, held := 0.0, 0.0, rs.Inlet, 1.0, 0.0
	for n := lo; n < hi; n++ {
		s := w.evaluateNode(n, &rt.Node, rs.Inlet)
		nodes += s.Input
		hottest, speed, held = max(hottest, s.Hottest), min(speed, s.Speed), held+s.Throttled+s.Limited
		if (n-lo+1)%shelf == 0 {
			power += rt.ShelfInput(nodes)
			nodes = 0
		}
	}
	if len(w.flagged) > 0 {
		t.Errorf("at %g s the slices of rack %d do not have the speed of their GPUs", w.Now, r)
		w.flagged = w.flagged[:0]
	}
	if math.Abs(power-rs.Power) > 1e-12*power || hottest != rs.Hottest || speed != rs.Speed || held != rs.Throttled+rs.Limited {
		t.Errorf("at %g s rack %d: %v W, %v °C, speed %v, %v GPUs held back; its nodes say %v W, %v °C, %v, %v",
			w.Now, r, rs.Power, rs.Hottest, rs.Speed, rs.Throttled+rs.Limited, power, hottest, speed, held)
	}
}
