package parquet

import (
	"errors"
	"fmt"
	"math"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/rows"
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
	gather     *rows.Gatherer
	tables     []*table // in the order of facility kinds
	byKind     [facility.NumKinds]*table
	checkpoint int
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink that writes PREFIX + LEVEL + ".parquet" into a folder.
func New(folder journal.Folder, prefix string) *Sink {
	return &Sink{folder: folder, prefix: prefix}
}

// Name says what the sink writes.
func (s *Sink) Name() string { return s.prefix + "*.parquet" }

// Open creates the files of all levels that the header announces a channel of.
func (s *Sink) Open(h *record.Header) error {
	s.header = h
	s.gather = rows.NewGatherer(h, func(in *rows.Instant) error { return s.byKind[in.Level.Kind].write(in) })
	for _, l := range s.gather.Levels {
		log, err := journal.Create(s.folder, s.prefix+record.LevelName(l.Kind)+".parquet")
		if err != nil {
			return errors.Join(err, s.close())
		}
		t := &table{level: l, header: h}
		s.byKind[l.Kind] = t
		s.tables = append(s.tables, t)
		if err := t.open(log); err != nil {
			return errors.Join(err, s.close())
		}
	}
	return nil
}

// Frame adds a column to its level's row of the instant.
func (s *Sink) Frame(f *record.Frame) error {
	if d := s.header.Duration; d > 0 {
		if n := int(f.Time / d * Checkpoints); n > s.checkpoint {
			s.checkpoint = n
			if err := s.flush(); err != nil {
				return err
			}
		}
	}
	return s.gather.Add(f)
}

// flush brings every file up to date.
func (s *Sink) flush() error {
	errs := []error{s.gather.Commit()}
	for _, t := range s.tables {
		errs = append(errs, t.file.flush())
	}
	return errors.Join(errs...)
}

// Event does nothing: events are not columns.
func (s *Sink) Event(*record.Event) error { return nil }

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	return errors.Join(s.flush(), s.close())
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

// table is the file of one level.
type table struct {
	level  *rows.Level
	header *record.Header
	file   *file
	names  []parquet.Value // by thing, made when first needed
	values []parquet.Value // memory used again
}

func (t *table) open(log *journal.Log) error {
	h := t.header
	columns := []column{
		{"time", parquet.Encoded(parquet.Timestamp(parquet.Microsecond), &parquet.DeltaBinaryPacked),
			describe("", "moment of the sample", "")},
		{"t_s", parquet.Encoded(parquet.Leaf(parquet.DoubleType), &parquet.RLEDictionary),
			describe("s", "seconds from the start of the run", "")},
		{"index", parquet.Encoded(parquet.Int(32), &parquet.RLEDictionary),
			describe("", "number of the "+t.level.Kind.String()+" within its level", "")},
		{"name", parquet.Encoded(parquet.String(), &parquet.RLEDictionary),
			describe("", "name of the "+t.level.Kind.String(), "")},
	}
	for _, c := range t.level.Channels {
		columns = append(columns, column{
			record.FieldName(c), parquet.Optional(parquet.Leaf(parquet.DoubleType)), describe(c.Unit, c.Doc, c.Name)})
	}
	about := []format.KeyValue{
		{Key: "halltwin.run", Value: h.Run}, {Key: "halltwin.source", Value: string(h.Source)},
		{Key: "halltwin.level", Value: t.level.Kind.String()}, {Key: "halltwin.start", Value: h.Start.Format(timeLayout)},
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.name] {
			return fmt.Errorf("two channels of level %s share the column name %s", t.level.Kind, c.name)
		}
		seen[c.name] = true
		for _, m := range c.meta {
			about = append(about, format.KeyValue{Key: m.Key + ":" + c.name, Value: m.Value})
		}
	}
	t.file = newFile(log, t.level.Kind.String(), columns, about, "halltwin "+h.Version)
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

// write adds the rows of an instant.
func (t *table) write(in *rows.Instant) error {
	out := t.file.columns()
	at := t.header.At(in.Time).UnixMicro()
	fixed := [fixedColumns]func(int32) parquet.Value{
		colTime:    func(int32) parquet.Value { return parquet.Int64Value(at) },
		colSeconds: func(int32) parquet.Value { return parquet.DoubleValue(in.Time) },
		colIndex:   parquet.Int32Value,
		colName:    t.name,
	}
	for c, value := range fixed {
		t.values = t.values[:0]
		for _, r := range in.Rows {
			t.values = append(t.values, value(r).Level(0, 0, c))
		}
		if _, err := out[c].WriteRowValues(t.values); err != nil {
			return err
		}
	}
	for i, column := range in.Columns {
		c := fixedColumns + i
		t.values = t.values[:0]
		for _, v := range column {
			if math.IsNaN(v) {
				t.values = append(t.values, parquet.Value{}.Level(0, 0, c))
			} else {
				t.values = append(t.values, parquet.DoubleValue(v).Level(0, 1, c))
			}
		}
		if _, err := out[c].WriteRowValues(t.values); err != nil {
			return err
		}
	}
	t.file.rows += int64(len(in.Rows))
	if t.file.rows >= GroupRows {
		return t.file.flush()
	}
	return nil
}

// name returns the thing's name, made once.
func (t *table) name(index int32) parquet.Value {
	for int(index) >= len(t.names) {
		t.names = append(t.names, parquet.Value{})
	}
	if t.names[index].IsNull() {
		t.names[index] = parquet.ByteArrayValue([]byte(t.header.SubjectName(t.level.Kind, index)))
	}
	return t.names[index]
}
