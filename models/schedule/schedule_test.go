package schedule

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
)

var gpu8 = workload.Vector{workload.GPU: 8, workload.CPU: 128, workload.Memory: 2e12}

// ask returns a request for parts of so many GPUs.
func ask(job int32, at float64, parts int32, gpus, estimate float64) Request {
	return Request{Job: job, Submit: at, Estimate: estimate, Parts: parts, Part: workload.Vector{workload.GPU: gpus}, User: -1, Queue: -1}
}

// pass returns which jobs start.
func pass(c *Config, s *State, now float64) (jobs []int32) {
	for _, st := range c.Pass(s, now, nil) {
		jobs = append(jobs, st.Job)
	}
	return jobs
}

func expect(t *testing.T, what string, got, want []int32) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: jobs %v start, want %v", what, got, want)
	}
}

func TestDemandVector(t *testing.T) {
	c := compile(t, Spec{}, []workload.Vector{{workload.GPU: 4, workload.Storage: 500e9, workload.Network: 10e9 / 8}})
	s := NewState(c)
	c.Submit(s, 0, Request{Parts: 1, Part: workload.Vector{workload.GPU: 2, workload.Storage: 100e9, workload.Network: 1e9 / 8}})
	starts := c.Pass(s, 0, nil)
	if len(starts) != 1 || starts[0].Slices[0].GPUs != 0b11 {
		t.Fatalf("starts %+v", starts)
	}
	if want := (workload.Vector{workload.GPU: 2, workload.Storage: 400e9, workload.Network: 9e9 / 8}); s.Nodes[0].Free != want {
		t.Errorf("[2 GPU, 100 GB, 1 Gb/s] of [4 GPU, 500 GB, 10 Gb/s] leaves %v, want %v", s.Nodes[0].Free, want)
	}
	c.Release(s, 1, 0)
	if s.Nodes[0].Free != c.capacity[0] {
		t.Errorf("released, it leaves %v", s.Nodes[0].Free)
	}
}

func TestBackfill(t *testing.T) {
	// Of two nodes, one is busy until 100 s. The first waiting job wants both, the second is too long to go before
	// it, the third is short enough, the fourth is long but fits beside it.
	for backfill, want := range map[string][]int32{"strict": nil, "first-fit": {2}, "easy": {3}, "conservative": {3}} {
		c := compile(t, Spec{Backfill: backfill}, cluster(2, gpu8))
		s := NewState(c)
		c.Submit(s, 0, ask(0, 0, 1, 8, 100))
		expect(t, backfill, pass(c, s, 0), []int32{0})
		c.Submit(s, 1, ask(1, 1, 2, 8, 50))
		c.Submit(s, 1, ask(2, 1, 1, 8, 100))
		c.Submit(s, 1, ask(3, 1, 1, 8, 99))
		expect(t, backfill, pass(c, s, 1), want)
	}
}

func TestShadowIsExactAtNodes(t *testing.T) {
	// Both nodes have four devices free until 100 s, then node 0 has all eight. The blocked job wants eight on one
	// node: a long job of four devices may take node 1, not node 0, though it packs there by itself.
	c := compile(t, Spec{Placement: "first-fit"}, cluster(2, gpu8))
	s := NewState(c)
	c.Submit(s, 0, ask(0, 0, 1, 4, 100))
	c.Submit(s, 0, ask(1, 0, 1, 4, 100))
	c.Submit(s, 0, ask(2, 0, 1, 4, 1000))
	pass(c, s, 0)
	c.Release(s, 1, 1)
	c.Submit(s, 1, ask(3, 1, 1, 8, 10))
	c.Submit(s, 1, ask(4, 1, 1, 4, 1000))
	starts := c.Pass(s, 1, nil)
	if len(starts) != 1 || starts[0].Job != 4 || starts[0].Slices[0].Node != 1 {
		t.Fatalf("starts %+v, want job 4 on node 1", starts)
	}
	if at := s.Entry(3).Promise; at != 100 {
		t.Errorf("job 3 is promised %g s, want 100 s", at)
	}
}

func TestOverrun(t *testing.T) {
	// A job that outlives its estimate is expected to end at any moment: nobody may start before the blocked job.
	c := compile(t, Spec{}, cluster(2, gpu8))
	s := NewState(c)
	c.Submit(s, 0, ask(0, 0, 1, 8, 100))
	pass(c, s, 0)
	c.Submit(s, 1, ask(1, 1, 2, 8, 50))
	c.Submit(s, 200, ask(2, 200, 1, 8, 10))
	expect(t, "late", pass(c, s, 200), nil)
	c.Extend(s, 0, 300)
	expect(t, "extended", pass(c, s, 201), []int32{2})
}

