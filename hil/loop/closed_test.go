package loop_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
)

// head is a rack of two nodes, of which the first is to be real.
const head = `halltwin: v1
name: bound
start: 2025-01-01T00:00:00Z
site:
  plant: {kind: none}
  other: 0
  halls: [{rows: [{racks: 1, rack: {nodes: 2, flow: 1 m3/s, node: {gpus: 8, gpu: {idle: 72 W, max: 700 W, min_limit: 200 W}, cpus: 1, cpu: {idle: 200 W, max: 400 W, cores: 64}}}}]}]
  power: {use: plants/power-direct}
record: {every: 1 s, channels: [gpu.power, gpu.temperature, node.power]}
step: {calm: 1 s, disturbed: 1 s}
`

// listener keeps what is recorded of the first GPUs, and all events.
type listener struct {
	power  [][]float32
	at     []float64
	events []record.Event
}

func (l *listener) Open(*record.Header) error   { return nil }
func (l *listener) Close(*record.Summary) error { return nil }
func (l *listener) Event(e *record.Event) error { l.events = append(l.events, *e); return nil }
func (l *listener) Frame(f *record.Frame) error {
	if f.Channel.Name == "gpu.power" {
		row := make([]float32, len(f.Values))
		for i, v := range f.Values {
			row[i] = float32(v)
		}
		l.power, l.at = append(l.power, row), append(l.at, f.Time)
	}
	return nil
}

// begin compiles a scenario and begins its run.
func begin(t *testing.T, rest string) (*scenarios.Plan, *twin.Driven, *listener) {
	t.Helper()
	f, ds := scenarios.LoadBytes("bound.yaml", []byte(head+rest))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	plan, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	l := &listener{}
	d, err := twin.Begin(plan, twin.Options{Seed: plan.Seed, Sink: l})
	if err != nil {
		t.Fatal(err)
	}
	return plan, d, l
}

