package session

import (
	"cmp"
	"slices"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
)

// mostValues bounds what Widen adds: values of one channel in a whole run.
const mostValues = 500_000

// Widen returns a plan that also records every channel of the kinds of which there are few enough: the whole plant, and the racks of
// a hall over a day. It is what a viewer likes to look back on. What happens in the run is the same.
func Widen(plan *scenarios.Plan) *scenarios.Plan {
	wide := *plan
	wide.Channels = slices.Clone(plan.Channels)
	all := channel.All()
	for i := range all {
		c := &all[i]
		n := plan.Tree.Count(c.Kind)
		if c.Kind == facility.Job || n == 0 || float64(n)*plan.Duration/plan.Every > mostValues || slices.Contains(wide.Channels, c) {
			continue
		}
		wide.Channels = append(wide.Channels, c)
	}
	slices.SortFunc(wide.Channels, func(a, b *channel.Channel) int { return cmp.Compare(a.ID, b.ID) })
	return &wide
}
