package ensemble

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/journal"
)

const hall = `halltwin: v1
name: caps
start: 2025-07-15T12:00:00-05:00
duration: 2 h
seed: 3
replicas: 6
site: {use: sites/h100-hall-1k}
workload:
  - generate: {use: workloads/llm-lab}
failures: {use: failures/fleet-2025}
record: {every: 10 min}
variants:
  cap: {set: {"gpu[*].power_limit": 500 W}, at: 30 min}
sweep:
  site.air.supply: [22 degC, 24 degC]
expect:
  - {name: cool, that: "max(rack.inlet_temperature) < degC(30)"}
  - {name: always, that: "goodput > 0.5"}
`

func experiment(t *testing.T, text string) *Experiment {
	t.Helper()
	f, ds := scenarios.LoadBytes("caps.yaml", []byte(text))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	e, err := New(f, Request{}, "test")
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func outcome(t *testing.T, e *Experiment, s *Store, o Options) *Outcome {
	t.Helper()
	out, err := e.Run(context.Background(), s, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Failed) > 0 {
		t.Fatal(out.Failed)
	}
	return out
}

// files returns all that an outcome leaves.
func files(t *testing.T, o *Outcome) string {
	t.Helper()
	var b bytes.Buffer
	dir := t.TempDir()
	for _, err := range []error{o.JSON(&b), o.Markdown(&b, o.Varying(5)), o.Report(&b, o.Varying(5)), o.Table(journal.Dir(dir))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	table, err := os.ReadFile(filepath.Join(dir, TableFile))
	if err != nil {
		t.Fatal(err)
	}
	return b.String() + string(table)
}

// However many workers there are, wherever an experiment is interrupted and taken up again: the same bytes.
func TestSameOutcomeWhoeverComputesIt(t *testing.T) {
	want := files(t, outcome(t, experiment(t, hall), NewStore(), Options{Executor: Local{1}}))
	if got := files(t, outcome(t, experiment(t, hall), NewStore(), Options{Executor: Local{5}})); got != want {
		t.Error("five workers come to something else than one")
	}
	dir := t.TempDir()
	for n := 5; ; n += 9 {
		s, err := OpenStore(dir)
		if err != nil {
			t.Fatal(err)
		}
		before := s.Begun()
		ctx, cancel := context.WithCancel(context.Background())
		out, err := experiment(t, hall).Run(ctx, s, Options{Executor: Local{2}, Progress: func(p Progress) {
			if p.Done >= n {
				cancel()
			}
		}})
		cancel()
		if e := s.Close(); e != nil {
			t.Fatal(e)
		}
		if errors.Is(err, context.Canceled) {
			path := filepath.Join(dir, JournalFile) // a crash tears the last line
			if b, err := os.ReadFile(path); err != nil || os.WriteFile(path, b[:len(b)-7], 0o644) != nil {
				t.Fatal(err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if before == 0 {
			t.Error("nothing was kept of what was interrupted")
		}
		if got := files(t, out); got != want {
			t.Error("an experiment that was interrupted comes to something else")
		}
		return
	}
}

// Seeds that are shared cut the variance of what a cap changes.
func TestPairsAreCloser(t *testing.T) {
	o := outcome(t, experiment(t, hall), NewStore(), Options{})
	cap := 2 // the variant at the first point
	if l := o.Experiment.Label(cap); l != "cap, site.air.supply = 22 degC" {
		t.Fatal(l)
	}
	s := o.Statistic(cap, "energy.site")
	if s.Says() != "differs" || s.Difference.Value >= 0 || s.Pairs != 6 {
		t.Errorf("a cap changes energy by %+v: %s", s.Difference, s.Says())
	}
	if !(s.Ratio > 5) {
		t.Errorf("pairs cut the variance by %.3g, and at least 5 was expected", s.Ratio)
	}
	t.Logf("variance of the paired difference is %.3g times smaller", s.Ratio)
}

func TestWhatBreaksStopsNoOther(t *testing.T) {
	text := strings.Replace(hall, "[22 degC, 24 degC]", "[5 degC, 24 degC]", 1) // colder than the water
	e := experiment(t, text)
	o, err := e.Run(context.Background(), NewStore(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if len(o.Failed) != 12 || o.Failed[0].Verdict != record.Broken || !strings.Contains(o.Failed[0].Reason, "cannot be built") {
		t.Errorf("%d failed: %+v", len(o.Failed), o.Failed[:1])
	}
	if d := o.Odds(1, "cool"); d.Held != 6 || d.Missed {
		t.Errorf("the other point: %+v", d)
	}
	files(t, o)
}

// An experiment stops when enough is known, and at the same replica whoever computes it.
func TestEnoughIsKnown(t *testing.T) {
	text := strings.Replace(hall, "replicas: 6", "replicas: 40\nexperiment: {until: {figure: energy.site, half_width: 3 %, at_least: 5}}", 1)
	a := outcome(t, experiment(t, text), NewStore(), Options{Executor: Local{1}})
	b := outcome(t, experiment(t, text), NewStore(), Options{Executor: Local{3}})
	if a.Replicas != b.Replicas || a.Replicas >= 40 || a.Replicas < 5 {
		t.Errorf("stopped at %d and %d replicas", a.Replicas, b.Replicas)
	}
	if m := a.Statistic(0, "energy.site").Mean; m.Half() > 0.03*m.Value {
		t.Errorf("stopped at ± %.3g of %.3g", m.Half(), m.Value)
	}
}

func TestRefusedExperiments(t *testing.T) {
	for _, c := range []struct{ change, to, says string }{
		{"replicas: 6", "replicas: 1000000", ""},
		{"replicas: 6", "replicas: 1000000\nexperiment: {design: latin-hypercube, points: 100000}", "runs, and at most"},
		{"replicas: 6", "replicas: 6\nexperiment: {until: {figure: pue, half_width: 1 %}}", "raise replicas"},
	} {
		f, ds := scenarios.LoadBytes("caps.yaml", []byte(strings.Replace(hall, c.change, c.to, 1)))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		_, err := New(f, Request{}, "test")
		if c.says == "" && err != nil || c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", c.to, err)
		}
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte("{\"key\":\"a\",\"cell\":1,\"seed\":2,\"verdict\":\"passed\",\"figures\":{\"x\":null}}\n{"))
	f.Add([]byte("{}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		whole, err := NewStore().read(bytes.NewReader(b))
		if err == nil && (whole < 0 || whole > int64(len(b))) {
			t.Errorf("whole up to %d of %d bytes", whole, len(b))
		}
	})
}
