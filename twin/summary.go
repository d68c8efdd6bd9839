package twin

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

const (
	kWh = 3.6e6
	hrs = 3600
)

// hardware returns where the figures of the GPUs come from, which decide what the site draws and how hot it gets.
func (w *World) hardware() record.Provenance {
	gpus := false
	for i := range w.plan.RackTypes {
		if n := &w.plan.RackTypes[i].Node; n.GPUs > 0 {
			if !n.GPU.Calibrated {
				return record.ProvModelled
			}
			gpus = true
		}
	}
	if gpus {
		return record.ProvCalibrated
	}
	return record.ProvModelled
}

// Summary states the outcome of a run as it stands now.
func (w *World) Summary(o Options) *record.Summary {
	p := w.plan
	s := &record.Summary{
		Run: record.RunName(p.Name, p.Variant), Scenario: p.Name, About: p.About, Variant: p.Variant, Seed: o.Seed,
		Version: o.Version, Start: p.Start, Duration: p.Duration, Reached: w.Now,
		Expectations: w.expectations(), Notes: p.Notes,
	}
	add := func(group, key, label string, v float64, unit string) {
		if !math.IsNaN(v) {
			s.Add(group, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: record.ProvModelled})
		}
	}
	t, b := &w.Totals, &w.Books
	e, g := &b.Energy, &b.GPU
	add(record.Energy, "energy.site", "site energy", e.Total(), "J")
	s.Add(record.Energy, record.KPI{Key: "energy.it", Label: "IT energy", Value: t.Flowed, Unit: "J", Provenance: w.hardware()})
	add(record.Energy, "energy.cooling", "cooling and building", t.Mech, "J")
	add(record.Energy, "energy.loss", "losses of the power chain", e.Use[account.Distribution].Value(), "J")
	add(record.Energy, "energy.pue", "PUE", ratio(t.Flowed+t.Mech+e.Use[account.Distribution].Value(), t.Flowed), "")
	if e.Genset.Value() > 0 {
		add(record.Energy, "energy.genset", "of it from gensets", e.Genset.Value(), "J")
	}
	if p.Solar != nil {
		add(record.Energy, "energy.solar", "of it from the sun", e.Solar.Value(), "J")
		add(record.Energy, "energy.curtailed", "solar energy curtailed", w.Solar.Curtailed, "J")
		add(record.Energy, "energy.exported", "given back to the grid", e.Export.Value(), "J")
	}
	add(record.Energy, "energy.mean_power", "mean site power", ratio(e.Total(), w.Now), "W")
	w.responseKPIs(add)
	w.storageKPIs(add)
	w.extremes(s)
	w.swingKPIs(s)
	w.classes(s)
	if out := w.Cooling.Clamped; out > 0 {
		add(record.Cooling, "cooling.clamped", "chillers outside the range of their curves", out/hrs, "h")
	}
	if water := e.Water.Value(); water > 0 {
		add(record.Cooling, "cooling.water", "water", water, "kg")
		add(record.Cooling, "cooling.wue", "WUE", ratio(water, t.Flowed/kWh), "L/kWh")
	}
	if w.gpus > 0 {
		add(record.Compute, "compute.goodput", "goodput", ratio(w.useful(), t.Busy), "")
		add(record.Compute, "compute.gpu_hours", "GPU-hours held by jobs", t.Busy/hrs, "h")
		add(record.Compute, "compute.occupancy", "share of GPU time held", ratio(t.Busy, g.Site.Value()), "")
		add(record.Compute, "compute.throttled", "GPU-hours throttled by heat", t.Throttled/hrs, "h")
		if t.Limited > 0 {
			add(record.Compute, "compute.limited", "GPU-hours held at a power limit", t.Limited/hrs, "h")
		}
		if b.Training.Site.Value() > 0 {
			add(record.Compute, "compute.ettr", "effective training time ratio", b.Training.ETTR(), "")
		}
	}
	add(record.Compute, "jobs.done", "jobs done", float64(b.Jobs.Done), "")
	add(record.Compute, "jobs.left", "jobs running or queued at the end", float64(b.Jobs.Running+b.Jobs.Queued), "")
	if n := b.Jobs.Failed + b.Jobs.Cancelled; n > 0 {
		add(record.Compute, "jobs.failed", "jobs failed or cancelled", float64(n), "")
	}
	if t.Preemptions > 0 {
		add(record.Compute, "jobs.preempted", "times that a job was preempted", float64(t.Preemptions), "")
	}
	w.elasticKPIs(add)
	if r := &w.Runtimes; r.Total > 0 {
		add(record.Compute, "jobs.estimate_error", "error of the run times that were expected, of the run times", r.Error/r.Total, "")
	}
	add(record.Compute, "jobs.wait", "mean wait", ratio(t.Wait, float64(t.Started)), "s")
	add(record.Compute, "jobs.wait_p95", "95th percentile of wait", w.waitQuantile(0.95), "s")
	if len(w.Services) > 0 {
		add(record.Compute, "sla.met", "requests in SLA, worst service", w.slaMet(), "")
		w.serviceKPIs(s)
	}
	add(record.Reliability, "nodes.lost", "nodes lost", float64(t.NodesLost), "")
	add(record.Reliability, "jobs.requeued", "jobs interrupted", float64(b.Jobs.Interrupted-t.Preemptions), "")
	add(record.Reliability, "breaker.trips", "breaker trips", float64(w.Power.Counts.BreakerTrips), "")
	add(record.Reliability, "availability", "node availability", 1-ratio(t.NodeDown, float64(len(w.Nodes))*w.Now), "")
	w.careKPIs(add)
	if t.Outages > 0 {
		add(record.Reliability, "outages", "feeds lost", float64(t.Outages), "")
	}
	if t.Sags > 0 {
		add(record.Reliability, "sags", "sags of feeds", float64(t.Sags), "")
	}
	if w.Power.Counts.BatterySeconds > 0 {
		add(record.Reliability, "ups.battery", "UPS time on battery", w.Power.Counts.BatterySeconds, "s")
	}
	if p.Price != nil {
		add(record.Cost, "cost.energy", "energy and water", e.Cost.Value(), "USD")
		if useful := w.useful(); useful > 0 {
			add(record.Cost, "cost.per_gpu_hour", "of it per useful GPU-hour", e.Cost.Value()/(useful/hrs), "USD/h")
		}
	}
	if p.Carbon != nil {
		add(record.Carbon, "carbon.operational", "operational carbon", e.Carbon.Value(), "kg")
		add(record.Carbon, "carbon.intensity", "mean intensity", ratio(e.Carbon.Value(), e.Total()), "kg/J")
	}
	if w.bound != nil {
		w.bound.summarise(w, s)
	}
	w.costKPIs(s)
	s.Lost = w.losses()
	return s
}

