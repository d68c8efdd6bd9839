package serving

import (
	"math"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
)

// Replica is the speed of one replica at full clock: immutable.
type Replica struct {
	model    transformer.Model
	device   training.Device
	gpus     float64
	rate     float64 // FLOP/s that matrix work reaches on all its GPUs
	bytes    float64 // bandwidth that generation reaches on all its GPUs, B/s
	weights  float64 // B
	kv       float64 // B a token
	room     float64 // B for the key-value cache
	overhead float64 // s
	limit    float64 // requests at once, whatever the memory
}

// reserve is the share of device memory that activations, graphs and fragments take. Typical: engines hold 90 %.
const reserve = 0.10

func newReplica(s *Spec, d training.Device) Replica {
	if s.Attained != nil {
		d.Efficiency, d.FP8Share = float64(*s.Attained), float64(*s.Attained)
	}
	m := transformer.New(&s.Model)
	g := float64(s.GPUs)
	size := 2.0
	if s.Precision == "fp8" {
		size = 1
	}
	r := Replica{model: m, device: d, gpus: g, rate: d.Rate(s.Precision) * g, bytes: d.Bandwidth * float64(s.Bandwidth) * g,
		weights: m.Parameters() * size, kv: m.KVBytes(s.KVBytes), overhead: float64(s.Overhead), limit: float64(s.MaxBatch)}
	r.room = d.Memory*g*(1-reserve) - r.weights
	return r
}

// reduce returns the time in s of the two all-reduces a layer of the given number of tokens.
func (r *Replica) reduce(tokens float64) float64 {
	return 2 * r.model.Layers * r.device.AllReduce(int(r.gpus), 2*tokens*r.model.Hidden)
}

// Prefill returns the time in s to process a prompt of n tokens.
func (r *Replica) Prefill(n float64) float64 {
	flops := n * r.model.ForwardFLOPs(n/2)
	read := r.weights / r.bytes
	return math.Max(flops/r.rate, read) + r.reduce(n) + r.overhead
}

// Step returns the time in s in which each of b requests with a mean context of c tokens gets its next token.
func (r *Replica) Step(b, c float64) float64 {
	active := r.weights
	if r.model.Experts > 0 { // a small batch reads only the experts that its tokens choose
		share := 1 - math.Pow(1-r.model.Active/r.model.Experts, math.Max(b, 1))
		routed := r.model.Routed() / r.model.Parameters()
		active *= 1 - routed*(1-share)
	}
	memory := (active + b*c*r.kv) / r.bytes
	arithmetic := b * r.model.ForwardFLOPs(c) / r.rate
	return math.Max(memory, arithmetic) + r.reduce(b) + r.overhead
}

// Slots returns the number of requests with a mean context of c tokens that fit at once, at least 1.
func (r *Replica) Slots(c float64) float64 {
	return math.Max(1, math.Min(r.limit, math.Floor(r.room/(c*r.kv))))
}

// Capacity returns the most requests/s that a replica sustains, of the given prompt and output tokens.
func (r *Replica) Capacity(prompt, output float64) float64 {
	c := context(prompt, output)
	n := r.Slots(c)
	return 1 / (r.Prefill(prompt) + output*r.Step(n, c)/n)
}

// context is the mean context of a request while it generates.
func context(prompt, output float64) float64 { return prompt + output/2 }

// steady returns the batch and the time per token in s of a replica at x requests/s and speed v. The batch is a fixed
// point, B = x·output·step(B)/(v - x·prefill), found by bisection since step grows with B less than in proportion up to
// the capacity.
func (r *Replica) steady(x, prompt, output, v float64) (batch, perToken float64) {
	c := context(prompt, output)
	free := 1 - x*r.Prefill(prompt)/v
	n := r.Slots(c)
	if free <= 0 {
		return n, math.Inf(1)
	}
	at := func(b float64) float64 { return r.Step(math.Max(b, 1), c) / v / free }
	lo, hi := 0.0, n
	if x*output*at(hi) >= hi {
		return n, at(n)
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
