//go:build nvml && linux && cgo

package loop_test

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

// hall is eight emulated GPUs, a holder and the readings that it gets.
type hall struct {
	t      *testing.T
	rig    *nvmlsim.Rig
	load   bench.Emulated
	guard  *guard.Guard
	holder *loop.Holder
	watch  *device.Watch
}

func open(t *testing.T, budget float64) *hall {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lib, err := nvmlsim.Build(t.Context(), filepath.Join(cache, "halltwin"), false)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rig, err := nvmlsim.Create(filepath.Join(dir, "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(3, 8), Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rig.Close() })
	t.Setenv(nvmlsim.Environment, rig.Path())
	g := guard.New(filepath.Join(dir, "journal.json"), lib)
	h := &hall{t: t, rig: rig, load: bench.Emulated{Rig: rig}, guard: g, holder: &loop.Holder{Budget: budget, StopAt: 84, Setter: g}}
	h.watch = &device.Watch{Source: &device.NVML{Path: lib}, Rate: 10, Clocks: bench.Clocks{Rig: rig, Base: time.Unix(1.7e9, 0)}, Receive: h.holder.Read}
	t.Cleanup(func() { h.watch.Source.Close() })
	return h
}

// run lets seconds pass and returns the true mean power of the last third.
func (h *hall) run(seconds int) (float64, error) {
	h.t.Helper()
	from, energy := 0.0, 0.0
	total := func() (sum float64) {
		for i := range h.rig.GPUs() {
			sum += h.rig.Progress(i).Energy
		}
		return sum
	}
	for s := range seconds {
		if s == seconds*2/3 {
			from, energy = h.rig.Now().Seconds(), total()
		}
		for range 10 {
			h.rig.Advance(100 * time.Millisecond)
			if err := h.watch.Once(h.t.Context()); err != nil {
				return 0, err
			}
		}
		if _, err := h.holder.Act(h.t.Context()); err != nil {
			return 0, err
		}
	}
	return (total() - energy) / (h.rig.Now().Seconds() - from), nil
}

func (h *hall) must(seconds int) float64 {
	h.t.Helper()
	p, err := h.run(seconds)
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

func within(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	t.Logf("%s: %.1f W of %.0f W (%+.2f %%)", what, got, want, 100*(got/want-1))
	if math.Abs(got/want-1) > share {
		t.Errorf("%s: %.1f W, not within %.0f %% of %.0f W", what, got, 100*share, want)
	}
}

func TestHoldsACap(t *testing.T) {
	h := open(t, 3600)
	full := bench.Demand{Level: 1, Mix: bench.Mixed}
	for i := range 8 {
		h.load.SetOne(i, full)
	}
	within(t, "all loaded", h.must(60), 3600, 0.02)
	for i := 4; i < 8; i++ { // the others may have what these leave
		h.load.SetOne(i, bench.Demand{Level: 0.1, Mix: bench.Memory})
	}
	h.holder.Budget = 2000
	within(t, "half loaded, a lower budget", h.must(60), 2000, 0.02)
	for i := 4; i < 8; i++ {
		h.load.SetOne(i, full)
	}
	h.holder.Budget = 2600
	within(t, "all loaded again", h.must(60), 2600, 0.02)
	h.holder.Budget = 8 * 700
	free := h.must(60)
	if free > 5600*1.005 {
		t.Errorf("%.0f W under a budget of 5600 W", free)
	}

	h.holder.Budget = 3000
	h.must(30)
	h.rig.Lose(2)
	// Its share stays reserved: what is left of the budget is held, and the loop goes on.
	lost := h.must(60)
	within(t, "one lost", lost, 3000-3000.0/8, 0.02)
	h.rig.Recover(2)
	within(t, "back again", h.must(90), 3000, 0.02)
	h.rig.StopDriver()
	h.must(5)
	h.rig.StartDriver()
	for i := range 8 { // jobs do not outlive their driver
		h.load.SetOne(i, full)
	}
	within(t, "after a restart of the driver", h.must(90), 3000, 0.02)

	for i := range 8 {
		if h.rig.Progress(i).Limit == 700 {
			t.Errorf("gpu-%d is not limited", i)
		}
	}
	if err := h.guard.Restore(); err != nil {
		t.Fatal(err)
	}
	for i := range 8 {
		if l := h.rig.Progress(i).Limit; l != 700 {
			t.Errorf("gpu-%d is left with a limit of %g W", i, l)
		}
	}
}

func TestStopsOnTemperature(t *testing.T) {
	h := open(t, 2000)
	for i := range 8 {
		h.load.SetOne(i, bench.Demand{Level: 1, Mix: bench.Mixed})
	}
	h.must(30)
	h.rig.Warm(6, 70)
	_, err := h.run(600)
	var hot *loop.HotError
	if !errors.As(err, &hot) || hot.Device != "gpu-6" {
		t.Fatalf("%v", err)
	}
	for i := range 8 {
		if l := h.rig.Progress(i).Limit; l != 200 {
			t.Errorf("gpu-%d has a limit of %g W after the stop", i, l)
		}
	}
	if err := h.guard.Restore(); err != nil {
		t.Fatal(err)
	}
}

func TestImpossibleBudget(t *testing.T) {
	h := open(t, 1000)
	all, err := h.watch.Source.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := h.holder.Check(t.Context(), all); err == nil {
		t.Error("8 GPUs of 200 W at least were to be held at 1,000 W")
	}
	h.holder.Budget = 1600
	if err := h.holder.Check(t.Context(), all); err != nil {
		t.Error(err)
	}
}
