package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/hex"
	"fmt"
	"html/template"
	"io"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
	"github.com/halltwin/halltwin/twin/record/series"
)

// Needs is what a store must keep for a report.
var Needs = series.Options{Carpets: []string{"rack.inlet_temperature"}}

// Channels are the channels that the charts of a report show. A run that records all of them, most one value a
// sample, has a full report; charts without data are left out.
func Channels() []string {
	return []string{"site.power", "site.it_power", "site.loss_power", "site.cooling_power", "site.pue", "rack.inlet_temperature",
		"rack.liquid_temperature", "gpus.busy", "gpus.free", "gpus.down", "gpus.throttled", "jobs.running", "jobs.queued",
		"service.requests", "service.ttft_p99", "service.met", "service.remote_share", "service.replicas",
		"storage.write", "storage.read", "storage.rebuild", "storage.fill",
		"weather.dry_bulb", "weather.wet_bulb"}
}

// MaxSize bounds a report, in bytes.
const MaxSize = 1_000_000

//go:embed page.html
var pageSource string

var page = template.Must(template.New("report").Parse(pageSource + draw.Signs))

// maxRows bounds the table of events.
const maxRows = 120

// content is what the page shows.
type content struct {
	Header       *record.Header
	Title        string
	Style        template.CSS
	Meta         []pair
	Verdict      verdict
	Failed       []failure
	Heads        []head
	Expectations []expectation
	Figures      []figure
	Groups       []group
	Key          []pair
	Lost         []loss
	Spectrum     []spectral
	Bills        []bill
	Seasons      []season
	Events       []event
	MoreEvents   string
	Inputs       []record.Input
	Notes        []string
	Hash         string
}

type (
	pair    struct{ Name, Value string }
	verdict struct{ Class, Head, Says string }
	failure struct {
		Sink, Error, Upto string
		Lost              int64
	}
	head        struct{ Label, Number, Symbol string }
	expectation struct{ Class, Sign, State, Name, Expr, Actual, Target, First string }
	group       struct {
		Name string
		KPIs []kpi
	}
	kpi  struct{ Label, Value, Provenance, Note string }
	loss struct {
		Cause, Subject, Hours string
		Bar                   template.HTML
	}
	event struct{ Time, Class, Severity, Indent, Text, Subject string }
)

// Write writes the report of a run. The store need not hold a summary: the report of a run that did not finish
// says so and shows what there is.
func Write(w io.Writer, s *series.Store) error {
	b := newBuilder(s)
	c := content{
		Header: s.Header, Title: s.Header.Scenario, Style: template.CSS(draw.Style), //nolint:gosec // our own
		Figures: b.figures(), Inputs: s.Header.Inputs, Hash: hash(s.Header.Resolved),
	}
	if s.Header.Variant != "" {
		c.Title += " · " + s.Header.Variant
	}
	c.Meta = b.meta()
	c.Events, c.MoreEvents = b.events()
	c.Verdict = verdict{"unfinished", "The run did not finish", "What was recorded up to its end is shown; there is no verdict."}
	if s.Summary != nil {
		b.judge(&c, s.Summary)
	}
	var out bytes.Buffer
	if err := page.Execute(&out, &c); err != nil {
		return fmt.Errorf("cannot write the report: %w", err)
	}
	if out.Len() > MaxSize {
		return fmt.Errorf("the report has %d bytes, more than the %d that it may have", out.Len(), MaxSize)
	}
	_, err := w.Write(out.Bytes())
	return err
}

func hash(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:6])
}

func (b *builder) meta() []pair {
	h := b.store.Header
	list := []pair{
		{"simulated", record.Show(h.Duration, "s")},
		{"from", h.Start.Format("Mon 2 Jan 2006, 15:04 -07:00")},
		{"seed", strconv.FormatUint(h.Seed, 10)},
	}
	if h.Source == record.Measured {
		list[0].Name = "measured"
	}
	if h.Variant != "" {
		list = append(list, pair{"variant", h.Variant})
	}
	if h.Site != nil {
		list = append(list, pair{"site", h.Site.Name})
	}
	if h.Every > 0 {
		list = append(list, pair{"sampled every", record.Show(h.Every, "s")})
	}
	return list
}

// judge fills in what the summary says.
func (b *builder) judge(c *content, s *record.Summary) {
	c.Verdict = headline(s)
	for _, f := range s.Failed {
		c.Failed = append(c.Failed, failure{f.Sink, f.Error, record.Clock(f.From), f.Lost})
	}
	for _, e := range s.Expectations {
		c.Expectations = append(c.Expectations, b.expectation(e))
	}
	seen := map[record.Provenance]bool{}
	for _, g := range s.Groups {
		if g.Name == record.Engine || len(g.KPIs) == 0 {
			continue
		}
		first := g.KPIs[0]
		number, symbol := record.Display(first.Value, first.Unit)
		c.Heads = append(c.Heads, head{first.Label, number, symbol})
		out := group{Name: g.Name}
		for _, k := range g.KPIs {
			out.KPIs = append(out.KPIs, kpi{k.Label, record.Show(k.Value, k.Unit), string(k.Provenance), k.Note})
			seen[k.Provenance] = true
		}
		c.Groups = append(c.Groups, out)
	}
	for _, p := range []struct {
		name record.Provenance
		says string
	}{
		{record.ProvMeasured, "read from a meter"}, {record.ProvCalibrated, "a model fitted to measurements"},
		{record.ProvModelled, "a model with published parameters"}, {record.ProvTypical, "rests on a typical value of the field"},
	} {
		if seen[p.name] {
			c.Key = append(c.Key, pair{string(p.name), p.says})
		}
	}
	c.Lost = losses(s.Lost)
	c.Spectrum = spectrum(s.Spectrum)
	c.Bills = bills(s.Bills)
	c.Seasons = seasons(s.Seasons)
	c.Notes = s.Notes
}

