package cooling

import (
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// TestStepSize compares steps from 1 s to 300 s over a day in which load and weather change and a CRAH, a chiller
// and the power are lost: the energy of the day is the same.
func TestStepSize(t *testing.T) {
	day := func(dt float64, p *Plan, in *Input) (energy float64) {
		s := New(p)
		in.Weather = outdoors(20, 0.5)
		p.Settle(s, in)
		in.Dt = dt
		var out Output
		for n := range int(86400 / dt) {
			now := float64(n) * dt
			switch now {
			case 6 * 3600:
				fail(p, s, facility.CRAH, 0)
			case 8 * 3600:
				fail(p, s, facility.Chiller, 0)
			case 9 * 3600:
				p.Health(s, facility.Ref{Kind: facility.Chiller}, true)
			case 12 * 3600:
				p.Powered(s, false)
			case 12*3600 + 300:
				p.Powered(s, true)
			}
			mid := 2 * math.Pi * (now + dt/2) / 86400
			for i := range in.RackHeat {
				in.RackHeat[i] = p.designHeat / float64(len(in.RackHeat)) * (0.7 + 0.2*math.Sin(mid))
			}
			in.Weather = outdoors(20-8*math.Cos(mid), 0.5)
			p.Step(s, in, &out)
			energy += out.Power.Total() * dt
		}
		return energy
	}
	for name, build := range map[string]func() (*Plan, *Input){
		"air":    func() (*Plan, *Input) { return airHall(t) },
		"liquid": func() (*Plan, *Input) { return liquidHall(t, nil) },
	} {
		p, in := build()
		fine := day(10, p, in)
		for _, dt := range []float64{20, 60, 150, 300} {
			got := day(dt, p, in)
			t.Logf("%s: steps of %v s: %+.3f %% from steps of 10 s", name, dt, 100*(got/fine-1))
			if limit := 0.001 * max(1, dt/60); math.Abs(got/fine-1) > limit {
				t.Errorf("%s: steps of %v s change the day's energy by %.3f %%", name, dt, 100*(got/fine-1))
			}
		}
	}
}

// TestTransient compares coarse steps with steps of 0.1 s through a loss of CRAHs.
func TestTransient(t *testing.T) {
	path := func(dt float64) []float64 {
		p, in := airHall(t)
		s := New(p)
		p.Settle(s, in)
		fail(p, s, facility.CRAH, 0, 1, 2)
		in.Dt = dt
		var inlets []float64
		var out Output
		for n := range int(1800 / dt) {
			p.Step(s, in, &out)
			if math.Mod(float64(n+1)*dt+1e-9, 60) < 1e-6 {
				inlets = append(inlets, s.RackInlet[0])
			}
		}
		return inlets
	}
	fine := path(0.1)
	for _, c := range []struct{ dt, limit float64 }{{1, 0.02}, {10, 0.1}, {60, 0.6}} {
		worst := 0.0
		for i, v := range path(c.dt) {
			worst = max(worst, math.Abs(v-fine[i]))
		}
		t.Logf("steps of %v s: %.3f K from steps of 0.1 s", c.dt, worst)
		if worst > c.limit {
			t.Errorf("steps of %v s: %.3f K, want at most %v", c.dt, worst, c.limit)
		}
	}
}

// TestLaws states what must hold of any plant: more load is hotter, more airflow through the CRAHs is cooler, a
// hotter day costs more, more leakage is hotter.
func TestLaws(t *testing.T) {
	inlet := func(mutate func(*Spec), heat, outside float64, lost int) (float64, float64) {
		var spec Spec
		if mutate != nil {
			mutate(&spec)
		}
		defaults(t, &spec)
		p, err := Compile(&spec, Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)})
		if err != nil {
			t.Fatal(err)
		}
		in := inputs(p, heat, 2.4)
		in.Weather = outdoors(outside, 0.4)
		s := New(p)
		for i := range lost {
			fail(p, s, facility.CRAH, int32(i))
		}
		p.Settle(s, in)
		var out Output
		p.Step(s, in, &out)
		return highest(s.RackInlet), out.Power.Total()
	}
	base, power := inlet(nil, 34e3, 30, 2)
	if more, _ := inlet(nil, 38e3, 30, 2); more <= base {
		t.Errorf("more load: %.3f °C, not hotter than %.3f", more, base)
	}
	if fewer, _ := inlet(nil, 34e3, 30, 3); fewer <= base {
		t.Errorf("fewer CRAHs: %.3f °C, not hotter than %.3f", fewer, base)
	}
	if _, hot := inlet(nil, 34e3, 38, 2); hot <= power {
		t.Errorf("a hotter day: %.0f W, not more than %.0f", hot, power)
	}
	leak := unit.Ratio(0.3)
	if leaky, _ := inlet(func(s *Spec) { s.Air.Recirculation = &leak }, 34e3, 30, 2); leaky <= base {
		t.Errorf("more recirculation: %.3f °C, not hotter than %.3f", leaky, base)
	}
	if open, _ := inlet(func(s *Spec) { s.Air.Containment = "none" }, 34e3, 30, 0); open <= 24.5 {
		t.Errorf("an open aisle: %.3f °C, not hotter than its supply", open)
	}
}

