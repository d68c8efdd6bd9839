package viz

import (
	"slices"
	"time"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// A run can show far more than it records, and evaluating a hundred thousand GPUs costs it time. So channels of kinds
// with few things are taken at every sample, those of many things only while somebody looks, and then not more often than she
// could see, nor so often that the run is slowed down by more than a small part.
const (
	many     = 300 // things of a kind
	manyRest = 100 * time.Millisecond
	manyPart = 25               // a run rests from such channels so many times as long as they take
	interest = 30 * time.Second // for which one who asked once is taken to look
)

// wanted is what the next samples shall hold.
type wanted struct {
	few []*channel.Channel
	all []*channel.Channel // with those of many things that somebody looks at
}

// rhythm is how often all that is wanted is taken. It belongs to the goroutine of the run alone.
type rhythm struct {
	last time.Time     // when all was taken
	took time.Duration // how long that took
}

// Wants implements View.
func (r *Run) Wants() []*channel.Channel {
	w := r.wants.Load()
	if w == nil {
		w = r.want()
	}
	if len(w.all) == len(w.few) {
		return w.few
	}
	if now := time.Now(); now.Sub(r.rhythm.last) >= max(manyRest, manyPart*r.rhythm.took) {
		r.rhythm.last = now
		return w.all
	}
	return w.few
}

// want works out what is wanted.
func (r *Run) want() *wanted {
	looked := r.hub.looked()
	w := &wanted{}
	for _, c := range r.channels {
		if c.Kind == facility.Job {
			continue
		}
		if r.header.Site.Count(c.Kind) <= many {
			w.few = append(w.few, c)
		} else if looked[c] {
			w.all = append(w.all, c)
		}
	}
	w.all = append(slices.Clone(w.few), w.all...)
	r.wants.Store(w)
	return w
}

// taken notes how long it took to come to a frame, if it is of many things.
func (r *Run) taken(f *record.Frame) {
	if len(f.Values) > many {
		r.rhythm.took = time.Since(r.rhythm.last)
	}
}
