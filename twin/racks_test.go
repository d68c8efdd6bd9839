package twin

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// A gang of single cores fills one node and half of the next: each draws for what it holds. 4 cores, 10 W idle and
// 50 W busy: 6 cores at 100 % draw 50 W and 30 W.
func TestUnevenGang(t *testing.T) {
	dir := t.TempDir()
	swf := "1 0 0 600 6 -1 -1 6 600 -1 1 1 1 1 1 1 -1 -1\n"
	if err := os.WriteFile(filepath.Join(dir, "jobs.swf"), []byte(swf), 0o644); err != nil {
		t.Fatal(err)
	}
	f, ds := scenarios.LoadBytes(filepath.Join(dir, "test.yaml"), []byte(`
halltwin: v1
name: test
start: 2025-01-01T00:00:00Z
duration: 600 s
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 2, flow: 0.1 m3/s, node: {gpus: 0, cpus: 1, cpu: {cores: 4, idle: 10 W, max: 50 W}}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
  other: 0
workload:
  - trace: {file: jobs.swf, utilization: {cpu: 100 %}}
`))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w := world(t, p, 300)
	if w.Power.IT != 80 {
		t.Errorf("%g W, want 80 W", w.Power.IT)
	}
}

// A rack that dies in the midst of a step gave its heat to the air that it drew until then, not to none.
func TestHeatOfADyingRack(t *testing.T) {
	p := plan(t, `
duration: 600 s
step: {calm: 300 s, disturbed: 300 s}
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 1, node: {gpus: 8, gpu: {use: hardware/gpu-h100-sxm}, fans: {power: 100 W, flow: 0.5 m3/s}}}}]}]
  power: {redundancy: none}
workload: [{job: {name: a, nodes: 1, work: 1 h}}]
timeline: [{at: 200 s, fail: "rack[0]"}]
`)
	if out := world(t, p, 300).Cooling.RackOutlet[0]; out > 60 {
		t.Errorf("its air leaves at %.0f °C", out)
	}
}
