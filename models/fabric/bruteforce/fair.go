package bruteforce

import "math"

// Problem is links and flows: Use[l][k] is how much of link l a unit of flow k takes.
type Problem struct {
	Use      [][]float64
	Capacity []float64
	Weight   []float64 // of each flow
	Limit    []float64 // of each flow; +Inf: none
}

// Rates returns the max-min fair rates.
func (p *Problem) Rates() []float64 {
	n := len(p.Weight)
	fixed := make([]float64, n)
	for k := range fixed {
		fixed[k] = math.NaN()
	}
	for done := 0; done < n; {
		level := p.best(fixed, -1, 0)
		progress := false
		// A flow whose own best, with all others at the level or above, is the level is fixed there.
		blocked := []int{}
		for k := range n {
			if math.IsNaN(fixed[k]) && p.best(fixed, k, level) <= level*p.Weight[k]*(1+1e-9)+1e-12 {
				blocked = append(blocked, k)
			}
		}
		for _, k := range blocked {
			fixed[k] = level * p.Weight[k]
			done++
			progress = true
		}
		if !progress {
			panic("bruteforce: no flow is blocked")
		}
	}
	return fixed
}

// best returns, for flow < 0, the largest common level of the flows that are not fixed; else the largest rate of that flow
// while all others that are not fixed keep at least the level.
func (p *Problem) best(fixed []float64, flow int, level float64) float64 {
	n := len(p.Weight)
	// x = base + y with y ≥ 0; base is the level where one is given. Variables: y of the free flows, and the level t.
	var free []int
	base := make([]float64, n)
	for k := range n {
		if math.IsNaN(fixed[k]) {
			free = append(free, k)
			if flow >= 0 {
				base[k] = level * p.Weight[k]
			}
		} else {
			base[k] = fixed[k]
		}
	}
	columns := len(free) + 1
	var rows [][]float64
	var right []float64
	row := func(r []float64, b float64) {
		rows, right = append(rows, r), append(right, math.Max(0, b))
	}
	for l, use := range p.Use {
		r := make([]float64, columns)
		b := p.Capacity[l]
		for k := range n {
			b -= use[k] * base[k]
		}
		for i, k := range free {
			r[i] = use[k]
		}
		row(r, b)
	}
	for i, k := range free {
		if !math.IsInf(p.Limit[k], 1) {
			r := make([]float64, columns)
			r[i] = 1
			row(r, p.Limit[k]-base[k])
		}
		if flow < 0 { // w t ≤ y
			r := make([]float64, columns)
			r[i], r[columns-1] = -1, p.Weight[k]
			row(r, 0)
		}
	}
	objective := make([]float64, columns)
	if flow < 0 {
		objective[columns-1] = 1
		return simplex(rows, right, objective)
	}
	row(unit(columns, columns-1), 0) // no level here
	for i, k := range free {
		if k == flow {
			objective[i] = 1
		}
	}
	return base[flow] + simplex(rows, right, objective)
}

func unit(n, i int) []float64 {
	r := make([]float64, n)
	r[i] = 1
	return r
}

// simplex returns the largest c·x with A·x ≤ b, x ≥ 0, for b ≥ 0; +Inf where it has no bound.
func simplex(a [][]float64, b, c []float64) float64 {
	m, n := len(a), len(c)
	t := make([][]float64, m+1)
	basis := make([]int, m)
	for i := range m {
		t[i] = make([]float64, n+m+1)
		copy(t[i], a[i])
		t[i][n+i] = 1
		t[i][n+m] = b[i]
		basis[i] = n + i
	}
	t[m] = make([]float64, n+m+1)
	for j := range n {
		t[m][j] = -c[j]
	}
	const tiny = 1e-11
	for {
		in := -1
		for j := range n + m { // Bland: the first
			if t[m][j] < -tiny {
				in = j
				break
			}
		}
		if in < 0 {
			return t[m][n+m]
		}
		out := -1
		for i := range m {
			if t[i][in] <= tiny {
				continue
			}
			if out < 0 {
				out = i
				continue
			}
			q, r := t[i][n+m]/t[i][in], t[out][n+m]/t[out][in]
			if q < r-1e-14 || (q <= r+1e-14 && basis[i] < basis[out]) {
				out = i
			}
		}
		if out < 0 {
			return math.Inf(1)
		}
		pivot := t[out][in]
		for j := range t[out] {
			t[out][j] /= pivot
		}
		for i := range t {
			if f := t[i][in]; i != out && f != 0 {
				for j := range t[i] {
					t[i][j] -= f * t[out][j]
				}
			}
		}
		basis[out] = in
	}
}
