package serving

import (
	"math"

	"gonum.org/v1/gonum/mathext"

	"github.com/halltwin/halltwin/models/workload"
)

// Utilisation of a GPU, as the power curve takes it. Decode on H100 draws 137 to 300 of 700 W (arXiv 2605.11999), prefill
// nearly all; the rest is typical.
const (
	idleUse    = 0.02
	prefillUse = 0.90
	decodeUse  = 0.25 // reading memory; arithmetic adds to it
	mathUse    = 0.65
)

// Level is how a service did in an interval.
type Level struct {
	Load     float64 // requests/s that arrived
	Capacity float64 // requests/s that the replicas that were up could take, the other site's too
	Busy     float64 // share of the capacity here that the load here takes
	Batch    float64 // mean requests that a replica here generated for at once
	Wait     float64 // mean time before prefill began, s
	TTFT     float64 // time to first token that 99 % of the requests kept, s
	TPOT     float64 // time per output token that 99 % of the requests kept, s
	Met      float64 // share of the requests within both limits
	Prompt   float64 // prompt tokens/s served here
	Output   float64 // tokens/s generated here
	Use      float64 // mean utilisation of the GPUs of a replica here that is up
	Away     float64 // share of the requests that the other site answered
	Dropped  float64 // requests that were given up
	Missed   Cause   // why, where Met is below 99 %
}

// place is one of the sites that answer.
type place struct {
	replica  *Replica
	replicas int
	split    bool
	transfer float64 // s for a token of the prompt, from a replica that prefills to one that generates
}

// staff is the replicas of a place that answer.
type staff struct {
	n, first int     // all; those that only prefill
	v        float64 // their mean speed
}

func (u staff) idle() bool { return u.n == 0 || u.v <= 0 }

// lanes returns how many of them take prompts, and how many generate.
func (q *place) lanes(u staff) (first, rest int) {
	if q.split {
		return u.first, u.n - u.first
	}
	return u.n, u.n
}

// capacity returns the requests/s that the replicas of a place take.
func (q *place) capacity(prompt, output float64, u staff) float64 {
	if u.idle() {
		return 0
	}
	if !q.split {
		return float64(u.n) * u.v * q.replica.Capacity(prompt, output)
	}
	first, rest := q.lanes(u)
	c := context(prompt, output)
	latency, _ := q.replica.first(prompt, 0, c)
	n := q.replica.Slots(prompt + output)
	return u.v * math.Min(float64(first)/latency, float64(rest)*n/(output*q.replica.Step(n, c)))
}

