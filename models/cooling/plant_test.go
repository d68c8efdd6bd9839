package cooling

import (
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
)

// year runs a plan at constant load through a year of hourly weather and returns W of cooling for each W of IT,
// litres of water for each kWh of IT, and the hours in each mode.
func year(t testing.TB, p *Plan, in *Input, src *weather.Source) (ratio, water float64, hours [3]int) {
	t.Helper()
	s := New(p)
	var c weather.Cursor
	in.Weather = src.At(&c, 0)
	p.Settle(s, in)
	var out Output
	in.Dt = 3600
	heat := 0.0
	for h := range 8760 {
		in.Weather = src.At(&c, float64(h)*3600+1800)
		p.Step(s, in, &out)
		if bad := math.Abs(out.Imbalance()); !(bad <= 1e-9*(out.Heat+math.Abs(out.Storing))) {
			t.Fatalf("hour %d: %v W from nowhere", h, bad)
		}
		ratio += out.Power.Total()
		water += out.Water * 3600
		heat += out.Heat
		hours[out.Mode]++
	}
	return ratio / heat, water / (heat * 3600 / 3.6e6), hours
}

func climate(t testing.TB, file string) *weather.Source {
	t.Helper()
	path := filepath.Join(dataDir(), "weather", file)
	if filepath.Ext(file) == ".gz" {
		path = filepath.Join("../../scenarios/library/weather", file)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Skipf("weather is absent: set HALLTWIN_DATA to the data folder (%v)", err)
	}
	s, err := weather.Parse(file, data)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.FixedZone("", s.Zone))
	w, err := weather.Compile(&weather.Spec{Year: "any"}, s, start, start.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestYears runs both plants through the climates: the order of climates is right, and so is the size of it.
func TestYears(t *testing.T) {
	last := 0.0
	for _, file := range []string{"denver.epw.gz", "chicago.epw.gz", "SGP_Singapore.486980_IWEC.epw"} {
		t.Run(file, func(t *testing.T) {
			src := climate(t, file)
			p, in := airHall(t)
			ratio, water, hours := year(t, p, in, src)
			t.Logf("chillers and towers: %.3f W/W, %.2f L/kWh, hours mechanical/partial/free %v", ratio, water, hours)
			if ratio <= last {
				t.Errorf("%.4f: a hotter climate costs no more than %.4f", ratio, last)
			}
			if ratio < 0.04 || ratio > 0.30 || water < 1.2 || water > 2.2 {
				t.Error("out of the range of real plants")
			}
			last = ratio
			lp, lin := liquidHall(t, nil)
			ratio, water, hours = year(t, lp, lin, src)
			t.Logf("dry coolers: %.3f W/W, %.2f L/kWh, hours %v", ratio, water, hours)
			if ratio < 0.02 || ratio > 0.15 {
				t.Error("out of the range of real plants")
			}
		})
	}
}

// TestFrontier is a plant of pumps only: 25 CDUs for 74 racks, three racks each, at constant power.
func TestFrontier(t *testing.T) {
	power := unit.Power(8473.47)
	spec := Spec{Liquid: &LiquidSpec{Loop: LoopRow, CDU: CDUBankSpec{Count: 1, Each: CDUSpec{Constant: &power, Pumps: 1}}}}
	spec.Plant.Kind = "none"
	defaults(t, &spec)
	defaults(t, spec.Liquid)
	rows := make([]int32, 74)
	for i := range rows {
		rows[i] = int32(i / 3)
		if i >= 41 { // the row behind 13 of three racks has two
			rows[i] = int32((i + 1) / 3)
		}
	}
	p, err := Compile(&spec, Sizes{Racks: 74, RackRow: rows, RackDesign: fillOf(74, 300e3)})
	if err != nil {
		t.Fatal(err)
	}
	s := New(p)
	in := inputs(p, 200e3, 1)
	var out Output
	p.Step(s, in, &out)
	if n := p.counts[facility.CDU]; n != 25 {
		t.Errorf("%d CDUs, want 25", n)
	}
	if want := 25 * 8473.47; math.Abs(out.Power.Total()-want) > 1e-6 || math.Abs(out.Imbalance()) > 1e-6 {
		t.Errorf("pumps draw %v W, want %v; imbalance %v", out.Power.Total(), want, out.Imbalance())
	}
	fail(p, s, facility.CDU, 3)
	p.Step(s, in, &out)
	if want := 24 * 8473.47; math.Abs(out.Power.Total()-want) > 1e-6 {
		t.Errorf("pumps draw %v W with one lost, want %v", out.Power.Total(), want)
	}
}

// TestRideThrough stops every pump of a loop: its coolant warms by heat over heat capacity, in seconds.
func TestRideThrough(t *testing.T) {
	p, in := liquidHall(t, nil)
	s := New(p)
	p.Settle(s, in)
	for i := range p.counts[facility.CDU] {
		fail(p, s, facility.CDU, int32(i))
	}
	in.Dt = 0.5
	from := s.LoopSupply[0]
	rate := 36 * 0.8 * 110e3 / p.loops[0].mass
	took := 0.0
	run(t, p, s, in, 60, func(now float64, _ *Output) {
		if took == 0 && s.LoopSupply[0] >= from+10 {
			took = now
		}
	})
	if want := 10 / rate; math.Abs(took-want) > 0.51 {
		t.Errorf("10 K took %v s, want %.2f", took, want)
	}
	t.Logf("10 K in %.1f s", took)
}

// TestCDURedundancy: one CDU of N+1 lost changes little; two lost warm the racks but hold.
func TestCDURedundancy(t *testing.T) {
	p, in := liquidHall(t, nil)
	in.Weather = outdoors(15, 0.5)
	s := New(p)
	p.Settle(s, in)
	steady := s.LoopSupply[0]
	fail(p, s, facility.CDU, 0)
	run(t, p, s, in, 1800, nil)
	if rise := s.LoopSupply[0] - steady; rise > 1 {
		t.Errorf("one CDU of %d lost: %.2f K warmer", p.counts[facility.CDU], rise)
	}
	fail(p, s, facility.CDU, 1, 2)
	run(t, p, s, in, 1800, nil)
	if rise := s.LoopSupply[0] - steady; rise < 1 || rise > 40 {
		t.Errorf("three lost: %.2f K warmer", rise)
	}
}

// TestHeatWave: dry coolers that cannot hold the water let the racks warm, the more the fewer they are, and
// warmer water needs less of them.
func TestHeatWave(t *testing.T) {
	coolant := func(supply float64, lost int32) (float64, float64) {
		p, in := liquidHall(t, func(s *Spec) { s.Liquid.Supply = unit.Temperature(supply) })
		s := New(p)
		in.Weather = outdoors(42, 0.12)
		p.Settle(s, in)
		for i := range lost {
			fail(p, s, facility.DryCooler, i)
		}
		var last Output
		run(t, p, s, in, 5400, func(_ float64, out *Output) { last = *out })
		return s.LoopSupply[0], last.DryCooler
	}
	cool, _ := coolant(30, 0)
	cooler, fans := coolant(30, 2)
	warm, warmFans := coolant(42, 2)
	t.Logf("30 °C set: %.1f °C, two lost %.1f °C; 42 °C set, two lost: %.1f °C; fans %.0f and %.0f kW", cool, cooler, warm, fans/1e3, warmFans/1e3)
	if !(cooler > cool+1) || math.Abs(warm-42) > 0.1 || !(warmFans < fans) {
		t.Error("a heat wave without heat")
	}
}

// TestPowerLoss: without mechanical power the hall warms; power returns, chillers wait for their restart.
func TestPowerLoss(t *testing.T) {
	p, in := airHall(t)
	in.Dt = 1
	s := New(p)
	p.Settle(s, in)
	p.Powered(s, false)
	run(t, p, s, in, 60, func(_ float64, out *Output) {
		if out.Power.Total() != 0 || out.Rejected != 0 {
			t.Fatalf("a plant without power draws %v W and rejects %v W", out.Power.Total(), out.Rejected)
		}
	})
	dark := highest(s.RackInlet)
	p.Powered(s, true)
	run(t, p, s, in, 60, func(_ float64, out *Output) {
		if out.Chillers != 0 {
			t.Fatal("a chiller cools before its restart")
		}
	})
	lit := highest(s.RackInlet)
	run(t, p, s, in, 3600, nil)
	if end := highest(s.RackInlet); !(dark > 30 && lit < dark && end < 25) {
		t.Errorf("inlets %.1f °C dark, %.1f after a minute of light, %.1f after an hour", dark, lit, end)
	}
	t.Logf("a minute without power: %.1f °C", dark)
}

// TestChillerLoss: all chillers lost; the loop's water carries the heat for minutes, at the rate of its mass.
func TestChillerLoss(t *testing.T) {
	p, in := airHall(t)
	in.Weather = outdoors(35, 0.5)
	in.Dt = 5
	s := New(p)
	p.Settle(s, in)
	for i := range p.counts[facility.Chiller] {
		fail(p, s, facility.Chiller, int32(i))
	}
	var out Output
	p.Step(s, in, &out)
	start := s.WaterSupply[0]
	run(t, p, s, in, 60, nil)
	want := 32 * 34e3 * 60 / p.water[0].mass
	if rise := s.WaterSupply[0] - start; math.Abs(rise/want-1) > 0.1 {
		t.Errorf("a minute without chillers: %.2f K, want about %.2f", rise, want)
	}
}

// TestSettings changes set points of a running plant.
func TestSettings(t *testing.T) {
	p, in := liquidHall(t, nil)
	s := New(p)
	p.Settle(s, in)
	site := facility.Ref{Kind: facility.Site}
	for _, c := range []struct {
		ref   facility.Ref
		field string
		value float64
	}{{site, "liquid.supply", 40}, {facility.Ref{Kind: facility.CRAH, Index: 1}, "supply", 22}} {
		if err := p.Set(s, c.ref, c.field, c.value); err != nil {
			t.Fatal(err)
		}
	}
	run(t, p, s, in, 7200, nil)
	if math.Abs(s.RackLiquid[0]-40) > 0.1 || math.Abs(s.WaterSupply[1]-36) > 0.1 || math.Abs(s.HallSupply[0]-22) > 0.1 {
		t.Errorf("coolant %v, warm water %v, air %v", s.RackLiquid[0], s.WaterSupply[1], s.HallSupply[0])
	}
	for _, c := range []struct {
		ref   facility.Ref
		field string
		value float64
	}{{site, "suply", 40}, {site, "air.supply", 900}, {site, "air.supply", math.NaN()}, {facility.Ref{Kind: facility.CDU, Index: 99}, "supply", 40}} {
		if err := p.Set(s, c.ref, c.field, c.value); err == nil {
			t.Errorf("%v.%s = %v was accepted", c.ref, c.field, c.value)
		}
	}
}

// TestDesignPower: no steady load on a hot day draws more than the power chain is sized for.
func TestDesignPower(t *testing.T) {
	for name, build := range map[string]func() (*Plan, *Input){
		"air":    func() (*Plan, *Input) { return airHall(t) },
		"liquid": func() (*Plan, *Input) { return liquidHall(t, nil) },
	} {
		p, in := build()
		for i := range in.RackHeat {
			in.RackHeat[i] = p.designHeat / float64(len(in.RackHeat))
		}
		for _, dryBulb := range []float64{10, 30, 38} {
			in.Weather = outdoors(dryBulb, 0.3)
			s := New(p)
			p.Settle(s, in)
			var out Output
			p.Step(s, in, &out)
			if got := out.Power.Total(); got > p.DesignPower() {
				t.Errorf("%s at %v °C: %.0f kW, more than the design's %.0f", name, dryBulb, got/1e3, p.DesignPower()/1e3)
			}
		}
		t.Logf("%s: %.0f kW for %.0f kW", name, p.DesignPower()/1e3, p.designHeat/1e3)
	}
}
