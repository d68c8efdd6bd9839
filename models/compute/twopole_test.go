package compute

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"
)

// hgx is the way of heat of an air-cooled GPU, with round figures.
var hgx = TwoPole{R1: 0.025, R2: 0.03, C1: 250, C2: 3000}

// The two-node step of the verification cases: 700 W from rest at coolant temperature.
func TestTwoPoleStep(t *testing.T) {
	fast, slow := hgx.Taus()
	near(t, "fast", fast, 5.73916, 1e-6)
	near(t, "slow", slow, 98.0108, 1e-6)
	for _, x := range [][3]float64{{1, 2.5884, 0.01757}, {5, 9.71899, 0.3498}, {60, 25.58213, 8.90632}, {600, 38.44771, 20.95105}} {
		at := hgx.After(Temperatures{}, 700, 0, x[0])
		if math.Abs(at.Die-x[1]) > 1e-5 || math.Abs(at.Sink-x[2]) > 1e-5 {
			t.Errorf("%g s: %.5f and %.5f K, want %g and %g", x[0], at.Die, at.Sink, x[1], x[2])
		}
	}
	if rest := hgx.Rest(700, 30); math.Abs(rest.Die-68.5) > 1e-12 || math.Abs(rest.Sink-51) > 1e-12 {
		t.Errorf("rests at %+v", rest)
	}
}

// A single mass, 0.055 K/W and 6 s: a step from 100 to 1,000 W in coolant of 35 °C passes 83 °C after 11.736 s.
func TestOneMass(t *testing.T) {
	p := TwoPole{R1: 0.02, R2: 0.035, C1: 6 / 0.055}
	near(t, "3 s", p.After(p.Rest(100, 30), 700, 30, 3).Die, 68.5-33*math.Exp(-0.5), 1e-12)
	near(t, "time", p.Time(p.Rest(100, 35), p.Rest(1000, 35), 83), 11.736375, 1e-6)
	at := p.After(p.Rest(100, 30), 700, 30, 3)
	near(t, "sink, in steady flow behind the mass", at.Sink, (at.Die*0.035+30*0.02)/0.055, 1e-12)
}

// The exact step composes, and is what an explicit integration in steps of 1 ms comes to, on any sequence of powers.
func TestTwoPoleAgreesWithSmallSteps(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		p := TwoPole{R1: in("R1", 0.01, 0.05), R2: in("R2", 0.01, 0.2), C1: in("C1", 100, 400), C2: in("C2", 300, 4000)}
		const n, h = 5, 1e-3
		var when, power, coolant, die [n]float64
		for i := range when {
			power[i], coolant[i] = in("power", 0, 1200), in("coolant", 15, 50)
			if i > 0 {
				when[i] = when[i-1] + math.Round(in("for", 0.1, 20)/h)*h
			}
		}
		x := Temperatures{Die: in("die", 20, 90), Sink: in("sink", 20, 60)}
		end := p.Follow(x, when[:], power[:], coolant[:], die[:])
		peak := x.Die
		for i := 1; i < n; i++ {
			for range int(math.Round((when[i] - when[i-1]) / h)) {
				q := (x.Die - x.Sink) / p.R1
				x = Temperatures{x.Die + h*(power[i-1]-q)/p.C1, x.Sink + h*(q-(x.Sink-coolant[i-1])/p.R2)/p.C2}
				peak = max(peak, x.Die)
			}
			if math.Abs(x.Die-die[i]) > 0.02 {
				t.Fatalf("%g s: %.4f °C, in small steps %.4f °C", when[i], die[i], x.Die)
			}
		}
		if math.Abs(x.Sink-end.Sink) > 0.02 {
			t.Fatalf("sink at %.4f °C, in small steps %.4f °C", end.Sink, x.Sink)
		}
	})
}

