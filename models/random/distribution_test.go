package random

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat/distuv"
)

const draws = 50000

// Kolmogorov and Smirnov's statistic against the distribution functions of gonum. With fixed seeds a test passes or
// fails for ever; a right sampler had one chance in a thousand to fail each.
func TestContinuous(t *testing.T) {
	for _, c := range []struct {
		name string
		draw func(*Stream) float64
		cdf  func(float64) float64
	}{
		{"uniform", (*Stream).Float64, distuv.Uniform{Min: 0, Max: 1}.CDF},
		{"open", (*Stream).Open, distuv.Uniform{Min: 0, Max: 1}.CDF},
		{"exponential", (*Stream).Exp, distuv.Exponential{Rate: 1}.CDF},
		{"standard normal", (*Stream).Norm, distuv.UnitNormal.CDF},
		{"normal", func(s *Stream) float64 { return s.Normal(3, 2) }, distuv.Normal{Mu: 3, Sigma: 2}.CDF},
		{"lognormal of cluster repairs", func(s *Stream) float64 { return s.LogNormal(2.71, 2.52) }, distuv.LogNormal{Mu: 2.71, Sigma: 2.52}.CDF},
		{"infant Weibull", func(s *Stream) float64 { return s.Weibull(0.7, 5) }, distuv.Weibull{K: 0.7, Lambda: 5}.CDF},
		{"ageing Weibull", func(s *Stream) float64 { return s.Weibull(3, 0.1) }, distuv.Weibull{K: 3, Lambda: 0.1}.CDF},
		{"Pareto", func(s *Stream) float64 { return s.Pareto(2, 1.5) }, distuv.Pareto{Xm: 2, Alpha: 1.5}.CDF},
		{"gamma below 1", func(s *Stream) float64 { return s.Gamma(0.49) }, distuv.Gamma{Alpha: 0.49, Beta: 1}.CDF},
		{"gamma of 1", func(s *Stream) float64 { return s.Gamma(1) }, distuv.Gamma{Alpha: 1, Beta: 1}.CDF},
		{"gamma above 1", func(s *Stream) float64 { return s.Gamma(7.5) }, distuv.Gamma{Alpha: 7.5, Beta: 1}.CDF},
	} {
		s := Seed(11).Stream(c.name)
		x := make([]float64, draws)
		for i := range x {
			x[i] = c.draw(&s)
		}
		slices.Sort(x)
		d := 0.0
		for i, v := range x {
			p := c.cdf(v)
			d = max(d, float64(i+1)/draws-p, p-float64(i)/draws)
		}
		if limit := 1.95 / math.Sqrt(draws); d > limit {
			t.Errorf("%s: the distance of the distributions is %.5f, above %.5f", c.name, d, limit)
		}
	}
}

// chi2 tests counts of outcomes against their probabilities, in cells of at least ten expected.
func chi2(t *testing.T, name string, counts map[int]int, p func(int) float64) {
	t.Helper()
	last := 0
	for k := range counts {
		last = max(last, k)
	}
	sum, cells, seen, expected, all := 0.0, 0, 0, 0.0, 0.0
	for k := 0; k <= last || all < 1-1e-9; k++ {
		seen += counts[k]
		expected += draws * p(k)
		all += p(k)
		if expected >= 10 && (1-all)*draws >= 10 {
			sum += (float64(seen) - expected) * (float64(seen) - expected) / expected
			cells++
			seen, expected = 0, 0
		}
		if k > last+1000 {
			break
		}
	}
	if expected > 0 {
		sum += (float64(seen) - expected) * (float64(seen) - expected) / expected
		cells++
	}
	if limit := (distuv.ChiSquared{K: float64(cells - 1)}).Quantile(0.999); sum > limit {
		t.Errorf("%s: chi-square %.1f in %d cells, above %.1f", name, sum, cells, limit)
	}
}

