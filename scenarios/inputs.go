package scenarios

import (
	"fmt"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Input is one input of a run that a reader of its report should know.
type Input struct{ Path, Label, Value, Origin string }

// inputs lists what a reader asks first: how large, fed and cooled how, in which weather, scheduled how.
func (c *compiler) inputs() {
	s, t := &c.spec.Site, c.plan.Tree
	add := func(path, label, value string) {
		if value == "" {
			return
		}
		origin := "default"
		if v, ok := c.whole.Lookup(path); ok {
			origin = fmt.Sprintf("%s:%d", v.Pos.File, v.Pos.Line)
		}
		c.plan.Inputs = append(c.plan.Inputs, Input{path, label, value, origin})
	}
	add("site.title", "site", s.Title)
	size := fmt.Sprintf("%d racks, %d nodes", t.Count(facility.Rack), t.Count(facility.Node))
	if n := t.Count(facility.GPU); n > 0 {
		size = fmt.Sprintf("%d GPUs in %s", n, size)
	}
	add("site.halls", "size", size)
	add("site.halls", "design IT power", unit.Power(c.plan.DesignIT).String())
	add("site.power.redundancy", "power redundancy", s.Power.Redundancy)
	add("site.air.supply", "supply air", s.Air.Supply.String())
	if s.Liquid != nil {
		add("site.liquid.supply", "liquid supply", s.Liquid.Supply.String())
	}
	add("site.plant.kind", "heat rejection", s.Plant.Kind)
	if s.Solar != nil {
		add("site.solar.rating", "solar array", s.Solar.Rating.String())
	}
	if s.Battery != nil {
		add("site.battery.capacity", "site battery", fmt.Sprintf("%s, %s", s.Battery.Capacity, s.Battery.Policy))
	}
	for _, k := range c.rackSpecs {
		if cal := k.Node.GPU.Calibration; cal != nil && k.Node.GPUs > 0 {
			text := fmt.Sprintf("%s: %s", k.Node.GPU.Name(), cal.Device)
			if cal.PowerError > 0 {
				text += fmt.Sprintf(", power ±%s", cal.PowerError)
			}
			if cal.TemperatureError > 0 {
				text += fmt.Sprintf(", temperature ±%s", cal.TemperatureError)
			}
			add("site.halls", "calibrated GPU", text)
		}
	}
	add("site.weather.file", "weather", s.Weather.File)
	add("scheduler.policy", "scheduler", c.spec.Scheduler.Policy+", "+c.spec.Scheduler.Placement)
	if d := c.spec.Controls.DemandResponse; d != nil {
		if d.Limit != nil {
			add("controls.demand_response.limit", "demand response limit", d.Limit.String())
		} else {
			add("controls.demand_response.reduce", "demand response request", d.Reduce.String())
		}
	}
}
