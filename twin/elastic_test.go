package twin

import (
	"context"
	"fmt"
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/scenarios"
)

// elasticSite is a bare site of so many nodes of 8 GPUs, where jobs run at full speed.
const elasticSite = `duration: %s
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 1, flow: 0.3 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
failures: {use: failures/none}
`

// amdahl is the speed on n relative to one.
func amdahl(f float64, n int) float64 { return 1 / (f + (1-f)/float64(n)) }

func near(t *testing.T, what string, got, want float64) {
	t.Helper()
	if !(math.Abs(got-want) <= 1e-6*math.Max(1, want)) {
		t.Errorf("%s is %.9g, want %.9g", what, got, want)
	}
}

// One job alone starts on what it asks for, and grows to the whole site when it may: its end is a closed form. It is rigid where the
// scheduler is.
func TestElasticAlone(t *testing.T) {
	job := "workload: [{job: {name: a, gpus: 4, work: 2 h, elastic: {min: 2, max: 64, serial: 5 %, resize: 3 min}}}]\n"
	for scheduler, want := range map[string]float64{
		"{policy: fcfs, elastic: {every: 10 min}}": 600 + 180 + (7200-600)*amdahl(0.05, 4)/amdahl(0.05, 16),
		"{policy: fcfs, elastic: {grow: never}}":   7200,
		"{policy: fcfs}":                           7200,
	} {
		w := world(t, plan(t, fmt.Sprintf(elasticSite, "4 h", 2)+job+"scheduler: "+scheduler+"\n"), 4*3600)
		near(t, scheduler+": end", w.Jobs[0].End, want)
	}
}

// Of two equal jobs the second finds no place: after every, the first gives it the half of the site. They end with it in turn, and
// what is left goes to whoever remains.
func TestElasticShare(t *testing.T) {
	const f, every, resize = 0.02, 600.0, 120.0
	work := "workload: [" +
		"{job: {name: a, gpus: 16, work: 1 h, elastic: {min: 1, max: 16, serial: 2 %}}}," +
		"{job: {name: b, gpus: 16, work: 1 h, submit: 1 min, elastic: {min: 1, max: 16, serial: 2 %}}}]\n"
	w := world(t, plan(t, fmt.Sprintf(elasticSite, "4 h", 2)+work+"scheduler: {policy: first-fit, elastic: {every: 10 min}}\n"), 4*3600)
	half := amdahl(f, 8) / amdahl(f, 16)
	near(t, "start of b", w.Jobs[1].First, every)
	a := every + resize + (3600-every)/half
	near(t, "end of a", w.Jobs[0].End, a)
	near(t, "end of b", w.Jobs[1].End, a+resize+3600-(a-every)*half)
	if w.Totals.Resizes != 2 {
		t.Errorf("%d changes of size, want 2", w.Totals.Resizes)
	}
	near(t, "GPU-time of changes", w.Books.GPU.By[account.Restart].Value(), resize*8+resize*16)
}

// A job that loses one of its nodes goes on at once on the rest from its last checkpoint; a rigid one waits for the repair.
func TestElasticLoss(t *testing.T) {
	text := fmt.Sprintf(elasticSite, "8 h", 4) + "workload: [{job: {name: a, nodes: 4, work: 2 h, checkpoint: {every: 10 min, cost: 0 s, restart: 5 min}, elastic: {min: 2, max: 4, scaling: power, exponent: 1}}}]\n" +
		"timeline: [{at: 35 min, fail: \"rack[1]/node[0]\", for: 4 h}]\n"
	w := world(t, plan(t, text+"scheduler: {policy: fcfs, elastic: {}}\n"), 8*3600)
	if w.Totals.Resizes != 1 || w.Jobs[0].Restarts != 1 {
		t.Errorf("%d changes of size, %d restarts", w.Totals.Resizes, w.Jobs[0].Restarts)
	}
	near(t, "end on three nodes", w.Jobs[0].End, 35*60+300+(7200-1800)*4.0/3)
	rigid := world(t, plan(t, text+"scheduler: {policy: fcfs}\n"), 8*3600)
	if end := rigid.Jobs[0].End; end < 4*3600+35*60+300+7200-1800 {
		t.Errorf("a rigid job ends at %g, before the node is repaired", end)
	}
}

