package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"gonum.org/v1/gonum/diff/fd"
	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/stat"
)

// A network of 3 inputs, 4 hidden neurons with ReLU and 2 outputs with softmax: 26 parameters. Weights are chosen so that
// everything can be computed by hand.
func TestThreeFourTwo(t *testing.T) {
	n, err := New(Shape{[]int{3, 4, 2}, ReLU, Softmax, CrossEntropy, He}, 1)
	if err != nil {
		t.Fatal(err)
	}
	if len(n.Weights) != 26 {
		t.Fatalf("%d parameters", len(n.Weights))
	}
	copy(n.Weights, []float64{
		0.5, -0.5, 1, 0, // from input 0 to the four hidden neurons
		0.25, 0.5, 0, 1,
		-0.5, 1, 0.5, -1,
		0.1, -0.1, 0, 0.2, // hidden biases
		1, -1, // from hidden neuron 0 to the two outputs
		0.5, 0.5,
		-0.5, 1,
		0, 2,
		0.05, -0.05, // output biases
	})
	// x = (1, 2, 1): sums 0.6, 1.4, 1.5, 1.2, all above 0; logits 0.6+0.7-0.75+0+0.05 = 0.6 and -0.6+0.7+1.5+2.4-0.05 = 3.95.
	d := &Data{3, 2, []float64{1, 2, 1}, []float64{1, 0}}
	p := 1 / (1 + math.Exp(3.95-0.6))
	if y := n.Predict(d.X); math.Abs(y[0]-p) > 1e-15 || math.Abs(y[0]+y[1]-1) > 1e-15 {
		t.Errorf("outputs %v, not %g", y, p)
	}
	loss, g := n.Gradient(d)
	if want := -math.Log(p); math.Abs(loss-want) > 1e-14 {
		t.Errorf("loss %g, not %g", loss, want)
	}
	// Of the outputs' sums: p - y = (p-1, 1-p). So of the weight from hidden neuron 2 to output 0: 1.5 (p-1); and of the weight
	// from input 1 to hidden neuron 3: 2 · (0·(p-1) + 2·(1-p)).
	for at, want := range map[int]float64{24: p - 1, 25: 1 - p, 16 + 4: 1.5 * (p - 1), 4 + 3: 2 * 2 * (1 - p), 12: (p - 1) - (1 - p)} {
		if math.Abs(g[at]-want) > 1e-14 {
			t.Errorf("derivative %d is %g, not %g", at, g[at], want)
		}
	}
}

// The witness of back-propagation: central differences, for every activation with every loss.
func TestGradients(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, s := range []Shape{
		{[]int{3, 4, 2}, ReLU, Softmax, CrossEntropy, He},
		{[]int{3, 4, 2}, Sigmoid, Softmax, CrossEntropy, Xavier},
		{[]int{5, 7, 6, 3}, Sigmoid, Sigmoid, CrossEntropy, Xavier},
		{[]int{5, 7, 6, 3}, ReLU, Sigmoid, MSE, He},
		{[]int{4, 9, 1}, Sigmoid, Linear, MSE, Xavier},
		{[]int{4, 2}, ReLU, Linear, MSE, He},
	} {
		n, err := New(s, 3)
		if err != nil {
			t.Fatal(err)
		}
		d := &Data{Inputs: s.Sizes[0], Outputs: s.Sizes[len(s.Sizes)-1]}
		for range 6 {
			for range d.Inputs {
				d.X = append(d.X, r.NormFloat64())
			}
			y := make([]float64, d.Outputs)
			y[r.IntN(len(y))] = 1
			d.Y = append(d.Y, y...)
		}
		for i := range n.Weights {
			n.Weights[i] += 0.1 * r.NormFloat64() // biases too
		}
		_, got := n.Gradient(d)
		at := slices.Clone(n.Weights)
		want := fd.Gradient(nil, func(w []float64) float64 {
			copy(n.Weights, w)
			loss, _ := n.Score(d)
			return loss
		}, at, &fd.Settings{Formula: fd.Central, Step: 1e-5})
		if diff := floats.Distance(got, want, math.Inf(1)); diff > 1e-7*(1+floats.Norm(want, math.Inf(1))) {
			t.Errorf("%v: the gradient is off by %g", s, diff)
		}
	}
}

