package training

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/storage"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// Site is what a run meets: its device, and how often the failures of the scenario interrupt it.
type Site struct {
	Device       Device
	Interruption func(nodes int) float64 // rate at which a job on so many nodes is interrupted, 1/s; nil: never
	Horizon      float64                 // work of a run that states neither tokens nor duration, s
	Storage      []*storage.Pool         // of the site
}

// Plan is a compiled run: immutable.
type Plan struct {
	Layout   Layout
	Step     Step
	Tokens   float64 // a step; samples where the work is stated by its cost
	Rate     float64 // tokens/s at full speed, between checkpoints
	FLOPs    float64 // model FLOP/s of one GPU
	MFU      float64 // of the peak of the precision, without recomputation
	Memory   float64 // B of device memory that the fullest GPU needs
	Weights  float64 // parameters
	Job      workload.Job
	Phases   []Phase
	Profile  *workload.Profile // utilisation over the job's progress, where evaluations break it; the job's own is not set
	Save     Save
	Expected float64 // effective training time ratio under the failures of the scenario, without queueing for nodes
}

// Save is how the run saves its progress: the job's checkpoint and what chose it.
type Save struct {
	Size         float64 // B
	Block        float64 // s that a checkpoint stops the run
	Write        float64 // s until it is safe in storage
	Every        float64 // s of run time between checkpoints; 0: never
	Restart      float64 // s from the restart of the job until it makes progress
	Interruption float64 // rate of interruptions that the interval was chosen for, 1/s

	Store *workload.Store // the tiers of the site's storage that it goes through; nil: it stops the run as stated above
}

// Phase is a share of every step in which all GPUs do the same.
type Phase struct {
	Name  string
	Share float64 // of the step
	GPU   float64 // utilisation, as the power curve of a GPU takes it: 1 is full power
}

// Utilisation of a GPU in each phase of a step, as shares of its power range. GEMM draws 0.9 to 1.0 of the design power,
// communication 0.35 to 0.6 (design notes of MLPerf and Llama 3 runs); the rest is typical.
const (
	matrixUse = 0.95
	memoryUse = 0.65
	commUse   = 0.40
	waitUse   = 0.20
	cpuUse    = 0.15
)

// Compile makes the plan of a run.
func Compile(s *Spec, site Site) (*Plan, error) {
	d := site.Device
	if err := d.Check(); err != nil {
		return nil, err
	}
	if s.Efficiency != nil {
		e := float64(*s.Efficiency)
		d.Efficiency, d.FP8Share, d.FP4Share = e, e, e
	}
	if s.GPUs > d.PerNode && s.GPUs%d.PerNode != 0 {
		return nil, fmt.Errorf("%s: %d GPUs are not whole nodes of %d: choose %d or %d",
			s.Name, s.GPUs, d.PerNode, s.GPUs/d.PerNode*d.PerNode, (s.GPUs/d.PerNode+1)*d.PerNode)
	}
	p := &Plan{Layout: layout(s)}
	samples := p.Layout.Batch()
	var flops float64 // of a sample, without recomputation
	if s.Work != nil {
		p.Weights, flops, p.Tokens = s.Work.Parameters, 3*s.Work.FLOPs, samples
		p.Memory = s.Work.memory(&p.Layout)
		p.Step = s.Work.time(&p.Layout, &d, s.Precision, float64(s.Jitter))
	} else {
		m := transformer.New(s.Model)
		length := float64(p.Layout.Sequence)
		p.Weights, flops, p.Tokens = m.Parameters(), length*m.TrainFLOPs(length, s.Attention != "unfused"), samples*length
		p.Memory = memory(&m, &p.Layout)
		p.Step = Time(&m, &p.Layout, &d, s.Precision, float64(s.Jitter))
	}
	if p.Memory > d.Memory {
		return nil, fmt.Errorf("%s: the model needs about %s on each GPU, which has %s: %s",
			s.Name, unit.Data(p.Memory), unit.Data(d.Memory), remedy(s))
	}
	p.Rate = p.Tokens / p.Step.Total
	p.FLOPs = samples * flops / p.Step.Total / float64(s.GPUs)
	p.MFU = p.FLOPs / d.peak(s.Precision)
	p.Phases = phases(&p.Step)

	nodes := max(1, s.GPUs/d.PerNode)
	if err := p.save(s, &d, nodes, &site); err != nil {
		return nil, err
	}
	p.job(s, &d, nodes, site.Horizon)
	return p, p.feed(s, &site)
}

