package twin

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// The phases of one instant, in order.
const (
	phaseAction uint8 = iota
	phaseUndo         // what ends then ends after what begins, whenever that was decided
	phaseFailure
	phasePower
	phaseWork
	phaseSchedule
	phaseSettle
	phaseStep
	phaseRecord
)

// The kinds of event. Subject is the index named behind each.
const (
	evAction   uint8 = iota // of the action in the plan's timeline
	evUndo                  // of what is to be undone
	evFailure               // failure process and subject, packed
	evPower                 // none: the power chain switches or trips
	evArrive                // none: jobs are due
	evEnd                   // job: its work is done
	evKill                  // job: its walltime is over
	evRequeue               // job: its interruption is noticed
	evPass                  // none: the scheduler decides
	evSettle                // none: power and speeds at this instant
	evStep                  // none: the physical step ends
	evSample                // none: a frame is due
	evPoll                  // none: power capping looks at the power
	evCap                   // none: GPUs hold what it decided
	evResponse              // phase of demand response that begins
	evHeat                  // rack: a die comes to its slowdown or shutdown temperature
	evServe                 // service: it looks at its load
	evMirror                // of the changes seen of a cluster's jobs
	evStorage               // none: a stream or a rebuild ends, or a level is reached
	evSave                  // job: a checkpoint is due, or time ends a step of one
	evBoot                  // rack: its nodes have booted
	evRestart               // rack: it is switched on after a shutdown by heat
	evMeasured              // none: what was read of bound devices counts
)

func (w *World) push(at float64, phase, kind uint8, subject int32, gen uint32) {
	w.Agenda.Push(kernel.Event{At: at, Phase: phase, Kind: kind, Subject: subject, Gen: gen})
}

// wantSettle makes this instant settle before time moves on.
func (w *World) wantSettle() {
	if !w.SettlePending {
		w.SettlePending = true
		w.push(w.Now, phaseSettle, evSettle, 0, 0)
	}
}

// wantPass makes the scheduler look at the queue at this instant.
func (w *World) wantPass() {
	if !w.PassPending {
		w.PassPending = true
		w.WakeGen++
		w.push(w.Now, phaseSchedule, evPass, 0, w.WakeGen)
	}
}

// Handle takes one event of the agenda at its time.
func (w *World) Handle(e kernel.Event) error {
	w.elapse(e.At)
	w.Totals.Events++
	if w.endsStep(&e) {
		if err := w.physics(); err != nil {
			return err
		}
	}
	switch e.Kind {
	case evAction:
		w.act(&w.plan.Actions[e.Subject])
	case evUndo:
		w.undo(e.Subject)
	case evFailure:
		w.strike(e.Subject, int32(e.Gen))
	case evPower:
		if e.Gen == w.PowerGen {
			w.wantSettle()
		}
	case evArrive:
		w.arrive()
	case evEnd, evKill:
		if s := &w.Jobs[e.Subject]; e.Gen == s.Gen && s.Phase == Running {
			w.end(e.Subject, e.Kind == evKill)
		}
	case evRequeue:
		if s := &w.Jobs[e.Subject]; e.Gen == s.Gen && s.Phase == Stalled {
			w.requeue(e.Subject)
		}
	case evPass:
		if e.Gen == w.WakeGen {
			w.pass()
			return w.trouble
		}
	case evSettle:
		w.settle()
	case evStep:
		if e.Gen == w.StepGen {
			return w.step()
		}
	case evSample:
		return w.sample()
	case evPoll:
		w.poll()
	case evServe:
		w.look(e.Subject)
	case evMirror:
		w.mirror(e.Subject)
	case evStorage:
		if e.Gen == w.Store.Gen {
			w.storageTurn()
		}
	case evSave:
		if s := &w.Jobs[e.Subject]; e.Gen == s.Gen && s.Phase == Running {
			w.saveTurn(e.Subject)
		}
	case evMeasured:
		w.takeMeasured()
	case evCap:
		w.cap()
	case evHeat:
		if e.Gen == w.Racks[e.Subject].HeatGen {
			w.heatUp(e.Subject)
		}
	case evBoot:
		if e.Gen == w.Racks[e.Subject].BootGen {
			w.booted(e.Subject)
		}
	case evRestart:
		if e.Gen == w.Racks[e.Subject].BootGen {
			w.restart(e.Subject)
		}
	case evResponse:
		w.respond(ResponsePhase(e.Subject))
	default:
		w.care(&e)
	}
	return nil
}

