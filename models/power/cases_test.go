package power

import (
	"math"
	"strings"
	"testing"
)

// referenceCase is one of the verification cases, with the values looked up by name.
type referenceCase struct {
	ID       string         `json:"id"`
	Group    string         `json:"group"`
	Inputs   map[string]any `json:"inputs"`
	Expected map[string]any `json:"expected"`
}

func (c *referenceCase) in(name string) float64   { return c.Inputs[name].(float64) }
func (c *referenceCase) want(name string) float64 { return c.Expected[name].(float64) }

// near checks a figure of a case to a relative tolerance.
func (c *referenceCase) near(t *testing.T, name string, got, rel float64) {
	t.Helper()
	if want := c.want(name); math.Abs(got-want) > rel*math.Abs(want) {
		t.Errorf("%s: %s is %.8g, want %.8g within %g", c.ID, name, got, want, rel)
	}
}

// checks says how a case is computed, by its id or what stands in it before the first underscore.
var checks = map[string]func(*testing.T, *referenceCase){
	"peukert": func(t *testing.T, c *referenceCase) {
		c.near(t, "t_h", PeukertTime(c.in("C_ah"), c.in("H_h"), c.in("I"), c.in("k")), 1e-5)
		// The same through a battery: its capacity holds at H hours.
		b := Battery{Model: PeukertBattery, Capacity: c.in("C_ah"), Hours: c.in("H_h"), Exponent: c.in("k")}
		c.near(t, "t_h", b.Time(b.Capacity, 0, c.in("I")), 1e-5)
	},
	"kibam": func(t *testing.T, c *referenceCase) {
		b := Battery{Model: KiBaMBattery, Capacity: c.in("capacity_amin"), Well: c.in("c"), Rate: c.in("kprime_per_min")}
		y1, y2 := b.Level(b.Capacity)
		c.near(t, "t_min", b.Time(y1, y2, c.in("I_a")), 1e-3)
	},
	"ups_autonomy": func(t *testing.T, c *referenceCase) {
		b := Battery{Capacity: c.in("E_kwh") * 3.6e6, Floor: c.in("soc_min")}
		c.near(t, "t_s", b.Time(b.Capacity*c.in("soc"), 0, c.in("P_kw")*1e3/c.in("eta_inv")), 1e-6)
	},
	"idmt": func(t *testing.T, c *referenceCase) {
		for _, curve := range []string{"ieee-mi", "ieee-vi", "ieee-ei", "iec-si", "iec-vi", "iec-ei"} {
			r, _ := RelayCurve(curve)
			r.Dial = c.in("TD")
			b := Breaker{Pickup: 1, Instant: 100, Relay: &r}
			c.near(t, strings.ReplaceAll(curve, "-", "_"), b.TripTime(0, c.in("M")), 1e-3)
		}
	},
	"breaker_thermal": func(t *testing.T, c *referenceCase) {
		spec := BreakerSpec{Pickup: 1.05, Double: 120, Instant: 8, Delay: 0.02}
		b := spec.breaker()
		c.near(t, "tau_s", b.Tau, 1e-5)
		h := b.Settled(c.in("preload"))
		c.near(t, "t_1p3", b.TripTime(h, 1.3), 1e-5)
		c.near(t, "t_1p5", b.TripTime(h, 1.5), 1e-5)
		c.near(t, "t_3", b.TripTime(h, 3), 1e-5)
	},
	"breaker_ul489": func(t *testing.T, c *referenceCase) { // upper bounds on the default, which is their strictest
		s := newSpec(t, "N")
		b := s.PDU.Breaker.breaker()
		for name := range c.Expected {
			if got := b.TripTime(b.Settled(0.8), 2); got > c.want(name)+1e-6 {
				t.Errorf("%s: the default breaker trips after %.1f s at 200 %%", name, got)
			}
		}
		if got := b.TripTime(0, 1.35); got > 3600 {
			t.Errorf("the default breaker trips after %.0f s at 135 %%, UL 489 allows an hour", got)
		}
	},
	"two_n_transfer": func(t *testing.T, c *referenceCase) {
		s := newSpec(t, "2N")
		s.UPS.Count, s.PDU.Curve, s.UPS.Each.Bypass = 2, lossless(), false
		w := newWorld(compile(t, s, racks(20, 40e3, 0)), 1, 2*c.in("load_per_feed_before")*1e6/20, 0)
		first := w.p.layers[upses].first
		if got := w.s.Load[first]; math.Abs(got-c.in("load_per_feed_before")) > 1e-12 {
			t.Errorf("before: %g", got)
		}
		w.health(w.p.ref(first+1), false)
		c.near(t, "load_after", w.s.Load[first], 1e-12)
	},
	"three_n_two": func(t *testing.T, c *referenceCase) {
		s := newSpec(t, "3N/2")
		s.UPS.Count, s.PDU.Curve, s.UPS.Each.Bypass = 3, lossless(), false
		w := newWorld(compile(t, s, racks(30, 40e3, 0)), 1, 3*c.in("util_before")*1e6/30, 0)
		first := w.p.layers[upses].first
		w.health(w.p.ref(first+2), false)
		c.near(t, "util_after", w.s.Load[first], 1e-12)
		c.near(t, "util_after", w.s.Load[first+1], 1e-12)
		if most := c.want("max_util"); math.Abs(1.5*most-1) > 1e-12 {
			t.Errorf("max_util %g", most)
		}
	},
	"pue_chain": func(t *testing.T, c *referenceCase) {
		s := newSpec(t, "N")
		it := c.in("IT_kw") * 1e3
		loss := func(eff string) *CurveSpec { return &CurveSpec{K1: ratio(1/c.in(eff) - 1)} }
		s.UPS.Each.Curve, s.PDU.Curve = loss("ups_eff"), loss("pdu_eff")
		other := (c.in("cooling_kw") + c.in("light_kw")) * 1e3
		s.Transformer.Count, s.Transformer.NoLoad = 1, 0
		s.Transformer.Rating = power(it/c.in("ups_eff")/c.in("pdu_eff") + other)
		s.Transformer.Load = ratio(1/c.in("xfmr_eff") - 1)
		w := newWorld(compile(t, s, racks(100, it/100, other)), 1, it/100, other)
		c.near(t, "pue", w.s.Flow[0]/w.s.IT, 1e-5)
	},
}

func TestReferenceCases(t *testing.T) {
	var cases []referenceCase
	reference(t, "physics/verification_cases.json", &cases)
	groups := map[string]bool{"ups": true, "breaker": true, "redundancy": true}
	for i := range cases {
		c := &cases[i]
		check := checks[c.ID]
		if check == nil {
			name, _, _ := strings.Cut(c.ID, "_")
			check = checks[name]
		}
		if check == nil {
			if groups[c.Group] {
				t.Errorf("%s of group %s is not checked", c.ID, c.Group)
			}
			continue
		}
		t.Run(c.ID, func(t *testing.T) { check(t, c) })
	}
}
