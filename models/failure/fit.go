package failure

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/unit"
)

// Observed is what a log of failures of equal components says.
type Observed struct {
	Components int     // that were watched, those that never failed included
	Span       float64 // s that each was watched
	Incidents  []Incident
}

// Incident is one failure of one component.
type Incident struct {
	Component int     // 0 … Components-1
	At        float64 // s
	Repair    float64 // s until the component worked again; infinite where that was not seen
}

// Fitted is a set of failures that would have made a log, and how it was found.
type Fitted struct {
	Spec     *Spec
	Window   float64 // s: failures no further apart than this have a cause in common; 0: none have
	Clusters int     // groups of such failures on two components or more
	Struck   int     // failures that belong to them
	Worst    float64 // largest relative error of the quantiles of the repair times at 10, 25, 50, 75, 90 and 95 %
}

// fitQuantiles are those of repair times that a fit must meet.
var fitQuantiles = []float64{0.1, 0.25, 0.5, 0.75, 0.9, 0.95}

// Fit returns the failures that would have made a log.
//
// Common causes are found by declustering: failures that follow one another within a window are one event, and the window
// is the shortest that leaves events as regular as a Poisson process (squared coefficient of variation of the gaps of 1). What
// struck one component is its own failure: an exponential law, whose frailty follows from the counts of all failures
// (variance m + m²/k for a gamma shape k). What struck several is a burst of the site, of geometric size; its mean is such that
// a failure of a burst has as many companions as in the log, which is what decides how many are down at once. Bursts prefer
// the same lemons. Repair times are a mixture of lognormal laws by maximum likelihood, with as few parts as give the
// quantiles to a tenth, eight at most; a part with a median below an hour is recovery by itself. The longest repair is such that the mean is
// that of the log.
func Fit(name, component string, o Observed) (*Fitted, error) {
	n := float64(o.Components)
	if n == 0 || !(o.Span > 0) {
		return nil, errors.New("failure: a fit needs components and a time during which they were watched")
	}
	if len(o.Incidents) < 3 {
		return nil, errors.New("failure: fewer than three failures say nothing about a rate")
	}
	all := slices.Clone(o.Incidents)
	slices.SortStableFunc(all, func(a, b Incident) int { return cmp.Compare(a.At, b.At) })
	f := &Fitted{Spec: &Spec{}, Window: window(all)}
	struck, biased := 0.0, 0.0 // components struck together, and the sum of the squares of their numbers
	eachCluster(all, f.Window, func(c []Incident) {
		if k := distinct(c); k > 1 {
			f.Clusters++
			f.Struck += len(c)
			struck += float64(k)
			biased += float64(k * k)
		}
	})
	if f.Clusters < 3 { // chance
		f.Window, f.Clusters, f.Struck, struck = 0, 0, 0, 0
	}
	effect := EffectSpec{Takes: "itself", Detect: 30}
	var delays []float64
	for _, x := range all {
		if !math.IsInf(x.Repair, 1) {
			delays = append(delays, x.Repair)
		}
	}
	effect.Repair, f.Worst = fitRepair(delays, o.Span)

	rate := unit.Rate(round3((float64(len(all)) - struck) / (n * o.Span)))
	p := ProcessSpec{Name: name, Component: component, Rate: &rate, Distribution: "exponential", Age: "running", EffectSpec: effect}
	p.Frailty = frailty(all, o.Components)
	f.Spec.Processes = []ProcessSpec{p}
	if f.Clusters > 0 {
		size := round3((biased/struck + 1) / 2) // geometric from one upwards: Σ k² / Σ k is 2m - 1
		rate := unit.Rate(round3(struck / size / o.Span))
		b := BurstSpec{Name: name + "-common", Within: "site", Component: component, Rate: &rate, Per: "domain", Size: &size, EffectSpec: effect}
		if p.Frailty != nil {
			b.As = name
		}
		f.Spec.Bursts = []BurstSpec{b}
	}
	return f, nil
}

// frailty returns the gamma shape of the rates by the method of moments; nil where the counts vary no more than Poisson's.
func frailty(all []Incident, components int) *float64 {
	counts := make([]float64, components)
	for _, x := range all {
		counts[x.Component]++
	}
	n, sum, squares := float64(components), 0.0, 0.0
	for _, c := range counts {
		sum += c
		squares += c * c
	}
	mean := sum / n
	if n < 2 {
		return nil
	}
	excess := (squares-n*mean*mean)/(n-1) - mean
	if excess <= mean*mean/100 {
		return nil
	}
	k := round3(mean * mean / excess)
	return &k
}

// window returns the shortest window in s, to a twentieth, that leaves the first failures of all clusters with gaps as
// regular as a Poisson process; 0 where single failures are.
func window(all []Incident) float64 {
	if dispersion(all, -1) <= 1 {
		return 0
	}
	for w := 60.0; w < 30*86400; w *= 1.05 {
		if d := dispersion(all, w); d <= 1 {
			return round3(w)
		}
	}
	return 0
}

// dispersion returns the squared coefficient of variation of the gaps between clusters; infinite where there are too few.
func dispersion(all []Incident, window float64) float64 {
	var at []float64
	eachCluster(all, window, func(c []Incident) { at = append(at, c[0].At) })
	if len(at) < 10 {
		return math.Inf(1)
	}
	n, sum, squares := float64(len(at)-1), 0.0, 0.0
	for i := 1; i < len(at); i++ {
		g := at[i] - at[i-1]
		sum += g
		squares += g * g
	}
	if sum == 0 {
		return math.Inf(1)
	}
	return n*squares/(sum*sum) - 1
}

// eachCluster calls do with each run of failures of which each follows the one before it within a window in s.
func eachCluster(all []Incident, window float64, do func([]Incident)) {
	begin := 0
	for i := 1; i <= len(all); i++ {
		if i == len(all) || all[i].At-all[i-1].At > window {
			do(all[begin:i])
			begin = i
		}
	}
}

// distinct returns how many components failed.
func distinct(c []Incident) int {
	var seen []int
	for _, x := range c {
		if !slices.Contains(seen, x.Component) {
			seen = append(seen, x.Component)
		}
	}
	return len(seen)
}

// round3 keeps three significant digits: a fit has no more.
func round3(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) {
		return v
	}
	scale := math.Pow(10, 2-math.Floor(math.Log10(math.Abs(v))))
	return math.Round(v*scale) / scale
}
