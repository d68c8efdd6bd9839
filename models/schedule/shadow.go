package schedule

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/workload"
)

// shadow is the reservation that EASY backfill makes for the first blocked job: when it can start if the running
// jobs end as estimated, and what the nodes will have free then. Who would still run at that time may start now only
// where the blocked job still finds its place.
//
// Places are counted: parts of the job that find room, or, under a placement that consolidates, nodes or groups that
// take as many parts as the job puts on one.
type shadow struct {
	live bool
	at   float64 // when the job can start, +Inf when it never can
	left int64   // places beyond what the job needs

	slot  int32
	need  workload.Vector
	parts int32
	whole bool
	unit  int32 // parts that make a node or group a place; 0: every part is one
	now   float64

	epoch uint32
	seen  []uint32 // by node: the epoch that looked at it
	nodes []later
	rooms []int64 // by group: parts that find room, under a placement that consolidates groups

	asked  question // what spare was asked last, and what it said
	spared int32
}

// later is a node at the time of the shadow.
type later struct {
	free  workload.Vector
	parts int32
	room  int32 // for parts of the blocked job
	held  bool  // whole, by one part
}

// foresee computes the shadow of the blocked job in a slot.
func (c *Config) foresee(s *State, slot int32, now float64) {
	sh, e := &s.scratch.shadow, &s.Entries[slot]
	if sh.epoch++; sh.seen == nil || sh.epoch == 0 {
		sh.seen, sh.nodes, sh.epoch = make([]uint32, len(s.Nodes)), make([]later, len(s.Nodes)), 1
	}
	sh.live, sh.slot, sh.need, sh.parts, sh.whole, sh.now = true, slot, demand(&e.Request), e.Parts, e.Whole, now
	wanted := int64(e.Parts)
	sh.unit, sh.rooms, sh.left = 0, sh.rooms[:0], 0
	if c.consolidates() {
		sh.unit, wanted = c.compact(s, &sh.need, sh.whole, sh.parts)
		if c.groups.of != nil {
			sh.rooms = append(sh.rooms, make([]int64, c.groups.count())...)
		}
	}

	candidates := s.Empty
	if level := c.levelOf(&sh.need); !sh.whole {
		candidates = c.atLeast(s, level)
	}
	for n := next(candidates, 0); n >= 0; n = next(candidates, n+1) {
		sh.left += sh.change(c, n, 0, sh.look(c, s, n).room)
	}
	for i := range c.seats {
		sh.look(c, s, c.seats[i].node)
	}
	sh.at = now
	last := now // time at which a running job ends
	for i := 0; ; {
		for ; i < len(s.Running) && s.Entries[s.Running[i]].End <= sh.at; i++ {
			sh.release(c, s, &s.Entries[s.Running[i]])
			last = sh.at
		}
		for j := range c.seats { // what is set aside depends on the time
			n := c.seats[j].node
			l := &sh.nodes[n]
			sh.set(c, n, sh.fit(c, s, n, l, sh.at))
		}
		if sh.left >= wanted {
			break
		}
		at := c.edge(sh.at)
		if i < len(s.Running) {
			at = min(at, s.Entries[s.Running[i]].End)
		} else if at > c.beyond(last) {
			at = math.Inf(1)
		}
		if sh.at = at; math.IsInf(at, 1) {
			break
		}
	}
	sh.left -= wanted
	e.Promise = sh.at
}

// fit returns how many parts of the blocked job a node takes at time t.
func (sh *shadow) fit(c *Config, s *State, n int32, l *later, t float64) int32 {
	nd := &s.Nodes[n]
	if nd.Down || nd.Drained || l.held || sh.whole && l.parts > 0 {
		return 0
	}
	most := sh.parts
	if sh.whole {
		most = 1
	}
	if c.seatsOf != nil && c.seatsOf[n] < c.seatsOf[n+1] {
		e, free := &s.Entries[sh.slot], l.free
		if !c.withhold(s, e, n, sh.now, t, t+c.occupancy(e), &free) && sh.whole {
			return 0
		}
		return c.room(&free, &sh.need, most)
	}
	return c.room(&l.free, &sh.need, most)
}

// look begins to keep book of a node. It must come before any change to the node.
func (sh *shadow) look(c *Config, s *State, n int32) *later {
	l := &sh.nodes[n]
	if sh.seen[n] != sh.epoch {
		sh.seen[n] = sh.epoch
		nd := &s.Nodes[n]
		*l = later{free: nd.Free, parts: nd.Parts, held: nd.Exclusive}
		l.room = sh.fit(c, s, n, l, sh.now)
	}
	return l
}

