package training

import (
	"math"

	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/transformer"
)

// Layout is how a run is divided: every degree is at least 1.
type Layout struct {
	Tensor, Pipeline, Interleave, Context, Expert, Data int
	MicroBatches                                        int // of one data-parallel rank in a step
	Sharding                                            int // ZeRO stage: 0 none, 1 optimizer, 2 and gradients, 3 and parameters
	MicroBatch                                          int // sequences in each
	Sequence                                            int // tokens of a sequence
	SequenceParallel                                    bool
	Gradient                                            float64 // bytes of a gradient on the wire; 0: 4
	Overlap                                             float64 // share of the tensor transfers hidden behind matrix work
	Recompute                                           string  // none, selective, full
	Unfused                                             bool    // attention stores its scores and computes what the mask hides
}

// Batch returns the sequences of a step.
func (l *Layout) Batch() float64 {
	return float64(l.MicroBatches) * float64(l.MicroBatch) * float64(l.Data)
}

func (l *Layout) gradientBytes() float64 {
	if l.Gradient > 0 {
		return l.Gradient
	}
	return 4
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

	Network fabric.Profile // what the step asks of the network between nodes
	Sends   float64        // B/s of a GPU while transfers are under way
	Mesh    bool           // its nodes talk all with all: experts
	Stride  int            // of its rings, nodes
}

// Time returns the step of a model on a device. Jitter is the standard deviation of the ranks' step times as a share.
func Time(m *transformer.Model, l *Layout, d *Device, precision string, jitter float64) Step {
	c := costs(m, l, d, precision)
	stage := c.stage(m, l)
	n := float64(l.MicroBatches)
	p, v := float64(l.Pipeline), float64(l.Interleave)

	transfers, far := 0.0, 0.0
	if l.Pipeline > 1 {
		bytes := 2 * c.tokens * m.Hidden
		if l.SequenceParallel {
			bytes /= float64(l.Tensor)
		}
		stride := l.Tensor * l.Context * l.Data
		transfers = 2 * v * d.send(stride, bytes)
		if stride >= d.Domain {
			far = transfers
		}
	}

	s := Step{Matrix: n * stage.matrix, Memory: n * stage.memory, Comm: n * (stage.comm + transfers)}
	micro := stage.matrix + stage.memory + stage.comm + transfers
	s.Bubble = (p - 1) / v * micro
	x := exchange(m, l, d, micro)
	s.Data = x.exposed
	s.Optimizer = optimizer(m, l, d)
	sum := n*micro + s.Bubble + s.Data + s.Optimizer
	s.Jitter = straggling(sum, jitter, l.GPUs())
	s.Total = sum + s.Jitter
	far = n * (far + stage.far)
	s.Network = fabric.Profile{Busy: (far + x.busy) / s.Total, Exposed: (far + x.exposed) / s.Total, Window: x.window / s.Total}
	s.Mesh = stage.far > 0 && l.Expert > 1
	s.Sends, s.Stride = d.sends(d.group(l.Data*l.Context, l.Tensor), s.Mesh, l.GPUs())
	return s
}

// straggling returns the wait in s for the slowest of n ranks, whose step times scatter by a share.
func straggling(step, share float64, n int) float64 {
	return step * share * math.Sqrt(2*math.Log(float64(max(1, n))))
}

// cost is time of one micro-batch, forward and backward, in s.
type cost struct {
	matrix, memory, comm float64
	far                  float64 // of comm, between nodes
}

func (c cost) total() float64 { return c.matrix + c.memory + c.comm }

func (c cost) scale(f float64) cost { return cost{c.matrix * f, c.memory * f, c.comm * f, c.far * f} }

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
	comm, far := 0.0, 0.0
	add := func(g group, time float64) {
		comm += time
		if g.outer > 1 {
			far += time
		}
	}
	if l.Tensor > 1 {
		g := d.group(l.Tensor, 1)
		add(g, 2*(1-l.Overlap)*d.reduce(g, 2*tokens*m.Hidden))
	}
	if l.Context > 1 {
		g := d.group(l.Context, l.Tensor)
		add(g, math.Max(0, d.gather(g, 2*2*b*s*m.KVWidth()/t)-attentionTime))
	}
	if l.Expert > 1 {
		g := d.group(l.Expert, l.Tensor)
		sparse := (m.Layers - m.Dense) / m.Layers
		add(g, 2*sparse*d.shuffle(g, 2*m.Active*tokens*m.Hidden/t))
	}

	layer := cost{matrix: 3 * (gemmTime + attentionTime), memory: 3 * memory, comm: 2 * comm, far: 2 * far}
	switch l.Recompute {
	case "full":
		layer.matrix += gemmTime + attentionTime
		layer.memory += memory
		layer.comm += comm
		layer.far += far
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
