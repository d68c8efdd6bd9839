package cooling

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// heldHall is the hall of airHall whose fans hold a temperature.
func heldHall(t testing.TB, by string, goal float64) (*Plan, *State, *Input) {
	g := unit.Temperature(goal)
	return coupledHall(t, Sizes{}, func(s *Spec) { s.Air.CRAH.Control = &FanControlSpec{By: by, Goal: &g} })
}

// TestFansHold: at rest the fans have the speed at which the air is at its goal, or are at a bound, in steps of any length.
func TestFansHold(t *testing.T) {
	for _, c := range []struct {
		by   string
		goal float64
	}{{"inlet", 27}, {"return", 37}} {
		for _, dt := range []float64{1, 10, 60, 300} {
			p, s, in := heldHall(t, c.by, c.goal)
			for i := range in.RackHeat {
				in.RackHeat[i] = 36e3
			}
			in.Dt = dt
			run(t, p, s, in, 4*3600, nil)
			got := s.HallCold[0]
			if c.by == "return" {
				got = s.CRAH.Return[0]
			}
			if math.Abs(got-c.goal) > 0.01 {
				t.Errorf("%s, steps of %v s: %.3f °C, want %v (speed %.3f)", c.by, dt, got, c.goal, s.HallSpeed[0])
			}
		}
	}
}

// TestFansDoNotChatter: after a load step and a lost unit the speed settles without reversing more than once, whatever the
// gain and the step.
func TestFansDoNotChatter(t *testing.T) {
	for _, gain := range []float64{0.1, 1, 5} {
		for _, dt := range []float64{1, 5, 20, 60, 120, 300} {
			g := unit.Temperature(27)
			p, s, in := coupledHall(t, Sizes{}, func(s *Spec) {
				s.Air.CRAH.Control = &FanControlSpec{By: "inlet", Goal: &g, Gain: gain}
				if gain > 0.1 {
					s.Air.Room.Aisle = 0.01 // behind a mass of air so high a gain rings, as it would in life
				}
			})
			for i := range in.RackHeat {
				in.RackHeat[i] = 25e3
				in.RackFlow[i] *= 0.8
			}
			p.Settle(s, in)
			fail(p, s, facility.CRAH, 0)
			for i := range in.RackHeat {
				in.RackHeat[i], in.RackFlow[i] = 34e3, in.RackFlow[i]/0.8
			}
			in.Dt = dt
			turns, was, rise := 0, s.HallSpeed[0], 0.0
			run(t, p, s, in, 7200, func(float64, *Output) {
				d := s.HallSpeed[0] - was
				if math.Abs(d) > 1e-4 {
					if d*rise < 0 {
						turns++
					}
					rise = d
				}
				was = s.HallSpeed[0]
			})
			if turns > 2 {
				t.Errorf("gain %v, steps of %v s: the fans turned round %d times", gain, dt, turns)
			}
		}
	}
}

// TestFansDoNotWindUp: hours against a bound leave nothing to unwind.
func TestFansDoNotWindUp(t *testing.T) {
	p, s, in := heldHall(t, "inlet", 27)
	fail(p, s, facility.CRAH, 0, 1, 2)
	run(t, p, s, in, 6*3600, nil)
	if s.HallSpeed[0] < 0.999 || s.HallFan[0] > 1 {
		t.Fatalf("one unit of four: speed %v, integral %v", s.HallSpeed[0], s.HallFan[0])
	}
	for u := range int32(3) {
		p.Health(s, facility.Ref{Kind: facility.CRAH, Index: u}, true)
	}
	run(t, p, s, in, 1800, nil)
	if s.HallSpeed[0] > 0.95 {
		t.Errorf("half an hour after the repair the fans still run at %.3f", s.HallSpeed[0])
	}
}

// TestFanSteps compares a load step under PI control at several steps with steps of 0.1 s.
func TestFanSteps(t *testing.T) {
	path := func(dt float64) (inlets []float64) {
		p, s, in := heldHall(t, "inlet", 27)
		for i := range in.RackHeat {
			in.RackHeat[i] = 20e3
		}
		p.Settle(s, in)
		for i := range in.RackHeat {
			in.RackHeat[i] = 38e3
		}
		in.Dt = dt
		for n := range int(3600/dt + 0.5) {
			var out Output
			p.Step(s, in, &out)
			if math.Mod(float64(n+1)*dt+1e-9, 300) < 1e-6 {
				inlets = append(inlets, s.RackInlet[0])
			}
		}
		return inlets
	}
	fine := path(0.1)
	for _, dt := range []float64{1, 10, 30, 60, 300} {
		worst := 0.0
		for i, v := range path(dt) {
			worst = max(worst, math.Abs(v-fine[i]))
		}
		t.Logf("steps of %v s: %.3f K from steps of 0.1 s", dt, worst)
		if worst > 0.5 {
			t.Errorf("steps of %v s: %.3f K, want at most 0.5", dt, worst)
		}
	}
}
