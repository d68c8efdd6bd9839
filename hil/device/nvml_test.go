//go:build nvml && linux && cgo

package device_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/nvmlsim"
)

const oldDriver = "HALLTWIN_TEST_OLD_DRIVER"

// bench makes a rig and loads the library for it. The rig's clock stands still.
func bench(t *testing.T, c nvmlsim.Config) (*nvmlsim.Rig, *device.NVML, []device.Device) {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	path, err := nvmlsim.Build(t.Context(), filepath.Join(cache, "halltwin"), c.Old)
	if errors.Is(err, nvmlsim.ErrNoCompiler) {
		t.Skipf("skipped: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	rig, err := nvmlsim.Create(filepath.Join(t.TempDir(), "rig"), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rig.Close() })
	t.Setenv(nvmlsim.Environment, rig.Path())
	n := &device.NVML{Path: path}
	all, err := n.Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return rig, n, all
}

// quiet is an H100 without noise.
func quiet() nvmlsim.Truth {
	h := nvmlsim.H100()
	h.Noise, h.TempNoise = 0, 0
	return h
}

func sample(t *testing.T, d device.Device) *device.Reading {
	t.Helper()
	var r device.Reading
	if err := d.Sample(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %g, not %g ± %g", what, got, want, within)
	}
}

func TestReadings(t *testing.T) {
	h := quiet()
	rig, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{h, h}})
	if len(all) != 2 {
		t.Fatalf("%d GPUs", len(all))
	}
	id := all[1].Identity()
	if id.Name() != "gpu-1" || !strings.HasPrefix(id.Key, "GPU-") || id.Model != "Emulated H100 80GB HBM3" || id.Bus != "00000000:20:00.0" || id.Driver != "580.00-emulated" {
		t.Errorf("%+v", id)
	}
	sample(t, all[0])
	rig.Put(0, nvmlsim.Load{SM: 1, Tensor: 0.5, DRAM: 0.25, Memory: 40 << 30})
	rig.Advance(600 * time.Second)
	r := sample(t, all[0])
	watts := h.Idle + h.SM + 0.5*h.Tensor + 0.25*h.DRAM
	near(t, "power", r.Values[device.Power], watts, 0.01)
	near(t, "temperature", r.Values[device.Temperature], h.Coolant+(h.R1+h.R2)*watts, 0.6)
	near(t, "headroom", r.Values[device.Headroom], h.Slowdown-r.Values[device.Temperature], 0.01)
	near(t, "utilisation", r.Values[device.Utilisation], 1, 0.01)
	near(t, "SM activity", r.Values[device.SMActive], 1, 1e-4)
	near(t, "tensor activity", r.Values[device.TensorActive], 0.5, 1e-4)
	near(t, "DRAM activity", r.Values[device.DRAMActive], 0.25, 1e-4)
	near(t, "memory", r.Values[device.MemoryUsed], 40<<30, 1)
	near(t, "limit", r.Values[device.PowerLimit], 700, 0)
	near(t, "clock", r.Values[device.Clock], 1980e6, 1)
	near(t, "energy", r.Values[device.Energy], watts*600, watts*h.PowerLag*2)
	if !math.IsNaN(r.Values[device.MemoryTemperature]) || !math.IsNaN(r.Values[device.ECC]) {
		t.Error("values that the device does not have")
	}
	idle := sample(t, all[1])
	near(t, "idle power", idle.Values[device.Power], h.Idle, 0.01)
	if idle.Values[device.Throttle] != 1 {
		t.Errorf("throttle reasons of an idle GPU: %g", idle.Values[device.Throttle])
	}
}

// A step of power without averaging is the exact response of two poles; read through rounding to whole degrees.
func TestThermalStep(t *testing.T) {
	h := quiet()
	h.PowerLag = 0
	h.TempUpdate = 0.005
	rig, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{h}})
	sample(t, all[0])
	rig.Put(0, nvmlsim.Load{SM: 1, Tensor: 1, DRAM: 1})
	p0, p1 := h.Idle, 700.0
	for _, at := range []float64{1, 5, 20, 60, 120, 300} {
		rig.Set(time.Duration(at * 1e9))
		r := sample(t, all[0])
		near(t, fmt.Sprintf("temperature after %g s", at), r.Values[device.Temperature], h.Coolant+p0*(h.R1+h.R2)+(p1-p0)*foster(h, at), 0.75)
	}
}

// foster is the step response of die temperature in K/W in its sum of two exponentials.
func foster(h nvmlsim.Truth, t float64) float64 {
	a, b, d := 1/(h.R1*h.C1), 1/(h.R1*h.C2), 1/(h.R2*h.C2)
	s := a + b + d
	root := math.Sqrt(s*s/4 - a*d)
	fast, slow := s/2+root, s/2-root
	r := h.R1 + h.R2
	// Initial slope 1/C1 fixes the split.
	k := (1/h.C1 - r*slow) / (fast - slow)
	return k*(1-math.Exp(-fast*t)) + (r-k)*(1-math.Exp(-slow*t))
}

