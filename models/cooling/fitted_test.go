package cooling

import (
	"math"
	"os"
	"testing"
)

func dataDir() string {
	if dir := os.Getenv("HALLTWIN_DATA"); dir != "" {
		return dir
	}
	return "../../../shared/data"
}

// TestFitted checks the exponential fit against the closed form, across the join of its two forms.
func TestFitted(t *testing.T) {
	for _, x := range []float64{1e-9, 1e-4, 0.9e-3, 1.1e-3, 0.05, 0.0999, 0.1001, 1, 30, 1e9} {
		phi, w := fitted(x)
		gone := -math.Expm1(-x)
		if want := gone / x; math.Abs(phi/want-1) > 2e-11 && x > 1e-6 {
			t.Errorf("φ(%v) = %v, want %v", x, phi, want)
		}
		if x > 0.01 {
			if want := (1 - gone/x) / gone; math.Abs(w/want-1) > 1e-8 {
				t.Errorf("w(%v) = %v, want %v", x, w, want)
			}
		}
		if !(w >= 0.5 && w <= 1) {
			t.Errorf("w(%v) = %v lies outside [1/2, 1]", x, w)
		}
	}
}

// mcquay is the chiller of the reference cases: McQuay WSC, 471 kW, COP 5.89, vanes (EnergyPlus datasets,
// Chillers.idf).
var mcquay = CurveSpec{
	COP:        5.89,
	Capacity:   []float64{0.252113, 0.01324053, -0.008637329, 0.08581056, -0.004261176, 0.008661899},
	EIR:        []float64{0.4475238, -0.0258821, -0.001459053, 0.04342595, -0.001000651, 0.001920106},
	PartLoad:   []float64{0.2778889, 0.2338363, 0.4883748},
	Evaporator: 8.89, Condenser: 26.67,
	EvaporatorMin: 7.22, EvaporatorMax: 12.78, CondenserMin: 12.78, CondenserMax: 26.67,
	MinLoad: 0.1,
}
