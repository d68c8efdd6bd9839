package cooling

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
)

// TestPI: many short steps and one long one end at the same set point; the bounds do not wind it up.
func TestPI(t *testing.T) {
	c := PI{Gain: 0.5, Time: 300, Low: 18, High: 27}
	after := func(d float64, steps int, dt float64) float64 {
		i, u := 20.0, 20.0
		for range steps {
			i, u = c.Step(i, u, d-u, dt)
		}
		return u
	}
	if a, b := after(24, 1200, 1), after(24, 4, 300); math.Abs(a-b) > 1e-9 {
		t.Errorf("20 minutes in steps of a second: %v, of five minutes: %v", a, b)
	}
	if u := after(24, 1, 1e7); math.Abs(u-24) > 1e-9 {
		t.Errorf("a step without end: %v", u)
	}
	i, u := 20.0, 20.0
	for range 1000 {
		i, u = c.Step(i, u, 40-u, 60)
	}
	if i != 27 || u != 27 {
		t.Errorf("wound up to %v, %v", i, u)
	}
	if _, u = c.Step(i, u, 20-u, 60); u >= 26 {
		t.Errorf("a minute after the cold is back: %v", u)
	}
}

// TestAirReset: each law brings the supply air where it should be, in steps of seconds and of an hour.
func TestAirReset(t *testing.T) {
	for _, dt := range []float64{10, 3600} {
		for _, c := range []struct {
			by              string
			dryBulb, rh     float64
			supply, atLeast float64
		}{
			{"inlet", 25, 0.5, 26.5, 26},    // the inlets recirculate a little and are to be at 27
			{"outdoor", 17.5, 0.5, 22.5, 0}, // half way
			{"outdoor", 40, 0.2, 27, 0},
			{"smart", 2, 0.5, 18, 0},    // the towers give what is asked
			{"smart", 16, 0.5, 21.7, 0}, // wet bulb 10.7, towers 3.9, exchanger 1.5, gap 6
			{"smart", 36, 0.2, 26.5, 26},
		} {
			p, in := airHallOf(t, 0, func(s *Spec) {
				s.Air.Reset = &AirResetSpec{By: c.by}
				defaults(t, s.Air.Reset)
				s.Plant.Chilled.Reset = &WaterResetSpec{By: "air"}
				defaults(t, s.Plant.Chilled.Reset)
			})
			in.Dt, in.Weather = dt, outdoors(c.dryBulb, c.rh)
			s := New(p)
			p.Settle(s, in)
			run(t, p, s, in, 10*3600, nil)
			if got := s.HallSet[0]; math.Abs(got-c.supply) > 0.5 || got < c.atLeast {
				t.Errorf("%s at %v °C, steps of %v s: supply %.2f °C, want about %v", c.by, c.dryBulb, dt, got, c.supply)
			}
			if math.Abs(s.WaterSet[0]-(s.HallSet[0]-6)) > 0.2 || s.Class[0].Air != Inside {
				t.Errorf("%s at %v °C: water %.2f for air %.2f, %v", c.by, c.dryBulb, s.WaterSet[0], s.HallSet[0], s.Class[0].Air)
			}
		}
	}
}

// TestSmartDries: in moist heat the smart supply air stays cold enough for the coils to dry the hall, as the reset by
// the inlets does not.
func TestSmartDries(t *testing.T) {
	var dew [2]float64
	for i, by := range []string{"inlet", "smart"} {
		p, in := airHallOf(t, 0, func(s *Spec) {
			s.Air.Humidity.DriedTo = 40
			s.Air.Reset = &AirResetSpec{By: by}
			defaults(t, s.Air.Reset)
			s.Plant.Chilled.Reset = &WaterResetSpec{By: "air"}
			defaults(t, s.Plant.Chilled.Reset)
		})
		in.Dt, in.Weather = 60, outdoors(30, 0.75)
		s := New(p)
		p.Settle(s, in)
		run(t, p, s, in, 24*3600, nil)
		dew[i] = p.DewPoint(s, 0)
	}
	if !(dew[1] < dew[0]-3 && dew[1] < 21) {
		t.Errorf("dew points %.1f °C by the inlets, %.1f °C smart", dew[0], dew[1])
	}
}

// TestWaterReset: at part load the water may be warmer, the supply air is held all the same, and the chillers draw less.
func TestWaterReset(t *testing.T) {
	power := [2]float64{}
	for i, by := range []string{"", "load"} {
		p, in := airHallOf(t, 0, func(s *Spec) {
			s.Plant.Economizer.Enabled = false
			if by != "" {
				s.Plant.Chilled.Reset = &WaterResetSpec{By: by}
				defaults(t, s.Plant.Chilled.Reset)
			}
		})
		for r := range in.RackHeat {
			in.RackHeat[r], in.RackFlow[r] = 15e3, 1
		}
		in.Weather = outdoors(30, 0.5)
		in.Dt = 60
		s := New(p)
		p.Settle(s, in)
		run(t, p, s, in, 7200, func(_ float64, out *Output) { power[i] = out.Chillers })
		if math.Abs(s.HallSupply[0]-s.HallSet[0]) > 0.01 {
			t.Errorf("%q: supply %.2f for %.2f", by, s.HallSupply[0], s.HallSet[0])
		}
		if by != "" && s.WaterSet[0] < 20 {
			t.Errorf("water stays at %.2f °C", s.WaterSet[0])
		}
		if err := p.Set(s, facility.Ref{Kind: facility.Site}, "plant.chilled.supply", 10); (err != nil) != (by != "") {
			t.Errorf("%q: set: %v", by, err)
		}
	}
	if !(power[1] < 0.9*power[0]) {
		t.Errorf("chillers draw %.0f W with the reset, %.0f without", power[1], power[0])
	}
	t.Logf("chillers at 37 %% load: %.1f kW fixed, %.1f kW reset", power[0]/1e3, power[1]/1e3)
}

