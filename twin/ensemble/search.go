package ensemble

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// prepareSearch makes ready to look for the best point of the axes: of the base, or of the one variant that was asked for.
func (e *Experiment) prepareSearch(axes []scenarios.Axis, r Request) error {
	if len(axes) == 0 {
		return fmt.Errorf("experiment.search has nothing to choose: the sweep has no axes")
	}
	for i := range axes {
		if !axes[i].Ranged() {
			return fmt.Errorf("experiment.search needs ranges, and the axis %s is a list: write from and to", axes[i].Name)
		}
	}
	e.Variants = []string{""}
	switch len(r.Variants) {
	case 0:
	case 1:
		e.Variants = r.Variants
	default:
		return fmt.Errorf("experiment.search looks for the best point of one variant at a time, and %s were asked for", strings.Join(r.Variants, ", "))
	}
	if n := float64(e.Spec.Search.Points) * float64(e.Replicas); n > maxRuns {
		return fmt.Errorf("%d points × %d replicas are %.3g runs, and at most %d are taken: ask for fewer", e.Spec.Search.Points, e.Replicas, n, maxRuns)
	}
	e.searching = true
	e.Design = &Design{Kind: "search", Axes: axes}
	e.cells = make([]cell, e.Spec.Search.Points)
	return nil
}

// Values by which points are ranked: those that hold all expectations by their figure, before those that miss some, by how
// much they miss, before those that break.
const (
	missing = 1e200
	broken  = 1e250
)

// search looks for the best point. All points meet the same seeds, so that two of them differ by what they are.
func (e *Experiment) search(ctx context.Context, store *Store, o Options, out *Outcome, p *Progress) error {
	s := e.Spec.Search
	m := minimiser{axes: len(e.Design.Axes), points: s.Points, close: float64(s.Close), seed: random.Seed(e.Seed)}
	known := map[string]int{} // cells by the text of their point
	best, err := m.minimise(func(u []float64) (float64, error) {
		d := e.Design
		text := make([]string, len(u))
		for i := range u {
			text[i] = d.Axes[i].At(u[i])
		}
		id := strings.Join(text, "\n")
		cell, ok := known[id]
		if !ok {
			cell = len(d.Text)
			known[id] = cell
			d.Unit, d.Text = append(d.Unit, slices.Clone(u)), append(d.Text, text)
			out.byCell = append(out.byCell, nil)
			if err := e.cover(ctx, store, o, out, p, cell, cell+1, 0, e.Replicas); err != nil {
				return 0, err
			}
			out.sort()
		}
		return e.rank(out, cell)
	})
	if err != nil {
		return err
	}
	for cell := range out.byCell {
		if v, err := e.rank(out, cell); err == nil && v == best && v < missing && out.Best < 0 {
			out.Best = cell
		}
	}
	return nil
}

// rank is what makes a point better than another when it is less.
func (e *Experiment) rank(out *Outcome, cell int) (float64, error) {
	lacking, names := 0.0, map[string]bool{}
	for i := range out.byCell[cell] {
		r := &out.byCell[cell][i]
		if r.Verdict == record.Broken {
			return broken, nil
		}
		for name := range r.Held {
			names[name] = true
		}
	}
	ordered := make([]string, 0, len(names))
	for name := range names {
		ordered = append(ordered, name)
	}
	slices.Sort(ordered)
	for _, name := range ordered {
		if d := out.Odds(cell, name); d.Missed {
			lacking += float64(e.Spec.Holds) - float64(d.Held)/float64(d.Runs)
		}
	}
	if lacking > 0 {
		return missing * (1 + lacking), nil
	}
	v := Mean(out.sample(cell, e.Spec.Search.Figure), 0.95).Value
	if math.IsNaN(v) {
		return 0, fmt.Errorf("experiment.search: no run has a figure %s; `halltwin sweep --json` lists all of them", e.Spec.Search.Figure)
	}
	if e.Spec.Search.Aim == "greatest" {
		v = -v
	}
	return v, nil
}

// found says what a search came to.
func (o *Outcome) found() string {
	s := o.Experiment.Spec.Search
	if o.Best < 0 {
		return fmt.Sprintf("No point of %d holds every expectation", len(o.byCell))
	}
	label, factor := o.scaled(s.Figure)
	return fmt.Sprintf("Best of %d points: %s\n%s: %s", len(o.byCell), o.Experiment.Label(o.Best), label, o.valued(o.Best, s.Figure, factor))
}

func (o *Outcome) valued(cell int, key string, factor float64) string {
	s := o.Statistic(cell, key)
	if math.IsNaN(s.Mean.Low) || s.Mean.Half() == 0 {
		return record.Digits(s.Mean.Value/factor, 5)
	}
	return plusMinus(s.Mean, factor, false)
}
