package compare

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/recordtest"
	"github.com/halltwin/halltwin/twin/record/rundir"
)

var rewrite = flag.Bool("rewrite", false, "write the golden files anew")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := "testdata/" + name
	if *rewrite {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s is now (run with -rewrite to accept)\n%s", name, got)
	}
}

// Student, 1908: the increase of sleep by two soporific drugs in ten patients, the classic of paired samples.
// R: t.test(b, a, paired=TRUE) gives a mean of 1.58 and an interval of 0.7001142 to 2.4598858.
var (
	sleepA = []float64{0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0}
	sleepB = []float64{1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4}
)

func side(name string, values []float64, resolved string) Side {
	s := Side{Name: name, Resolved: []byte(resolved)}
	for i, v := range values {
		sum := &record.Summary{Seed: uint64(100 - i), Expectations: []record.Expectation{{Name: "more sleep", OK: v > 0}}}
		sum.Add(record.Compute, record.KPI{Key: "sleep", Label: "more sleep", Value: v, Unit: "h"})
		sum.Add(record.Energy, record.KPI{Key: "dose", Label: "dose", Value: 5, Unit: "kg"})
		sum.Add(record.Carbon, record.KPI{Key: "noise", Label: "noise", Value: v + float64(i%2*2-1)*100, Unit: "W"})
		sum.Add(record.Engine, record.KPI{Key: "wall", Label: "wall", Value: v, Unit: "s"})
		s.Runs = append(s.Runs, sum)
	}
	return s
}

func TestPaired(t *testing.T) {
	base, other := side("a", sleepA, "x: 1\n"), side("b", sleepB, "x: 1\n")
	base.Runs[0], base.Runs[7] = base.Runs[7], base.Runs[0] // the order of runs does not matter
	for i, r := range other.Runs {
		r.Groups[2].KPIs[0].Value += []float64{-80, 90, -70, 60, -50, 40, 30, -20, 10, -5}[i]
	}
	c, err := Sides(base, other)
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Figures) != 3 || c.Figures[0].Key != "dose" || c.Figures[1].Key != "sleep" {
		t.Fatalf("figures %+v", c.Figures)
	}
	f := c.Figures[1]
	if math.Abs(f.Diff-1.58) > 1e-12 || math.Abs(f.Low-0.7001142) > 1e-7 || math.Abs(f.High-2.4598858) > 1e-7 || f.Outcome != Differs {
		t.Errorf("sleep %+v", f)
	}
	if c.Figures[0].Outcome != Equal || c.Figures[2].Outcome != Unsure {
		t.Errorf("outcomes %s, %s", c.Figures[0].Outcome, c.Figures[2].Outcome)
	}
	if e := c.Expectations[0]; e.Base != 5 || e.Other != 9 || e.Runs != 10 {
		t.Errorf("expectation %+v", e)
	}
}

func TestQuantile(t *testing.T) { // Abramowitz and Stegun, table 26.10
	for df, want := range map[int]float64{1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 29: 2.045, 120: 1.980} {
		if got := Quantile(df); math.Abs(got-want) > 6e-4 {
			t.Errorf("t with %d degrees of freedom is %g, want %g", df, got, want)
		}
	}
}

func TestOneSeedAndUnpaired(t *testing.T) {
	a, b := side("a", sleepA[:2], ""), side("b", sleepB[:1], "")
	c, err := Sides(a, b)
	if err != nil {
		t.Fatal(err)
	}
	if c.Unpaired != 1 || len(c.Seeds) != 1 || c.Figures[1].Outcome != OneSeed || !math.IsNaN(c.Figures[1].Low) {
		t.Errorf("%+v", c)
	}
	b.Runs[0].Groups = nil
	if c, _ = Sides(a, b); c.Figures[0].Outcome != Unpaired {
		t.Errorf("outcome %s", c.Figures[0].Outcome)
	}
	var out bytes.Buffer
	if err := c.JSON(&out); err != nil || !json.Valid(out.Bytes()) {
		t.Errorf("JSON: %v", err)
	}
}

func TestInputs(t *testing.T) {
	base := "site:\n  cdu: {supply: 32 degC, count: 4} # library\n  feeds:\n    - {name: a, rating: 2 MW}\n    - {name: b, rating: 2 MW}\nseed: 7\n"
	other := "site:\n  cdu: {supply: 40 degC, count: 4}\n  feeds:\n    - {name: b, rating: 3 MW}\n    - {name: a, rating: 2 MW}\n  note: warm\nseed: 7\n"
	list, err := Inputs([]byte(base), []byte(other))
	if err != nil {
		t.Fatal(err)
	}
	want := []Input{{"site.cdu.supply", "32 degC", "40 degC"}, {"site.feeds[b].rating", "2 MW", "3 MW"}, {"site.note", "", "warm"}}
	if len(list) != len(want) {
		t.Fatalf("%+v", list)
	}
	for i := range want {
		if list[i] != want[i] {
			t.Errorf("%+v, want %+v", list[i], want[i])
		}
	}
}

