package trace

import (
	"fmt"
	"math"
	"strings"
)

// maxSamples bounds a series, about 1.6 GB a column.
const maxSamples = 200_000_000

// SeriesSpec is a table of measured values by time: telemetry to compare with or to calibrate to. Weather, carbon and
// price files are read by models/weather, which knows their quantities.
type SeriesSpec struct {
	File    string            `yaml:"file" doc:"the table; gzip is seen through" required:"true"`
	Time    string            `yaml:"time" doc:"header of the column of times; the first column when left out"`
	Unit    string            `yaml:"unit" doc:"unit of times that are numbers: s, ms, us, min, h or d; by default that which the header tells (timestamp_ms), else s"`
	Zone    string            `yaml:"zone" doc:"offset of time stamps that have none; there is no default: an hour of error spoils a comparison"`
	Columns []string          `yaml:"columns" doc:"headers of the columns to read; all others when left out"`
	Scale   map[string]string `yaml:"scale" doc:"header to the unit of its numbers: percent, milli, kB, MB, GB …; the values come in SI"`
}

// Series is columns of values by time.
type Series struct {
	T       []float64 // s, increasing: unix where Clock, else since the table's zero
	Clock   bool
	Columns []string
	V       [][]float64 // by column; NaN where the table has no value
}

// Column returns the values of a column, or nil.
func (s *Series) Column(name string) []float64 {
	for i, c := range s.Columns {
		if c == name {
			return s.V[i]
		}
	}
	return nil
}

// ReadSeries reads a table of values by time.
func ReadSeries(spec *SeriesSpec, open Opener) (*Series, error) {
	src, t, err := openTable(spec.File, open)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r, err := newSeriesReader(t, spec)
	if err != nil {
		return nil, err
	}
	for {
		ok, err := t.row()
		if err != nil {
			return nil, err
		}
		if !ok {
			r.series.Clock = r.times.stamped
			return &r.series, nil
		}
		if err := r.row(); err != nil {
			return nil, err
		}
	}
}

type seriesReader struct {
	table  *table
	time   int
	factor float64 // of the times
	zoned  bool    // a zone was declared
	times  rowParser
	at     []int
	scale  []float64
	series Series
}

func newSeriesReader(t *table, spec *SeriesSpec) (*seriesReader, error) {
	r := &seriesReader{table: t}
	r.times.dialect = &dialect{}
	var err error
	if r.times.zone, r.zoned, err = zoneOffset(spec.Zone); err != nil {
		return nil, err
	}
	if spec.Time != "" {
		if r.time = t.column(spec.Time); r.time < 0 {
			return nil, fileError(t.name, "time: there is no column %q; the header has %s", spec.Time, list(t.header))
		}
	}
	unit := spec.Unit
	if unit == "" {
		for _, u := range []string{"ms", "us", "min", "h", "d"} {
			if strings.HasSuffix(t.header[r.time], "_"+u) {
				unit = u
			}
		}
	}
	if r.factor = unitFactors[unit]; r.factor == 0 {
		return nil, fmt.Errorf("unit: unknown unit %q: write s, ms, us, min, h or d", unit)
	}
	wanted := spec.Columns
	if len(wanted) == 0 {
		for i, h := range t.header {
			if i != r.time {
				wanted = append(wanted, h)
			}
		}
	}
	for _, name := range wanted {
		at := t.column(name)
		if at < 0 {
			return nil, fileError(t.name, "columns: there is no column %q; the header has %s", name, list(t.header))
		}
		factor, ok := unitFactors[spec.Scale[name]]
		if !ok || factor == 0 {
			return nil, fmt.Errorf("scale.%s: unknown unit %q: write one of %s", name, spec.Scale[name], strings.Join(sortedKeys(unitFactors), ", "))
		}
		r.at, r.scale = append(r.at, at), append(r.scale, factor)
		r.series.Columns = append(r.series.Columns, name)
	}
	r.series.V = make([][]float64, len(wanted))
	return r, nil
}

func (r *seriesReader) row() error {
	t := r.table
	fail := func(at int, msg string) error {
		return &Error{File: t.name, Line: t.line, Column: t.header[at], Msg: quote(t.fields[at]) + " is " + msg}
	}
	raw := t.fields[r.time]
	when, ok := r.times.instant(raw, r.factor)
	if !ok {
		return fail(r.time, "neither a number nor a time stamp such as 2023-01-01 00:00:00+00:00")
	}
	if r.times.stamped && !r.zoned {
		if _, zoned, _ := parseStamp(raw); !zoned {
			return fail(r.time, "a time stamp without an offset: state the zone of the table (zone: +01:00)")
		}
	}
	if n := len(r.series.T); n > 0 && !(when > r.series.T[n-1]) {
		return fail(r.time, "not later than the row before: sort the table by time and take doubles away")
	}
	if len(r.series.T) >= maxSamples {
		return &Error{File: t.name, Line: t.line, Msg: fmt.Sprintf("more than %d rows", maxSamples)}
	}
	r.series.T = append(r.series.T, when)
	for i, at := range r.at {
		v := math.NaN()
		if !isNull(t.fields[at]) {
			if v, ok = parseNumber(t.fields[at]); !ok {
				return fail(at, "no number")
			}
		}
		r.series.V[i] = append(r.series.V[i], v*r.scale[i])
	}
	return nil
}
