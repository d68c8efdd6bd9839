package twin

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/twin/record"
)

// Latent is a failure that does not stop what it strikes: it slows it, or corrupts what it computes.
type Latent struct {
	Process, Subject int32
	Outcome          failure.Outcome
	Jobs             []Tainted // of one that corrupts
	Cause            int64     // the event with which it began
	Gen              uint32
	Tested           bool // a test before a job started has found it
	Live             bool
}

// Tainted is a job whose work is wrong from some moment on.
type Tainted struct {
	Job   int32
	Saved float64 // s of work in its last checkpoint before
}

// lurk lets a failure begin that does not stop its targets.
func (w *World) lurk(o *failure.Outcome, process, subject int32, cause int64) {
	c := &w.Care
	if o.Targets[0].Kind == facility.Leaf {
		w.throttleLinks(o, cause)
		return
	}
	i := slices.IndexFunc(c.Latent, func(l Latent) bool { return !l.Live })
	if i < 0 {
		i = len(c.Latent)
		c.Latent = append(c.Latent, Latent{})
	}
	l := &c.Latent[i]
	*l = Latent{Process: process, Subject: subject, Outcome: *o, Cause: cause, Gen: l.Gen + 1, Live: true}
	after := o.Shows
	switch {
	case o.Silent:
		c.Counts.Silent++
		for _, n := range w.struck(o) {
			for s := w.Nodes[n].Slice; s >= 0; s = w.Slices[s].OnNode {
				if w.holds(&w.Slices[s], o) {
					l.taint(w, w.Slices[s].Job)
				}
			}
		}
	default:
		c.Counts.Slow++
		after = o.Detect
		if !o.Evict {
			after += o.Repair
		}
		w.slow(o)
	}
	if at := w.Now + after; at <= w.plan.Duration {
		w.push(at, phaseUndo, evNotice, int32(i), l.Gen)
	}
}

// throttleLinks leaves a share of its uplinks to a leaf, for the time of the repair.
func (w *World) throttleLinks(o *failure.Outcome, cause int64) {
	w.Care.Counts.Slow++
	u := Undo{Verb: action.Set, Field: "uplinks", Targets: o.Targets, Cause: cause}
	for _, r := range o.Targets {
		u.Old = append(u.Old, w.set(r, u.Field, o.Slow))
	}
	w.later(u, o.Detect+o.Repair)
	w.wantSettle()
}

// struck returns the nodes of a failure's targets.
func (w *World) struck(o *failure.Outcome) (nodes []int32) {
	for _, r := range o.Targets {
		nodes = append(nodes, w.nodesIn(r)...)
	}
	return nodes
}

// holds reports whether a slice holds something that a failure struck on its node.
func (w *World) holds(sl *Slice, o *failure.Outcome) bool {
	first, _ := w.plan.Tree.Children(facility.GPU, sl.Node)
	for _, r := range o.Targets {
		if r.Kind != facility.GPU || r.Index >= first && sl.GPUs>>uint(r.Index-first)&1 == 1 {
			return true
		}
	}
	return false
}

// taint notes that a job's work is wrong from now on.
func (l *Latent) taint(w *World, j int32) {
	if !slices.ContainsFunc(l.Jobs, func(t Tainted) bool { return t.Job == j }) {
		w.count(j)
		l.Jobs = append(l.Jobs, Tainted{j, w.Jobs[j].Saved})
	}
}

// slow finds the speed of the nodes of a failure anew.
func (w *World) slow(o *failure.Outcome) {
	if w.Care.Lag == nil {
		w.Care.Lag = make([]float32, len(w.Nodes))
	}
	for _, n := range w.struck(o) {
		lag := 0.0
		for i := range w.Care.Latent {
			if l := &w.Care.Latent[i]; l.Live && l.Outcome.Slow > 0 && slices.Contains(w.struck(&l.Outcome), n) {
				lag = max(lag, 1-l.Outcome.Slow)
			}
		}
		w.Care.Lag[n] = float32(lag)
		for s := w.Nodes[n].Slice; s >= 0; s = w.Slices[s].OnNode {
			w.flag(w.Slices[s].Job)
		}
	}
}

// paceOf returns the speed of a slice, and the share of it that slow components take.
func (w *World) paceOf(sl *Slice) (speed, lag float64) {
	if w.Care.Lag == nil || w.Care.Lag[sl.Node] == 0 {
		return sl.Speed, 0
	}
	for i := range w.Care.Latent {
		if l := &w.Care.Latent[i]; l.Live && l.Outcome.Slow > 0 && slices.Contains(w.struck(&l.Outcome), sl.Node) && w.holds(sl, &l.Outcome) {
			lag = max(lag, 1-l.Outcome.Slow)
		}
	}
	return sl.Speed * (1 - lag), lag
}

// notice is the moment at which a latent failure shows by itself, or is over.
func (w *World) notice(i int32) {
	l := &w.Care.Latent[i]
	switch {
	case l.Tested:
		w.find(i, "a test before a job shows")
		return
	case l.Outcome.Silent || l.Outcome.Evict:
		w.find(i, "its jobs show")
		return
	}
	l.Live = false
	o := l.Outcome
	w.slow(&o)
	w.emit(record.Event{Parent: l.Cause, Severity: record.Info, Type: "recover", Subject: w.names(o.Targets), Text: "at full speed again"})
}

