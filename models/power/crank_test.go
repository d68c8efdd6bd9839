package power

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// Of 4,000 demands on a genset whose cranks catch with 70 %, three at most: the first, second and third catch as often as the
// geometric law says, 30 s apart, and 2.7 % lock out. Chi-square with three degrees of freedom at 0.1 %.
func TestCranksAreGeometric(t *testing.T) {
	spec := newSpec(t, "N")
	spec.Genset.Count, spec.Genset.FailToStart, spec.Genset.FailToCrank = 1, 0, 0.3
	spec.UPS.Count, spec.PDU.Count = 0, 0
	p := compile(t, spec, racks(2, 40e3, 0))
	const n = 4000
	seen := map[float64]float64{}
	for seed := range random.Seed(n) {
		w := newWorld(p, seed, 30e3, 0)
		w.health(facility.Ref{Kind: facility.Utility}, false)
		at := math.Inf(1)
		for _, end := range []float64{10.01, 40.01, 70.01} {
			w.run(end - w.t)
			if w.s.Gensets[0] == GensetRunning {
				at = min(at, end)
			}
		}
		if lockedOut := w.s.Gensets[0] == GensetLockedOut; lockedOut != math.IsInf(at, 1) {
			t.Fatalf("seed %d: %s at the end", seed, w.s.Gensets[0])
		}
		seen[at]++
	}
	chi := 0.0
	for at, share := range map[float64]float64{10.01: 0.7, 40.01: 0.21, 70.01: 0.063, math.Inf(1): 0.027} {
		chi += (seen[at] - n*share) * (seen[at] - n*share) / (n * share)
	}
	if chi > 16.27 {
		t.Errorf("chi-square %.1f of %v", chi, seen)
	}
}
