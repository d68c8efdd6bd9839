package twin_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
)

// day is a day of a research cluster that fails as a fleet of 2025 does, with facility output every minute.
const day = `halltwin: v1
name: day
start: 2025-07-15T00:00:00Z
duration: 24 h
site:
  use: sites/%s
  weather: {file: weather/chicago.epw}
workload:
  - generate: {use: workloads/llm-lab}
failures: {use: failures/fleet-2025}
record: {every: 60 s}
`

// large is a site of 20,000 racks.
const large = `halltwin: v1
name: large
start: 2025-07-15T00:00:00Z
duration: 24 h
site:
  halls:
    - %s
  plant: {use: plants/chiller-tower}
  power: {use: plants/power-2n}
`

func plan(b *testing.B, text string) *scenarios.Plan {
	b.Helper()
	f, ds := scenarios.LoadBytes("bench.yaml", []byte(text))
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		b.Fatal(ds)
	}
	return p
}

// counting is a sink that counts values.
type counting struct{ values, events int }

func (c *counting) Open(*record.Header) error   { return nil }
func (c *counting) Frame(f *record.Frame) error { c.values += len(f.Values); return nil }
func (c *counting) Event(*record.Event) error   { c.events++; return nil }
func (c *counting) Close(*record.Summary) error { return nil }

// A whole day: read, compile, run, record to nothing.
func BenchmarkDay(b *testing.B) {
	for _, site := range []string{"h100-hall-1k", "h100-campus-100k"} {
		b.Run(site, func(b *testing.B) {
			var events, steps float64
			for b.Loop() {
				p := plan(b, fmt.Sprintf(day, site))
				s, err := twin.Run(context.Background(), p, twin.Options{Seed: 1, Sink: &counting{}})
				if err != nil {
					b.Fatal(err)
				}
				events, steps = engine(s, "engine.events"), engine(s, "engine.steps")
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(events, "events")
			b.ReportMetric(steps, "steps")
			b.ReportMetric(float64(m.Sys)/1e6, "MB")
		})
	}
}

func engine(s *record.Summary, key string) float64 {
	for _, g := range s.Groups {
		for _, k := range g.KPIs {
			if k.Key == key {
				return k.Value
			}
		}
	}
	return 0
}

// Reading and compiling a site of 20,000 racks, from a few lines and with every row written out.
func BenchmarkPlan20000Racks(b *testing.B) {
	const short = "{count: 20, rows: [{count: 40, racks: 25, rack: {use: hardware/rack-dgx-h100-4}}]}"
	rows := strings.Repeat("{racks: 25, rack: {use: hardware/rack-dgx-h100-4}},", 800)
	for _, c := range []struct{ name, halls string }{{"repeated", short}, {"written", "{rows: [" + strings.TrimSuffix(rows, ",") + "]}"}} {
		b.Run(c.name, func(b *testing.B) {
			text := fmt.Sprintf(large, c.halls)
			for b.Loop() {
				if p := plan(b, text); p.Tree.Count(facility.Rack) != 20000 {
					b.Fatal("not 20,000 racks")
				}
			}
		})
	}
}

// A fork of a world under way, and its snapshot.
func BenchmarkFork(b *testing.B) {
	p := plan(b, fmt.Sprintf(day, "h100-hall-1k"))
	w, err := twin.New(p, 1)
	if err != nil {
		b.Fatal(err)
	}
	if err := w.RunTo(context.Background(), 12*3600); err != nil {
		b.Fatal(err)
	}
	b.Run("fork", func(b *testing.B) {
		for b.Loop() {
			w.Fork()
		}
	})
	b.Run("snapshot", func(b *testing.B) {
		for b.Loop() {
			w.Snapshot()
		}
	})
}
