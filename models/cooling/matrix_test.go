package cooling

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
	"gonum.org/v1/gonum/mat"
)

// matrixHall is racks whose outlet air reaches at most 12 inlets, settled.
func matrixHall(t *testing.T, racks int, carried []Carried, mutate func(*Spec)) (*Plan, *State, *Input) {
	t.Helper()
	var spec Spec
	if mutate != nil {
		mutate(&spec)
	}
	defaults(t, &spec)
	p, err := Compile(&spec, Sizes{Racks: racks, RackDesign: fillOf(racks, 41e3), Carried: carried})
	if err != nil {
		t.Fatal(err)
	}
	in := inputs(p, 34e3, 41e3/(1.19*1006*14))
	s := New(p)
	p.Settle(s, in)
	return p, s, in
}

// neighbours draws up to 12 racks that each rack's outlet air reaches.
func neighbours(rng *rand.Rand, racks int) (out []Carried) {
	for i := range racks {
		for _, j := range rng.Perm(racks)[:min(12, racks)] {
			out = append(out, Carried{int32(i), int32(j), 0.05 * rng.Float64()})
		}
	}
	return out
}

// TestMatrixAgainstInverse compares the inlets with Tin = Tsup + D P of Tang, Gupta, Varsamopoulos, whose D is made of
// dense matrices.
func TestMatrixAgainstInverse(t *testing.T) {
	const n = 40
	rng := rand.New(rand.NewPCG(3, 4))
	carried := neighbours(rng, n)
	p, s, in := matrixHall(t, n, carried, nil)
	for i := range n {
		in.RackHeat[i] = 41e3 * rng.Float64()
		in.RackFlow[i] *= 0.8 + 0.4*rng.Float64()
	}
	p.Settle(s, in)
	k, m := mat.NewDense(n, n, nil), mat.NewDense(n, n, nil)
	for i := range n {
		k.Set(i, i, p.rhoCp*in.RackFlow[i])
	}
	m.Copy(k)
	for _, c := range carried { // K - Aᵀ K
		m.Set(int(c.To), int(c.From), m.At(int(c.To), int(c.From))-c.Share*k.At(int(c.From), int(c.From)))
	}
	var d, ki mat.Dense
	if err := d.Inverse(m); err != nil {
		t.Fatal(err)
	}
	if err := ki.Inverse(k); err != nil {
		t.Fatal(err)
	}
	d.Sub(&d, &ki)
	var rise mat.VecDense
	rise.MulVec(&d, mat.NewVecDense(n, in.RackHeat))
	for i := range n {
		if want := s.HallCold[0] + rise.AtVec(i); math.Abs(s.RackInlet[i]-want) > 1e-6 {
			t.Errorf("rack %d: %.9f °C, D gives %.9f", i, s.RackInlet[i], want)
		}
	}
	t.Logf("hottest %.3f °C over a cold aisle of %.3f °C", highest(s.RackInlet), s.HallCold[0])
}

// TestMatrixIsZonal: racks that breathe a share of their own outlet air alone are the zonal model, in rest and in a
// transient, at any step.
func TestMatrixIsZonal(t *testing.T) {
	const n = 32
	share := unit.Ratio(0.12)
	var own []Carried
	for i := range int32(n) {
		own = append(own, Carried{i, i, float64(share)})
	}
	p, a, in := matrixHall(t, n, own, nil)
	q, b, _ := matrixHall(t, n, nil, func(s *Spec) { s.Air.Recirculation = &share })
	for _, dt := range []float64{0.5, 10, 120, 300} {
		in.Dt = dt
		for round := range 20 {
			if round == 5 {
				fail(p, a, kinds[0], 0, 1, 2)
				fail(q, b, kinds[0], 0, 1, 2)
			}
			for i := range in.RackHeat {
				in.RackHeat[i] = 20e3 + 1e3*float64(round)
			}
			run(t, p, a, in, dt, nil)
			run(t, q, b, in, dt, nil)
			for i := range n {
				if math.Abs(a.RackInlet[i]-b.RackInlet[i]) > 1e-8 || math.Abs(a.RackOutlet[i]-b.RackOutlet[i]) > 1e-8 {
					t.Fatalf("step %v s, rack %d: inlet %v and outlet %v °C, zonal %v and %v", dt, i, a.RackInlet[i], a.RackOutlet[i], b.RackInlet[i], b.RackOutlet[i])
				}
			}
		}
	}
}

// TestMatrixRenumbers permutes the racks of a matrix.
func TestMatrixRenumbers(t *testing.T) {
	const n = 24
	rng := rand.New(rand.NewPCG(5, 6))
	carried, perm := neighbours(rng, n), rng.Perm(n)
	var moved []Carried
	for _, c := range carried {
		moved = append(moved, Carried{int32(perm[c.From]), int32(perm[c.To]), c.Share})
	}
	p, a, in := matrixHall(t, n, carried, nil)
	q, b, _ := matrixHall(t, n, moved, nil)
	other := *in
	other.RackHeat = fillOf(n, 0)
	for i := range n {
		in.RackHeat[i] = 41e3 * rng.Float64()
		other.RackHeat[perm[i]] = in.RackHeat[i]
	}
	run(t, p, a, in, 900, nil)
	run(t, q, b, &other, 900, nil)
	for i := range n {
		if math.Abs(a.RackInlet[i]-b.RackInlet[perm[i]]) > 1e-8 {
			t.Fatalf("rack %d: %v °C, renumbered %v", i, a.RackInlet[i], b.RackInlet[perm[i]])
		}
	}
}

// TestMatrixSteps compares a transient over a matrix at several steps with steps of a second.
func TestMatrixSteps(t *testing.T) {
	carried := neighbours(rand.New(rand.NewPCG(7, 8)), 24)
	at := func(dt float64) float64 {
		p, s, in := matrixHall(t, 24, carried, nil)
		for i := range 12 {
			in.RackHeat[i] = 10e3
		}
		in.Dt = dt
		run(t, p, s, in, 600, nil)
		return highest(s.RackInlet)
	}
	fine := at(1)
	for _, dt := range []float64{10, 60, 300} {
		if d := math.Abs(at(dt) - fine); d > 0.05 {
			t.Errorf("steps of %v s: %.3f K off", dt, d)
		}
	}
}

// TestMatrixRefused: what no hall can do is explained.
func TestMatrixRefused(t *testing.T) {
	var spec Spec
	defaults(t, &spec)
	for want, carried := range map[string][]Carried{
		"add up to 105 %":        {{0, 1, 0.5}, {0, 0, 0.55}},
		"a rack that is not":     {{0, 9, 0.5}},
		"stand in different":     {{0, 3, 0.5}},
		"outlet air reach rack ": {{0, 1, 0.7}, {1, 1, 0.7}},
		"a share lies from 0":    {{0, 1, math.NaN()}},
	} {
		_, err := Compile(&spec, Sizes{Racks: 4, RackHall: []int32{0, 0, 1, 1}, RackDesign: fillOf(4, 40e3), Carried: carried})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "air.recirculation_matrix: ") {
			t.Errorf("%v: %v, want %q", carried, err, want)
		}
	}
}
