//go:build nvml && linux && cgo

package loop_test

import (
	"errors"
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

// TestReplayEmulatedGPUs benches GPUs behind NVML with hidden parameters, fits, and foretells what the fit did not see.
func TestReplayEmulatedGPUs(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	library, err := nvmlsim.Build(t.Context(), filepath.Join(cache, "halltwin"), false)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	seen, err := bench.Select([]string{"idle", "load-step", "cap-sweep"}, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	rig, err := nvmlsim.Create(filepath.Join(dir, "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(3, 8), Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	defer rig.Close()
	t.Setenv(nvmlsim.Environment, rig.Path())
	b := &bench.Bench{Source: &device.NVML{Path: library}, Workload: bench.Emulated{Rig: rig}, Setter: guard.New(filepath.Join(dir, "journal.json"), library), Rate: 2, StopAt: 95,
		Clocks: bench.Clocks{Rig: rig, Base: time.Unix(1.7e9, 0)}, Tick: rig.Set}
	r, err := b.Run(t.Context(), append(seen, loop.ReplaySteps(0.5, true))...)
	if err != nil {
		t.Fatal(err)
	}
	out, err := loop.ReplayGPUs(t.Context(), r, "hardware/gpu-h100-sxm")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("power off by %.2f %%, run times by %.2f %%", 100*out.Error, 100*out.RunError)
	if out.Error > 0.02 || out.RunError > 0.02 {
		t.Errorf("%+v", out.Steps)
	}
}
