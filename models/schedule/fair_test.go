package schedule

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// TestDominantResourceFairness is the example of Ghodsi et al. (NSDI 2011): 9 CPUs and 18 GB; tasks of A want 1 CPU and 4 GB, those
// of B 3 CPUs and 1 GB. A gets three, B two.
func TestDominantResourceFairness(t *testing.T) {
	c := compile(t, Spec{Policy: "drf"}, cluster(1, workload.Vector{workload.CPU: 9, workload.Memory: 18}))
	s := NewState(c)
	for j := range int32(20) {
		r := Request{Job: j, Parts: 1, User: j % 2, Part: workload.Vector{workload.CPU: 1, workload.Memory: 4}}
		if r.User == 1 {
			r.Part = workload.Vector{workload.CPU: 3, workload.Memory: 1}
		}
		c.Submit(s, 0, r)
	}
	var got [2]int
	for _, st := range c.Pass(s, 0, nil) {
		got[st.Job%2]++
	}
	if got != [2]int{3, 2} {
		t.Errorf("A and B get %v tasks, want 3 and 2", got)
	}
}

// TestReclaim lends the whole site to one queue; the other gets its quota back at once, and no more than that. Limits of
// borrowing and of lending hold.
func TestReclaim(t *testing.T) {
	share := func(n float64) *ShareSpec { return &ShareSpec{CPU: n} }
	for _, x := range []struct {
		name                 string
		a, b                 QueueSpec
		reclaim              string
		alone, a2, b2, stops int
	}{
		{"lend and take back", QueueSpec{Quota: share(6)}, QueueSpec{Quota: share(4)}, "any", 10, 6, 4, 4},
		{"borrow at most two", QueueSpec{Quota: share(6), Borrow: share(2)}, QueueSpec{Quota: share(4)}, "any", 8, 6, 4, 2},
		{"lend at most one", QueueSpec{Quota: share(6)}, QueueSpec{Quota: share(4), Lend: share(1)}, "any", 7, 6, 4, 1},
		{"never take back", QueueSpec{Quota: share(6)}, QueueSpec{Quota: share(4)}, "never", 10, 10, 0, 0},
	} {
		x.a.Name, x.b.Name = "a", "b"
		c := compile(t, Spec{Policy: "fair-share", Queues: []QueueSpec{x.a, x.b}, Reclaim: x.reclaim}, cluster(10, workload.Vector{workload.CPU: 1}))
		c.Bind(nil, []string{"a", "b"})
		s := NewState(c)
		job := int32(0)
		submit := func(queue int32) {
			for range 20 {
				c.Submit(s, 0, Request{Job: job, Parts: 1, Queue: queue, Part: workload.Vector{workload.CPU: 1}})
				job++
			}
		}
		submit(0)
		if got := len(c.Pass(s, 0, nil)); got != x.alone {
			t.Errorf("%s: alone, a runs %d jobs, want %d", x.name, got, x.alone)
		}
		submit(1)
		stops := 0
		for _, st := range c.Pass(s, 10, nil) {
			if st.Stop {
				stops++
				c.Submit(s, 10, s.Entry(st.Job).Request)
			}
		}
		c.Pass(s, 10, nil)
		if a, b := s.used(1)[workload.CPU], s.used(2)[workload.CPU]; a != float64(x.a2) || b != float64(x.b2) || stops != x.stops {
			t.Errorf("%s: a and b hold %g and %g after %d stops, want %d, %d and %d", x.name, a, b, stops, x.a2, x.b2, x.stops)
		}
	}
}

