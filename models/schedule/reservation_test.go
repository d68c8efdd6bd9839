package schedule

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
)

// racks returns a site of n racks of two nodes.
func racks(n int) *facility.Tree {
	tree := facility.New("site")
	tree.Add(facility.Rack, facility.Site, []int{n})
	per := make([]int, n)
	for i := range per {
		per[i] = 2
	}
	tree.Add(facility.Node, facility.Rack, per)
	return tree
}

func reserved(t *testing.T, spec Spec, nodes int) (*Config, *State) {
	t.Helper()
	c, err := Compile(&spec, racks(nodes/2), cluster(nodes, gpu8), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Bind([]string{"alice", "bob"}, []string{"batch", "urgent"})
	return c, NewState(c)
}

func TestReservation(t *testing.T) {
	// Alice has rack 1 (nodes 2 and 3) from 100 s to 200 s.
	for _, policy := range []string{"fcfs", "first-fit", "easy-backfill", "conservative-backfill"} {
		c, s := reserved(t, Spec{Policy: policy, Reservations: []ReservationSpec{
			{Nodes: "rack[1]", From: 100, For: 100, User: "alice"},
		}}, 4)
		bob := func(job int32, at float64, parts int32, length float64) Request {
			r := ask(job, at, parts, 8, length)
			r.User = 1
			return r
		}
		c.Submit(s, 0, bob(0, 0, 2, 1000))
		c.Submit(s, 0, bob(1, 0, 2, 100)) // ends just in time
		expect(t, policy+": before it begins", pass(c, s, 0), []int32{0, 1})
		for ch := s.Entry(1).First; ch >= 0; ch = s.Chunks[ch].Next {
			if s.Chunks[ch].Node < 2 {
				t.Errorf("%s: job 1 on node %d", policy, s.Chunks[ch].Node)
			}
		}
		c.Release(s, 90, 1)
		c.Submit(s, 90, bob(2, 90, 1, 20)) // would run into it
		expect(t, policy+": too long", pass(c, s, 90), nil)
		if at, ok := c.Wake(s, 90); !ok || at != 100 {
			t.Errorf("%s: wake at %g, %v, want 100 s", policy, at, ok)
		}
		alice := ask(3, 100, 2, 8, 50)
		alice.User = 0
		c.Submit(s, 100, alice)
		expect(t, policy+": its user, though behind", pass(c, s, 100), []int32{3})
		c.Release(s, 150, 3)
		expect(t, policy+": nobody else", pass(c, s, 150), nil)
		if at, ok := c.Wake(s, 150); !ok || at != 200 {
			t.Errorf("%s: wake at %g, %v, want 200 s", policy, at, ok)
		}
		expect(t, policy+": over", pass(c, s, 200), []int32{2})
		audit(t, c, s)
	}
}

func TestReservationOfResources(t *testing.T) {
	// Of one pool [4 GPU, 500 GB, 10 Gb/s] the urgent queue has [2 GPU, 100 GB, 1 Gb/s] for an hour from 60 s.
	tree := facility.New("site")
	tree.Add(facility.Rack, facility.Site, []int{1})
	tree.Add(facility.Node, facility.Rack, []int{1})
	c, err := Compile(&Spec{Policy: "first-fit", Reservations: []ReservationSpec{{
		Nodes: "node[0]", From: 60, For: 3600, Queue: "urgent",
		Share: &ShareSpec{GPUs: 2, Storage: 100e9, Network: 1e9 / 8},
	}}}, tree, []workload.Vector{{workload.GPU: 4, workload.Storage: 500e9, workload.Network: 10e9 / 8}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Bind(nil, []string{"batch", "urgent"})
	s := NewState(c)
	want := func(job int32, at, gpus, storage float64, queue int32) Request {
		r := ask(job, at, 1, gpus, 600)
		r.Part[workload.Storage], r.Queue = storage, queue
		return r
	}
	c.Submit(s, 0, want(0, 0, 3, 0, 0))     // runs into it, and leaves too few GPUs
	c.Submit(s, 0, want(1, 0, 1, 450e9, 0)) // leaves too little storage
	c.Submit(s, 0, want(2, 0, 2, 400e9, 0))
	expect(t, "before", pass(c, s, 0), []int32{2})
	c.Submit(s, 60, want(3, 60, 2, 100e9, 1))
	expect(t, "urgent", pass(c, s, 60), []int32{3})
	c.Release(s, 100, 2)
	expect(t, "what is not reserved", pass(c, s, 100), nil) // 2 GPUs and 400 GB are free: jobs 0 and 1 want more
	c.Submit(s, 101, want(4, 101, 2, 400e9, 0))
	expect(t, "the reserved share is in use, the rest is free", pass(c, s, 101), []int32{4})
	audit(t, c, s)
}

func TestMaintenanceRepeats(t *testing.T) {
	c, s := reserved(t, Spec{Reservations: []ReservationSpec{{Nodes: "rack[0]", From: 10, For: 10, Every: 100}}}, 2)
	c.Submit(s, 20, ask(0, 20, 1, 8, 91))
	expect(t, "would run into the second time", pass(c, s, 20), nil)
	c.Submit(s, 21, ask(1, 21, 1, 8, 80))
	expect(t, "fits between", pass(c, s, 21), []int32{1})
	for at, want := range map[float64][2]float64{0: {10, 20}, 15: {10, 20}, 20: {110, 120}, 119: {110, 120}, 1020: {1110, 1120}} {
		if from, to := c.reservations[0].window(at); from != want[0] || to != want[1] {
			t.Errorf("at %g s: from %g to %g, want %v", at, from, to, want)
		}
	}
	once := reservation{begin: 10, length: 10}
	if from, _ := once.window(20); !math.IsInf(from, 1) {
		t.Errorf("a past reservation begins at %g s", from)
	}
}
