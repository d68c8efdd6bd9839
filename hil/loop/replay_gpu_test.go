package loop

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
)

// gpuRecording is what two GPUs would do that draw 80 W + 400 W·utilisation, and run at the square root of what a limit leaves.
func gpuRecording(experiments ...bench.Experiment) *bench.Recording {
	r := &bench.Recording{Devices: []device.Identity{{Kind: device.GPU, Key: "a"}, {Kind: device.GPU, Index: 1, Key: "b"}}}
	now, work := 0.0, 0.0
	for _, e := range experiments {
		for _, s := range e.Steps {
			r.Steps = append(r.Steps, bench.Ran{Experiment: e.Name, Step: s, From: now, To: now + s.Seconds})
			use, limit, speed := 0.9*s.Demand.Level, 700.0, 1.0
			watts := 80 + 400*use
			if s.Limit > 0 {
				limit = 100 + 500*s.Limit
				if limit < watts {
					speed = math.Sqrt(limit / watts)
					watts = limit
				}
			}
			for range int(s.Seconds) {
				for d := range r.Devices {
					row := bench.Row{Time: now, Device: d, Step: len(r.Steps), Work: work}
					for q := range row.Values {
						row.Values[q] = math.NaN()
					}
					row.Values[device.Power], row.Values[device.Utilisation], row.Values[device.PowerLimit] = watts, use, limit
					r.Rows = append(r.Rows, row)
				}
				now++
				work += 100 * s.Demand.Level * speed
			}
		}
	}
	return r
}

// TestReplayGPUs lets the twin foretell steps that its fit did not see.
func TestReplayGPUs(t *testing.T) {
	seen, err := bench.Select([]string{"idle", "load-step", "cap-sweep"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	out, err := ReplayGPUs(context.Background(), gpuRecording(append(seen, ReplaySteps(1, true))...), "hardware/gpu-h100-sxm")
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(out.Idle-80) > 0.1 || math.Abs(out.Max-480) > 0.1 || len(out.Steps) != 5 || out.GPUs != 2 || len(out.Knots) < 3 {
		t.Errorf("%+v", out)
	}
	// The limit of the replay, 350 W, is none of the sweep: speed is interpolated there.
	if out.Error > 0.01 || out.RunError > 0.02 {
		t.Errorf("power is off by %.2f %%, run times by %.2f %%: %+v", 100*out.Error, 100*out.RunError, out.Steps)
	}
	for what, r := range map[string]*bench.Recording{
		"were not recorded":          gpuRecording(seen...),
		"needs both idle and loaded": gpuRecording(seen[0], ReplaySteps(1, false)),
	} {
		if _, err := ReplayGPUs(context.Background(), r, "hardware/gpu-h100-sxm"); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("%q, not %q", err, what)
		}
	}
}
