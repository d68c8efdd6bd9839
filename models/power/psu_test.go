package power

import (
	"math"
	"reflect"
	"testing"
)

func psu(t testing.TB, change func(*PSUSpec)) PSU {
	t.Helper()
	var s PSUSpec
	defaults(t, reflect.ValueOf(&s).Elem())
	change(&s)
	s.Validate(func(path, msg string) { t.Fatalf("%s: %s", path, msg) })
	return s.Compile()
}

func TestTitaniumPoints(t *testing.T) {
	p := psu(t, func(s *PSUSpec) { s.Model, s.Rating = "titanium", power(3000) })
	for _, c := range []struct{ load, eff float64 }{{0.1, 0.90}, {0.2, 0.94}, {0.5, 0.96}, {1, 0.91}} {
		w := c.load * 3000
		if eff := w / p.Input(w); math.Abs(eff-c.eff) > 1e-12 {
			t.Errorf("%.4f at %g", eff, c.load)
		}
	}
	last := 0.0
	for w := 0.0; w < 4000; w += 10 { // input rises, and a supply never gives more than it takes
		in := p.Input(w)
		if in <= last || in <= w {
			t.Fatalf("%g W in for %g W out", in, w)
		}
		last = in
	}
}

// Frontier as RAPS computes it: a node converter (P + 13 W)/0.98, four rectifiers (P + 17 W)/0.96 a chassis. An idle
// node is a CPU of 90 W, four GPUs of 88 W, 74.26 W of memory, 30 W of drives and four cards of 20 W.
func TestFrontierConverters(t *testing.T) {
	node := psu(t, func(s *PSUSpec) { s.Model, s.Constant, s.Efficiency = "affine", 13, 0.98 })
	shelf := psu(t, func(s *PSUSpec) { s.Model, s.Constant, s.Efficiency, s.Count = "affine", 17, 0.96, 4 })
	dc := 90 + 4*88 + 74.26 + 30 + 4*20.0
	chassis := 16*node.Input(dc) + 4*250
	if want := 16*(dc+13)/0.98 + 1000; math.Abs(chassis-want) > 1e-9 {
		t.Errorf("chassis %g, want %g", chassis, want)
	}
	if got, want := shelf.Input(chassis), 4*((chassis/4+17)/0.96); math.Abs(got-want) > 1e-9 {
		t.Errorf("shelf %g, want %g", got, want)
	}
	if a, b := shelf.Staged(chassis, 2), 2*((chassis/2+17)/0.96); math.Abs(a-b) > 1e-9 || a >= shelf.Input(chassis) {
		t.Errorf("two of four rectifiers: %g, want %g", a, b)
	}
}

func TestIdealAndStagedTable(t *testing.T) {
	if p := psu(t, func(*PSUSpec) {}); p.Input(512.5) != 512.5 || p.Count() != 1 {
		t.Errorf("%g", p.Input(512.5))
	}
	p := psu(t, func(s *PSUSpec) {
		s.Model, s.Rating, s.Count = "table", power(1000), 6
		s.Points = []LoadPoint{{0.1, 0.92}, {0.5, 0.975}, {1, 0.965}}
	})
	if six, two := p.Staged(1000, 6), p.Staged(1000, 2); two >= six || math.Abs(two-1000/0.975) > 1e-9 {
		t.Errorf("1 kW: six draw %g W, two %g W", six, two)
	}
}

func TestPSUSpecRefuses(t *testing.T) {
	for name, s := range map[string]PSUSpec{
		"points":               {Model: "table", Rating: power(1)},
		"rating":               {Model: "titanium"},
		"points[1].load":       {Model: "table", Rating: power(1), Points: []LoadPoint{{0.5, 0.9}, {0.5, 0.9}}},
		"points[1].efficiency": {Model: "table", Rating: power(1), Points: []LoadPoint{{0.1, 0.4}, {0.11, 0.99}}},
	} {
		var got []string
		s.Validate(func(path, _ string) { got = append(got, path) })
		if len(got) != 1 || got[0] != name {
			t.Errorf("%s: %v", name, got)
		}
	}
	s := PSUSpec{Model: "affine", Efficiency: 1, Staging: "auto"}
	var got []string
	if s.Validate(func(path, _ string) { got = append(got, path) }); len(got) != 1 || got[0] != "rating" {
		t.Errorf("staging without a rating: %v", got)
	}
	s, got = PSUSpec{Model: "ideal", Points: []LoadPoint{{0.5, 0.9}}}, nil
	s.Validate(func(path, _ string) { got = append(got, path) })
	if len(got) != 1 {
		t.Errorf("points beside a model without: %v", got)
	}
	o := OverloadSpec{Pickup: 1.2, Load: 1.1, Instant: 1}
	got = nil
	o.Validate(func(path, _ string) { got = append(got, path) })
	if len(got) != 2 {
		t.Errorf("overload: %v", got)
	}
}

func BenchmarkPSUTable(b *testing.B) {
	p := psu(b, func(s *PSUSpec) { s.Model, s.Rating = "titanium", power(3000) })
	for b.Loop() {
		p.Input(1234)
	}
}

// Staged supplies carry the load with what is spare, lose no more than all of them do, and as many are on as lose least.
func TestStaging(t *testing.T) {
	table := func(s *PSUSpec) {
		s.Model, s.Rating, s.Count = "table", power(1000), 6
		s.Points = []LoadPoint{{0.1, 0.92}, {0.5, 0.975}, {1, 0.965}}
	}
	affine := func(s *PSUSpec) {
		s.Model, s.Constant, s.Efficiency, s.Count, s.Rating = "affine", 17, 0.96, 4, power(13670)
	}
	for name, kind := range map[string]func(*PSUSpec){"table": table, "affine": affine} {
		for spare := range 3 {
			all := psu(t, kind)
			p := psu(t, func(s *PSUSpec) { kind(s); s.Staging, s.Spare = "auto", spare })
			one := p.carries
			for w := 0.0; w <= one*float64(p.count); w += one / 50 {
				n := p.On(w)
				if float64(n-spare)*one < w-1e-6 && n < p.count || n < 1 {
					t.Fatalf("%s: %d on for %g W with %d spare", name, n, w, spare)
				}
				if p.Input(w) > all.Input(w)+1e-9 {
					t.Fatalf("%s: %g W staged, %g W with all, for %g W", name, p.Input(w), all.Input(w), w)
				}
				for k := n; k <= p.count; k++ {
					if p.Staged(w, k) < p.Input(w)-1e-9 {
						t.Fatalf("%s: %d supplies lose less than %d at %g W", name, k, n, w)
					}
				}
			}
		}
	}
	// RAPS's load sharing on Frontier: ⌈P ÷ 13,670 W⌉ of four rectifiers.
	p := psu(t, func(s *PSUSpec) { affine(s); s.Staging, s.Spare = "auto", 0 })
	for w, n := range map[float64]int{9000: 1, 13670: 1, 13671: 2, 30000: 3, 60000: 4} {
		if p.On(w) != n {
			t.Errorf("%d on at %g W, want %d", p.On(w), w, n)
		}
	}
}
