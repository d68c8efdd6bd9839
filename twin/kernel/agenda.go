package kernel

import (
	"fmt"
	"math"
	"slices"
)

// Event is a decision that is due at a time. It is plain data: what it means is up to the world that handles it.
type Event struct {
	At      float64 // s
	Seq     uint64  // order of pushing, given by the agenda
	Subject int32   // what it happens to: an index that Kind gives its meaning
	Gen     uint32  // generation of the subject; the handler ignores an event whose generation has passed
	Phase   uint8   // order within an instant
	Kind    uint8
}

// before is the order of handling: time, then phase, then first in, first out.
func (e *Event) before(o *Event) bool {
	if e.At != o.At {
		return e.At < o.At
	}
	if e.Phase != o.Phase {
		return e.Phase < o.Phase
	}
	return e.Seq < o.Seq
}

func compare(a, b Event) int {
	if a.before(&b) {
		return -1
	}
	if b.before(&a) {
		return 1
	}
	return 0
}

// Agenda holds the pending events of a world and gives them back in order of (time, phase, sequence). The zero
// value is empty and ready. It is plain data: [Agenda.Clone] forks it, [Hash] and [Encode] see its events in order,
// whatever its inner arrangement.
//
// Inside it is a ladder of two rungs (after Tang, Goh and Thng, ACM TOMACS 15(3), 2005). Events of the near future
// stand in a heap; those of the time after that lie unsorted in buckets of equal width, each poured into the heap
// when its time has come; the rest lies in one unsorted heap of paper, from which new buckets are laid out when the
// old ones are empty. So pushing and popping cost constant time for well spread events, and the logarithm of a heap
// at worst, whatever the spread.
type Agenda struct {
	seq  uint64
	last float64 // time of the last event popped

	near []Event // 4-ary heap: everything before bucket cur

	start, perWidth float64 // bucket i holds start + i/perWidth and later
	cur             int32   // first bucket that has not been poured
	heads           []int32 // by bucket: 1 + its first entry, or 0
	entries         []entry
	free            int32 // 1 + first unused entry, or 0
	listed          int32 // entries in use

	far []Event // everything after the last bucket; empty when there are no buckets
}

type entry struct {
	Event
	next int32
}

// Below spill events the heap alone is fastest.
const spill = 64

// Len returns the number of pending events.
func (a *Agenda) Len() int { return len(a.near) + int(a.listed) + len(a.far) }

// Push adds an event; its Seq is assigned. An event at +Inf never comes and is dropped, so that "when does this
// next change?" may answer "never". An event before the last one popped, or at no time at all, is a bug and panics.
func (a *Agenda) Push(e Event) {
	if !(e.At >= a.last) {
		panic(fmt.Sprintf("kernel: event of kind %d at %v s is pushed when it is %v s already", e.Kind, e.At, a.last))
	}
	if e.At > math.MaxFloat64 {
		return
	}
	e.Seq = a.seq
	a.seq++
	a.put(e)
	if len(a.near) > spill && len(a.heads) == 0 {
		a.far, a.near = append(a.far, a.near...), a.near[:0]
		a.layOut()
	}
}

// put files an event where it belongs.
func (a *Agenda) put(e Event) {
	b := (e.At - a.start) * a.perWidth
	switch {
	case len(a.heads) == 0 || b < float64(a.cur):
		a.rise(e)
	case b >= float64(len(a.heads)):
		a.far = append(a.far, e)
	default:
		a.list(int32(b), e)
	}
}

// list puts an event into a bucket.
func (a *Agenda) list(b int32, e Event) {
	i := a.free
	if i > 0 {
		a.free = a.entries[i-1].next
		a.entries[i-1] = entry{e, a.heads[b]}
	} else {
		a.entries = append(a.entries, entry{e, a.heads[b]})
		i = int32(len(a.entries))
	}
	a.heads[b] = i
	a.listed++
}

// Next returns the time of the earliest pending event, +Inf when there is none.
func (a *Agenda) Next() float64 {
	if !a.fill() {
		return math.Inf(1)
	}
	return a.near[0].At
}

// Pop removes and returns the earliest event if it is due at or before until.
func (a *Agenda) Pop(until float64) (Event, bool) {
	if !a.fill() || !(a.near[0].At <= until) {
		return Event{}, false
	}
	e := a.near[0]
	last := len(a.near) - 1
	moved := a.near[last]
	a.near = a.near[:last]
	if last > 0 {
		a.sink(0, moved)
	}
	a.last = e.At
	return e, true
}

