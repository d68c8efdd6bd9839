package scenarios

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

// CappingSpec keeps feeds and places under limits by power limits on the GPUs behind them, after Dynamo (Wu et al., ISCA
// 2016): three bands around each limit, so that a limit that is met is not met again and again.
type CappingSpec struct {
	Limits  map[string]string `yaml:"limits" doc:"what is limited, by selector of racks, rows, halls, the site, PDUs, UPSs, transformers, gensets or utilities, and its limit: a power, or a share of its rating (of the design power of its racks for a rack, row, hall or site)" required:"true"`
	Poll    unit.Duration     `yaml:"poll" doc:"time between two looks at the power" default:"3 s" source:"Dynamo, ISCA 2016" range:"[0.1,3600]"`
	Settle  unit.Duration     `yaml:"settle" doc:"time from a decision until GPUs hold it" default:"2 s" source:"Dynamo, ISCA 2016" range:"[0,3600]"`
	Above   unit.Ratio        `yaml:"above" doc:"share of a limit above which GPUs are capped" default:"99 %" source:"Dynamo, ISCA 2016" range:"(0,1]"`
	Target  unit.Ratio        `yaml:"target" doc:"share of a limit to which they are capped" default:"95 %" source:"Dynamo, ISCA 2016" range:"(0,1]"`
	Release unit.Ratio        `yaml:"release" doc:"share of a limit below which caps are loosened" default:"90 %" source:"Dynamo, ISCA 2016" range:"(0,1]"`
	First   []string          `yaml:"first" doc:"classes of work, those that are capped first in front: batch, training, service (absent: this order); within a class jobs of low priority come first"`
}

// Validate checks what tags cannot say.
func (s *CappingSpec) Validate(fail func(path, msg string)) {
	if s.Release >= s.Target || s.Target > s.Above {
		fail("target", fmt.Sprintf("release (%s) must be below target (%s), and target not above above (%s)", s.Release, s.Target, s.Above))
	}
	seen := map[string]bool{}
	for i, name := range s.First {
		if _, ok := classes[name]; !ok || seen[name] {
			fail(fmt.Sprintf("first[%d]", i), fmt.Sprintf("%q: name each of batch, training and service at most once", name))
		}
		seen[name] = true
	}
	if len(s.Limits) == 0 {
		fail("limits", "capping needs a limit: write limits: {\"pdu[*]\": 90 %}")
	}
}

var classes = map[string]workload.Class{"batch": workload.Batch, "training": workload.Train, "service": workload.Service}

// Capping is compiled power capping.
type Capping struct {
	Domains      []CapDomain // those of few racks first
	Of           [][]int32   // by rack: the domains that it is in
	Poll, Settle float64     // s
	Rank         [3]uint8    // by class of work: which is capped first
}

// Bands are shares of a limit.
type Bands struct{ Above, Target, Release float64 }

// responseBands hold the meter to what a utility asked for as closely as a look every few seconds can: a breaker's margin
// would be paid for in work.
var responseBands = Bands{Above: 1.001, Target: 0.999, Release: 0.985}

// CapDomain is one limit: a thing, its limit in W, and the racks behind or in it.
type CapDomain struct {
	Ref      facility.Ref
	Limit    float64 // +Inf: none, or of a demand response event that comes later
	Racks    []int32
	Response bool // of a demand response event: on the meter, while it lasts
	Bands
}

// capping compiles power capping.
func (c *compiler) capping() {
	s := c.spec.Controls.Capping
	r := c.plan.Response
	switch {
	case s == nil && (r == nil || !r.Cap):
		return
	case s == nil: // a demand response event caps as Dynamo does
		s = &CappingSpec{Poll: 3, Settle: 2}
	}
	k := &Capping{Of: make([][]int32, len(c.plan.RackType)), Poll: float64(s.Poll), Settle: float64(s.Settle)}
	bands := Bands{float64(s.Above), float64(s.Target), float64(s.Release)}
	order := slices.Clone(s.First)
	for _, name := range []string{"batch", "training", "service"} {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	for i, name := range order {
		k.Rank[classes[name]] = uint8(i)
	}
	for _, expr := range slices.Sorted(maps.Keys(s.Limits)) {
		path := "controls.capping.limits"
		for _, ref := range c.selected(path, expr) {
			d := CapDomain{Ref: ref, Racks: c.racksOf(ref), Bands: bands}
			if len(d.Racks) == 0 {
				c.fail(path, "selector", fmt.Sprintf("%s: no rack is in or behind %s", expr, c.plan.Tree.NameOf(ref)),
					"limits are on racks, rows, halls, the site, PDUs, UPSs, transformers, gensets and utilities")
				return
			}
			if d.Limit = c.capLimit(path, s.Limits[expr], &d); d.Limit <= 0 {
				return
			}
			k.Domains = append(k.Domains, d)
		}
	}
	if r != nil && r.Cap {
		site := facility.Ref{Kind: facility.Site}
		k.Domains = append(k.Domains, CapDomain{Ref: site, Racks: c.racksOf(site), Limit: math.Inf(1), Bands: responseBands, Response: true})
	}
	slices.SortStableFunc(k.Domains, func(a, b CapDomain) int { return cmp.Compare(len(a.Racks), len(b.Racks)) })
	for i, d := range k.Domains {
		for _, r := range d.Racks {
			k.Of[r] = append(k.Of[r], int32(i))
		}
	}
	c.plan.Capping = k
}

// racksOf returns the racks in a place or behind a piece of equipment.
func (c *compiler) racksOf(ref facility.Ref) []int32 {
	if ref.Kind <= facility.Rack {
		lo, hi := c.plan.Tree.Descendants(ref, facility.Rack)
		var racks []int32
		for r := lo; r < hi; r++ {
			racks = append(racks, r)
		}
		return racks
	}
	return c.plan.Power.Behind(ref)
}

// capLimit reads a limit in W; 0 when it is wrong.
func (c *compiler) capLimit(path, text string, d *CapDomain) float64 {
	place := d.Ref.Kind <= facility.Rack
	idle, rating := 0.0, c.plan.Power.Rating(d.Ref.Kind)
	if place {
		rating = 0
		for _, r := range d.Racks {
			idle += c.plan.RackTypes[c.plan.RackType[r]].Idle
			rating += c.plan.RackTypes[c.plan.RackType[r]].Max
		}
	}
	w, err := unit.RatioKind.Parse(text)
	if w *= rating; err != nil {
		w, err = unit.PowerKind.Parse(text)
	}
	name := c.plan.Tree.NameOf(d.Ref)
	switch {
	case err != nil:
		c.fail(path, "units", fmt.Sprintf("%s: %q is neither a power nor a share of a rating", name, text), "write 400 kW or 90 %")
	case math.IsInf(w, 0):
		c.fail(path, "value", fmt.Sprintf("%s has no rating that %q could be a share of", name, text), "write a power")
	case !(w > idle):
		c.fail(path, "range", fmt.Sprintf("%s: %s is not above what its idle racks draw, %s", name, unit.Power(w), unit.Power(idle)), "")
	default:
		return w
	}
	return 0
}
