package twin

import (
	"math"
	"strings"

	"github.com/halltwin/halltwin/models/account"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// gauge appends the present value of a channel for each of its subjects, in order of index; NaN where a subject has
// none. Jobs are not among them: they come and go ([World.jobFrame]).
func (w *World) gauge(ch *channel.Channel, out []float64) []float64 {
	if v, ok := w.siteGauge(ch.Name); ok {
		return append(out, v)
	}
	if strings.HasSuffix(ch.Name, ".state") {
		return w.stateGauge(ch.Kind, out)
	}
	switch ch.Kind {
	case facility.Hall, facility.Row:
		if ch.Name != "hall.power" && ch.Kind == facility.Hall {
			return w.hallGauge(ch.Name, out)
		}
		return w.sumPower(ch.Kind, out)
	case facility.Rack:
		return w.rackGauge(ch.Name, out)
	case facility.Node, facility.GPU:
		return w.nodeGauge(ch, out)
	case facility.Utility, facility.Genset, facility.Transformer, facility.UPS, facility.PDU:
		return w.powerGauge(ch, out)
	case facility.Service:
		return w.serviceGauge(ch.Name, out)
	case facility.Storage:
		return w.storageGauge(ch.Name, out)
	case facility.Site:
		return append(out, w.result(ch))
	}
	return w.coolingGauge(ch, out)
}

// coolingGauge reads a unit of the cooling.
func (w *World) coolingGauge(ch *channel.Channel, out []float64) []float64 {
	u := w.Cooling.Units(ch.Kind)
	var from []float64
	_, what, _ := strings.Cut(ch.Name, ".")
	switch what {
	case "power":
		from = u.Power
	case "load":
		from = u.Load
	case "airflow", "flow":
		from = u.Flow
	case "supply_temperature":
		from = u.Supply
	case "return_temperature":
		from = u.Return
	}
	if from == nil {
		for range w.plan.Tree.Count(ch.Kind) {
			out = append(out, math.NaN())
		}
	}
	return append(out, from...)
}

// siteGauge returns a value that the site has one of.
func (w *World) siteGauge(name string) (float64, bool) {
	p := &w.Power
	grid, genset := w.sources()
	switch name {
	case "site.power":
		return grid + genset, true
	case "site.it_power":
		return p.IT, true
	case "site.cooling_power":
		return w.Cool.Total(), true
	case "site.loss_power":
		return w.lossPower(), true
	case "site.battery_power":
		return w.Battery.In - w.Battery.Out, true
	case "site.grid_power":
		return w.meter(), true
	case "site.solar_power":
		return known(w.plan.Solar != nil, w.Solar.Out), true
	case "site.solar_curtailed":
		return known(w.plan.Solar != nil, w.Solar.Available-w.Solar.Out), true
	case "site.battery_charge":
		if w.plan.Battery == nil {
			return math.NaN(), true
		}
		return w.Battery.Stored / w.plan.Battery.Capacity, true
	case "site.tank_charge":
		return w.tankCharge(), true
	case "site.pue":
		if p.IT <= 0 {
			return math.NaN(), true
		}
		return (p.IT + p.Mech + w.lossPower()) / p.IT, true
	case "site.carbon_intensity":
		if w.plan.Carbon == nil {
			return math.NaN(), true
		}
		return w.plan.Carbon.At(&w.CarbonCursor, w.Now), true
	case "site.energy_price":
		if w.plan.Price == nil {
			return math.NaN(), true
		}
		return w.plan.Price.At(&w.PriceCursor, w.Now), true
	case "weather.dry_bulb":
		return w.outdoors().DryBulb, true
	case "weather.wet_bulb":
		return w.outdoors().WetBulb, true
	case "jobs.queued":
		return float64(w.Books.Jobs.Queued), true
	case "jobs.running":
		return float64(w.Books.Jobs.Running), true
	case "gpus.busy":
		return w.BusyGPUs, true
	case "gpus.throttled":
		return w.Throttled, true
	case "gpus.down":
		return w.DeadGPUs, true
	case "gpus.free":
		return w.gpus - w.OutGPUs - w.BusyGPUs, true
	case "nodes.down":
		return float64(w.Totals.NodesDown), true
	}
	return 0, false
}

// outdoors returns the weather of this very instant.
func (w *World) outdoors() weather.Conditions {
	c := w.AirCursor
	return w.plan.Weather.At(&c, w.Now)
}

func (w *World) sumPower(k facility.Kind, out []float64) []float64 {
	for i := range w.plan.Tree.Count(k) {
		sum := 0.0
		lo, hi := w.plan.Tree.Descendants(facility.Ref{Kind: k, Index: int32(i)}, facility.Rack)
		for r := lo; r < hi; r++ {
			sum += w.Racks[r].Power
		}
		out = append(out, sum)
	}
	return out
}

func (w *World) rackGauge(name string, out []float64) []float64 {
	for r := range w.Racks {
		rs := &w.Racks[r]
		v := math.NaN()
		switch name {
		case "rack.power":
			v = rs.Power
		case "rack.inlet_temperature":
			v = rs.Air
		case "rack.outlet_temperature":
			v = w.Cooling.RackOutlet[r]
		case "rack.liquid_temperature":
			if w.plan.RackTypes[w.plan.RackType[r]].Liquid > 0 {
				v = w.Cooling.RackLiquid[r]
			}
		case "rack.airflow":
			v = rs.Flow
		case "rack.gpu_temperature":
			v = w.hottestNow(int32(r))
		case "rack.speed":
			v = rs.Speed
		}
		out = append(out, v)
	}
	return out
}

// nodeGauge evaluates nodes anew: nothing below the rack is kept.
func (w *World) nodeGauge(ch *channel.Channel, out []float64) []float64 {
	for n := range w.Nodes {
		r := w.nodeRack[n]
		t := &w.plan.RackTypes[w.plan.RackType[r]].Node
		rs := &w.Racks[r]
		var s share
		if rs.On {
			s = w.evaluateNode(int32(n), t, rs.Inlet)
		}
		if ch.Kind == facility.Node {
			out = append(out, s.Input)
			continue
		}
		out = w.gpuGauge(ch.Name, int32(n), rs, s.Flow, t, out)
	}
	return out
}

func (w *World) gpuGauge(name string, n int32, rs *RackState, flow float64, t *compute.Node, out []float64) []float64 {
	first, _ := w.plan.Tree.Children(facility.GPU, n)
	for g := range t.GPUs {
		up := rs.On && w.Nodes[n].Up && w.Down[facility.GPU][first+int32(g)] == 0
		power, use := 0.0, 0.0
		job := int32(-1)
		if up {
			power = t.GPU.Idle
		}
		k := 0
		for i := w.Nodes[n].Slice; up && i >= 0; i = w.Slices[i].OnNode {
			if w.Slices[i].GPUs>>uint(g)&1 == 1 {
				job = w.Slices[i].Job
				power, use = w.groups[k].Power, w.groups[k].Util.GPU
			}
			k++
		}
		v := math.NaN()
		switch name {
		case "gpu.power":
			v = power
		case "gpu.utilisation":
			v = use
		case "gpu.temperature":
			v = w.dieNow(n, g, t, power, flow)
		case "gpu.power_limit":
			v = min(w.limit(n, 1<<uint(g), job), t.GPU.Max)
		}
		if w.isBound(n) && up {
			v = w.gpuMeasured(name, n, g, v)
		}
		out = append(out, v)
	}
	return out
}

// longestAutonomy, in s, is all that is said of a battery that would last for ever.
const longestAutonomy = 86400

func (w *World) powerGauge(ch *channel.Channel, out []float64) []float64 {
	p := &w.Power
	lo, hi := w.plan.Power.Range(ch.Kind)
	for u := lo; u < hi; u++ {
		v := math.NaN()
		switch ch.Name[len(ch.Kind.String())+1:] {
		case "power":
			v = p.Flow[u]
		case "load":
			v = p.Load[u]
		case "power_factor":
			v = w.plan.Power.PowerFactor(p, u)
		case "charge":
			v = w.plan.Power.Charge(p, u-lo)
		case "autonomy":
			v = min(w.plan.Power.Autonomy(p, u-lo), longestAutonomy)
		}
		out = append(out, v)
	}
	return out
}

// result returns what a counter or a total stands at.
func (w *World) result(ch *channel.Channel) float64 {
	t, b := &w.Totals, &w.Books
	const hour = 3600
	switch ch.Name {
	case "breaker.trips":
		return float64(w.Power.Counts.BreakerTrips)
	case "nodes.lost":
		return float64(t.NodesLost)
	case "gpu_hours":
		return t.Busy / hour
	case "throttled_gpu_hours":
		return t.Throttled / hour
	case "lost_gpu_hours":
		return (t.Busy - w.useful()) / hour
	case "checkpoint_gpu_hours":
		return w.lostTo(account.Checkpoint)
	case "restart_gpu_hours":
		return w.lostTo(account.Restart)
	case "starved_gpu_hours":
		return w.lostTo(account.Starved)
	case "goodput":
		return ratio(w.useful(), t.Busy)
	case "ettr":
		return known(b.Training.Site.Value() > 0, b.Training.ETTR())
	case "sla.met":
		return w.slaMet()
	case "pue":
		return b.Energy.PUE()
	case "site.energy":
		return b.Energy.Total()
	case "outages":
		return float64(t.Outages)
	case "sags":
		return float64(t.Sags)
	case "site.grid_energy":
		return b.Energy.Grid.Value()
	case "site.export_energy":
		return b.Energy.Export.Value()
	case "site.solar_energy":
		return known(w.plan.Solar != nil, b.Energy.Solar.Value())
	case "response.requested", "response.shed", "response.met", "response.gpu_hours":
		return w.responseResult(ch.Name)
	case "site.it_energy":
		return t.Flowed
	case "site.carbon":
		return known(w.plan.Carbon != nil, b.Energy.Carbon.Value())
	case "site.cost":
		return known(w.plan.Price != nil, b.Energy.Cost.Value())
	case "swing.range", "swing.ramp", "swing.band", "swing.stop", "swing.wasted", "swing.flicker":
		return w.swingResult(ch.Name)
	case "site.total_cost", "site.demand_cost", "site.embodied_carbon", "gpu_hour_cost":
		return w.costResult(ch.Name)
	case "outside_recommended_hours", "outside_allowable_hours", "outside_liquid_hours":
		return w.outside(ch.Name)
	case "site.water":
		return b.Energy.Water.Value()
	case "jobs.submitted":
		return float64(b.Jobs.Submitted)
	case "jobs.done":
		return float64(b.Jobs.Done)
	case "jobs.failed":
		return float64(b.Jobs.Failed)
	case "jobs.cancelled":
		return float64(b.Jobs.Cancelled)
	case "jobs.requeued":
		return float64(b.Jobs.Interrupted - w.Totals.Preemptions)
	case "mean_wait":
		return ratio(t.Wait, float64(t.Started))
	case "p95_wait":
		return w.waitQuantile(0.95)
	case "mean_slowdown":
		return ratio(t.Slowdown, float64(b.Jobs.Done))
	}
	return math.NaN()
}

func ratio(a, b float64) float64 {
	if b == 0 {
		return math.NaN()
	}
	return a / b
}

func known(is bool, v float64) float64 {
	if is {
		return v
	}
	return math.NaN()
}

// useful returns the GPU-seconds of work done and not lost up to now, those of running jobs included.
func (w *World) useful() float64 {
	u := w.Books.GPU.By[account.Useful].Value()
	for _, slot := range w.Sched.Running {
		j := w.Sched.Entries[slot].Job
		if s := &w.Jobs[j]; s.Phase == Running && w.Now > s.Mark {
			spec := &w.work.Jobs[j]
			c := *s
			c.advance(spec, w.Now-s.Mark)
			u += (c.Progress - s.Progress) * s.GPUs
		}
	}
	return u
}

// jobFrame takes a channel of the jobs that are in the system now.
func (w *World) jobFrame(name string, subjects []int32, values []float64) ([]int32, []float64) {
	for j := range w.NextJob {
		s, spec := &w.Jobs[j], &w.work.Jobs[j]
		if s.Phase != Queued && s.Phase != Running && s.Phase != Stalled {
			continue
		}
		v := 0.0
		switch name {
		case "job.gpus":
			if s.Slice >= 0 {
				v = s.GPUs
			}
		case "job.speed":
			if s.Phase == Running {
				v = s.Speed
			}
		case "job.progress":
			c := *s
			if s.Phase == Running {
				c.advance(spec, w.Now-s.Mark)
			}
			v = c.Progress / spec.Work
			if spec.Class == workload.Service {
				v = math.NaN()
			}
		case "job.state":
			if s.Phase != Queued {
				v = 1
			}
		case "job.power":
			v = w.jobPower(j)
		}
		subjects, values = append(subjects, j), append(values, v)
	}
	return subjects, values
}

// jobPower returns what a job's GPUs draw, in W.
func (w *World) jobPower(j int32) float64 {
	sum := 0.0
	for i := w.Jobs[j].Slice; i >= 0; i = w.Slices[i].OfJob {
		n := w.Slices[i].Node
		r := w.nodeRack[n]
		if rs := &w.Racks[r]; !rs.On || !w.Nodes[n].Up {
			continue
		}
		w.evaluateNode(n, &w.plan.RackTypes[w.plan.RackType[r]].Node, w.Racks[r].Inlet)
		k := 0
		for x := w.Nodes[n].Slice; x != i; x = w.Slices[x].OnNode {
			k++
		}
		sum += w.groups[k].Power * w.deviceShare(i)
	}
	return sum
}

// Frames sends the present values of the plan's channels to a sink.
func (w *World) Frames(send func(*record.Frame) error) error {
	f := record.Frame{Time: w.Now}
	for i, ch := range w.plan.Channels {
		f.Channel, f.Subjects = ch, nil
		if ch.Kind == facility.Job {
			f.Subjects, f.Values = w.jobFrame(ch.Name, w.jobSubjects[:0], w.buffer[:0])
			w.jobSubjects = f.Subjects
		} else {
			f.Values = w.gauge(ch, w.buffer[:0])
			f.Subjects = w.only[i]
			if f.Subjects != nil {
				f.Values = pick(f.Values, f.Subjects)
			}
		}
		w.buffer = f.Values[:0]
		if err := send(&f); err != nil {
			return err
		}
	}
	return nil
}

// pick keeps the values of the subjects, in place.
func pick(values []float64, subjects []int32) []float64 {
	for i, s := range subjects {
		values[i] = values[s]
	}
	return values[:len(subjects)]
}
