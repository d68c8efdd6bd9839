package twin

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// Nodes that were without power, or that heat shut down, boot before they take work, and draw idle power meanwhile. Racks that
// heat shut down are switched on one after another along their row, when their inlets have stayed cool for a while; how racks
// come back after their feed was dead is up to the power chain.

// shut powers a rack's nodes off because of the heat.
func (w *World) shut(r int32, why string) {
	rs := &w.Racks[r]
	w.touch(r)
	rs.Shut, rs.Planned, rs.Was = true, false, rs.Power
	w.Totals.Shutdowns++
	rack := facility.Ref{Kind: facility.Rack, Index: r}
	w.bear(rack, false, record.Event{Severity: record.Critical, Type: "rack.shutdown", Subject: w.name(rack), Text: "thermal shutdown: " + why})
	w.Causes.goOn(w.EventID) // its jobs end, the load changes
	w.halt(r)
}

// halt takes the nodes of a rack down with its power.
func (w *World) halt(r int32) {
	rs := &w.Racks[r]
	rs.Booting = false
	rs.BootGen++
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		w.bringDown(n, 0, 0)
		w.Nodes[n].Draw = 0
	}
}

// boot starts the nodes of a rack that has power.
func (w *World) boot(r int32) {
	rs := &w.Racks[r]
	w.touch(r)
	rs.BootGen++
	if rs.BootCause = w.EventID; w.lit != 0 {
		rs.BootCause = w.lit
	}
	after := w.plan.RackTypes[w.plan.RackType[r]].Node.Boot
	rs.Booting = after > 0
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		if !rs.Booting {
			w.bringUp(n)
		} else if w.Down[facility.Node][n] == 0 {
			w.Nodes[n].Draw = 1
		}
	}
	if at := w.Now + after; rs.Booting && at <= w.plan.Duration {
		w.push(at, phaseUndo, evBoot, r, rs.BootGen)
	}
}

// booted lets the nodes of a rack take work.
func (w *World) booted(r int32) {
	w.touch(r)
	w.Racks[r].Booting = false
	rack := facility.Ref{Kind: facility.Rack, Index: r}
	w.emit(record.Event{Parent: w.Racks[r].BootCause, Severity: record.Detail, Type: "rack.booted", Subject: w.name(rack), Text: "its nodes take work"})
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		w.bringUp(n)
	}
}

// cooled plans the restart of a rack that heat shut down, or gives it up, according to whether its inlet is cool enough now.
func (w *World) cooled(r int32, cool bool) {
	rs := &w.Racks[r]
	if cool == rs.Planned {
		return
	}
	rs.Planned = cool
	rs.BootGen++
	if !cool {
		return
	}
	rt := &w.plan.RackTypes[w.plan.RackType[r]]
	at := w.Now + rt.CoolFor
	row, _ := w.plan.Tree.Ancestor(facility.Ref{Kind: facility.Rack, Index: r}, facility.Row)
	lo, hi := w.plan.Tree.Children(facility.Rack, row)
	for k := lo; k < hi; k++ {
		if o := &w.Racks[k]; k != r && o.Restart > 0 {
			at = max(at, o.Restart+rt.RestartEvery)
		}
	}
	if rs.Restart = at; at <= w.plan.Duration {
		w.push(at, phaseUndo, evRestart, r, rs.BootGen)
	}
}

// again is the s after which operators look again whether gensets can take another rack.
const again = 60

