package parquet

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
)

const (
	// GroupRows is the number of rows after which a row group ends.
	GroupRows = 1 << 18
	// Checkpoints is the number of times in a run that every file is brought up to date.
	Checkpoints = 10
)

// Sink writes one Parquet file a level into a folder.
type Sink struct {
	folder     journal.Folder
	prefix     string
	header     *record.Header
	tables     []*table // by level, in the order of facility kinds
	byKind     [facility.NumKinds]*table
	checkpoint int
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink that writes PREFIX + LEVEL + ".parquet" into a folder.
func New(folder journal.Folder, prefix string) *Sink {
	return &Sink{folder: folder, prefix: prefix}
}

// Name says what the sink writes.
func (s *Sink) Name() string { return "Parquet files " + s.prefix + "*.parquet" }

// Open creates the files of all levels that the header announces a channel of.
func (s *Sink) Open(h *record.Header) error {
	s.header = h
	for _, c := range h.Channels {
		t := s.byKind[c.Kind]
		if t == nil {
			t = &table{kind: c.Kind, header: h}
			s.byKind[c.Kind] = t
		}
		t.channels = append(t.channels, c)
	}
	for _, t := range s.byKind {
		if t == nil {
			continue
		}
		log, err := journal.Create(s.folder, s.prefix+record.LevelName(t.kind)+".parquet")
		if err != nil {
			return errors.Join(err, s.close())
		}
		s.tables = append(s.tables, t)
		if err := t.open(log); err != nil {
			return errors.Join(err, s.close())
		}
	}
	return nil
}

// Frame adds a column to its level's row of the instant.
func (s *Sink) Frame(f *record.Frame) error {
	t := s.byKind[f.Channel.Kind]
	if t == nil {
		return fmt.Errorf("channel %s is recorded but was not announced", f.Channel.Name)
	}
	if d := s.header.Duration; d > 0 {
		if n := int(f.Time / d * Checkpoints); n > s.checkpoint {
			s.checkpoint = n
			for _, t := range s.tables {
				if err := errors.Join(t.commit(), t.file.flush()); err != nil {
					return err
				}
			}
		}
	}
	return t.add(f)
}

// Event does nothing: events are not columns.
func (s *Sink) Event(*record.Event) error { return nil }

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	var errs []error
	for _, t := range s.tables {
		if err := t.commit(); err != nil {
			errs = append(errs, err)
		} else {
			errs = append(errs, t.file.flush())
		}
	}
	return errors.Join(append(errs, s.close())...)
}

func (s *Sink) close() error {
	var errs []error
	for _, t := range s.tables {
		errs = append(errs, t.file.log.Close())
	}
	return errors.Join(errs...)
}

// Logs returns the files, for the run's manifest.
func (s *Sink) Logs() []*journal.Log {
	var logs []*journal.Log
	for _, t := range s.tables {
		logs = append(logs, t.file.log)
	}
	return logs
}

// The columns before those of the channels.
const (
	colTime = iota
	colSeconds
	colIndex
	colName
	fixedColumns
)

// table gathers the frames of one level into rows.
type table struct {
	kind     facility.Kind
	header   *record.Header
	channels []*channel.Channel
	file     *file
	failed   error

	at    float64
	parts []part // by channel: what this instant holds
	count int    // of parts

	names  []parquet.Value // by thing, made when first needed
	union  []int32         // memory used again
	values []parquet.Value // likewise
}

// part is one channel's frame at the pending instant, copied.
type part struct {
	here     bool
	all      bool
	subjects []int32
	values   []float64
}

func (t *table) open(log *journal.Log) error {
	h := t.header
	columns := []column{
		{"time", parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked),
			describe("", "moment of the sample", "")},
		{"t_s", parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary),
			describe("s", "seconds from the start of the run", "")},
		{"index", parquet.Encoded(parquet.Int(32), &parquet.RLEDictionary),
			describe("", "number of the "+t.kind.String()+" within its level", "")},
		{"name", parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
			describe("", "name of the "+t.kind.String(), "")},
	}
	for _, c := range t.channels {
		columns = append(columns, column{
			record.FieldName(c), parquet.Optional(parquet.Leaf(parquet.DoubleType)), describe(c.Unit, c.Doc, c.Name)})
	}
	about := []format.KeyValue{
		{Key: "halltwin.run", Value: h.Run}, {Key: "halltwin.source", Value: string(h.Source)},
		{Key: "halltwin.level", Value: t.kind.String()}, {Key: "halltwin.start", Value: h.Start.Format(timeLayout)},
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.name] {
			return fmt.Errorf("two channels of level %s share the column name %s", t.kind, c.name)
		}
		seen[c.name] = true
		for _, m := range c.meta {
			about = append(about, format.KeyValue{Key: m.Key + ":" + c.name, Value: m.Value})
		}
	}
	t.file = newFile(log, t.kind.String(), columns, about, "halltwin "+h.Version)
	t.parts = make([]part, len(t.channels))
	return t.file.flush() // a file that can be read from the first moment
}

