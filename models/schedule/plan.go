package schedule

import (
	"math"
	"math/bits"

	"github.com/halltwin/halltwin/models/workload"
)

// overrun is how much longer a job that has outlived its estimate is expected to run, in s. Any small number will
// do: the plan is made anew when it ends.
const overrun = 1

// plan is the future that conservative backfill sees: what is free on the nodes at any time, when all running jobs
// end as estimated and all jobs planned so far run as planned.
//
// Nodes with the same future are one cell. Where nodes need not be told apart (see alike), the site is one cell of
// one node, which offers slots, and a reservation is a number of slots; elsewhere a reservation is on certain nodes.
type plan struct {
	now    float64
	slot   *Entry  // one of the jobs that are all alike
	lone   bool    // every part fills a node
	guard  bool    // placements keep to the plan
	cells  []cell  // the first n; the others keep their memory
	n      int32   // cells in use
	nodes  []int32 // in order of cell
	at     []int32 // by node: its place in nodes
	cellOf []int32 // by node, or -1: it takes no work
	claims int32   // booked so far
	last   float64 // the last time at which anything changes, reservations aside
	moved  []int32 // slots of Entries; scratch of keep

	// the job being planned
	need   workload.Vector
	whole  bool
	parts  int32
	unit   int32 // parts that a node must take to count, under a placement that consolidates; else 0
	rest   int32 // parts left over for one more node then
	wanted int64 // parts, or nodes that take unit parts
	length float64
	entry  *Entry
	places int64 // counted by find
	rests  int64
	heap   []pick // cells by when they may get more room
}

// cell is a set of nodes with one future.
type cell struct {
	lo, hi int32 // its nodes, in plan.nodes
	cap    int32 // parts of the job being planned that each of them can take from now on
	steps  []step
	cursor int // a step at or before the time that is asked about

	claim int32 // the claim that splits this cell
	parts int32 // by taking so many parts
	child int32 // the cell that it makes; scratch of build
}

// step is what each node of a cell has free from a time on, until the next step.
type step struct {
	at    float64
	free  workload.Vector
	parts int32
}

// begin makes the plan that holds the running jobs only.
func (p *plan) begin(c *Config, s *State, now float64) {
	p.now, p.n, p.claims, p.last = now, 0, 0, now
	for _, slot := range s.Running {
		if end := s.Entries[slot].End; !math.IsInf(end, 1) {
			p.last = max(p.last, end)
		}
	}
	if len(p.at) == 0 {
		p.at, p.cellOf = make([]int32, len(s.Nodes)), make([]int32, len(s.Nodes))
	}
	if s.Apart {
		s.Apart = false
		for it := range s.Queue.All() {
			if s.Apart = s.Entries[it.Slot].First >= 0; s.Apart {
				break
			}
		}
	}
	if !s.Apart && p.alike(c, s) {
		p.beginSlots(c, s)
		return
	}
	s.Apart = true
	p.nodes = p.nodes[:0]
	byClass := int32(-1)
	for _, n := range c.byClass {
		nd := &s.Nodes[n]
		p.cellOf[n] = -1
		if nd.Down || nd.Drained {
			continue
		}
		intact := bits.OnesCount64(nd.GPUUp) == int(c.capacity[n][workload.GPU])
		if x := p.n - 1; x >= 0 && intact && byClass == c.classOf[n] {
			p.cells[x].hi++
			p.cellOf[n] = x
		} else {
			p.cellOf[n] = p.cell(int32(len(p.nodes)))
			p.cells[p.cellOf[n]].hi++
		}
		byClass = c.classOf[n]
		if !intact {
			byClass = -1
		}
		p.at[n] = int32(len(p.nodes))
		p.nodes = append(p.nodes, n)
	}
	for _, slot := range s.Running {
		e := &s.Entries[slot]
		need := demand(&e.Request)
		p.claims++
		for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
			k := &s.Chunks[ch]
			if p.cellOf[k.Node] < 0 {
				continue
			}
			x, made := p.split(k.Node, k.Parts)
			if made { // until finish, a step holds what is given back
				back := c.holds(e, k, &need)
				back[workload.GPU] = float64(bits.OnesCount64(k.GPUs & s.Nodes[k.Node].GPUUp))
				p.cells[x].steps = append(p.cells[x].steps, step{p.ends(e), back, k.Parts})
			}
		}
	}
	for x := range p.n {
		if cl := &p.cells[x]; cl.lo < cl.hi {
			cl.finish(c, s, p.nodes[cl.lo], now)
		}
	}
}

// ends returns when a running job is expected to end, later than now.
func (p *plan) ends(e *Entry) float64 {
	if e.End <= p.now {
		return p.now + overrun
	}
	return e.End
}

// finish turns what is given back into what is free.
func (cl *cell) finish(c *Config, s *State, n int32, now float64) {
	nd := &s.Nodes[n]
	cl.steps = append(cl.steps, step{})
	copy(cl.steps[1:], cl.steps)
	cl.steps[0] = step{now, nd.Free, nd.Parts}
	k := 0
	for _, st := range cl.steps[1:] {
		was := cl.steps[k]
		next := step{st.at, was.free.Add(st.free), was.parts - st.parts}
		if next.parts == 0 {
			gpus := next.free[workload.GPU]
			next.free = c.capacity[n]
			next.free[workload.GPU] = gpus
		}
		if st.at > was.at {
			k++
		}
		cl.steps[k] = next
	}
	cl.steps = cl.steps[:k+1]
}

