package ensemble

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/halltwin/halltwin/twin/record"
)

// Headlines are the figures shown where nobody asked for others, as far as they vary.
var Headlines = []string{"growth.served", "growth.stranded", "cost.full_gpu_hour", "energy.site", "energy.pue", "cost.energy", "carbon.operational", "cooling.wue", "cooling.hottest_inlet",
	"compute.goodput", "compute.throttled", "jobs.wait_p95", "sla.met", "availability"}

// maxCells bounds the rows of a printed table, and maxSampled those of a design that is a sample; all of them are in the
// report and the table file.
const (
	maxCells   = 40
	maxSampled = 8
)

// Varying returns the headlines that are not the same in every run, at most n.
func (o *Outcome) Varying(n int) []string {
	var out []string
	for _, key := range Headlines {
		lo, hi := math.Inf(1), math.Inf(-1)
		for i := range o.Results {
			if v, ok := o.Results[i].Figures[key]; ok && finite(v) {
				lo, hi = min(lo, v), max(hi, v)
			}
		}
		if hi > lo && len(out) < n {
			out = append(out, key)
		}
	}
	return out
}

// Text prints the outcome for a terminal: how it was found, what holds, what the figures are, what the axes do.
func (o *Outcome) Text(w io.Writer, figures []string) error { return o.print(w, figures, false) }

// Markdown prints the outcome for a review or a page.
func (o *Outcome) Markdown(w io.Writer, figures []string) error { return o.print(w, figures, true) }

