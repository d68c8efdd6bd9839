package twin

import (
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// Change is what has become of a job of a real cluster, to be shown in a world that mirrors it.
type Change struct {
	Job   int32         // number that [Driven.Mirror] gave it; -1 for one that is new
	Spec  *workload.Job // of one that is new: Nodes, Start, Work and Util are those of the change
	Phase JobPhase      // Queued, Running, Done, Failed or Cancelled; Pending leaves it as it is and lets it go ([Driven.Release])
	Nodes []int32       // of one that runs
	Util  workload.Util // likewise
	Left  float64       // of one that is let go: s of work left, +Inf for no end
}

// Mirror brings jobs to what is seen of them, right after now, and returns the number of each. Mirrored jobs do not end by
// themselves, and the scheduler does not place them: reality does both. The plan must have no work of its own.
func (d *Driven) Mirror(changes []Change) ([]int32, error) {
	w := d.world
	if int(w.NextJob) < len(w.work.Jobs) {
		return nil, errors.New("a world with work of its own cannot mirror that of a cluster")
	}
	for i := range changes {
		if err := w.checkChange(&changes[i]); err != nil {
			return nil, err
		}
	}
	numbers := make([]int32, len(changes))
	w.ownWork()
	for i, c := range changes {
		if c.Job < 0 {
			c.Job = w.adopt(*c.Spec)
		}
		numbers[i] = c.Job
		w.mirrored = append(w.mirrored, c)
		w.push(d.Soon(), phaseAction, evMirror, int32(len(w.mirrored)-1), 0)
	}
	return numbers, nil
}

func (w *World) checkChange(c *Change) error {
	switch {
	case c.Job < 0 && (c.Spec == nil || c.Phase == Pending):
		return errors.New("a new job needs a specification and a phase")
	case int(c.Job) >= len(w.Jobs):
		return fmt.Errorf("there is no job %d", c.Job)
	case c.Phase == Running && len(c.Nodes) == 0:
		return errors.New("a job that runs has nodes")
	}
	for _, n := range c.Nodes {
		if n < 0 || int(n) >= w.plan.Tree.Count(facility.Node) {
			return fmt.Errorf("there is no node %d", n)
		}
	}
	return nil
}

// Release lets mirrored jobs go their own way right after now: the scheduler places those that wait, those that run end when
// their work is done, and one that loses a node is queued again. left returns how much work a job has left in s, +Inf for no
// end. It is what a fork does that looks ahead.
func (d *Driven) Release(left func(job int32) float64) error {
	var all []Change
	for j := range d.world.Jobs {
		if p := d.world.Jobs[j].Phase; p == Queued || p == Running {
			all = append(all, Change{Job: int32(j), Left: left(int32(j))})
		}
	}
	_, err := d.Mirror(all)
	return err
}

// ownWork makes the work this world's own, so that it can be added to: forks share it until then.
func (w *World) ownWork() {
	if w.owns {
		return
	}
	set := *w.work
	set.Jobs = slices.Clone(set.Jobs)
	w.work, w.owns = &set, true
	w.users, w.queues, w.level, w.serviceOf = slices.Clone(w.users), slices.Clone(w.queues), slices.Clone(w.level), slices.Clone(w.serviceOf)
	w.mirrored = slices.Clone(w.mirrored)
}

// adopt adds a job that reality places.
func (w *World) adopt(spec workload.Job) int32 {
	spec.Pinned, spec.Start, spec.Nodes = true, math.Inf(1), nil
	spec.Work, spec.Before, spec.Walltime, spec.Profile, spec.Class = math.Inf(1), 0, 0, -1, workload.Batch
	spec.Parts = max(spec.Parts, 1)
	j := int32(len(w.work.Jobs))
	w.work.Jobs = append(w.work.Jobs, spec)
	w.Jobs = append(w.Jobs, JobState{Slice: -1, First: math.NaN(), End: math.NaN()})
	w.users, w.queues = append(w.users, -1), append(w.queues, -1)
	if w.level != nil {
		w.level = append(w.level, 0)
	}
	if w.serviceOf != nil {
		w.serviceOf = append(w.serviceOf, -1)
	}
	w.NextJob = j + 1
	return j
}

// mirror does a change.
func (w *World) mirror(i int32) {
	w.ownWork() // a fork may have been made since
	c := w.mirrored[i]
	if int(i) == len(w.mirrored)-1 {
		w.mirrored = w.mirrored[:0]
	}
	s, spec := &w.Jobs[c.Job], &w.work.Jobs[c.Job]
	if !spec.Whole && spec.Part[workload.GPU] == 0 {
		c.Util.GPU, c.Util.Memory = 0, 0 // it has none to keep busy
	}
	switch {
	case s.Phase > Stalled: // it is over here
	case c.Phase == Pending:
		w.letGo(c.Job, c.Left)
	case c.Phase == Queued:
		if s.Phase == Pending {
			w.enqueue(c.Job)
		}
	case c.Phase == Running && s.Phase == Running:
		if spec.Util != c.Util {
			spec.Util = c.Util
			w.stirJob(c.Job)
		}
	case c.Phase == Running && s.Phase <= Queued && !w.hasRoom(spec, c.Nodes):
		w.emit(record.Event{Severity: record.Warning, Type: "mirror.conflict", Subject: w.jobName(c.Job),
			Text: "it is said to run on " + w.names(w.refs(c.Nodes)) + ", where others hold what it needs: it waits here"})
		if s.Phase == Pending {
			w.enqueue(c.Job)
		}
	case c.Phase == Running && s.Phase <= Queued:
		spec.Start, spec.Nodes, spec.Parts, spec.Util = w.Now, c.Nodes, int32(len(c.Nodes)), c.Util
		if s.Phase == Queued {
			w.sched.Cancel(&w.Sched, c.Job)
			w.sched.Submit(&w.Sched, w.Now, w.request(c.Job, spec, s))
			w.wantPass()
		} else {
			w.enqueue(c.Job)
		}
	case c.Phase > Stalled:
		w.conclude(c.Job, c.Phase)
	}
}

// hasRoom reports whether nodes have free what a job holds of them.
func (w *World) hasRoom(spec *workload.Job, nodes []int32) bool {
	need := spec.Part
	need[workload.GPU] = math.Ceil(need[workload.GPU] - 1e-9)
	for i, n := range nodes {
		nd := &w.Sched.Nodes[n]
		if nd.Exclusive || spec.Whole && (nd.Parts > 0 || slices.Contains(nodes[:i], n)) {
			return false
		}
		all := workload.Vector{}
		for _, m := range nodes {
			if m == n {
				all = all.Add(need)
			}
		}
		for r := range all {
			if !spec.Whole && all[r] > nd.Free[r]+1e-9*w.plan.Capacity[n][r] {
				return false
			}
		}
	}
	return true
}

func (w *World) refs(nodes []int32) []facility.Ref {
	var all []facility.Ref
	for _, n := range nodes {
		all = append(all, facility.Ref{Kind: facility.Node, Index: n})
	}
	return all
}

// conclude ends a mirrored job that has ended.
func (w *World) conclude(j int32, phase JobPhase) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	switch s.Phase {
	case Pending, Queued:
		if s.Phase == Pending {
			w.Books.Jobs.Submit()
		} else {
			w.sched.Cancel(&w.Sched, j)
			w.wantPass()
		}
		s.Phase, s.End = Cancelled, w.Now
		w.Books.Jobs.Cancel(false)
	case Stalled:
		w.count(j)
		w.release(j)
		s.Phase, s.End = Failed, w.Now
		w.Books.Jobs.Fail()
	case Running:
		w.count(j)
		spec.Work = s.Progress
		spec.Outcome = map[JobPhase]workload.Outcome{Done: workload.Done, Failed: workload.Failed, Cancelled: workload.Cancelled}[phase]
		w.end(j, false)
	}
}