func TestOrders(t *testing.T) {
	// One node is busy while these wait; then they run one at a time.
	type job struct {
		parts    int32
		estimate float64
		priority float64
		user     int32
	}
	jobs := []job{{1, 40, 0, 0}, {1, 10, 1, 0}, {3, 30, 2, 0}, {2, 20, 0, 1}, {1, 50, 2, 2}}
	for order, want := range map[string][]int32{
		"fcfs":           {0, 1, 2, 3, 4},
		"sjf":            {1, 3, 2, 0, 4},
		"ljf":            {4, 0, 2, 3, 1},
		"smallest-first": {0, 1, 4, 3, 2},
		"largest-first":  {2, 3, 0, 1, 4},
		"smallest-area":  {1, 0, 3, 4, 2},
		"priority":       {2, 4, 1, 0, 3},
		"round-robin":    {0, 3, 4, 1, 2},
	} {
		c := compile(t, Spec{Order: order, Backfill: "strict"}, cluster(3, gpu8))
		s := NewState(c)
		c.Submit(s, 0, ask(9, 0, 3, 8, 5))
		pass(c, s, 0)
		for i, j := range jobs {
			r := ask(int32(i), float64(i)/10, j.parts, 8, j.estimate)
			r.Part[workload.GPU], r.Whole = 0, true
			r.Priority, r.User = j.priority, j.user
			c.Submit(s, r.Submit, r)
		}
		c.Release(s, 5, 9)
		// All nodes but as many as the next job wants are taken away, so that one runs at a time.
		var got []int32
		for now := 5.0; len(got) < len(jobs); now++ {
			parts := s.Entries[first(s)].Parts
			for n := range int32(3) {
				c.SetDrain(s, n, n >= parts)
			}
			begun := pass(c, s, now)
			if len(begun) == 0 {
				continue // the order has changed
			}
			got = append(got, begun...)
			for _, j := range begun {
				c.Release(s, now, j)
			}
		}
		expect(t, order, got, want)
	}
}

func TestCompletionTime(t *testing.T) {
	c := compile(t, Spec{Policy: "mct"}, cluster(4, gpu8))
	s := NewState(c)
	c.Submit(s, 0, ask(0, 0, 3, 8, 100))
	pass(c, s, 0)
	c.Submit(s, 1, ask(1, 1, 1, 8, 500)) // done at 501 s
	c.Submit(s, 1, ask(2, 1, 4, 8, 10))  // at 110 s, once job 0 has ended: before job 1
	c.Submit(s, 1, ask(3, 1, 1, 8, 50))  // at 51 s: first
	expect(t, "mct", pass(c, s, 1), []int32{3})
	if order := []int32{s.Queue.Blocks[0].Items[0].Slot, s.Queue.Blocks[0].Items[1].Slot}; s.Entries[order[0]].Job != 2 || s.Entries[order[1]].Job != 1 {
		t.Errorf("the queue is in slots %v, want job 2, then job 1", order)
	}
}

func TestAgeing(t *testing.T) {
	c := compile(t, Spec{Policy: "priority", Ageing: 0.1}, cluster(1, gpu8))
	s := NewState(c)
	old, fresh := ask(0, 0, 1, 8, 10), ask(1, 25, 1, 8, 10)
	fresh.Priority = 2
	c.Submit(s, 25, fresh)
	c.Submit(s, 25, old)
	expect(t, "25 s older beats 2 more urgent", pass(c, s, 25), []int32{0})
}

