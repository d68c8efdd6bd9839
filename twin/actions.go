package twin

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Undo is something that will be undone: a failure repaired, a setting restored, a drain lifted.
type Undo struct {
	Verb    action.Verb
	Field   string
	Targets []facility.Ref // never written to; nil when free
	Old     []float64      // for Set: what the targets had
	Mended  []facility.Ref // for Fail and Drain: what has been repaired or restored by hand since, which is not to be undone
	Cause   int64          // the event that it ends
	Depth   float64        // of a sag: the share of the voltage that it takes; 0 for all else
	Lemon   bool           // of a drain: it is a quarantine
}

// act applies one action.
func (w *World) act(a *action.Action) {
	parent := w.EventID + 1
	ev := record.Event{Severity: record.Info, Type: a.Verb.String(), Subject: w.names(a.Targets), Text: a.Text}
	switch a.Verb {
	case action.Fail:
		ev.Severity = record.Warning
		ev.Text = plural(len(a.Targets), "fails", "fail") + by(a)
		w.origin(a.Targets, false, ev)
		w.countOutages(a.Targets)
		for _, r := range a.Targets {
			w.take(r, 0, asSpecified)
		}
		if a.For > 0 {
			w.later(Undo{Verb: a.Verb, Targets: a.Targets, Cause: parent}, a.For)
		}
	case action.Repair:
		ev.Text = "repaired" + by(a)
		w.origin(a.Targets, true, ev)
		for _, r := range a.Targets {
			w.mend(r)
		}
	case action.Set:
		ev.Text = fmt.Sprintf("%s set to %s%s", a.Field, action.FormatValue(a.Field, a.Value), by(a))
		w.origin(nil, false, ev)
		u := Undo{Verb: a.Verb, Field: a.Field, Targets: a.Targets, Cause: parent}
		for _, r := range a.Targets {
			old := w.set(r, a.Field, a.Value)
			if a.For > 0 {
				u.Old = append(u.Old, old)
			} else {
				w.outlast(r, a.Field, a.Value)
			}
		}
		if a.For > 0 {
			w.later(u, a.For)
		}
	case action.Drain, action.Undrain:
		ev.Text = "drained" + by(a)
		if a.Verb == action.Undrain {
			ev.Text = "back in service" + by(a)
		}
		w.origin(nil, false, ev)
		u := Undo{Verb: a.Verb, Cause: parent}
		for _, r := range a.Targets {
			for _, n := range w.nodesIn(r) {
				if a.Verb == action.Undrain {
					w.restore(n)
					continue
				}
				w.drain(n)
				u.Targets = append(u.Targets, facility.Ref{Kind: facility.Node, Index: n})
			}
		}
		if a.For > 0 {
			w.later(u, a.For)
		}
	case action.Submit:
		w.enqueue(a.Job)
	case action.Note:
		w.emit(ev)
	}
	w.wantSettle()
}

// by says who ordered an action.
func by(a *action.Action) string {
	if a.Origin == "" {
		return ""
	}
	return " (" + a.Origin + ")"
}

// undo ends an action that was for a time.
func (w *World) undo(i int32) {
	u := w.Undos[i]
	w.Undos[i] = Undo{}
	switch u.Verb {
	case action.Fail:
		left := u.unmended()
		if len(left) == 0 {
			return
		}
		w.origin(left, true, record.Event{Parent: u.Cause, Severity: record.Info, Type: "repair", Subject: w.names(left), Text: "repaired"})
		for _, r := range left {
			w.give(r, u.Mended)
		}
	case action.Set:
		w.origin(nil, false, record.Event{Parent: u.Cause, Severity: record.Info, Type: "set", Subject: w.names(u.Targets), Text: u.Field + " restored"})
		for k, r := range u.Targets {
			superseded := w.supersede(r, u.Field, u.Old[k], u.Cause) // a later setting is in force
			switch {
			case u.Depth > 0:
				w.recover(r, u.Old[k], superseded)
			case !superseded:
				w.set(r, u.Field, u.Old[k])
			}
		}
	case action.Drain:
		left := u.unmended()
		if len(left) == 0 {
			return
		}
		w.origin(nil, false, record.Event{Parent: u.Cause, Severity: record.Info, Type: "undrain", Subject: w.names(left), Text: "back in service"})
		for _, r := range left {
			w.undrain(r.Index)
		}
		if u.Lemon {
			w.absolve(u.Targets)
		}
	}
	w.wantSettle()
}

