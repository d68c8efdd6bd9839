package twin

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// touch brings a rack's energy up to now and marks it to be evaluated when the instant settles. It comes before
// any change to what the rack holds, its limits or its coolant.
func (w *World) touch(r int32) {
	rs := &w.Racks[r]
	rs.count(w.Now)
	if !rs.Dirty {
		rs.Dirty = true
		w.dirty = append(w.dirty, r)
		w.wantSettle()
	}
}

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
	if w.Recount {
		w.countOut()
	}
	for first := true; first || len(w.dirty) > 0; first = false {
		for _, r := range w.dirty {
			w.Racks[r].Dirty = false
			w.evaluate(r)
		}
		w.dirty = w.dirty[:0]
		w.retime()
		w.feed()
	}
	w.SettlePending = false
	w.PowerGen++
	if next := min(w.plan.Power.Next(&w.Power), w.dispatch()); w.Now+next <= w.plan.Duration {
		w.push(w.Now+next, phasePower, evPower, 0, w.PowerGen)
	}
}

// feed brings the power chain to rest under the present draw of the racks and takes over what is alive.
func (w *World) feed() {
	for r := range w.Racks {
		w.rackPower[r] = w.Racks[r].Power
	}
	w.effects = w.plan.Power.Update(&w.Power, w.rackPower, w.mechanical(), w.effects[:0])
	for i := range w.effects {
		fx := &w.effects[i]
		severity := record.Warning
		if fx.Critical() {
			severity = record.Critical
		}
		w.emit(record.Event{Severity: severity, Type: fx.Kind, Subject: w.name(fx.Ref), Text: fx.Text})
	}
	if len(w.effects) > 0 {
		w.disturb()
	}
	w.energise()
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
	rs.Flow, rs.Hottest, rs.Speed, rs.Throttled, rs.Limited = 0, rs.Inlet, 1, 0, 0
	if !rs.On {
		rs.Power = 0
		return
	}
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	shelf := (hi - lo) / int32(rt.Shelves)
	var total, nodes float64
	w.memo = memo{job: -2}
	for n := lo; n < hi; n++ {
		nodes += w.evaluateNode(n, rs, &rt.Node)
		if (n-lo+1)%shelf == 0 {
			total += rt.ShelfInput(nodes)
			nodes = 0
		}
	}
	rs.Power = total
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
	if rs.Flow == 0 && rt.Flow > 0 {
		rs.Flow = rt.Flow * min(1, total/rt.Max)
	}
}

// memo is the last node of a rack that one job holds as a whole: its neighbours are often just like it.
type memo struct {
	job   int32
	cores float64
	draw  compute.Draw
	group compute.Group
}

// evaluateNode adds one node to its rack's figures and returns its input power in W.
func (w *World) evaluateNode(n int32, rs *RackState, t *compute.Node) float64 {
	ns := &w.Nodes[n]
	if !ns.Up {
		rs.Use[account.Board] += float64(ns.Draw) * t.IdlePower
		return float64(ns.Draw) * t.IdlePower
	}
	first, down := ns.Slice, w.gpusDown(n)
	whole := first >= 0 && w.Slices[first].OnNode < 0 && w.GPULimit == nil
	if whole || first < 0 {
		job := int32(-1)
		if whole {
			job = w.Slices[first].Job
		}
		if m := &w.memo; m.job == job && t.FullFlow == 0 && m.group.Bound != compute.Thermal &&
			(job < 0 || bits.OnesCount64(w.Slices[first].GPUs) == m.group.GPUs && w.Slices[first].Cores == m.cores &&
				t.GPU.Resistance*w.worst(n, w.Slices[first].GPUs)*m.group.Power <= t.GPU.Slowdown-rs.Inlet) && down == 0 {
			if whole {
				m.group.Spread = w.worst(n, w.Slices[first].GPUs)
				w.note(rs, &w.Slices[first], &m.group, t, &m.draw)
			}
			rs.Use.add(&m.draw, t)
			return m.draw.Input
		}
	}
	load := compute.Load{Groups: w.groups[:0], GPUsUp: t.GPUs - down}
	for i := first; i >= 0; i = w.Slices[i].OnNode {
		sl := &w.Slices[i]
		use := w.use(sl.Job)
		load.CPU += sl.Cores * use.CPU
		load.Groups = append(load.Groups, compute.Group{
			GPUs: bits.OnesCount64(sl.GPUs), Util: use, Limit: w.limit(n, sl.GPUs), Spread: w.worst(n, sl.GPUs),
		})
	}
	w.groups = load.Groups
	d := t.Eval(&load, rs.Inlet)
	rs.Flow += d.Flow
	rs.Use.add(&d, t)
	k := 0
	for i := first; i >= 0; i = w.Slices[i].OnNode {
		w.note(rs, &w.Slices[i], &load.Groups[k], t, &d)
		k++
	}
	switch {
	case down > 0: // unlike its neighbours
	case whole && w.work.Jobs[w.Slices[first].Job].Parts > 1:
		w.memo = memo{job: w.Slices[first].Job, cores: w.Slices[first].Cores, draw: d, group: load.Groups[0]}
	case first < 0:
		w.memo = memo{job: -1, draw: d}
	}
	return d.Input
}

