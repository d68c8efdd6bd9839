package cooling

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// coupledHall is the hall of airHall with a change, settled.
func coupledHall(t testing.TB, n Sizes, mutate func(*Spec)) (*Plan, *State, *Input) {
	t.Helper()
	var spec Spec
	mutate(&spec)
	if spec.Air.InRow != nil {
		defaults(t, spec.Air.InRow)
	}
	if spec.Air.RearDoor != nil {
		defaults(t, spec.Air.RearDoor)
	}
	if spec.Air.CRAH.Control != nil {
		defaults(t, spec.Air.CRAH.Control)
	}
	defaults(t, &spec)
	if n.Racks == 0 {
		n = Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)}
	}
	p, err := Compile(&spec, n)
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(p, 41e3, 41e3/(p.rhoCp*14))
	s := New(p)
	p.Settle(s, in)
	return p, s, in
}

// TestDoorClosedForm: at its design a door captures the share it was sized for, in the equation and in a running hall;
// with other water it takes ε·C_min·(T_out - T_w) of the closed form of a counterflow exchanger.
func TestDoorClosedForm(t *testing.T) {
	ua, eps := DoorUA(40e3, 0.8, 40e3/14, 3500, 24, 18)
	if want := 0.8 * 14 / 20.; math.Abs(eps-want) > 1e-12 {
		t.Errorf("effectiveness %v, want %v", eps, want)
	}
	z := 40e3 / 14 / 3500
	if want := math.Log((1-eps*z)/(1-eps)) / (1 - z) * 40e3 / 14; math.Abs(ua/want-1) > 1e-9 {
		t.Errorf("UA %v W/K, closed form %v", ua, want)
	}
	if ua, eps := DoorUA(40e3, 0.9, 40e3/14, 3500, 24, 26); !math.IsNaN(ua) || eps < 0.97 {
		t.Errorf("warm water: UA %v, effectiveness %v", ua, eps)
	}

	none := unit.Ratio(0)
	p, s, _ := coupledHall(t, Sizes{}, func(s *Spec) {
		s.Air.RearDoor = &RearDoorSpec{}
		s.Air.Recirculation, s.Air.Room.Volume = &none, 6
	})
	for j, load := range s.RearDoor.Load {
		if math.Abs(load-1) > 1e-3 {
			t.Fatalf("door %d at its design: load %.5f, want 1 (in %.3f, out %.3f °C)", j, load, s.RearDoor.Return[j], s.RearDoor.Supply[j])
		}
	}
	d := &p.doors[0]
	ca := p.rhoCp * s.c.flow[0]
	want := d.effect(ca, s.c.flow[0], 1) * ca * (s.RearDoor.Return[0] - s.WaterSupply[0])
	if got := s.RearDoor.Load[0] * d.rating; math.Abs(got/want-1) > 1e-6 {
		t.Errorf("door takes %v W, ε·C·ΔT is %v", got, want)
	}
	if got := ca * (s.RearDoor.Return[0] - s.RearDoor.Supply[0]); math.Abs(got/want-1) > 1e-6 {
		t.Errorf("its air gives %v W, its water takes %v", got, want)
	}
}

// TestDoorFails: without its water or its own fans a door takes nothing, and the CRAHs carry on; a passive door needs no
// power.
func TestDoorFails(t *testing.T) {
	for _, kind := range []string{"passive", "active"} {
		p, s, in := coupledHall(t, Sizes{}, func(s *Spec) { s.Air.RearDoor = &RearDoorSpec{Kind: kind} })
		fans := 0.0
		for _, w := range s.RearDoor.Power {
			fans += w
		}
		if (fans > 0) != (kind == "active") {
			t.Errorf("%s doors draw %v W", kind, fans)
		}
		fail(p, s, facility.RearDoor, 3)
		run(t, p, s, in, 600, nil)
		if s.RearDoor.Load[3] != 0 || s.RearDoor.Supply[3] != s.RearDoor.Return[3] || s.RearDoor.Load[4] <= 0.9 {
			t.Errorf("%s: door 3 has failed: loads %v and %v", kind, s.RearDoor.Load[3], s.RearDoor.Load[4])
		}
		for i := range s.RackInlet {
			if s.RackInlet[i] > 25.5 {
				t.Fatalf("%s: rack %d at %.2f °C with one door lost", kind, i, s.RackInlet[i])
			}
		}
		p.Powered(s, false)
		if up := s.Working(facility.Ref{Kind: facility.RearDoor}); up != (kind == "passive") {
			t.Errorf("%s door without power works: %v", kind, up)
		}
		run(t, p, s, in, 30, nil)
		if s.RearDoor.Load[4] != 0 {
			t.Errorf("%s: a door without water carries %v", kind, s.RearDoor.Load[4])
		}
	}
}

