package action

import "github.com/halltwin/halltwin/models/facility"

// Verb says what is done.
type Verb uint8

// The verbs.
const (
	Fail    Verb = iota // the targets stop working, for For seconds or until repaired
	Repair              // the targets work again
	Set                 // a field of the targets takes a value
	Drain               // the targets take no new work; running jobs finish
	Undrain             // the targets take work again
	Submit              // a job joins the queue
	Note                // a line in the event log, nothing else
)

var verbNames = [...]string{"fail", "repair", "set", "drain", "undrain", "submit", "note"}

func (v Verb) String() string { return verbNames[v] }

// ParseVerb finds a verb by its name.
func ParseVerb(s string) (Verb, bool) {
	for i, n := range verbNames {
		if n == s {
			return Verb(i), true
		}
	}
	return 0, false
}

// Action is one act on the world, with its targets resolved.
type Action struct {
	At       float64 // s from the start of the run
	Verb     Verb
	Selector string         // as it was written, for the log
	Targets  []facility.Ref // what the selector matched
	Field    string         // for Set: the setting's name, as listed by Settings ("power_limit")
	Value    float64        // for Set: in SI
	For      float64        // s after which a Fail is repaired, a Set undone, a Drain lifted; 0 means it stays
	Job      int32          // for Submit: index of the job in the plan's workload
	Text     string         // for Note, and the cause of a failure
	Origin   string         // timeline, process, ui, live, hardware
}
