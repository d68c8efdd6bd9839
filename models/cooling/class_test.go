package cooling

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
)

// airHallOf is the air-cooled hall of the tests with a changed spec and pressure in Pa.
func airHallOf(t testing.TB, pressure float64, change func(*Spec)) (*Plan, *Input) {
	t.Helper()
	spec := &Spec{}
	defaults(t, spec)
	change(spec)
	p, err := Compile(spec, Sizes{Racks: 32, RackDesign: fillOf(32, 40e3), Pressure: pressure})
	if err != nil {
		t.Fatal(err)
	}
	return p, inputs(p, 34e3, 2.2)
}

// TestClassOfAir: a hall that loses its air handlers leaves its class with a reason, once, and comes back.
func TestClassOfAir(t *testing.T) {
	p, in := airHallOf(t, 0, func(*Spec) {})
	in.Dt = 10
	s := New(p)
	p.Settle(s, in)
	var out Output
	p.Step(s, in, &out)
	if c := &s.Class[0]; out.Crossed || c.Air != Inside || c.Recommended != Inside || c.OutsideRecommended != 0 {
		t.Fatalf("a hall at its set point: %+v", c)
	}
	n := int32(p.counts[facility.CRAH])
	for u := range n {
		fail(p, s, facility.CRAH, u)
	}
	var told []Crossing
	step := func(_ float64, out *Output) {
		if out.Crossed {
			told = p.Crossings(s, told)
		}
	}
	run(t, p, s, in, 300, step)
	if c := &s.Class[0]; c.Air != TooWarm || !(c.OutsideAllowable > 0 && c.OutsideAllowable <= c.OutsideRecommended && c.OutsideRecommended <= 300+1e-9) || c.Above <= 0 {
		t.Errorf("five minutes without air: %+v", c)
	}
	for u := range n {
		p.Health(s, facility.Ref{Kind: facility.CRAH, Index: u}, true)
	}
	run(t, p, s, in, 7200, step)
	if len(told) != 4 || !told[0].Out || !told[1].Out || told[2].Out || told[3].Out {
		t.Fatalf("told %+v", told)
	}
	if !strings.Contains(told[1].Text, "too fast: inlets changed by 2") || !strings.Contains(told[1].Text, "in 60 min, 20 allowable") {
		t.Errorf("%q does not say how fast", told[1].Text)
	}
	for _, want := range []string{"outside ASHRAE A2, too warm", "35.0 allowable", "0 of 4 CRAHs work", "chilled water"} {
		if !strings.Contains(told[0].Text, want) {
			t.Errorf("%q does not say %q", told[0].Text, want)
		}
	}
	t.Log(told[0].Text)
	t.Log(told[1].Text)
}

// TestClassLimits: altitude lowers the hottest air, and dew points and relative humidities bind where they should.
func TestClassLimits(t *testing.T) {
	for _, c := range []struct {
		class    string
		altitude float64
		hottest  float64
	}{{"A1", 0, 32}, {"A1", 1500, 30}, {"A3", 1600, 36}, {"A4", 1150, 43}, {"H1", 1400, 24}} {
		p, _ := airHallOf(t, moistair.PressureAt(c.altitude), func(s *Spec) { s.Air.Class = c.class })
		if got := p.class.allowable.hottest; math.Abs(got-c.hottest) > 0.01 {
			t.Errorf("%s at %v m: %.2f °C, want %v", c.class, c.altitude, got, c.hottest)
		}
	}
	p, _ := airHallOf(t, 0, func(*Spec) {})
	l := &p.class
	for _, c := range []struct {
		t, rh float64
		want  Breach
	}{{24, 0.5, Inside}, {24, 0.9, TooHumid}, {34, 0.5, TooHumid}, {12, 0.85, TooHumid}, {34, 0.05, TooDry}, {12, 0.08, TooDry}, {24, 0.1, Inside}, {9, 0.5, TooCold}, {36, 0.2, TooWarm}} {
		saturated := moistair.Saturated(c.t, p.pressure)
		if got := l.find(&l.allowable, 1, c.t, c.t, moistair.FromRelative(c.t, c.rh, p.pressure), saturated, 0); got != c.want {
			t.Errorf("%v °C, %v %%: %v, want %v", c.t, 100*c.rh, got, c.want)
		}
	}
}

// TestClassOfLiquid: coolant without its dry coolers leaves the class of its set point; facility water has classes of
// its own, which a set point must keep to.
func TestClassOfLiquid(t *testing.T) {
	p, in := liquidHall(t, nil)
	if _, name := p.ClassNames(); name != "S35" {
		t.Errorf("32 °C are class %q", name)
	}
	in.Dt = 5
	s := New(p)
	p.Settle(s, in)
	for u := range p.counts[facility.DryCooler] {
		fail(p, s, facility.DryCooler, int32(u))
	}
	var told []Crossing
	run(t, p, s, in, 1200, func(_ float64, out *Output) {
		if out.Crossed {
			told = p.Crossings(s, told)
		}
	})
	if len(told) == 0 || !strings.Contains(told[0].Text, "outside ASHRAE S35, too warm: coolant of 35.") || !strings.Contains(told[0].Text, "dry coolers run") {
		t.Errorf("told %+v", told)
	}
	spec := &Spec{Liquid: &LiquidSpec{}}
	defaults(t, spec)
	defaults(t, spec.Liquid)
	spec.Plant.Kind, spec.Liquid.Class = "dry-cooler", "W27"
	_, err := Compile(spec, Sizes{Racks: 4, RackDesign: fillOf(4, 1e5), RackLiquid: fillOf(4, 0.8)})
	if err == nil || !strings.Contains(err.Error(), "W27 allows facility water of at most 27 °C") {
		t.Errorf("28 °C of W27 water: %v", err)
	}
}
