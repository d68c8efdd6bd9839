package training

import (
	"fmt"

	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// Spec is one training run.
type Spec struct {
	Name  string `yaml:"name" doc:"name of the job" required:"true"`
	User  string `yaml:"user" doc:"who submits it"`
	Queue string `yaml:"queue" doc:"queue it joins"`

	Model       *transformer.Spec `yaml:"model" doc:"the language model that is trained"`
	Work        *WorkSpec         `yaml:"work" doc:"what one sample costs, instead of model: any other network"`
	GPUs        int               `yaml:"gpus" doc:"GPUs in all" required:"true" range:"[1,)"`
	Parallel    ParallelSpec      `yaml:"parallel" doc:"how the work is divided"`
	MicroBatch  int               `yaml:"micro_batch" doc:"sequences that pass the pipeline together" default:"1" range:"[1,)"`
	GlobalBatch int               `yaml:"global_batch" doc:"sequences a step, rounded up to whole micro-batches on every data-parallel rank" default:"2048" source:"Llama 3: 16 M tokens of 8,192" range:"[1,)"`
	Sequence    int               `yaml:"sequence" doc:"tokens of a sequence; 0: the context of the model" default:"0" range:"[0,)"`
	Precision   string            `yaml:"precision" doc:"arithmetic of the matrix work; attention stays in BF16. What a GPU type lacks runs as the next wider" enum:"bf16,fp8,int8,fp4" default:"bf16"`
	Recompute   string            `yaml:"recompute" doc:"activations computed again in the backward pass: none, those of attention, or all" enum:"none,selective,full" default:"none"`
	Attention   string            `yaml:"attention" doc:"flash skips what a causal mask hides and keeps scores on chip; unfused computes and stores all of them" enum:"flash,unfused" default:"flash"`
	Efficiency  *unit.Ratio       `yaml:"efficiency" doc:"share of the peak that matrix work reaches; absent: that of the GPU type" range:"(0,1]"`
	Jitter      unit.Ratio        `yaml:"jitter" doc:"standard deviation of the step time between ranks; the slowest sets the pace" default:"0.4 %" source:"typical" range:"[0,0.2]"`

	Submit   unit.Duration  `yaml:"submit" doc:"when it is submitted, from the start" default:"0 s"`
	Tokens   *float64       `yaml:"tokens" doc:"tokens to train on, or samples where work is stated; absent: duration, or to the end of the run" range:"(0,)"`
	Duration *unit.Duration `yaml:"duration" doc:"run time at full speed without failures, instead of tokens" range:"(0,)"`
	Priority float64        `yaml:"priority" doc:"larger is more urgent" default:"0"`

	Checkpoint CheckpointSpec     `yaml:"checkpoint" doc:"how it saves its progress"`
	Data       *workload.DataSpec `yaml:"data" doc:"the storage that its samples are read from; without it they are there when they are needed"`
	Evaluation EvaluationSpec     `yaml:"evaluation" doc:"pauses to measure the quality of the model"`
}

// WorkSpec is a network by its cost: of one sample, forward.
type WorkSpec struct {
	FLOPs       float64   `yaml:"flops" doc:"FLOPs of the forward pass; the backward pass takes twice that" required:"true" range:"(0,)"`
	Bytes       unit.Data `yaml:"bytes" doc:"device memory that the forward pass reads and writes beside its matrix work" default:"0 B" range:"[0,)"`
	Parameters  float64   `yaml:"parameters" doc:"parameters" required:"true" range:"(0,)"`
	Activations unit.Data `yaml:"activations" doc:"device memory that one sample holds until its backward pass" default:"0 B" range:"[0,)"`
}

// EvaluationSpec is pauses of training in which the model is evaluated: all GPUs dip together.
type EvaluationSpec struct {
	Every unit.Duration `yaml:"every" doc:"training time between evaluations; 0: none" default:"0 s" range:"[0,)"`
	For   unit.Duration `yaml:"for" doc:"length of one" default:"40 s" source:"typical: 8–40 s in MLPerf Training v4.0 logs" range:"(0,)"`
	GPU   unit.Ratio    `yaml:"gpu" doc:"GPU utilisation in it: a forward pass only" default:"60 %" source:"typical" range:"[0,1]"`
}

// ParallelSpec divides the work.
type ParallelSpec struct {
	Tensor     int        `yaml:"tensor" doc:"GPUs that share every matrix" default:"1" range:"[1,)"`
	Pipeline   int        `yaml:"pipeline" doc:"stages of layers" default:"1" range:"[1,)"`
	Interleave int        `yaml:"interleave" doc:"pieces of the model that each stage holds; 0: as many as leave whole layers, at most 8" default:"0" range:"[0,)"`
	Context    int        `yaml:"context" doc:"GPUs that share every sequence" default:"1" range:"[1,)"`
	Expert     int        `yaml:"expert" doc:"GPUs that share the experts, out of the data-parallel ones" default:"1" range:"[1,)"`
	Overlap    unit.Ratio `yaml:"overlap" doc:"share of the transfers between tensor ranks that is hidden behind matrix work" default:"60 %" source:"typical of Transformer Engine; 0 in older programs" range:"[0,1]"`
	Data       int        `yaml:"data" doc:"replicas; 0: what remains of the GPUs" default:"0" range:"[0,)"`
	Sharding   string     `yaml:"sharding" doc:"what data-parallel ranks divide: nothing, the optimizer state (ZeRO-1), gradients too (ZeRO-2), or all (ZeRO-3, FSDP)" enum:"none,optimizer,gradients,full" default:"optimizer"`
	Gradients  string     `yaml:"gradients" doc:"format in which gradients travel; auto: fp32 of bf16 runs, bf16 of narrower ones, as recipes do" enum:"auto,fp32,bf16" default:"auto"`
	Sequence   bool       `yaml:"sequence" doc:"norms and dropout are divided over the tensor ranks too" default:"true"`
}

// CheckpointSpec is how a run saves its progress.
type CheckpointSpec struct {
	Every     workload.Interval `yaml:"every" doc:"run time between checkpoints, never, or the rule that chooses it: auto or daly (Daly's optimum), young, or optimal (the optimum under the interruptions and the blocking time that the run has seen, chosen anew at every checkpoint that goes to site.storage); all under the failures of the scenario" default:"auto"`
	Write     string            `yaml:"write" doc:"sync: the run waits for storage; async: it waits for a copy to host memory only" enum:"async,sync" default:"async"`
	Size      *unit.Data        `yaml:"size" doc:"size of a checkpoint; absent: 14 bytes a parameter" range:"(0,)"`
	Bandwidth *unit.Bandwidth   `yaml:"bandwidth" doc:"write bandwidth of storage for the whole job; absent: 1 GB/s a node, or what the tiers give" range:"(0,)"`
	Copy      unit.Bandwidth    `yaml:"copy" doc:"bandwidth of the copy to host memory, for each GPU" default:"10 GB/s" source:"typical of PCIe 5 in service" range:"(0,)"`
	Stall     unit.Duration     `yaml:"stall" doc:"time that every checkpoint blocks the run beside the copy or the write: barrier and planning" default:"2 s" source:"typical" range:"[0,)"`
	Restart   *unit.Duration    `yaml:"restart" doc:"time from the restart of the job until it makes progress; absent: 3 min and the time to read the checkpoint; with tiers the reading always comes on top" range:"[0,)"`

	workload.StoreSpec `yaml:",inline"`
}

// Validate checks what tags cannot say.
func (s *Spec) Validate(fail func(path, msg string)) {
	p := &s.Parallel
	if len(s.Checkpoint.Tiers) > 0 && s.Checkpoint.Bandwidth != nil {
		fail("checkpoint.bandwidth", "the tiers have a bandwidth of their own: leave bandwidth or tiers out")
	}
	if s.Tokens != nil && s.Duration != nil {
		fail("tokens", "give either tokens or duration")
	}
	if (s.Model == nil) == (s.Work == nil) {
		fail("model", "say what is trained: either model, a language model, or work, what a sample costs")
	}
	used := p.Tensor * p.Pipeline * p.Context
	if used < 1 {
		return // each of them has been complained about
	}
	switch {
	case s.GPUs%used != 0:
		fail("gpus", fmt.Sprintf("%d GPUs do not divide into tensor %d × pipeline %d × context %d = %d: choose a multiple, such as %d",
			s.GPUs, p.Tensor, p.Pipeline, p.Context, used, max(1, s.GPUs/used)*used))
	case p.Data > 0 && p.Data*used != s.GPUs:
		fail("parallel.data", fmt.Sprintf("tensor × pipeline × context × data is %d, not %d GPUs: leave data out to take what remains", p.Data*used, s.GPUs))
	case p.Expert > 1 && (s.GPUs/p.Pipeline)%p.Expert != 0:
		fail("parallel.expert", fmt.Sprintf("the %d GPUs of a stage do not divide into %d", s.GPUs/p.Pipeline, p.Expert))
	}
	if s.Work != nil && used*max(1, p.Expert) > 1 {
		fail("parallel", "work is divided by samples only: leave tensor, pipeline, context and expert at 1")
	}
	m := s.Model
	if m == nil {
		return
	}
	if p.Expert > 1 && m.Experts%p.Expert != 0 {
		fail("parallel.expert", fmt.Sprintf("%d experts do not divide over %d GPUs", m.Experts, p.Expert))
	}
	if p.Pipeline > m.Layers && m.Layers > 0 {
		fail("parallel.pipeline", fmt.Sprintf("there are %d stages for %d layers", p.Pipeline, m.Layers))
	}
	if m.Heads > 0 && m.Heads%p.Tensor != 0 {
		fail("parallel.tensor", fmt.Sprintf("%d heads do not divide over %d GPUs", m.Heads, p.Tensor))
	}
}
