package twin

import (
	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/workload"
)

// newMoney is the state of the ledgers of money at the start, empty in a scenario that has none.
func (w *World) newMoney() economics.State {
	var s economics.State
	if e := w.plan.Economics; e != nil {
		s.Meter = economics.NewMeter(e.Tariff)
		s.Shares.Marks = make([]economics.Tally, len(w.Racks))
	}
	return s
}

// spend enters what flowed for dt s: it is shared by IT power, and seen by the demand meter.
func (w *World) spend(f *account.Flows, dt, cost, carbon float64) {
	e, m := w.plan.Economics, &w.Money
	if t := e.Tariff; t != nil {
		t.Measure(&m.Meter, w.plan.Start, w.Now, dt, f.Grid)
		block := t.Contract(f.Grid, f.Price) * dt
		m.Blocks.Add(block)
		cost += block
	}
	site := 0.0
	for _, v := range f.Use {
		site += v
	}
	m.Shares.Flow(dt, w.Power.IT, site, cost-f.Solar*e.SolarCredit*dt, carbon)
}

// charge lets the jobs on a rack, and nobody for the rest of it, bear what its power has cost since it was last charged. It
// comes before anything on the rack changes.
func (w *World) charge(s *economics.Shares, r int32) {
	d := s.Since(r)
	if d == (economics.Tally{}) {
		return
	}
	power, left := w.Racks[r].Power, 1.0
	since := d.IT // a W of IT power for so many s
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
			sl := &w.Slices[i]
			share := 0.0
			if int(i) < len(s.Of) {
				share = s.Of[i]
			}
			s.Charge(sl.Job, &d, share*power, sl.gpus()*since)
			left -= share
		}
	}
	s.Charge(-1, &d, left*power, 0)
}

// apportion finds the share that each slice on a rack has of its power as it now is.
func (w *World) apportion(r int32) {
	s, rs := &w.Money.Shares, &w.Racks[r]
	for len(s.Of) < len(w.Slices) {
		s.Of = append(s.Of, 0)
	}
	t := &w.plan.RackTypes[w.plan.RackType[r]].Node
	whole := 0.0
	runs := w.layouts[r].runs
	if rs.On {
		for i := range runs {
			whole += float64(runs[i].count) * runs[i].Input
		}
	}
	lo, hi := w.plan.Tree.Children(facility.Node, r)
	for n := lo; n < hi; n++ {
		input := 0.0
		if whole > 0 {
			input = runs[w.runOf[n]].Input / whole
		}
		w.divide(n, t, input)
	}
}

// divide gives the slices on a node their shares of what the node has of its rack: of its idle power by GPUs, of what lies above
// by GPUs and how busy they are; by cores where it has no GPUs.
func (w *World) divide(n int32, t *compute.Node, input float64) {
	s := &w.Money.Shares
	run := &w.layouts[w.nodeRack[n]].runs
	busy := 0.0
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		_, b := w.weights(i, t)
		busy += b
	}
	idle := 1.0
	if input > 0 && busy > 0 {
		idle = min(1, t.IdlePower/(*run)[w.runOf[n]].Input)
	}
	for i := w.Nodes[n].Slice; i >= 0; i = w.Slices[i].OnNode {
		part, b := w.weights(i, t)
		share := idle * part
		if busy > 0 {
			share += (1 - idle) * b / busy
		}
		s.Of[i] = input * share
	}
}

// weights returns the part that a slice has of its node, and that part times how busy it is.
func (w *World) weights(i int32, t *compute.Node) (part, busy float64) {
	sl := &w.Slices[i]
	use := w.use(sl.Job)
	if t.GPUs > 0 {
		part = sl.gpus() / float64(t.GPUs)
		return part, part * use.GPU
	}
	if cores := w.plan.Capacity[sl.Node][workload.CPU]; cores > 0 {
		part = min(1, sl.Cores/cores)
	}
	return part, part * use.CPU
}

// shares returns the shares of all jobs up to now. The world keeps its own: they are brought up to date rack by rack, when
// something changes, so that looking at them changes nothing.
func (w *World) shares() economics.Shares {
	s := w.Money.Shares.Clone()
	for r := range w.Racks {
		w.charge(&s, int32(r))
	}
	return s
}

// closeBills checks that the bills make the whole.
func (w *World) closeBills() error {
	if w.plan.Economics == nil {
		return nil
	}
	s := w.shares()
	if err := s.Check(); err != nil {
		return err
	}
	held := 0.0
	for i := range s.Jobs {
		held += s.Jobs[i].GPU
	}
	return w.close("GPU time billed", []LedgerRow{{"held by devices (GPU-s)", w.Totals.Busy}, {"billed to jobs (GPU-s)", -held}})
}
