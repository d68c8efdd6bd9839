package weather

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"strings"
)

// MaxBytes is the largest weather, carbon or price file that is read, unpacked: minutes for a year take 50 MB.
const MaxBytes = 64 << 20

const (
	maxRows = 1 << 20
	maxLine = 1 << 14
)

// Parse reads a series from the bytes of a file: an EPW, or a CSV with time stamps, either of them possibly
// compressed by gzip. The name serves messages. Errors name the file and the line.
func Parse(name string, data []byte) (*Series, error) {
	if bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(data))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		data, err = io.ReadAll(io.LimitReader(z, MaxBytes+1))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s: more than %d MB: no weather file is that large", name, MaxBytes>>20)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(data, []byte("LOCATION,")) {
		return parseEPW(name, string(data))
	}
	return parseCSV(name, string(data))
}

// lines walks the lines of a text.
type lines struct {
	name string
	rest string
	n    int // number of the line last returned, from 1
}

// next returns the next line that is not blank, without its end. It fails on a line that no such file has.
func (l *lines) next() (line string, ok bool, err error) {
	for l.rest != "" {
		var more bool
		line, l.rest, more = strings.Cut(l.rest, "\n")
		if !more {
			l.rest = ""
		}
		l.n++
		if len(line) > maxLine {
			return "", false, l.errorf("a line of %d bytes: this is no weather or grid file", len(line))
		}
		line = strings.TrimRight(line, "\r")
		if strings.TrimSpace(line) != "" {
			return line, true, nil
		}
	}
	return "", false, nil
}

func (l *lines) errorf(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %s", l.name, l.n, fmt.Sprintf(format, args...))
}

// mended counts what was put right, for the notes of a series.
type mended struct{ dewPoint, pressure, dropped int }

// check refuses data of which too much would have to be put right: a sensor may err by a little now and then, but dew
// points above the dry bulb in more than a tenth of a day or more are another mistake.
func (m mended) check(s *Series) error {
	if n := len(s.Times); n >= 24 && m.dewPoint > n/10 {
		return fmt.Errorf("%s: the dew point lies above the dry bulb in %d of %d rows, and no air holds that much water: are the columns swapped, or in different units?", s.Name, m.dewPoint, n)
	}
	return nil
}

func (m mended) notes(s *Series) {
	add := func(n int, text string) {
		if n > 0 {
			s.Notes = append(s.Notes, fmt.Sprintf("%s: %d rows %s", s.Name, n, text))
		}
	}
	add(m.dewPoint, "had a dew point above the dry bulb, clipped to it")
	add(m.pressure, "had no pressure: the standard pressure at the station's height is used")
	add(m.dropped, "had missing values and were left out")
}
