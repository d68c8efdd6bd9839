package main

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/term"
)

// outline is what a plan will build and do, as `check --plan` shows it.
type outline struct {
	Name     string    `json:"name"`
	Variant  string    `json:"variant,omitempty"`
	About    string    `json:"about,omitempty"`
	Hash     string    `json:"resolved_sha256"`
	Start    time.Time `json:"start"`
	Duration float64   `json:"duration_s"`
	Seed     uint64    `json:"seed"`
	Replicas int       `json:"replicas"`
	DesignIT float64   `json:"design_it_w"`
	Things   []tally   `json:"things"`
	Jobs     int       `json:"jobs"`
	GPUHours float64   `json:"gpu_hours_submitted"`
	Actions  []string  `json:"actions"`
	Expects  []string  `json:"expectations"`
	Channels int       `json:"channels"`
	Series   int       `json:"series"`
	Every    float64   `json:"every_s"`
	Points   float64   `json:"points"`
	Notes    []string  `json:"notes"`
	Estimate estimate  `json:"estimate"`
}

// tally is how many there are of a kind.
type tally struct {
	Kind  string `json:"kind"`
	Count int    `json:"count"`
}

// estimate is extrapolated from running the first part of the plan here and now.
type estimate struct {
	Wall   float64 `json:"wall_s"`
	Memory uint64  `json:"memory_bytes"`
	Share  float64 `json:"share_run"`
}

func planOutline(f *scenarios.File, path, variant string) (*outline, error) {
	p, err := compile(f, path, variant, "")
	if err != nil {
		return nil, err
	}
	work, err := p.Workload(random.Seed(p.Seed))
	if err != nil {
		return nil, err
	}
	o := &outline{
		Name: p.Name, Variant: variant, About: p.About, Hash: p.Hash, Start: p.Start, Duration: p.Duration, Seed: p.Seed,
		Replicas: p.Replicas, DesignIT: p.DesignIT, Jobs: len(work.Jobs), Channels: len(p.Channels), Every: p.Every,
		Actions: []string{}, Expects: []string{}, Notes: append([]string{}, p.Notes...),
	}
	for k := range facility.NumKinds {
		if n := p.Tree.Count(k); n > 0 && k != facility.Site {
			o.Things = append(o.Things, tally{k.String(), n})
		}
	}
	for i := range work.Jobs {
		j := &work.Jobs[i]
		o.GPUHours += float64(j.Parts) * j.Part[workload.GPU] * j.Work / 3600
	}
	for i := range p.Actions {
		o.Actions = append(o.Actions, actionText(&p.Actions[i]))
	}
	for i := range p.Expect {
		o.Expects = append(o.Expects, p.Expect[i].Name+": "+p.Expect[i].Expr.Source)
	}
	for _, ch := range p.Channels {
		o.Series += subjects(p, ch.Kind, len(work.Jobs))
	}
	o.Points = float64(o.Series) * (p.Duration/p.Every + 1)
	o.Estimate, err = tryOut(p)
	return o, err
}

// subjects is how many things of a kind are recorded. Of jobs it is those of the whole run, not of one moment.
func subjects(p *scenarios.Plan, k facility.Kind, jobs int) int {
	if k == facility.Job {
		return jobs
	}
	if p.Only == nil || k == facility.Site {
		return p.Tree.Count(k)
	}
	n := 0
	for _, r := range p.Only {
		if r.Kind == k {
			n++
			continue
		}
		lo, hi := p.Tree.Descendants(r, k)
		n += int(hi - lo)
	}
	return n
}

// actionText says an action in one line.
func actionText(a *action.Action) string {
	text := record.Clock(a.At) + "  " + a.Verb.String()
	switch a.Verb {
	case action.Note:
		return text + ": " + a.Text
	case action.Set:
		text += fmt.Sprintf(" %s.%s", a.Selector, a.Field)
	default:
		text += " " + a.Selector
	}
	if n := len(a.Targets); n > 1 {
		text += fmt.Sprintf(" (%d)", n)
	}
	if a.For > 0 {
		text += " for " + record.Clock(a.For)
	}
	return text
}

