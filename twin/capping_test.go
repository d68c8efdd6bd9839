package twin

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Two racks of 8 GPUs of 700 W behind one PDU of 12 kW: idle they draw 2 kW, at full load 12.6 kW and 2 kW of the rest.
const cappedSite = `halltwin: v1
name: capped
start: 2025-01-01T00:00:00Z
duration: 4 h
site:
  plant: {kind: none}
  other: 0
  halls: [{rows: [{racks: 2, rack: {nodes: 1, flow: 1 m3/s, node: {gpus: 8, gpu: {idle: 70 W, max: 700 W, min_limit: 200 W}, cpus: 1, cpu: {idle: 200 W, max: 400 W}}}}]}]
  power: {redundancy: N, transformer: {count: 0}, genset: {count: 0}, ups: {count: 0}, pdu: {count: 1, rating: %s}}
workload:
  - job: {name: low, submit: 602 s, gpus: 8, gpu_utilisation: 100 %%, work: 2 h, priority: 1}
  - job: {name: high, submit: 602 s, gpus: 8, gpu_utilisation: 100 %%, work: 1 h, priority: 2}
record: {every: 60 s}
controls: {capping: {%s}}
`

// capWorld compiles a variant of that site and keeps the events that its world emits.
func capWorld(t *testing.T, rating, capping string) (*World, *[]record.Event) {
	t.Helper()
	text := fmt.Sprintf(cappedSite, rating, capping)
	if capping == "" {
		text = strings.Replace(text, "controls: {capping: {}}\n", "", 1)
	}
	f, ds := scenarios.LoadBytes("capped.yaml", []byte(text))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w, err := New(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	events := new([]record.Event)
	w.out = func(e *record.Event) { *events = append(*events, *e) }
	return w, events
}

func (w *World) until(t *testing.T, at float64) {
	t.Helper()
	if err := w.RunTo(context.Background(), at); err != nil {
		t.Fatal(err)
	}
}

func pduLoad(w *World) float64 { return w.plan.Power.Loads(&w.Power, facility.PDU)[0] }

func TestCappingKeepsBreakersClosed(t *testing.T) {
	free, _ := capWorld(t, "10 kW", "")
	free.until(t, 7200)
	if free.Power.Counts.BreakerTrips == 0 {
		t.Fatal("the PDU is not overloaded without capping")
	}
	w, events := capWorld(t, "10 kW", `limits: {"pdu[*]": 100 %}`)
	w.until(t, 7200)
	if w.Power.Counts.BreakerTrips != 0 {
		t.Error("it trips in spite of capping")
	}
	// Jobs start at 602 s; the next look is at 603 s, and GPUs hold its decision 2 s later.
	if e := first(*events, "cap.begin"); e == nil || e.Time != 603 {
		t.Errorf("%+v", e)
	}
	w, _ = capWorld(t, "10 kW", `limits: {"pdu[*]": 100 %}`)
	w.until(t, 604.9)
	if x := pduLoad(w); x < 1.1 {
		t.Errorf("capped too early: %g", x)
	}
	w.until(t, 605.1)
	if x := pduLoad(w); math.Abs(x-0.95) > 1e-6 {
		t.Errorf("%g of the rating after capping, want 0.95", x)
	}
	// The job of low priority gives all of it: 11.6 kW + 0.8 % of loss are cut to 9.5.
	low, high := w.limit(0, 255, 0), w.limit(1, 255, 1)
	if low >= 700 || !math.IsInf(high, 1) {
		t.Errorf("limits %g and %g W", low, high)
	}
	if low < 200 {
		t.Errorf("%g W is below what the driver accepts", low)
	}
	// The job of high priority ends after an hour: the caps are lifted.
	w.until(t, 4300)
	if l := w.limit(0, 255, 0); !math.IsInf(l, 1) {
		t.Errorf("still capped to %g W", l)
	}
}

func first(events []record.Event, kind string) *record.Event {
	for i := range events {
		if events[i].Type == kind {
			return &events[i]
		}
	}
	return nil
}

// A limit below what caps can reach is said once, and does not keep the controller busy.
func TestCappingFallsShort(t *testing.T) {
	w, events := capWorld(t, "20 kW", "limits: {site: 3.3 kW}")
	w.until(t, 4000)
	n := 0
	for _, e := range *events {
		if e.Type == "cap.short" {
			n++
		}
	}
	if n != 1 || w.limit(0, 255, 0) != 200 || w.limit(1, 255, 1) != 200 {
		t.Errorf("said %d times; limits %g, %g W", n, w.limit(0, 255, 0), w.limit(1, 255, 1))
	}
	if w.Totals.Events > 500 {
		t.Errorf("%d events", w.Totals.Events)
	}
}

// Nested limits: what the inner one has cut the outer one need not.
func TestCappingNests(t *testing.T) {
	w, _ := capWorld(t, "20 kW", `limits: {"rack[0]": 5 kW, site: 11.2 kW}, above: 99 %, target: 98 %, release: 90 %`)
	w.until(t, 700)
	if p := w.Racks[0].Power; math.Abs(p-4900) > 1 {
		t.Errorf("rack-0 at %g W", p)
	}
	grid, _ := w.sources()
	if grid > 11200 {
		t.Errorf("site at %g W", grid)
	}
	if !math.IsInf(w.limit(1, 255, 1), 1) {
		t.Errorf("the other rack is capped to %g W without need: the site is at %g W", w.limit(1, 255, 1), grid)
	}
}

// A world that is saved and restored while it is capped goes on as one that was not.
func TestCappingResumes(t *testing.T) {
	whole, _ := capWorld(t, "10 kW", `limits: {"pdu[*]": 100 %}`)
	whole.until(t, whole.plan.Duration)
	for _, at := range []float64{300, 603.5, 1200, 4203} {
		w, _ := capWorld(t, "10 kW", `limits: {"pdu[*]": 100 %}`)
		w.until(t, at)
		fork := w.Fork()
		w, err := Restore(w.plan, 1, w.Snapshot())
		if err != nil {
			t.Fatal(err)
		}
		w.until(t, w.plan.Duration)
		fork.until(t, w.plan.Duration)
		if w.Hash() != whole.Hash() || fork.Hash() != whole.Hash() {
			t.Errorf("resumed at %g s it goes another way", at)
		}
	}
}

func TestCappingSpecRefuses(t *testing.T) {
	for capping, want := range map[string]string{
		`limits: {site: 1 kW}`:                             "idle racks",
		`limits: {site: many}`:                             "neither a power nor a share",
		`limits: {utility-a: 90 %}`:                        "no rating",
		`limits: {site: 90 %}, target: 80 %`:               "release",
		`limits: {site: 90 %}, first: [batch, batch]`:      "at most once",
		`limits: {"gpu[*]": 300 W}`:                        "no rack",
		`limits: {"pdu[9]": 90 %}`:                         "pdu",
		`limits: {site: 90 %}, above: 94 %, release: 10 %`: "target",
	} {
		f, ds := scenarios.LoadBytes("capped.yaml", []byte(fmt.Sprintf(cappedSite, "10 kW", capping)))
		if len(ds) == 0 {
			_, ds = f.Plan("")
		}
		if len(ds) == 0 || !strings.Contains(ds.Error(), want) {
			t.Errorf("%s: %v", capping, ds)
		}
	}
}
