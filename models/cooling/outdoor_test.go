package cooling

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
)

// outdoorHall is 32 racks of 41 kW that outdoor air cools, over pads.
func outdoorHall(t testing.TB) (*Plan, *Input) {
	var spec Spec
	spec.Plant.Kind = "outdoor-air"
	spec.Plant.Outdoor.Pads = &PadSpec{}
	spec.Air.Humidity.Humidifier = "none"
	defaults(t, &spec)
	defaults(t, spec.Plant.Outdoor.Pads)
	p, err := Compile(&spec, Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)})
	if err != nil {
		t.Fatal(err)
	}
	return p, inputs(p, 34e3, 41e3/(1.19*1006*14))
}

// TestOutdoorAir: cold air does alone, hot dry air goes over the pads, hot humid air is shut out and DX units work.
func TestOutdoorAir(t *testing.T) {
	for _, c := range []struct {
		outside, rh float64
		mode        Mode
		dx, pads    bool
	}{
		{-15, 0.8, Free, false, false}, {10, 0.5, Free, false, false}, {33, 0.1, Free, false, true},
		{28, 0.4, Partial, true, false}, {32, 0.7, Mechanical, true, false}, {20, 0.95, Mechanical, true, false},
	} {
		p, in := outdoorHall(t)
		in.Weather = outdoors(c.outside, c.rh)
		s := New(p)
		p.Settle(s, in)
		in.Dt = 60
		var out Output
		p.Step(s, in, &out)
		if out.Mode != c.mode || out.Chillers > 0 != c.dx || out.Water > 1e-4 != c.pads {
			t.Errorf("%v °C, %v: mode %v, DX %.0f W, water %v kg/s", c.outside, c.rh, out.Mode, out.Chillers, out.Water)
		}
		if math.Abs(s.HallSupply[0]-24) > 0.1 {
			t.Errorf("%v °C, %v: air of %v °C", c.outside, c.rh, s.HallSupply[0])
		}
		if bad := out.Imbalance(); math.Abs(bad) > 1e-9*out.Heat {
			t.Errorf("%v °C, %v: %v W from nowhere", c.outside, c.rh, bad)
		}
	}
}

// TestOutdoorLoss: on a hot humid day half the DX units do not hold the halls; the air is hot within minutes.
func TestOutdoorLoss(t *testing.T) {
	p, in := outdoorHall(t)
	in.Weather = outdoors(35, 0.6)
	s := New(p)
	p.Settle(s, in)
	calm := highest(s.RackInlet)
	for i := range int32(p.counts[facility.Chiller]) {
		if i%2 == 0 {
			fail(p, s, facility.Chiller, i)
		}
	}
	run(t, p, s, in, 1800, func(float64, *Output) {})
	if hot := highest(s.RackInlet); hot < calm+5 {
		t.Errorf("inlets go from %.1f to %.1f °C", calm, hot)
	}
}

// TestHumidityOfHalls: cold coils dry a humid hall and drain, warm ones do not; a dry winter is humidified.
func TestHumidityOfHalls(t *testing.T) {
	settled := func(water, outside, rh float64, humidifier string) (*Plan, *State, Output) {
		var spec Spec
		spec.Plant.Chilled.Supply = 7
		spec.Air.Humidity.Humidifier, spec.Air.Humidity.DriedTo = humidifier, 40
		if water > 0 {
			spec.Plant.Chilled.Supply = 18
		} else {
			spec.Air.Supply = 16
		}
		defaults(t, &spec)
		p, err := Compile(&spec, Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)})
		if err != nil {
			t.Fatal(err)
		}
		in := inputs(p, 34e3, 2.4)
		in.Weather = outdoors(outside, rh)
		s := New(p)
		p.Settle(s, in)
		in.Dt = 60
		var out Output
		p.Step(s, in, &out)
		if bad := out.Imbalance(); math.Abs(bad) > 1e-9*out.Heat {
			t.Errorf("%v W from nowhere", bad)
		}
		return p, s, out
	}
	if p, s, out := settled(0, 30, 0.8, "none"); out.Drain <= 0 || p.DewPoint(s, 0) > 20 {
		t.Errorf("cold coils in humid air: drain %v kg/s, dew point %.1f °C", out.Drain, p.DewPoint(s, 0))
	}
	if p, s, out := settled(18, 20, 0.5, "none"); out.Drain != 0 || math.Abs(p.DewPoint(s, 0)-moistair.DewPoint(outdoors(20, 0.5).Humidity, moistair.StandardPressure)) > 0.1 {
		t.Errorf("warm coils: drain %v kg/s, dew point %.1f °C", out.Drain, p.DewPoint(s, 0))
	}
	p, s, none := settled(18, -25, 0.5, "none")
	if dry := p.DewPoint(s, 0); dry > -25 || none.Humidity != 0 {
		t.Errorf("a hall without humidifier: dew point %.1f °C", dry)
	}
	p, s, drops := settled(18, -25, 0.5, "ultrasonic")
	if dew := p.DewPoint(s, 0); math.Abs(dew+9) > 0.01 || drops.Humidity <= 0 {
		t.Errorf("droplets: dew point %.2f °C, %v W, %v kg/s", dew, drops.Humidity, drops.Water)
	}
	if _, _, steam := settled(18, -25, 0.5, "steam"); steam.Humidity < 10*drops.Humidity {
		t.Errorf("steam takes %v W, droplets %v W", steam.Humidity, drops.Humidity)
	}
}

// TestHumidityStep: the path of humidity does not depend on the step.
func TestHumidityStep(t *testing.T) {
	path := func(dt float64) float64 {
		p, in := airHall(t)
		in.Weather = outdoors(10, 0.5)
		s := New(p)
		p.Settle(s, in)
		in.Weather = outdoors(28, 0.8)
		in.Dt = dt
		var out Output
		for range int(7200 / dt) {
			p.Step(s, in, &out)
		}
		return s.HallHumidity[0]
	}
	fine := path(1)
	for _, dt := range []float64{10, 60, 300} {
		if got := path(dt); math.Abs(got/fine-1) > 0.005 {
			t.Errorf("steps of %v s: %v, of 1 s: %v", dt, got, fine)
		}
	}
}
