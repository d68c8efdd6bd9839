package schedule

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// brute is a scheduler that anyone can check by eye: a pool of CPUs, no state but the start times, everything else
// reckoned anew at every event.
type brute struct {
	cpus  int
	tasks []task
	start []float64
}

// free returns how many CPUs are free at time t for those who look at time now: running jobs end when estimated, or
// have ended. Jobs planned at the given times, NaN for none, hold theirs too.
func (b *brute) free(now, t float64, plan []float64) int {
	free := b.cpus
	for i, k := range b.tasks {
		switch at := b.start[i]; {
		case !math.IsNaN(at):
			if t >= at && now < at+k.run && t < at+k.Estimate {
				free -= int(k.Parts)
			}
		case plan != nil && !math.IsNaN(plan[i]) && t >= plan[i] && t < plan[i]+k.Estimate:
			free -= int(k.Parts)
		}
	}
	return free
}

// earliest returns the first time from now on at which job j has its CPUs for its whole estimate.
func (b *brute) earliest(now float64, j int, plan []float64) float64 {
	times := []float64{now}
	for i, k := range b.tasks {
		if at := b.start[i]; !math.IsNaN(at) && now < at+k.run {
			times = append(times, at+k.Estimate)
		} else if plan != nil && !math.IsNaN(plan[i]) {
			times = append(times, plan[i], plan[i]+k.Estimate)
		}
	}
	slices.Sort(times)
	for _, t := range times {
		fits := t >= now
		for _, u := range times {
			if u >= t && u < t+b.tasks[j].Estimate && b.free(now, u, plan) < int(b.tasks[j].Parts) {
				fits = false
			}
		}
		if fits && b.free(now, t, plan) >= int(b.tasks[j].Parts) {
			return t
		}
	}
	return math.Inf(1)
}

// pass starts what the policy starts now, in order of submission.
func (b *brute) pass(now float64, rule backfill) {
	plan := make([]float64, len(b.tasks))
	for i := range plan {
		plan[i] = math.NaN()
	}
	blocked := false
	for j, k := range b.tasks {
		if k.Submit > now || !math.IsNaN(b.start[j]) {
			continue
		}
		if blocked && rule == strict {
			return
		}
		at := b.earliest(now, j, plan)
		switch {
		case at == now:
			b.start[j] = now
		case rule == conservative || rule == easy && !blocked:
			plan[j] = at
		}
		blocked = blocked || at != now
	}
}

// TestBruteForce compares every start time with the brute-force scheduler, on one-CPU nodes and on one pool.
func TestBruteForce(t *testing.T) {
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 4))
		b := brute{cpus: 4 + r.IntN(12)}
		at := 0.0
		for range 25 {
			k := task{run: float64(1 + r.IntN(60))}
			k.Estimate = k.run + float64(r.IntN(2)*r.IntN(60))
			at += float64(r.IntN(2) * r.IntN(20))
			k.Submit, k.Parts, k.Part = at, int32(1+r.IntN(b.cpus)), workload.Vector{workload.CPU: 1}
			b.tasks = append(b.tasks, k)
		}
		for policy, rule := range map[string]backfill{"fcfs": strict, "first-fit": skip, "easy-backfill": easy, "conservative-backfill": conservative} {
			b.start = make([]float64, len(b.tasks))
			for i := range b.start {
				b.start[i] = math.NaN()
			}
			for now := -1.0; !math.IsInf(now, 1); { // from event to event
				next := math.Inf(1)
				for i, k := range b.tasks {
					for _, e := range []float64{k.Submit, b.start[i] + k.run} {
						if e > now {
							next = min(next, e)
						}
					}
				}
				if now = next; !math.IsInf(now, 1) {
					b.pass(now, rule)
				}
			}
			for _, nodes := range [][]workload.Vector{
				cluster(b.cpus, workload.Vector{workload.CPU: 1}),
				cluster(1, workload.Vector{workload.CPU: float64(b.cpus)}),
			} {
				for i, o := range replay(t, compile(t, Spec{Policy: policy, Placement: "first-fit"}, nodes), b.tasks) {
					if o.start != b.start[i] {
						t.Fatalf("seed %d, %s, %d nodes: job %d starts at %g s, by brute force at %g s", seed, policy, len(nodes), i, o.start, b.start[i])
					}
				}
			}
		}
	}
}
