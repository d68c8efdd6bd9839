package twin

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/growth"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// period is what a typical period came to.
type period struct {
	seconds      float64
	energy, it   float64 // J
	peak         float64 // W
	money        float64 // USD of what follows energy, demand and monthly charges
	carbon       float64 // kg
	useful, held float64 // GPU·s
	water        float64 // kg
	throttled    float64 // GPU·s
	wait         float64 // s, 95th percentile
	expected     []record.Expectation
}

// growing is a run of a plan of years.
type growing struct {
	plan    *scenarios.Plan
	grow    *scenarios.Growth
	options Options
	wall    func() time.Duration
	periods []period
	events  int64
	failed  error
}

// grow lives the typical period of each season of a plan of years, and returns what they make of the whole.
func grow(ctx context.Context, plan *scenarios.Plan, o Options) (*record.Summary, error) {
	g := &growing{plan: plan, grow: plan.Growth, options: o, wall: stopwatch()}
	if o.Sink != nil {
		if err := o.Sink.Open(g.header()); err != nil {
			return nil, err
		}
	}
	var broken error
	for k := range g.grow.Season {
		if ctx.Err() != nil {
			break
		}
		p, err := g.live(ctx, k)
		if err != nil {
			broken = err
			break
		}
		if ctx.Err() != nil {
			break
		}
		g.periods = append(g.periods, p)
		g.tell(k)
	}
	s := g.summary()
	switch {
	case ctx.Err() != nil:
		s.Verdict, broken = record.Interrupted, nil
	case broken != nil:
		s.Verdict, s.Reason = record.Broken, broken.Error()
	}
	s.Judge()
	if broken == nil {
		broken = g.failed
	}
	if o.Sink != nil {
		if err := o.Sink.Close(s); broken == nil {
			broken = err
		}
	}
	return s, broken
}

// live lives the period of a season.
func (g *growing) live(ctx context.Context, k int) (period, error) {
	p := g.grow.Season[k].Plan
	w, err := New(p, g.options.Seed+uint64(k)<<32)
	if err != nil {
		return period{}, err
	}
	if err := w.RunTo(ctx, p.Duration); err != nil || ctx.Err() != nil {
		return period{}, err
	}
	w.countAll()
	if err := w.closeBooks(); err != nil {
		return period{}, fmt.Errorf("in the season from year %.3g on: %w", g.stage(k).From/growth.Year, err)
	}
	e := &w.Books.Energy
	out := period{seconds: w.Now, energy: e.Total(), it: w.Totals.Flowed, peak: w.Hottest.Power, money: e.Cost.Value(), carbon: e.Carbon.Value(),
		useful: w.useful(), held: w.Totals.Busy, water: e.Water.Value(), throttled: w.Totals.Throttled, wait: w.waitQuantile(0.95),
		expected: w.expectations()}
	if p.Economics != nil {
		o := w.outlay()
		out.money = o.energy()
	}
	return out, nil
}

func (g *growing) stage(k int) *growth.Stage { return &g.grow.Plan.Stages[k] }

// seasons returns the weight of a period in its season.
func (g *growing) weight(k int) float64 {
	st := g.stage(k)
	return (st.To - st.From) / g.periods[k].seconds
}

// served returns the GPUs of the first phase whose work was done in a season, on the mean.
func (g *growing) served(k int) float64 {
	st, p := g.stage(k), &g.periods[k]
	return p.useful / p.seconds * st.Capacity / st.GPUs
}

// shown are the channels that a plan of years records, one sample a season.
var shown = []string{"gpus.busy", "site.it_power", "site.power", "site.pue"}

func (g *growing) header() *record.Header {
	stages := g.grow.Plan.Stages
	p := g.plan
	h := &record.Header{Run: record.RunName(p.Name, p.Variant), Scenario: p.Name, About: p.About, Variant: p.Variant, Seed: g.options.Seed,
		Start: p.Start, Duration: stages[len(stages)-1].To, Every: stages[0].To, Source: record.Simulated, Version: g.options.Version,
		Site: p.Tree, Resolved: p.Resolved, Command: g.options.Command}
	for _, name := range shown {
		if ch, ok := channel.Lookup(name); ok {
			h.Channels = append(h.Channels, ch)
		}
	}
	for _, in := range p.Inputs {
		h.Inputs = append(h.Inputs, record.Input(in))
	}
	return h
}