func TestPoisson(t *testing.T) {
	for _, mean := range []float64{0.01, 1, 9.9, 10.1, 42, 1000} {
		s := Seed(12).Stream(fmt.Sprint(mean))
		counts := map[int]int{}
		for range draws {
			counts[int(s.Poisson(mean))]++
		}
		chi2(t, fmt.Sprintf("Poisson of %v", mean), counts, func(k int) float64 { return distuv.Poisson{Lambda: mean}.Prob(float64(k)) })
	}
	s := Seed(1).Stream("large")
	if n := s.Poisson(1e12); math.Abs(n-1e12) > 6e6 {
		t.Errorf("of mean 1e12: %v", n)
	}
	if s.Poisson(0) != 0 {
		t.Error("of mean 0: not 0")
	}
	for _, mean := range []float64{-1, math.NaN(), math.Inf(1)} {
		if !math.IsNaN(s.Poisson(mean)) || !math.IsNaN(s.Gamma(mean)) {
			t.Errorf("a parameter of %v gives numbers", mean)
		}
	}
}

func TestChoose(t *testing.T) {
	weights := []float64{0, 1, 0, 3, 6, 0}
	c, err := NewChoice(weights)
	if err != nil {
		t.Fatal(err)
	}
	s := Seed(13).Stream("choice")
	counts := map[int]int{}
	for range draws {
		k := s.Choose(c)
		if weights[k] == 0 {
			t.Fatalf("outcome %d has no weight", k)
		}
		counts[k]++
	}
	// Cells without weight would divide by zero.
	chi2(t, "choice", map[int]int{0: counts[1], 1: counts[3], 2: counts[4]}, func(k int) float64 {
		if k > 2 {
			return 0
		}
		return []float64{0.1, 0.3, 0.6}[k]
	})
	for _, bad := range [][]float64{{}, {0}, {-1, 2}, {math.NaN()}, {math.Inf(1)}, {math.MaxFloat64, math.MaxFloat64}} {
		if _, err := NewChoice(bad); err == nil {
			t.Errorf("weights %v are accepted", bad)
		}
	}
	n := 0
	for range draws {
		if s.Chance(0.25) {
			n++
		}
	}
	if math.Abs(float64(n)/draws-0.25) > 3.3*math.Sqrt(0.25*0.75/draws) {
		t.Errorf("a chance of 0.25 came %d times in %d", n, draws)
	}
}

func TestIntN(t *testing.T) {
	s := Seed(14).Stream("int")
	counts := map[int]int{}
	for range draws {
		counts[s.IntN(7)]++
	}
	chi2(t, "IntN(7)", counts, func(k int) float64 {
		if k < 7 {
			return 1.0 / 7
		}
		return 0
	})
}

// Streams of neighbouring names are independent: their correlation is that of chance.
func TestStreamsAreIndependent(t *testing.T) {
	for i := range 50 {
		a, b := Seed(1).Stream(fmt.Sprintf("gpu-%d", i)), Seed(1).Stream(fmt.Sprintf("gpu-%d", i+1))
		sum := 0.0
		for range 2000 {
			sum += (a.Float64() - 0.5) * (b.Float64() - 0.5) * 12
		}
		if r := sum / 2000; math.Abs(r) > 4/math.Sqrt(2000) {
			t.Errorf("gpu-%d and its neighbour correlate by %.3f", i, r)
		}
	}
}

func TestDrawsDoNotAllocate(t *testing.T) {
	s := Seed(1).Stream("x")
	if n := testing.AllocsPerRun(100, func() { s.Norm(); s.IntN(10); s.Gamma(2); s.Poisson(50) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDraw(b *testing.B) {
	s := Seed(1).Stream("x")
	for _, c := range []struct {
		name string
		draw func() float64
	}{
		{"exp", s.Exp}, {"norm", s.Norm}, {"gamma", func() float64 { return s.Gamma(0.49) }},
		{"weibull", func() float64 { return s.Weibull(0.7, 1) }},
		{"poisson-5", func() float64 { return s.Poisson(5) }}, {"poisson-500", func() float64 { return s.Poisson(500) }},
	} {
		b.Run(c.name, func(b *testing.B) {
			for b.Loop() {
				c.draw()
			}
		})
	}
	b.Run("stream", func(b *testing.B) {
		for b.Loop() {
			Seed(1).Stream("failure/hall-0/row-0/rack-1/gpu-3")
		}
	})
}
