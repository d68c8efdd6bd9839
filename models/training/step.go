package training

import (
	"math"

	"github.com/halltwin/halltwin/models/transformer"
)

// Layout is how a run is divided: every degree is at least 1.
type Layout struct {
	Tensor, Pipeline, Interleave, Context, Expert, Data int
	MicroBatches                                        int // of one data-parallel rank in a step
	MicroBatch                                          int // sequences in each
	Sequence                                            int // tokens of a sequence
	SequenceParallel                                    bool
	Overlap                                             float64 // share of the tensor transfers hidden behind matrix work
	Recompute                                           string  // none, selective, full
	Unfused                                             bool    // attention stores its scores and computes what the mask hides
}

// Batch returns the sequences of a step.
func (l *Layout) Batch() float64 {
	return float64(l.MicroBatches) * float64(l.MicroBatch) * float64(l.Data)
}

// GPUs returns the number of GPUs.
func (l *Layout) GPUs() int { return l.Tensor * l.Pipeline * l.Context * l.Data }

// Step is where the time of one training step goes, in s, on the rank that sets the pace.
type Step struct {
	Total     float64
	Matrix    float64 // GEMM and attention
	Memory    float64 // norms, activation functions, dropout
	Comm      float64 // tensor, context, expert and pipeline transfers that nothing hides
	Bubble    float64 // waiting for the pipeline to fill and drain
	Data      float64 // exchange of gradients and parameters that nothing hides
	Optimizer float64
	Jitter    float64 // waiting for the slowest rank
}

// Time returns the step of a model on a device. Jitter is the standard deviation of the ranks' step times as a share.
func Time(m *transformer.Model, l *Layout, d *Device, precision string, jitter float64) Step {
	c := costs(m, l, d, precision)
	stage := c.stage(m, l)
	n := float64(l.MicroBatches)
	p, v := float64(l.Pipeline), float64(l.Interleave)

	transfers := 0.0
	if l.Pipeline > 1 {
		bytes := 2 * c.tokens * m.Hidden
		if l.SequenceParallel {
			bytes /= float64(l.Tensor)
		}
		transfers = 2 * v * d.send(l.Tensor*l.Context*l.Data, bytes)
	}

	s := Step{Matrix: n * stage.matrix, Memory: n * stage.memory, Comm: n * (stage.comm + transfers)}
	micro := stage.matrix + stage.memory + stage.comm + transfers
	s.Bubble = (p - 1) / v * micro
	s.Data = exchange(m, l, d, micro)
	s.Optimizer = optimizer(m, l, d)
	sum := n*micro + s.Bubble + s.Data + s.Optimizer
	s.Jitter = sum * jitter * math.Sqrt(2*math.Log(float64(max(1, l.GPUs()))))
	s.Total = sum + s.Jitter
	return s
}

// cost is time of one micro-batch, forward and backward, in s.
type cost struct{ matrix, memory, comm float64 }

func (c cost) total() float64 { return c.matrix + c.memory + c.comm }

func (c cost) scale(f float64) cost { return cost{c.matrix * f, c.memory * f, c.comm * f} }

// layerOverhead is the time in s of one forward pass through a layer that no size shortens: the launch of a dozen
// kernels and their first and last waves. Fitted with the efficiency of the A100 on Narayanan et al., SC 2021, table 1.
const layerOverhead = 100e-6

type layerCosts struct {
	layer, head cost
	tokens      float64 // of a micro-batch on one rank
}

