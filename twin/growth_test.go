package twin

import (
	"context"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/growth"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

const steadyYear = `halltwin: v1
name: steady-year
start: 2025-01-06T00:00:00-06:00
duration: DURATION
seed: 1
site:
  use: sites/h100-hall-1k
  weather: {file: weather/chicago.epw}
  grid: {carbon: {file: carbon/us-pjm.csv}, price: {constant: 0.071 USD/kWh}}
  halls: [{rows: [{count: 4, racks: 8, rack: {use: hardware/rack-dgx-h100-4}}]}]
workload: [{generate: {use: workloads/llm-lab, load: 70 %}}]
step: {calm: 30 min}
`

func text(t *testing.T, s string) *scenarios.Plan {
	t.Helper()
	f, ds := scenarios.LoadBytes("growth.yaml", []byte(s))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return p
}

func kpi(t *testing.T, s *record.Summary, key string) float64 {
	t.Helper()
	k, ok := s.KPI(key)
	if !ok {
		t.Fatalf("no %s", key)
	}
	return k.Value
}

// A year of the same hall lived in full, and in typical weeks of each quarter and of each month.
func TestTypicalWeeksMakeTheYear(t *testing.T) {
	replace := func(d string) string { return strings.Replace(steadyYear, "DURATION", d, 1) }
	whole, err := Run(context.Background(), text(t, replace("365 d")), Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	periods := []struct {
		seasons, length string
		tolerance       map[string]float64
	}{
		{"12", "3 d", map[string]float64{"energy.site": 0.05, "energy.pue": 0.005, "carbon.operational": 0.05, "compute.goodput": 0.005}},
	}
	if os.Getenv("HALLTWIN_SOAK") != "" {
		periods = append(periods, periods[0], periods[0], periods[0])
		close := map[string]float64{"energy.site": 0.01, "energy.pue": 0.002, "carbon.operational": 0.01, "compute.goodput": 0.001}
		periods[1].length, periods[1].tolerance = "7 d", close
		periods[2].seasons, periods[2].length = "4", "7 d"
		periods[2].tolerance = map[string]float64{"energy.site": 0.08, "energy.pue": 0.01, "carbon.operational": 0.08, "compute.goodput": 0.005}
		periods[3].seasons, periods[3].length, periods[3].tolerance = "52", "7 d", close
	}
	for _, x := range periods {
		weeks, err := Run(context.Background(), text(t, replace(x.length)+"growth: {span: 1 year, seasons: "+x.seasons+`, demand: {gpus: 716.8}, phases: [
    {name: hall, hall: {racks: 32, power: 2 MW, cooling: 2 MW}, rack: {use: hardware/rack-dgx-h100-4}}]}`), Options{Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		for _, key := range []string{"energy.site", "energy.pue", "carbon.operational", "compute.goodput"} {
			got, want := kpi(t, weeks, key), kpi(t, whole, key)
			t.Logf("%s seasons of %s: %s %.6g, of the whole year %.6g: %+.2f %%", x.seasons, x.length, key, got, want, 100*(got/want-1))
			if math.Abs(got/want-1) > x.tolerance[key] {
				t.Errorf("%s of %s typical periods is %g, of the year %g", key, x.seasons, got, want)
			}
		}
	}
}

// Two years of one hall, costed by hand: servers bought once, their worth after two of five years, taxes, and energy as it was.
func TestGrowthIsCostedByHand(t *testing.T) {
	p := text(t, strings.Replace(steadyYear, "DURATION", "1 d", 1)+`economics: {discount_rate: 8 %, property_tax: 1 %, assets: {servers: {per: gpu, price: 30000 USD, life: 5 years, embodied: 500 kg}}}
growth: {span: 2 years, seasons: 2, demand: {gpus: 500, growth: 50 %}, phases: [
    {name: hall, hall: {racks: 32, power: 2 MW, cooling: 2 MW}, rack: {use: hardware/rack-dgx-h100-4}, racks: 16},
    {name: more, in: hall, at: 1 year, price: 80 %}]}`)
	s, err := Run(context.Background(), p, Options{Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	first, second := 512*30000.0, 512*30000.0*0.8
	d := func(years float64) float64 { return economics.Discount(0.08, years) }
	want := first + second*d(1) - (first*3/5+second*4/5)*d(2)
	for k, row := range s.Seasons {
		mid := 0.25 + 0.5*float64(k)
		tax := 0.01 * first
		if k >= 2 {
			tax += 0.01 * second
		}
		want += d(mid) * (tax/2 + row.Energy)
	}
	if got := kpi(t, s, "cost.present_value"); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("present value %.10g, want %.10g", got, want)
	}
	if got, want := kpi(t, s, "carbon.embodied"), 512*500*(2.0/5+1.0/5); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("embodied carbon %g, want %g", got, want)
	}
	if got := s.Seasons[2].Capacity; got != 1024 {
		t.Errorf("%g GPUs in the second year", got)
	}
	for _, r := range s.Seasons {
		if r.Served > r.Capacity || r.Served < r.Capacity/4 {
			t.Errorf("%g of %g GPUs worked", r.Served, r.Capacity)
		}
	}
	if st := p.Growth.Plan.Stages[3]; st.To != 2*growth.Year {
		t.Errorf("the plan ends at %g", st.To)
	}
	if _, err := Begin(p, Options{}); err == nil {
		t.Error("somebody drives a plan of years")
	}
}
