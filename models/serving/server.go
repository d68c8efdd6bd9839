package serving

import "math"

// Server is a replica of a service that is followed one by one: plain data.
type Server struct {
	Speed   float64 // relative; 0 while it is down
	At      float64 // s, up to when it has worked: where its step ends, it may be later than others
	Steps   int64   // of generation so far
	Context float64 // tokens that its batch attends to
	Held    float64 // tokens of the key-value cache that its batch may come to need
	Tokens  float64 // of the prompts in its queue
	Done    float64 // of them, of the first, in chunks
	Batch   []Run   // that generate: a heap, the first to end on top
	Queue   []Call  // that wait, in order
}

// Run is a request that generates.
type Run struct {
	Call
	End int64 // step with its last token
}

// work lets all replicas work until to. Those that only generate come behind those that prefill for them.
func (p *Plan) work(f *Flow, to float64) {
	for k := range f.Servers {
		for z := &f.Servers[k]; z.Speed > 0 && z.At < to; {
			p.turn(f, k, to)
		}
	}
}

// turn does one thing at a replica: a prompt, a step with pieces of prompts, steps of generation until something changes, or
// nothing until to.
//
// Generation goes on in strides: for as many steps as nothing joins or leaves the batch, at the mean of their contexts, which is
// exact as long as a step is linear in it.
func (p *Plan) turn(f *Flow, k int, to float64) {
	z, r := &f.Servers[k], p.replicaOf(k)
	p.expire(f, z)
	generates := p.first > 0 && k >= p.first && k < p.Replicas
	next := to
	if len(z.Queue) > 0 {
		switch c := &z.Queue[0]; {
		case c.Ready > z.At:
			next = math.Min(to, c.Ready)
		case !z.room(r, c):
		case generates:
			p.begin(f, z)
			z.join(*c)
			z.shift()
			return
		case r.chunk > 0:
			p.mixed(f, k)
			return
		default:
			p.prompt(f, k)
			return
		}
	}
	b := float64(len(z.Batch))
	if b == 0 {
		z.At = next
		return
	}
	step := r.iterate(b, z.Context, 0, 0, 0) / z.Speed
	n := math.Max(1, math.Min(math.Ceil((next-z.At)/step), float64(z.Batch[0].End-z.Steps)))
	z.elapse(p, f, k, n*r.iterate(b, z.Context+b*(n-1)/2, 0, 0, 0)/z.Speed, n, r)
	p.finish(f, k)
}

// elapse lets n steps of generation pass in dt seconds.
func (z *Server) elapse(p *Plan, f *Flow, k int, dt, n float64, r *Replica) {
	b := float64(len(z.Batch))
	if k < p.Replicas {
		arithmetic := (b*r.model.ForwardFLOPs(0) + z.Context*r.attention()) / r.rate
		f.Busy += dt * (decodeUse - idleUse + mathUse*math.Min(1, n*arithmetic/z.Speed/dt))
		f.Beds += dt * b
		f.Output += n * b
	}
	z.At += dt
	z.Steps += int64(n)
	z.Context += b * n
}

// room reports whether a request can join the batch: it keeps room for all its tokens, so that none is thrown out again.
func (z *Server) room(r *Replica, c *Call) bool {
	n := float64(len(z.Batch))
	return n == 0 || n+1 <= r.limit && (z.Held+c.Prompt+c.Output)*r.kv <= r.room
}

// expire gives up what has waited too long.
func (p *Plan) expire(f *Flow, z *Server) {
	for p.timeout > 0 && len(z.Queue) > 0 && z.Done == 0 && z.Queue[0].First == 0 && z.At-z.Queue[0].At > p.timeout {
		f.Dropped++
		z.shift()
	}
}

// shift takes the first request out of the queue.
func (z *Server) shift() {
	z.Tokens -= z.Queue[0].Prompt
	z.Queue = z.Queue[1:]
	z.Done = 0
}

// begin counts the wait of the first request in the queue.
func (p *Plan) begin(f *Flow, z *Server) {
	if c := &z.Queue[0]; c.First == 0 {
		f.Wait += z.At - c.At
		f.Begun++
	}
}

// prompt processes the first prompt of the queue, while the batch waits.
func (p *Plan) prompt(f *Flow, k int) {
	z, r := &f.Servers[k], p.replicaOf(k)
	p.begin(f, z)
	c := z.Queue[0]
	dt, _ := r.first(c.Prompt, 0, 0)
	dt /= z.Speed
	z.At += dt
	if k < p.Replicas {
		f.Busy += dt * (prefillUse - idleUse)
		f.Beds += dt * float64(len(z.Batch))
		f.Prompt += c.Prompt
	}
	z.shift()
	p.token(f, k, c)
}

