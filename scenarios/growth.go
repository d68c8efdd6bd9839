package scenarios

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/growth"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
)

// Growth is a compiled plan of years: a typical period of each season, to be lived one after another.
type Growth struct {
	Plan   *growth.Plan
	Types  []growth.RackType // by phase
	Spec   *economics.Spec   // prices; nil where the scenario has none
	Counts economics.Counts  // of the site as a whole: battery and solar array
	Season []Season          // by stage of the plan
}

// Season is the typical period of a stage.
type Season struct {
	Plan *Plan
	Load float64 // work offered over capacity, at most 1
}

// rowLength is the number of racks in a row of a hall that a growth plan fills.
const rowLength = 8

// mostSeasons bounds a plan of years.
const mostSeasons = 1000

// mostRacks bounds the racks of all seasons together: each is compiled before the first is lived, at some 1.5 kB a rack.
const mostRacks = 2_000_000

// growth compiles a plan of years. Each season is the scenario with other halls, another start and another load.
func (c *compiler) growth() {
	s := c.spec.Growth
	if s == nil || len(c.ds) > 0 {
		return
	}
	if n := float64(s.Span) / growth.Year * float64(s.Seasons); n > mostSeasons {
		c.fail("growth.seasons", "limit", fmt.Sprintf("%.0f seasons in all: at most %d are lived", n, mostSeasons), "plan fewer years or seasons")
		return
	}
	if c.plan.Duration > growth.Year/float64(s.Seasons) {
		c.fail("growth.seasons", "range", fmt.Sprintf("a season is shorter than the scenario's duration of %s", c.spec.Duration), "shorten the duration, or write fewer seasons")
		return
	}
	generated := 0.0
	for i := range c.spec.Workload {
		if g := c.spec.Workload[i].Generate; g != nil {
			if g.Rate != nil {
				c.fail(fmt.Sprintf("workload[%d].generate.rate", i), "value", "a growing site has no fixed rate of submissions", "write load: it says how the generators share the demand")
				return
			}
			generated += float64(g.Load)
		}
	}
	if generated == 0 {
		c.fail("growth.demand", "required", "nothing generates work that could grow", "write a workload with generate:")
		return
	}
	g := &Growth{Spec: c.spec.Economics, Types: c.phaseTypes(s)}
	if b := c.spec.Site.Battery; b != nil {
		g.Counts.Battery = float64(b.Capacity)
	}
	if p := c.spec.Site.Solar; p != nil {
		g.Counts.Solar = float64(p.Rating)
	}
	if len(c.ds) > 0 {
		return
	}
	var err error
	if g.Plan, err = growth.Compile(s, g.Types); err != nil {
		var at *growth.Error
		if errors.As(err, &at) {
			c.fail("growth."+at.Path, "value", at.Msg, "")
		}
		return
	}
	racks := 0
	for k := range g.Plan.Stages {
		for _, h := range g.Plan.Stages[k].Halls {
			for _, r := range h.Racks {
				racks += r.Count
			}
		}
	}
	if racks > mostRacks {
		c.fail("growth.phases", "limit", fmt.Sprintf("%d racks, each season's counted: at most %d are lived", racks, mostRacks), "plan fewer seasons, or a smaller site that stands for a part of it")
		return
	}
	days := c.days()
	for k := range g.Plan.Stages {
		st := &g.Plan.Stages[k]
		season := Season{Load: math.Min(1, st.Demand/st.Capacity)}
		spec := *c.spec
		spec.Growth = nil
		spec.Start = c.typical(days, st, s.Seasons)
		spec.Site.Halls = c.halls(s, st)
		spec.Workload = loaded(c.spec.Workload, season.Load/generated)
		sub := &compiler{file: c.file, spec: &spec, whole: c.whole, read: c.read}
		p := sub.compile()
		if len(sub.ds) > 0 {
			for _, d := range sub.ds {
				d.Msg = fmt.Sprintf("with the halls of year %.3g: %s", st.From/growth.Year, d.Msg)
				c.ds = append(c.ds, d)
			}
			return
		}
		p.Hash, p.Resolved, p.Notes = c.plan.Hash, c.plan.Resolved, nil
		trend(p, s, st)
		season.Plan = p
		g.Season = append(g.Season, season)
	}
	c.plan.Growth = g
}

