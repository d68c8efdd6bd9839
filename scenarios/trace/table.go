package trace

import (
	"bytes"
	"fmt"
	"io"
	"strings"
)

// maxLine bounds the length of a record in bytes: none of the formats has one of a thousandth of it.
const maxLine = 4 << 20

// table reads delimited text record by record without allocating: RFC 4180 quotes, any one-byte separator, runs of
// blanks where the separator is a blank. The fields of a record are valid until the next.
type table struct {
	name   string
	src    io.Reader
	comma  byte
	skip   byte // lines that begin with it are comments; 0: none
	buf    []byte
	start  int // of the unread part of buf
	end    int
	eof    bool
	line   int // of the present record, from 1
	lines  int // read so far
	fields [][]byte
	header []string
	quoted []byte // storage of fields that had to be unquoted
	note   func(comment []byte)
}

func newTable(name string, src io.Reader, comma byte) *table {
	return &table{name: name, src: src, comma: comma, buf: make([]byte, bufferSize)}
}

// readHeader takes the first record as column names.
func (t *table) readHeader() error {
	ok, err := t.next()
	if err != nil {
		return err
	}
	if !ok {
		return fileError(t.name, "the file is empty: a line of column names is expected")
	}
	t.header = make([]string, len(t.fields))
	for i, f := range t.fields {
		t.header[i] = string(bytes.TrimPrefix(bytes.TrimSpace(f), []byte("\ufeff")))
	}
	return nil
}

// column returns the index of the first of the names that the header has, or -1. Case does not matter.
func (t *table) column(names ...string) int {
	for _, name := range names {
		for i, h := range t.header {
			if strings.EqualFold(h, name) {
				return i
			}
		}
	}
	return -1
}

// row reads the next record and checks that it is as wide as the header.
func (t *table) row() (bool, error) {
	ok, err := t.next()
	if !ok || err != nil {
		return false, err
	}
	for len(t.fields) > len(t.header) && len(bytes.TrimSpace(t.fields[len(t.fields)-1])) == 0 {
		t.fields = t.fields[:len(t.fields)-1]
	}
	if len(t.fields) != len(t.header) {
		return true, &Error{File: t.name, Line: t.line,
			Msg: fmt.Sprintf("the row has %d columns, the header %d", len(t.fields), len(t.header))}
	}
	return true, nil
}

// next reads the next record that is neither empty nor a comment.
func (t *table) next() (bool, error) {
	for {
		record, err := t.record()
		if record == nil || err != nil {
			return false, err
		}
		if len(record) == 0 {
			continue
		}
		if t.skip != 0 && record[0] == t.skip {
			if t.note != nil {
				t.note(record)
			}
			continue
		}
		if t.comma == ' ' {
			t.splitBlank(record)
			if len(t.fields) == 0 {
				continue
			}
			return true, nil
		}
		if !t.quotes() || bytes.IndexByte(record, '"') < 0 {
			t.split(record)
			return true, nil
		}
		return true, t.splitQuoted(record)
	}
}

// quotes reports whether a field may be quoted: neither blank-separated files nor sacct's do that, and a job may
// have a quote in its name.
func (t *table) quotes() bool { return t.comma != ' ' && t.comma != '|' }

func (t *table) split(record []byte) {
	t.fields = t.fields[:0]
	for {
		i := bytes.IndexByte(record, t.comma)
		if i < 0 {
			t.fields = append(t.fields, record)
			return
		}
		t.fields = append(t.fields, record[:i])
		record = record[i+1:]
	}
}