// TestEnergy adds up what every step stored and compares it with what the masses hold at the end.
func TestEnergy(t *testing.T) {
	p, in := liquidHall(t, nil)
	s := New(p)
	p.Settle(s, in)
	before, stored := p.Energy(s), 0.0
	fail(p, s, facility.CDU, 0, 1)
	fail(p, s, facility.CRAH, 0, 1)
	fail(p, s, facility.DryCooler, 0, 1, 2)
	in.Weather = outdoors(40, 0.2)
	run(t, p, s, in, 3600, func(_ float64, out *Output) { stored += out.Storing * in.Dt })
	if got := p.Energy(s) - before; stored < 1e7 || math.Abs(got-stored) > 1e-6*stored {
		t.Errorf("the masses hold %v J more, the steps stored %v", got, stored)
	}
}

// TestRenumber permutes racks, and splits a hall in two: the physics does not care.
func TestRenumber(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var spec Spec
	defaults(t, &spec)
	perm := rng.Perm(32)
	heat := make([]float64, 32)
	for i := range heat {
		heat[i] = 20e3 + 20e3*rng.Float64()
	}
	build := func(order []int, halls int, count Count) (*Plan, *State, *Input) {
		sp := spec
		sp.Air.CRAH.Count = count
		rating := unit.Power(480e3)
		sp.Air.CRAH.Each.Rating = &rating
		n := Sizes{Racks: 32, RackDesign: fillOf(32, 41e3), RackHall: make([]int32, 32)}
		for i := range 32 {
			n.RackHall[i] = int32(i * halls / 32)
		}
		p, err := Compile(&sp, n)
		if err != nil {
			t.Fatal(err)
		}
		in := inputs(p, 0, 2.4)
		for i, o := range order {
			in.RackHeat[i] = heat[o]
		}
		s := New(p)
		p.Settle(s, in)
		run(t, p, s, in, 600, nil)
		return p, s, in
	}
	straight := make([]int, 32)
	for i := range straight {
		straight[i] = i
	}
	_, a, _ := build(straight, 1, 4)
	_, b, _ := build(perm, 1, 4)
	for i, o := range perm {
		if math.Abs(b.RackInlet[i]-a.RackInlet[o]) > 1e-9 {
			t.Fatalf("rack %d: %v °C, was %v", o, b.RackInlet[i], a.RackInlet[o])
		}
	}
	// Two halls that mirror each other, with half the CRAHs each, are one hall.
	for i := range 16 {
		heat[16+i] = heat[i]
	}
	_, one, _ := build(straight, 1, 4)
	_, two, _ := build(straight, 2, 2)
	for i := range 32 {
		if math.Abs(one.RackInlet[i]-two.RackInlet[i]) > 1e-9 {
			t.Fatalf("rack %d: %v °C in one hall, %v in two", i, one.RackInlet[i], two.RackInlet[i])
		}
	}
}

// TestClone resumes from a copy in the middle of a disturbance and lands where the uninterrupted run lands.
func TestClone(t *testing.T) {
	p, in := liquidHall(t, nil)
	s := New(p)
	p.Settle(s, in)
	fail(p, s, facility.CDU, 0, 1, 2)
	fail(p, s, facility.DryCooler, 0)
	run(t, p, s, in, 300, nil)
	c := s.Clone()
	run(t, p, s, in, 300, nil)
	if reflect.DeepEqual(s, c) {
		t.Fatal("the copy moved with the original")
	}
	run(t, p, c, in, 300, nil)
	if !reflect.DeepEqual(s, c) {
		t.Error("a resumed copy differs from the uninterrupted run")
	}
}

