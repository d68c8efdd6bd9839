package economics

import (
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
)

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance*math.Max(1, math.Abs(want))) {
		t.Errorf("%s: %.9g, want %.9g", what, got, want)
	}
}

// Interest tables of engineering economy (five digits) and the worked examples of a spreadsheet's NPV.
func TestPublishedFactors(t *testing.T) {
	for _, x := range []struct{ rate, years, pa, ap float64 }{
		{0.08, 10, 6.7101, 0.14903}, {0.10, 5, 3.7908, 0.26380}, {0.05, 20, 12.4622, 0.08024}, {0.12, 15, 6.8109, 0.14682},
	} {
		near(t, "P/A", PresentWorth(x.rate, x.years), x.pa, 2e-5)
		near(t, "A/P", CapitalRecovery(x.rate, x.years), x.ap, 5e-6)
	}
	near(t, "no interest", CapitalRecovery(0, 5), 0.2, 1e-15)
	// =NPV(10 %, -10000, 3000, 4200, 6800) is 1,188.44 with the first payment at the end of a year.
	near(t, "NPV", NPV(0.1, []float64{-10000, 3000, 4200, 6800})/1.1, 1188.44, 1e-5)
	// =NPV(8 %, 8000, 9200, 10000, 12000, 14500) - 40000 is 1,922.06.
	near(t, "NPV", NPV(0.08, []float64{-40000, 8000, 9200, 10000, 12000, 14500}), 1922.06, 1e-5)
}

// Equal years: the levelised cost is the yearly cost by capital recovery over the yearly output.
func TestLevelisedIsAnnualised(t *testing.T) {
	a := Asset{Price: 1e6, Credit: 3e5, Life: 5, Residual: 0.1}
	rate, upkeep, output := 0.07, 2e4, 8760.0
	costs, made := []float64{7e5}, []float64{0}
	for range 5 {
		costs, made = append(costs, upkeep), append(made, output)
	}
	costs[5] -= 1e5
	near(t, "levelised", (a.Annual(rate)+upkeep)/output, Levelised(rate, costs, made), 1e-12)
}

// Owning for a whole number of lives is worth the annual cost at every year's end.
func TestWorthOfWholeLives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		life := rapid.Float64Range(1, 30).Draw(t, "life")
		n := float64(rapid.IntRange(1, 6).Draw(t, "lives"))
		rate := rapid.Float64Range(0.001, 0.3).Draw(t, "rate")
		a := Asset{Price: 100, Credit: rapid.Float64Range(0, 40).Draw(t, "credit"), Life: life, Residual: rapid.Float64Range(0, 0.9).Draw(t, "residual")}
		got, want := a.Worth(rate, n*life), a.Annual(rate)*PresentWorth(rate, n*life)
		if math.Abs(got-want) > 1e-9*math.Max(1, math.Abs(want)) {
			t.Fatalf("%g, want %g", got, want)
		}
	})
	land := Asset{Price: 100}
	near(t, "land", land.Worth(0.08, 20), land.Annual(0.08)*PresentWorth(0.08, 20), 1e-12)
}

func spec() *Spec {
	return &Spec{DiscountRate: 0.08, Horizon: unit.Duration(15 * Year), PropertyTax: 0.01, EnergySpread: 0.2,
		Assets: map[string]AssetSpec{
			"servers":  {Per: "gpu", Price: 30000, Life: unit.Duration(5 * Year), Upkeep: 0.03, Embodied: 400, Spread: 0.1, CarbonRange: 0.5},
			"building": {Per: "it_kw", Price: 11700, Life: unit.Duration(15 * Year), Embodied: 1000, Spread: 0.2, CarbonRange: 0.5},
			"battery":  {Per: "battery_kwh", Price: 400, Life: unit.Duration(10 * Year), Credit: 0.3},
		},
		Yearly: map[string]YearlySpec{"security": {Per: "site", Price: 2e5, Spread: 0.5}},
		Staff:  StaffSpec{People: 4, PerMW: 2, Salary: 1e5, Spread: 0.2}}
}

func TestCompile(t *testing.T) {
	p, err := Compile(spec(), Counts{GPUs: 1024, DesignIT: 1.2e6})
	if err != nil {
		t.Fatal(err)
	}
	servers, building := 1024*30000.0, 1200*11700.0
	near(t, "capex", p.Capex, servers+building, 1e-12)
	near(t, "capital", p.Capital, servers*CapitalRecovery(0.08, 5)+building*CapitalRecovery(0.08, 15), 1e-12)
	near(t, "running", p.Running, 0.03*servers+0.01*(servers+building)+6.4e5+2e5, 1e-12)
	near(t, "embodied a year", p.EmbodiedYear, 1024*400.0/5+1200*1000.0/15, 1e-12)
	near(t, "worth", p.Worth(1e6), (p.Capital+p.Running+1e6)*PresentWorth(0.08, 15), 1e-9)
	r := p.Total(1e6)
	near(t, "total", r.Value, p.Capital+p.Running+1e6, 1e-12)
	if !(r.Independent < r.Worst && r.Independent > 0) {
		t.Errorf("range %+v", r)
	}
	if _, err := Compile(spec(), Counts{DesignIT: 1}); err == nil {
		t.Error("servers by the GPU on a site without any")
	}
}

