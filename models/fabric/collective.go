package fabric

import "math"

// Kind is what a collective does.
type Kind uint8

// The kinds. S is the payload of a rank: of an all-gather the whole that every rank holds afterwards, of a reduce-scatter what
// it brings, of an all-to-all all that it sends.
const (
	AllReduce Kind = iota
	AllGather
	ReduceScatter
	AllToAll
	SendReceive // to one other rank
)

// Algorithm is how it is done.
type Algorithm uint8

// The algorithms. Fastest takes the best of those that the level has.
const (
	Fastest Algorithm = iota
	Ring
	Tree
	InSwitch // the switch adds up: NVLS, SHARP
)

// Tier is ranks that are joined alike: the GPUs of a node, the nodes of a leaf, the leaves of a pod …
type Tier struct {
	Ranks     int     // of the next tier below, or GPUs, that meet here
	Alpha     float64 // cost of one message, s
	Bandwidth float64 // that a rank's collective reaches here, one direction, B/s
	Reduces   bool    // the switch can add up
}

// Time returns the time in s of a collective of bytes on one tier.
func (t *Tier) Time(k Kind, a Algorithm, bytes float64) float64 {
	n := float64(t.Ranks)
	if n <= 1 || bytes <= 0 {
		return 0
	}
	whole := bytes / t.Bandwidth
	shares := (n - 1) / n * whole
	switch k {
	case AllGather, ReduceScatter:
		return (n-1)*t.Alpha + shares
	case AllToAll:
		return t.Alpha*(1+(n-2)*postShare) + shares
	case SendReceive:
		return t.Alpha + whole
	}
	ring := 2*(n-1)*t.Alpha + 2*shares
	tree := 2*math.Ceil(math.Log2(n))*t.Alpha + 2*whole
	inside := math.Inf(1)
	if t.Reduces {
		inside = 2*t.Alpha + whole
	}
	switch a {
	case Ring:
		return ring
	case Tree:
		return tree
	case InSwitch:
		return inside
	}
	return math.Min(inside, math.Min(ring, tree))
}

// postShare is the share of a message's latency that posting one more costs when many are under way.
const postShare = 0.1

// Collective returns the time in s of a collective over tiers, the innermost first: reduce-scatter inside, the collective of the
// slices outside, all-gather inside. An all-to-all takes as long as its slowest tier.
func Collective(k Kind, tiers []Tier, bytes float64) float64 {
	if k == AllToAll {
		return exchange(tiers, bytes)
	}
	if k == SendReceive { // over the outermost
		for i := len(tiers) - 1; i >= 0; i-- {
			if tiers[i].Ranks > 1 {
				return tiers[i].Time(k, Fastest, bytes)
			}
		}
		return 0
	}
	t := 0.0
	for i := range tiers {
		outer := false
		for j := range tiers[i+1:] {
			outer = outer || tiers[i+1+j].Ranks > 1
		}
		if k == AllReduce && outer {
			t += tiers[i].Time(ReduceScatter, Ring, bytes) + tiers[i].Time(AllGather, Ring, bytes)
		} else {
			t += tiers[i].Time(k, Fastest, bytes)
		}
		bytes /= float64(max(1, tiers[i].Ranks))
	}
	return t
}

// exchange is an all-to-all: the parts for each tier go over it at the same time.
func exchange(tiers []Tier, bytes float64) float64 {
	n := 1.0
	for i := range tiers {
		n *= float64(max(1, tiers[i].Ranks))
	}
	worst, alpha, within := 0.0, 0.0, 1.0
	for i := range tiers {
		t := &tiers[i]
		if t.Ranks <= 1 {
			continue
		}
		alpha = math.Max(alpha, t.Alpha*(1+(within*float64(t.Ranks)-2)*postShare))
		worst = math.Max(worst, bytes*(n-within)/n/t.Bandwidth) // what leaves the tiers below passes here
		within *= float64(t.Ranks)
	}
	return alpha + worst
}

// BusFactor returns the bus bandwidth of a collective of n ranks over its algorithm bandwidth, payload over time: what
// nccl-tests print.
func BusFactor(k Kind, n int) float64 {
	switch {
	case n < 2:
		return 1
	case k == AllReduce:
		return 2 * float64(n-1) / float64(n)
	case k == SendReceive:
		return 1
	}
	return float64(n-1) / float64(n)
}
