package twin

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// bench is one node of one GPU on a cold plate whose coolant stays at supply °C: it has more cooling than it can use.
func thermalBench(supply float64, gpu, rest string) string {
	return fmt.Sprintf(`
duration: 600 s
step: {calm: 60 s, disturbed: 10 s}
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 1, liquid: 100 %%, node: {gpus: 1, cpus: 0, gpu: {idle: 100 W, max: 1000 W, spread: 0, flow_exponent: 0,
    target: 75 degC, slowdown: 83 degC, shutdown: 95 degC, %s}}}}]}]
  liquid: {supply: %g degC, cdu: {count: 2, each: {rating: 500 kW, approach: 1 K}}}
  plant: {kind: none}
  power: {redundancy: none}
  other: 0
scheduler: {policy: fcfs, placement: first-fit}
%s`, gpu, supply, rest)
}

// told lives a plan and returns its events of the given types.
func told(t *testing.T, w *World, until float64, types ...string) []record.Event {
	t.Helper()
	var events []record.Event
	w.out = func(e *record.Event) {
		for _, x := range types {
			if e.Type == x {
				events = append(events, *e)
			}
		}
	}
	if err := w.RunTo(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	return events
}

// The closed form of the verification cases in the running twin: a step from 100 to 1,000 W in coolant of 35 °C, with
// 0.055 K/W and 6 s, is at 83 °C after 11.736 s, whatever the steps of the twin.
func TestThrottleTimeOfOneMass(t *testing.T) {
	p := plan(t, thermalBench(35, "resistance: 0.055 K/W, die_capacity: 109.0909090909091 J/K", `
workload: [{job: {name: a, gpus: 1, work: 400 s, submit: 103 s, gpu_utilisation: 1}}]`))
	w := world(t, p, 100)
	inlet := w.Racks[0].Inlet
	events := told(t, w, 300, "throttle.begin")
	die := compute.TwoPole{R2: 0.055, C1: 6 / 0.055}
	want := 103 + die.Time(die.Rest(100, inlet), die.Rest(1000, inlet), 83)
	if math.Abs(inlet-35) < 1e-9 && math.Abs(want-103-11.736375) > 1e-6 {
		t.Errorf("closed form %g s", want-103)
	}
	if len(events) != 1 || math.Abs(events[0].Time-want) > 1e-9 {
		t.Fatalf("%+v, want one at %.6f s", events, want)
	}
	if !strings.Contains(events[0].Text, "gpu-0 is at 83 °C") {
		t.Errorf("says %q", events[0].Text)
	}
	if h := w.Hottest; h.Die != 83 || h.DieAt != want || h.GPU != 0 {
		t.Errorf("hottest %+v", h)
	}
	near := func(what string, got, want, tol float64) {
		t.Helper()
		if math.Abs(got-want) > tol {
			t.Errorf("%s: %g, want %g", what, got, want)
		}
	}
	near("power that holds it a margin below", w.Racks[0].Power, (81-w.Racks[0].Inlet)/0.055, 1e-6)
	near("die held there", w.hottestNow(0), 81, 1e-6)
}

// brute is a GPU that anybody can check: two masses in steps of h seconds, which looks at its temperature in every step.
type brute struct {
	path        compute.TwoPole
	coolant     float64
	at          compute.Temperatures
	hot         bool
	idle, span  float64
	slow, hold  float64
	energy, now float64
	begins      []float64
}

func (b *brute) run(until, use, h float64) {
	r := b.path.R1 + b.path.R2
	for ; b.now < until-h/2; b.now += h {
		power := b.idle + b.span*use
		bound := max(b.coolant+r*power, b.at.Sink+b.path.R1*power)
		if b.at.Die >= b.slow && bound > b.slow && !b.hot {
			b.hot = true
			b.begins = append(b.begins, b.now)
		}
		if b.hot && bound > b.hold {
			power = max(b.idle, min((b.hold-b.coolant)/r, (b.hold-b.at.Sink)/b.path.R1))
		} else {
			b.hot = false
		}
		q := (b.at.Die - b.at.Sink) / b.path.R1
		b.at.Die += h * (power - q) / b.path.C1
		b.at.Sink += h * (q - (b.at.Sink-b.coolant)/b.path.R2) / b.path.C2
		b.energy += power * h
	}
}

// On random sequences of powers the running twin, which looks at a die only when its power changes or it throttles, is where
// an integration in small steps is: its temperature, the moments at which it throttles, its energy.
func TestDiesAgreeWithSmallSteps(t *testing.T) {
	for seed := range soak(15, 300) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			d := newDraw(7000 + seed)
			var jobs strings.Builder
			b := brute{path: compute.TwoPole{R1: 0.02, R2: 0.04, C1: 150, C2: 500}, idle: 100, span: 900, slow: 83, hold: 81}
			var at, use []float64
			for x := math.Round(d.between(5, 40)); x < 560; {
				length, u := math.Round(d.between(8, 90)), math.Round(d.between(0, 20))/20
				fmt.Fprintf(&jobs, "\n  - job: {name: j%g, gpus: 1, submit: %g s, work: 9999 s, walltime: %g s, gpu_utilisation: %g}", x, x, length, u)
				at, use = append(at, x, x+length), append(use, u, 0)
				x += length
				if d.chance(0.4) {
					x += math.Round(d.between(3, 60))
				}
			}
			p := plan(t, thermalBench(math.Round(d.between(25, 45)), "resistance: 0.06 K/W, die_resistance: 0.02 K/W, die_capacity: 150 J/K, sink_capacity: 500 J/K",
				"record: {every: 1 s}\nworkload:"+jobs.String()+"\n"))
			w, err := New(p, 1)
			if err != nil {
				t.Fatal(err)
			}
			b.coolant = w.Racks[0].Inlet
			b.at = b.path.Rest(b.idle, b.coolant)
			var begins []float64
			ch, _ := channel.Lookup("gpu.temperature")
			w.out = func(e *record.Event) {
				if e.Type == "throttle.begin" {
					begins = append(begins, e.Time)
				}
			}
			k, now, grazes := 0, 0.0, false
			w.see = func(w *World) error {
				for ; k < len(at) && at[k] <= w.Now; k++ {
					b.run(at[k], now, 1e-3)
					now, b.hot = use[k], false // a job that follows another at once begins free
				}
				b.run(w.Now, now, 1e-3)
				// Where a die but grazes its threshold, the last hundredth of a kelvin decides what happens next.
				if grazes = grazes || !b.hot && math.Abs(b.at.Die-b.slow) < 0.02; grazes {
					return nil
				}
				// What a die rests by less than 0.3 K away, or after six time constants, it is taken to have reached.
				if got := w.gauge(ch, nil)[0]; math.Abs(got-b.at.Die) > 0.35 {
					return fmt.Errorf("at %g s %.3f °C, in small steps %.3f °C", w.Now, got, b.at.Die)
				}
				return nil
			}
			if err := live(w); err != nil {
				t.Fatal(err)
			}
			if grazes {
				return
			}
			for i := range min(len(begins), len(b.begins)) {
				if math.Abs(begins[i]-b.begins[i]) > 0.5 {
					t.Errorf("throttles at %v s, in small steps at %v s", begins, b.begins)
					break
				}
			}
			if len(begins) != len(b.begins) {
				t.Errorf("throttles at %v s, in small steps at %v s", begins, b.begins)
			}
			if math.Abs(w.Totals.Drawn-b.energy) > 2e-3*b.energy {
				t.Errorf("%g J, in small steps %g J", w.Totals.Drawn, b.energy)
			}
		})
	}
}

