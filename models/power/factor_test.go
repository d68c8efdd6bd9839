package power

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
)

// factored is a chain of one side with power factors: supplies of twice the design power, a lossless PDU of 500 kVA, a UPS and
// a genset each of one unit.
func factored(t *testing.T, edit func(*Spec)) *Spec {
	s := newSpec(t, "N")
	s.PowerFactor = &PowerFactorSpec{Oversize: 2, UPS: 0.99, Mechanical: 0.95, UPSRated: 1, GenRated: 0.8}
	s.Transformer.Count, s.Transformer.Rating = 1, power(1e6)
	s.Genset.Count, s.Genset.Rating, s.Genset.FailToStart = 1, power(1e6), 0
	s.UPS.Count, s.UPS.Each.Rating, s.UPS.Each.Curve = 1, 600e3, lossless()
	s.PDU.Count, s.PDU.Rating, s.PDU.Curve = 1, 600e3, lossless()
	if edit != nil {
		edit(s)
	}
	return s
}

func TestFactorOfSupplies(t *testing.T) {
	for x, want := range map[float64]float64{0: 0.90, 0.1: 0.90, 0.15: 0.925, 0.2: 0.95, 0.35: 0.97, 0.5: 0.99, 1.2: 0.99} {
		within(t, "factor", Factor(supplyFactor, x), want, 1e-12)
	}
}

// Ten racks of 40 kW at half load: their supplies, of 800 kW, work at a quarter with 0.95 + 0.04/6. Each layer is loaded in kVA,
// by hand.
func TestApparentLoads(t *testing.T) {
	const it, mech = 200e3, 100e3
	factor := 0.95 + 0.04*0.05/0.3
	q := func(w, factor float64) float64 { return w * math.Tan(math.Acos(factor)) }
	check := func(w *world, kind facility.Kind, want float64) {
		t.Helper()
		within(t, kind.String(), w.p.Loads(w.s, kind)[0], want, 1e-9)
	}
	w := newWorld(compile(t, factored(t, nil), racks(10, 40e3, mech)), 1, it/10, mech)
	check(w, facility.PDU, it/factor/600e3)
	check(w, facility.UPS, it/factor/600e3)
	bus := math.Hypot(it+mech, q(it, 0.99)+q(mech, 0.95))
	check(w, facility.Transformer, bus/1e6)
	lo, _ := w.p.Range(facility.Utility)
	grid := w.s.Flow[lo] // with the losses of the transformer
	within(t, "power factor", w.p.PowerFactor(w.s, lo), grid/math.Hypot(grid, q(it, 0.99)+q(mech, 0.95)), 1e-9)
	within(t, "current", w.p.Current(w.s, 0), math.Hypot(grid, q(it, 0.99)+q(mech, 0.95))/math.Sqrt(3)/13800, 1e-9)

	// A UPS rated in kW at 0.9 kVA for a kW has more apparent power than this load needs; one bound by kVA at 1.0 has not.
	eco := factored(t, func(s *Spec) { s.UPS.Each.Mode, s.UPS.Each.Line, s.PowerFactor.UPSRated = "eco", lossless(), 0.9 })
	w = newWorld(compile(t, eco, racks(10, 40e3, mech)), 1, it/10, mech)
	check(w, facility.UPS, it/600e3)
	check(w, facility.Transformer, math.Hypot(it+mech, q(it, factor)+q(mech, 0.95))/1e6)

	// On the genset, which is rated at 0.8: the kW bind.
	w = newWorld(compile(t, factored(t, func(s *Spec) { s.UPS.Each.Battery.Charger = 0 }), racks(10, 40e3, mech)), 1, it/10, mech)
	w.health(facility.Ref{Kind: facility.Utility}, false)
	w.run(60)
	check(w, facility.Genset, (it+mech)/1e6)
	within(t, "genset var", w.s.Var[w.p.layers[gensets].first], q(it, 0.99)+q(mech, 0.95), 1e-6)
	check(w, facility.Transformer, 0)
}

// A breaker that carries its load in kW trips in kVA: 1.06 of its rating at a power factor of 0.90.
func TestBreakersSeeCurrent(t *testing.T) {
	for _, bad := range []bool{false, true} {
		s := factored(t, func(s *Spec) {
			s.PDU.Rating, s.UPS.Each.Mode = 210e3, "eco"
			if bad {
				s.PowerFactor.Supplies = []FactorPoint{{Load: 0.1, Factor: 0.90}}
			}
		})
		w := newWorld(compile(t, s, racks(10, 40e3, 0)), 1, 20e3, 0)
		w.run(7200)
		if got := w.s.Counts.BreakerTrips > 0; got != bad {
			t.Errorf("poor power factor %v: trips %v at a load of %.3f", bad, got, w.p.Loads(w.s, facility.PDU)[0])
		}
	}
}
