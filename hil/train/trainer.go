package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/floats"
)

// Config is how to train.
type Config struct {
	Shape    Shape
	Method   Method
	Rate     float64
	Batch    int // samples a step; 0 is 64
	Shard    int // rows that a goroutine takes at once; 0 is 16. It is part of the result, the number of goroutines is not
	Epochs   int // 0: until told to stop
	Patience int // epochs without a better validation loss before it stops; 0: never
	Augment  Augment
	Seed     uint64

	// Every CheckpointEvery steps the state is saved to Checkpoint; 0 for never.
	CheckpointEvery int
	Checkpoint      string
}

// Trainer is a training under way.
type Trainer struct {
	config       Config
	train, valid *Data
	net          *Network
	opt          *Optimiser
	mask         []bool // pruned weights stay 0
	progress     progress

	workers atomic.Int32
	passes  []*pass // one for each shard of a batch
	grad    []float64
	order   []int
}

// progress is where a training is; with weights and optimiser it is all that a checkpoint needs.
type progress struct {
	Epoch, At, Step, Samples int // At: samples of this epoch that are done
	Best                     float64
	BestWeights              []float64
	Waiting                  int // epochs since the best
}

// NewTrainer makes ready. Without validation data there is no early stopping and no eval.
func NewTrainer(c Config, train, valid *Data) (*Trainer, error) {
	if c.Batch == 0 {
		c.Batch = 64
	}
	if c.Shard == 0 {
		c.Shard = 16
	}
	switch {
	case c.Batch < 1 || c.Shard < 1:
		return nil, errors.New("batch and shard are positive")
	case train.Rows() == 0:
		return nil, errors.New("there is nothing to train on")
	case c.Patience > 0 && valid == nil:
		return nil, errors.New("early stopping needs validation data")
	case c.Shape.Sizes[0] != train.Inputs || c.Shape.Sizes[len(c.Shape.Sizes)-1] != train.Outputs:
		return nil, fmt.Errorf("the data has %d inputs and %d outputs, the network sizes %v", train.Inputs, train.Outputs, c.Shape.Sizes)
	}
	net, err := New(c.Shape, c.Seed)
	if err != nil {
		return nil, err
	}
	opt, err := newOptimiser(c.Method, c.Rate, len(net.Weights))
	if err != nil {
		return nil, err
	}
	t := &Trainer{config: c, train: train, valid: valid, net: net, opt: opt, progress: progress{Best: math.Inf(1)}}
	t.ready()
	return t, nil
}

// ready makes the buffers.
func (t *Trainer) ready() {
	t.workers.Store(1)
	for at := 0; at < t.config.Batch; at += t.config.Shard {
		t.passes = append(t.passes, newPass(t.net, t.config.Shard))
	}
	t.grad = make([]float64, len(t.net.Weights))
	t.shuffle()
}

// SetWorkers sets the number of goroutines that take shards; it may be called while training runs.
func (t *Trainer) SetWorkers(n int) { t.workers.Store(int32(max(1, n))) }

// Network returns the network in its present state.
func (t *Trainer) Network() *Network { return t.net }

// shuffle draws the order of samples of the epoch, which depends on seed and epoch alone.
func (t *Trainer) shuffle() {
	t.order = rand.New(rand.NewPCG(t.config.Seed, uint64(t.progress.Epoch)<<20|0x6f7264)).Perm(t.train.Rows())
}

