package compare

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"math"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
)

//go:embed page.html
var pageSource string

var page = template.Must(template.New("comparison").Parse(pageSource))

type content struct {
	Title, Version string
	Style          template.CSS
	Parts          []part
}

type part struct {
	Base, Other, Pairing, Parting, Interval, Axis, More string
	Held                                                []heldRow
	Rows                                                []figureRow
	Inputs                                              []Input
}

type heldRow struct{ Name, Base, BaseClass, Other, OtherClass string }

type figureRow struct {
	Group                                       string // of a row that begins one
	Label, Base, Other, Diff, Percent, Interval string
	Forest                                      template.HTML
}

// Page writes comparisons as one page that needs nothing else, to hang beside a change of a scenario.
func Page(w io.Writer, all []*Comparison, version string) error {
	c := content{Version: version, Style: template.CSS(draw.Style)} //nolint:gosec // our own
	var names []string
	for _, x := range all {
		names = append(names, x.Other)
		c.Parts = append(c.Parts, x.part())
	}
	c.Title = strings.Join(names, ", ") + " against " + all[0].Base
	return page.Execute(w, &c)
}

func (c *Comparison) part() part {
	p := part{Base: c.Base, Other: c.Other, Pairing: c.pairing(), Parting: c.parting()}
	for i, x := range c.Inputs {
		if i == maxShown {
			p.More = fmt.Sprintf("… and %d more", len(c.Inputs)-i)
			break
		}
		p.Inputs = append(p.Inputs, Input{Path: x.Path, Base: absent(x.Base), Other: absent(x.Other)})
	}
	for _, e := range c.Expectations {
		p.Held = append(p.Held, heldRow{e.Name, holds(e.Base, e.Runs), stateOf(e.Base, e.Runs), holds(e.Other, e.Runs), stateOf(e.Other, e.Runs)})
	}
	if len(c.Seeds) > 1 {
		p.Interval = "95 % interval"
	}
	reach := c.reach()
	p.Axis = fmt.Sprintf("−%s … +%[1]s %%", record.Digits(reach, 2))
	group := ""
	for i := range c.Figures {
		f := &c.Figures[i]
		if f.Group != group {
			group = f.Group
			p.Rows = append(p.Rows, figureRow{Group: group})
		}
		label, factor := f.scaled()
		row := figureRow{Label: label, Base: digits(f.Base / factor), Other: digits(f.Other / factor), Diff: signed(f.Diff / factor), Percent: percent(f.Percent)}
		switch {
		case !math.IsNaN(f.Low) && f.Outcome != Equal:
			row.Interval = "[" + signed(f.Low/factor) + ", " + signed(f.High/factor) + "]"
			if f.Outcome == Unsure {
				row.Interval = "≈ " + row.Interval
			}
		case f.Outcome != OneSeed:
			row.Interval = string(f.Outcome)
		}
		row.Forest = f.forest(reach)
		p.Rows = append(p.Rows, row)
	}
	return p
}

func stateOf(n, of int) string {
	if n == of {
		return "ok"
	}
	return "bad"
}

// scaled returns the label of a figure with the unit in which it reads best, and how many SI units that is.
func (f *Figure) scaled() (label string, factor float64) {
	scale := math.Max(math.Abs(f.Base), math.Abs(f.Other))
	if math.IsNaN(scale) {
		scale = 0
	}
	symbol, factor := record.Scale(scale, f.Unit)
	if symbol == "" {
		return f.Label, factor
	}
	return f.Label + ", " + symbol, factor
}

// mostReach bounds the axis of differences, in %: beyond, a mark stands at its end.
const mostReach = 100

// reach returns how far differences go, in % of the base: the axis of all of them.
func (c *Comparison) reach() float64 {
	most := 0.1
	for i := range c.Figures {
		if v := math.Abs(c.Figures[i].Percent); !math.IsNaN(v) && c.Figures[i].Outcome == Differs {
			most = max(most, v)
		}
	}
	_, hi := draw.Round(0, min(most, mostReach), 3)
	return hi
}

// forest draws a difference with its interval, in % of the base, on an axis that is the same for all.
func (f *Figure) forest(reach float64) template.HTML {
	if math.IsNaN(f.Percent) || f.Base == 0 || f.Outcome == Equal {
		return ""
	}
	x := draw.Axis{From: -reach, To: reach, At: 6, End: 172}
	at := func(v float64) float64 { return x.Px(min(max(v, -reach), reach)) }
	var g draw.Canvas
	g.WriteString(`<svg viewBox="0 0 178 20" aria-hidden="true">`)
	g.Line(x.Px(0), 1, x.Px(0), 19, "grid")
	if !math.IsNaN(f.Low) {
		k := 100 / math.Abs(f.Base)
		g.Line(at(f.Low*k), 10, at(f.High*k), 10, "limit-solid line c1")
	}
	g.Printf(`<circle class="dot c1" cx="%s" cy="10" r="3"/></svg>`, draw.Num(at(f.Percent)))
	return template.HTML(g.String()) //nolint:gosec // our own marks and numbers
}
