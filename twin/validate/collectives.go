package validate

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"

	"github.com/halltwin/halltwin/models/fabric"
	"github.com/halltwin/halltwin/models/fabric/bruteforce"
	"github.com/halltwin/halltwin/models/random"
)

// Collectives predicts measured all-reduces, runs Batsim's parallel tasks and holds fair sharing to its definition.
var Collectives = Benchmark{
	Name:  "collectives",
	About: "each measured all-reduce predicted without it, Batsim's parallel tasks, max-min fairness against linear programmes",
	Data: "perf/allreduce_curves_*.csv (system, ranks, payload_bytes, time_s), from network/README.md of github.com/stas00/ml-engineering; " +
		"peers/batsim-ptask: cluster512.xml, test_*ptask*.json and test_compo_*.json, from platforms and workloads of github.com/oar-team/batsim",
	Run: runCollectives,
}

func runCollectives(_ context.Context, data string) (*Result, error) {
	r := &Result{}
	var missing error
	found := 0
	for _, part := range []func(*Result, string) error{measuredCurves, batsimTasks} {
		err := part(r, data)
		if m := (*MissingError)(nil); errors.As(err, &m) {
			missing = m
			r.Say("left out: %v", m)
			continue
		}
		if err != nil {
			return nil, err
		}
		found++
	}
	if found == 0 {
		return nil, missing
	}
	fairness(r)
	return r, nil
}

const collectiveError = 15 // %, of every point

// measuredCurves leaves out each point of each measured curve and predicts it from the others.
func measuredCurves(r *Result, data string) error {
	var files []string
	for _, dir := range []string{data, filepath.Join(data, "perf")} {
		f, err := filepath.Glob(filepath.Join(dir, "allreduce_curves_*.csv"))
		if err != nil {
			return err
		}
		files = append(files, f...)
	}
	if len(files) == 0 {
		return &MissingError{Path: filepath.Join(data, "perf", "allreduce_curves_*.csv"), From: "measured all-reduces are in network/README.md of github.com/stas00/ml-engineering"}
	}
	for _, file := range files {
		names, err := readStrings(file, "system")
		if err != nil {
			return err
		}
		v, err := readNumbers(file, "payload_bytes", "time_s")
		if err != nil {
			return err
		}
		var systems []string
		points := map[string][]fabric.Point{}
		for i, s := range names[0] {
			if points[s] == nil {
				systems = append(systems, s)
			}
			points[s] = append(points[s], fabric.Point{Bytes: v[0][i], Time: v[1][i]})
		}
		for _, s := range systems {
			if err := leaveOut(r, s, points[s]); err != nil {
				return fmt.Errorf("%s: %s: %w", file, s, err)
			}
		}
	}
	r.Say("an all-reduce that takes over 25 %% longer than one of more data is the start of a benchmark, not the network: such leading points are set aside and listed.")
	return nil
}

// leaveOut predicts each point of a curve from the others.
func leaveOut(r *Result, system string, p []fabric.Point) error {
	slices.SortFunc(p, func(a, b fabric.Point) int { return int(math.Copysign(1, a.Bytes-b.Bytes)) })
	aside := 0
	for aside < len(p)-3 {
		least := math.Inf(1)
		for _, q := range p[aside+1:] {
			least = math.Min(least, q.Time)
		}
		if p[aside].Time <= 1.25*least {
			break
		}
		r.Say("%s: set aside %.0f KiB, %.3g ms; %.3g ms are measured for more data", system, p[aside].Bytes/1024, p[aside].Time*1e3, least*1e3)
		aside++
	}
	p = p[aside:]
	worst, mean := 0.0, 0.0
	for i := range p {
		c, err := fabric.NewCurve(slices.Delete(slices.Clone(p), i, i+1))
		if err != nil {
			return err
		}
		e := 100 * math.Abs(c.Time(p[i].Bytes)/p[i].Time-1)
		if e > collectiveError {
			r.Say("%s: %.0f KiB is off by %.1f %%", system, p[i].Bytes/1024, e)
		}
		worst = max(worst, e)
		mean += e / float64(len(p))
	}
	r.Add(fmt.Sprintf("%s: worst of %d points", system, len(p)), worst, "%", fmt.Sprintf("<= %d", collectiveError), worst <= collectiveError)
	r.Add(system+": mean", mean, "%", "", true)
	if aside > 0 {
		r.Add(system+": points set aside", float64(aside), "", "", true)
	}
	return nil
}

// fairness compares progressive filling with the definition on random networks.
func fairness(r *Result) {
	const cases = 2000
	st := random.Seed(1).Stream("fairness")
	worst := 0.0
	for range cases {
		links, n := 1+int(st.Float64()*8), 1+int(st.Float64()*10)
		p := bruteforce.Problem{Capacity: make([]float64, links), Use: make([][]float64, links)}
		flows := make([]fabric.Flow, n)
		for l := range links {
			p.Capacity[l] = 1 + 99*st.Float64()
			p.Use[l] = make([]float64, n)
		}
		for k := range flows {
			f := &flows[k]
			f.Use = []float64{}
			for l := range links {
				if st.Float64() < 0.5 || (l == links-1 && len(f.Links) == 0) {
					u := math.Round(1 + 2*st.Float64())
					f.Links, f.Use = append(f.Links, int32(l)), append(f.Use, u)
					p.Use[l][k] = u
				}
			}
			f.Weight = 0.5 + st.Float64()
			p.Weight, p.Limit = append(p.Weight, f.Weight), append(p.Limit, math.Inf(1))
			if st.Float64() < 0.3 {
				f.Limit = 1 + 20*st.Float64()
				p.Limit[k] = f.Limit
			}
		}
		got, want := fabric.MaxMin(p.Capacity, flows, nil), p.Rates()
		for k := range got {
			worst = max(worst, math.Abs(got[k]-want[k])/want[k])
		}
	}
	r.Add(fmt.Sprintf("max-min fairness: worst of %d networks", cases), worst, "", "<= 1e-6", worst <= 1e-6)
}