// beginSlots makes the plan of a site of slots.
func (p *plan) beginSlots(c *Config, s *State) {
	x := p.cell(0)
	cl := &p.cells[x]
	cl.hi = 1
	free := 0.0
	for n := range s.Nodes {
		if nd := &s.Nodes[n]; !nd.Down && !nd.Drained {
			free += float64(p.slotsOf(c, int32(n)) - nd.Parts)
		}
	}
	cl.steps = append(cl.steps, step{at: p.now, free: workload.Vector{free}})
	for _, slot := range s.Running {
		e, back := &s.Entries[slot], int32(0)
		for ch := e.First; ch >= 0; ch = s.Chunks[ch].Next {
			if nd := &s.Nodes[s.Chunks[ch].Node]; !nd.Down && !nd.Drained {
				back += s.Chunks[ch].Parts
			}
		}
		free += float64(back)
		if last := &cl.steps[len(cl.steps)-1]; last.at == p.ends(e) {
			last.free[0] = free
		} else {
			cl.steps = append(cl.steps, step{at: p.ends(e), free: workload.Vector{free}})
		}
	}
}

// slotsOf returns how many slots a node has.
func (p *plan) slotsOf(c *Config, n int32) int32 {
	most := int32(math.MaxInt32)
	if p.slot.Whole || p.lone {
		most = 1
	}
	need := demand(&p.slot.Request)
	return c.room(&c.capacity[n], &need, most)
}

// cell returns a new cell without nodes, at a place in nodes.
func (p *plan) cell(lo int32) int32 {
	if int(p.n) == len(p.cells) {
		p.cells = append(p.cells, cell{})
	}
	cl := &p.cells[p.n]
	*cl = cell{lo: lo, hi: lo, steps: cl.steps[:0], child: -1}
	p.n++
	return p.n - 1
}

// split moves node n, which the current claim takes parts of, into the cell of such nodes. It returns the cell and
// whether it is new: then it still has the future of the cell that n was in.
func (p *plan) split(n, parts int32) (x int32, made bool) {
	from := p.cellOf[n]
	cl := &p.cells[from]
	if cl.claim != p.claims || cl.parts != parts {
		x = p.cell(cl.lo)
		cl = &p.cells[from] // may have moved
		p.cells[x].steps = append(p.cells[x].steps, cl.steps...)
		cl.claim, cl.parts, cl.child, made = p.claims, parts, x, true
	}
	x = cl.child
	i, first := p.at[n], p.nodes[cl.lo]
	p.nodes[i], p.nodes[cl.lo] = first, n
	p.at[first], p.at[n] = i, cl.lo
	cl.lo++
	p.cells[x].hi++
	p.cellOf[n] = x
	return x, made
}

// consider turns to another job.
func (p *plan) consider(c *Config, s *State, e *Entry) {
	p.need, p.whole, p.parts = demand(&e.Request), e.Whole, e.Parts
	p.unit, p.rest, p.wanted, p.length, p.entry = 0, 0, int64(e.Parts), c.occupancy(e), e
	if !s.Apart {
		p.need, p.whole = workload.Vector{1}, false
		return
	}
	if c.consolidates() {
		if p.unit, p.wanted = c.compact(s, &p.need, p.whole, p.parts); p.unit > 0 {
			p.wanted, p.rest = int64(p.parts/p.unit), p.parts%p.unit
		}
	}
}

// room returns how many parts of the job a node of the cell takes for its whole length from t on, and a time before
// which that will not grow.
func (p *plan) room(c *Config, s *State, cl *cell, t float64) (room int32, until float64) {
	most := p.parts
	if p.whole {
		most = 1
	}
	room, until = most, math.Inf(1)
	var aside workload.Vector // negative
	set := false
	if c.seatsOf != nil { // then nodes are told apart
		set = !c.withhold(s, p.entry, p.nodes[cl.lo], p.now, t, t+p.length, &aside)
	}
	i := cl.cursor
	for i+1 < len(cl.steps) && cl.steps[i+1].at <= t {
		i++
	}
	cl.cursor = i
	for end := t + p.length; i < len(cl.steps) && cl.steps[i].at < end; i++ {
		k := int32(0)
		if st := &cl.steps[i]; !p.whole || st.parts == 0 && !set {
			free := st.free.Add(aside)
			k = c.room(&free, &p.need, most)
		}
		if k < most && k <= room { // no window that still has this step will do better
			room, until = k, math.Inf(1)
			if i+1 < len(cl.steps) {
				until = cl.steps[i+1].at
			}
		}
	}
	if set {
		until = min(until, c.edge(t))
	}
	return room, until
}

