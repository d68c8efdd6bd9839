package schedule

import (
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// TestChaos lets nodes and devices fail, drain and come back, jobs overrun, slow down, be cancelled and be
// resubmitted, under every policy, with reservations and pinned jobs. Each pass is audited, and a clone of the state
// must go on exactly as its parent.
func TestChaos(t *testing.T) {
	orderNames, placeNames := slices.Sorted(maps.Keys(orders)), slices.Sorted(maps.Keys(placements))
	for seed := range rounds() {
		r := rand.New(rand.NewPCG(uint64(seed), 3))
		st := randomSite(r)
		spec := Spec{
			Order:     orderNames[r.IntN(len(orderNames))],
			Backfill:  []string{"strict", "first-fit", "easy", "conservative"}[r.IntN(4)],
			Placement: placeNames[r.IntN(len(placeNames))],
			Depth:     3 * r.IntN(3),
		}
		if _, ok := orders[spec.Order].(ranked); ok && r.IntN(2) == 0 || preemptive[spec.Order] {
			spec.Backfill = []string{"strict", "first-fit", "easy"}[r.IntN(3)]
			if spec.Preemption = randomPreemption(r); spec.Backfill == "easy" {
				spec.Preemption.By = "place"
			}
		}
		randomLimits(r, &spec)
		if r.IntN(2) == 0 {
			spec.Reservations = []ReservationSpec{
				{Nodes: "rack[0]", From: 50, For: 50, User: "u0"},
				{Nodes: "node", From: 200, For: 20, Every: 150, Queue: "q0", Share: &ShareSpec{GPUs: 1, CPU: 4}},
			}
		}
		randomSharing(r, &spec)
		c, err := Compile(&spec, st.tree, st.nodes, st.leaf)
		if err != nil {
			continue
		}
		c.Bind([]string{"u0"}, []string{"q0"})
		tasks := randomTasks(r, c, 30)
		for i := range tasks {
			if tasks[i].Job = int32(i); r.IntN(8) == 0 {
				k := &tasks[i]
				k.Draw, k.Begin = 0, 0
				k.Pinned, k.Start, k.Whole = true, k.Submit+float64(r.IntN(50)), false
				k.Part[c.axis] = 0
				k.Part = k.Part.Sub(k.Part) // asks for nothing, so that nothing is given twice
				for range k.Parts {
					k.Nodes = append(k.Nodes, int32(r.IntN(len(st.nodes))))
				}
			}
		}
		s := NewState(c)
		twin := s.Clone()
		both := func(f func(s *State)) { f(s); f(twin) }
		now, next := 0.0, 0
		for range 200 {
			if next < len(tasks) && r.IntN(2) == 0 {
				req := tasks[next].Request
				next++
				both(func(s *State) { c.Submit(s, now, req) })
			}
			node, on := int32(r.IntN(len(st.nodes))), r.IntN(3) > 0
			switch r.IntN(8) {
			case 0:
				both(func(s *State) { c.SetUp(s, node, on) })
			case 1:
				both(func(s *State) { c.SetDrain(s, node, !on) })
			case 2:
				if n := int(st.nodes[node][0]); n > 0 {
					gpu := int32(r.IntN(n))
					both(func(s *State) { c.SetGPUUp(s, node, gpu, on) })
				}
			case 3:
				if len(s.Running) > 0 {
					e := &s.Entries[s.Running[r.IntN(len(s.Running))]]
					job, req, again := e.Job, e.Request, r.IntN(2) == 0
					both(func(s *State) { c.Release(s, now, job) })
					if again && !req.Pinned {
						both(func(s *State) { c.Submit(s, now, req) })
					}
				}
			case 4:
				if len(s.Running) > 0 {
					e := &s.Entries[s.Running[r.IntN(len(s.Running))]]
					job, end := e.Job, e.End+float64(r.IntN(100)-30)
					both(func(s *State) { c.Extend(s, job, end) })
				}
			case 5:
				job := int32(r.IntN(len(tasks)))
				both(func(s *State) { c.Cancel(s, job) })
			case 6:
				now += float64(r.IntN(40))
			}
			a := c.Pass(s, now, nil)
			b := c.Pass(twin, now, nil)
			for _, st := range a {
				if e := s.Entry(st.Job); st.Stop {
					req := e.Request
					both(func(s *State) { c.Submit(s, now, req) })
				}
			}
			if !reflect.DeepEqual(a, b) {
				t.Fatalf("seed %d, %+v: at %g s one state starts %+v, its clone %+v", seed, spec, now, a, b)
			}
			x, y := *s, *twin
			x.scratch, y.scratch = nil, nil
			if !reflect.DeepEqual(x, y) {
				d := cmp.Diff(x, y, cmpopts.IgnoreUnexported(State{}, Block{}))
				t.Fatalf("seed %d, %+v: at %g s a clone differs: %s", seed, spec, now, d)
			}
			audit(t, c, s)
			if at, ok := c.Wake(s, now); ok && at < now {
				t.Fatalf("seed %d: at %g s wakes at %g s", seed, now, at)
			}
			if r.IntN(4) == 0 {
				twin = s.Clone()
			}
		}
	}
}
