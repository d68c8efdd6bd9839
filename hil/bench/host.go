package bench

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/halltwin/halltwin/hil/train"
)

// Host loads the machine's processors with the reference trainer: a level is a share of the processors.
type Host struct {
	mu      sync.Mutex
	trainer *train.Trainer
	batch   int
	stop    context.CancelFunc
	done    chan error
	samples atomic.Int64
	before  int64 // samples of trainers that are gone
}

var _ Workload = (*Host)(nil)

// Processors returns how many the load can use.
func Processors() int { return runtime.GOMAXPROCS(0) }

// Workers returns how many goroutines train at a level.
func Workers(level float64) int { return int(math.Round(level * float64(Processors()))) }

// Set implements [Workload].
func (h *Host) Set(d Demand) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	workers := Workers(d.Level)
	if workers == 0 {
		return h.pause()
	}
	batch := d.Batch
	if batch == 0 {
		batch = 128
	}
	if h.trainer == nil || batch != h.batch {
		if err := h.pause(); err != nil {
			return err
		}
		h.before += h.samples.Swap(0)
		data := train.Glyphs(8192, 1)
		z := train.NewNormaliser(data)
		t, err := train.NewTrainer(train.Config{Shape: train.Shape{Sizes: []int{data.Inputs, 256, 256, data.Outputs}, Hidden: train.ReLU,
			Output: train.Softmax, Loss: train.CrossEntropy, Init: train.He}, Method: train.Adam, Rate: 1e-3, Batch: batch, Shard: 8,
			Augment: train.Jitter(0.1), Seed: 1}, z.Apply(data), nil)
		if err != nil {
			return err
		}
		h.trainer, h.batch = t, batch
	}
	h.trainer.SetWorkers(workers)
	if h.stop != nil {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	h.stop, h.done = stop, make(chan error, 1)
	go func(t *train.Trainer, done chan<- error) {
		done <- t.Run(ctx, func(l train.Line) error {
			h.samples.Store(int64(l.Samples))
			return nil
		})
	}(h.trainer, h.done)
	return nil
}

// pause ends the goroutine that trains; the trainer stays where it is.
func (h *Host) pause() error {
	if h.stop == nil {
		return nil
	}
	h.stop()
	err := <-h.done
	h.stop, h.done = nil, nil
	if err != nil {
		return fmt.Errorf("the reference trainer: %w", err)
	}
	return nil
}

// Work implements [Workload].
func (h *Host) Work(int) float64 { return float64(h.before + h.samples.Load()) }

// Close implements [Workload].
func (h *Host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pause()
}

// HostSteps is the experiment for the host's processors: every number of goroutines up to that of processors, passes times over,
// each for seconds, with idle stretches between passes.
func HostSteps(passes int, seconds float64) Experiment {
	e := Experiment{Name: "host-steps", About: fmt.Sprintf("the reference trainer on 1 to %d of the host's processors, %d times", Processors(), passes)}
	levels := []float64{}
	for n := 1; n <= Processors(); n = min(2*n, max(n+1, Processors())) {
		levels = append(levels, float64(n)/float64(Processors()))
		if n == Processors() {
			break
		}
	}
	for pass := range passes {
		e.Steps = append(e.Steps, Step{Name: "idle", Seconds: seconds})
		for i := range levels {
			l := levels[i]
			if pass%2 == 1 { // the other way about, so that time is not taken for load
				l = levels[len(levels)-1-i]
			}
			e.Steps = append(e.Steps, Step{Name: fmt.Sprintf("%d of %d processors", Workers(l), Processors()), Seconds: seconds, Demand: Demand{Level: l, Mix: Mixed}})
		}
	}
	return e
}
