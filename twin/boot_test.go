package twin

import (
	"fmt"
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// fanless is a row whose air handlers all fail for half an hour; every job fills it.
const fanless = `
duration: 2 h
site:
  halls: [{rows: [{racks: 4, rack: {use: hardware/rack-dgx-h100-4}}]}]
  power: {use: plants/power-direct}
workload: [{job: {name: a, gpus: 128, work: 8 h, gpu_utilisation: 95 %%}}]
timeline: [{at: 1000 s, fail: "crah[*]", for: 30 min}]
step: {disturbed: %g s}
`

// A rack shuts down when its inlet is there, however long the steps are; and with a job on all of them the row comes back one
// after another, when it has been cool for a while, and works when its nodes have booted.
func TestRowComesBackInTurn(t *testing.T) {
	var at []float64
	for _, step := range []float64{1, 10, 60} {
		w := world(t, plan(t, fmt.Sprintf(fanless, step)), 0)
		events := told(t, w, 7200, "rack.shutdown", "rack.restart", "rack.booted")
		if len(events) != 12 {
			t.Fatalf("steps of %g s: %d events: %+v", step, len(events), events)
		}
		at = append(at, events[0].Time)
		for i, e := range events[4:8] {
			if e.Type != "rack.restart" || e.Time < 2800+300 || i > 0 && e.Time < events[4+i-1].Time+15-1e-9 {
				t.Errorf("steps of %g s: %s of %s at %g s", step, e.Type, e.Subject, e.Time)
			}
			if b := events[8+i]; b.Type != "rack.booted" || b.Subject != e.Subject || math.Abs(b.Time-e.Time-300) > 1e-9 {
				t.Errorf("steps of %g s: %s of %s at %g s, after its restart at %g s", step, b.Type, b.Subject, b.Time, e.Time)
			}
		}
		if w.Totals.NodesDown != 0 {
			t.Errorf("%d nodes are down at the end", w.Totals.NodesDown)
		}
	}
	if math.Abs(at[1]-at[0]) > 2 || math.Abs(at[2]-at[0]) > 3 {
		t.Errorf("the first shutdown is at %.2f, %.2f and %.2f s with steps of 1, 10 and 60 s", at[0], at[1], at[2])
	}

}

// Nodes that boot draw idle power and take no work.
func TestBootingDrawsIdlePower(t *testing.T) {
	w := world(t, plan(t, `
duration: 1 h
site:
  halls: [{rows: [{racks: 1, rack: {use: hardware/rack-dgx-h100-4, node: {boot: 4 min}}}]}]
  power: {use: plants/power-direct}
workload: [{job: {name: a, gpus: 32, work: 8 h, gpu_utilisation: 95 %}}]
timeline:
  - {at: 600 s, fail: utility-a, for: 100 s}
  - {at: 650 s, fail: "node[1]", for: 20 min}
`), 0)
	at := func(until float64) (power float64, up int) {
		if err := w.RunTo(t.Context(), until); err != nil {
			t.Fatal(err)
		}
		for n := range w.Nodes {
			if w.Nodes[n].Up {
				up++
			}
		}
		return w.Racks[0].Power, up
	}
	if p, up := at(640); p != 0 || up != 0 {
		t.Errorf("without power: %g W, %d nodes up", p, up)
	}
	rt := &w.plan.RackTypes[0]
	p, up := at(930)
	if want := rt.ShelfInput(3 * rt.Node.IdlePower); math.Abs(p-want) > 1 || up != 0 {
		t.Errorf("while it boots: %g W, want %g; %d nodes up", p, want, up)
	}
	if c := w.condition(facility.Ref{Kind: facility.Rack}); c != channel.StandingBy {
		t.Errorf("it is in state %d", c)
	}
	if _, up := at(950); up != 3 {
		t.Errorf("%d nodes up when they have booted", up)
	}
	if _, up := at(2000); up != 4 {
		t.Errorf("%d nodes up after the repair", up)
	}
}
