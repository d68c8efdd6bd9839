package ensemble

import (
	"errors"
	"math"

	"github.com/halltwin/halltwin/models/random"
	"gonum.org/v1/gonum/optimize"
)

// minimiser looks for the least of a function in the unit cube that costs much to evaluate.
//
// A shifted Sobol sample finds where to begin; then Nelder and Mead's simplex (1965) goes on from the best point, and again
// from the best with new steps, until a whole such pass has made it better by less than close or all points are spent. The
// simplex ranks values and nothing more, so a constraint is a higher rank. Beyond its faces the cube is its mirror image.
//
// CMA-ES as gonum v0.17 has it did not come within 1 % of the least of Branin's or Rosenbrock's function in 1,000 points.
type minimiser struct {
	axes   int
	points int     // most that are tried
	close  float64 // share of the value
	seed   random.Seed

	tried int
	at    []float64 // the best
	value float64
}

// minimise returns the least value; at is where it was found.
func (m *minimiser) minimise(f func(u []float64) (float64, error)) (float64, error) {
	m.value = math.Inf(1)
	first, err := sobol(min(m.points, max(4+2*m.axes, m.points/6)), m.axes, m.seed)
	if err != nil {
		return 0, err
	}
	var failed error
	try := func(u []float64) float64 {
		if failed != nil || m.tried >= m.points {
			return math.Inf(1)
		}
		v, err := f(u)
		if failed = err; err != nil {
			return math.Inf(1)
		}
		if m.tried++; v < m.value || m.at == nil {
			m.at, m.value = append(m.at[:0], u...), v
		}
		return v
	}
	for _, u := range first {
		try(u)
	}
	for pass, step := 0, 0.2; failed == nil && m.tried < m.points; pass++ {
		before := m.value
		problem := optimize.Problem{
			Func: func(x []float64) float64 { return try(folded(x)) },
			Status: func() (optimize.Status, error) {
				if failed != nil {
					return optimize.Failure, failed
				}
				return optimize.NotTerminated, nil
			},
		}
		_, err := optimize.Minimize(problem, append([]float64(nil), m.at...), &optimize.Settings{FuncEvaluations: m.points - m.tried,
			Converger: &optimize.FunctionConverge{Relative: m.close / 10, Absolute: 1e-12, Iterations: 10 * (m.axes + 1)}}, &optimize.NelderMead{SimplexSize: step})
		if failed != nil {
			return 0, failed
		}
		if err != nil && !errors.Is(err, optimize.ErrNoProgress) && m.at == nil {
			return 0, err
		}
		if pass > 0 && !(before-m.value > m.close*math.Abs(m.value)) {
			break
		}
		if step = -step / 2; math.Abs(step) < 1e-3 { // the simplex leans the other way
			break
		}
	}
	return m.value, failed
}

// folded brings a point into the unit cube, as between mirrors.
func folded(x []float64) []float64 {
	u := make([]float64, len(x))
	for i, v := range x {
		v = math.Abs(math.Mod(v, 2))
		if v > 1 {
			v = 2 - v
		}
		u[i] = v
	}
	return u
}