// add enters a node's draw; what it loses in conversion is what remains of the rack's power.
func (u *RackUse) add(d *compute.Draw, t *compute.Node) {
	u[account.GPU] += d.GPUs
	u[account.CPU] += d.CPUs
	u[account.Board] += t.Fixed
	u[account.ServerFan] += d.Fans
}

// note writes the outcome of a group to its slice and its rack.
func (w *World) note(rs *RackState, sl *Slice, g *compute.Group, t *compute.Node, d *compute.Draw) {
	if g.GPUs > 0 {
		rs.Hottest = max(rs.Hottest, t.GPU.Temperature(rs.Inlet, g.Power, g.Spread, d.Cooling))
		rs.Speed = min(rs.Speed, g.Speed)
		switch g.Bound {
		case compute.Thermal:
			rs.Throttled += float64(g.GPUs)
		case compute.PowerLimit:
			rs.Limited += float64(g.GPUs)
		}
	}
	sl.Power = g.Power
	if sl.Speed != g.Speed {
		sl.Speed = g.Speed
		w.flagged = append(w.flagged, sl.Job)
	}
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
	case spec.Profile >= 0:
		return s.Use
	}
	return spec.Util
}

// meanUse returns a job's mean utilisation from now until the given time, at its present speed.
func (w *World) meanUse(j int32, until float64) workload.Util {
	s, spec := &w.Jobs[j], &w.work.Jobs[j]
	var from, to float64
	if spec.Every == 0 && s.Stall == 0 { // nothing stands still: most jobs with a profile, at every sample
		from = min(spec.Work, s.Progress+s.Speed*(w.Now-s.Mark))
		to = min(spec.Work, from+s.Speed*(until-w.Now))
	} else {
		c := *s
		c.advance(spec, w.Now-s.Mark)
		from = c.Progress
		c.advance(spec, until-w.Now)
		to = c.Progress
	}
	u := w.work.Profiles[spec.Profile].Mean(&s.Cursor, from, to)
	u.Memory = spec.Util.Memory
	return u
}

// vary gives every running job with a profile its utilisation for the coming window, or, when the window is empty,
// of this instant.
func (w *World) vary(until float64) {
	for _, j := range w.Varying {
		u := w.meanUse(j, until)
		s := &w.Jobs[j]
		if u == s.Use {
			continue
		}
		s.Use = u
		for i := s.Slice; i >= 0; i = w.Slices[i].OfJob {
			w.touch(w.nodeRack[w.Slices[i].Node])
		}
	}
}

// limit returns the power limit in W of the tightest of a node's GPUs in mask, +Inf for none.
func (w *World) limit(n int32, mask uint64) float64 {
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

// worst returns the largest thermal resistance among a node's GPUs in mask, relative to the type's.
func (w *World) worst(n int32, mask uint64) float64 {
	lo, hi := w.plan.Tree.Children(facility.GPU, n)
	if bits.OnesCount64(mask) == int(hi-lo) {
		return w.hottest[n]
	}
	worst := float32(0)
	for m := mask; m != 0; m &= m - 1 {
		worst = max(worst, w.spreads[lo+int32(bits.TrailingZeros64(m))])
	}
	return float64(worst)
}

// gpusDown returns how many of a node's GPUs are failed.
func (w *World) gpusDown(n int32) int {
	if w.DownGPUs == 0 {
		return 0
	}
	lo, hi := w.plan.Tree.Children(facility.GPU, n)
	down := 0
	for g := lo; g < hi; g++ {
		if w.Down[facility.GPU][g] > 0 {
			down++
		}
	}
	return down
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
	w.Now = t
}
