package scenarios

import (
	"strings"

	"github.com/halltwin/halltwin/models/economics"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/training"
)

// Training is a training run with a step-time model, whose job is among the work.
type Training struct {
	Job  string // ID
	Plan *training.Plan
}

// economics compiles what the site costs beside the energy that it draws.
func (c *compiler) economics() {
	s, p := c.spec.Economics, c.plan
	if s == nil {
		return
	}
	counts := economics.Counts{GPUs: float64(p.Tree.Count(facility.GPU)), Nodes: float64(p.Tree.Count(facility.Node)),
		Racks: float64(p.Tree.Count(facility.Rack)), DesignIT: p.DesignIT}
	if b := c.spec.Site.Battery; b != nil {
		counts.Battery = float64(b.Capacity)
	}
	if g := c.spec.Site.Solar; g != nil {
		counts.Solar = float64(g.Rating)
	}
	plan, err := economics.Compile(s, counts)
	if err != nil {
		where, what, _ := strings.Cut(err.Error(), ": ")
		c.fail("economics."+where, "value", what, "count it by something else")
		return
	}
	p.Economics = plan
	if s.Tariff == nil {
		return
	}
	if plan.Tariff, err = economics.CompileTariff(s.Tariff, p.Start, p.Start.Add(s2d(p.Duration))); err != nil {
		c.fail("economics.tariff.energy", "value", err.Error(), "")
		return
	}
	switch t := plan.Tariff; {
	case t.Price != nil && p.Price != nil:
		c.fail("economics.tariff.energy", "value", "site.grid.price states the price of energy too", "leave one of them out")
	case t.Price != nil:
		p.Price = t.Price
	case p.Price == nil && t.Block > 0:
		c.fail("economics.tariff.contract", "required", "what is drawn beyond the contract has no price", "write economics.tariff.energy or site.grid.price")
	}
}