func TestInitialisation(t *testing.T) {
	for init, want := range map[Initialisation]float64{Xavier: math.Sqrt(2.0 / 600), He: math.Sqrt(2.0 / 400)} {
		n, err := New(Shape{[]int{400, 200}, ReLU, Linear, MSE, init}, 5)
		if err != nil {
			t.Fatal(err)
		}
		w, b := n.layer(n.Weights, 0)
		mean, sd := stat.MeanStdDev(w, nil)
		if math.Abs(sd/want-1) > 0.02 || math.Abs(mean) > 4*want/math.Sqrt(80000) || floats.Norm(b, 1) != 0 {
			t.Errorf("%s: mean %g, deviation %g, not %g", init, mean, sd, want)
		}
	}
}

func TestOptimisers(t *testing.T) {
	grads := [][]float64{{1}, {1}, {-2}}
	for m, want := range map[Method][]float64{
		SGD:      {-0.1, -0.2, 0},
		Momentum: {-0.1, -0.29, -0.261},
		// Adam's first step is the rate whatever the gradient's size; then by its own formulas, computed apart.
		Adam: {-0.1, -0.2, -0.2 + 0.1*((0.9*(0.9*0.1+0.1)-0.2)/(1-0.729))*-1/math.Sqrt((0.999*(0.999*0.001+0.001)+0.004)/(1-math.Pow(0.999, 3)))},
	} {
		o, err := newOptimiser(m, 0.1, 1)
		if err != nil {
			t.Fatal(err)
		}
		w := []float64{0}
		for i, g := range grads {
			o.step(w, g)
			if math.Abs(w[0]-want[i]) > 1e-8 {
				t.Errorf("%s, step %d: %.9f, not %.9f", m, i+1, w[0], want[i])
			}
		}
	}
	if _, err := newOptimiser("rprop", 0.1, 1); err == nil {
		t.Error("an unknown method")
	}
	if _, err := newOptimiser(SGD, math.NaN(), 1); err == nil {
		t.Error("a rate that is not a number")
	}
}

// digits returns training and validation data, normalised by the former.
func digits(n int) (train, valid *Data) {
	train, valid = Glyphs(n, 11).Split(0.25)
	z := NewNormaliser(train)
	return z.Apply(train), z.Apply(valid)
}

func config() Config {
	return Config{Shape: Shape{[]int{GlyphWidth * GlyphWidth, 48, 10}, ReLU, Softmax, CrossEntropy, He}, Method: Adam, Rate: 3e-3, Epochs: 12, Seed: 4, Augment: Jitter(0.2)}
}

func TestNormaliser(t *testing.T) {
	d := &Data{2, 1, []float64{1, 5, 3, 5, 5, 5}, []float64{0, 0, 0}}
	n := NewNormaliser(d).Apply(d)
	want := math.Sqrt(1.5)
	if !floats.EqualApprox(n.X, []float64{-want, 0, 0, 0, want, 0}, 1e-12) {
		t.Errorf("%v", n.X)
	}
}