// A tariff by season, day and hour, looked up hour by hour of a year beside a plain reading of it.
func TestTariffByTheClock(t *testing.T) {
	start := time.Date(2025, 1, 1, 0, 30, 0, 0, time.FixedZone("", -6*3600))
	s := &TariffSpec{Interval: 900, Energy: []RateSpec{
		{Hours{Months: []int{6, 7, 8, 9}, Days: "weekdays", From: 14, To: 19}, 0.3},
		{Hours{Days: "all", From: 22, To: 6}, 0.05},
		{Hours{Days: "all", From: 0, To: 24}, 0.1},
	}}
	tariff, err := CompileTariff(s, start, start.AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	c := new(weather.Cursor)
	for at := 0.0; at < 365*86400; at += 1800 {
		h := start.Add(time.Duration(at) * time.Second)
		want := 0.1
		if m := h.Month(); m >= 6 && m <= 9 && h.Weekday() >= 1 && h.Weekday() <= 5 && h.Hour() >= 14 && h.Hour() < 19 {
			want = 0.3
		} else if h.Hour() >= 22 || h.Hour() < 6 {
			want = 0.05
		}
		if got := tariff.Price.At(c, at); got != want {
			t.Fatalf("%s: %g, want %g", h, got, want)
		}
	}
	if len(tariff.Months) != 13 {
		t.Errorf("%d months", len(tariff.Months))
	}
	s.Energy = s.Energy[:2]
	if _, err := CompileTariff(s, start, start.AddDate(1, 0, 0)); err == nil {
		t.Error("hours without a rate")
	}
}

// Two months: a peak of an hour at 1 MW in January, 500 kW else, and February with a ratchet of 80 %.
func TestDemandCharge(t *testing.T) {
	start := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	s := &TariffSpec{Interval: 900, Monthly: 300, Demand: []DemandSpec{{Hours: Hours{Days: "all", To: 24}, Price: 15, Ratchet: 0.8}}}
	end := start.AddDate(0, 2, 0)
	tariff, err := CompileTariff(s, start, end)
	if err != nil {
		t.Fatal(err)
	}
	m := NewMeter(tariff)
	length := end.Sub(start).Seconds()
	for now := 0.0; now < length; {
		dt := math.Min(731, length-now) // steps that straddle intervals
		p := 5e5
		if now >= 86400 && now < 90000 {
			p = 1e6
		}
		if now < 86400 {
			dt = math.Min(dt, 86400-now)
		} else if now < 90000 {
			dt = math.Min(dt, 90000-now)
		}
		tariff.Measure(&m, start, now, dt, p)
		now += dt
	}
	near(t, "peak", m.Largest(), 1e6, 1e-12)
	near(t, "January, and February by the ratchet", tariff.DemandCost(&m, length), 15*1000+15*800, 1e-9)
	near(t, "half of January", tariff.DemandCost(&m, 15.5*86400), 15*1000/2, 1e-9)
	near(t, "standing", tariff.Standing(length), 600, 1e-12)
}

func TestContract(t *testing.T) {
	block := Tariff{Block: 1e6, Strike: 50 / 3.6e9, Resale: 0}
	price := 80 / 3.6e9
	near(t, "all used", block.Contract(2e6, price)*3.6e9, 1e6*(50-80), 1e-12)
	near(t, "take or pay", block.Contract(0, price)*3.6e9, 1e6*50, 1e-12)
	block.Resale = 1
	near(t, "for difference", block.Contract(0, price)*3.6e9, 1e6*(50-80), 1e-12)
}

// However power, price and jobs move, the shares make the whole.
func TestSharesClose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const racks = 3
		s := Shares{Marks: make([]Tally, racks)}
		var power [racks]float64
		var owner [racks]int32
		for i := range owner {
			owner[i] = -1
		}
		for range rapid.IntRange(1, 200).Draw(t, "spans") {
			it := 0.0
			for _, p := range power {
				it += p
			}
			s.Flow(rapid.Float64Range(0.01, 1e4).Draw(t, "dt"), it, 1.3*it, rapid.Float64Range(0, 1e4).Draw(t, "cost"), rapid.Float64Range(0, 1e3).Draw(t, "carbon"))
			r := int32(rapid.IntRange(0, racks-1).Draw(t, "rack"))
			d := s.Since(r)
			share := rapid.Float64Range(0, 1).Draw(t, "share")
			s.Charge(owner[r], &d, share*power[r], 0)
			s.Charge(-1, &d, (1-share)*power[r], 0)
			owner[r] = int32(rapid.IntRange(-1, 5).Draw(t, "job"))
			power[r] = 0
			if rapid.Bool().Draw(t, "on") {
				power[r] = rapid.Float64Range(1, 1e5).Draw(t, "power")
			}
		}
		for r := range power {
			d := s.Since(int32(r))
			s.Charge(owner[r], &d, power[r], 0)
		}
		if err := s.Check(); err != nil {
			t.Fatal(err)
		}
	})
	var s Shares
	s.Flow(1, 1, 1, 1, 1)
	if s.Check() == nil {
		t.Error("what nobody has borne makes the whole")
	}
}
