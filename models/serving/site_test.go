package serving

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// remote is a service with another site.
func remote(t *testing.T, route string, rate float64) *Plan {
	s := chat()
	s.Replicas, s.Load.Rate = 4, ptr(unit.Rate(rate))
	s.Remote = &RemoteSpec{Name: "cloud", Replicas: 6, GPUs: 8, Route: route, Spill: 0.8, RoundTrip: 0.04, Bandwidth: 125e6, Payload: 1e4}
	p, err := Compile(s, Site{Device: h100, Remote: h100, Horizon: 86400})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestRoutes(t *testing.T) {
	one := compile(t, chat()).Replica.Capacity(1000, 250)
	for _, c := range []struct {
		route      string
		load, want float64 // of the capacity here; share that goes
	}{
		{"local-first", 0.5, 0}, {"local-first", 0.8, 0}, {"local-first", 1.6, 0.5},
		{"remote-first", 0.5, 1}, {"remote-first", 1.2, 1}, {"remote-first", 2, 0.6},
	} {
		p := remote(t, c.route, c.load*4*one)
		on := p.whole()
		l := p.Step(fresh(p), 0, 60, on)
		if math.Abs(l.Away-c.want) > 1e-6 {
			t.Errorf("%s at %g: %g goes, want %g", c.route, c.load, l.Away, c.want)
		}
		on.WAN = 0
		if l := p.Step(fresh(p), 0, 60, on); l.Away != 0 {
			t.Errorf("%s: %g goes over a line that is cut", c.route, l.Away)
		}
		on.WAN, on.Up = 1, 0
		if l := p.Step(fresh(p), 0, 60, on); l.Away != 1 {
			t.Errorf("%s: %g goes when nothing answers here", c.route, l.Away)
		}
	}
	// No request would be done earlier at the other site.
	p := remote(t, "fastest", 5*one)
	l := p.Step(fresh(p), 0, 60, p.whole())
	here := p.response(&p.here, 5*one*(1-l.Away), 1000, 250, staff{n: 4, v: 1})
	delay, _ := p.away.delay(5*one*l.Away, 1)
	near(t, "equilibrium", p.response(&p.away.place, 5*one*l.Away, 1000, 250, staff{n: 6, v: 1})+delay, here, 1e-4)
}

// What fails is the cause.
func TestCausesOfSites(t *testing.T) {
	one := compile(t, chat()).Replica.Capacity(1000, 250)
	p := remote(t, "local-first", 5*one)
	p.away.spill = 0.6
	for _, c := range []struct {
		name   string
		change func(*Conditions)
		want   Cause
	}{
		{"all is well", func(*Conditions) {}, Nothing},
		{"the line is cut", func(c *Conditions) { c.WAN = 0 }, Network},
		{"the cloud is lost", func(c *Conditions) { c.Remote = 0 }, Network},
		{"all are down", func(c *Conditions) { c.Up = 0 }, Replicas},
		{"all start", func(c *Conditions) { c.Up, c.Starting = 0, 4 }, Starting},
		{"none asked for", func(c *Conditions) { c.Up, c.Asked = 0, 0 }, Scaling},
		{"throttled", func(c *Conditions) { c.Speed = 0.3 }, Throttle},
	} {
		for _, detailed := range []bool{false, true} {
			p.Detailed = detailed
			if detailed && c.want == Nothing {
				continue
			}
			s, on := p.NewState(2), p.whole()
			c.change(&on)
			l := p.Step(&s, 0, 60, on)
			if detailed { // the first minute ends few requests
				l = p.Step(&s, 60, 60, on)
			}
			if l.Missed != c.want {
				t.Errorf("%s (one by one: %v): met %g, missed by %q, want %q", c.name, detailed, l.Met, l.Missed, c.want)
			}
		}
	}
	p = remote(t, "local-first", 20*one)
	if l := p.Step(fresh(p), 0, 60, p.whole()); l.Missed != Capacity {
		t.Errorf("twice the load: %q", l.Missed)
	}
}

// One by one, each request that arrives ends, is given up or is under way, whatever fails.
func TestRequestsAreKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := chat()
		s.Replicas, s.Detail, s.Every = 3, "requests", 30
		s.Load.Rate = ptr(unit.Rate(rapid.Float64Range(1, 60).Draw(t, "rate")))
		s.Chunk = rapid.SampledFrom([]int{0, 512}).Draw(t, "chunk")
		s.MaxBatch = rapid.SampledFrom([]int{4, 64}).Draw(t, "batch")
		s.Balance = rapid.SampledFrom([]string{"round-robin", "least-outstanding", "fastest"}).Draw(t, "balance")
		s.Timeout = unit.Duration(rapid.SampledFrom([]float64{0, 5}).Draw(t, "timeout"))
		if s.Chunk == 0 && rapid.Bool().Draw(t, "split") {
			s.Split = &SplitSpec{Prefill: 1, Transfer: 50e9}
		}
		if rapid.Bool().Draw(t, "remote") {
			s.Remote = &RemoteSpec{Name: "cloud", Replicas: 2, GPUs: 8, Route: "fastest", Spill: 0.8, RoundTrip: 0.04, Bandwidth: 125e6, Payload: 1e4}
		}
		p, err := Compile(s, Site{Device: h100, Remote: h100, Horizon: 86400})
		if err != nil {
			t.Fatal(err)
		}
		st, ended := p.NewState(5), 0.0
		for now := 0.0; now < 300; now += 30 {
			on := p.whole()
			on.Up = rapid.IntRange(0, 3).Draw(t, "up")
			on.First = min(on.First, on.Up)
			on.Speed = rapid.Float64Range(0.3, 1).Draw(t, "speed")
			on.WAN = float64(rapid.IntRange(0, 1).Draw(t, "wan"))
			p.Step(&st, now, 30, on)
			ended += st.Flow.Ended + st.Flow.Dropped
			if st.Met > st.Requests+1e-9 || st.Requests != ended {
				t.Fatalf("%g of %g within the level", st.Met, st.Requests)
			}
		}
		under := float64(len(st.Flow.Waiting))
		for k := range st.Flow.Servers {
			z := &st.Flow.Servers[k]
			under += float64(len(z.Queue) + len(z.Batch))
			held, tokens := 0.0, 0.0
			for i := range z.Batch {
				held += z.Batch[i].Prompt + z.Batch[i].Output
			}
			for i := range z.Queue {
				tokens += z.Queue[i].Prompt
			}
			if math.Abs(held-z.Held) > 1e-6 || math.Abs(tokens-z.Tokens) > 1e-6 || len(z.Batch) > 1 && z.Held*p.replicaOf(k).kv > p.replicaOf(k).room {
				t.Fatalf("replica %d holds %g tokens, counts %g; %g wait, counts %g", k, held, z.Held, tokens, z.Tokens)
			}
		}
		if arrived := float64(arrivalsOf(p, 5, 300)); arrived != ended+under {
			t.Fatalf("%g arrived, %g ended, %g under way", arrived, ended, under)
		}
	})
}

