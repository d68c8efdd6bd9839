package loop_test

import (
	"math"
	"os"
	"testing"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/twin/kernel"
)

// The reference trainer on this machine, benched, fitted and replayed. What it can be held to depends on who else uses the
// machine, so the test holds the way, and the length of it.
func TestHostIsBenchedFittedAndReplayed(t *testing.T) {
	seconds := 0.6
	if os.Getenv("HALLTWIN_SOAK") != "" {
		seconds = 10
	}
	host := &bench.Host{}
	defer host.Close()
	b := &bench.Bench{Source: &device.Host{}, Workload: host, Rate: 20, Pacer: &kernel.Pacer{Factor: 1}}
	r, err := b.Run(t.Context(), bench.HostSteps(3, seconds))
	if err != nil {
		t.Fatal(err)
	}
	out, err := loop.Replay(t.Context(), r, bench.Processors())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range out.Levels {
		t.Logf("%d processors: %.0f samples/s [%.0f, %.0f], utilisation %.0f %%", l.Processors, l.Rate, l.Low, l.High, 100*l.Utilisation)
		if !(l.Rate > 0) || !(l.Utilisation > 0) {
			t.Errorf("%+v", l)
		}
	}
	for _, j := range out.Jobs {
		t.Logf("%s on %d: measured %.2f s, in the twin %.2f s", j.Name, j.Processors, j.Measured, j.Simulated)
		if !(j.Simulated > 0) || math.IsInf(j.Simulated, 0) {
			t.Errorf("%+v", j)
		}
	}
	t.Logf("run times: mean error %.1f %%; %s", 100*out.Error, out.Missing)
	if (out.Max > 0) == (out.Missing != "") {
		t.Errorf("power is %g W, and missing: %q", out.Max, out.Missing)
	}
}