func TestLearnsDigits(t *testing.T) {
	train, valid := digits(4800)
	tr, err := NewTrainer(config(), train, valid)
	if err != nil {
		t.Fatal(err)
	}
	tr.SetWorkers(4)
	counts := map[Phase]int{}
	if err := tr.Run(t.Context(), func(l Line) error { counts[l.Phase]++; return nil }); err != nil {
		t.Fatal(err)
	}
	loss, right := tr.Network().Score(valid)
	t.Logf("validation: loss %.3f, right %.1f %%", loss, 100*right)
	if right < 0.9 {
		t.Errorf("only %.1f %% of the digits are right", 100*right)
	}
	if counts[Train] != 12*57 || counts[Eval] != 12 { // 3,600 samples in batches of 64
		t.Errorf("lines: %v", counts)
	}

	q := Quantise(tr.Network(), train)
	_, intRight := q.Score(valid)
	t.Logf("int8: right %.1f %%, %d bytes for %d as float32", 100*intRight, q.Bytes(), 4*len(tr.Network().Weights))
	if intRight < right-0.02 || q.Bytes() > len(tr.Network().Weights)*4/3 {
		t.Errorf("int8: %.3f right of %.3f, %d bytes", intRight, right, q.Bytes())
	}
	_, half := Prune(tr.Network(), 0.5).Score(valid)
	_, most := Prune(tr.Network(), 0.95).Score(valid)
	t.Logf("pruned by 50 %%: right %.1f %%; by 95 %%: %.1f %%", 100*half, 100*most)
	if half < right-0.05 || most > right-0.05 {
		t.Errorf("pruned: %.3f and %.3f right of %.3f", half, most, right)
	}
	// What is pruned stays so while the rest learns on, and that brings back what was lost.
	tr.Prune(0.8)
	_, before := tr.Network().Score(valid)
	tr.config.Epochs += 6
	if err := tr.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	_, after := tr.Network().Score(valid)
	zeros := 0
	for _, w := range tr.Network().Weights {
		if w == 0 {
			zeros++
		}
	}
	t.Logf("pruned by 80 %%: right %.1f %%, after training on %.1f %%, %d of %d are 0", 100*before, 100*after, zeros, len(tr.Network().Weights))
	if want := (81*48 + 48*10) * 8 / 10; zeros < want || after < max(before, right-0.03) {
		t.Errorf("%d zeros, not %d; right %.3f, then %.3f", zeros, want, before, after)
	}
}

