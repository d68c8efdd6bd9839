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
	Capacity float64 // requests/s that the replicas that were up could take
	Batch    float64 // mean requests that a replica generated for at once
	Wait     float64 // mean time before prefill began, s
	TTFT     float64 // time to first token that 99 % of the requests kept, s
	TPOT     float64 // time per output token that 99 % of the requests kept, s
	Met      float64 // share of the requests within both limits
	Prompt   float64 // prompt tokens/s served
	Output   float64 // tokens/s generated
	Use      float64 // mean utilisation of the GPUs of a replica that is up
	Missed   Cause   // why, where Met is below 99 %
}

// Cause is why a service missed its level.
type Cause uint8

// The causes.
const (
	Nothing  Cause = iota // it did not
	Overload              // all replicas at full speed would have missed it too
	Replicas              // too few were up
	Throttle              // they were too slow
	Backlog               // work left from before
)

var causeNames = [...]string{"", "load above capacity", "replicas down", "throttled GPUs", "backlog"}

func (c Cause) String() string { return causeNames[c] }

// level returns how n replicas at speed v do under traffic t over dt seconds in which the backlog goes from b0 to b1
// requests. Missed is left open.
func (p *Plan) level(t workload.Traffic, n int, v, b0, b1, dt float64) Level {
	l := Level{Load: t.Requests}
	if n == 0 || v <= 0 {
		return l
	}
	r := &p.Replica
	if t.Requests <= 0 {
		l.Met, l.Use = 1, idleUse
		l.Capacity = float64(n) * v * r.Capacity(math.Max(1, p.Load.prompt), math.Max(1, p.Load.output))
		return l
	}
	prompt, output := t.Input/t.Requests, t.Output/t.Requests
	l.Capacity = float64(n) * v * r.Capacity(prompt, output)
	served := math.Max(0, t.Requests+(b0-b1)/dt)
	x := served / float64(n)
	l.Prompt, l.Output = served*prompt, served*output

	batch, perToken := r.steady(x, prompt, output, v)
	l.Batch = batch
	c := context(prompt, output)
	free := math.Max(1e-9, 1-x*r.Prefill(prompt)/v)

	// Latency of every prompt length, and the first two moments of its prefill.
	var prefill [points]float64
	mean, square := 0.0, 0.0
	for i, q := range p.lengths {
		prefill[i] = r.Prefill(q*prompt) / v
		mean += prefill[i] / points
		square += prefill[i] * prefill[i] / points
	}
	first := queue(n, served, mean, square/(mean*mean)-1, dt)
	residence := output * perToken
	slots := r.Slots(prompt+output) * float64(n)
	slot := queue(int(slots), math.Min(served, slots/residence), residence, p.Load.outputCV*p.Load.outputCV, dt)

	// What a request waits for whatever its luck: half a step, and the backlog before it, which changes over the interval.
	step := r.Step(math.Max(1, batch), c) / v
	floor := []float64{step / 2}
	if b0 > 0 || b1 > 0 {
		floor = []float64{0.125, 0.375, 0.625, 0.875}
		for k, f := range floor {
			floor[k] = step/2 + (b0+(b1-b0)*f)/l.Capacity
		}
	}
	within := func(y float64) float64 {
		sum := 0.0
		for _, f := range floor {
			for _, s := range prefill {
				rest := y - f - s
				// The two waits seldom meet: the sum of their tails bounds the tail of their sum from above.
				sum += math.Max(0, 1-first.above(rest)-slot.above(rest))
			}
		}
		return sum / float64(len(floor)*points)
	}
	l.Wait = first.mean() + slot.mean() + (b0+b1)/2/l.Capacity
	l.TTFT = quantile(within, floor[0]+floor[len(floor)-1]+mean)

	// The time per token varies with the batch, whose number is Poisson.
	spread := (r.Step(math.Max(1, batch+math.Sqrt(batch)), c) - r.Step(math.Max(1, batch), c)) / v / free
	l.TPOT = perToken + mathext.NormalQuantile(target)*spread
	fast := 1.0
	if spread > 0 {
		fast = 0.5 * math.Erfc(-(p.TPOT-perToken)/spread/math.Sqrt2)
	} else if perToken > p.TPOT {
		fast = 0
	}
	l.Met = within(p.TTFT) * fast

	l.Use = p.use(x*r.Prefill(prompt)/v, batch, c)
	return l
}

// quantile returns the y at which a rising share reaches the target, from a first guess of its scale.
func quantile(within func(float64) float64, guess float64) float64 {
	hi := guess
	for i := 0; within(hi) < target && i < 60; i++ {
		hi *= 2
	}
	lo := 0.0
	for hi-lo > 1e-6*hi {
		if mid := (lo + hi) / 2; within(mid) < target {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}

// use returns the utilisation of the GPUs of a replica that prefills for a share of the time and generates for a batch
// with a context of c tokens in the rest. A mean batch below one means that at times there is none.
func (p *Plan) use(prefill, batch, c float64) float64 {
	r := &p.Replica
	prefill = math.Min(1, prefill)
	b := math.Max(1, batch)
	arithmetic := b * r.model.ForwardFLOPs(c) / r.rate
	generate := decodeUse + mathUse*math.Min(1, arithmetic/r.Step(b, c))
	busy := -math.Expm1(-batch)
	return prefill*prefillUse + (1-prefill)*(busy*generate+(1-busy)*idleUse)
}