// tryOut lives the first part of a plan for about half a second.
func tryOut(p *scenarios.Plan) (estimate, error) {
	const enough = 500 * time.Millisecond
	began := time.Now()
	w, err := twin.New(p, p.Seed)
	if err != nil {
		return estimate{}, err
	}
	built := time.Now()
	for until := p.Duration / 200; ; until *= 2 {
		until = min(until, p.Duration)
		if err := w.RunTo(context.Background(), until); err != nil {
			return estimate{}, err
		}
		spent := time.Since(built)
		if spent < enough && until < p.Duration {
			continue
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		share := until / p.Duration
		return estimate{Wall: (built.Sub(began) + time.Duration(float64(spent)/share)).Seconds(), Memory: m.Sys, Share: share}, nil
	}
}

func (o *outline) print(s term.Screen) error {
	var b strings.Builder
	line := func(label, format string, args ...any) {
		fmt.Fprintf(&b, "%-13s%s\n", label, strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\n"+strings.Repeat(" ", 13)))
	}
	name := o.Name
	if o.Variant != "" {
		name += " · " + o.Variant
	}
	fmt.Fprintf(&b, "%s\n", name)
	if o.About != "" {
		fmt.Fprintf(&b, "%s\n", strings.TrimSpace(o.About))
	}
	b.WriteByte('\n')
	line("from", "%s for %s, seed %d", o.Start.Format("Mon 2 Jan 2006 15:04 -07:00"), record.Clock(o.Duration), o.Seed)
	things := make([]string, 0, len(o.Things))
	for _, t := range o.Things {
		things = append(things, fmt.Sprintf("%s %s", record.Digits(float64(t.Count), 7), plural(t.Kind, t.Count)))
	}
	line("builds", "%s", wrap(things, s.Width-13))
	line("design IT", "%s", record.Show(o.DesignIT, "W"))
	line("work", "%s jobs, %s GPU-hours", record.Digits(float64(o.Jobs), 7), record.Digits(o.GPUHours, 4))
	if len(o.Actions) > 0 {
		line("happens", "%s", strings.Join(o.Actions, "\n"))
	}
	if len(o.Expects) > 0 {
		line("must hold", "%s", strings.Join(o.Expects, "\n"))
	}
	line("records", "%d channels, %s series, %s points (%s a simulated second)", o.Channels, record.Digits(float64(o.Series), 7),
		record.Digits(o.Points, 3), record.Digits(float64(o.Series)/o.Every, 3))
	measured := fmt.Sprintf("the first %.2g %% was run to tell", 100*o.Estimate.Share)
	if o.Estimate.Share == 1 {
		measured = "it was run to tell"
	}
	line("takes", "about %s and %s here, without recording; %s", roughly(o.Estimate.Wall, "s"), roughly(float64(o.Estimate.Memory), "B"), measured)
	for _, n := range o.Notes {
		line("note", "%s", n)
	}
	_, err := s.Out.Write([]byte(b.String()))
	return err
}

// roughly shows two digits of an estimate.
func roughly(v float64, unit string) string {
	symbol, factor := record.Scale(v, unit)
	return record.Digits(v/factor, 2) + " " + symbol
}

// plural names several things of a kind.
func plural(kind string, n int) string {
	word := map[string]string{"gpu": "GPU", "ups": "UPS", "pdu": "PDU", "crah": "CRAH", "cdu": "CDU", "dry-cooler": "dry cooler", "in-row": "in-row cooler", "rear-door": "rear door"}[kind]
	if word == "" {
		word = kind
	}
	switch {
	case n == 1:
		return word
	case strings.HasSuffix(word, "y"):
		return strings.TrimSuffix(word, "y") + "ies"
	case word == "UPS":
		return word
	case word == "leaf":
		return "leaves"
	}
	return word + "s"
}

// wrap joins words with " · " into lines of at most a width.
func wrap(words []string, width int) string {
	var b strings.Builder
	column := 0
	for i, w := range words {
		n := len([]rune(w))
		switch {
		case i == 0:
		case column+3+n > width:
			b.WriteString(" ·\n")
			column = 0
		default:
			b.WriteString(" · ")
			column += 3
		}
		b.WriteString(w)
		column += n
	}
	return b.String()
}