// Run trains until it is done or the context is. What happens it tells to report, whose error ends it.
func (t *Trainer) Run(ctx context.Context, report func(Line) error) error {
	if report == nil {
		report = func(Line) error { return nil }
	}
	for ctx.Err() == nil {
		if t.config.Epochs > 0 && t.progress.Epoch >= t.config.Epochs {
			return nil
		}
		loss := t.step()
		if err := report(t.line(Train, loss)); err != nil {
			return err
		}
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			return fmt.Errorf("training diverged at step %d: the loss is %g; take a smaller learning rate than %g", t.progress.Step, loss, t.opt.Rate)
		}
		if t.progress.At >= t.train.Rows() {
			if stop, err := t.endEpoch(report); stop || err != nil {
				return err
			}
		}
		if every := t.config.CheckpointEvery; every > 0 && t.progress.Step%every == 0 {
			if err := t.Save(t.config.Checkpoint); err != nil {
				return err
			}
			if err := report(t.line(Checkpoint, loss)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t *Trainer) line(p Phase, loss float64) Line {
	l := Line{Step: t.progress.Step, Samples: float64(t.progress.Samples), Phase: p}
	if !math.IsNaN(loss) && !math.IsInf(loss, 0) {
		l.Loss = &loss
	}
	return l
}

// step trains on the next batch and returns its mean loss.
func (t *Trainer) step() float64 {
	rows := min(t.config.Batch, t.train.Rows()-t.progress.At)
	batch := t.order[t.progress.At : t.progress.At+rows]
	shards := (rows + t.config.Shard - 1) / t.config.Shard
	workers := min(int(t.workers.Load()), shards)
	if workers == 1 {
		for i := range shards {
			t.shard(i, batch)
		}
	} else {
		var next atomic.Int32
		var all sync.WaitGroup
		for range workers {
			all.Go(func() {
				for i := int(next.Add(1)) - 1; i < shards; i = int(next.Add(1)) - 1 {
					t.shard(i, batch)
				}
			})
		}
		all.Wait()
	}
	loss := 0.0
	clear(t.grad)
	for _, p := range t.passes[:shards] { // in their order: the sum does not depend on who was first
		loss += p.loss
		floats.Add(t.grad, p.grad)
	}
	floats.Scale(1/float64(rows), t.grad)
	t.opt.step(t.net.Weights, t.grad)
	for i, kept := range t.mask {
		if !kept { // a method with memory would move it without a gradient, too
			t.net.Weights[i] = 0
		}
	}
	t.progress.Step++
	t.progress.At += rows
	t.progress.Samples += rows
	return loss / float64(rows)
}

// shard computes the gradient of the i-th rows of a batch.
func (t *Trainer) shard(i int, batch []int) {
	mine := batch[i*t.config.Shard : min((i+1)*t.config.Shard, len(batch))]
	p := t.passes[i]
	p.loss, p.right = 0, 0
	in, out := t.train.Inputs, t.train.Outputs
	targets := make([]float64, 0, len(mine)*out)
	for k, sample := range mine {
		x := p.a[0][k*in : (k+1)*in]
		copy(x, t.train.X[sample*in:(sample+1)*in])
		if t.config.Augment != nil {
			t.config.Augment(rand.New(rand.NewPCG(t.config.Seed^0x617567, uint64(t.progress.Epoch)<<32|uint64(sample))), x)
		}
		targets = append(targets, t.train.Y[sample*out:(sample+1)*out]...)
	}
	p.forward(len(mine))
	p.backward(len(mine), targets)
}

// endEpoch evaluates, and says whether it is time to stop; then the best weights are back.
func (t *Trainer) endEpoch(report func(Line) error) (stop bool, err error) {
	g := &t.progress
	g.Epoch, g.At = g.Epoch+1, 0
	t.shuffle()
	if t.valid == nil {
		return false, nil
	}
	loss, _ := t.net.Score(t.valid)
	if err := report(t.line(Eval, loss)); err != nil {
		return true, err
	}
	if t.config.Patience == 0 {
		return false, nil
	}
	if loss < g.Best {
		g.Best, g.BestWeights, g.Waiting = loss, append(g.BestWeights[:0], t.net.Weights...), 0
		return false, nil
	}
	if g.Waiting++; g.Waiting < t.config.Patience {
		return false, nil
	}
	copy(t.net.Weights, g.BestWeights)
	return true, nil
}

// Prune removes a share of the weights, the smallest of all layers together; biases stay. Training that goes on leaves them
// removed.
func (t *Trainer) Prune(share float64) {
	t.mask = prune(t.net, share)
}

// prune sets the smallest weights to 0 and returns which are kept.
func prune(n *Network, share float64) []bool {
	var sizes []float64
	for l := range n.layers() {
		w, _ := n.layer(n.Weights, l)
		for _, v := range w {
			sizes = append(sizes, math.Abs(v))
		}
	}
	slices.Sort(sizes)
	cut := math.Inf(-1)
	if k := int(share * float64(len(sizes))); k > 0 {
		cut = sizes[min(k, len(sizes))-1]
	}
	kept := make([]bool, len(n.Weights))
	for i := range kept {
		kept[i] = true
	}
	at := 0
	for l := range n.layers() {
		w, b := n.layer(n.Weights, l)
		for i, v := range w {
			if math.Abs(v) <= cut {
				w[i], kept[at+i] = 0, false
			}
		}
		at += len(w) + len(b)
	}
	return kept
}

// Prune returns a copy of a network without a share of its weights, the smallest of all layers together.
func Prune(n *Network, share float64) *Network {
	c := &Network{n.Shape, slices.Clone(n.Weights)}
	prune(c, share)
	return c
}
