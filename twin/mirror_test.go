package twin

import (
	"context"
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
)

// mirrored returns a world of a hall without work.
func mirroring(t testing.TB) (*scenarios.Plan, *Driven) {
	t.Helper()
	f, ds := scenarios.LoadBytes("hall.yaml", []byte("halltwin: v1\nname: hall\nstart: 2026-01-01T00:00:00Z\nduration: 30 d\nsite: {use: sites/h100-hall-1k}\n"))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan = plan.Idle()
	d, err := Begin(plan, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return plan, d
}

func advance(t testing.TB, d *Driven, until float64) {
	t.Helper()
	if err := d.Advance(context.Background(), until); err != nil {
		t.Fatal(err)
	}
}

func gang(name string, whole bool, gpus float64) *workload.Job {
	return &workload.Job{ID: name, Whole: whole, Part: workload.Vector{workload.GPU: gpus, workload.CPU: 8}}
}

// TestMirror lets a world follow jobs that wait, run, work less and end, and a fork of it look ahead.
func TestMirror(t *testing.T) {
	_, d := mirroring(t)
	advance(t, d, 10)
	idle := d.world.Power.IT
	full := workload.Util{GPU: 1, CPU: 0.5}
	n, err := d.Mirror([]Change{
		{Job: -1, Spec: gang("1", true, 8), Phase: Running, Nodes: []int32{3, 5}, Util: full},
		{Job: -1, Spec: gang("2", false, 2), Phase: Running, Nodes: []int32{7}, Util: full},
		{Job: -1, Spec: gang("3", true, 8), Phase: Queued},
	})
	if err != nil || len(n) != 3 {
		t.Fatal(n, err)
	}
	advance(t, d, 11)
	w := d.world
	if w.Books.Jobs.Running != 2 || w.Books.Jobs.Queued != 1 || w.BusyGPUs != 18 || w.Slices[w.Nodes[3].Slice].Job != n[0] || w.Slices[w.Nodes[5].Slice].Job != n[0] || w.Slices[w.Nodes[7].Slice].Job != n[1] {
		t.Fatalf("%+v, %g GPUs", w.Books.Jobs, w.BusyGPUs)
	}
	busy := w.Power.IT
	if busy < idle+18*400 {
		t.Errorf("%g W idle, %g W busy", idle, busy)
	}
	before := w.Hash()
	advance(t, d, 1000)

	// A fork looks ahead; what the base learns later is not its own, and the reverse.
	f, err := d.Fork(Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Release(func(j int32) float64 {
		if j == n[1] {
			return math.Inf(1)
		}
		return 600
	}); err != nil {
		t.Fatal(err)
	}
	fail := action.Action{Verb: action.Fail, Selector: "rack[1]"}
	if err := fail.Resolve(d.world.plan.Tree); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Act(fail); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Mirror([]Change{{Job: n[0], Phase: Running, Nodes: []int32{3, 5}, Util: workload.Util{GPU: 0.1}},
		{Job: n[2], Phase: Running, Nodes: []int32{9}, Util: full}, {Job: -1, Spec: gang("4", true, 8), Phase: Queued}}); err != nil {
		t.Fatal(err)
	}
	advance(t, d, 1001)
	if w.Books.Jobs.Running != 3 || w.Power.IT > busy+4000 {
		t.Errorf("%+v, %g W", w.Books.Jobs, w.Power.IT)
	}
	advance(t, f, 3000)
	if b := f.world.Books.Jobs; b.Running != 1 || b.Done != 2 || b.Interrupted == 0 || len(f.world.Jobs) != 3 {
		t.Errorf("the fork: %+v", b)
	}
	if _, err := d.Mirror([]Change{{Job: n[0], Phase: Done}, {Job: n[1], Phase: Failed}, {Job: n[2], Phase: Cancelled}, {Job: n[2] + 1, Phase: Cancelled}}); err != nil {
		t.Fatal(err)
	}
	advance(t, d, 2000)
	if b := w.Books.Jobs; b.Running != 0 || b.Queued != 0 || b.Done != 1 || b.Failed != 1 || b.Cancelled != 2 || w.BusyGPUs != 0 {
		t.Errorf("%+v, %g GPUs", b, w.BusyGPUs)
	}
	advance(t, d, 2100)
	if err := w.closeBooks(); err != nil {
		t.Error(err)
	}
	// The same changes at the same times are the same world, however often it was looked at.
	_, again := mirroring(t)
	for _, at := range []float64{3, 4.5, 10} {
		advance(t, again, at)
	}
	if _, err := again.Mirror([]Change{{Job: -1, Spec: gang("1", true, 8), Phase: Running, Nodes: []int32{3, 5}, Util: full},
		{Job: -1, Spec: gang("2", false, 2), Phase: Running, Nodes: []int32{7}, Util: full}, {Job: -1, Spec: gang("3", true, 8), Phase: Queued}}); err != nil {
		t.Fatal(err)
	}
	advance(t, again, 11)
	if again.world.Hash() != before {
		t.Error("the same changes made another world")
	}
	for _, c := range []Change{{Job: 99, Phase: Done}, {Job: -1, Phase: Running}, {Job: -1, Spec: gang("x", false, 1), Phase: Running}, {Job: 0, Phase: Running, Nodes: []int32{128}}} {
		if _, err := again.Mirror([]Change{c}); err == nil {
			t.Errorf("%+v is accepted", c)
		}
	}
}

// TestMirrorAnything throws random changes at a world: its ledgers close at every step, or it stops.
func TestMirrorAnything(t *testing.T) {
	_, d := mirroring(t)
	phases := []JobPhase{Queued, Running, Done, Failed, Cancelled}
	seed := uint64(7)
	draw := func(n int) int {
		seed = seed*6364136223846793005 + 1442695040888963407
		return int(seed>>33) % n
	}
	for i := range 400 {
		c := Change{Job: -1, Spec: gang("j", draw(2) == 0, float64(draw(9))), Phase: phases[draw(5)], Util: workload.Util{GPU: float64(draw(11)) / 10}}
		if n := len(d.world.Jobs); n > 0 && draw(3) > 0 {
			c.Job, c.Spec = int32(draw(n)), nil
		}
		for range 1 + draw(3) {
			c.Nodes = append(c.Nodes, int32(draw(128)))
		}
		if _, err := d.Mirror([]Change{c}); err != nil {
			t.Fatal(err)
		}
		advance(t, d, float64(i)*7.3)
	}
	advance(t, d, 86400)
}
