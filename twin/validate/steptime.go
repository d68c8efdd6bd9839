package validate

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/training"
	"github.com/halltwin/halltwin/models/transformer"
	"github.com/halltwin/halltwin/scenarios"
)

// StepTime predicts the step times of published training runs.
var StepTime = Benchmark{
	Name:  "step-time",
	About: "training steps of MLPerf, Megatron-LM, Llama 3 and Megatron-Bridge from one efficiency for each type of GPU",
	Data: "perf/mlperf_training_llm.csv (round, system, benchmark, throughput_median, step_time_s_median, gbs, seq, ga), from result_*.txt of github.com/mlcommons/training_results_v*; " +
		"perf/megatron_bridge_perf.csv (System, Model, #-GPUs, Precision, GBS, MBS, Sequence Length, TP, FSDP, CP, PP, VP, Tokens / sec / GPU), " +
		"from docs/performance-summary.md of github.com/NVIDIA-NeMo/Megatron-Bridge; the tables of Megatron-LM and Llama 3 are in the benchmark",
	Run: runStepTime,
}

func runStepTime(_ context.Context, data string) (*Result, error) {
	r := &Result{}
	if err := megatronTables(r); err != nil {
		return nil, err
	}
	if err := llama3(r); err != nil {
		return nil, err
	}
	for _, part := range []func(*Result, string) error{mlperfSteps, bridgeRows} {
		err := part(r, data)
		if m := (*MissingError)(nil); errors.As(err, &m) {
			r.Say("left out: %v", m)
			continue
		}
		if err != nil {
			return nil, err
		}
	}
	return r, nil
}

// rankJitter is the standard deviation of ranks' step times as a share of the step: the default of a training run.
const rankJitter = 0.004

// megatronTables are runs on A100 with sequences of 2,048 tokens.
func megatronTables(r *Result) error {
	a100, err := scenarios.Accelerator("hardware/rack-dgx-a100-4")
	if err != nil {
		return err
	}
	// Narayanan et al., SC 2021, table 1. Micro-batches of one sequence and two pieces a stage are what its text describes.
	mean := 0.0
	for _, x := range narayanan {
		m := gpt(x.layers, x.hidden, x.heads)
		data := x.gpus / x.tensor / x.pipeline
		l := training.Layout{Tensor: x.tensor, Pipeline: x.pipeline, Interleave: training.Interleave(x.layers, x.pipeline, 2), Context: 1, Expert: 1,
			Data: data, MicroBatch: 1, MicroBatches: x.batch / data, Sharding: 1, Sequence: 2048, Recompute: "full", Unfused: true}
		step := training.Time(&m, &l, &a100, "bf16", rankJitter).Total
		h, n, s := float64(x.hidden), float64(x.layers), 2048.0
		flops := 96 * float64(x.batch) * s * n * h * h * (1 + s/(6*h) + 51200/(16*n*h))
		got := flops / step / float64(x.gpus) / 1e12
		e := 100 * (got/x.tflops - 1)
		mean += math.Abs(e) / float64(len(narayanan))
		r.Say("Megatron-LM table 1, %d GPUs, h %d: %.0f TFLOP/s a GPU, published %.0f (%+.1f %%)", x.gpus, x.hidden, got, x.tflops, e)
	}
	r.Add("Megatron-LM table 1: mean error", mean, "%", "<= 10", mean <= 10)
	// Korthikanti et al., arXiv 2205.05198, table 5.
	mean = 0
	for _, x := range korthikanti {
		m := gpt(x.layers, x.hidden, x.heads)
		l := training.Layout{Tensor: 8, Pipeline: x.pipeline, Interleave: x.interleave, Context: 1, Expert: 1, Data: 1, MicroBatch: x.micro,
			MicroBatches: x.batch / x.micro, Sharding: 1, Sequence: 2048, Unfused: true}
		for _, way := range []struct {
			name      string
			published float64
			sequence  bool
		}{{"full", x.full, false}, {"selective", x.selective, true}} {
			l.Recompute, l.SequenceParallel = way.name, way.sequence
			got := training.Time(&m, &l, &a100, "bf16", rankJitter).Total
			e := 100 * (got/way.published - 1)
			mean += math.Abs(e) / float64(2*len(korthikanti))
			r.Say("recomputation %s, %d GPUs, h %d: %.2f s, published %.2f s (%+.1f %%)", way.name, 8*x.pipeline, x.hidden, got, way.published, e)
		}
	}
	r.Add("selective recomputation: mean error", mean, "%", "<= 10", mean <= 10)
	return nil
}