// restart switches a rack on that heat shut down, unless gensets that are all there is could not carry it and what is still
// about to start.
func (w *World) restart(r int32) {
	rs := &w.Racks[r]
	needs := rs.Was
	for i := range w.Racks {
		if o := &w.Racks[i]; o.On && !o.Shut && o.Restart > 0 {
			needs += max(o.Was-o.Power, 0)
		}
	}
	if rs.On && w.plan.Power.Room(&w.Power) < needs {
		if rs.Restart = w.Now + again; rs.Restart <= w.plan.Duration {
			w.push(rs.Restart, phaseUndo, evRestart, r, rs.BootGen)
		}
		return
	}
	rs.Shut, rs.Planned = false, false
	rack := facility.Ref{Kind: facility.Rack, Index: r}
	text := "cool again, nodes restart"
	if d := w.plan.RackTypes[w.plan.RackType[r]].Node.Boot; d > 0 {
		text += fmt.Sprintf(" and take work in %s", clock(d))
	}
	w.bear(rack, true, record.Event{Severity: record.Info, Type: "rack.restart", Subject: w.name(rack), Text: text})
	w.Causes.goOn(w.EventID)
	if rs.On {
		w.boot(r)
	}
}

// tooHot says why a rack shuts down with its inlet air and the coolant of its dies at the given °C; empty where it does not.
func (w *World) tooHot(r int32, air, coolant float64) string {
	rs, node := &w.Racks[r], &w.plan.RackTypes[w.plan.RackType[r]].Node
	g := &node.GPU
	die := max(coolant, air) + g.Resistance*g.Idle    // at rest; what the air cools beside cold plates stands no more
	lags := g.Lags() && rs.Die >= 0 && coolant >= air // then the moment is an event
	switch {
	case die > g.Shutdown && !lags:
		return "its GPUs pass their limit even when idle"
	case air > node.ShutAbove:
		return fmt.Sprintf("its nodes do not bear %.3g °C at their inlets", air)
	}
	return ""
}

// Margins in K within which a rack counts as near its shutdown: air outruns its outlet by little, coolant without flow gains
// more than a kelvin each second.
const (
	nearAir     = 10
	nearCoolant = 25
)

// nearLimit reports whether a step might bring a rack to its shutdown, with its outlet and inlet air and the coolant of its dies
// at the given °C: its inlet air becomes no warmer than its outlet.
func nearLimit(n *compute.Node, outlet, air, coolant float64) bool {
	return max(outlet, air) > n.ShutAbove-nearAir || max(coolant, air) > n.GPU.Shutdown-n.GPU.Resistance*n.GPU.Idle-nearCoolant
}

// The s to which the moment of a shutdown by heat is found, and of the shortest step that it ends.
const (
	foreseen = 0.05
	soonest  = 0.1
)

// foresee returns when a step that begins now is to end instead of at the given time: when the first rack comes to its
// shutdown temperature, if the racks go on as they do. The moment is found by bisection, on a copy of the cooling.
func (w *World) foresee(end float64) float64 {
	if !w.Near || w.settling || end-w.Now <= soonest {
		return end
	}
	shuts := func(dt float64) bool {
		s := w.Cooling.Clone()
		in, out := w.coolIn, cooling.Output{}
		in.Dt, in.Weather = dt, w.conditions
		for r := range w.Racks {
			w.heat[r], w.flow[r] = w.Racks[r].Power, w.Racks[r].Flow
		}
		w.plan.Cooling.Step(s, &in, &out)
		for r := range w.Racks {
			if rs := &w.Racks[r]; rs.On && !rs.Shut && w.tooHot(int32(r), s.RackInlet[r], coolantOf(s, r, w.plan.RackTypes[w.plan.RackType[r]].Liquid)) != "" {
				return true
			}
		}
		return false
	}
	low, high := 0.0, end-w.Now
	if !shuts(high) {
		return end
	}
	for high-low > foreseen {
		if mid := (low + high) / 2; shuts(mid) {
			high = mid
		} else {
			low = mid
		}
	}
	return w.Now + math.Max(high, soonest)
}

// hasten ends the step under way sooner where what has just changed brings a rack to its shutdown within it.
func (w *World) hasten() {
	w.Unforeseen = false
	if next := w.foresee(w.NextStep); next < w.NextStep {
		w.NextStep = next
		w.StepGen++
		w.push(next, phaseStep, evStep, 0, w.StepGen)
	}
}
