package validate

import (
	"math"
	"testing"
)

func TestFailures(t *testing.T) { check(t, Failures) }

// Values of the tables: 5 % of Kolmogorov's distribution lie beyond 1.358, of chi-square with 10 degrees beyond 18.307.
func TestPValues(t *testing.T) {
	if p := ksSurvival(1.358/1000, 1e6); math.Abs(p-0.05) > 2e-4 {
		t.Errorf("KS: p = %g", p)
	}
	observed, expected := make([]float64, 11), make([]float64, 11)
	for i := range expected {
		observed[i], expected[i] = 100, 100
	}
	observed[0] += 10 * math.Sqrt(18.307)
	if p := chiSquare(observed, expected, 1); math.Abs(p-0.05) > 1e-4 {
		t.Errorf("chi-square: p = %g", p)
	}
	if p := homogeneity([]float64{50, 50}, []float64{50, 50}, 100, 100); p != 1 {
		t.Errorf("equal histograms: p = %g", p)
	}
}
