package workload

import (
	"math"
	"testing"
)

// What a generator made, Fit finds again.
func TestFitFindsTheGenerator(t *testing.T) {
	spec := lab()
	spec.Begin = "empty"
	spec.Sizes = spec.Sizes[:2]
	spec.Walltime.Round = 1
	spec.Arrivals.Day = make([]float64, 24)
	for h := range spec.Arrivals.Day {
		spec.Arrivals.Day[h] = 1 + 0.8*math.Sin(2*math.Pi*float64(h-8)/24)
	}
	spec.Arrivals.Week = []float64{1.2, 1.2, 1.2, 1.2, 1.2, 0.5, 0.5}
	site := hall(21 * 86400)
	set, err := Generate(spec, site)
	if err != nil {
		t.Fatal(err)
	}
	got, err := Fit(&set, Observed{Start: site.Start, Capacity: site.Total})
	if err != nil {
		t.Fatal(err)
	}
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got/want-1) > tolerance {
			t.Errorf("%s %g, want %g", what, got, want)
		}
	}
	near("load", float64(got.Load), 0.85, 0.05)
	near("failed", float64(got.Failed), 0.1, 0.1)
	near("cancelled", float64(got.Cancelled), 0.05, 0.1)
	near("zipf", got.Users.Zipf, 1.1, 0.1)
	near("walltime factor", float64(got.Walltime.Factor), 2.5, 0.1)
	if len(got.Sizes) != 2 || got.Sizes[0].GPUs != 1 || got.Sizes[1].GPUs != 8 {
		t.Fatalf("%+v", got.Sizes)
	}
	near("share", got.Sizes[0].Share, 70.0/95, 0.02)
	for h, v := range got.Arrivals.Day {
		if math.Abs(v-spec.Arrivals.Day[h]) > 0.1 {
			t.Errorf("hour %d: rate %g, want %g", h, v, spec.Arrivals.Day[h])
		}
	}
	near("weekend", got.Arrivals.Week[6], 0.5, 0.12)
	want := newMixture(spec.Sizes[0].Duration, 86400)
	have := newMixture(got.Sizes[0].Duration, 86400)
	for _, x := range []float64{10, 60, 300, 1000, 3600, 20000} {
		if a, b := have.cdf(x), want.cdf(x); math.Abs(a-b) > 0.02 {
			t.Errorf("P(run time <= %g s) = %.3f, want %.3f", x, a, b)
		}
	}
	for _, bad := range []*Set{{}, {Jobs: make([]Job, 100)}} {
		if _, err := Fit(bad, Observed{}); err == nil {
			t.Error("a set that tells nothing was fitted")
		}
	}
}
