package power

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// What a chain does must not depend on how often it is advanced between its events.
func TestStepsDoNotMatter(t *testing.T) {
	for _, battery := range []string{"energy", "peukert", "kibam"} {
		s := newSpec(t, "N")
		s.UPS.Each.Battery.Model = battery
		s.Genset.FailToStart = 1
		p := compile(t, s, racks(10, 50e3, 100e3))
		coarse, fine := newWorld(p, 1, 45e3, 80e3), newWorld(p, 1, 45e3, 80e3)
		for _, w := range []*world{coarse, fine} {
			w.health(facility.Ref{Kind: facility.Utility}, false)
		}
		coarse.run(3600)
		for fine.t < 3600-1e-9 {
			fine.run(7.3)
		}
		if a, b := coarse.log.String(), fine.log.String(); a != b {
			t.Errorf("%s: %s", battery, cmp.Diff(a, b, sameStates))
		}
		if !strings.Contains(coarse.log.String(), "battery.empty") {
			t.Errorf("%s: the battery outlives an hour", battery)
		}
		if a, b := coarse.s.Counts.BatterySeconds, fine.s.Counts.BatterySeconds; math.Abs(a-b) > 1e-6*a {
			t.Errorf("%s: %g s on battery in large steps, %g s in small", battery, a, b)
		}
	}
}

// A bank at rated load lasts its autonomy, whatever the battery's model; at half load an energy lasts twice as long,
// and with the other models more than that.
func TestAutonomy(t *testing.T) {
	for _, battery := range []string{"energy", "peukert", "kibam"} {
		s := newSpec(t, "N")
		s.UPS.Each.Battery.Model = battery
		s.UPS.Count, s.PDU.Count = 1, 0
		p := compile(t, s, racks(10, 100e3, 0))
		w := newWorld(p, 1, 100e3, 0)
		full := p.Autonomy(w.s, 0)
		if math.Abs(full-300) > 1e-6 {
			t.Errorf("%s: %g s at rated load", battery, full)
		}
		for r := range w.rackW {
			w.rackW[r] /= 2
		}
		w.update()
		half := p.Autonomy(w.s, 0)
		if battery == "energy" && math.Abs(half-600) > 1e-6 || battery != "energy" && half < 610 {
			t.Errorf("%s: %g s at half load", battery, half)
		}
	}
}

// A new battery has 125 % of the autonomy at its end of life; at 33.3 °C it is there after half the years, and a day past its
// life it holds less than stated.
func TestBatteryAges(t *testing.T) {
	const year = 365.25 * 86400
	for _, c := range []struct{ age, ambient, want float64 }{{0, 25, 375}, {5, 25, 337.5}, {10, 25, 300}, {5, 33.3, 300}, {2.5, 41.6, 300}, {12, 25, 285}, {0, 40, 375}, {5, 15, 337.5}} {
		s := newSpec(t, "N")
		age := unit.Duration(c.age * year)
		s.UPS.Each.Battery.Age, s.UPS.Each.Battery.Ambient, s.UPS.Each.Battery.Life = &age, unit.Temperature(c.ambient), 10*year
		s.UPS.Count, s.PDU.Count = 1, 0
		p := compile(t, s, racks(10, 100e3, 0))
		// The floor is a share of what the battery holds, so that its time shrinks in proportion.
		if got := p.Autonomy(newWorld(p, 1, 100e3, 0).s, 0); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("%g years at %g °C: %g s, want %g", c.age, c.ambient, got, c.want)
		}
	}
}

func TestCloneIsIndependent(t *testing.T) {
	s := newSpec(t, "2N")
	s.RackLimit = power(80e3)
	p := compile(t, s, racks(20, 50e3, 100e3))
	w := newWorld(p, 1, 45e3, 80e3)
	w.health(facility.Ref{Kind: facility.Utility}, false)
	w.run(5)
	fork := &world{p: p, s: w.s.Clone(), t: w.t, rackW: w.rackW, mechW: w.mechW}
	if d := cmp.Diff(w.s, fork.s, sameStates); d != "" {
		t.Fatal(d)
	}
	before := w.s.Clone()
	fork.run(600)
	fork.health(facility.Ref{Kind: facility.PDU}, false)
	if d := cmp.Diff(before, w.s, sameStates); d != "" {
		t.Fatalf("running a fork changed its parent: %s", d)
	}
	w.run(600)
	w.health(facility.Ref{Kind: facility.PDU}, false)
	if d := cmp.Diff(w.s, fork.s, sameStates); d != "" {
		t.Fatalf("the parent went another way than its fork: %s", d)
	}
	// Every slice of the state is cloned: a new field cannot be forgotten.
	v, c := reflect.ValueOf(w.s).Elem(), reflect.ValueOf(w.s.Clone()).Elem()
	for i := range v.NumField() {
		if f := v.Field(i); f.Kind() == reflect.Slice && f.Len() > 0 && f.Pointer() == c.Field(i).Pointer() {
			t.Errorf("%s is shared with the clone", v.Type().Field(i).Name)
		}
	}
}

