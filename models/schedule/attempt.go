package schedule

import (
	"math"

	"github.com/halltwin/halltwin/models/workload"
)

// attempt is one try to place one job. Parts are taken from the nodes at once and given back if not all of them
// find a place, so that a placement never sees anything but the truth.
type attempt struct {
	c    *Config
	s    *State
	slot int32
	need workload.Vector
	all  int32 // parts of the job
	want int32 // parts still without a place
	last int32 // tail of the chain of chunks, or -1

	level int32   // least level of a node worth looking at
	whole bool    // a part takes an empty node
	from  float64 // now
	until float64 // when the job would end
	guard bool    // it would end after the blocked job's reserved start
	only  int32   // the reservation whose nodes alone may be used, or -1
	mark  uint32  // of this attempt in scratch.marked

	device int8 // that the placement chose for a share, or -1
}

// scratch saves allocation and work between and within passes.
type scratch struct {
	try    attempt
	shadow shadow
	plan   plan

	marked  []uint32 // by node: the attempt that took of it last
	chunkAt []int32  // by node: its chunk in that attempt
	attempt uint32

	bounds []int32 // by level: how many parts of that size may fit at most, or -1: not counted
	failed [2]failures
	dead   [2]shapeSet // found no place in this pass, unguarded and guarded

	lacks   shapeSet // hopeless, where counted
	counted bool

	slices []Slice
	items  []Item  // of a moving order
	gone   []Item  // that this pass starts
	picks  []pick  // of the scored placements
	rooms  []int32 // by group
	tables []roomTable
	log    changes
	asked  uint64
	sizes  []size
	times  []float64 // of completion-time estimates
	freed  []float64

	now       float64    // of this pass
	standing  []standing // running jobs by rank
	chosen    []*Item
	may       []standing // that a job may preempt
	turns     []turn
	usage     []workload.Vector
	lifted    []standing  // that make room in this pass
	stretched []stretched // elastic jobs that may change their size
	stopped   bool        // somebody was stopped in this pass
}

func (c *Config) scratch(s *State) *scratch {
	if s.scratch == nil {
		s.scratch = &scratch{
			marked:  make([]uint32, len(c.capacity)),
			chunkAt: make([]int32, len(c.capacity)),
			bounds:  make([]int32, c.top+2),
			rooms:   make([]int32, c.groups.count()),
		}
	}
	return s.scratch
}

// failures remembers the least demands that found no place in this pass: nothing that asks for more will.
type failures struct {
	n    int
	kept [8]failure
}

type failure struct {
	part  workload.Vector
	parts int32
	whole bool
	until float64
}

func (f *failures) covers(part *workload.Vector, parts int32, whole bool, until float64) bool {
	for i := range f.kept[:f.n] {
		k := &f.kept[i]
		if parts >= k.parts && (whole || !k.whole) && until >= k.until && k.part.Fits(*part) {
			return true
		}
	}
	return false
}

func (f *failures) add(e *Entry, until float64) {
	k := failure{e.Part, e.Parts, e.Whole, until}
	if f.n < len(f.kept) {
		f.kept[f.n] = k
		f.n++
		return
	}
	copy(f.kept[:], f.kept[1:])
	f.kept[f.n-1] = k
}

// hopeless reports whether a glance at the index shows that the job cannot fit now.
func (c *Config) hopeless(s *State, it *Item) bool {
	if it.Whole {
		return it.Parts > s.Empties
	}
	b := &s.scratch.bounds[it.Level]
	if *b < 0 {
		*b = c.bound(s, it.Level)
	}
	return it.Parts > *b
}

// bound returns how many parts of level units each fit at most: a node with k·level free units or more counts k times.
func (c *Config) bound(s *State, level int32) int32 {
	switch {
	case int(level) > c.top || s.Count[level] == 0:
		return 0
	case level == 0 || c.top == maxLevel:
		return math.MaxInt32
	}
	sum := int32(0)
	for l := level; int(l) <= c.top; l += level {
		sum += s.Count[l]
	}
	return sum
}

