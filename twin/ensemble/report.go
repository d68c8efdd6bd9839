package ensemble

import (
	_ "embed" // the page
	"fmt"
	"html/template"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
)

// ReportFile is the page of an experiment.
const ReportFile = "report.html"

//go:embed page.html
var pageSource string

var page = template.Must(template.New("experiment").Parse(pageSource + draw.Signs))

// maxShown bounds the cells that the page lists, and maxOdds those whose expectations stand before all else.
const (
	maxShown = 500
	maxOdds  = 12
)

type content struct {
	Version, Title, About, Size, Confidence string
	Style                                   template.CSS
	Verdict                                 struct{ Class, Head, Says string }
	Odds                                    *oddsTable
	Figures, Effects                        []drawing
	Columns                                 []string
	Cells                                   []cellRow
	More                                    string
	Failed                                  []failedRow
}

type oddsTable struct {
	Head []string
	Rows []oddsRow // where not all are well, when there are many
	All  []oddsRow // then: folded
}

type oddsRow struct {
	ID, Label string
	Odds      []oddsCell
}

type oddsCell struct{ Class, Sign, Held, Share string }

type drawing struct {
	Title, Unit, Says string
	Wide              bool
	Legend            []hue
	Drawing           template.HTML
}

type hue struct{ Class, Name string }

type cellRow struct {
	ID, Label, Command string
	Means              []string
}

type failedRow struct{ Label, Reason string }

// Report writes the outcome as one page that needs nothing else: verdict, distributions, what moves what, every cell.
func (o *Outcome) Report(w io.Writer, figures []string) error {
	e := o.Experiment
	c := content{Version: e.Version, Title: e.Name, Size: o.Size(), Confidence: o.confidence(), Style: template.CSS(draw.Style)} //nolint:gosec // our own
	if v := e.File.Whole.Get("about"); v != nil {
		c.About = v.Text
	}
	c.Verdict.Class, c.Verdict.Head, c.Verdict.Says = o.verdict()
	c.Odds = o.oddsTable()
	if e.Spec.Rare != nil {
		c.Figures = append(c.Figures, o.ladder())
	}
	for _, key := range figures {
		c.Figures = append(c.Figures, o.drawings(key)...)
	}
	if a, b := trade(figures); b != "" && len(o.byCell) > 2 {
		c.Figures = append(c.Figures, o.front(a, b))
	}
	for v := range e.Variants {
		for _, key := range figures {
			if effects := o.Effects(v, key); effects != nil {
				c.Effects = append(c.Effects, o.tornado(e.Variants[v], key, effects))
			}
		}
	}
	for _, key := range figures {
		label, _ := o.scaled(key)
		c.Columns = append(c.Columns, label)
	}
	for cell := range o.byCell {
		if cell == maxShown {
			c.More = fmt.Sprintf("%d more cells are in %s", len(o.byCell)-cell, TableFile)
			break
		}
		row := cellRow{ID: anchor(cell), Label: e.Label(cell), Command: o.command(cell)}
		for _, key := range figures {
			_, factor := o.scaled(key)
			row.Means = append(row.Means, record.Digits(Mean(o.sample(cell, key), 0.95).Value/factor, 5))
		}
		c.Cells = append(c.Cells, row)
	}
	for i, r := range o.Failed {
		if i == 50 {
			c.Failed = append(c.Failed, failedRow{Label: fmt.Sprintf("… and %d more", len(o.Failed)-i)})
			break
		}
		c.Failed = append(c.Failed, failedRow{fmt.Sprintf("%s, seed %d", e.Label(r.Cell), r.Seed), r.Reason})
	}
	return page.Execute(w, &c)
}

// trade picks two figures that are worth showing against each other: one to be made small and one to be made large, if there
// are such.
func trade(figures []string) (a, b string) {
	for _, key := range figures {
		switch {
		case larger[key] && b == "":
			b = key
		case !larger[key] && a == "":
			a = key
		}
	}
	if (a == "" || b == "") && len(figures) >= 2 {
		return figures[0], figures[1]
	}
	return a, b
}

func anchor(cell int) string { return fmt.Sprintf("cell-%d", cell) }

