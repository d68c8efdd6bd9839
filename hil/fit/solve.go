package fit

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Variable is one unknown of a problem.
type Variable struct {
	Name, Unit   string
	Start        float64
	Lower, Upper float64
	Scale        float64 // typical size of a change; |Start| where 0
	Prior        Prior
	Known        bool   // its prior is knowledge of the device, not of its class: it counts as determined
	Advice       string // the experiment that determines it
}

// Prior is what is known beforehand; an SD of 0 is nothing.
type Prior struct {
	Mean, SD float64
	Source   string
}

// Problem is a robust bounded least-squares problem.
type Problem struct {
	Variables []Variable
	// Residuals writes the N residuals at x, in units of their standard deviation: weighted.
	Residuals func(x, out []float64)
	N         int
	Block     []int   // block of each residual; residuals of different blocks are independent. nil: each by itself
	Huber     float64 // residuals beyond this many units count linearly; 0: none does
	Starts    int     // further starts, drawn within the bounds about Start; the seed is fixed
}

// Parameter is a fitted value with what is known of it.
type Parameter struct {
	Name, Unit string
	Value      float64
	Low, High  float64 // 95 % interval
	Determined bool    // by the data: neither by a bound nor by a prior
	Why        string  // where it is not
	Advice     string  // what experiment would determine it
	Prior      Prior
}

func (p Parameter) String() string {
	return fmt.Sprintf("%s %.4g %s [%.4g, %.4g]", p.Name, p.Value, p.Unit, p.Low, p.High)
}

// Solution is the outcome of a problem.
type Solution struct {
	X          []float64
	Parameters []Parameter
	Cost       float64 // half the robust sum of squares, with priors
	Scale      float64 // root mean square of the residuals, in their units
	Condition  float64 // largest condition index of the data alone
	Weak       []string
	Covariance *mat.SymDense
}

// ErrNoData says that there are fewer residuals than unknowns without priors.
var ErrNoData = errors.New("fewer measurements than unknowns")

// Solve minimises.
func (p *Problem) Solve() (*Solution, error) {
	free := 0
	for _, v := range p.Variables {
		if v.Prior.SD == 0 {
			free++
		}
	}
	if p.N < free || p.N == 0 {
		return nil, fmt.Errorf("%w: %d for %d", ErrNoData, p.N, free)
	}
	start := make([]float64, len(p.Variables))
	for i, v := range p.Variables {
		start[i] = min(max(v.Start, v.Lower), v.Upper)
	}
	best, cost, ok := p.descend(start)
	draw := rand.New(rand.NewPCG(1, 2))
	for range p.Starts {
		from := make([]float64, len(start))
		for i, v := range p.Variables {
			from[i] = min(max(start[i]+p.scale(i)*draw.NormFloat64(), v.Lower), v.Upper)
		}
		if x, c, good := p.descend(from); good && (!ok || c < cost*(1-1e-9)) {
			best, cost, ok = x, c, true
		}
	}
	if !ok {
		return nil, errors.New("no start leads to a finite sum of squares")
	}
	return p.judge(best, cost), nil
}

func (p *Problem) scale(i int) float64 {
	v := &p.Variables[i]
	switch {
	case v.Scale > 0:
		return v.Scale
	case v.Start != 0:
		return math.Abs(v.Start)
	}
	return 1
}

// rows returns the residuals of the data and then of the priors.
func (p *Problem) rows(x []float64) []float64 {
	out := make([]float64, p.N, p.N+len(p.Variables))
	p.Residuals(x, out)
	for i, v := range p.Variables {
		if v.Prior.SD > 0 {
			out = append(out, (x[i]-v.Prior.Mean)/v.Prior.SD)
		}
	}
	return out
}

// weight is the root of the weight of a residual after Huber; those of priors are not robust.
func (p *Problem) weight(i int, e float64) float64 {
	if a := math.Abs(e); i < p.N && p.Huber > 0 && a > p.Huber {
		return math.Sqrt(p.Huber / a)
	}
	return 1
}