// Describe returns a line for people about the run.
func (p *Plan) Describe(name string) string {
	save := "no checkpoints"
	if p.Save.Every > 0 {
		save = fmt.Sprintf("a checkpoint every %s that blocks %s", unit.DurationKind.Format(p.Save.Every, 3), unit.DurationKind.Format(p.Save.Block, 2))
	}
	return fmt.Sprintf("training %s: %d GPUs, step %s, %.3g M tokens/s, MFU %.1f %%, %s, expected ETTR %.1f %%", name, p.Layout.GPUs(),
		unit.DurationKind.Format(p.Step.Total, 3), p.Rate/1e6, 100*p.MFU, save, 100*p.Expected)
}

// Check says which figure is missing.
func (d *Device) Check() error {
	for _, f := range []struct {
		name  string
		value float64
	}{{"bf16", d.BF16}, {"memory", d.Memory}, {"memory bandwidth", d.Bandwidth}, {"network bandwidth", d.Network},
		{"GPUs of a domain", float64(d.Domain)}, {"GPUs of a node", float64(d.PerNode)}} {
		if !(f.value > 0) {
			return fmt.Errorf("the GPU type %s states no %s, which training and serving need", d.Name, f.name)
		}
	}
	return nil
}

// layout fills in what the spec leaves open.
func layout(s *Spec) Layout {
	p := &s.Parallel
	l := Layout{Tensor: max(1, p.Tensor), Pipeline: max(1, p.Pipeline), Context: max(1, p.Context), Expert: max(1, p.Expert),
		Interleave: p.Interleave, MicroBatch: max(1, s.MicroBatch), Sequence: s.Sequence, SequenceParallel: p.Sequence,
		Overlap: float64(p.Overlap), Recompute: s.Recompute, Unfused: s.Attention == "unfused",
		Sharding: sharding(p.Sharding), Gradient: gradient(p.Gradients, s.Precision)}
	l.Data = max(1, s.GPUs/(l.Tensor*l.Pipeline*l.Context))
	layers := 1
	if s.Model != nil {
		layers = s.Model.Layers
		if l.Sequence == 0 {
			l.Sequence = s.Model.Context
		}
	}
	switch {
	case l.Pipeline == 1:
		l.Interleave = 1
	case l.Interleave == 0:
		l.Interleave = interleave(layers, l.Pipeline, 8)
	}
	each := l.Data * l.MicroBatch
	l.MicroBatches = max(1, (s.GlobalBatch+each-1)/each)
	return l
}

// sharding returns the ZeRO stage of a name.
func sharding(name string) int {
	switch name {
	case "none":
		return 0
	case "gradients":
		return 2
	case "full":
		return 3
	}
	return 1
}

// gradient returns the bytes of a gradient on the wire.
func gradient(format, precision string) float64 {
	if format == "bf16" || (format != "fp32" && precision != "bf16") {
		return 2
	}
	return 4
}

// remedy says what would make a run fit.
func remedy(s *Spec) string {
	if s.Work != nil {
		return "lower micro_batch, or write sharding: full"
	}
	if s.Recompute != "full" {
		return "raise tensor, pipeline or context parallelism, divide states with sharding: full, or recompute activations"
	}
	return "raise tensor, pipeline or context parallelism, or divide states with sharding: full"
}

// interleave returns the number of pieces a stage, at most limit, that leave whole layers.
func interleave(layers, stages, limit int) int {
	for v := limit; v > 1; v-- {
		if layers/(stages*v) >= 1 {
			return v
		}
	}
	return 1
}

// memory returns the bytes that the fullest GPU needs: parameters, gradients and optimizer ([stateBytes]), and the activations
// of the micro-batches in flight (Korthikanti §4: 34sbh a layer, 10 of them undivided without sequence parallelism).
func memory(m *transformer.Model, l *Layout) float64 {
	states := stateBytes(heldParameters(m, l), l)
	if l.Sharding == 3 { // two layers at a time are whole
		states += 2 * 2 * (m.Parameters() - m.Routed() + m.Routed()/float64(l.Expert)) / m.Layers / float64(l.Tensor)
	}
	t, p, v := float64(l.Tensor), float64(l.Pipeline), float64(l.Interleave)
	tokens := float64(l.MicroBatch) * float64(l.Sequence) / float64(l.Context)
	layer := 34 * tokens * m.Hidden / t
	if !l.SequenceParallel {
		layer = (10 + 24/t) * tokens * m.Hidden
	}
	if l.Unfused && l.Recompute == "none" {
		layer += 5 * m.Heads * tokens * float64(l.Sequence) / t
	}
	flight := math.Min(float64(l.MicroBatches), p+(p-1)/v)
	if v == 1 {
		flight = math.Min(float64(l.MicroBatches), p)
	}
	layers := math.Ceil(m.Layers / p)
	if l.Recompute == "full" { // the inputs of the layers, and one layer at work
		return states + 2*tokens*m.Hidden/t*layers*flight + layer
	}
	return states + layer*layers*flight
}

