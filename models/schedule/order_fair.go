package schedule

// fair gives the next start to whoever has come least far: below quota the queue that uses least of it, beyond quotas the one
// with the smallest dominant share for its weight, from the top of the tree down; within a queue by priority, then first come
// first served. By user it is dominant resource fairness.
type fair struct{ byUser bool }

func (fair) key(c *Config, _ *State, e *Entry) float64 {
	return float64(c.quotas.ownerOf(e)) + wanted(e.Priority)
}

// turn is the place of an owner in the queue during a pass.
type turn struct {
	owner       int32
	block, item int  // looked at next
	looked      int  // jobs that could not start
	beaten      bool // it could not reclaim anything for the one before
}

// passFair lets owners start jobs, one at a time.
func (c *Config) passFair(s *State, now float64, starts []Start) []Start {
	sc := s.scratch
	sc.lifted, sc.turns = sc.lifted[:0], sc.turns[:0]
	for b, i := 0, 0; b < len(s.Queue.Blocks); {
		owner := int32(s.Queue.Blocks[b].Items[i].Key)
		sc.turns = append(sc.turns, turn{owner: owner, block: b, item: i})
		if b, i = s.Queue.find(Item{Key: float64(owner + 1)}); b < len(s.Queue.Blocks) && i == len(s.Queue.Blocks[b].Items) {
			b, i = b+1, 0
		}
	}
	for len(sc.turns) > 0 {
		k := c.next(s, sc.turns)
		it := c.serve(s, &sc.turns[k], now)
		if it == nil {
			sc.turns[k] = sc.turns[len(sc.turns)-1]
			sc.turns = sc.turns[:len(sc.turns)-1]
			continue
		}
		starts = c.begin(s, it.Slot, now, starts)
	}
	begun := len(starts)
	for _, r := range sc.lifted {
		starts = c.stop(s, r.slot, now, true, starts)
	}
	sc.lifted = sc.lifted[:0]
	rotate(starts, begun)
	return starts
}

// serve gives the first of an owner's jobs that can start its place, and returns it; nil where there is none. As long as nobody starts
// it remains this owner's turn.
func (c *Config) serve(s *State, t *turn, now float64) *Item {
	sc := s.scratch
	for {
		alone := !c.quotas.reclaim || t.beaten // nobody makes room for it
		if alone && c.depth == 0 && c.backfill != strict && c.barren(s, t) {
			t.block++
			continue
		}
		it := s.Queue.at(t)
		if it == nil {
			return nil
		}
		t.item++
		dead := it.Shape >= 0 && (sc.dead[0].has(it.Shape) || alone && c.seatsOf == nil && sc.hopelessShapes(c, s).has(it.Shape))
		if !(dead && alone) && c.allows(s, &s.Entries[it.Slot]) && (!dead && c.try(s, it, now, false) || c.reclaim(s, it, now, t)) {
			return it
		}
		t.looked++
		if c.backfill == strict || c.depth > 0 && t.looked > c.depth {
			t.block = len(s.Queue.Blocks)
		}
	}
}

// barren reports whether an owner comes to a block that is all its own and of which no shape finds a place.
func (c *Config) barren(s *State, t *turn) bool {
	if t.item > 0 || t.block >= len(s.Queue.Blocks) || c.seatsOf != nil {
		return false
	}
	x := &s.Queue.Blocks[t.block]
	if n := len(x.Items); int32(x.Items[0].Key) != t.owner || int32(x.Items[n-1].Key) != t.owner {
		return false
	}
	if x.summarise(s); x.least.odd {
		return false
	}
	lacks := s.scratch.hopelessShapes(c, s)
	for w, has := range x.least.has {
		if has&^s.scratch.dead[0][w]&^lacks[w] != 0 {
			return false
		}
	}
	return true
}

// at returns the item that an owner looks at next, or nil.
func (q *Line) at(t *turn) *Item {
	for ; t.block < len(q.Blocks); t.block, t.item = t.block+1, 0 {
		if items := q.Blocks[t.block].Items; t.item < len(items) {
			if int32(items[t.item].Key) != t.owner {
				return nil
			}
			return &items[t.item]
		}
	}
	return nil
}

// next returns whose turn it is: the way down from the site is compared node by node where two ways part.
func (c *Config) next(s *State, turns []turn) int {
	best := 0
	for k := 1; k < len(turns); k++ {
		x, y := c.quotas.fork(turns[k].owner, turns[best].owner)
		ux, uy := s.used(x), s.used(y)
		a, b := c.claim(x, &ux), c.claim(y, &uy)
		if a < b || a == b && turns[k].owner < turns[best].owner {
			best = k
		}
	}
	return best
}

// reclaim lets a job within its quota take the place of jobs of queues that are over theirs.
func (c *Config) reclaim(s *State, it *Item, now float64, t *turn) bool {
	if !c.quotas.reclaim || t.beaten || !c.within(s, &s.Entries[it.Slot], t.owner) || !c.lent(s) {
		return false
	}
	before := len(s.scratch.lifted)
	if may := c.victims(s, it.Slot, now); len(may) == 0 || !c.evict(s, it, now, may) {
		t.beaten = true
		return false
	}
	for _, r := range s.scratch.lifted[before:] {
		c.charge(s, &s.Entries[r.slot], -1)
	}
	return true
}

// within reports whether an owner stays within its quota with one more job.
func (c *Config) within(s *State, e *Entry, owner int32) bool {
	use, ask := s.used(owner), c.asks(e)
	return !c.passes(&use, &ask, &c.quotas.node(owner).quota)
}

// lent reports whether any owner holds more than its quota.
func (c *Config) lent(s *State) bool {
	for n := 1; n < len(s.Usage); n++ {
		if c.claim(int32(n), &s.Usage[n]) > 1+1e-9 {
			return true
		}
	}
	return false
}
