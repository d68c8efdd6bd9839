package twin

import (
	"fmt"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
)

// sag lets the voltage of feeds fall for the time of a repair.
func (w *World) sag(o *failure.Outcome, cause int64) {
	const field = "voltage"
	u := Undo{Verb: action.Set, Field: field, Targets: o.Targets, Cause: cause}
	for _, r := range o.Targets {
		u.Old = append(u.Old, w.set(r, field, o.Voltage))
		w.Totals.Sags++
	}
	w.later(u, o.Repair)
	w.wantSettle()
}

// whatFails says what a failure does to its targets.
func whatFails(o *failure.Outcome) string {
	if o.Sag {
		return fmt.Sprintf("%s to %.0f %% of %s voltage", plural(len(o.Targets), "sags", "sag"), 100*o.Voltage, plural(len(o.Targets), "its", "their"))
	}
	return plural(len(o.Targets), "fails", "fail")
}

// countOutages counts the feeds among what fails.
func (w *World) countOutages(targets []facility.Ref) {
	for _, r := range targets {
		if r.Kind == facility.Utility {
			w.Totals.Outages++
		}
	}
}
