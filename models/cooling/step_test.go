package cooling

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
)

// airHall is 128 air-cooled nodes of 8 GPUs in 32 racks: 1.31 MW at the design load.
func airHall(t testing.TB) (*Plan, *Input) {
	var spec Spec
	defaults(t, &spec)
	n := Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)}
	p, err := Compile(&spec, n)
	if err != nil {
		t.Fatal(err)
	}
	return p, inputs(p, 34e3, 41e3/(1.19*1006*14))
}

// liquidHall is 36 racks of 72 liquid-cooled GPUs: 4.75 MW at the design load.
func liquidHall(t testing.TB, mutate func(*Spec)) (*Plan, *Input) {
	spec := Spec{Liquid: &LiquidSpec{}}
	spec.Plant.Kind = "dry-cooler"
	spec.Plant.DryCooler.Each.Pads = &PadSpec{}
	if mutate != nil {
		mutate(&spec)
	}
	defaults(t, &spec)
	defaults(t, spec.Liquid)
	if spec.Plant.DryCooler.Each.Pads != nil {
		defaults(t, spec.Plant.DryCooler.Each.Pads)
	}
	p, err := Compile(&spec, Sizes{Racks: 36, RackDesign: fillOf(36, 132e3)})
	if err != nil {
		t.Fatal(err)
	}
	return p, inputs(p, 110e3, 0.2*132e3/(1.19*1006*14))
}

func fillOf(n int, v float64) []float64 {
	s := make([]float64, n)
	for i := range s {
		s[i] = v
	}
	return s
}

func inputs(p *Plan, heat, flow float64) *Input {
	n := len(p.rackHall)
	return &Input{Dt: 10, RackHeat: fillOf(n, heat), RackFlow: fillOf(n, flow), Weather: outdoors(25, 0.5)}
}

func outdoors(t, rh float64) weather.Conditions {
	return weather.Air(t, moistair.FromRelative(t, rh, moistair.StandardPressure), moistair.StandardPressure)
}

// run steps for the given s and checks the ledger of each step.
func run(t testing.TB, p *Plan, s *State, in *Input, seconds float64, each func(now float64, out *Output)) {
	t.Helper()
	var out Output
	for now := 0.0; now < seconds-1e-9; {
		p.Step(s, in, &out)
		now += in.Dt
		if bad := math.Abs(out.Imbalance()); !(bad <= 1e-9*(out.Heat+out.Power.Total()+math.Abs(out.Storing))) {
			t.Fatalf("at %v s: %v W appear from nowhere (heat %v, power %v, rejected %v, storing %v)", now, out.Imbalance(), out.Heat, out.Power.Total(), out.Rejected, out.Storing)
		}
		if each != nil {
			each(now, &out)
		}
	}
}

func highest(v []float64) float64 {
	m := math.Inf(-1)
	for _, x := range v {
		m = max(m, x)
	}
	return m
}

func fail(p *Plan, s *State, k facility.Kind, units ...int32) {
	for _, u := range units {
		p.Health(s, facility.Ref{Kind: k, Index: u}, false)
	}
}

// TestCRAHLoss is the story of the first scenario: one CRAH lost of four holds the inlets, three heat them to
// where GPUs throttle, within minutes, and repair brings them back.
func TestCRAHLoss(t *testing.T) {
	p, in := airHall(t)
	if n := p.counts[facility.CRAH]; n != 4 {
		t.Fatalf("%d CRAHs, want 3 and a spare", n)
	}
	s := New(p)
	p.Settle(s, in)
	before := s.CRAH.Power[1]
	t.Logf("steady: inlet %.2f, outlet %.2f, water %.2f", highest(s.RackInlet), highest(s.RackOutlet), s.WaterSupply[0])
	fail(p, s, facility.CRAH, 0)
	run(t, p, s, in, 7200, func(now float64, out *Output) {
		if h := highest(s.RackInlet); h >= 32 {
			t.Fatalf("inlets at %.1f °C after %v s with one CRAH lost", h, now)
		}
	})
	t.Logf("one lost: inlet %.2f, speed %.2f, fan power %.1f -> %.1f kW", highest(s.RackInlet), s.c.halls[0].speed, before/1e3, s.CRAH.Power[1]/1e3)
	if s.CRAH.Power[1] <= before {
		t.Error("the survivors' fans did not speed up")
	}
	fail(p, s, facility.CRAH, 1, 2)
	hot := 0.0
	run(t, p, s, in, 7200, func(now float64, _ *Output) {
		h := highest(s.RackInlet)
		if hot == 0 && h > 38 {
			hot = now
		}
		if math.Mod(now, 300) == 0 && now <= 1800 {
			t.Logf("three lost, %4.0f s: inlet %.1f °C, supply %.1f °C", now, h, s.HallSupply[0])
		}
	})
	if hot == 0 || hot > 900 {
		t.Errorf("inlets passed 38 °C after %v s, want within 15 min", hot)
	}
	for i := range int32(3) {
		p.Health(s, facility.Ref{Kind: facility.CRAH, Index: i}, true)
	}
	run(t, p, s, in, 7200, nil)
	if h := highest(s.RackInlet); h > 26 {
		t.Errorf("inlets at %.1f °C two hours after repair", h)
	}
}