// TestRandomPlants builds plants of any size, fails and repairs anything, changes set points and steps, with
// steps of any length: the ledger closes, nothing is NaN, nothing loops. HALLTWIN_SOAK runs 10,000 of them.
func TestRandomPlants(t *testing.T) {
	runs := 150
	if os.Getenv("HALLTWIN_SOAK") != "" {
		runs = 10_000
	}
	for seed := range runs {
		rng := rand.New(rand.NewPCG(uint64(seed), 7))
		p, s, in := randomPlant(t, rng)
		if p == nil {
			continue
		}
		var out Output
		heat := append([]float64(nil), in.RackHeat...)
		if rng.IntN(2) == 0 {
			p.Settle(s, in)
		}
		for range 60 {
			shake(p, s, rng)
			in.Dt = math.Exp(rng.Float64()*math.Log(3000)) * 0.1 // 0.1 to 300 s
			scale := rng.Float64()
			for i := range in.RackHeat {
				in.RackHeat[i] = heat[i] * scale
			}
			in.Weather = outdoors(-30+75*rng.Float64(), rng.Float64())
			p.Step(s, in, &out)
			flows := out.Heat + out.Power.Total() + math.Abs(out.Storing) + math.Abs(out.Rejected)
			if bad := math.Abs(out.Imbalance()); !(bad <= 1e-9*flows+1e-6) {
				t.Fatalf("seed %d: %v W of %v from nowhere: %+v\nwater %v loops %v halls %+v", seed, bad, flows, out, s.WaterSupply, s.LoopSupply, s.c.halls)
			}
			for name, v := range map[string][]float64{"inlet": s.RackInlet, "doors": s.RearDoor.Supply, "rows": s.InRow.Supply, "outlet": s.RackOutlet, "liquid": s.RackLiquid, "machines": s.Machines, "air": s.HallAir, "humidity": s.HallHumidity, "loops": s.LoopSupply, "water": s.WaterSupply, "delivered": s.Delivered, "tanks": s.TankNodes, "towers": {s.TowerLeaving}} {
				for i, x := range v {
					if math.IsNaN(x) || math.IsInf(x, 0) || x < -60 {
						t.Fatalf("seed %d: %s[%d] = %v", seed, name, i, x)
					}
				}
			}
			for _, x := range []float64{out.Fans, out.CDUs, out.Pumps, out.Chillers, out.Towers, out.DryCooler, out.Humidity, out.Water, out.Drain} {
				if !(x >= 0 && x < 1e10) {
					t.Fatalf("seed %d: power or water %v: %+v", seed, x, out)
				}
			}
		}
	}
}

func randomPlant(tb *testing.T, rng *rand.Rand) (*Plan, *State, *Input) {
	var spec Spec
	pick := func(s ...string) string { return s[rng.IntN(len(s))] }
	spec.Plant.Kind = pick("chiller-tower", "dry-cooler", "outdoor-air", "none")
	spec.Plant.Redundancy = pick("N", "N+1", "N+2", "2N")
	spec.Air.CRAH.Redundancy = pick("N", "N+1", "2N")
	spec.Air.Containment = pick("hot-aisle", "cold-aisle", "none")
	spec.Air.CRAH.Count = Count(rng.IntN(6))
	spec.Plant.Chilled.Volume = volume(math.Exp(rng.Float64()*10) * 1e-3) // 1 L to 22 m³
	spec.Plant.DryCooler.Count = Count(rng.IntN(4))
	tank := func() *TankSpec {
		if rng.IntN(2) == 0 {
			return nil
		}
		t := &TankSpec{Volume: *volume(math.Exp(rng.Float64()*12) * 1e-3), Connection: pick("series", "parallel"), Nodes: 1 + rng.IntN(20)}
		defaults(tb, t)
		return t
	}
	spec.Plant.Chilled.Tank, spec.Plant.Warm.Tank = tank(), tank()
	if rng.IntN(3) == 0 {
		spec.Plant.Tower.Volume = volume(math.Exp(rng.Float64()*8) * 1e-3)
	}
	if rng.IntN(2) == 0 {
		spec.Plant.Outdoor.Pads = &PadSpec{Effectiveness: 0.75, Above: 15}
	}
	spec.Air.Humidity.Humidifier = pick("ultrasonic", "steam", "none")
	if rng.IntN(2) == 0 && spec.Plant.Kind != "outdoor-air" {
		c := mcquay
		spec.Plant.Chiller.Each.Curve = &c
	}
	n := Sizes{Racks: 1 + rng.IntN(40)}
	if rng.IntN(2) == 0 && spec.Plant.Kind != "outdoor-air" {
		spec.Liquid = &LiquidSpec{Loop: LoopSize(rng.IntN(6) - 1)}
		spec.Plant.Warm.Volume = volume(math.Exp(rng.Float64()*10) * 1e-3)
		defaults(tb, spec.Liquid)
	}
	if rng.IntN(2) == 0 {
		spec.Plant.DryCooler.Each.Pads = &PadSpec{Effectiveness: 0.75, Above: 20}
	}
	if rng.IntN(3) == 0 {
		spec.Air.Reset = &AirResetSpec{By: pick("inlet", "return", "outdoor", "smart"), Lowest: 20}
		defaults(tb, spec.Air.Reset)
	}
	if rng.IntN(3) == 0 && spec.Plant.Kind != "outdoor-air" {
		spec.Plant.Chilled.Reset = &WaterResetSpec{By: pick("load", "outdoor", "air")}
		defaults(tb, spec.Plant.Chilled.Reset)
	}
	if rng.IntN(3) == 0 && spec.Plant.Kind != "outdoor-air" {
		spec.Plant.Chiller.Staging = &StagingSpec{}
		defaults(tb, spec.Plant.Chiller.Staging)
	}
	if rng.IntN(2) == 0 && spec.Liquid != nil {
		spec.Liquid.Reset = &LiquidResetSpec{By: pick("outdoor", "valve"), Lowest: 25}
		defaults(tb, spec.Liquid.Reset)
	}
	if rng.IntN(3) == 0 && spec.Liquid != nil && spec.Plant.Kind == "dry-cooler" {
		spec.Plant.Warm.Reset = &WarmResetSpec{By: pick("outdoor", "load")}
		defaults(tb, spec.Plant.Warm.Reset)
	}
	randomAir(tb, rng, &spec)
	defaults(tb, &spec)
	halls := 1 + rng.IntN(3)
	for range n.Racks {
		n.RackDesign = append(n.RackDesign, 1e3+150e3*rng.Float64())
		n.RackHall = append(n.RackHall, int32(rng.IntN(halls)))
		n.RackRow = append(n.RackRow, int32(rng.IntN(4)))
		n.RackEdge = append(n.RackEdge, rng.IntN(4) == 0)
	}
	randomMatrix(rng, &n)
	p, err := Compile(&spec, n)
	if err != nil {
		return nil, nil, nil
	}
	in := inputs(p, 0, 0)
	for i := range in.RackHeat {
		in.RackHeat[i] = n.RackDesign[i] * rng.Float64()
		in.RackFlow[i] = n.RackDesign[i] / 17e3 * rng.Float64() * 2
	}
	return p, New(p), in
}

