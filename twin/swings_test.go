package twin

import (
	"context"
	"math"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// What a floor burns is energy that the racks draw.
func TestFloorIsPaidFor(t *testing.T) {
	f, ds := scenarios.Load("power-training-swings")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	energy := map[string]float64{}
	wasted := 0.0
	for _, v := range []string{"", "floor-90"} {
		p, ds := f.Plan(v)
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		s, err := Run(context.Background(), p, Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		energy[v] = kpi(t, s, "energy.it")
		if v != "" {
			wasted = kpi(t, s, "swing.wasted") * p.Duration
		}
	}
	// Checkpoints, in which nothing is burnt, and warmer dies leave a few per cent.
	if more := energy["floor-90"] - energy[""]; math.Abs(more/wasted-1) > 0.05 {
		t.Errorf("%g J more, of %g J that the floor burns", more, wasted)
	}
}
