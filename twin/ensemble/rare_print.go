package ensemble

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
)

// rareTable says how likely it is to come to each level on the way to the rare event, and to the event.
func (o *Outcome) rareTable() table.Writer {
	spec := o.Experiment.Spec.Rare
	t := plain(len(spec.Levels) + 3)
	head := table.Row{""}
	for _, text := range spec.Levels {
		head = append(head, text)
	}
	t.AppendHeader(append(head, spec.Above+spec.Below, "futures", "plain runs that tell as much"))
	o.rows(t, nil, func(cell int) (row table.Row) {
		r := o.Rare(cell)
		for i, p := range r.Levels {
			row = append(row, chance(p, i == len(r.Levels)-1))
		}
		tell := "—"
		if finite(r.Plain) {
			tell = record.Digits(r.Plain, 2)
		}
		return append(row, record.Digits(r.Futures, 15), tell)
	})
	return t
}

// chance prints a probability, whole with its interval.
func chance(p Interval, whole bool) string {
	n := func(v float64) string { return strconv.FormatFloat(v, 'g', 2, 64) }
	switch {
	case p.Value == 0:
		return "never met"
	case whole && finite(p.Low):
		return fmt.Sprintf("%s (%s – %s)", n(p.Value), n(p.Low), n(p.High))
	}
	return n(p.Value)
}

// ladder shows how the probability falls from level to level, a line for each of the first cells.
func (o *Outcome) ladder() drawing {
	spec := o.Experiment.Spec.Rare
	names := append(append([]string{}, spec.Levels...), spec.Above+spec.Below)
	d := drawing{Title: "Probability of " + spec.Title(), Says: fmt.Sprintf("of coming to each level within a run, with its %s interval", o.confidence())}
	cells := min(len(o.byCell), len(classes))
	least := 1.0
	rungs := make([]Rare, cells)
	for cell := range rungs {
		rungs[cell] = o.Rare(cell)
		for _, p := range rungs[cell].Levels {
			for _, v := range []float64{p.Value, p.Low} {
				if v > 0 {
					least = min(least, v)
				}
			}
		}
		if len(o.byCell) > 1 {
			d.Legend = append(d.Legend, hue{class(cell), clip(o.Experiment.Label(cell), 40)})
		}
	}
	decades := math.Ceil(-math.Log10(least) - 1e-9)
	decades = max(decades, 1)
	y := draw.Axis{From: -decades, To: 0, At: height - bottom, End: top}
	x := draw.Axis{From: 0, To: max(1, float64(len(names)-1)), At: left + 24, End: width - right - 24}
	var g draw.Canvas
	open(&g, width, height, d.Title)
	every := math.Ceil(decades / 6)
	for k := 0.0; k <= decades; k += every {
		g.Line(left, y.Px(-k), width-right, y.Px(-k), "grid")
		label := "1"
		if k > 0 {
			label = fmt.Sprintf("1e-%.0f", k)
		}
		g.Text(left-8, y.Px(-k)+4, "tick", "end", label)
	}
	for i, name := range names {
		g.Text(x.Px(float64(i)), height-8, "tick", "middle", clip(name, max(4, 70/len(names))))
	}
	for cell, r := range rungs {
		var line []string
		for i, p := range r.Levels {
			if p.Value <= 0 {
				continue
			}
			at, value := x.Px(float64(i)), y.Px(math.Log10(p.Value))
			line = append(line, draw.Num(at)+" "+draw.Num(value))
			if p.Low > 0 {
				g.Line(at, y.Px(math.Log10(p.Low)), at, y.Px(math.Log10(p.High)), "limit-solid line "+class(cell))
			}
			g.Printf(`<a href="#%s"><circle class="dot %s" cx="%s" cy="%s" r="3"><title>%s</title></circle></a>`, anchor(cell), class(cell), draw.Num(at), draw.Num(value),
				html.EscapeString(o.Experiment.Label(cell)+", "+names[i]+": "+chance(p, true)))
		}
		if len(line) > 1 {
			g.Printf(`<path class="line %s" d="M%s"/>`, class(cell), strings.Join(line, "L"))
		}
	}
	d.Drawing = closed(&g)
	return d
}
