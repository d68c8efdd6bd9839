package schedule

import (
	"iter"
	"math"
	"math/bits"
	"slices"

	"github.com/halltwin/halltwin/models/workload"
)

// Line is the queue: items in order of Key, then Seq, in blocks, so that a job joins and leaves at the cost of its block and a
// pass goes by a block in which nobody can start.
type Line struct {
	Blocks []Block // none of them is empty
	Count  int32   // items in all
}

// Block is a stretch of the queue.
type Block struct {
	Items []Item
	Last  uint64 // no item has a later Seq

	least summary `state:"-"`
}

// blockSize is the number of items at which a block is divided in two.
const blockSize = 512

// summary is what the items of a block ask for: by shape, and the least by class. What keeps one job of a class from starting
// keeps all of it that ask for more.
type summary struct {
	known bool
	odd   bool            // an item of it has no shape
	has   shapeSet        // shapes of its items
	spans [shapes]float64 // by shape: the shortest span, s
	jobs  [classes]least
}

// The classes: jobs of one part by level, up to 8 and then by powers of two; gangs by powers of two of their parts; whole nodes
// likewise.
const (
	lone    = 0
	gangs   = 13
	wholes  = 20
	classes = 24
)

// least is the least that jobs of a class ask for; nobody is in a class of which parts is 0.
type least struct {
	part  workload.Vector
	span  float64
	parts int32
	level int32
}

func (it *Item) class() int {
	power := func(n int32, from, to int) int { return min(from+bits.Len32(uint32(n))-1, to-1) }
	switch {
	case it.Whole:
		return power(it.Parts, wholes, classes)
	case it.Parts > 1:
		return power(it.Parts, gangs-1, wholes)
	case it.Level > 8:
		return power(it.Level/8, lone+9, gangs)
	}
	return lone + int(it.Level)
}

// All returns the items in order.
func (q *Line) All() iter.Seq[*Item] {
	return func(yield func(*Item) bool) {
		for b := range q.Blocks {
			items := q.Blocks[b].Items
			for i := range items {
				if !yield(&items[i]) {
					return
				}
			}
		}
	}
}

// find returns the block and the place in it where an item stands or would stand.
func (q *Line) find(it Item) (b, i int) {
	b, _ = slices.BinarySearchFunc(q.Blocks, it, func(x Block, it Item) int { return before(x.Items[len(x.Items)-1], it) })
	if b == len(q.Blocks) {
		return b, 0
	}
	i, _ = slices.BinarySearchFunc(q.Blocks[b].Items, it, before)
	return b, i
}

// insert puts an item in its place.
func (q *Line) insert(it Item, part *workload.Vector) {
	q.Count++
	b, i := q.find(it)
	if b == len(q.Blocks) {
		if b--; b < 0 || len(q.Blocks[b].Items) >= blockSize/2 {
			b++
			q.Blocks = append(q.Blocks, Block{})
			q.Blocks[b].least.known = true
		}
		i = len(q.Blocks[b].Items)
	}
	x := &q.Blocks[b]
	x.Items = slices.Insert(x.Items, i, it)
	x.Last = max(x.Last, it.Seq)
	if x.least.known {
		x.least.add(&it, part)
	}
	if len(x.Items) >= blockSize {
		half := Block{Items: slices.Clone(x.Items[blockSize/2:]), Last: x.Last}
		x.Items, x.least.known = x.Items[:blockSize/2], false
		q.Blocks = slices.Insert(q.Blocks, b+1, half)
	}
}

// remove takes an item out and returns it; only its rank is read.
func (q *Line) remove(it Item) Item {
	b, i := q.find(it)
	x := &q.Blocks[b]
	it = x.Items[i]
	x.Items = slices.Delete(x.Items, i, i+1)
	x.least.known = false
	q.Count--
	switch n := len(x.Items); {
	case n == 0:
		q.Blocks = slices.Delete(q.Blocks, b, b+1)
	case b+1 < len(q.Blocks) && n+len(q.Blocks[b+1].Items) <= blockSize/4: // what has become small
		x.Items, x.Last = append(x.Items, q.Blocks[b+1].Items...), max(x.Last, q.Blocks[b+1].Last)
		q.Blocks = slices.Delete(q.Blocks, b+1, b+2)
	}
	return it
}

// Shape is what a waiting job asks for. Jobs come in few shapes, and where one finds no place none of its shape does.
type Shape struct {
	Part  workload.Vector
	Parts int32
	Whole bool
	Level int32 // free units of the indexed resource that a node needs for a part
	Count int32 // jobs that wait
}

// shapes is the number of shapes that are told apart.
const shapes = 256

// shapeSet is a set of shapes.
type shapeSet [shapes / 64]uint64

func (m *shapeSet) has(shape int32) bool { return m[shape>>6]>>(shape&63)&1 == 1 }
func (m *shapeSet) add(shape int32)      { m[shape>>6] |= 1 << (shape & 63) }
func (m *shapeSet) drop(shape int32)     { m[shape>>6] &^= 1 << (shape & 63) }