// supersede hands a value to the first timed setting of a thing that came after the given event: it is what the thing
// goes back to when that one ends. It reports whether there was one.
func (w *World) supersede(r facility.Ref, field string, value float64, after int64) bool {
	next := -1
	for i := range w.Undos {
		u := &w.Undos[i]
		if u.Verb == action.Set && u.Field == field && u.Cause > after && slices.Contains(u.Targets, r) && (next < 0 || u.Cause < w.Undos[next].Cause) {
			next = i
		}
	}
	if next < 0 {
		return false
	}
	u := &w.Undos[next]
	u.Old = slices.Clone(u.Old) // a fork may share it
	u.Old[slices.Index(u.Targets, r)] = value
	return true
}

// outlast makes a value what a thing goes back to when any timed setting of it ends: it was set for good.
func (w *World) outlast(r facility.Ref, field string, value float64) {
	for i := range w.Undos {
		u := &w.Undos[i]
		if u.Verb != action.Set || u.Field != field {
			continue
		}
		if k := slices.Index(u.Targets, r); k >= 0 {
			u.Old = slices.Clone(u.Old)
			u.Old[k] = value
		}
	}
}

// take adds a cause that holds a thing, or the nodes in it, down; the first one brings it down. A failure is noticed
// after detect s, and a failed node draws the given share of its idle power.
func (w *World) take(r facility.Ref, detect, draw float64) {
	if !holdsNodes(r.Kind) {
		w.takeOne(r, detect, draw)
		return
	}
	for _, n := range w.nodesIn(r) {
		w.takeOne(facility.Ref{Kind: facility.Node, Index: n}, detect, draw)
	}
}

// holdsNodes reports whether a thing is down when its nodes are: it has no cause of its own.
func holdsNodes(k facility.Kind) bool { return k < facility.Node || k == facility.Leaf }

func (w *World) takeOne(r facility.Ref, detect, draw float64) {
	d := &w.Down[r.Kind][r.Index]
	*d++
	if *d > 1 {
		return
	}
	switch r.Kind {
	case facility.Node:
		w.bringDown(r.Index, detect, draw)
	case facility.GPU:
		n := w.plan.Tree.Levels[facility.GPU].Up[r.Index]
		local := w.plan.Tree.Levels[facility.GPU].Local[r.Index]
		w.Nodes[n].Failed++
		w.recount(n)
		w.touch(w.nodeRack[n])
		w.interruptNode(n, 1<<uint(local), detect)
		w.sched.SetGPUUp(&w.Sched, n, local, false)
	default:
		w.health(r, false)
	}
}

// give takes a cause away from a thing, or from the nodes in it, except from those in but; the last one lets it work
// again.
func (w *World) give(r facility.Ref, but []facility.Ref) {
	if !holdsNodes(r.Kind) {
		if !slices.Contains(but, r) {
			w.giveOne(r)
		}
		return
	}
	w.plan.Power.Health(&w.Power, r, true) // closes the breakers of its cords
	w.wantSettle()
	for _, i := range w.nodesIn(r) {
		if n := (facility.Ref{Kind: facility.Node, Index: i}); !slices.Contains(but, n) {
			w.giveOne(n)
		}
	}
}

func (w *World) giveOne(r facility.Ref) {
	d := &w.Down[r.Kind][r.Index]
	if *d == 0 {
		return
	}
	*d--
	if *d > 0 {
		return
	}
	switch r.Kind {
	case facility.Node:
		w.bringUp(r.Index)
	case facility.GPU:
		n := w.plan.Tree.Levels[facility.GPU].Up[r.Index]
		w.Nodes[n].Failed--
		w.recount(n)
		w.touch(w.nodeRack[n])
		w.sched.SetGPUUp(&w.Sched, n, w.plan.Tree.Levels[facility.GPU].Local[r.Index], true)
		w.wantPass()
	default:
		w.health(r, true)
	}
}

// mend repairs a thing, or the nodes in it, by hand: every cause ends now, and what was to end one later is void. What
// is not down is put right all the same: a breaker that tripped, a genset that gave up.
func (w *World) mend(r facility.Ref) {
	if !holdsNodes(r.Kind) {
		w.mendOne(r)
		return
	}
	w.plan.Power.Health(&w.Power, r, true)
	w.wantSettle()
	for _, n := range w.nodesIn(r) {
		w.mendOne(facility.Ref{Kind: facility.Node, Index: n})
	}
}

func (w *World) mendOne(r facility.Ref) {
	d := &w.Down[r.Kind][r.Index]
	if *d == 0 {
		if r.Kind > facility.GPU {
			w.health(r, true)
		}
		return
	}
	*d = 1
	w.giveOne(r)
	for i := range w.Undos {
		if u := &w.Undos[i]; u.Verb == action.Fail && u.Targets != nil {
			u.Mended = append(slices.Clip(u.Mended), r)
		}
	}
}

// asSpecified asks for the draw of a failed node that its type states.
const asSpecified = -1

