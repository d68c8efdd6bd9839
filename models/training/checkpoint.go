package training

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// MTTF returns the mean time between interruptions, in s, of a job on a number of nodes that each fail at rate (1/s).
func MTTF(nodes int, rate float64) float64 { return 1 / (float64(nodes) * rate) }

// Young returns the first-order optimal time between checkpoints in s, for a blocking write of w s and a mean time
// between interruptions of m s. Young, CACM 17 (1974).
func Young(w, m float64) float64 { return math.Sqrt(2 * w * m) }

// DalyFirst returns the first-order optimum √(2wm) - w, which counts work between checkpoints only. Daly, FGCS 22
// (2006), equation 17.
func DalyFirst(w, m float64) float64 { return math.Sqrt(2*w*m) - w }

// Daly returns the higher-order optimal run time between checkpoints in s, for a blocking write of w s and a mean time
// between interruptions of m s; m where w ≥ 2m. Daly, FGCS 22 (2006), equation 37.
func Daly(w, m float64) float64 {
	if w >= 2*m {
		return m
	}
	x := w / (2 * m)
	return math.Sqrt(2*w*m)*(1+math.Sqrt(x)/3+x/9) - w
}

// Optimum returns the run time between checkpoints in s that makes the most of [ETTRRenewal]: with x = 1 - λ dt, the root of
// x exp(λ(dt + w)) = 1, which Daly's series approaches. Arguments as of [Daly].
func Optimum(w, m float64) float64 {
	low, high := 0.0, 1.0
	for range 60 { // halvings: the last digits of a float64
		y := (low + high) / 2
		if y+w/m+math.Log1p(-y) > 0 {
			low = y
		} else {
			high = y
		}
	}
	return m * high
}

// Choose returns the run time between checkpoints in s by a rule, for a blocking time of w s and a mean time between
// interruptions of m s, +Inf for none; 0 is never. Where nothing fails, an hour costs a little and buys nothing.
func Choose(rule workload.Interval, w, m float64) float64 {
	switch {
	case rule == workload.Never:
		return 0
	case rule > 0:
		return float64(rule)
	case math.IsInf(m, 1):
		return 3600
	case rule == workload.ByYoung:
		return Young(w, m)
	case rule == workload.Optimal:
		return Optimum(w, m)
	}
	return Daly(w, m)
}

// Envelope is the largest share of time lost to interruptions at which [ETTR] answers.
const Envelope = 0.25

// ETTR returns the effective training time ratio to first order, (1 - λ(u + dt/2)) / (1 + w/dt), and false where λ(u + dt/2)
// exceeds [Envelope]. lambda is the rate of interruptions of the job in 1/s, u the time from an interruption until
// training goes on, dt the run time between checkpoints, w the time that a write blocks the run, all in s.
//
// Kokolis et al., HPCA 2025, appendix.
func ETTR(lambda, u, dt, w float64) (ratio float64, ok bool) {
	lost := lambda * (u + dt/2)
	return (1 - lost) / (1 + w/dt), lost <= Envelope
}

// ETTRRenewal returns the effective training time ratio for exponential interruptions without approximation: each stretch
// of dt and w is tried until it passes without an interruption, and so is each restart. Arguments as of [ETTR].
//
// Daly, FGCS 22 (2006), equation 20 with restarts that may fail.
func ETTRRenewal(lambda, u, dt, w float64) float64 {
	if lambda == 0 {
		return dt / (dt + w)
	}
	return lambda * dt / (math.Exp(lambda*u) * math.Expm1(lambda*(dt+w)))
}

// Spares returns the smallest number of spare nodes that suffice with the given probability when each of n nodes is out,
// independently, with probability p. ByteRobust, SOSP 2025, sizes its warm standby so, at 99 %.
func Spares(n int, p, probability float64) int {
	if p <= 0 || n <= 0 {
		return 0
	}
	if p >= 1 {
		return n
	}
	odds := p / (1 - p)
	// In logarithms: (1-p)^n underflows for large n.
	term := float64(n) * math.Log1p(-p)
	sum := math.Exp(term)
	k := 0
	for sum < probability && k < n {
		term += math.Log(float64(n-k) / float64(k+1) * odds)
		k++
		sum += math.Exp(term)
	}
	return k
}
