package twin

import (
	"context"
	"math"
	"testing"
)

// lent is a hall in which jobs ask for parts of GPUs; node 0 has all of them.
const lent = `duration: 2 h
site: {use: sites/h100-hall-1k, weather: {file: weather/chicago.epw}}
workload:
  - job: {name: a, gpu_share: 30 %, work: 60 min, gpu_utilisation: 80 %}
  - job: {name: b, gpu_share: 50 %, work: 30 min, gpu_utilisation: 60 %, submit: 10 min}
  - job: {name: c, gpu_share: 40 %, work: 20 min, gpu_utilisation: 100 %, submit: 20 min}
  - job: {name: d, gpus: 2, work: 40 min, submit: 30 min}
failures: {use: failures/none}
scheduler: {policy: first-fit, gpu_sharing: {overhead: 20 %}}
step: {calm: 60 s}
record: {every: 10 min}
`

// TestSharedDevice follows jobs that share a device by hand: a is alone for 10 min, with b at 80 % of its speed until b is done, and
// alone again; c finds no room beside them and has a device of its own.
func TestSharedDevice(t *testing.T) {
	w := lentWorld(t, lent)
	minutes := func(j int) float64 { return w.Jobs[j].End / 60 }
	for j, want := range []float64{
		10 + 37.5 + (60 - 10 - 0.8*37.5), // a
		10 + 30/0.8,                      // b
		40,                               // c
		70,                               // d
	} {
		if got := minutes(j); math.Abs(got-want) > 1e-6 {
			t.Errorf("job %d ends at %g min, want %g", j, got, want)
		}
	}
	held := 0.3*minutes(0) + 0.5*(minutes(1)-10) + 0.4*20 + 2*40
	if got := w.Totals.Busy / 60; math.Abs(got-held) > 1e-9 {
		t.Errorf("jobs held %g GPU-minutes, want %g", got, held)
	}
}

// lentWorld runs a scenario to its end and closes its books.
func lentWorld(t *testing.T, text string) *World {
	t.Helper()
	p := plan(t, text)
	w := world(t, p, p.Duration)
	w.countAll()
	if err := w.closeBooks(); err != nil {
		t.Fatal(err)
	}
	return w
}

// TestSharingWorlds runs a day of jobs that share devices under every placement, with failures and preemption: the books close, and
// a run taken up from the middle ends as one without a stop.
func TestSharingWorlds(t *testing.T) {
	for _, scheduler := range []string{
		"policy: first-fit, placement: fgd, gpu_sharing: {}",
		"policy: las, placement: best-fit, gpu_sharing: {overhead: 10 %}, preemption: {min_run: 5 min, las: {thresholds: [1 h], promote: 4}}",
		"policy: drf, placement: random, gpu_sharing: {slices: 7}",
		"policy: srtf, placement: pack-by-leaf, gpu_sharing: {}",
	} {
		t.Run(scheduler, func(t *testing.T) {
			t.Parallel()
			p := plan(t, `duration: 18 h
seed: 3
site:
  halls: [{rows: [{racks: 2, rack: {use: hardware/rack-dgx-h100-4}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
workload:
  - generate:
      load: 120 %
      largest: 100 %
      sizes:
        - {name: notebook, share: 60, gpu_share: 30 %, duration: [{median: 1 h}], utilization: {gpu: 40 %}}
        - {name: serve, share: 30, gpu_share: 55 %, duration: [{median: 1 h}]}
        - {name: train, share: 10, gpus: 2, up_to: 16, duration: [{median: 1 h}], checkpoint: {every: 20 min, cost: 10 s, restart: 2 min}}
failures: {use: failures/rsc-1}
scheduler: {`+scheduler+`}
step: {calm: 30 min}
record: {every: 1 h}
`)
			whole := world(t, p, p.Duration)
			whole.countAll()
			if err := whole.closeBooks(); err != nil {
				t.Fatal(err)
			}
			half := world(t, p, p.Duration*0.57)
			back, err := Restore(p, p.Seed, half.Snapshot())
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range []*World{back, half.Fork()} {
				if err := w.RunTo(context.Background(), p.Duration); err != nil {
					t.Fatal(err)
				}
				w.countAll()
				if w.Totals != whole.Totals || w.Books.GPU != whole.Books.GPU {
					t.Error("taken up again, it ends otherwise")
				}
			}
		})
	}
}

// TestSharedDevicePower finds that a device draws what it keeps busy together, however its work is divided: one job of 0.9 at
// 60 % draws as three of 0.3 at 60 %, as one of a whole device at 54 %.
func TestSharedDevicePower(t *testing.T) {
	run := func(jobs string) float64 {
		text := `duration: 2 h
site: {use: sites/h100-hall-1k, weather: {file: weather/chicago.epw}}
workload:
` + jobs + `
failures: {use: failures/none}
scheduler: {policy: first-fit, gpu_sharing: {}}
step: {calm: 60 s}
record: {every: 10 min}
`
		return lentWorld(t, text).Totals.Flowed
	}
	one := run(`  - job: {name: a, gpu_share: 90 %, work: 1 h, gpu_utilisation: 60 %, cpu_utilisation: 0 %}`)
	three := run(`  - job: {name: a, gpu_share: 30 %, work: 1 h, gpu_utilisation: 60 %, cpu_utilisation: 0 %}
  - job: {name: b, gpu_share: 30 %, work: 1 h, gpu_utilisation: 60 %, cpu_utilisation: 0 %}
  - job: {name: c, gpu_share: 30 %, work: 1 h, gpu_utilisation: 60 %, cpu_utilisation: 0 %}`)
	whole := run(`  - job: {name: a, gpus: 1, work: 1 h, gpu_utilisation: 54 %, cpu_utilisation: 0 %}`)
	if math.Abs(one-three) > 1e-9*one || math.Abs(one-whole) > 1e-9*one {
		t.Errorf("IT energy is %g J with one share, %g J with three, %g J with a whole device", one, three, whole)
	}
}
