package validate

import (
	"context"
	"os"
	"path/filepath"
	"testing"
)

// benchmark runs one on the reference data, where that is at hand; a missed target fails it.
func benchmark(t *testing.T, b Benchmark) {
	t.Helper()
	data := os.Getenv("HALLTWIN_DATA")
	if data == "" {
		data = filepath.Join("..", "..", "..", "shared", "data")
	}
	if _, err := os.Stat(data); err != nil {
		t.Skip("no reference data: set HALLTWIN_DATA")
	}
	r, err := b.Run(context.Background(), data)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Figures {
		sign := "✓"
		if !f.OK {
			sign = "✗"
			t.Errorf("%s %g %s, want %s", f.Name, f.Value, f.Unit, f.Target)
		}
		t.Logf("%s %-40s %10.4g %s %s", sign, f.Name, f.Value, f.Unit, f.Target)
	}
	for _, l := range r.Lines {
		t.Log(l)
	}
}

func TestGPUPower(t *testing.T)   { benchmark(t, GPUPower) }
func TestGPUThermal(t *testing.T) { benchmark(t, GPUThermal) }
func TestPowerLimit(t *testing.T) { benchmark(t, PowerLimit) }
func TestMeter(t *testing.T)      { benchmark(t, Meter) }
func TestNodePower(t *testing.T)  { benchmark(t, NodePower) }
