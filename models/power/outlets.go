package power

import (
	"fmt"
	"math"
)

// pair is one or two PDUs, on different sides, that feed the racks [lo, hi) together.
type pair struct {
	a, b   int // sides; b is -1 for a single feed
	lo, hi int
}

// outlets sizes the PDUs and says which racks they feed: racks in order, as many on a pair as one PDU may carry alone.
func (c *compiler) outlets() []pair {
	s := &c.spec.PDU
	c.continuous = float64(s.Continuous)
	c.limit = math.Inf(1)
	if c.spec.RackLimit != nil {
		c.limit = float64(*c.spec.RackLimit)
	}
	c.branch = s.Breaker.breaker()
	c.layers[pdus] = layer{rating: float64(s.Rating), breaker: c.branch, model: s.Title}
	c.pduCurve = s.Curve.curve(pduLoss)
	groups := c.rackGroups()
	var all []pair
	switch {
	case s.Count == 0 || s.Count == Auto && c.bare:
		c.hidden, c.pduCurve, c.layers[pdus].rating = true, Curve{}, math.Inf(1)
		all = groups
	case s.Count == Auto:
		for _, g := range groups {
			all = append(all, c.fill(g)...)
		}
	default:
		all = c.spreadRacks(groups, int(s.Count))
	}
	n := 0
	for _, q := range all {
		n++
		if q.b >= 0 {
			n++
		}
	}
	c.layers[pdus].end = int32(n)
	return all
}

// rackGroups divides the racks evenly over the pairs of sides.
func (c *compiler) rackGroups() []pair {
	var all []pair
	n := len(c.pairs)
	for i, q := range c.pairs {
		all = append(all, pair{q[0], q[1], i * c.racks / n, (i + 1) * c.racks / n})
	}
	return all
}

// fill puts the racks of a group on as few pairs as carry them.
func (c *compiler) fill(g pair) []pair {
	most := c.layers[pdus].rating * c.continuous
	var all []pair
	var load float64
	lo := g.lo
	for r := g.lo; r < g.hi; r++ {
		w := c.sizes.RackRating[r]
		if w > most {
			c.fail("pdu.rating", "rack %d has a design power of %s, a PDU of %s carries %s continuously: raise pdu.rating to %s or more",
				r, watts(w), watts(c.layers[pdus].rating), watts(most), watts(math.Ceil(w/c.continuous/1000)*1000))
			return nil
		}
		if load+w > most*(1+1e-9) {
			all = append(all, pair{g.a, g.b, lo, r})
			lo, load = r, 0
		}
		load += w
	}
	if lo < g.hi {
		all = append(all, pair{g.a, g.b, lo, g.hi})
	}
	return all
}

// spreadRacks divides the racks of each group evenly over a stated number of PDUs.
func (c *compiler) spreadRacks(groups []pair, n int) []pair {
	cords := 1
	if c.pairs[0][1] >= 0 {
		cords = 2
	}
	each := n / (cords * len(groups))
	if each*cords*len(groups) != n {
		c.fail("pdu.count", "%d PDUs do not divide evenly over the sides of %s: write a multiple of %d", n, c.spec.Redundancy, cords*len(groups))
		return nil
	}
	var all []pair
	for _, g := range groups {
		racks := g.hi - g.lo
		for i := range each {
			q := pair{g.a, g.b, g.lo + i*racks/each, g.lo + (i+1)*racks/each}
			all = append(all, q)
			var load float64
			for r := q.lo; r < q.hi; r++ {
				load += c.sizes.RackRating[r]
			}
			if most := c.layers[pdus].rating * c.continuous; load > most {
				c.notes = append(c.notes, fmt.Sprintf("pdu: racks %d to %d have a design power of %s, more than the %s that one PDU carries continuously",
					q.lo, q.hi-1, watts(load), watts(most)))
			}
		}
	}
	return all
}

// cordRacks numbers the PDUs side by side and plugs the racks in.
func (c *compiler) cordRacks(pairs []pair) {
	c.cordA, c.cordB = make([]int32, c.racks), make([]int32, c.racks)
	for r := range c.cordB {
		c.cordB[r] = -1
	}
	c.groupOf = make([]int32, c.racks)
	for g, q := range pairs {
		for r := q.lo; r < q.hi; r++ {
			c.groupOf[r] = int32(g)
		}
		c.rackFeeds = append(c.rackFeeds, rackFeed{-1, -1, int32(q.lo), int32(q.hi)})
	}
	next := c.layers[pdus].first
	for i := range c.sides {
		sd := &c.sides[i]
		sd.pdus.first = next
		for j, q := range pairs {
			cord := c.cordA
			switch i {
			case q.a:
				c.rackFeeds[j].a = next
			case q.b:
				cord = c.cordB
				c.rackFeeds[j].b = next
			default:
				continue
			}
			c.outletSide = append(c.outletSide, int32(i))
			for r := q.lo; r < q.hi; r++ {
				cord[r] = next
			}
			next++
		}
		sd.pdus.end = next
	}
}
