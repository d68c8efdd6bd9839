package compute

import (
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/unit"
)

// near fails when got is further from want than tol, relative to want (absolute below 1).
func near(t testing.TB, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol*math.Max(1, math.Abs(want))) {
		t.Errorf("%s = %.12g, want %.12g", what, got, want)
	}
}

// openDC is the power models of OpenDC (opendc-simulator-compute, after CloudSim), which count utilisation in per
// cent and scale a factor to it; idle and max are those of a SURF host.
var openDC = map[string]func(u, idle, max float64) float64{
	"linear": func(u, idle, max float64) float64 { return idle + (max-idle)/100*(u*100) },
	"sqrt":   func(u, idle, max float64) float64 { return idle + (max-idle)/math.Sqrt(100)*math.Sqrt(u*100) },
	"square": func(u, idle, max float64) float64 { return idle + (max-idle)/math.Pow(100, 2)*math.Pow(u*100, 2) },
	"cubic":  func(u, idle, max float64) float64 { return idle + (max-idle)/math.Pow(100, 3)*math.Pow(u*100, 3) },
	"mse":    func(u, idle, max float64) float64 { return idle + (max-idle)/100*(2*u-math.Pow(u, 1.4))*100 },
}

func TestCurvesAreThoseOfOpenDC(t *testing.T) {
	for name, want := range openDC {
		s := CurveSpec{Model: name, Exponent: 1.4}
		c := s.Compile(32, 180)
		for u := 0.0; u <= 1; u += 1.0 / 64 {
			near(t, name, c.Power(u, 0), want(u, 32, 180), 1e-12)
		}
		for _, beyond := range [][2]float64{{-0.5, 32}, {1.5, 180}} {
			near(t, name+" beyond its range", c.Power(beyond[0], 0), beyond[1], 1e-12)
		}
	}
}

func TestCurvesByHand(t *testing.T) {
	for _, x := range []struct {
		name   string
		spec   CurveSpec
		u, mem float64
		want   float64
	}{
		{"u/2 + u²/2", CurveSpec{Model: "polynomial", Coefficients: []float64{0.5, 0.5}}, 0.4, 0, 100 + 400*(0.2+0.08)},
		{"u³", CurveSpec{Model: "polynomial", Coefficients: []float64{0, 0, 1}}, 0.5, 0, 100 + 400*0.125},
		{"table between points", CurveSpec{Model: "table", Points: []CurvePoint{{0, 90}, {0.5, 300}, {1, 480}}}, 0.25, 0, 195},
		{"table at a point", CurveSpec{Model: "table", Points: []CurvePoint{{0, 90}, {0.5, 300}, {1, 480}}}, 0.5, 0, 300},
		{"table before its first point", CurveSpec{Model: "table", Points: []CurvePoint{{0.2, 120}, {1, 480}}}, 0.1, 0, 120},
		{"table beyond its last point", CurveSpec{Model: "table", Points: []CurvePoint{{0, 90}, {0.8, 400}}}, 1, 0, 400},
		{"arithmetic alone", CurveSpec{Model: "activity", Memory: 0.3}, 1, 0, 100 + 400*0.7},
		{"memory alone", CurveSpec{Model: "activity", Memory: 0.3}, 0, 1, 100 + 400*0.3},
		{"both halfway", CurveSpec{Model: "activity", Memory: 0.3}, 0.5, 0.5, 300},
	} {
		c := x.spec.Compile(100, 500)
		near(t, x.name, c.Power(x.u, x.mem), x.want, 1e-12)
	}
}

// Whatever the curve of a device, it runs from idle to max and never falls with load.
func TestCurvesRise(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := CurveSpec{
			Model:    rapid.SampledFrom([]string{"linear", "sqrt", "square", "cubic", "mse", "activity"}).Draw(t, "model"),
			Exponent: rapid.Float64Range(1, 2).Draw(t, "exponent"),
			Memory:   unit.Ratio(rapid.Float64Range(0, 1).Draw(t, "memory")),
		}
		idle := rapid.Float64Range(0, 200).Draw(t, "idle")
		full := idle + rapid.Float64Range(1, 1000).Draw(t, "dynamic")
		c := s.Compile(idle, full)
		a, b := rapid.Float64Range(0, 1).Draw(t, "a"), rapid.Float64Range(0, 1).Draw(t, "b")
		if a > b {
			a, b = b, a
		}
		if lo, hi := c.Power(a, a), c.Power(b, b); lo > hi+1e-9 {
			t.Fatalf("%s: %g W at %g, %g W at %g", s.Model, lo, a, hi, b)
		}
		if math.Abs(c.Power(0, 0)-idle) > 1e-9 || math.Abs(c.Power(1, 1)-full) > 1e-9 {
			t.Fatalf("%s does not run from idle to max", s.Model)
		}
	})
}

func TestCurveValidation(t *testing.T) {
	for name, s := range map[string]CurveSpec{
		"coefficients":          {Model: "polynomial"},
		"points":                {Model: "table", Points: []CurvePoint{{0, 1}}},
		"points[1].utilisation": {Model: "table", Points: []CurvePoint{{0.5, 1}, {0.5, 2}}},
	} {
		found := ""
		s.Validate(func(path, _ string) { found = path })
		if found != name {
			t.Errorf("complains of %q instead of %q", found, name)
		}
	}
}
