package twin

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/scenarios"
)

// What a floor burns is energy that GPUs draw, and by which server fans and losses rise.
func TestFloorIsPaidFor(t *testing.T) {
	f, ds := scenarios.Load("power-training-swings")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	use := map[string]*[account.NumPurposes]account.Sum{}
	wasted := 0.0
	for _, v := range []string{"", "floor-90"} {
		p, ds := f.Plan(v)
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		w := world(t, p, p.Duration)
		use[v] = &w.Books.Energy.Use
		wasted = w.swingResult("swing.wasted") * p.Duration
	}
	more := func(p account.Purpose) float64 { return use["floor-90"][p].Value() - use[""][p].Value() }
	gpus, fans, conversion := more(account.GPU), more(account.ServerFan), more(account.Conversion)
	t.Logf("burnt %.4g J: GPUs %.4g J, fans %.4g J, conversion %.4g J", wasted, gpus, fans, conversion)
	losses := use[""][account.Conversion].Value() / (use[""][account.GPU].Value() + use[""][account.CPU].Value() + use[""][account.Board].Value() + use[""][account.ServerFan].Value())
	if got := gpus * (1 + losses); math.Abs(got/wasted-1) > 0.05 { // dies are warmer than the waves take them to be
		t.Errorf("GPUs and their conversion draw %g J more, of %g J that the floor burns", got, wasted)
	}
	if fans < 0 || conversion < 0 {
		t.Errorf("fans save %g J, conversion %g J", -fans, -conversion)
	}
}