// energise takes over what the feeds say is alive: racks that lost power lose their nodes.
func (w *World) energise() {
	if w.Dark > 0 || w.Power.Dark > 0 {
		w.light()
	}
	if w.Power.MechOn != w.MechOn {
		w.MechOn = w.Power.MechOn
		w.plan.Cooling.Powered(&w.Cooling, w.MechOn)
	}
}

// light looks for racks that lost power or have it again.
func (w *World) light() {
	w.Dark = w.Power.Dark
	for r := range w.Racks {
		on := w.Power.RackOn[r]
		if on == w.Racks[r].On {
			continue
		}
		w.touch(int32(r))
		w.Racks[r].On = on
		switch {
		case !on:
			w.halt(int32(r))
		case !w.Racks[r].Shut:
			w.boot(int32(r))
		}
	}
}

// endsStep reports whether an event may change the power chain or the cooling: then the time before it is a step of its own.
// To these, the failure of a node is no more than the end of a job.
func (w *World) endsStep(e *kernel.Event) bool {
	switch e.Kind {
	case evAction:
		return true
	case evUndo:
		return w.mends(&w.Undos[e.Subject])
	case evFailure:
		return !computes(w.plan.Failures.Processes[e.Subject].Takes)
	case evPower:
		return e.Gen == w.PowerGen
	case evMended:
		return w.mends(&w.Undos[w.Care.Tickets[e.Subject].Undo])
	}
	return false
}

// mends reports whether the undoing of something may change the power chain or the cooling.
func (w *World) mends(u *Undo) bool {
	return u.Verb != action.Fail || !slices.ContainsFunc(u.Targets, func(r facility.Ref) bool { return computes(r.Kind) })
}

// computes reports whether a thing works with data, and is neither power chain nor cooling.
func computes(k facility.Kind) bool {
	return k == facility.GPU || k == facility.Node || holdsNodes(k)
}

// strike is a failure process's moment for one of its subjects.
func (w *World) strike(process, subject int32) {
	if w.Failure.Next(int(process), subject) > w.Now {
		return // its clock was set anew
	}
	if pr := &w.plan.Failures.Processes[process]; pr.Heat != nil &&
		!w.plan.Failures.Passes(&w.Failure, int(process), subject, w.Now, w.warmthOf(facility.Ref{Kind: pr.Subject, Index: subject})) {
		w.armFailure(process, subject)
		return
	}
	o := w.plan.Failures.Fire(&w.Failure, int(process), subject, w.Now, nil)
	w.armFailure(process, subject)
	w.Totals.Failures++
	if len(o.Targets) == 0 {
		return
	}
	severity := record.Info
	if o.Targets[0].Kind > facility.GPU || len(o.Targets) > 1 {
		severity = record.Warning
	}
	w.origin(o.Targets, false, record.Event{Severity: severity, Type: "fail", Subject: w.names(o.Targets),
		Text:   fmt.Sprintf("%s (%s), %s", whatFails(&o), o.Cause, w.whenBack(&o)),
		Fields: []record.Field{record.Str("cause", o.Cause), record.Num("repair", o.Repair, "s")}})
	cause := w.EventID
	if o.Sag {
		w.sag(&o, cause)
		return
	}
	w.tallyLemon(&o)
	if o.Slow > 0 || o.Silent {
		w.lurk(&o, process, subject, cause)
		return
	}
	w.countOutages(o.Targets)
	for _, r := range o.Targets {
		w.take(r, o.Detect, o.Draw)
	}
	w.fix(&o, process, subject, Undo{Verb: action.Fail, Targets: o.Targets, Cause: cause})
}

// armFailure puts the next failure of a process's subject on the agenda.
func (w *World) armFailure(process, subject int32) {
	if at := w.Failure.Next(int(process), subject); at <= w.plan.Duration {
		w.push(at, phaseFailure, evFailure, process, uint32(subject))
	}
}

// later arms the undoing of something.
func (w *World) later(u Undo, after float64) {
	i := w.keep(u)
	if at := w.Now + after; at <= w.plan.Duration { // else it stands to the end, and others must know
		w.push(at, phaseUndo, evUndo, i, 0)
	}
}
