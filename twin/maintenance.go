package twin

import (
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// WaveState is how far planned work has come.
type WaveState struct {
	Next  int32   // the unit that is taken out next
	Out   []int32 // units that are drained or out
	Round bool    // there are units left in this round
	Due   float64 // when the next round begins
}

// wave begins a round of planned work, or goes on with one in the hours for it.
func (w *World) wave(i int32) {
	p, s := &w.plan.Failures.Waves[i], &w.Care.Waves[i]
	if w.Now >= s.Due {
		if s.Due = w.plan.Duration + 1; p.Every > 0 {
			s.Due = w.Now + p.Every
			if s.Due <= w.plan.Duration {
				w.push(s.Due, phaseAction, evWave, i, 0)
			}
		}
		if !s.Round && len(s.Out) == 0 { // else the last one is not done
			s.Next, s.Round = 0, true
			w.emit(record.Event{Severity: record.Info, Type: "maintenance.begin", Subject: "site", Text: p.Name + " begins"})
		}
	}
	w.advanceWave(i)
}

// advanceWave drains as many units as may be out at a time.
func (w *World) advanceWave(i int32) {
	p, s := &w.plan.Failures.Waves[i], &w.Care.Waves[i]
	count := int32(w.plan.Tree.Count(p.Unit))
	for s.Round && len(s.Out) < p.Size {
		if s.Next >= count {
			s.Round = false
			break
		}
		now := w.weekAt(w.Now)
		opens := p.Hours.Opens(now)
		if opens <= now+1e-6 && now+p.Takes > p.Hours.Closes(now)+1e-6 {
			opens = p.Hours.Opens(p.Hours.Closes(now))
		}
		if opens > now+1e-6 {
			if at := w.Now + opens - now; at <= w.plan.Duration {
				w.push(at, phaseAction, evWave, i, 0)
			}
			return
		}
		u := s.Next
		s.Next++
		s.Out = append(s.Out, u)
		busy := false
		for _, n := range slices.Clone(w.nodesIn(facility.Ref{Kind: p.Unit, Index: u})) {
			w.drain(n)
			busy = busy || w.Nodes[n].Slice >= 0
		}
		at := w.Now
		if busy {
			at += p.Grace
		}
		if at <= w.plan.Duration {
			w.push(at, phaseAction, evGrace, i, uint32(u))
		}
	}
	if !s.Round && len(s.Out) == 0 {
		w.emit(record.Event{Severity: record.Info, Type: "maintenance.end", Subject: "site", Text: p.Name + " is done"})
	}
}

// takeOut stops what still runs on a unit, and takes it out of service.
func (w *World) takeOut(i, u int32) {
	p := &w.plan.Failures.Waves[i]
	unit := facility.Ref{Kind: p.Unit, Index: u}
	w.origin(nil, false, record.Event{Severity: record.Detail, Type: "maintenance", Subject: w.name(unit), Text: p.Name + ", back in " + clock(p.Takes)})
	stopped, lost := w.Books.Jobs.Interrupted, w.Totals.NodesLost
	for _, n := range slices.Clone(w.nodesIn(unit)) {
		w.take(facility.Ref{Kind: facility.Node, Index: n}, 0, 1)
	}
	w.Care.Counts.Stopped += w.Books.Jobs.Interrupted - stopped
	w.Totals.NodesLost = lost // they are not
	if at := w.Now + p.Takes; at <= w.plan.Duration {
		w.push(at, phaseUndo, evDone, i, uint32(u))
	}
}

// putBack returns a unit to service, and goes on with the next.
func (w *World) putBack(i, u int32) {
	s := &w.Care.Waves[i]
	for _, n := range slices.Clone(w.nodesIn(facility.Ref{Kind: w.plan.Failures.Waves[i].Unit, Index: u})) {
		w.giveOne(facility.Ref{Kind: facility.Node, Index: n})
		w.undrain(n)
	}
	w.Care.Counts.Maintained++
	s.Out = slices.DeleteFunc(s.Out, func(x int32) bool { return x == u })
	w.advanceWave(i)
}
