//go:build nvml && linux && cgo

package loop_test

import (
	"bufio"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/hil/nvmlsim"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

const libraryOf = "HALLTWIN_TEST_LIBRARY"

// room is a world of which one node is a rig of emulated GPUs.
type room struct {
	*loop.Closed
	rig   *nvmlsim.Rig
	heard *listener
	until float64
	words []string
}

// sum returns the mean recorded power of the first eight GPUs between two times.
func (l *listener) sum(from, to float64) float64 {
	all, n := 0.0, 0.0
	for i, t := range l.at {
		if t > from && t <= to {
			for _, v := range l.power[i][:8] {
				all += float64(v)
			}
			n++
		}
	}
	return all / n
}

func (l *listener) has(kind string) (found []record.Event) {
	for _, e := range l.events {
		if e.Type == kind {
			found = append(found, e)
		}
	}
	return found
}

// enter binds the first node of a scenario to a rig, in virtual time.
func enter(t *testing.T, rest string) *room {
	t.Helper()
	h := open(t, 0) // its holder is not used
	plan, d, l := begin(t, rest)
	r := &room{rig: h.rig, heard: l, until: plan.Duration}
	r.Closed = &loop.Closed{World: d, Tree: plan.Tree, Bonds: bonds(t, plan, "hall-0/row-0/rack-0/node-0/gpu[0..7]=emulated:0..7"),
		Parts: []loop.Part{{Name: loop.Emulated, Source: h.watch.Source, Load: &loop.Rig{Rig: h.rig}}}, Setter: h.guard, Tick: h.rig.Set,
		Clocks: bench.Clocks{Rig: h.rig, Base: time.Unix(1.7e9, 0)}, StopAt: 95,
		Say: func(format string, args ...any) { r.words = append(r.words, fmt.Sprintf(format, args...)) }}
	return r
}

// live runs it to its end.
func (r *room) live(t *testing.T) (*record.Summary, error) {
	t.Helper()
	err := r.Run(t.Context(), r.until)
	s, ended := r.World.End(t.Context(), err)
	if err == nil && ended != nil {
		t.Fatal(ended)
	}
	for i := range 8 {
		if p := r.rig.Progress(i); p.Limit != 700 {
			t.Errorf("gpu-%d is left with a limit of %g W", i, p.Limit)
		}
	}
	return s, err
}

const training = "workload: [job: {name: a, submit: 5 s, gpus: 8, gpu_utilisation: 100 %, work: 60 s}]\n"

// A cap of the simulation becomes a real one, and the job takes as long as it then does.
func TestClosedHoldsACap(t *testing.T) {
	r := enter(t, "duration: 3 min\n"+training+
		"timeline:\n  - {at: 25 s, set: {\"hall-0/row-0/rack-0/node-0/gpu[*].power_limit\": 400 W}}\n  - {at: 45 s, set: {\"hall-0/row-0/rack-0/node-0/gpu[*].power_limit\": 0 W}}\n")
	energy := map[float64]float64{}
	r.Saw = func(at float64, id *device.Identity, _ *device.Reading, _ float64) error {
		for _, t := range []float64{1, 4, 10, 24, 30, 44} {
			if id.Index == 7 && math.Abs(at-t) < loop.Period/2 {
				sum := 0.0
				for i := range 8 {
					sum += r.rig.Progress(i).Energy
				}
				energy[t] = sum
			}
		}
		return nil
	}
	s, err := r.live(t)
	if err != nil {
		t.Fatal(err)
	}
	power := func(from, to float64) float64 { return (energy[to] - energy[from]) / (to - from) }
	within(t, "under a simulated cap of 400 W each", power(30, 44), 8*400, 0.02)
	within(t, "the twin, meanwhile", r.heard.sum(31, 44), power(30, 44), 0.01)
	within(t, "the twin, under full load", r.heard.sum(11, 24), power(10, 24), 0.01)
	within(t, "the twin, idle", r.heard.sum(1, 4), power(1, 4), 0.02)
	ends := r.heard.has("job.done")
	if len(ends) != 1 || ends[0].Time < 66 || ends[0].Time > 90 { // 20 s of its work were done under the cap
		t.Errorf("the job ends: %+v", ends)
	} else {
		t.Logf("a job of 60 s of work that a cap of 400 W held for 20 s took %.1f s", ends[0].Time-5)
	}
	if v := figure(t, s, "energy.bound"); !(v > 8*400*60) {
		t.Errorf("%g J", v)
	}
	if v := figure(t, s, "bound.samples"); !(v > 1e5) {
		t.Errorf("%g samples", v)
	}
	if n := s.Notes[len(s.Notes)-1]; !strings.Contains(n, "gpu-0 to gpu-7 = emulated:0 to emulated:7 (Emulated H100") {
		t.Error(n)
	}
}

// A feed that fails ends the real load, and one that is back begins it again.
func TestClosedFeedLoss(t *testing.T) {
	r := enter(t, "duration: 8 min\n"+strings.Replace(training, "gpus: 8", "gpus: 16", 1)+"timeline: [{at: 20 s, fail: utility, for: 15 s}]\n")
	idle, again := math.NaN(), 0.0
	r.Saw = func(at float64, id *device.Identity, x *device.Reading, _ float64) error {
		switch {
		case id.Index != 3:
		case at > 30 && at < 34:
			idle = x.Values[device.Power]
		case at > 36: // its nodes boot first
			again = max(again, x.Values[device.Power])
		}
		return nil
	}
	if _, err := r.live(t); err != nil {
		t.Fatal(err)
	}
	if !(idle < 100) || !(again > 400) {
		t.Errorf("%.0f W without a feed, %.0f W after it is back", idle, again)
	}
	if dark := r.heard.sum(24, 34); dark != 0 { // what a real one draws at rest is not drawn in a dark hall
		t.Errorf("%.0f W in a dark hall", dark)
	}
}

// Where the coolant of the simulated room would slow a GPU down, the real one is held to what is left.
func TestClosedCoolingLoss(t *testing.T) {
	r := enter(t, "duration: 4 min\n"+strings.Replace(training, "60 s", "10 min", 1)+"timeline: [{at: 30 s, set: {site.air.supply: 47 degC}}]\n")
	limit := math.Inf(1)
	r.Saw = func(at float64, id *device.Identity, x *device.Reading, _ float64) error {
		if at > 30 {
			limit = min(limit, x.Values[device.PowerLimit])
		}
		return nil
	}
	if _, err := r.live(t); err != nil {
		t.Fatal(err)
	}
	heat := r.heard.has("throttle.begin")
	if len(heat) == 0 || !(limit < 690) {
		t.Errorf("%d throttled, the lowest limit was %g W", len(heat), limit)
	}
	t.Logf("in air of 47 °C a GPU was held to %.0f W", limit)
}

// A lost GPU is a failed GPU of the twin; back again, it is repaired, and the job that it held goes on there.
func TestClosedLosesADevice(t *testing.T) {
	r := enter(t, "duration: 2 min\n"+training)
	was := 0.0
	r.Saw = func(at float64, id *device.Identity, _ *device.Reading, _ float64) error {
		switch {
		case was < 20 && at >= 20:
			r.rig.Lose(2)
		case was < 30 && at >= 30:
			r.rig.Recover(2)
		case was < 70 && at >= 70:
			r.rig.StopDriver()
		case was < 75 && at >= 75:
			r.rig.StartDriver()
		}
		was = at
		return nil
	}
	r.Parts[0].Load = &watched{Load: r.Parts[0].Load, tick: func(at float64) { _ = r.Saw(at, &device.Identity{}, nil, 0) }, rig: r.rig}
	s, err := r.live(t)
	if err != nil {
		t.Fatal(err)
	}
	var lost, back, requeued []record.Event
	for _, e := range r.heard.events {
		switch {
		case e.Type == "fail" && strings.HasSuffix(e.Subject, "gpu-2"):
			lost = append(lost, e)
		case e.Type == "repair" && strings.HasSuffix(e.Subject, "gpu-2"):
			back = append(back, e)
		case e.Type == "job.requeue":
			requeued = append(requeued, e)
		}
	}
	if len(lost) != 2 || len(back) != 2 || len(requeued) == 0 || !strings.Contains(lost[0].Text, "hardware") {
		t.Errorf("lost %+v, back %+v, requeued %+v", lost, back, requeued)
	}
	if len(r.heard.has("job.done")) != 1 {
		t.Errorf("the job does not end: %v", r.words)
	}
	figure(t, s, "bound.samples")
}

// watched lets a test act at times at which no device answers.
type watched struct {
	loop.Load
	tick func(at float64)
	rig  *nvmlsim.Rig
}

func (w *watched) Put(tasks []loop.Task) error {
	w.tick(w.rig.Now().Seconds())
	return w.Load.Put(tasks)
}

func TestClosedStopsOnTemperature(t *testing.T) {
	r := enter(t, "duration: 10 min\n"+strings.Replace(training, "60 s", "10 min", 1))
	r.StopAt = 84
	was, lowest := 0.0, 700.0
	r.Saw = func(at float64, id *device.Identity, _ *device.Reading, _ float64) error {
		if was < 30 && at >= 30 {
			r.rig.Warm(6, 70)
		}
		was = at
		return nil
	}
	r.Setter = &noting{Restorer: r.Setter, least: &lowest}
	s, err := r.live(t)
	var hot *loop.HotError
	if !errors.As(err, &hot) || hot.Device != "emulated:6" {
		t.Fatal(err)
	}
	if lowest != 200 || s.Verdict != record.Broken || !strings.Contains(s.Reason, "emulated:6 is at 8") {
		t.Errorf("the lowest limit was %g W; %s: %s", lowest, s.Verdict, s.Reason)
	}
}

// noting keeps the lowest limit that was set.
type noting struct {
	loop.Restorer
	least *float64
}

func (n *noting) SetLimit(d device.Device, watts float64) error {
	*n.least = min(*n.least, watts)
	return n.Restorer.SetLimit(d, watts)
}

// TestClosedChild is the process that closes a loop in real time and is killed.
func TestClosedChild(t *testing.T) {
	lib := os.Getenv(libraryOf)
	if lib == "" {
		t.Skip("skipped: it is a part of TestClosedRestoresAfterKill")
	}
	plan, d, _ := begin(t, "duration: 10 min\n"+strings.Replace(strings.Replace(training, "submit: 5 s", "submit: 0 s", 1), "60 s", "10 min", 1)+
		"timeline: [{at: 100 ms, set: {\"gpu[*].power_limit\": 300 W}}]\n")
	rig, err := nvmlsim.Open(os.Getenv(nvmlsim.Environment))
	if err != nil {
		t.Fatal(err)
	}
	told := false
	c := &loop.Closed{World: d, Tree: plan.Tree, Bonds: bonds(t, plan, "hall-0/row-0/rack-0/node-0/gpu[0..7]=nvml:0..7"),
		Parts:  []loop.Part{{Name: loop.NVML, Source: &device.NVML{Path: lib}, Load: &loop.Rig{Rig: rig}}},
		Setter: guard.New(os.Getenv(guard.Environment), lib), Pacer: &kernel.Pacer{Factor: 1, Tolerance: time.Minute},
		Saw: func(_ float64, _ *device.Identity, x *device.Reading, _ float64) error {
			if !told && x.Values[device.PowerLimit] == 300 {
				told = true
				fmt.Println("limits are set by", os.Getpid())
			}
			return nil
		}}
	t.Fatal(c.Run(t.Context(), plan.Duration)) // it is killed before
}

func TestClosedRestoresAfterKill(t *testing.T) {
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	lib, err := nvmlsim.Build(t.Context(), filepath.Join(cache, "halltwin"), false)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	rig, err := nvmlsim.Create(filepath.Join(t.TempDir(), "rig"), nvmlsim.Config{GPUs: nvmlsim.Draw(1, 8), Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rig.Close() })
	t.Setenv(nvmlsim.Environment, rig.Path())
	journal := filepath.Join(t.TempDir(), "journal.json")
	cmd := exec.Command(os.Args[0], "-test.run", "^TestClosedChild$", "-test.v")
	cmd.Env = append(os.Environ(), libraryOf+"="+lib)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan []string, 1)
	go func() {
		names, _ := guard.Supervise(t.Context(), cmd, journal, nil)
		ended <- names
	}()
	pid := 0
	for s := bufio.NewScanner(out); pid == 0 && s.Scan(); {
		_, _ = fmt.Sscanf(s.Text(), "limits are set by %d", &pid)
	}
	if rig.Progress(0).Limit != 300 {
		t.Fatalf("the limit is %g W", rig.Progress(0).Limit)
	}
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if names := <-ended; len(names) != 8 {
		t.Errorf("restored: %v", names)
	}
	for i := range 8 {
		if p := rig.Progress(i); p.Limit != 700 {
			t.Errorf("gpu-%d is left with %g W", i, p.Limit)
		}
	}
}