func (o *Outcome) verdict() (class, head, says string) {
	if o.Experiment.searching && len(o.Failed) == 0 {
		head, says, _ = strings.Cut(o.found(), "\n")
		if o.Best < 0 {
			return "missed", head, "In each, some expectation is shown to be missed; widen the ranges, or ask for less."
		}
		return "passed", head, says
	}
	missed, open := 0, 0
	for cell := range o.byCell {
		for _, name := range o.Expectations {
			switch d := o.Odds(cell, name); {
			case d.Missed:
				missed++
			case d.Held < d.Runs:
				open++
			}
		}
	}
	all := len(o.byCell) * len(o.Expectations)
	switch {
	case len(o.Failed) > 0:
		return "interrupted", counted(len(o.Failed), "run") + " did not come to an end", "The rest of the experiment is whole; what went wrong is listed at the end."
	case all == 0 && o.Experiment.Spec.Rare != nil:
		r := o.Rare(0)
		return "unjudged", capital(o.Experiment.Spec.Rare.Title()) + ": " + chance(r.Levels[len(r.Levels)-1], true),
			fmt.Sprintf("The probability within a run, %s, from %s.", o.Experiment.Label(0), counted(int(r.Futures), "future"))
	case all == 0:
		return "unjudged", "Nothing was expected", "Write expectations in the scenario to have the experiment judged."
	case missed > 0:
		return "missed", fmt.Sprintf("%d of %d expectations are shown to be missed", missed, all), "Counted over all cells; at the confidence given, each holds in too few futures."
	case open > 0:
		return "passed", "No expectation is shown to be missed", fmt.Sprintf("%d of %d did not hold in every future that was lived; more seeds would tell.", open, all)
	}
	return "passed", "Every expectation held in every future", fmt.Sprintf("%s, %s.", counted(len(o.byCell), "cell"), counted(o.Replicas, "future"))
}

func (o *Outcome) oddsTable() *oddsTable {
	if len(o.Expectations) == 0 {
		return nil
	}
	t := &oddsTable{Head: o.Expectations}
	for cell := range o.byCell {
		if cell == maxShown {
			break
		}
		row := oddsRow{ID: anchor(cell), Label: o.Experiment.Label(cell)}
		for _, name := range o.Expectations {
			d := o.Odds(cell, name)
			c := oddsCell{"ok", "ok", fmt.Sprintf("%d of %d", d.Held, d.Runs), ""}
			if d.Runs > 1 {
				c.Share = fmt.Sprintf("%s–%s %%", record.Digits(100*d.Share.Low, 3), record.Digits(100*d.Share.High, 3))
			}
			switch {
			case d.Runs == 0:
				c.Class, c.Sign, c.Held = "warn", "interrupted", "no run came to its end"
			case d.Missed:
				c.Class, c.Sign = "bad", "missed"
			case d.Held < d.Runs:
				c.Class, c.Sign = "warn", "interrupted"
			}
			row.Odds = append(row.Odds, c)
		}
		t.Rows = append(t.Rows, row)
	}
	if len(t.Rows) > maxOdds {
		t.All, t.Rows = t.Rows, nil
		for _, row := range t.All {
			if len(t.Rows) < maxOdds && slices.ContainsFunc(row.Odds, func(c oddsCell) bool { return c.Class != "ok" }) {
				t.Rows = append(t.Rows, row)
			}
		}
	}
	return t
}

// command makes one run of a cell again.
func (o *Outcome) command(cell int) string {
	e := o.Experiment
	variant, point := e.Of(cell)
	args := []string{"halltwin run", e.File.Path}
	if variant != "" {
		args = append(args, "--variant", variant)
	}
	for i, v := range e.Design.Text[point] {
		if set := e.Design.Axes[i].Override(v); set != "" {
			args = append(args, "--set '"+set+"'")
		}
	}
	return strings.Join(append(args, "--seed", fmt.Sprint(e.Seed)), " ")
}

// drawings shows a figure: over one axis as lines, over two as maps, else cell by cell.
func (o *Outcome) drawings(key string) []drawing {
	e := o.Experiment
	f, _ := o.Figure(key)
	symbol, factor := record.Scale(o.most(key), f.Unit)
	d := drawing{Title: capital(f.Label), Unit: symbol}
	grid := e.Design.Kind == "grid"
	switch {
	case grid && len(e.Design.Axes) == 1 && e.Design.Axes[0].Numeric():
		d.Says = fmt.Sprintf("mean over %s, with its %s interval", counted(o.Replicas, "seed"), o.confidence())
		d.Drawing = o.overAxis(key, factor)
		for v, name := range e.Variants {
			if len(e.Variants) > 1 {
				d.Legend = append(d.Legend, hue{class(v), variantName(name)})
			}
		}
	case grid && len(e.Design.Axes) == 2:
		var list []drawing
		for v, name := range e.Variants {
			m := d
			m.Title += ", " + variantName(name)
			m.Says = fmt.Sprintf("mean over %s: %s down, %s across", counted(o.Replicas, "seed"), e.Design.Axes[0].Name, e.Design.Axes[1].Name)
			m.Drawing = o.heatMap(v, key, factor)
			list = append(list, m)
		}
		return list
	case len(e.Design.Axes) > 0 && !grid:
		d.Says = "distribution over all points and seeds"
		d.Drawing = o.histogram(key, factor)
	default:
		d.Wide = len(o.byCell) > 6
		d.Says = fmt.Sprintf("each future a dot; the bar is the mean with its %s interval", o.confidence())
		d.Drawing = o.strips(key, factor)
	}
	return []drawing{d}
}

func (o *Outcome) most(key string) float64 {
	most := 0.0
	for cell := range o.byCell {
		if v := math.Abs(Mean(o.sample(cell, key), 0.95).Value); v > most {
			most = v
		}
	}
	return most
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }
