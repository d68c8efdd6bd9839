package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
)

// Replica is the speed of one replica at full clock: immutable.
type Replica struct {
	model   transformer.Model
	engine  engine
	gpus    float64
	rate    float64 // FLOP/s that matrix work reaches on all its GPUs
	bytes   float64 // bandwidth that generation reaches on all its GPUs, B/s
	weights float64 // B
	kv      float64 // B a token
	room    float64 // B for the key-value cache
	limit   float64 // requests at once, whatever the memory
	chunk   float64 // tokens of prompts that a step takes beside generation; 0: whole prompts between steps
	missing float64 // share of a prompt that is in no prefix cache
}

// reserve is the share of device memory that activations, graphs and fragments take. Typical: engines hold 90 %.
const reserve = 0.10

// NewReplica returns the speed of a replica of a service on GPUs of a type.
func NewReplica(s *Spec, d training.Device) Replica {
	if s.Attained != nil {
		d.Efficiency, d.FP8Share = float64(*s.Attained), float64(*s.Attained)
	}
	m := transformer.New(&s.Model)
	g := float64(s.GPUs)
	size := 2.0
	if s.Precision == "fp8" {
		size = 1
	}
	r := Replica{model: m, engine: newEngine(s, &m, &d), gpus: g, rate: d.Rate(s.Precision) * g, bytes: d.Bandwidth * float64(s.Bandwidth) * g,
		weights: m.Parameters() * size, kv: m.KVBytes(s.KVBytes), limit: float64(s.MaxBatch), chunk: float64(s.Chunk), missing: 1}
	if s.PrefixHits != nil {
		r.missing -= float64(*s.PrefixHits)
	}
	r.room = d.Memory*g*(1-reserve) - r.weights
	return r
}

// iterate returns the time in s of a step in which b requests with ctx tokens of context in all get their next token, beside
// n tokens of k prompts that attend to pairs of tokens in all.
func (r *Replica) iterate(b, ctx, n, pairs, k float64) float64 {
	read := r.weights
	if r.model.Experts > 0 { // few tokens read only the experts that they choose
		share := 1 - math.Pow(1-r.model.Active/r.model.Experts, math.Max(b+n, 1))
		routed := r.model.Routed() / r.model.Parameters()
		read *= 1 - routed*(1-share)
	}
	memory := (read + ctx*r.kv) / r.bytes
	arithmetic := ((b+n)*r.model.ForwardFLOPs(0) + (ctx+pairs)*r.attention()) / r.rate
	reduces := 2 * r.model.Layers * r.engine.reduce(r.gpus, 2*(b+n)*r.model.Hidden)
	return r.engine.step(math.Max(memory, arithmetic)+reduces, b+k, n > 0)
}

// attention returns the FLOPs of a token that attends to one more.
func (r *Replica) attention() float64 { return r.model.ForwardFLOPs(1) - r.model.ForwardFLOPs(0) }

// pairs returns the pairs of tokens that attend to each other when n tokens follow c that are there already.
func pairs(c, n float64) float64 { return n * (c + n/2) }

// Prefill returns the time in s to process a prompt of n tokens of which none is cached, alone.
func (r *Replica) Prefill(n float64) float64 { return r.iterate(0, 0, n, pairs(0, n), 1) }

// PrefillBatch returns the time in s to process k prompts of n tokens each in one step.
func (r *Replica) PrefillBatch(k, n float64) float64 { return r.iterate(0, 0, k*n, k*pairs(0, n), k) }

// Step returns the time in s in which each of b requests with a mean context of c tokens gets its next token.
func (r *Replica) Step(b, c float64) float64 { return r.iterate(b, b*c, 0, 0, 0) }

// first is what a prompt of n tokens costs beside a batch of b requests with a mean context of c: the time from its begin to
// its first token, and how much longer the batch takes for it.
//
// Whole prompts stop the batch. In chunks, the batch goes on in longer steps: with what is left of each step's tokens.
func (r *Replica) first(n, b, c float64) (latency, taken float64) {
	cached := n * (1 - r.missing)
	left := n - cached
	if r.chunk == 0 {
		latency = r.iterate(0, 0, left, pairs(cached, left), 1)
		return latency, latency
	}
	size := math.Max(1, r.chunk-b)
	steps := math.Ceil(left / size)
	mixed := r.iterate(b, b*c, left/steps, pairs(cached, left)/steps, 1)
	pure := 0.0
	if b > 0 {
		pure = r.Step(b, c)
	}
	// What the last step of a prompt has left over goes to the next prompt.
	full := r.iterate(b, b*c, size, pairs(cached, left)*size/left, 1)
	return steps * mixed, left / size * math.Max(0, full-pure)
}

// Slots returns the number of requests that fit at once, at least 1, each of which needs room for full tokens when it is done.
func (r *Replica) Slots(full float64) float64 {
	return math.Max(1, math.Min(r.limit, math.Floor(r.room/(full*r.kv))))
}

// Capacity returns the most requests/s that a replica sustains, of the given prompt and output tokens.
func (r *Replica) Capacity(prompt, output float64) float64 {
	c := context(prompt, output)
	n := r.Slots(prompt + output)
	_, taken := r.first(prompt, n, c)
	x := 1 / (taken + output*r.Step(n, c)/n)
	if r.chunk > 0 {
		x = math.Min(x, (r.chunk-n)/(prompt*r.missing)/r.iterate(n, n*c, r.chunk-n, pairs(0, prompt)*(r.chunk-n)/prompt, 1)) // every step is full
	}
	return x
}

// context is the mean context of a request while it generates.
func context(prompt, output float64) float64 { return prompt + output/2 }

// steady returns the batch and the time per token in s of a replica at x requests/s and speed v. The batch is a fixed
// point, B = x·output·step(B)/(v - x·taken), found by bisection since step grows with B less than in proportion up to
// the capacity. A replica that only generates has nothing taken.
func (r *Replica) steady(x, prompt, output, v float64, apart bool) (batch, perToken float64) {
	c := context(prompt, output)
	n := r.Slots(prompt + output)
	at := func(b float64) float64 {
		b = math.Max(b, 1)
		free := 1.0
		if !apart {
			_, taken := r.first(prompt, b, c)
			free -= x * taken / v
		}
		if free <= 0 {
			return math.Inf(1)
		}
		return r.Step(b, c) / v / free
	}
	lo, hi := 0.0, n
	if t := at(hi); x*output*t >= hi {
		return n, t
	}
	for range 60 {
		mid := (lo + hi) / 2
		if x*output*at(mid) > mid {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi, at(hi)
}
