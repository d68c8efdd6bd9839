// Package rows turns frames, which are columns of one channel, into rows of one level: everything known about a
// rack at an instant, say. Formats that are read by rows (Parquet tables, InfluxDB points, CSV) build on it.
package rows

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Level is the channels of one kind of thing, in the order of the header.
type Level struct {
	Kind     facility.Kind
	Channels []*channel.Channel

	at      float64
	pending int
	parts   []part
	rows    []int32
	columns [][]float64
	failed  error
}

// Instant is what a level holds at one instant. Its slices are used again for the next.
type Instant struct {
	Level   *Level
	Time    float64     // s from the start
	Rows    []int32     // the things that have any value, ascending
	Columns [][]float64 // by channel, then by row; NaN means none
}

// part is one channel's frame at the pending instant, copied.
type part struct {
	here     bool
	all      bool
	subjects []int32
	values   []float64
}

// Gatherer gathers the frames of a run into instants.
type Gatherer struct {
	Levels []*Level // those that the header announces, in the order of facility kinds
	byKind [facility.NumKinds]*Level
	emit   func(*Instant) error
}

// NewGatherer returns a gatherer that calls emit with each instant of each level, once it is complete.
func NewGatherer(h *record.Header, emit func(*Instant) error) *Gatherer {
	g := &Gatherer{emit: emit}
	for _, c := range h.Channels {
		l := g.byKind[c.Kind]
		if l == nil {
			l = &Level{Kind: c.Kind}
			g.byKind[c.Kind] = l
		}
		l.Channels = append(l.Channels, c)
	}
	for _, l := range g.byKind {
		if l != nil {
			l.parts = make([]part, len(l.Channels))
			l.columns = make([][]float64, len(l.Channels))
			g.Levels = append(g.Levels, l)
		}
	}
	return g
}

// Add takes in a frame, which may complete the instant before it.
func (g *Gatherer) Add(f *record.Frame) error {
	l := g.byKind[f.Channel.Kind]
	i := -1
	if l != nil {
		i = slices.IndexFunc(l.Channels, func(c *channel.Channel) bool { return c == f.Channel || c.Name == f.Channel.Name })
	}
	if i < 0 {
		return fmt.Errorf("channel %s is recorded but the header does not announce it", f.Channel.Name)
	}
	if f.Subjects != nil && len(f.Subjects) != len(f.Values) {
		return fmt.Errorf("channel %s: %d subjects but %d values", f.Channel.Name, len(f.Subjects), len(f.Values))
	}
	if l.pending > 0 && (f.Time != l.at || l.parts[i].here) {
		if err := g.commit(l); err != nil {
			return err
		}
	}
	l.at = f.Time
	l.parts[i].take(f)
	l.pending++
	return nil
}

// Commit emits the instants that are still pending.
func (g *Gatherer) Commit() error {
	var errs []error
	for _, l := range g.Levels {
		errs = append(errs, g.commit(l))
	}
	return errors.Join(errs...)
}

func (g *Gatherer) commit(l *Level) error {
	if l.pending == 0 || l.failed != nil {
		return l.failed
	}
	l.union()
	for i := range l.parts {
		l.columns[i] = l.parts[i].column(l.columns[i][:0], l.rows)
	}
	if err := g.emit(&Instant{Level: l, Time: l.at, Rows: l.rows, Columns: l.columns}); err != nil {
		l.failed = err
		return err
	}
	for i := range l.parts {
		l.parts[i].here = false
	}
	l.pending = 0
	return nil
}

func (p *part) take(f *record.Frame) {
	p.here, p.all = true, f.Subjects == nil
	p.subjects = append(p.subjects[:0], f.Subjects...)
	p.values = append(p.values[:0], f.Values...)
	if !slices.IsSorted(p.subjects) {
		p.sort()
	}
}

func (p *part) sort() {
	order := make([]int, len(p.subjects))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p.subjects[a], p.subjects[b]) })
	subjects, values := slices.Clone(p.subjects), slices.Clone(p.values)
	for i, o := range order {
		p.subjects[i], p.values[i] = subjects[o], values[o]
	}
}

// union finds the things that any part has a value of, in order.
func (l *Level) union() {
	l.rows = l.rows[:0]
	dense := 0
	for i := range l.parts {
		p := &l.parts[i]
		switch {
		case !p.here:
		case p.all:
			dense = max(dense, len(p.values))
		default:
			l.rows = append(l.rows, p.subjects...)
		}
	}
	for i := range dense {
		l.rows = append(l.rows, int32(i))
	}
	if !slices.IsSorted(l.rows) {
		slices.Sort(l.rows)
	}
	l.rows = slices.Compact(l.rows)
}

// column appends one value a row.
func (p *part) column(values []float64, rows []int32) []float64 {
	if p.here && p.all && len(p.values) == len(rows) {
		return append(values, p.values...) // all of them, in order
	}
	next := 0
	for _, r := range rows {
		v := math.NaN()
		switch {
		case !p.here:
		case p.all:
			if int(r) < len(p.values) {
				v = p.values[r]
			}
		default:
			for next < len(p.subjects) && p.subjects[next] < r {
				next++
			}
			if next < len(p.subjects) && p.subjects[next] == r {
				v = p.values[next]
			}
		}
		values = append(values, v)
	}
	return values
}
