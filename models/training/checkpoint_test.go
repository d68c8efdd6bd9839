package training

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

const (
	day  = 86400.0
	rsc1 = 6.5e-3 / day  // failures of a node, 1/s (Kokolis et al.)
	rsc2 = 2.34e-3 / day //
	meta = 3.79e-3 / day // Llama 3: 419 in 54 days on 2,048 nodes
)

func near(t *testing.T, what string, got, want, relative float64) {
	t.Helper()
	if math.Abs(got/want-1) > relative {
		t.Errorf("%s: %.6g, want %.6g", what, got, want)
	}
}

// verification_cases.json, groups ckpt and reliability.
func TestVerificationCases(t *testing.T) {
	near(t, "Young", Young(300, 28800), 4156.922, 1e-6)
	near(t, "Daly", Daly(300, 28800), 3959.328, 1e-6)
	near(t, "Daly, first order", DalyFirst(300, 28800), 4156.922-300, 1e-6)
	rate := 419 / (54 * day) / 2048
	near(t, "MTTF of Llama 3", MTTF(2048, rate)/3600, 3.0931, 1e-4)
	near(t, "rate of a GPU", rate/8*365*day, 0.1729, 1e-3)
}

func TestPublishedMTTF(t *testing.T) {
	near(t, "16,384 GPUs", MTTF(2048, rsc1)/3600, 1.803, 1e-3)
	near(t, "131,072 GPUs", MTTF(16384, rsc1)/3600, 0.2254, 1e-3)
}

// The table of Kokolis et al. and of Llama 3's rate, with Young's interval where none is given.
func TestPublishedETTR(t *testing.T) {
	for _, c := range []struct {
		name     string
		nodes    int
		rate     float64
		u, dt, w float64
		want     float64
		outside  bool
	}{
		{"12,000 GPUs, 5 min writes", 1500, rsc1, 300, 0, 300, 0.740, false},
		{"12,000 GPUs, 10 s writes", 1500, rsc1, 300, 0, 10, 0.921, false},
		{"2,048 GPUs hourly", 256, rsc1, 300, 3600, 10, 0.957, false},
		{"4,096 GPUs hourly", 512, rsc1, 300, 3600, 10, 0.917, false},
		{"100,000 GPUs, 2 min, nothing blocks", 12500, rsc2, 120, 120, 0, 0.94, false},
		{"Llama 3, 10 s", 2048, meta, 300, 0, 10, 0.932, false},
		{"Llama 3, 1 min", 2048, meta, 300, 0, 60, 0.876, false},
		{"Llama 3, 5 min", 2048, meta, 300, 0, 300, 0.768, false},
		{"a day between checkpoints", 2048, meta, 300, 86400, 10, 0, true},
	} {
		lambda := float64(c.nodes) * c.rate
		if c.dt == 0 {
			c.dt = Young(c.w, 1/lambda)
		}
		got, ok := ETTR(lambda, c.u, c.dt, c.w)
		if ok == c.outside {
			t.Errorf("%s: within the envelope: %v", c.name, ok)
		}
		if ok && math.Abs(got-c.want) > 0.0015 {
			t.Errorf("%s: ETTR %.4f, want %.3f", c.name, got, c.want)
		}
	}
}

// A run that is played through: the renewal form holds everywhere, the closed form to 1.5 % in its envelope.
func TestETTRAgainstPlay(t *testing.T) {
	for _, c := range []struct {
		nodes       int
		rate, u, dt float64
		w           float64
	}{
		{256, rsc1, 300, 3600, 10},
		{1500, rsc1, 300, 420, 10},
		{2048, meta, 300, 1800, 60},
		{2048, rsc1, 1200, 3600, 300}, // far outside the envelope
	} {
		lambda := float64(c.nodes) * c.rate
		st := random.Seed(1).Stream("play")
		now, progress := 0.0, 0.0
		next := st.Exp() / lambda
		for progress < 20000*c.dt {
			if now+c.dt+c.w <= next {
				now += c.dt + c.w
				progress += c.dt
				continue
			}
			for { // restarts may be interrupted too
				now = next
				next = now + st.Exp()/lambda
				if now+c.u <= next {
					now += c.u
					break
				}
			}
		}
		played := progress / now
		renewal := ETTRRenewal(lambda, c.u, c.dt, c.w)
		closed, ok := ETTR(lambda, c.u, c.dt, c.w)
		t.Logf("λ %.2g/h: played %.4f, renewal %.4f, closed %.4f (in envelope: %v)", lambda*3600, played, renewal, closed, ok)
		near(t, "renewal form", renewal, played, 0.01)
		if ok {
			near(t, "closed form", closed, played, 0.015)
		}
	}
}

// Daly's interval is where the renewal form has its maximum.
func TestDalyIsOptimal(t *testing.T) {
	for _, w := range []float64{2, 30, 300} {
		m := 3.09 * 3600
		best, at := 0.0, 0.0
		for dt := 10.0; dt < 20000; dt *= 1.01 {
			if e := ETTRRenewal(1/m, 300, dt, w); e > best {
				best, at = e, dt
			}
		}
		near(t, "optimal interval", Daly(w, m), at, 0.03)
	}
}

// ByteRobust keeps 4 spares for 1,024 nodes; the others are the quantiles summed with log-gamma functions.
func TestSpares(t *testing.T) {
	for _, c := range []struct {
		n    int
		p    float64
		want int
	}{{1024, 0, 0}, {1, 0.5, 1}, {1024, 0.00125, 4}, {100, 1, 100}, {20000, 0.3, 6151}} {
		if got := Spares(c.n, c.p, 0.99); got != c.want {
			t.Errorf("%d nodes out with probability %g: %d spares, want %d", c.n, c.p, got, c.want)
		}
	}
}
