package fit

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

const (
	illConditioned = 30.0 // condition index from which parameters stand for one another (Belsley, Kuh, Welsch, section 3.2)
	shared         = 0.5  // variance proportion from which a parameter takes part
	narrowed       = 0.5  // an interval that is not narrower than this share of its prior's tells what was known before
)

// judge finds the intervals and what determines each parameter.
func (p *Problem) judge(x []float64, cost float64) *Solution {
	n := len(x)
	r := p.rows(x)
	j := p.jacobian(x, r)
	s := &Solution{X: x, Cost: cost}
	sum := 0.0
	for _, e := range r[:p.N] {
		sum += e * e
	}
	s.Scale = math.Sqrt(sum / float64(p.N))
	s.Parameters = make([]Parameter, n)
	var free []int // neither at a bound nor without any influence
	for k, v := range p.Variables {
		s.Parameters[k] = Parameter{Name: v.Name, Unit: v.Unit, Value: x[k], Low: x[k], High: x[k], Determined: true, Advice: v.Advice, Prior: v.Prior}
		influence := 0.0
		for i := range p.N {
			influence = max(influence, math.Abs(j.At(i, k)))
		}
		switch q := &s.Parameters[k]; {
		case influence*p.scale(k) < 1e-9 && v.Known:
			q.Low, q.High = max(v.Lower, v.Prior.Mean-1.96*v.Prior.SD), min(v.Upper, v.Prior.Mean+1.96*v.Prior.SD)
		case influence*p.scale(k) < 1e-9:
			q.Determined, q.Why = false, "nothing in the data depends on it"
			q.Low, q.High = v.Lower, v.Upper
			if v.Prior.SD > 0 {
				q.Low, q.High = max(v.Lower, v.Prior.Mean-1.96*v.Prior.SD), min(v.Upper, v.Prior.Mean+1.96*v.Prior.SD)
			}
		default:
			free = append(free, k)
		}
	}
	defer func() { // what is not free to move is no parameter
		kept := s.Parameters[:0:0]
		for k, q := range s.Parameters {
			if p.Variables[k].Lower < p.Variables[k].Upper {
				kept = append(kept, q)
			}
		}
		s.Parameters = kept
	}()
	if len(free) == 0 {
		return s
	}
	bread, data := p.information(r, j, free)
	s.Covariance = p.covariance(r, j, free, bread)
	s.Condition, s.Weak = p.collinear(data, free)
	t := studentT(p.blocks() - 1)
	for i, k := range free {
		v, q := &p.Variables[k], &s.Parameters[k]
		sd := math.Sqrt(max(0, s.Covariance.At(i, i)))
		q.Low, q.High = max(v.Lower, x[k]-t*sd), min(v.Upper, x[k]+t*sd)
		held := false
		if v.Prior.SD > 0 && !v.Known {
			alone := 0.0 // what the data says of it by itself, all others known
			if d := data.At(i, i); d > 0 {
				alone = 1 / math.Sqrt(d)
			}
			held = alone == 0 || posterior(bread, i) > narrowed*v.Prior.SD
		}
		switch {
		case x[k] <= v.Lower || x[k] >= v.Upper:
			q.Determined, q.Why = false, "it lies at its bound"
			if x[k] <= v.Lower {
				q.High = min(v.Upper, x[k]+t*sd)
			}
		case held:
			q.Determined, q.Why = false, "the data hardly narrows what is typical"
		case v.Prior.SD == 0 && t*sd > max(math.Abs(x[k]), p.scale(k)):
			q.Determined, q.Why = false, "its interval is wider than itself"
		}
		if !q.Determined && slices.Contains(s.Weak, v.Name) {
			q.Why += "; it cannot be told from " + strings.Join(others(s.Weak, v.Name), ", ")
		}
	}
	return s
}

func others(all []string, but string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return s == but })
}

// posterior returns the standard deviation of a parameter under the information of data and priors.
func posterior(information *mat.SymDense, i int) float64 {
	var c mat.Cholesky
	if !c.Factorize(information) {
		return math.Inf(1)
	}
	var inverse mat.SymDense
	if err := c.InverseTo(&inverse); err != nil {
		return math.Inf(1)
	}
	return math.Sqrt(inverse.At(i, i))
}

// information returns the weighted products of the derivatives, with priors and of the data alone.
func (p *Problem) information(r []float64, j *mat.Dense, free []int) (all, data *mat.SymDense) {
	n := len(free)
	all, data = mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	for i, e := range r {
		w := p.weight(i, e)
		for a, ka := range free {
			da := j.At(i, ka)
			if da == 0 {
				continue
			}
			for b := a; b < n; b++ {
				x := w * w * da * j.At(i, free[b])
				all.SetSym(a, b, all.At(a, b)+x)
				if i < p.N {
					data.SetSym(a, b, data.At(a, b)+x)
				}
			}
		}
	}
	return all, data
}

// block returns the block of a residual of the data.
func (p *Problem) block(i int) int {
	if p.Block == nil {
		return i
	}
	return p.Block[i]
}

func (p *Problem) blocks() int {
	if p.Block == nil {
		return p.N
	}
	seen := map[int]bool{}
	for _, b := range p.Block {
		seen[b] = true
	}
	return len(seen)
}

