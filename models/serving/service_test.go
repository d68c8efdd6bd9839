package serving

import (
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

var (
	h100 = training.Device{Name: "h100", BF16: 989e12, FP8: 1979e12, Efficiency: 0.53, FP8Share: 0.585, Memory: 80e9,
		Bandwidth: 3.35e12, Link: 450e9, Network: 50e9, Domain: 8, PerNode: 8}
	llama70 = transformer.Spec{Layers: 80, Hidden: 8192, Heads: 64, KVHeads: 8, FFN: 28672, Gated: true, Vocab: 128256, Context: 8192}
)

func ptr[T any](v T) *T { return &v }

func chat() *Spec {
	return &Spec{Name: "chat", Model: llama70, Precision: "fp8", KVBytes: 2, GPUs: 8, MaxBatch: 256, Overhead: 0.004, Headroom: 0.25,
		Bandwidth: 0.75, Engine: EngineSpec{Hop: 3.5e-6}, Start: 180, Priority: 1000,
		Load: LoadSpec{Scale: 1, Rate: ptr(unit.Rate(40)), Prompt: LengthSpec{Mean: 1000}, Output: LengthSpec{Mean: 250}},
		SLA:  SLASpec{TTFT: 0.5, TPOT: 0.04}}
}

// with is a service whose first n replicas run at speed v.
func with(p *Plan, n int, v float64) Conditions {
	c := p.whole()
	c.Up, c.Speed = n, v
	return c
}

func fresh(p *Plan) *State {
	s := p.NewState(1)
	return &s
}

func compile(t testing.TB, s *Spec) *Plan {
	t.Helper()
	p, err := Compile(s, Site{Device: h100, Horizon: 86400})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAutoReplicas(t *testing.T) {
	p := compile(t, chat())
	l := p.Step(fresh(p), 0, 60, with(p, p.Replicas, 1))
	t.Logf("%d replicas: %+v", p.Replicas, l)
	if l.Met < target || len(p.Jobs) != p.Replicas {
		t.Errorf("the level is missed with %d replicas", p.Replicas)
	}
	// One fewer misses it at the peak and headroom.
	peak := p.Load.Peak()
	peak.Requests, peak.Input, peak.Output = peak.Requests*1.25, peak.Input*1.25, peak.Output*1.25
	if m := p.level(&p.here, peak, staff{n: p.Replicas - 1, v: 1}, 0, 0, 3600, 0).Met; m >= target {
		t.Errorf("%d replicas would do: %g", p.Replicas-1, m)
	}
	s := chat()
	s.SLA.TPOT = 0.001
	if _, err := Compile(s, Site{Device: h100, Horizon: 1}); err == nil || !strings.Contains(err.Error(), "no number of replicas") {
		t.Errorf("error %v", err)
	}
}

// The batch obeys Little's law, and the load at capacity fills the slots.
func TestLittle(t *testing.T) {
	p := compile(t, chat())
	r := &p.Replica
	rapid.Check(t, func(t *rapid.T) {
		prompt := rapid.Float64Range(50, 4000).Draw(t, "prompt")
		output := rapid.Float64Range(10, 1000).Draw(t, "output")
		v := rapid.Float64Range(0.3, 1).Draw(t, "speed")
		x := rapid.Float64Range(0.01, 0.98).Draw(t, "load") * v * r.Capacity(prompt, output)
		b, per := r.steady(x, prompt, output, v, false)
		if math.Abs(b/(x*output*per)-1) > 1e-6 {
			t.Errorf("batch %g, arrivals × residence %g", b, x*output*per)
		}
		if b > r.Slots(prompt+output) {
			t.Errorf("batch %g above the slots", b)
		}
	})
	b, _ := r.steady(r.Capacity(1000, 250)*(1-1e-9), 1000, 250, 1, false)
	near(t, "batch at capacity", b, r.Slots(1250), 1e-3)
}

// More load, fewer replicas or slower GPUs never serve better.
func TestMonotone(t *testing.T) {
	p := compile(t, chat())
	rapid.Check(t, func(t *rapid.T) {
		x := rapid.Float64Range(1, 200).Draw(t, "rate")
		n := rapid.IntRange(1, 20).Draw(t, "replicas")
		v := rapid.Float64Range(0.3, 1).Draw(t, "speed")
		met := func(x float64, n int, v float64) float64 {
			s := State{}
			tr := workload.Traffic{Requests: x, Input: 1000 * x, Output: 250 * x}
			capacity := float64(n) * v * p.Replica.Capacity(1000, 250)
			s.Backlog = math.Max(0, (x-capacity)*60)
			return p.level(&p.here, tr, staff{n: n, v: v}, 0, s.Backlog, 60, 0).Met
		}
		base := met(x, n, v)
		const slack = 1e-3 // the tails of the waits are bounds
		if met(x*1.05, n, v) > base+slack || met(x, n+1, v) < base-slack || met(x, n, math.Min(1, v*1.1)) < base-slack {
			t.Errorf("at %g/s, %d replicas, speed %g: met %g; more load %g, more replicas %g, faster %g", x, n, v, base,
				met(x*1.05, n, v), met(x, n+1, v), met(x, n, math.Min(1, v*1.1)))
		}
	})
}

// Requests are neither lost nor made: arrived = served + backlog.
func TestBacklogAndCauses(t *testing.T) {
	p := compile(t, chat())
	s := fresh(p)
	step := func(now float64, n int, v float64) Level { return p.Step(s, now, 60, with(p, n, v)) }
	if l := step(0, p.Replicas, 1); l.Missed != Nothing {
		t.Errorf("missed by %s", l.Missed)
	}
	if l := step(60, p.Replicas, 0.3); l.Missed != Throttle || l.Met > 0.9 {
		t.Errorf("throttled: met %g, missed by %q", l.Met, l.Missed)
	}
	if l := step(120, 1, 1); l.Missed != Replicas {
		t.Errorf("one replica: met %g, missed by %q", l.Met, l.Missed)
	}
	if l := step(180, 0, 0); l.Missed != Replicas || l.Met != 0 || l.TTFT != 60 {
		t.Errorf("none: %+v", l)
	}
	l := step(240, p.Replicas, 1)
	if l.Missed != Backlog {
		t.Errorf("after the outage: met %g, missed by %q", l.Met, l.Missed)
	}
	served := s.Output / 250
	near(t, "served and waiting", served+s.Backlog, s.Requests, 1e-9)
	missed := 0.0
	for _, m := range s.Missed {
		missed += m
	}
	if s.Share() > 0.99 || missed <= 0 || missed > s.Requests-s.Met+1e-9 {
		t.Errorf("share %g, missed %g of %g", s.Share(), missed, s.Requests)
	}
	q := p.level(&p.here, workload.Traffic{Requests: 1e4, Input: 1e7, Output: 2.5e6}, staff{n: p.Replicas, v: 1}, 0, 1e5, 60, 0)
	if q.Met > 0.01 {
		t.Errorf("met %g under 100 times the load", q.Met)
	}
}

func TestShapeOfDay(t *testing.T) {
	s := chat()
	s.Load.Swing, s.Load.Peak = 0.5, 14
	p, err := Compile(s, Site{Device: h100, Horizon: 86400, Midnight: 6 * 3600})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean of the day", p.Load.Mean(0, 86400).Requests, 40, 1e-9)
	near(t, "peak, eight hours in", p.Load.Mean(8*3600-60, 8*3600+60).Requests, 60, 1e-4)
	near(t, "trough", p.Load.Mean(20*3600-60, 20*3600+60).Requests, 20, 1e-4)
	sum := 0.0
	for h := range 24 {
		sum += p.Load.Mean(float64(h)*3600, float64(h+1)*3600).Requests / 24
	}
	near(t, "sum of the hours", sum, 40, 1e-9)
}

func TestRequestSeries(t *testing.T) {
	s := chat()
	s.Load = LoadSpec{File: "requests.csv", Scale: 3}
	var r workload.Requests
	for i := range 36000 {
		r.T = append(r.T, float64(i)/10)
		r.Input = append(r.Input, int32(500+1000*(i%2)))
		r.Output = append(r.Output, 200)
	}
	p, err := Compile(s, Site{Device: h100, Requests: &r, Horizon: 3600})
	if err != nil {
		t.Fatal(err)
	}
	m := p.Load.Mean(600, 660)
	near(t, "rate", m.Requests, 30, 1e-9)
	near(t, "prompt", m.Input/m.Requests, 1000, 1e-9)
	near(t, "variation", p.Load.promptCV, 0.5, 1e-3)
	if _, err := Compile(s, Site{Device: h100, Horizon: 3600, Requests: &workload.Requests{}}); err == nil {
		t.Error("an empty file is served")
	}
}

func FuzzCount(f *testing.F) {
	for _, s := range []string{"auto", "8", "0", "-3", "1e3", "99999999999999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var c, back Count
		if c.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := back.UnmarshalText([]byte(c.String())); err != nil || back != c || c < 0 {
			t.Fatalf("%q became %d, then %d (%v)", text, c, back, err)
		}
	})
}

func BenchmarkStep(b *testing.B) {
	p := compile(b, chat())
	s, on := fresh(p), p.whole()
	b.ReportAllocs()
	for i := range b.N {
		p.Step(s, float64(i)*60, 60, on)
	}
}
