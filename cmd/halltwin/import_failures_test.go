package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record/term"
)

// FuzzImportFailures: whatever a log says, it is refused, or what is printed is a set of failures that a scenario takes.
func FuzzImportFailures(f *testing.F) {
	f.Add([]byte("node,start_d,end_d\na,0,1.5\nb,3,3.2\na,9,10\nc,9,10\nb,40,41\n"), 5, "node")
	f.Add([]byte("node,start_h,duration_h\na,0,1\na,1,\nb,1.01,3\nc,1.02,2\na,30,1\nb,30,2\nc,30.01,0\na,90,1e3\nb,90,5\n"), 0, "gpu")
	f.Add([]byte("host,time,duration_h\nn1,2024-01-02 00:00:00,2\nn2,2024-01-02 00:00:00,2\nn1,2024-03-02 00:00:00,0\n"), 9, "rack")
	f.Add([]byte("node,start\na,0\nb,0\nc,0\n"), 3, "node")
	f.Add([]byte("node,start_d,end_d\na,0,0.0001\nb,0.0002,0.0004\na,0.0006,0.0007\nc,0.0009,0.001\n"), 4, "node") // repairs shorter than a log tells
	f.Fuzz(func(t *testing.T, log []byte, nodes int, component string) {
		if len(log) > 1<<12 {
			return
		}
		if component != "gpu" && component != "rack" {
			component = "node"
		}
		dir := t.TempDir()
		path := filepath.Join(dir, "log.csv")
		write := func(path string, b []byte) {
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		write(path, log)
		var out bytes.Buffer
		p := &process{stdout: term.Screen{Out: &out, Width: 80}, stderr: term.Screen{Out: io.Discard, Width: 80}}
		if err := importFailures(p, path, &importFailuresFlags{nodes: nodes, component: component, zone: "+00:00"}); err != nil {
			return
		}
		write(filepath.Join(dir, "fitted.yaml"), out.Bytes())
		scenario := filepath.Join(dir, "scenario.yaml")
		write(scenario, []byte("halltwin: v1\nname: fuzz\nstart: 2025-01-01T00:00:00Z\nduration: 1 d\nsite: {use: sites/edge-cabinet}\nfailures: {use: ./fitted.yaml}\n"))
		s, ds := scenarios.Load(scenario)
		if len(ds) == 0 {
			ds = s.CheckAll()
		}
		if len(ds) > 0 {
			t.Fatalf("%v\n%s\n%q", ds.Error(), out.String(), log)
		}
	})
}