func volume(v float64) *unit.Volume { u := unit.Volume(v); return &u }

// shake does something to a plant.
func shake(p *Plan, s *State, rng *rand.Rand) {
	k := kinds[rng.IntN(len(kinds))]
	if n := p.counts[k]; n > 0 {
		p.Health(s, facility.Ref{Kind: k, Index: int32(rng.IntN(n))}, rng.IntN(2) == 0)
		p.PoweredRef(s, facility.Ref{Kind: k, Index: int32(rng.IntN(n))}, rng.IntN(3) > 0)
	}
	switch rng.IntN(12) {
	case 0:
		p.Powered(s, false)
	case 1, 2:
		p.Powered(s, true)
	case 3:
		_ = p.Set(s, facility.Ref{Kind: facility.Site}, "air.supply", 15+20*rng.Float64())
	case 4:
		_ = p.Set(s, facility.Ref{Kind: facility.Site}, "liquid.supply", 20+25*rng.Float64())
	}
}

// bigHall is 1,500 racks: 100,000 GPUs.
func bigHall(t testing.TB, liquid bool) (*Plan, *State, *Input) {
	var spec Spec
	if liquid {
		spec.Liquid = &LiquidSpec{Loop: 12}
		defaults(t, spec.Liquid)
		spec.Plant.Kind = "dry-cooler"
	}
	defaults(t, &spec)
	p, err := Compile(&spec, Sizes{Racks: 1500, RackDesign: fillOf(1500, 80e3)})
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(p, 60e3, 4)
	in.Dt = 300
	s := New(p)
	p.Settle(s, in)
	return p, s, in
}

func TestNoAllocation(t *testing.T) {
	for _, liquid := range []bool{false, true} {
		p, s, in := bigHall(t, liquid)
		var out Output
		if n := testing.AllocsPerRun(20, func() { p.Step(s, in, &out) }); n != 0 {
			t.Errorf("liquid %v: %v allocations a step", liquid, n)
		}
	}
}

func BenchmarkStep(b *testing.B) {
	for _, c := range []struct {
		name   string
		liquid bool
		vary   bool
	}{{"air", false, false}, {"liquid", true, false}, {"air-varying-flow", false, true}} {
		b.Run(c.name, func(b *testing.B) {
			p, s, in := bigHall(b, c.liquid)
			var out Output
			n := 0
			for b.Loop() {
				if c.vary {
					n++
					for i := range in.RackFlow {
						in.RackFlow[i] = 4 + 0.01*float64(n&1)
					}
				}
				p.Step(s, in, &out)
			}
		})
	}
}
