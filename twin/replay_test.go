package twin

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// replay returns the plan of two nodes of two GPUs (100–500 W, 150 W beside them) with a trace of placements.
func replay(t *testing.T, rows, rest string) *scenarios.Plan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "jobs.csv"), []byte("submit,start,run,gpus,node_list\n"+rows), 0o644); err != nil {
		t.Fatal(err)
	}
	f, ds := scenarios.LoadBytes(filepath.Join(dir, "test.yaml"), []byte(`
halltwin: v1
name: test
start: 2025-01-01T00:00:00Z
duration: 1000 s
site:
  halls: [{rows: [{racks: 1, rack: {nodes: 2, flow: 0.1 m3/s, node: {gpus: 2, gpu: {idle: 100 W, max: 500 W, spread: 0, resistance: 0.05 K/W, flow_exponent: 0}, cpus: 1, cpu: {cores: 10, idle: 50 W, max: 150 W}, other: 100 W}}}]}]
  plant: {kind: none}
  power: {redundancy: none}
  other: 0
workload:
  - trace: {file: jobs.csv, format: csv, gpus_per_node: 2, replay: true, columns: {submit: submit, start: start, run: run, gpus: gpus, node_list: node_list}, utilization: {gpu: 100 %, cpu: 0}}
`+rest))
	if len(ds) == 0 {
		var p *scenarios.Plan
		if p, ds = f.Plan(""); len(ds) == 0 {
			return p
		}
	}
	t.Fatal(ds)
	return nil
}

// A replayed job starts when and where its trace says, even where it was not the next, or where the node is down or
// drained: then the books still close.
func TestReplay(t *testing.T) {
	for _, x := range []struct {
		name, rows, rest string
		ends             string
	}{
		{"in any order", "0,100,200,2,1\n0,50,300,2,0\n", "", "[300 350]"},
		{"one GPU of a node each", "0,100,200,1,1\n0,150,300,1,1\n", "", "[300 450]"},
		{"on a drained node", "0,100,200,2,1\n", "timeline: [{at: 10 s, drain: \"node[1]\"}]\n", "[300]"},
		{"on a dead node", "0,100,200,2,1\n0,500,100,2,1\n", "timeline: [{at: 10 s, fail: \"node[1]\", for: 400 s}]\n", "[300 600]"},
		{"on a node that dies", "0,100,200,2,1\n0,500,100,2,1\n", "timeline: [{at: 210 s, fail: \"node[1]\", for: 200 s}]\n", "[210 600]"},
		{"on a node that another holds", "0,100,200,2,1\n0,200,200,2,1\n", "", "[300 400]"},
	} {
		t.Run(x.name, func(t *testing.T) {
			w, err := New(replay(t, x.rows, x.rest), 1)
			if err != nil {
				t.Fatal(err)
			}
			if err := live(w); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(ends(w)); got != x.ends {
				t.Errorf("jobs end at %s s, want %s", got, x.ends)
			}
		})
	}
}
