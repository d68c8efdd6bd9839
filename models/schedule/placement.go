package schedule

import (
	"fmt"

	"github.com/halltwin/halltwin/models/facility"
)

// placement chooses nodes: it calls take until nothing is wanted, and reports whether it got there.
type placement interface {
	place(a *attempt) bool
}

// placements by the names that Spec.Placement knows, with what they gather parts in.
var placements = map[string]struct {
	placement
	by facility.Kind
}{
	"first-fit":           {firstFit{}, facility.Node},
	"best-fit":            {bestFit{}, facility.Node},
	"spread":              {spread{}, facility.Node},
	"load-balance":        {loadBalance{}, facility.Node},
	"coolest":             {coolest{}, facility.Node},
	"fgd":                 {graded{fgd: true}, facility.Node},
	"random":              {anywhere{}, facility.Node},
	"consolidate-first":   {firstNodes{}, facility.Node},
	"pack-by-node":        {packNodes{}, facility.Node},
	"pack-by-rack":        {packGroups{}, facility.Rack},
	"pack-by-leaf":        {packGroups{}, facility.Leaf},
	"consolidate-by-node": {packNodes{hard: true}, facility.Node},
	"consolidate-by-rack": {packGroups{hard: true}, facility.Rack},
	"consolidate-by-leaf": {packGroups{hard: true}, facility.Leaf},
}

// hard is a placement that rather waits than lets a job spread further than it must.
type hard interface{ consolidates() bool }

// consolidates reports whether the placement in force makes jobs wait for a compact place.
func (c *Config) consolidates() bool {
	h, ok := c.placement.(hard)
	return ok && h.consolidates()
}

// groups is a partition of the nodes: racks, or the nodes of a leaf switch.
type groups struct {
	of      []int32 // by node
	members []int32 // nodes in order of group, then node
	first   []int32 // by group, and one more: its range of members
}

func (g *groups) count() int { return max(0, len(g.first)-1) }

func (g *groups) nodes(group int32) []int32 { return g.members[g.first[group]:g.first[group+1]] }

// group prepares the partition that the placement gathers in.
func (c *Config) group(by facility.Kind, tree *facility.Tree, leafOf []int32) error {
	g := &c.groups
	switch by {
	case facility.Rack:
		if tree == nil {
			return fmt.Errorf("scheduler: placement by rack needs a facility with racks")
		}
		g.of = make([]int32, len(c.capacity))
		for n := range g.of {
			rack, ok := tree.Ancestor(facility.Ref{Kind: facility.Node, Index: int32(n)}, facility.Rack)
			if !ok {
				return fmt.Errorf("scheduler: placement by rack, but node %d is in no rack", n)
			}
			g.of[n] = rack
		}
	case facility.Leaf:
		if leafOf == nil {
			return fmt.Errorf("scheduler: placement by leaf needs a network fabric; use pack-by-rack or give the site a fabric")
		}
		g.of = append(g.of, leafOf...)
	default:
		return nil
	}
	most := int32(-1)
	for _, x := range g.of {
		if x < 0 {
			return fmt.Errorf("scheduler: a node has no %v", by)
		}
		most = max(most, x)
	}
	g.first = make([]int32, most+2)
	for _, x := range g.of {
		g.first[x+1]++
	}
	for i := range most + 1 {
		g.first[i+1] += g.first[i]
	}
	at := append([]int32(nil), g.first...)
	g.members = make([]int32, len(g.of))
	for n, x := range g.of {
		g.members[at[x]] = int32(n)
		at[x]++
	}
	return nil
}

// first returns the first node from n on that is worth asking for room, or -1.
func (a *attempt) first(n int32) int32 {
	if a.whole {
		return next(a.s.Empty, n)
	}
	return next(a.c.atLeast(a.s, a.level), n)
}
