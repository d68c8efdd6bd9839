package training

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/transformer"
)

var (
	a100  = Device{Name: "a100", BF16: 312e12, Efficiency: 0.72, Memory: 80e9, Bandwidth: 2.04e12, Link: 300e9, Network: 25e9, Domain: 8, PerNode: 8}
	h100  = Device{Name: "h100", BF16: 989e12, FP8: 1979e12, Efficiency: 0.53, FP8Share: 0.585, Memory: 80e9, Bandwidth: 3.35e12, Link: 450e9, Network: 50e9, Domain: 8, PerNode: 8}
	gb200 = Device{Name: "gb200", BF16: 2500e12, FP8: 5000e12, FP8Share: 0.46, Memory: 186e9, Bandwidth: 8e12, Link: 900e9, Network: 50e9, Domain: 72, PerNode: 4}
)

var (
	llama405 = transformer.Spec{Layers: 126, Hidden: 16384, Heads: 128, KVHeads: 8, FFN: 53248, Gated: true, Vocab: 128256, Context: 8192}
	llama70  = transformer.Spec{Layers: 80, Hidden: 8192, Heads: 64, KVHeads: 8, FFN: 28672, Gated: true, Vocab: 128256, Context: 8192}
)

func gptModel(layers, hidden, heads int) transformer.Model {
	return transformer.New(&transformer.Spec{Layers: layers, Hidden: hidden, Heads: heads, FFN: 4 * hidden, Vocab: 51200, Tied: true, Context: 2048})
}