// find returns the first time from t on at which the job finds room for its whole length, +Inf when there is none.
//
// It goes from one time at which a cell may get more room to the next. What a cell had room for at an earlier time is
// at least what it has now, up to then; so all cells are asked again only when the sum of that suffices.
func (p *plan) find(c *Config, s *State, t float64) float64 {
	p.places, p.rests = 0, 0
	h := p.heap[:0]
	for x := range p.n {
		if cl := &p.cells[x]; cl.lo < cl.hi {
			cl.cap, cl.cursor = 0, 0
			h = append(h, pick{p.measure(c, s, x, t), x})
		}
	}
	p.heap = h
	heapify(h)
	for measured := true; ; measured = false {
		if p.enough() && !measured {
			for i := range h {
				h[i].score = p.measure(c, s, h[i].node, t)
			}
			heapify(h)
		}
		if p.enough() {
			return t
		}
		if len(h) == 0 || math.IsInf(h[0].score, 1) || c.seatsOf != nil && h[0].score > c.beyond(p.last) {
			return math.Inf(1)
		}
		for t = h[0].score; h[0].score <= t; sift(h, 0) {
			h[0].score = p.measure(c, s, h[0].node, t)
		}
	}
}

// enough reports whether the places counted so far take the job.
func (p *plan) enough() bool {
	return p.places >= p.wanted && (p.rest == 0 || p.rests > p.wanted)
}

// measure counts the room of cell x at time t in place of what it was, and returns a time before which that will not
// grow.
func (p *plan) measure(c *Config, s *State, x int32, t float64) float64 {
	cl := &p.cells[x]
	was := cl.cap
	room, until := p.room(c, s, cl, t)
	cl.cap = room
	size := int64(cl.hi - cl.lo)
	if p.unit == 0 {
		p.places += size * int64(room-was)
	} else {
		p.places += size * (place(room >= p.unit) - place(was >= p.unit))
		p.rests += size * (place(room >= p.rest) - place(was >= p.rest))
	}
	return until
}

// book claims room for the job from t on. Where nodes are told apart, it notes which: nodes that are busy now before
// others, so that little of what is free now is spoken for.
func (p *plan) book(c *Config, s *State, t float64) {
	p.claims++
	if !s.Apart {
		p.cells[0].take(t, t+p.length, workload.Vector{float64(p.parts)}, 0)
		return
	}
	left := p.parts
	for pass := 0; pass < 2; pass++ {
		cells := p.n
		for x := int32(0); x < cells && left > 0; x++ {
			if cl := &p.cells[x]; cl.lo == cl.hi || (cl.steps[0].parts > 0) != (pass == 0) {
				continue
			}
			p.cells[x].cursor = 0
			room, _ := p.room(c, s, &p.cells[x], t)
			if p.unit > 0 && room >= p.unit {
				room = p.unit
			}
			for left > p.rest && room >= max(p.unit, 1) && p.cells[x].lo < p.cells[x].hi {
				left -= p.note(c, s, x, t, min(room, left))
			}
		}
	}
	for x := int32(0); left > 0 && x < p.n; x++ { // the rest of a job that consolidates
		if p.cells[x].lo == p.cells[x].hi {
			continue
		}
		p.cells[x].cursor = 0
		if room, _ := p.room(c, s, &p.cells[x], t); room >= left {
			left -= p.note(c, s, x, t, left)
		}
	}
}

// note claims k parts on the first node of a cell for the job, and returns k.
func (p *plan) note(c *Config, s *State, x int32, t float64, k int32) int32 {
	n, ch := p.nodes[p.cells[x].lo], s.chunk()
	s.Chunks[ch] = Chunk{Node: n, Parts: k, Next: p.entry.First}
	p.entry.First = ch
	p.bookNode(c, n, t, k)
	return k
}

// bookNode claims k parts on node n; fewer than none are given back.
func (p *plan) bookNode(c *Config, n int32, t float64, k int32) {
	x, made := p.split(n, k)
	if !made {
		return
	}
	held := p.need
	if p.whole {
		held = c.capacity[n]
		if k < 0 {
			held = workload.Vector{}.Sub(held)
		}
	} else {
		for i := range held {
			held[i] *= float64(k)
		}
	}
	end := t + p.length
	if !math.IsInf(end, 1) {
		p.last = max(p.last, end)
	}
	p.cells[x].take(t, end, held, k)
}

// take claims an amount in [t, end).
func (cl *cell) take(t, end float64, held workload.Vector, parts int32) {
	i := cl.cut(t)
	j := len(cl.steps)
	if !math.IsInf(end, 1) {
		j = cl.cut(end)
	}
	for ; i < j; i++ {
		cl.steps[i].free = cl.steps[i].free.Sub(held)
		cl.steps[i].parts += parts
	}
}

// cut makes a step begin at t and returns its index.
func (cl *cell) cut(t float64) int {
	i := len(cl.steps)
	for i > 0 && cl.steps[i-1].at > t {
		i--
	}
	if i > 0 && cl.steps[i-1].at == t {
		return i - 1
	}
	cl.steps = append(cl.steps, step{})
	copy(cl.steps[i+1:], cl.steps[i:])
	cl.steps[i] = cl.steps[i-1]
	cl.steps[i].at = t
	return i
}
