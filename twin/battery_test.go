package twin

import (
	"context"
	"math"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// A gap of the grid's feed at 1 h finds the battery at work; rows of carbon come from the library.
const batteryScenario = `
halltwin: v1
name: battery
start: 2025-07-01T00:00:00-07:00
duration: 24 h
site:
  use: sites/edge-cabinet
  grid: {carbon: {file: carbon/us-ciso.csv, year: any}}
  battery: {capacity: 5 kWh, power: 1 kW, discharge: 900 W, carbon_threshold: 250 g/kWh, charge: 30 %, efficiency: 80 %}
workload:
  - job: {name: a, gpus: 1, work: 20 h}
timeline:
  - {at: 1 h, fail: "utility[*]", for: 10 min}
`

func TestBatteryBehindTheMeter(t *testing.T) {
	f, ds := scenarios.LoadBytes("battery.yaml", []byte(batteryScenario))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w := world(t, p, p.Duration)
	b, s := p.Battery, &w.Battery
	if s.Drawn == 0 || s.Given == 0 {
		t.Fatalf("drew %g J and gave %g J: the grid crosses the threshold on this day, so it should have done both", s.Drawn, s.Given)
	}
	if rest := b.Initial + b.Efficiency*s.Drawn - s.Given - s.Stored; math.Abs(rest) > 1e-9*s.Drawn {
		t.Errorf("%g J are missing in the battery", rest)
	}

	if _, err := Run(context.Background(), p, Options{Seed: p.Seed}); err != nil {
		t.Error(err) // a book that does not close
	}
	half := world(t, p, p.Duration*0.4)
	fork := half.Fork()
	back, err := Restore(p, p.Seed, half.Snapshot())
	if err != nil {
		t.Fatal(err)
	}
	whole := world(t, p, p.Duration)
	for name, x := range map[string]*World{"fork": fork, "restored": back} {
		if err := x.RunTo(context.Background(), p.Duration); err != nil {
			t.Fatal(err)
		}
		if x.Hash() != whole.Hash() {
			t.Errorf("the %s world does not end as the uninterrupted one", name)
		}
	}
}