// find takes out for repair what has failed without stopping: its jobs go back to before it, where it corrupted them.
func (w *World) find(i int32, how string) {
	l := w.Care.Latent[i]
	w.Care.Latent[i].Live, w.Care.Latent[i].Jobs = false, nil
	w.Care.Counts.Found++
	o := l.Outcome
	what := "it is slow"
	if o.Silent {
		what = "it corrupts what it computes"
	}
	w.origin(o.Targets, false, record.Event{Parent: l.Cause, Severity: record.Warning, Type: "found", Subject: w.names(o.Targets),
		Text: fmt.Sprintf("%s, as %s: out for repair (%s)", what, how, o.Cause), Fields: []record.Field{record.Str("cause", o.Cause)}})
	if o.Slow > 0 {
		w.slow(&o)
	}
	cause := w.EventID
	for _, t := range l.Jobs {
		w.rollBack(t)
	}
	o.Detect = 0
	for _, r := range o.Targets {
		w.take(r, 0, o.Draw)
	}
	w.fix(&o, l.Process, l.Subject, Undo{Verb: action.Fail, Targets: o.Targets, Cause: cause})
	w.wantSettle()
}

// rollBack takes a job back to its last checkpoint before its work went wrong.
func (w *World) rollBack(t Tainted) {
	s := &w.Jobs[t.Job]
	if w.work.Jobs[t.Job].Store != nil { // what the tiers have since then is as wrong
		tiers := w.save(t.Job).Tiers
		for i := range tiers {
			tiers[i].settle(w.Now)
			tiers[i].Done, tiers[i].Next = min(tiers[i].Done, t.Saved), -1
		}
	}
	switch s.Phase {
	case Running:
		w.count(t.Job)
		s.Saved = min(s.Saved, t.Saved)
		w.interrupt(t.Job, 0)
	case Stalled, Queued:
		if lost := s.Saved - t.Saved; lost > 0 {
			w.lose(t.Job, lost, account.Lost)
			s.Saved, s.Progress = t.Saved, t.Saved
		}
	}
}

// spoil notes that a job which is done was corrupted, and forgets those that have ended.
func (w *World) spoil(j int32) {
	wrong := false
	for i := range w.Care.Latent {
		l := &w.Care.Latent[i]
		n := len(l.Jobs)
		l.Jobs = slices.DeleteFunc(l.Jobs, func(t Tainted) bool { return t.Job == j })
		wrong = wrong || l.Live && len(l.Jobs) < n
	}
	if wrong && w.Jobs[j].Phase == Done {
		w.Care.Counts.Corrupted++
		w.emit(record.Event{Severity: record.Warning, Type: "job.corrupt", Subject: w.jobName(j), Text: "done, and nobody knows that its results are wrong"})
	}
}

// test looks at the nodes of a job that starts. It returns the s that this takes; what is found is taken out at once.
func (w *World) test(j int32) float64 {
	h := w.plan.Failures.Health
	for i := range w.Care.Latent {
		l := &w.Care.Latent[i]
		if !l.Live {
			continue
		}
		for s := w.Jobs[j].Slice; s >= 0; s = w.Slices[s].OfJob {
			if !slices.Contains(w.struck(&l.Outcome), w.Slices[s].Node) || !w.holds(&w.Slices[s], &l.Outcome) {
				continue
			}
			if h != nil && h.Start > 0 && w.Care.Random.Float64() < h.Start {
				l.Gen++ // it shows no more by itself
				w.push(w.Now+h.Takes, phaseUndo, evNotice, int32(i), l.Gen)
				l.Tested = true
			}
			if l.Outcome.Silent {
				l.taint(w, j)
			}
			break
		}
	}
	if h != nil && h.Start > 0 {
		return h.Takes
	}
	return 0
}

// check looks at all nodes in service.
func (w *World) check() {
	h := w.plan.Failures.Health
	for i := range w.Care.Latent {
		if l := &w.Care.Latent[i]; l.Live && l.Outcome.Targets[0].Kind != facility.Leaf && w.Care.Random.Float64() < h.Coverage {
			w.find(int32(i), "a check shows")
		}
	}
	alarms := 0.0
	if h.False > 0 {
		alarms = w.Care.Random.Poisson(h.False * h.Every * float64(len(w.Nodes)))
	}
	for ; alarms > 0; alarms-- {
		n := int32(w.Care.Random.IntN(len(w.Nodes)))
		if !w.Nodes[n].Up || w.Nodes[n].Drain > 0 {
			continue
		}
		w.Care.Counts.False++
		ref := []facility.Ref{{Kind: facility.Node, Index: n}}
		w.origin(ref, false, record.Event{Severity: record.Info, Type: "fail", Subject: w.names(ref), Text: "a check takes it for broken, back in " + clock(h.Clears)})
		cause := w.EventID
		w.take(ref[0], 0, 1)
		w.later(Undo{Verb: action.Fail, Targets: ref, Cause: cause}, h.Clears)
	}
	if at := w.Now + h.Every; at <= w.plan.Duration {
		w.push(at, phaseFailure, evCheck, 0, 0)
	}
}
