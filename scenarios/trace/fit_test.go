package trace

import (
	"math"
	"slices"
	"testing"

	"github.com/halltwin/halltwin/models/workload"
)

// distance is the Kolmogorov–Smirnov statistic of two samples.
func distance(a, b []float64) float64 {
	slices.Sort(a)
	slices.Sort(b)
	worst := 0.0
	for i, j := 0, 0; i < len(a) && j < len(b); {
		x := min(a[i], b[j])
		for i < len(a) && a[i] == x {
			i++
		}
		for j < len(b) && b[j] == x {
			j++
		}
		worst = max(worst, math.Abs(float64(i)/float64(len(a))-float64(j)/float64(len(b))))
	}
	return worst
}

func columns(jobs []workload.Job) (sizes, work, gaps []float64) {
	for i := range jobs {
		sizes = append(sizes, jobs[i].GPUs())
		work = append(work, jobs[i].Work)
		if i > 0 {
			gaps = append(gaps, math.Floor(jobs[i].Submit)-math.Floor(jobs[i-1].Submit))
		}
	}
	return sizes, work, gaps
}

// A generator fitted to the public Philly log makes jobs of its sizes, run times and gaps. The limits are on the
// Kolmogorov–Smirnov distance between the log and as long a time of generated jobs.
func TestFitPhilly(t *testing.T) {
	tr := readData(t, Spec{Only: "gpu"}, "real", "philly-jobs", "philly_jobs.csv.gz")
	spec, err := workload.Fit(&tr.Set, workload.Observed{Start: tr.Zero})
	if err != nil {
		t.Fatal(err)
	}
	spec.Begin = "empty"
	var node, total workload.Vector
	node[workload.GPU], node[workload.CPU], node[workload.Memory] = 8, 64, 1e12
	for i := range total {
		total[i] = 1000 * node[i]
	}
	set, err := workload.Generate(spec, workload.Site{Name: "fit", Seed: 5, Start: tr.Zero, Horizon: float64(len(tr.Jobs)) / float64(*spec.Rate), Total: total, Node: node})
	if err != nil {
		t.Fatal(err)
	}
	s0, w0, g0 := columns(tr.Jobs)
	s1, w1, g1 := columns(set.Jobs)
	sizes, work, gaps := distance(s0, s1), distance(w0, w1), distance(g0, g1)
	t.Logf("%d jobs logged, %d generated; gaps of CV %.2f; KS distance: sizes %.3f, run times %.3f, gaps %.3f",
		len(tr.Jobs), len(set.Jobs), spec.Arrivals.CV, sizes, work, gaps)
	for _, s := range spec.Sizes {
		t.Logf("%s %.3f %+v", s.Name, s.Share, s.Duration)
	}
	t.Log(spec.Arrivals.Day, spec.Arrivals.Week)
	if sizes > 0.01 || work > 0.03 || gaps > 0.06 {
		t.Error("the fit is off")
	}
}
