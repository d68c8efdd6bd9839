package lineproto

import (
	"bytes"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/rows"
)

// Encoder turns a recording into lines. It is the one place that knows the schema: files and servers get the same
// lines for the same recording, whenever and however often it is encoded.
type Encoder struct {
	header *record.Header
	gather *rows.Gatherer
	each   func() error
	common string // ",run=…,source=…,site=…"
	levels [facility.NumKinds]*level
	text   []byte
	lines  int
}

// level holds what the lines of one level share.
type level struct {
	kind   facility.Kind
	fields []string // "power_w=", by channel
	heads  []string // "rack,run=…,rack=rack-7 " by thing, made when first needed
}

// NewEncoder returns an encoder of a recording. After every line it calls each, which may take what is encoded so far.
func NewEncoder(h *record.Header, each func() error) *Encoder {
	e := &Encoder{header: h, each: each}
	site := ""
	if h.Site != nil {
		site = h.Site.Name
	}
	e.common = tags("run", h.ID(), "source", string(h.Source), "site", site)
	e.gather = rows.NewGatherer(h, e.points)
	for _, l := range e.gather.Levels {
		lv := &level{kind: l.Kind}
		for _, c := range l.Channels {
			lv.fields = append(lv.fields, escape(record.FieldName(c))+"=")
		}
		e.levels[l.Kind] = lv
	}
	return e
}

// Frame takes in a column. Its points are encoded when the instant of its level is complete.
func (e *Encoder) Frame(f *record.Frame) error { return e.gather.Add(f) }

// Commit encodes the instants that are still pending.
func (e *Encoder) Commit() error { return e.gather.Commit() }

// Len is the number of bytes that are encoded and not taken.
func (e *Encoder) Len() int { return len(e.text) }

// Lines is the number of lines that are encoded and not taken. A line is a point.
func (e *Encoder) Lines() int { return e.lines }

// Take returns the lines encoded so far, until the next is, and begins anew.
func (e *Encoder) Take() []byte {
	text := e.text
	e.text, e.lines = e.text[:0], 0
	return text
}

// points encodes an instant of a level.
func (e *Encoder) points(in *rows.Instant) error {
	lv := e.levels[in.Level.Kind]
	at := e.header.At(in.Time).UnixNano()
	for r, subject := range in.Rows {
		before, first, stamp := len(e.text), true, at
		e.text = append(e.text, lv.head(e, subject)...)
		for c, column := range in.Columns {
			v := column[r]
			if math.IsNaN(v) || math.IsInf(v, 0) {
				continue
			}
			if !first {
				e.text = append(e.text, ',')
			}
			first = false
			e.text = append(e.text, lv.fields[c]...)
			e.text = strconv.AppendFloat(e.text, v, 'g', -1, 64)
		}
		if first {
			e.text = e.text[:before]
			continue
		}
		if lv.kind == facility.Job {
			e.text = appendString(e.text, ",job=", e.header.SubjectName(lv.kind, subject))
			stamp += int64(r)
		}
		if err := e.end(stamp); err != nil {
			return err
		}
	}
	return nil
}

// Event encodes a point of the measurement event.
func (e *Encoder) Event(ev *record.Event) error {
	e.text = append(e.text, "event"...)
	e.text = append(e.text, e.common...)
	e.text = append(e.text, tags("severity", ev.Severity.String(), "type", ev.Type)...)
	e.text = strconv.AppendInt(append(e.text, " id="...), ev.ID, 10)
	e.text = strconv.AppendInt(append(e.text, ",parent="...), ev.Parent, 10)
	e.text = appendString(e.text, ",subject=", ev.Subject)
	e.text = appendString(e.text, ",text=", ev.Text)
	return e.end(e.header.At(ev.Time).Add(time.Duration(ev.ID)).UnixNano())
}

// end ends a line.
func (e *Encoder) end(stamp int64) error {
	e.text = strconv.AppendInt(append(e.text, ' '), stamp, 10)
	e.text = append(e.text, '\n')
	e.lines++
	return e.each()
}

// head returns what the line of a thing begins with, up to its fields.
func (l *level) head(e *Encoder, index int32) string {
	slot := index
	if l.kind == facility.Job {
		slot = 0 // jobs are told apart by a field
	}
	for int(slot) >= len(l.heads) {
		l.heads = append(l.heads, "")
	}
	if l.heads[slot] == "" {
		own := ""
		if l.kind != facility.Job {
			own = place(e.header, l.kind, index)
		}
		l.heads[slot] = record.LevelName(l.kind) + e.common + own + " "
	}
	return l.heads[slot]
}

// place says where in the site a thing is, and what model it is.
func place(h *record.Header, kind facility.Kind, index int32) string {
	site := h.Site
	if kind == facility.Site || site == nil || int(index) >= site.Count(kind) {
		if kind == facility.Site {
			return ""
		}
		return tags("slot", h.SubjectName(kind, index))
	}
	ref := facility.Ref{Kind: kind, Index: index}
	var b strings.Builder
	own := false
	for _, k := range []facility.Kind{facility.Hall, facility.Row, facility.Rack, facility.Node} {
		if i, ok := site.Ancestor(ref, k); ok {
			b.WriteString(tags(k.String(), last(site.NameOf(facility.Ref{Kind: k, Index: i}))))
			own = own || k == kind
		}
	}
	if !own {
		b.WriteString(tags("slot", last(site.NameOf(ref))))
	}
	l := &site.Levels[kind]
	if int(index) < len(l.Model) && int(l.Model[index]) >= 0 && int(l.Model[index]) < len(l.Models) {
		b.WriteString(tags("model", l.Models[l.Model[index]]))
	}
	return b.String()
}

func last(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// tags writes keys and values as ",key=value"; empty values are left out, as the protocol wants.
func tags(pairs ...string) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if v := clean(pairs[i+1]); v != "" {
			b.WriteString("," + pairs[i] + "=" + escape(v))
		}
	}
	return b.String()
}

var escapes = strings.NewReplacer(",", `\,`, " ", `\ `, "=", `\=`)

func escape(s string) string { return escapes.Replace(s) }

// appendString adds a text field, unless it is empty.
func appendString(b []byte, key, s string) []byte {
	s = clean(s)
	if s == "" {
		return b
	}
	b = append(append(b, key...), '"')
	for _, c := range []byte(s) {
		if c == '"' {
			b = append(b, '\\')
		}
		b = append(b, c)
	}
	return append(b, '"')
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

// Split halves lines: a server that refuses a batch as too large may take each half.
func Split(lines []byte) (a, b []byte, ok bool) {
	at := bytes.IndexByte(lines[len(lines)/2:], '\n')
	if at < 0 {
		return lines, nil, false
	}
	at += len(lines)/2 + 1
	if at == len(lines) {
		if at = bytes.LastIndexByte(lines[:len(lines)/2], '\n') + 1; at == 0 {
			return lines, nil, false
		}
	}
	return lines[:at], lines[at:], true
}
