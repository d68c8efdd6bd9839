package cooling

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// bufferHall is a hall of 2 MW whose chilled water rises by 6 K, with a tank of 100 m³, warm air and hardly any other
// mass: at 2 MW the tank carries the hall for 1252.7 s (4184 J/kg/K, 997 kg/m³).
func bufferHall(t testing.TB, nodes int, connection string) (*Plan, *State, *Input) {
	var spec Spec
	spec.Air.Supply = 32
	spec.Air.Humidity.Humidifier = "none"
	spec.Air.CRAH.Each.Fan, spec.Air.CRAH.Margin = 1e-9, 2
	spec.Plant.Chilled.Rise, spec.Plant.Chilled.Volume = 6, volume(0.01)
	spec.Plant.Pump.Chilled = 1e-9
	loss := unit.Conductance(0)
	spec.Plant.Chilled.Tank = &TankSpec{Volume: 100, Nodes: nodes, Connection: connection, Loss: &loss}
	defaults(t, spec.Plant.Chilled.Tank)
	defaults(t, &spec)
	spec.Plant.Economizer.Enabled = false
	p, err := Compile(&spec, Sizes{Racks: 200, RackDesign: fillOf(200, 10e3)})
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(p, 10e3, 10e3/(p.rhoCp*14))
	in.Weather = outdoors(30, 0.4)
	s := New(p)
	p.Settle(s, in)
	return p, s, in
}

// TestTankRideThrough empties tanks of 1 to 20 nodes through the running plant, at steps of 1 s and of a minute: what
// leaves follows the closed form of tanks in series, and a tank beside the loop holds the set point for the time that the
// closed form gives.
func TestTankRideThrough(t *testing.T) {
	whole := BufferRideThrough(100, 6, 2e6, 1)
	if math.Abs(whole-1252.7) > 3 {
		t.Fatalf("closed form: %v s", whole)
	}
	for _, nodes := range []int{1, 4, 20} {
		for _, dt := range []float64{1, 60} {
			p, s, in := bufferHall(t, nodes, "series")
			for i := range p.counts[facility.Chiller] {
				fail(p, s, facility.Chiller, int32(i))
			}
			in.Dt = dt
			rate := 2e6 / 6.0
			mass := p.water[0].tank.mass
			worst := 0.0
			run(t, p, s, in, 1260, func(now float64, _ *Output) {
				// Without a plant the water that leaves the halls comes back: the tank's own outlet, 6 K warmer, enters it.
				// To the first turnover only the first pass counts where layers keep apart.
				if nodes < 4 || now > 0.5*whole {
					return
				}
				want := 18 + 6*TankSeries(nodes, rate*now/mass)
				worst = max(worst, math.Abs(s.Delivered[0]-want))
			})
			if worst > 0.06 {
				t.Errorf("%d nodes, steps of %v s: %.3f K from the closed form", nodes, dt, worst)
			}
			if took := p.TankCharge(s, 0); math.Abs(took-(1-1260/whole)) > 0.02 {
				t.Errorf("%d nodes, steps of %v s: %.1f %% left after a full turnover", nodes, dt, 100*took)
			}
		}
	}
	p, s, in := bufferHall(t, 20, "parallel")
	for i := range p.counts[facility.Chiller] {
		fail(p, s, facility.Chiller, int32(i))
	}
	in.Dt = 5
	held, lasted := 0.0, 0.0
	run(t, p, s, in, 1400, func(now float64, _ *Output) {
		if s.WaterSupply[0] < 18.05 {
			held = now
		}
		if s.WaterSupply[0] < 18+3 {
			lasted = now
		}
	})
	if held < 0.5*whole || math.Abs(lasted/whole-1) > 0.08 {
		t.Errorf("set point held for %.0f s, half of the rise after %.0f s, the whole tank is %.0f s", held, lasted, whole)
	}
	t.Logf("closed form %.1f s; beside the loop it holds the set point for %.0f s, half of the rise comes after %.0f s", whole, held, lasted)
}

// TestTankEnergy: what the steps stored is what tanks and loops hold, through loss, discharge, return and recharge.
func TestTankEnergy(t *testing.T) {
	for _, connection := range []string{"series", "parallel"} {
		p, s, in := bufferHall(t, 7, connection)
		in.Dt = 30
		before, stored := p.Energy(s), 0.0
		book := func(_ float64, out *Output) { stored += out.Storing * in.Dt }
		for _, up := range []bool{false, true} {
			for i := range p.counts[facility.Chiller] {
				p.Health(s, facility.Ref{Kind: facility.Chiller, Index: int32(i)}, up)
			}
			run(t, p, s, in, 1800, book)
			for i := range p.pumps[0].n {
				p.Health(s, facility.Ref{Kind: facility.Pump, Index: i}, up)
			}
			run(t, p, s, in, 600, book)
		}
		got := p.Energy(s) - before
		if math.Abs(got-stored) > 1e-8*math.Abs(p.Energy(s)) {
			t.Errorf("%s: the masses hold %v J more, the steps stored %v", connection, got, stored)
		}
	}
}

// TestTankSteps: a tank of any layers works the same in short steps and long ones.
func TestTankSteps(t *testing.T) {
	for _, connection := range []string{"series", "parallel"} {
		var ends [2]float64
		for i, dt := range []float64{2, 60} {
			p, s, in := bufferHall(t, 10, connection)
			fail(p, s, facility.Chiller, 0, 1)
			in.Dt = dt
			run(t, p, s, in, 1800, nil)
			ends[i] = p.TankCharge(s, 0)
		}
		if math.Abs(ends[0]-ends[1]) > 0.01 {
			t.Errorf("%s: charge of %.4f in steps of 2 s, %.4f of a minute", connection, ends[0], ends[1])
		}
	}
}