// Leakage follows the die: over a load step the energy is that of small steps, not that of a die that is hot at once.
func TestLeakageFollowsTheDie(t *testing.T) {
	const gpu = "resistance: 0.05 K/W, die_resistance: 0.02 K/W, die_capacity: 150 J/K, sink_capacity: 1500 J/K, leakage: 0.3 %/K"
	text := thermalBench(25, gpu, "\nworkload: [{job: {name: a, gpus: 1, work: 400 s, submit: 100 s, gpu_utilisation: 70 %}}]")
	text = strings.Replace(text, "calm: 60 s", "calm: 10 s", 1)
	p := plan(t, text)
	w := world(t, p, 100)
	begin, coolant := w.Totals.Drawn, w.Racks[0].Inlet
	path := compute.TwoPole{R1: 0.02, R2: 0.03, C1: 150, C2: 1500}
	at := path.Rest(100, coolant)
	node := &p.RackTypes[0].Node
	base := node.GPU.Curve.Power(0.7, 0)
	const h = 1e-3
	energy := 0.0
	for now := 0.0; now < 60-h/2; now += h {
		power := 100 + (base-100)*(1+0.003*(at.Die-75))
		q := (at.Die - at.Sink) / path.R1
		at.Die += h * (power - q) / path.C1
		at.Sink += h * (q - (at.Sink-coolant)/path.R2) / path.C2
		energy += power * h
	}
	load := compute.Load{GPUsUp: 1, Groups: []compute.Group{{GPUs: 1, Util: w.use(0), Limit: math.Inf(1), Spread: 1}}, Settled: true}
	load.Groups[0].Util.GPU = 0.7
	idle := compute.Load{GPUsUp: 1}
	fixed := node.Eval(&idle, coolant)
	rest := node.Eval(&load, coolant).GPUs * 60
	if err := w.RunTo(t.Context(), 160); err != nil {
		t.Fatal(err)
	}
	got := w.Totals.Drawn - begin - 60*(fixed.Input-fixed.GPUs)
	if math.Abs(got-energy) > 2e-3*energy {
		t.Errorf("%.6g J in the first minute, in small steps %.6g J, of a die at rest %.6g J", got, energy, rest)
	}
	if rest < 1.02*energy {
		t.Errorf("a die at rest draws %.6g J, no more than one that warms, %.6g J", rest, energy)
	}
}

