package failure

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// Spares against the binomial law itself, and against what was published: 608 GPUs of H100 in nodes of four, one failure in
// 1.9 h, a month without a break: 5 % of the GPUs with recoveries of 2.2 h and 2 % with 5 min (Story of Two GPUs, SC'25).
func TestSpares(t *testing.T) {
	for _, n := range []int{1, 7, 152, 1024} {
		for _, down := range []float64{1e-6, 1e-3, 0.01, 0.2} {
			for _, q := range []float64{0.5, 0.9, 0.99, 0.9999} {
				b := distuv.Binomial{N: float64(n), P: down}
				want := 0
				for b.CDF(float64(want)) < q {
					want++
				}
				if got := Spares(n, -math.Log1p(-down), 1, 0, q); got != want {
					t.Errorf("%d nodes, %g down, %g: %d spares, want %d", n, down, q, got, want)
				}
			}
		}
	}
	const month = 30 * 24.0 // h
	rate := 1 / 1.9 / 152
	for _, c := range []struct {
		recovery float64
		gpus     int
		near     int
	}{{2.2, 31, 4}, {5.0 / 60, 12, 4}} {
		if got := 4 * Spares(152, rate, c.recovery, month, 0.99); got < c.gpus-c.near || got > c.gpus+c.near {
			t.Errorf("recovery %g h: %d GPUs, published %d", c.recovery, got, c.gpus)
		}
	}
}

func TestHours(t *testing.T) {
	const h = 3600.0
	office := Hours{8 * h, 18 * h, 5}
	for _, c := range []struct{ at, opens, work, done float64 }{
		{0, 8 * h, h, 9 * h},                                      // Monday before it opens
		{9 * h, 9 * h, 9 * h, 18 * h},                             // to the end of the day
		{9 * h, 9 * h, 10 * h, day + 9*h},                         // over the night
		{4*day + 17*h, 4*day + 17*h, 2 * h, 7*day + 9*h},          // over the weekend
		{5*day + 12*h, 7*day + 8*h, 50 * h, 7*day + 4*day + 18*h}, // a whole week of work
		{12 * h, 12 * h, 150 * h, 3*7*day + 12*h},                 // three weeks of work
	} {
		if got := office.Opens(c.at); got != c.opens {
			t.Errorf("opens at %g h from %g h, want %g", got/h, c.at/h, c.opens/h)
		}
		if got := office.Done(c.at, c.work); math.Abs(got-c.done) > 1e-6 {
			t.Errorf("%g h of work from %g h are done at %g h, want %g", c.work/h, c.at/h, got/h, c.done/h)
		}
	}
	// Minute by minute: work is the time in which the hours are open.
	st := random.Seed(1).Stream("hours")
	for range 200 {
		x := Hours{math.Floor(st.Float64()*10) * h, (11 + math.Floor(st.Float64()*13)) * h, 1 + st.IntN(7)}
		at, work := math.Floor(st.Float64()*14*1440)*60, math.Floor(1+st.Float64()*6000)*60
		end := at
		for left := work; left > 0; end += 60 {
			if o := math.Mod(end, day); o >= x.From && o < x.To && int(math.Mod(end, week)/day) < x.Days {
				left -= 60
			}
		}
		if got := x.Done(at, work); math.Abs(got-end) > 1e-3 {
			t.Fatalf("%+v: %g s of work from %g are done at %g, want %g", x, work, at, got, end)
		}
	}
}

// Arrhenius' law: 0.7 eV doubles a rate from 55 to about 65 °C; and what passes follows the factor.
func TestHeat(t *testing.T) {
	e := 0.7
	h := (&HeatSpec{At: 55, Energy: &e, Most: 8}).compile()
	if f := h.Factor(65); math.Abs(f-math.Exp(0.7/8.617333262e-5*(1/328.15-1/338.15))) > 1e-12 || f < 2 || f > 2.2 {
		t.Errorf("factor %g at 65 °C", f)
	}
	if h.Factor(55) != 1 || h.Factor(200) != 8 {
		t.Error("it is not 1 where it was stated, or not bounded")
	}
}

