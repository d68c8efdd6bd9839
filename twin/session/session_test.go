package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/action"
	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/plant"
)

// tape is a recording as text: two equal tapes are the same run.
type tape struct {
	bytes.Buffer
	header *record.Header
	from   float64 // what comes earlier is not on it
	wants  []*channel.Channel
	closed int
}

func (t *tape) Open(h *record.Header) error { t.header = h; return nil }

func (t *tape) Frame(f *record.Frame) error {
	if f.Time > t.from {
		fmt.Fprintf(t, "%g %s %v\n", f.Time, f.Channel.Name, f.Values)
	}
	return nil
}

func (t *tape) Event(e *record.Event) error {
	if e.Time > t.from {
		text := strings.NewReplacer("(ui)", "", "(timeline)", "").Replace(e.Text)
		fmt.Fprintf(t, "%g %d %d %s %s %s\n", e.Time, e.ID, e.Parent, e.Type, e.Subject, text)
	}
	return nil
}

func (t *tape) Close(*record.Summary) error { t.closed++; return nil }

func (t *tape) Wants() []*channel.Channel { return t.wants }

// same fails with the first line in which two tapes differ.
func same(t *testing.T, what string, a, b *tape) {
	t.Helper()
	x, y := strings.Split(a.String(), "\n"), strings.Split(b.String(), "\n")
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] {
			t.Fatalf("%s: line %d of %d and %d\n%.300s\n%.300s", what, i, len(x), len(y), x[i], y[i])
		}
	}
	if len(x) != len(y) || len(x) < 10 {
		t.Fatalf("%s: %d and %d lines", what, len(x), len(y))
	}
}

func file(t *testing.T) (*scenarios.Plan, *Base) {
	t.Helper()
	f, ds := scenarios.Load("first-run")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	return plan, &Base{Path: "first-run", Resolved: plan.Resolved, Seed: plan.Seed}
}

func options(plan *scenarios.Plan, t *tape, until float64) Options {
	return Options{Options: twin.Options{Seed: plan.Seed, Sink: t, Until: until}, Path: "first-run"}
}