func TestXOR(t *testing.T) {
	d := &Data{2, 1, []float64{0, 0, 0, 1, 1, 0, 1, 1}, []float64{0, 1, 1, 0}}
	tr, err := NewTrainer(Config{Shape: Shape{[]int{2, 8, 1}, Sigmoid, Sigmoid, MSE, Xavier}, Method: Momentum, Rate: 1, Epochs: 2000, Seed: 2}, d, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	if loss, right := tr.Network().Score(d); right != 1 || loss > 0.01 {
		t.Errorf("loss %g, right %g", loss, right)
	}
}

func train(t *testing.T, c Config, workers int, prepare func(*Trainer)) []float64 {
	t.Helper()
	d, v := digits(400)
	tr, err := NewTrainer(c, d, v)
	if err != nil {
		t.Fatal(err)
	}
	tr.SetWorkers(workers)
	if prepare != nil {
		prepare(tr)
	}
	if err := tr.Run(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return tr.Network().Weights
}

func TestWorkersDoNotMatter(t *testing.T) {
	c := config()
	c.Epochs, c.Augment = 2, Shift(GlyphWidth)
	one := train(t, c, 1, nil)
	for _, workers := range []int{2, 3, 16} {
		if !slices.Equal(one, train(t, c, workers, nil)) {
			t.Errorf("%d goroutines give other weights than one", workers)
		}
	}
	c.Seed++
	if slices.Equal(one, train(t, c, 1, nil)) {
		t.Error("another seed gives the same weights")
	}
}

func TestResumeIsUninterrupted(t *testing.T) {
	for _, m := range []Method{SGD, Momentum, Adam} {
		c := config()
		c.Method, c.Epochs = m, 3
		if m == SGD {
			c.Patience = 1
		}
		whole := train(t, c, 2, nil)
		path := filepath.Join(t.TempDir(), "checkpoint")
		d, v := digits(400)
		first, err := NewTrainer(c, d, v)
		if err != nil {
			t.Fatal(err)
		}
		stop := errors.New("power cut")
		if err := first.Run(t.Context(), func(l Line) error {
			if l.Step == 8 && l.Phase == Train { // in the midst of the second epoch
				return errors.Join(first.Save(path), stop)
			}
			return nil
		}); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		resumed := train(t, c, 2, func(tr *Trainer) {
			if err := tr.Resume(path); err != nil {
				t.Fatal(err)
			}
		})
		if !slices.Equal(whole, resumed) {
			t.Errorf("%s: a resumed run is another", m)
		}
		other := c
		other.Seed++
		tr, err := NewTrainer(other, d, v)
		if err != nil {
			t.Fatal(err)
		}
		if err := tr.Resume(path); err == nil {
			t.Error("a checkpoint of another training was taken")
		}
		text, _ := os.ReadFile(path)
		text[len(text)/2] ^= 1
		if _, err := decodeCheckpoint(text); err == nil {
			t.Error("a damaged checkpoint was taken")
		}
	}
}

func TestEarlyStopping(t *testing.T) {
	d, v := digits(200) // few samples: it soon learns them by heart
	c := config()
	c.Augment, c.Epochs, c.Patience = nil, 500, 5
	tr, err := NewTrainer(c, d, v)
	if err != nil {
		t.Fatal(err)
	}
	var losses []float64
	if err := tr.Run(t.Context(), func(l Line) error {
		if l.Phase == Eval {
			losses = append(losses, *l.Loss)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	best := floats.Min(losses)
	if len(losses) >= 500 || floats.MinIdx(losses) != len(losses)-6 {
		t.Errorf("%d epochs, the best was %d", len(losses), floats.MinIdx(losses)+1)
	}
	if loss, _ := tr.Network().Score(v); loss != best {
		t.Errorf("it ends with a loss of %g, the best was %g", loss, best)
	}
}

func TestCheckpointsAsItGoes(t *testing.T) {
	c := config()
	c.Epochs, c.CheckpointEvery, c.Checkpoint = 2, 4, filepath.Join(t.TempDir(), "cp")
	d, v := digits(400)
	tr, err := NewTrainer(c, d, v)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	if err := tr.Run(t.Context(), func(l Line) error {
		if l.Phase == Checkpoint {
			n++
		}
		return nil
	}); err != nil || n != 2 { // 300 samples are 5 steps
		t.Errorf("%d checkpoints, %v", n, err)
	}
}

func TestStopsAndDiverges(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	d, v := digits(200)
	c := config()
	c.Epochs = 0
	tr, err := NewTrainer(c, d, v)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Run(ctx, func(l Line) error {
		if l.Step == 10 {
			cancel()
		}
		return nil
	}); err != nil || tr.progress.Step != 10 {
		t.Errorf("stopped at step %d, %v", tr.progress.Step, err)
	}
	c = Config{Shape: Shape{[]int{81, 10}, ReLU, Linear, MSE, He}, Method: SGD, Rate: 1e3, Seed: 1, Epochs: 100}
	tr, err = NewTrainer(c, d, v)
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.Run(t.Context(), nil); err == nil {
		t.Error("a diverging run went on")
	}
}

func TestBadConfigs(t *testing.T) {
	d, _ := digits(40)
	for name, change := range map[string]func(*Config){
		"no hidden activation": func(c *Config) { c.Shape.Hidden = "tanh" },
		"loss and output":      func(c *Config) { c.Shape.Output = Linear },
		"loss":                 func(c *Config) { c.Shape.Loss = "hinge" },
		"sizes":                func(c *Config) { c.Shape.Sizes = []int{81, 0, 10} },
		"inputs":               func(c *Config) { c.Shape.Sizes = []int{80, 10} },
		"rate":                 func(c *Config) { c.Rate = -1 },
		"batch":                func(c *Config) { c.Batch = -1 },
		"patience":             func(c *Config) { c.Patience = 3 },
		"initialisation":       func(c *Config) { c.Shape.Init = "zero" },
	} {
		c := config()
		change(&c)
		if _, err := NewTrainer(c, d, nil); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func TestParseLine(t *testing.T) {
	for text, want := range map[string]string{
		`{"step":3,"samples":192,"tokens":0,"loss":0.5,"phase":"train"}`: "ok",
		`  {"step":3,"samples":192,"phase":"eval"}`:                      "ok",
		`loading shards: 10 %`:                                           "talk",
		``:                                                               "talk",
		`{"step":3,"samples":192,"loss":NaN,"phase":"train"}`: "bad",
		`{"step":-1,"samples":192,"phase":"train"}`:           "bad",
		`{"step":1,"samples":-2,"phase":"train"}`:             "bad",
		`{"step":1,"samples":2,"phase":"warmup"}`:             "bad",
		`{"step":1`: "bad",
	} {
		_, ok, err := ParseLine([]byte(text))
		if got := map[bool]string{true: "ok", false: "talk"}[ok]; err == nil && got != want || err != nil && want != "bad" {
			t.Errorf("%s: %s, %v", text, got, err)
		}
	}
}

func FuzzParseLine(f *testing.F) {
	f.Add([]byte(`{"step":3,"samples":192,"tokens":1e3,"loss":0.5,"phase":"train"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if l, ok, err := ParseLine(text); ok && (err != nil || l.Step < 0 || !(l.Samples >= 0) || math.IsInf(l.Samples, 0)) {
			t.Errorf("%q: %+v, %v", text, l, err)
		}
	})
}

func FuzzCheckpoint(f *testing.F) {
	f.Add([]byte(checkpointHead + "0123456789012345678901234567890123456789"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if s, err := decodeCheckpoint(text); err == nil && s == nil {
			t.Error("nothing, and no error")
		}
	})
}

func TestTransformer(t *testing.T) {
	if err := exec.CommandContext(t.Context(), "python3", "-c", "import torch").Run(); err != nil {
		t.Skip("skipped: no PyTorch")
	}
	path := filepath.Join(t.TempDir(), "transformer.py")
	if err := os.WriteFile(path, Transformer, 0o755); err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), "python3", path, "--steps", "3", "--layers", "1", "--width", "32", "--heads", "2", "--context", "16", "--vocabulary", "64", "--eval-every", "2").Output()
	if err != nil {
		t.Fatal(err)
	}
	phases := map[Phase]int{}
	for line := range slices.Values(splitLines(out)) {
		l, ok, err := ParseLine(line)
		if err != nil || !ok {
			t.Fatalf("%s: %v", line, err)
		}
		phases[l.Phase]++
	}
	if phases[Train] != 3 || phases[Eval] != 1 {
		t.Errorf("%v", phases)
	}
}

func splitLines(text []byte) (all [][]byte) {
	start := 0
	for i, c := range text {
		if c == '\n' {
			all = append(all, text[start:i])
			start = i + 1
		}
	}
	return all
}

func BenchmarkStep(b *testing.B) {
	d := Glyphs(4096, 1)
	for _, workers := range []int{1, 2, 4, 8} {
		b.Run(fmt.Sprintf("workers=%d", workers), func(b *testing.B) {
			tr, err := NewTrainer(Config{Shape: Shape{[]int{81, 512, 512, 10}, ReLU, Softmax, CrossEntropy, He}, Method: Adam, Rate: 1e-3, Batch: 256, Seed: 1}, d, nil)
			if err != nil {
				b.Fatal(err)
			}
			tr.SetWorkers(workers)
			for b.Loop() {
				if tr.progress.At >= d.Rows() {
					tr.progress.At = 0
				}
				tr.step()
			}
			b.ReportMetric(256*float64(b.N)/b.Elapsed().Seconds(), "samples/s")
		})
	}
}
