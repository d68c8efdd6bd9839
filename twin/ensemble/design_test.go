package ensemble

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
)

// Each dimension of a Sobol sequence puts one of its first 2^k points into each of 2^k equal bands, and the pairs of
// dimensions of Joe and Kuo's paper are even in the elementary boxes that their property A asks for.
func TestSobolIsEven(t *testing.T) {
	const n = 1024
	points, err := sobol(n, maxSobol, 7)
	if err != nil {
		t.Fatal(err)
	}
	for d := range maxSobol {
		seen := make([]bool, n)
		for _, p := range points {
			if p[d] <= 0 || p[d] >= 1 {
				t.Fatalf("dimension %d has the point %v", d, p[d])
			}
			seen[int(p[d]*n)] = true
		}
		if i := slices.Index(seen, false); i >= 0 {
			t.Errorf("dimension %d leaves the band %d of %d empty", d, i, n)
		}
	}
	boxes := map[[2]int]int{} // the first two are a (0, 2)-sequence: 32 × 32 boxes hold one point each
	for _, p := range points {
		boxes[[2]int{int(p[0] * 32), int(p[1] * 32)}]++
	}
	if len(boxes) != n {
		t.Errorf("%d of %d boxes hold a point", len(boxes), n)
	}
	if _, err := sobol(4, maxSobol+1, 1); err == nil {
		t.Error("more dimensions than there are direction numbers")
	}
}

// The first points without the shift are those of the published sequence.
func TestSobolAgreesWithThePublished(t *testing.T) {
	v := [3][sobolBits]uint32{directions(0), directions(1), directions(2)}
	want := [][3]float64{{0, 0, 0}, {.5, .5, .5}, {.75, .25, .25}, {.25, .75, .75}, {.375, .375, .625}, {.875, .875, .125}, {.625, .125, .875}, {.125, .625, .375}}
	var x [3]uint32
	for i, w := range want {
		for d := range x {
			if i > 0 {
				x[d] ^= v[d][map[int]int{1: 0, 2: 1, 3: 0, 4: 2, 5: 0, 6: 1, 7: 0}[i]]
			}
			if got := float64(x[d]) / (1 << 32); got != w[d] {
				t.Errorf("point %d, dimension %d: %v, want %v", i, d, got, w[d])
			}
		}
	}
}

func TestLatinHypercube(t *testing.T) {
	points := latin(50, 3, random.Seed(3))
	for d := range 3 {
		seen := make([]bool, 50)
		for _, p := range points {
			seen[int(p[d]*50)] = true
		}
		if slices.Contains(seen, false) {
			t.Errorf("axis %d has an empty band", d)
		}
	}
}

func axes(t *testing.T, k int) []scenarios.Axis {
	t.Helper()
	var b strings.Builder
	b.WriteString("halltwin: v1\nname: x\nstart: 2025-07-15T00:00:00-05:00\nduration: 2 h\nsite: {use: sites/h100-hall-1k}\nsweep:\n")
	for i := range k {
		b.WriteString("  x" + string(rune('1'+i)) + ": {path: duration, from: 0 h, to: 1 h}\n")
	}
	f, ds := scenarios.LoadBytes("x.yaml", []byte(b.String()))
	list, more := f.Axes()
	if len(ds)+len(more) > 0 {
		t.Fatal(ds, more)
	}
	return list
}

