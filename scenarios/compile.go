package scenarios

import (
	"errors"
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/schedule"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/scenarios/document"
)

// Plan checks a variant ("" for the base) and compiles it. All diagnostics come at once; the plan is nil when there
// are any.
func (f *File) Plan(variant string) (*Plan, document.Diagnostics) {
	return f.PlanAt(variant, nil, nil)
}

// PlanAt is Plan at a point of the sweep: a value for each axis.
func (f *File) PlanAt(variant string, axes []Axis, values []string) (*Plan, document.Diagnostics) {
	whole, ds := f.At(variant, axes, values)
	spec, ds := decode(whole, ds)
	if spec == nil || len(ds) > 0 {
		return nil, ds
	}
	c := &compiler{file: f, spec: spec, whole: whole}
	p := c.compile()
	if len(c.ds) > 0 {
		return nil, c.ds.Sorted()
	}
	p.Variant = variant
	p.Resolved, p.Hash = Resolved(whole)
	return p, nil
}

// CheckAll compiles the base, every variant, and the base at the values of each axis of the sweep, of a range at its ends,
// and returns what is wrong with any of them.
func (f *File) CheckAll() document.Diagnostics {
	_, ds := f.Plan("")
	if len(ds) > 0 {
		return ds
	}
	for _, name := range f.Variants() {
		_, more := f.Plan(name)
		ds = append(ds, more...)
	}
	axes, more := f.Axes()
	ds = append(ds, more...)
	for i := range axes {
		values := axes[i].Values
		if axes[i].ranged {
			values = []string{values[0], values[len(values)-1]}
		}
		for _, v := range values {
			if _, more := f.PlanAt("", axes[i:i+1], []string{v}); len(more) > 0 {
				ds = append(ds, more...)
				break
			}
		}
	}
	return ds.Sorted()
}

// compiler turns one decoded spec into a plan and collects what is wrong.
type compiler struct {
	file      *File
	spec      *Spec
	whole     *document.Value
	plan      *Plan
	rackSpecs []*compute.RackSpec        // by rack type
	read      map[string]*weather.Series // files of weather and grid: the seasons of a plan of years read each once
	ds        document.Diagnostics
}

// fail reports something at a path of the document; where nothing is written there, at the nearest place above.
func (c *compiler) fail(path, code, msg, fix string) {
	v, _ := c.whole.Lookup(path)
	d := document.Diagnostic{Code: code, Path: path, Msg: msg, Fix: fix}
	if v != nil {
		d.Pos, d.Used = v.Pos, v.Used.Chain()
	}
	c.ds = append(c.ds, d)
}

// failErr reports an error of a model; one that knows its own path says so.
func (c *compiler) failErr(path, code string, err error) {
	var pe *power.Error
	var ce *cooling.Error
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, e := range many.Unwrap() {
			c.failErr(path, code, e)
		}
		return
	}
	switch {
	case errors.As(err, &pe):
		c.fail(join(path, pe.Path), code, pe.Msg, "")
		return
	case errors.As(err, &ce):
		c.fail(join(path, ce.Path), code, ce.Msg, "")
		return
	}
	c.fail(path, code, err.Error(), "")
}

func join(path, rest string) string {
	switch {
	case rest == "":
		return path
	case strings.HasPrefix(rest, "["):
		return path + rest
	}
	return path + "." + rest
}

func (c *compiler) compile() *Plan {
	s := c.spec
	c.plan = &Plan{
		Name: s.Name, About: s.About, Start: s.Start, Duration: float64(s.Duration), Seed: s.Seed, Replicas: s.Replicas,
		Calm: float64(s.Step.Calm), Disturbed: float64(s.Step.Disturbed), Every: float64(s.Record.Every), Influx: s.Record.Influx, Lines: s.Record.Lines,
		CapAll: float64(s.Controls.PowerLimit), Costs: s.Costs,
	}
	c.plan.Disturbed = min(c.plan.Disturbed, c.plan.Calm)
	if n := c.plan.Duration / c.plan.Every; n > 50e6 {
		c.fail("record.every", "range", fmt.Sprintf("%.3g samples: no disk holds that", n), "write a longer record.every")
	}
	c.site()
	if c.plan.Tree == nil {
		return c.plan
	}
	c.series()
	c.failures()
	c.scheduler()
	c.work()
	c.timeline()
	c.controls()
	c.capping()
	c.swings()
	c.economics()
	c.record()
	c.expect()
	c.experiment()
	c.inputs()
	c.growth()
	return c.plan
}

