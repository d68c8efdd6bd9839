package twin

import (
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// CareState is what is done about failures, and failures that do not stop what they strike: repairs that wait for crews and
// parts, slow and corrupting components, lemons in quarantine, planned work, and spares. It is empty where a scenario has none.
type CareState struct {
	Tickets []failure.Ticket // repairs; those that are not Live are free
	Queues  []failure.Queue  // by crew
	Stock   []int            // by part: on the shelf
	Short   [][]int32        // by part: tickets that wait for it, in order
	Latent  []Latent         // those that are not Live are free
	Lag     []float32        // by node: share of its speed that slow components take; nil before the first
	Fails   []float64        // by node: times of its last failures, as many as make a lemon; nil without quarantine
	Held    []bool           // by node: it is in quarantine; likewise
	Waves   []WaveState
	Pool    []int32 // spare nodes, at work or not yet back included
	Random  random.Stream
	Counts  CareCounts
}

// CareCounts count up from the start of a run.
type CareCounts struct {
	Repairs             int64   // by crews
	Waited              float64 // s from detection until a crew began, and its part was there
	Short               int64   // repairs that waited for a part
	Slow, Silent, Found int64   // failures that slowed, that corrupted, and those of both that were found
	Corrupted           int64   // jobs done with results that are wrong
	False               int64   // sound nodes taken out
	Lemons              int64   // nodes that went into quarantine
	Swapped, Unswapped  int64   // failures after which a job went on with spares, and those for which there were too few
	Maintained, Stopped int64   // units done, and jobs stopped for them
	Mended              int64   // repairs that are done, whoever did them
}

func newCare(p *failure.Plan, nodes int, seed random.Seed) CareState {
	s := CareState{Queues: make([]failure.Queue, len(p.Crews)), Short: make([][]int32, len(p.Parts)), Waves: make([]WaveState, len(p.Waves))}
	for i := range p.Parts {
		s.Stock = append(s.Stock, p.Parts[i].Parts)
	}
	if q := p.Quarantine; q != nil {
		s.Fails, s.Held = slices.Repeat([]float64{math.Inf(-1)}, nodes*q.Failures), make([]bool, nodes)
	}
	if p.Cares() {
		s.Random = seed.Stream("care")
	}
	return s
}

func (s *CareState) clone() CareState {
	c := *s
	c.Tickets, c.Stock, c.Latent, c.Lag = slices.Clone(s.Tickets), slices.Clone(s.Stock), slices.Clone(s.Latent), slices.Clone(s.Lag)
	c.Fails, c.Held, c.Pool = slices.Clone(s.Fails), slices.Clone(s.Held), slices.Clone(s.Pool)
	c.Queues, c.Short, c.Waves = slices.Clone(s.Queues), slices.Clone(s.Short), slices.Clone(s.Waves)
	for i := range c.Queues {
		c.Queues[i] = s.Queues[i].Clone()
	}
	for i := range c.Short {
		c.Short[i] = slices.Clone(s.Short[i])
	}
	for i := range c.Waves {
		c.Waves[i].Out = slices.Clone(s.Waves[i].Out)
	}
	for i := range c.Latent {
		c.Latent[i].Jobs = slices.Clone(s.Latent[i].Jobs)
	}
	return c
}

// The kinds of event of care. Subject is the index named behind each.
const (
	evOpened uint8 = iota + firstCare // ticket: its failure is noticed
	evMended                          // ticket: its work is done
	evShift                           // crew: it begins to work
	evPart                            // part: one comes
	evNotice                          // latent failure
	evCheck                           // none: nodes are checked
	evWave                            // planned work: a round begins, or a shift
	evGrace                           // planned work, and the unit whose jobs are to stop
	evDone                            // planned work, and the unit that is back
)

// firstCare is above the other kinds of event.
const firstCare = 64

// beginCare arms what is planned, and holds spares back.
func (w *World) beginCare() {
	p := w.plan.Failures
	for i := range p.Waves {
		if at := p.Waves[i].First; at <= w.plan.Duration {
			w.push(at, phaseAction, evWave, int32(i), 0)
		}
	}
	if p.Health != nil {
		w.push(p.Health.Every, phaseFailure, evCheck, 0, 0)
	}
	if p.Pool != nil {
		w.holdBack(p.Pool.Nodes)
	}
}

// care takes an event of what is done about failures.
func (w *World) care(e *kernel.Event) {
	switch e.Kind {
	case evOpened:
		w.opened(e.Subject)
	case evMended:
		w.mended(e.Subject)
	case evShift:
		w.dispatchCrew(e.Subject)
	case evPart:
		w.partComes(e.Subject)
	case evNotice:
		if l := &w.Care.Latent[e.Subject]; l.Live && l.Gen == e.Gen {
			w.notice(e.Subject)
		}
	case evCheck:
		w.check()
	case evWave:
		w.wave(e.Subject)
	case evGrace:
		w.takeOut(e.Subject, int32(e.Gen))
	case evDone:
		w.putBack(e.Subject, int32(e.Gen))
	}
}

// fix arms the repair of what failed: a time from now, or a ticket for a crew.
func (w *World) fix(o *failure.Outcome, process, subject int32, u Undo) {
	if o.Crew < 0 && o.Part < 0 {
		w.later(u, o.Detect+o.Repair)
		return
	}
	t := failure.Ticket{Undo: w.keep(u), Process: process, Subject: subject, Gap: o.Gap, Work: o.Repair, Crew: o.Crew, Part: o.Part, Live: true}
	for _, r := range o.Targets {
		t.GPUs += w.gpusBehind(r)
	}
	i := slices.IndexFunc(w.Care.Tickets, func(t failure.Ticket) bool { return !t.Live })
	if i < 0 {
		i = len(w.Care.Tickets)
		w.Care.Tickets = append(w.Care.Tickets, t)
	} else {
		w.Care.Tickets[i] = t
	}
	if at := w.Now + o.Detect; at <= w.plan.Duration {
		w.push(at, phaseUndo, evOpened, int32(i), 0)
	}
}

func (w *World) gpusBehind(r facility.Ref) float64 {
	if r.Kind > facility.GPU && r.Kind != facility.Leaf {
		return w.gpus // who knows; it comes first
	}
	if r.Kind == facility.GPU {
		return 1
	}
	sum := 0.0
	for _, n := range w.nodesIn(r) {
		lo, hi := w.plan.Tree.Children(facility.GPU, n)
		sum += float64(hi - lo)
	}
	return sum
}

// opened puts a repair to those who do it: its failure is noticed.
func (w *World) opened(i int32) {
	t := &w.Care.Tickets[i]
	t.Since = w.Now
	if t.Part < 0 {
		w.ready(i)
		return
	}
	if at := w.Now + w.plan.Failures.Parts[t.Part].Lead; at <= w.plan.Duration {
		w.push(at, phaseUndo, evPart, t.Part, 0)
	}
	if w.Care.Stock[t.Part] > 0 {
		w.Care.Stock[t.Part]--
		w.ready(i)
		return
	}
	w.Care.Counts.Short++
	w.Care.Short[t.Part] = append(w.Care.Short[t.Part], i)
}

// partComes gives a part to the repair that has waited longest, or lays it on the shelf.
func (w *World) partComes(part int32) {
	if q := w.Care.Short[part]; len(q) > 0 {
		w.Care.Short[part] = slices.Delete(q, 0, 1)
		w.ready(q[0])
		return
	}
	w.Care.Stock[part]++
}

// ready puts a repair that lacks nothing but hands into the queue of its crew.
func (w *World) ready(i int32) {
	t := &w.Care.Tickets[i]
	if t.Crew < 0 {
		w.begun(i, w.Now+t.Work)
		return
	}
	q := &w.Care.Queues[t.Crew]
	q.Waiting = append(q.Waiting, i)
	w.dispatchCrew(t.Crew)
}

// begun notes that work on a repair has begun, which is done at the given time.
func (w *World) begun(i int32, done float64) {
	c := &w.Care.Counts
	c.Repairs++
	c.Waited += w.Now - w.Care.Tickets[i].Since
	if done <= w.plan.Duration {
		w.push(done, phaseUndo, evMended, i, 0)
	}
}

// dispatchCrew lets whoever is free in a crew begin with the next repair, if this is a time to work.
func (w *World) dispatchCrew(c int32) {
	crew, q := &w.plan.Failures.Crews[c], &w.Care.Queues[c]
	if len(q.Waiting) == 0 || q.Busy >= crew.Size {
		return
	}
	clock := w.weekAt(w.Now)
	if wait := crew.Hours.Opens(clock) - clock; wait > 1e-6 {
		if at := w.Now + wait; at <= w.plan.Duration {
			w.push(at, phaseUndo, evShift, c, 0)
		}
		return
	}
	for {
		i := crew.Next(q, w.Care.Tickets)
		if i < 0 {
			return
		}
		done := w.Now + crew.Hours.Done(clock, w.Care.Tickets[i].Work) - clock
		w.begun(i, max(w.Now, done)) // of no work, rounding would put it into the past
	}
}

// weekAt returns the s since a Monday's midnight, in the local time of the scenario.
func (w *World) weekAt(t float64) float64 {
	s := w.plan.Start
	return float64((int(s.Weekday())+6)%7)*86400 + float64(s.Hour())*3600 + float64(s.Minute())*60 + float64(s.Second()) + t
}

// mended ends a repair by a crew.
func (w *World) mended(i int32) {
	t := w.Care.Tickets[i]
	w.Care.Tickets[i].Live = false
	w.Care.Counts.Mended++
	w.undo(t.Undo)
	w.resume(t.Process, t.Subject, t.Gap)
	if t.Crew >= 0 {
		w.Care.Queues[t.Crew].Busy--
		w.dispatchCrew(t.Crew)
	}
}

// resume lets the clock of a subject go on that stood still while it was repaired.
func (w *World) resume(process, subject int32, gap float64) {
	if gap > 0 {
		w.Failure.Resume(process, subject, w.Now, gap)
		w.armFailure(process, subject)
	}
}

// keep notes something that will be undone, and returns its place.
func (w *World) keep(u Undo) int32 {
	i := int32(slices.IndexFunc(w.Undos, func(x Undo) bool { return x.Targets == nil }))
	if i < 0 {
		i = int32(len(w.Undos))
		w.Undos = append(w.Undos, u)
	} else {
		w.Undos[i] = u
	}
	return i
}

// warmthOf returns the temperature in °C that the failure rate of a component follows.
func (w *World) warmthOf(r facility.Ref) float64 {
	switch r.Kind {
	case facility.Rack:
		return w.Racks[r.Index].Air
	case facility.Node:
		return w.Racks[w.nodeRack[r.Index]].Air
	}
	n := w.plan.Tree.Levels[facility.GPU].Up[r.Index]
	rack := w.nodeRack[n]
	local := w.plan.Tree.Levels[facility.GPU].Local[r.Index]
	node := &w.plan.RackTypes[w.plan.RackType[rack]].Node
	if !w.Nodes[n].Up {
		return w.Racks[rack].Inlet
	}
	s := w.evaluateNode(n, node, w.Racks[rack].Inlet)
	power, k := node.GPU.Idle, 0
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		if w.Slices[i].GPUs>>uint(local)&1 == 1 {
			power = w.groups[k].Power
		}
		k++
	}
	return w.dieNow(n, int(local), node, power, s.Flow)
}

