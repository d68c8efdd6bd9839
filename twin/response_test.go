package twin

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// Two racks of 8 GPUs that draw 6 kW each at full load, 1 kW idle, without losses or cooling. The request comes at 1 h.
const responseSite = `halltwin: v1
name: response
start: 2025-01-01T00:00:00Z
duration: 4 h
site:
  plant: {kind: none}
  other: 0
  halls: [{rows: [{racks: 2, rack: {nodes: 1, flow: 1 m3/s, node: {gpus: 8, gpu: {idle: 70 W, max: 700 W, min_limit: 200 W, leakage: 0 %/K}, cpus: 1, cpu: {idle: 200 W, max: 400 W}}}}]}]
  power: {redundancy: none}
  `

const responseWork = `
workload:
  - job: {name: low, gpus: 8, gpu_utilisation: 100 %, cpu_utilisation: 0, work: 8 h, priority: 1}
  - job: {name: high, gpus: 8, gpu_utilisation: 100 %, cpu_utilisation: 0, work: 8 h, priority: 2}
record: {every: 60 s}
controls: {demand_response: {reduce: 1 kW, from: 1 h, for: 2 h, notice: 0 s, `

func responseWorld(t *testing.T, battery, how string) *World {
	t.Helper()
	f, ds := scenarios.LoadBytes("response.yaml", []byte(responseSite+battery+responseWork+how+"}}\n"))
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
	w.out = func(*record.Event) {}
	return w
}

// A battery of 1 kWh lasts the two hours at 500 W: half of the request is met, exactly, and it costs no work. Without a
// limit on its energy it meets all of it.
func TestResponseByBattery(t *testing.T) {
	for capacity, met := range map[string]float64{"1 kWh": 0.5, "2 kWh": 1, "9 kWh": 1} {
		w := responseWorld(t, "battery: {capacity: "+capacity+", power: 1 kW, policy: reserve, charge: 100 %}", "cap: false")
		w.until(t, 4*3600)
		if got := w.responseResult("response.met"); math.Abs(got-met) > 1e-6 {
			t.Errorf("%s: %g of the request met, want %g", capacity, got, met)
		}
		if got := w.responseResult("response.shed"); math.Abs(got-1000*met) > 1e-3 {
			t.Errorf("%s: %g W shed, want %g", capacity, got, 1000*met)
		}
		if got := w.responseResult("response.gpu_hours"); got != 0 {
			t.Errorf("%s: it costs %g GPU-hours", capacity, got)
		}
	}
}

// Caps take the kilowatt from the work of low priority, 125 W a GPU; its cost is what those GPUs are slower by.
func TestResponseByCaps(t *testing.T) {
	w := responseWorld(t, "", "cap: true")
	w.until(t, 3600+60)
	base, limit := w.Response.Base, w.Response.Limit
	if math.Abs(base-limit-1000) > 1e-6 {
		t.Fatalf("a baseline of %g W and a limit of %g W", base, limit)
	}
	if got := w.meter(); got > limit || got < 0.997*limit {
		t.Errorf("the meter stands at %g W, want just below %g", got, limit)
	}
	if w.Jobs[1].Speed != 1 || w.Jobs[0].Speed >= 1 {
		t.Errorf("low runs at %g, high at %g: caps are for low", w.Jobs[0].Speed, w.Jobs[1].Speed)
	}
	slow := w.Jobs[0].Speed
	w.until(t, 4*3600)
	if got, want := w.responseResult("response.gpu_hours"), 8*2*(1-slow); math.Abs(got/want-1) > 0.005 {
		t.Errorf("it costs %g GPU-hours, want %g", got, want)
	}
	if got := w.responseResult("response.met"); got < 0.999 {
		t.Errorf("%g of the request met", got)
	}
	if w.Jobs[0].Speed != 1 {
		t.Errorf("after the event low still runs at %g", w.Jobs[0].Speed)
	}
}

// With deferral no node takes work in the event; jobs that run go on, so that without an end of theirs nothing is shed.
func TestResponseByDeferral(t *testing.T) {
	w := responseWorld(t, "", "cap: false, defer: true")
	w.until(t, 3600+1)
	if w.Drains != 2 || w.meter() != w.Response.Base {
		t.Errorf("%d nodes take no work, the meter stands at %g W of %g", w.Drains, w.meter(), w.Response.Base)
	}
	w.until(t, 3*3600+1)
	if w.Drains != 0 || w.Response.Phase != ResponseOver {
		t.Errorf("after the event %d nodes take no work", w.Drains)
	}
	if got := w.responseResult("response.met"); got != 0 {
		t.Errorf("jobs that run go on, and yet %g of the request is met", got)
	}
}
