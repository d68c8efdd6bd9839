package device

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
)

// Filter holds back what cannot be: values out of their quantity's range, sentinels, counters that fall, readings
// that are older than the one before or from the future, and devices that claim another's key. What it held back it
// counts, by device and by reason.
type Filter struct {
	// Ahead is how far a reading's time may be after the receiver's; 0 is 5 s.
	Ahead time.Duration

	owner map[string]string // by key: the device that has it
	last  map[string]*seen
	held  map[Held]int
}

// seen is what a device told last.
type seen struct {
	at     time.Time
	values [quantities]float64
}

// Held is a reason for which something was held back.
type Held struct {
	Device string `json:"device"`
	What   string `json:"what"` // a quantity, or "reading"
	Why    string `json:"why"`
}

// HeldCount is a reason and how often.
type HeldCount struct {
	Held
	Count int `json:"count"`
}

// quiet is how long the owner of a key must have been silent before another may have it: GPUs are renumbered when one
// is lost.
const quiet = 10 * time.Second

// claim notes whose key it is and reports whether the device may have it: two cannot have one.
func (f *Filter) claim(d *Identity, at time.Time) bool {
	if f.owner == nil {
		f.owner, f.last, f.held = map[string]string{}, map[string]*seen{}, map[Held]int{}
	}
	name := d.Host + "/" + d.Name()
	if was, ok := f.owner[d.Key]; ok && was != name && at.Sub(f.last[d.Key].at) < quiet {
		f.hold(name, "reading", "its key "+d.Key+" is that of "+was)
		return false
	}
	f.owner[d.Key] = name
	return true
}

// Pass cleans a reading in place, received at now, and reports whether anything of it can be used.
func (f *Filter) Pass(d *Identity, r *Reading, now time.Time) bool {
	if !f.claim(d, now) {
		return false
	}
	name := d.Host + "/" + d.Name()
	ahead := f.Ahead
	if ahead == 0 {
		ahead = 5 * time.Second
	}
	s := f.last[d.Key]
	switch {
	case r.At.Sub(now) > ahead:
		f.hold(name, "reading", "its time is in the future")
		return false
	case s != nil && r.At.Before(s.at):
		f.hold(name, "reading", "its time is before that of the reading before")
		return false
	case s == nil:
		s = &seen{}
		for q := range s.values {
			s.values[q] = math.NaN()
		}
		f.last[d.Key] = s
	}
	s.at = r.At
	any := false
	for q := range r.Values {
		v, row := r.Values[q], &table[q]
		if math.IsNaN(v) {
			continue
		}
		why := ""
		switch {
		case math.IsInf(v, 0):
			why = "infinite"
		case v < row.Min || v > row.Max:
			why = fmt.Sprintf("outside %g to %g %s", row.Min, row.Max, row.Unit)
		case row.Counter && v < s.values[q]:
			why = "a counter that fell: the driver restarted or the counter is broken"
		}
		if why != "" {
			f.hold(name, Quantity(q).String(), strings.TrimSpace(why))
			r.Values[q] = math.NaN()
			if row.Counter && v >= row.Min && v <= row.Max {
				s.values[q] = v // from here it may grow again
			}
			continue
		}
		s.values[q] = v
		any = true
	}
	return any || len(r.Xids) > 0
}

func (f *Filter) hold(device, what, why string) { f.held[Held{device, what, why}]++ }

// Report returns what was held back, in order of device, quantity and reason.
func (f *Filter) Report() []HeldCount {
	all := make([]HeldCount, 0, len(f.held))
	for h, n := range f.held {
		all = append(all, HeldCount{h, n})
	}
	slices.SortFunc(all, func(a, b HeldCount) int {
		return strings.Compare(a.Device+"\x00"+a.What+"\x00"+a.Why, b.Device+"\x00"+b.What+"\x00"+b.Why)
	})
	return all
}
