package failure

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

const year = 365 * 86400.0

// hall returns a site of racks × 4 nodes × 8 GPUs.
func hall(racks int) *facility.Tree {
	t := facility.New("test")
	t.Add(facility.Hall, facility.Site, []int{1})
	t.Add(facility.Row, facility.Hall, []int{1})
	t.Add(facility.Rack, facility.Row, []int{racks})
	t.Add(facility.Node, facility.Rack, slices.Repeat([]int{4}, racks))
	t.Add(facility.GPU, facility.Node, slices.Repeat([]int{8}, 4*racks))
	return t
}

// path names things as the facility package does.
func path(t *facility.Tree) func(facility.Ref) string {
	var name func(facility.Ref) string
	name = func(r facility.Ref) string {
		if r.Kind == facility.Site {
			return ""
		}
		l := &t.Levels[r.Kind]
		return name(facility.Ref{Kind: l.Parent, Index: l.Up[r.Index]}) + fmt.Sprintf("/%s-%d", r.Kind, l.Local[r.Index])
	}
	return name
}

func ptr[T any](v T) *T { return &v }

func process(component string, mtbf float64) ProcessSpec {
	return ProcessSpec{Name: "test", Component: component, MTBF: ptr(unit.Duration(mtbf)), Distribution: "exponential",
		EffectSpec: EffectSpec{Repair: RepairSpec{Time: &DelaySpec{Distribution: "exponential", Mean: ptr(unit.Duration(86400))}}}}
}

// run fires every failure of process 0 until a horizon and returns the counts by subject and, for each subject, the
// gaps between its failures.
func run(p *Plan, s *State, horizon float64) (counts []int, gaps []float64, outs []Outcome, at []float64) {
	counts = make([]int, p.Processes[0].Count)
	for i := range counts {
		last := math.NaN()
		for now := s.Next(0, int32(i)); now < horizon; now = s.Next(0, int32(i)) {
			counts[i]++
			if !math.IsNaN(last) {
				gaps = append(gaps, now-last)
			}
			last = now
			outs = append(outs, p.Fire(s, 0, int32(i), now, nil))
			at = append(at, now)
		}
	}
	return counts, gaps, outs, at
}

// Ten thousand node-years: 1,000 nodes for 10 years, about 20,000 failures, of every law. Gaps that a window cuts off
// are the long ones, so gaps are tested on a fixed number of failures of each node, counts on a fixed time.
func TestGapsAndCountsMatchTheLaw(t *testing.T) {
	tree := hall(250)
	trace := &TraceSpec{}
	for i := range 40 {
		trace.Times = append(trace.Times, unit.Duration(86400*math.Exp(float64(i)/6)))
	}
	for _, c := range []struct {
		law  string
		edit func(*ProcessSpec)
	}{
		{"exponential", func(*ProcessSpec) {}},
		{"weibull", func(s *ProcessSpec) { s.Shape = ptr(0.6) }},
		{"lognormal", func(s *ProcessSpec) { s.Sigma = ptr(1.5) }},
		{"gamma", func(s *ProcessSpec) { s.Shape = ptr(0.49) }},
		{"trace", func(s *ProcessSpec) { s.MTBF = nil; s.Trace = trace }},
	} {
		t.Run(c.law, func(t *testing.T) {
			spec := process("node", year/2)
			spec.Distribution = c.law
			c.edit(&spec)
			spec.Validate(func(path, msg string) { t.Fatalf("%s: %s", path, msg) })
			p, err := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
			if err != nil {
				t.Fatal(err)
			}
			law := &p.Processes[0].Gap

			s := New(p, 7, path(tree))
			var gaps []float64
			for i := range int32(1000) {
				now := s.Next(0, i)
				for range 20 {
					p.Fire(s, 0, i, now, nil)
					gaps = append(gaps, s.Next(0, i)-now)
					now = s.Next(0, i)
				}
			}
			if c.law == "trace" {
				checkTrace(t, gaps, law)
			} else if d := ks(gaps, law.CDF); d > ksCritical(len(gaps)) {
				t.Errorf("gaps: KS distance %.4f of %d, critical %.4f", d, len(gaps), ksCritical(len(gaps)))
			}

			counts, _, _, _ := run(p, New(p, 8, path(tree)), 10*year)
			reference := simulate(law, 20000, 10*year)
			compareCounts(t, counts, reference)
			if c.law == "exponential" {
				chiPoisson(t, counts, 10*year/law.Mean())
			}
		})
	}
}

