package ensemble

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/random"
)

// queue is the number of customers at a single server (M/M/1) from the first arrival until it is idle again: the way to an
// overflow, of which the probability is known in closed form.
type queue struct {
	stream random.Stream
	n      int
	load   float64
	levels []int
}

func (q *queue) Walk(level int) (bool, error) {
	for q.n < q.levels[level] {
		if q.n == 0 {
			return false, nil
		}
		if q.stream.Chance(q.load / (1 + q.load)) {
			q.n++
		} else {
			q.n--
		}
	}
	return true, nil
}

func (q *queue) Branch(key uint64) (walker, error) {
	b := *q
	b.stream = q.stream.Branch(key)
	return &b, nil
}

func (q *queue) Close() {}

// overflow estimates the probability that a queue grows to its last level before it is idle again, from runs of split futures.
func overflow(t *testing.T, seed uint64, runs int, load float64, levels []int, copies int) (sample []float64, walkers int) {
	t.Helper()
	for n := range runs {
		s := splitting{levels: len(levels), copies: copies, reached: make([]float64, len(levels))}
		root := random.Seed(seed).Branch(uint64(n))
		if err := s.follow(&queue{root.Stream("queue"), 1, load, levels}, 0, 1, root); err != nil {
			t.Fatal(err)
		}
		sample = append(sample, s.reached[len(levels)-1])
		walkers += s.walkers
	}
	return sample, walkers
}

// ruin is the probability that a queue grows from 1 to n before it is idle (the gambler's ruin).
func ruin(load float64, n int) float64 {
	return (1/load - 1) / (math.Pow(1/load, float64(n)) - 1)
}

func steps(to, by int) (levels []int) {
	for n := 1 + by; n < to; n += by {
		levels = append(levels, n)
	}
	return append(levels, to)
}

// The witness of splitting is the closed form, down to what no plain run would see.
func TestOverflowOfQueue(t *testing.T) {
	for _, c := range []struct {
		load   float64
		levels []int
		copies int
	}{
		{0.5, []int{9}, 2}, // no levels on the way: plain runs
		{0.5, steps(9, 2), 4},
		{0.5, []int{2, 3, 3, 9}, 3}, // levels badly chosen, two of them at one place
		{0.5, steps(21, 2), 4},      // 1e-6
		{0.3, steps(17, 2), 11},     // 3e-9
	} {
		truth := ruin(c.load, c.levels[len(c.levels)-1])
		sample, walkers := overflow(t, 1, 20000, c.load, c.levels, c.copies)
		got := Mean(sample, 0.95)
		t.Logf("load %g to %d: %.3g (%.3g – %.3g), truth %.3g, %d walkers", c.load, c.levels[len(c.levels)-1], got.Value, got.Low, got.High, truth, walkers)
		if math.Abs(got.Value-truth) > 3*got.Half()/1.96 {
			t.Errorf("load %g, levels %v: %.4g ± %.2g, and the truth is %.4g", c.load, c.levels, got.Value, got.Half(), truth)
		}
		if len(c.levels) > 4 && got.Half() > 0.2*truth {
			t.Errorf("load %g, levels %v: %.4g ± %.2g is no use", c.load, c.levels, got.Value, got.Half())
		}
	}
}

// Intervals over runs of split futures cover the truth about as often as they say.
func TestSplitIntervalsCover(t *testing.T) {
	const repeats = 400
	truth, held := ruin(0.5, 13), 0
	for n := range repeats {
		sample, _ := overflow(t, uint64(100+n), 1000, 0.5, steps(13, 2), 4)
		if i := likely(sample, 0.95); i.Low <= truth && truth <= i.High {
			held++
		}
	}
	share := float64(held) / repeats
	t.Logf("%.1f %% of the intervals hold the truth", 100*share)
	if share < 0.93 || share > 0.97 {
		t.Errorf("%.1f %% of 95 %% intervals hold the truth", 100*share)
	}
}
