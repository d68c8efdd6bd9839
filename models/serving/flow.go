package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
)

// Flow is the requests of a service that is followed one by one: plain data.
type Flow struct {
	Stream  random.Stream
	Due     float64  // until the next request of a drawn load, in mean times between requests
	Turn    int      // replica whose turn it is
	Share   float64  // of a request that is owed to the other site
	Waiting []Call   // while nothing answers
	Servers []Server // by replica, those of the other site behind those here

	// Of the interval under way:
	Ended, Kept, Dropped float64 // requests
	Wait                 float64 // s, of those that began
	Begun                float64
	Busy                 float64 // utilisation × s of replicas here
	Beds                 float64 // batch × s, likewise
	Prompt, Output       float64 // tokens processed here
	TTFT, TPOT           Sketch
}

// Call is a request.
type Call struct {
	At             float64 // s, when it arrived
	Ready          float64 // s, when its replica can take it
	First          float64 // s, when its first token came
	Delay          float64 // s, of the network
	Prompt, Output float64 // tokens
}

// newFlow returns an empty flow.
func (p *Plan) newFlow(seed random.Seed) Flow {
	f := Flow{Stream: seed.Stream("service/" + p.Name), Servers: make([]Server, p.Replicas)}
	if p.away != nil {
		f.Servers = append(f.Servers, make([]Server, p.away.replicas)...)
	}
	f.Due = p.gap(&f.Stream)
	return f
}

// gap draws the time to the next request, of mean 1: gamma, of the variation of the load.
func (p *Plan) gap(s *random.Stream) float64 {
	if c := p.Load.burst; c > 0 && c != 1 {
		return s.Gamma(1/c) * c
	} else if c == 1 {
		return s.Exp()
	}
	return 1
}

// follow advances a service that is followed one by one.
func (p *Plan) follow(s *State, now, dt float64, on Conditions) Level {
	f, to := &s.Flow, now+dt
	f.Ended, f.Kept, f.Dropped, f.Wait, f.Begun, f.Busy, f.Beds, f.Prompt, f.Output = 0, 0, 0, 0, 0, 0, 0, 0, 0
	f.TTFT, f.TPOT = Sketch{}, Sketch{}
	p.muster(f, now, &on)
	t := p.Load.Mean(now, to)
	x := 0.0
	var delay float64
	if p.away != nil {
		x = p.route(t, staff{on.Up, on.First, on.Speed}, staff{n: int(math.Round(float64(p.away.replicas) * on.Remote)), v: 1}, on.WAN)
		delay, _ = p.away.delay(x*t.Requests, math.Max(on.WAN, 1e-9))
	}
	for i := range f.Waiting {
		f.Waiting[i].Ready = now
	}
	lost := f.Waiting
	f.Waiting = f.Waiting[:0:0]
	for _, c := range lost {
		p.send(f, c, x, delay)
	}
	arrivals := p.arrivals(now, to)
	for {
		c, ok := arrivals.next(p, f)
		if !ok {
			break
		}
		p.work(f, c.At)
		p.send(f, c, x, delay)
	}
	p.work(f, to)
	return p.report(s, t, on, x, dt, to)
}

// muster brings the replicas to what is up. What one loses that goes down begins again elsewhere.
func (p *Plan) muster(f *Flow, now float64, on *Conditions) {
	up := func(k int) float64 {
		switch {
		case k >= p.Replicas:
			if on.WAN > 0 && float64(k-p.Replicas) < math.Round(float64(p.away.replicas)*on.Remote) {
				return 1
			}
			return 0
		case on.Each != nil:
			return on.Each[k]
		case p.first > 0 && k >= p.first && k-p.first < on.Up-on.First, p.first > 0 && k < on.First, p.first == 0 && k < on.Up:
			return on.Speed
		}
		return 0
	}
	for k := range f.Servers {
		z := &f.Servers[k]
		if z.Speed = up(k); z.Speed > 0 {
			z.At = math.Max(z.At, now)
			continue
		}
		for i := range z.Batch {
			c := z.Batch[i].Call
			c.First = 0
			f.Waiting = append(f.Waiting, c)
		}
		f.Waiting = append(f.Waiting, z.Queue...)
		*z = Server{}
	}
}

// send gives a request to a replica.
func (p *Plan) send(f *Flow, c Call, x, delay float64) {
	from, to := 0, p.Replicas
	if p.first > 0 {
		to = p.first
	}
	c.Delay = 0
	if p.away != nil {
		if f.Share += x; f.Share >= 1 || x == 1 {
			f.Share -= math.Min(1, f.Share)
			from, to, c.Delay = p.Replicas, len(f.Servers), delay
		}
	}
	k := p.choose(f, from, to, &c)
	if k < 0 && p.away != nil { // nothing answers there: whoever does
		if from == 0 {
			from, to, c.Delay = p.Replicas, len(f.Servers), delay
		} else {
			from, to, c.Delay = 0, p.Replicas, 0
		}
		k = p.choose(f, from, to, &c)
	}
	if k < 0 {
		f.Waiting = append(f.Waiting, c)
		return
	}
	z := &f.Servers[k]
	z.Queue = append(z.Queue, c)
	z.Tokens += c.Prompt
}