// letGo ends the mirroring of a job.
func (w *World) letGo(j int32, left float64) {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	spec.Pinned = false
	switch s.Phase {
	case Queued:
		w.sched.Cancel(&w.Sched, j)
		spec.Work = max(left, 1)
		if r := w.request(j, spec, s); w.sched.Fits(&r) {
			w.sched.Submit(&w.Sched, w.Now, r)
			w.wantPass()
		} else { // this site could never run it
			s.Phase, s.End = Cancelled, w.Now
			w.Books.Jobs.Cancel(false)
		}
	case Running:
		w.count(j)
		spec.Work = s.Progress + max(left, 1)
		if e := w.Sched.Entry(j); e != nil {
			e.Pinned = false
		}
		w.reschedule(j)
		w.sched.Extend(&w.Sched, j, w.Now+s.left(spec))
	}
}

// Phase returns where a job is in its life.
func (d *Driven) Phase(job int32) JobPhase { return d.world.Jobs[job].Phase }

// Values returns the present values of a channel, of all its subjects; NaN where one has none.
func (d *Driven) Values(ch *channel.Channel, into []float64) []float64 {
	return d.world.gauge(ch, into[:0])
}

// Tell adds an event to the log of the run, now.
func (d *Driven) Tell(e record.Event) { d.world.emit(e) }

// Hash identifies the state.
func (d *Driven) Hash() [32]byte { return d.world.Hash() }

// Progress returns what a person who waits wants to see.
func (d *Driven) Progress() Progress { return d.world.progress(0) }

// Totals returns what has been counted so far.
func (d *Driven) Totals() Totals { return d.world.Totals }
