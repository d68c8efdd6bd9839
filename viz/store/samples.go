package store

import (
	"math"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
)

// Samples is what is known of the channels of a run.
type Samples interface {
	// Head returns the time of the last sample, NaN before the first.
	Head() float64
	// At returns the values of a channel for all its subjects at the last sample not after t, and the time of that. Without
	// one it returns nil.
	At(c *channel.Channel, t float64) (values []float64, at float64, err error)
	// Step returns the time of the sample that is n samples after the last one not after t, or the first or last one there is.
	Step(t float64, n int) float64
	// Scan calls fn with the values of the subjects [lo, hi) at each sample of a channel from one time to another, both
	// included, until it returns an error.
	Scan(c *channel.Channel, lo, hi int32, from, to float64, fn func(t float64, values []float64) error) error
}

// Reduce returns the one value that stands for several; unknown ones do not count, unless all are.
func Reduce(r channel.Reduce, values []float64) float64 {
	out, n := math.NaN(), 0
	for _, v := range values {
		if math.IsNaN(v) {
			continue
		}
		n++
		switch {
		case n == 1:
			out = v
		case r == channel.Sum || r == channel.Mean:
			out += v
		case r == channel.Max:
			out = max(out, v)
		case r == channel.Min:
			out = min(out, v)
		default:
			out = v
		}
	}
	if r == channel.Mean && n > 1 {
		out /= float64(n)
	}
	return out
}

// Lift appends the values of a channel at a coarser level: one for each thing of that kind.
func Lift(t *facility.Tree, c *channel.Channel, level facility.Kind, values, out []float64) []float64 {
	if level == c.Kind {
		return append(out, values...)
	}
	for i := range t.Count(level) {
		lo, hi := t.Descendants(facility.Ref{Kind: level, Index: int32(i)}, c.Kind)
		out = append(out, Reduce(c.Reduce, values[min(int(lo), len(values)):min(int(hi), len(values))]))
	}
	return out
}

// Above reports whether a kind contains another, or is it.
func Above(t *facility.Tree, level, k facility.Kind) bool {
	for k != level {
		if k == facility.Site || t.Count(k) == 0 {
			return false
		}
		k = t.Levels[k].Parent
	}
	return true
}
