package twin

import (
	"math"
	"slices"
	"sort"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/expect"
	"github.com/halltwin/halltwin/twin/record"
)

// target is an expectation of the plan, ready to be judged. It is not state.
type target struct {
	spec    *scenarios.Expect
	expr    *expect.Expr
	meters  []meterOf
	gradual bool // can be judged while the run goes: it only ever gets worse (extremes, counters)
}

// meterOf says what a meter accumulates.
type meterOf struct {
	reduction expect.Reduction
	only      []int32 // subjects, or nil for all
}

// Meter accumulates one reduction over time and things.
type Meter struct {
	Weight  float64 // s × things
	Sum     float64
	Extreme float64
	At      float64 // s: when the extreme was
	Subject int32   // where
	Bins    []Bin   // for quantiles, in order of Key
	Changed bool
}

// Bin is one bin of a histogram with bins of equal relative width.
type Bin struct {
	Key    int32
	Weight float64
}

// First is the first moment at which an expectation did not hold.
type First struct {
	Missed  bool
	Time    float64
	Value   float64
	Subject int32
	Kind    facility.Kind
}

// binWidth is the relative width of a histogram bin: quantiles are exact to half of it.
const binWidth = 0.001

func newTarget(plan *scenarios.Plan, x *scenarios.Expect) target {
	t := target{spec: x, expr: x.Expr.Clone(), gradual: true}
	for _, r := range x.Expr.Reductions {
		m := meterOf{reduction: r}
		if x.Where != nil {
			m.only = within(plan.Tree, x.Where, r.Channel.Kind)
		}
		if r.Fn != "max" && r.Fn != "min" {
			t.gradual = false
		}
		t.meters = append(t.meters, m)
	}
	for _, c := range x.Expr.Results {
		if c.Type != channel.Counter {
			t.gradual = false
		}
	}
	return t
}

// within returns the things of a kind that are among refs or inside them, in order.
func within(t *facility.Tree, refs []facility.Ref, k facility.Kind) []int32 {
	only := []int32{}
	for _, r := range refs {
		if r.Kind == k {
			only = append(only, r.Index)
			continue
		}
		lo, hi := t.Descendants(r, k)
		for i := lo; i < hi; i++ {
			only = append(only, i)
		}
	}
	slices.Sort(only)
	return slices.Compact(only)
}

func newMeters(targets []target) ([]Meter, []First) {
	var meters []Meter
	for i := range targets {
		for _, m := range targets[i].meters {
			extreme := math.Inf(-1)
			if m.reduction.Fn == "min" {
				extreme = math.Inf(1)
			}
			meters = append(meters, Meter{Extreme: extreme})
		}
	}
	return meters, make([]First, len(targets))
}

func cloneMeters(meters []Meter) []Meter {
	c := slices.Clone(meters)
	for i := range c {
		c[i].Bins = slices.Clone(c[i].Bins)
	}
	return c
}

// measure lets the expectations see the values at the end of a step that lasted dt.
func (w *World) measure(dt float64) {
	k := 0
	for i := range w.targets {
		t := &w.targets[i]
		inside := w.Now > t.spec.From && w.Now <= t.spec.To
		first := k
		changed := len(t.meters) == 0
		for m := range t.meters {
			if inside {
				w.fill(&w.Meters[k], &t.meters[m], dt)
				changed = changed || w.Meters[k].Changed
				w.Meters[k].Changed = false
			}
			k++
		}
		if t.gradual && changed && inside && !w.Missed[i].Missed {
			w.judgeNow(i, first)
		}
	}
}

// fill adds the present values of a meter's channel.
func (w *World) fill(m *Meter, of *meterOf, dt float64) {
	ch := of.reduction.Channel
	w.buffer = w.gauge(ch, w.buffer[:0])
	if of.only == nil {
		for s, v := range w.buffer {
			m.add(of.reduction.Fn, v, dt, int32(s), w.Now)
		}
		return
	}
	for _, s := range of.only {
		m.add(of.reduction.Fn, w.buffer[s], dt, s, w.Now)
	}
}