// series reads the weather and the grid's carbon and price.
func (c *compiler) series() {
	s := &c.spec.Site
	p := c.plan
	end := p.Start.Add(s2d(p.Duration))
	var air *weather.Series
	if s.Weather.File != "" {
		air = c.seriesFile("site.weather.file", s.Weather.File)
		if air == nil {
			return
		}
	}
	src, err := weather.Compile(&s.Weather, air, p.Start, end)
	if err != nil {
		c.failErr("site.weather", "series", err)
		return
	}
	p.Weather = src
	p.Notes = append(p.Notes, src.Notes...)
	if g := s.Grid.Carbon; g != nil {
		var file *weather.Series
		if g.File != "" {
			file = c.seriesFile("site.grid.carbon.file", g.File)
		}
		if p.Carbon, err = weather.CompileCarbon(g, file, p.Start, end); err != nil {
			c.failErr("site.grid.carbon", "series", err)
		} else {
			p.Notes = append(p.Notes, p.Carbon.Notes...)
		}
	}
	if s.Solar != nil {
		sky, notes, err := weather.Irradiance(&s.Weather, air, src, p.Start, end)
		if err != nil {
			c.fail("site.solar", "series", err.Error(), "")
			return
		}
		p.Solar = s.Solar.Compile(sky)
		p.Notes = append(p.Notes, notes...)
	}
	if b := s.Battery; b != nil {
		p.Battery = b.Compile()
		if p.Battery.Policy == power.SelfConsumption && s.Solar == nil {
			c.fail("site.battery.policy", "required", "a battery that takes up what the sun has left over needs a sun", "write site.solar: {rating: 1 MW}, or policy: carbon")
		}
		if p.Battery.Policy == power.Reserve && c.spec.Controls.DemandResponse == nil {
			c.fail("site.battery.policy", "required", "a battery in reserve for demand response would never be asked", "write controls.demand_response, or policy: carbon")
		}
		if p.Battery.Policy == power.FollowCarbon && s.Grid.Carbon == nil {
			c.fail("site.battery", "required", "a battery that follows the grid's carbon intensity needs to know it", "write site.grid.carbon")
		}
	}
	if g := s.Grid.Price; g != nil {
		var file *weather.Series
		if g.File != "" {
			file = c.seriesFile("site.grid.price.file", g.File)
		}
		if p.Price, err = weather.CompilePrice(g, file, p.Start, end); err != nil {
			c.failErr("site.grid.price", "series", err)
		} else {
			p.Notes = append(p.Notes, p.Price.Notes...)
		}
	}
}

func (c *compiler) seriesFile(path, name string) *weather.Series {
	if s := c.read[name]; s != nil {
		return s
	}
	b, err := c.file.slurp(name, weather.MaxBytes)
	if err != nil {
		c.fail(path, "file", err.Error(), "")
		return nil
	}
	s, err := weather.Parse(name, b)
	if err != nil {
		c.fail(path, "series", err.Error(), "")
		return nil
	}
	if c.read == nil {
		c.read = map[string]*weather.Series{}
	}
	c.read[name] = s
	return s
}

func (c *compiler) failures() {
	f, err := failure.Compile(&c.spec.Failures, c.plan.Tree)
	if err != nil {
		c.failErr("failures", "value", err)
		return
	}
	c.plan.Failures = f
	if x := c.spec.Failures.Spares; x != nil && x.Nodes != nil {
		work := 0
		for n := range c.plan.Capacity {
			if c.plan.Serves == nil || c.plan.Serves[n] < 0 {
				work++
			}
		}
		if *x.Nodes >= work {
			c.fail("failures.spares.nodes", "range", fmt.Sprintf("of the %d nodes that take jobs, none is left to work when %d are held back", work, *x.Nodes), fmt.Sprintf("write fewer than %d", work))
		}
	}
	if len(f.Absent) > 0 {
		c.plan.Notes = append(c.plan.Notes, "failures: left out for lack of anything to strike: "+strings.Join(f.Absent, ", "))
	}
}

func (c *compiler) scheduler() {
	grid := &c.spec.Site.Grid
	if sh := c.spec.Scheduler.Shift; sh != nil && (sh.By == "carbon" && grid.Carbon == nil || sh.By == "price" && grid.Price == nil) {
		c.fail("scheduler.shift.by", "required", "jobs cannot wait for hours of low "+sh.By+" when nothing is known of it", "write site.grid."+sh.By)
	}
	s, err := schedule.Compile(&c.spec.Scheduler, c.plan.Tree, c.plan.Capacity, c.plan.LeafOf)
	if err != nil {
		c.failErr("scheduler", "value", err)
		return
	}
	c.plan.Scheduler = s
}

// controls compiles the demand response event.
func (c *compiler) controls() {
	d := c.spec.Controls.DemandResponse
	if d == nil {
		return
	}
	r := &Response{From: float64(d.From), Until: c.plan.Duration, Notice: float64(d.Notice), Baseline: float64(d.Baseline), Defer: d.Defer, Cap: d.Cap}
	if d.For > 0 {
		r.Until = min(r.From+float64(d.For), c.plan.Duration)
	}
	if r.From >= c.plan.Duration {
		c.fail("controls.demand_response.from", "range", fmt.Sprintf("the event begins at %s, when the run of %s is over", d.From, c.spec.Duration), "")
	}
	c.plan.Response = r
	if d.Reduce != nil {
		r.Reduce = float64(*d.Reduce)
		return
	}
	r.Limit = float64(*d.Limit)
	idle := 0.0
	for i := range c.plan.RackType {
		idle += c.plan.RackTypes[c.plan.RackType[i]].Idle
	}
	if r.Limit <= idle {
		c.fail("controls.demand_response.limit", "range", fmt.Sprintf("%s is not above what the idle racks draw, %s", *d.Limit, unit.Power(idle)), "")
	}
}

// selected resolves a selector and reports one that is wrong.
func (c *compiler) selected(path, expr string) []facility.Ref {
	refs, err := c.plan.Tree.Select(expr)
	if wrong := (*facility.SelectorError)(nil); errors.As(err, &wrong) {
		c.fail(path, "selector", fmt.Sprintf("selector %q: %s", wrong.Expr, wrong.Msg), wrong.Fix)
	}
	return refs
}
