package ensemble

import (
	"context"
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/random"
	"github.com/halltwin/halltwin/scenarios"
)

// standard are functions whose least value is known, over their usual ranges; those with a constraint are infinite beyond it.
var standard = []struct {
	name   string
	lo, hi []float64
	f      func(x []float64) float64
	least  float64
	scale  float64 // what 1 % is of, where the least value is 0
}{
	{"sphere", []float64{-5, -5, -5}, []float64{4, 4, 4}, func(x []float64) float64 { return x[0]*x[0] + x[1]*x[1] + x[2]*x[2] }, 0, 1},
	{"branin", []float64{-5, 0}, []float64{10, 15}, func(x []float64) float64 {
		return math.Pow(x[1]-5.1/(4*math.Pi*math.Pi)*x[0]*x[0]+5/math.Pi*x[0]-6, 2) + 10*(1-1/(8*math.Pi))*math.Cos(x[0]) + 10
	}, 0.39788736, 0},
	{"six-hump camel", []float64{-3, -2}, []float64{3, 2}, camel, -1.03162845, 0},
	{"rosenbrock", []float64{-2, -2}, []float64{2, 2}, rosenbrock, 0, 1},
	{"rosenbrock in a disc", []float64{-1.5, -1.5}, []float64{1.5, 1.5}, func(x []float64) float64 {
		if x[0]*x[0]+x[1]*x[1] > 2 {
			return missing * (x[0]*x[0] + x[1]*x[1])
		}
		return rosenbrock(x)
	}, 0, 1},
	{"hartmann 3", []float64{0, 0, 0}, []float64{1, 1, 1}, hartmann, -3.86278, 0},
	{"on a face", []float64{0, 0}, []float64{1, 1}, func(x []float64) float64 { return 2 + x[0] + (x[1]-0.3)*(x[1]-0.3) }, 2, 0},
}

func rosenbrock(x []float64) float64 {
	return 100*math.Pow(x[1]-x[0]*x[0], 2) + math.Pow(1-x[0], 2)
}

func camel(x []float64) float64 {
	a, b := x[0]*x[0], x[1]*x[1]
	return (4-2.1*a+a*a/3)*a + x[0]*x[1] + (-4+4*b)*b
}

// hartmann is the function of three variables in Dixon and Szegö (1978).
func hartmann(x []float64) float64 {
	a := [4][3]float64{{3, 10, 30}, {0.1, 10, 35}, {3, 10, 30}, {0.1, 10, 35}}
	p := [4][3]float64{{0.3689, 0.1170, 0.2673}, {0.4699, 0.4387, 0.7470}, {0.1091, 0.8732, 0.5547}, {0.0381, 0.5743, 0.8828}}
	sum := 0.0
	for i, alpha := range [4]float64{1, 1.2, 3, 3.2} {
		e := 0.0
		for j := range x {
			e += a[i][j] * (x[j] - p[i][j]) * (x[j] - p[i][j])
		}
		sum -= alpha * math.Exp(-e)
	}
	return sum
}

// The search comes within 1 % of the least value of standard functions.
func TestSearchOnStandardFunctions(t *testing.T) {
	for _, c := range standard {
		for seed := range 5 {
			m := minimiser{axes: len(c.lo), points: 1000, close: 1e-4, seed: random.Seed(100 + seed)}
			v, err := m.minimise(func(u []float64) (float64, error) {
				x := make([]float64, len(u))
				for i := range x {
					x[i] = c.lo[i] + u[i]*(c.hi[i]-c.lo[i])
				}
				return c.f(x), nil
			})
			if bound := 0.01 * max(math.Abs(c.least), c.scale); err != nil || !(v-c.least <= bound) {
				t.Errorf("%s, seed %d: %g after %d points, and the least is %g (%v)", c.name, seed, v, m.tried, c.least, err)
			} else if seed == 0 {
				t.Logf("%s: %.6g after %d points", c.name, v, m.tried)
			}
		}
	}
}

const sought = `halltwin: v1
name: sought
start: 2025-07-15T12:00:00-05:00
duration: 1 h
replicas: 3
site: {use: sites/h100-hall-1k}
workload:
  - generate: {use: workloads/llm-lab}
record: {every: 10 min}
sweep:
  site.air.supply: {from: 20 degC, to: 30 degC}
experiment:
  search: {figure: energy.pue, aim: greatest, points: 25}
expect:
  - {name: cool, that: "max(rack.inlet_temperature) < degC(27)"}
`

// The warmest supply air that the expectation lets has the greatest PUE: the search finds at least what a fine grid finds,
// the same whoever computes it.
func TestSearch(t *testing.T) {
	if testing.Short() {
		t.Skip("runs 100 simulations")
	}
	a := outcome(t, experiment(t, sought), NewStore(), Options{Executor: Local{1}})
	b := outcome(t, experiment(t, sought), NewStore(), Options{Executor: Local{3}})
	if files(t, a) != files(t, b) {
		t.Error("it depends on who computes it")
	}
	if a.Best < 0 || a.Odds(a.Best, "cool").Missed {
		t.Fatalf("best is cell %d", a.Best)
	}
	grid := strings.NewReplacer("to: 30 degC}", "to: 30 degC, steps: 21}", "experiment:\n  search: {figure: energy.pue, aim: greatest, points: 25}\n", "").Replace(sought)
	g := outcome(t, experiment(t, grid), NewStore(), Options{})
	most := 0.0
	for cell := range g.byCell {
		if v := Mean(g.sample(cell, "energy.pue"), 0.95).Value; !g.Odds(cell, "cool").Missed && v > most {
			most = v
		}
	}
	got := Mean(a.sample(a.Best, "energy.pue"), 0.95).Value
	t.Logf("%s: %.5f, and %.5f on a grid of 21", a.Experiment.Label(a.Best), got, most)
	if !(got >= most) {
		t.Errorf("the best has a PUE of %g, and a grid finds %g", got, most)
	}
}

func TestRefusedSearches(t *testing.T) {
	for _, c := range []struct{ from, to, says string }{
		{"{from: 20 degC, to: 30 degC}", "[20 degC, 22 degC]", "is a list: write from and to"},
		{"sweep:\n  site.air.supply: {from: 20 degC, to: 30 degC}\n", "", "the sweep has no axes"},
		{"energy.pue", "energy.pew", "no run has a figure energy.pew"},
		{"points: 25}", "points: 25}\n  design: sobol", "takes the place of design"},
		{"replicas: 3", "replicas: 1000000", "runs, and at most"},
	} {
		f, ds := scenarios.LoadBytes("sought.yaml", []byte(strings.Replace(sought, c.from, c.to, 1)))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		e, err := New(f, Request{}, "test")
		if err == nil {
			_, err = e.Run(context.Background(), NewStore(), Options{})
		}
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%q: %v", c.to, err)
		}
	}
}