// bringDown brings a node down if it was up.
func (w *World) bringDown(n int32, detect, draw float64) {
	ns := &w.Nodes[n]
	if !ns.Up {
		return
	}
	w.touch(w.nodeRack[n])
	if draw < 0 {
		draw = w.plan.RackTypes[w.plan.RackType[w.nodeRack[n]]].Node.FailedDraw
	}
	ns.Up, ns.Draw = false, float32(draw)
	w.nodeLost(n)
	w.recount(n)
	w.Totals.NodesLost++
	w.Totals.NodesDown++
	w.interruptNode(n, ^uint64(0), detect)
	w.sched.SetUp(&w.Sched, n, false)
}

// bringUp lets a node work again if nothing holds it down any more.
func (w *World) bringUp(n int32) {
	ns := &w.Nodes[n]
	rack := w.nodeRack[n]
	if ns.Up || w.Down[facility.Node][n] > 0 || !w.Racks[rack].On || w.Racks[rack].Shut || w.Racks[rack].Booting {
		return
	}
	w.touch(rack)
	ns.Up = true
	w.nodeBack(n)
	w.recount(n)
	w.Totals.NodesDown--
	w.sched.SetUp(&w.Sched, n, true)
	w.wantPass()
}

// health tells the power chain and the cooling that a piece of theirs failed or works again.
func (w *World) health(r facility.Ref, up bool) {
	w.disturb()
	switch r.Kind {
	case facility.Utility, facility.Genset, facility.Transformer, facility.UPS, facility.PDU:
		w.plan.Power.Health(&w.Power, r, up)
		w.wantSettle()
	case facility.Storage, facility.Disk:
		w.storageHealth(r, up)
	default:
		w.plan.Cooling.Health(&w.Cooling, r, up)
	}
}

// unmended returns the targets that nobody has repaired or restored by hand since.
func (u *Undo) unmended() []facility.Ref {
	return slices.DeleteFunc(slices.Clone(u.Targets), func(r facility.Ref) bool { return slices.Contains(u.Mended, r) })
}

// drain adds a cause that keeps new work away from a node.
func (w *World) drain(n int32) {
	ns := &w.Nodes[n]
	ns.Drain++
	if ns.Drain == 1 {
		w.Drains++
		w.recount(n)
		w.sched.SetDrain(&w.Sched, n, true)
	}
}

// undrain takes a cause away; with the last one the node takes work again.
func (w *World) undrain(n int32) {
	ns := &w.Nodes[n]
	if ns.Drain == 0 {
		return
	}
	ns.Drain--
	if ns.Drain == 0 {
		w.Drains--
		w.recount(n)
		w.sched.SetDrain(&w.Sched, n, w.serves(n) >= 0)
		w.wantPass()
	}
}

// restore ends everything that keeps new work away from a node, timed drains included: somebody says that it serves.
func (w *World) restore(n int32) {
	ref := facility.Ref{Kind: facility.Node, Index: n}
	for i := range w.Undos {
		if u := &w.Undos[i]; u.Verb == action.Drain && slices.Contains(u.Targets, ref) {
			u.Mended = append(slices.Clip(u.Mended), ref)
		}
	}
	if ns := &w.Nodes[n]; ns.Drain > 0 {
		ns.Drain = 1
		w.undrain(n)
	}
}

// set gives a setting of a thing a value in SI and returns the value it had.
func (w *World) set(r facility.Ref, field string, value float64) (old float64) {
	if r.Kind == facility.GPU && field == "power_limit" {
		if w.GPULimit == nil {
			w.GPULimit = make([]float32, w.plan.Tree.Count(facility.GPU))
		}
		n := w.plan.Tree.Levels[facility.GPU].Up[r.Index]
		w.touch(w.nodeRack[n])
		old = float64(w.GPULimit[r.Index])
		if value > 0 {
			value = max(value, w.plan.RackTypes[w.plan.RackType[w.nodeRack[n]]].Node.GPU.MinLimit)
		}
		w.GPULimit[r.Index] = float32(value)
		return old
	}
	if r.Kind == facility.Leaf {
		return w.setUplinks(r.Index, value)
	}
	if r.Kind == facility.Service {
		return w.setService(r, field, value)
	}
	w.disturb()
	if r.Kind == facility.Utility {
		w.wantSettle()
		return w.plan.Power.SetVoltage(&w.Power, int(r.Index), value)
	}
	old = w.plan.Cooling.Setting(&w.Cooling, r, field)
	if err := w.plan.Cooling.Set(&w.Cooling, r, field, value); err != nil {
		w.emit(record.Event{Severity: record.Warning, Type: "set", Subject: w.name(r), Text: err.Error()})
	}
	return old
}
