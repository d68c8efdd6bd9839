package device_test

import (
	"context"
	"errors"
	"math"
	"testing"
	"testing/fstest"
	"time"

	"github.com/halltwin/halltwin/hil/device"
)

// tree is a machine with two packages, main memory counters, a board sensor and a core sensor.
func tree() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s + "\n")} }
	return fstest.MapFS{
		"proc/stat":                            file("cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 100 0 100 800 0 0 0 0 0 0"),
		"proc/cpuinfo":                         file("processor\t: 0\nmodel name\t: Test CPU @ 3 GHz\ncpu MHz\t\t: 3000.0\nprocessor\t: 1\nmodel name\t: Test CPU @ 3 GHz\ncpu MHz\t\t: 2000.0"),
		"proc/meminfo":                         file("MemTotal:  1000 kB\nMemFree:  100 kB\nMemAvailable:  400 kB"),
		"sys/class/powercap/intel-rapl:0/name": file("package-0"),
		"sys/class/powercap/intel-rapl:0/energy_uj":             file("1000000"),
		"sys/class/powercap/intel-rapl:0/max_energy_range_uj":   file("262143328850"),
		"sys/class/powercap/intel-rapl:0:0/name":                file("core"),
		"sys/class/powercap/intel-rapl:0:0/energy_uj":           file("900000"),
		"sys/class/powercap/intel-rapl:0:1/name":                file("dram"),
		"sys/class/powercap/intel-rapl:0:1/energy_uj":           file("5000000"),
		"sys/class/powercap/intel-rapl:0:1/max_energy_range_uj": file("65712999613"),
		"sys/class/powercap/intel-rapl:1/name":                  file("package-1"),
		"sys/class/powercap/intel-rapl:1/energy_uj":             file("262143328850"),
		"sys/class/powercap/intel-rapl:1/max_energy_range_uj":   file("262143328850"),
		"sys/class/hwmon/hwmon0/name":                           file("acpitz"),
		"sys/class/hwmon/hwmon0/temp1_input":                    file("99000"),
		"sys/class/hwmon/hwmon1/name":                           file("coretemp"),
		"sys/class/hwmon/hwmon1/temp1_input":                    file("51000"),
		"sys/class/hwmon/hwmon1/temp2_input":                    file("53500"),
	}
}

