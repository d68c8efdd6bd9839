package twin

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Two kinds of rack that take different jobs, so that a job runs on the same machines wherever they stand: four GPUs a
// node, or a hundred cores. All GPUs alike: their spread goes by their name.
const (
	gpuRack = `rack: {nodes: 4, node: {gpus: 4, gpu: {use: hardware/gpu-h100-sxm, spread: 0}, cpus: 1, cpu: {cores: 8}, other: 200 W, fans: {power: 300 W, flow: 0.2 m3/s}}}`
	cpuRack = `rack: {nodes: 4, node: {gpus: 0, cpus: 2, cpu: {cores: 50}, other: 100 W, fans: {power: 100 W, flow: 0.1 m3/s}}}`
	work    = `
workload:
  - job: {name: a, gpus: 16, work: 30 min, cpus: 4}
  - job: {name: b, gpus: 16, work: 50 min, submit: 5 min, checkpoint: {every: 10 min, cost: 20 s}}
  - job: {name: c, gpus: 16, work: 20 min, submit: 6 min, phases: [{for: 7 min, gpu: 40 %}, {for: 13 min, gpu: 100 %}]}
  - job: {name: d, cpus: 100, work: 40 min, submit: 2 min}
  - job: {name: e, cpus: 60, work: 70 min, submit: 3 min}
timeline:
  - {at: 40 min, fail: "hall[0]/crah[0]", for: 30 min}
`
)

// hall returns a scenario with the given halls and air handlers enough for each.
func hall(rest string, halls string, crahs int) string {
	return "duration: 2 h\nsite:\n  halls: [" + halls + "]\n  air: {crah: {count: " + fmt.Sprint(crahs) + ", each: {rating: 40 kW}}}\n  power: {redundancy: none}\n" + rest
}

// same fails where two worlds differ in the ends of jobs or in energy by more than tol, relative.
func same(t *testing.T, what string, a, b *World, tol float64) {
	t.Helper()
	for _, x := range []struct {
		name string
		a, b float64
	}{
		{"IT energy", a.Totals.Flowed, b.Totals.Flowed}, {"cooling energy", a.Totals.Mech, b.Totals.Mech},
		{"site energy", a.Books.Energy.Total(), b.Books.Energy.Total()}, {"throttled time", a.Totals.Throttled, b.Totals.Throttled},
	} {
		if math.Abs(x.a-x.b) > tol*max(1, math.Abs(x.a)) {
			t.Errorf("%s: %s %.12g, else %.12g", what, x.name, x.a, x.b)
		}
	}
	if x, y := ends(a), ends(b); !slices.EqualFunc(x, y, func(p, q float64) bool { return math.Abs(p-q) <= tol*max(1, p) }) {
		t.Errorf("%s: jobs end at %v, else at %v", what, x, y)
	}
}

// ends lists when jobs ended, in order of time.
func ends(w *World) []float64 {
	var at []float64
	for j := range w.Jobs {
		if e := w.Jobs[j].End; !math.IsNaN(e) {
			at = append(at, e)
		}
	}
	slices.Sort(at)
	return at
}

// temperatures lists a gauge of the racks in order of size.
func temperatures(w *World) []float64 {
	s := slices.Clone(w.Cooling.RackInlet)
	slices.Sort(s)
	return s
}

func alike(t *testing.T, what string, a, b []float64, tol float64) {
	t.Helper()
	if !slices.EqualFunc(a, b, func(x, y float64) bool { return math.Abs(x-y) <= tol }) {
		t.Errorf("%s: %v, else %v", what, a, b)
	}
}

// Racks have no order: other numbers, same physics.
func TestRenumberingRacks(t *testing.T) {
	g, c := "{count: 1, racks: 1, "+gpuRack+"}", "{count: 1, racks: 2, "+cpuRack+"}"
	a := world(t, plan(t, hall(work, "{rows: ["+g+", "+c+"]}", 3)), 7200)
	b := world(t, plan(t, hall(work, "{rows: ["+c+", "+g+"]}", 3)), 7200)
	same(t, "renumbered", a, b, 1e-9)
	alike(t, "inlets", temperatures(a), temperatures(b), 1e-6)
}

// Two equal halls under equal load are one hall of twice the size.
func TestSplittingAHall(t *testing.T) {
	row := "{count: %d, racks: 1, " + gpuRack + "}"
	load := strings.ReplaceAll(work, `fail: "hall[0]/crah[0]", for: 30 min`, "note: all is well")
	load = load[:strings.Index(load, "  - job: {name: d")] + load[strings.Index(load, "timeline"):]
	load = strings.ReplaceAll(load, "gpus: 16", "gpus: 32")
	a := world(t, plan(t, hall(load, "{rows: ["+fmt.Sprintf(row, 2)+"]}", 4)), 7200)
	b := world(t, plan(t, hall(load, "{count: 2, rows: ["+fmt.Sprintf(row, 1)+"]}", 2)), 7200)
	same(t, "split", a, b, 1e-7) // their air and water settle one by one
	alike(t, "inlets", temperatures(a), temperatures(b), 1e-3)
}