func TestPlacements(t *testing.T) {
	// Racks of two nodes, leaves of two racks. Taken devices by node before the job comes:
	taken := []int{0, 6, 4, 0, 5, 8, 0, 0}
	tree := facility.New("site")
	tree.Add(facility.Rack, facility.Site, []int{4})
	tree.Add(facility.Node, facility.Rack, []int{2, 2, 2, 2})
	leaf := []int32{0, 0, 0, 0, 1, 1, 1, 1}
	for _, k := range []struct {
		placement string
		parts     int32
		gpus      float64
		want      []int32 // parts by node; nil: it waits
	}{
		{"first-fit", 1, 2, []int32{1}},
		{"first-fit", 12, 1, []int32{8, 2, 2}},
		{"best-fit", 1, 2, []int32{0, 1}},
		{"best-fit", 5, 1, []int32{0, 2, 0, 0, 3}},
		{"spread", 4, 1, []int32{1, 0, 0, 1, 0, 0, 1, 1}},
		{"spread", 5, 2, []int32{2, 0, 0, 1, 0, 0, 1, 1}},
		{"load-balance", 4, 1, []int32{1, 0, 0, 1, 0, 0, 1, 1}},
		{"pack-by-node", 3, 1, []int32{0, 0, 0, 0, 3}},
		{"pack-by-node", 10, 1, []int32{8, 2}},
		{"pack-by-node", 4, 8, []int32{1, 0, 0, 1, 0, 0, 1, 1}},
		{"pack-by-rack", 3, 1, []int32{0, 0, 0, 0, 3}},
		{"pack-by-rack", 1, 5, []int32{1}},
		{"pack-by-rack", 2, 8, []int32{0, 0, 0, 0, 0, 0, 1, 1}},
		{"pack-by-rack", 9, 1, []int32{8, 1}},
		{"pack-by-rack", 12, 1, []int32{0, 0, 4, 8}},
		{"pack-by-leaf", 20, 1, []int32{8, 0, 4, 8}},
		{"pack-by-leaf", 19, 1, []int32{0, 0, 0, 0, 3, 0, 8, 8}},
		{"pack-by-leaf", 3, 2, []int32{0, 0, 0, 0, 0, 0, 3}},
		{"pack-by-leaf", 4, 8, []int32{1, 0, 0, 1, 0, 0, 1, 1}},
		{"consolidate-by-node", 3, 1, []int32{0, 0, 0, 0, 3}},
		{"consolidate-by-node", 40, 1, nil},
		{"consolidate-by-node", 12, 1, []int32{8, 0, 4}},
		{"consolidate-by-rack", 2, 8, []int32{0, 0, 0, 0, 0, 0, 1, 1}},
		{"consolidate-by-rack", 4, 8, nil},
		{"consolidate-by-leaf", 3, 8, nil},
	} {
		c, err := Compile(&Spec{Policy: "fcfs", Placement: k.placement}, tree, cluster(8, gpu8), leaf)
		if err != nil {
			t.Fatal(err)
		}
		s := NewState(c)
		for n, g := range taken {
			if g == 0 {
				continue
			}
			r := ask(int32(100+n), 0, 1, float64(g), 100)
			r.Pinned, r.Nodes = true, []int32{int32(n)}
			c.Submit(s, 0, r)
		}
		pass(c, s, 0)
		c.Submit(s, 1, ask(0, 1, k.parts, k.gpus, 10))
		starts := c.Pass(s, 1, nil)
		audit(t, c, s)
		if k.want == nil {
			if len(starts) > 0 {
				t.Errorf("%s, %d × %g GPUs: starts on %+v, want it to wait", k.placement, k.parts, k.gpus, starts)
			}
			continue
		}
		if len(starts) == 0 {
			t.Errorf("%s, %d × %g GPUs: waits", k.placement, k.parts, k.gpus)
			continue
		}
		got := make([]int32, 8)
		for _, sl := range starts[0].Slices {
			got[sl.Node] += sl.Parts
		}
		if want := append(slices.Clone(k.want), make([]int32, 8-len(k.want))...); !slices.Equal(got, want) {
			t.Errorf("%s, %d × %g GPUs: parts by node %v, want %v", k.placement, k.parts, k.gpus, got, want)
		}
	}
}

func TestFailedAndDrained(t *testing.T) {
	c := compile(t, Spec{Placement: "first-fit"}, cluster(3, gpu8))
	s := NewState(c)
	c.SetUp(s, 0, false)
	c.SetGPUUp(s, 1, 2, false)
	c.Submit(s, 0, ask(0, 0, 1, 8, 10))
	starts := c.Pass(s, 0, nil)
	if len(starts) != 1 || starts[0].Slices[0].Node != 2 {
		t.Fatalf("8 GPUs with node 0 down and a GPU of node 1 failed: %+v", starts)
	}
	c.Submit(s, 0, ask(1, 0, 1, 4, 10))
	if st := c.Pass(s, 0, nil); len(st) != 1 || st[0].Slices[0].GPUs != 0b11011 {
		t.Fatalf("4 GPUs where GPU 2 has failed: %+v", st)
	}
	c.SetDrain(s, 1, true)
	c.Release(s, 5, 1)
	c.Submit(s, 5, ask(2, 5, 1, 1, 10))
	expect(t, "drained", pass(c, s, 5), nil)
	c.SetGPUUp(s, 2, 7, false) // under a running job
	c.Release(s, 6, 0)
	c.Submit(s, 6, ask(3, 6, 1, 8, 10))
	expect(t, "7 of 8 left", pass(c, s, 6), []int32{2})
	c.SetUp(s, 0, true)
	expect(t, "repaired", pass(c, s, 7), []int32{3})
	audit(t, c, s)
}