func (p *Problem) cost(r []float64) float64 {
	sum := 0.0
	for i, e := range r {
		if a := math.Abs(e); i < p.N && p.Huber > 0 && a > p.Huber {
			sum += p.Huber * (a - p.Huber/2)
		} else {
			sum += e * e / 2
		}
	}
	return sum
}

// jacobian returns the derivatives of the residuals by central differences, one-sided at a bound.
func (p *Problem) jacobian(x, r []float64) *mat.Dense {
	j := mat.NewDense(len(r), len(x), nil)
	at := slices.Clone(x)
	for k, v := range p.Variables {
		h := 1e-5 * max(p.scale(k), 1e-3*math.Abs(x[k]))
		hi, lo := min(x[k]+h, v.Upper), max(x[k]-h, v.Lower)
		if hi == lo {
			continue
		}
		at[k] = hi
		up := p.rows(at)
		at[k] = lo
		down := p.rows(at)
		at[k] = x[k]
		for i := range r {
			j.Set(i, k, (up[i]-down[i])/(hi-lo))
		}
	}
	return j
}

// descend is Levenberg-Marquardt with Marquardt's scaling; a variable at a bound that the gradient presses against is held.
func (p *Problem) descend(from []float64) (x []float64, cost float64, ok bool) {
	n := len(from)
	x = slices.Clone(from)
	r := p.rows(x)
	cost = p.cost(r)
	if math.IsNaN(cost) || math.IsInf(cost, 0) {
		return nil, 0, false
	}
	damping := 1e-3
	for range 200 {
		j := p.jacobian(x, r)
		a, g := mat.NewDense(n, n, nil), make([]float64, n)
		for i, e := range r {
			w := p.weight(i, e)
			row := j.RawRowView(i)
			for k := range n {
				if row[k] == 0 {
					continue
				}
				wk := w * w * row[k]
				g[k] += wk * e
				for m := range n {
					a.Set(k, m, a.At(k, m)+wk*row[m])
				}
			}
		}
		var active []int
		for k, v := range p.Variables {
			if (x[k] <= v.Lower && g[k] > 0) || (x[k] >= v.Upper && g[k] < 0) {
				continue
			}
			active = append(active, k)
		}
		if len(active) == 0 {
			return x, cost, true
		}
		improved := false
		for range 30 {
			step, solved := damped(a, g, active, damping)
			if !solved {
				damping *= 4
				continue
			}
			next := slices.Clone(x)
			for i, k := range active {
				next[k] = min(max(x[k]+step[i], p.Variables[k].Lower), p.Variables[k].Upper)
			}
			rn := p.rows(next)
			c := p.cost(rn)
			if c < cost {
				gain := (cost - c) / max(cost, 1e-300)
				x, r, cost = next, rn, c
				damping = max(damping/5, 1e-12)
				improved = gain > 1e-10
				break
			}
			damping *= 4
		}
		if !improved {
			break
		}
	}
	return x, cost, true
}

// damped solves (A + damping·diag A) step = -g for the active variables.
func damped(a *mat.Dense, g []float64, active []int, damping float64) ([]float64, bool) {
	n := len(active)
	s := mat.NewSymDense(n, nil)
	b := mat.NewVecDense(n, nil)
	for i, k := range active {
		b.SetVec(i, -g[k])
		for m := i; m < n; m++ {
			s.SetSym(i, m, a.At(k, active[m]))
		}
		s.SetSym(i, i, a.At(k, k)*(1+damping)+1e-300)
	}
	var c mat.Cholesky
	if !c.Factorize(s) {
		return nil, false
	}
	var x mat.VecDense
	if err := c.SolveVecTo(&x, b); err != nil {
		var cond mat.Condition
		if !errors.As(err, &cond) {
			return nil, false
		}
	}
	return x.RawVector().Data, true
}
