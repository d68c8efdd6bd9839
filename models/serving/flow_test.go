package serving

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// played is one replica that takes one prompt at a time and otherwise steps, as told step by step without any stride, heap or
// table of its own: the witness of [Server].
type played struct {
	r       *Replica
	now     float64
	queue   []Call
	batch   []playedRun
	ttft    []float64
	tpot    []float64
	maximum float64
}

type playedRun struct {
	c    Call
	left int
	ctx  float64
}

func (z *played) run(calls []Call) {
	for len(calls) > 0 || len(z.queue) > 0 || len(z.batch) > 0 {
		for len(calls) > 0 && calls[0].At <= z.now {
			z.queue, calls = append(z.queue, calls[0]), calls[1:]
		}
		held := 0.0
		for i := range z.batch {
			held += z.batch[i].c.Prompt + z.batch[i].c.Output
		}
		switch {
		case len(z.queue) > 0 && (len(z.batch) == 0 || float64(len(z.batch)) < z.r.limit && (held+z.queue[0].Prompt+z.queue[0].Output)*z.r.kv <= z.r.room):
			c := z.queue[0]
			z.queue = z.queue[1:]
			z.now += z.r.Prefill(c.Prompt)
			c.First = z.now
			z.ttft = append(z.ttft, z.now-c.At)
			if c.Output <= 1 {
				z.tpot = append(z.tpot, 0)
				continue
			}
			z.batch = append(z.batch, playedRun{c, int(c.Output) - 1, c.Prompt + 1})
		case len(z.batch) > 0:
			ctx := 0.0
			for i := range z.batch {
				ctx += z.batch[i].ctx
			}
			z.now += z.r.iterate(float64(len(z.batch)), ctx, 0, 0, 0)
			z.maximum = math.Max(z.maximum, float64(len(z.batch)))
			kept := z.batch[:0]
			for _, x := range z.batch {
				x.ctx++
				if x.left--; x.left == 0 {
					z.tpot = append(z.tpot, (z.now-x.c.First)/(x.c.Output-1))
					continue
				}
				kept = append(kept, x)
			}
			z.batch = kept
		default:
			z.now = calls[0].At
		}
	}
}

func average(v []float64) float64 {
	sum := 0.0
	for _, x := range v {
		sum += x / float64(len(v))
	}
	return sum
}

// drawn returns the arrivals that a service draws.
func drawn(p *Plan, seed random.Seed, until float64) []Call {
	f := p.newFlow(seed)
	a := p.arrivals(0, until)
	var calls []Call
	for {
		c, ok := a.next(p, &f)
		if !ok {
			return calls
		}
		calls = append(calls, c)
	}
}

// One replica, request by request, against the same requests played step by step.
func TestServerAgainstPlay(t *testing.T) {
	for _, load := range []float64{0.2, 0.6, 0.9} {
		s := chat()
		s.Replicas, s.Detail, s.Every, s.SLA.TTFT, s.MaxBatch = 1, "requests", 30, 5, 64
		p := compile(t, s)
		p.Load.rate = load * p.Replica.Capacity(1000, 250)
		const until = 1200
		z := played{r: &p.Replica}
		z.run(drawn(p, 3, until))
		st := p.NewState(3)
		var ttft, tpot Sketch
		n := 0.0
		for now := 0.0; now < until+3600; now += 30 {
			if now >= until {
				p.Load.rate = 0
			}
			p.Step(&st, now, 30, p.whole())
			n += st.Flow.Ended
			ttft.Merge(&st.Flow.TTFT)
			tpot.Merge(&st.Flow.TPOT)
		}
		t.Logf("load %.1f: %.0f requests, TTFT %.1f ms (played %.1f), TPOT %.2f ms (played %.2f), batch up to %.0f", load, n, 1e3*ttft.Mean(), 1e3*average(z.ttft), 1e3*tpot.Mean(),
			1e3*average(z.tpot), z.maximum)
		if n != float64(len(z.ttft)) {
			t.Errorf("%g requests ended, %d were played", n, len(z.ttft))
		}
		near(t, "TTFT", ttft.Mean(), average(z.ttft), 2e-3)
		near(t, "TPOT", tpot.Mean(), average(z.tpot), 2e-3)
	}
}

