package workload

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// mixture is a mixture of lognormal distributions, of which values above longest are cut to it.
type mixture struct {
	weight, mu, sigma []float64 // weights sum to 1
	longest           float64
}

func newMixture(parts []LogNormalSpec, longest float64) mixture {
	m := mixture{longest: longest}
	total := 0.0
	for _, p := range parts {
		total += p.Weight
	}
	for _, p := range parts {
		m.weight = append(m.weight, p.Weight/total)
		m.mu = append(m.mu, math.Log(float64(p.Median)))
		m.sigma = append(m.sigma, p.Sigma)
	}
	return m
}

// normalCDF is Φ.
func normalCDF(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// normalQuantile is Φ⁻¹, for p in [0, 1], cut to ±8.3 where p is out of the reach of a float64.
func normalQuantile(p float64) float64 {
	return mathext.NormalQuantile(min(max(p, 1e-16), 1-1.2e-16))
}

// body returns E[X; X < longest] of component i, for X lognormal: e^{µ+σ²/2} Φ((ln L − µ − σ²)/σ).
func (m *mixture) body(i int) float64 {
	mu, s, cut := m.mu[i], m.sigma[i], math.Log(m.longest)
	if s == 0 {
		if mu < cut {
			return math.Exp(mu)
		}
		return 0
	}
	return math.Exp(mu+s*s/2) * normalCDF((cut-mu-s*s)/s)
}

// above returns P(X >= longest) of component i.
func (m *mixture) above(i int) float64 {
	mu, s, cut := m.mu[i], m.sigma[i], math.Log(m.longest)
	if s == 0 {
		if mu < cut {
			return 0
		}
		return 1
	}
	return normalCDF((mu - cut) / s)
}

// mean returns the mean of the cut mixture.
func (m *mixture) mean() float64 {
	total := 0.0
	for i, w := range m.weight {
		total += w * (m.body(i) + m.longest*m.above(i))
	}
	return total
}

// draw maps two numbers in (0, 1) to a value.
func (m *mixture) draw(u, v float64) float64 {
	i := pickWeight(m.weight, u)
	return min(math.Exp(m.mu[i]+m.sigma[i]*normalQuantile(v)), m.longest)
}

// drawBiased is draw for the distribution of a value met at a random instant: each value weighted by its length. The
// density x·f(x) of a lognormal is again lognormal, with µ + σ²; the values cut to longest make an atom there.
func (m *mixture) drawBiased(u, v float64) float64 {
	target := u * m.mean()
	last := len(m.weight) - 1
	for i, w := range m.weight {
		body, atom := w*m.body(i), w*m.longest*m.above(i)
		if target < body {
			mu, s := m.mu[i]+m.sigma[i]*m.sigma[i], m.sigma[i]
			if s == 0 {
				return math.Exp(mu)
			}
			top := normalCDF((math.Log(m.longest) - mu) / s)
			return min(math.Exp(mu+s*normalQuantile(v*top)), m.longest)
		}
		target -= body
		if target < atom || i == last {
			return m.longest
		}
		target -= atom
	}
	return m.longest
}

// cdf returns P(X <= x) of the cut mixture.
func (m *mixture) cdf(x float64) float64 {
	if x >= m.longest {
		return 1
	}
	if x <= 0 {
		return 0
	}
	p := 0.0
	for i, w := range m.weight {
		switch {
		case m.sigma[i] > 0:
			p += w * normalCDF((math.Log(x)-m.mu[i])/m.sigma[i])
		case math.Log(x) >= m.mu[i]:
			p += w
		}
	}
	return p
}

// pickWeight returns the index that u in (0, 1) falls on when the weights, which sum to 1, are laid end to end.
func pickWeight(weight []float64, u float64) int {
	for i, w := range weight {
		if u < w {
			return i
		}
		u -= w
	}
	return len(weight) - 1
}