// covariance is the cluster-robust one: B⁻¹ (Σ over blocks of g gᵀ + Λ) B⁻¹, with B the information, g a block's gradient and Λ
// the information of the priors, with the correction for few blocks. With few residuals a block it is never taken to be smaller
// than B⁻¹ times the scale of the residuals.
func (p *Problem) covariance(r []float64, j *mat.Dense, free []int, bread *mat.SymDense) *mat.SymDense {
	n := len(free)
	index := map[int]int{}
	var g [][]float64
	sum, dof := 0.0, 0.0
	for i := range p.N {
		b, ok := index[p.block(i)]
		if !ok {
			b = len(g)
			index[p.block(i)] = b
			g = append(g, make([]float64, n))
		}
		w := p.weight(i, r[i])
		sum += w * w * r[i] * r[i]
		dof++
		for a, k := range free {
			g[b][a] += w * w * r[i] * j.At(i, k)
		}
	}
	meat := mat.NewSymDense(n, nil)
	for _, v := range g {
		meat.SymRankOne(meat, 1, mat.NewVecDense(n, v))
	}
	blocks, samples := float64(len(g)), float64(p.N)
	if blocks > 1 {
		meat.ScaleSym(blocks/(blocks-1)*(samples-1)/max(1, samples-float64(n)), meat)
	}
	for i := p.N; i < len(r); i++ { // priors
		v := mat.NewVecDense(n, nil)
		for a, k := range free {
			v.SetVec(a, j.At(i, k))
		}
		meat.SymRankOne(meat, 1, v)
	}
	inverse := invert(bread)
	var half, full mat.Dense
	half.Mul(inverse, meat)
	full.Mul(&half, inverse)
	scale := max(1e-300, sum/max(1, dof-float64(n)))
	out := mat.NewSymDense(n, nil)
	for a := range n {
		for b := a; b < n; b++ {
			out.SetSym(a, b, (full.At(a, b)+full.At(b, a))/2)
		}
		if few := inverse.At(a, a) * scale; len(g) < 4*n && out.At(a, a) < few {
			out.SetSym(a, a, few)
		}
	}
	return out
}

// invert returns the inverse of an information matrix; directions without information get a variance that is large, not infinite.
func invert(s *mat.SymDense) *mat.Dense {
	n := s.SymmetricDim()
	d := make([]float64, n)
	scaled := mat.NewSymDense(n, nil)
	for i := range n {
		d[i] = math.Sqrt(max(s.At(i, i), 1e-300))
	}
	for i := range n {
		for k := i; k < n; k++ {
			scaled.SetSym(i, k, s.At(i, k)/d[i]/d[k])
		}
	}
	var e mat.EigenSym
	out := mat.NewDense(n, n, nil)
	if !e.Factorize(scaled, true) {
		return out
	}
	values := e.Values(nil)
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	for i := range n {
		for k := range n {
			sum := 0.0
			for m, v := range values {
				sum += vectors.At(i, m) * vectors.At(k, m) / max(v, 1e-12)
			}
			out.Set(i, k, sum/d[i]/d[k])
		}
	}
	return out
}

// collinear returns the largest condition index of the data's Jacobian with columns of unit length, and the parameters that take
// part in it where it is large.
func (p *Problem) collinear(data *mat.SymDense, free []int) (index float64, weak []string) {
	n := len(free)
	scaled := mat.NewSymDense(n, nil)
	for i := range n {
		for k := i; k < n; k++ {
			scaled.SetSym(i, k, data.At(i, k)/math.Sqrt(max(data.At(i, i), 1e-300)*max(data.At(k, k), 1e-300)))
		}
	}
	var e mat.EigenSym
	if !e.Factorize(scaled, true) {
		return math.Inf(1), nil
	}
	values := e.Values(nil) // ascending
	var vectors mat.Dense
	e.VectorsTo(&vectors)
	largest := values[n-1]
	index = math.Sqrt(largest / max(values[0], 1e-16*largest))
	if index < illConditioned {
		return index, nil
	}
	for i, k := range free {
		total := 0.0
		for m, v := range values {
			total += vectors.At(i, m) * vectors.At(i, m) / max(v, 1e-16*largest)
		}
		if vectors.At(i, 0)*vectors.At(i, 0)/max(values[0], 1e-16*largest) > shared*total {
			weak = append(weak, p.Variables[k].Name)
		}
	}
	return index, weak
}

// studentT returns the 97.5 % point of Student's distribution.
func studentT(freedom int) float64 {
	return distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(max(freedom, 1))}.Quantile(0.975)
}

// Verdict says in a line which parameters the data does not determine, and what would.
func (s *Solution) Verdict() string {
	var open []string
	for _, p := range s.Parameters {
		if !p.Determined {
			text := p.Name + " (" + p.Why + ")"
			if p.Advice != "" {
				text += "; " + p.Advice
			}
			open = append(open, text)
		}
	}
	if len(open) == 0 {
		return fmt.Sprintf("every parameter is determined (condition index %.0f)", s.Condition)
	}
	return "not determined: " + strings.Join(open, "; ")
}

// Open lists the parameters that the data does not determine.
func (s *Solution) Open() []string {
	var open []string
	for _, p := range s.Parameters {
		if !p.Determined {
			open = append(open, p.Name)
		}
	}
	return open
}

// Get returns a parameter by its name; ok is false where there is none.
func (s *Solution) Get(name string) (Parameter, bool) {
	for _, p := range s.Parameters {
		if p.Name == name {
			return p, true
		}
	}
	return Parameter{}, false
}
