package random

import (
	"fmt"
	"math"
	"slices"
)

// The distributions are inverse transforms where the inverse is closed, so that a draw takes one number from the
// stream and follows it monotonically, and exact rejection methods otherwise. Parameters out of range are bugs of the caller,
// who checks what a person wrote; they give NaN, never an endless loop.

// Normal returns a normal number of the given mean and standard deviation.
func (s *Stream) Normal(mean, sd float64) float64 { return mean + sd*s.Norm() }

// LogNormal returns a number whose logarithm is normal with mean mu and standard deviation sigma.
func (s *Stream) LogNormal(mu, sigma float64) float64 { return math.Exp(mu + sigma*s.Norm()) }

// Weibull returns a Weibull number of the given shape k > 0 and scale λ > 0: P(X > x) = exp(-(x/λ)^k).
func (s *Stream) Weibull(shape, scale float64) float64 {
	return scale * math.Pow(s.Exp(), 1/shape)
}

// Pareto returns a Pareto number of the given least value > 0 and shape α > 0: P(X > x) = (least/x)^α.
func (s *Stream) Pareto(least, shape float64) float64 {
	return least * math.Pow(s.Open(), -1/shape)
}

// Gamma returns a gamma number of the given shape > 0 and scale 1: its mean and variance are the shape.
//
// Marsaglia and Tsang, A simple method for generating gamma variables, ACM TOMS 26(3), 2000, with their boost by a
// power of a uniform number below shape 1.
func (s *Stream) Gamma(shape float64) float64 {
	if !(shape > 0) || math.IsInf(shape, 1) {
		return math.NaN()
	}
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(s.Open(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := s.Norm()
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(s.Open()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return boost * d * v
		}
	}
}

// Poisson returns a Poisson number of the given mean, from 0 to 1e12 (beyond, the logarithm of
// the factorial is too coarse).
//
// Up to a mean of 10 by counting exponential gaps; above by Hörmann's transformed rejection PTRS (Insurance:
// Mathematics and Economics 12(1), 1993), which is exact and takes a constant time.
func (s *Stream) Poisson(mean float64) float64 {
	if !(mean >= 0 && mean <= 1e12) {
		return math.NaN()
	}
	if mean <= 10 {
		n := 0.0
		for t := s.Exp(); t < mean; t += s.Exp() {
			n++
		}
		return n
	}
	root, log := math.Sqrt(mean), math.Log(mean)
	b := 0.931 + 2.53*root
	a := -0.059 + 0.02483*b
	inverse := 1.1239 + 1.1328/(b-3.4)
	vr := 0.9277 - 3.6224/(b-2)
	for {
		u := s.Open() - 0.5
		v := s.Open()
		us := 0.5 - math.Abs(u)
		k := math.Floor((2*a/us+b)*u + mean + 0.43)
		if us >= 0.07 && v <= vr {
			return k
		}
		if k < 0 || us < 0.013 && v > us {
			continue
		}
		factorial, _ := math.Lgamma(k + 1)
		if math.Log(v)+math.Log(inverse)-math.Log(a/(us*us)+b) <= k*log-mean-factorial {
			return k
		}
	}
}

// Chance returns true with probability p.
func (s *Stream) Chance(p float64) bool { return s.Float64() < p }

// Choice is a discrete distribution over 0 … n-1, as plain data.
type Choice struct{ Below []float64 } // by outcome: weight of it and all before it

// NewChoice returns the distribution with the given weights, which need not add up to one.
func NewChoice(weights []float64) (Choice, error) {
	c := Choice{make([]float64, len(weights))}
	sum := 0.0
	for i, w := range weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return Choice{}, fmt.Errorf("weight %d is %v: a weight is a finite number of at least 0", i, w)
		}
		sum += w
		c.Below[i] = sum
	}
	if !(sum > 0) || math.IsInf(sum, 1) {
		return Choice{}, fmt.Errorf("the weights add up to %v: at least one must be above 0", sum)
	}
	return c, nil
}

// Choose returns an outcome of a choice, in the logarithm of their number.
func (s *Stream) Choose(c Choice) int {
	sum := c.Below[len(c.Below)-1]
	u := s.Float64() * sum
	i, exact := slices.BinarySearch(c.Below, u)
	for exact && i < len(c.Below) && c.Below[i] <= u {
		i++ // an outcome owns [below of the one before it, its own below): no weight, no outcome
	}
	for i == len(c.Below) || i > 0 && c.Below[i] == c.Below[i-1] {
		i-- // u was rounded up to the sum
	}
	return i
}
