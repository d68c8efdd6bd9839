package live

import (
	"fmt"
	"math"
	"slices"
)

// Parameter is one unknown of a [Filter].
type Parameter struct {
	Name   string
	Value  float64 // at the start
	SD     float64 // standard deviation of what is known at the start
	Wander float64 // standard deviation of its change in an hour
}

// Filter learns parameters from readings, one at a time. It is plain data: a copy by [Filter.Clone] goes its own way.
type Filter struct {
	X        []float64
	P        [][]float64 // their covariance
	Noise    float64     // relative standard deviation of a reading
	Clip     float64     // standard deviations beyond which a reading counts no more than there; 0: none is clipped
	Clipped  int         // readings that were
	Skipped  int         // readings that were none: NaN, infinite, negative, or before the last
	variance []float64   // of the wander, per s
	names    []string
	time     float64
	begun    bool
}

// New returns a filter before its first reading.
func New(parameters []Parameter, noise float64) *Filter {
	f := &Filter{Noise: noise, Clip: 4}
	for i, p := range parameters {
		f.X = append(f.X, p.Value)
		f.P = append(f.P, make([]float64, len(parameters)))
		f.P[i][i] = p.SD * p.SD
		f.variance = append(f.variance, p.Wander*p.Wander/3600)
		f.names = append(f.names, p.Name)
	}
	return f
}

// Clone returns an independent copy.
func (f *Filter) Clone() *Filter {
	out := *f
	out.X = slices.Clone(f.X)
	out.P = make([][]float64, len(f.P))
	for i := range f.P {
		out.P[i] = slices.Clone(f.P[i])
	}
	return &out
}

// Predict returns what a reading at time t s should be, for the terms h of that time, with its standard deviation.
func (f *Filter) Predict(t float64, h []float64) (value, sd float64) {
	ahead := 0.0
	if f.begun {
		ahead = max(0, t-f.time)
	}
	variance := 0.0
	for i := range h {
		value += h[i] * f.X[i]
		variance += h[i] * h[i] * f.variance[i] * ahead
		for k := range h {
			variance += h[i] * f.P[i][k] * h[k]
		}
	}
	noise := f.Noise * value
	return value, math.Sqrt(variance + noise*noise)
}

// Learn takes a reading y at time t s with terms h. It reports whether it was one.
func (f *Filter) Learn(t float64, h []float64, y float64) bool {
	if len(h) != len(f.X) {
		panic(fmt.Sprintf("live: %d terms for %d parameters", len(h), len(f.X)))
	}
	if math.IsNaN(y) || math.IsInf(y, 0) || y < 0 || math.IsNaN(t) || (f.begun && t <= f.time) {
		f.Skipped++
		return false
	}
	n := len(h)
	if f.begun {
		for i := range n {
			f.P[i][i] += f.variance[i] * (t - f.time)
		}
	}
	f.time, f.begun = t, true
	g := make([]float64, n) // P h
	expected, spread := 0.0, 0.0
	for i := range n {
		for k := range n {
			g[i] += f.P[i][k] * h[k]
		}
		expected += h[i] * f.X[i]
		spread += h[i] * g[i]
	}
	noise := f.Noise * expected
	noise *= noise
	s := spread + noise
	if !(s > 0) {
		return true
	}
	d := y - expected
	if limit := f.Clip * math.Sqrt(s); f.Clip > 0 && math.Abs(d) > limit {
		f.Clipped++
		noise = s*math.Abs(d)/limit - spread // it is worth less, the farther it lies
		s = spread + noise
	}
	gain := make([]float64, n)
	for i := range n {
		gain[i] = g[i] / s
		f.X[i] += gain[i] * d
	}
	f.joseph(gain, h, noise)
	return true
}

// joseph is P ← (I - K h) P (I - K h)ᵀ + K R Kᵀ.
func (f *Filter) joseph(gain, h []float64, noise float64) {
	n := len(h)
	a := make([][]float64, n)
	for i := range n {
		a[i] = make([]float64, n)
		for k := range n {
			a[i][k] = f.P[i][k]
		}
		for k := range n {
			row := 0.0
			for m := range n {
				row += h[m] * f.P[m][k]
			}
			a[i][k] -= gain[i] * row
		}
	}
	for i := range n {
		back := 0.0
		for m := range n {
			back += a[i][m] * h[m]
		}
		for k := range n {
			f.P[i][k] = a[i][k] - back*gain[k] + gain[i]*noise*gain[k]
		}
	}
	for i := range n {
		for k := range i {
			mean := (f.P[i][k] + f.P[k][i]) / 2
			f.P[i][k], f.P[k][i] = mean, mean
		}
	}
}

// Band keeps the errors of past forecasts and returns how wide the next interval shall be.
type Band struct {
	Share  float64 // of the truth that shall lie inside: 0.9
	Window int     // forecasts that it looks back on
	sizes  []float64
	sorted []float64
}

// Learn takes the outcome of a forecast whose truth is now known.
func (b *Band) Learn(value, sd, truth float64) {
	if !(sd > 0) || math.IsNaN(truth) {
		return
	}
	size := math.Abs(truth-value) / sd
	b.sizes = append(b.sizes, size)
	at, _ := slices.BinarySearch(b.sorted, size)
	b.sorted = slices.Insert(b.sorted, at, size)
	if len(b.sizes) > b.Window {
		at, _ := slices.BinarySearch(b.sorted, b.sizes[0])
		b.sorted = slices.Delete(b.sorted, at, at+1)
		b.sizes = b.sizes[1:]
	}
}

// fewest is how many outcomes determine a 90 % interval: the largest of nine errors is not passed in nine of ten cases.
const fewest = 9

// Around returns the interval around a forecast. Before enough outcomes are known it is that of a normal distribution.
func (b *Band) Around(value, sd float64) (low, high float64) {
	factor := 1.645 * b.Share / 0.9
	if n := len(b.sorted); n >= fewest {
		factor = b.sorted[min(n-1, int(math.Ceil(b.Share*float64(n+1)))-1)]
	}
	return value - factor*sd, value + factor*sd
}