// change returns by how many places the room of node n changes from one number of parts to another, and books it
// with its group.
func (sh *shadow) change(c *Config, n, from, to int32) int64 {
	switch {
	case sh.unit == 0:
		return int64(to - from)
	case len(sh.rooms) == 0:
		return place(to >= sh.unit) - place(from >= sh.unit)
	}
	r := &sh.rooms[c.groups.of[n]]
	was := place(*r >= int64(sh.unit))
	*r += int64(to - from)
	return place(*r >= int64(sh.unit)) - was
}

func place(ok bool) int64 {
	if ok {
		return 1
	}
	return 0
}

// set says how many parts node n takes at the time of the shadow.
func (sh *shadow) set(c *Config, n, room int32) {
	l := &sh.nodes[n]
	sh.left += sh.change(c, n, l.room, room)
	l.room = room
}

// release gives back what a running job will have freed by then.
func (sh *shadow) release(c *Config, s *State, e *Entry) {
	need := demand(&e.Request)
	for i := e.First; i >= 0; {
		k := &s.Chunks[i]
		sh.give(c, s, e, k, &need)
		i = k.Next
	}
}

func (sh *shadow) give(c *Config, s *State, e *Entry, k *Chunk, need *workload.Vector) {
	l, nd := sh.look(c, s, k.Node), &s.Nodes[k.Node]
	gpus := l.free[workload.GPU] + float64(bits.OnesCount64(k.GPUs&nd.GPUUp))
	if l.parts -= k.Parts; l.parts == 0 {
		l.free, l.held = c.capacity[k.Node], false
	} else {
		l.free = l.free.Add(c.holds(e, k, need))
	}
	l.free[workload.GPU] = gpus
	sh.set(c, k.Node, sh.fit(c, s, k.Node, l, sh.at))
}

// without returns node n at the time of the shadow with k parts of the candidate on it.
func (l later) without(a *attempt, k int32) later {
	if a.whole {
		l.free, l.held = workload.Vector{}, true
	} else {
		for i := range l.free {
			l.free[i] -= a.need[i] * float64(k)
		}
	}
	l.parts += k
	return l
}

// spare returns how many of k parts of a candidate node n can take without costing the blocked job its place.
func (sh *shadow) spare(a *attempt, n, k int32) int32 {
	l := sh.look(a.c, a.s, n)
	if l.room == 0 || sh.unit == 0 && int64(l.room) <= sh.left {
		return k // there is nothing to lose, or all of it may be lost
	}
	// Nodes that are alike come one after the other, empty ones above all.
	alike := a.c.seatsOf == nil && len(sh.rooms) == 0
	q := question{a.mark, k, sh.left, *l}
	if alike && q == sh.asked {
		return sh.spared
	}
	k = sh.borne(a, n, k, l)
	if alike {
		sh.asked, sh.spared = q, k
	}
	return k
}

// question is what spare was asked.
type question struct {
	mark uint32 // attempt
	k    int32
	left int64
	node later
}

// borne returns how many of k parts node n can take so that the blocked job keeps its place.
func (sh *shadow) borne(a *attempt, n, k int32, l *later) int32 {
	if sh.bears(a, n, k, l) {
		return k
	}
	low := int32(0) // parts that can be taken; k cannot
	for k-low > 1 {
		// Mostly it is all or nothing, so one part is asked about before halves.
		mid := low + 1
		if low > 0 {
			mid = (low + k) / 2
		}
		if sh.bears(a, n, mid, l) {
			low = mid
		} else {
			k = mid
		}
	}
	return low
}

// bears reports whether the blocked job keeps its place when a candidate takes k parts of node n.
func (sh *shadow) bears(a *attempt, n, k int32, l *later) bool {
	then := l.without(a, k)
	room := sh.fit(a.c, a.s, n, &then, sh.at)
	cost := sh.change(a.c, n, l.room, room)
	if len(sh.rooms) > 0 {
		sh.change(a.c, n, room, l.room) // it was only a question
	}
	return sh.left+cost >= 0
}

// take books that a candidate takes k parts of node n now.
func (sh *shadow) take(a *attempt, n, k int32) {
	l := sh.look(a.c, a.s, n)
	if a.guard {
		room := l.room
		*l = l.without(a, k)
		l.room = room
		sh.set(a.c, n, sh.fit(a.c, a.s, n, l, sh.at))
	}
}

// undo books that a candidate gives a chunk back.
func (sh *shadow) undo(a *attempt, k *Chunk) {
	sh.give(a.c, a.s, &a.s.Entries[a.slot], k, &a.need)
}
