package failure

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/models/unit"
)

// The log is drawn from a known process: 4,000 nodes for half a year, 2 failures a year, gamma shape 0.8, repairs of
// median 5 h and sigma 1.5. Standard errors: rate 2 %, shape 5 %, median 2.5 %. Nothing has a cause in common.
func TestFitFindsWhatMadeALog(t *testing.T) {
	const nodes, span, perYear, shape, year = 4000, 0.5 * 365 * 86400, 2.0, 0.8, 365 * 86400
	st := random.Seed(6).Stream("fit")
	o := Observed{Components: nodes, Span: span}
	for i := range nodes {
		rate := st.Gamma(shape) / shape * perYear / year
		for at := st.Exp() / rate; at < span; at += st.Exp() / rate {
			o.Incidents = append(o.Incidents, Incident{i, at, 5 * 3600 * math.Exp(1.5*st.Norm())})
		}
	}
	f, err := Fit("node", "node", o)
	if err != nil {
		t.Fatal(err)
	}
	p := f.Spec.Processes[0]
	rate := float64(*p.Rate)
	for _, b := range f.Spec.Bursts { // chance may find a few pairs
		rate += float64(*b.Rate) * *b.Size / nodes
	}
	for _, x := range []struct {
		name           string
		got, want, tol float64
	}{
		{"rate, 1/year", rate * year, perYear, 0.15},
		{"shape", *p.Frailty, shape, 0.15},
		{"median, h", float64(*p.Repair.Time.Median) / 3600, 5, 0.4},
		{"sigma", *p.Repair.Time.Sigma, 1.5, 0.06},
	} {
		if math.Abs(x.got-x.want) > x.tol {
			t.Errorf("%s is %.4g, made with %.4g", x.name, x.got, x.want)
		}
	}
}

// Two causes, known: 300 nodes that fail by themselves 1.5 times a year, and a site where geometric bursts of mean 4 strike
// fifty times a year; repairs are resets (30 %, median 10 min), the crew (median 20 h) or parts (15 %, median 600 h).
func TestFitFindsCommonCauses(t *testing.T) {
	const nodes, span, year = 300, 2 * 365 * 86400.0, 365 * 86400.0
	st := random.Seed(3).Stream("fit")
	repair := func() float64 {
		switch u := st.Float64(); {
		case u < 0.3:
			return 600 * math.Exp(0.4*st.Norm())
		case u < 0.85:
			return 20 * 3600 * math.Exp(0.8*st.Norm())
		}
		return 600 * 3600 * math.Exp(0.5*st.Norm())
	}
	o := Observed{Components: nodes, Span: span}
	for i := range nodes {
		for at := st.Exp() * year / 1.5; at < span; at += st.Exp() * year / 1.5 {
			o.Incidents = append(o.Incidents, Incident{i, at, repair()})
		}
	}
	for at := st.Exp() * year / 50; at < span; at += st.Exp() * year / 50 {
		size := int32(1 + math.Floor(math.Log(st.Open())/math.Log1p(-0.25)))
		d := repair()
		for _, i := range choose(&st, nodes, size) {
			o.Incidents = append(o.Incidents, Incident{int(i), at, d})
		}
	}
	f, err := Fit("node", "node", o)
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Spec.Bursts) != 1 {
		t.Fatalf("no common cause found (window %g s)", f.Window)
	}
	p, b := &f.Spec.Processes[0], &f.Spec.Bursts[0]
	if got := *b.Size; math.Abs(got/4-1) > 0.25 {
		t.Errorf("bursts of %.3g, made with 4", got)
	}
	all := float64(*p.Rate)*nodes*year + float64(*b.Rate)*year**b.Size
	if want := float64(len(o.Incidents)) / 2; math.Abs(all/want-1) > 0.01 {
		t.Errorf("%.4g failures a year, the log has %.4g", all, want)
	}
	if f.Worst > 0.1 {
		t.Errorf("quantiles of repairs off by %.2g", f.Worst)
	}
	if a := float64(p.Repair.Auto); math.Abs(a-0.3) > 0.04 {
		t.Errorf("%.3g recover by themselves, made with 0.3", a)
	}
}

