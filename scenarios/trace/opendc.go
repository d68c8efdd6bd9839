package trace

import (
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/halltwin/halltwin/models/workload"
)

// OpenDC reads an OpenDC trace: tasks.parquet (id, submission_time ms, duration ms, cpu_count, cpu_capacity MHz, mem_capacity MB, and
// where it has them gpu_count and gpu_capacity) and fragments.parquet (id, duration ms, cpu_usage MHz, gpu_usage). A task is a job
// of one part; its fragments are its profile, cpu_usage over cpu_capacity. fragments may be nil: then jobs run for their duration at
// the spec's utilisation. Files that are an io.ReaderAt and io.Seeker are read in place, page by page.
func OpenDC(tasks, fragments io.ReadCloser, name, fragmentsName string, spec *Spec) (*Trace, error) {
	src, err := newSource(name, tasks)
	if err != nil {
		return nil, err
	}
	src.raw = tasks
	opened := func(string) (io.ReadCloser, error) {
		if fragments == nil {
			return nil, fileError(name, "no fragments were given")
		}
		return fragments, nil
	}
	spec = spec.withDefaults()
	if fragments == nil {
		spec.With = "none"
	} else {
		spec.With = fragmentsName
	}
	return readOpenDC(src, opened, spec)
}

func readOpenDC(src *source, open Opener, spec *Spec) (trace *Trace, err error) {
	reading := src.name
	defer func() { orCorrupt(reading, &err, recover()) }()
	tasks, err := openParquet(src)
	if err != nil {
		return nil, err
	}
	c, err := newCollector(spec, "opendc")
	if err != nil {
		return nil, err
	}
	c.clock = true
	o := &openDC{collector: c, index: map[int64]int32{}}
	if err := o.readTasks(tasks); err != nil {
		return nil, err
	}
	if spec.With != "none" {
		with, err := openSource(second(spec, "fragments.parquet"), open)
		if err != nil {
			return nil, fmt.Errorf("%s needs its fragments (name them under with, or write with: none): %w", src.name, err)
		}
		defer with.Close()
		reading = with.name
		f, err := openParquet(with)
		if err != nil {
			return nil, err
		}
		if err := o.readFragments(f); err != nil {
			return nil, err
		}
	}
	return c.finish()
}

type openDC struct {
	*collector
	index    map[int64]int32 // job of a task
	capacity []capacity      // by job
	runs     []fragmentRun
}

type capacity struct{ cpu, gpu float64 } // MHz

// fragmentRun is a stretch of rows of one task.
type fragmentRun struct {
	id       int64
	from, to int
}

// gather reads several columns of a file side by side. visit gets the batches, all of one length.
func gather(ids *pageReader[int64], columns []*pageReader[float64], visit func(id []int64, values [][]float64, row int) error) error {
	id := make([]int64, batch)
	values := make([][]float64, len(columns))
	for i := range values {
		values[i] = make([]float64, batch)
	}
	for row := 0; ; {
		n, err := ids.read(id)
		if err != nil {
			return err
		}
		view := make([][]float64, len(columns))
		for i, c := range columns {
			if c == nil {
				continue
			}
			m, err := c.read(values[i][:n])
			if err != nil {
				return err
			}
			if m != n {
				return c.fail("it has fewer values than column %s", ids.column.Name())
			}
			view[i] = values[i][:n]
		}
		if n == 0 {
			return nil
		}
		if err := visit(id[:n], view, row); err != nil {
			return err
		}
		row += n
	}
}

// numbers opens a column as numbers; optional ones may be absent (nil).
func numbers(f *parquetFile, required bool, names ...string) (*pageReader[float64], error) {
	column := f.find(names...)
	if column == nil {
		if required {
			_, err := f.need(names...)
			return nil, err
		}
		return nil, nil
	}
	return newPageReader(f, column, math.NaN())
}

// noID stands for a missing task number.
const noID = math.MinInt64

func idColumn(f *parquetFile) (*pageReader[int64], error) {
	column, err := f.need("id", "task_id")
	if err != nil {
		return nil, err
	}
	return newPageReader(f, column, int64(noID))
}

func (o *openDC) readTasks(f *parquetFile) error {
	ids, err := idColumn(f)
	if err != nil {
		return err
	}
	const (
		submit = iota
		duration
		cpus
		cpuCapacity
		memory
		gpus
		gpuCapacity
		count
	)
	names := [count][]string{{"submission_time", "submissionTime"}, {"duration"}, {"cpu_count", "cpuCount", "num_cpus"},
		{"cpu_capacity", "cpuCapacity"}, {"mem_capacity", "memCapacity"}, {"gpu_count", "gpuCount"}, {"gpu_capacity", "gpuCapacity"}}
	columns := make([]*pageReader[float64], count)
	for i := range columns {
		if columns[i], err = numbers(f, i <= cpuCapacity, names[i]...); err != nil {
			return err
		}
	}
	var rec record
	return gather(ids, columns, func(id []int64, v [][]float64, row int) error {
		at := func(column, i int) float64 {
			if v[column] == nil {
				return math.NaN()
			}
			return v[column][i]
		}
		for i := range id {
			o.trace.Rows++
			rec.reset()
			rec.id = strconv.AppendInt(nil, id[i], 10)
			rec.submit, rec.run = at(submit, i)/1000, at(duration, i)/1000
			rec.cores, rec.gpus, rec.memory = at(cpus, i), at(gpus, i), at(memory, i)*1e6
			before := len(o.trace.Jobs)
			var err error
			if _, twice := o.index[id[i]]; twice || id[i] == noID {
				err = o.rowError(f, row+i, "id", "task "+string(rec.id)+" appears twice or has no number")
			} else if p := o.add(&rec); p != nil {
				err = o.rowError(f, row+i, p.field.String(), p.msg)
			}
			if err != nil {
				if err = o.skipBad(err); err != nil {
					return err
				}
			}
			if len(o.trace.Jobs) > before {
				o.index[id[i]] = int32(before)
				o.capacity = append(o.capacity, capacity{cpu: at(cpuCapacity, i), gpu: at(gpuCapacity, i)})
			}
		}
		return nil
	})
}