// Gensets refuse as often as the spec says, each by its own stream.
func TestRefusals(t *testing.T) {
	s := newSpec(t, "N")
	s.Genset.Count, s.Genset.FailToStart = 1000, 0.1
	p := compile(t, s, racks(10, 50e3, 100e3))
	var starts, refusals int64
	for seed := range random.Seed(20) {
		w := newWorld(p, seed, 45e3, 80e3)
		w.health(facility.Ref{Kind: facility.Utility}, false)
		w.run(100)
		starts += w.s.Counts.GensetStarts
		refusals += w.s.Counts.GensetRefusals
	}
	if mean, sd := 0.1*float64(starts), math.Sqrt(0.09*float64(starts)); starts != 20_000 || math.Abs(float64(refusals)-mean) > 4*sd {
		t.Fatalf("%d of %d starts refused, want %.0f ± %.0f", refusals, starts, mean, sd)
	}
}

// A breaker settled at its load trips at the time of its closed form in the running chain.
func TestSettledBreakerTrips(t *testing.T) {
	s := newSpec(t, "2N")
	s.PDU.Count, s.PDU.Rating = 2, 100e3
	p := compile(t, s, racks(10, 16e3, 0))
	w := newWorld(p, 1, 15e3, 0)
	p.Settle(w.s)
	w.health(facility.Ref{Kind: facility.PDU, Index: 1}, false) // 75 kW become 150
	b := p.layers[pdus].breaker
	want := b.Tau * math.Log((1.5*1.5-0.75*0.75)/(1.5*1.5-1.05*1.05))
	w.run(want - 1e-3)
	if w.s.Counts.BreakerTrips != 0 {
		t.Fatalf("it trips before %g s", want)
	}
	w.run(2e-3)
	if w.s.Counts.BreakerTrips != 1 || w.s.Dark != 10 {
		t.Fatalf("it has not tripped at %g s; %d racks are dark", want, w.s.Dark)
	}
}

// At a load of 50 % and with the default curves, losses are in the range that vendors state.
func TestTypicalEfficiency(t *testing.T) {
	for _, c := range []struct {
		mode     string
		low, top float64
	}{{"double-conversion", 0.94, 0.96}, {"eco", 0.955, 0.975}} {
		s := newSpec(t, "2N")
		s.UPS.Each.Mode = c.mode
		p := compile(t, s, racks(100, 19e3, 0))
		w := newWorld(p, 1, 19e3, 0)
		in, out, _, _ := account(w.s, p)
		if eff := out / in; eff < c.low || eff > c.top {
			t.Errorf("%s: %.4f from utility to rack at half load", c.mode, eff)
		}
	}
}

func TestAccessors(t *testing.T) {
	s := newSpec(t, "2N")
	s.UPS.Each.Title = "Double 1 MW"
	s.Utility.Names = []string{"north", "south"}
	p := compile(t, s, racks(40, 25e3, 100e3))
	w := newWorld(p, 1, 20e3, 100e3)
	for _, e := range p.Equipment() {
		if e.Kind == facility.UPS && (len(e.Models) != e.Count || e.Models[0] != "Double 1 MW") {
			t.Errorf("%+v", e)
		}
		if e.Kind == facility.Utility && e.Names[1] != "south" {
			t.Errorf("%+v", e)
		}
	}
	if a, b := p.Cords(0); a != 0 || b != p.Count(facility.PDU)/2 {
		t.Errorf("rack 0 is plugged into PDUs %d and %d", a, b)
	}
	if side, ok := p.SideOf(facility.Ref{Kind: facility.Genset, Index: 1}); side != 1 || !ok {
		t.Errorf("genset 1 is on side %d", side)
	}
	if amps := p.Current(w.s, 0); math.Abs(amps-w.s.Flow[0]/(math.Sqrt(3)*13.8e3*0.98)) > 1e-9 {
		t.Errorf("%g A", amps)
	}
	if x := p.Loads(w.s, facility.UPS)[0]; x <= 0 || x > 1 || !p.Working(w.s, facility.Ref{Kind: facility.UPS}) {
		t.Errorf("ups-0 at %g", x)
	}
	if p.Health(w.s, facility.Ref{Kind: facility.CRAH}, false) || p.Health(w.s, facility.Ref{Kind: facility.UPS, Index: 99}, false) {
		t.Error("Health takes what is not in the plan")
	}
}

func TestCompileRefuses(t *testing.T) {
	s := newSpec(t, "2N")
	for name, z := range map[string]Sizes{
		"no racks":       {},
		"no ratings":     {Racks: 3},
		"no power":       racks(3, 0, 0),
		"infinite":       racks(3, math.Inf(1), 0),
		"not a number":   racks(3, math.NaN(), 0),
		"negative plant": racks(3, 1e3, -1),
	} {
		var e *Error
		if _, err := Compile(s, z); !errors.As(err, &e) {
			t.Errorf("%s: %v", name, err)
		}
	}
	var e *Error
	if _, err := Compile(&Spec{Redundancy: "4N"}, racks(1, 1, 0)); !errors.As(err, &e) || e.Path != "redundancy" {
		t.Errorf("%v", err)
	}
}

func FuzzCount(f *testing.F) {
	for _, text := range []string{"auto", "0", "12", "-1", "1e3", "", "100001"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c, again Count
		if c.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(c.String())); err != nil || again != c {
			t.Fatalf("%q reads as %v, which reads as %v", text, c, again)
		}
	})
}