// fill makes sure that the heap holds the earliest event, and reports whether there is one.
func (a *Agenda) fill() bool {
	for len(a.near) == 0 {
		if a.listed == 0 {
			if len(a.far) == 0 {
				a.heads = a.heads[:0]
				return false
			}
			if len(a.far) <= spill {
				a.heads = a.heads[:0]
				a.near, a.far = append(a.near, a.far...), a.far[:0]
				a.heapify()
				return true
			}
			a.layOut()
		}
		for a.heads[a.cur] == 0 {
			a.cur++
		}
		i := a.heads[a.cur]
		a.heads[a.cur] = 0
		a.cur++
		for i > 0 {
			x := &a.entries[i-1]
			a.near = append(a.near, x.Event)
			i, x.next, a.free = x.next, a.free, i
			a.listed--
		}
		a.heapify()
	}
	return true
}

// layOut lays new buckets over the nearer half of the far events and distributes them. The far list must not be
// empty, the buckets must be.
func (a *Agenda) layOut() {
	n := len(a.far)
	first, last := math.Inf(1), math.Inf(-1)
	for i := range a.far {
		first, last = min(first, a.far[i].At), max(last, a.far[i].At)
	}
	buckets := min(max(n/2, 16), 1<<20)
	a.start, a.cur = first, 0
	a.entries, a.free = a.entries[:0], 0 // filled again from the front, in order
	a.heads = slices.Grow(a.heads[:0], buckets)[:buckets]
	clear(a.heads)

	// Two events a bucket up to the median, which a sample tells well enough …
	var sample [64]float64
	step := max(1, n/len(sample))
	s := sample[:0]
	for i := 0; i < n && len(s) < len(sample); i += step {
		s = append(s, a.far[i].At)
	}
	slices.Sort(s)
	a.perWidth = perWidth(float64(n/4+1), s[len(s)/2]-first)
	inside := 0
	for i := range a.far {
		if (a.far[i].At-first)*a.perWidth < float64(buckets) {
			inside++
		}
	}
	if inside < n/8 { // … unless times are clustered in a way that deceives it: then everything goes in.
		a.perWidth = perWidth(float64(buckets)*(1-1e-9), last-first)
	}

	keep := a.far[:0]
	for _, e := range a.far {
		if b := (e.At - first) * a.perWidth; b < float64(buckets) {
			a.list(int32(b), e)
		} else {
			keep = append(keep, e)
		}
	}
	a.far = keep
}

// perWidth returns n buckets over a span, finite also where the span is nothing.
func perWidth(n, span float64) float64 {
	if d := n / span; d < 1e300 {
		return max(d, 1e-300)
	}
	return 1e300
}

// rise adds an event to the heap.
func (a *Agenda) rise(e Event) {
	a.near = append(a.near, e)
	h := a.near
	i := len(h) - 1
	for i > 0 {
		p := (i - 1) / 4
		if !e.before(&h[p]) {
			break
		}
		h[i] = h[p]
		i = p
	}
	h[i] = e
}

// sink puts an event at position i of the heap and lets it down to where it belongs.
func (a *Agenda) sink(i int, e Event) {
	h := a.near
	for {
		c := 4*i + 1
		if c >= len(h) {
			break
		}
		least := c
		for j := c + 1; j < min(c+4, len(h)); j++ {
			if h[j].before(&h[least]) {
				least = j
			}
		}
		if !h[least].before(&e) {
			break
		}
		h[i] = h[least]
		i = least
	}
	h[i] = e
}

func (a *Agenda) heapify() {
	for i := (len(a.near) - 2) / 4; i >= 0 && len(a.near) > 1; i-- {
		a.sink(i, a.near[i])
	}
}

// Events returns the pending events in order.
func (a *Agenda) Events() []Event {
	all := make([]Event, 0, a.Len())
	all = append(all, a.near...)
	for _, i := range a.heads {
		for ; i > 0; i = a.entries[i-1].next {
			all = append(all, a.entries[i-1].Event)
		}
	}
	all = append(all, a.far...)
	slices.SortFunc(all, compare)
	return all
}

// Keep drops the events for which live is false, typically those whose generation has passed. It is worth its
// linear cost when most events are stale.
func (a *Agenda) Keep(live func(Event) bool) {
	events := a.Events()
	kept := events[:0]
	for _, e := range events {
		if live(e) {
			kept = append(kept, e)
		}
	}
	a.restore(kept)
}

// restore replaces the pending events by the given ones, in order, which keep their sequence numbers.
func (a *Agenda) restore(events []Event) {
	*a = Agenda{seq: a.seq, last: a.last}
	if len(events) > spill {
		a.far = slices.Clone(events)
		a.layOut()
	} else {
		a.near = slices.Clone(events) // in order is a heap already
	}
}

// Clone returns an independent copy.
func (a *Agenda) Clone() Agenda {
	c := *a
	c.near = slices.Clone(a.near)
	c.heads = slices.Clone(a.heads)
	c.entries = slices.Clone(a.entries)
	c.far = slices.Clone(a.far)
	return c
}