func TestHost(t *testing.T) {
	root := tree()
	now := time.Unix(1.7e9, 0)
	all, err := (&device.Host{Root: root, Now: func() time.Time { return now }}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d := all[0]
	if d.Identity().Model != "Test CPU @ 3 GHz" || d.Identity().Kind != device.CPU {
		t.Errorf("%+v", d.Identity())
	}
	var r device.Reading
	read := func() {
		t.Helper()
		if err := d.Sample(context.Background(), &r); err != nil {
			t.Fatal(err)
		}
	}
	read()
	if !math.IsNaN(r.Values[device.Power]) || r.Values[device.Temperature] != 53.5 || r.Values[device.Clock] != 2.5e9 || r.Values[device.MemoryUsed] != 600*1024 {
		t.Errorf("first reading: %v", r.Values)
	}
	// Two seconds: package 0 takes 100 W, package 1's counter wraps on the way to 50 W, memory takes 10 W.
	now = now.Add(2 * time.Second)
	set := func(name, text string) { root[name] = &fstest.MapFile{Data: []byte(text)} }
	set("sys/class/powercap/intel-rapl:0/energy_uj", "201000000")
	set("sys/class/powercap/intel-rapl:1/energy_uj", "100000000")
	set("sys/class/powercap/intel-rapl:0:1/energy_uj", "25000000")
	set("proc/stat", "cpu  190 0 110 830 70 0 0 0 0 0\n")
	read()
	for _, c := range []struct {
		q    device.Quantity
		want float64
	}{{device.Power, 150}, {device.DRAMPower, 10}, {device.Utilisation, 0.5}, {device.Energy, 300}} {
		if got := r.Values[c.q]; math.Abs(got-c.want) > 1e-6*c.want {
			t.Errorf("%v is %g, not %g", c.q, got, c.want)
		}
	}
	for _, f := range d.Probe() {
		if !f.OK {
			t.Errorf("%+v", f)
		}
	}
}

func TestHostWithoutSensors(t *testing.T) {
	root := fstest.MapFS{"proc/stat": tree()["proc/stat"]}
	all, err := (&device.Host{Root: root}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var r device.Reading
	if err := all[0].Sample(t.Context(), &r); err != nil {
		t.Fatal(err)
	}
	for _, q := range []device.Quantity{device.Power, device.Energy, device.Temperature, device.Clock} {
		if !math.IsNaN(r.Values[q]) {
			t.Errorf("%v is %g where nothing measures it", q, r.Values[q])
		}
	}
	missing := 0
	for _, f := range all[0].Probe() {
		if !f.OK && f.Fix != "" {
			missing++
		}
	}
	if missing != 2 {
		t.Errorf("the probe names %d missing things, not 2: %+v", missing, all[0].Probe())
	}
	if _, err := (&device.Host{Root: fstest.MapFS{}}).Open(t.Context()); err == nil {
		t.Error("a machine without /proc was opened")
	}
}

func TestFilterTimesAndKeys(t *testing.T) {
	now := time.Unix(1.7e9, 0)
	a := device.Identity{Kind: device.GPU, Index: 0, Key: "GPU-1", Host: "n"}
	b := device.Identity{Kind: device.GPU, Index: 1, Key: "GPU-1", Host: "n"}
	reading := func(at time.Time) *device.Reading {
		var r device.Reading
		r.Clear()
		r.At, r.Values[device.Power] = at, 100
		return &r
	}
	var f device.Filter
	pass := func(d *device.Identity, at, now time.Time, want bool) {
		t.Helper()
		if got := f.Pass(d, reading(at), now); got != want {
			t.Errorf("%s at %v, received at %v: passed %v", d.Name(), at.Sub(now), now, got)
		}
	}
	pass(&a, now, now, true)
	pass(&b, now, now, false)                 // its key is that of another
	pass(&a, now.Add(-time.Hour), now, false) // a clock that jumped back
	pass(&a, now.Add(time.Hour), now, false)  // and ahead
	pass(&a, now.Add(time.Second), now.Add(time.Second), true)
	later := now.Add(time.Minute)
	pass(&b, later, later, true) // the owner is silent: GPUs were renumbered
	nothing := reading(later.Add(time.Second))
	nothing.Values[device.Power] = math.Inf(1)
	if f.Pass(&b, nothing, later.Add(time.Second)) {
		t.Error("a reading without any value passed")
	}
	if n := len(f.Report()); n != 4 {
		t.Errorf("%d reasons: %+v", n, f.Report())
	}
}

func FuzzFilter(f *testing.F) {
	f.Add(100.0, 50.0, 1.0, int64(0))
	f.Add(math.NaN(), 214748364.7, -1.0, int64(1e18))
	f.Fuzz(func(t *testing.T, power, temperature, share float64, ahead int64) {
		var filter device.Filter
		now := time.Unix(1.7e9, 0)
		d := device.Identity{Kind: device.GPU, Key: "k"}
		var r device.Reading
		for range 2 {
			r.Clear()
			r.At = now.Add(time.Duration(ahead))
			r.Values[device.Power], r.Values[device.Temperature], r.Values[device.Utilisation] = power, temperature, share
			if !filter.Pass(&d, &r, now) {
				continue
			}
			for q, v := range r.Values {
				if row := device.Quantity(q).Describe(); !math.IsNaN(v) && !(v >= row.Min && v <= row.Max) {
					t.Fatalf("%s = %g passed", row.Name, v)
				}
			}
		}
	})
}

func TestTable(t *testing.T) {
	names, dcgm := map[string]bool{}, map[string]bool{}
	for q := range device.Quantities {
		row := device.Quantity(q).Describe()
		if row.Name == "" || row.Help == "" || row.Scale == 0 || !(row.Min < row.Max) || names[row.Name] || row.DCGM != "" && dcgm[row.DCGM] {
			t.Errorf("%+v", row)
		}
		names[row.Name], dcgm[row.DCGM] = true, true
		if got, ok := device.Find(row.Name); !ok || got != device.Quantity(q) {
			t.Errorf("%s is found as %v", row.Name, got)
		}
	}
}

func TestWatchRefusesRates(t *testing.T) {
	for _, rate := range []float64{0, 0.5, 21, math.NaN()} {
		if err := (&device.Watch{Source: &device.Host{}, Rate: rate}).Run(t.Context()); err == nil {
			t.Errorf("a rate of %g Hz", rate)
		}
	}
	stop := errors.New("stop")
	w := &device.Watch{Source: &device.Host{Root: tree()}, Rate: 20, Receive: func(device.Device, *device.Reading) error { return stop }}
	if err := w.Run(t.Context()); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}