// The time to a threshold is when the response first reaches it, whatever turns it takes on its way.
func TestTimeToThreshold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := func(name string, lo, hi float64) float64 { return rapid.Float64Range(lo, hi).Draw(t, name) }
		p := TwoPole{R1: in("R1", 0.01, 0.05), R2: in("R2", 0.01, 0.2), C1: in("C1", 100, 400)}
		if rapid.Bool().Draw(t, "two masses") {
			p.C2 = in("C2", 300, 4000)
		}
		at := Temperatures{Die: in("die", 20, 90), Sink: in("sink", 20, 90)}
		power, coolant, limit := in("power", 0, 1200), in("coolant", 15, 50), in("limit", 25, 95)
		got := p.Time(at, p.Rest(power, coolant), limit)
		first := math.Inf(1)
		const h = 0.05
		_, slow := p.Taus()
		d, x := p.Decay(h), at
		for k := range int(15 * slow / h) {
			if x.Die >= limit {
				first = float64(k) * h
				break
			}
			x = d.From(x, p.Rest(power, coolant))
		}
		switch {
		case math.IsInf(first, 1):
			if got < 14*slow && p.After(at, power, coolant, got).Die < limit-1e-6 {
				t.Fatalf("%g s, but it never reaches %g °C", got, limit)
			}
		case got > first+1e-9 || got < first-h-1e-9:
			t.Fatalf("%g s, by looking %g s", got, first)
		case got > 0 && math.Abs(p.After(at, power, coolant, got).Die-limit) > 1e-6:
			t.Fatalf("at %g s it is at %g °C, not %g", got, p.After(at, power, coolant, got).Die, limit)
		}
	})
}

// A die that is steered now and then is where the steered equations take it.
func TestDieFollowsWhatSteersIt(t *testing.T) {
	g := h100()
	g.DieResistance, g.DieCapacity, g.SinkCapacity = 0.025, 200, 1200
	p := TwoPole{R1: 0.025, R2: 0.055, C1: 200, C2: 1200}
	var d Die
	d.Begin(0, p.Rest(70, 25))
	want := p.Rest(70, 25)
	power, now := 70.0, 0.0
	for i, x := range [][2]float64{{3, 700}, {4, 700}, {40, 200}, {41, 650}, {55, 70}, {2000, 700}} {
		want = p.After(want, power, 25, x[0]-now)
		now, power = x[0], x[1]
		gr := Group{R1: p.R1, R2: p.R2, Rest: p.Rest(power, 25)}
		d.Turn(&g, now, &gr)
		if at := d.Now(&g, now); math.Abs(at.Die-want.Die) > 1e-9 && i < 5 || math.Abs(at.Die-want.Die) > 0.2 {
			t.Errorf("%g s: %.6f °C, want %.6f", now, at.Die, want.Die)
		}
	}
	before := d
	d.Turn(&g, 2010, &Group{R1: p.R1, R2: p.R2, Rest: p.Rest(700, 25)})
	if d != before {
		t.Error("steered where it goes already, it was disturbed")
	}
	near(t, "when it reaches 75 °C", p.After(p.Rest(70, 25), 700, 25, d.Reaches(&g, 75)-2000).Die, 75, 1e-9)
	if !math.IsInf(d.Reaches(&g, 82), 1) {
		t.Error("it reaches more than its rest")
	}
}

func TestFollowDoesNotAllocate(t *testing.T) {
	when, power, coolant, die := make([]float64, 100), make([]float64, 100), make([]float64, 100), make([]float64, 100)
	for i := range when {
		when[i], power[i], coolant[i] = float64(i)/10, 700, 30
	}
	if k := testing.AllocsPerRun(100, func() { hgx.Follow(Temperatures{30, 30}, when, power, coolant, die) }); k != 0 {
		t.Errorf("%g allocations", k)
	}
}

func BenchmarkFollow(b *testing.B) {
	const n = 8000 // a step test of 800 s at 10 Hz
	when, power, coolant, die := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range when {
		when[i], power[i], coolant[i] = float64(i)/10, 700, 30
	}
	for b.Loop() {
		hgx.Follow(Temperatures{30, 30}, when, power, coolant, die)
	}
}

func BenchmarkDecay(b *testing.B) {
	for b.Loop() {
		hgx.Decay(13)
	}
}

// rear is a node of two rows of GPUs that leak, one behind the other.
func rear() Node {
	s := NodeSpec{
		GPUs: 8, GPURows: 2, GPUAir: 0.7, GPU: GPUSpec{Idle: 70, Max: 700, Power: CurveSpec{Model: "linear"}, Resistance: 0.07, DieResistance: 0.025,
			FlowExponent: 0.8, Target: 80, Slowdown: 87, Shutdown: 95, Leakage: 0.002},
		Fans: FanSpec{Power: 750, Flow: 0.65, Minimum: 0.3, RampFrom: 27, RampTo: 40, Exponent: 2.8},
	}
	return s.Compile()
}

