package trace

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"strconv"
	"time"
)

// The columns of the Standard Workload Format, from 0 (Chapin et al., JSSPP 1999; version 2.2 of the Parallel Workloads Archive).
const (
	swfID = iota
	swfSubmit
	swfWait
	swfRun
	swfUsed    // processors allocated
	swfCPUTime // average CPU time a processor, s
	swfMemory  // used, KB a processor
	swfAsked   // processors
	swfLimit   // time asked for, s
	swfMemoryAsked
	swfStatus
	swfUser
	swfGroup
	swfProgram
	swfQueue
	swfPartition
	swfBefore
	swfThink
	swfColumns
)

// SWF reads a trace in the Standard Workload Format. A job's processors are cores, or GPUs where the spec says so; a job is a gang
// of single processors unless the spec gives their number a node.
func SWF(r io.Reader, name string, spec *Spec) (*Trace, error) {
	src, err := newSource(name, r)
	if err != nil {
		return nil, err
	}
	return readSWF(src, spec.withDefaults())
}

func readSWF(src *source, spec *Spec) (*Trace, error) {
	c, err := newCollector(spec, "swf")
	if err != nil {
		return nil, err
	}
	t := newTable(src.name, src, ' ')
	t.skip = ';'
	t.note = func(comment []byte) {
		key, value, _ := bytes.Cut(bytes.TrimLeft(comment, "; \t"), []byte{':'})
		if string(key) == "UnixStartTime" && c.trace.Zero.IsZero() {
			if unix, err := strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err == nil && unix > 0 && unix < 1<<33 {
				c.trace.Zero = time.Unix(unix, 0).UTC()
			}
		}
	}
	var rec record
	for {
		ok, err := t.next()
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		c.trace.Rows++
		rec.reset()
		err = swfRecord(t, spec, &rec)
		if err == nil {
			if bad := c.add(&rec); bad != nil {
				err = &Error{File: t.name, Line: t.line, Column: bad.field.String(), Msg: bad.msg}
			} else if c.spec.Processors != "gpu" && spec.CoresPerNode == 0 {
				c.pool()
			}
		}
		if err != nil {
			if err = c.skipBad(err); err != nil {
				return nil, err
			}
		}
	}
	return c.finish()
}

// pool makes the last job a gang of single cores, if it has not been made one.
func (c *collector) pool() {
	if n := len(c.trace.Jobs); n > 0 && c.trace.Jobs[n-1].Parts == 1 {
		j := &c.trace.Jobs[n-1]
		j.Parts = int32(max(j.Part[1], 1))
		for i := range j.Part {
			j.Part[i] /= float64(j.Parts)
		}
	}
}

var swfNames = [swfColumns]string{"1 (job number)", "2 (submit time)", "3 (wait time)", "4 (run time)", "5 (allocated processors)", "6 (CPU time)",
	"7 (used memory)", "8 (requested processors)", "9 (requested time)", "10 (requested memory)", "11 (status)", "12 (user)", "13 (group)",
	"14 (program)", "15 (queue)", "16 (partition)", "17 (preceding job)", "18 (think time)"}

// swfRecord reads one line. Values of -1 are unknown; lines may lack trailing columns as some archives cut them.
func swfRecord(t *table, spec *Spec, r *record) error {
	if len(t.fields) < swfAsked+1 || len(t.fields) > swfColumns {
		return &Error{File: t.name, Line: t.line, Msg: fmt.Sprintf("the line has %d columns, the Standard Workload Format 18", len(t.fields))}
	}
	var v [swfColumns]float64
	for i := range v {
		v[i] = -1
	}
	for i, f := range t.fields {
		var ok bool
		if v[i], ok = parseNumber(f); !ok {
			return &Error{File: t.name, Line: t.line, Column: swfNames[i], Msg: quote(f) + " is no number"}
		}
	}
	processors := v[swfAsked]
	if processors <= 0 {
		processors = v[swfUsed]
	}
	r.id = t.fields[swfID]
	r.submit, r.run = v[swfSubmit], v[swfRun]
	if v[swfWait] >= 0 {
		r.start = r.submit + v[swfWait]
	}
	if processors <= 0 {
		processors = 1
	}
	if spec.Processors == "gpu" {
		r.gpus = processors
	} else {
		r.cores = math.Round(processors)
	}
	if v[swfLimit] > 0 {
		r.limit = v[swfLimit]
	}
	if kb := max(v[swfMemoryAsked], v[swfMemory]); kb > 0 {
		r.memory = kb * 1024 * processors
	}
	if v[swfCPUTime] > 0 && v[swfRun] > 0 && spec.Processors != "gpu" {
		r.util.CPU = v[swfCPUTime] / v[swfRun]
	}
	if len(t.fields) > swfUser && v[swfUser] >= 0 {
		r.user = t.fields[swfUser]
	}
	if len(t.fields) > swfQueue && v[swfQueue] >= 0 {
		r.queue = t.fields[swfQueue]
	}
	switch v[swfStatus] {
	case 0:
		r.state = "failed"
	case 5:
		r.state = "cancelled"
	}
	return nil
}
