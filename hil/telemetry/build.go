package telemetry

import (
	"fmt"
	"math"
	"slices"
)

// Bounds on what a log may bring: beyond them it is a flood, of which the first part is kept.
const (
	mostSeries = 16384
	mostRows   = 20_000_000
	fastest    = 1000.0 // samples a second of one device
	latest     = 1e11   // s: a time beyond the year 5000 is none
)

// key tells devices apart. Two devices of one UUID differ in host or index.
type key struct{ run, host, device string }

// builder collects samples.
type builder struct {
	series   map[key]*Series
	order    []*Series
	lines    map[*Series][]int // of each sample
	rows     int
	found    map[string]*Finding
	findings []string // their kinds in order of appearance
}

func newBuilder() *builder {
	return &builder{series: map[key]*Series{}, lines: map[*Series][]int{}, found: map[string]*Finding{}}
}

func (b *builder) find(kind, done, format string, args ...any) {
	f := b.found[kind]
	if f == nil {
		f = &Finding{Kind: kind, First: fmt.Sprintf(format, args...), Done: done}
		b.found[kind] = f
		b.findings = append(b.findings, kind)
	}
	f.Count++
}

// device returns the series of a device, nil where there are too many.
func (b *builder) device(line int, k key) *Series {
	s := b.series[k]
	if s == nil {
		if len(b.order) >= mostSeries {
			b.find("flood of devices", fmt.Sprintf("those after the first %d are left out", mostSeries), "line %d: %q", line, k.device)
			return nil
		}
		s = &Series{Run: k.run, Host: k.host, Device: k.device}
		b.series[k] = s
		b.order = append(b.order, s)
	}
	return s
}

// sample begins a sample; it reports whether there is room for it. Values are then set with value.
func (b *builder) sample(line int, s *Series, t float64) bool {
	switch {
	case s == nil:
		return false
	case math.IsNaN(t) || math.Abs(t) > latest:
		b.find("no time", "the sample is left out", "line %d", line)
		return false
	case b.rows >= mostRows:
		b.find("flood of rows", fmt.Sprintf("those after the first %d are left out", mostRows), "line %d", line)
		return false
	}
	b.rows++
	s.Time = append(s.Time, t)
	b.lines[s] = append(b.lines[s], line)
	for q := range s.columns {
		if s.columns[q] != nil {
			s.columns[q] = append(s.columns[q], math.NaN())
		}
	}
	return true
}

// value sets, or adds to, a quantity of the sample that was begun last.
func (b *builder) value(line int, s *Series, q Quantity, v float64) {
	if lo, hi := bounds[q][0], bounds[q][1]; !(v >= lo && v <= hi) {
		b.find("impossible "+q.String(), "taken as missing", "line %d: %g", line, v)
		return
	}
	if s.columns[q] == nil {
		s.columns[q] = slices.Repeat([]float64{math.NaN()}, len(s.Time))
	}
	at := &s.columns[q][len(s.Time)-1]
	if math.IsNaN(*at) {
		*at = v
	} else {
		*at += v // two directions of one link
	}
}

// log cleans what was collected.
func (b *builder) log(format string) *Log {
	l := &Log{Format: format}
	uuids := map[string]*Series{}
	for _, s := range b.order {
		b.straighten(s)
		if s.UUID != "" {
			if other := uuids[s.UUID]; other != nil && other.Run == s.Run {
				b.find("duplicate UUID", "the devices are kept apart by host and index", "%s of %s and %s", s.UUID, other.Name(), s.Name())
			}
			uuids[s.UUID] = s
		}
		if len(s.Time) > 0 {
			l.Series = append(l.Series, s)
		}
	}
	for _, k := range b.findings {
		l.Findings = append(l.Findings, *b.found[k])
	}
	return l
}

// straighten puts the times of a series in order and drops the samples that have no place in it.
func (b *builder) straighten(s *Series) {
	n := len(s.Time)
	line := b.lines[s]
	keep := make([]int, 0, n)
	time := make([]float64, 0, n)
	step := typicalStep(s.Time)
	reach := max(60, 100*step) // what a clock may leap forward without being suspected
	offset, last := 0.0, math.Inf(-1)
	for i := 0; i < n; i++ {
		t := s.Time[i] + offset
		d := t - last
		switch {
		case len(keep) == 0:
			if n > 2 && i == 0 && math.Abs(s.Time[1]-s.Time[0]) > reach && s.Time[1] != s.Time[0] && stands(s.Time, 0, s.Time[0], reach, step) {
				b.find("clock out of line", "the sample is left out", "line %d: %.3f s", line[i], s.Time[i])
				continue
			}
		case d == 0 || (d > 0 && d < 1/fastest-1e-6):
			kind, done := "duplicate sample", "the first of them counts"
			if d > 0 {
				kind, done = "flood of samples", "one a millisecond counts"
			}
			b.find(kind, done, "line %d: %s at %.3f s", line[i], s.Name(), t)
			continue
		case d < 0 || d > reach:
			if stands(s.Time, i, last-offset, reach, step) {
				b.find("clock out of line", "the sample is left out", "line %d: %.3f s, after %.3f s", line[i], s.Time[i], last-offset)
				continue
			}
			if d < 0 { // it was set back for good
				b.find("clock set back", "what follows is put after what was, one step on", "line %d: by %.3f s", line[i], -d)
				offset += last + step - t
				t = last + step
			}
		}
		keep = append(keep, i)
		time = append(time, t)
		last = t
	}
	delete(b.lines, s)
	if len(keep) == n && offset == 0 {
		return
	}
	s.Time = time
	for q, c := range s.columns {
		if c == nil {
			continue
		}
		kept := make([]float64, len(keep))
		for k, i := range keep {
			kept[k] = c[i]
		}
		s.columns[q] = kept
	}
}

// stands reports whether the time of sample i is alone: of the next few, most go on from where the clock was, in s.
func stands(t []float64, i int, was, reach, step float64) bool {
	on, off := 0, 0
	for k := i + 1; k < len(t) && k <= i+8; k++ {
		d := t[k] - was
		if i == 0 { // there is no "was" yet: do the next agree with one another and not with it?
			if k > 1 && math.Abs(t[k]-t[k-1]) <= reach && math.Abs(t[k]-t[0]) > reach {
				on++
			} else if k > 1 {
				off++
			}
			continue
		}
		if d >= 0 && d <= reach+8*step {
			on++
		} else {
			off++
		}
	}
	return on > off
}

// typicalStep returns the median of the positive steps of times, 1 s where there are none.
func typicalStep(t []float64) float64 {
	var d []float64
	for i := 1; i < len(t); i++ {
		if x := t[i] - t[i-1]; x > 0 {
			d = append(d, x)
		}
	}
	if len(d) == 0 {
		return 1
	}
	slices.Sort(d)
	return d[len(d)/2]
}
