package bench_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/telemetry"
)

// oven is a device whose temperature and power follow its load at once.
type oven struct {
	limit, watts, celsius float64
	sets                  []float64
	blind                 bool
}

func (o *oven) Open(context.Context) ([]device.Device, error) { return []device.Device{o}, nil }
func (o *oven) Close() error                                  { return nil }
func (o *oven) Title() string                                 { return "oven" }
func (o *oven) Identity() device.Identity {
	return device.Identity{Kind: device.GPU, Key: "oven", Model: "Oven, small", Host: "kitchen"}
}
func (o *oven) Probe() []device.Finding { return nil }
func (o *oven) Limits() (device.Limits, error) {
	return device.Limits{Now: o.limit, Min: 100, Max: 500, Default: 500}, nil
}
func (o *oven) SetLimit(w float64) error {
	l, err := o.Limits()
	if err == nil {
		err = l.Check("oven", w)
	}
	if err == nil {
		o.limit = w
		o.sets = append(o.sets, w)
	}
	return err
}

func (o *oven) Sample(_ context.Context, r *device.Reading) error {
	r.Clear()
	r.Values[device.Power], r.Values[device.Temperature], r.Values[device.PowerLimit] = min(o.watts, o.limit), o.celsius, o.limit
	if o.blind {
		r.Values[device.Temperature] = math.NaN()
	}
	return nil
}

// Set and the rest make it its own workload.
func (o *oven) Set(d bench.Demand) error {
	o.watts, o.celsius = 50+550*d.Level, 30+50*d.Level
	return nil
}
func (o *oven) Work(int) float64 { return math.NaN() }

// setter is a guard that only remembers whether it restored.
type setter struct {
	o        *oven
	restored bool
}

func (s *setter) SetLimit(_ device.Device, w float64) error   { return s.o.SetLimit(w) }
func (s *setter) BoundClock(_ device.Device, _ float64) error { return nil }
func (s *setter) Restore() error                              { s.restored = true; return s.o.SetLimit(500) }

// kitchenClock stands still: only simulated time counts here.
type kitchenClock struct{ at time.Time }

func (k *kitchenClock) Now() time.Time                     { k.at = k.at.Add(time.Millisecond); return k.at }
func (*kitchenClock) Sleep(context.Context, time.Duration) {}

func kitchen() (*oven, *setter, *bench.Bench) {
	o := &oven{limit: 500, watts: 50, celsius: 30}
	s := &setter{o: o}
	return o, s, &bench.Bench{Source: o, Workload: o, Setter: s, Rate: 2, Clocks: &kitchenClock{time.Unix(1.7e9, 0)}}
}

func TestCapSweep(t *testing.T) {
	o, s, b := kitchen()
	e, err := bench.Select([]string{"cap-sweep", "idle"}, 1)
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.Run(t.Context(), e...)
	if err != nil {
		t.Fatal(err)
	}
	if !s.restored || o.limit != 500 || o.watts != 50 {
		t.Errorf("it ends with a limit of %g W and %g W, restored: %v", o.limit, o.watts, s.restored)
	}
	want := []float64{500, 420, 340, 260, 180, 100}
	for i, p := range r.Points()[:6] {
		if p.Limit != want[i] || p.Power != want[i] {
			t.Errorf("%s: limit %g W, power %g W, not %g W", p.Name, p.Limit, p.Power, want[i])
		}
	}
	var text strings.Builder
	if err := r.WriteCSV(&text, false); err != nil {
		t.Fatal(err)
	}
	l, err := telemetry.Read(strings.NewReader(text.String()))
	if err != nil || len(l.Series) != 1 {
		t.Fatalf("%v: %d series", err, len(l.Series))
	}
	own := r.Log().Series[0]
	back := l.Series[0]
	if len(back.Time) != len(own.Time) || back.Model != "Oven, small" || back.UUID != "oven" {
		t.Fatalf("read back: %d samples of %q", len(back.Time), back.Model)
	}
	for i, p := range own.Get(telemetry.Power) {
		if back.Get(telemetry.Power)[i] != p || math.Abs(back.Time[i]-own.Time[i]) > 1e-6 {
			t.Fatalf("sample %d: %g W at %g s, read back as %g W at %g s", i, p, own.Time[i], back.Get(telemetry.Power)[i], back.Time[i])
		}
	}
}