func (m *Meter) add(fn string, v, dt float64, subject int32, now float64) {
	if math.IsNaN(v) {
		return
	}
	m.Weight += dt
	switch fn {
	case "max":
		if v > m.Extreme {
			m.Extreme, m.Subject, m.At, m.Changed = v, subject, now, true
		}
	case "min":
		if v < m.Extreme {
			m.Extreme, m.Subject, m.At, m.Changed = v, subject, now, true
		}
	case "mean":
		m.Sum += v * dt
	default:
		m.bin(v, dt)
	}
}

// bin adds a value to the histogram.
func (m *Meter) bin(v, weight float64) {
	key := int32(0)
	if v != 0 {
		key = int32(math.Round(math.Log(math.Abs(v))/math.Log1p(binWidth))) + 1<<20
		if v < 0 {
			key = -key
		}
	}
	i := sort.Search(len(m.Bins), func(i int) bool { return m.Bins[i].Key >= key })
	if i < len(m.Bins) && m.Bins[i].Key == key {
		m.Bins[i].Weight += weight
		return
	}
	m.Bins = slices.Insert(m.Bins, i, Bin{key, weight})
}

// value returns the reduction as it stands, NaN when nothing was seen.
func (m *Meter) value(fn string) float64 {
	if m.Weight == 0 {
		return math.NaN()
	}
	switch fn {
	case "max", "min":
		return m.Extreme
	case "mean":
		return m.Sum / m.Weight
	}
	q := map[string]float64{"p50": 0.5, "p95": 0.95, "p99": 0.99, "p999": 0.999}[fn]
	sum := 0.0
	for _, b := range m.Bins {
		if sum += b.Weight; sum >= q*m.Weight {
			return b.centre()
		}
	}
	return m.Bins[len(m.Bins)-1].centre()
}

func (b *Bin) centre() float64 {
	switch {
	case b.Key == 0:
		return 0
	case b.Key > 0:
		return math.Exp(float64(b.Key-1<<20) * math.Log1p(binWidth))
	}
	return -math.Exp(float64(-b.Key-1<<20) * math.Log1p(binWidth))
}

// judge evaluates an expectation as it stands; first is the index of its first meter.
func (w *World) judge(i, first int) (ok bool, actual, target float64, err error) {
	t := &w.targets[i]
	reductions := make([]float64, len(t.meters))
	for k := range t.meters {
		reductions[k] = w.Meters[first+k].value(t.meters[k].reduction.Fn)
	}
	results := make([]float64, len(t.expr.Results))
	for k, ch := range t.expr.Results {
		results[k] = w.result(ch)
	}
	return t.expr.Eval(reductions, results)
}

// judgeNow notes the first moment at which an expectation that can only get worse fails.
func (w *World) judgeNow(i, first int) {
	ok, actual, _, err := w.judge(i, first)
	if ok || err != nil {
		return
	}
	f := First{Missed: true, Time: w.Now, Value: actual, Subject: -1}
	if t := &w.targets[i]; len(t.meters) == 1 {
		f.Subject, f.Kind = w.Meters[first].Subject, t.meters[0].reduction.Channel.Kind
	}
	w.Missed[i] = f
	place := w.plan.Tree.Name
	if f.Subject >= 0 {
		place = w.name(facility.Ref{Kind: f.Kind, Index: f.Subject})
	}
	w.emit(record.Event{Severity: record.Warning, Type: "expect", Subject: place, Text: "target missed: " + w.targets[i].spec.Name})
}

// expectations returns the outcome of every target at the end of a run.
func (w *World) expectations() []record.Expectation {
	var all []record.Expectation
	k := 0
	for i := range w.targets {
		t := &w.targets[i]
		ok, actual, goal, err := w.judge(i, k)
		x := record.Expectation{Name: t.spec.Name, Expr: t.expr.Source, OK: ok, Actual: actual, Target: goal, Op: t.expr.Op, Unit: t.expr.Unit}
		if err != nil {
			x.OK, x.Error = false, err.Error()
		}
		if f := w.Missed[i]; f.Missed && !ok {
			x.First = &record.Moment{Time: f.Time, Value: f.Value}
			if f.Subject >= 0 {
				x.First.Place = w.name(facility.Ref{Kind: f.Kind, Index: f.Subject})
			}
		}
		all = append(all, x)
		k += len(t.meters)
	}
	return all
}
