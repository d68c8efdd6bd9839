package ensemble

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// Interval is an estimate with its confidence interval; NaN where it is not known.
type Interval struct{ Value, Low, High float64 }

// unknown is what nothing is known of.
var unknown = Interval{math.NaN(), math.NaN(), math.NaN()}

// Half returns half of the width.
func (i Interval) Half() float64 { return (i.High - i.Low) / 2 }

// Apart tells whether the interval lies wholly on one side of v.
func (i Interval) Apart(v float64) bool { return i.Low > v || i.High < v }

// Mean estimates the mean of the population that a sample is from, by Student's t; one value has no interval. Values that
// are not finite are left out.
func Mean(sample []float64, confidence float64) Interval {
	n, sum := 0, 0.0
	for _, v := range sample {
		if finite(v) {
			n++
			sum += v
		}
	}
	if n == 0 {
		return unknown
	}
	m, ss := sum/float64(n), 0.0
	for _, v := range sample {
		if finite(v) {
			ss += (v - m) * (v - m)
		}
	}
	if n == 1 {
		return Interval{m, math.NaN(), math.NaN()}
	}
	half := student(n-1, confidence) * math.Sqrt(ss/float64(n-1)/float64(n))
	return Interval{m, m - half, m + half}
}

// Difference estimates the mean of b - a over pairs of one seed; pairs of which one is not known are left out.
func Difference(a, b []float64, confidence float64) (d Interval, pairs int) {
	diff := make([]float64, 0, len(a))
	for i := range a {
		if finite(a[i]) && finite(b[i]) {
			diff = append(diff, b[i]-a[i])
		}
	}
	return Mean(diff, confidence), len(diff)
}

// Share estimates the probability of which k of n trials came true, by Wilson's interval (J. Am. Stat. Assoc. 22, 1927),
// which is sensible also at 0 and n, where it is made to hold the share itself.
func Share(k, n int, confidence float64) Interval {
	if n == 0 {
		return unknown
	}
	z := normal(confidence)
	p, f := float64(k)/float64(n), float64(n)
	mid := (p + z*z/(2*f)) / (1 + z*z/f)
	half := z / (1 + z*z/f) * math.Sqrt(p*(1-p)/f+z*z/(4*f*f))
	return Interval{p, max(0, min(mid-half, p)), min(1, max(mid+half, p))}
}

// Quantile returns the q-quantile of sorted values, between them as R's type 7 does; NaN for none.
func Quantile(sorted []float64, q float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	at := q * float64(len(sorted)-1)
	i := min(int(at), len(sorted)-1)
	j := min(i+1, len(sorted)-1)
	return sorted[i] + (at-float64(i))*(sorted[j]-sorted[i])
}

// known returns the finite values of a sample, sorted.
func known(sample []float64) []float64 {
	out := make([]float64, 0, len(sample))
	for _, v := range sample {
		if finite(v) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return out
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }

// student is the t that Student's distribution exceeds in magnitude with probability 1 - confidence: from
// P(|T| > t) = I_x(df/2, 1/2) with x = df/(df+t²), Abramowitz and Stegun 26.7.1.
func student(df int, confidence float64) float64 {
	v := float64(df)
	x := mathext.InvRegIncBeta(v/2, 0.5, 1-confidence)
	return math.Sqrt(v * (1 - x) / x)
}

// normal is the z that the normal distribution exceeds in magnitude with probability 1 - confidence.
func normal(confidence float64) float64 { return math.Sqrt2 * math.Erfinv(confidence) }