// arrivalsOf counts the arrivals that a service draws, half a minute at a time.
func arrivalsOf(p *Plan, seed random.Seed, until float64) (n int) {
	st := p.NewState(seed)
	for now := 0.0; now < until; now += 30 {
		a := p.arrivals(now, now+30)
		for _, ok := a.next(p, &st.Flow); ok; _, ok = a.next(p, &st.Flow) {
			n++
		}
	}
	return n
}

func TestScale(t *testing.T) {
	s := chat()
	s.Load.Rate = ptr(unit.Rate(40))
	s.Scale = &ScaleSpec{Min: 2, Max: 20, By: "utilisation", Target: 0.5, Queue: 2, Cool: 300}
	s.Every = 30
	p := compile(t, s)
	one := p.Replica.Capacity(1000, 250)
	st := p.NewState(1)
	if want := int(math.Ceil(40 / one / 0.5)); p.Initial != want || len(p.Jobs) != 20 || p.Jobs[p.Initial-1].Standby || !p.Jobs[p.Initial].Standby {
		t.Fatalf("begins with %d, want %d of %d", p.Initial, want, len(p.Jobs))
	}
	up := p.Initial
	look := func(now, rate float64) int {
		p.Load.rate = rate
		on := p.whole()
		on.Up, on.Asked = up, st.Scale.Asked
		l := p.Step(&st, now, 30, on)
		return p.Scale(&st, now+30, on, &l)
	}
	if n := look(0, 40); n != p.Initial {
		t.Errorf("%d at the load that it began with", n)
	}
	want := int(math.Ceil(float64(up) * math.Min(1, 120/one/float64(up)) / 0.5))
	if n := look(30, 120); n != want {
		t.Errorf("%d asked for at three times the load, want %d", n, want)
	}
	up = st.Scale.Asked
	for now := 60.0; now < 600; now += 30 { // the backlog goes first
		look(now, 60)
		up = st.Scale.Asked
	}
	if want := int(math.Ceil(60 / one / 0.5)); st.Scale.Asked > want+1 || st.Scale.Asked < want {
		t.Errorf("%d after the cool-down, want about %d", st.Scale.Asked, want)
	}
	before := st.Scale.Asked
	if n := look(600, 1); n != before {
		t.Errorf("gives back %d at once", before-n)
	}
	for now := 630.0; now < 1800; now += 30 {
		look(now, 1)
		up = st.Scale.Asked
	}
	if st.Scale.Asked != 2 {
		t.Errorf("%d at no load, want the least, 2", st.Scale.Asked)
	}
}
