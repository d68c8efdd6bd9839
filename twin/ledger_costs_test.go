package twin

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/scenarios"
)

const costedSite = `halltwin: v1
name: costed
start: 2025-07-07T00:00:00-05:00
duration: 20 h
seed: 5
site:
  use: sites/h100-hall-1k
  weather: {file: weather/chicago.epw}
  grid: {carbon: {file: carbon/us-pjm.csv}}
workload:
  - train: {name: llama, model: {use: models/llama-3.1-8b}, gpus: 256, duration: 9 h, parallel: {tensor: 2}}
  - serve: {use: services/chat-70b, load: {rate: 3 1/s}, sla: {ttft_p99: 900 ms, tpot_p99: 70 ms}}
  - generate: {use: workloads/llm-lab, load: 40 %}
scheduler: {policy: priority, placement: pack-by-node}
failures: {use: failures/rsc-1}
controls: {power_limit: 600 W}
economics:
  use: economics/h100-united-states
  tariff: {use: economics/tariff-industrial, contract: {power: 400 kW, price: 0.05 USD/kWh}}
costs: {carbon_price: 40 USD}
timeline:
  - {at: 3 h, fail: "hall-0/row-1", for: 1 h}
  - {at: 5 h, fail: "utility[*]", for: 20 min}
step: {calm: 5 min}
`

func costedPlan(t *testing.T) *scenarios.Plan {
	t.Helper()
	f, ds := scenarios.LoadBytes("costed.yaml", []byte(costedSite))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return p
}

// Whatever fails, preempts and shares nodes: what the jobs bear and what idle capacity bears is all that the site costs and
// emits, and each energy is borne once.
func TestBillsMakeTheTotal(t *testing.T) {
	p := costedPlan(t)
	w := world(t, p, p.Duration)
	w.countAll()
	if err := w.closeBooks(); err != nil {
		t.Fatal(err)
	}
	o := w.outlay()
	var cost, carbon, energy, hours account.Sum
	for _, b := range w.bills(&o) {
		cost.Add(b.Cost)
		carbon.Add(b.Carbon)
		energy.Add(b.Energy)
		hours.Add(b.GPUHours)
		if b.Cost < 0 || b.Carbon < 0 || b.GPUHours < 0 {
			t.Errorf("%s owes %g USD, %g kg, %g GPU-hours", b.Name, b.Cost, b.Carbon, b.GPUHours)
		}
	}
	used := 0.0
	for _, u := range w.Books.Energy.Use {
		used += u.Value()
	}
	for _, x := range []struct {
		what      string
		got, want float64
	}{
		{"cost", cost.Value(), o.total()},
		{"carbon", carbon.Value(), o.embodied + w.Books.Energy.Carbon.Value()},
		{"energy", energy.Value(), used},
		{"GPU-hours", hours.Value(), w.gpus * w.Now / hrs},
		{"flow of money", o.flow, w.Books.Energy.Cost.Value() + w.Money.Blocks.Value()},
	} {
		if math.Abs(x.got/x.want-1) > 1e-9 {
			t.Errorf("%s: %.12g shared of %.12g", x.what, x.got, x.want)
		}
	}
	if o.demand <= 0 || o.standing <= 0 {
		t.Errorf("demand %g, standing %g", o.demand, o.standing)
	}
}

// Bills are state: a fork and a restored run end with the same.
func TestBillsResume(t *testing.T) {
	p := costedPlan(t)
	whole := world(t, p, p.Duration)
	half := world(t, p, 0.53*p.Duration)
	back, err := Restore(p, p.Seed, half.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*World{"fork": half.Fork(), "restored run": back} {
		if err := w.RunTo(context.Background(), p.Duration); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(w.Money.Shares.Jobs, whole.Money.Shares.Jobs) || !reflect.DeepEqual(w.Money.Meter, whole.Money.Meter) {
			t.Errorf("a %s has other bills", name)
		}
	}
}

// One job on half of the GPUs of an ideal site at one price, by hand: it bears its nodes' power, half of the capital, and of the
// demand charge what it has of the energy.
func TestBillByHand(t *testing.T) {
	f, ds := scenarios.LoadBytes("hand.yaml", []byte(`halltwin: v1
name: hand
start: 2025-06-01T00:00:00Z
duration: 10 d
site: {use: sites/h100-hall-1k, grid: {price: {constant: 0.1 USD/kWh}}}
workload:
  - job: {name: half, gpus: 512, work: 20 d, gpu_utilisation: 90 %}
economics:
  property_tax: 0
  assets: {servers: {per: gpu, price: 36500 USD, life: 5 years, upkeep: 0}}
  discount_rate: 0
  tariff: {demand: [{price: 12 USD}]}
`))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w := world(t, p, p.Duration)
	w.countAll()
	if err := w.closeBooks(); err != nil {
		t.Fatal(err)
	}
	o := w.outlay()
	bills := w.bills(&o)
	job, idle := bills[0], bills[1]
	node := &p.RackTypes[0].Node
	busy := w.evaluateNode(w.Slices[w.Jobs[0].Slice].Node, node, w.Racks[0].Inlet).Input
	share := busy / (busy + node.IdlePower)
	capital := 1024 * 36500.0 / 5 * 10 / 365
	if math.Abs(o.fixed/capital-1) > 1e-12 {
		t.Errorf("capital %g, want %g", o.fixed, capital)
	}
	if want := o.energy()*share + capital/2; math.Abs(job.Cost/want-1) > 2e-3 { // fans turn a little slower on idle nodes
		t.Errorf("the job bears %g, want %g", job.Cost, want)
	}
	if want := o.energy()*(1-share) + capital/2; math.Abs(idle.Cost/want-1) > 2e-3 {
		t.Errorf("idle capacity bears %g, want %g", idle.Cost, want)
	}
	kwh := w.Books.Energy.Grid.Value() / kWh
	if want := kwh * 0.1; math.Abs((o.flow-w.Books.Energy.Water.Value()/1000*float64(p.Costs.WaterPrice))/want-1) > 1e-9 {
		t.Errorf("energy %g, want %g", o.flow, want)
	}
	if want := w.Money.Meter.Largest() / 1000 * 12 / 3; math.Abs(o.demand/want-1) > 1e-9 { // ten days of thirty
		t.Errorf("demand %g, want %g", o.demand, want)
	}
	if e := (economics.Bill{}); w.shares().Idle == e {
		t.Error("nothing is idle")
	}
}