// headline puts a verdict into words.
func headline(s *record.Summary) verdict {
	missed := 0
	for _, e := range s.Expectations {
		if !e.OK || e.Error != "" {
			missed++
		}
	}
	n := len(s.Expectations)
	v := verdict{Class: string(s.Verdict), Says: s.Reason}
	switch s.Verdict {
	case record.Passed:
		v.Head = fmt.Sprintf("All %d expectations hold", n)
		if n == 1 {
			v.Head = "The expectation holds"
		}
	case record.Missed:
		v.Head = fmt.Sprintf("%d of %d expectations missed", missed, n)
		if n == 1 {
			v.Head = "The expectation is missed"
		}
	case record.Unjudged:
		v.Head = "No expectations to judge by"
		v.Says = "The scenario has no expect section; the figures stand for themselves."
	case record.Interrupted:
		v.Head = "Interrupted at " + record.Clock(s.Reached)
	default:
		v.Head = "The run broke off at " + record.Clock(s.Reached)
	}
	if v.Says == "" {
		v.Says = names(s, s.Verdict == record.Missed)
	}
	return v
}

// names lists the expectations, or what is wrong with those missed.
func names(s *record.Summary, missed bool) string {
	var list []string
	for _, e := range s.Expectations {
		switch ok := e.OK && e.Error == ""; {
		case !missed:
			list = append(list, e.Name)
		case e.Error != "":
			list = append(list, e.Name+": "+e.Error)
		case !ok && e.Op != "":
			list = append(list, fmt.Sprintf("%s is %s and should be %s %s", e.Name, record.Show(e.Actual, e.Unit), e.Op, record.Show(e.Target, e.Unit)))
		case !ok:
			list = append(list, e.Name)
		}
	}
	return strings.Join(list, " · ")
}

func (b *builder) expectation(e record.Expectation) expectation {
	x := expectation{Class: "ok", Sign: "ok", State: "holds", Name: e.Name, Expr: e.Expr,
		Actual: record.Show(e.Actual, e.Unit), Target: strings.TrimSpace(e.Op + " " + record.Show(e.Target, e.Unit))}
	switch {
	case e.Error != "":
		x.Class, x.Sign, x.State, x.First = "bad", "missed", "not judged", e.Error
	case !e.OK:
		x.Class, x.Sign, x.State = "bad", "missed", "missed"
	}
	if e.First != nil {
		x.First = b.clock.long(e.First.Time)
		if e.First.Place != "" {
			x.First += " at " + e.First.Place
		}
	}
	return x
}

func losses(list []record.Loss) []loss {
	most := 0.0
	for _, l := range list {
		most = max(most, l.GPUHours)
	}
	var out []loss
	for _, l := range list {
		share := 0.0
		if most > 0 {
			share = 100 * l.GPUHours / most
		}
		bar := fmt.Sprintf(`<svg viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="9" fill="var(--tint)"/><rect width="%s" height="9" fill="var(--c5)"/></svg>`, draw.Num(share))
		hours := record.Show(l.GPUHours, "h")
		if l.GPUHours < 0.1 {
			hours = "< 0.1 h"
		}
		out = append(out, loss{l.Cause, l.Subject, hours, template.HTML(bar)}) //nolint:gosec // numbers only
	}
	return out
}

// events lists the log, each event under the one that caused it.
func (b *builder) events() (list []event, more string) {
	depth := map[int64]int{}
	for _, e := range b.store.Events {
		d := 0
		if up, ok := depth[e.Parent]; ok && e.Parent != 0 {
			d = up + 1
		}
		depth[e.ID] = d
		if len(list) == maxRows {
			continue
		}
		x := event{Time: b.clock.long(e.Time), Severity: e.Severity.String(), Text: e.Text, Subject: e.Subject}
		if d > 0 {
			x.Indent = strings.Repeat("   ", min(d, 5)-1) + "└ "
		}
		switch e.Severity {
		case record.Critical:
			x.Class = "bad"
		case record.Warning:
			x.Class = "warn"
		default:
			x.Class = "soft"
		}
		list = append(list, x)
	}
	rest := len(b.store.Events) - len(list) + b.store.Dropped
	var parts []string
	if rest > 0 {
		parts = append(parts, record.Digits(float64(rest), 9)+" more")
	}
	if n := b.store.Count[record.Detail.String()]; n > 0 {
		parts = append(parts, record.Digits(float64(n), 9)+" details, such as starts and ends of jobs,")
	}
	if len(parts) > 0 {
		more = strings.TrimSuffix(strings.Join(parts, " and "), ",") + " in events.jsonl."
	}
	return list, more
}
