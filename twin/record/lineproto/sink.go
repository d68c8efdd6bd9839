package lineproto

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	protocol "github.com/influxdata/line-protocol"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/rows"
)

const chunk = 1 << 20 // bytes of text that are gathered before they are written

// Sink writes points into one file.
type Sink struct {
	folder     journal.Folder
	name       string
	gzip       bool
	header     *record.Header
	log        *journal.Log
	gather     *rows.Gatherer
	encoder    *protocol.Encoder
	pending    bytes.Buffer
	packed     bytes.Buffer
	packer     *gzip.Writer
	levels     [facility.NumKinds]*level
	point      point
	checkpoint int
}

var _ record.Sink = (*Sink)(nil)

// New returns a sink that writes the named file. A name that ends in .gz is compressed.
func New(folder journal.Folder, name string) *Sink {
	return &Sink{folder: folder, name: name, gzip: strings.HasSuffix(name, ".gz")}
}

// Name says what the sink writes.
func (s *Sink) Name() string { return s.name }

// level holds what the points of one level share.
type level struct {
	name   string
	fields []*protocol.Field // by channel
	tags   [][]*protocol.Tag // by thing, made when first needed
	boxed  []*protocol.Field // memory used again
	text   protocol.Field    // a job's name
	common []*protocol.Tag   // run, source, site
	header *record.Header    //
	kind   facility.Kind     //
}

// point is a metric that is filled again for every line.
type point struct {
	name   string
	tags   []*protocol.Tag
	fields []*protocol.Field
	at     time.Time
}

func (p *point) Name() string                 { return p.name }
func (p *point) Time() time.Time              { return p.at }
func (p *point) TagList() []*protocol.Tag     { return p.tags }
func (p *point) FieldList() []*protocol.Field { return p.fields }

// Open creates the file.
func (s *Sink) Open(h *record.Header) (err error) {
	s.header = h
	s.encoder = protocol.NewEncoder(&s.pending)
	s.encoder.FailOnFieldErr(true)
	s.packer, err = gzip.NewWriterLevel(&s.packed, gzip.BestSpeed)
	if err != nil {
		return err
	}
	s.gather = rows.NewGatherer(h, s.points)
	common := tags("run", h.Run, "source", string(h.Source))
	if h.Site != nil {
		common = append(common, tags("site", h.Site.Name)...)
	}
	for _, l := range s.gather.Levels {
		lv := &level{name: record.LevelName(l.Kind), common: common, header: h, kind: l.Kind}
		for _, c := range l.Channels {
			lv.fields = append(lv.fields, &protocol.Field{Key: record.FieldName(c)})
		}
		s.levels[l.Kind] = lv
	}
	s.log, err = journal.Create(s.folder, s.name)
	return err
}