// extremes adds the hottest inlet that was seen, with its place and time.
func (w *World) extremes(s *record.Summary) {
	h := &w.Hottest
	if h.At > 0 || h.Inlet > 0 {
		place := func(k facility.Kind, i int32, at float64) string {
			return fmt.Sprintf("%s at %s", w.name(facility.Ref{Kind: k, Index: i}), record.Clock(at))
		}
		s.Add(record.Cooling, record.KPI{Key: "cooling.hottest_inlet", Label: "hottest rack inlet", Value: h.Inlet, Unit: "degC", Provenance: record.ProvModelled, Note: place(facility.Rack, h.Rack, h.At)})
		if h.Die > 0 {
			s.Add(record.Cooling, record.KPI{Key: "cooling.hottest_gpu", Label: "hottest GPU", Value: h.Die, Unit: "degC", Provenance: w.hardware(), Note: place(facility.GPU, h.GPU, h.DieAt)})
		}
	}
	s.Add(record.Energy, record.KPI{Key: "energy.peak_power", Label: "peak site power", Value: h.Power, Unit: "W", Provenance: record.ProvModelled, Note: "at " + record.Clock(h.PowerAt)})
}

// Extremes are the largest values seen at the ends of steps.
type Extremes struct {
	Inlet, At      float64
	Rack           int32
	Die, DieAt     float64
	GPU            int32
	Power, PowerAt float64
}

// watch keeps the extremes up to date.
func (w *World) watch() {
	h := &w.Hottest
	for r := range w.Racks {
		rs := &w.Racks[r]
		if rs.Air > h.Inlet || h.At == 0 {
			h.Inlet, h.At, h.Rack = rs.Air, w.Now, int32(r)
		}
		if rs.Die >= 0 && rs.Hottest > h.Die { // a die above its rest was seen before
			w.sawDie(rs.Die, w.hottestNow(int32(r)))
		}
	}
	if grid, genset := w.sources(); grid+genset > h.Power {
		h.Power, h.PowerAt = grid+genset, w.Now
	}
}

// sawDie notes how hot a GPU is now.
func (w *World) sawDie(gpu int32, die float64) {
	if h := &w.Hottest; die > h.Die {
		h.Die, h.DieAt, h.GPU = die, w.Now, gpu
	}
}

// losses lists what GPU time was lost to, the largest first. Time in which a GPU was free and nobody waited is not lost.
func (w *World) losses() []record.Loss {
	var all []record.Loss
	for c := account.Useful + 1; c < account.NumCauses; c++ {
		if c == account.Idle {
			continue
		}
		if h := w.Books.GPU.By[c].Value() / hrs; h > 1e-6 {
			all = append(all, record.Loss{Cause: c.String(), GPUHours: h})
		}
	}
	slices.SortStableFunc(all, func(a, b record.Loss) int { return cmp.Compare(b.GPUHours, a.GPUHours) })
	return all
}

// waitQuantile returns a quantile of the time from submission to first start, NaN when nothing started.
func (w *World) waitQuantile(q float64) float64 {
	var waits []float64
	for j := range w.Jobs {
		if f := w.Jobs[j].First; !math.IsNaN(f) && w.Jobs[j].Phase != Pending && !w.work.Jobs[j].Standby {
			waits = append(waits, f-w.work.Jobs[j].Submit)
		}
	}
	if len(waits) == 0 {
		return math.NaN()
	}
	slices.Sort(waits)
	return waits[min(len(waits)-1, int(q*float64(len(waits))))]
}
