package failure

import (
	"container/heap"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/random"
)

// MixtureLaw returns the law that draws from one of several lognormal laws, each as often as its share says. Times above
// limit, in s, cannot occur; 0 means no limit.
func MixtureLaw(parts []PartSpec, limit float64) Law {
	l := Law{Form: Mixture, Max: limit}
	total, sum := 0.0, 0.0
	for i := range parts {
		total += parts[i].Share
	}
	for i := range parts {
		sum += parts[i].Share / total
		l.sum = append(l.sum, sum)
		l.parts = append(l.parts, MedianLaw(Lognormal, float64(parts[i].Median), parts[i].Sigma, 0))
	}
	return l.limit()
}

// mix returns the sum of what the parts of a mixture give, each times its share.
func (l *Law) mix(of func(*Law) float64) float64 {
	v, before := 0.0, 0.0
	for i := range l.parts {
		v += (l.sum[i] - before) * of(&l.parts[i])
		before = l.sum[i]
	}
	return v
}

// chooseBy returns k of the numbers 0 … n-1 in rising order, drawn one after the other in proportion to their weights.
//
// Efraimidis and Spirakis, Information Processing Letters 97 (2006): the k smallest of Exp(1)/weight.
func chooseBy(st *random.Stream, weights []float32, k int32) []int32 {
	best := make(keyed, 0, k)
	for i, w := range weights {
		x := keyedIndex{-math.Log(st.Open()) / float64(w), int32(i)}
		switch {
		case len(best) < int(k):
			heap.Push(&best, x)
		case x.key < best[0].key:
			best[0] = x
			heap.Fix(&best, 0)
		}
	}
	picked := make([]int32, len(best))
	for i := range best {
		picked[i] = best[i].index
	}
	slices.Sort(picked)
	return picked
}

type keyedIndex struct {
	key   float64
	index int32
}

// keyed is a heap with its largest key on top.
type keyed []keyedIndex

func (h keyed) Len() int           { return len(h) }
func (h keyed) Less(i, j int) bool { return h[i].key > h[j].key }
func (h keyed) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *keyed) Push(x any)        { *h = append(*h, x.(keyedIndex)) }
func (h *keyed) Pop() any {
	x := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return x
}
