package share

import (
	"cmp"
	"math"
	"slices"
)

// Mix is the kinds of pods to expect, each with its part of all.
type Mix []typical

// typical is a kind of pod that is expected, and its part of all.
type typical struct {
	Pod
	part float64
}

// NewMix returns the most frequent kinds of pods of a sample, as many as make up 95 % of it.
func NewMix(sample []Pod) Mix {
	count := map[Pod]int{}
	var kinds []Pod
	for _, p := range sample {
		p.Memory = 0 // does not tell kinds apart
		if count[p]++; count[p] == 1 {
			kinds = append(kinds, p)
		}
	}
	slices.SortStableFunc(kinds, func(a, b Pod) int { return cmp.Compare(count[b], count[a]) })
	var out Mix
	sum := 0
	for _, p := range kinds {
		if float64(sum) >= 0.95*float64(len(sample)) {
			break
		}
		sum += count[p]
		out = append(out, typical{p, float64(count[p])})
	}
	for i := range out {
		out[i].part /= float64(sum)
	}
	return out
}

// Fragmented returns the idle thousandths of a host that the mix could not use: left is what its devices, of the given model,
// have left, cpu how many thousandths of a core it has.
func (m Mix) Fragmented(left []int16, model int, cpu int64) float64 {
	idle := 0
	for _, v := range left {
		idle += int(v)
	}
	if idle == 0 {
		return 0
	}
	sum := 0.0
	for i := range m {
		t := &m[i]
		if t.Devices == 0 || t.CPU > cpu || t.Models != 0 && t.Models>>model&1 == 0 {
			sum += t.part * float64(idle)
			continue
		}
		full, n := 0, 0 // what lies on devices too full for it, and the number of the others
		for _, v := range left {
			if int(v) < t.Share {
				full += int(v)
			} else {
				n++
			}
		}
		if n < t.Devices {
			full = idle
		}
		sum += t.part * float64(full)
	}
	return sum
}

// Descent is the score of a placement by what it leaves fragmented: a whole number from 0 to 100, the more the better.
func Descent(before, after float64) float32 {
	return whole(100 / (1 + math.Exp((after-before)/1000)))
}

// Tightness is the score of a placement under best fit: a whole number up to 100, the less is left of cores and of devices, both
// relative to the largest host's, the better.
func Tightness(cpu, devices float64) float32 { return whole(100 * (1 - 0.5*cpu - 0.5*devices)) }

// whole cuts a score to a whole number, as schedulers of Kubernetes do.
func whole(v float64) float32 { return float32(math.Floor(v)) }