// TestQuotas runs random jobs in random trees of queues and reckons usage from scratch: no limit is passed,
// and where jobs have one size nobody below quota waits while others hold more than theirs or a node is free.
func TestQuotas(t *testing.T) {
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 6))
		spec := Spec{Policy: "fair-share", Backfill: []string{"first-fit", "strict"}[r.IntN(2)]}
		var names []string
		leaves := 2 + r.IntN(4)
		group := r.IntN(2) == 0
		for i := range leaves {
			q := QueueSpec{Name: fmt.Sprintf("q%d", i), Quota: &ShareSpec{CPU: float64(1 + r.IntN(4))}, Weight: float64(1 + r.IntN(3))}
			if r.IntN(3) == 0 {
				q.Borrow = &ShareSpec{CPU: float64(r.IntN(4))}
			}
			if r.IntN(3) == 0 {
				q.Lend = &ShareSpec{CPU: float64(r.IntN(int(q.Quota.CPU) + 1))}
			}
			if group && i > 0 {
				q.Parent = "group"
			}
			spec.Queues, names = append(spec.Queues, q), append(names, q.Name)
		}
		if group {
			spec.Queues = append(spec.Queues, QueueSpec{Name: "group"})
		}
		if r.IntN(2) == 0 {
			spec.Preemption = &PreemptionSpec{MinRun: unit.Duration(r.IntN(2) * 20)}
		}
		total := 0.0
		for i := range spec.Queues[:leaves] {
			total += spec.Queues[i].Quota.CPU
		}
		nodes := int(total) + 2 + r.IntN(3) // room for two more, which nobody keeps
		c := compile(t, spec, cluster(nodes, workload.Vector{workload.CPU: 1}))
		c.Bind(nil, append(names, "other"))
		alike := r.IntN(2) == 0
		var tasks []task
		at := 0.0
		for range 60 {
			k := task{run: float64(1 + r.IntN(40))}
			at += float64(r.IntN(2) * r.IntN(8))
			k.Submit, k.Estimate, k.Queue, k.User = at, k.run, int32(r.IntN(leaves+1)), -1
			k.Parts, k.Part = 1, workload.Vector{workload.CPU: 1}
			if !alike {
				k.Parts = int32(1 + r.IntN(2))
			}
			if k.Queue < int32(leaves) {
				q := &spec.Queues[k.Queue]
				if q.Borrow != nil && q.Borrow.CPU+q.Quota.CPU < float64(k.Parts) {
					k.Parts = 1
				}
			}
			tasks = append(tasks, k)
		}
		out := replayWith(t, c, tasks, func(s *State, now float64) {
			audit(t, c, s)
			use := make([]float64, len(spec.Queues)+1+leaves+2)
			free := float64(nodes)
			for _, slot := range s.Running {
				e := &s.Entries[slot]
				free -= float64(e.Parts)
				for n := c.quotas.ownerOf(e); n != 0; n = c.quotas.up(n) {
					use[n] += float64(e.Parts)
				}
			}
			over := false
			for i := range spec.Queues {
				q := &spec.Queues[i]
				u := use[i+1]
				if math.Abs(u-s.used(int32(i + 1))[workload.CPU]) > 1e-9 {
					t.Fatalf("seed %d: queue %s holds %g, the state says %v", seed, q.Name, u, s.used(int32(i+1)))
				}
				if q.Borrow != nil && u > q.Quota.CPU+q.Borrow.CPU {
					t.Fatalf("seed %d: at %g s queue %s holds %g of at most %g", seed, now, q.Name, u, q.Quota.CPU+q.Borrow.CPU)
				}
				if q.Quota != nil {
					over = over || u > q.Quota.CPU
				}
			}
			if !alike || group || c.preemption.minRun > 0 {
				return
			}
			over = over || use[len(spec.Queues)+1+leaves+1] > 0 // those without a quota
			for it := range s.Queue.All() {
				e := &s.Entries[it.Slot]
				if n := c.quotas.ownerOf(e); int(n) <= leaves && use[n]+1 <= spec.Queues[n-1].Quota.CPU && (free > 0 || over) {
					t.Fatalf("seed %d: at %g s job %d of queue %s waits: %g in use, %g nodes free, over quota: %v", seed, now, e.Job, spec.Queues[n-1].Name, use[n], free, over)
				}
			}
		})
		for i, o := range out {
			if math.IsNaN(o.start) {
				t.Fatalf("seed %d: job %d never started", seed, i)
			}
		}
	}
}