// TestDoorsStayDry: of water below the dew point a mixing valve makes water above it.
func TestDoorsStayDry(t *testing.T) {
	p, s, in := coupledHall(t, Sizes{}, func(s *Spec) {
		s.Plant.Chilled.Supply = 10
		s.Air.Humidity.DriedTo, s.Air.Humidity.Ventilation = 40, 0.05
		s.Air.RearDoor = &RearDoorSpec{Capture: 0.7}
		s.Air.CRAH.Count = 1
	})
	in.Weather = outdoors(30, 0.8)
	fail(p, s, facility.CRAH, 0)
	run(t, p, s, in, 3600, nil)
	d := &s.c.halls[0].door
	if dew := p.DewPoint(s, 0); dew < 14 || d.floor < dew-0.5 || d.floor <= s.WaterSupply[0] {
		t.Errorf("dew point %.1f, water in the doors at least %.1f, loop %.1f °C", dew, d.floor, s.WaterSupply[0])
	}
}

// TestInRow: a hall of in-row coolers alone holds its inlets, and its survivors speed up.
func TestInRow(t *testing.T) {
	p, s, in := coupledHall(t, Sizes{}, func(s *Spec) { s.Air.InRow = &InRowSpec{} })
	if p.counts[facility.CRAH] != 0 || p.counts[facility.InRow] < 24 {
		t.Fatalf("%d CRAHs and %d in-row coolers", p.counts[facility.CRAH], p.counts[facility.InRow])
	}
	power := s.InRow.Power[1]
	fail(p, s, facility.InRow, 0)
	run(t, p, s, in, 1800, nil)
	if h := highest(s.RackInlet); h > 25 || s.InRow.Power[1] <= power || s.InRow.Flow[0] != 0 {
		t.Errorf("one of %d lost: inlets %.2f °C, fans %v then %v W", p.counts[facility.InRow], h, power, s.InRow.Power[1])
	}
	sum := 0.0
	for j, load := range s.InRow.Load {
		sum += load * p.halls[0].row.rating
		_ = j
	}
	if w := &s.c.halls[0]; math.Abs(sum/w.row.heat-1) > 1e-9 || math.Abs(w.row.heat/(32*41e3+w.row.fans)-1) > 1e-3 {
		t.Errorf("coolers take %v W of %v", sum, 32*41e3)
	}
}

// TestInRowIsCRAH: where nothing leaks past the racks, an in-row cooler of the same coil, fans and airflow is a CRAH.
func TestInRowIsCRAH(t *testing.T) {
	none, rating := unit.Ratio(0), unit.Power(60e3)
	p, a, in := coupledHall(t, Sizes{}, func(s *Spec) {
		s.Air.Bypass = &none
		s.Air.CRAH.Count, s.Air.CRAH.Each.Rating = 26, &rating
	})
	q, b, _ := coupledHall(t, Sizes{}, func(s *Spec) {
		s.Air.Bypass = &none
		s.Air.InRow = &InRowSpec{Count: 26}
		s.Air.InRow.Each = InRowUnitSpec{Rating: &rating, Rise: 12, Fan: 0.045}
	})
	for n := range int32(20) {
		fail(p, a, facility.CRAH, n)
		fail(q, b, facility.InRow, n)
	}
	run(t, p, a, in, 1200, nil)
	run(t, q, b, in, 1200, nil)
	for i := range a.RackInlet {
		if math.Abs(a.RackInlet[i]-b.RackInlet[i]) > 1e-6 {
			t.Fatalf("rack %d: %v °C behind CRAHs, %v behind in-row coolers", i, a.RackInlet[i], b.RackInlet[i])
		}
	}
	if highest(a.RackInlet) < 26 {
		t.Errorf("six of 26 units hold %.2f °C: the test does not reach the coils' limits", highest(a.RackInlet))
	}
}

