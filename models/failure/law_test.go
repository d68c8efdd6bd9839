package failure

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/random"
)

// ksCritical is the critical value of the Kolmogorov-Smirnov distance at a level of 0.1 % (Massey 1951).
func ksCritical(n int) float64 { return 1.949 / math.Sqrt(float64(n)) }

func ks(sample []float64, cdf func(float64) float64) float64 {
	slices.Sort(sample)
	n, d := float64(len(sample)), 0.0
	for i, x := range sample {
		f := cdf(x)
		d = math.Max(d, math.Max(f-float64(i)/n, float64(i+1)/n-f))
	}
	return d
}

var lawsUnderTest = []Law{
	NewLaw(Exponential, 5e6, 0, 0),
	NewLaw(Exponential, 5e6, 0, 3e6),
	NewLaw(Weibull, 5e6, 0.5, 0),
	NewLaw(Weibull, 5e6, 2.5, 6e6),
	NewLaw(Lognormal, 5e6, 1.4, 0),
	MedianLaw(Lognormal, 54000, 2.52, 90*86400),
	NewLaw(Gamma, 5e6, 0.35, 0),
	NewLaw(Gamma, 5e6, 4, 5e6),
	MedianLaw(Exponential, 100, 0, 0),
	MedianLaw(Weibull, 100, 0.7, 0),
	MedianLaw(Gamma, 100, 0.49, 0),
}

func (l Law) name() string { return fmt.Sprintf("%s shape %g max %g", l.Form, l.Shape, l.Max) }

func TestDrawsFollowTheirLaw(t *testing.T) {
	for _, l := range lawsUnderTest {
		t.Run(l.name(), func(t *testing.T) {
			st := random.Seed(1).Stream(l.name())
			const n = 20000
			sample := make([]float64, n)
			for i := range sample {
				sample[i] = l.Draw(&st)
			}
			if d := ks(sample, l.CDF); d > ksCritical(n) {
				t.Errorf("KS distance %.4f, critical %.4f", d, ksCritical(n))
			}
		})
	}
}

// The limited mean is the integral of the survival function.
func TestLimitedMean(t *testing.T) {
	for _, l := range lawsUnderTest {
		if l.Max == 0 {
			continue
		}
		sum, n := 0.0, 400000
		for i := range n {
			// substitute t = Max·x⁴: the density may be singular at 0
			x := (float64(i) + 0.5) / float64(n)
			sum += (1 - l.CDF(l.Max*x*x*x*x)) * 4 * x * x * x * l.Max / float64(n)
		}
		if got := l.LimitedMean(); math.Abs(got/sum-1) > 1e-6 {
			t.Errorf("%s: mean %g, integral %g", l.name(), got, sum)
		}
	}
}

// The residual life has the density S(t)/mean, so its distribution function is the integral of the survival function.
func TestResidualLife(t *testing.T) {
	for _, l := range lawsUnderTest {
		if l.Max > 0 {
			continue
		}
		t.Run(l.name(), func(t *testing.T) {
			st := random.Seed(2).Stream(l.name())
			const n = 20000
			sample := make([]float64, n)
			for i := range sample {
				sample[i] = l.Residual(&st)
			}
			slices.Sort(sample)
			area, at := 0.0, 0.0
			cdf := func(x float64) float64 { // called in rising order
				for i := 0; i < 8; i++ {
					h := (x - at) / 8
					area += h * (1 - l.CDF(at+(float64(i)+0.5)*h))
				}
				at = x
				return area / l.Mean()
			}
			if d := ks(sample, cdf); d > ksCritical(n)+0.003 { // and the error of the integral
				t.Errorf("KS distance %.4f, critical %.4f", d, ksCritical(n))
			}
		})
	}
}

func TestMedianAndMean(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		form := Form(rapid.IntRange(int(Exponential), int(Gamma)).Draw(t, "form"))
		shape := rapid.Float64Range(0.2, 5).Draw(t, "shape")
		v := math.Exp(rapid.Float64Range(0, 18).Draw(t, "log"))
		byMean, byMedian := NewLaw(form, v, shape, 0), MedianLaw(form, v, shape, 0)
		if math.Abs(byMean.Mean()/v-1) > 1e-9 {
			t.Errorf("%s: mean %g, want %g", byMean.name(), byMean.Mean(), v)
		}
		if math.Abs(byMedian.CDF(v)-0.5) > 1e-9 {
			t.Errorf("%s: CDF at the median is %g", byMedian.name(), byMedian.CDF(v))
		}
	})
}

func TestTraceLaw(t *testing.T) {
	l := TraceLaw([]float64{10, 20, 70})
	if l.Mean() != 100.0/3 {
		t.Errorf("mean %g", l.Mean())
	}
	st := random.Seed(3).Stream("trace")
	const n = 30000
	count := map[float64]int{}
	residual := 0.0
	for range n {
		count[l.Draw(&st)]++
		residual += l.Residual(&st)
	}
	chi := 0.0
	for _, v := range []float64{10, 20, 70} {
		d := float64(count[v]) - n/3.0
		chi += d * d / (n / 3.0)
	}
	if chi > 13.8 { // 0.1 % of chi-square with 2 degrees of freedom
		t.Errorf("chi-square %.1f", chi)
	}
	// E[L²]/(2 E[L]) = (100+400+4900)/3 / (2·100/3) = 27
	if got := residual / n; math.Abs(got-27) > 0.4 {
		t.Errorf("mean residual life %.2f, want 27", got)
	}
}
