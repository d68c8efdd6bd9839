package twin

import (
	"fmt"
	"slices"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
)

// voltage is the setting of a utility that a sag changes.
const voltage = "voltage"

// sag lets the voltage of feeds fall for the time of a repair. Of sags that overlap the deepest is felt.
func (w *World) sag(o *failure.Outcome, cause int64) {
	u := Undo{Verb: action.Set, Field: voltage, Targets: o.Targets, Cause: cause, Depth: 1 - o.Voltage}
	for _, r := range o.Targets {
		now := w.plan.Power.Voltage(&w.Power, r)
		u.Old = append(u.Old, w.set(r, voltage, min(now, o.Voltage)))
		w.Totals.Sags++
	}
	w.later(u, o.Repair)
	w.wantSettle()
}

// recover ends a sag of a feed that had old before it: what other sags leave is in force.
func (w *World) recover(r facility.Ref, old float64, superseded bool) {
	left, others := 1.0, false
	for i := range w.Undos {
		if u := &w.Undos[i]; u.Depth > 0 && slices.Contains(u.Targets, r) {
			left, others = min(left, 1-u.Depth), true
		}
	}
	switch {
	case others:
		w.set(r, voltage, left)
	case !superseded:
		w.set(r, voltage, old)
	}
}

// whatFails says what a failure does to its targets.
func whatFails(o *failure.Outcome) string {
	if o.Sag {
		return fmt.Sprintf("%s to %.0f %% of %s voltage", plural(len(o.Targets), "sags", "sag"), 100*o.Voltage, plural(len(o.Targets), "its", "their"))
	}
	switch {
	case o.Slow > 0:
		return fmt.Sprintf("%s to %.0f %%", plural(len(o.Targets), "slows", "slow"), 100*o.Slow)
	case o.Silent:
		return plural(len(o.Targets), "corrupts what it computes", "corrupt what they compute")
	}
	return plural(len(o.Targets), "fails", "fail")
}

// whenBack says when what fails is back.
func (w *World) whenBack(o *failure.Outcome) string {
	switch {
	case o.Silent || o.Slow > 0 && o.Evict:
		return "which nobody sees yet"
	case o.Crew >= 0:
		return fmt.Sprintf("%s of work for %s", clock(o.Repair), w.plan.Failures.Crews[o.Crew].Name)
	case o.Part >= 0:
		return fmt.Sprintf("%s of work and a part, %s", clock(o.Repair), w.plan.Failures.Parts[o.Part].Name)
	}
	return "back in " + clock(o.Detect+o.Repair)
}

// countOutages counts the feeds among what fails.
func (w *World) countOutages(targets []facility.Ref) {
	for _, r := range targets {
		if r.Kind == facility.Utility {
			w.Totals.Outages++
		}
	}
}
