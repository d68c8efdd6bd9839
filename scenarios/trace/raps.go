package trace

import (
	"fmt"
	"io"
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// RAPS reads a job table of an ExaDigiT/RAPS run: submit_s, nodes, run_s, limit_s, cpu_util, gpu_util (busy devices a
// node), const, trace_quanta_s, start_s, node_ids. traces holds id, k, cpu_util, gpu_util for jobs whose const is 0 and may be nil
// when all are constant. Every job holds whole nodes.
//
// With Spec.Replay, jobs start at start_s on node_ids. The table's end_s is one second after start_s + run_s, a habit of
// RAPS that a twin declares as a policy option; it is not read.
func RAPS(jobs, traces io.Reader, name, tracesName string, spec *Spec) (*Trace, error) {
	src, err := newSource(name, jobs)
	if err != nil {
		return nil, err
	}
	var with *source
	if traces != nil {
		if with, err = newSource(tracesName, traces); err != nil {
			return nil, err
		}
	}
	return readRAPS(src, func() (*source, error) { return with, nil }, spec.withDefaults())
}

// rapsColumns are the columns of jobs.csv that are read.
var rapsColumns = [...]string{"id", "name", "account", "submit_s", "nodes", "run_s", "limit_s", "priority", "cpu_util", "gpu_util",
	"const", "trace_quanta_s", "start_s", "node_ids"}

func readRAPS(src *source, openTraces func() (*source, error), spec *Spec) (*Trace, error) {
	t := newTable(src.name, src, ',')
	if err := t.readHeader(); err != nil {
		return nil, err
	}
	var at [len(rapsColumns)]int
	for i, name := range rapsColumns {
		if at[i] = t.column(name); at[i] < 0 {
			return nil, fileError(t.name, "this is no RAPS job table: there is no column %s", name)
		}
	}
	c, err := newCollector(spec, "raps")
	if err != nil {
		return nil, err
	}
	r := rapsReader{table: t, at: at, spec: spec, varying: map[string]float64{}}
	var rec record
	for {
		ok, err := t.row()
		if !ok {
			if err != nil {
				return nil, err
			}
			break
		}
		c.trace.Rows++
		if err == nil {
			err = r.parse(&rec)
		}
		if err == nil {
			before := len(c.trace.Jobs)
			if bad := c.add(&rec); bad != nil {
				err = &Error{File: t.name, Line: t.line, Column: bad.field.String(), Msg: bad.msg}
			} else if len(c.trace.Jobs) > before {
				j := &c.trace.Jobs[before]
				j.Whole, j.Parts = true, int32(rec.nodes)
				j.Part = workload.Vector{workload.GPU: float64(spec.GPUsPerNode), workload.CPU: float64(spec.CoresPerNode)}
				if r.quantum > 0 {
					r.varying[j.ID] = r.quantum
				}
			}
		}
		if err != nil {
			if err = c.skipBad(err); err != nil {
				return nil, err
			}
		}
	}
	if len(r.varying) > 0 {
		with, err := openTraces()
		if err != nil {
			return nil, fmt.Errorf("%d jobs of %s vary in time and need their traces.csv (state it under with): %w", len(r.varying), src.name, err)
		}
		if with == nil {
			return nil, fileError(src.name, "%d jobs vary in time and need their traces.csv: state it under with", len(r.varying))
		}
		defer with.Close()
		if err := c.rapsProfiles(with, r.varying); err != nil {
			return nil, err
		}
	}
	return c.finish()
}

type rapsReader struct {
	table   *table
	at      [len(rapsColumns)]int
	spec    *Spec
	quantum float64            // of the last row, 0: constant
	varying map[string]float64 // quantum by job
}

func (r *rapsReader) field(i int) []byte { return r.table.fields[r.at[i]] }

func (r *rapsReader) parse(rec *record) error {
	rec.reset()
	rec.id, rec.name, rec.user = r.field(0), r.field(1), r.field(2)
	numbers := [...]struct {
		column int
		to     *float64
		low    float64
	}{{3, &rec.submit, -1e11}, {4, &rec.nodes, 1}, {5, &rec.run, 0}, {6, &rec.limit, 0}, {7, &rec.priority, -1e18},
		{8, &rec.util.CPU, 0}, {9, &rec.util.GPU, 0}, {11, &r.quantum, 0}}
	for _, n := range numbers {
		v, ok := parseNumber(r.field(n.column))
		if !ok || v < n.low {
			return r.bad(n.column, fmt.Sprintf("no number of at least %g", n.low))
		}
		*n.to = v
	}
	rec.util.CPU /= float64(r.spec.CPUsPerNode)
	rec.util.GPU /= float64(r.spec.GPUsPerNode)
	if rec.util.CPU > 1+1e-9 || rec.util.GPU > 1+1e-9 {
		return r.bad(9, fmt.Sprintf("more devices than a node has (gpus_per_node %d, cpus_per_node %d)", r.spec.GPUsPerNode, r.spec.CPUsPerNode))
	}
	if v, ok := parseNumber(r.field(10)); ok && v == 1 {
		r.quantum = 0
	} else if !(r.quantum > 0) {
		return r.bad(11, "no time between two points of a trace")
	}
	if f := r.field(12); !isNull(f) {
		v, ok := parseNumber(f)
		if !ok {
			return r.bad(12, "no number")
		}
		rec.start = v
	}
	if f := r.field(13); !isNull(f) {
		var err error
		if rec.list, err = parseRanges(f, rec.list, maxNodes); err != nil {
			return r.bad(13, "no list of node numbers such as 0-127 256")
		}
		if !math.IsNaN(rec.start) && len(rec.list) != int(rec.nodes) {
			return r.bad(13, fmt.Sprintf("a list of %d nodes where column nodes says %g", len(rec.list), rec.nodes))
		}
	}
	return nil
}

func (r *rapsReader) bad(column int, msg string) error {
	return &Error{File: r.table.name, Line: r.table.line, Column: rapsColumns[column], Msg: quote(r.field(column)) + " is " + msg}
}

// rapsProfiles reads the utilisation of the jobs that vary. The rows of a job follow one another, k from 0.
func (c *collector) rapsProfiles(src *source, quantum map[string]float64) error {
	t := newTable(src.name, src, ',')
	if err := t.readHeader(); err != nil {
		return err
	}
	var at [4]int
	for i, name := range []string{"id", "k", "cpu_util", "gpu_util"} {
		if at[i] = t.column(name); at[i] < 0 {
			return fileError(t.name, "there is no column %s", name)
		}
	}
	profiles := map[string]int32{}
	id, k, wanted := "", 0.0, false
	cpus, gpus := float64(c.spec.CPUsPerNode), float64(c.spec.GPUsPerNode)
	for {
		ok, err := t.row()
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if f := t.fields[at[0]]; string(f) != id || k == 0 {
			id, k = string(f), 0
			if _, again := profiles[id]; again {
				return &Error{File: t.name, Line: t.line, Column: "id", Msg: "the rows of job " + quote(f) + " do not follow one another"}
			}
			var q float64
			if q, wanted = quantum[id]; wanted {
				profiles[id] = int32(len(c.trace.Profiles))
				c.trace.Profiles = append(c.trace.Profiles, workload.Profile{Quantum: q})
			}
		}
		if v, ok := parseNumber(t.fields[at[1]]); !ok || v != k {
			return &Error{File: t.name, Line: t.line, Column: "k", Msg: fmt.Sprintf("%s is out of order: %g is due", quote(t.fields[at[1]]), k)}
		}
		k++
		cpu, ok1 := parseNumber(t.fields[at[2]])
		gpu, ok2 := parseNumber(t.fields[at[3]])
		if !ok1 || !ok2 || cpu < 0 || gpu < 0 || cpu > cpus*(1+1e-9) || gpu > gpus*(1+1e-9) {
			return &Error{File: t.name, Line: t.line, Column: "cpu_util, gpu_util",
				Msg: fmt.Sprintf("%s and %s are not busy devices of a node with %g CPUs and %g GPUs", quote(t.fields[at[2]]), quote(t.fields[at[3]]), cpus, gpus)}
		}
		if wanted {
			p := &c.trace.Profiles[len(c.trace.Profiles)-1]
			p.CPU = append(p.CPU, float32(cpu/cpus))
			p.GPU = append(p.GPU, float32(gpu/gpus))
		}
	}
	for i := range c.trace.Jobs {
		j := &c.trace.Jobs[i]
		if _, varies := quantum[j.ID]; !varies {
			continue
		}
		p, found := profiles[j.ID]
		if !found {
			return fileError(t.name, "job %s has no rows, though its table says that it varies", j.ID)
		}
		j.Profile = p
	}
	return nil
}
