package loop

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/hil/bench"
)

// Task is the real work of one job on the devices of a source.
type Task struct {
	Job     int32
	Devices []int // by index, in order
	Level   float64
}

// Load is what trains on the devices of a source.
type Load interface {
	// Put makes these tasks all that runs from now on.
	Put(tasks []Task) error
	// Work returns what has been got done on a device so far, in samples; NaN where it is not known.
	Work(index int) float64
	// Close ends it.
	Close() error
}

// Host trains on this host's processors with the reference trainer. A level is a share of them.
type Host struct{ bench.Host }

// Put implements [Load].
func (h *Host) Put(tasks []Task) error {
	level := 0.0
	for _, t := range tasks {
		level += t.Level
	}
	if level > 0 { // at least one works
		level = max(min(level, 1), 1/float64(bench.Processors()))
	}
	return h.Set(bench.Demand{Level: level, Mix: bench.Mixed})
}

// Programs trains with a program for each task, which sees the task's GPUs only: CUDA_VISIBLE_DEVICES names them, {gpus} in an
// argument is their number. It trains as fast as it can: a level is not passed on.
type Programs struct {
	Args   []string
	Stderr io.Writer

	running []*program
	done    map[int]float64 // by device: of programs that are over
}

// program is one that runs.
type program struct {
	job     int32
	devices []int
	command bench.Command
}

// Put implements [Load].
func (p *Programs) Put(tasks []Task) error {
	if p.done == nil {
		p.done = map[int]float64{}
	}
	var failed []error
	kept := p.running[:0]
	for _, r := range p.running {
		if slices.ContainsFunc(tasks, func(t Task) bool { return t.Job == r.job && slices.Equal(t.Devices, r.devices) }) {
			failed = append(failed, r.command.Set(bench.Demand{Level: 1}))
			kept = append(kept, r)
			continue
		}
		failed = append(failed, r.command.Close())
		for _, d := range r.devices {
			p.done[d] += r.each()
		}
	}
	p.running = kept
	for _, t := range tasks {
		if !slices.ContainsFunc(p.running, func(r *program) bool { return t.Job == r.job && slices.Equal(t.Devices, r.devices) }) {
			r, err := p.start(t)
			failed = append(failed, err)
			p.running = append(p.running, r)
		}
	}
	return errors.Join(failed...)
}

func (p *Programs) start(t Task) (*program, error) {
	number := strconv.Itoa(len(t.Devices))
	var names []string
	for _, d := range t.Devices {
		names = append(names, strconv.Itoa(d))
	}
	r := &program{job: t.Job, devices: slices.Clone(t.Devices)}
	for _, a := range p.Args {
		r.command.Args = append(r.command.Args, strings.ReplaceAll(a, "{gpus}", number))
	}
	r.command.Stderr = p.Stderr
	r.command.Env = []string{"CUDA_DEVICE_ORDER=PCI_BUS_ID", "CUDA_VISIBLE_DEVICES=" + strings.Join(names, ",")}
	if err := r.command.Set(bench.Demand{Level: 1}); err != nil {
		return r, fmt.Errorf("on GPUs %s: %w", strings.Join(names, ","), err)
	}
	return r, nil
}

// each returns what a program has got done on each of its devices.
func (r *program) each() float64 {
	if v := r.command.Work(0); v > 0 {
		return v / float64(len(r.devices))
	}
	return 0
}

// Work implements [Load].
func (p *Programs) Work(index int) float64 {
	sum := p.done[index]
	for _, r := range p.running {
		if slices.Contains(r.devices, index) {
			sum += r.each()
		}
	}
	return sum
}

// Close implements [Load].
func (p *Programs) Close() error { return p.Put(nil) }

// arrange puts tasks in the order of their jobs.
func arrange(tasks []Task) []Task {
	slices.SortFunc(tasks, func(a, b Task) int { return cmp.Compare(a.Job, b.Job) })
	return tasks
}
