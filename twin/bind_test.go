package twin

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
)

// Two racks of two nodes of 4 GPUs of 700 W each; a job holds the whole of the first node for ten minutes of work, another that
// of the third.
const boundSite = `duration: 2 h
site:
  plant: {kind: none}
  other: 0
  halls: [{rows: [{racks: 2, rack: {nodes: 2, flow: 1 m3/s, node: {gpus: 4, gpu: {idle: 70 W, max: 700 W, min_limit: 200 W}, cpus: 1, cpu: {idle: 100 W, max: 300 W, cores: 10}, psu: {efficiency: 100 %}}}}]}]
  power: {use: plants/power-direct}
workload:
  - job: {name: a, submit: 10 s, gpus: 4, gpu_utilisation: 100 %, work: 600 s}
  - job: {name: b, submit: 10 s, gpus: 4, gpu_utilisation: 100 %, work: 600 s}
  - job: {name: c, submit: 10 s, gpus: 4, gpu_utilisation: 100 %, work: 600 s}
step: {calm: 10 s, disturbed: 1 s}
record: {every: 60 s}
`

// bind begins a run of the site with all GPUs of the first node bound.
func bind(t *testing.T, stand bool) *Driven {
	t.Helper()
	p := plan(t, boundSite)
	d, err := Begin(p, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	refs, err := p.Tree.Select("hall-0/row-0/rack-0/node-0/gpu[0..3]")
	if err != nil {
		t.Fatal(err)
	}
	var bonds []Bond
	for _, r := range refs {
		bonds = append(bonds, Bond{Thing: r, Device: "test"})
	}
	if err := d.Bind(bonds, stand); err != nil {
		t.Fatal(err)
	}
	return d
}

func values(t *testing.T, d *Driven, name string) []float64 {
	t.Helper()
	ch, ok := channel.Lookup(name)
	if !ok {
		t.Fatal(name)
	}
	return d.Values(ch, nil)
}

func TestMeasuredReplacesTheModel(t *testing.T) {
	d := bind(t, false)
	advance(t, d, 20)
	asks := d.Asks(nil)
	if len(asks) != 4 || !asks[0].Runs() || asks[0].Job != 0 || !math.IsInf(asks[3].Limit, 1) || asks[0].Use.GPU != 1 {
		t.Fatalf("%+v", asks)
	}
	model := values(t, d, "node.power")
	all := []Measured{{500, 61, 0.93, 0.5}, {510, 62, 0.94, 0.5}, {520, 63, 0.95, 0.6}, {math.NaN(), math.NaN(), math.NaN(), 0.7}}
	d.Measured(all)
	advance(t, d, 21)
	power, heat, use := values(t, d, "gpu.power"), values(t, d, "gpu.temperature"), values(t, d, "gpu.utilisation")
	if power[0] != 500 || power[2] != 520 || heat[1] != 62 || use[2] != 0.95 || power[4] == 500 {
		t.Errorf("power %v, temperature %v, utilisation %v", power, heat, use)
	}
	// The node draws what was measured of three GPUs and what the model says of the fourth; its power supplies lose nothing here.
	now := values(t, d, "node.power")
	per := model[1] // a node that is like the first, but for what is measured
	if got, want := now[0]-per, 500.0+510+520-3*values(t, d, "gpu.power")[4]; math.Abs(got-want) > 1 {
		t.Errorf("the node draws %.1f W more than one like it, not %.1f W", got, want)
	}
	if w := d.world; math.Abs(w.Racks[0].Power-now[0]-now[1]) > 1e-6 {
		t.Errorf("the rack draws %g W, its nodes %g and %g W", w.Racks[0].Power, now[0], now[1])
	}
	// The slowest of its GPUs holds a job back: ten minutes of work become twenty.
	if v := d.world.Jobs[0].Speed; v != 0.5 {
		t.Errorf("the job goes at %g", v)
	}
	advance(t, d, 1000)
	if d.world.Jobs[1].Phase != Done || d.world.Jobs[0].Phase != Running {
		t.Error("who is done, who is not?")
	}
	advance(t, d, 1250)
	if end := d.world.Jobs[0].End; math.Abs(end-(21+2*(600-11))) > 1 {
		t.Errorf("the job ends at %.1f s", end)
	}
	s := d.world.Summary(Options{})
	if k, ok := s.KPI("energy.bound"); !ok || k.Provenance != "measured" || k.Value != 0 { // counted up to the last reading
		t.Errorf("%+v", k)
	}
	if n := s.Notes[len(s.Notes)-1]; !strings.Contains(n, "real: hall-0/row-0/rack-0/node-0/gpu-0 to gpu-3 = test to test") {
		t.Error(n)
	}
	f, err := d.Fork(Options{}) // it has no hardware
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	advance(t, f, 1300)
}

func TestAsksFollowTheSimulation(t *testing.T) {
	d := bind(t, false)
	advance(t, d, 20)
	act := func(a action.Action) {
		t.Helper()
		if err := a.Resolve(d.world.plan.Tree); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Act(a); err != nil {
			t.Fatal(err)
		}
		advance(t, d, d.Now()+1)
	}
	act(action.Action{Verb: action.Set, Selector: "hall-0/row-0/rack-0/node-0/gpu[1]", Field: "power_limit", Value: 350})
	if a := d.Asks(nil); a[1].Limit != 350 || a[1].Share != 0.5 || !math.IsInf(a[0].Limit, 1) {
		t.Errorf("%+v", a)
	}
	act(action.Action{Verb: action.Fail, Selector: "utility"}) // there is nothing behind it here
	for i, a := range d.Asks(nil) {
		if a.On || a.Runs() {
			t.Errorf("GPU %d without a feed: %+v", i, a)
		}
	}
	act(action.Action{Verb: action.Repair, Selector: "utility"})
	advance(t, d, d.Now()+300) // its nodes boot
	if a := d.Asks(nil); !a[0].On {
		t.Errorf("the feed is back: %+v", a[0])
	}
	act(action.Action{Verb: action.Fail, Selector: "hall-0/row-0/rack-0/node-0/gpu[2]"})
	if a := d.Asks(nil); a[2].On || !a[3].On {
		t.Errorf("%+v", a)
	}
}

// What is bound can stand for its type: the other jobs draw and work in proportion.
func TestStandsForItsType(t *testing.T) {
	d := bind(t, true)
	advance(t, d, 20)
	before := values(t, d, "gpu.power")[4]
	for range 60 {
		d.Measured([]Measured{{0.8 * 700, 60, 1, 0.9}, {0.8 * 700, 60, 1, 0.9}, {0.8 * 700, 60, 1, 0.9}, {0.8 * 700, 60, 1, 0.9}})
		advance(t, d, d.Now()+1)
	}
	got := values(t, d, "gpu.power")
	if ratio := got[4] / before; math.Abs(ratio-0.8*700/before) > 0.02 || got[8] != got[4] {
		t.Errorf("others draw %.3f of what they did: %v", ratio, got)
	}
	if v := d.world.Jobs[1].Speed; math.Abs(v-0.9) > 0.02 {
		t.Errorf("they go at %g", v)
	}
	if idle := got[12]; idle != 70 {
		t.Errorf("an idle one draws %g W", idle)
	}
}

func TestProcessorsOfANode(t *testing.T) {
	head, _, _ := strings.Cut(boundSite, "workload:")
	p := plan(t, head+"workload: [job: {name: a, submit: 10 s, cpus: 5, cpu_utilisation: 100 %, work: 600 s}]\n")
	d, err := Begin(p, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	node := facility.Ref{Kind: facility.Node, Index: 0}
	if err := d.Bind([]Bond{{Thing: node}, {Thing: node}}, false); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Error(err)
	}
	if err := d.Bind([]Bond{{Thing: facility.Ref{Kind: facility.Rack, Index: 0}}}, false); err == nil || !strings.Contains(err.Error(), "is a rack") {
		t.Error(err)
	}
	if err := d.Bind([]Bond{{Thing: node, Device: "cpu"}}, false); err != nil {
		t.Fatal(err)
	}
	if d.Bind(nil, false) == nil {
		t.Error("bound twice")
	}
	advance(t, d, 20)
	where := d.world.Slices[d.world.Jobs[0].Slice].Node
	if a := d.Asks(nil)[0]; where != 0 || a.Use != (workload.Util{CPU: 0.5}) || a.Share != 1 {
		t.Fatalf("on node %d: %+v", where, a)
	}
	before := values(t, d, "node.power")[0]
	d.Measured([]Measured{{math.NaN(), math.NaN(), 1, 0.25}})
	advance(t, d, 21)
	if more := values(t, d, "node.power")[0] - before; math.Abs(more-100) > 1e-6 || d.world.Jobs[0].Speed != 0.25 {
		t.Errorf("%g W more, speed %g", more, d.world.Jobs[0].Speed)
	}
	d.Measured([]Measured{{444, math.NaN(), 1, 0.25}})
	if err := d.Advance(context.Background(), 22); err != nil {
		t.Fatal(err)
	}
	if more := values(t, d, "node.power")[0] - before; math.Abs(more-(444-200)) > 1e-6 {
		t.Errorf("%g W more", more)
	}
}