func start(t *testing.T, plan *scenarios.Plan, o Options) *Run {
	t.Helper()
	r, err := Start(t.Context(), plan, o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func wait(t *testing.T, r *Run) *record.Summary {
	t.Helper()
	s, err := r.Wait()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

const until = 3 * 3600

// However a run is paced, paused and stepped, it is the same.
func TestPaceChangesNothing(t *testing.T) {
	plan, _ := file(t)
	plain, paced := &tape{}, &tape{}
	wait(t, start(t, plan, options(plan, plain, until)))
	o := options(plan, paced, until)
	o.Speed, o.Paused = 1e5, true
	r := start(t, plan, o)
	ctx := t.Context()
	for _, do := range []func(context.Context) error{r.Step, r.Step, r.Pause, r.Resume} {
		if err := do(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.SetSpeed(ctx, 0); err != nil {
		t.Fatal(err)
	}
	wait(t, r)
	same(t, "paced", plain, paced)
	if err := r.Pause(ctx); !errors.Is(err, ErrEnded) {
		t.Errorf("a run that has ended is paused: %v", err)
	}
	if plain.closed != 1 || paced.closed != 1 {
		t.Error("a recording is not closed once")
	}
}

// What is done by hand is done again from the log: the resolved scenario and the entries are the run.
func TestActionsRepeat(t *testing.T) {
	plan, base := file(t)
	plan = Widen(plan)
	hand := &tape{}
	o := options(plan, hand, until)
	o.Paused = true
	type line struct {
		at         float64
		entry, who string
	}
	var log []line
	o.Did = func(at float64, entry, who string) { log = append(log, line{at, entry, who}) }
	r := start(t, plan, o)
	ctx := t.Context()
	for range 7 {
		if err := r.Step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	for _, a := range []action.Action{
		{Verb: action.Fail, Selector: "crah[1]", For: 1800},
		{Verb: action.Set, Selector: "crah", Field: "supply", Value: 22, For: 600},
		{Verb: action.Drain, Selector: "rack[2..3]"},
		{Verb: action.Note, Text: "hot"},
	} {
		if _, err := r.Act(ctx, a, "ann"); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := r.Submit(ctx, `{"name":"probe","gpus":16,"work":"1 h"}`, "ann"); err != nil {
		t.Fatal(err)
	}
	if err := r.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	wait(t, r)
	if len(log) != 5 || log[0].who != "ann" || !strings.Contains(log[4].entry, "submit") || log[0].at <= 0 {
		t.Fatalf("log %+v", log)
	}
	text := ""
	for _, l := range log {
		text += "- " + l.entry + "  # " + Signed(l.who) + "\n"
	}
	text += "- {at: 1 s, fail: \"crah[0]\"}  # timeline\n"
	base.ByHand = ByHand(text)
	if len(base.ByHand) != 5 {
		t.Fatalf("%q holds %q", text, base.ByHand)
	}
	again := &tape{}
	repeated, err := base.Plan()
	if err != nil {
		t.Fatal(err)
	}
	wait(t, start(t, Widen(repeated), options(repeated, again, until)))
	same(t, "repeated", hand, again)
}

// A fork in which nothing is done goes on as its base does, be it of the present or lived again; one in which something is
// done leaves the base alone.
func TestForks(t *testing.T) {
	plan, base := file(t)
	whole := &tape{from: 3600}
	wait(t, start(t, plan, options(plan, whole, until)))

	ctx := t.Context()
	again := &tape{from: 3600}
	f, err := Repeat(ctx, base, 3600, nil, options(plan, again, until))
	if err != nil {
		t.Fatal(err)
	}
	if s := wait(t, f); s.Verdict != record.Unjudged || s.Reached != until || !strings.Contains(s.Reason, "to end at 03:00:00") {
		t.Errorf("a fork that came to its end is %s at %g s: %s", s.Verdict, s.Reached, s.Reason)
	}
	same(t, "lived again", whole, again)

	own := &tape{from: 3600}
	o := options(plan, own, until)
	o.Paused = true
	r := start(t, plan, o)
	for range 61 {
		if err := r.Step(ctx); err != nil {
			t.Fatal(err)
		}
	}
	fork, other := &tape{}, &tape{}
	f, err = r.Fork(ctx, nil, options(plan, fork, until))
	if err != nil {
		t.Fatal(err)
	}
	g, err := r.Fork(ctx, []action.Action{{Verb: action.Fail, Selector: "crah"}}, options(plan, other, until))
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	wait(t, f)
	wait(t, g)
	wait(t, r)
	same(t, "base", whole, own)
	tail := &tape{}
	at := 0.0 // of the first thing that the fork saw
	if _, err := fmt.Sscan(fork.String(), &at); err != nil {
		t.Fatal(err)
	}
	for _, l := range strings.SplitAfter(whole.String(), "\n") {
		var when float64
		if _, err := fmt.Sscan(l, &when); err == nil && when >= at {
			tail.WriteString(l)
		}
	}
	same(t, "fork of the present", tail, fork)
	if other.String() == fork.String() {
		t.Error("all CRAHs fail and nothing is different")
	}
}

func TestWhatCannotBeDone(t *testing.T) {
	plan, base := file(t)
	o := options(plan, &tape{}, until)
	o.Paused = true
	r := start(t, plan, o)
	ctx := t.Context()
	for want, a := range map[string]action.Action{
		"there is no crah[99]":   {Verb: action.Fail, Selector: "crah[99]"},
		"out of range":           {Verb: action.Set, Selector: "crah", Field: "supply", Value: 400},
		"holds no jobs":          {Verb: action.Drain, Selector: "crah"},
		"needs a text":           {Verb: action.Note, Text: " "},
		"say the whole job":      {Verb: action.Submit, Job: 1},
		"cannot be undone after": {Verb: action.Fail, Selector: "crah", For: -1},
		"repair cannot":          {Verb: action.Repair, Selector: "crah", For: 5},
	} {
		if _, err := r.Act(ctx, a, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", a, err, want)
		}
	}
	for want, job := range map[string]string{
		"is a mapping":  `[1]`,
		"leave out":     `{"name":"x","work":"1 h","submit":"2 h"}`,
		"at most":       strings.Repeat(" ", longestJob+1),
		"unknown field": `{"name":"x","work":"1 h","colour":"red"}`,
		"needs a unit":  `{"name":"x","gpus":1,"work":"1"}`,
	} {
		if _, _, err := r.Submit(ctx, job, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v, want %q", job, err, want)
		}
	}
	if err := r.SetSpeed(ctx, -1); err == nil {
		t.Error("time runs backwards")
	}
	if _, err := Repeat(ctx, base, 1e9, nil, options(plan, &tape{}, 0)); err == nil {
		t.Error("a fork leaves after the end")
	}
	if err := r.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if s := wait(t, r); s.Verdict != record.Interrupted || s.Reason != "stopped by hand" {
		t.Errorf("%s: %s", s.Verdict, s.Reason)
	}
}

func TestLimit(t *testing.T) {
	plan, _ := file(t)
	o := options(plan, &tape{}, 0)
	o.Speed, o.Limit = 1, 50*time.Millisecond
	if s := wait(t, start(t, plan, o)); s.Verdict != record.Interrupted || !strings.Contains(s.Reason, "of real time") {
		t.Errorf("%s: %s", s.Verdict, s.Reason)
	}
}

func TestDescribe(t *testing.T) {
	plan, _ := file(t)
	d := Describe(plan)
	racks := 0
	for _, run := range d.Feeds.A {
		racks += run[0]
	}
	if racks != len(plan.RackType) || len(d.Sides) != plan.Power.Sides() || len(d.Racks) == 0 {
		t.Errorf("%d racks are fed, sides %v", racks, d.Sides)
	}
	for _, g := range []struct {
		name  string
		nodes int
		edges [][2]int
	}{{"power", len(d.Power.Nodes), ends(d.Power.Edges)}, {"cooling", len(d.Cooling.Nodes), ends(d.Cooling.Edges)}} {
		touched := make([]bool, g.nodes)
		for _, e := range g.edges {
			if e[0] < 0 || e[1] < 0 || e[0] >= g.nodes || e[1] >= g.nodes {
				t.Fatalf("%s: edge %v of %d nodes", g.name, e, g.nodes)
			}
			touched[e[0]], touched[e[1]] = true, true
		}
		for i, ok := range touched {
			if !ok {
				t.Errorf("%s: node %d hangs in the air", g.name, i)
			}
		}
	}
	jobs, err := Jobs(plan, plan.Seed)
	if err != nil || len(jobs) == 0 || !strings.HasPrefix(jobs[0].Name, "job ") {
		t.Errorf("%d jobs, %v", len(jobs), err)
	}
}

func ends(edges []plant.Edge) (out [][2]int) {
	for _, e := range edges {
		out = append(out, [2]int{e.From, e.To})
	}
	return out
}

// What is recorded changes nothing of what happens.
func TestWiden(t *testing.T) {
	plan, _ := file(t)
	wide := Widen(plan)
	if len(wide.Channels) <= len(plan.Channels)+20 || &wide.Channels[0] == &plan.Channels[0] {
		t.Fatalf("%d channels, %d before", len(wide.Channels), len(plan.Channels))
	}
	a, b := wait(t, start(t, plan, options(plan, &tape{}, until))), wait(t, start(t, wide, options(plan, &tape{}, until)))
	for _, g := range a.Groups {
		if g.Name == record.Engine {
			continue
		}
		for _, k := range g.KPIs {
			if other, ok := b.KPI(k.Key); !ok || other.Value != k.Value && k.Value == k.Value {
				t.Errorf("%s is %v, and %v when more is recorded", k.Key, k.Value, other.Value)
			}
		}
	}
}
