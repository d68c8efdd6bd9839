package schedule

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// TestShift looks for the best start in a series that is a cosine of the day: a job of length L is best centred on its trough.
func TestShift(t *testing.T) {
	phase := func(h float64) float64 { return 2 * math.Pi * h / 24 }
	mean := func(from, to float64) float64 { // of 1 + cos, exactly
		a, b := from/3600, to/3600
		return 1 + (math.Sin(phase(b))-math.Sin(phase(a)))/phase(b-a)
	}
	known := ShiftSpec{MaxDelay: 24 * 3600, Step: 900, Forecast: "known"}
	for _, hours := range []float64{1, 4, 9} {
		if got, want := known.Best(6*3600, hours*3600, mean)/3600, 12-hours/2-6; math.Abs(got-want) > 0.125+1e-9 {
			t.Errorf("a job of %g h submitted at 6 h is put off by %g h, want %g h", hours, got, want)
		}
	}
	short := ShiftSpec{MaxDelay: 2 * 3600, Step: 900, Forecast: "known"}
	if got := short.Best(6*3600, 3600, mean); got != 2*3600 {
		t.Errorf("with at most 2 h a job is put off by %g h", got/3600)
	}
	if got := known.Best(0, 3600, func(_, _ float64) float64 { return 3 }); got != 0 {
		t.Errorf("a job waits %g s for nothing", got)
	}
	// A series that repeats each day is known from the day before, but not on the first.
	yesterday := known
	yesterday.Forecast = "yesterday"
	if got := yesterday.Best(6*3600, 3600, mean); got != 0 {
		t.Errorf("on the first day a job is put off by %g h", got/3600)
	}
	if got, want := yesterday.Best(54*3600, 3600, mean), known.Best(54*3600, 3600, mean); math.Abs(got-want) > 1e-6 {
		t.Errorf("from the day before a job is put off by %g h, from the hours themselves by %g h", got/3600, want/3600)
	}
}

// TestBegin holds a job back until its time, though nodes are free, and starts it then without anything else happening.
func TestBegin(t *testing.T) {
	c := compile(t, Spec{Policy: "easy-backfill"}, cluster(1, workload.Vector{workload.CPU: 2}))
	one := workload.Vector{workload.CPU: 1}
	out := replay(t, c, []task{
		{Request: Request{Submit: 0, Parts: 1, Part: one, Estimate: 10, Begin: 100}, run: 10},
		{Request: Request{Submit: 5, Parts: 1, Part: one, Estimate: 10}, run: 10},
	})
	if out[0].start != 100 || out[1].start != 5 {
		t.Errorf("they start at %g s and %g s, want 100 s and 5 s", out[0].start, out[1].start)
	}
}

// TestRuntimes learns from the last two run times of jobs alike, as their mean, and from more by their quantile.
func TestRuntimes(t *testing.T) {
	two := RuntimeSpec{Last: 2, Quantile: 0.5}
	var r Runtimes
	if _, ok := two.Predict(&r, 3); ok {
		t.Error("a run time is expected of which nothing is known")
	}
	for _, run := range []float64{100, 40, 60} {
		two.Learn(&r, 3, run, 0)
	}
	if got, ok := two.Predict(&r, 3); !ok || got != 50 {
		t.Errorf("after 100, 40 and 60 s, %g s are expected, want 50", got)
	}
	four := RuntimeSpec{Last: 4, Quantile: 1}
	r = Runtimes{}
	for _, run := range []float64{9, 1, 2, 3, 4} {
		four.Learn(&r, 0, run, 2*run)
	}
	if got, _ := four.Predict(&r, 0); got != 4 || r.Error != r.Total {
		t.Errorf("the longest of the last four is %g s, want 4; errors are %g s of %g", got, r.Error, r.Total)
	}
}

