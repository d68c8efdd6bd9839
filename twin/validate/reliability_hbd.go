package validate

import (
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"

	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/trace"
	"github.com/halltwin/halltwin/twin"
)

const (
	hbdFolder = "real/failures/infinitehbd"
	hbdFile   = "fault_intervals.csv.gz"
	hbdNodes  = 200 // half of the 400 nodes of the cluster
	hbdDays   = 348
	hbdSample = 6 * 3600.0 // s between counts of what is down
	hbdRuns   = 60         // in a running world
	hbdLives  = 20         // of the failures alone, for each of them
)

// fleet is what a log of faults is compared by.
type fleet struct {
	dispersion float64 // variance/mean of the faults of a node
	none       float64 // share of nodes without a fault
	mean       float64 // faults of a node
	meanDown   float64 // nodes down at once
	down       float64 // their 95th percentile
}

// hbdFleet fits a fleet to a log and lives the same days with it.
func hbdFleet(ctx context.Context, r *Result, data string) error {
	dir, err := folder(data, hbdFolder, "its parts are in github.com/stepfun-ai/InfiniteHBD-Trace", hbdFile)
	if err != nil {
		return err
	}
	faults, err := trace.ReadFaults(&trace.FaultSpec{File: filepath.Join(dir, hbdFile)}, func(name string) (io.ReadCloser, error) { return os.Open(name) })
	if err != nil {
		return err
	}
	o := trace.Incidents(faults)
	o.Components, o.Span = hbdNodes, hbdDays*86400
	fit, err := failure.Fit("node", "node", o)
	if err != nil {
		return err
	}
	var model fleet
	var drawn []float64
	for seed := range hbdRuns {
		p, err := compile(".", "fleet", fmt.Sprintf(hbdScenario, hbdDays, seed+1, hbdNodes/8, hbdSample))
		if err != nil {
			return err
		}
		if p.Failures, err = failure.Compile(fit.Spec, p.Tree); err != nil {
			return err
		}
		log := &reliabilityLog{}
		if _, err := twin.Run(ctx, p, twin.Options{Seed: p.Seed, Sink: log}); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, d := range log.down {
			model.meanDown += d / float64(len(log.down)) / hbdRuns
		}
		model.down += sortedAt(slices.Sorted(slices.Values(log.down)), 0.95) / hbdRuns
		for again := range hbdLives {
			counts, ended := relived(p, random.Seed(hbdLives*seed+again))
			drawn = append(drawn, ended...)
			one := countsOf(counts)
			model.dispersion += one.dispersion / hbdRuns / hbdLives
			model.none += one.none / hbdRuns / hbdLives
			model.mean += one.mean / hbdRuns / hbdLives
		}
	}
	seen := observedFleet(&o)
	within := func(name, unit string, got, want float64) {
		e := math.Abs(got/want - 1)
		r.Add("InfiniteHBD: "+name, got, unit, fmt.Sprintf("%.4g ± 10 %%", want), e <= 0.1)
	}
	within("faults of a node", "", model.mean, seen.mean)
	within("variance/mean of the faults of a node", "", model.dispersion, seen.dispersion)
	within("nodes without a fault, P(0)", "", model.none, seen.none)
	within("nodes down at once, 95 %", "", model.down, seen.down)
	r.Say("nodes down at once, mean: %.2f, in the log %.2f", model.meanDown, seen.meanDown)
	var logged []float64
	for _, x := range o.Incidents {
		if !math.IsInf(x.Repair, 1) {
			logged = append(logged, x.Repair/3600)
		}
	}
	slices.Sort(logged)
	slices.Sort(drawn)
	for _, q := range []float64{0.25, 0.5, 0.75, 0.9, 0.95} {
		within(fmt.Sprintf("repair times, %g %%", 100*q), "h", sortedAt(drawn, q), sortedAt(logged, q))
	}
	b := "no common causes"
	if len(fit.Spec.Bursts) > 0 {
		b = fmt.Sprintf("%d events of several nodes, failures within %.3g h of one another", fit.Clusters, fit.Window/3600)
	}
	r.Say("fitted to %d faults of %d nodes in %d days: %s; mean of %d runs of as many days, counts and repairs of %d times as many.", len(o.Incidents), hbdNodes, hbdDays, b, hbdRuns, hbdLives)
	return nil
}

// countsOf sums up the faults of the nodes.
func countsOf(counts []float64) fleet {
	sum, squares, none := 0.0, 0.0, 0.0
	for _, c := range counts {
		sum, squares = sum+c, squares+c*c
		if c == 0 {
			none++
		}
	}
	m := sum / hbdNodes
	return fleet{mean: m, dispersion: (squares - hbdNodes*m*m) / (hbdNodes - 1) / m, none: none / hbdNodes}
}

// observedFleet says the same of the log. A node is down while any of its faults lasts.
func observedFleet(o *failure.Observed) fleet {
	n := make([]float64, hbdNodes)
	var down []float64
	for _, x := range o.Incidents {
		n[x.Component]++
	}
	for at := hbdSample; at <= o.Span; at += hbdSample {
		is := map[int]bool{}
		for _, x := range o.Incidents {
			if x.At <= at && at < x.At+x.Repair {
				is[x.Component] = true
			}
		}
		down = append(down, float64(len(is)))
	}
	f := countsOf(n)
	for _, d := range down {
		f.meanDown += d / float64(len(down))
	}
	f.down = sortedAt(slices.Sorted(slices.Values(down)), 0.95)
	return f
}

// relived lives the failures alone, which depend on nothing but a seed: how many each node had, and the repair times in h that
// ended within the run, as in a log.
func relived(p *scenarios.Plan, seed random.Seed) (counts, repairs []float64) {
	s := failure.New(p.Failures, seed, p.Tree.NameOf)
	counts = make([]float64, hbdNodes)
	for i := range p.Failures.Processes {
		for j := range int32(p.Failures.Processes[i].Count) {
			for now := s.Next(i, j); now < p.Duration; now = s.Next(i, j) {
				f := p.Failures.Fire(s, i, j, now, nil)
				for _, t := range f.Targets {
					counts[t.Index]++
					if now+f.Repair < p.Duration {
						repairs = append(repairs, f.Repair/3600)
					}
				}
			}
		}
	}
	return counts, repairs
}

// sortedAt returns a quantile of sorted values, on the line between order statistics.
func sortedAt(sorted []float64, q float64) float64 {
	x := q * float64(len(sorted)-1)
	i := min(int(x), len(sorted)-2)
	return sorted[i] + (sorted[i+1]-sorted[i])*(x-float64(i))
}

const hbdScenario = `halltwin: v1
name: fleet
start: 2024-01-01T00:00:00Z
duration: %d d
seed: %d
site:
  halls: [{rows: [{racks: %d, rack: {nodes: 8, node: {gpus: 0, cpus: 1}}}]}]
  plant: {kind: none}
  power: {use: plants/power-direct}
step: {calm: 1 h, disturbed: 1 h}
record: {every: %g s, channels: [nodes.down]}
`