// TestCoupledLaws: more water and more coolers are cooler, more load is hotter, splitting a hall changes nothing.
func TestCoupledLaws(t *testing.T) {
	warm := unit.Temperature(20)
	door := func(flow float64, load float64, lost int) (float64, float64) {
		p, s, in := coupledHall(t, Sizes{}, func(s *Spec) {
			s.Plant.Kind, s.Plant.Warm.Supply = "dry-cooler", &warm
			s.Air.RearDoor = &RearDoorSpec{Water: "warm"}
		})
		in.Weather = outdoors(10, 0.5)
		for i := range in.RackHeat {
			in.RackHeat[i] *= load
			in.RackFlow[i] *= flow
		}
		for j := range int32(lost) {
			fail(p, s, facility.RearDoor, j)
		}
		fail(p, s, facility.CRAH, 0, 1, 2)
		p.Settle(s, in)
		var out Output
		p.Step(s, in, &out)
		if math.Abs(out.Imbalance()) > 1e-9*out.Heat {
			t.Fatalf("%v W from nowhere", out.Imbalance())
		}
		return highest(s.RackInlet), s.WaterSupply[1]
	}
	base, _ := door(1, 0.9, 0)
	if hot, _ := door(1, 1, 0); hot <= base {
		t.Errorf("more load: %.3f °C, not hotter than %.3f", hot, base)
	}
	if hot, _ := door(1, 0.9, 8); hot <= base {
		t.Errorf("doors lost: %.3f °C, not hotter than %.3f", hot, base)
	}
	if hot, _ := door(0.7, 0.9, 0); hot == base {
		t.Errorf("the racks' airflow does not matter: %.3f °C", hot)
	}

	build := func(halls int) *State {
		n := Sizes{Racks: 32, RackDesign: fillOf(32, 41e3), RackHall: make([]int32, 32)}
		for i := range n.RackHall {
			n.RackHall[i] = int32(i * halls / 32)
		}
		rating, row := unit.Power(300e3), unit.Power(60e3)
		p, s, in := coupledHall(t, n, func(s *Spec) {
			s.Plant.Kind, s.Plant.Warm.Supply = "dry-cooler", &warm
			s.Air.CRAH.Count, s.Air.CRAH.Each.Rating = Count(4/halls), &rating
			s.Air.InRow = &InRowSpec{Share: 0.4, Count: Count(12 / halls), Each: InRowUnitSpec{Rating: &row}}
			s.Air.RearDoor = &RearDoorSpec{Water: "warm", Capture: 0.5}
		})
		in.Weather = outdoors(25, 0.5)
		for h := range halls {
			fail(p, s, facility.CRAH, int32(h*4/halls))
			if halls == 1 {
				fail(p, s, facility.CRAH, 1)
			}
		}
		run(t, p, s, in, 900, nil)
		return s
	}
	one, two := build(1), build(2)
	for i := range one.RackInlet {
		if math.Abs(one.RackInlet[i]-two.RackInlet[i]) > 1e-8 {
			t.Fatalf("rack %d: %v °C in one hall, %v in two", i, one.RackInlet[i], two.RackInlet[i])
		}
	}
}

// TestCoolersRefused: coolers without a loop, without flow, or with water too warm are explained at their place.
func TestCoolersRefused(t *testing.T) {
	for want, mutate := range map[string]func(*Spec){
		"air.rear_door: a plant of kind outdoor-air has no water loop":            func(s *Spec) { s.Plant.Kind = "outdoor-air"; s.Air.RearDoor = &RearDoorSpec{} },
		"air.in_row: a plant of kind none has no water loop":                      func(s *Spec) { s.Plant.Kind = "none"; s.Air.InRow = &InRowSpec{} },
		"air.rear_door.water: a plant of kind chiller-tower has no warm loop":     func(s *Spec) { s.Air.RearDoor = &RearDoorSpec{Water: "warm"} },
		"air.in_row.water: without liquid cooling nothing says how warm":          func(s *Spec) { s.Plant.Kind = "dry-cooler"; s.Air.InRow = &InRowSpec{Water: "warm"} },
		"air.rear_door.capture: no door takes 120 % of 41 kW from air at 38.0 °C": func(s *Spec) { s.Plant.Chilled.Supply = 22; s.Air.RearDoor = &RearDoorSpec{Capture: 1.2} },
		"air.in_row.each: no coil takes": func(s *Spec) {
			s.Plant.Chilled.Supply = 23
			v := unit.Power(60e3)
			s.Air.InRow = &InRowSpec{Each: InRowUnitSpec{Rating: &v, Rise: 25}}
		},
		"air.rear_door.leaving: water at 18 degC cannot make air of 18.5 degC: keep ": func(s *Spec) { v := unit.Temperature(18.5); s.Air.RearDoor = &RearDoorSpec{Leaving: &v} },
	} {
		var spec Spec
		mutate(&spec)
		for _, sub := range []any{spec.Air.InRow, spec.Air.RearDoor} {
			switch v := sub.(type) {
			case *InRowSpec:
				if v != nil {
					defaults(t, v)
				}
			case *RearDoorSpec:
				if v != nil {
					defaults(t, v)
				}
			}
		}
		defaults(t, &spec)
		_, err := Compile(&spec, Sizes{Racks: 8, RackDesign: fillOf(8, 41e3)})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
}
