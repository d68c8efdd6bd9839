package failure

import (
	"math"
	"math/bits"
	"slices"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/models/random"
)

// Form is a family of distributions of a positive time.
type Form uint8

// The forms.
const (
	Fixed Form = iota
	Exponential
	Weibull
	Lognormal
	Gamma
	Trace   // resampled from given values
	Mixture // of lognormal laws, each with a share
)

var formNames = [...]string{"fixed", "exponential", "weibull", "lognormal", "gamma", "trace", "mixture"}

func (f Form) String() string { return formNames[f] }

func parseForm(s string) Form { return Form(max(0, slices.Index(formNames[:], s))) }

// Law is the distribution of a positive time in s: plain data, made by [NewLaw], [MedianLaw], [TraceLaw] or
// [MixtureLaw].
type Law struct {
	Form  Form
	Shape float64 // Weibull k, gamma k, lognormal σ of the logarithm
	Scale float64 // Weibull λ, gamma θ, exponential mean, lognormal exp(μ), the fixed value; s
	Max   float64 // longer times cannot occur: the law is conditional on at most Max; 0 means no limit; s
	under float64 // probability of the unlimited law below Max
	times []float64
	sum   []float64 // running sums of times, or of the shares of parts
	parts []Law
}

// Infinite is the law of something that never happens.
var Infinite = Law{Form: Fixed, Scale: math.Inf(1)}

// NewLaw returns the law of the given form with the given mean (before any limit) in s. Shape is ignored by forms
// that have none.
func NewLaw(form Form, mean, shape, limit float64) Law {
	l := Law{Form: form, Shape: shape, Scale: mean, Max: limit}
	switch form {
	case Weibull:
		l.Scale = mean / math.Gamma(1+1/shape)
	case Lognormal:
		l.Scale = mean * math.Exp(-shape*shape/2)
	case Gamma:
		l.Scale = mean / shape
	}
	return l.limit()
}

// MedianLaw returns the law of the given form with the given median (before any limit) in s.
func MedianLaw(form Form, median, shape, limit float64) Law {
	l := Law{Form: form, Shape: shape, Scale: median, Max: limit}
	switch form {
	case Exponential:
		l.Scale = median / math.Ln2
	case Weibull:
		l.Scale = median / math.Pow(math.Ln2, 1/shape)
	case Gamma:
		l.Scale = median / mathext.GammaIncRegInv(shape, 0.5)
	}
	return l.limit()
}

func (l Law) limit() Law {
	l.under = 1
	if l.Max > 0 && l.Form != Fixed {
		l.under = l.full(l.Max)
	}
	return l
}

// TraceLaw returns the law that draws one of the given times, in s, all equally likely.
func TraceLaw(times []float64) Law {
	l := Law{Form: Trace, times: slices.Clone(times), sum: make([]float64, len(times)), under: 1}
	total := 0.0
	for i, t := range l.times {
		total += t
		l.sum[i] = total
	}
	return l
}

// Mean returns the mean of the law before any limit, in s.
func (l *Law) Mean() float64 {
	switch l.Form {
	case Weibull:
		return l.Scale * math.Gamma(1+1/l.Shape)
	case Lognormal:
		return l.Scale * math.Exp(l.Shape*l.Shape/2)
	case Gamma:
		return l.Scale * l.Shape
	case Trace:
		return l.sum[len(l.sum)-1] / float64(len(l.times))
	case Mixture:
		return l.mix((*Law).Mean)
	}
	return l.Scale
}

// LimitedMean returns the mean of what is drawn: the mean of the law given that the time is at most Max, in s.
func (l *Law) LimitedMean() float64 {
	if l.Max <= 0 {
		return l.Mean()
	}
	switch l.Form {
	case Exponential:
		return l.Scale - l.Max*(1-l.under)/l.under
	case Weibull: // E[T; T < m] = λ γ(1+1/k, (m/λ)^k)
		return l.Mean() * mathext.GammaIncReg(1+1/l.Shape, math.Pow(l.Max/l.Scale, l.Shape)) / l.under
	case Lognormal:
		return l.Mean() * normal((math.Log(l.Max/l.Scale))/l.Shape-l.Shape) / l.under
	case Gamma:
		return l.Mean() * mathext.GammaIncReg(l.Shape+1, l.Max/l.Scale) / l.under
	case Mixture: // of lognormal laws
		return l.mix(func(p *Law) float64 { return p.Mean() * normal(math.Log(l.Max/p.Scale)/p.Shape-p.Shape) }) / l.under
	}
	return l.Mean()
}

