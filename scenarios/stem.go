package scenarios

import (
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/scenarios/document"
)

// Stem names what a variant at a point of the sweep has in common with others: where two have the same, they differ in
// what their timelines do, and in nothing else.
func (f *File) Stem(variant string, axes []Axis, values []string) string {
	var b strings.Builder
	if variant != "" && !onlyActs(longhand(f.Whole.Get("variants").Get(variant))) {
		b.WriteString(strconv.Quote(variant))
	}
	for i := range axes {
		if axes[i].set == "" {
			b.WriteString("\n" + strconv.Quote(axes[i].Name) + " " + strconv.Quote(values[i]))
		}
	}
	return b.String()
}

// onlyActs tells whether a patch adds actions to the timeline and does nothing else. Jobs that are submitted are work.
func onlyActs(patch *document.Value) bool {
	if patch == nil || patch.Kind != document.Map {
		return patch == nil
	}
	for _, e := range patch.Entries {
		if e.Key != "timeline" || e.Value.Kind != document.Map {
			return false
		}
		for _, how := range e.Value.Entries {
			if how.Key != "add" || slices.ContainsFunc(how.Value.Items, func(v *document.Value) bool { return v.Get("submit") != nil }) {
				return false
			}
		}
	}
	return true
}
