package term

import (
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
)

// Summary prints the end of a run: the verdict, the expectations with what decided them, then the figures by
// group and what was lost to what.
func (s Screen) Summary(sum *record.Summary) error {
	p := printer{screen: s, label: 24, number: 9}
	p.measure(sum)
	p.expectations(sum)
	for _, g := range sum.Groups {
		p.group(g)
		if g.Name == record.Compute {
			p.lost(sum.Lost)
		}
		if g.Name == record.Cost {
			p.bills(sum.Bills)
		}
	}
	p.seasons(sum.Seasons)
	p.notes(sum)
	p.verdict(sum)
	_, err := s.Out.Write([]byte(p.String()))
	return err
}

type printer struct {
	strings.Builder
	screen                        Screen
	label, number, symbol, origin int // widths of the columns of figures, the same for all groups
}

func (p *printer) measure(sum *record.Summary) {
	for _, g := range sum.Groups {
		for _, k := range g.KPIs {
			n, s := record.Display(k.Value, k.Unit)
			p.label, p.number, p.symbol = max(p.label, width(k.Label)), max(p.number, width(n)), max(p.symbol, width(s))
			p.origin = max(p.origin, width(string(k.Provenance)))
		}
	}
	p.label = min(p.label, p.screen.Width/2)
}

func (p *printer) line(format string, args ...any) { fmt.Fprintf(&p.Builder, format+"\n", args...) }

func (p *printer) head(name, rest string) {
	p.line("")
	p.line("%s%s", p.screen.paint(bold, name), rest)
}

func (p *printer) expectations(sum *record.Summary) {
	if len(sum.Expectations) == 0 {
		return
	}
	p.head("EXPECTATIONS", "")
	name, actual, target := 0, 0, 0
	for _, e := range sum.Expectations {
		name = max(name, width(e.Name))
		actual = max(actual, width(record.Show(e.Actual, e.Unit)))
		target = max(target, width(wanted(e)))
	}
	name = min(name, p.screen.Width/2)
	for _, e := range sum.Expectations {
		sign := p.screen.paint(green, "✓")
		if !e.OK || e.Error != "" {
			sign = p.screen.paint(red, "✗")
		}
		if e.Error != "" {
			p.line("  %s %s  not judged: %s", sign, padRight(fit(e.Name, name), name), e.Error)
			continue
		}
		text := fmt.Sprintf("  %s %s  %s  %s", sign, padRight(fit(e.Name, name), name),
			padLeft(record.Show(e.Actual, e.Unit), actual), p.screen.paint(dim, padRight(wanted(e), target)))
		p.line("%s", strings.TrimRight(text, " "))
		if e.First != nil {
			where := record.Show(e.First.Value, e.Unit) + " at " + record.Clock(e.First.Time)
			if e.First.Place != "" {
				where += ", " + e.First.Place
			}
			p.line("    first missed: %s", where)
		}
	}
}

// wanted is what an expectation asked for.
func wanted(e record.Expectation) string {
	if e.Op == "" {
		return e.Expr
	}
	return e.Op + " " + record.Show(e.Target, e.Unit)
}

// group prints a group's figures, numbers aligned at their units.
func (p *printer) group(g record.Group) {
	if len(g.KPIs) == 0 {
		return
	}
	p.head(g.Name, "")
	for _, k := range g.KPIs {
		n, s := record.Display(k.Value, k.Unit)
		text := fmt.Sprintf("  %s  %s %s", padRight(fit(k.Label, p.label), p.label), padLeft(n, p.number), padRight(s, p.symbol))
		origin, below := padRight(string(k.Provenance), p.origin), ""
		switch room := p.screen.Width - width(text) - width(origin) - 4; {
		case k.Note == "":
		case width(k.Note) <= room:
			origin += "  " + k.Note
		default:
			below = "    " + fit(k.Note, p.screen.Width-4)
		}
		p.line("%s", strings.TrimRight(text+"  "+p.screen.paint(dim, strings.TrimRight(origin, " ")), " "))
		if below != "" {
			p.line("%s", p.screen.paint(dim, below))
		}
	}
}

// most is how many causes of lost GPU-hours are told.
const most = 3

func (p *printer) lost(list []record.Loss) {
	if len(list) == 0 {
		return
	}
	total := 0.0
	for _, l := range list {
		total += l.GPUHours
	}
	p.line("  lost GPU-hours, by cause")
	for i, l := range list {
		if i == most {
			rest := 0.0
			for _, r := range list[i:] {
				rest += r.GPUHours
			}
			p.line("    %s  %s  %s", padLeft(hours(rest), 10), percent(rest, total), others(len(list)-i))
			break
		}
		text := fmt.Sprintf("    %s  %s  %s", padLeft(hours(l.GPUHours), 10), percent(l.GPUHours, total), l.Cause)
		if l.Subject != "" {
			text += p.screen.paint(dim, "  "+l.Subject)
		}
		p.line("%s", text)
	}
}

// hours shows GPU-hours beside others, to a tenth.
func hours(v float64) string {
	switch {
	case v > 0 && v < 0.05:
		return "<0.1 h"
	case v < 1000:
		return fmt.Sprintf("%.1f h", v)
	}
	return record.Digits(math.Round(v), 4) + " h"
}

func percent(part, whole float64) string {
	switch share := 100 * part / whole; {
	case !(whole > 0):
		return "     "
	case part > 0 && share < 0.5:
		return " <1 %"
	default:
		return fmt.Sprintf("%3.0f %%", share)
	}
}

func others(n int) string {
	if n == 1 {
		return "another cause"
	}
	return fmt.Sprintf("%d other causes", n)
}

func (p *printer) notes(sum *record.Summary) {
	for _, f := range sum.Failed {
		p.line("")
		p.line("%s %s is incomplete: %s", p.screen.paint(red, "✗"), f.Sink, f.Error)
		p.line("  it holds the run up to %s and misses %d later records", record.Clock(f.From), f.Lost)
	}
	if len(sum.Notes) == 0 {
		return
	}
	p.line("")
	for _, n := range sum.Notes {
		p.line("%s %s", p.screen.paint(dim, "note:"), n)
	}
}

func (p *printer) verdict(sum *record.Summary) {
	title := sum.Scenario
	if sum.Variant != "" {
		title += " · " + sum.Variant
	}
	missed := 0
	for _, e := range sum.Expectations {
		if !e.OK || e.Error != "" {
			missed++
		}
	}
	n := len(sum.Expectations)
	sign, says := p.screen.paint(green, "✓"), fmt.Sprintf("all %d expectations hold", n)
	switch sum.Verdict {
	case record.Passed:
		if n == 1 {
			says = "the expectation holds"
		}
	case record.Missed:
		sign, says = p.screen.paint(red, "✗"), fmt.Sprintf("%d of %d expectations missed", missed, n)
		if n == 1 {
			says = "the expectation is missed"
		}
	case record.Unjudged:
		sign, says = p.screen.paint(dim, "–"), "nothing was expected"
	case record.Interrupted:
		sign, says = p.screen.paint(yellow, "!"), "interrupted at "+record.Clock(sum.Reached)
	default:
		sign, says = p.screen.paint(red, "✗"), "broke off at "+record.Clock(sum.Reached)
	}
	if sum.Reason != "" {
		says += ": " + sum.Reason
	}
	p.line("")
	p.line("%s %s  %s", sign, p.screen.paint(bold, title), says)
}