// costs returns the cost of one layer and of the output head.
func costs(m *transformer.Model, l *Layout, d *Device, precision string) layerCosts {
	t, b, s := float64(l.Tensor), float64(l.MicroBatch), float64(l.Sequence)
	tokens := b * s / float64(l.Context)
	rate := d.Rate(precision)

	gemm := 2 * m.LayerActive() * tokens / t
	attention := 4 * b * s * s * m.Width() / (t * float64(l.Context))
	if !l.Unfused {
		attention /= 2 // the mask is causal
	}
	// Attention runs in BF16 whatever the precision of the GEMM.
	attentionTime := attention / d.Rate("bf16")
	gemmTime := gemm / rate

	// Activations of a layer (Korthikanti §4.1): 10sbh of norms, inputs and dropout masks, 24sbh inside the divided parts,
	// and 5 bytes a score where attention stores them. Each is written once and read once.
	outer := 10 * tokens * m.Hidden
	if l.SequenceParallel {
		outer /= t
	}
	inner := 24 * tokens * m.Hidden / t
	scores := 0.0
	if l.Unfused {
		scores = 5 * m.Heads * b * s * s / (t * float64(l.Context))
	}
	memory := 2*(outer+inner+scores)/d.Bandwidth + layerOverhead

	// Transfers of one pass.
	tensor := 0.0
	if l.Tensor > 1 {
		tensor = 2 * (1 - l.Overlap) * d.reduce(d.group(l.Tensor, 1), 2*tokens*m.Hidden)
	}
	context := 0.0
	if l.Context > 1 {
		gather := d.gather(d.group(l.Context, l.Tensor), 2*2*b*s*m.KVWidth()/t)
		context = math.Max(0, gather-attentionTime)
	}
	expert := 0.0
	if l.Expert > 1 {
		sparse := (m.Layers - m.Dense) / m.Layers
		expert = 2 * sparse * d.shuffle(d.group(l.Expert, l.Tensor), 2*m.Active*tokens*m.Hidden/t)
	}
	comm := tensor + context + expert

	layer := cost{matrix: 3 * (gemmTime + attentionTime), memory: 3 * memory, comm: 2 * comm}
	switch l.Recompute {
	case "full":
		layer.matrix += gemmTime + attentionTime
		layer.memory += memory
		layer.comm += comm
	case "selective":
		layer.matrix += attentionTime
		layer.memory += 2 * scores / d.Bandwidth
	}
	if !l.Unfused {
		layer.matrix += attentionTime / 2 // flash attention computes the scores again in its backward pass
	}
	head := cost{matrix: 3 * 2 * m.HeadParameters() * tokens / t / rate}
	return layerCosts{layer, head, tokens}
}

// stage returns the cost of the slowest stage. Where the layers do not divide, the stage with the head takes fewer.
func (c *layerCosts) stage(m *transformer.Model, l *Layout) cost {
	p := float64(l.Pipeline)
	layers := math.Ceil(m.Layers / p)
	full := c.layer.scale(layers)
	last := c.layer.scale(m.Layers - layers*(p-1))
	last.matrix += c.head.matrix
	if last.total() > full.total() {
		return last
	}
	return full
}

// exchange returns the time in s of the exchange between data-parallel ranks that nothing hides: gradients (4 bytes) are
// reduced behind the last backward pass, parameters (2 bytes) gathered behind the first forward pass.
func exchange(m *transformer.Model, l *Layout, d *Device, micro float64) float64 {
	ranks := l.Data * l.Context
	if ranks == 1 {
		return 0
	}
	g := d.group(ranks, l.Tensor)
	if l.Context > 1 && l.Data > 1 && l.Tensor*l.Context > d.Domain {
		g = d.group(ranks, d.Domain)
	}
	held := heldParameters(m, l)
	gradients, parameters := d.gather(g, 4*held), d.gather(g, 2*held)
	return math.Max(0, gradients-micro*2/3) + math.Max(0, parameters-micro/3)
}

// heldParameters returns the parameters that one rank holds: experts divide over their own group.
func heldParameters(m *transformer.Model, l *Layout) float64 {
	routed := m.Routed()
	return ((m.Parameters() - routed) + routed/float64(l.Expert)) / float64(l.Tensor*l.Pipeline)
}

// optimizer returns the time in s of the update, whose state is divided over the data-parallel ranks (ZeRO stage 1):
// about 30 bytes read and written a parameter for Adam with a master copy.
func optimizer(m *transformer.Model, l *Layout, d *Device) float64 {
	return 30 * heldParameters(m, l) / float64(l.Data*l.Context) / d.Bandwidth
}