// tallyLemon notes a failure of a node or of something in it, and puts a lemon into quarantine.
func (w *World) tallyLemon(o *failure.Outcome) {
	q := w.plan.Failures.Quarantine
	if q == nil || len(o.Targets) != 1 { // a cause that several have in common makes no lemon
		return
	}
	n := o.Targets[0].Index
	switch o.Targets[0].Kind {
	case facility.Node:
	case facility.GPU:
		n = w.plan.Tree.Levels[facility.GPU].Up[n]
	default:
		return
	}
	last := w.Care.Fails[int(n)*q.Failures : (int(n)+1)*q.Failures]
	copy(last, last[1:])
	last[len(last)-1] = w.Now
	if w.Care.Held[n] || w.Now-last[0] > q.Within {
		return
	}
	w.Care.Held[n] = true
	w.Care.Counts.Lemons++
	ref := facility.Ref{Kind: facility.Node, Index: n}
	w.emit(record.Event{Parent: w.EventID, Severity: record.Info, Type: "quarantine", Subject: w.name(ref),
		Text: plural(q.Failures, "failed", "failed too often") + ", takes no work for " + clock(q.For)})
	w.drain(n)
	w.later(Undo{Verb: action.Drain, Targets: []facility.Ref{ref}, Cause: w.EventID, Lemon: true}, q.For)
}

// absolve ends the quarantine of nodes.
func (w *World) absolve(nodes []facility.Ref) {
	q := w.plan.Failures.Quarantine
	for _, r := range nodes {
		w.Care.Held[r.Index] = false
		for i := range q.Failures {
			w.Care.Fails[int(r.Index)*q.Failures+i] = math.Inf(-1)
		}
		if q.Replaced {
			w.plan.Failures.Replace(&w.Failure, r.Index, w.Now, &w.Care.Random)
			for p := range w.plan.Failures.Processes {
				w.rearm(int32(p), r.Index)
			}
		}
	}
}

// rearm arms the clocks of a node's components anew: those on the agenda are void, for their time is no more the clock's.
func (w *World) rearm(process, node int32) {
	pr := &w.plan.Failures.Processes[process]
	lo, hi := node, node+1
	switch {
	case pr.Burst || pr.Frailty == 0:
		return
	case pr.Subject == facility.GPU:
		lo, hi = w.plan.Tree.Children(facility.GPU, node)
	case pr.Subject != facility.Node:
		return
	}
	for s := lo; s < hi; s++ {
		w.armFailure(process, s)
	}
}