// mixed is a step in which the batch generates beside pieces of the prompts that fit in it.
func (p *Plan) mixed(f *Flow, k int) {
	z, r := &f.Servers[k], p.replicaOf(k)
	b := float64(len(z.Batch))
	budget := math.Max(1, r.chunk-b)
	n, over, prompts, done := 0.0, 0.0, 0, z.Done
	held, seats := z.Held, b
	for i := range z.Queue {
		c := &z.Queue[i]
		if budget <= 0 || i > 0 && (c.Ready > z.At || seats+1 > r.limit || (held+c.Prompt+c.Output)*r.kv > r.room) {
			break
		}
		if done == 0 {
			f.Wait += z.At - c.At
			f.Begun++
		}
		held, seats = held+c.Prompt+c.Output, seats+1
		cached := c.Prompt * (1 - r.missing)
		take := math.Min(budget, c.Prompt-cached-done)
		n += take
		over += pairs(cached+done, take)
		budget -= take
		prompts++
		if done += take; done < c.Prompt-cached-1e-9 {
			break
		}
		done = 0
	}
	dt := r.iterate(b, z.Context, n, over, float64(prompts)) / z.Speed
	if k < p.Replicas {
		f.Prompt += n / r.missing
		pure := 0.0
		if b > 0 {
			pure = r.iterate(b, z.Context, 0, 0, 0) / z.Speed
		}
		f.Busy += math.Max(0, dt-pure) * (prefillUse - decodeUse)
	}
	z.elapse(p, f, k, dt, 1, r)
	p.finish(f, k)
	ended := prompts
	if done > 0 {
		ended--
	}
	for range ended {
		c := z.Queue[0]
		z.shift()
		p.token(f, k, c)
	}
	z.Done = done
}

// token is the first token of a request: it then generates, here or at a replica that does only that.
func (p *Plan) token(f *Flow, k int, c Call) {
	z := &f.Servers[k]
	c.First = z.At
	if k < p.Replicas {
		f.Output++
	}
	switch {
	case c.Output <= 1:
		p.end(f, &c, z.At)
	case k < p.first:
		c.Ready = z.At + c.Prompt*p.here.transfer
		best := -1
		for i := p.first; i < p.Replicas; i++ {
			if y := &f.Servers[i]; y.Speed > 0 && (best < 0 || len(y.Queue)+len(y.Batch) < len(f.Servers[best].Queue)+len(f.Servers[best].Batch)) {
				best = i
			}
		}
		if best < 0 { // nobody generates: it begins again when somebody does
			c.First = 0
			f.Waiting = append(f.Waiting, c)
			return
		}
		y := &f.Servers[best]
		i := len(y.Queue)
		y.Queue = append(y.Queue, c)
		for ; i > 0 && y.Queue[i-1].Ready > c.Ready; i-- {
			y.Queue[i], y.Queue[i-1] = y.Queue[i-1], y.Queue[i]
		}
		y.Tokens += c.Prompt
	default:
		z.join(c)
	}
}

// join puts a request into the batch.
func (z *Server) join(c Call) {
	z.Context += c.Prompt + 1
	z.Held += c.Prompt + c.Output
	z.Batch = append(z.Batch, Run{c, z.Steps + int64(c.Output) - 1})
	for i := len(z.Batch) - 1; i > 0; {
		up := (i - 1) / 2
		if z.Batch[up].End <= z.Batch[i].End {
			break
		}
		z.Batch[up], z.Batch[i] = z.Batch[i], z.Batch[up]
		i = up
	}
}

// finish takes what is done out of the batch.
func (p *Plan) finish(f *Flow, k int) {
	z := &f.Servers[k]
	for len(z.Batch) > 0 && z.Batch[0].End <= z.Steps {
		c := z.Batch[0].Call
		n := len(z.Batch) - 1
		z.Batch[0] = z.Batch[n]
		z.Batch = z.Batch[:n]
		for i := 0; ; {
			low := 2*i + 1
			if low >= n {
				break
			}
			if low+1 < n && z.Batch[low+1].End < z.Batch[low].End {
				low++
			}
			if z.Batch[i].End <= z.Batch[low].End {
				break
			}
			z.Batch[i], z.Batch[low] = z.Batch[low], z.Batch[i]
			i = low
		}
		z.Context -= c.Prompt + c.Output
		z.Held -= c.Prompt + c.Output
		p.end(f, &c, z.At)
	}
}

// end counts a request that is done.
func (p *Plan) end(f *Flow, c *Call, at float64) {
	first, each := c.First-c.At+c.Delay, 0.0
	if c.Output > 1 {
		each = (at - c.First) / (c.Output - 1)
	}
	f.Ended++
	if first <= p.TTFT && each <= p.TPOT {
		f.Kept++
	}
	f.TTFT.Add(first)
	f.TPOT.Add(each)
}

// Sketch holds a distribution of times in buckets 2 % apart, from 0.1 ms to 11 h: plain data.
type Sketch struct {
	Counts [1000]uint32
	N      float64
	Sum    float64
}

const (
	sketchLeast = 1e-4
	sketchRatio = 0.0198 // of logarithms
)

// Add counts a time in s.
func (s *Sketch) Add(t float64) {
	i := 0
	if t > sketchLeast {
		i = min(len(s.Counts)-1, int(math.Log(t/sketchLeast)/sketchRatio))
	}
	s.Counts[i]++
	s.N++
	s.Sum += t
}

// Merge counts what another holds too.
func (s *Sketch) Merge(o *Sketch) {
	for i, n := range o.Counts {
		s.Counts[i] += n
	}
	s.N, s.Sum = s.N+o.N, s.Sum+o.Sum
}

// Mean returns the mean; 0 without any.
func (s *Sketch) Mean() float64 { return s.Sum / math.Max(1, s.N) }

// Quantile returns the time within which a share of those counted lies; 0 without any.
func (s *Sketch) Quantile(share float64) float64 {
	if s.N == 0 {
		return 0
	}
	left := share * s.N
	for i, n := range s.Counts {
		if left -= float64(n); left <= 0 && n > 0 {
			return sketchLeast * math.Exp(sketchRatio*(float64(i)+0.5))
		}
	}
	return sketchLeast * math.Exp(sketchRatio*float64(len(s.Counts)))
}
