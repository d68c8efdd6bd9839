package power

import (
	"math"
	"reflect"
	"testing"

	"github.com/halltwin/halltwin/models/weather"
)

func within(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s: %.8g, want %.8g within %g", what, got, want, tolerance)
	}
}

// Values that pvlib 0.11 states in its own tests of PVWatts, and the clipping of equation 11.
func TestSolarAgreesWithPVWatts(t *testing.T) {
	within(t, "modules", ModuleOutput(100, 900, 30, -0.003), 88.65, 1e-9)
	within(t, "inverter", InverterOutput(90, 95, 0.95), 85.58556604752516, 1e-9)
	within(t, "clipping", InverterOutput(120, 95, 0.95), 95, 1e-12)
	within(t, "rest", InverterOutput(0.01, 95, 0.95), 0, 1e-12)
	within(t, "NOCT", CellTemperature(20, 800, 45), 45, 1e-12)
}

// array returns an array that could give watts, each from its time on.
func array(export, rejoin float64, times, watts []float64) *Solar {
	return &Solar{times: times, watts: watts, Export: export, Rejoin: rejoin}
}

// What an array can give over a run is the chain of plane, modules, losses and inverters by hand: clipped on a cold clear
// noon, nothing by night.
func TestSolarOverARun(t *testing.T) {
	spec := &SolarSpec{}
	defaults(t, reflect.ValueOf(spec).Elem())
	spec.Rating = 1000
	sun := weather.Sun{Zenith: 40, Azimuth: 180, Extra: 1367}
	sky := []weather.Sky{
		{From: 0, To: 900, Sun: sun, Global: 1000, Beam: 1100, Diffuse: 160, DryBulb: -10},
		{From: 900, To: 1800, Sun: sun, Global: 600, Beam: 500, Diffuse: 217, DryBulb: 20},
		{From: 1800, To: 5400, Sun: weather.Sun{Zenith: 95}},
	}
	p := spec.Compile(sky)
	plane := sky[1].Tilted(20, 180, 0.2)
	dc := 1000 * plane / 1000 * (1 - 0.0037*(20+25.0/800*plane-25)) * 0.86
	s := NewSolar(p, 1)
	always := func(int) bool { return true }
	p.Look(&s, 0, always)
	within(t, "a cold clear noon clips", s.Available, 1000/1.2, 1e-9)
	if next := p.Look(&s, 900, always); next != 900 {
		t.Errorf("the next change is in %g s, want 900", next)
	}
	within(t, "a mild one", s.Available, InverterOutput(dc, 1000/1.2, 0.96), 1e-9)
	if next := p.Look(&s, 1800, always); s.Available != 0 || !math.IsInf(next, 1) {
		t.Errorf("by night %g W, next %g", s.Available, next)
	}
	within(t, "energy", p.Energy(5400), 900*(1000/1.2+InverterOutput(dc, 1000/1.2, 0.96)), 1e-6)
}

// Inverters stop with their feed and come back after the time that IEEE 1547 asks for; the other feed's go on.
func TestSolarFollowsItsFeeds(t *testing.T) {
	p := array(0, 300, []float64{0}, []float64{1000})
	s := NewSolar(p, 2)
	at := func(now float64, a, b bool) (float64, float64) {
		next := p.Look(&s, now, func(i int) bool { return i == 0 && a || i == 1 && b })
		return s.Available, next
	}
	for _, c := range []struct {
		now        float64
		a, b       bool
		watts, due float64
	}{
		{0, true, true, 1000, math.Inf(1)},
		{10, false, true, 500, math.Inf(1)},
		{60, true, true, 500, 300},
		{200, true, true, 500, 160},
		{360, true, true, 1000, math.Inf(1)},
		{400, false, false, 0, math.Inf(1)},
	} {
		if w, next := at(c.now, c.a, c.b); w != c.watts || math.Abs(next-c.due) > 1e-9 {
			t.Errorf("at %g s: %g W, next in %g s, want %g W, %g s", c.now, w, next, c.watts, c.due)
		}
	}
	plan := compile(t, newSpec(t, "2N"), racks(4, 40e3, 0))
	state := New(plan, 1)
	for v, follows := range map[float64]bool{1: true, 0.86: true, 0.5: true, 0.49: false} {
		plan.SetVoltage(state, 1, v)
		if plan.Follows(state, 1) != follows || !plan.Follows(state, 0) {
			t.Errorf("at %g of the voltage: follows is %v", v, !follows)
		}
	}
}

func TestSolarCurtails(t *testing.T) {
	for _, c := range []struct{ export, net, out float64 }{
		{0, 200, 1000}, {0, 0, 1000}, {0, -300, 700}, {0, -2000, 0}, {100, -300, 800}, {math.Inf(1), -300, 1000},
	} {
		s := SolarState{Available: 1000, Out: 1000}
		array(c.export, 0, nil, nil).Curtail(&s, c.net)
		if s.Out != c.out {
			t.Errorf("net %g W with %g W of export: gives %g W, want %g", c.net, c.export, s.Out, c.out)
		}
	}
}

// A battery for self-consumption takes up what the sun has left over, gives when it does not suffice, and never both.
func TestSelfConsumption(t *testing.T) {
	b := &SiteBattery{Policy: SelfConsumption, Capacity: 3600, Charging: 100, Discharge: 60, Efficiency: 0.9}
	for _, c := range []struct {
		stored, load, solar float64
		request             *Request
		in, out             float64
	}{
		{1800, 50, 80, nil, 30, 0},
		{1800, 50, 400, nil, 100, 0},
		{3600, 50, 80, nil, 0, 0},
		{1800, 50, 20, nil, 0, 30},
		{1800, 500, 20, nil, 0, 60},
		{0, 50, 20, nil, 0, 0},
		{1800, 0, 20, nil, 0, 0},
		{1800, 50, 20, &Request{Limit: 20, Left: 100}, 0, 10},
		{1800, 50, 20, &Request{Limit: 0, Left: 180}, 0, 10}, // spread over what is left of the event
		{1800, 50, 90, &Request{Limit: 0, Left: 180}, 40, 0},
	} {
		s := SiteBatteryState{Stored: c.stored}
		if b.Dispatch(&s, 0, c.load, c.solar, c.request); math.Abs(s.In-c.in) > 1e-12 || math.Abs(s.Out-c.out) > 1e-12 {
			t.Errorf("%+v: in %g, out %g", c, s.In, s.Out)
		}
	}
}
