package scenarios

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A calibration lies over the type and under what is written beside it, from wherever the node comes.
func TestCalibrationLiesBetweenTypeAndScenario(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	write("fit.yaml", "idle: 77 W\nmax: 691 W\nresistance: 0.06 K/W\ncalibration:\n  device: H100\n  power_error: 8 W\n  parameters:\n    - {name: power.idle, value: 77, low: 70, high: 84, unit: W}\n")
	write("other.yaml", "idle: 77 W\n")
	scenario := func(gpu string) string {
		return "halltwin: v1\nname: c\nabout: c\nstart: 2025-07-15T00:00:00Z\nduration: 1 h\nsite:\n  use: sites/h100-hall-1k\n  halls:\n    - rows: [{racks: 4, rack: {use: hardware/rack-dgx-h100-4, node: {gpu: " + gpu + "}}}]\n"
	}
	f, ds := Load(write("a.yaml", scenario("{calibration: fit.yaml, idle: 75 W}")))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	spec, whole, ds := f.Decode("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	gpu := spec.Site.Halls[0].Rows[0].Rack.Node.GPU
	if float64(gpu.Idle) != 75 || float64(gpu.Max) != 691 || float64(gpu.MinLimit) != 200 || gpu.Calibration == nil || gpu.Calibration.Device != "H100" || !gpu.Calibration.Parameters[0].Determined {
		t.Errorf("idle %s, max %s, limit %s, %+v", gpu.Idle, gpu.Max, gpu.MinLimit, gpu.Calibration)
	}
	text, _ := Resolved(whole)
	if !strings.Contains(string(text), "fit.yaml:2") {
		t.Error("the resolved scenario does not say where max comes from")
	}
	if _, ds := Load(write("b.yaml", scenario("{calibration: other.yaml}"))); len(ds) != 1 || !strings.Contains(ds[0].Msg, "is no calibration") {
		t.Errorf("%v", ds)
	}
	if _, ds := Load(write("c.yaml", scenario("{calibration: missing.yaml}"))); len(ds) != 1 || !strings.Contains(ds[0].Msg, "no such file") {
		t.Errorf("%v", ds)
	}
}