// Of new parts that fail in their first days as many do so as are weak, and again after each repair.
func TestEarlyFailures(t *testing.T) {
	spec := process("node", 1e6*day)
	spec.Age = "new"
	spec.Early = &EarlySpec{Share: 0.3, Median: 10 * 86400, Shape: 0.7}
	spec.Repair.Time = &DelaySpec{Distribution: "fixed", Mean: ptr(unit.Duration(3600))}
	tree := hall(2500)
	p, err := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
	if err != nil {
		t.Fatal(err)
	}
	s := New(p, 7, path(tree))
	const n = 10000.0
	within := func(d, q float64) {
		t.Helper()
		soon := 0.0
		for i := range int32(n) {
			if s.Next(0, i) < d*day {
				soon++
			}
		}
		if math.Abs(soon-n*q) > 4*math.Sqrt(n*q*(1-q)) {
			t.Errorf("%g of %g fail within %g days, want %g", soon, n, d, n*q)
		}
	}
	weak := func(d float64) float64 { return 0.3 * (1 - math.Exp2(-math.Pow(d/10, 0.7))) } // a Weibull law of median 10 d
	within(1, weak(1))
	within(10, 0.15)
	within(1000, weak(1000))
	again := 0.0
	failed := 0.0
	for i := range int32(n) {
		at := s.Next(0, i)
		if at > 1000*day {
			continue
		}
		failed++
		p.Fire(s, 0, i, at, nil)
		if s.Next(0, i) < at+3600+30+10*day {
			again++
		}
	}
	if math.Abs(again-0.15*failed) > 4*math.Sqrt(0.15*failed) {
		t.Errorf("%g of %g fail again within 10 days of their repair, want %g", again, failed, 0.15*failed)
	}
}

// FuzzMixture: bursts that prefer the lemons of a process, whose repairs are mixtures, of any figures that the language allows.
func FuzzMixture(f *testing.F) {
	f.Add(uint64(1), 0.3, 3600.0, 1.0, 86400.0, 0.9, 2.7, 0.2)
	f.Add(uint64(2), 1e-9, 1e-3, 5.0, 1e9, 0.01, 1.0, 1.0)
	f.Fuzz(func(t *testing.T, seed uint64, share, median, sigma, limit, frailty, size, weak float64) {
		for _, v := range []float64{share, median, sigma, limit, frailty, size} {
			if !(v > 1e-9 && v < 1e9) {
				return
			}
		}
		if sigma < 1e-3 || sigma > 20 || size < 1 || !(weak > 0 && weak <= 1) {
			return
		}
		s := process("node", 1e6)
		s.Frailty, s.Age = &frailty, "new"
		s.Early = &EarlySpec{Share: unit.Ratio(weak), Median: unit.Duration(median), Shape: 0.7}
		law := &DelaySpec{Distribution: "mixture", Max: ptr(unit.Duration(limit)), Mixture: []PartSpec{{share, unit.Duration(median), sigma}, {1, 3600, 1}}}
		s.Repair.Time = law
		spec := &Spec{Processes: []ProcessSpec{s}, Bursts: []BurstSpec{{Name: "burst", Within: "rack", Component: "node", MTBF: ptr(unit.Duration(1e6)), Size: &size, As: "test", EffectSpec: s.EffectSpec}}}
		refused := false
		fail := func(string, string) { refused = true }
		spec.Validate(fail)
		spec.Processes[0].Validate(fail)
		law.Validate(fail)
		if refused {
			return
		}
		tree := hall(3)
		p, err := Compile(spec, tree)
		if err != nil {
			t.Fatal(err)
		}
		st := New(p, random.Seed(seed), path(tree))
		for k := range 40 {
			pr := k % 2
			n := int32(k) % int32(p.Processes[pr].Count)
			at := st.Next(pr, n)
			o := p.Fire(st, pr, n, at, nil)
			if o.Repair < 0 || o.Repair > limit*(1+1e-9) || !(st.Next(pr, n) >= at) || len(o.Targets) == 0 || len(o.Targets) > 4 {
				t.Fatalf("%+v, next at %v after %v", o, st.Next(pr, n), at)
			}
			for i := 1; i < len(o.Targets); i++ {
				if o.Targets[i].Index <= o.Targets[i-1].Index {
					t.Fatalf("targets %v", o.Targets)
				}
			}
		}
		for _, q := range []float64{0.01, 0.5, 0.99} {
			all := s.Repair.law()
			if x := all.Quantile(q); math.Abs(all.hand.CDF(x)-q) > 1e-5 && x > 2e-3 && x < 1e11 {
				t.Fatalf("quantile %g is %g, below which are %g", q, x, all.hand.CDF(x))
			}
		}
	})
}
