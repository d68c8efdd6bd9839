package schedule

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// greedy is a preemptive scheduler that anyone can check by eye: at every event all jobs are ranked anew, and the best that fit
// a pool run, whoever ran before.
type greedy struct {
	cpus   int
	order  string
	tasks  []task
	left   []float64 // s of work
	served []float64
	runs   []bool
	start  []float64
	end    []float64
}

const fall = 100 // service at which a job falls into the second queue

func (g *greedy) key(i int) float64 {
	n := float64(g.tasks[i].Parts)
	switch g.order {
	case "srtf":
		return g.left[i]
	case "srsf":
		return g.left[i] * n
	case "las":
		if g.served[i] >= fall {
			return 1
		}
		return 0
	case "smallest-first":
		return n
	case "priority":
		return -g.tasks[i].Priority
	}
	return g.tasks[i].Submit
}

func (g *greedy) replay() {
	now := 0.0
	for {
		var all []int
		for i, k := range g.tasks {
			if k.Submit <= now && g.left[i] > 0 {
				all = append(all, i)
			}
		}
		slices.SortFunc(all, func(a, b int) int {
			pace := func(i int) float64 {
				if g.order == "srsf" {
					return float64(g.tasks[i].Parts)
				}
				return 0
			}
			d := cmp.Compare(g.key(a), g.key(b))
			switch {
			case d == 0 && g.runs[a] && g.runs[b]:
				return cmp.Or(cmp.Compare(pace(a), pace(b)), cmp.Compare(g.start[a], g.start[b]), cmp.Compare(a, b))
			case d == 0 && g.runs[a]:
				return -1
			case d == 0 && g.runs[b]:
				return 1
			}
			return cmp.Or(d, cmp.Compare(a, b))
		})
		free := g.cpus
		next := math.Inf(1)
		for _, i := range all {
			n := int(g.tasks[i].Parts)
			if n > free {
				g.runs[i] = false
				continue
			}
			if free -= n; !g.runs[i] {
				g.runs[i], g.start[i] = true, now
			}
			next = min(next, now+g.left[i])
			if g.order == "las" && g.served[i] < fall {
				next = min(next, now+(fall-g.served[i])/float64(n))
			}
		}
		for _, k := range g.tasks {
			if k.Submit > now {
				next = min(next, k.Submit)
			}
		}
		if math.IsInf(next, 1) {
			return
		}
		for _, i := range all {
			if g.runs[i] {
				g.left[i] -= next - now
				g.served[i] += (next - now) * float64(g.tasks[i].Parts)
				if g.left[i] < 1e-9 {
					g.left[i], g.runs[i], g.end[i] = 0, false, next
				}
			}
		}
		now = next
	}
}

// TestPreemptionByBruteForce compares the end of every job with the greedy scheduler, by count on nodes of one CPU
// and on one pool, by place on one pool. Numbers are whole and sizes powers of two, so that nothing is lost to rounding.
func TestPreemptionByBruteForce(t *testing.T) {
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 5))
		var tasks []task
		cpus, at := 4+r.IntN(12), 0.0
		for range 25 {
			k := task{run: float64(1 + r.IntN(60))}
			k.Estimate = k.run
			at += float64(r.IntN(2) * r.IntN(20))
			k.Submit, k.Parts, k.Part = at, int32(1+r.IntN(cpus)), workload.Vector{workload.CPU: 1}
			for k.Parts&(k.Parts-1) != 0 {
				k.Parts &= k.Parts - 1
			}
			k.Priority = float64(r.IntN(3))
			tasks = append(tasks, k)
		}
		for _, order := range []string{"srtf", "srsf", "las", "smallest-first", "priority", "fcfs"} {
			n := len(tasks)
			g := greedy{cpus: cpus, order: order, tasks: tasks, left: make([]float64, n), served: make([]float64, n), runs: make([]bool, n), start: make([]float64, n), end: make([]float64, n)}
			for i, k := range tasks {
				g.left[i] = k.run
			}
			g.replay()
			for _, by := range []string{"count", "place"} {
				for _, nodes := range [][]workload.Vector{
					cluster(cpus, workload.Vector{workload.CPU: 1}),
					cluster(1, workload.Vector{workload.CPU: float64(cpus)}),
				} {
					if by == "place" && len(nodes) > 1 {
						continue // there, a job that cannot go back to its very nodes loses its ties
					}
					spec := Spec{Order: order, Backfill: "first-fit", Placement: "first-fit",
						Preemption: &PreemptionSpec{By: by, LAS: AttainedSpec{Thresholds: []unit.Duration{fall}}}}
					for i, o := range replay(t, compile(t, spec, nodes), slices.Clone(tasks)) {
						if math.Abs(o.end-g.end[i]) > 1e-6 {
							t.Fatalf("seed %d, %s by %s on %d nodes: job %d ends at %g s, by brute force at %g s", seed, order, by, len(nodes), i, o.end, g.end[i])
						}
					}
				}
			}
		}
	}
}

// TestMinimumRun lets short jobs come for ever: a long one is left alone for its minimum run, and so gets its work done.
func TestMinimumRun(t *testing.T) {
	tasks := []task{{Request: Request{Estimate: 1000, Parts: 1, Part: workload.Vector{workload.CPU: 1}}, run: 1000}}
	for i := range 400 {
		k := tasks[0]
		k.Submit, k.run, k.Estimate = float64(10*i+5), 10, 10
		tasks = append(tasks, k)
	}
	spec := Spec{Policy: "srtf", Preemption: &PreemptionSpec{MinRun: 100}}
	out := replay(t, compile(t, spec, cluster(1, workload.Vector{workload.CPU: 1})), tasks)
	if out[0].stops == 0 || out[0].stops > 10 {
		t.Errorf("the long job was preempted %d times, want 1 to 10", out[0].stops)
	}
}

// TestPromotion lets jobs of the first queue come for ever: with promotion a job of the second queue gets its turn.
func TestPromotion(t *testing.T) {
	for _, promote := range []float64{0, 3} {
		tasks := []task{{Request: Request{Estimate: 200, Parts: 1, Part: workload.Vector{workload.CPU: 1}}, run: 200}}
		for i := range 300 {
			k := tasks[0]
			k.Submit, k.run, k.Estimate = float64(10*i+5), 10, 10
			tasks = append(tasks, k)
		}
		spec := Spec{Policy: "las", Preemption: &PreemptionSpec{LAS: AttainedSpec{Thresholds: []unit.Duration{20}, Promote: promote}}}
		out := replay(t, compile(t, spec, cluster(1, workload.Vector{workload.CPU: 1})), tasks)
		if starved := out[0].end > 3000; starved != (promote == 0) {
			t.Errorf("promote %g: the long job ends at %g s", promote, out[0].end)
		}
	}
}