// A die whose fans can hold it, but whose sink is still warm from less flow, throttles until the sink has cooled.
func TestWarmSinkThrottles(t *testing.T) {
	p := plan(t, `
duration: 40 min
step: {calm: 10 s, disturbed: 10 s}
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 1, node: {gpus: 1, cpus: 0, psu: {model: ideal}, fans: {power: 50 W, flow: 0.05 m3/s, minimum: 5 %},
    gpu: {idle: 100 W, max: 1000 W, spread: 0, resistance: 0.05 K/W, die_resistance: 0.02 K/W, die_capacity: 150 J/K, sink_capacity: 1500 J/K, target: 78 degC, slowdown: 83 degC, shutdown: 95 degC, leakage: 0 %/K}}}}]}]
  air: {supply: 22 degC, crah: {count: 2, each: {rating: 20 kW}}}
  power: {redundancy: none}
  other: 0
workload: [{job: {name: a, gpus: 1, work: 2000 s, phases: [{for: 1200 s, gpu: 30 %}, {for: 800 s, gpu: 100 %}]}}]
record: {every: 10 s}
scheduler: {policy: fcfs, placement: first-fit}
`)
	w, err := New(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	events := told(t, w, 1900, "throttle.begin", "throttle.end")
	if len(events) != 2 || events[0].Type != "throttle.begin" || events[0].Time < 1200 || events[1].Time-events[0].Time < 5 || events[1].Time > 1500 {
		t.Fatalf("%+v", events)
	}
	if die := w.hottestNow(0); math.Abs(die-78) > 0.5 {
		t.Errorf("the die comes to rest at %.2f °C", die)
	}
	if w.Hottest.Die > 83.001 {
		t.Errorf("a die stood at %.3f °C", w.Hottest.Die)
	}
}

// hotRow is a rack of two DGX-like nodes whose air is at supply °C.
func hotRow(supply float64, fans string, rest string) string {
	return fmt.Sprintf(`
duration: 2 h
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 2, node: {gpus: 8, gpu_rows: 2, gpu: {use: hardware/gpu-h100-sxm}, cpus: 0, fans: {%s}}}}]}]
  air: {supply: %g degC, crah: {count: 4, each: {rating: 60 kW}}}
  power: {redundancy: none}
  other: 0
workload: [{job: {name: a, nodes: 2, work: 1 h, submit: 10 min, gpu_utilisation: 1}}]
%s`, fans, supply, rest)
}

// More flow is cooler dies, hotter air is never faster, and a GPU behind another is hotter than the same GPU before it.
func TestDiesKnowFlowAirAndPlace(t *testing.T) {
	ch, _ := channel.Lookup("gpu.temperature")
	run := func(supply float64, fans string) *World {
		return world(t, plan(t, hotRow(supply, fans, "")), 3000)
	}
	const fans = "power: 750 W, flow: %g m3/s, minimum: 100 %%"
	few, many := run(20, fmt.Sprintf(fans, 0.5)), run(20, fmt.Sprintf(fans, 0.8))
	a, b := few.gauge(ch, nil), many.gauge(ch, nil)
	for g := range a {
		if a[g] <= b[g] {
			t.Errorf("gpu %d: %.2f °C at 0.5 m³/s, %.2f °C at 0.8 m³/s", g, a[g], b[g])
		}
	}
	speed := 2.0
	for _, supply := range []float64{20, 25, 30, 35} {
		w := run(supply, "power: 750 W, flow: 0.6 m3/s")
		if s := w.Racks[0].Speed; s > speed {
			t.Errorf("faster in air of %g °C: %g after %g", supply, s, speed)
		} else {
			speed = s
		}
	}
	if speed == 1 {
		t.Error("air of 35 °C holds nobody back")
	}
	if s := few.Jobs[0].Speed; s != few.Racks[0].Speed {
		t.Errorf("the job runs at %g, its slowest GPU at %g", s, few.Racks[0].Speed)
	}
	flat := plan(t, strings.Replace(hotRow(20, fmt.Sprintf(fans, 0.5), ""), "cpus: 0", "cpus: 0, psu: {model: ideal}", 1))
	for i := range flat.RackTypes {
		flat.RackTypes[i].Node.GPU.Spread = 0
	}
	w := world(t, flat, 3000)
	c := w.gauge(ch, nil)
	for g, v := range c[:8] {
		if (g < 4) != (v == c[0]) || (g >= 4) != (v == c[7]) || c[7] <= c[0]+1 {
			t.Fatalf("by place: %v", c[:8])
		}
	}
	if hot := w.plan.Tree.Levels[facility.GPU].Local[w.Racks[0].Die]; hot < 4 {
		t.Errorf("the hottest is number %d, of the front row", hot)
	}
}

// Where the coolant is so hot that idle GPUs pass their limit, the rack shuts down when its dies are there, not before; and
// starts again when it is cool.
func TestShutdownTakesItsTime(t *testing.T) {
	p := plan(t, thermalBench(35, "resistance: 0.055 K/W, die_capacity: 109.0909090909091 J/K", `
workload: [{job: {name: a, gpus: 1, work: 9000 s, gpu_utilisation: 1}}]`))
	w := world(t, p, 200)
	die := compute.TwoPole{R2: 0.055, C1: 6 / 0.055}
	at := w.hottestNow(0)
	for i := range w.Cooling.RackLiquid { // the plate dries up
		w.Cooling.RackLiquid[i] = 120
	}
	w.limitRacks()
	w.settle()
	want := w.Now + die.Time(compute.Temperatures{Die: at}, die.Rest(100, 120), 95)
	events := told(t, w, want+5, "rack.shutdown")
	if len(events) != 1 || math.Abs(events[0].Time-want) > 1e-6 || want < 181 {
		t.Errorf("%+v, want one at %g s", events, want)
	}
	if w.Nodes[0].Up || w.Racks[0].Power > 0 {
		t.Error("it goes on")
	}
}

// A job that follows another on the same GPUs finds them as hot as that left them.
func TestNextJobFindsGPUsWarm(t *testing.T) {
	const gpu = "resistance: 0.06 K/W, die_resistance: 0.02 K/W, die_capacity: 150 J/K, sink_capacity: 500 J/K"
	begin := func(submit string) float64 {
		w := world(t, plan(t, thermalBench(38, gpu, `
workload:
  - job: {name: a, gpus: 1, submit: 60 s, work: 200 s, gpu_utilisation: 60 %}
  - job: {name: b, gpus: 1, submit: `+submit+`, work: 300 s, gpu_utilisation: 1}`)), 50)
		from := 0.0
		if _, err := fmt.Sscanf(submit, "%g s", &from); err != nil {
			t.Fatal(err)
		}
		e := told(t, w, 590, "throttle.begin")
		if len(e) != 1 {
			t.Fatalf("%+v", e)
		}
		return e[0].Time - max(from, 260)
	}
	soon, later := begin("270 s"), begin("500 s")
	if !(soon > 1 && later > soon+5) {
		t.Errorf("throttles %g s after a start on warm GPUs, %g s on cold ones", soon, later)
	}
}

func TestSteeringDoesNotAllocate(t *testing.T) {
	w := world(t, plan(t, hotRow(24, "power: 750 W, flow: 0.6 m3/s", "")), 1800)
	k := 0.0
	if n := testing.AllocsPerRun(100, func() {
		k += 0.5
		w.Racks[0].Inlet = 24 + math.Mod(k, 3)
		w.stir(0)
		w.evaluate(0)
		w.Racks[0].Dirty, w.dirty, w.flagged = false, w.dirty[:0], w.flagged[:0]
	}); n > 0 {
		t.Errorf("%g allocations", n)
	}
}

func BenchmarkEvaluateRack(b *testing.B) {
	p, ds := compiled(hotRow(24, "power: 750 W, flow: 0.6 m3/s", ""))
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	w, err := New(p, 1)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.RunTo(b.Context(), 1800); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		w.Racks[0].Inlet = 24 + float64(i%8)*0.2
		w.stir(0)
		w.evaluate(0)
		w.Racks[0].Dirty, w.dirty, w.flagged = false, w.dirty[:0], w.flagged[:0]
	}
}
