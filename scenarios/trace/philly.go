package trace

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// Philly reads cluster_job_log of msr-fiddle/philly-traces: a JSON array of jobs with their attempts, each with the
// GPUs it held on each machine. A job's run time is that of its attempts together; it starts with the first. The CSV lists made from it
// are read by [Table].
func Philly(r io.Reader, name string, spec *Spec) (*Trace, error) {
	src, err := newSource(name, r)
	if err != nil {
		return nil, err
	}
	return readPhilly(src, spec.withDefaults())
}

type phillyJob struct {
	Status    string          `json:"status"`
	VC        string          `json:"vc"`
	ID        string          `json:"jobid"`
	User      string          `json:"user"`
	Submitted string          `json:"submitted_time"`
	Attempts  []phillyAttempt `json:"attempts"`
}

type phillyAttempt struct {
	Start  string `json:"start_time"`
	End    string `json:"end_time"`
	Detail []struct {
		IP   string   `json:"ip"`
		GPUs []string `json:"gpus"`
	} `json:"detail"`
}

func readPhilly(src *source, spec *Spec) (*Trace, error) {
	c, err := newCollector(spec, "philly")
	if err != nil {
		return nil, err
	}
	c.clock = true
	zone, _, err := zoneOffset(spec.Zone)
	if err != nil {
		return nil, err
	}
	lines := &lineCounter{r: src}
	d := json.NewDecoder(lines)
	bad := func(err error) error { return jsonError(src.name, lines, d, err) }
	if token, err := d.Token(); err != nil {
		return nil, bad(err)
	} else if token != json.Delim('[') {
		return nil, fileError(src.name, "this is no Philly job log: a JSON array of jobs is expected")
	}
	var rec record
	for d.More() {
		lines.from = d.InputOffset()
		var job phillyJob
		if err := d.Decode(&job); err != nil {
			var kind *json.UnmarshalTypeError
			if !errors.As(err, &kind) {
				return nil, bad(err)
			}
			c.trace.Rows++
			if err := c.skipBad(&Error{File: src.name, Line: lines.at(d.InputOffset()), Column: kind.Field, Msg: "a " + kind.Value + " is no " + kind.Type.String()}); err != nil {
				return nil, err
			}
			continue
		}
		c.trace.Rows++
		rec.reset()
		line := lines.at(d.InputOffset())
		err := job.record(&rec, zone)
		if err == nil {
			if p := c.add(&rec); p != nil {
				err = &Error{Column: p.field.String(), Msg: p.msg}
			}
		}
		if err != nil {
			var e *Error
			if errors.As(err, &e) {
				e.File, e.Line = src.name, line
			}
			if err = c.skipBad(err); err != nil {
				return nil, err
			}
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, bad(err)
	}
	return c.finish()
}

func (j *phillyJob) record(r *record, zone float64) error {
	stamp := func(column, text string) (float64, error) {
		if isNull([]byte(text)) {
			return math.NaN(), nil
		}
		v, zoned, ok := parseStamp([]byte(text))
		if !ok {
			return 0, &Error{Column: column, Msg: quote([]byte(text)) + " is no time stamp"}
		}
		if !zoned {
			v -= zone
		}
		return v, nil
	}
	var err error
	if r.submit, err = stamp("submitted_time", j.Submitted); err != nil {
		return err
	}
	r.id, r.user, r.queue, r.state = []byte(j.ID), []byte(j.User), []byte(j.VC), stateWord([]byte(j.Status))
	r.run, r.gpus, r.nodes = 0, 0, 0
	for i := range j.Attempts {
		a := &j.Attempts[i]
		start, err := stamp("attempts.start_time", a.Start)
		if err != nil {
			return err
		}
		end, err := stamp("attempts.end_time", a.End)
		if err != nil {
			return err
		}
		if math.IsNaN(r.start) {
			r.start = start
		}
		if end > start {
			r.run += end - start
		}
		gpus, nodes := 0, 0
		for _, d := range a.Detail {
			if len(d.GPUs) > 0 {
				gpus += len(d.GPUs)
				nodes++
			}
		}
		if gpus > 0 {
			r.gpus, r.nodes = float64(gpus), float64(nodes)
		}
	}
	return nil
}

// lineCounter counts line ends as a JSON decoder reads ahead, so that a place can be named.
type lineCounter struct {
	r      io.Reader
	read   int64
	from   int64 // where the present value begins
	breaks []int64
	base   int // line ends before breaks[0]
}

func (l *lineCounter) Read(p []byte) (int, error) {
	if l.read-l.from > maxLine {
		return 0, fmt.Errorf("a single job is longer than %d MiB", maxLine>>20)
	}
	n, err := l.r.Read(p)
	for i, c := range p[:n] {
		if c == '\n' {
			l.breaks = append(l.breaks, l.read+int64(i))
		}
	}
	l.read += int64(n)
	return n, err
}

// at returns the line of a byte offset, from 1, and forgets what lies before it.
func (l *lineCounter) at(offset int64) int {
	i := 0
	for i < len(l.breaks) && l.breaks[i] < offset {
		i++
	}
	l.base += i
	l.breaks = append(l.breaks[:0], l.breaks[i:]...)
	return l.base + 1
}

func jsonError(file string, lines *lineCounter, d *json.Decoder, err error) error {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return &Error{File: file, Msg: "the file is truncated: its JSON ends early; fetch it again"}
	case errors.As(err, &syntax):
		return &Error{File: file, Line: lines.at(syntax.Offset), Msg: "this is no JSON: " + syntax.Error()}
	}
	return readError(file, lines.at(d.InputOffset()), err)
}
