package twin

import (
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

// A hall that leaves its ASHRAE class says so once, with the reason, and says when it is back; the time is in the
// results and among the figures.
func TestClasses(t *testing.T) {
	f, ds := scenarios.Load("what-if/cooling-cdu-pump-loss")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("all-pumps")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w, err := New(p, p.Seed)
	if err != nil {
		t.Fatal(err)
	}
	var types, texts []string
	w.out = func(e *record.Event) {
		if strings.HasPrefix(e.Type, "class.") {
			types, texts = append(types, e.Type+" "+e.Subject), append(texts, e.Text)
		}
	}
	if err := w.RunTo(t.Context(), 1800); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(types, ", "); got != "class.leave hall-0, class.return hall-0" {
		t.Fatalf("%s: %q", got, texts)
	}
	if !strings.Contains(texts[0], "no flow in 1 of its loops") {
		t.Errorf("%q gives no reason", texts[0])
	}
	hours := w.outside("outside_liquid_hours")
	if !(hours > 0.04 && hours < 0.1) || w.outside("outside_allowable_hours") != 0 {
		t.Errorf("%v h of coolant outside for three minutes without CDUs", hours)
	}
	s := w.Summary(Options{})
	for _, g := range s.Groups {
		for _, k := range g.KPIs {
			if k.Key == "cooling.outside_liquid" && k.Value == hours && strings.Contains(k.Note, "K above") {
				return
			}
		}
	}
	t.Error("the figures do not tell it")
}
