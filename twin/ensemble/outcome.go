package ensemble

import (
	"cmp"
	"math"
	"slices"

	"github.com/halltwin/halltwin/twin/record"
)

// Outcome is what came of an experiment.
type Outcome struct {
	Experiment   *Experiment
	Results      []Result // by cell, then seed
	Figures      []Figure // in the order of a summary
	Expectations []string
	Replicas     int // that were run of each cell
	Failed       []Result
	Best         int // cell of the best point that a search has found; -1 where nothing was looked for, or nothing will do

	byCell [][]Result
}

// sort puts results in the order of their seeds.
func (o *Outcome) sort() {
	for _, list := range o.byCell {
		slices.SortFunc(list, func(a, b Result) int { return cmp.Compare(a.Seed, b.Seed) })
	}
}

func (o *Outcome) finish(store *Store) {
	o.sort()
	for _, list := range o.byCell {
		o.Replicas = max(o.Replicas, len(list))
		o.Results = append(o.Results, list...)
		for _, r := range list {
			if r.Verdict == record.Broken {
				o.Failed = append(o.Failed, r)
			}
		}
	}
	used, named := map[string]bool{}, map[string]bool{}
	for i := range o.Results {
		for k := range o.Results[i].Figures {
			used[k] = true
		}
		for k := range o.Results[i].Held {
			named[k] = true
		}
	}
	for _, f := range store.figures.ordered() {
		if used[f.Key] {
			o.Figures = append(o.Figures, f)
		}
	}
	for k := range named {
		o.Expectations = append(o.Expectations, k)
	}
	slices.Sort(o.Expectations)
}

// Figure finds a figure by its key.
func (o *Outcome) Figure(key string) (Figure, bool) {
	i := slices.IndexFunc(o.Figures, func(f Figure) bool { return f.Key == key })
	if i < 0 {
		return Figure{}, false
	}
	return o.Figures[i], true
}

// sample returns a figure of a cell in all replicas, in the order of seeds; NaN where a run has none.
func (o *Outcome) sample(cell int, key string) []float64 {
	out := make([]float64, len(o.byCell[cell]))
	for i := range out {
		v, ok := o.byCell[cell][i].Figures[key]
		if !ok {
			v = math.NaN()
		}
		out[i] = v
	}
	return out
}

// Statistic is a figure of a cell over its replicas.
type Statistic struct {
	Mean       Interval
	SD         float64
	Known      int      // replicas that have it
	P5, P50    float64  // quantiles
	P95        float64  //
	Least      float64  //
	Most       float64  //
	Difference Interval // to the base at the same point, over pairs of one seed; unknown for the base itself
	Pairs      int      //
	Ratio      float64  // variance of the difference were seeds not shared, over that of the pairs: what pairing gains
}

// Statistic returns what is known of a figure of a cell.
func (o *Outcome) Statistic(cell int, key string) Statistic {
	c := float64(o.Experiment.Spec.Confidence)
	sample := o.sample(cell, key)
	sorted := known(sample)
	s := Statistic{Mean: Mean(sample, c), Known: len(sorted), P5: Quantile(sorted, 0.05), P50: Quantile(sorted, 0.5), P95: Quantile(sorted, 0.95),
		Least: Quantile(sorted, 0), Most: Quantile(sorted, 1), Difference: unknown, Ratio: math.NaN(), SD: deviation(sorted)}
	base := o.Experiment.Base(cell)
	if base == cell {
		return s
	}
	theirs := o.sample(base, key)
	s.Difference, s.Pairs = Difference(theirs, sample, c)
	var diff []float64
	for i := range min(len(theirs), len(sample)) {
		diff = append(diff, sample[i]-theirs[i])
	}
	a, b, d := deviation(known(theirs)), s.SD, deviation(known(diff))
	s.Ratio = (a*a + b*b) / (d * d)
	return s
}

// deviation is the standard deviation of a sample, NaN for fewer than two values.
func deviation(sample []float64) float64 {
	if len(sample) < 2 {
		return math.NaN()
	}
	m, ss := 0.0, 0.0
	for _, v := range sample {
		m += v
	}
	m /= float64(len(sample))
	for _, v := range sample {
		ss += (v - m) * (v - m)
	}
	return math.Sqrt(ss / float64(len(sample)-1))
}

// Says puts the difference of a statistic into a word: "equal", "differs", "not distinguishable", "one seed".
func (s *Statistic) Says() string {
	switch {
	case s.Pairs == 0:
		return ""
	case s.Pairs == 1:
		if s.Difference.Value == 0 {
			return "equal"
		}
		return "one seed"
	case s.Difference.Value == 0 && s.Difference.Low == 0 && s.Difference.High == 0:
		return "equal"
	case s.Difference.Apart(0):
		return "differs"
	}
	return "not distinguishable"
}

// Odds is how often an expectation held in a cell.
type Odds struct {
	Held, Runs int
	Share      Interval
	Missed     bool // shown, at the confidence asked for, to hold less often than it is to
}

// Odds returns how often an expectation held in a cell.
func (o *Outcome) Odds(cell int, expectation string) Odds {
	var d Odds
	for i := range o.byCell[cell] {
		if held, ok := o.byCell[cell][i].Held[expectation]; ok {
			d.Runs++
			if held {
				d.Held++
			}
		}
	}
	spec := &o.Experiment.Spec
	d.Share = Share(d.Held, d.Runs, float64(spec.Confidence))
	d.Missed = d.Share.High < float64(spec.Holds)
	return d
}

// Missed tells whether any expectation of any cell was shown to be missed; of a search, whether no point will do.
func (o *Outcome) Missed() bool {
	if o.Experiment.searching {
		return o.Best < 0
	}
	for cell := range o.byCell {
		for _, name := range o.Expectations {
			if o.Odds(cell, name).Missed {
				return true
			}
		}
	}
	return false
}

// Exceeds estimates the probability that a figure of a cell is above a threshold.
func (o *Outcome) Exceeds(cell int, key string, threshold float64) Interval {
	above, n := 0, 0
	for _, v := range o.sample(cell, key) {
		if finite(v) {
			n++
			if v > threshold {
				above++
			}
		}
	}
	return Share(above, n, float64(o.Experiment.Spec.Confidence))
}

// Effects returns what each axis does to a figure of a variant, its value at a point being the mean over replicas; nil
// where the design was not made for it.
func (o *Outcome) Effects(variant int, key string) []Effect {
	e := o.Experiment
	n := len(e.Design.Text)
	y := make([]float64, n)
	for i := range y {
		y[i] = Mean(o.sample(variant*n+i, key), 0.95).Value
	}
	return e.Design.Effects(y, float64(e.Spec.Confidence), e.Seed)
}
