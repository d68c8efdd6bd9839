package twin

import (
	"math"
	"math/bits"
	"strings"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// count brings the energy and the air of a rack up to now.
func (rs *RackState) count(now float64) {
	rs.Energy += rs.Power * (now - rs.Mark)
	rs.Volume += rs.Flow * (now - rs.Mark)
	rs.Mark = now
}

// settle brings an instant to rest: the power of the racks touched, the speed of their jobs, the flows of the feeds,
// and what the feeds do about it, which may touch racks again.
func (w *World) settle() {
	w.SettlePending = false
	w.countOut()
	for first := true; first || len(w.dirty) > 0; first = false {
		for _, r := range w.dirty {
			w.Racks[r].Dirty = false
			w.evaluate(r)
		}
		w.drew, w.dirty = w.dirty, w.drew[:0]
		w.retime()
		w.feed(w.drew)
	}
	w.SettlePending = false
	w.PowerGen++
	if next := min(w.plan.Power.Next(&w.Power), w.dispatch()); w.Now+next <= w.plan.Duration {
		w.push(w.Now+next, phasePower, evPower, 0, w.PowerGen)
	}
	w.watchCaps()
	if w.Unforeseen && w.StepFrom == w.Now {
		w.hasten()
	}
}

// feed brings the power chain to rest under the present draw of the racks, of which those given may have changed, and takes
// over what is alive.
func (w *World) feed(changed []int32) {
	w.lit = 0
	w.effects = w.plan.Power.Follow(&w.Power, w.rackPower, changed, w.mechanical(), w.effects[:0])
	for i := range w.effects {
		fx := &w.effects[i]
		name, severity := w.name(fx.Ref), record.Warning
		switch {
		case fx.Critical():
			severity = record.Critical
		case fx.Good():
			severity = record.Info
		}
		w.follow(fx.Ref, sceneOf(fx), fx.Over, w.feedSource(fx.Kind), record.Event{Severity: severity, Type: fx.Kind, Subject: name, Text: strings.TrimPrefix(fx.Text, name+" ")})
		if fx.Kind == "racks.on" {
			w.lit = w.EventID
		}
	}
	if len(w.effects) > 0 {
		w.disturb()
	}
	w.energise()
	w.lit = 0
}

// evaluate finds what a rack draws now, how hot it is, and how fast its jobs go.
func (w *World) evaluate(r int32) {
	rs := &w.Racks[r]
	rt := &w.plan.RackTypes[w.plan.RackType[r]]
	w.Throttled -= rs.Throttled
	w.Limited -= rs.Limited
	for i := range rs.Use {
		w.RackUse[i] -= rs.Use[i]
	}
	rs.Use = RackUse{}
	before := rs.Throttled
	rs.Flow, rs.Hottest, rs.Die, rs.Speed, rs.Throttled, rs.Limited, rs.Settled, rs.Moving = 0, rs.Inlet, -1, 1, 0, 0, 0, false
	if !rs.On {
		rs.Power, w.rackPower[r] = 0, 0
		w.watchDies(r, math.Inf(1))
		if w.plan.Economics != nil {
			w.apportion(r)
		}
		return
	}
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	shelf := (hi - lo) / int32(rt.Shelves)
	var total, nodes float64
	cross := math.Inf(1)
	runs := w.lay(r, shelf).runs
	for i := range runs {
		u := &runs[i]
		if !u.fresh || u.Moving || u.Until > w.Now { // dies on their way draw what they draw now
			w.refresh(u, &rt.Node, rs.Inlet)
		}
		rs.add(u)
		cross = min(cross, u.Cross)
		nodes += float64(u.count) * u.Input
		if (u.first+u.count-lo)%shelf == 0 {
			total += rt.ShelfInput(nodes)
			nodes = 0
		}
	}
	rs.Power, w.rackPower[r] = total, total
	rs.Use[account.Switch] = rt.Switches * float64(rt.Shelves)
	rs.Use[account.Conversion] = total
	for _, v := range rs.Use[:account.Conversion] {
		rs.Use[account.Conversion] -= v
	}
	for i := range rs.Use {
		w.RackUse[i] += rs.Use[i]
	}
	w.Throttled += rs.Throttled
	w.Limited += rs.Limited
	if w.plan.Economics != nil {
		w.apportion(r)
	}
	w.watchDies(r, cross)
	w.tellHeat(r, before)
	if rs.Flow == 0 && rt.Flow > 0 {
		rs.Flow = rt.Flow * min(1, total/rt.Max)
	}
}

// add enters what the nodes of a run add to their rack.
func (rs *RackState) add(u *run) {
	k := float64(u.count)
	for i, v := range u.Use {
		rs.Use[i] += k * v
	}
	rs.Flow += k * u.Flow
	if u.Hottest > rs.Hottest {
		rs.Hottest, rs.Die = u.Hottest, u.Die
	}
	rs.Speed, rs.Settled = min(rs.Speed, u.Speed), max(rs.Settled, u.Until)
	rs.Moving = rs.Moving || u.Moving
	rs.Throttled += k * u.Throttled
	rs.Limited += k * u.Limited
}

// evaluateNode finds what one node adds to its rack, with its coolant at the given °C, as it was last evaluated. What its
// groups draw is left in w.groups, in the order of its slices.
func (w *World) evaluateNode(n int32, t *compute.Node, inlet float64) share {
	return w.evaluateFor(n, t, inlet, asBefore)
}

// asBefore is the window of dies that were last evaluated for one.
const asBefore = -1

// evaluateFor is evaluateNode anew, for dies over a window of s to come.
func (w *World) evaluateFor(n int32, t *compute.Node, inlet, window float64) share {
	ns := &w.Nodes[n]
	s := share{Hottest: inlet, Die: -1, Speed: 1}
	w.groups, w.hots = w.groups[:0], w.hots[:0]
	if !ns.Up {
		s.Input = float64(ns.Draw) * t.IdlePower
		s.Use[account.Board] = s.Input
		return s
	}
	load := compute.Load{Groups: w.groups, CPU: t.Cores * w.storageUse(n), GPUsUp: t.GPUs - w.gpusDown(n), Settled: w.settling}
	for i := ns.Slice; i >= 0; i = w.Slices[i].OnNode {
		sl := &w.Slices[i]
		use := w.use(sl.Job)
		load.CPU += sl.Cores * use.CPU
		hot := w.worst(n, t, sl.GPUs)
		load.Groups = append(load.Groups, compute.Group{
			GPUs: bits.OnesCount64(sl.GPUs), Util: use, Limit: w.limit(n, sl.GPUs, sl.Job),
			Spread: hot.spread, Before: hot.before, Throttled: sl.Hot,
		})
		if t.GPU.Lags() {
			g := &load.Groups[len(load.Groups)-1]
			switch {
			case window >= 0:
				g.At, g.Window = sl.Die.Now(&t.GPU, w.Now), window
			case sl.Die.Moving:
				g.At, g.Window = sl.Die.At, sl.Die.Window
			default:
				g.At = sl.Die.Rest
			}
		}
		w.hots = append(w.hots, hot.local)
	}
	if w.groups = load.Groups; w.fractions {
		w.merge(n, w.groups)
	}
	d := t.Eval(&load, inlet)
	if w.bound != nil {
		w.replace(n, t, &d)
	}
	if w.fractions {
		w.unmerge(n, w.groups)
	}
	s.Input, s.Flow = d.Input, d.Flow
	s.Use[account.GPU], s.Use[account.CPU], s.Use[account.Board], s.Use[account.ServerFan] = d.GPUs, d.CPUs, t.Fixed, d.Fans
	k := 0
	for i := ns.Slice; i >= 0; i = w.Slices[i].OnNode {
		g, sl := &w.groups[k], &w.Slices[i]
		k++
		if sl.Speed != g.Speed {
			sl.Speed = g.Speed
			w.flagged = append(w.flagged, sl.Job)
		}
		if g.GPUs == 0 {
			continue
		}
		s.Speed = min(s.Speed, g.Speed)
		s.Moving = s.Moving || g.Moving
		switch g.Bound {
		case compute.Thermal:
			s.Throttled += float64(g.GPUs)
		case compute.PowerLimit:
			s.Limited += float64(g.GPUs)
		}
	}
	if d.Hot >= 0 && w.groups[d.Hot].GPUs > 0 {
		first, _ := w.plan.Tree.Children(facility.GPU, n)
		s.Hottest, s.Die = d.Hottest, first+int32(w.hots[d.Hot])
	}
	return s
}

// use returns how busy a job keeps what it holds in this window.
func (w *World) use(j int32) workload.Util {
	s := &w.Jobs[j]
	spec := &w.work.Jobs[j]
	switch {
	case s.Phase == Stalled:
		return workload.Util{}
	case spec.Class == workload.Service:
		return workload.Util{GPU: w.Services[w.serviceOf[j]].Use, CPU: spec.Util.CPU}
	case w.pausing(j):
		return workload.Util{GPU: waitingUse, CPU: spec.Util.CPU}
	case spec.Profile >= 0:
		return s.Use
	}
	return spec.Util
}

// meanUse returns a job's mean utilisation from now until the given time, at its present speed, and notes how long it
// holds at least.
func (w *World) meanUse(j int32, until float64) workload.Util {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	var from, to float64
	if spec.Every == 0 && s.Stall == 0 { // nothing stands still: most jobs with a profile, at every sample
		from = min(spec.Work, s.Progress+s.pace()*(w.Now-s.Mark))
		to = min(spec.Work, from+s.pace()*(until-w.Now))
	} else {
		c := *s
		c.advance(spec, w.Now-s.Mark)
		from = c.Progress
		c.advance(spec, until-w.Now)
		to = c.Progress
	}
	p := &w.work.Profiles[spec.Profile]
	u := p.Mean(&s.Cursor, from, to)
	u.Memory = spec.Util.Memory
	switch end := p.EndOf(s.Cursor); {
	case int(s.Cursor) == p.Len()-1:
		s.Steady = math.Inf(1)
	case to <= end && s.Speed > 0:
		s.Steady = w.Now + (end-from)/s.pace()
	default:
		s.Steady = 0
	}
	return u
}

// vary gives every running job with a profile its utilisation for the coming window, or, when the window is empty,
// of this instant.
func (w *World) vary(until float64) {
	for _, j := range w.Varying {
		s := &w.Jobs[j]
		if until < s.Steady {
			continue
		}
		if u := w.meanUse(j, until); u != s.Use {
			s.Use = u
			w.stirJob(j)
		}
	}
}

// limit returns the power limit in W of the tightest of a node's GPUs in mask, which a job holds (or none, -1), +Inf for
// none.
func (w *World) limit(n int32, mask uint64, job int32) float64 {
	return min(w.fixedLimit(n, mask), w.capOn(n, job))
}

// fixedLimit is limit without what power capping decides.
func (w *World) fixedLimit(n int32, mask uint64) float64 {
	l := math.Inf(1)
	if w.CapAll > 0 {
		l = w.CapAll
	}
	if w.GPULimit != nil {
		first := w.plan.Tree.Levels[facility.GPU].First[n]
		for m := mask; m != 0; m &= m - 1 {
			if g := w.GPULimit[first+int32(bits.TrailingZeros64(m))]; g > 0 {
				l = min(l, float64(g))
			}
		}
	}
	return l
}

// gpusDown returns how many of a node's GPUs are failed.
func (w *World) gpusDown(n int32) int {
	return int(w.Nodes[n].Failed)
}

// elapse lets time pass to t: flows are constant on the way, masses of the power chain move.
func (w *World) elapse(t float64) {
	dt := t - w.Now
	if dt <= 0 {
		return
	}
	w.plan.Power.Advance(&w.Power, dt)
	w.integrate(dt)
	if w.plan.Battery != nil {
		w.plan.Battery.Advance(&w.Battery, dt)
	}
	if w.plan.Solar != nil {
		w.plan.Solar.Advance(&w.Solar, dt)
	}
	w.Now = t
}