// elasticScenario draws a site under elastic and rigid jobs, with much going wrong.
func (d draw) elasticScenario() string {
	hours := d.between(1, 4)
	text := fmt.Sprintf(elasticSite, fmt.Sprintf("%.3f h", hours), 1+d.IntN(6))
	text = text[:len(text)-len("failures: {use: failures/none}\n")]
	text += fmt.Sprintf("seed: %d\nfailures: {processes: [{name: n, component: node, mtbf: %d min, detect: %d s, repair: {time: {distribution: exponential, mean: 20 min}}}, {name: g, component: gpu, mtbf: %d h, repair: {time: {distribution: fixed, mean: 15 min}}}]}\n",
		d.IntN(99), 60+d.IntN(900), d.IntN(2)*d.IntN(200), 5+d.IntN(50))
	text += fmt.Sprintf("workload:\n  - generate: {load: %d %%, largest: 100 %%, sizes: [{share: 1, gpus: 2, up_to: 8, duration: [{median: 15 min, sigma: 1}], elastic: {min: %d, max: %d, serial: %d %%, resize: %d s}}, {share: 1, gpus: 1, up_to: 4, duration: [{median: 9 min}]}, {share: 1, nodes: 1, duration: [{median: 20 min}], elastic: {min: 1, max: 3, scaling: power}}], checkpoint: {every: %d min, cost: %d s, restart: 40 s}, failed: 5 %%}\n",
		30+d.IntN(150), 1+d.IntN(2), 8+d.IntN(20), d.IntN(10), d.IntN(200), 2+d.IntN(20), d.IntN(20))
	for j := range d.IntN(4) {
		text += fmt.Sprintf("  - job: {name: j%d, nodes: 1, submit: %.0f s, work: %.0f s, phases: [{for: 10 min, gpu: 30 %%}, {for: 5 min, gpu: 90 %%}], elastic: {min: 1, max: %d, resize: %d s}}\n", j, d.between(0, hours*1800), d.between(60, 9000), 1+d.IntN(6), d.IntN(300))
	}
	return text + fmt.Sprintf("scheduler: {policy: %s, placement: %s, elastic: {grow: %s, shrink: %s, every: %d s}}\n",
		d.oneOf("first-fit", "fcfs", "sjf", "priority", "round-robin", "smallest-first", "mct"), d.oneOf("first-fit", "best-fit", "spread", "pack-by-node", "pack-by-rack", "pack-by-leaf", "random", "consolidate-first", "load-balance"),
		d.oneOf("idle", "idle", "never"), d.oneOf("waiting", "waiting", "never"), 1+d.IntN(1200))
}

// Whatever elastic jobs do, the books close, every job is between its bounds, the scheduler and the site agree on who holds what, work
// is conserved, and a run that was cut goes on as if it had not been.
func TestElasticWorlds(t *testing.T) {
	resizes := int64(0)
	for seed := range soak(60, 10_000) {
		d := newDraw(seed)
		text := d.elasticScenario()
		p, ds := compiled(text)
		if len(ds) > 0 {
			t.Fatalf("%v\n%s", ds.Error(), text)
		}
		w, err := New(p, p.Seed)
		if err != nil {
			t.Fatal(err)
		}
		for i := 1; i <= 8; i++ {
			if err := w.RunTo(context.Background(), p.Duration*float64(i)/8); err != nil {
				t.Fatalf("seed %d: %v\n%s", seed, err, text)
			}
			if err := w.elasticSound(); err != nil {
				t.Fatalf("seed %d at %g: %v\n%s", seed, w.Now, err, text)
			}
		}
		if seed%10 == 0 {
			elasticCut(t, p)
		}
		resizes += w.Totals.Resizes
	}
	if resizes < 100 {
		t.Errorf("only %d changes of size were seen", resizes)
	}
}

// elasticCut checks that a fork and a restored run end as the run they come from.
func elasticCut(t *testing.T, p *scenarios.Plan) {
	t.Helper()
	w := world(t, p, p.Duration/2)
	back, err := Restore(p, p.Seed, w.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	fork := w.Fork()
	for _, o := range []*World{w, back, fork} {
		if err := o.RunTo(context.Background(), p.Duration); err != nil {
			t.Fatal(err)
		}
	}
	if back.Hash() != w.Hash() || fork.Hash() != w.Hash() {
		t.Error("a fork or a restored run ends otherwise")
	}
}

// elasticSound checks what must hold of sizes and of work.
func (w *World) elasticSound() error {
	w.countAll()
	if err := w.closeBooks(); err != nil {
		return err
	}
	for j := range w.Jobs {
		s, spec := &w.Jobs[j], &w.work.Jobs[j]
		if s.Progress > spec.Work*(1+1e-9) || s.Saved > s.Progress*(1+1e-9) {
			return fmt.Errorf("job %d has done %g of %g, saved %g", j, s.Progress, spec.Work, s.Saved)
		}
		if s.Phase != Running || s.Slice < 0 {
			continue
		}
		gpus := 0.0
		for i := s.Slice; i >= 0; i = w.Slices[i].OfJob {
			gpus += w.Slices[i].gpus()
			if !w.Nodes[w.Slices[i].Node].Up {
				return fmt.Errorf("job %d runs on node %d, which is down", j, w.Slices[i].Node)
			}
		}
		entry := &w.Sched.Entries[w.Sched.SlotOf[j]-1]
		if gpus != s.GPUs || spec.Elastic == nil && gpus != spec.GPUs() {
			return fmt.Errorf("job %d holds %g GPUs and counts %g", j, gpus, s.GPUs)
		}
		if e := spec.Elastic; e != nil && (entry.Parts < e.Least || entry.Parts > e.Most || s.Rate != e.At(entry.Parts)) {
			return fmt.Errorf("job %d has %d parts at rate %g, between %d and %d", j, entry.Parts, s.Rate, e.Least, e.Most)
		}
	}
	return nil
}
