package twin

import (
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/power"
)

// stateGauge reads the state of every thing of a kind, in the numbers of [channel.States].
func (w *World) stateGauge(k facility.Kind, out []float64) []float64 {
	for i := range w.plan.Tree.Count(k) {
		out = append(out, float64(w.condition(facility.Ref{Kind: k, Index: int32(i)})))
	}
	return out
}

func (w *World) condition(r facility.Ref) int {
	if d := w.Down[r.Kind]; int(r.Index) < len(d) && d[r.Index] > 0 {
		return channel.Failed
	}
	switch r.Kind {
	case facility.Rack:
		return w.rackCondition(r.Index)
	case facility.Node:
		return w.nodeCondition(r.Index)
	case facility.GPU:
		return w.nodeCondition(w.plan.Tree.Levels[facility.GPU].Up[r.Index])
	case facility.Utility, facility.Genset, facility.Transformer, facility.UPS, facility.PDU:
		return w.feedCondition(r)
	case facility.Storage:
		return w.storageCondition(r.Index)
	case facility.Disk:
		if n := w.plan.Tree.Levels[facility.Disk].Up[r.Index]; !w.Nodes[n].Up {
			return w.nodeCondition(n)
		}
		return channel.Works
	}
	if !w.Cooling.Working(r) {
		return channel.Unpowered // it is not down
	}
	return channel.Works
}

// rackCondition takes a rack for failed when all of its nodes are, and for drained likewise.
func (w *World) rackCondition(i int32) int {
	rs := &w.Racks[i]
	switch {
	case !rs.On:
		return channel.Unpowered
	case rs.Shut:
		return channel.Tripped
	case rs.Booting:
		return channel.StandingBy
	}
	lo, hi := w.plan.Tree.Children(facility.Node, i)
	up, drained := int32(0), int32(0)
	for n := lo; n < hi; n++ {
		if w.Nodes[n].Up {
			up++
		}
		if w.Nodes[n].Drain > 0 {
			drained++
		}
	}
	switch {
	case up == 0 && lo < hi:
		return channel.Failed
	case drained == hi-lo && lo < hi:
		return channel.Drained
	}
	return channel.Works
}

func (w *World) nodeCondition(n int32) int {
	rs := &w.Racks[w.nodeRack[n]]
	switch ns := &w.Nodes[n]; {
	case !rs.On:
		return channel.Unpowered
	case rs.Shut:
		return channel.Tripped
	case !ns.Up && w.Down[facility.Node][n] == 0 && rs.Booting:
		return channel.StandingBy
	case !ns.Up:
		return channel.Failed
	case ns.Drain > 0:
		return channel.Drained
	}
	return channel.Works
}

// feedCondition reads the state of a piece of the power chain.
func (w *World) feedCondition(r facility.Ref) int {
	p, s := w.plan.Power, &w.Power
	lo, _ := p.Range(r.Kind)
	u := lo + int(r.Index)
	switch {
	case !s.Up[u]:
		return channel.Failed
	case s.Open[u]:
		return channel.Tripped
	}
	switch r.Kind {
	case facility.Utility:
		if p.Voltage(s, r) <= 0 {
			return channel.Unpowered
		}
	case facility.Genset:
		switch s.Gensets[r.Index] {
		case power.GensetLockedOut:
			return channel.Failed
		case power.GensetRunning:
		default:
			return channel.StandingBy
		}
	case facility.UPS:
		switch s.UPS[r.Index] {
		case power.UPSOff:
			return channel.Unpowered
		case power.UPSBattery:
			return channel.OnBattery
		case power.UPSBypass:
			return channel.Overloaded
		}
	case facility.PDU:
		if side, ok := p.SideOf(r); ok && !s.Fed[side] {
			return channel.Unpowered
		}
	}
	if s.Over[u] > 0 {
		return channel.Overloaded
	}
	return channel.Works
}
