package serving

import "math"

// ErlangC returns the probability that an arrival waits in a queue with Poisson arrivals, c ≥ 1 servers and an offered
// load of a = arrival rate × service time; 1 where a ≥ c.
//
// By the recursion of Erlang's B formula, which does not overflow: B₀ = 1, B_k = aB/(k + aB), C = B/(1 - (a/c)(1 - B)).
func ErlangC(c int, a float64) float64 {
	if a >= float64(c) {
		return 1
	}
	if a <= 0 {
		return 0
	}
	if c > 10000 {
		return halfinWhitt(float64(c), a)
	}
	b := 1.0
	for k := 1; k <= c; k++ {
		b = a * b / (float64(k) + a*b)
	}
	return b / (1 - a/float64(c)*(1-b))
}

// halfinWhitt is the limit of Erlang's C formula for many servers, within 1 % or 0.00005 above 10,000 of them. Halfin and Whitt,
// Operations Research 29 (1981).
func halfinWhitt(c, a float64) float64 {
	beta := (c - a) / math.Sqrt(a)
	density := math.Exp(-beta*beta/2) / math.Sqrt(2*math.Pi)
	below := 0.5 * math.Erfc(-beta/math.Sqrt2)
	return 1 / (1 + beta*below/density)
}

// MeanWait returns the mean time in queue in s of an M/M/c queue: arrivals lambda (1/s), service time s, infinite where
// the load is not below capacity.
func MeanWait(c int, lambda, service float64) float64 {
	spare := float64(c)/service - lambda
	if spare <= 0 {
		return math.Inf(1)
	}
	return ErlangC(c, lambda*service) / spare
}

// tail is the distribution of a wait: it exceeds t with probability p·exp(-θt).
type tail struct{ p, theta float64 }

// queue returns the tail of the wait for one of c servers. cv2 and burst are the squared coefficients of variation of the service
// time and of the time between arrivals: Allen and Cunneen scale the wait of the M/M/c queue by half their sum. In a time dt no
// wait grows beyond that order, so the mean wait of those who wait is held at dt.
func queue(c int, lambda, service, cv2, burst, dt float64) tail {
	if lambda <= 0 || service <= 0 {
		return tail{0, math.Inf(1)}
	}
	spare := (float64(c)/service - lambda) * 2 / math.Max(1e-9, burst+cv2)
	p := ErlangC(c, lambda*service)
	if burst > 1 && p > 0 { // more wait, each for less: the mean stays as it is
		q := math.Pow(p, 2/(1+burst))
		p, spare = q, spare*q/p
	}
	return tail{p, math.Max(spare, 1/dt)}
}

// above returns the probability that the wait exceeds t.
func (w tail) above(t float64) float64 {
	if t < 0 {
		return 1
	}
	if w.p == 0 {
		return 0
	}
	return w.p * math.Exp(-w.theta*t)
}

// mean returns the mean wait.
func (w tail) mean() float64 {
	if w.p == 0 {
		return 0
	}
	return w.p / w.theta
}
