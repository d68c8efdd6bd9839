package ensemble

import (
	"context"
	"errors"
	"math"
	"reflect"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// Cells that differ in what their timelines do have one past under a seed, up to the first thing that only one of them
// does. It is lived once, and each leaves it as a fork: what comes of them is the same to the last bit.

// together is how many cells share a past at most: all their plans are in memory at once.
const together = 8

// bundles groups tasks of one seed whose past is shared.
func (r *Round) bundles() [][]Task {
	e := r.experiment
	type past struct {
		stem string
		seed uint64
	}
	var list [][]Task
	open := map[past]int{} // where in the list a bundle has room
	stems := make(map[int]string, len(e.cells))
	for _, t := range r.tasks {
		stem, ok := stems[t.Cell]
		if !ok {
			variant, point := e.Of(t.Cell)
			stem = e.File.Stem(variant, e.Design.Axes, e.Design.Text[point])
			stems[t.Cell] = stem
		}
		p := past{stem, t.Seed}
		if i, ok := open[p]; ok && len(list[i]) < together && e.Spec.Rare == nil && e.Spec.WarmUp == 0 {
			list[i] = append(list[i], t)
			continue
		}
		open[p] = len(list)
		list = append(list, []Task{t})
	}
	return list
}

// makeBundle makes the runs of a bundle, unless their results are at hand.
func (r *Round) makeBundle(ctx context.Context, tasks []Task) error {
	var jobs []Job
	for _, t := range tasks {
		if j, todo := r.Prepare(t); todo {
			defer r.Release(j)
			jobs = append(jobs, j)
		}
	}
	left := map[int]bool{} // by cell: not made yet
	for i := range jobs {
		left[jobs[i].Cell] = true
	}
	if len(jobs) > 1 {
		err := r.grow(ctx, nil, jobs, func(list []Job, m Made) error {
			for _, j := range list {
				delete(left, j.Cell)
				if err := r.Done(j, m); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if !left[j.Cell] {
			continue
		}
		m, err := r.experiment.cells[j.Cell].past.lead(ctx, j.Plan, j.Seed, r.experiment.Version)
		if err != nil {
			return err
		}
		if err := r.Done(j, m); err != nil {
			return err
		}
	}
	return nil
}

// grow lives on from a world, nil for the beginning, what jobs have in common, and then each of them. What goes wrong before
// they part is left to each alone.
func (r *Round) grow(ctx context.Context, w *twin.Driven, jobs []Job, done func([]Job, Made) error) error {
	same := alike(jobs)
	o := twin.Options{Seed: jobs[0].Seed, Version: r.experiment.Version}
	at, part := math.Inf(1), false
	for i := range jobs {
		if acts := jobs[i].Plan.Actions; len(acts) > same {
			at, part = min(at, acts[same].At), true
		}
	}
	if !part { // one and the same to the end
		s, err := guarded(o.Seed, func() (*record.Summary, error) {
			f, err := onward(w, jobs[0].Plan, o)
			if err != nil {
				return nil, err
			}
			return f.End(ctx, f.Advance(ctx, jobs[0].Plan.Duration))
		})
		if s == nil || s.Verdict == record.Interrupted {
			return errors.Join(err, ctx.Err())
		}
		return done(jobs, keep(s))
	}
	var trunk *twin.Driven
	broken, _ := guarded(o.Seed, func() (*record.Summary, error) {
		common := *jobs[0].Plan
		common.Actions = common.Actions[:same:same]
		f, err := onward(w, &common, o)
		if err != nil {
			return nil, err
		}
		trunk = f
		return nil, f.Advance(ctx, math.Nextafter(at, 0))
	})
	if trunk != nil {
		defer trunk.Close()
	}
	if broken != nil {
		return ctx.Err()
	}
	for len(jobs) > 0 {
		mine, others := split(jobs, same)
		if err := r.grow(ctx, trunk, mine, done); err != nil {
			return err
		}
		jobs = others
	}
	return nil
}

// onward begins the run of a plan, or takes it over from a world that has lived its beginning.
func onward(w *twin.Driven, plan *scenarios.Plan, o twin.Options) (*twin.Driven, error) {
	if w == nil {
		return twin.Begin(plan, o)
	}
	return w.ForkAs(plan, o)
}

// alike returns how many of their first actions all jobs have in common.
func alike(jobs []Job) int {
	first := jobs[0].Plan.Actions
	n := len(first)
	for i := range jobs[1:] {
		acts := jobs[1+i].Plan.Actions
		n = min(n, len(acts))
		for k := range n {
			if !equal(&first[k], &acts[k]) {
				n = k
				break
			}
		}
	}
	return n
}

func equal(a, b *action.Action) bool { return reflect.DeepEqual(a, b) }

// split takes from jobs those that do next what the first of them does.
func split(jobs []Job, next int) (mine, others []Job) {
	first := jobs[0].Plan.Actions
	for _, j := range jobs {
		acts := j.Plan.Actions
		if len(acts) > next == (len(first) > next) && (len(acts) <= next || equal(&acts[next], &first[next])) {
			mine = append(mine, j)
		} else {
			others = append(others, j)
		}
	}
	return mine, others
}