// Ishigami and Homma's function has known indices.
func TestSobolIndicesOfIshigami(t *testing.T) {
	const a, b = 7, 0.1
	d, err := NewDesign(&scenarios.ExperimentSpec{Design: "saltelli", Points: 1 << 14}, axes(t, 3), 1)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, len(d.Unit))
	for i, u := range d.Unit {
		x := [3]float64{}
		for k := range x {
			x[k] = math.Pi * (2*u[k] - 1)
		}
		y[i] = math.Sin(x[0]) + a*math.Pow(math.Sin(x[1]), 2) + b*math.Pow(x[2], 4)*math.Sin(x[0])
	}
	pi4 := math.Pow(math.Pi, 4)
	v1, v2, v13 := 0.5*math.Pow(1+b*pi4/5, 2), a*a/8.0, b*b*pi4*pi4*8/225
	v := v1 + v2 + v13
	for i, want := range [][2]float64{{v1 / v, (v1 + v13) / v}, {v2 / v, v2 / v}, {0, v13 / v}} {
		e := d.Effects(y, 0.95, 1)[i]
		if math.Abs(e.First.Value-want[0]) > 0.01 || math.Abs(e.Total.Value-want[1]) > 0.01 {
			t.Errorf("%s: first %.4f, total %.4f, want %.4f", e.Axis, e.First.Value, e.Total.Value, want)
		}
		if e.First.Low > want[0] || e.First.High < want[0] || e.Total.Low > want[1] || e.Total.High < want[1] {
			t.Errorf("%s: intervals %v %v do not hold %v", e.Axis, e.First, e.Total, want)
		}
	}
}

// Elementary effects of a sum of a line and a product: the line's effect is its slope everywhere.
func TestElementaryEffects(t *testing.T) {
	d, err := NewDesign(&scenarios.ExperimentSpec{Design: "morris", Points: 400}, axes(t, 3), 1)
	if err != nil {
		t.Fatal(err)
	}
	y := make([]float64, len(d.Unit))
	for i, u := range d.Unit {
		y[i] = -3*u[0] + u[1]*u[2]
		for k := range u {
			if u[k] < 0 || u[k] > 1 {
				t.Fatalf("point %d lies outside: %v", i, u)
			}
		}
	}
	e := d.Effects(y, 0.95, 1)
	if math.Abs(e[0].Mean.Value+3) > 1e-9 || math.Abs(e[0].Magnitude.Value-3) > 1e-9 || e[0].Spread > 1e-9 {
		t.Errorf("the line: %+v", e[0])
	}
	if math.Abs(e[1].Mean.Value-0.5) > 0.05 || e[1].Spread < 0.3 {
		t.Errorf("the product: %+v", e[1])
	}
}

func TestDesignsThatAreTooLarge(t *testing.T) {
	f, _ := scenarios.LoadBytes("x.yaml", []byte("halltwin: v1\nname: x\nstart: 2025-07-15T00:00:00-05:00\nduration: 2 h\nsite: {use: sites/h100-hall-1k}\nsweep:\n"+
		"  a: {path: duration, from: 0 h, to: 1 h, steps: 100000}\n  b: {path: duration, from: 0 h, to: 1 h, steps: 100000}\n"))
	list, ds := f.Axes()
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for _, design := range []string{"grid", "saltelli"} {
		if _, err := NewDesign(&scenarios.ExperimentSpec{Design: design, Points: 999_999}, list, 1); err == nil || !strings.Contains(err.Error(), "points") {
			t.Errorf("%s: %v", design, err)
		}
	}
}

// Intervals hold the truth as often as they say; that of a share on average over shares, since counts are whole (Brown, Cai,
// DasGupta, Stat. Sci. 16, 2001).
func TestCoverage(t *testing.T) {
	st := random.Seed(5).Stream("coverage")
	const trials = 4000
	mean, share := 0, 0
	sample := make([]float64, 12)
	for range trials {
		k := 0
		for i := range sample {
			sample[i] = 3 + 2*st.Norm()
		}
		p := st.Float64()
		for range 60 {
			if st.Float64() < p {
				k++
			}
		}
		if m := Mean(sample, 0.95); !m.Apart(3) {
			mean++
		}
		if s := Share(k, 60, 0.95); !s.Apart(p) {
			share++
		}
	}
	for name, n := range map[string]int{"mean": mean, "share": share} {
		if c := float64(n) / trials; c < 0.93 || c > 0.97 {
			t.Errorf("the interval of a %s holds the truth in %.1f %%", name, 100*c)
		}
	}
}