// Frame adds a field to its level's points of the instant.
func (s *Sink) Frame(f *record.Frame) error {
	if err := s.gather.Add(f); err != nil {
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

// points writes the lines of an instant.
func (s *Sink) points(in *rows.Instant) error {
	lv := s.levels[in.Level.Kind]
	at := s.header.At(in.Time)
	s.point.name = lv.name
	for r, subject := range in.Rows {
		lv.boxed = lv.boxed[:0]
		for c, column := range in.Columns {
			if v := column[r]; !math.IsNaN(v) && !math.IsInf(v, 0) {
				lv.fields[c].Value = v
				lv.boxed = append(lv.boxed, lv.fields[c])
			}
		}
		if len(lv.boxed) == 0 {
			continue
		}
		s.point.at = at
		if lv.kind == facility.Job {
			lv.text = protocol.Field{Key: "job", Value: clean(s.header.SubjectName(lv.kind, subject))}
			lv.boxed = append(lv.boxed, &lv.text)
			s.point.at = at.Add(time.Duration(r))
			s.point.tags = lv.common
		} else {
			s.point.tags = lv.of(subject)
		}
		s.point.fields = lv.boxed
		if err := s.write(); err != nil {
			return err
		}
	}
	return nil
}

// of returns the tags of a thing.
func (l *level) of(index int32) []*protocol.Tag {
	for int(index) >= len(l.tags) {
		l.tags = append(l.tags, nil)
	}
	if l.tags[index] == nil {
		l.tags[index] = append(l.common[:len(l.common):len(l.common)], place(l.header, l.kind, index)...)
	}
	return l.tags[index]
}

// place says where in the site a thing is, and what model it is.
func place(h *record.Header, kind facility.Kind, index int32) []*protocol.Tag {
	site := h.Site
	if kind == facility.Site || site == nil || int(index) >= site.Count(kind) {
		if kind == facility.Site {
			return nil
		}
		return tags("slot", h.SubjectName(kind, index))
	}
	ref := facility.Ref{Kind: kind, Index: index}
	var list []*protocol.Tag
	own := false
	for _, k := range []facility.Kind{facility.Hall, facility.Row, facility.Rack, facility.Node} {
		if i, ok := site.Ancestor(ref, k); ok {
			list = append(list, tags(k.String(), last(site.NameOf(facility.Ref{Kind: k, Index: i})))...)
			own = own || k == kind
		}
	}
	if !own {
		list = append(list, tags("slot", last(site.NameOf(ref)))...)
	}
	l := &site.Levels[kind]
	if int(index) < len(l.Model) && int(l.Model[index]) >= 0 && int(l.Model[index]) < len(l.Models) {
		list = append(list, tags("model", l.Models[l.Model[index]])...)
	}
	return list
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// tags makes tags of keys and values; empty values are left out, as the protocol wants.
func tags(pairs ...string) []*protocol.Tag {
	var list []*protocol.Tag
	for i := 0; i < len(pairs); i += 2 {
		if v := clean(pairs[i+1]); v != "" {
			list = append(list, &protocol.Tag{Key: pairs[i], Value: v})
		}
	}
	return list
}

// clean removes what the protocol cannot carry: line breaks, and backslashes, which would escape what follows.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r == '\\':
			return '/'
		}
		return r
	}, s)
}

// Event adds a point to the measurement event.
func (s *Sink) Event(e *record.Event) error {
	s.point = point{
		name: "event",
		tags: append(tags("run", s.header.Run, "source", string(s.header.Source)),
			tags("severity", e.Severity.String(), "type", e.Type)...),
		fields: []*protocol.Field{{Key: "id", Value: float64(e.ID)}, {Key: "parent", Value: float64(e.Parent)}},
		at:     s.header.At(e.Time).Add(time.Duration(e.ID)),
	}
	if s.header.Site != nil {
		s.point.tags = append(s.point.tags, tags("site", s.header.Site.Name)...)
	}
	for _, f := range []struct{ key, text string }{{"subject", e.Subject}, {"text", e.Text}} {
		if t := clean(f.text); t != "" {
			s.point.fields = append(s.point.fields, &protocol.Field{Key: f.key, Value: t})
		}
	}
	return s.write()
}

func (s *Sink) write() error {
	if _, err := s.encoder.Encode(&s.point); err != nil {
		return fmt.Errorf("cannot encode a point of %s: %w", s.point.name, err)
	}
	if s.pending.Len() >= chunk {
		return s.flush()
	}
	return nil
}

// flush appends what is pending, compressed as a gzip member of its own.
func (s *Sink) flush() error {
	if s.pending.Len() == 0 {
		return nil
	}
	out := &s.pending
	if s.gzip {
		s.packed.Reset()
		s.packer.Reset(&s.packed)
		if _, err := s.packer.Write(s.pending.Bytes()); err != nil {
			return err
		}
		if err := s.packer.Close(); err != nil {
			return err
		}
		out = &s.packed
	}
	err := s.log.Append(out.Bytes())
	s.pending.Reset()
	return err
}

// Close writes what is pending.
func (s *Sink) Close(*record.Summary) error {
	if s.log == nil {
		return nil
	}
	return errors.Join(s.gather.Commit(), s.flush(), s.log.Close())
}

// Logs returns the file, for the run's manifest.
func (s *Sink) Logs() []*journal.Log { return []*journal.Log{s.log} }