func bonds(t *testing.T, plan *scenarios.Plan, text string) []loop.Bond {
	t.Helper()
	all, err := loop.ParseBond(plan.Tree, text)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func figure(t *testing.T, s *record.Summary, key string) float64 {
	t.Helper()
	k, ok := s.KPI(key)
	if !ok || k.Provenance != record.ProvMeasured {
		t.Errorf("%s: %+v", key, k)
	}
	return k.Value
}

// TestHostCPU trains for real on this host when the simulated scheduler starts a job, and at no other time.
func TestHostCPU(t *testing.T) {
	plan, d, _ := begin(t, "duration: 3 s\nworkload: [job: {name: a, submit: 500 ms, cpus: 64, cpu_utilisation: 100 %, work: 1500 ms}]\n")
	host := &loop.Host{}
	before, after := math.NaN(), math.NaN()
	c := &loop.Closed{World: d, Tree: plan.Tree, Bonds: bonds(t, plan, "hall-0/row-0/rack-0/node-0=cpu"),
		Parts: []loop.Part{{Name: loop.CPU, Source: &device.Host{}, Load: host}},
		Pacer: &kernel.Pacer{Factor: 1, Tolerance: 10 * time.Second, Strict: true},
		Saw: func(at float64, id *device.Identity, _ *device.Reading, work float64) error {
			if at < 0.5 {
				before = work
			}
			if at > 2.6 && math.IsNaN(after) {
				after = work
			}
			return nil
		}}
	began := time.Now()
	err := c.Run(t.Context(), plan.Duration)
	took := time.Since(began).Seconds()
	s, err := d.End(t.Context(), err)
	if err != nil {
		t.Fatal(err)
	}
	if took < 2.99 {
		t.Errorf("3 s took %.2f s", took)
	}
	if before != 0 || !(after > 0) || after != host.Work(0) {
		t.Errorf("%g samples before the job, %g after it, %g in the end", before, after, host.Work(0))
	}
	if v := figure(t, s, "bound.samples"); v != after {
		t.Errorf("%g samples in the summary", v)
	}
	if v := figure(t, s, "bound.devices"); v != 1 {
		t.Error(v)
	}
	k, _ := s.KPI("bound.lateness")
	t.Logf("%.0f samples, lateness %.3f s, %s", after, k.Value, k.Note)
}

// stuck is a clock that a slow machine has.
type stuck struct{ now time.Duration }

func (s *stuck) Now() time.Duration { s.now += time.Second; return s.now }

func (s *stuck) Sleep(context.Context, time.Duration) {}

func TestEndsWhenItIsLate(t *testing.T) {
	plan, d, _ := begin(t, "duration: 60 s\nworkload: []\n")
	c := &loop.Closed{World: d, Tree: plan.Tree, Bonds: bonds(t, plan, "hall-0/row-0/rack-0/node-0=cpu"),
		Parts: []loop.Part{{Name: loop.CPU, Source: &device.Host{}, Load: &loop.Host{}}},
		Pacer: &kernel.Pacer{Factor: 1, Tolerance: time.Second, Strict: true, Wall: &stuck{}}}
	err := c.Run(t.Context(), plan.Duration)
	var late *kernel.LateError
	if !errors.As(err, &late) {
		t.Fatal(err)
	}
	s, _ := d.End(t.Context(), err)
	if s.Verdict != record.Broken || !strings.Contains(s.Reason, "cannot follow real time") || figure(t, s, "bound.lateness") < 1 {
		t.Errorf("%s: %s", s.Verdict, s.Reason)
	}
}

// TestPrograms runs a program for each job, which sees that job's GPUs.
func TestPrograms(t *testing.T) {
	sh, err := os.Stat("/bin/sh")
	if err != nil || sh.IsDir() {
		t.Skip("skipped: no /bin/sh")
	}
	dir := t.TempDir()
	script := filepath.Join(dir, "train")
	text := `i=0; while :; do i=$((i+1)); echo "{\"step\":$i,\"samples\":$((i*100)),\"phase\":\"train\"}"; echo "$1 $CUDA_VISIBLE_DEVICES" > "$2.$CUDA_VISIBLE_DEVICES"; read -t 0.01 x < /dev/null; done`
	if err := os.WriteFile(script, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	p := &loop.Programs{Args: []string{"/bin/sh", script, "{gpus}", filepath.Join(dir, "saw")}}
	defer p.Close()
	if err := p.Put([]loop.Task{{Job: 1, Devices: []int{0, 1}, Level: 1}, {Job: 2, Devices: []int{5}, Level: 1}}); err != nil {
		t.Fatal(err)
	}
	wait := func(what string, is func() bool) {
		t.Helper()
		for end := time.Now().Add(10 * time.Second); !is(); <-time.After(5 * time.Millisecond) {
			if time.Now().After(end) {
				t.Fatal(what)
			}
		}
	}
	saw := func(name, want string) func() bool {
		return func() bool {
			got, _ := os.ReadFile(filepath.Join(dir, "saw."+name))
			return strings.TrimSpace(string(got)) == want
		}
	}
	wait("the first job's program does not see its GPUs", saw("0,1", "2 0,1"))
	wait("nor does the second's", saw("5", "1 5"))
	wait("no work is counted", func() bool { return p.Work(1) >= 100 && p.Work(5) >= 100 })
	if err := p.Put([]loop.Task{{Job: 2, Devices: []int{5}, Level: 1}}); err != nil {
		t.Fatal(err)
	}
	done := p.Work(0)
	if done == 0 || p.Work(0) != p.Work(1) {
		t.Errorf("%g samples of the job that is over", done)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if p.Work(0) != done || p.Work(5) == 0 || p.Work(7) != 0 {
		t.Errorf("%g, %g, %g", p.Work(0), p.Work(5), p.Work(7))
	}
	bad := &loop.Programs{Args: []string{filepath.Join(dir, "none")}}
	if err := bad.Put([]loop.Task{{Job: 1, Devices: []int{3}}}); err == nil || !strings.Contains(err.Error(), "on GPUs 3") {
		t.Error(err)
	}
}

func TestParseBond(t *testing.T) {
	plan, d, _ := begin(t, "duration: 1 s\nworkload: []\n")
	defer d.Close()
	got := bonds(t, plan, "hall-0/row-0/rack-0/node-1/gpu[2..4]=nvml:5..7")
	if len(got) != 3 || got[1].Thing.Index != 11 || got[1].Index != 6 || got[1].Device() != "nvml:6" {
		t.Errorf("%+v", got)
	}
	if got := bonds(t, plan, "gpu=emulated"); len(got) != 16 || got[15].Index != 15 {
		t.Errorf("%+v", got)
	}
	for text, want := range map[string]string{
		"gpu[0]": "binds nothing", "node[0]/gpu=nvml:0..3": "4 devices for 8 things", "rack[0]=cpu": "is a rack", "node[0]/gpu[0]=cpu": "is a gpu; cpu stands for a node",
		"node=cpu": "one node", "gpu[0]=rocm:0": "no device", "gpu[0]=nvml:x": "no devices", "gpu[0]=nvml:7..0": "no devices", "gpu[99]=nvml": "selector", "node[0]=nvml:0": "is a node",
		"gpu[0]=nvml:-1": "no devices", "hall-0/row-0/rack-0/node-0=cpu:1": "all processors",
	} {
		if _, err := loop.ParseBond(plan.Tree, text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func FuzzParseBond(f *testing.F) {
	file, _ := scenarios.LoadBytes("bound.yaml", []byte(head+"duration: 1 s\nworkload: []\n"))
	plan, _ := file.Plan("")
	for _, s := range []string{"gpu[0..7]=nvml:0..7", "node[0]=cpu", "gpu=emulated", "gpu{model=x}=nvml:3", "==", "gpu[0]=nvml:0..99999999999"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := loop.ParseBond(plan.Tree, text)
		if err == nil && (len(all) == 0 || len(all) > 16) {
			t.Fatalf("%q: %d bonds", text, len(all))
		}
	})
}