// choose returns which of the replicas from one number to before another takes a request, -1 where none answers.
func (p *Plan) choose(f *Flow, from, to int, c *Call) int {
	best, least := -1, math.Inf(1)
	for i := range to - from {
		k := from + i
		if p.turns {
			k = from + (f.Turn+i)%(to-from)
		}
		z := &f.Servers[k]
		if z.Speed <= 0 {
			continue
		}
		if p.turns {
			f.Turn = (k - from + 1) % (to - from)
			return k
		}
		load := float64(len(z.Queue) + len(z.Batch))
		if p.fastest {
			r := p.replicaOf(k)
			load = math.Max(0, z.At-c.At) + (r.Prefill(z.Tokens+c.Prompt)+c.Output*r.Step(float64(len(z.Batch)+len(z.Queue)+1), context(c.Prompt, c.Output)))/z.Speed
		}
		if load < least {
			best, least = k, load
		}
	}
	return best
}

// replicaOf returns the speed of a replica by its number.
func (p *Plan) replicaOf(k int) *Replica {
	if k >= p.Replicas {
		return p.away.replica
	}
	return &p.Replica
}

// report sums up an interval.
func (p *Plan) report(s *State, t workload.Traffic, on Conditions, x, dt, now float64) Level {
	f := &s.Flow
	before := s.Backlog
	s.Backlog, s.Away = float64(len(f.Waiting)), 0
	oldest := now
	for _, c := range f.Waiting {
		oldest = math.Min(oldest, c.At)
	}
	for k := range f.Servers {
		z := &f.Servers[k]
		if len(z.Queue) > 0 {
			oldest = math.Min(oldest, z.Queue[0].At)
		}
		if k < p.Replicas {
			s.Backlog += float64(len(z.Queue))
		} else {
			s.Away += float64(len(z.Queue))
		}
	}
	// Capacity and the cause of misses are those of the fluid under the same conditions.
	fluid, _ := p.outcome(t, &on, [2]float64{}, dt)
	l := Level{Load: t.Requests, Capacity: fluid.Capacity, Busy: fluid.Busy, Wait: f.Wait / math.Max(1, f.Begun), TTFT: f.TTFT.Quantile(target), TPOT: f.TPOT.Quantile(target),
		Met: 1, Prompt: f.Prompt / dt, Output: f.Output / dt, Away: x, Dropped: f.Dropped}
	if on.Up > 0 {
		l.Use, l.Batch = idleUse+f.Busy/dt/float64(on.Up), f.Beds/dt/float64(max(1, on.Up-on.First))
	}
	ended := f.Ended + f.Dropped
	switch {
	case ended > 0:
		l.Met = f.Kept / ended
	case oldest < now-p.TTFT: // those that wait have missed it
		l.Met, l.TTFT = 0, now-oldest
	}
	s.Requests += ended
	s.Met += f.Kept
	s.Dropped += f.Dropped
	s.Routed += ended * x
	s.Prompt += f.Prompt
	s.Output += f.Output
	if l.Met < target {
		if before < fluid.Capacity*p.TTFT { // what always waits for a moment
			before = 0
		}
		l.Missed = p.explain(t, on, before, dt)
		s.Missed[l.Missed] += ended - f.Kept
	}
	return l
}

// arrivals are the requests of an interval, in order: those of a file at their times, or drawn at a constant rate, with lengths
// of the file's rows or of the distributions.
type arrivals struct {
	cursor, to float64
	rate       float64
	row, rows  int // of the file, where its requests come as they stand
	exact      bool
	weight     float64 // of rows row to rows, where they are drawn
}

func (p *Plan) arrivals(from, to float64) arrivals {
	a := arrivals{cursor: from, to: to, rate: p.Load.Mean(from, to).Requests}
	if r := p.Load.requests; r != nil {
		a.row, a.rows = r.Seek(from), r.Seek(to)
		a.exact = r.Count == nil && p.Load.scale == 1
		for i := a.row; i < a.rows; i++ {
			a.weight += r.Weight(i)
		}
	}
	return a
}

func (a *arrivals) next(p *Plan, f *Flow) (Call, bool) {
	r := p.Load.requests
	if a.exact {
		if a.row == a.rows {
			return Call{}, false
		}
		i := a.row
		a.row++
		return Call{At: r.T[i], Ready: r.T[i], Prompt: math.Max(1, float64(r.Input[i])), Output: math.Max(1, float64(r.Output[i]))}, true
	}
	if !(a.rate > 0) {
		return Call{}, false
	}
	at := a.cursor + f.Due/a.rate
	if at >= a.to {
		f.Due -= (a.to - a.cursor) * a.rate
		return Call{}, false
	}
	a.cursor, f.Due = at, p.gap(&f.Stream)
	c := Call{At: at, Ready: at}
	if r == nil {
		c.Prompt, c.Output = length(&f.Stream, p.Load.prompt, p.Load.promptCV), length(&f.Stream, p.Load.output, p.Load.outputCV)
		return c, true
	}
	i, left := a.row, f.Stream.Float64()*a.weight
	for ; i < a.rows-1; i++ {
		if left -= r.Weight(i); left < 0 {
			break
		}
	}
	c.Prompt, c.Output = math.Max(1, float64(r.Input[i])), math.Max(1, float64(r.Output[i]))
	return c, true
}

// length draws a lognormal number of tokens.
func length(s *random.Stream, mean, cv float64) float64 {
	v := math.Log1p(cv * cv)
	return math.Max(1, math.Round(mean*s.LogNormal(-v/2, math.Sqrt(v))))
}
