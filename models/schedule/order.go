package schedule

import "github.com/halltwin/halltwin/models/workload"

// order ranks waiting jobs: the smallest key is first; equal keys keep the order of arrival.
type order interface {
	key(c *Config, s *State, e *Entry) float64
}

// moving is an order whose keys change while jobs wait. They are made anew in every pass.
type moving interface {
	order
	begin(c *Config, s *State, now float64) // before the keys of a pass are asked for
}

// turning is an order that must know what has started.
type turning interface {
	order
	started(s *State, key float64)
}

// orders by the names that Spec.Order knows.
var orders = map[string]order{
	"fcfs":           fcfs{},
	"round-robin":    roundRobin{},
	"sjf":            shortest{},
	"ljf":            longest{},
	"smallest-first": smallest{},
	"largest-first":  largest{},
	"smallest-area":  smallestArea{},
	"mct":            completion{},
	"priority":       priority{},
	"srtf":           remaining{},
	"srsf":           remainingService{},
	"las":            attained{},
	"fair-share":     fair{},
	"drf":            fair{byUser: true},
}

// preemptive are the orders that make no sense without preemption.
var preemptive = map[string]bool{"srtf": true, "srsf": true, "las": true}

// shares reports whether an order divides the site between owners.
func shares(order string) bool { return order == "fair-share" || order == "drf" }

// size returns what a job asks for in units of the indexed resource (GPUs, or CPU cores in a site without), a
// whole node counting as the largest there is.
func (c *Config) size(e *Entry) float64 {
	if e.Whole {
		return float64(e.Parts) * float64(c.top)
	}
	if c.axis == workload.GPU {
		need := demand(&e.Request)
		return float64(e.Parts) * need[workload.GPU]
	}
	return float64(e.Parts) * e.Part[c.axis]
}
