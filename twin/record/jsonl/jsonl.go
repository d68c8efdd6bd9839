// Package jsonl records events as a text file of one JSON object a line, in order of time:
//
//	{"t_s":43200,"at":"2025-07-15T12:00:00-05:00","id":4,"severity":"critical","type":"fail","subject":"hall-0/crah-0",…}
//
// The key parent names the event that caused this one. Lines are written in whole chunks; a reader ignores a
// last line without its newline, which only a crash in the middle of a write leaves.
package jsonl

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
)

const chunk = 64 << 10 // bytes that are gathered before they are written

// Sink writes events into one file.
type Sink struct {
	folder     journal.Folder
	name       string
	header     *record.Header
	log        *journal.Log
	pending    []byte
	checkpoint int
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink that writes the named file.
func New(folder journal.Folder, name string) *Sink { return &Sink{folder: folder, name: name} }

// Name says what the sink writes.
func (s *Sink) Name() string { return s.name }

// Open creates the file.
func (s *Sink) Open(h *record.Header) (err error) {
	s.header = h
	s.log, err = journal.Create(s.folder, s.name)
	return err
}

// Frame only keeps time: the file is brought up to date at every tenth of the run.
func (s *Sink) Frame(f *record.Frame) error {
	if d := s.header.Duration; d > 0 {
		if n := int(f.Time / d * 10); n > s.checkpoint {
			s.checkpoint = n
			return s.flush()
		}
	}
	return nil
}

// Event adds a line.
func (s *Sink) Event(e *record.Event) error {
	line, err := s.header.EncodeEvent(e)
	if err != nil {
		return fmt.Errorf("event %d: %w", e.ID, err)
	}
	s.pending = append(append(s.pending, line...), '\n')
	if len(s.pending) >= chunk || e.Severity == record.Critical {
		return s.flush()
	}
	return nil
}

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	if s.log == nil {
		return nil
	}
	return errors.Join(s.flush(), s.log.Close())
}

// Logs returns the file, for the run's manifest.
func (s *Sink) Logs() []*journal.Log { return []*journal.Log{s.log} }

func (s *Sink) flush() error {
	if len(s.pending) == 0 {
		return nil
	}
	err := s.log.Append(s.pending)
	s.pending = s.pending[:0]
	return err
}

const maxLine = 1 << 20 // bytes; a longer line is refused

// Read calls fn with each event of a file, until it returns an error. A torn last line is ignored.
func Read(r io.Reader, fn func(*record.Event) error) error {
	b := bufio.NewReaderSize(r, maxLine)
	for n := 1; ; n++ {
		line, err := b.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil // what is left has no newline
		case errors.Is(err, bufio.ErrBufferFull):
			return fmt.Errorf("line %d of the events is longer than %d bytes", n, maxLine)
		case err != nil:
			return err
		}
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		e, err := record.DecodeEvent(line)
		if err != nil {
			return fmt.Errorf("line %d of the events: %w", n, err)
		}
		if err := fn(&e); err != nil {
			return err
		}
	}
}
