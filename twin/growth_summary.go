package twin

import (
	"fmt"
	"math"
	"runtime"

	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/growth"
	"github.com/halltwin/halltwin/twin/record"
)

// summary states what the years came to, as far as they were lived.
func (g *growing) summary() *record.Summary {
	p, stages := g.plan, g.grow.Plan.Stages
	s := &record.Summary{Run: record.RunName(p.Name, p.Variant), Scenario: p.Name, About: p.About, Variant: p.Variant, Seed: g.options.Seed,
		Version: g.options.Version, Start: p.Start, Duration: stages[len(stages)-1].To, Notes: p.Notes, Expectations: g.expectations()}
	n := len(g.periods)
	if n == 0 {
		return s
	}
	last := &stages[n-1]
	s.Reached = last.To
	s.Notes = append(s.Notes[:len(s.Notes):len(s.Notes)], fmt.Sprintf("growth: each of %d seasons is a typical period of %s of it, lived in full", n, record.Show(p.Duration, "s")))
	add := func(group, key, label string, v float64, unit, note string) {
		if !math.IsNaN(v) {
			s.Add(group, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: record.ProvModelled, Note: note})
		}
	}
	energy := g.sumOf(func(p *period) float64 { return p.energy })
	it := g.sumOf(func(p *period) float64 { return p.it })
	add(record.Energy, "energy.site", "site energy", energy, "J", "")
	add(record.Energy, "energy.it", "IT energy", it, "J", "")
	add(record.Energy, "energy.pue", "PUE", ratio(energy, it), "", "")
	add(record.Energy, "energy.mean_power", "mean site power", energy/last.To, "W", "")
	add(record.Energy, "energy.peak_power", "peak of typical periods", g.worst(func(p *period) float64 { return p.peak }), "W", "")
	if w := g.sumOf(func(p *period) float64 { return p.water }); w > 0 {
		add(record.Cooling, "cooling.water", "water", w, "kg", "")
	}
	useful := g.capacity(add, energy)
	g.costs(s)
	carbon := g.sumOf(func(p *period) float64 { return p.carbon })
	made := g.made()
	if p.Carbon != nil {
		add(record.Carbon, "carbon.operational", "operational carbon", carbon, "kg", "")
	}
	if made > 0 {
		add(record.Carbon, "carbon.embodied", "embodied carbon that the years bear", made, "kg", "")
	}
	if p.Carbon != nil || made > 0 {
		add(record.Carbon, "carbon.total", "operational and embodied", carbon+made, "kg", "")
		add(record.Carbon, "carbon.per_gpu_hour", "of it per useful GPU-hour", ratio(carbon+made, useful), "kg/h", "")
	}
	s.Seasons = g.seasons()
	s.Add(record.Engine, record.KPI{Key: "engine.wall", Label: "wall time", Value: g.wall().Seconds(), Unit: "s", Provenance: record.ProvMeasured})
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s.Add(record.Engine, record.KPI{Key: "engine.memory", Label: "memory obtained from the system", Value: float64(m.Sys), Unit: "B", Provenance: record.ProvMeasured})
	return s
}

// capacity adds what was asked for, what was there, and what lay stranded. It returns the useful GPU-hours of the first phase.
func (g *growing) capacity(add func(group, key, label string, v float64, unit, note string), energy float64) float64 {
	n := len(g.periods)
	stages := g.grow.Plan.Stages[:n]
	last := &stages[n-1]
	var asked, had, useful, stranded float64 // GPU-hours, J
	for k := range stages {
		st := &stages[k]
		length := st.To - st.From
		asked += st.Demand * length / hrs
		had += st.Capacity * length / hrs
		useful += g.served(k) * length / hrs
		stranded += strandedPower(st) * length
	}
	held := g.sumOf(func(p *period) float64 { return p.held })
	add(record.Compute, "compute.goodput", "goodput", ratio(g.sumOf(func(p *period) float64 { return p.useful }), held), "", "")
	add(record.Compute, "growth.useful", "useful GPU-hours, in GPUs of the first phase", useful, "h", "")
	add(record.Compute, "growth.served", "share of demand that was served", ratio(useful, asked), "", "")
	add(record.Compute, "growth.occupancy", "share of capacity that did useful work", ratio(useful, had), "", "")
	add(record.Compute, "growth.demand", "demand at the end", last.Demand, "", "GPUs of the first phase")
	add(record.Compute, "growth.capacity", "capacity at the end", last.Capacity, "", fmt.Sprintf("%s GPUs in %d halls", record.Digits(last.GPUs, 6), len(last.Halls)))
	add(record.Compute, "growth.stranded", "stranded power, on the mean", stranded/last.To, "W", limits(last))
	add(record.Compute, "growth.stranded_end", "stranded power at the end", strandedPower(last), "W", "")
	add(record.Compute, "growth.per_mwh", "useful GPU-hours per MWh", ratio(useful, energy/3.6e9), "h", "")
	add(record.Compute, "growth.per_mw", "useful GPUs per MW of the site", ratio(useful*hrs, energy/1e6), "", "")
	return useful
}

func strandedPower(st *growth.Stage) float64 {
	sum := 0.0
	for i := range st.Halls {
		sum += st.Halls[i].StrandedPower
	}
	return sum
}

// limits says what ran out first in each hall.
func limits(st *growth.Stage) string {
	text := ""
	for i := range st.Halls {
		if h := &st.Halls[i]; h.Limit != "" {
			if text != "" {
				text += ", "
			}
			text += h.Name + ": " + h.Limit
		}
	}
	return text
}