// phaseTypes says what the racks of each phase are.
func (c *compiler) phaseTypes(s *growth.Spec) []growth.RackType {
	var types []growth.RackType
	var rack *compute.RackSpec
	first := 0.0
	for i := range s.Phases {
		ph := &s.Phases[i]
		if ph.Rack != nil {
			rack = ph.Rack
		}
		if rack == nil {
			c.fail(fmt.Sprintf("growth.phases[%d].rack", i), "required", "the first phase says what racks it has", "write rack: {use: hardware/…}")
			return nil
		}
		ph.Rack = rack
		r := rack.Compile()
		gpu := &rack.Node.GPU
		t := growth.RackType{Name: r.Name, Nodes: float64(r.Nodes), GPUs: float64(r.Nodes * rack.Node.GPUs), Max: r.Max, Worth: float64(gpu.BF16)}
		if gpu.Efficiency > 0 {
			t.Worth *= float64(gpu.Efficiency)
		} else {
			t.Worth *= typicalEfficiency
		}
		if i == 0 {
			first = t.Worth
		}
		if ph.Worth > 0 {
			t.Worth = ph.Worth * first
		}
		types = append(types, t)
	}
	return types
}

// typicalEfficiency is the share of its peak that a GPU type reaches of which nothing else is known.
const typicalEfficiency = 0.45

// halls are the halls of a stage as a scenario says them.
func (c *compiler) halls(s *growth.Spec, st *growth.Stage) []HallSpec {
	var all []HallSpec
	for i := range st.Halls {
		h := HallSpec{Name: st.Halls[i].Name, Count: 1}
		for _, r := range st.Halls[i].Racks {
			if n := r.Count / rowLength; n > 0 {
				h.Rows = append(h.Rows, RowSpec{Count: n, Racks: rowLength, Rack: *s.Phases[r.Phase].Rack})
			}
			if n := r.Count % rowLength; n > 0 {
				h.Rows = append(h.Rows, RowSpec{Count: 1, Racks: n, Rack: *s.Phases[r.Phase].Rack})
			}
		}
		if len(h.Rows) > 0 {
			all = append(all, h)
		}
	}
	return all
}

// loaded returns the work with the loads of its generators times k.
func loaded(work []WorkSpec, k float64) []WorkSpec {
	out := make([]WorkSpec, len(work))
	for i := range work {
		out[i] = work[i]
		if g := work[i].Generate; g != nil {
			changed := *g
			changed.Load *= unit.Ratio(k)
			out[i].Generate = &changed
		}
	}
	return out
}

// days returns the means of weather and carbon intensity of each day of the year that begins with the scenario's start.
func (c *compiler) days() []growth.Day {
	const hour, day = 3600.0, 86400.0
	end := c.plan.Start.Add(s2d(growth.Year))
	s := &c.spec.Site
	var air, file *weather.Series
	if s.Weather.File != "" {
		air = c.seriesFile("site.weather.file", s.Weather.File)
	}
	sky, err := weather.Compile(&s.Weather, air, c.plan.Start, end)
	if err != nil {
		c.failErr("site.weather", "series", err)
		return make([]growth.Day, 365)
	}
	var carbon *weather.Signal
	if g := s.Grid.Carbon; g != nil {
		if g.File != "" {
			file = c.seriesFile("site.grid.carbon.file", g.File)
		}
		if carbon, err = weather.CompileCarbon(g, file, c.plan.Start, end); err != nil {
			c.failErr("site.grid.carbon", "series", err)
		}
	}
	var at, when weather.Cursor
	days := make([]growth.Day, 365)
	for d := range days {
		for h := range 24 {
			t := float64(d)*day + float64(h)*hour
			x := sky.At(&at, t)
			days[d][0] += x.DryBulb / 24
			days[d][1] += x.WetBulb / 24
			if carbon != nil {
				days[d][2] += carbon.At(&when, t) / 24
			}
		}
	}
	return days
}

// typical returns the start of the period that stands for a season.
func (c *compiler) typical(days []growth.Day, st *growth.Stage, seasons int) time.Time {
	const day = 86400.0
	year := math.Floor(st.From/growth.Year + 1e-9)
	from := int(math.Round((st.From - year*growth.Year) / day))
	to := min(365, int(math.Round((st.From-year*growth.Year+growth.Year/float64(seasons))/day)))
	length := int(math.Ceil(c.plan.Duration / day))
	return c.plan.Start.AddDate(0, 0, growth.Typical(days, from, to, length))
}

// trend changes what energy costs and carries with the years.
func trend(p *Plan, s *growth.Spec, st *growth.Stage) {
	years := (st.From + st.To) / 2 / growth.Year
	if p.Price != nil && s.Trends.Energy != 0 {
		p.Price = p.Price.Scaled(math.Pow(1+float64(s.Trends.Energy), years))
	}
	if p.Carbon != nil && s.Trends.Carbon != 0 {
		p.Carbon = p.Carbon.Scaled(math.Pow(1+float64(s.Trends.Carbon), years))
	}
}