// shape counts a job that joins the queue to its shape.
func (s *State) shape(r *Request, level int32) int32 {
	free := int32(-1)
	for i := range s.Shapes {
		switch x := &s.Shapes[i]; {
		case x.Count == 0:
			if free < 0 {
				free = int32(i)
			}
		case x.Parts == r.Parts && x.Whole == r.Whole && x.Part == r.Part:
			x.Count++
			return int32(i)
		}
	}
	if free < 0 {
		if free = int32(len(s.Shapes)); free == shapes {
			return -1
		}
		s.Shapes = append(s.Shapes, Shape{})
	}
	s.Shapes[free] = Shape{r.Part, r.Parts, r.Whole, level, 1}
	return free
}

// dequeue takes an item out of the queue; only its rank is read.
func (s *State) dequeue(it Item) {
	if it = s.Queue.remove(it); it.Shape >= 0 {
		s.Shapes[it.Shape].Count--
	}
}

// sort puts the items into the order of their new keys.
func (q *Line) sort(all []Item) []Item {
	all = all[:0]
	for _, x := range q.Blocks {
		all = append(all, x.Items...)
	}
	slices.SortFunc(all, before)
	i := 0
	for b := range q.Blocks {
		x := &q.Blocks[b]
		i += copy(x.Items, all[i:])
		x.Last, x.least.known = 0, false
		for k := range x.Items {
			x.Last = max(x.Last, x.Items[k].Seq)
		}
	}
	return all
}

func (q *Line) clone() Line {
	c := *q
	c.Blocks = slices.Clone(q.Blocks)
	for b := range c.Blocks {
		c.Blocks[b].Items = slices.Clone(c.Blocks[b].Items)
	}
	return c
}

// add enters an item.
func (m *summary) add(it *Item, part *workload.Vector) {
	switch k := it.Shape; {
	case k < 0:
		m.odd = true
	case !m.has.has(k):
		m.has.add(k)
		m.spans[k] = it.Span
	default:
		m.spans[k] = min(m.spans[k], it.Span)
	}
	l := &m.jobs[it.class()]
	if l.parts == 0 {
		*l = least{*part, it.Span, it.Parts, it.Level}
		return
	}
	for i := range l.part {
		l.part[i] = min(l.part[i], part[i])
	}
	l.span, l.parts, l.level = min(l.span, it.Span), min(l.parts, it.Parts), min(l.level, it.Level)
}

// summarise brings a block's summary up to date.
func (x *Block) summarise(s *State) {
	if x.least.known {
		return
	}
	m := &x.least
	m.known, m.odd, m.has, m.jobs = true, false, shapeSet{}, [classes]least{} // spans of shapes that are not there are not read
	for i := range x.Items {
		it := &x.Items[i]
		x.least.add(it, &s.Entries[it.Slot].Part)
	}
}

// idle reports whether none of the items of a block can start while the first job of the queue is blocked: to look at them
// one by one would not lead to an attempt.
func (c *Config) idle(s *State, x *Block, now float64) bool {
	if c.seatsOf != nil || c.limits != nil {
		return false
	}
	x.summarise(s)
	sc := s.scratch
	sh, f := &sc.shadow, &sc.failed
	if !x.least.odd {
		return c.idleShapes(s, &x.least, now)
	}
	for k := range x.least.jobs {
		l := &x.least.jobs[k]
		whole := k >= wholes
		if l.parts == 0 || c.hopeless(s, &Item{Parts: l.parts, Level: l.level, Whole: whole}) {
			continue
		}
		if c.backfill == easy && !sh.live {
			return false
		}
		short, long := true, false // whether there may be jobs that do not touch the shadow, and that do
		if c.backfill == easy {
			short, long = now+l.span <= sh.at, !math.IsInf(sh.at, 1)
		}
		if short && !f[0].covers(&l.part, l.parts, whole, 0) || long && !f[1].covers(&l.part, l.parts, whole, 0) {
			return false
		}
	}
	return true
}

// idleShapes is idle for a block of which every item has a shape: a shape that has found no place in this pass, or that a glance
// at the index shows to be hopeless, does not count.
func (c *Config) idleShapes(s *State, m *summary, now float64) bool {
	sc := s.scratch
	sh, lacks := &sc.shadow, sc.hopelessShapes(c, s)
	shadowed := c.backfill == easy && !math.IsInf(sh.at, 1)
	for w, has := range m.has {
		if has &^= lacks[w]; has == 0 {
			continue
		}
		if c.backfill == easy && !sh.live || shadowed && has&^sc.dead[0][w]&^sc.dead[1][w] != 0 {
			return false // for all that is known, one of them may start beside the shadow
		}
		for left := has &^ sc.dead[0][w]; left != 0; left &= left - 1 {
			if c.backfill != easy || now+m.spans[w<<6+bits.TrailingZeros64(left)] <= sh.at {
				return false
			}
		}
	}
	return true
}

// hopelessShapes returns the shapes that cannot fit now, as [Config.hopeless] has it.
func (sc *scratch) hopelessShapes(c *Config, s *State) *shapeSet {
	if !sc.counted {
		sc.counted, sc.lacks = true, shapeSet{}
		for k := range s.Shapes {
			if x := &s.Shapes[k]; x.Count > 0 && c.hopeless(s, &Item{Parts: x.Parts, Level: x.Level, Whole: x.Whole}) {
				sc.lacks.add(int32(k))
			}
		}
	}
	return &sc.lacks
}
