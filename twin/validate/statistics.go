package validate

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mathext"
)

// ksDistance returns the largest distance between the distribution of a sample and a distribution function.
func ksDistance(sample []float64, cdf func(float64) float64) float64 {
	sorted := slices.Sorted(slices.Values(sample))
	n := float64(len(sorted))
	d := 0.0
	for i, v := range sorted {
		f := cdf(v)
		d = max(d, f-float64(i)/n, float64(i+1)/n-f)
	}
	return d
}

// ksSurvival returns the probability of a distance of d or more between n values and the distribution that they are of.
//
// Stephens, EDF statistics for goodness of fit, J. Am. Stat. Assoc. 69 (1974): the asymptotic series at a corrected argument.
func ksSurvival(d float64, n int) float64 {
	root := math.Sqrt(float64(n))
	x := d * (root + 0.12 + 0.11/root)
	sum, sign := 0.0, 1.0
	for k := 1.0; k <= 100; k++ {
		sum += sign * math.Exp(-2*k*k*x*x)
		sign = -sign
	}
	return min(1, max(0, 2*sum))
}

// chiSquare returns the probability of counts as far from the expected ones as these or farther, of which lost degrees of
// freedom are spent.
func chiSquare(observed, expected []float64, lost int) float64 {
	chi := 0.0
	for i, e := range expected {
		chi += (observed[i] - e) * (observed[i] - e) / e
	}
	return mathext.GammaIncRegComp(float64(len(expected)-lost)/2, chi/2)
}

// pool joins neighbouring classes until each expects ten or more; one degree of freedom is spent on the total.
func pool(observed, expected []float64) (o, e []float64, lost int) {
	so, se := 0.0, 0.0
	for i := range expected {
		so, se = so+observed[i], se+expected[i]
		if se >= 10 {
			o, e = append(o, so), append(e, se)
			so, se = 0, 0
		}
	}
	o[len(o)-1] += so
	e[len(e)-1] += se
	return o, e, 1
}

// homogeneity returns the probability that two histograms of na and nb values differ as much as these when both are of one
// distribution.
func homogeneity(a, b []float64, na, nb float64) float64 {
	chi, classes, ca, cb := 0.0, 0, 0.0, 0.0
	add := func() {
		e := (ca + cb) / (na + nb)
		chi += (ca-na*e)*(ca-na*e)/(na*e) + (cb-nb*e)*(cb-nb*e)/(nb*e)
		classes++
	}
	left := nb
	for i := range b {
		ca, cb = ca+a[i], cb+b[i]
		if cb < 0.01*nb || left-cb < 0.01*nb { // the last class takes what would be too few
			continue
		}
		add()
		left -= cb
		ca, cb = 0, 0
	}
	if ca+cb > 0 {
		add()
	}
	return mathext.GammaIncRegComp(float64(classes-1)/2, chi/2)
}
