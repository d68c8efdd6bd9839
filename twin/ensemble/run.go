package ensemble

import (
	"context"
	"fmt"

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
	Executor Executor       // who makes the runs; nil: this process, with as many at a time as there are processors
	Progress func(Progress) // called after each run; nil for none
}

// Run carries out the experiment and returns what came of it. Results go to the store as they come; those that it has are
// not computed again, so an experiment that was interrupted goes on where it was. A run that breaks, and a point that
// cannot be built, are reported in the outcome and do not stop the others.
func (e *Experiment) Run(ctx context.Context, store *Store, o Options) (*Outcome, error) {
	out := &Outcome{Experiment: e, Best: -1, byCell: make([][]Result, e.Cells())}
	if o.Executor == nil {
		o.Executor = Local{}
	}
	p := &Progress{Total: e.Cells() * e.Replicas}
	if e.searching {
		p.Total = e.Spec.Search.Points * e.Replicas
		if err := e.search(ctx, store, o, out, p); err != nil {
			return nil, err
		}
		out.finish(store)
		return out, nil
	}
	for have := 0; have < e.Replicas; {
		next := e.next(have)
		if err := e.cover(ctx, store, o, out, p, 0, e.Cells(), have, next); err != nil {
			return nil, err
		}
		if have = next; have < e.Replicas && e.enough(out) {
			break
		}
	}
	out.finish(store)
	return out, nil
}

// cover runs a range of replicas in a range of cells.
func (e *Experiment) cover(ctx context.Context, store *Store, o Options, out *Outcome, p *Progress, cell, end, have, next int) error {
	r := &Round{experiment: e, store: store}
	for ; cell < end; cell++ {
		e.cells[cell].left = next - have
		for n := have; n < next; n++ {
			r.tasks = append(r.tasks, Task{cell, e.Seed + uint64(n)})
		}
	}
	r.done = func(r Result, taken bool) {
		out.byCell[r.Cell] = append(out.byCell[r.Cell], r)
		p.Done++
		if taken {
			p.Taken++
		}
		if r.Verdict == record.Broken {
			p.Failed++
		}
		if o.Progress != nil {
			o.Progress(*p)
		}
	}
	if err := o.Executor.Execute(ctx, r); err != nil {
		return err
	}
	if n := len(r.tasks) - r.finished; n > 0 {
		return fmt.Errorf("%d of %d runs were never made", n, len(r.tasks))
	}
	return nil
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
