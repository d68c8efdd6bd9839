package action

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/models/unit"
)

// Setting is something that a Set can change: a field of every thing of a kind.
type Setting struct {
	Kind     facility.Kind
	Field    string     // as it stands after the selector and a dot
	Quantity *unit.Kind // what a value is; a Set holds it in SI
	Min, Max float64    // of a value, in SI
	Doc      string     // one sentence
}

// settings holds each setting once, by kind. Fields of one name have one quantity.
var settings = list()

// list puts the settings of the models together. The bounds of set points are those that the cooling accepts.
func list() []Setting {
	all := []Setting{
		{facility.GPU, "power_limit", unit.PowerKind, 0, 100e3, "Power limit of the device, raised to the least that its type allows; 0 W lifts it."},
	}
	for _, s := range cooling.Settings() {
		all = append(all, Setting{s.Kind, s.Field, s.Unit, 2, 70, "Set point: " + s.Doc + "."})
	}
	all = append(all, Setting{facility.Service, "wan", unit.RatioKind, 0, 1, "Share of the network to the other site that is left; 0 % cuts it."},
		Setting{facility.Service, "remote", unit.RatioKind, 0, 1, "Share of the replicas at the other site that is left; 0 % is the loss of that site."})
	all = append(all, Setting{facility.Leaf, "uplinks", unit.RatioKind, 0, 1, "Share of the leaf's uplinks that is left: lost links and spines take it, repair gives it back."})
	return append(all, Setting{facility.Utility, "voltage", unit.RatioKind, 0, 1.1, "Voltage of the feed relative to nominal; below 85 % it is a sag."})
}

// Settings returns every setting, those of one kind together. The slice must not be changed.
func Settings() []Setting { return settings }

// LookupSetting finds the setting of a kind of thing. The error says what can be set there.
func LookupSetting(k facility.Kind, field string) (*Setting, error) {
	var here, kinds []string
	for i := range settings {
		s := &settings[i]
		if s.Kind == k {
			if s.Field == field {
				return s, nil
			}
			here = append(here, s.Field)
		}
		if n := len(kinds); n == 0 || kinds[n-1] != s.Kind.String() {
			kinds = append(kinds, s.Kind.String())
		}
	}
	if len(here) == 0 {
		return nil, fmt.Errorf("a %s has no settings: those of %s can be set", k, strings.Join(kinds, ", "))
	}
	if w := suggest.Closest(field, here); w != "" {
		return nil, fmt.Errorf("a %s has no setting %q: did you mean %q?", k, field, w)
	}
	return nil, fmt.Errorf("a %s has no setting %q: it has %s", k, field, strings.Join(here, ", "))
}

// Check says why a value, in SI, cannot be set, or returns nil.
func (s *Setting) Check(v float64) error {
	if v >= s.Min && v <= s.Max {
		return nil
	}
	return fmt.Errorf("%s is out of range: %s of a %s lies from %s to %s",
		s.Quantity.Format(v, 6), s.Field, s.Kind, s.Quantity.Format(s.Min, 6), s.Quantity.Format(s.Max, 6))
}

// quantityOf returns the quantity of a field of any kind of thing, or nil.
func quantityOf(field string) *unit.Kind {
	for i := range settings {
		if settings[i].Field == field {
			return settings[i].Quantity
		}
	}
	return nil
}

// FormatValue prints the value of a field with its unit, so that the same value is read back.
func FormatValue(field string, v float64) string {
	if q := quantityOf(field); q != nil {
		return q.Format(v, 0)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}
