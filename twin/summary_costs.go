package twin

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/twin/record"
)

// outlay is what the run has cost so far, in USD and kg.
type outlay struct {
	flow     float64 // energy, water and carbon price, contract and credits
	demand   float64
	standing float64
	fixed    float64 // capital and running costs
	embodied float64
}

func (o *outlay) monthly() float64 { return o.demand + o.standing }
func (o *outlay) energy() float64  { return o.flow + o.monthly() }
func (o *outlay) total() float64   { return o.energy() + o.fixed }

func (w *World) outlay() outlay {
	e, m := w.plan.Economics, &w.Money
	o := outlay{flow: m.Shares.Total[2].Value(), fixed: e.Fixed(w.Now), embodied: e.EmbodiedYear * w.Now / economics.Year}
	if t := e.Tariff; t != nil {
		o.demand, o.standing = t.DemandCost(&m.Meter, w.Now), t.Standing(w.Now)
	}
	return o
}

// costResult returns a total of the ledgers of money, NaN in a scenario without them.
func (w *World) costResult(name string) float64 {
	if w.plan.Economics == nil {
		return math.NaN()
	}
	o := w.outlay()
	switch name {
	case "site.total_cost":
		return o.total()
	case "site.demand_cost":
		return o.demand
	case "site.embodied_carbon":
		return o.embodied
	case "gpu_hour_cost":
		return ratio(o.total(), w.useful()/hrs)
	}
	return math.NaN()
}

// costKPIs adds what the run has cost, with all that the scenario says of it.
func (w *World) costKPIs(s *record.Summary) {
	e := w.plan.Economics
	if e == nil || w.Now == 0 {
		return
	}
	o := w.outlay()
	add := func(group, key, label string, v float64, unit string, p record.Provenance, note string) {
		if !math.IsNaN(v) {
			s.Add(group, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: p, Note: note})
		}
	}
	if t := e.Tariff; t != nil {
		if len(t.Demand) > 0 {
			add(record.Cost, "cost.demand", "demand charges", o.demand, "USD", record.ProvModelled, "largest demand "+record.Show(w.Money.Meter.Largest(), "W"))
		}
		if t.Monthly > 0 {
			add(record.Cost, "cost.standing", "monthly charges", o.standing, "USD", record.ProvModelled, "")
		}
		if t.Block > 0 {
			add(record.Cost, "cost.contract", "contract, beside the tariff's price", w.Money.Blocks.Value(), "USD", record.ProvModelled, "")
		}
	}
	if c := w.Books.Energy.Solar.Value() * e.SolarCredit; c > 0 {
		add(record.Cost, "cost.credit", "production credit", -c, "USD", record.ProvModelled, "")
	}
	years := w.Now / economics.Year
	r := e.Total(o.energy() / years)
	add(record.Cost, "cost.capital", "capital, paid back over its life", e.Capital*years, "USD", record.ProvTypical, "of "+record.Show(e.Capex, "USD"))
	add(record.Cost, "cost.running", "people, upkeep and taxes", e.Running*years, "USD", record.ProvTypical, "")
	add(record.Cost, "cost.total", "total cost", o.total(), "USD", record.ProvTypical, spread(r, years, "USD"))
	useful := w.useful() / hrs
	if useful > 0 {
		add(record.Cost, "cost.full_gpu_hour", "of it per useful GPU-hour", o.total()/useful, "USD/h", record.ProvTypical, spread(r, years/useful, "USD/h"))
	}
	w.billKPIs(s, &o)
	add(record.Cost, "cost.year", "total cost of a year like this", r.Value, "USD", record.ProvTypical, "")
	add(record.Cost, "cost.present_value", fmt.Sprintf("present value of %.3g such years", e.Horizon), e.Worth(o.energy()/years), "USD", record.ProvTypical, fmt.Sprintf("at %.3g %% a year", 100*e.Rate))
	if e.EmbodiedYear > 0 {
		add(record.Carbon, "carbon.embodied", "embodied carbon, over its life", o.embodied, "kg", record.ProvTypical, spread(e.Made(), years, "kg"))
		total := o.embodied + w.Books.Energy.Carbon.Value()
		add(record.Carbon, "carbon.total", "operational and embodied", total, "kg", record.ProvTypical, "")
		if useful > 0 {
			add(record.Carbon, "carbon.per_gpu_hour", "of it per useful GPU-hour", total/useful, "kg/h", record.ProvTypical, "")
		}
	}
}

// spread says how far a sum may be off.
func spread(r economics.Range, scale float64, unit string) string {
	if r.Worst == 0 {
		return ""
	}
	return fmt.Sprintf("± %s, ± %s with all at their ends", record.Show(r.Independent*scale, unit), record.Show(r.Worst*scale, unit))
}

// bill is what a job, a service or nobody owes for everything.
type bill struct {
	record.Bill
	class workload.Class
	done  bool
}

