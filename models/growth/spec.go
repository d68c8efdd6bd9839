package growth

import (
	"fmt"

	"github.com/halltwin/halltwin/models/compute"
	"github.com/halltwin/halltwin/models/unit"
)

// Spec is growth over years (scenario key growth).
type Spec struct {
	Span    unit.Duration `yaml:"span" doc:"time that is planned" default:"10 years" range:"[31536000,1576800000]"`
	Seasons int           `yaml:"seasons" doc:"parts of a year, each of which one typical period of the scenario's duration stands for" default:"12" source:"chosen: a month, see the error of typical periods" range:"[1,52]"`
	Demand  DemandSpec    `yaml:"demand" doc:"GPUs that work asks for"`
	OrderAt *unit.Ratio   `yaml:"order_at" doc:"share of demand over capacity at which phases are ordered that are ordered by demand, instead of the when of each" range:"(0,10]"`
	Phases  []PhaseSpec   `yaml:"phases" doc:"what is built, filled and replaced" required:"true"`
	Trends  TrendSpec     `yaml:"trends" doc:"how prices and the grid change"`
}

// DemandSpec is the demand for GPUs.
type DemandSpec struct {
	GPUs   float64       `yaml:"gpus" doc:"GPUs of the first phase that work asks for at the start" default:"0" range:"[0,)"`
	Growth unit.Ratio    `yaml:"growth" doc:"growth a year" default:"0 %" range:"(-1,10]"`
	Table  []DemandPoint `yaml:"table" doc:"instead of gpus and growth: demand at times, straight between them"`
}

// Validate checks what tags cannot say.
func (s *DemandSpec) Validate(fail func(path, msg string)) {
	switch {
	case s.GPUs == 0 && len(s.Table) == 0:
		fail("gpus", "say how many GPUs work asks for: gpus with growth, or a table")
	case s.GPUs > 0 && len(s.Table) > 0:
		fail("table", "gives demand a second time: write gpus with growth, or a table")
	}
	for i := 1; i < len(s.Table); i++ {
		if s.Table[i].At <= s.Table[i-1].At {
			fail(fmt.Sprintf("table[%d].at", i), "is not after the point before it")
		}
	}
}

// DemandPoint is demand at a time.
type DemandPoint struct {
	At   unit.Duration `yaml:"at" doc:"when, from the start" required:"true" range:"[0,)"`
	GPUs float64       `yaml:"gpus" doc:"GPUs of the first phase that work asks for" required:"true" range:"[0,)"`
}

// PhaseSpec is one step of building.
type PhaseSpec struct {
	Name string            `yaml:"name" doc:"name of the phase" required:"true"`
	At   unit.Duration     `yaml:"at" doc:"when it works, from the start" default:"0 s" range:"[0,)"`
	When *unit.Ratio       `yaml:"when" doc:"instead of at: it is ordered once demand passes this share of what is there and ordered" range:"(0,10]"`
	Lead unit.Duration     `yaml:"lead" doc:"time from its order until it works, when it is ordered by demand" default:"0.5 year" source:"typical of racks; 18 to 36 months of halls with their grid connection" range:"[0,)"`
	Hall *HallSpec         `yaml:"hall" doc:"a hall that it opens"`
	In   string            `yaml:"in" doc:"instead: name of the hall to which it adds racks"`
	Swap bool              `yaml:"replace" doc:"the racks that are in the hall go" default:"false"`
	Rack *compute.RackSpec `yaml:"rack" doc:"type of its racks; that of the phase before where it is left out"`
	// Racks may be fewer than fit: a hall is filled in several phases.
	Racks int        `yaml:"racks" doc:"racks; 0: as many as fit" default:"0" range:"[0,100000]"`
	Worth float64    `yaml:"worth" doc:"what a GPU of it does over what one of the first phase does; 0: by BF16 peak times efficiency" default:"0" range:"[0,1000]"`
	Price unit.Ratio `yaml:"price" doc:"price of a GPU of it with all that is counted by GPU, node and rack, over that in economics" default:"100 %" range:"[0,100]"`
}

// HallSpec is what a hall has room for.
type HallSpec struct {
	Racks   int        `yaml:"racks" doc:"places for racks" required:"true" range:"[1,100000]"`
	Power   unit.Power `yaml:"power" doc:"power of its feeds for racks" required:"true" range:"(0,)"`
	Cooling unit.Power `yaml:"cooling" doc:"heat of racks that its cooling takes up" required:"true" range:"(0,)"`
}

// Validate checks what tags cannot say.
func (s *PhaseSpec) Validate(fail func(path, msg string)) {
	switch {
	case (s.Hall == nil) == (s.In == ""):
		fail("hall", "say what it does: hall opens one, in adds racks to one")
	case s.Swap && s.Hall != nil:
		fail("replace", "a hall that is opened has no racks to replace")
	case s.When != nil && s.At > 0:
		fail("when", "states its time a second way: write at or when")
	}
}

// TrendSpec is how the world around the site changes, a year.
type TrendSpec struct {
	Energy   unit.Ratio `yaml:"energy_price" doc:"change of the price of energy a year" default:"0 %" range:"(-0.5,0.5)"`
	Carbon   unit.Ratio `yaml:"carbon_intensity" doc:"change of the grid's carbon intensity a year" default:"0 %" range:"(-0.5,0.5)"`
	Hardware unit.Ratio `yaml:"hardware_price" doc:"change of the prices that are counted by GPU, node and rack" default:"0 %" range:"(-0.5,0.5)"`
}
