package store

import (
	"container/list"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sort"
	"sync"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record/parquet"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

// cached is how many bytes of decoded columns a directory keeps.
const cached = 128 << 20

// Directory reads the samples of a run directory.
type Directory struct {
	tree   *facility.Tree
	levels map[facility.Kind]*level
	times  []float64

	mu    sync.Mutex // of the cache; columns are read under the lock of their level
	cache map[key]*list.Element
	order *list.List // the last used first
	used  int
}

// level is one Parquet file.
type level struct {
	mu      sync.Mutex
	table   *parquet.Table
	file    io.Closer
	groups  []parquet.Group
	columns map[string]int // by channel
}

// key is a column of a stretch of a level: -1 stands for its instants.
type key struct {
	kind   facility.Kind
	group  int
	column int
}

type entry struct {
	key   key
	value any
	bytes int
}

// instants is where the samples of a stretch begin, and of what things the rows are.
type instants struct {
	times []float64
	begin []int32 // by instant, and one more
	index []int32 // by row
}

var _ Samples = (*Directory)(nil)

// OpenDirectory opens the samples of a run.
func OpenDirectory(r *rundir.Run) (*Directory, error) {
	d := &Directory{tree: r.Header().Site, levels: map[facility.Kind]*level{}, cache: map[key]*list.Element{}, order: list.New()}
	for _, k := range r.Levels() {
		t, file, err := r.Table(k)
		if err != nil {
			return nil, errors.Join(err, d.Close())
		}
		l := &level{table: t, file: file, columns: map[string]int{}}
		d.levels[k] = l
		for i, c := range t.Columns {
			l.columns[c.Channel] = i
		}
		if l.groups, err = t.Groups(); err != nil {
			return nil, errors.Join(fmt.Errorf("samples of %s: %w", k, err), d.Close())
		}
	}
	if err := d.index(); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// index finds the times of all samples, by the level that goes furthest and of those has the fewest rows.
func (d *Directory) index() error {
	best, rows, end := facility.NumKinds, int64(math.MaxInt64), math.Inf(-1)
	for k := range facility.NumKinds {
		l := d.levels[k]
		if l == nil || len(l.groups) == 0 || k == facility.Job {
			continue
		}
		to := l.groups[len(l.groups)-1].To
		if to > end || to == end && l.table.Rows < rows {
			best, rows, end = k, l.table.Rows, to
		}
	}
	if best == facility.NumKinds {
		return nil
	}
	for g := range d.levels[best].groups {
		in, err := d.instants(best, g)
		if err != nil {
			return err
		}
		d.times = append(d.times, in.times...)
	}
	return nil
}

// Close lets go of the files.
func (d *Directory) Close() error {
	var errs []error
	for _, l := range d.levels {
		errs = append(errs, l.file.Close())
	}
	return errors.Join(errs...)
}

// Head implements Samples.
func (d *Directory) Head() float64 {
	if n := len(d.times); n > 0 {
		return d.times[n-1]
	}
	return math.NaN()
}

// Step implements Samples.
func (d *Directory) Step(t float64, n int) float64 { return step(d.times, t, n) }

// At implements Samples.
func (d *Directory) At(c *channel.Channel, t float64) ([]float64, float64, error) {
	l := d.levels[c.Kind]
	if l == nil {
		return nil, math.NaN(), nil
	}
	column, ok := l.columns[c.Name]
	g := sort.Search(len(l.groups), func(i int) bool { return l.groups[i].From > t }) - 1
	if !ok || g < 0 {
		return nil, math.NaN(), nil
	}
	in, values, err := d.read(c.Kind, g, column)
	if err != nil {
		return nil, math.NaN(), err
	}
	i := after(in.times, t) - 1
	if i < 0 {
		return nil, math.NaN(), nil
	}
	return in.spread(i, values, d.tree.Count(c.Kind)), in.times[i], nil
}

// Jobs returns the values of a channel of jobs, by the index of the job, at the last sample not after t.
func (d *Directory) Jobs(c *channel.Channel, t float64) (map[int32]float64, error) {
	l := d.levels[c.Kind]
	if l == nil {
		return nil, nil
	}
	column, ok := l.columns[c.Name]
	g := sort.Search(len(l.groups), func(i int) bool { return l.groups[i].From > t }) - 1
	if !ok || g < 0 {
		return nil, nil
	}
	in, values, err := d.read(c.Kind, g, column)
	if err != nil {
		return nil, err
	}
	i := after(in.times, t) - 1
	if i < 0 {
		return nil, nil
	}
	lo, hi := in.begin[i], in.begin[i+1]
	out := make(map[int32]float64, hi-lo)
	for r := lo; r < hi; r++ {
		out[in.index[r]] = values[r]
	}
	return out, nil
}

// spread puts the rows of an instant where their things stand.
func (in *instants) spread(i int, values []float64, things int) []float64 {
	lo, hi := in.begin[i], in.begin[i+1]
	if int(hi-lo) == things && in.index[lo] == 0 && int(in.index[hi-1]) == things-1 {
		return values[lo:hi:hi]
	}
	out := slices.Repeat([]float64{math.NaN()}, things)
	for r := lo; r < hi; r++ {
		if k := in.index[r]; k >= 0 && int(k) < things {
			out[k] = values[r]
		}
	}
	return out
}

// Scan implements Samples.
func (d *Directory) Scan(c *channel.Channel, lo, hi int32, from, to float64, fn func(float64, []float64) error) error {
	l := d.levels[c.Kind]
	if l == nil {
		return nil
	}
	column, ok := l.columns[c.Name]
	if !ok {
		return nil
	}
	things := d.tree.Count(c.Kind)
	for g := range l.groups {
		if l.groups[g].To < from || l.groups[g].From > to {
			continue
		}
		in, values, err := d.read(c.Kind, g, column)
		if err != nil {
			return err
		}
		for i, t := range in.times {
			if t < from || t > to {
				continue
			}
			v := in.spread(i, values, things)
			if err := fn(t, v[min(int(lo), len(v)):min(int(hi), len(v))]); err != nil {
				return err
			}
		}
	}
	return nil
}

// read returns the instants and one column of a stretch.
func (d *Directory) read(k facility.Kind, g, column int) (*instants, []float64, error) {
	in, err := d.instants(k, g)
	if err != nil {
		return nil, nil, err
	}
	v, err := d.cached(key{k, g, column}, func(l *level) (any, int, error) {
		values, err := l.table.Values(l.groups[g], column)
		return values, 8 * len(values), err
	})
	if err != nil {
		return nil, nil, err
	}
	return in, v.([]float64), nil
}

func (d *Directory) instants(k facility.Kind, g int) (*instants, error) {
	v, err := d.cached(key{k, g, -1}, func(l *level) (any, int, error) {
		times, err := l.table.Times(l.groups[g])
		if err != nil {
			return nil, 0, err
		}
		index, err := l.table.Indices(l.groups[g])
		if err != nil {
			return nil, 0, err
		}
		in := &instants{index: index}
		for i, t := range times {
			if i == 0 || t != times[i-1] {
				in.times, in.begin = append(in.times, t), append(in.begin, int32(i))
			}
		}
		in.begin = append(in.begin, int32(len(times)))
		return in, 4*len(index) + 12*len(in.times), nil
	})
	if err != nil {
		return nil, err
	}
	return v.(*instants), nil
}

// cached returns what was read before, or reads it.
func (d *Directory) cached(k key, read func(*level) (any, int, error)) (any, error) {
	if v, ok := d.lookup(k); ok {
		return v, nil
	}
	l := d.levels[k.kind]
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := d.lookup(k); ok { // another has read it meanwhile
		return v, nil
	}
	v, size, err := read(l)
	if err != nil {
		return nil, fmt.Errorf("samples of %s: %w", k.kind, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.cache[k] = d.order.PushFront(&entry{k, v, size})
	d.used += size
	for d.used > cached && d.order.Len() > 2 {
		e := d.order.Remove(d.order.Back()).(*entry)
		delete(d.cache, e.key)
		d.used -= e.bytes
	}
	return v, nil
}

func (d *Directory) lookup(k key) (any, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	e, ok := d.cache[k]
	if !ok {
		return nil, false
	}
	d.order.MoveToFront(e)
	return e.Value.(*entry).value, true
}