const timeLayout = "2006-01-02T15:04:05Z07:00"

func describe(unit, doc, channel string) []format.KeyValue {
	var list []format.KeyValue
	for _, kv := range []format.KeyValue{{Key: "unit", Value: unit}, {Key: "doc", Value: doc}, {Key: "channel", Value: channel}} {
		if kv.Value != "" {
			list = append(list, kv)
		}
	}
	return list
}

func (t *table) add(f *record.Frame) error {
	i := slices.IndexFunc(t.channels, func(c *channel.Channel) bool { return c == f.Channel || c.Name == f.Channel.Name })
	if i < 0 {
		return fmt.Errorf("channel %s is recorded but was not announced", f.Channel.Name)
	}
	if f.Subjects != nil && len(f.Subjects) != len(f.Values) {
		return fmt.Errorf("channel %s: %d subjects but %d values", f.Channel.Name, len(f.Subjects), len(f.Values))
	}
	if t.count > 0 && (f.Time != t.at || t.parts[i].here) {
		if err := t.commit(); err != nil {
			return err
		}
	}
	t.at = f.Time
	p := &t.parts[i]
	p.here, p.all = true, f.Subjects == nil
	p.subjects = append(p.subjects[:0], f.Subjects...)
	p.values = append(p.values[:0], f.Values...)
	if !p.all && !slices.IsSorted(p.subjects) {
		p.sort()
	}
	t.count++
	return nil
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

// commit turns the pending instant into rows.
func (t *table) commit() error {
	if t.count == 0 || t.failed != nil {
		return t.failed
	}
	rows := t.rows()
	if err := t.write(rows); err != nil {
		t.failed = err
		return err
	}
	for i := range t.parts {
		t.parts[i].here = false
	}
	t.count = 0
	if t.file.rows >= GroupRows {
		t.failed = t.file.flush()
	}
	return t.failed
}

// rows returns the things that any channel has a value of, in order.
func (t *table) rows() []int32 {
	t.union = t.union[:0]
	dense := 0
	for i := range t.parts {
		p := &t.parts[i]
		switch {
		case !p.here:
		case p.all:
			dense = max(dense, len(p.values))
		default:
			t.union = append(t.union, p.subjects...)
		}
	}
	for i := range dense {
		t.union = append(t.union, int32(i))
	}
	if !slices.IsSorted(t.union) {
		slices.Sort(t.union)
	}
	t.union = slices.Compact(t.union)
	return t.union
}

func (t *table) write(rows []int32) error {
	out := t.file.columns()
	at := t.header.At(t.at).UnixMicro()
	fixed := [fixedColumns]func(int32) parquet.Value{
		colTime:    func(int32) parquet.Value { return parquet.Int64Value(at) },
		colSeconds: func(int32) parquet.Value { return parquet.DoubleValue(t.at) },
		colIndex:   parquet.Int32Value,
		colName:    t.name,
	}
	for c, value := range fixed {
		t.values = t.values[:0]
		for _, r := range rows {
			t.values = append(t.values, value(r).Level(0, 0, c))
		}
		if _, err := out[c].WriteRowValues(t.values); err != nil {
			return err
		}
	}
	for i := range t.parts {
		t.values = t.parts[i].column(t.values[:0], rows, fixedColumns+i)
		if _, err := out[fixedColumns+i].WriteRowValues(t.values); err != nil {
			return err
		}
	}
	t.file.rows += int64(len(rows))
	return nil
}

// column appends one value a row, null where the part has none.
func (p *part) column(values []parquet.Value, rows []int32, c int) []parquet.Value {
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
		if math.IsNaN(v) {
			values = append(values, parquet.Value{}.Level(0, 0, c))
		} else {
			values = append(values, parquet.DoubleValue(v).Level(0, 1, c))
		}
	}
	return values
}

// name returns the thing's name, made once.
func (t *table) name(index int32) parquet.Value {
	for int(index) >= len(t.names) {
		t.names = append(t.names, parquet.Value{})
	}
	if t.names[index].IsNull() {
		t.names[index] = parquet.ByteArrayValue([]byte(t.header.SubjectName(t.kind, index)))
	}
	return t.names[index]
}