// narayanan are the rows of Narayanan et al., SC 2021, table 1: A100, sequence 2,048, full recomputation. Micro-batches and
// interleaving are not in the table; one sequence and two pieces are what the text describes for large models.
var narayanan = []struct {
	layers, hidden, heads, t, p, gpus, batch int
	tflops                                   float64
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

func TestNarayananTable1(t *testing.T) {
	mean := 0.0
	for _, r := range narayanan {
		m := gptModel(r.layers, r.hidden, r.heads)
		data := r.gpus / r.t / r.p
		l := Layout{Tensor: r.t, Pipeline: r.p, Interleave: 1, Context: 1, Expert: 1, Sharding: 1, Data: data, MicroBatch: 1,
			MicroBatches: r.batch / data, Sequence: 2048, Recompute: "full", Unfused: true}
		if r.p > 1 {
			l.Interleave = interleave(r.layers, r.p, 2)
		}
		s := Time(&m, &l, &a100, "bf16", 0.004)
		h, ll, b := float64(r.hidden), float64(r.layers), float64(r.batch)
		flops := 96 * b * 2048 * ll * h * h * (1 + 2048/(6*h) + 51200/(16*ll*h))
		got := flops / s.Total / float64(r.gpus) / 1e12
		err := got/r.tflops - 1
		mean += math.Abs(err) / float64(len(narayanan))
		t.Logf("h %5d p %2d: %.0f TFLOP/s, published %.0f (%+.1f %%)", r.hidden, r.p, got, r.tflops, 100*err)
	}
	t.Logf("mean error %.1f %%", 100*mean)
	if mean > 0.05 {
		t.Errorf("mean error %.1f %%, above 5 %%", 100*mean)
	}
}

// Korthikanti et al., arXiv 2205.05198, table 5: A100, step times in s with full recomputation, and with sequence
// parallelism and selective recomputation.
func TestKorthikantiTable5(t *testing.T) {
	mean := 0.0
	for _, r := range []struct {
		layers, hidden, heads, p, batch, micro, v int
		full, selective                           float64
	}{
		{48, 6144, 64, 1, 4, 4, 1, 1.42, 1.10},
		{96, 12288, 96, 8, 64, 1, 3, 18.13, 13.75},
		{105, 20480, 128, 35, 280, 1, 3, 49.05, 37.83},
		{128, 25600, 160, 64, 512, 1, 1, 94.42, 71.49},
	} {
		m := gptModel(r.layers, r.hidden, r.heads)
		l := Layout{Tensor: 8, Pipeline: r.p, Interleave: r.v, Context: 1, Expert: 1, Sharding: 1, Data: 1, MicroBatch: r.micro,
			MicroBatches: r.batch / r.micro, Sequence: 2048, Recompute: "full", Unfused: true}
		full := Time(&m, &l, &a100, "bf16", 0.004).Total
		l.Recompute, l.SequenceParallel = "selective", true
		selective := Time(&m, &l, &a100, "bf16", 0.004).Total
		mean += (math.Abs(full/r.full-1) + math.Abs(selective/r.selective-1)) / 8
		t.Logf("h %5d: full %.2f s (%+.1f %%), selective %.2f s (%+.1f %%)", r.hidden,
			full, 100*(full/r.full-1), selective, 100*(selective/r.selective-1))
	}
	t.Logf("mean error %.1f %%", 100*mean)
	if mean > 0.10 {
		t.Errorf("mean error %.1f %%, above 10 %%", 100*mean)
	}
}

// Efficiencies are fitted on one row of each kind; the other rows are predictions.
func TestLlama(t *testing.T) {
	big, small := transformer.New(&llama405), transformer.New(&llama70)
	tflops := func(v float64) float64 { return 2048 * 8192 * big.TrainFLOPs(8192, false) / v }
	for _, r := range []struct {
		name                              string
		m                                 *transformer.Model
		d                                 Device
		precision                         string
		t, p, c, data, micro, v, sequence int
		step, tolerance                   float64
	}{
		{"MLPerf 405B, 512 H100 (fitted)", &big, h100, "fp8", 8, 8, 2, 4, 288, 8, 8192, 55.143, 0.01},
		{"MLPerf 405B, 2048 H100", &big, h100, "fp8", 8, 8, 2, 16, 72, 8, 8192, 14.222, 0.05},
		{"Megatron-Bridge 405B, 1024 H100", &big, h100, "fp8", 8, 8, 2, 8, 192, 8, 8192, 1536 * 8192 / 1024.0 / 327, 0.05},
		{"Megatron-Bridge 70B, 64 H100", &small, h100, "fp8", 4, 8, 1, 2, 128, 5, 8192, 256 * 8192 / 64.0 / 1650, 0.05},
		{"Llama 3, 8192 H100 (fitted)", &big, h100, "bf16", 8, 16, 1, 64, 32, 8, 8192, tflops(8192 * 430e12), 0.02},
		{"Llama 3, 16384 H100", &big, h100, "bf16", 8, 16, 1, 128, 16, 8, 8192, tflops(16384 * 400e12), 0.05},
		{"MLPerf 405B, 512 GB200 (fitted)", &big, gb200, "fp8", 4, 8, 2, 8, 112, 8, 8192, 19.2784, 0.02},
	} {
		l := Layout{Tensor: r.t, Pipeline: r.p, Interleave: r.v, Context: r.c, Expert: 1, Sharding: 1, Data: r.data, MicroBatch: 1,
			MicroBatches: r.micro, Sequence: r.sequence, Recompute: "none", SequenceParallel: true, Overlap: 0.6}
		if r.precision == "fp8" {
			l.Gradient = 2
		}
		got := Time(r.m, &l, &r.d, r.precision, 0.004).Total
		t.Logf("%s: %.2f s, published %.2f s (%+.1f %%)", r.name, got, r.step, 100*(got/r.step-1))
		if math.Abs(got/r.step-1) > r.tolerance {
			t.Errorf("%s: error above %.0f %%", r.name, 100*r.tolerance)
		}
	}
}

// The parts of a step add up to it.
func TestStepAddsUp(t *testing.T) {
	m := transformer.New(&llama405)
	l := Layout{Tensor: 8, Pipeline: 16, Interleave: 4, Context: 2, Expert: 1, Sharding: 1, Data: 9, MicroBatch: 1, MicroBatches: 20,
		Sequence: 8192, Recompute: "selective", SequenceParallel: true}
	s := Time(&m, &l, &h100, "bf16", 0.01)
	sum := s.Matrix + s.Memory + s.Comm + s.Bubble + s.Data + s.Optimizer + s.Jitter
	if math.Abs(sum/s.Total-1) > 1e-12 {
		t.Errorf("parts %g, step %g", sum, s.Total)
	}
}

// What was run fits in the memory of what it ran on. (Llama 3 on 8,192 H100 does with a schedule of its own, which holds fewer
// micro-batches, and tensors freed early: §3.3.2 of its paper.)
func TestPublishedRunsFit(t *testing.T) {
	type run struct {
		name string
		m    transformer.Model
		l    Layout
		d    Device
	}
	big := transformer.New(&llama405)
	runs := []run{
		{"MLPerf 405B, 512 H100", big, Layout{Tensor: 8, Pipeline: 8, Interleave: 8, Context: 2, Expert: 1, Sharding: 1, Gradient: 2, Data: 4, MicroBatch: 1, MicroBatches: 288, Sequence: 8192, SequenceParallel: true, Recompute: "none"}, h100},
		{"MLPerf 405B, 512 GB200", big, Layout{Tensor: 4, Pipeline: 8, Interleave: 8, Context: 2, Expert: 1, Sharding: 1, Gradient: 2, Data: 8, MicroBatch: 1, MicroBatches: 112, Sequence: 8192, SequenceParallel: true, Recompute: "none"}, gb200},
	}
	for _, r := range narayanan {
		data := r.gpus / r.t / r.p
		l := Layout{Tensor: r.t, Pipeline: r.p, Interleave: 1, Context: 1, Expert: 1, Sharding: 1, Data: data, MicroBatch: 1, MicroBatches: r.batch / data, Sequence: 2048, Recompute: "full", Unfused: true}
		runs = append(runs, run{"Narayanan", gptModel(r.layers, r.hidden, r.heads), l, a100})
	}
	for _, r := range runs {
		need := memory(&r.m, &r.l)
		t.Logf("%s, %d GPUs: %.0f of %.0f GB", r.name, r.l.GPUs(), need/1e9, r.d.Memory/1e9)
		if need > r.d.Memory {
			t.Errorf("%s does not fit: %.0f GB", r.name, need/1e9)
		}
	}
}
