//go:build unix

package twin_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/halltwin/halltwin/twin"
)

// campus is a site of which the halls are given, with work of large jobs, in steps of five minutes. Utilisation has no dips,
// which steps of that length would average away.
const campus = `halltwin: v1
name: campus
start: 2025-01-01T00:00:00-05:00
duration: %d d
site:
  use: sites/h100-campus-100k
  weather: {file: weather/chicago.epw}
  halls:
    - {count: %d, rows: [{count: %d, racks: 12, rack: {use: hardware/rack-dgx-h100-4, nodes: 8}}, {racks: %d, rack: {use: hardware/rack-dgx-h100-4, nodes: 8}}]}
workload:
  - generate:
      utilization: {warm_up: 0 s, every: 0 s}
%s
failures: {use: failures/fleet-2025}
scheduler: {placement: pack-by-leaf}
step: {calm: 300 s}
record: {every: 300 s}
`

const (
	small = `      load: 75 %
      largest: 10 %
      sizes:
        - {name: study, share: 65, gpus: 8, up_to: 64, duration: [{median: 7 h, sigma: 1}]}
        - {name: train, share: 35, gpus: 64, up_to: 512, duration: [{median: 9 h, sigma: 1}], checkpoint: {every: 1 h, cost: 10 s, restart: 5 min}}
`
	mixed = small + `        - {name: flagship, share: 0.8, gpus: 1024, up_to: 8192, duration: [{median: 2 d, sigma: 0.7}], checkpoint: {every: 30 min, cost: 10 s, restart: 10 min}}
`
	// More than the site can do: jobs come faster than they end, and a hundred thousand and more wait in the end.
	flood = `      rate: 33400 1/d
      largest: 10 %
      sizes:
        - {name: task, share: 1, gpus: 1, up_to: 64, duration: [{median: 5 h, sigma: 0.8}]}
`
)

// Beside others, on two shared cores of an AMD EPYC. The week of the SURF Lisa cluster (277 hosts, 6,295 tasks in 2.32 million
// pieces, power every 150 s; `halltwin validate surf-week`): 0.36 CPU-s and 75 MB for `halltwin run`, reading its Parquet files
// included; SimGrid 3.32 (S4U in C++, an execution for each piece, host_energy), measured in turns with it: 5.5 CPU-s and 54 MB.
// Both come to 3,353 kWh and, under the linear model, to 7.8393 % of mean error. OpenDC 2 took 16.7 CPU-s for it when its
// predictions were made. A day of Frontier with 864 jobs, power every 15 s (`halltwin validate raps-frontier`): 0.46 s of wall
// time with all cores busy; RAPS took 27 CPU-s at steps of 15 s, and 272 at its own of 1 s, when its files were made.

// BenchmarkSize is a whole run by the size of the site: read, compile, run, record to nothing. Run it with -benchtime 1x.
// The hall of 100,000 GPUs is 12,504 nodes in 1,563 racks; the last one has a million jobs to do.
func BenchmarkSize(b *testing.B) {
	for _, z := range []struct {
		name               string
		days               int
		halls, rows, extra int // halls of so many rows of 12 racks, and one of so many
		work               string
	}{
		{"year/GPUs=1k", 365, 1, 1, 4, small},
		{"year/GPUs=10k", 365, 1, 13, 1, mixed},
		{"year/GPUs=100k", 365, 1, 130, 3, mixed},
		{"week/GPUs=1k", 7, 1, 1, 4, small},
		{"week/GPUs=10k", 7, 1, 13, 1, mixed},
		{"week/GPUs=100k", 7, 1, 130, 3, mixed},
		{"soak/week/GPUs=1M", 7, 10, 130, 3, mixed},
		{"soak/flood/GPUs=100k", 30, 1, 130, 3, flood},
	} {
		b.Run(z.name, func(b *testing.B) {
			if strings.HasPrefix(z.name, "soak/") && os.Getenv("HALLTWIN_SOAK") == "" {
				b.Skip("takes long: set HALLTWIN_SOAK=1")
			}
			text := fmt.Sprintf(campus, z.days, z.halls, z.rows, z.extra, z.work)
			for b.Loop() {
				before := cpuSeconds()
				w, err := twin.Run(context.Background(), plan(b, text), twin.Options{Seed: 1, Sink: &counting{}})
				if err != nil {
					b.Fatal(err)
				}
				cpu, events := cpuSeconds()-before, engine(w, "engine.events")
				done, _ := w.KPI("jobs.done")
				b.ReportMetric(done.Value, "jobs")
				b.ReportMetric(events, "events")
				b.ReportMetric(engine(w, "engine.steps"), "steps")
				b.ReportMetric(cpu, "CPU-s")
				b.ReportMetric(cpu/events*1e6, "µs/event")
			}
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			b.ReportMetric(float64(m.Sys)/1e6, "MB") // of the largest run so far
		})
	}
}

// cpuSeconds returns the CPU time of this process so far, in s.
func cpuSeconds() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	seconds := func(t syscall.Timeval) float64 { return float64(t.Sec) + float64(t.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}