func checkTrace(t *testing.T, gaps []float64, law *Law) {
	t.Helper()
	expected := float64(len(gaps)) / float64(len(law.times))
	chi := 0.0
	for _, v := range law.times {
		n := 0
		for _, g := range gaps {
			if math.Abs(g-v) <= 1e-6*v { // a gap is a difference of absolute times
				n++
			}
		}
		chi += (float64(n) - expected) * (float64(n) - expected) / expected
	}
	if chi > 72.1 { // 0.1 % of chi-square with 39 degrees of freedom
		t.Errorf("gaps: chi-square %.1f over 40 times", chi)
	}
}

// simulate counts the failures of n components with another generator and another way to the steady state: every
// component starts new and is watched after a warm-up of thirty mean times.
func simulate(law *Law, n int, horizon float64) []int {
	st := random.Seed(99).Stream("reference")
	counts := make([]int, n)
	warm := 30 * law.Mean()
	for i := range counts {
		for now := law.Draw(&st); now < warm+horizon; now += law.Draw(&st) {
			if now >= warm {
				counts[i]++
			}
		}
	}
	return counts
}

// compareCounts is a chi-square test of homogeneity over classes that hold at least 1 % of the reference.
func compareCounts(t *testing.T, a, b []int) {
	t.Helper()
	top := max(slices.Max(a), slices.Max(b)) + 1
	ha, hb := make([]float64, top), make([]float64, top)
	for _, v := range a {
		ha[v]++
	}
	for _, v := range b {
		hb[v]++
	}
	na, nb := float64(len(a)), float64(len(b))
	chi, classes, ca, cb := 0.0, 0, 0.0, 0.0
	for i := range ha {
		ca, cb = ca+ha[i], cb+hb[i]
		if cb < 0.01*nb && i < top-1 {
			continue
		}
		e := (ca + cb) / (na + nb)
		if e > 0 {
			chi += (ca-na*e)*(ca-na*e)/(na*e) + (cb-nb*e)*(cb-nb*e)/(nb*e)
			classes++
		}
		ca, cb = 0, 0
	}
	df := float64(classes - 1)
	critical := df * math.Pow(1-2/(9*df)+3.09*math.Sqrt(2/(9*df)), 3) // Wilson-Hilferty at 0.1 %
	if chi > critical {
		t.Errorf("counts: chi-square %.1f with %g degrees of freedom, critical %.1f", chi, df, critical)
	}
	t.Logf("counts: chi-square %.1f, %g degrees of freedom, critical %.1f", chi, df, critical)
}

func chiPoisson(t *testing.T, counts []int, mean float64) {
	t.Helper()
	n := float64(len(counts))
	observed := make([]float64, 60)
	for _, c := range counts {
		observed[min(c, 59)]++
	}
	chi, classes, o, e := 0.0, 0, 0.0, 0.0
	p, rest := math.Exp(-mean), n
	for k := range observed {
		o, e = o+observed[k], e+n*p
		rest -= n * p
		p *= mean / float64(k+1)
		if e >= 5 && rest >= 5 {
			chi += (o - e) * (o - e) / e
			classes++
			o, e = 0, 0
		}
	}
	e += math.Max(0, rest)
	chi += (o - e) * (o - e) / math.Max(e, 1)
	df := float64(classes)
	critical := df * math.Pow(1-2/(9*df)+3.09*math.Sqrt(2/(9*df)), 3)
	if chi > critical {
		t.Errorf("counts: chi-square %.1f against Poisson %.1f, critical %.1f", chi, mean, critical)
	}
}

// With frailty k the counts are negative binomial: P(0) = (1+m/k)^-k and variance/mean = 1+m/k.
func TestFrailtyMakesLemons(t *testing.T) {
	tree := hall(2500)
	spec := process("node", 348*86400/1.51)
	spec.Frailty = ptr(0.93)
	p, err := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
	if err != nil {
		t.Fatal(err)
	}
	counts, _, _, _ := run(p, New(p, 5, path(tree)), 348*86400)
	zero, sum, square := 0.0, 0.0, 0.0
	for _, c := range counts {
		if c == 0 {
			zero++
		}
		sum += float64(c)
		square += float64(c) * float64(c)
	}
	n := float64(len(counts))
	mean := sum / n
	dispersion := (square/n - mean*mean) / mean
	wantZero, wantDispersion := math.Pow(1+1.51/0.93, -0.93), 1+1.51/0.93
	t.Logf("mean %.3f, P(0) %.3f (want %.3f), variance/mean %.2f (want %.2f)", mean, zero/n, wantZero, dispersion, wantDispersion)
	if math.Abs(mean-1.51) > 0.07 || math.Abs(zero/n-wantZero) > 0.016 || math.Abs(dispersion-wantDispersion) > 0.15 {
		t.Errorf("not the stated law")
	}
}

