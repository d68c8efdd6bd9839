package ensemble

import (
	"fmt"
	"math"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// outages are eight nodes that fail and are repaired, each by itself, over a day. Nothing else happens.
const outages = `halltwin: v1
name: outages
start: 2025-07-15T00:00:00-05:00
duration: 24 h
seed: 1
replicas: %d
site:
  use: sites/h100-hall-1k
  halls: [{rows: [{racks: 2, rack: {use: hardware/rack-dgx-h100-4}}]}]
failures:
  processes:
    - {name: node, component: node, mtbf: 10 d, detect: 0 s, repair: {auto: 0 %%, time: {distribution: exponential, mean: 6 h}}}
record: {every: 1 h}
step: {calm: 1 h, disturbed: 1 h}
experiment:
  rare: {channel: nodes.down, above: %d, levels: [%s], copies: %d}
`

// down is the probability that at any of the samples k of n nodes or more are down, where each fails at a rate, broken or
// not, and each failure is repaired by itself: a Markov chain of the nodes with one and with two failures open, absorbed in
// what is looked for. A third failure of one node is left out; it is as likely as one in ten thousand.
func down(n, k int, fail, repair, every float64, samples int) float64 {
	index := map[[2]int]int{}
	for a := 0; a <= n; a++ {
		for b := 0; a+b <= n; b++ {
			index[[2]int{a, b}] = len(index)
		}
	}
	q := mat.NewDense(len(index), len(index), nil)
	for s, i := range index {
		a, b := s[0], s[1]
		move := func(a, b int, rate float64) {
			if rate > 0 {
				j := index[[2]int{a, b}]
				q.Set(i, j, q.At(i, j)+rate*every)
				q.Set(i, i, q.At(i, i)-rate*every)
			}
		}
		move(a+1, b, fail*float64(n-a-b))
		if a > 0 {
			move(a-1, b+1, fail*float64(a))
			move(a-1, b, repair*float64(a))
		}
		if b > 0 {
			move(a+1, b-1, 2*repair*float64(b))
		}
	}
	var over mat.Dense
	over.Exp(q)
	now := mat.NewVecDense(len(index), nil)
	now.SetVec(index[[2]int{0, 0}], 1)
	met := 0.0
	for range samples {
		var next mat.VecDense
		next.MulVec(over.T(), now)
		for s, i := range index {
			if s[0]+s[1] >= k {
				met += next.AtVec(i)
				next.SetVec(i, 0)
			}
		}
		now = &next
	}
	return met
}

// The witness is the chain: for what plain runs see often enough, and for what none of them would see.
func TestRareOutages(t *testing.T) {
	for _, c := range []struct {
		k, replicas, copies int
		levels              string
		worth               float64 // plain runs that tell as much, at least
	}{
		{3, 500, 2, "", 0},
		{3, 250, 5, "1, 2", 2000},
		{6, 150, 12, "1, 2, 3, 4, 5", 1e6},
	} {
		truth := down(8, c.k, 1/(10*86400.0), 1/(6*3600.0), 3600, 24)
		out := outcome(t, experiment(t, fmt.Sprintf(outages, c.replicas, c.k, c.levels, c.copies)), NewStore(), Options{})
		r := out.Rare(0)
		p := r.Levels[len(r.Levels)-1]
		t.Logf("%d of 8 nodes down: %.3g (%.3g – %.3g), truth %.3g, %.4g futures for as much as %.3g plain runs", c.k, p.Value, p.Low, p.High, truth, r.Futures, r.Plain)
		if math.Abs(p.Value-truth) > 3*(p.High-p.Value)/1.96 {
			t.Errorf("%d of 8 nodes down: %.3g, and the truth is %.3g", c.k, p.Value, truth)
		}
		if r.Plain < c.worth {
			t.Errorf("%d of 8 nodes down: %.4g futures tell as much as %.3g plain runs", c.k, r.Futures, r.Plain)
		}
	}
}