// rowError names a row of a Parquet file, which has no lines.
func (o *openDC) rowError(f *parquetFile, row int, column, msg string) error {
	return &Error{File: f.name, Column: column, Msg: fmt.Sprintf("row %d: %s", row+1, msg)}
}

// readFragments makes the profiles. Usage is held in one array in file order; where the rows of a task lie together, which
// they do in every published trace, its profile is a part of that array.
func (o *openDC) readFragments(f *parquetFile) error {
	ids, err := idColumn(f)
	if err != nil {
		return err
	}
	columns := make([]*pageReader[float64], 3)
	for i, names := range [][]string{{"duration"}, {"cpu_usage", "cpuUsage"}, {"gpu_usage", "gpuUsage"}} {
		if columns[i], err = numbers(f, i < 2, names...); err != nil {
			return err
		}
	}
	b := &fragmentBuilder{rows: int(min(f.file.NumRows(), 16*f.size))} // more grow as they come
	b.cpu = make([]float32, 0, b.rows)
	if columns[2] != nil {
		b.gpu = make([]float32, 0, b.rows)
	}
	capacities := capacity{}
	present := int64(noID)
	err = gather(ids, columns, func(id []int64, v [][]float64, row int) error {
		duration, cpu, gpu := v[0], v[1], v[2]
		for i, task := range id {
			if task == noID {
				return o.rowError(f, row+i, "id", "there is no task number")
			}
			if task != present {
				job, known := o.index[task]
				if !known {
					if o.trace.Skipped+len(o.trace.Dropped) == 0 {
						return o.rowError(f, row+i, "id", fmt.Sprintf("task %d is not among the tasks", task))
					}
					job = -1 // its task was passed over
				}
				present = task
				capacities = capacity{1, 1}
				if job >= 0 {
					capacities = o.capacity[job]
				}
				o.runs = append(o.runs, fragmentRun{id: task, from: row + i, to: row + i})
			}
			d, u := duration[i], cpu[i]/capacities.cpu
			if !(d > 0 && d < 1e13) || !(u >= 0) || math.IsInf(u, 1) {
				return o.rowError(f, row+i, "duration, cpu_usage", fmt.Sprintf("%g ms at %g of %g MHz is no use of a processor", d, cpu[i], capacities.cpu))
			}
			b.add(d/1000, u)
			if gpu != nil {
				g := gpu[i] / capacities.gpu
				if math.IsNaN(g) || g < 0 {
					g = 0
				}
				b.gpu = append(b.gpu, float32(min(g, 1)))
			}
			o.runs[len(o.runs)-1].to++
		}
		return nil
	})
	if err != nil {
		return err
	}
	o.profiles(b)
	return nil
}

// fragmentBuilder holds the fragments of all tasks, in file order. Durations are kept only where they differ.
type fragmentBuilder struct {
	rows     int
	cpu, gpu []float32
	quantum  float64   // s, while all are equal
	duration []float64 // s, once they are not
}

func (b *fragmentBuilder) add(duration, cpu float64) {
	if b.quantum == 0 {
		b.quantum = duration
	}
	if duration != b.quantum && b.duration == nil {
		b.duration = make([]float64, len(b.cpu), b.rows)
		for i := range b.duration {
			b.duration[i] = b.quantum
		}
	}
	if b.duration != nil {
		b.duration = append(b.duration, duration)
	}
	b.cpu = append(b.cpu, float32(min(cpu, 1)))
}

// profiles gives each job its fragments, and its work: their whole duration.
func (o *openDC) profiles(b *fragmentBuilder) {
	o.trace.Profiles = make([]workload.Profile, 0, len(o.runs))
	for _, run := range o.runs {
		job, known := o.index[run.id]
		if !known {
			continue
		}
		j := &o.trace.Jobs[job]
		if j.Profile < 0 {
			j.Profile = int32(len(o.trace.Profiles))
			o.trace.Profiles = append(o.trace.Profiles, workload.Profile{})
			j.Work = 0
		}
		p := &o.trace.Profiles[j.Profile]
		p.CPU = extend(p.CPU, b.cpu, run)
		if b.gpu != nil {
			p.GPU = extend(p.GPU, b.gpu, run)
		}
		if b.duration == nil {
			p.Quantum = b.quantum
			j.Work += b.quantum * float64(run.to-run.from)
			continue
		}
		ends := make([]float64, 0, len(p.End)+run.to-run.from)
		ends = append(ends, p.End...)
		for _, d := range b.duration[run.from:run.to] {
			j.Work += d
			ends = append(ends, j.Work)
		}
		p.End = ends
	}
}

// extend adds the rows of a run to a profile; the first run is shared, not copied.
func extend(have, all []float32, run fragmentRun) []float32 {
	part := all[run.from:run.to:run.to]
	if have == nil {
		return part
	}
	return append(have[:len(have):len(have)], part...)
}
