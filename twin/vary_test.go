package twin

import (
	"fmt"
	"math"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// How often a run is recorded must not change what it draws: a profile counts in every step, not only in that after a
// sample. Power is linear here, so means over steps are exact.
func TestProfileEnergyDoesNotDependOnSampling(t *testing.T) {
	const scenario = `
halltwin: v1
name: profile
start: 2025-01-01T00:00:00Z
duration: 2 h
site:
  power: {redundancy: none}
  plant: {kind: none}
  halls: [{rows: [{racks: 1, rack: {nodes: 1, flow: 0.1 m3/s, node: {gpus: 0, cpus: 1, cpu: {cores: 1, idle: 100 W, max: 200 W}}}}]}]
workload:
  - job:
      name: a
      cpus: 1
      work: 6000 s
      phases: [{for: 70 s, cpu: 1}, {for: 1000 s, cpu: 0.2}, {for: 333 s, cpu: 0.9}, {for: 4597 s, cpu: 0.5}]
record: {every: %d s}
`
	const want = 7200*100 + 100*(70*1+1000*0.2+333*0.9+4597*0.5) // J
	for _, every := range []int{7, 60, 600, 7200} {
		f, ds := scenarios.LoadBytes("profile.yaml", fmt.Appendf(nil, scenario, every))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		p, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		if got := world(t, p, p.Duration).Totals.Flowed; math.Abs(got-want) > 1e-6*want {
			t.Errorf("recorded every %d s it draws %.9g J, %.9g J are due", every, got, float64(want))
		}
	}
}
