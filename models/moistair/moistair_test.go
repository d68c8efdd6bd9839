package moistair

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// near checks got against want within abs or rel of want, whichever is wider.
func near(t *testing.T, what string, got, want, abs, rel float64) {
	t.Helper()
	if math.IsNaN(got) || math.Abs(got-want) > max(abs, rel*math.Abs(want)) {
		t.Errorf("%s = %v, want %v (abs %g, rel %g)", what, got, want, abs, rel)
	}
}

// TestReferences runs the psychrometric cases of the shared verification data, each at its own tolerance.
func TestReferences(t *testing.T) {
	dir := os.Getenv("HALLTWIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	raw, err := os.ReadFile(filepath.Join(dir, "physics", "verification_cases.json"))
	if err != nil {
		t.Skipf("reference data is absent: set HALLTWIN_DATA to its folder (%v)", err)
	}
	var cases []struct {
		ID, Group string
		Inputs    map[string]any
		Expected  map[string]any
	}
	if err := json.Unmarshal(raw, &cases); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, c := range cases {
		if c.Group != "psychro" {
			continue
		}
		seen++
		in := func(k string) float64 { v, _ := c.Inputs[k].(float64); return v }
		want := func(k string) float64 { return c.Expected[k].(float64) }
		t.Run(c.ID, func(t *testing.T) {
			_, psat := c.Expected["p_sat_pa"]
			_, wsat := c.Expected["w_sat"]
			_, twb := c.Expected["t_wb"]
			_, ex := c.Expected["v"]
			_, h := c.Expected["h_j"]
			_, w := c.Expected["w"]
			switch {
			case psat:
				near(t, "p_sat", SaturationPressure(in("t_c")), want("p_sat_pa"), 0.01, 3e-4)
			case wsat:
				rel := 0.005
				if in("t_c") == -20 || in("t_c") == 50 {
					rel = 0.01
				}
				near(t, "w_sat", Saturated(in("t_c"), in("p_pa")), want("w_sat"), 0, rel)
			case ex:
				db, wb, p := in("t_db"), in("t_wb"), in("p_pa")
				w := FromWetBulb(db, wb, p)
				near(t, "w", w, want("w"), 1e-4, 0)
				near(t, "dew point", DewPoint(w, p), want("t_dp"), 0.5, 0)
				near(t, "rh", Relative(db, w, p), want("rh"), 0.01, 0)
				near(t, "h", Enthalpy(db, w)/1e3, want("h_kj"), 0.1, 0)
				near(t, "v", Volume(db, w, p), want("v"), 0, 0.01)
			case h:
				near(t, "h", Enthalpy(in("t"), in("w")), want("h_j"), 0, 3e-4)
			case w:
				near(t, "w", FromWetBulb(in("t_db"), in("t_wb"), in("p_pa")), want("w"), 0, 3e-4)
			case twb:
				rel := 1e-3
				abs := 0.0
				if in("rh") == 0.48 {
					rel, abs = 0, 0.1
				}
				near(t, "t_wb", WetBulb(in("t_db"), FromRelative(in("t_db"), in("rh"), in("p_pa")), in("p_pa")), want("t_wb"), abs, rel)
			default:
				t.Fatalf("a psychrometric case of an unknown form: %v", c.Expected)
			}
		})
	}
	if seen == 0 {
		t.Error("no psychrometric case found")
	}
}

// TestTable checks against figures printed in ASHRAE Fundamentals 2017 chapter 1 table 3, so that a checkout
// without the reference data is tested too.
func TestTable(t *testing.T) {
	for _, c := range []struct{ t, p float64 }{{-20, 103.24}, {-5, 401.74}, {25, 3169.7}, {50, 12351.3}} {
		near(t, "p_sat", SaturationPressure(c.t), c.p, 0, 3e-4)
	}
}

// TestInverses walks the range of outdoor air on earth and beyond: every inverse returns where it came from.
func TestInverses(t *testing.T) {
	for _, p := range []float64{60000, 83700, 101325} {
		for db := -60.0; db <= 90; db += 2.5 {
			for rh := 0.0; rh <= 1; rh += 0.05 {
				w := FromRelative(db, rh, p)
				if w > 0.5 {
					continue // vapour, not air: the wet-bulb equation of ASHRAE is not meant for it
				}
				wb := WetBulb(db, w, p)
				if wb > db+1e-9 {
					t.Fatalf("wet bulb %v above dry bulb %v", wb, db)
				}
				near(t, "w from wet bulb", FromWetBulb(db, wb, p), w, 2e-4*w+4e-5, 0)
				if w > 1e-6 {
					dp := DewPoint(w, p)
					near(t, "w from dew point", FromDewPoint(dp, p), w, 0, 1e-8)
					if dp > wb+0.3 { // over ice ASHRAE's wet bulb equation is coarse
						t.Fatalf("dew point %v above wet bulb %v at %v °C, rh %v", dp, wb, db, rh)
					}
				}
			}
		}
	}
}

func TestHostileInputs(t *testing.T) {
	for _, db := range []float64{-1e9, -273.15, -100, 0, 200, 1e9} {
		for _, w := range []float64{-1, 0, 1e-300, 0.5, 1e6} {
			for _, p := range []float64{1000, 101325, 1e7} {
				for name, v := range map[string]float64{"wet bulb": WetBulb(db, w, p), "dew point": DewPoint(w, p), "rh": Relative(db, w, p)} {
					if math.IsNaN(v) || math.IsInf(v, 0) {
						t.Errorf("%s(%v, %v, %v) = %v", name, db, w, p, v)
					}
				}
			}
		}
	}
}

func TestSaturatedEnthalpySlope(t *testing.T) {
	for db := -40.0; db < 60; db += 3.7 {
		h, slope := SaturatedEnthalpySlope(db, 95000)
		near(t, "h", h, SaturatedEnthalpy(db, 95000), 0, 1e-12)
		near(t, "slope", slope, (SaturatedEnthalpy(db+1e-3, 95000)-SaturatedEnthalpy(db-1e-3, 95000))/2e-3, 0, 1e-5)
	}
}

func TestPressureAt(t *testing.T) {
	near(t, "pressure at Denver airport", PressureAt(1650), 83000, 500, 0)
}

func BenchmarkWetBulb(b *testing.B) {
	w := FromRelative(30, 0.5, StandardPressure)
	for b.Loop() {
		WetBulb(30, w, StandardPressure)
	}
}