func TestPinned(t *testing.T) {
	c := compile(t, Spec{}, cluster(2, gpu8))
	s := NewState(c)
	c.Submit(s, 0, ask(0, 0, 2, 8, 100))
	expect(t, "ordinary", pass(c, s, 0), []int32{0})
	r := ask(1, 0, 2, 4, 10)
	r.Pinned, r.Start, r.Nodes = true, 50, []int32{1, 0}
	c.Submit(s, 0, r)
	if at, ok := c.Wake(s, 0); !ok || at != 50 {
		t.Errorf("wake at %g, %v", at, ok)
	}
	expect(t, "before", pass(c, s, 49), nil)
	expect(t, "at its start, on full nodes", pass(c, s, 50), []int32{1})
	c.Release(s, 60, 1)
	c.Release(s, 70, 0)
	audit(t, c, s)
	if s.Nodes[0].Free != gpu8 {
		t.Errorf("node 0 has %v free", s.Nodes[0].Free)
	}
}

func TestHoldExtra(t *testing.T) {
	c := compile(t, Spec{HoldExtra: 1}, cluster(1, gpu8))
	s := NewState(c)
	c.Submit(s, 0, ask(0, 0, 1, 8, 10))
	expect(t, "first", pass(c, s, 0), []int32{0})
	if end := s.Entry(0).End; end != 11 {
		t.Errorf("expected to hold its node until %g, want 11", end)
	}
	c.Extend(s, 0, 20)
	if end := s.Entry(0).End; end != 21 {
		t.Errorf("slowed, expected to hold its node until %g, want 21", end)
	}
}

func TestCancel(t *testing.T) {
	c := compile(t, Spec{}, cluster(1, gpu8))
	s := NewState(c)
	for j := range int32(3) {
		c.Submit(s, 0, ask(j, 0, 1, 8, 10))
	}
	pass(c, s, 0)
	if !c.Cancel(s, 1) || !c.Cancel(s, 0) || c.Cancel(s, 7) {
		t.Error("cancel knows the wrong jobs")
	}
	expect(t, "third", pass(c, s, 1), []int32{2})
}

func TestBadSpecs(t *testing.T) {
	for _, k := range []struct {
		spec Spec
		want string
	}{
		{Spec{Ageing: 1}, "ageing: only the order priority ages"},
		{Spec{Backfill: "conservative", Placement: "consolidate-by-rack"}, "placement: conservative backfill cannot promise starts"},
		{Spec{Reservations: []ReservationSpec{{User: "a", Queue: "b"}}}, "reservations[0].queue: a reservation is for a user or for a queue"},
		{Spec{Reservations: []ReservationSpec{{For: 10, Every: 5}}}, "reservations[0].every: repeats after 5 s"},
		{Spec{Reservations: []ReservationSpec{{Share: &ShareSpec{}}}}, "reservations[0].share: sets nothing aside"},
	} {
		var got []string
		k.spec.Validate(func(path, msg string) { got = append(got, path+": "+msg) })
		if len(got) != 1 || !strings.HasPrefix(got[0], k.want) {
			t.Errorf("%+v: %q, want %q", k.spec, got, k.want)
		}
	}
	if _, err := Compile(&Spec{}, nil, cluster(1, workload.Vector{workload.GPU: 65}), nil); err == nil {
		t.Error("a node with 65 GPUs compiles")
	}
	if _, err := Compile(&Spec{Placement: "pack-by-leaf"}, nil, cluster(1, gpu8), nil); err == nil {
		t.Error("pack-by-leaf compiles without leaves")
	}
}

// TestEnums holds the words that a scenario may say against what there is.
func TestEnums(t *testing.T) {
	var names = map[string][]string{}
	for p := range policies {
		names["Policy"] = append(names["Policy"], p)
	}
	for o := range orders {
		names["Order"] = append(names["Order"], o)
	}
	for b := range backfills {
		names["Backfill"] = append(names["Backfill"], b)
	}
	for p := range placements {
		names["Placement"] = append(names["Placement"], p)
	}
	for field, have := range names {
		f, _ := reflect.TypeFor[Spec]().FieldByName(field)
		said := strings.Split(f.Tag.Get("enum"), ",")
		slices.Sort(said)
		slices.Sort(have)
		if !slices.Equal(said, have) {
			t.Errorf("%s: the enum says %v, there are %v", field, said, have)
		}
	}
	for p := range policies {
		if _, err := Compile(&Spec{Policy: p}, nil, cluster(1, gpu8), nil); err != nil {
			t.Error(err)
		}
	}
}
