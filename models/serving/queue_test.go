package serving

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

// verification_cases.json, group queue.
func TestVerificationCases(t *testing.T) {
	for _, c := range []struct {
		c            int
		lambda, mu   float64
		wait, wq, lq float64
	}{
		{1, 2, 3, 0.666667, 0.666667, 1.333333},
		{2, 3, 2, 0.642857, 0.642857, 1.928571},
		{10, 8, 1, 0.40918, 0.20459, 1.636721},
		{100, 90, 1, 0.21694, 0.021694, 1.952464},
	} {
		near(t, "P(wait)", ErlangC(c.c, c.lambda/c.mu), c.wait, 1e-5)
		wq := MeanWait(c.c, c.lambda, 1/c.mu)
		near(t, "Wq", wq, c.wq, 3e-5) // the case holds five digits
		near(t, "Lq", wq*c.lambda, c.lq, 1e-5)
	}
	if !math.IsInf(MeanWait(2, 4, 0.5), 1) || ErlangC(3, 3) != 1 || ErlangC(3, 0) != 0 {
		t.Error("the edges of Erlang's formula")
	}
}

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if !(math.Abs(got/want-1) <= relative) {
		t.Errorf("%s: %.8g, want %.8g", what, got, want)
	}
}

func TestManyServers(t *testing.T) {
	exact := func(c int, a float64) float64 {
		b := 1.0
		for k := 1; k <= c; k++ {
			b = a * b / (float64(k) + a*b)
		}
		return b / (1 - a/float64(c)*(1-b))
	}
	for _, a := range []float64{19500, 19900, 19990} {
		got, want := ErlangC(20000, a), exact(20000, a)
		if math.Abs(got-want) > 0.01*want+5e-5 {
			t.Errorf("20,000 servers, load %g: %.5f, exact %.5f", a, got, want)
		}
	}
}

// The tail of the wait against a played M/M/c queue.
func TestTailAgainstPlay(t *testing.T) {
	const c, lambda, service = 4, 3.4, 1.0
	st := random.Seed(1).Stream("mmc")
	free := make([]float64, c)
	now, n := 0.0, 400000
	limits := []float64{0, 0.5, 2, 5}
	above := make([]float64, len(limits))
	for range n {
		now += st.Exp() / lambda
		k := 0
		for i := range free {
			if free[i] < free[k] {
				k = i
			}
		}
		begin := math.Max(now, free[k])
		for i, limit := range limits {
			if begin-now > limit {
				above[i]++
			}
		}
		free[k] = begin + service*st.Exp()
	}
	w := queue(c, lambda, service, 1, 1, 1e9)
	for i, limit := range limits {
		near(t, "tail", w.above(limit), above[i]/float64(n), 0.12) // waits are correlated
	}
}