func TestStopsWhenHot(t *testing.T) {
	o, s, b := kitchen()
	b.StopAt = 75
	e, _ := bench.Select([]string{"load-step"}, 1)
	r, err := b.Run(t.Context(), e...)
	var hot *bench.HotError
	if !errors.As(err, &hot) || hot.Celsius != 80 {
		t.Fatalf("%v", err)
	}
	if o.watts != 50 || len(o.sets) < 2 || o.sets[0] != 100 || !s.restored {
		t.Errorf("after the stop: %g W, limits set %v, restored %v", o.watts, o.sets, s.restored)
	}
	if len(r.Rows) < 60 {
		t.Errorf("the recording up to the stop has %d rows", len(r.Rows))
	}
}

func TestDryRun(t *testing.T) {
	for name, spoil := range map[string]func(*oven, *bench.Bench, *bench.Experiment){
		"no temperature": func(o *oven, _ *bench.Bench, _ *bench.Experiment) { o.blind = true },
		"limit":          func(_ *oven, _ *bench.Bench, e *bench.Experiment) { e.Steps[3].Limit = 1.5 },
		"level":          func(_ *oven, _ *bench.Bench, e *bench.Experiment) { e.Steps[3].Demand.Level = math.NaN() },
		"length":         func(_ *oven, _ *bench.Bench, e *bench.Experiment) { e.Steps[3].Seconds = 0 },
		"clock":          func(_ *oven, _ *bench.Bench, e *bench.Experiment) { e.Steps[3].Clock = 0.5 }, // an oven has none
	} {
		o, _, b := kitchen()
		e, _ := bench.Select([]string{"cap-sweep"}, 1)
		spoil(o, b, &e[0])
		if _, err := b.Run(t.Context(), e...); err == nil || !strings.Contains(err.Error(), "nothing was done") || len(o.sets) != 0 {
			t.Errorf("%s: %v, limits set: %v", name, err, o.sets)
		}
	}
}

func TestWithoutRights(t *testing.T) {
	o, _, b := kitchen()
	b.Setter = nil
	e, _ := bench.Select([]string{"cap-sweep", "idle"}, 1)
	r, err := b.Run(t.Context(), e...)
	if err != nil || len(r.Steps) != 1 || len(o.sets) != 0 {
		t.Errorf("%v, %d steps, limits set: %v", err, len(r.Steps), o.sets)
	}
	if _, err := bench.Select([]string{"load-stop"}, 1); err == nil {
		t.Error("an unknown experiment")
	}
}

// script writes a program for the shell.
func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "load.sh")
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCommand(t *testing.T) {
	c := &bench.Command{Args: []string{script(t, `echo starting
echo '{"step":1,"samples":10,"phase":"train"}'
echo '{"step":2,"samples":'$HALLTWIN_BATCH',"phase":"train"}'
exec sleep 60`)}}
	if !math.IsNaN(c.Work(0)) {
		t.Error("work before any")
	}
	for run, want := range []float64{32, 64} { // the second run counts on
		if err := c.Set(bench.Demand{Level: 1, Batch: 32}); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); c.Work(0) != want && time.Now().Before(end); {
		}
		if c.Work(0) != want {
			t.Fatalf("run %d: %g samples, not %g", run, c.Work(0), want)
		}
		if err := c.Set(bench.Demand{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

func TestCommandThatFails(t *testing.T) {
	c := &bench.Command{Args: []string{script(t, "exit 3")}}
	d := bench.Demand{Level: 1}
	if err := c.Set(d); err != nil {
		t.Fatal(err)
	}
	var err error
	for end := time.Now().Add(10 * time.Second); err == nil && time.Now().Before(end); {
		err = c.Set(d)
	}
	if err == nil || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("%v", err)
	}
	if err := (&bench.Command{Args: []string{"/no/such/program"}}).Set(d); err == nil {
		t.Error("a program that is not there was started")
	}
}

func TestHostLoad(t *testing.T) {
	h := &bench.Host{}
	for _, d := range []bench.Demand{{Level: 1}, {Level: 1, Batch: 16}, {Level: 0.5, Batch: 16}} {
		before := h.Work(0)
		if err := h.Set(d); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(10 * time.Second); !(h.Work(0) > before) && time.Now().Before(end); {
		}
		if !(h.Work(0) > before) {
			t.Fatalf("%+v: no work is done", d)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if was := h.Work(0); h.Work(0) != was {
		t.Error("work goes on after the end")
	}
}