// Clocks run on calendar time, so with a mean repair as long as the time between failures, failures overlap: the number
// of causes that hold a component down is Poisson of mean 1 (the M/G/∞ queue), and 1/e of all failures meet a working one.
func TestOverlaps(t *testing.T) {
	tree := hall(250)
	spec := process("node", 86400)
	spec.Detect = 0
	p, err := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
	if err != nil {
		t.Fatal(err)
	}
	s := New(p, 11, path(tree))
	const horizon = 40 * 86400.0
	held := make([]float64, 8)
	n := 0.0
	for i := range int32(1000) {
		var until []float64
		for now := s.Next(0, i); now < horizon; now = s.Next(0, i) {
			out := p.Fire(s, 0, i, now, nil)
			until = slices.DeleteFunc(until, func(end float64) bool { return end <= now })
			if now > horizon/2 { // long after the start, when nothing was down
				held[min(len(until), 7)]++
				n++
			}
			until = append(until, now+out.Repair)
		}
	}
	chi, pk := 0.0, math.Exp(-1)
	for k := range 6 {
		e := n * pk
		chi += (held[k] - e) * (held[k] - e) / e
		pk /= float64(k + 1)
	}
	t.Logf("of %.0f failures %.0f met a working component; chi-square %.1f", n, held[0], chi)
	if chi > 22.5 { // 0.1 % with 6 degrees of freedom
		t.Errorf("causes held at once are not Poisson: %v", held)
	}
}

// A rack that is added moves nobody's failures, and a repair time that is changed moves none either.
func TestCommonRandomNumbers(t *testing.T) {
	small, large := hall(3), hall(4)
	spec := process("gpu", year/4)
	spec.Takes = "node"
	other := spec
	other.Repair = RepairSpec{Auto: 0.9, AutoTime: &DelaySpec{Distribution: "gamma", Shape: ptr(0.2), Mean: ptr(unit.Duration(60))}}
	a, _ := Compile(&Spec{Processes: []ProcessSpec{spec}}, small)
	b, _ := Compile(&Spec{Processes: []ProcessSpec{other}}, large)
	_, _, outsA, atA := run(a, New(a, 3, path(small)), year)
	_, _, outsB, atB := run(b, New(b, 3, path(large)), year)
	if len(atA) < 100 || len(atB) <= len(atA) {
		t.Fatalf("%d and %d failures", len(atA), len(atB))
	}
	for i := range atA {
		if atA[i] != atB[i] || outsA[i].Targets[0] != outsB[i].Targets[0] {
			t.Fatalf("failure %d moved from %g to %g", i, atA[i], atB[i])
		}
	}
	if outsA[0].Targets[0].Kind != facility.Node {
		t.Errorf("a GPU that takes its node took %v", outsA[0].Targets[0])
	}
}

func TestBursts(t *testing.T) {
	tree := hall(10)
	for _, c := range []struct {
		name string
		spec BurstSpec
		mean float64
	}{
		{"size in a row", BurstSpec{Within: "row", Component: "node", Size: ptr(3.0)}, 3},
		{"fraction of a rack", BurstSpec{Within: "rack", Component: "node", Fraction: ptr(unit.Ratio(0.5))}, 2 + 1.0/16},
		{"whole rack", BurstSpec{Within: "rack", Component: "node", Fraction: ptr(unit.Ratio(1))}, 4},
		{"by component", BurstSpec{Within: "row", Component: "node", Size: ptr(2.0), Per: "component"}, 2},
		{"GPUs take nodes", BurstSpec{Within: "rack", Component: "gpu", Fraction: ptr(unit.Ratio(1)), EffectSpec: EffectSpec{Takes: "node"}}, 4},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.spec.Name, c.spec.MTBF = c.name, ptr(unit.Duration(86400))
			c.spec.Validate(func(path, msg string) { t.Fatalf("%s: %s", path, msg) })
			p, err := Compile(&Spec{Bursts: []BurstSpec{c.spec}}, tree)
			if err != nil {
				t.Fatal(err)
			}
			_, _, outs, _ := run(p, New(p, 1, path(tree)), 4000*86400/float64(p.Processes[0].Count))
			sum := 0.0
			for _, o := range outs {
				sum += float64(len(o.Targets))
				for i, r := range o.Targets {
					up, _ := tree.Ancestor(r, o.Origin.Kind)
					if r.Kind != facility.Node || up != o.Origin.Index || i > 0 && r.Index <= o.Targets[i-1].Index {
						t.Fatalf("burst in %v struck %v", o.Origin, o.Targets)
					}
				}
			}
			if got := sum / float64(len(outs)); math.Abs(got-c.mean) > 0.06*c.mean {
				t.Errorf("mean size %.3f of %d bursts, want %.3f", got, len(outs), c.mean)
			}
		})
	}
}