// batches are what the plan buys, in years from the start, each with its time of purchase.
func (g *growing) batches() []economics.Batch {
	spec, plan := g.grow.Spec, g.grow.Plan
	if spec == nil {
		return nil
	}
	end := plan.Stages[len(plan.Stages)-1].To / growth.Year
	var all []economics.Batch
	enter := func(assets []economics.Asset, from, until float64) {
		for _, a := range assets {
			all = append(all, economics.Batch{Asset: a, From: from, Until: until})
		}
	}
	enter(spec.Once(g.grow.Counts), 0, end)
	for i := range plan.Purchases {
		b := &plan.Purchases[i]
		t, ph := &g.grow.Types[b.Phase], &plan.Spec.Phases[b.Phase]
		at := b.At / growth.Year
		price := float64(ph.Price) * math.Pow(1+float64(plan.Spec.Trends.Hardware), at)
		enter(spec.Racks(float64(b.Racks), t.Nodes, t.GPUs, price), at, b.Until/growth.Year)
		if b.Built > 0 {
			enter(spec.Built(b.Built), at, end)
		}
	}
	return all
}

// made returns the embodied carbon that the years bear.
func (g *growing) made() float64 {
	stages := g.grow.Plan.Stages
	sum := 0.0
	for _, b := range g.batches() {
		sum += b.Made(stages[len(stages)-1].To / growth.Year)
	}
	return sum
}

// yearly returns what a season costs a year beside energy: people, upkeep, taxes and other running costs.
func (g *growing) yearly(batches []economics.Batch, k int) float64 {
	spec, st := g.grow.Spec, g.stage(k)
	c := g.grow.Counts
	c.GPUs = st.GPUs
	for i := range st.Halls {
		c.DesignIT += st.Halls[i].Power
		for _, r := range st.Halls[i].Racks {
			c.Racks += float64(r.Count)
			c.Nodes += float64(r.Count) * g.grow.Types[r.Phase].Nodes
		}
	}
	sum := spec.Other(c)
	at := (st.From + st.To) / 2 / growth.Year
	for i := range batches {
		if b := &batches[i]; b.Serves(at) {
			sum += b.Upkeep + b.Price*float64(spec.PropertyTax)
		}
	}
	return sum
}

// costs adds what the years cost, and their present value.
func (g *growing) costs(s *record.Summary) {
	spec, n := g.grow.Spec, len(g.periods)
	add := func(key, label string, v float64, unit, note string) {
		if !math.IsNaN(v) {
			s.Add(record.Cost, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: record.ProvTypical, Note: note})
		}
	}
	money := g.sumOf(func(p *period) float64 { return p.money })
	if g.plan.Price != nil {
		add("cost.energy", "energy and water", money, "USD", "")
	}
	if spec == nil || n < len(g.grow.Plan.Stages) {
		return
	}
	rate := float64(spec.DiscountRate)
	end := g.stage(n-1).To / growth.Year
	var worth, capex, first, running, output float64
	batches := g.batches()
	for i := range batches {
		batches[i].Payments(end, func(at, usd float64) {
			worth += usd * economics.Discount(rate, at)
			if usd > 0 {
				capex += usd
				if at == 0 {
					first += usd
				}
			}
		})
	}
	for k := range g.periods {
		st, p := g.stage(k), &g.periods[k]
		years := (st.To - st.From) / growth.Year
		d := economics.Discount(rate, (st.From+st.To)/2/growth.Year)
		year := g.yearly(batches, k)
		running += year * years
		worth += d * (year*years + p.money*g.weight(k))
		output += d * g.served(k) * (st.To - st.From) / hrs
	}
	add("cost.capex", "capital outlay", capex, "USD", record.Show(first, "USD")+" of it at the start")
	add("cost.running", "people, upkeep and taxes", running, "USD", "")
	add("cost.present_value", fmt.Sprintf("present value of %.3g years", end), worth, "USD", fmt.Sprintf("at %.3g %% a year", 100*rate))
	add("cost.full_gpu_hour", "levelised cost of a useful GPU-hour", ratio(worth, output), "USD/h", "in GPUs of the first phase")
	add("growth.per_kusd", "useful GPU-hours per 1,000 USD", ratio(output, worth/1000), "h", "")
}

// seasons are the rows of the plan.
func (g *growing) seasons() []record.Season {
	var all []record.Season
	batches := g.batches()
	last := g.grow.Plan.Stages[len(g.grow.Plan.Stages)-1].To / growth.Year
	for k := range g.periods {
		st, p := g.stage(k), &g.periods[k]
		row := record.Season{From: st.From, To: st.To, Demand: st.Demand, Capacity: st.Capacity, GPUs: st.GPUs, Served: g.served(k), Stranded: strandedPower(st),
			Limits: limits(st), Power: p.energy / p.seconds, Peak: p.peak, PUE: ratio0(p.energy, p.it), Carbon: p.carbon * g.weight(k), Energy: p.money * g.weight(k)}
		for i := range batches {
			batches[i].Payments(last, func(at, usd float64) {
				if usd > 0 && at*growth.Year >= st.From-1 && at*growth.Year < st.To-1 {
					row.Capex += usd
				}
			})
		}
		for _, e := range g.grown(k) {
			row.Events = append(row.Events, e.Subject+": "+e.Text)
		}
		all = append(all, row)
	}
	return all
}
