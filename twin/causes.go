package twin

import (
	"cmp"
	"slices"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// An event follows from another in one of two ways. Either it goes on with the story of its own subject: a UPS that went on
// battery finds it empty. Or it follows at once from what happens at the same instant: a feed fails, so a side has lost its
// supply, so UPSs go on battery. What comes from outside (an act, a failure, a repair) follows from nothing, or ends what it
// repairs. The parent of an event is what the log shows as its cause.

// CauseState is what the next event may follow from.
type CauseState struct {
	At    float64 // the instant of Root and First
	Root  int64   // the last event at this instant that came from outside; 0 for none
	First int64   // the first at this instant that followed; 0 for none
	Open  []Story // that are not over, in order of their subjects
}

// Story is the last event about a thing to which something has happened that is not over.
type Story struct {
	Ref   facility.Ref
	Event int64
}

func (s Story) compare(r facility.Ref) int {
	return cmp.Or(cmp.Compare(s.Ref.Kind, r.Kind), cmp.Compare(s.Ref.Index, r.Index))
}

// cause returns the event at this instant that another follows from, 0 for none.
func (w *World) cause() int64 {
	c := &w.Causes
	switch {
	case c.At != w.Now:
		return 0
	case c.First != 0:
		return c.First
	}
	return c.Root
}

// origin emits what comes from outside and opens the stories of its targets, or closes them.
func (w *World) origin(targets []facility.Ref, over bool, e record.Event) {
	w.emit(e)
	c := &w.Causes
	if c.At != w.Now {
		c.First = 0
	}
	c.At, c.Root = w.Now, w.EventID
	for _, r := range targets {
		if r.Kind > facility.GPU { // what computes has no stories of its own but those of its racks
			w.tell(r, over)
		}
	}
}

// follow emits an event about a thing that follows from others: from its own story if it has one, else from what happens at
// this instant, else from a source that the caller knows of.
func (w *World) follow(r facility.Ref, over bool, source int64, e record.Event) {
	c := &w.Causes
	if i, ok := slices.BinarySearchFunc(c.Open, r, Story.compare); ok {
		e.Parent = c.Open[i].Event
	} else if e.Parent = w.cause(); e.Parent == 0 {
		e.Parent = source
	}
	w.emit(e)
	if c.At != w.Now {
		c.At, c.Root, c.First = w.Now, 0, 0
	}
	if c.First == 0 {
		c.First = w.EventID
	}
	w.tell(r, over)
}

// tell makes the last event one of the story of a thing, which it may end. The site has no story of its own: it is the scene
// of all others.
func (w *World) tell(r facility.Ref, over bool) {
	c := &w.Causes
	if r.Kind == facility.Site {
		return
	}
	i, ok := slices.BinarySearchFunc(c.Open, r, Story.compare)
	switch {
	case ok && over:
		c.Open = slices.Delete(c.Open, i, i+1)
	case ok:
		c.Open[i].Event = w.EventID
	case !over:
		c.Open = slices.Insert(c.Open, i, Story{r, w.EventID})
	}
}

// heatSource is the last event about cooling that is not over: what heat that comes later is put down to.
func (w *World) heatSource() int64 {
	last := int64(0)
	for _, s := range w.Causes.Open {
		if cools(s.Ref.Kind) {
			last = max(last, s.Event)
		}
	}
	return last
}

// cools tells whether things of a kind take heat away.
func cools(k facility.Kind) bool {
	switch k {
	case facility.CRAH, facility.InRow, facility.RearDoor, facility.CDU, facility.Pump, facility.Chiller, facility.Tower, facility.DryCooler:
		return true
	}
	return false
}