// place tries to give the job of a slot its nodes, from now on. guard protects the shadow; only confines it to the
// nodes of a reservation. It reports whether the job now holds them.
func (c *Config) place(s *State, slot int32, now float64, guard bool, only int32) bool {
	sc, e := s.scratch, &s.Entries[slot]
	sc.attempt++
	if sc.attempt == 0 { // the counter went round: forget all marks
		clear(sc.marked)
		sc.attempt = 1
	}
	a := &sc.try
	*a = attempt{
		c: c, s: s, slot: slot, need: demand(&e.Request), all: e.Parts, want: e.Parts, last: -1,
		whole: e.Whole, from: now, until: now + c.occupancy(e), guard: guard, only: only, mark: sc.attempt, device: -1,
	}
	a.level = c.levelOf(&a.need)
	if int(a.level) <= c.top && c.placement.place(a) && a.want == 0 {
		return true
	}
	a.undo()
	return false
}

// room returns how many of the parts still wanted node n can take.
func (a *attempt) room(n int32) int32 { return a.roomFor(n, a.want) }

// roomFor returns how many of k parts node n can take.
func (a *attempt) roomFor(n, k int32) int32 {
	nd := &a.s.Nodes[n]
	if nd.Level < 0 {
		return 0
	}
	if a.whole {
		if nd.Parts > 0 {
			return 0
		}
		k = 1
	}
	if a.c.seatsOf != nil {
		free := nd.Free
		if !a.c.withhold(a.s, &a.s.Entries[a.slot], n, a.from, a.from, a.until, &free) && a.whole {
			return 0
		}
		if a.only >= 0 && !a.c.seatedAt(n, a.only) {
			return 0
		}
		k = a.c.room(&free, &a.need, k)
	} else {
		k = a.c.roomOn(a.s, n, &nd.Free, &a.need, k)
	}
	if a.c.limits != nil && k > 0 {
		k = a.c.affords(a.s, n, k, a.s.Entries[a.slot].Draw)
	}
	if p := &a.s.scratch.plan; p.guard {
		most := p.cells[p.cellOf[n]].cap
		if a.s.scratch.marked[n] == a.mark {
			most -= a.s.Chunks[a.s.scratch.chunkAt[n]].Parts
		}
		k = min(k, most)
	}
	if a.guard && k > 0 {
		k = a.s.scratch.shadow.spare(a, n, k)
	}
	return k
}

// take gives k parts a place on node n. k must not exceed room(n).
func (a *attempt) take(n, k int32) {
	sc := a.s.scratch
	if sc.shadow.live {
		sc.shadow.take(a, n, k)
	}
	e := &a.s.Entries[a.slot]
	var gpus uint64
	if e.Share > 0 {
		gpus = a.c.lend(a.s, n, int(a.device), &a.need)
	} else {
		gpus = a.c.allot(a.s, n, k, &a.need, a.whole)
	}
	a.c.occupy(a.s, e, n, &a.need, float64(k))
	a.c.draw(a.s, n, float64(k)*e.Draw)
	a.want -= k
	if sc.marked[n] == a.mark {
		ch := &a.s.Chunks[sc.chunkAt[n]]
		ch.GPUs |= gpus
		ch.Parts += k
		return
	}
	ch := a.s.chunk()
	a.s.Chunks[ch] = Chunk{GPUs: gpus, Node: n, Parts: k, Next: -1}
	if a.last < 0 {
		e.First = ch
	} else {
		a.s.Chunks[a.last].Next = ch
	}
	a.last = ch
	sc.marked[n], sc.chunkAt[n] = a.mark, ch
}

// undo gives everything back.
func (a *attempt) undo() {
	if a.last < 0 {
		return
	}
	e := &a.s.Entries[a.slot]
	if sh := &a.s.scratch.shadow; sh.live && a.guard {
		for ch := e.First; ch >= 0; ch = a.s.Chunks[ch].Next {
			sh.undo(a, &a.s.Chunks[ch])
		}
	}
	a.c.free(a.s, a.slot)
	a.want, a.last = a.all, -1
}

// estimate returns the run time to count on.
func (e *Entry) estimate() float64 {
	if e.Estimate > 0 {
		return e.Estimate
	}
	return math.Inf(1)
}

// occupancy returns how long the job is expected to hold its nodes.
func (c *Config) occupancy(e *Entry) float64 { return e.estimate() + c.holdExtra }