// level returns how the replicas of a place do under traffic t over dt seconds in which the backlog goes from b0 to b1
// requests and the network adds delay seconds.
func (p *Plan) level(q *place, t workload.Traffic, u staff, b0, b1, dt, delay float64) Level {
	l := Level{Load: t.Requests}
	if u.idle() {
		return l
	}
	r := q.replica
	if t.Requests <= 0 {
		l.Met, l.Use = 1, idleUse
		l.Capacity = q.capacity(math.Max(1, p.Load.prompt), math.Max(1, p.Load.output), u)
		return l
	}
	prompt, output := t.Input/t.Requests, t.Output/t.Requests
	l.Capacity = q.capacity(prompt, output, u)
	if l.Capacity <= 0 { // of replicas that are apart, one kind is missing
		return l
	}
	l.Busy = t.Requests / l.Capacity
	lanes, beds := q.lanes(u)
	served := math.Max(0, t.Requests+(b0-b1)/dt)
	x := served / float64(beds)
	l.Prompt, l.Output = served*prompt, served*output

	v, c := u.v, context(prompt, output)
	batch, perToken := r.steady(x, prompt, output, v, q.split)
	l.Batch = batch
	beside := batch // what prompts are taken beside
	if q.split {
		beside = 0
	}

	// Latency of every prompt length, and the first two moments of its prefill.
	var prefill [points]float64
	mean, square := 0.0, 0.0
	for i, length := range p.lengths {
		prefill[i], _ = r.first(length*prompt, beside, c)
		prefill[i] /= v
		mean += prefill[i] * chances[i]
		square += prefill[i] * prefill[i] * chances[i]
	}
	first := p.line(lanes, 1, served, mean, square/(mean*mean)-1, dt)
	residence := output * perToken
	slots := r.Slots(prompt + output)
	slot := p.line(beds, int(slots), math.Min(served, slots*float64(beds)/residence), residence, p.Load.outputCV*p.Load.outputCV, dt)

	// What a request waits for whatever its luck: the network, half a step, and the backlog before it, which changes over the
	// interval.
	step := r.Step(math.Max(1, batch), c) / v
	least := delay
	if !q.split {
		least += step / 2 * -math.Expm1(-batch) // where a batch is under way
	}
	floor, parts := [4]float64{least}, 1
	if b0 > 0 || b1 > 0 {
		floor, parts = [4]float64{0.125, 0.375, 0.625, 0.875}, 4
		for k, f := range floor {
			floor[k] = least + (b0+(b1-b0)*f)/l.Capacity
		}
	}
	w := waits{first: first, slot: slot, floor: floor, parts: parts, prefill: &prefill}
	l.Wait = first.mean() + slot.mean() + (b0+b1)/2/l.Capacity
	l.TTFT = w.quantile(floor[0] + floor[parts-1] + mean)

	// The time per token varies with the batch, whose number is Poisson.
	spread := 0.0
	if b := math.Max(1, batch); perToken > 0 {
		spread = perToken * (r.Step(b+math.Sqrt(batch), c)/r.Step(b, c) - 1)
	}
	perToken += q.transfer * prompt / math.Max(1, output) // once for all tokens of an answer
	l.TPOT = perToken + mathext.NormalQuantile(target)*spread
	fast := 1.0
	if spread > 0 {
		fast = 0.5 * math.Erfc(-(p.TPOT-perToken)/spread/math.Sqrt2)
	} else if perToken > p.TPOT {
		fast = 0
	}
	l.Met = w.within(p.TTFT) * fast

	if q.split {
		prompts := p.use(r, served*mean/float64(lanes), 0, c)
		l.Use = (float64(lanes)*prompts + float64(beds)*p.use(r, 0, batch, c)) / float64(u.n)
		return l
	}
	_, taken := r.first(prompt, beside, c)
	l.Use = p.use(r, x*taken/v, batch, c)
	return l
}

// waits is what requests wait for before their first token.
type waits struct {
	first, slot tail
	floor       [4]float64
	parts       int // of floor
	prefill     *[points]float64
}

// within returns the share of the requests with a first token within y seconds.
func (w *waits) within(y float64) float64 {
	sum := 0.0
	for _, f := range w.floor[:w.parts] {
		for i, s := range w.prefill {
			rest := y - f - s
			// The two waits seldom meet: the sum of their tails bounds the tail of their sum from above.
			sum += chances[i] * math.Max(0, 1-w.first.above(rest)-w.slot.above(rest))
		}
	}
	return sum / float64(w.parts)
}

// quantile returns the time within which the target share of the requests has a first token, from a first guess of its scale.
func (w *waits) quantile(guess float64) float64 {
	hi := guess
	for i := 0; w.within(hi) < target && i < 60; i++ {
		hi *= 2
	}
	lo := 0.0
	for hi-lo > 1e-6*hi {
		if mid := (lo + hi) / 2; w.within(mid) < target {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// line returns the tail of the wait for one of the servers that each of n replicas has: of one line before all, or where the
// replicas take turns of one line each, at which every n-th request arrives.
func (p *Plan) line(n, each int, lambda, service, cv2, dt float64) tail {
	if (p.turns || each == 1 && p.Replica.chunk > 0) && n > 0 { // what a replica has begun in chunks stays there
		return queue(each, lambda/float64(n), service, cv2, p.Load.burst/float64(n), dt)
	}
	return queue(n*each, lambda, service, cv2, p.Load.burst, dt)
}

// use returns the utilisation of the GPUs of a replica that prefills for a share of the time and generates for a batch
// with a context of c tokens in the rest. A mean batch below one means that at times there is none.
func (p *Plan) use(r *Replica, prefill, batch, c float64) float64 {
	prefill = math.Min(1, prefill)
	b := math.Max(1, batch)
	arithmetic := b * r.model.ForwardFLOPs(c) / r.rate
	generate := decodeUse + mathUse*math.Min(1, arithmetic/r.Step(b, c))
	busy := -math.Expm1(-batch)
	return prefill*prefillUse + (1-prefill)*(busy*generate+(1-busy)*idleUse)
}
