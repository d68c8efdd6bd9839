package failure

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// feeds returns a site on n feeds of the utility.
func feeds(n int) *facility.Tree {
	t := hall(1)
	t.Add(facility.Utility, facility.Site, []int{n})
	return t
}

// sags is a process of 50 sags a year with the voltages and durations of the library's grid.
func sags() ProcessSpec {
	s := process("utility", year/50)
	s.Detect = 0
	s.Sag = &SagSpec{Voltages: []VoltageSpec{{0.8, 0.9, 58}, {0.7, 0.8, 20}, {0.5, 0.7, 14}, {0.1, 0.5, 8}}}
	s.Repair.Time = &DelaySpec{Distribution: "lognormal", Median: ptr(unit.Duration(0.1)), Sigma: ptr(1.0), Max: ptr(unit.Duration(30))}
	return s
}

// Twenty years of twenty sites of two feeds: counts are Poisson, gaps exponential, voltages and durations of their laws,
// and as many sags are beyond the ITI (CBEMA) curve of 2000 as the product of the laws says.
func TestSagsMatchTheirLaws(t *testing.T) {
	p, err := Compile(&Spec{Processes: []ProcessSpec{sags()}}, feeds(2))
	if err != nil {
		t.Fatal(err)
	}
	var counts []int
	var gaps, voltages, durations []float64
	curve := func(voltage float64) float64 { // ITI (CBEMA) application note, 2000
		switch {
		case voltage >= 0.9:
			return math.Inf(1)
		case voltage >= 0.8:
			return 10
		case voltage >= 0.7:
			return 0.5
		}
		return 0.02
	}
	beyond := 0.0
	for seed := range random.Seed(20) {
		c, g, outs, _ := run(p, New(p, seed, path(p.tree)), 20*year)
		counts, gaps = append(counts, c...), append(gaps, g...)
		for _, o := range outs {
			if !o.Sag || len(o.Targets) != 1 || o.Targets[0].Kind != facility.Utility {
				t.Fatalf("%+v", o)
			}
			voltages, durations = append(voltages, o.Voltage), append(durations, o.Repair)
			if o.Repair > curve(o.Voltage) {
				beyond++
			}
		}
	}
	law := &p.Processes[0]
	n := len(voltages)
	for what, d := range map[string]float64{"voltages": ks(voltages, law.Sag.CDF), "durations": ks(durations, law.Hand.CDF), "gaps": ks(gaps, law.Gap.CDF)} {
		if d > 1.95/math.Sqrt(float64(len(gaps))) { // Kolmogorov at 0.1 %
			t.Errorf("%s: KS distance %.4f of %d", what, d, n)
		}
	}
	mean, square := 0.0, 0.0
	for _, c := range counts {
		mean += float64(c) / float64(len(counts))
		square += float64(c) * float64(c) / float64(len(counts))
	}
	// 40 counts of mean 1000: the standard error of the mean is 5, of variance ÷ mean 0.23.
	if math.Abs(mean-1000) > 16 || math.Abs((square-mean*mean)/mean-1) > 0.75 {
		t.Errorf("%.1f sags in 20 years with a variance of %.2f means, want 1000 and 1", mean, (square-mean*mean)/mean)
	}
	want := 0.58*(1-law.Hand.CDF(10)) + 0.20*(1-law.Hand.CDF(0.5)) + 0.22*(1-law.Hand.CDF(0.02))
	if share := beyond / float64(n); math.Abs(share-want) > 3.3*math.Sqrt(want*(1-want)/float64(n)) {
		t.Errorf("%.4f of the sags are beyond the ITI curve, want %.4f", share, want)
	}
}

// Feeds have streams of their own: another feed moves nothing, and two feeds fail apart; a storm strikes both at once.
func TestFeedsFailApartAndTogether(t *testing.T) {
	outage := process("utility", year)
	times := func(n int, spec *Spec) (at [][]float64) {
		p, err := Compile(spec, feeds(n))
		if err != nil {
			t.Fatal(err)
		}
		s := New(p, 3, path(p.tree))
		for i := range int32(p.Processes[0].Count) {
			var list []float64
			for now := s.Next(0, i); now < 2000*year; now = s.Next(0, i) {
				o := p.Fire(s, 0, i, now, nil)
				list = append(list, now)
				if p.Processes[0].Burst && len(o.Targets) != n {
					t.Fatalf("a storm strikes %d of %d feeds", len(o.Targets), n)
				}
			}
			at = append(at, list)
		}
		return at
	}
	spec := &Spec{Processes: []ProcessSpec{outage}}
	one, two := times(1, spec), times(2, spec)
	if !slices.Equal(one[0], two[0]) {
		t.Error("a second feed moves the outages of the first")
	}
	// Independent Poisson processes of rate 1/year: with windows of 30 days about 2·2000·30/365 = 329 near misses.
	near := 0
	for _, a := range two[0] {
		for _, b := range two[1] {
			if math.Abs(a-b) < 30*86400 {
				near++
			}
		}
	}
	if math.Abs(float64(near)-329) > 3.3*math.Sqrt(329) {
		t.Errorf("%d pairs of outages within 30 days, want 329 of feeds that know nothing of each other", near)
	}
	storm := BurstSpec{Name: "storm", Within: "site", Component: "utility", Rate: ptr(unit.Rate(0.5 / year)), Fraction: ptr(unit.Ratio(1)), EffectSpec: outage.EffectSpec}
	storm.Validate(func(path, msg string) { t.Errorf("%s: %s", path, msg) })
	if n := len(times(2, &Spec{Bursts: []BurstSpec{storm}})[0]); math.Abs(float64(n)-1000) > 3.3*math.Sqrt(1000) {
		t.Errorf("%d storms in 2000 years, want 1000", n)
	}
}

func TestSagsExplain(t *testing.T) {
	for want, edit := range map[string]func(*ProcessSpec){
		"no voltage of its own":    func(s *ProcessSpec) { s.Component = "ups" },
		"a voltage that occurs":    func(s *ProcessSpec) { s.Sag.Voltages = nil },
		"where it has not begun":   func(s *ProcessSpec) { s.Sag.Voltages[0].To = 0.7 },
		"serves the whole site":    nil,
		"give either mtbf or rate": func(s *ProcessSpec) { s.MTBF = nil },
	} {
		var got []string
		fail := func(_, msg string) { got = append(got, msg) }
		s := sags()
		if edit != nil {
			edit(&s)
			s.Validate(fail)
			s.Sag.Validate(fail)
		} else {
			b := BurstSpec{Name: "storm", Within: "row", Component: "utility", Rate: ptr(unit.Rate(1)), Fraction: ptr(unit.Ratio(1))}
			b.Validate(fail)
		}
		if !strings.Contains(strings.Join(got, "\n"), want) {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