// GPUs behind others are hotter, by the heat that those gave to the air.
func TestPositionInTheNode(t *testing.T) {
	n := rear()
	var before [8]int
	for i := range before {
		before[i] = n.Before(i)
	}
	if before != [8]int{0, 0, 0, 0, 4, 4, 4, 4} {
		t.Errorf("GPUs before: %v", before)
	}
	die := func(use, inlet float64, before int) Draw {
		l := Load{GPUsUp: 8, Groups: []Group{{GPUs: 8, Limit: math.Inf(1), Spread: 1, Before: before}}}
		l.Groups[0].Util.GPU = use
		return n.Eval(&l, inlet)
	}
	front, back := die(0.1, 20, 0), die(0.1, 20, 4)
	near(t, "both at the least flow", front.Flow, back.Flow, 1e-12)
	own := (0.025 + 0.045/math.Pow(0.3, 0.8)) * (back.GPUs - front.GPUs) / 8 // it leaks a little more
	near(t, "warmer by", back.Hottest-front.Hottest, 4*back.GPUs/8/(airHeat*0.7*back.Flow)+own, 1e-9)
	// The fans hold the hottest die at its target, also where the air before it warms with 1/y and its sink with y^-0.8.
	for _, use := range []float64{0.5, 0.7, 0.9, 1} {
		d := die(use, 22, 4)
		near(t, fmt.Sprintf("hottest die at %.0f %%", 100*use), d.Hottest, 80, 1e-9)
		if free := die(use, 22, 0); free.Flow >= d.Flow {
			t.Errorf("in front %g m³/s, behind others %g", free.Flow, d.Flow)
		}
	}
	last := math.Inf(1)
	for inlet := 60.0; inlet >= 30; inlet-- { // colder air is cooler dies, and never slower
		d := die(1, inlet, 4)
		if d.Hottest > last+1e-9 {
			t.Errorf("hotter in colder air of %g °C", inlet)
		}
		last = d.Hottest
	}
}

// The power solves P = idle + (stated - idle)(1 + λ (T - target)) at the die's own temperature, and never passes max.
func TestLeakage(t *testing.T) {
	n := rear()
	g := &n.GPU
	rapid.Check(t, func(t *rapid.T) {
		use, inlet := rapid.Float64Range(0, 1).Draw(t, "use"), rapid.Float64Range(5, 60).Draw(t, "inlet")
		l := Load{GPUsUp: 8, Groups: []Group{{GPUs: 8, Limit: math.Inf(1), Spread: rapid.Float64Range(0.9, 1.1).Draw(t, "spread"), Before: 4}}}
		l.Groups[0].Util.GPU = use
		n.Eval(&l, inlet)
		gr := &l.Groups[0]
		stated := g.Curve.Power(use, 0)
		if want := g.Idle + (stated-g.Idle)*(1+0.002*(gr.Rest.Die-80)); gr.Bound == Unbound && math.Abs(gr.Power-want) > 1e-9*want {
			t.Fatalf("%g W, want %g W at %g °C", gr.Power, want, gr.Rest.Die)
		}
		if gr.Power > g.Max || gr.Power < g.Idle {
			t.Fatalf("%g W", gr.Power)
		}
		if gr.Bound == Unbound && gr.Speed != 1 {
			t.Fatalf("speed %g, unbound", gr.Speed)
		}
	})
}

// A die that lags throttles when told that it has come to its slowdown temperature, is held a margin below it, and runs
// free again only when it would stay below that margin by itself.
func TestThrottleHysteresis(t *testing.T) {
	n := bench()
	n.GPU.DieCapacity, n.GPU.Hold = 200, 85
	eval := func(inlet float64, throttled, settled bool) Group {
		l := Load{GPUsUp: 8, Settled: settled, Groups: []Group{{GPUs: 8, Limit: math.Inf(1), Spread: 1, Throttled: throttled}}}
		l.Groups[0].Util.GPU = 1
		n.Eval(&l, inlet)
		return l.Groups[0]
	}
	for _, x := range []struct {
		name               string
		inlet              float64
		throttled, settled bool
		power              float64
		bound              Bound
		over               bool
	}{
		{"cool", 30, false, false, 500, Unbound, false},
		{"will pass slowdown", 47, false, false, 500, Unbound, true},
		{"has passed it", 47, true, false, 380, Thermal, false},
		{"long since", 47, false, true, 380, Thermal, false},
		{"within the margin, coming from below", 36, false, false, 500, Unbound, false},
		{"within the margin, coming from above", 36, true, false, 490, Thermal, false},
		{"below the margin", 34.9, true, false, 500, Unbound, false},
	} {
		g := eval(x.inlet, x.throttled, x.settled)
		if math.Abs(g.Power-x.power) > 1e-9 || g.Bound != x.bound || g.Over != x.over {
			t.Errorf("%s: %g W, bound %d, over %v", x.name, g.Power, g.Bound, g.Over)
		}
	}
}