func (t *table) splitBlank(record []byte) {
	t.fields = t.fields[:0]
	for i := 0; i < len(record); {
		if isBlank(record[i]) {
			i++
			continue
		}
		from := i
		for i < len(record) && !isBlank(record[i]) {
			i++
		}
		t.fields = append(t.fields, record[from:i])
	}
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func (t *table) splitQuoted(record []byte) error {
	t.fields = t.fields[:0]
	t.quoted = t.quoted[:0]
	if cap(t.quoted) < len(record) {
		t.quoted = make([]byte, 0, 2*len(record)) // so that the fields below stay where they are
	}
	for {
		if len(record) == 0 || record[0] != '"' {
			i := bytes.IndexByte(record, t.comma)
			if i < 0 {
				t.fields = append(t.fields, record)
				return nil
			}
			t.fields = append(t.fields, record[:i])
			record = record[i+1:]
			continue
		}
		from := len(t.quoted)
		i := 1
		for {
			j := bytes.IndexByte(record[i:], '"')
			if j < 0 {
				return &Error{File: t.name, Line: t.line, Msg: "a quoted field has no closing quote"}
			}
			t.quoted = append(t.quoted, record[i:i+j]...)
			i += j + 1
			if i < len(record) && record[i] == '"' {
				t.quoted = append(t.quoted, '"')
				i++
				continue
			}
			break
		}
		t.fields = append(t.fields, t.quoted[from:])
		if i == len(record) {
			return nil
		}
		if record[i] != t.comma {
			return &Error{File: t.name, Line: t.line, Msg: "text follows the closing quote of a field"}
		}
		record = record[i+1:]
	}
}

// record returns the next line without its end, or several where a quoted field spans them; nil at the end.
func (t *table) record() ([]byte, error) {
	scanned, quotes, first := 0, 0, true
	for {
		window := t.buf[t.start+scanned : t.end]
		i := bytes.IndexByte(window, '\n')
		if i < 0 && !t.eof {
			if t.quotes() {
				quotes += bytes.Count(window, []byte{'"'})
			}
			scanned = t.end - t.start
			if scanned > maxLine {
				return nil, &Error{File: t.name, Line: t.lines + 1,
					Msg: fmt.Sprintf("the line is longer than %d MiB: this is no trace of the expected format", maxLine>>20)}
			}
			if err := t.fill(); err != nil {
				return nil, readError(t.name, t.lines+1, err)
			}
			continue
		}
		if i < 0 {
			i = len(window)
			if len(window) == 0 && scanned == 0 {
				return nil, nil
			}
		}
		t.lines++
		if first {
			t.line, first = t.lines, false
		}
		if t.quotes() {
			quotes += bytes.Count(window[:i], []byte{'"'})
		}
		atEnd := i == len(window)
		scanned += i
		if quotes%2 == 1 && !atEnd && !(t.skip != 0 && t.buf[t.start] == t.skip) {
			scanned++ // the line end belongs to a quoted field
			if scanned > maxLine {
				return nil, &Error{File: t.name, Line: t.line, Msg: "a quoted field has no closing quote"}
			}
			continue
		}
		record := t.buf[t.start : t.start+scanned]
		t.start += scanned
		if !atEnd {
			t.start++
		}
		if n := len(record); n > 0 && record[n-1] == '\r' {
			record = record[:n-1]
		}
		return record, nil
	}
}

// fill reads more, moving what is unread to the front and growing the buffer where it is full.
func (t *table) fill() error {
	if t.start > 0 {
		copy(t.buf, t.buf[t.start:t.end])
		t.end -= t.start
		t.start = 0
	}
	if t.end == len(t.buf) {
		t.buf = append(t.buf, make([]byte, len(t.buf))...)
	}
	for range 100 {
		n, err := t.src.Read(t.buf[t.end:])
		t.end += n
		if err == io.EOF {
			t.eof = true
			return nil
		}
		if n > 0 || err != nil {
			return err
		}
	}
	return io.ErrNoProgress
}

// openTable opens a file that is a table with a header, whose lines that begin with # are comments, up to its first
// row. The caller closes the source.
func openTable(file string, open Opener) (*source, *table, error) {
	src, err := openSource(file, open)
	if err != nil {
		return nil, nil, err
	}
	head, err := src.head()
	if err == nil {
		t := newTable(src.name, src, separator(firstLine(head)))
		t.skip = '#'
		if err = t.readHeader(); err == nil {
			return src, t, nil
		}
	}
	_ = src.Close()
	return nil, nil, err
}
