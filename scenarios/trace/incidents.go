package trace

import (
	"math"

	"github.com/halltwin/halltwin/models/failure"
)

// Incidents returns what a fit of failures needs from a log in order of time: its nodes, numbered as they first appear, and the
// time from its first failure to the last instant that it tells of.
func Incidents(faults []Fault) failure.Observed {
	o := failure.Observed{}
	if len(faults) == 0 {
		return o
	}
	of := map[string]int{}
	last := faults[0].Start
	for _, x := range faults {
		i, ok := of[x.Node]
		if !ok {
			i = len(of)
			of[x.Node] = i
		}
		o.Incidents = append(o.Incidents, failure.Incident{Component: i, At: x.Start, Repair: x.End - x.Start})
		last = max(last, x.Start)
		if !math.IsInf(x.End, 1) {
			last = max(last, x.End)
		}
	}
	o.Components, o.Span = len(of), last-faults[0].Start
	return o
}