// TestPowerLimits starts what a rack and the site can bear: three jobs of 100 W under 350 W for the site and 250 W a rack, with 50 W
// of idle nodes in each.
func TestPowerLimits(t *testing.T) {
	tree := facility.New("site")
	tree.Add(facility.Rack, facility.Site, []int{2})
	tree.Add(facility.Node, facility.Rack, []int{1, 1})
	spec := Spec{Policy: "first-fit", Limits: []LimitSpec{{At: "site", Limit: 350}, {At: "rack", Limit: 250}}}
	c, err := Compile(&spec, tree, cluster(2, workload.Vector{workload.CPU: 8}), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Idle(func(int32) float64 { return 50 }); err != nil {
		t.Fatal(err)
	}
	var tasks []task
	for range 4 {
		tasks = append(tasks, task{Request: Request{Parts: 1, Part: workload.Vector{workload.CPU: 1}, Draw: 100}, run: 10})
	}
	out := replay(t, c, tasks)
	for i, want := range []float64{0, 0, 10, 10} { // 100 W idle and two of them are 300 W
		if out[i].start != want {
			t.Errorf("job %d starts at %g s, want %g s", i, out[i].start, want)
		}
	}
	if c.CouldStart(NewState(c), &Request{Parts: 1, Part: workload.Vector{workload.CPU: 1}, Draw: 201}) {
		t.Error("a job of 201 W is let into a rack that bears 200 W more")
	}
	if err := c.Idle(func(int32) float64 { return 180 }); err == nil || !strings.Contains(err.Error(), "nothing would ever start") {
		t.Errorf("idle nodes beyond the limit: %v", err)
	}
}

// TestCoolest gives a job the coolest nodes, and those equally cool in their order.
func TestCoolest(t *testing.T) {
	c := compile(t, Spec{Policy: "first-fit", Placement: "coolest"}, cluster(4, workload.Vector{workload.CPU: 2}))
	s := NewState(c)
	for n, heat := range []float64{24, 21.1, 21, 23} {
		c.Feel(s, int32(n), heat)
	}
	c.Submit(s, 0, Request{Parts: 5, Part: workload.Vector{workload.CPU: 1}})
	var nodes []int32
	for _, st := range c.Pass(s, 0, nil) {
		for _, sl := range st.Slices {
			nodes = append(nodes, sl.Node)
		}
	}
	if len(nodes) != 3 || nodes[0] != 1 || nodes[1] != 2 || nodes[2] != 3 {
		t.Errorf("it gets nodes %v, want 1, 2 and 3", nodes)
	}
}

// TestPreemptionWithEasy lets a short job take the place of a long one, and a job behind a blocked one start beside the reserved
// start, at nobody's cost.
func TestPreemptionWithEasy(t *testing.T) {
	c := compile(t, Spec{Policy: "srtf", Backfill: "easy"}, cluster(1, workload.Vector{workload.CPU: 4}))
	ask := func(submit, run, cores float64) task {
		return task{Request: Request{Submit: submit, Parts: 1, Part: workload.Vector{workload.CPU: cores}, Estimate: run}, run: run}
	}
	out := replay(t, c, []task{
		ask(0, 100, 3), // long
		ask(10, 20, 2), // takes its place
		ask(12, 50, 4), // blocked; starts when the short one is done
		ask(13, 60, 1), // would run beyond that: waits
		ask(14, 70, 1),
	})
	for i, want := range []float64{0, 10, 30, 80, 80} {
		if out[i].start != want {
			t.Errorf("job %d starts at %g s, want %g s", i, out[i].start, want)
		}
	}
	if out[0].stops != 1 {
		t.Errorf("the long job was preempted %d times", out[0].stops)
	}
}

// TestPromotionWithoutProgress is refused for jobs that would spend each turn of the first queue on starting again.
func TestPromotionWithoutProgress(t *testing.T) {
	spec := Spec{Policy: "las", Preemption: &PreemptionSpec{Cost: []CostSpec{{Time: 60}}, LAS: AttainedSpec{Thresholds: []unit.Duration{3600}, Promote: 8}}}
	c := compile(t, spec, cluster(1, workload.Vector{workload.GPU: 8}))
	if err := c.Progresses(59); err != nil {
		t.Error(err)
	}
	if err := c.Progresses(60); err == nil || !strings.Contains(err.Error(), "would never get on") {
		t.Errorf("a job of 60 GPUs gets on: %v", err)
	}
}
