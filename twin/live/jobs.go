package live

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/reading"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// again is how long the twin waits until it tries anew to show what it could not, in s.
const again = 10.0

// shown is a job of a scheduler as the twin has it.
type shown struct {
	number int32 // in the world, -1: not in it
	over   bool
	seen   reading.Job
	nodes  []int32
	util   workload.Util
	tried  float64
}

// key tells jobs of several schedulers apart.
type jobKey struct{ source, id string }

// jobs brings the twin's jobs to what a batch says of them.
func (t *Twin) mirrorJobs(b *reading.Batch, now float64) {
	s := t.sources[b.Source]
	listed := map[string]bool{}
	for i := range b.Jobs {
		j := &b.Jobs[i]
		if listed[j.ID] {
			continue
		}
		listed[j.ID] = true
		t.mirrorJob(jobKey{b.Source, j.ID}, j, s, now)
	}
	if b.Whole {
		for _, k := range t.order {
			if x := t.jobs[k]; k.source == b.Source && !x.over && !listed[k.id] {
				t.finish(x, reading.Done)
			}
		}
	}
	t.forget(b.Source, listed)
}

// mirrorJob brings one job to what is seen of it.
func (t *Twin) mirrorJob(k jobKey, j *reading.Job, s *sourceState, now float64) {
	x := t.jobs[k]
	fresh := x == nil
	if fresh {
		x = &shown{number: -1, over: j.Phase.Over(), tried: math.Inf(-1)}
		t.jobs[k] = x
		t.order = append(t.order, k)
		if x.over && s.answered && float64(j.End) >= s.good-1 && j.Start > 0 {
			s.missed++
			t.tell(record.Event{Severity: record.Info, Type: "job.missed", Subject: "job " + j.ID,
				Text: fmt.Sprintf("ran for %.3g s on %s between two looks", float64(j.End-j.Start), list(j.Nodes))})
		}
	}
	before := x.seen.Phase
	x.seen = sane(*j)
	j = &x.seen
	switch {
	case j.Phase.Over():
		if !x.over {
			t.finish(x, j.Phase)
		}
		return
	case x.over: // its scheduler runs it again
		x.over, x.number = false, -1
	}
	if j.Phase == reading.Running {
		t.place(x)
	}
	want := twin.Queued
	if j.Phase == reading.Running && len(x.nodes) > 0 {
		want = twin.Running
	}
	have := twin.Pending
	if x.number >= 0 {
		have = t.world.Phase(x.number)
	}
	switch {
	case have == want || have == twin.Running && want == twin.Queued && j.Phase == reading.Running:
	case now-x.tried < again && before == j.Phase: // it could not be shown a moment ago
	case have == twin.Running || have > twin.Stalled: // the twin has ended what goes on, or it was requeued
		if have == twin.Running {
			t.ends = append(t.ends, twin.Change{Job: x.number, Phase: twin.Cancelled})
		}
		x.number = -1
		t.begin(x, want, now)
	case x.number >= 0:
		x.tried = now
		t.starts = append(t.starts, t.change(x, x.number, want))
	default:
		t.begin(x, want, now)
	}
}

// sane bounds what a scheduler may say of a job.
func sane(j reading.Job) reading.Job {
	bound := func(v, most float64) float64 {
		if !(v > 0) {
			return 0
		}
		return min(v, most)
	}
	j.GPUs, j.Cores, j.Limit = bound(j.GPUs, 64), bound(j.Cores, 1e6), bound(j.Limit, 1e9)
	j.Submit, j.Start = reading.Number(bound(float64(j.Submit), 1e11)), reading.Number(bound(float64(j.Start), 1e11))
	j.Parts = min(max(j.Parts, 1), 1<<20)
	return j
}

// begin adds a job to the twin.
func (t *Twin) begin(x *shown, want twin.JobPhase, now float64) {
	x.tried = now
	c := t.change(x, -1, want)
	j := &x.seen
	c.Spec = &workload.Job{ID: j.ID, Name: j.Name, User: j.User, Queue: j.Queue, Submit: max(float64(j.Submit)-t.start, -1e9), Parts: int32(max(j.Parts, 1)), Whole: j.Whole}
	c.Spec.Part = workload.Vector{workload.GPU: min(j.GPUs, t.most[workload.GPU]), workload.CPU: min(j.Cores, t.most[workload.CPU])}
	if j.Whole && len(x.nodes) > 0 {
		c.Spec.Part = t.plan.Capacity[x.nodes[0]]
	}
	if len(x.nodes) > 0 && !j.Whole { // hyperthreads are cores to some schedulers
		c.Spec.Part[workload.CPU] = min(c.Spec.Part[workload.CPU], t.plan.Capacity[x.nodes[0]][workload.CPU]*share(j.GPUs, t.plan.Capacity[x.nodes[0]][workload.GPU]))
	}
	t.newcomers = append(t.newcomers, x)
	t.starts = append(t.starts, c)
}

