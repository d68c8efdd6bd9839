package twin

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
)

// What a scheduler is told beyond what jobs ask for: how long they may run, by what it has learned; when they had best begin, by
// the grid's carbon intensity or price; how much power they may come to; and how hot it is at each node.

// foresight is what a world knows of this before it runs. It follows from plan and work.
type foresight struct {
	groupOf []int32         // by job: the group of jobs alike, where run times are learned
	peaks   []workload.Util // by profile: the most of each, where power is limited
	unfit   error           // why nothing would ever start
}

// warmest is the inlet temperature, in °C, up to which a job draws no more than the scheduler is told.
const warmest = 35

// inquire prepares what the scheduler will be told.
func (w *World) inquire() {
	if r := w.sched.Runtimes(); r != nil && r.From == "learned" {
		alike := numbering{index: map[string]int32{}}
		w.groupOf = make([]int32, len(w.work.Jobs))
		for j := range w.work.Jobs {
			w.groupOf[j] = alike.of(kindOf(&w.work.Jobs[j], r.By))
		}
	}
	if w.sched.LimitsPower() {
		w.unfit = w.sched.Idle(w.idleAt)
		w.peaks = make([]workload.Util, len(w.work.Profiles))
		for i := range w.work.Profiles {
			p := &w.work.Profiles[i]
			for k := range p.Len() {
				u := p.Util(int32(k))
				w.peaks[i].GPU, w.peaks[i].CPU = max(w.peaks[i].GPU, u.GPU), max(w.peaks[i].CPU, u.CPU)
			}
		}
	}
}

// kindOf returns what jobs that count as alike have in common; it is never empty.
func kindOf(j *workload.Job, by string) string {
	size := fmt.Sprintf("%g", float64(j.Parts)*j.Part[workload.GPU])
	switch by {
	case "user":
		return "u" + j.User
	case "user-name":
		return j.User + "\x00" + j.Name
	case "name-size":
		return j.Name + "\x00" + size
	}
	return j.User + "\x00" + size
}

// feasible reports jobs that the scheduler could never let run, or that would never get on.
func (w *World) feasible() error {
	if w.unfit != nil {
		return w.unfit
	}
	empty := schedule.NewState(w.sched)
	for j := range w.work.Jobs {
		spec := &w.work.Jobs[j]
		if err := w.sched.Progresses(spec.GPUs()); err != nil {
			return err
		}
		if !w.sched.LimitsPower() || spec.Pinned {
			continue
		}
		r := schedule.Request{Job: int32(j), Parts: spec.Parts, Part: spec.Part, Whole: spec.Whole, Draw: w.partDraw(spec)}
		if !w.sched.CouldStart(empty, &r) {
			return fmt.Errorf("scheduler.power_limits: %s may draw %.4g kW beyond idle nodes, and would never start; raise the limit, or leave the job out",
				w.jobName(int32(j)), float64(r.Parts)*r.Draw/1000)
		}
	}
	return nil
}

// inform completes what the scheduler is told of a job that is submitted.
func (w *World) inform(r *schedule.Request, spec *workload.Job, s *JobState) {
	if rt := w.sched.Runtimes(); rt != nil && rt.From != "limits" {
		run := w.expectedRun(rt, r.Job, spec)
		r.Estimate = max(1, run-s.Saved+s.Owed)
	}
	if w.sched.LimitsPower() {
		r.Draw = w.partDraw(spec)
	}
	if sh := w.sched.Shift(); sh != nil && s.Restarts+s.Preempts == 0 && spec.Before == 0 && spec.Class != workload.Service && !spec.Pinned && w.Now >= spec.Submit &&
		(len(sh.Queues) == 0 || slices.Contains(sh.Queues, spec.Queue)) {
		signal := w.plan.Carbon
		if sh.By == "price" {
			signal = w.plan.Price
		}
		length := r.Estimate
		if !(length > 0) || math.IsInf(length, 1) {
			length = float64(sh.Step)
		}
		var cursor weather.Cursor
		r.Begin = w.Now + sh.Best(w.Now, length, func(from, to float64) float64 { return signal.Mean(&cursor, from, to) })
	}
}

