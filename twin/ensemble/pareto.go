package ensemble

import "slices"

// Aim is a figure that is to be made small, or large.
type Aim struct {
	Key      string
	Greatest bool
}

// Pareto returns the cells of which no other is at least as good in the mean of every aim and better in one: what can be had.
// Cells that lack a figure, or in which an expectation was shown to be missed, are no candidates.
func (o *Outcome) Pareto(aims []Aim) []int {
	type candidate struct {
		cell int
		at   []float64
	}
	var list []candidate
	for cell := range o.byCell {
		c := candidate{cell: cell}
		for _, a := range aims {
			v := Mean(o.sample(cell, a.Key), 0.95).Value
			if a.Greatest {
				v = -v
			}
			c.at = append(c.at, v)
		}
		missed := slices.ContainsFunc(o.Expectations, func(name string) bool { return o.Odds(cell, name).Missed })
		if !missed && !slices.ContainsFunc(c.at, func(v float64) bool { return !finite(v) }) {
			list = append(list, c)
		}
	}
	var front []int
	for _, c := range list {
		if !slices.ContainsFunc(list, func(other candidate) bool { return dominates(other.at, c.at) }) {
			front = append(front, c.cell)
		}
	}
	return front
}

// dominates tells whether a is nowhere worse than b, and somewhere better.
func dominates(a, b []float64) bool {
	better := false
	for i := range a {
		if a[i] > b[i] {
			return false
		}
		better = better || a[i] < b[i]
	}
	return better
}
