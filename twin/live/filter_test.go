package live

import (
	"math"
	"math/rand/v2"
	"testing"
)

// terms are those of a cluster: hosts, load, and a bias.
func terms(r *rand.Rand) []float64 { return []float64{100, 100 * r.Float64(), 1000} }

func filter() *Filter {
	return New([]Parameter{{"idle", 30, 3, 0.05}, {"load", 140, 20, 0.2}, {"bias", 0, 0.3, 0.05}}, 0.02)
}

// With steady truth the filter comes to it, and what it claims to know holds: in 90 % of draws within its 95 % interval.
func TestFindsWhatIsHidden(t *testing.T) {
	in, all := 0, 0
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 1))
		truth := []float64{30 + 3*r.NormFloat64(), 140 + 20*r.NormFloat64(), 0.3 * r.NormFloat64()}
		f := New([]Parameter{{"idle", 30, 3, 0}, {"load", 140, 20, 0}, {"bias", 0, 0.3, 0}}, 0.02)
		for i := range 500 {
			h := terms(r)
			y := 0.0
			for k := range h {
				y += h[k] * truth[k]
			}
			f.Learn(float64(i)*150, h, y*(1+0.02*r.NormFloat64()))
		}
		for k, x := range truth {
			all++
			if math.Abs(f.X[k]-x) <= 1.96*math.Sqrt(f.P[k][k]) {
				in++
			}
		}
		if f.Clipped > 5 {
			t.Errorf("%d good readings were clipped", f.Clipped)
		}
	}
	if 10*in < 9*all {
		t.Errorf("%d of %d inside", in, all)
	}
}

// A broken meter changes nothing: impossible readings are left out, a wild one hardly moves a thing.
func TestHostileReadings(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	clean, hostile := filter(), filter()
	for i := range 300 {
		h := terms(r)
		y := 100*32 + h[1]*150
		at := float64(i) * 150
		clean.Learn(at, h, y)
		hostile.Learn(at, h, y)
		switch i % 30 {
		case 5:
			hostile.Learn(at+1, h, math.NaN())
		case 9:
			hostile.Learn(at-5000, h, y)
		case 13:
			hostile.Learn(at, h, 2*y)
		case 17:
			hostile.Learn(at+1, h, math.Inf(1))
		}
	}
	for k := range clean.X {
		if clean.X[k] != hostile.X[k] {
			t.Errorf("parameter %d: %g, was %g", k, hostile.X[k], clean.X[k])
		}
	}
	if hostile.Skipped != 40 {
		t.Errorf("%d skipped", hostile.Skipped)
	}
	h := []float64{100, 50, 1000}
	before, sd := clean.Predict(1e5, h)
	clean.Learn(1e5, h, 214748364.7)
	if after, _ := clean.Predict(1e5, h); math.Abs(after-before) > clean.Clip*sd || clean.Clipped == 0 {
		t.Errorf("a wild reading moves the prediction from %g to %g (sd %g)", before, after, sd)
	}
}

// A clone is independent, and the same readings lead to the same bits.
func TestClonesAreIndependent(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 3))
	f := filter()
	for i := range 50 {
		f.Learn(float64(i), terms(r), 10000)
	}
	a, b := f.Clone(), f.Clone()
	a.Learn(100, []float64{100, 10, 1000}, 9000)
	if a.X[0] == f.X[0] {
		t.Error("a clone does not learn")
	}
	b.Learn(100, []float64{100, 10, 1000}, 9000)
	for k := range a.X {
		if a.X[k] != b.X[k] || a.P[k][0] != b.P[k][0] {
			t.Error("two clones differ")
		}
	}
	if f.P[0][0] != filterAfter().P[0][0] {
		t.Error("a clone changes its origin")
	}
}

func filterAfter() *Filter {
	r := rand.New(rand.NewPCG(1, 3))
	f := filter()
	for i := range 50 {
		f.Learn(float64(i), terms(r), 10000)
	}
	return f
}

// The band covers its share, whatever the filter believes of its own spread.
func TestBandCovers(t *testing.T) {
	for _, scale := range []float64{0.3, 1, 4} {
		r := rand.New(rand.NewPCG(1, 4))
		b := Band{Share: 0.9, Window: 400}
		in, n := 0, 0
		for i := range 3000 {
			truth := 100 + scale*r.NormFloat64()
			if low, high := b.Around(100, 1); i > 100 {
				n++
				if truth >= low && truth <= high {
					in++
				}
			}
			b.Learn(100, 1, truth)
		}
		if share := float64(in) / float64(n); share < 0.87 || share > 0.93 {
			t.Errorf("errors %g times as large as stated: %.3f covered", scale, share)
		}
	}
}
