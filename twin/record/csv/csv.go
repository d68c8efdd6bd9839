// Package csv records frames as text tables, one a level, for spreadsheets and quick looks. Parquet holds the
// same with units, at a tenth of the size.
package csv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/rows"
)

const chunk = 1 << 20 // bytes that are gathered before they are written

// Sink writes one file a level into a folder: time, t_s, name and a column a channel, named as in Parquet.
type Sink struct {
	folder journal.Folder
	prefix string
	header *record.Header
	gather *rows.Gatherer
	tables [facility.NumKinds]*table
	logs   []*journal.Log
}

var _ record.Sink = (*Sink)(nil)

type table struct {
	log     *journal.Log
	pending bytes.Buffer
	writer  *csv.Writer
	record  []string
}

// New returns a sink that writes PREFIX + LEVEL + ".csv".
func New(folder journal.Folder, prefix string) *Sink { return &Sink{folder: folder, prefix: prefix} }

// Name says what the sink writes.
func (s *Sink) Name() string { return s.prefix + "*.csv" }

// Open creates the files with their heads.
func (s *Sink) Open(h *record.Header) error {
	s.header = h
	s.gather = rows.NewGatherer(h, s.instant)
	for _, l := range s.gather.Levels {
		log, err := journal.Create(s.folder, s.prefix+record.LevelName(l.Kind)+".csv")
		if err != nil {
			return errors.Join(err, s.close())
		}
		s.logs = append(s.logs, log)
		t := &table{log: log, record: []string{"time", "t_s", "name"}}
		t.writer = csv.NewWriter(&t.pending)
		for _, c := range l.Channels {
			t.record = append(t.record, record.FieldName(c))
		}
		s.tables[l.Kind] = t
		if err := t.write(); err != nil {
			return errors.Join(err, s.close())
		}
	}
	return nil
}

// Frame adds a column to its level's rows of the instant.
func (s *Sink) Frame(f *record.Frame) error { return s.gather.Add(f) }

// Event does nothing: events are not columns.
func (s *Sink) Event(*record.Event) error { return nil }

func (s *Sink) instant(in *rows.Instant) error {
	t := s.tables[in.Level.Kind]
	at := s.header.At(in.Time).Format(time.RFC3339Nano)
	seconds := strconv.FormatFloat(in.Time, 'f', -1, 64)
	for r, subject := range in.Rows {
		t.record = append(t.record[:0], at, seconds, s.header.SubjectName(in.Level.Kind, subject))
		for _, column := range in.Columns {
			text := ""
			if !math.IsNaN(column[r]) {
				text = strconv.FormatFloat(column[r], 'g', -1, 64)
			}
			t.record = append(t.record, text)
		}
		if err := t.write(); err != nil {
			return err
		}
	}
	return nil
}

func (t *table) write() error {
	if err := t.writer.Write(t.record); err != nil {
		return err
	}
	if t.pending.Len() < chunk {
		return nil
	}
	return t.flush()
}

func (t *table) flush() error {
	t.writer.Flush()
	if err := t.writer.Error(); err != nil {
		return err
	}
	err := t.log.Append(t.pending.Bytes())
	t.pending.Reset()
	return err
}

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	if s.gather == nil {
		return nil
	}
	errs := []error{s.gather.Commit()}
	for _, t := range s.tables {
		if t != nil {
			errs = append(errs, t.flush())
		}
	}
	return errors.Join(append(errs, s.close())...)
}

func (s *Sink) close() error {
	var errs []error
	for _, l := range s.logs {
		errs = append(errs, l.Close())
	}
	return errors.Join(errs...)
}

// Logs returns the files, for the run's manifest.
func (s *Sink) Logs() []*journal.Log { return s.logs }
