package storage

import "math"

// MTTDL returns the mean time in s until a chain loses data: it stands in state i with i losses not yet rebuilt, gets another
// at rate fail(i) and is rid of one at rate mend(i), in 1/s, and data are lost when there are more than tolerance. The chain
// begins with none.
//
// The mean time from i to i+1 is T(i) = (1 + mend(i) T(i-1)) / fail(i), the sum of which is exact (Gibson, Redundant Disk
// Arrays, MIT Press 1992, for one and two tolerated losses).
func MTTDL(tolerance int, fail, mend func(int) float64) float64 {
	sum, before := 0.0, 0.0
	for i := range tolerance + 1 {
		t := 1 / fail(i)
		if i > 0 {
			t = (1 + mend(i)*before) / fail(i)
		}
		sum, before = sum+t, t
	}
	return sum
}

// MTTDL returns the mean time in s until drives that fail at a rate (1/s each) take data with them, from a state without
// losses. Drives of a node that has lost one endanger no further chunk of its stripes, so that each loss takes a node from
// those that matter; rebuilds follow one another.
func (p *Pool) MTTDL(rate float64) float64 {
	s := p.New()
	mu := 1 / p.DiskRebuild(s)
	nodes := float64(len(p.Nodes))
	return MTTDL(p.Tolerance, func(i int) float64 { return (nodes - float64(i)) * float64(p.Disks) * rate },
		func(int) float64 { return mu })
}

// LossProbability returns the probability that data are lost within time s, where they are after a mean time of mttdl s. The
// times are exponential as soon as rebuilds are much shorter than lives of drives.
func LossProbability(time, mttdl float64) float64 { return -math.Expm1(-time / mttdl) }

// Unreadable returns the expected share of stripes that have lost more than tolerance chunks, when each is laid over width
// distinct nodes out of nodes, all sets alike, and on some nodes the given shares of the chunks are gone.
//
// With e(t) the elementary symmetric sums of the shares, the expected number of sets of t lost chunks of a stripe is
// S(t) = e(t) width!/(width-t)! (nodes-t)!/nodes!, and P(more than m) = Σ (-1)^(t-m-1) C(t-1, m) S(t) over t > m
// (Feller, An Introduction to Probability Theory I, IV.5).
func Unreadable(gone []float64, nodes, width, tolerance int) float64 {
	e := make([]float64, len(gone)+1)
	e[0] = 1
	for i, f := range gone {
		for t := i + 1; t > 0; t-- {
			e[t] += f * e[t-1]
		}
	}
	sum, sign := 0.0, 1.0
	ratio, choose := 1.0, 1.0 // (width)_t / (nodes)_t, and C(t-1, tolerance)
	for t := 1; t <= min(width, len(gone)); t++ {
		ratio *= float64(width-t+1) / float64(nodes-t+1)
		if t <= tolerance {
			continue
		}
		if t > tolerance+1 {
			choose *= float64(t-1) / float64(t-1-tolerance)
		}
		sum += sign * choose * e[t] * ratio
		sign = -sign
	}
	return math.Min(1, math.Max(0, sum))
}