// expectedRun returns how long a job is expected to run in all, in s.
func (w *World) expectedRun(rt *schedule.RuntimeSpec, j int32, spec *workload.Job) float64 {
	if rt.From == "true" {
		return spec.Work
	}
	run, ok := rt.Predict(&w.Runtimes, w.group(j))
	switch {
	case ok && spec.Walltime > 0:
		return min(run, spec.Walltime)
	case ok:
		return run
	case spec.Walltime > 0:
		return spec.Walltime
	}
	return spec.Work
}

// group returns the group of jobs alike that a job is in; jobs that came later than the world was made are alone.
func (w *World) group(j int32) int32 {
	if int(j) < len(w.groupOf) {
		return w.groupOf[j]
	}
	return j
}

// learn enters how long a job that has ended has run.
func (w *World) learn(j int32) {
	rt, spec := w.sched.Runtimes(), &w.work.Jobs[j]
	if rt == nil || spec.Class == workload.Service {
		return
	}
	expected := spec.Estimate()
	if rt.From != "limits" {
		expected = w.expectedRun(rt, j, spec)
	}
	group := int32(0)
	if rt.From == "learned" {
		group = w.group(j)
	}
	rt.Learn(&w.Runtimes, group, w.Jobs[j].Held, expected)
}

// feel tells the scheduler how hot it is, where it asks.
func (w *World) feel() {
	if !w.sched.Feels() {
		return
	}
	for r := range w.Racks {
		lo, hi := w.plan.Tree.Children(facility.Node, int32(r))
		for n := lo; n < hi; n++ {
			w.sched.Feel(&w.Sched, n, w.Racks[r].Inlet)
		}
	}
}

// partDraw returns the most that each part of a job adds to the draw of an idle rack, in W: at the peak of its utilisation, on its
// own on a node of the type where that is most, at an inlet that is warm.
func (w *World) partDraw(spec *workload.Job) float64 {
	peak := spec.Util
	if spec.Profile >= 0 {
		peak.GPU, peak.CPU = w.peaks[spec.Profile].GPU, w.peaks[spec.Profile].CPU
	}
	if spec.Class == workload.Service {
		peak.GPU = 1
	}
	most := 0.0
	for k := range w.plan.RackTypes {
		rt := &w.plan.RackTypes[k]
		t := &rt.Node
		gpus, cores, use := int(math.Ceil(spec.Part[workload.GPU])), spec.Part[workload.CPU], peak
		if spec.Whole {
			gpus, cores = t.GPUs, t.Cores
		}
		if gpus > t.GPUs || cores > t.Cores {
			continue
		}
		if f := spec.Part[workload.GPU]; gpus > 0 && !spec.Whole {
			use.GPU *= f / float64(gpus)
		}
		l := compute.Load{CPU: cores * use.CPU, GPUsUp: t.GPUs, Settled: true}
		if gpus > 0 {
			l.Groups = []compute.Group{{GPUs: gpus, Util: use, Limit: math.Inf(1), Spread: 1 + 3*t.GPU.Spread, Before: t.Before(t.GPUs - 1)}}
		}
		draw := t.Eval(&l, warmest).Input - t.IdlePower
		if full := float64(rt.Nodes) * (t.MaxPower - t.IdlePower); full > 0 {
			draw *= (rt.Max - rt.Idle) / full // as the rack's feed has it
		}
		most = max(most, draw)
	}
	return most
}

// idleAt returns what a node adds to the draw of its rack when it is idle, in W.
func (w *World) idleAt(n int32) float64 {
	rt := &w.plan.RackTypes[w.plan.RackType[w.plan.Tree.Levels[facility.Node].Up[n]]]
	return rt.Idle / float64(rt.Nodes)
}
