package lineproto

import (
	"bytes"
	"compress/gzip"
	"errors"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
)

const chunk = 1 << 20 // bytes of text that are gathered before they are written

// Sink writes points into one file.
type Sink struct {
	folder     journal.Folder
	name       string
	gzip       bool
	header     *record.Header
	log        *journal.Log
	encoder    *Encoder
	packed     bytes.Buffer
	packer     *gzip.Writer
	checkpoint int
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink that writes the named file. A name that ends in .gz is compressed.
func New(folder journal.Folder, name string) *Sink {
	return &Sink{folder: folder, name: name, gzip: strings.HasSuffix(name, ".gz")}
}

// Name says what the sink writes.
func (s *Sink) Name() string { return s.name }

// Open creates the file.
func (s *Sink) Open(h *record.Header) (err error) {
	s.header = h
	s.packer, err = gzip.NewWriterLevel(&s.packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	s.encoder = NewEncoder(h, func() error {
		if s.encoder.Len() >= chunk {
			return s.flush()
		}
		return nil
	})
	s.log, err = journal.Create(s.folder, s.name)
	return err
}

// Frame adds a field to its level's points of the instant.
func (s *Sink) Frame(f *record.Frame) error {
	if err := s.encoder.Frame(f); err != nil {
		return err
	}
	if d := s.header.Duration; d > 0 {
		if n := int(f.Time / d * 10); n > s.checkpoint {
			s.checkpoint = n
			return s.flush()
		}
	}
	return nil
}

// Event adds a point to the measurement event.
func (s *Sink) Event(e *record.Event) error { return s.encoder.Event(e) }

// flush appends what is pending, compressed as a gzip member of its own.
func (s *Sink) flush() error {
	out := s.encoder.Take()
	if len(out) == 0 {
		return nil
	}
	if s.gzip {
		s.packed.Reset()
		s.packer.Reset(&s.packed)
		if _, err := s.packer.Write(out); err != nil {
			return err
		}
		if err := s.packer.Close(); err != nil {
			return err
		}
		out = s.packed.Bytes()
	}
	return s.log.Append(out)
}

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	if s.log == nil {
		return nil
	}
	return errors.Join(s.encoder.Commit(), s.flush(), s.log.Close())
}

// Logs returns the file, for the run's manifest.
func (s *Sink) Logs() []*journal.Log { return []*journal.Log{s.log} }
