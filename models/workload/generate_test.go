package workload

import (
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

var monday = time.Date(2025, 7, 14, 0, 0, 0, 0, time.FixedZone("", -5*3600))

func lab() *GeneratorSpec {
	return &GeneratorSpec{
		Load: 0.85, Begin: "busy", Largest: 0.5,
		Arrivals: ArrivalSpec{Process: "poisson"},
		Sizes: []SizeSpec{
			{Name: "one", Share: 70, GPUs: 1, Longest: 86400, Duration: []LogNormalSpec{{Weight: 0.6, Median: 120, Sigma: 1.5}, {Weight: 0.4, Median: 3600, Sigma: 1}}},
			{Name: "node", Share: 25, GPUs: 8, Longest: 86400, Duration: []LogNormalSpec{{Weight: 1, Median: 1800, Sigma: 1.2}}},
			{Name: "gang", Share: 5, GPUs: 16, UpTo: 64, Longest: 86400, Duration: []LogNormalSpec{{Weight: 1, Median: 3600, Sigma: 1}}, Checkpoint: &CheckpointSpec{Every: 1800, Cost: 20}},
		},
		PerGPU:      PerGPUSpec{Cores: 8, Memory: 96e9},
		Utilization: UtilizationSpec{GPU: 0.9, Spread: 0.08, CPU: 0.4, WarmUp: 120, Low: 0.08, Every: 1800, Dip: 40},
		Walltime:    &WalltimeSpec{Factor: 2.5, Sigma: 1, Round: 1800, Most: 14 * 86400},
		Users:       UserSpec{Count: 40, Zipf: 1.1},
		Failed:      0.1, Cancelled: 0.05,
	}
}

func hall(horizon float64) Site {
	node := Vector{GPU: 8, CPU: 112, Memory: 2e12}
	var total Vector
	for i := range node {
		total[i] = 128 * node[i]
	}
	return Site{Name: "lab", Seed: 7, Start: monday, Horizon: horizon, Total: total, Node: node}
}

// The load is calibrated by formula: over many days the work offered is the load times the capacity.
func TestLoadIsWhatWasAskedFor(t *testing.T) {
	for _, load := range []unit.Ratio{0.4, 0.85} {
		spec := lab()
		spec.Load, spec.Begin = load, "empty"
		site := hall(60 * 86400)
		set, err := Generate(spec, site)
		if err != nil {
			t.Fatal(err)
		}
		offered := 0.0
		for i := range set.Jobs {
			offered += set.Jobs[i].GPUs() * set.Jobs[i].Work
		}
		offered /= site.Total[GPU] * site.Horizon
		if math.Abs(offered/float64(load)-1) > 0.04 {
			t.Errorf("load %.2f: %.3f was offered by %d jobs", load, offered, len(set.Jobs))
		}
	}
}

// A busy start holds the load at t = 0, and in a site without limits the number of GPUs in use stays there.
func TestBusyStartIsStationary(t *testing.T) {
	mean := map[string]float64{}
	const replicas = 20
	for seed := range random.Seed(replicas) {
		site := hall(86400)
		site.Seed = seed
		set, err := Generate(lab(), site)
		if err != nil {
			t.Fatal(err)
		}
		for name, at := range map[string]float64{"start": 1, "noon": 43200, "end": 86399} {
			for i := range set.Jobs {
				if j := &set.Jobs[i]; j.Submit <= at && at < j.Submit+j.Work {
					mean[name] += j.GPUs() / site.Total[GPU] / replicas
				}
			}
		}
	}
	t.Logf("GPUs in use over capacity: %.3f at the start, %.3f at noon, %.3f at the end", mean["start"], mean["noon"], mean["end"])
	for name, v := range mean {
		if math.Abs(v-0.85) > 0.06 {
			t.Errorf("%s: %.3f", name, v)
		}
	}
}

func TestSameSeedSameJobs(t *testing.T) {
	a, err := Generate(lab(), hall(86400))
	if err != nil {
		t.Fatal(err)
	}
	b, _ := Generate(lab(), hall(86400))
	if !reflect.DeepEqual(a, b) {
		t.Fatal("the same seed gave other jobs")
	}
	for i := range a.Jobs {
		j := &a.Jobs[i]
		if j.Submit < 0 || j.Work < 1 || j.Parts < 1 || j.Walltime < 0 || j.Part[GPU] > 8 || j.Profile < 0 || !j.Part.Fits(hall(0).Node) {
			t.Fatalf("%+v", j)
		}
		if i > 0 && j.Submit < a.Jobs[i-1].Submit {
			t.Fatal("out of order")
		}
	}
}

// Common random numbers: the k-th submission is the same job whatever the load; only its time moves.
func TestLoadMovesTimesOnly(t *testing.T) {
	strip := func(load unit.Ratio) []Job {
		spec := lab()
		spec.Load, spec.Begin = load, "empty"
		set, err := Generate(spec, hall(5*86400))
		if err != nil {
			t.Fatal(err)
		}
		for i := range set.Jobs {
			set.Jobs[i].Submit, set.Jobs[i].Profile = 0, 0
		}
		return set.Jobs
	}
	a, b := strip(0.5), strip(0.9)
	if len(b) <= len(a) {
		t.Fatalf("%d jobs at half the load, %d at 0.9", len(a), len(b))
	}
	if !reflect.DeepEqual(a, b[:len(a)]) {
		t.Fatal("another load drew other jobs")
	}
}

func TestRhythm(t *testing.T) {
	spec := lab()
	spec.Begin = "empty"
	spec.Load = 0.5
	spec.Arrivals.Day = make([]float64, 24)
	for h := 9; h < 17; h++ {
		spec.Arrivals.Day[h] = 1
	}
	spec.Arrivals.Week = []float64{1, 1, 1, 1, 1, 0, 0}
	site := hall(28 * 86400)
	site.Start = monday.Add(13 * time.Hour)
	set, err := Generate(spec, site)
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.Jobs {
		at := site.Start.Add(time.Duration(set.Jobs[i].Submit * 1e9))
		if d := at.Weekday(); d == time.Saturday || d == time.Sunday || at.Hour() < 9 || at.Hour() > 16 {
			t.Fatalf("submitted at %v", at)
		}
	}
	cal, _ := Calibrate(spec, site)
	if want := cal.Rate * site.Horizon; math.Abs(float64(len(set.Jobs))/want-1) > 0.05 {
		t.Errorf("%d jobs, %.0f expected", len(set.Jobs), want)
	}
}

func TestTooLargeKindsAreDropped(t *testing.T) {
	site := hall(86400)
	site.Total = Vector{GPU: 32, CPU: 448, Memory: 8e12}
	set, err := Generate(lab(), site)
	if err != nil {
		t.Fatal(err)
	}
	for i := range set.Jobs {
		if set.Jobs[i].GPUs() > 16 {
			t.Fatalf("a job of %g GPUs on half of 32", set.Jobs[i].GPUs())
		}
	}
	site.Total[GPU], site.Total[CPU] = 0, 0
	if _, err := Generate(lab(), site); err == nil {
		t.Fatal("there is nothing to run on, and there was no error")
	}
}

func TestGang(t *testing.T) {
	for _, c := range []struct{ n, per, parts, each float64 }{
		{1, 8, 1, 1}, {8, 8, 1, 8}, {16, 8, 2, 8}, {12, 8, 2, 6}, {9, 8, 3, 3}, {13, 8, 2, 7}, {0.5, 8, 1, 0.5}, {64, 8, 8, 8}, {100, 8, 20, 5}, {7, 1, 7, 1},
	} {
		if p, e := Gang(c.n, c.per); p != c.parts || e != c.each {
			t.Errorf("Gang(%g, %g) = %g × %g, want %g × %g", c.n, c.per, p, e, c.parts, c.each)
		}
	}
}

// The closed forms of the cut mixture against its own draws.
func TestMixtureMoments(t *testing.T) {
	m := newMixture([]LogNormalSpec{{Weight: 2, Median: 60, Sigma: 1.5}, {Weight: 1, Median: 7200, Sigma: 1}, {Weight: 1, Median: 1e5, Sigma: 0}}, 20000)
	s := random.Seed(3).Stream("mixture")
	const n = 200000
	sum, square, biased := 0.0, 0.0, 0.0
	for range n {
		x := m.draw(s.Open(), s.Open())
		sum += x
		square += x * x
		biased += m.drawBiased(s.Open(), s.Open())
	}
	if got, want := sum/n, m.mean(); math.Abs(got/want-1) > 0.015 {
		t.Errorf("mean %g, formula %g", got, want)
	}
	if got, want := biased/n, square/sum; math.Abs(got/want-1) > 0.015 {
		t.Errorf("mean weighted by length %g, E[x²]/E[x] is %g", got, want)
	}
}

func TestGammaGaps(t *testing.T) {
	g := newGaps(&ArrivalSpec{Process: "gamma", CV: 3}, random.Seed(3).Stream("gaps"))
	const n = 100000
	sum, square := 0.0, 0.0
	for range n {
		x := g.next()
		sum += x
		square += x * x
	}
	mean := sum / n
	cv := math.Sqrt(square/n-mean*mean) / mean
	if math.Abs(mean-1) > 0.03 || math.Abs(cv-3) > 0.15 {
		t.Errorf("mean %g, cv %g", mean, cv)
	}
}

func TestProfilePhases(t *testing.T) {
	u := UtilizationSpec{GPU: 0.9, CPU: 0.4, WarmUp: 100, Low: 0.1, Every: 1000, Dip: 50}
	p := u.profile(0.9, 3000)
	for _, c := range []struct {
		at   float64
		want float32
	}{{0, 0.1}, {99, 0.1}, {100, 0.9}, {1099, 0.9}, {1100, 0.1}, {1149, 0.1}, {1150, 0.9}, {1e9, 0.9}} {
		if got := p.GPU[p.Seek(0, c.at)]; got != c.want {
			t.Errorf("at %g s: %g, want %g", c.at, got, c.want)
		}
	}
}

func BenchmarkGenerateWeek(b *testing.B) {
	spec := lab()
	site := hall(7 * 86400)
	for b.Loop() {
		set, err := Generate(spec, site)
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(len(set.Jobs)), "jobs")
	}
}