func (o *Outcome) print(w io.Writer, figures []string, markdown bool) error {
	var b strings.Builder
	section := func(title string, t table.Writer) {
		if markdown {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", title, t.RenderMarkdown())
			return
		}
		fmt.Fprintf(&b, "\n%s\n", strings.ToUpper(title[:1])+title[1:])
		for line := range strings.Lines(t.Render() + "\n") {
			b.WriteString("  " + line)
		}
	}
	if markdown {
		fmt.Fprintf(&b, "# %s\n\n", o.Experiment.Name)
	}
	fmt.Fprintf(&b, "%s\n", o.Size())
	if o.Experiment.searching {
		fmt.Fprintf(&b, "\n%s\n", o.found())
	}
	if len(o.Failed) > 0 {
		section(fmt.Sprintf("%s did not come to an end", counted(len(o.Failed), "run")), o.failures())
	}
	if len(o.Expectations) > 0 {
		section(fmt.Sprintf("Expectations: in how many futures each holds, with %s interval", o.confidence()), o.odds())
	}
	if rare := o.Experiment.Spec.Rare; rare != nil {
		section(fmt.Sprintf("Probability of %s within a run, with %s interval", rare.Title(), o.confidence()), o.rareTable())
	}
	if len(figures) > 0 {
		section(fmt.Sprintf("Figures: mean ± half of the %s interval", o.confidence()), o.means(figures))
		if len(o.Experiment.Variants) > 1 {
			section("Differences to the base, over pairs of one seed", o.differences(figures))
			if says := o.pairing(figures); says != "" {
				fmt.Fprintf(&b, "\n%s\n", says)
			}
		}
	}
	for v, name := range o.Experiment.Variants {
		if o.Experiment.Design.Kind != "morris" && o.Experiment.Design.Kind != "saltelli" {
			break
		}
		for _, key := range figures {
			f, _ := o.Figure(key)
			section(fmt.Sprintf("What moves %s (%s)", f.Label, variantName(name)), o.effects(v, key))
		}
	}
	if !markdown {
		b.WriteByte('\n')
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (o *Outcome) confidence() string {
	return record.Digits(100*float64(o.Experiment.Spec.Confidence), 4) + " %"
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%s %ss", record.Digits(float64(n), 15), what)
}

// Size says what was run: "3 variants × 25 points × 30 seeds: 2,250 runs".
func (o *Outcome) Size() string {
	e := o.Experiment
	parts := []string{counted(len(e.Variants), "variant")}
	if len(e.Variants) == 1 {
		parts[0] = variantName(e.Variants[0])
	}
	if len(e.Design.Axes) > 0 {
		parts = append(parts, fmt.Sprintf("%s (%s)", counted(len(e.Design.Text), "point"), e.Design.Kind))
	}
	parts = append(parts, counted(o.Replicas, "seed"))
	s := strings.Join(parts, " × ") + ": " + counted(len(o.Results), "run")
	if e.Spec.Until != nil && o.Replicas < e.Replicas {
		s += fmt.Sprintf("; enough is known of %s, so %s were not needed", e.Spec.Until.Figure, counted(e.Replicas-o.Replicas, "more seed"))
	}
	return s
}

func plain(numbers int) table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.Options{}
	style.Box = table.BoxStyle{PaddingRight: "  "}
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	var configs []table.ColumnConfig
	for i := range numbers {
		configs = append(configs, table.ColumnConfig{Number: i + 2, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	return t
}

// rows adds a row for each cell, up to the bound, that of the best point first.
func (o *Outcome) rows(t table.Writer, skip func(cell int) bool, columns func(cell int) table.Row) {
	n, most := 0, maxCells
	if o.Experiment.Design.Kind != "grid" {
		most = maxSampled
	}
	cells := make([]int, 0, len(o.byCell)+1)
	if o.Best >= 0 {
		cells = append(cells, o.Best)
	}
	for cell := range o.byCell {
		if cell != o.Best {
			cells = append(cells, cell)
		}
	}
	for _, cell := range cells {
		if skip != nil && skip(cell) {
			continue
		}
		if n++; n <= most {
			t.AppendRow(append(table.Row{o.Experiment.Label(cell)}, columns(cell)...))
		}
	}
	if n > most {
		t.AppendRow(table.Row{fmt.Sprintf("… and %d more, in the report", n-most)})
	}
}

func (o *Outcome) failures() table.Writer {
	t := plain(0)
	for i, r := range o.Failed {
		if i == 10 {
			t.AppendRow(table.Row{fmt.Sprintf("… and %d more", len(o.Failed)-i)})
			break
		}
		t.AppendRow(table.Row{fmt.Sprintf("%s, seed %d", o.Experiment.Label(r.Cell), r.Seed), r.Reason})
	}
	return t
}

func (o *Outcome) odds() table.Writer {
	t := plain(0)
	head := table.Row{""}
	for _, name := range o.Expectations {
		head = append(head, name)
	}
	t.AppendHeader(head)
	o.rows(t, nil, func(cell int) (row table.Row) {
		for _, name := range o.Expectations {
			row = append(row, o.Odds(cell, name).String())
		}
		return row
	})
	return t
}

// String says "✓ 30 of 30 (88.6–100 %)".
func (d Odds) String() string {
	if d.Runs == 0 {
		return "—"
	}
	sign := "✓"
	switch {
	case d.Missed:
		sign = "✗"
	case d.Held < d.Runs:
		sign = "~"
	}
	if d.Runs == 1 {
		return sign
	}
	return fmt.Sprintf("%s %d of %d (%s–%s %%)", sign, d.Held, d.Runs, record.Digits(100*d.Share.Low, 3), record.Digits(100*d.Share.High, 3))
}

// scaled is a figure with the unit in which its largest mean reads best.
func (o *Outcome) scaled(key string) (label string, factor float64) {
	f, ok := o.Figure(key)
	if !ok {
		return key, 1
	}
	most := 0.0
	for cell := range o.byCell {
		if v := math.Abs(Mean(o.sample(cell, key), 0.95).Value); v > most {
			most = v
		}
	}
	symbol, factor := record.Scale(most, f.Unit)
	if symbol == "" {
		return f.Label, factor
	}
	return f.Label + ", " + symbol, factor
}

func (o *Outcome) means(figures []string) table.Writer {
	return o.figures(figures, nil, func(s *Statistic, factor float64) string {
		if math.IsNaN(s.Mean.Low) || s.Mean.Half() == 0 {
			return record.Digits(s.Mean.Value/factor, 5)
		}
		return plusMinus(s.Mean, factor, false)
	})
}

func (o *Outcome) differences(figures []string) table.Writer {
	isBase := func(cell int) bool { return o.Experiment.Base(cell) == cell }
	return o.figures(figures, isBase, func(s *Statistic, factor float64) string {
		switch says := s.Says(); says {
		case "differs":
			return plusMinus(s.Difference, factor, true)
		case "one seed":
			return signed(s.Difference.Value/factor, 4)
		case "not distinguishable":
			return "≈ " + plusMinus(s.Difference, factor, true)
		default:
			return says
		}
	})
}

// leastPairs is how many pairs there must be for a ratio of variances to mean something.
const leastPairs = 10

// pairing says what it has gained that all cells have met the same futures.
func (o *Outcome) pairing(figures []string) string {
	least, most := math.Inf(1), 0.0
	for cell := range o.byCell {
		for _, key := range figures {
			if s := o.Statistic(cell, key); s.Pairs >= leastPairs && finite(s.Ratio) {
				least, most = min(least, s.Ratio), max(most, s.Ratio)
			}
		}
	}
	switch {
	case most == 0:
		return ""
	case most < least*1.05:
		return fmt.Sprintf("That all meet the same futures has cut the variance of this difference %s times.", record.Digits(least, 2))
	}
	return fmt.Sprintf("That all meet the same futures has cut the variances of these differences %s to %s times.", record.Digits(least, 2), record.Digits(most, 2))
}

func (o *Outcome) figures(figures []string, skip func(int) bool, say func(*Statistic, float64) string) table.Writer {
	t := plain(len(figures))
	head, factors := table.Row{""}, make([]float64, len(figures))
	for i, key := range figures {
		var label string
		label, factors[i] = o.scaled(key)
		head = append(head, label)
	}
	t.AppendHeader(head)
	o.rows(t, skip, func(cell int) (row table.Row) {
		for i, key := range figures {
			s := o.Statistic(cell, key)
			row = append(row, say(&s, factors[i]))
		}
		return row
	})
	return t
}

// plusMinus prints an interval with as many digits as its width deserves: two of the half-width.
func plusMinus(i Interval, factor float64, sign bool) string {
	v, half := i.Value/factor, i.Half()/factor
	decimals := 0
	if half > 0 {
		decimals = min(12, max(0, 1-int(math.Floor(math.Log10(half)))))
	}
	format := "%.*f ± %.*f"
	if sign {
		format = "%+.*f ± %.*f"
	}
	return fmt.Sprintf(format, decimals, v, decimals, half)
}

func signed(v float64, n int) string {
	if v > 0 {
		return "+" + record.Digits(v, n)
	}
	return record.Digits(v, n)
}

func (o *Outcome) effects(variant int, key string) table.Writer {
	_, factor := o.scaled(key)
	t := plain(3)
	of := func(i Interval, factor float64) string {
		return fmt.Sprintf("%s [%s, %s]", record.Digits(i.Value/factor, 3), record.Digits(i.Low/factor, 3), record.Digits(i.High/factor, 3))
	}
	morris := o.Experiment.Design.Kind == "morris"
	if morris {
		t.AppendHeader(table.Row{"axis", "mean effect of its whole length", "mean magnitude", "spread"})
	} else {
		t.AppendHeader(table.Row{"axis", "share of variance alone", "with all that it acts with"})
	}
	for _, e := range o.Effects(variant, key) {
		if morris {
			t.AppendRow(table.Row{e.Axis, of(e.Mean, factor), of(e.Magnitude, factor), record.Digits(e.Spread/factor, 3)})
		} else {
			t.AppendRow(table.Row{e.Axis, of(e.First, 1), of(e.Total, 1)})
		}
	}
	return t
}