func phases(s *Step) []Phase {
	return []Phase{
		{"matrix", s.Matrix / s.Total, matrixUse},
		{"memory", (s.Memory + s.Optimizer) / s.Total, memoryUse},
		{"communication", (s.Comm + s.Data) / s.Total, commUse},
		{"wait", (s.Bubble + s.Jitter) / s.Total, waitUse},
	}
}

// Use returns the mean utilisation of a GPU over a step.
func (p *Plan) Use() float64 {
	u := 0.0
	for _, ph := range p.Phases {
		u += ph.Share * ph.GPU
	}
	return u
}

// save chooses how the run saves its progress.
func (p *Plan) save(s *Spec, d *Device, nodes int, site *Site) error {
	c := &s.Checkpoint
	v := &p.Save
	v.Size = 14 * p.Weights
	if c.Size != nil {
		v.Size = float64(*c.Size)
	}
	bandwidth := 1e9 * float64(nodes)
	if c.Bandwidth != nil {
		bandwidth = float64(*c.Bandwidth)
	}
	v.Write = v.Size / bandwidth
	v.Block = float64(c.Stall)
	if c.Write != "sync" && c.Copy > 0 {
		v.Block += v.Size / float64(s.GPUs) / float64(c.Copy)
	} else if len(c.Tiers) == 0 {
		v.Block += v.Write
	}
	if len(c.Tiers) > 0 {
		st, err := storage.Store(&c.StoreSpec, site.Storage, v.Size, nodes, d.Network*float64(d.PerNode))
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if st.Snapshot, st.Sync, st.Rule = v.Block, c.Write == "sync", c.Every; st.Sync {
			v.Block += st.Expected
		}
		v.Store, v.Write = st, st.Expected
	}
	v.Restart = 180 + v.Write
	if v.Store != nil {
		v.Restart = 180 + v.Store.Reading
	}
	if c.Restart != nil {
		v.Restart = float64(*c.Restart)
	}
	if site.Interruption != nil {
		v.Interruption = site.Interruption(nodes)
	}
	v.Every = Choose(c.Every, v.Block, 1/v.Interruption)
	if v.Every > 0 {
		// The next copy cannot begin before the last one is in storage.
		v.Every = math.Max(v.Every, math.Max(v.Write, p.Step.Total))
	}
	if v.Store != nil {
		v.Store.Every, v.Store.Least, v.Store.Rate = v.Every, math.Max(v.Store.Near, p.Step.Total), v.Interruption
	}
	return nil
}

// job makes the job that the scheduler sees.
func (p *Plan) job(s *Spec, d *Device, nodes int, horizon float64) {
	j := &p.Job
	*j = workload.Job{ID: s.Name, Name: s.Name, User: s.User, Queue: s.Queue, Class: workload.Train, Submit: float64(s.Submit),
		Parts: int32(nodes), Whole: s.GPUs >= d.PerNode, Work: horizon, Priority: s.Priority, Profile: -1,
		Util: workload.Util{GPU: p.Use(), CPU: cpuUse}}
	j.Part[workload.GPU] = float64(min(s.GPUs, d.PerNode))
	switch {
	case s.Tokens != nil:
		j.Work = *s.Tokens / p.Rate
	case s.Duration != nil:
		j.Work = float64(*s.Duration)
	}
	if e := &s.Evaluation; e.Every > 0 {
		if s.Tokens != nil {
			j.Work *= 1 + float64(e.For)/float64(e.Every)
		}
		p.Profile = evaluations(e, j.Work, p.Use())
	}
	if n := p.Step.Network; n.Busy > 0 && nodes > 1 {
		j.Exchange = &workload.Exchange{Each: float64(d.PerNode) * p.Step.Sends, Mesh: p.Step.Mesh, Stride: p.Step.Stride, Profile: n}
	}
	v := &p.Save
	j.Checkpoint = workload.Checkpoint{Every: v.Every, Cost: v.Block, Restart: v.Restart}
	if v.Store != nil {
		init := 180.0
		if s.Checkpoint.Restart != nil {
			init = float64(*s.Checkpoint.Restart)
		}
		j.Checkpoint = workload.Checkpoint{Restart: init}
		j.Store = v.Store
	}
	p.Expected = ETTRRenewal(v.Interruption, v.Restart, v.Every, v.Block)
	if v.Every == 0 { // an interruption loses everything
		p.Expected = ETTRRenewal(v.Interruption, v.Restart, j.Work, 0)
	}
}

// feed says from which storage the samples come, and how fast they are needed.
func (p *Plan) feed(s *Spec, site *Site) error {
	if s.Data == nil {
		return nil
	}
	samples := p.Layout.Batch() / p.Step.Total
	data, err := storage.Feed(s.Data, site.Storage, samples)
	if err != nil {
		return fmt.Errorf("%s: %w", s.Name, err)
	}
	p.Job.Data = data
	return nil
}