func TestLimits(t *testing.T) {
	h := quiet()
	rig, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{h}})
	l := all[0].(device.Limiter)
	lim, err := l.Limits()
	if err != nil || lim != (device.Limits{Now: 700, Min: 200, Max: 700, Default: 700}) {
		t.Fatalf("%+v %v", lim, err)
	}
	for _, bad := range []float64{199, 701, 0, -1, math.NaN(), math.Inf(1)} {
		var out *device.RangeError
		if err := l.SetLimit(bad); !errors.As(err, &out) {
			t.Errorf("a limit of %g W: %v", bad, err)
		}
	}
	rig.Put(0, nvmlsim.Load{SM: 1, Tensor: 1, DRAM: 1, Rate: 100})
	if err := l.SetLimit(350); err != nil {
		t.Fatal(err)
	}
	rig.Advance(10 * time.Second)
	r := sample(t, all[0])
	near(t, "capped power", r.Values[device.Power], 350, 1)
	clock := math.Pow((350-h.Idle)/(h.SM+h.Tensor+h.DRAM), 1/h.Gamma)
	near(t, "capped clock", r.Values[device.Clock]/1980e6, clock, 0.002)
	if int(r.Values[device.Throttle])&4 == 0 {
		t.Errorf("throttle reasons under a cap: %g", r.Values[device.Throttle])
	}
	near(t, "work", rig.Progress(0).Work, 1000*clock, 10)
	c := all[0].(device.Clocker)
	if err := l.SetLimit(700); err != nil {
		t.Fatal(err)
	}
	if err := c.BoundClock(990); err != nil {
		t.Fatal(err)
	}
	rig.Advance(time.Second)
	near(t, "bounded clock", sample(t, all[0]).Values[device.Clock], 990e6, 1e6)
	if err := c.BoundClock(3000); err == nil {
		t.Error("a clock of 3 GHz was set")
	}
	if err := c.BoundClock(0); err != nil {
		t.Fatal(err)
	}
	rig.Put(0, nvmlsim.Load{SM: 1}) // all of them at once are above the limit
	rig.Advance(time.Second)
	near(t, "freed clock", sample(t, all[0]).Values[device.Clock], 1980e6, 1e6)
}

func TestDenied(t *testing.T) {
	_, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{quiet()}, Denied: true})
	if err := all[0].(device.Limiter).SetLimit(300); !errors.Is(err, device.ErrDenied) {
		t.Errorf("%v", err)
	}
	sample(t, all[0])
	for _, f := range all[0].Probe() {
		if f.Name == "power limit" && (f.OK || f.Fix == "") {
			t.Errorf("%+v", f)
		}
	}
}

func TestThermalThrottleAndShutdown(t *testing.T) {
	h := quiet()
	rig, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{h}})
	sample(t, all[0])
	rig.Put(0, nvmlsim.Load{SM: 1, Tensor: 1, DRAM: 1})
	rig.Warm(0, 50)
	rig.Advance(400 * time.Second)
	r := sample(t, all[0])
	near(t, "throttled temperature", r.Values[device.Temperature], h.Slowdown-1, 3)
	if int(r.Values[device.Throttle])&0x20 == 0 {
		t.Errorf("throttle reasons when hot: %g", r.Values[device.Throttle])
	}
	rig.Warm(0, 96)
	rig.Advance(400 * time.Second)
	if err := all[0].Sample(t.Context(), &device.Reading{}); !errors.Is(err, device.ErrLost) {
		t.Errorf("a GPU above its shutdown temperature: %v", err)
	}
}

// clocks makes a watch live on the rig's time.
type clocks struct {
	rig  *nvmlsim.Rig
	base time.Time
}

func (c clocks) Now() time.Time { return c.base.Add(c.rig.Now()) }
func (c clocks) Sleep(_ context.Context, d time.Duration) {
	if d > 0 {
		c.rig.Advance(d)
	}
}

func TestWatchGoesOn(t *testing.T) {
	rig, n, _ := bench(t, nvmlsim.Config{GPUs: nvmlsim.Draw(1, 8)})
	if err := n.Close(); err != nil {
		t.Fatal(err)
	}
	got := map[string]int{}
	var told []string
	var xids []uint64
	w := &device.Watch{Source: n, Rate: 10, Clocks: clocks{rig, time.Unix(1.7e9, 0)},
		Receive: func(d device.Device, r *device.Reading) error {
			id := d.Identity()
			got[id.Name()]++
			xids = append(xids, r.Xids...)
			return nil
		},
		Tell: func(c device.Change) { told = append(told, fmt.Sprintf("%s %v", c.Who, c.Lost)) },
	}
	run := func(seconds int) {
		clear(got)
		for range seconds * 10 {
			if err := w.Once(t.Context()); err != nil {
				t.Fatal(err)
			}
			rig.Advance(100 * time.Millisecond)
		}
	}
	run(10)
	if got["gpu-0"] != 100 || got["gpu-7"] != 100 {
		t.Fatalf("%v", got)
	}
	rig.Lose(3)
	run(60)
	if got["gpu-3"] != 0 || got["gpu-2"] != 600 {
		t.Errorf("with gpu-3 lost: %v", got)
	}
	rig.Recover(3)
	run(60)
	if got["gpu-3"] < 290 {
		t.Errorf("gpu-3 came back and was read %d times in a minute", got["gpu-3"])
	}
	rig.StopDriver()
	run(5)
	if len(got) != 0 {
		t.Errorf("without a driver: %v", got)
	}
	rig.StartDriver()
	run(60)
	if got["gpu-0"] < 290 {
		t.Errorf("the driver came back and gpu-0 was read %d times in a minute", got["gpu-0"])
	}
	rig.Xid(5, 63)
	run(1)
	want := "gpu-3 true;gpu-3 false;NVML true;NVML false"
	if s := strings.Join(told, ";"); s != want {
		t.Errorf("told %s, not %s", s, want)
	}
	if len(xids) != 1 || xids[0] != 63 {
		t.Errorf("Xids: %v", xids) // 79 of the lost GPU cannot be read from it
	}
}