// A rack that takes no jobs moves nobody's jobs, nobody's failures and nobody's thermal resistance.
func TestAddingARack(t *testing.T) {
	site := "duration: 30 h\nsite:\n  halls: [{rows: [{racks: %d, rack: {nodes: 2, flow: 0.2 m3/s, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}}}}]}]\n  plant: {kind: none}\n  power: {redundancy: none}\n  other: 0\n"
	load := `
workload: [{job: {name: a, nodes: 4, work: 9 h, checkpoint: {every: 10 min}}}, {job: {name: b, gpus: 8, work: 20 h, submit: 1 h}}]
scheduler: {policy: fcfs, placement: first-fit}
failures: {processes: [{name: gpus, component: gpu, mtbf: 300 h, repair: {time: {distribution: fixed, mean: 1 h}}}, {name: nodes, component: node, mtbf: 40 h, failed_draw: idle, repair: {time: {distribution: exponential, mean: 1 h}}}]}
timeline: [{at: 0 s, drain: "rack[2..%d]"}]
`
	run := func(racks int) (*World, []string) {
		p := plan(t, fmt.Sprintf(site, racks)+fmt.Sprintf(load, racks-1))
		w, err := New(p, 5)
		if err != nil {
			t.Fatal(err)
		}
		var failures []string
		w.out = func(e *record.Event) {
			if e.Type == "fail" {
				failures = append(failures, fmt.Sprintf("%v %s %s", e.Time, e.Subject, e.Text))
			}
		}
		if err := live(w); err != nil {
			t.Fatal(err)
		}
		return w, failures
	}
	a, before := run(3)
	b, after := run(4)
	after = slices.DeleteFunc(after, func(s string) bool { return strings.Contains(s, "rack-3/") })
	if len(before) < 3 || !slices.Equal(before, after) {
		t.Errorf("failures\n%s\nwith one more rack\n%s", strings.Join(before, "\n"), strings.Join(after, "\n"))
	}
	if !slices.Equal(a.spreads, b.spreads[:len(a.spreads)]) {
		t.Error("thermal resistances moved")
	}
	same(t, "ends", a, &World{State: State{Totals: a.Totals, Books: a.Books, Jobs: b.Jobs}}, 1e-12)
}

// The order in which equal jobs are submitted at one time names them, and no more.
func TestPermutingEqualJobs(t *testing.T) {
	names := []string{"a", "b", "c", "d", "e", "f"}
	run := func(order []string) *World {
		load := "workload:\n"
		for _, n := range order {
			load += "  - job: {name: " + n + ", gpus: 8, work: 25 min, submit: 10 min}\n"
		}
		return world(t, plan(t, hall(load, "{rows: [{count: 1, racks: 1, "+gpuRack+"}]}", 2)), 7200)
	}
	a := run(names)
	slices.Reverse(names)
	same(t, "reversed", a, run(names), 1e-12)
}

// Half the step, the same physics: nothing that a step does is polled.
func TestHalvingTheStep(t *testing.T) {
	rows := "{rows: [{count: 1, racks: 1, " + gpuRack + "}, {count: 1, racks: 2, " + cpuRack + "}]}"
	a := world(t, plan(t, "step: {calm: 60 s, disturbed: 10 s}\n"+hall(work, rows, 3)), 7200)
	b := world(t, plan(t, "step: {calm: 30 s, disturbed: 5 s}\n"+hall(work, rows, 3)), 7200)
	same(t, "halved", a, b, 1e-3)
	alike(t, "inlets", temperatures(a), temperatures(b), 0.1)
	if x, y := a.Hottest.Inlet, b.Hottest.Inlet; math.Abs(x-y) > 0.3 {
		t.Errorf("hottest inlet %g °C, else %g °C", x, y)
	}
}

// A variant that changes a power limit meets the same arrivals and the same failures.
func TestVariantsShareTheirRandomNumbers(t *testing.T) {
	f, ds := scenarios.Load("what-if/first-run")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	capped := *p
	capped.CapAll = 400
	run := func(p *scenarios.Plan) *World { return world(t, p, 2*3600) }
	a, b := run(p), run(&capped)
	if len(a.work.Jobs) != len(b.work.Jobs) {
		t.Fatalf("%d jobs, else %d", len(a.work.Jobs), len(b.work.Jobs))
	}
	for j := range a.work.Jobs {
		if x, y := &a.work.Jobs[j], &b.work.Jobs[j]; x.ID != y.ID || x.Submit != y.Submit || x.Work != y.Work || x.Part != y.Part {
			t.Fatalf("job %d: %+v, else %+v", j, *x, *y)
		}
	}
	if a.Totals.Flowed <= b.Totals.Flowed || b.Totals.Limited == 0 {
		t.Errorf("%g J, capped %g J", a.Totals.Flowed, b.Totals.Flowed)
	}
	for n := range a.hottest {
		if a.hottest[n] != b.hottest[n] {
			t.Fatalf("%s has another thermal resistance", p.Tree.NameOf(facility.Ref{Kind: facility.Node, Index: int32(n)}))
		}
	}
}
