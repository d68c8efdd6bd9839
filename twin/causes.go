package twin

import (
	"cmp"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/twin/record"
)

// An event follows from another in one of three ways. It follows at once from what happens at the same instant: a feed fails,
// so a side has lost its supply, so UPSs go on battery. Or it goes on with the story of its own subject: a UPS that went on
// battery finds it empty. Or it comes later of something known to be at work: gensets run because a side is without supply,
// racks get hot because cooling has lost its power. What comes from outside (an act, a failure, a repair) follows from
// nothing, or ends what it repairs. The parent of an event is what the log shows as its cause.

// CauseState is what the next event may follow from.
type CauseState struct {
	At    float64 // the instant of Since, Root and First
	Since int64   // the last event before this instant
	Root  int64   // the last event at this instant that came from outside; 0 for none
	First int64   // at this instant, what followed first and has more follow; 0 for none
	Kind  string  // what First is an event of
	From  int64   // what First followed from
	Feed  int64   // the last event from outside about the power chain; 0 for none
	Open  []Story // that are not over, in order of their subjects
}

// Story is the last event about a thing to which something has happened that is not over. The site has no story of its own,
// it is the scene of all others, but some by their scene.
type Story struct {
	Ref   facility.Ref
	Event int64
}

func (s Story) compare(r facility.Ref) int {
	return cmp.Or(cmp.Compare(s.Ref.Kind, r.Kind), cmp.Compare(s.Ref.Index, r.Index))
}

// The scenes of the site that have stories, as indices of [facility.Site].
const (
	ofSite    int32 = iota    // no story
	ofBattery                 // behind the meter
	ofCaps    int32 = 1 << 8  // + the number of the limit
	ofPower   int32 = 1 << 16 // + [power.Topic]
)

func scene(of int32) facility.Ref { return facility.Ref{Kind: facility.Site, Index: of} }

// sceneOf returns whose story an effect of the power chain goes on with.
func sceneOf(fx *power.Effect) facility.Ref {
	if fx.Topic == power.OfThing {
		return fx.Ref
	}
	return scene(ofPower + int32(fx.Topic))
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

// arrive begins a new instant of events, if this is one.
func (c *CauseState) arrive(now float64, last int64) {
	if c.At != now {
		c.At, c.Since, c.Root, c.First, c.Kind, c.From = now, last, 0, 0, "", 0
	}
}

// goOn lets what follows at this instant follow from an event.
func (c *CauseState) goOn(event int64) { c.First, c.Kind, c.From = event, "", 0 }

// origin emits what comes from outside and opens the stories of its targets, or closes them.
func (w *World) origin(targets []facility.Ref, over bool, e record.Event) {
	c := &w.Causes
	c.arrive(w.Now, w.EventID)
	w.emit(e)
	c.Root, c.First = w.EventID, 0
	for _, r := range targets {
		if r.Kind > facility.GPU { // what computes has no stories of its own but those of its racks
			w.tell(r, over)
		}
		if feeds(r.Kind) {
			c.Feed = w.EventID
		}
	}
}

// follow emits an event about a thing that follows from others and may have more follow at once. It follows from what has
// just happened to the thing; while things happen from outside, or if it is of what changes at once, from what happens at this
// instant; else from the story that it goes on with, from what happens at this instant, or from a source that the caller knows
// of. What happens to several things at once follows from the same.
func (w *World) follow(r, story facility.Ref, over bool, source int64, e record.Event) {
	c := &w.Causes
	c.arrive(w.Now, w.EventID)
	e.Parent = w.told(r)
	if e.Parent <= c.Since {
		own, now := w.told(story), w.cause()
		if c.First != 0 && c.Kind == e.Type {
			now = c.From
		}
		sudden := own <= c.Since && (c.Root != 0 || slices.Contains(suddenly, topic(e.Type)))
		switch {
		case now != 0 && (own == 0 || sudden):
			e.Parent = now
		case own != 0:
			e.Parent = own
		default:
			e.Parent = source
		}
	}
	w.emit(e)
	if c.First == 0 {
		c.First, c.Kind, c.From = w.EventID, e.Type, e.Parent
	}
	w.tell(story, over)
}

// bear emits an event about what bears heat. It goes on with the story of the thing, or comes of what keeps heat in; nothing
// follows from it unless the caller says so.
func (w *World) bear(r facility.Ref, over bool, e record.Event) {
	w.Causes.arrive(w.Now, w.EventID)
	for _, from := range [...]int64{w.told(r), w.heatSource(), w.Causes.Root} {
		if e.Parent = from; from != 0 {
			break
		}
	}
	w.emit(e)
	w.tell(r, over)
}

// suddenly lists the topics of events that have no time of their own: supply and load change when something else does.
var suddenly = []string{"side", "ups", "cooling", "racks", "load"}

// topic is what a type of event is of.
func topic(kind string) string {
	of, _, _ := strings.Cut(kind, ".")
	return of
}

// told returns the last event of the story of a thing, 0 for none.
func (w *World) told(r facility.Ref) int64 {
	c := &w.Causes
	if i, ok := slices.BinarySearchFunc(c.Open, r, Story.compare); ok {
		return c.Open[i].Event
	}
	return 0
}

// tell makes the last event one of the story of a thing, which it may end.
func (w *World) tell(r facility.Ref, over bool) {
	c := &w.Causes
	if r == scene(ofSite) {
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

// feedSource is the last that is known to have happened to the supply of the site: what comes of it takes its time, as
// gensets do that start and sides that are switched back. What overloads come of is not known.
func (w *World) feedSource(kind string) int64 {
	if topic(kind) == "load" || kind == "breaker.trip" {
		return 0
	}
	last := w.Causes.Feed
	for _, s := range w.Causes.Open {
		if s.Ref.Kind == facility.Site && s.Ref.Index >= ofPower+int32(power.OfSides) {
			last = max(last, s.Event)
		}
	}
	return last
}

// feeds tells whether things of a kind bring power to the site.
func feeds(k facility.Kind) bool {
	return k == facility.Utility || k == facility.Transformer || k == facility.Genset
}

// heatSource is the last event about cooling that is not over: what heat that comes later is put down to.
func (w *World) heatSource() int64 {
	last := int64(0)
	for _, s := range w.Causes.Open {
		if cools(s.Ref.Kind) || s.Ref == scene(ofPower+int32(power.OfCooling)) {
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