// tell records a season that was lived: its means, and what the plan does in it.
func (g *growing) tell(k int) {
	st, p := g.stage(k), &g.periods[k]
	if g.options.Progress != nil {
		stages := g.grow.Plan.Stages
		g.options.Progress(Progress{Now: st.To, Duration: stages[len(stages)-1].To, Wall: g.wall(), IT: p.it / p.seconds, Site: p.energy / p.seconds, PUE: ratio0(p.energy, p.it)})
	}
	if g.options.Sink == nil {
		return
	}
	for _, e := range g.grown(k) {
		g.events++
		e.ID, e.Time = g.events, st.From
		g.note(g.options.Sink.Event(&e))
	}
	for _, name := range shown {
		ch, _ := channel.Lookup(name)
		v := map[string]float64{"gpus.busy": p.held / p.seconds, "site.it_power": p.it / p.seconds, "site.power": p.energy / p.seconds, "site.pue": ratio0(p.energy, p.it)}[name]
		g.note(g.options.Sink.Frame(&record.Frame{Time: st.From, Channel: ch, Values: []float64{v}}))
	}
}

func (g *growing) note(err error) {
	if g.failed == nil {
		g.failed = err
	}
}

// grown says what happens to the site at the begin of a season: what is ordered, what works, what runs out.
func (g *growing) grown(k int) []record.Event {
	st, plan := g.stage(k), g.grow.Plan
	before := -1.0
	if k > 0 {
		before = g.stage(k-1).From + 1
	}
	var all []record.Event
	say := func(severity record.Severity, kind, subject, format string, args ...any) {
		all = append(all, record.Event{Severity: severity, Type: kind, Subject: subject, Text: fmt.Sprintf(format, args...)})
	}
	for i, o := range plan.Orders {
		ph := &plan.Spec.Phases[i]
		if ph.When != nil && o.Ordered >= before && o.Ordered <= st.From+1 {
			say(record.Info, "growth.order", ph.Name, "ordered: demand is %s of %s GPUs; it will work in %.3g years", record.Digits(plan.Spec.Demand.Demand(st.From), 4), record.Digits(st.Capacity, 4), float64(ph.Lead)/growth.Year)
		}
	}
	for i := range plan.Purchases {
		if b := &plan.Purchases[i]; b.At >= before && b.At <= st.From+1 {
			ph, t := &plan.Spec.Phases[b.Phase], &g.grow.Types[b.Phase]
			say(record.Info, "growth.works", ph.Name, "%d racks of %s work", b.Racks, t.Name)
		}
	}
	for i := range st.Halls {
		h := &st.Halls[i]
		if h.Limit == "" || k > 0 && i < len(g.stage(k-1).Halls) && g.stage(k - 1).Halls[i].Limit == h.Limit {
			continue
		}
		say(record.Warning, "growth.full", h.Name, "%s runs out first: stranded are %s of power, %s of cooling and room for %d racks", h.Limit, record.Show(h.StrandedPower, "W"), record.Show(h.StrandedC, "W"), h.StrandedRacks)
	}
	if st.Demand > st.Capacity && (k == 0 || g.stage(k-1).Demand <= g.stage(k-1).Capacity) {
		say(record.Warning, "growth.short", g.plan.Tree.Name, "demand of %s GPUs passes the capacity of %s", record.Digits(st.Demand, 4), record.Digits(st.Capacity, 4))
	}
	return all
}

// expectations holds what the scenario expects against every season: it holds where it holds in all of them.
func (g *growing) expectations() []record.Expectation {
	var all []record.Expectation
	for k := range g.periods {
		for i, e := range g.periods[k].expected {
			if k == 0 {
				all = append(all, e)
				continue
			}
			if had := &all[i]; had.OK && had.Error == "" && (!e.OK || e.Error != "") {
				*had = e
				had.First = &record.Moment{Time: g.stage(k).From, Value: e.Actual, Place: fmt.Sprintf("the season from year %.3g on", g.stage(k).From/growth.Year)}
			}
		}
	}
	return all
}

// sumOf adds up what a period gives, by its weight.
func (g *growing) sumOf(of func(p *period) float64) float64 {
	var s account.Sum
	for k := range g.periods {
		s.Add(of(&g.periods[k]) * g.weight(k))
	}
	return s.Value()
}

// worst returns the largest of what periods give.
func (g *growing) worst(of func(p *period) float64) float64 {
	top := math.Inf(-1)
	for k := range g.periods {
		if v := of(&g.periods[k]); v > top {
			top = v
		}
	}
	return top
}