// share is the part of a node's cores that a job of some of its GPUs may have.
func share(gpus, of float64) float64 {
	if of == 0 {
		return 1
	}
	return max(1/(8*of), gpus/of)
}

// change says what a job is to be.
func (t *Twin) change(x *shown, number int32, want twin.JobPhase) twin.Change {
	c := twin.Change{Job: number, Phase: want}
	if want == twin.Running {
		x.util = t.utilOf(x)
		c.Nodes, c.Util = slices.Clone(x.nodes), x.util
		for _, n := range x.nodes {
			t.changed[n] = t.now
		}
	}
	return c
}

// place finds the nodes of a job that runs.
func (t *Twin) place(x *shown) {
	x.nodes = x.nodes[:0]
	for _, h := range x.seen.Nodes {
		if n := t.mapping.node(h); n >= 0 {
			x.nodes = append(x.nodes, n)
		} else if text, first := t.mapping.conflict("job %s runs on %s, which is nowhere on the site", x.seen.ID, h); first {
			t.tell(record.Event{Severity: record.Warning, Type: "mapping", Subject: h, Text: text})
		}
	}
}

// finish ends a job in the twin.
func (t *Twin) finish(x *shown, phase reading.Phase) {
	x.over = true
	if x.number < 0 {
		return
	}
	for _, n := range x.nodes {
		t.changed[n] = t.now
	}
	t.ends = append(t.ends, twin.Change{Job: x.number, Phase: map[reading.Phase]twin.JobPhase{
		reading.Done: twin.Done, reading.Failed: twin.Failed, reading.Cancelled: twin.Cancelled}[phase]})
}

// forget lets go of jobs that have ended and that their scheduler has forgotten.
func (t *Twin) forget(source string, listed map[string]bool) {
	t.order = slices.DeleteFunc(t.order, func(k jobKey) bool {
		gone := k.source == source && t.jobs[k].over && !listed[k.id]
		if gone {
			delete(t.jobs, k)
		}
		return gone
	})
}

// utilOf returns how busy a job keeps its nodes, as measured; GPUs that nobody measures are taken as busy.
func (t *Twin) utilOf(x *shown) workload.Util {
	var gpus []float64
	cpu, hosts := 0.0, 0.0
	for _, n := range x.nodes {
		lo, hi := t.plan.Tree.Children(facility.GPU, n)
		var own []float64
		for g := lo; g < hi; g++ {
			if u := t.gpuUse[g]; !math.IsNaN(u) {
				own = append(own, u)
			}
		}
		slices.SortFunc(own, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
		if k := int(math.Ceil(x.seen.GPUs)); !x.seen.Whole && k < len(own) {
			own = own[:k] // which of them are its own is not known: the busiest
		}
		gpus = append(gpus, own...)
		if u := t.cpuUse[n]; !math.IsNaN(u) {
			cpu, hosts = cpu+u, hosts+1
		}
	}
	u := workload.Util{GPU: 1}
	if len(gpus) > 0 {
		sum := 0.0
		for _, v := range gpus {
			sum += v
		}
		u.GPU = hundredths(sum / float64(len(gpus)))
	}
	if hosts > 0 {
		u.CPU = hundredths(cpu / hosts)
	}
	return u
}

// hundredths rounds, so that noise changes nothing.
func hundredths(v float64) float64 { return math.Round(min(max(v, 0), 1)*100) / 100 }

// reload tells the twin which jobs work more or less than before.
func (t *Twin) reload() {
	for _, k := range t.order {
		x := t.jobs[k]
		if x.over || x.number < 0 || len(x.nodes) == 0 || t.world.Phase(x.number) != twin.Running {
			continue
		}
		if u := t.utilOf(x); math.Abs(u.GPU-x.util.GPU) >= 0.02 || math.Abs(u.CPU-x.util.CPU) >= 0.02 {
			if math.Abs(u.GPU-x.util.GPU) >= 0.1 {
				for _, n := range x.nodes {
					t.changed[n] = t.now
				}
			}
			x.util = u
			t.starts = append(t.starts, twin.Change{Job: x.number, Phase: twin.Running, Nodes: slices.Clone(x.nodes), Util: u})
		}
	}
}

// occupy stands for a scheduler where there is none: a host that is measured does something.
func (t *Twin) occupy(host string, now float64) {
	k := jobKey{"host", host}
	if t.scheduled || t.jobs[k] != nil || t.mapping.node(host) < 0 {
		return
	}
	j := reading.Job{ID: host, Name: "what " + host + " does", Phase: reading.Running, Start: reading.Number(now), Submit: reading.Number(now), Parts: 1, Whole: true, Nodes: []string{host}}
	t.mirrorJob(k, &j, &sourceState{}, now)
}

// list prints names, the first of many.
func list(names []string) string {
	switch len(names) {
	case 0:
		return "no node"
	case 1:
		return names[0]
	}
	return fmt.Sprintf("%s and %d more", names[0], len(names)-1)
}
