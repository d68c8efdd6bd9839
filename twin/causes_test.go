package twin

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// parents lives a plan and returns "event of subject < parent of subject" for the events of the power chain, of the cooling,
// and of what they do to racks and jobs, and checks that nobody follows from what came after it.
func parents(t *testing.T, w *World, until float64) (lines []string) {
	t.Helper()
	all := map[int64]record.Event{}
	w.out = func(e *record.Event) {
		all[e.ID] = *e
		line := e.Type + " of " + e.Subject
		if e.Parent != 0 {
			p, ok := all[e.Parent]
			if !ok || e.Parent >= e.ID {
				t.Errorf("%s follows from event %d, which is not before it", line, e.Parent)
			}
			line += " < " + p.Type + " of " + p.Subject
		}
		lines = append(lines, line)
	}
	if err := w.RunTo(t.Context(), until); err != nil {
		t.Fatal(err)
	}
	return lines
}

// A hall whose generators are one too few, and then one less: the story of two cascades.
const cascade = `
duration: 3 h
site:
  halls: [{rows: [{racks: 4, rack: {use: hardware/rack-dgx-h100-4}}]}]
  power:
    use: plants/power-n-plus-1
    genset: {rating: 95 kW, count: 3, fail_to_start: 0, shed: false, step: 70 %%}
workload: [{job: {name: a, gpus: 64, work: 8 h, gpu_utilisation: 95 %%}}, {job: {name: b, gpus: 64, work: 8 h, gpu_utilisation: 95 %%}}]
scheduler: {policy: fcfs, placement: first-fit}
timeline:
  - {at: 10 min, fail: utility-a, for: 2 h}
  - {at: 10 min, fail: "genset[0]", for: 3 h}
  - {at: 30 min, fail: "genset[1]", for: %s}
`

func TestCausesOfACascade(t *testing.T) {
	w := world(t, plan(t, fmt.Sprintf(cascade, "1 h")), 0)
	lines := parents(t, w, 2.5*hrs)
	for _, want := range []string{
		"side.lost of utility-a < fail of utility-a",
		"cooling.off of site < side.lost of utility-a",
		"class.leave of hall-0 < cooling.off of site",
		"genset.run of genset-1 < side.lost of utility-a",
		"genset.run of genset-2 < side.lost of utility-a", // and not from the one beside it
		"cooling.on of site < cooling.off of site",        // block by block, when their turn has come,
		"load.over of genset-2 < fail of genset-1",        // and not from its own start
		"breaker.trip of genset-2 < load.over of genset-2",
		"cooling.off of site < breaker.trip of genset-2",
		"genset.run of genset-1 < repair of genset-1",
		"ats.transfer of utility-a < repair of utility-a",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("nothing says: %s", want)
		}
	}
	for _, not := range []string{"genset.run of genset-1 < class", "genset.run of genset-2 < genset.run", "side.lost of genset-0 < fail of genset-0"} {
		if slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, not) }) {
			t.Errorf("somebody says: %s", not)
		}
	}
	if t.Failed() {
		t.Log("\n" + strings.Join(lines, "\n"))
	}
}

// Each rack that shuts down does so of itself, and what its jobs lose is put down to it; that heat holds it back no more ends
// not the story of a rack that is off.
func TestCausesOfHeat(t *testing.T) {
	text := strings.Replace(fmt.Sprintf(cascade, "2 h"), `"genset[1]"`, `"crah[*]"`, 1)
	text = strings.Replace(text, "rating: 95 kW", "rating: 300 kW", 1)
	w := world(t, plan(t, text), 0)
	lines := parents(t, w, 3*hrs)
	for r := range 4 {
		rack := fmt.Sprintf("hall-0/row-0/rack-%d", r)
		// Where the racks that shut down first let the air cool, the story of others begins anew.
		for _, want := range [][]string{
			{"throttle.begin of " + rack + " < fail of hall-0/crah-0"},
			{"rack.shutdown of " + rack + " < throttle.begin of " + rack, "rack.shutdown of " + rack + " < fail of hall-0/crah-0"},
			{"rack.restart of " + rack + " < throttle.end of " + rack, "rack.restart of " + rack + " < rack.shutdown of " + rack},
			{"rack.booted of " + rack + " < rack.restart of " + rack},
		} {
			if !slices.ContainsFunc(lines, func(l string) bool {
				return slices.ContainsFunc(want, func(w string) bool { return strings.HasPrefix(l, w) })
			}) {
				t.Errorf("nothing says: %s", strings.Join(want, ", nor "))
			}
		}
	}
	if !slices.Contains(lines, "job.requeue of job b < rack.shutdown of hall-0/row-0/rack-3") {
		t.Error("the job on racks 2 and 3 does not lay its end to the first of them")
	}
	if t.Failed() {
		t.Log("\n" + strings.Join(lines, "\n"))
	}
}

// The world keeps one story a thing at most, whatever happens how often.
func TestCausesAreBounded(t *testing.T) {
	w := world(t, plan(t, fmt.Sprintf(cascade, "1 h")), 2.9*hrs)
	for i, s := range w.Causes.Open {
		if i > 0 && w.Causes.Open[i-1].compare(s.Ref) >= 0 {
			t.Errorf("stories of %v and %v are out of order", w.Causes.Open[i-1].Ref, s.Ref)
		}
		if s.Ref.Kind == facility.Site && s.Ref.Index >= ofPower {
			t.Errorf("the story of the site's scene %d, of event %d, is not over with the outage", s.Ref.Index, s.Event)
		}
	}
}
