package twin

import (
	"fmt"

	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// pace returns the progress that a job makes in a second of running.
func (s *JobState) pace() float64 {
	if s.Rate > 0 {
		return s.Speed * s.Rate
	}
	return s.Speed
}

// partsOf counts the parts of the gang that a start gives a place.
func partsOf(st *schedule.Start) int32 {
	n := int32(0)
	for i := range st.Slices {
		n += st.Slices[i].Parts
	}
	return n
}

// unseat takes an elastic job off its nodes for a change of size, with all the work that it has done: it saves before it changes.
func (w *World) unseat(j int32) {
	s := &w.Jobs[j]
	w.count(j)
	held := s.Held
	w.vacate(j)
	s.Held = held // its run goes on
	if s.Saving {
		s.Stall, s.Saving = 0, false
	}
	s.Saved, s.Cycle = s.Progress, 0
}

// reseat gives an elastic job its new nodes. It makes no progress for so many seconds, or for what is left of its restart.
func (w *World) reseat(st *schedule.Start, stall float64) {
	j := st.Job
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	s.GPUs, s.Rate = 0, spec.Elastic.At(partsOf(st))
	if spec.Profile >= 0 {
		w.Varying = append(w.Varying, j)
		s.Use = w.meanUse(j, w.windowEnd())
	}
	for i := range st.Slices {
		w.hold(j, &st.Slices[i])
	}
	if s.Progress < spec.Work {
		s.Stall = max(s.Stall, stall)
	}
	if w.plan.Failures.Health != nil || len(w.Care.Latent) > 0 {
		s.Stall += w.test(j)
	}
	s.Drag, s.Lag = 0, 0
	w.talk(j, spec)
	w.flag(j)
	w.reschedule(j)
	w.sched.Extend(&w.Sched, j, w.Now+s.left(spec))
}

// resize carries out a change of size that the scheduler chose.
func (w *World) resize(st *schedule.Start) {
	s, spec := &w.Jobs[st.Job], &w.work.Jobs[st.Job]
	before := s.GPUs
	w.reseat(st, spec.Elastic.Resize)
	text := "grows into what is free"
	if s.GPUs < before {
		text = "shrinks for a job that waits"
	}
	w.tellResize(st, before, text, 0)
}

// tellResize counts a change of size and tells of it.
func (w *World) tellResize(st *schedule.Start, before float64, text string, parent int64) {
	s := &w.Jobs[st.Job]
	w.Totals.Resizes++
	if w.heard() {
		w.emit(record.Event{Parent: parent, Severity: record.Detail, Type: "job.resize", Subject: w.jobName(st.Job),
			Text:   fmt.Sprintf("%s: from %d to %d GPUs, %.3g times the speed it asked for", text, int(before), int(s.GPUs), s.Rate),
			Fields: []record.Field{record.Str("nodes", ranges(st.Slices))}})
	}
}

// mayShrink reports whether a job may go on smaller after a failure: then it must first be known all that fails at this instant.
func (w *World) mayShrink(j int32) bool {
	return w.work.Jobs[j].Elastic != nil && w.sched.Elastic()
}

// survive lets an elastic job that lost something under it go on at once with its last checkpoint, on what works of its nodes and what
// is free. It reports false where that is too little, or the job is rigid.
func (w *World) survive(j int32, spec *workload.Job) bool {
	if !w.mayShrink(j) {
		return false
	}
	st, ok := w.sched.Survive(&w.Sched, w.Now, j)
	if !ok {
		return false
	}
	s := &w.Jobs[j]
	before := s.GPUs
	w.unseat(j)
	w.Books.Jobs.Interrupt()
	w.Books.Jobs.Start()
	s.Phase = Running
	s.Restarts++
	w.reseat(&st, max(w.restartTime(j), spec.Elastic.Resize))
	if s.GPUs != before {
		w.tellResize(&st, before, "goes on smaller after losing a node", s.Cause)
	} else if w.heard() {
		w.emit(record.Event{Parent: s.Cause, Severity: record.Info, Type: "job.requeue", Subject: w.jobName(j),
			Text: fmt.Sprintf("goes on with free nodes after losing one, %s of work saved", clock(s.Saved))})
	}
	w.wantPass()
	return true
}

// elasticKPIs adds what elastic jobs did, where there are any.
func (w *World) elasticKPIs(add func(group, key, label string, v float64, unit string)) {
	t := &w.Totals
	if t.ElasticRan == 0 {
		return
	}
	add(record.Compute, "jobs.resized", "times that an elastic job changed its size", float64(t.Resizes), "")
	add(record.Compute, "jobs.elastic_size", "mean size of an elastic job, GPUs", t.ElasticHeld/t.ElasticRan, "")
	add(record.Compute, "jobs.turnaround", "mean time from submission to the end, jobs done", ratio(t.Turnaround, float64(w.Books.Jobs.Done)), "s")
}