func gpt(layers, hidden, heads int) transformer.Model {
	return transformer.New(&transformer.Spec{Layers: layers, Hidden: hidden, Heads: heads, FFN: 4 * hidden, Vocab: 51200, Tied: true, Context: 2048})
}

var narayanan = []struct {
	layers, hidden, heads, tensor, pipeline, gpus, batch int
	tflops                                               float64
}{
	{24, 2304, 24, 1, 1, 32, 512, 137},
	{30, 3072, 32, 2, 1, 64, 512, 138},
	{36, 4096, 32, 4, 1, 128, 512, 142},
	{40, 6144, 48, 8, 1, 256, 1024, 135},
	{48, 8192, 64, 8, 2, 512, 1536, 138},
	{60, 10240, 80, 8, 4, 1024, 1792, 140},
	{80, 12288, 96, 8, 8, 1536, 2304, 148},
	{96, 16384, 128, 8, 16, 1920, 2160, 155},
	{105, 20480, 128, 8, 35, 2520, 2520, 163},
	{128, 25600, 160, 8, 64, 3072, 3072, 163},
}

var korthikanti = []struct {
	layers, hidden, heads, pipeline, batch, micro, interleave int
	full, selective                                           float64
}{
	{48, 6144, 64, 1, 4, 4, 1, 1.42, 1.10},
	{96, 12288, 96, 8, 64, 1, 3, 18.13, 13.75},
	{105, 20480, 128, 35, 280, 1, 3, 49.05, 37.83},
	{128, 25600, 160, 64, 512, 1, 1, 94.42, 71.49},
}

// llama3 is table 4 of arXiv 2407.21783: BF16, 16 M tokens a step; the degrees of its third row do not multiply to its GPUs.
func llama3(r *Result) error {
	h100, err := scenarios.Accelerator("hardware/rack-dgx-h100-4")
	if err != nil {
		return err
	}
	spec, err := scenarios.LanguageModel("models/llama-3.1-405b")
	if err != nil {
		return err
	}
	m := transformer.New(spec)
	worst := 0.0
	for _, x := range []struct {
		gpus   int
		tflops float64
	}{{8192, 430}, {16384, 400}} {
		data := x.gpus / 128
		l := training.Layout{Tensor: 8, Pipeline: 16, Interleave: 8, Context: 1, Expert: 1, Data: data, MicroBatch: 1, MicroBatches: 2048 / data,
			Sharding: 1, Sequence: 8192, Recompute: "none", SequenceParallel: true, Overlap: 0.6}
		step := training.Time(&m, &l, &h100, "bf16", rankJitter).Total
		got := 2048 * 8192 * m.TrainFLOPs(8192, false) / step / float64(x.gpus) / 1e12
		e := 100 * (got/x.tflops - 1)
		worst = max(worst, math.Abs(e))
		r.Say("Llama 3 405B, %d H100: %.0f TFLOP/s a GPU, published %.0f (%+.1f %%)", x.gpus, got, x.tflops, e)
	}
	r.Add("Llama 3 table 4: worst error", worst, "%", "<= 5", worst <= 5)
	return nil
}

// division divides a model over as many GPUs as MLPerf's gradient accumulation says that one replica has: tensor within fast
// links, context of two where there is room, the rest stages.
func division(m *transformer.Model, d *training.Device, gpus, batch, accumulation int) (training.Layout, error) {
	replicas := batch / accumulation
	if replicas < 1 || replicas*accumulation != batch || gpus%replicas != 0 {
		return training.Layout{}, fmt.Errorf("%d GPUs are no whole replicas of a batch of %d in %d micro-batches", gpus, batch, accumulation)
	}
	each := gpus / replicas
	tensor := min(each, 8)
	if d.PerNode < 8 {
		tensor = min(each, d.PerNode)
	}
	rest := each / tensor
	if tensor*rest != each {
		return training.Layout{}, fmt.Errorf("%d GPUs of a replica do not divide by %d", each, tensor)
	}
	context := 1
	if rest%2 == 0 && rest >= 16 {
		context = rest / 8
	}
	l := training.Layout{Tensor: tensor, Pipeline: rest / context, Context: context, Expert: 1, Data: replicas, MicroBatch: 1, MicroBatches: accumulation,
		Sharding: 1, Gradient: 2, Sequence: int(m.Context), Recompute: "none", SequenceParallel: true, Overlap: 0.6}
	l.Interleave = training.Interleave(int(m.Layers), l.Pipeline, 8)
	return l, nil
}
