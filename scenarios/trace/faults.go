package trace

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// FaultSpec is a log of faults of nodes, one a row.
type FaultSpec struct {
	File    string            `yaml:"file" doc:"the log; gzip is seen through" required:"true"`
	Columns map[string]string `yaml:"columns" doc:"our name (node, start, end, duration, class, text) to the header of the column"`
	Unit    string            `yaml:"unit" doc:"unit of times that are numbers: s, ms, min, h or d; by default that which the header tells (start_d counts days), else s"`
	Zone    string            `yaml:"zone" doc:"offset of time stamps that have none" default:"+00:00"`
	SkipBad int               `yaml:"skip_bad" doc:"malformed rows to pass over before giving up" default:"0" range:"[0,)"`
}

// Fault is one fault of one node.
type Fault struct {
	Node       string
	Start, End float64 // s since the log's zero, or unix s where it has time stamps; End is +Inf where the node was not seen repaired
	Class      string  // of the component or the cause, as the log names it
	Text       string
}

// faultColumns are the headers that are known, with the unit that they tell: those of InfiniteHBD-Trace's intervals and plain ones.
var faultColumns = []struct {
	field string
	names []string
	unit  string
}{
	{"node", []string{"node", "node_id", "host", "hostname", "server"}, ""},
	{"start", []string{"start_d"}, "d"}, {"start", []string{"start_h"}, "h"}, {"start", []string{"start_ms"}, "ms"},
	{"start", []string{"start", "start_s", "start_time", "failed", "down", "time"}, ""},
	{"end", []string{"end_d"}, "d"}, {"end", []string{"end_h"}, "h"}, {"end", []string{"end_ms"}, "ms"},
	{"end", []string{"end", "end_s", "end_time", "repaired", "up"}, ""},
	{"duration", []string{"dur_h", "duration_h"}, "h"}, {"duration", []string{"duration", "duration_s"}, ""},
	{"class", []string{"class", "component", "type", "cause"}, ""},
	{"text", []string{"desc", "description", "text", "message"}, ""},
}

// ReadFaults reads a log of faults, in order of their beginning.
func ReadFaults(spec *FaultSpec, open Opener) ([]Fault, error) {
	src, t, err := openTable(spec.File, open)
	if err != nil {
		return nil, err
	}
	defer src.Close()
	r, err := newFaultReader(t, spec)
	if err != nil {
		return nil, err
	}
	var out []Fault
	skipped := 0
	for {
		ok, err := t.row()
		if !ok {
			if err != nil {
				return nil, err
			}
			break
		}
		var f Fault
		if err == nil {
			f, err = r.fault()
		}
		switch {
		case err == nil:
			out = append(out, f)
		case skipped < spec.SkipBad:
			skipped++
		default:
			return nil, err
		}
	}
	slices.SortStableFunc(out, func(a, b Fault) int { return cmp.Compare(a.Start, b.Start) })
	return out, nil
}

type faultReader struct {
	table  *table
	at     map[string]int
	factor map[string]float64
	times  rowParser // reads instants
}

func newFaultReader(t *table, spec *FaultSpec) (*faultReader, error) {
	r := &faultReader{table: t, at: map[string]int{}, factor: map[string]float64{}}
	r.times.dialect = &dialect{}
	var err error
	if r.times.zone, _, err = zoneOffset(spec.Zone); err != nil {
		return nil, err
	}
	for _, c := range faultColumns {
		if _, done := r.at[c.field]; done {
			continue
		}
		names, unit := c.names, c.unit
		if own, ok := spec.Columns[c.field]; ok {
			names, unit = []string{own}, ""
		}
		if at := t.column(names...); at >= 0 {
			r.at[c.field], r.factor[c.field] = at, unitFactors[unit]
		} else if _, own := spec.Columns[c.field]; own {
			return nil, fileError(t.name, "columns.%s: there is no column %q; the header has %s", c.field, names[0], list(t.header))
		}
	}
	if spec.Unit != "" {
		f, ok := unitFactors[spec.Unit]
		if !ok || f == 0 {
			return nil, fmt.Errorf("unit: unknown unit %q: write s, ms, min, h or d", spec.Unit)
		}
		for _, field := range []string{"start", "end", "duration"} {
			r.factor[field] = f
		}
	}
	for _, field := range []string{"node", "start"} {
		if _, ok := r.at[field]; !ok {
			return nil, fileError(t.name, "no column tells the %s of a fault: name it under columns.%s; the header has %s", field, field, list(t.header))
		}
	}
	return r, nil
}

func (r *faultReader) text(field string) string {
	if at, ok := r.at[field]; ok {
		return string(r.table.fields[at])
	}
	return ""
}

func (r *faultReader) fault() (Fault, error) {
	f := Fault{Node: r.text("node"), Class: r.text("class"), Text: r.text("text"), End: math.Inf(1)}
	t := r.table
	bad := func(field, msg string) error {
		return &Error{File: t.name, Line: t.line, Column: t.header[r.at[field]], Msg: quote(t.fields[r.at[field]]) + " is " + msg}
	}
	var ok bool
	if f.Start, ok = r.times.instant(t.fields[r.at["start"]], r.factor["start"]); !ok {
		return f, bad("start", "neither a number nor a time stamp")
	}
	if at, has := r.at["end"]; has && !isNull(t.fields[at]) {
		if f.End, ok = r.times.instant(t.fields[at], r.factor["end"]); !ok {
			return f, bad("end", "neither a number nor a time stamp")
		}
	} else if at, has := r.at["duration"]; has && !isNull(t.fields[at]) {
		d, ok := parseNumber(t.fields[at])
		if !ok || d < 0 {
			return f, bad("duration", "no length of time")
		}
		f.End = f.Start + d*r.factor["duration"]
	}
	if f.End < f.Start {
		return f, bad("start", "later than the end of the fault")
	}
	return f, nil
}
