package ensemble

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Progress says how far an experiment is.
type Progress struct {
	Done, Total int // runs; Total is the most there can be
	Taken       int // of Done: results that were there already
	Failed      int // runs that broke or could not be built
}

// Options say how an experiment is carried out. None of them changes its outcome.
type Options struct {
	Workers  int            // runs at a time; 0: as many as there are processors
	Progress func(Progress) // called after each run; nil for none
}

// task is one run to be made.
type task struct {
	cell int
	seed uint64
}

// Run carries out the experiment and returns what came of it. Results go to the store as they come; those that it has are
// not computed again, so an experiment that was interrupted goes on where it was. A run that breaks, and a point that
// cannot be built, are reported in the outcome and do not stop the others.
func (e *Experiment) Run(ctx context.Context, store *Store, o Options) (*Outcome, error) {
	out := &Outcome{Experiment: e, byCell: make([][]Result, e.Cells())}
	if o.Workers <= 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	p := Progress{Total: e.Cells() * e.Replicas}
	for have := 0; have < e.Replicas; {
		next := e.next(have)
		var tasks []task
		for cell := range e.Cells() {
			e.cells[cell].left = next - have
			for n := have; n < next; n++ {
				tasks = append(tasks, task{cell, e.Seed + uint64(n)})
			}
		}
		err := e.round(ctx, store, o, tasks, func(r Result, taken bool) {
			out.byCell[r.Cell] = append(out.byCell[r.Cell], r)
			p.Done++
			if taken {
				p.Taken++
			}
			if r.Verdict == record.Broken {
				p.Failed++
			}
			if o.Progress != nil {
				o.Progress(p)
			}
		})
		if err != nil {
			return nil, err
		}
		if have = next; have < e.Replicas && e.enough(out) {
			break
		}
	}
	out.finish(store)
	return out, nil
}

// next returns how many replicas there shall be after the next round. Rounds do not depend on who computes them, so neither
// does where an experiment stops.
func (e *Experiment) next(have int) int {
	u := e.Spec.Until
	if u == nil {
		return e.Replicas
	}
	return min(e.Replicas, max(u.First, have+max(2, have/4)))
}

// enough tells whether the figure that the experiment is after is known well enough in every cell.
func (e *Experiment) enough(out *Outcome) bool {
	u := e.Spec.Until
	out.sort()
	c := float64(e.Spec.Confidence)
	for cell := range out.byCell {
		base := out.sample(e.Base(cell), u.Figure)
		bound := float64(u.Half) * abs(Mean(base, c).Value)
		mine := out.sample(cell, u.Figure)
		diff, _ := Difference(base, mine, c)
		if !(Mean(mine, c).Half() <= bound) || cell != e.Base(cell) && !(diff.Half() <= bound) {
			return false
		}
	}
	return true
}

func abs(v float64) float64 {
	if v < 0 {
		return -v
	}
	return v
}

// round makes runs, as many at a time as there are workers, and hands over each result, one at a time.
func (e *Experiment) round(ctx context.Context, store *Store, o Options, tasks []task, done func(r Result, taken bool)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var mu sync.Mutex
	var failed error
	queue := make(chan task)
	var workers sync.WaitGroup
	for range min(o.Workers, len(tasks)) {
		workers.Go(func() {
			for t := range queue {
				err := e.one(ctx, store, &mu, t, done)
				e.release(t.cell)
				if err != nil {
					mu.Lock()
					if failed == nil {
						failed = err
					}
					mu.Unlock()
					cancel()
				}
			}
		})
	}
feed:
	for _, t := range tasks {
		select {
		case queue <- t:
		case <-ctx.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	if failed == nil {
		failed = ctx.Err()
	}
	return failed
}

// one makes one run, unless its result is at hand.
func (e *Experiment) one(ctx context.Context, store *Store, mu *sync.Mutex, t task, done func(Result, bool)) error {
	plan, err := e.plan(t.cell)
	if err != nil {
		mu.Lock()
		defer mu.Unlock()
		done(Result{Cell: t.cell, Seed: t.seed, Verdict: record.Broken, Reason: "cannot be built: " + err.Error()}, false)
		return nil
	}
	k := key(plan.Hash, e.Version, t.seed)
	mu.Lock()
	r, taken := store.find(k)
	mu.Unlock()
	if taken {
		r.Cell = t.cell
		mu.Lock()
		defer mu.Unlock()
		done(r, true)
		return nil
	}
	s, err := live(ctx, plan, t.seed, e.Version)
	if s == nil || s.Verdict == record.Interrupted {
		return errors.Join(err, ctx.Err())
	}
	r, figures := keep(s)
	r.Key, r.Cell = k, t.cell
	mu.Lock()
	defer mu.Unlock()
	if r.Verdict != record.Broken { // what broke may be mended
		if err := store.add(r, figures); err != nil {
			return err
		}
	}
	done(r, false)
	return nil
}

// live makes a run. One that panics is a bug of ours; it breaks that run and no other.
func live(ctx context.Context, plan *scenarios.Plan, seed uint64, version string) (s *record.Summary, err error) {
	defer func() {
		if p := recover(); p != nil {
			s = &record.Summary{Seed: seed, Verdict: record.Broken, Reason: fmt.Sprintf("panic: %v (%s)", p, place(debug.Stack()))}
			err = nil
		}
	}()
	s, err = twin.Run(ctx, plan, twin.Options{Seed: seed, Version: version})
	if err != nil && s == nil {
		s = &record.Summary{Seed: seed, Verdict: record.Broken, Reason: err.Error()}
	}
	return s, nil
}

// place returns the line of code below a panic.
func place(stack []byte) string {
	lines := strings.Split(string(stack), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, "panic(") && i+3 < len(lines) {
			file, _, _ := strings.Cut(strings.TrimSpace(lines[i+3]), " +")
			return file[strings.LastIndex(file, "/")+1:]
		}
	}
	return "unknown place"
}
