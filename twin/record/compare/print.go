package compare

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/halltwin/halltwin/twin/record"
)

// maxShown bounds the differing inputs that are printed; all of them are in the JSON.
const maxShown = 40

// JSON prints the whole comparison.
func (c *Comparison) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(c)
}

// Text prints the comparison for a terminal of the given width.
func (c *Comparison) Text(w io.Writer, width int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s against %s, %s\n", c.Other, c.Base, c.pairing())
	b.WriteString("\nINPUTS THAT DIFFER\n")
	b.WriteString(indent(c.inputs(width).Render()))
	b.WriteString("\nFIRST MOMENT OF DIVERGENCE\n  " + c.parting() + "\n")
	if len(c.Expectations) > 0 {
		b.WriteString("\nEXPECTATIONS\n")
		b.WriteString(indent(c.held().Render()))
	}
	b.WriteString("\nFIGURES\n")
	b.WriteString(indent(c.table().Render()))
	_, err := io.WriteString(w, b.String())
	return err
}

// Markdown prints the comparison for a review or a page.
func (c *Comparison) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s against %s\n\n%s.\n", c.Other, c.Base, c.pairing())
	fmt.Fprintf(&b, "\n## Inputs that differ\n\n%s\n", c.inputs(0).RenderMarkdown())
	fmt.Fprintf(&b, "\n## First moment of divergence\n\n%s\n", c.parting())
	if len(c.Expectations) > 0 {
		fmt.Fprintf(&b, "\n## Expectations\n\n%s\n", c.held().RenderMarkdown())
	}
	fmt.Fprintf(&b, "\n## Figures\n\n%s\n", c.table().RenderMarkdown())
	_, err := io.WriteString(w, b.String())
	return err
}

func (c *Comparison) pairing() string {
	var s string
	switch n := len(c.Seeds); n {
	case 0:
		s = "no seed in common"
	case 1:
		s = fmt.Sprintf("seed %d; one pair gives no confidence interval", c.Seeds[0])
	default:
		s = fmt.Sprintf("%d pairs of equal seeds, differences with 95 %% confidence interval", n)
	}
	if c.Unpaired > 0 {
		s += fmt.Sprintf("; %d runs without a partner are left out", c.Unpaired)
	}
	return s
}

func (c *Comparison) parting() string {
	d := c.Divergence
	if d == nil {
		return "none: the recordings are the same"
	}
	at := record.Clock(d.Time)
	if d.Channel != "" {
		return fmt.Sprintf("%s: %s of %s is %s in %s and %s in %s", at, d.Channel, d.Subject, d.Base, c.Base, d.Other, c.Other)
	}
	has := func(name, text string) string {
		if text == "" {
			return name + " has nothing"
		}
		return fmt.Sprintf("%s has %q", name, text)
	}
	return strings.TrimSuffix(at+", "+d.Subject, ", ") + ": " + has(c.Base, d.Base) + ", " + has(c.Other, d.Other)
}

// plain is a table without frames.
func plain() table.Writer {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.Options{}
	style.Box = table.BoxStyle{PaddingRight: "  "}
	style.Format.Header = text.FormatDefault
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	return t
}

func (c *Comparison) inputs(width int) table.Writer {
	t := plain()
	if len(c.Inputs) == 0 {
		t.AppendRow(table.Row{"none"})
		return t
	}
	t.AppendHeader(table.Row{"key", c.Base, c.Other})
	if width > 0 {
		side := max(width/4, 16)
		t.SetColumnConfigs([]table.ColumnConfig{{Number: 1, WidthMax: width / 2}, {Number: 2, WidthMax: side}, {Number: 3, WidthMax: side}})
	}
	for i, x := range c.Inputs {
		if i == maxShown {
			t.AppendRow(table.Row{fmt.Sprintf("… and %d more", len(c.Inputs)-i), "", ""})
			break
		}
		t.AppendRow(table.Row{x.Path, absent(x.Base), absent(x.Other)})
	}
	return t
}

func absent(v string) string {
	if v == "" {
		return "—"
	}
	return v
}

func (c *Comparison) held() table.Writer {
	t := plain()
	t.AppendHeader(table.Row{"expectation", c.Base, c.Other})
	for _, e := range c.Expectations {
		t.AppendRow(table.Row{e.Name, holds(e.Base, e.Runs), holds(e.Other, e.Runs)})
	}
	return t
}

func holds(n, of int) string {
	sign := "✗"
	if n == of {
		sign = "✓"
	}
	if of == 1 {
		return sign
	}
	return fmt.Sprintf("%s %d of %d", sign, n, of)
}

func (c *Comparison) table() table.Writer {
	t := plain()
	interval := "95 % interval"
	if len(c.Seeds) < 2 {
		interval = ""
	}
	t.AppendHeader(table.Row{"figure", c.Base, c.Other, "difference", "%", interval, ""})
	numbers := []table.ColumnConfig{}
	for i := 2; i <= 6; i++ {
		numbers = append(numbers, table.ColumnConfig{Number: i, Align: text.AlignRight, AlignHeader: text.AlignRight})
	}
	t.SetColumnConfigs(numbers)
	group := ""
	for _, f := range c.Figures {
		if f.Group != group {
			group = f.Group
			t.AppendRow(table.Row{group})
		}
		label, factor := f.scaled()
		label = "  " + label
		row := table.Row{label, digits(f.Base / factor), digits(f.Other / factor), signed(f.Diff / factor), percent(f.Percent), "", ""}
		if !math.IsNaN(f.Low) && f.Outcome != Equal {
			row[5] = "[" + signed(f.Low/factor) + ", " + signed(f.High/factor) + "]"
		}
		if f.Outcome != Differs && f.Outcome != OneSeed {
			row[6] = string(f.Outcome)
		}
		t.AppendRow(row)
	}
	return t
}

func digits(v float64) string { return record.Digits(v, 4) }

func signed(v float64) string {
	if v > 0 {
		return "+" + record.Digits(v, 3)
	}
	return record.Digits(v, 3)
}

func percent(v float64) string {
	switch {
	case math.IsNaN(v):
		return ""
	case v == 0:
		return "0"
	}
	return fmt.Sprintf("%+.2f", v)
}

func indent(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s + "\n") {
		b.WriteString("  " + line)
	}
	return b.String()
}