// CDF returns the probability of a time of at most t seconds.
func (l *Law) CDF(t float64) float64 {
	if t <= 0 {
		return 0
	}
	if l.Max > 0 && t >= l.Max && l.Form != Fixed {
		return 1
	}
	return l.full(t) / l.under
}

// full is the distribution function before any limit.
func (l *Law) full(t float64) float64 {
	switch l.Form {
	case Exponential:
		return -math.Expm1(-t / l.Scale)
	case Weibull:
		return -math.Expm1(-math.Pow(t/l.Scale, l.Shape))
	case Lognormal:
		return normal(math.Log(t/l.Scale) / l.Shape)
	case Gamma:
		return mathext.GammaIncReg(l.Shape, t/l.Scale)
	case Trace:
		n := 0
		for _, v := range l.times {
			if v <= t {
				n++
			}
		}
		return float64(n) / float64(len(l.times))
	case Mixture:
		return l.mix(func(p *Law) float64 { return p.full(t) })
	}
	if t >= l.Scale {
		return 1
	}
	return 0
}

// normal is the standard normal distribution function.
func normal(z float64) float64 { return 0.5 * math.Erfc(-z/math.Sqrt2) }

// Draw returns a time of the law, in s.
func (l *Law) Draw(st *random.Stream) float64 {
	switch l.Form {
	case Exponential:
		return -l.Scale * math.Log1p(-l.under*st.Open())
	case Weibull:
		return l.Scale * math.Pow(-math.Log1p(-l.under*st.Open()), 1/l.Shape)
	case Lognormal:
		return l.Scale * math.Exp(l.Shape*mathext.NormalQuantile(l.under*st.Open()))
	case Gamma:
		for {
			if t := l.Scale * gamma(st, l.Shape); l.Max <= 0 || t <= l.Max {
				return t
			}
		}
	case Trace:
		return l.times[below(st, len(l.times))]
	case Mixture:
		for {
			i, _ := slices.BinarySearch(l.sum, st.Float64())
			if t := l.parts[min(i, len(l.parts)-1)].Draw(st); l.Max <= 0 || t <= l.Max {
				return t
			}
		}
	}
	return l.Scale
}

// Residual returns the time to the next failure of a component that has been in service for long: a uniform part
// of an interval drawn with probability in proportion to its length. The law must have no limit.
//
// Cox, Renewal Theory, 1962, §5.2. Length-biased, a Weibull is λ·Gamma(1+1/k)^(1/k), a lognormal has its logarithm
// shifted by σ², a gamma has its shape raised by one.
func (l *Law) Residual(st *random.Stream) float64 {
	u := st.Open()
	switch l.Form {
	case Exponential:
		return -l.Scale * math.Log(u)
	case Weibull:
		return u * l.Scale * math.Pow(gamma(st, 1+1/l.Shape), 1/l.Shape)
	case Lognormal:
		return u * l.Scale * math.Exp(l.Shape*l.Shape+l.Shape*mathext.NormalQuantile(st.Open()))
	case Gamma:
		return u * l.Scale * gamma(st, l.Shape+1)
	case Trace:
		i, _ := slices.BinarySearch(l.sum, st.Float64()*l.sum[len(l.sum)-1])
		return u * l.times[min(i, len(l.times)-1)]
	}
	return u * l.Scale
}

// gamma returns a gamma variate of the given shape > 0 and scale 1 (Marsaglia and Tsang 2000; below shape 1 with
// their boost by a power of a uniform number).
func gamma(st *random.Stream, shape float64) float64 {
	boost := 1.0
	if shape < 1 {
		boost = math.Pow(st.Open(), 1/shape)
		shape++
	}
	d := shape - 1.0/3
	c := 1 / math.Sqrt(9*d)
	for {
		x := mathext.NormalQuantile(st.Open())
		v := 1 + c*x
		if v <= 0 {
			continue
		}
		v = v * v * v
		if math.Log(st.Open()) < 0.5*x*x+d-d*v+d*math.Log(v) {
			return boost * d * v
		}
	}
}

// below returns one of the numbers 0 … n-1; the bias is below n/2⁶⁴.
func below(st *random.Stream, n int) int {
	hi, _ := bits.Mul64(st.Uint64(), uint64(n))
	return int(hi)
}
