package power

import (
	"testing"

	"github.com/halltwin/halltwin/models/facility"
)

// hall is a site of 1,500 racks, about 100 PDUs and 40 UPSs.
func hall(t testing.TB) *world {
	s := newSpec(t, "2N")
	s.UPS.Count, s.UPS.Each.Rating = 40, 1.5e6
	s.PDU.Count, s.PDU.Rating = 100, 800e3
	w := newWorld(compile(t, s, racks(1500, 18e3, 6e6)), 1, 12e3, 4e6)
	for r := range w.rackW {
		w.rackW[r] = 8e3 + float64(r*7919%6000)
	}
	w.update()
	return w
}

func TestSolveDoesNotAllocate(t *testing.T) {
	w := hall(t)
	if n := testing.AllocsPerRun(10, func() {
		w.p.Solve(w.s, w.rackW, w.mechW)
		w.p.Advance(w.s, 1)
		w.p.Next(w.s)
	}); n > 0 {
		t.Fatalf("%g allocations", n)
	}
}

func BenchmarkSolve(b *testing.B) {
	w := hall(b)
	b.ReportAllocs()
	for b.Loop() {
		w.p.Solve(w.s, w.rackW, w.mechW)
	}
}

func BenchmarkNext(b *testing.B) {
	w := hall(b)
	for b.Loop() {
		w.p.Next(w.s)
	}
}

func BenchmarkNextOnBattery(b *testing.B) {
	w := hall(b)
	w.health(facility.Ref{Kind: facility.Utility}, false)
	for b.Loop() {
		w.p.Next(w.s)
	}
}

func BenchmarkAdvance(b *testing.B) {
	w := hall(b)
	for b.Loop() {
		w.p.Advance(w.s, 1)
	}
}

func BenchmarkClone(b *testing.B) {
	w := hall(b)
	for b.Loop() {
		w.s.Clone()
	}
}
