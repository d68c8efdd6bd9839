package power

import (
	"math"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/facility"
)

// Sums of like units have the bytes of a sum one by one.
func TestRepeatedEqualsALoop(t *testing.T) {
	for _, x := range []float64{0, 1, 3, 0.1, 1.0 / 3, 1<<52 + 1, 1<<53 - 1, math.SmallestNonzeroFloat64, math.MaxFloat64, math.Inf(1)} {
		checkRepeated(t, x, 3000)
	}
	rapid.Check(t, func(t *rapid.T) {
		bits := rapid.Uint64Range(0, math.Float64bits(math.MaxFloat64)).Draw(t, "x")
		zeros := rapid.IntRange(0, 52).Draw(t, "zeros") // few digits make ties
		checkRepeated(t, math.Float64frombits(bits>>zeros<<zeros), rapid.IntRange(0, 5000).Draw(t, "n"))
	})
}

func checkRepeated(t rapid.TB, x float64, n int) {
	want := 0.0
	for range n {
		want += x
	}
	if got := repeated(x, n); math.Float64bits(got) != math.Float64bits(want) {
		t.Fatalf("%d times %x is %x, one by one %x", n, x, got, want)
	}
}

// A hall whose racks draw something else now and then is calm, one in which batteries charge is not, and it is divided where
// a unit differs from its neighbours.
func TestCalm(t *testing.T) {
	w := hall(t)
	runs := func() int {
		w.p.Follow(w.s, w.rackW, nil, w.mechW, nil)
		if !w.s.calm() {
			return 0
		}
		return len(w.s.memory.runs)
	}
	whole := runs()
	if whole == 0 || whole > 2+1+2*w.p.Sides() { // two feeds, the gensets, the transformers and UPSs of each side
		t.Fatalf("%d runs in a hall at rest", whole)
	}
	ups := facility.Ref{Kind: facility.UPS, Index: 5}
	w.p.Health(w.s, ups, false)
	if n := runs(); n != whole+2 {
		t.Fatalf("%d runs with a UPS that has failed, %d without", n, whole)
	}
	w.p.Health(w.s, ups, true)
	feed := facility.Ref{Kind: facility.Utility}
	w.p.Health(w.s, feed, false)
	if n := runs(); n != 0 {
		t.Fatal("calm without a feed")
	}
	w.p.Advance(w.s, min(1, w.p.Next(w.s)))
	w.p.Health(w.s, feed, true)
	if n := runs(); n != 0 {
		t.Fatal("calm while batteries charge or gensets start")
	}
}

// Where a UPS has been repaired its heat, and what was last said of its load, differ from its neighbours'. While all are a
// little overloaded, and as they come back, a calm chain comes to the bytes of one that reckons each unit.
func TestCalmEqualsUpdate(t *testing.T) {
	w := hall(t)
	p, a := w.p, w.s
	b := a.Clone()
	first := p.layers[upses].first
	ups := facility.Ref{Kind: facility.UPS, Index: 0}
	watts := 40e3
	draw := func(load float64) { // finds what brings UPSs to a load
		s := b.Clone()
		for range 4 {
			for r := range w.rackW {
				w.rackW[r] = watts
			}
			p.Update(s, w.rackW, w.mechW, nil)
			if load > 0 {
				watts *= load / s.Load[first+1]
			}
		}
	}
	all := make([]int32, len(w.rackW))
	for r := range all {
		all[r] = int32(r)
	}
	for i, z := range []struct {
		load  float64
		after float64 // s
		act   func(s *State)
	}{
		{0.5, 3000, nil},
		{1.01, 300, nil},
		{0, 1, func(s *State) { p.Health(s, ups, false) }},
		{0.995, 0.5, func(s *State) { p.Health(s, ups, true) }},
		{0.99, 400, nil},
		{0.97, 400, nil},
		{0.6, 4000, nil},
	} {
		if z.act != nil {
			z.act(a)
			z.act(b)
		}
		draw(z.load)
		for range 3 { // of which all but the first find the chain at rest
			p.Follow(a, w.rackW, all, w.mechW, nil)
			p.Update(b, w.rackW, w.mechW, nil)
			if z.load > 0 && !a.calm() {
				t.Fatalf("step %d: not calm", i)
			}
			if d := cmp.Diff(b, a, sameStates); d != "" {
				t.Fatalf("step %d: Update (-) and Follow (+) differ:\n%s", i, d)
			}
			b = b.Clone() // which knows of no calm
			if na, nb := p.Next(a), p.Next(b); na != nb {
				t.Fatalf("step %d: Next is %v, unit by unit %v", i, na, nb)
			}
			dt := min(z.after, p.Next(a))
			p.Advance(a, dt)
			p.Advance(b, dt)
		}
	}
	if a.Counts.OverloadSeconds == 0 {
		t.Fatal("nothing was overloaded")
	}
}
