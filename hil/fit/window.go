package fit

import (
	"math"
	"sort"
)

// integral is the running integral of a sampled signal, lines between samples, for means over windows.
type integral struct{ t, sum, v []float64 }

func integrate(t, v []float64) *integral {
	s := &integral{t: t, v: v, sum: make([]float64, len(t))}
	for i := 1; i < len(t); i++ {
		s.sum[i] = s.sum[i-1] + (v[i]+v[i-1])/2*(t[i]-t[i-1])
	}
	return s
}

// at returns the integral from the first sample to time x; beyond the ends the signal stays as it was there.
func (s *integral) at(x float64) float64 {
	n := len(s.t)
	switch {
	case x <= s.t[0]:
		return (x - s.t[0]) * s.v[0]
	case x >= s.t[n-1]:
		return s.sum[n-1] + (x-s.t[n-1])*s.v[n-1]
	}
	i := sort.SearchFloat64s(s.t, x)
	d := x - s.t[i-1]
	slope := (s.v[i] - s.v[i-1]) / (s.t[i] - s.t[i-1])
	return s.sum[i-1] + d*(s.v[i-1]+slope*d/2)
}

// mean returns the mean over the window that ends at time x; the value there for a window of 0.
func (s *integral) mean(x, window float64) float64 {
	if window <= 0 {
		return interpolate(s.t, s.v, x)
	}
	return (s.at(x) - s.at(x-window)) / window
}

// averaged returns the means of a signal over the windows that end lag s before its samples.
func averaged(t, v []float64, window, lag float64) []float64 {
	s := integrate(t, v)
	out := make([]float64, len(t))
	for i, x := range t {
		out[i] = s.mean(x-lag, window)
	}
	return out
}

// interpolate returns y at x on the lines through the points, held beyond the ends. xs must grow.
func interpolate(xs, ys []float64, x float64) float64 {
	i := sort.SearchFloat64s(xs, x)
	switch {
	case i == 0:
		return ys[0]
	case i == len(xs):
		return ys[i-1]
	}
	return ys[i-1] + (ys[i]-ys[i-1])*(x-xs[i-1])/(xs[i]-xs[i-1])
}

// every returns a signal's means over intervals of step s, with the times of their middles from the first sample. Intervals
// without a sample hold the value before.
func every(step float64, t []float64, signals ...[]float64) (at []float64, out [][]float64) {
	out = make([][]float64, len(signals))
	if len(t) == 0 {
		return nil, out
	}
	n := int((t[len(t)-1]-t[0])/step) + 1
	sums := make([]float64, len(signals))
	i := 0
	for k := range n {
		end := t[0] + float64(k+1)*step
		clear(sums)
		counts := 0
		for ; i < len(t) && t[i] < end; i++ {
			for m, s := range signals {
				sums[m] += s[i]
			}
			counts++
		}
		at = append(at, (float64(k)+0.5)*step)
		for m := range signals {
			switch {
			case counts > 0:
				out[m] = append(out[m], sums[m]/float64(counts))
			case k > 0:
				out[m] = append(out[m], out[m][k-1])
			}
		}
	}
	return at, out
}

// RMSE is the root mean square of the difference of two series, NaN where there is none.
func RMSE(a, b []float64) float64 {
	sum, n := 0.0, 0
	for i := range a {
		if d := a[i] - b[i]; !math.IsNaN(d) {
			sum += d * d
			n++
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return math.Sqrt(sum / float64(n))
}

// Bias is the mean of the difference of two series.
func Bias(a, b []float64) float64 {
	sum, n := 0.0, 0
	for i := range a {
		if d := a[i] - b[i]; !math.IsNaN(d) {
			sum += d
			n++
		}
	}
	return sum / float64(n)
}
