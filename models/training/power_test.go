package training

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// The lagged wave returns to itself, and its mean is that of its pieces.
func TestWave(t *testing.T) {
	w := Wave{Length: []float64{0.6, 0.3, 0.1}, Power: []float64{700, 300, 150}, Lag: 0.05}
	const n = 100000
	mean, s := 0.0, w.Sample(n)
	for i, v := range s {
		mean += v / n
		if step := math.Abs(v - s[(i+n-1)%n]); step > 0.2 {
			t.Fatalf("a jump of %g W at %d", step, i)
		}
	}
	near(t, "mean", mean, w.Mean(), 1e-4)
	near(t, "just before the end of the first piece", s[n*6/10-1], 700, 1e-3)
}

// Smoothing by the distribution of phases is what many drawn ranks do.
func TestTogether(t *testing.T) {
	w := Wave{Length: []float64{1.6, 0.4}, Power: []float64{650, 200}, Lag: electricalLag}
	const ranks, cells = 4000, 2048
	for _, spread := range []float64{0, 0.02, 0.1} {
		one := w.Sample(cells)
		sum := make([]float64, cells)
		st := random.Seed(1).Stream("phase")
		for range ranks {
			shift := int(math.Round(st.Norm() * spread / w.Period() * cells))
			for i := range sum {
				sum[i] += one[((i-shift)%cells+cells)%cells]
			}
		}
		peak, trough := 0.0, math.Inf(1)
		for _, v := range sum {
			peak, trough = math.Max(peak, v), math.Min(trough, v)
		}
		got := w.Together(ranks, spread)
		near(t, "peak", got.Peak, peak, 0.01)
		near(t, "trough", got.Trough, trough, 0.03)
		if got.Coincidence < 0.95 {
			t.Errorf("spread %g: coincidence %g", spread, got.Coincidence)
		}
	}
	if a, b := w.Together(ranks, 0.02), w.Together(ranks, 0.1); a.Ramp <= b.Ramp {
		t.Error("scattered ranks ramp faster")
	}
}

// A plan's wave has the mean that its utilisation says, and a cap trades time for power.
func TestCapped(t *testing.T) {
	p, err := Compile(example(), Site{Device: gb200, Horizon: 3600})
	if err != nil {
		t.Fatal(err)
	}
	power := func(u float64) float64 { return 140 + 1060*u }
	w := p.Wave(power)
	near(t, "period", w.Period(), p.Step.Total, 1e-9)
	near(t, "mean", w.Mean(), power(p.Use()), 1e-9)
	speed := func(x float64) float64 { return math.Min(1, 0.5+0.5*x) }
	free, mean := p.Capped(1e4, power, speed)
	near(t, "no cap", free.Total, p.Step.Total, 1e-12)
	near(t, "power without a cap", mean, w.Mean(), 1e-9)
	held, low := p.Capped(800, power, speed)
	if held.Total <= free.Total || low >= mean || low > 800 || held.Comm != free.Comm {
		t.Errorf("capped: %.3f s at %.0f W, free %.3f s at %.0f W", held.Total, low, free.Total, mean)
	}
}

// Narrower arithmetic is faster; what a GPU lacks is not.
func TestPrecision(t *testing.T) {
	d := gb200
	d.FP4, d.FP4Share = 10000e12, 0.4
	step := map[string]float64{}
	for _, precision := range []string{"bf16", "fp8", "int8", "fp4"} {
		s := example()
		s.Precision = precision
		p, err := Compile(s, Site{Device: d})
		if err != nil {
			t.Fatal(err)
		}
		step[precision] = p.Step.Total
	}
	if !(step["fp4"] < step["fp8"] && step["fp8"] < step["bf16"]) || step["int8"] != step["fp8"] {
		t.Errorf("steps %v", step)
	}
	s := example()
	s.Precision = "fp4"
	p, err := Compile(s, Site{Device: gb200})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "fp4 without it", p.Step.Total, step["fp8"], 1e-12)
}

// Each stage of ZeRO holds less and sends at least as much.
func TestSharding(t *testing.T) {
	before, sent := math.Inf(1), 0.0
	for _, stage := range []string{"none", "optimizer", "gradients", "full"} {
		s := example()
		s.Parallel.Sharding = stage
		d := gb200
		d.Memory = 1e15
		p, err := Compile(s, Site{Device: d})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %s, step %.2f s, network busy %.2f of it", stage, unit.Data(p.Memory), p.Step.Total, p.Step.Network.Busy)
		if p.Memory >= before || (stage != "optimizer" && p.Step.Network.Busy*p.Step.Total < sent) {
			t.Errorf("%s: %g B, %g s of transfers", stage, p.Memory, p.Step.Network.Busy*p.Step.Total)
		}
		before, sent = p.Memory, p.Step.Network.Busy*p.Step.Total
	}
}

// ResNet-50 by its cost: 4.1 GFLOPs forward, 25.6 million parameters.
func TestWork(t *testing.T) {
	s := &Spec{Name: "resnet", Work: &WorkSpec{FLOPs: 8.2e9, Bytes: 1e8, Parameters: 25.6e6, Activations: 1e8}, GPUs: 64, MicroBatch: 128,
		GlobalBatch: 8192, Precision: "bf16", Parallel: ParallelSpec{Tensor: 1, Pipeline: 1, Context: 1, Expert: 1}, Jitter: 0.004,
		Evaluation: EvaluationSpec{Every: 600, For: 30, GPU: 0.5}, Tokens: ptr(1e9)}
	s.Validate(func(path, msg string) { t.Errorf("%s: %s", path, msg) })
	p, err := Compile(s, Site{Device: h100})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "samples a step", p.Tokens, 8192, 0)
	near(t, "matrix work", p.Step.Matrix, 3*128*8.2e9/(989e12*0.53), 1e-9)
	near(t, "run time with evaluations", p.Job.Work, 1e9/p.Rate*1.05, 1e-9)
	if p.Profile == nil || p.Profile.GPU[1] != 0.5 || p.Profile.End[1] != 630 {
		t.Errorf("profile %+v", p.Profile)
	}
	s.MicroBatch, s.Work.Activations = 1<<20, 1e9
	if _, err := Compile(s, Site{Device: h100}); err == nil {
		t.Error("a petabyte of activations fits")
	}
	s.Model = &llama70
	got := ""
	s.Validate(func(path, _ string) { got = path })
	if got != "model" {
		t.Errorf("model and work together: complaint about %q", got)
	}
}

func TestCalibrate(t *testing.T) {
	m := gptModel(96, 12288, 96)
	l := Layout{Tensor: 8, Pipeline: 8, Interleave: 3, Context: 1, Expert: 1, Sharding: 1, Data: 4, MicroBatch: 1, MicroBatches: 32, Sequence: 2048, SequenceParallel: true}
	for _, precision := range []string{"bf16", "fp8"} {
		want := 1.2 * Time(&m, &l, &h100, precision, 0.004).Total
		d, err := Calibrate(&m, &l, h100, precision, 0.004, want)
		if err != nil {
			t.Fatal(err)
		}
		near(t, precision, Time(&m, &l, &d, precision, 0.004).Total, want, 1e-9)
	}
	if _, err := Calibrate(&m, &l, h100, "fp8", 0.004, 1e-3); err == nil {
		t.Error("an efficiency above 1")
	}
}