// TestStaging: as few chillers run as the load needs; one that fails is replaced; none stops soon after a start.
func TestStaging(t *testing.T) {
	p, in := airHallOf(t, 0, func(s *Spec) {
		s.Plant.Economizer.Enabled = false
		s.Plant.Chiller.Count = 5
		s.Plant.Chiller.Staging = &StagingSpec{}
		defaults(t, s.Plant.Chiller.Staging)
	})
	in.Weather = outdoors(30, 0.5)
	in.Dt = 30
	s := New(p)
	running := func() (n int) {
		for i := range s.On {
			if s.runs(i) {
				n++
			}
		}
		return n
	}
	load := func(heat float64) {
		for r := range in.RackHeat {
			in.RackHeat[r], in.RackFlow[r] = heat, heat/34e3*2.2
		}
	}
	load(7e3)
	p.Settle(s, in)
	if n := running(); n != 1 {
		t.Errorf("%d chillers for a fifth of the load", n)
	}
	load(34e3)
	last, changes, warmest := running(), 0, 0.0
	run(t, p, s, in, 4*3600, func(now float64, out *Output) {
		if n := running(); n != last {
			changes++
			last = n
		}
		warmest = max(warmest, s.WaterSupply[0])
	})
	if running() != 4 || changes > 4 || warmest > 22 {
		t.Errorf("%d chillers for the load, %d changes, water up to %.1f °C", running(), changes, warmest)
	}
	fail(p, s, facility.Chiller, 0)
	run(t, p, s, in, 1800, nil)
	if running() != 4 || s.On[0] || math.Abs(s.WaterSupply[0]-18) > 0.01 {
		t.Errorf("half an hour after a trip: %d run, water %.2f °C", running(), s.WaterSupply[0])
	}
	load(7e3)
	stopped := 0.0
	run(t, p, s, in, 2*3600, func(now float64, out *Output) {
		if stopped == 0 && running() < 4 {
			stopped = now
		}
	})
	if running() != 1 || stopped < 300 {
		t.Errorf("%d chillers after the load fell, the first stopped after %v s", running(), stopped)
	}
}

// TestControlsRefused: resets that contradict the plant are refused where they stand.
func TestControlsRefused(t *testing.T) {
	for want, change := range map[string]func(*Spec){
		"air.reset.lowest": func(s *Spec) {
			s.Air.Reset = &AirResetSpec{By: "inlet"}
			defaults(t, s.Air.Reset)
		},
		"plant.chilled.reset": func(s *Spec) {
			s.Plant.Kind, s.Plant.Chilled.Reset = "outdoor-air", &WaterResetSpec{By: "air"}
		},
		"plant.chiller.staging": func(s *Spec) { s.Plant.Kind, s.Plant.Chiller.Staging = "outdoor-air", &StagingSpec{} },
	} {
		spec := &Spec{}
		defaults(t, spec)
		change(spec)
		_, err := Compile(spec, Sizes{Racks: 8, RackDesign: fillOf(8, 40e3)})
		if err == nil || !strings.HasPrefix(err.Error(), want+":") {
			t.Errorf("%s: %v", want, err)
		}
	}
}

// TestLiquidReset: coolant follows the outdoors and the warm water follows it; or coolant follows the water at hand; or
// the warm water what the CDUs need. Each comes to rest.
func TestLiquidReset(t *testing.T) {
	for _, c := range []struct {
		name              string
		liquid            *LiquidResetSpec
		warm              *WarmResetSpec
		dryBulb           float64
		coolant, atWater  float64 // °C
		within, waterBand float64
	}{
		{"outdoor, mild", &LiquidResetSpec{By: "outdoor", Lowest: 24, Highest: 40}, nil, 20, 32, 28, 0.01, 0.01},
		{"outdoor, hot", &LiquidResetSpec{By: "outdoor", Lowest: 24, Highest: 40}, nil, 36, 40, 36, 0.01, 0.01},
		{"valve", &LiquidResetSpec{By: "valve"}, nil, 10, 30.3, 28, 0.3, 0.01},
		{"load", nil, &WarmResetSpec{By: "load"}, 10, 32, 28, 0.01, 2},
	} {
		p, in := liquidHall(t, func(s *Spec) {
			if c.liquid != nil {
				defaults(t, c.liquid)
			}
			if c.warm != nil {
				defaults(t, c.warm)
			}
			s.Liquid.Reset, s.Plant.Warm.Reset = c.liquid, c.warm
		})
		for i := range in.RackHeat {
			in.RackHeat[i] = 80e3
		}
		in.Weather = outdoors(c.dryBulb, 0.3)
		in.Dt = 30
		s := New(p)
		p.Settle(s, in)
		run(t, p, s, in, 8*3600, nil)
		before := s.LoopSet[0] + s.WaterSet[1]
		run(t, p, s, in, 3600, nil)
		if math.Abs(s.LoopSupply[0]-c.coolant) > c.within || math.Abs(s.WaterSet[1]-c.atWater) > c.waterBand || math.Abs(s.LoopSet[0]+s.WaterSet[1]-before) > 0.01 {
			t.Errorf("%s: coolant %.2f °C set to %.2f, water set to %.2f, moved by %.3f K in the last hour", c.name, s.LoopSupply[0], s.LoopSet[0], s.WaterSet[1], s.LoopSet[0]+s.WaterSet[1]-before)
		}
		err := p.Set(s, facility.Ref{Kind: facility.Site}, "liquid.supply", 30)
		if (err != nil) != (c.liquid != nil) {
			t.Errorf("%s: set: %v", c.name, err)
		}
	}
}