func TestAbsentAndNever(t *testing.T) {
	never := process("node", 1)
	never.MTBF, never.Rate = nil, ptr(unit.Rate(0))
	p, err := Compile(&Spec{Processes: []ProcessSpec{process("chiller", year), never}}, hall(1))
	if err != nil || len(p.Processes) != 0 || !slices.Equal(p.Absent, []string{"test"}) {
		t.Errorf("plan %+v, error %v", p, err)
	}
	if p, err := Compile(nil, hall(1)); err != nil || len(p.Processes) != 0 {
		t.Errorf("no failures: %+v, %v", p, err)
	}
}

func TestCloneSharesNothing(t *testing.T) {
	tree := hall(2)
	p, _ := Compile(&Spec{Processes: []ProcessSpec{process("node", year)}}, tree)
	a := New(p, 1, path(tree))
	b := a.Clone()
	next := a.Next(0, 3)
	oa := p.Fire(a, 0, 3, next, nil)
	if b.Next(0, 3) != next {
		t.Fatal("the clone moved")
	}
	if ob := p.Fire(b, 0, 3, next, nil); ob.Repair != oa.Repair || b.Next(0, 3) != a.Next(0, 3) {
		t.Errorf("the clone has another future")
	}
}

func TestInterruptionRate(t *testing.T) {
	tree := hall(256) // 1,024 nodes
	node := process("node", 1e6)
	gpu := process("gpu", 8e6)
	gpu.Name = "gpu"
	crah := process("crah", 1)
	crah.Name = "crah"
	p, _ := Compile(&Spec{Processes: []ProcessSpec{node, gpu, crah},
		Bursts: []BurstSpec{{Name: "b", Within: "site", Component: "node", Size: ptr(2.0), MTBF: ptr(unit.Duration(1e4))}}}, tree)
	want := 512*(1e-6+8/8e6) + 1e-4*(1-0.25)
	if got := p.InterruptionRate(512); math.Abs(got/want-1) > 1e-12 {
		t.Errorf("%g, want %g", got, want)
	}
}

func FuzzDraw(f *testing.F) {
	for _, s := range []string{"off", "idle", "30 %", "0.5", "-1", "full", "1e400"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var d, back Draw
		if d.UnmarshalText([]byte(text)) != nil {
			return
		}
		if d < 0 || d > 1 {
			t.Fatalf("%q became %g", text, float64(d))
		}
		if err := back.UnmarshalText([]byte(d.String())); err != nil || back != d {
			t.Fatalf("%q became %g, then %g", text, float64(d), float64(back))
		}
	})
}

func BenchmarkFire(b *testing.B) {
	tree := hall(250)
	spec := process("gpu", year)
	spec.Takes = "node"
	p, _ := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
	s := New(p, 1, path(tree))
	var targets []facility.Ref
	b.ReportAllocs()
	for i := range b.N {
		j := int32(i % 8000)
		targets = p.Fire(s, 0, j, s.Next(0, j), targets[:0]).Targets
	}
}

// Llama 3's rate, 3.79 interruptions per 1,000 node-days, gives 419 in 54 days on 2,048 nodes: over 100 seeds the mean is
// that and the deviation is Poisson's 20.5.
func TestLlama3Interruptions(t *testing.T) {
	tree := hall(512)
	spec := process("node", 86400/3.79e-3)
	p, _ := Compile(&Spec{Processes: []ProcessSpec{spec}}, tree)
	if got := p.InterruptionRate(2048) * 54 * 86400; math.Abs(got-419.15) > 0.1 {
		t.Errorf("%.2f interruptions expected, want 419", got)
	}
	sum, square := 0.0, 0.0
	for seed := range random.Seed(100) {
		_, _, outs, _ := run(p, New(p, seed, path(tree)), 54*86400)
		n := float64(len(outs))
		sum, square = sum+n, square+n*n
	}
	mean := sum / 100
	deviation := math.Sqrt(square/100 - mean*mean)
	t.Logf("%.1f ± %.1f interruptions", mean, deviation)
	if math.Abs(mean-419) > 7 || math.Abs(deviation-20.5) > 5 {
		t.Errorf("not Poisson of mean 419")
	}
}