// The fluid against requests followed one by one.
func TestFluidAgainstRequests(t *testing.T) {
	for _, c := range []struct {
		name string
		tail float64
		edit func(*Spec)
	}{
		{"whole prompts", 0.25, func(*Spec) {}},
		{"chunks", 0.4, func(s *Spec) { s.Chunk = 1024 }},
		{"prefix cache", 0.25, func(s *Spec) { s.PrefixHits = ptr(unit.Ratio(0.5)) }},
		{"split", 0.25, func(s *Spec) { s.Split = &SplitSpec{Prefill: 2, Transfer: 50e9} }},
		{"in turn", 0.25, func(s *Spec) { s.Balance = "round-robin" }},
		{"fastest", 0.25, func(s *Spec) { s.Balance = "fastest" }},
		{"bursts", 0.4, func(s *Spec) { s.Load.Burst = ptr(2.0) }},
	} {
		for _, load := range []float64{0.3, 0.75} {
			s := chat()
			s.Replicas, s.SLA.TTFT, s.SLA.TPOT, s.MaxBatch = 6, 2, 0.1, 128
			c.edit(s)
			p := compile(t, s)
			u := staff{n: 6, first: p.first, v: 1}
			p.Load.rate = load * p.here.capacity(1000, 250, u)
			fluid := fresh(p)
			var a Level
			for now := 0.0; now < 600; now += 60 {
				a = p.Step(fluid, now, 60, p.whole())
			}
			p.Detailed = true
			one := p.NewState(1)
			var ttft Sketch
			tpot, use, batch := 0.0, 0.0, 0.0
			const begin, end = 120, 480
			for now := 0.0; now < end; now += 60 {
				l := p.Step(&one, now, 60, p.whole())
				if now >= begin {
					ttft.Merge(&one.Flow.TTFT)
					tpot += one.Flow.TPOT.Sum
					use, batch = use+l.Use/6, batch+l.Batch/6
				}
			}
			tpot /= ttft.N
			per := a.Batch * float64(6-p.first) / p.Load.rate / 250 // Little's law
			t.Logf("%s at %.1f: use %.2f, %.2f; batch %.1f, %.1f; TPOT %.2f, %.2f ms; TTFT p99 %.0f, %.0f ms", c.name, load, a.Use, use, a.Batch, batch,
				1e3*per, 1e3*tpot, 1e3*a.TTFT, 1e3*ttft.Quantile(0.99))
			near(t, c.name+": use", a.Use, use, 0.12)
			near(t, c.name+": batch", a.Batch, batch, 0.10)
			near(t, c.name+": time per token", per, tpot, 0.05)
			near(t, c.name+": 99 % of first tokens", a.TTFT, ttft.Quantile(0.99), c.tail)
		}
	}
}

// One replica that takes one request at a time is a queue with one server: its mean wait is that of Pollaczek and Khinchine.
func TestOneAtATime(t *testing.T) {
	s := chat()
	s.Replicas, s.Detail, s.Every, s.MaxBatch, s.SLA.TTFT = 1, "requests", 30, 1, 1e6
	s.Load.Prompt.CV = ptr(0.0)
	p := compile(t, s)
	p.Load.rate = 1
	n, sum, square := 0.0, 0.0, 0.0
	for _, c := range drawn(p, 1, 200000) {
		service := p.Replica.Prefill(c.Prompt)
		if c.Output > 1 {
			service += (c.Output - 1) * p.Replica.Step(1, c.Prompt+c.Output/2)
		}
		n, sum, square = n+1, sum+service, square+service*service
	}
	p.Load.rate = 0.7 / (sum / n)
	want := p.Load.rate * (square / n) / 2 / (1 - 0.7)
	st := fresh(p)
	wait, begun := 0.0, 0.0
	for now := 0.0; now < 4e5; now += 3000 {
		p.Step(st, now, 3000, p.whole())
		wait, begun = wait+st.Flow.Wait, begun+st.Flow.Begun
	}
	t.Logf("mean wait %.3f s, in closed form %.3f s", wait/begun, want)
	near(t, "mean wait", wait/begun, want, 0.05)
}

// Requests a second that are followed one by one, of ten replicas under load.
func BenchmarkFollow(b *testing.B) {
	s := chat()
	s.Replicas, s.Detail, s.Every = 10, "requests", 30
	p := compile(b, s)
	p.Load.rate = 0.7 * p.here.capacity(1000, 250, staff{n: 10, v: 1})
	st := p.NewState(1)
	for i := range b.N {
		p.Step(&st, float64(i)*30, 30, p.whole())
	}
	b.ReportMetric(st.Requests/b.Elapsed().Seconds(), "requests/s")
}
