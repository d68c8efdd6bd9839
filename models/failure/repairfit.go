package failure

import (
	"cmp"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/unit"
)

// Bounds of the fit of repair times.
const (
	mostParts = 8
	briefest  = 360.0 // s: what a log rounds to nothing
	byItself  = 3600.0
	narrowest = 0.15 // of the logarithm: a part must not shrink to one repair
)

// part is one lognormal law of a mixture, in the logarithm of s.
type part struct{ share, mu, sigma float64 }

// delay is a repair that was seen to end, and how many began for each such one.
type delay struct{ time, log, weight float64 }

// fitRepair returns the law of some delays in s out of a log of a span in s, and the largest relative error of its quantiles.
// Few delays give the default. A log shows the repairs that end within it, and a repair of length t that began at any time does
// so with probability 1 - t/span: each counts for the inverse (Horvitz and Thompson, J. Am. Stat. Assoc. 47, 1952).
func fitRepair(times []float64, span float64) (RepairSpec, float64) {
	if len(times) < 3 {
		return RepairSpec{}, math.NaN()
	}
	delays := make([]delay, len(times))
	total, mean := 0.0, 0.0
	for i, t := range slices.Sorted(slices.Values(times)) {
		d := delay{t, math.Log(max(t, briefest)), 1 / max(0.1, 1-t/span)}
		delays[i] = d
		total, mean = total+d.weight, mean+d.weight*t
	}
	mean /= total
	var best RepairSpec
	least := math.Inf(1)
	for k := 1; k <= min(mostParts, max(1, len(delays)/15)); k++ {
		r := repairOf(mixture(delays, total, k), mean, delays[len(delays)-1].time)
		law := r.law()
		worst := 0.0
		for _, q := range fitQuantiles {
			worst = max(worst, math.Abs(law.Quantile(q)/max(quantileOf(delays, q*total), briefest)-1))
		}
		if worst < least {
			best, least = r, worst
		}
		if least <= 0.1 {
			break
		}
	}
	return best, least
}

// quantileOf returns the time of the delay, in rising order, at which the weights reach a sum.
func quantileOf(delays []delay, sum float64) float64 {
	for i := range delays {
		if sum -= delays[i].weight; sum <= 0 {
			return delays[i].time
		}
	}
	return delays[len(delays)-1].time
}

// mixture returns k lognormal laws of greatest likelihood for delays in rising order, from neighbouring quantiles, by expectation
// and maximisation (Dempster, Laird and Rubin, J. R. Stat. Soc. B 39, 1977).
func mixture(delays []delay, total float64, k int) []part {
	parts := make([]part, k)
	for j := range parts {
		middle := quantileOf(delays, (float64(j)+0.5)/float64(k)*total)
		parts[j] = part{1 / float64(k), math.Log(max(middle, briefest)), 1}
	}
	weight := make([]float64, k)
	last := math.Inf(-1)
	for range 1000 {
		share, sum, square := make([]float64, k), make([]float64, k), make([]float64, k)
		likelihood := 0.0
		for _, d := range delays {
			all := 0.0
			for j, p := range parts {
				z := (d.log - p.mu) / p.sigma
				weight[j] = p.share / p.sigma * math.Exp(-z*z/2)
				all += weight[j]
			}
			likelihood += d.weight * math.Log(all)
			for j, w := range weight {
				w *= d.weight / all
				share[j] += w
				sum[j] += w * d.log
				square[j] += w * d.log * d.log
			}
		}
		for j := range parts {
			if share[j] > 0 {
				mu := sum[j] / share[j]
				parts[j] = part{share[j] / total, mu, max(narrowest, math.Sqrt(max(0, square[j]/share[j]-mu*mu)))}
			}
		}
		if likelihood-last < 1e-6*total {
			break
		}
		last = likelihood
	}
	slices.SortFunc(parts, func(a, b part) int { return cmp.Compare(a.mu, b.mu) })
	return parts
}

// repairOf writes a mixture as a repair: the part that is a matter of minutes is recovery by itself, the others are done by
// hand. The longest repair is chosen to give the mean in s, at least what was seen.
func repairOf(parts []part, mean, longest float64) RepairSpec {
	r := RepairSpec{}
	spec := func(p part) PartSpec {
		return PartSpec{Share: round3(p.share), Median: unit.Duration(round3(math.Exp(p.mu))), Sigma: round3(p.sigma)}
	}
	rest := parts
	if p := spec(parts[0]); len(parts) > 1 && float64(p.Median) < byItself {
		r.Auto, rest = unit.Ratio(p.Share), parts[1:]
		r.AutoTime = &DelaySpec{Distribution: "lognormal", Median: &p.Median, Sigma: &p.Sigma}
		auto := r.AutoTime.law(Infinite)
		mean = (mean - p.Share*auto.Mean()) / (1 - p.Share)
	}
	r.Time = &DelaySpec{Distribution: "mixture"}
	for _, p := range rest {
		r.Time.Mixture = append(r.Time.Mixture, spec(p))
	}
	if len(rest) == 1 {
		p := r.Time.Mixture[0]
		r.Time = &DelaySpec{Distribution: "lognormal", Median: &p.Median, Sigma: &p.Sigma}
	}
	limit := max(longest, 2*briefest) // shorter ones count as briefest
	meanOf := func(limit float64) float64 {
		m := unit.Duration(limit)
		r.Time.Max = &m
		l := r.Time.law(Infinite)
		return l.LimitedMean()
	}
	for meanOf(limit) < mean && limit < 10*max(longest, briefest) {
		limit *= 1.05
	}
	most := unit.Duration(round3(limit))
	r.Time.Max = &most
	return r
}

// repairLaw is the law of a repair whoever does it.
type repairLaw struct {
	auto       float64
	self, hand Law
}

func (r *RepairSpec) law() repairLaw {
	return repairLaw{float64(r.Auto), r.AutoTime.law(MedianLaw(Lognormal, 600, 0.5, 0)), r.Time.law(MedianLaw(Lognormal, 15*3600, 2.52, 90*86400))}
}

// Quantile returns the time in s that a share q of repairs takes less than.
func (r *repairLaw) Quantile(q float64) float64 {
	low, high := 1e-3, 1e12
	for high > low*(1+1e-9) {
		mid := math.Sqrt(low * high)
		p := (1 - r.auto) * r.hand.CDF(mid)
		if r.auto > 0 {
			p += r.auto * r.self.CDF(mid)
		}
		if p < q {
			low = mid
		} else {
			high = mid
		}
	}
	return high
}