// bills divides all costs and all carbon of the run over its jobs; replicas of a service have one bill, and the last is that of
// idle capacity.
func (w *World) bills(o *outlay) []bill {
	shares := w.shares()
	whole := shares.Total[0].Value()
	var all []bill
	of := map[string]int{}
	held := 0.0
	enter := func(b *bill, x *economics.Bill) {
		part := ratio0(x.IT, whole)
		owns := part
		if w.gpus > 0 {
			owns = ratio0(x.GPU, w.gpus*w.Now)
		}
		b.GPUHours += x.GPU / hrs
		b.Energy += x.Site
		b.Cost += x.Money + o.monthly()*part + o.fixed*owns
		b.Carbon += x.Carbon + o.embodied*owns
	}
	for j := range shares.Jobs {
		x := &shares.Jobs[j]
		if x.IT == 0 && x.GPU == 0 {
			continue
		}
		held += x.GPU
		spec, name := &w.work.Jobs[j], w.work.Jobs[j].ID
		if spec.Class == workload.Service {
			name = w.plan.Services[w.serviceOf[j]].Name
			if at, ok := of[name]; ok {
				enter(&all[at], x)
				continue
			}
			of[name] = len(all)
		}
		b := bill{Bill: record.Bill{Name: name, Jobs: 1}, class: spec.Class, done: w.Jobs[j].Phase == Done}
		enter(&b, x)
		b.Tokens = w.tokens(int32(j))
		all = append(all, b)
	}
	idle := shares.Idle
	idle.GPU = w.gpus*w.Now - held
	last := bill{Bill: record.Bill{Name: "idle capacity"}}
	enter(&last, &idle)
	return append(all, last)
}

func ratio0(a, b float64) float64 {
	if b == 0 {
		return 0
	}
	return a / b
}

// tokens returns the tokens that a training run has learned from and kept, or that a service has generated.
func (w *World) tokens(j int32) float64 {
	spec := &w.work.Jobs[j]
	switch spec.Class {
	case workload.Service:
		return w.Services[w.serviceOf[j]].Output
	case workload.Train:
		for i := range w.plan.Training {
			if t := &w.plan.Training[i]; t.Job == spec.ID {
				return w.Jobs[j].Progress * t.Plan.Rate
			}
		}
	}
	return 0
}

// mostBills is how many jobs are told by name.
const mostBills = 10

// billKPIs adds the bills, the largest first, and what follows from them.
func (w *World) billKPIs(s *record.Summary, o *outlay) {
	all := w.bills(o)
	idle := all[len(all)-1]
	all = all[:len(all)-1]
	var done, doneCost account.Sum
	var tokens, cost, energy [2]account.Sum
	for i := range all {
		b := &all[i]
		if b.done {
			done.Add(1)
			doneCost.Add(b.Cost)
		}
		if b.Tokens > 0 {
			k := 0
			if b.class == workload.Service {
				k = 1
			}
			tokens[k].Add(b.Tokens)
			cost[k].Add(b.Cost)
			energy[k].Add(b.Energy)
		}
	}
	add := func(key, label string, v float64) {
		if !math.IsNaN(v) {
			s.Add(record.Cost, record.KPI{Key: key, Label: label, Value: v, Unit: "USD", Provenance: record.ProvTypical})
		}
	}
	add("cost.idle", "of it for capacity that no job held", idle.Cost)
	add("cost.per_job", "mean of jobs that are done", ratio(doneCost.Value(), done.Value()))
	add("cost.per_mtoken_trained", "of training, per million tokens", ratio(cost[0].Value(), tokens[0].Value()/1e6))
	add("cost.per_mtoken_served", "of services, per million tokens out", ratio(cost[1].Value(), tokens[1].Value()/1e6))
	for k, of := range [2]struct{ key, label string }{{"trained", "tokens trained"}, {"served", "tokens served"}} {
		if n := tokens[k].Value(); n > 0 {
			s.Add(record.Compute, record.KPI{Key: "tokens." + of.key, Label: of.label + ", in millions", Value: n / 1e6, Provenance: record.ProvModelled})
			s.Add(record.Energy, record.KPI{Key: "energy.per_mtoken_" + of.key, Label: "energy with overhead per million " + of.label, Value: energy[k].Value() / n * 1e6, Unit: "J", Provenance: record.ProvModelled})
		}
	}
	slices.SortStableFunc(all, func(a, b bill) int { return cmp.Compare(b.Cost, a.Cost) })
	for i := range all[:min(len(all), mostBills)] {
		s.Bills = append(s.Bills, all[i].Bill)
	}
	if len(all) > mostBills {
		var cost, energy, carbon, hours account.Sum
		for i := range all[mostBills:] {
			b := &all[mostBills+i]
			cost.Add(b.Cost)
			energy.Add(b.Energy)
			carbon.Add(b.Carbon)
			hours.Add(b.GPUHours)
		}
		s.Bills = append(s.Bills, record.Bill{Name: "other jobs", Jobs: len(all) - mostBills, GPUHours: hours.Value(), Energy: energy.Value(), Cost: cost.Value(), Carbon: carbon.Value()})
	}
	s.Bills = append(s.Bills, idle.Bill)
}