func run(t *testing.T, dir string, change func(*record.Header, *hook)) *rundir.Run {
	t.Helper()
	w, err := rundir.Create(dir, rundir.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := recordtest.Header(recordtest.Site(2, 4))
	k := &hook{Sink: w}
	if change != nil {
		change(h, k)
	}
	if err := recordtest.Play(k, h, 1800); err != nil {
		t.Fatal(err)
	}
	r, err := rundir.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// hook changes what passes to a sink.
type hook struct {
	record.Sink
	frame func(*record.Frame)
	event func(*record.Event)
}

func (h *hook) Frame(f *record.Frame) error {
	if h.frame != nil {
		h.frame(f)
	}
	return h.Sink.Frame(f)
}

func (h *hook) Event(e *record.Event) error {
	if h.event != nil {
		h.event(e)
	}
	return h.Sink.Event(e)
}

func TestDiverge(t *testing.T) {
	base := run(t, t.TempDir(), nil)
	if d, err := Diverge(base, run(t, t.TempDir(), nil)); d != nil || err != nil {
		t.Errorf("equal runs part: %+v, %v", d, err)
	}
	values := run(t, t.TempDir(), func(_ *record.Header, k *hook) {
		k.frame = func(f *record.Frame) {
			if f.Channel == recordtest.Inlet && f.Time >= 7200 {
				f.Values[3] += 1e-3
			}
		}
	})
	d, err := Diverge(base, values)
	if err != nil || d == nil || d.Time != 7200 || d.Channel != "rack.inlet_temperature" || d.Subject != "hall-0/row-0/rack-3" {
		t.Errorf("%+v, %v", d, err)
	}
	logs := run(t, t.TempDir(), func(_ *record.Header, k *hook) {
		k.event = func(e *record.Event) {
			if e.ID == 3 {
				e.Text = "job is lost"
			}
		}
	})
	if d, err := Diverge(base, logs); err != nil || d == nil || d.Time != 11520 || d.Other != "job is lost" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestRuns(t *testing.T) {
	c, err := Runs(run(t, t.TempDir(), nil), run(t, t.TempDir(), func(h *record.Header, k *hook) {
		h.Variant, h.Resolved = "warm", []byte("halltwin: v1\nname: hot-noon\nwarm: yes\n")
		k.frame = func(f *record.Frame) {
			if f.Channel == recordtest.PUE {
				f.Values[0] -= 0.01
			}
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if c.Base != "hot-noon" || c.Other != "hot-noon.warm" || len(c.Inputs) != 1 || c.Divergence == nil || c.Divergence.Channel != "site.pue" {
		t.Errorf("%+v", c)
	}
}

func TestPrint(t *testing.T) {
	c, err := Sides(side("base", sleepA, "site: {liquid: {supply: 32 degC}}\nname: x\n"), side("warm-water", sleepB, "site: {liquid: {supply: 40 degC}}\nname: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	c.Divergence = &Divergence{Time: 43200, Channel: "rack.inlet_temperature", Subject: "hall-0/row-0/rack-3", Unit: "degC", Base: "24.1 °C", Other: "24.4 °C"}
	var b bytes.Buffer
	if err := c.Text(&b, 100); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.txt", b.String())
	b.Reset()
	if err := c.Markdown(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.md", b.String())
	b.Reset()
	if err := c.JSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "compare.json", b.String())
	page := &bytes.Buffer{}
	if err := Page(page, []*Comparison{c}, "test"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<h1>warm-water against base</h1>", "<td class=\"mono\">site.liquid.supply</td><td>32 degC</td><td>40 degC</td>", "hall-0/row-0/rack-3", `<circle class="dot c1"`} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %s", want)
		}
	}
	if strings.Contains(b.String(), "wall") {
		t.Error("how fast a run went is compared")
	}
}

func FuzzInputs(f *testing.F) {
	f.Add([]byte("a: {b: [1, {name: x}]}\n"), []byte("a: 1\n"))
	f.Add([]byte("a: &x [1]\nb: *x\n"), []byte("? [complex]\n: key\n"))
	f.Fuzz(func(_ *testing.T, a, b []byte) { _, _ = Inputs(a, b) })
}
