package failure

import (
	"errors"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// Observed is what a log of failures of equal components says.
type Observed struct {
	Counts  []int     // failures of each component, those that never failed included
	Span    float64   // s that each was watched
	Repairs []float64 // s from each failure until the component worked again, where it was seen
}

// Fit returns the process that would have made a log: an exponential law at the observed rate, frailty by the method
// of moments where the counts vary more than Poisson's (variance m + m²/k for a gamma shape k), and the lognormal law
// of repair times by maximum likelihood.
func Fit(name, component string, o Observed) (*ProcessSpec, error) {
	n := float64(len(o.Counts))
	if n == 0 || !(o.Span > 0) {
		return nil, errors.New("failure: a fit needs components and a time during which they were watched")
	}
	sum, squares := 0.0, 0.0
	for _, c := range o.Counts {
		sum += float64(c)
		squares += float64(c) * float64(c)
	}
	if sum < 3 {
		return nil, errors.New("failure: fewer than three failures say nothing about a rate")
	}
	rate := unit.Rate(sum / (n * o.Span))
	spec := &ProcessSpec{Name: name, Component: component, Rate: &rate, Distribution: "exponential", Age: "running"}
	spec.Takes, spec.Detect = "itself", 30
	if mean := sum / n; n > 1 {
		if excess := (squares-n*mean*mean)/(n-1) - mean; excess > mean*mean/100 {
			k := round3(mean * mean / excess)
			spec.Frailty = &k
		}
	}
	if d, ok := lognormal(o.Repairs); ok {
		spec.Repair.Time = d
	}
	return spec, nil
}

// lognormal fits the law to the positive ones of some delays in s.
func lognormal(delays []float64) (*DelaySpec, bool) {
	n, sum, squares, longest := 0.0, 0.0, 0.0, 0.0
	for _, d := range delays {
		if d > 0 && !math.IsInf(d, 1) {
			l := math.Log(d)
			n, sum, squares, longest = n+1, sum+l, squares+l*l, max(longest, d)
		}
	}
	if n < 3 {
		return nil, false
	}
	mu := sum / n
	sigma := round3(math.Sqrt(max(squares/n-mu*mu, 1e-6)))
	median, most := unit.Duration(math.Exp(mu)), unit.Duration(longest)
	return &DelaySpec{Distribution: "lognormal", Median: &median, Sigma: &sigma, Max: &most}, true
}

// round3 keeps three significant digits: a fit has no more.
func round3(v float64) float64 {
	if v == 0 {
		return 0
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