func TestHostileTelemetry(t *testing.T) {
	rig, _, all := bench(t, nvmlsim.Config{GPUs: nvmlsim.Draw(2, 3)})
	var f device.Filter
	read := func(i int) (device.Reading, bool) {
		rig.Advance(100 * time.Millisecond)
		r := *sample(t, all[i])
		now := time.Unix(1.7e9, 0).Add(rig.Now())
		r.At = now
		id := all[i].Identity()
		ok := f.Pass(&id, &r, now)
		return r, ok
	}
	if r, ok := read(0); !ok || len(f.Report()) != 0 || math.IsNaN(r.Values[device.Power]) {
		t.Fatalf("a good reading: %v %v", ok, f.Report())
	}
	rig.Lie(0, nvmlsim.WildPower|nvmlsim.WildTemp|nvmlsim.ZeroEnergy)
	r, ok := read(0)
	if !ok || !math.IsNaN(r.Values[device.Power]) || !math.IsNaN(r.Values[device.Temperature]) || !math.IsNaN(r.Values[device.Energy]) || math.IsNaN(r.Values[device.Clock]) {
		t.Errorf("wild values passed: %v", r.Values)
	}
	if n := len(f.Report()); n != 3 {
		t.Errorf("report: %+v", f.Report())
	}
	rig.Lie(0, nvmlsim.FailReads)
	if r, ok := read(0); !ok || !math.IsNaN(r.Values[device.Power]) || math.IsNaN(r.Values[device.Temperature]) {
		t.Errorf("a failing read took others with it: %v", r.Values)
	}
	rig.Lie(0, 0)
	if r, ok := read(0); !ok || math.IsNaN(r.Values[device.Power]) || math.IsNaN(r.Values[device.Energy]) {
		t.Errorf("a good reading after bad ones: %v", r.Values)
	}
}

// A driver of before 555: other symbols, in a process of its own since a process can load one library.
func TestOldDriver(t *testing.T) {
	if os.Getenv(oldDriver) == "" {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestOldDriver$", "-test.v")
		cmd.Env = append(os.Environ(), oldDriver+"=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return
	}
	h := quiet()
	_, _, all := bench(t, nvmlsim.Config{GPUs: []nvmlsim.Truth{h}, Old: true, Coarse: true})
	r := sample(t, all[0])
	near(t, "temperature", r.Values[device.Temperature], h.Coolant+(h.R1+h.R2)*h.Idle, 0.6)
	near(t, "headroom", r.Values[device.Headroom], h.Slowdown-r.Values[device.Temperature], 0.01)
	if !math.IsNaN(r.Values[device.SMActive]) {
		t.Error("profiling counters on a GPU without them")
	}
	var missing bool
	for _, f := range all[0].Probe() {
		missing = missing || f.Name == "activity" && !f.OK
	}
	if !missing {
		t.Errorf("the probe does not miss the counters: %+v", all[0].Probe())
	}
}

func TestOneLibraryAProcess(t *testing.T) {
	bench(t, nvmlsim.Config{GPUs: nvmlsim.Draw(1, 1)})
	other := &device.NVML{Path: "/nowhere/libnvidia-ml.so"}
	if _, err := other.Open(t.Context()); err == nil || !strings.Contains(err.Error(), "one NVML library") {
		t.Errorf("a second library: %v", err)
	}
}

// The real thing, where there is one.
func TestRealGPU(t *testing.T) {
	if os.Getenv(oldDriver) == "real" {
		n := &device.NVML{}
		all, err := n.Open(t.Context())
		if errors.Is(err, device.ErrNoNVML) || len(all) == 0 {
			fmt.Println("skipped: no GPU")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		defer n.Close()
		for _, d := range all {
			if r := sample(t, d); !(r.Values[device.Power] > 0) || !(r.Values[device.Temperature] > 0) {
				t.Errorf("%+v: %v", d.Identity(), r.Values)
			}
		}
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run", "^TestRealGPU$", "-test.v")
	cmd.Env = append(os.Environ(), oldDriver+"=real")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if strings.Contains(string(out), "skipped: no GPU") {
		t.Skip("skipped: no GPU")
	}
}
