package power

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// sameStates leaves out what a state remembers to save work.
var sameStates = cmpopts.IgnoreUnexported(State{})

// A chain that is only told which racks changed comes to the same bytes as one that solves everything at every instant.
func TestFollowEqualsUpdate(t *testing.T) {
	base := newSpec(t, "N")
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 200).Draw(t, "racks")
		p, err := Compile(randomSpec(t, base), racks(n, 12e3, 90e3))
		if err != nil {
			t.Fatal(err)
		}
		a := New(p, random.Seed(1))
		rackW, mechW := make([]float64, n), 90e3
		p.Update(a, rackW, mechW, nil)
		b := a.Clone()
		for range rapid.IntRange(1, 40).Draw(t, "acts") {
			var changed []int32
			for range rapid.IntRange(0, 4).Draw(t, "changes") {
				r := rapid.IntRange(0, n-1).Draw(t, "rack")
				rackW[r] = rapid.Float64Range(0, 25e3).Draw(t, "w")
				changed = append(changed, int32(r))
			}
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				mechW = rapid.Float64Range(0, 150e3).Draw(t, "mech")
			case 1:
				i := rapid.IntRange(0, p.Count(facility.Utility)-1).Draw(t, "feed")
				v := rapid.SampledFrom([]float64{1, 0.82}).Draw(t, "voltage")
				p.SetVoltage(a, i, v)
				p.SetVoltage(b, i, v)
			case 2, 3:
				k := rapid.SampledFrom(append(layerKinds[:], facility.Rack)).Draw(t, "kind")
				c := p.Count(k)
				if k == facility.Rack {
					c = n
				}
				if c > 0 {
					r := facility.Ref{Kind: k, Index: int32(rapid.IntRange(0, c-1).Draw(t, "unit"))}
					up := rapid.Bool().Draw(t, "up")
					p.Health(a, r, up)
					p.Health(b, r, up)
				}
			}
			p.Follow(a, rackW, changed, mechW, nil)
			p.Update(b, rackW, mechW, nil)
			if d := cmp.Diff(b, a, sameStates, cmpopts.EquateNaNs()); d != "" {
				t.Fatalf("Update (-) and Follow (+) differ:\n%s", d)
			}
			if rapid.Bool().Draw(t, "forget") { // so that b moves unit by unit where a is calm
				b = b.Clone()
			}
			if na, nb := p.Next(a), p.Next(b); na != nb {
				t.Fatalf("Next is %v after Follow, %v after Update", na, nb)
			}
			dt := min(p.Next(a), rapid.Float64Range(1, 300).Draw(t, "dt"))
			p.Advance(a, dt)
			p.Advance(b, dt)
		}
	})
}

// BenchmarkFollow is an instant at which the power of one rack changed.
func BenchmarkFollow(b *testing.B) {
	w := hall(b)
	b.ReportAllocs()
	for i := int32(0); b.Loop(); i = (i + 1) % 1500 {
		w.rackW[i]++
		w.p.Follow(w.s, w.rackW, []int32{i}, w.mechW, nil)
		w.p.Advance(w.s, 0.1)
	}
}
