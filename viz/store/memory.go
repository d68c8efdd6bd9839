package store

import (
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// DefaultBudget is how many bytes of samples a run under way keeps.
const DefaultBudget = 128 << 20

// Memory keeps samples of a run under way.
type Memory struct {
	tree   *facility.Tree
	budget int

	mu       sync.RWMutex
	channels map[string]*lane
	times    []float64 // of the samples of any channel, thinned likewise
	used     int       // bytes
}

// lane is the samples of one channel.
type lane struct {
	times  []float64
	values [][]float64
	bytes  int
}

var _ Samples = (*Memory)(nil)

// NewMemory returns an empty store for a site that keeps about budget bytes.
func NewMemory(tree *facility.Tree, budget int) *Memory {
	return &Memory{tree: tree, budget: budget, channels: map[string]*lane{}}
}

// Add keeps a copy of a frame. Frames of jobs are not samples of things of the site, and are left out.
func (m *Memory) Add(f *record.Frame) {
	if f.Channel.Kind == facility.Job {
		return
	}
	var values []float64
	if f.Subjects == nil {
		values = slices.Clone(f.Values)
	} else {
		values = slices.Repeat([]float64{math.NaN()}, m.tree.Count(f.Channel.Kind))
		for i, s := range f.Subjects {
			if int(s) < len(values) {
				values[s] = f.Values[i]
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	l := m.channels[f.Channel.Name]
	if l == nil {
		l = &lane{}
		m.channels[f.Channel.Name] = l
	}
	if n := len(l.times); n > 0 && l.times[n-1] >= f.Time {
		l.values[n-1] = values // told twice
		return
	}
	l.times, l.values = append(l.times, f.Time), append(l.values, values)
	const header = 32
	size := 8*len(values) + header
	l.bytes += size
	m.used += size
	if n := len(m.times); n == 0 || m.times[n-1] < f.Time {
		m.times = append(m.times, f.Time)
		if len(m.times) > mostTimes {
			m.times = halve(m.times)
		}
	}
	for m.used > m.budget && m.thin() {
	}
}

// thin drops every second sample of the older half of the channel that takes most room.
func (m *Memory) thin() bool {
	var most *lane
	for _, l := range m.channels {
		if len(l.times) >= 4 && (most == nil || l.bytes > most.bytes) {
			most = l
		}
	}
	if most == nil {
		return false
	}
	half := len(most.times) / 2
	kept := 0
	freed := 0
	for i := range most.times {
		if i < half && i%2 == 1 {
			freed += 8*len(most.values[i]) + 32
			continue
		}
		most.times[kept], most.values[kept] = most.times[i], most.values[i]
		kept++
	}
	clear(most.values[kept:])
	most.times, most.values = most.times[:kept], most.values[:kept]
	most.bytes -= freed
	m.used -= freed
	return true
}

// mostTimes bounds the times that a store knows of.
const mostTimes = 1 << 20

// halve drops every second of the older half.
func halve(times []float64) []float64 {
	half := len(times) / 2
	kept := times[:0]
	for i, t := range times {
		if i >= half || i%2 == 0 {
			kept = append(kept, t)
		}
	}
	return kept
}

// Bytes returns how much the samples take.
func (m *Memory) Bytes() int {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return m.used
}

// Head implements Samples.
func (m *Memory) Head() float64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if n := len(m.times); n > 0 {
		return m.times[n-1]
	}
	return math.NaN()
}

// Reach tells how far the samples went of which there are none here.
func (m *Memory) Reach(t float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.times = append(m.times, t)
}

// At implements Samples.
func (m *Memory) At(c *channel.Channel, t float64) ([]float64, float64, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	l := m.channels[c.Name]
	if l == nil {
		return nil, math.NaN(), nil
	}
	i := after(l.times, t) - 1
	if i < 0 {
		return nil, math.NaN(), nil
	}
	return l.values[i], l.times[i], nil
}

// after returns the first of ascending times that is later than t.
func after(times []float64, t float64) int {
	return sort.Search(len(times), func(i int) bool { return times[i] > t })
}

// Step implements Samples.
func (m *Memory) Step(t float64, n int) float64 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return step(m.times, t, n)
}

func step(times []float64, t float64, n int) float64 {
	if len(times) == 0 {
		return t
	}
	return times[min(max(after(times, t)-1+n, 0), len(times)-1)]
}

// Scan implements Samples.
func (m *Memory) Scan(c *channel.Channel, lo, hi int32, from, to float64, fn func(float64, []float64) error) error {
	m.mu.RLock()
	var times []float64
	var values [][]float64
	if l := m.channels[c.Name]; l != nil {
		i, j := sort.SearchFloat64s(l.times, from), after(l.times, to)
		if i < j {
			times, values = slices.Clone(l.times[i:j]), slices.Clone(l.values[i:j]) // values themselves never change
		}
	}
	m.mu.RUnlock()
	for i, t := range times {
		v := values[i]
		if err := fn(t, v[min(int(lo), len(v)):min(int(hi), len(v))]); err != nil {
			return err
		}
	}
	return nil
}
