package serving

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// A load is fitted back from what it draws.
func TestFitLoad(t *testing.T) {
	for _, burst := range []float64{0.5, 1, 2} {
		s := chat()
		s.Load.Rate, s.Load.Burst, s.Load.Output.CV = ptr(unit.Rate(2)), &burst, ptr(0.5)
		s.Load.Day = []float64{1, 1, 1, 1, 1, 1, 2, 4, 6, 6, 6, 5, 4, 5, 6, 6, 5, 4, 3, 2, 2, 1, 1, 1}
		p := compile(t, s)
		r := series(p, 86400)
		fit := FitLoad(&r, 0)
		near(t, "rate", float64(*fit.Rate), 2, 0.02)
		near(t, "burst", *fit.Burst, burst, 0.08)
		near(t, "prompt", fit.Prompt.Mean, 1000, 0.02)
		near(t, "prompt cv", *fit.Prompt.CV, 1, 0.05)
		near(t, "output cv", *fit.Output.CV, 0.5, 0.05)
		for h, w := range s.Load.Day {
			near(t, "hour", fit.Day[h], w/(75.0/24), 0.12)
		}
	}
	if s := FitLoad(&workload.Requests{}, 0); s.Rate != nil {
		t.Error("a load of nothing")
	}
}

// series draws the requests of a run, a minute at a time.
func series(p *Plan, until float64) (r workload.Requests) {
	f := p.newFlow(7)
	for now := 0.0; now < until; now += 60 {
		a := p.arrivals(now, now+60)
		for c, ok := a.next(p, &f); ok; c, ok = a.next(p, &f) {
			r.T, r.Input, r.Output = append(r.T, c.At), append(r.Input, int32(c.Prompt)), append(r.Output, int32(c.Output))
		}
	}
	return r
}

func TestSurges(t *testing.T) {
	s := chat()
	s.Load.Week = []float64{1, 1, 1, 1, 1, 0, 0}
	s.Load.Surges = []SurgeSpec{{At: 9.5 * 3600, For: 1800, Times: 4, Weekdays: true}, {At: 23 * 3600, For: 2 * 3600, Times: 3, Weekdays: true}}
	p, err := Compile(s, Site{Device: h100, Horizon: 7 * 86400, Weekday: 4}) // a Friday
	if err != nil {
		t.Fatal(err)
	}
	const day = 40 * 7 / 5.0
	for _, c := range []struct {
		name     string
		from, to float64
		want     float64
	}{
		{"before the open", 9, 9.5, day}, {"the open", 9.5, 10, 4 * day}, {"half of each", 9, 10, 2.5 * day}, {"the night", 23, 24, 3 * day},
		{"Saturday", 34, 35, 0}, {"Monday's open", 72 + 9.5, 72 + 10, 4 * day}, {"Tuesday, from Monday's night", 96, 97, 3 * day}, {"the week", 96 + 1, 96 + 9, day},
	} {
		if got := p.Load.Mean(c.from*3600, c.to*3600).Requests; math.Abs(got-c.want) > 1e-9*day {
			t.Errorf("%s: %g, want %g", c.name, got, c.want)
		}
	}
	if p.Load.Peak().Requests < 3.99*day {
		t.Errorf("peak %g", p.Load.Peak().Requests)
	}
}
