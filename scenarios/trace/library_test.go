package trace

import (
	"io/fs"
	"math"
	"path"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/library"
)

// Each workload of the library decodes and fills a site with the load it states.
func TestLibraryWorkloads(t *testing.T) {
	files, err := fs.Glob(library.FS, "workloads/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no workloads in the library: %v", err)
	}
	for _, file := range files {
		t.Run(path.Base(file), func(t *testing.T) {
			b, err := fs.ReadFile(library.FS, file)
			if err != nil {
				t.Fatal(err)
			}
			loader := &document.Loader{Library: library.FS}
			v, ds := loader.LoadBytes(file, b)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			if v, ds = loader.Resolve(v); len(ds) > 0 {
				t.Fatal(ds)
			}
			var spec workload.GeneratorSpec
			if ds := document.Decode(v, &spec); len(ds) > 0 {
				t.Fatal(ds)
			}
			nodes := 128.0
			node := workload.Vector{workload.GPU: 8, workload.CPU: 112, workload.Memory: 2e12}
			if spec.Sizes[0].Nodes > 0 {
				nodes = 9408
				node = workload.Vector{workload.GPU: 4, workload.CPU: 64, workload.Memory: 512e9}
			}
			site := workload.Site{Name: "x", Seed: 1, Start: time.Date(2025, 7, 15, 0, 0, 0, 0, time.UTC), Horizon: 28 * 86400, Node: node}
			const most = 15000 // jobs of a replica, for a quick test
			var cal workload.Calibration
			for {
				for i := range node {
					site.Total[i] = nodes * node[i]
				}
				if cal, err = workload.Calibrate(&spec, site); err != nil {
					t.Fatal(err)
				}
				if nodes <= 4 || cal.Rate*site.Horizon <= most {
					break
				}
				nodes = math.Ceil(nodes / 2)
			}
			const seeds = 8
			offered, standing := 0.0, 0.0
			for seed := range random.Seed(seeds) {
				site.Seed = seed
				set, err := workload.Generate(&spec, site)
				if err != nil {
					t.Fatal(err)
				}
				for i := range set.Jobs {
					j := &set.Jobs[i]
					if j.Submit == 0 {
						standing += j.GPUs() / site.Total[workload.GPU] / seeds
						continue
					}
					offered += j.GPUs() * j.Work / (site.Total[workload.GPU] * site.Horizon) / seeds
				}
			}
			t.Logf("%.1f jobs/h, mean work %.0f GPU s; %.3f of the site is offered (load %.2f), %.3f at the start",
				cal.Rate*3600, cal.Work, offered, float64(spec.Load), standing)
			if math.Abs(offered/float64(spec.Load)-1) > 0.1 || math.Abs(standing-float64(spec.Load)) > 0.05 {
				t.Error("the load is not what is stated")
			}
			if len(cal.Dropped) > 0 {
				t.Errorf("dropped %v", cal.Dropped)
			}
		})
	}
}

// The spec of a trace decodes as written in a scenario.
func TestSpecDecodes(t *testing.T) {
	loader := &document.Loader{}
	v, ds := loader.LoadBytes("x.yaml", []byte(`
file: jobs.csv
format: csv
columns: {submit: t, run: d, gpus: n}
units: {submit: ms}
window: {from: 2017-10-03T00:00:00-07:00, to: 2017-10-04T00:00:00-07:00}
scale: 2
gpus_per_node: 4
`))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	var spec Spec
	if ds := document.Decode(v, &spec); len(ds) > 0 {
		t.Fatal(ds)
	}
	if spec.GPUsPerNode != 4 || spec.Scale != 2 || spec.Window.From != "2017-10-03T00:00:00-07:00" || spec.Columns["run"] != "d" || spec.Utilization.GPU != 0.9 || spec.TimeGain != 1 {
		t.Fatalf("%+v", spec)
	}
	for text, want := range map[string]int{
		"file: jobs.csv\nwindow: {from: 3, to: 2 h}\n": 1,
		"file: jobs.csv\ncolumns: {sumbit: t}\nzone: Berlin\nunits: {run: parsec}\nstates: [odd]\nabsent: 3-1\nwindow: {from: 3 h, to: 2 h}\n": 6,
	} {
		v, _ := (&document.Loader{}).LoadBytes("bad.yaml", []byte(text))
		if ds := document.Decode(v, &spec); len(ds) != want {
			t.Errorf("%d diagnostics, want %d: %v", len(ds), want, ds)
		}
	}
}
