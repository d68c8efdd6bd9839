package series

import (
	"math"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

const (
	// Buckets is the greatest number of buckets that a channel has.
	Buckets = 960
	// CarpetBuckets is the same for carpets.
	CarpetBuckets = 480
	// MaxCarpet is the greatest number of things that a carpet tells apart.
	MaxCarpet = 2048
	// MaxEvents is the greatest number of events that are kept; details are only counted.
	MaxEvents = 400
)

// Options says what else to keep.
type Options struct {
	Carpets []string // names of channels
}

// Bucket is what a channel was like in a span of time.
type Bucket struct {
	N              int     // samples
	At             float64 // s from the start, mean of the samples
	Min, Mean, Max float64 // of the reduction over things
	Low, High      float64 // least and greatest value of any thing
	Worst          int32   // the thing with the greatest value
}

// Series is one channel.
type Series struct {
	Channel *channel.Channel
	Width   float64 // s, of a bucket
	Buckets []Bucket
	Carpet  *Carpet // nil if not asked for, or too many things

	last []float64 // by thing: for channels that are recorded on change
}

// Carpet is one channel, thing by thing.
type Carpet struct {
	Width  float64     // s, of a bucket
	Things [][]float32 // by thing, then by bucket; NaN where nothing was recorded
}

// Store is a sink that keeps a bounded picture of the run.
type Store struct {
	Header  *record.Header
	Summary *record.Summary
	Series  []*Series // in the order of the header's channels
	Events  []record.Event
	Dropped int            // events that were counted but not kept
	Count   map[string]int // events by severity

	options Options
	byID    map[string]*Series
}

var _ record.Sink = (*Store)(nil)

// New returns an empty store.
func New(o Options) *Store {
	return &Store{options: o, Count: map[string]int{}, byID: map[string]*Series{}}
}

// Open makes a series for each announced channel.
func (s *Store) Open(h *record.Header) error {
	s.Header = h
	for _, c := range h.Channels {
		x := &Series{Channel: c, Width: width(h, Buckets)}
		for _, name := range s.options.Carpets {
			if name == c.Name {
				x.Carpet = &Carpet{Width: width(h, CarpetBuckets)}
			}
		}
		s.Series = append(s.Series, x)
		s.byID[c.Name] = x
	}
	return nil
}

// width is that of the first buckets: enough for the run, where its end is known.
func width(h *record.Header, buckets int) float64 {
	w := h.Duration * (1 + 1e-9) / float64(buckets-1)
	return max(w, h.Every, 1e-3)
}

// Find returns a channel's series, or nil if it holds nothing.
func (s *Store) Find(name string) *Series {
	if x := s.byID[name]; x != nil && len(x.Buckets) > 0 {
		return x
	}
	return nil
}

// Frame adds a sample.
func (s *Store) Frame(f *record.Frame) error {
	x := s.byID[f.Channel.Name]
	if x == nil {
		return nil
	}
	values := f.Values
	if f.Subjects != nil && f.Channel.Kind != facility.Job {
		values = x.fill(f)
	}
	r, ok := reduce(f.Channel.Reduce, values)
	if ok {
		if f.Subjects != nil && f.Channel.Kind == facility.Job {
			r.worst = f.Subjects[r.worst]
		}
		x.add(f.Time, r)
	}
	if x.Carpet != nil {
		if len(values) > MaxCarpet {
			x.Carpet = nil
		} else {
			x.Carpet.add(f.Time, values)
		}
	}
	return nil
}

// fill keeps the last value of every thing, for channels that are recorded on change.
func (x *Series) fill(f *record.Frame) []float64 {
	for i, subject := range f.Subjects {
		for int(subject) >= len(x.last) {
			x.last = append(x.last, math.NaN())
		}
		x.last[subject] = f.Values[i]
	}
	return x.last
}

type reduced struct {
	value, low, high float64
	worst            int32
}

func reduce(how channel.Reduce, values []float64) (r reduced, ok bool) {
	r.low, r.high = math.Inf(1), math.Inf(-1)
	sum, n := 0.0, 0
	for i, v := range values {
		if math.IsNaN(v) {
			continue
		}
		n++
		sum += v
		r.low = min(r.low, v)
		if v > r.high {
			r.high, r.worst = v, int32(i)
		}
		r.value = v
	}
	switch how {
	case channel.Sum:
		r.value = sum
	case channel.Mean:
		r.value = sum / float64(n)
	case channel.Max:
		r.value = r.high
	case channel.Min:
		r.value = r.low
	case channel.Last:
	}
	return r, n > 0
}

func (x *Series) add(t float64, r reduced) {
	i := int(t / x.Width)
	for i >= Buckets {
		x.Buckets = halve(x.Buckets)
		x.Width *= 2
		i = int(t / x.Width)
	}
	for len(x.Buckets) <= i {
		x.Buckets = append(x.Buckets, Bucket{})
	}
	x.Buckets[i] = merge(x.Buckets[i], Bucket{1, t, r.value, r.value, r.value, r.low, r.high, r.worst})
}

func halve(b []Bucket) []Bucket {
	for i := range b {
		if i%2 == 0 {
			b[i/2] = b[i]
		} else {
			b[i/2] = merge(b[i/2], b[i])
		}
	}
	return b[:(len(b)+1)/2]
}

func merge(a, b Bucket) Bucket {
	if a.N == 0 {
		return b
	}
	if b.N == 0 {
		return a
	}
	n := float64(a.N + b.N)
	m := Bucket{
		N:    a.N + b.N,
		At:   (a.At*float64(a.N) + b.At*float64(b.N)) / n,
		Min:  min(a.Min, b.Min),
		Mean: (a.Mean*float64(a.N) + b.Mean*float64(b.N)) / n,
		Max:  max(a.Max, b.Max),
		Low:  min(a.Low, b.Low), High: a.High, Worst: a.Worst,
	}
	if b.High > a.High {
		m.High, m.Worst = b.High, b.Worst
	}
	return m
}

func (c *Carpet) add(t float64, values []float64) {
	i := int(t / c.Width)
	for i >= CarpetBuckets {
		for k, row := range c.Things {
			c.Things[k] = halveMax(row)
		}
		c.Width *= 2
		i = int(t / c.Width)
	}
	for len(c.Things) < len(values) {
		c.Things = append(c.Things, nil)
	}
	for k, v := range values {
		row := c.Things[k]
		for len(row) <= i {
			row = append(row, float32(math.NaN()))
		}
		row[i] = maxKnown(row[i], float32(v))
		c.Things[k] = row
	}
}

func halveMax(row []float32) []float32 {
	for i, v := range row {
		if i%2 == 0 {
			row[i/2] = v
		} else {
			row[i/2] = maxKnown(row[i/2], v)
		}
	}
	return row[:(len(row)+1)/2]
}

// maxKnown is the greater of two values, where NaN is not known.
func maxKnown(a, b float32) float32 {
	if a != a || b > a {
		return b
	}
	return a
}

// Event keeps an event worth telling, the worst first when there are too many.
func (s *Store) Event(e *record.Event) error {
	s.Count[e.Severity.String()]++
	if e.Severity == record.Detail {
		return nil
	}
	s.Events = append(s.Events, *e)
	if len(s.Events) > MaxEvents {
		s.drop()
	}
	return nil
}

// drop removes the newest of the least severe events, so that the beginning of a cascade stays.
func (s *Store) drop() {
	at := 0
	for i, e := range s.Events {
		if e.Severity <= s.Events[at].Severity {
			at = i
		}
	}
	s.Events = append(s.Events[:at], s.Events[at+1:]...)
	s.Dropped++
}

// Close keeps the summary.
func (s *Store) Close(sum *record.Summary) error {
	s.Summary = sum
	return nil
}

// Reduce returns the buckets, with neighbours merged until there are at most n.
func (x *Series) Reduce(n int) []Bucket {
	list := append([]Bucket(nil), x.Buckets...)
	for len(list) > max(n, 1) {
		list = halve(list)
	}
	return list
}
