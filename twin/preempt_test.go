package twin

import (
	"context"
	"fmt"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

const preemptScenario = `halltwin: v1
name: preempt
start: 2025-03-03T06:00:00Z
duration: 36 h
seed: 3
site:
  halls: [{rows: [{racks: 4, rack: {use: hardware/rack-dgx-h100-4}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
workload:
  - generate: {use: workloads/llm-lab, load: 130 %%}
  - job: {name: urgent, queue: product, gpus: 64, submit: 20 h, work: 2 h, priority: 50, checkpoint: {every: 20 min, cost: 10 s, restart: 2 min}}
failures: {use: failures/rsc-1}
scheduler: {%s}
step: {calm: 30 min}
record: {every: 1 h}
`

// TestPreemptiveWorlds runs every way to preempt: the books close (the run ends without an error), jobs are preempted, and a fork,
// a snapshot and a run without a stop end alike.
func TestPreemptiveWorlds(t *testing.T) {
	for _, scheduler := range []string{
		"policy: srtf, placement: pack-by-leaf",
		"policy: srtf, interval: 6 min, preemption: {by: count, ties: waiting, cost: [{gpus: 1, time: 7 s}, {time: 60 s}]}",
		"policy: srsf, preemption: {min_run: 5 min, keep: checkpoint}",
		"policy: las, preemption: {min_run: 5 min, las: {thresholds: [1 h, 8 h], promote: 4}}",
		"policy: priority, backfill: first-fit, preemption: {keep: checkpoint}",
		"policy: fair-share, queues: [{name: product, quota: {gpus: 64}}], preemption: {keep: checkpoint}",
	} {
		t.Run(scheduler, func(t *testing.T) {
			t.Parallel()
			f, ds := scenarios.LoadBytes("preempt.yaml", []byte(fmt.Sprintf(preemptScenario, scheduler)))
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			p, ds := f.Plan("")
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			whole := world(t, p, p.Duration)
			whole.countAll()
			if err := whole.closeBooks(); err != nil {
				t.Fatal(err)
			}
			if whole.Totals.Preemptions == 0 {
				t.Error("nobody was preempted")
			}
			for _, share := range []float64{0.57, 0.8} {
				half := world(t, p, p.Duration*share)
				back, err := Restore(p, p.Seed, half.Snapshot())
				if err != nil {
					t.Fatal(err)
				}
				for name, w := range map[string]*World{"fork": half.Fork(), "restored run": back} {
					if err := w.RunTo(context.Background(), p.Duration); err != nil {
						t.Fatal(err)
					}
					w.countAll()
					if w.Jobs[0].Held != whole.Jobs[0].Held || w.Totals != whole.Totals || w.Books.GPU != whole.Books.GPU {
						t.Errorf("a %s at %.0f %% ends otherwise", name, 100*share)
					}
				}
			}
		})
	}
}