func TestFitRefusesTooLittle(t *testing.T) {
	for _, o := range []Observed{{}, {Components: 2, Span: 100, Incidents: make([]Incident, 2)}, {Components: 1, Incidents: make([]Incident, 5)}} {
		if _, err := Fit("node", "node", o); err == nil {
			t.Errorf("%+v was fitted", o)
		}
	}
}

// A mixture of two laws: shares of draws below a time against the distribution function, and the limited mean by quadrature.
func TestMixture(t *testing.T) {
	l := MixtureLaw([]PartSpec{{Share: 3, Median: 60, Sigma: 0.5}, {Share: 1, Median: 7200, Sigma: 1}}, 36000)
	st := random.Seed(1).Stream("mixture")
	const n = 40000
	below, sum := map[float64]int{}, 0.0
	times := []float64{30, 60, 600, 7200, 30000}
	for range n {
		x := l.Draw(&st)
		sum += x
		for _, at := range times {
			if x <= at {
				below[at]++
			}
		}
	}
	for _, at := range times {
		p := l.CDF(at)
		if z := (float64(below[at]) - n*p) / math.Sqrt(n*p*(1-p)); math.Abs(z) > 4 {
			t.Errorf("below %g s: %d of %d, the law says %.4f", at, below[at], n, p)
		}
	}
	if l.CDF(36000) != 1 {
		t.Errorf("longest: %g", l.CDF(36000))
	}
	mean, dt := 0.0, 1.0
	for x := dt / 2; x < 36000; x += dt {
		mean += (1 - l.CDF(x)) * dt
	}
	if got := l.LimitedMean(); math.Abs(got/mean-1) > 1e-4 || math.Abs(sum/n/mean-1) > 0.04 {
		t.Errorf("mean %.6g, drawn %.6g, by quadrature %.6g", got, sum/n, mean)
	}
}

// A burst that goes by the frailty of a process strikes a component in proportion to it.
func TestBurstsPreferLemons(t *testing.T) {
	weights := []float32{1, 2, 0, 5}
	st := random.Seed(1).Stream("choose")
	var hits [4]float64
	const n = 20000
	for range n {
		for _, i := range chooseBy(&st, weights, 1) {
			hits[i]++
		}
	}
	for i, w := range weights {
		p := float64(w) / 8
		if math.Abs(hits[i]-n*p) > 4*math.Sqrt(n*p*(1-p)) {
			t.Errorf("component %d of weight %g was struck %g of %d times", i, w, hits[i], n)
		}
	}
	if got := chooseBy(&st, weights, 3); len(got) != 3 || got[0] != 0 || got[1] != 1 || got[2] != 3 {
		t.Errorf("three of three that fail: %v", got)
	}
}

func TestCompileResolvesLemons(t *testing.T) {
	k := 0.5
	mtbf := ptr(unit.Duration(3600))
	size := 2.0
	spec := &Spec{
		Processes: []ProcessSpec{{Name: "node", Component: "node", MTBF: mtbf, Frailty: &k}},
		Bursts:    []BurstSpec{{Name: "wave", Within: "site", Component: "node", MTBF: mtbf, Size: &size, As: "node"}},
	}
	spec.Validate(func(path, msg string) { t.Errorf("%s: %s", path, msg) })
	tree := hall(5)
	p, err := Compile(spec, tree)
	if err != nil {
		t.Fatal(err)
	}
	s := New(p, 7, path(tree))
	out := p.Fire(s, 1, 0, 10, []facility.Ref{})
	if p.Processes[1].Like != 0 || len(out.Targets) == 0 {
		t.Errorf("like %d, targets %v", p.Processes[1].Like, out.Targets)
	}
	spec.Bursts[0].As = "nod"
	complaints := 0
	spec.Validate(func(string, string) { complaints++ })
	if complaints != 1 {
		t.Errorf("%d complaints about an unknown process", complaints)
	}
}
