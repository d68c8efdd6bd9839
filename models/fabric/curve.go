package fabric

import (
	"errors"
	"fmt"
	"math"
	"slices"
)

// Point is one measured collective.
type Point struct {
	Bytes float64
	Time  float64 // s
}

// Curve is the time of a collective over its payload, through measured points: a trend
//
//	α + γ log2(1 + S/S0) + S/B      α, γ, 1/B ≥ 0, fitted to relative errors
//
// times what a Gaussian process says of the points' deviations from it (kriging in logarithms). The deviations are
// those of protocols that change with the payload; they are alike within an octave or two. The length and the noise were
// chosen by leaving out points of four measured curves (stas00, ml-engineering).
type Curve struct {
	alpha, gamma, beta float64 // beta: s a byte
	x, weight          []float64
}

const (
	curveUnit   = 32 << 10 // S0, B
	curveLength = 1.3      // octaves
	curveNoise  = 0.05     // of the standard deviation of the deviations
)

// NewCurve fits points: at least two payloads, each once.
func NewCurve(points []Point) (*Curve, error) {
	p := slices.Clone(points)
	slices.SortFunc(p, func(a, b Point) int {
		switch {
		case a.Bytes < b.Bytes:
			return -1
		case a.Bytes > b.Bytes:
			return 1
		}
		return 0
	})
	if len(p) < 2 {
		return nil, errors.New("a curve takes at least two measured points")
	}
	for i := range p {
		switch {
		case !(p[i].Bytes >= 1 && p[i].Bytes <= 1e18 && p[i].Time >= 1e-9 && p[i].Time <= 1e6):
			return nil, fmt.Errorf("a payload of %g B in %g s is no measurement: write 1 B to 1e18 B, and 1 ns to 1e6 s", p[i].Bytes, p[i].Time)
		case i > 0 && p[i].Bytes == p[i-1].Bytes:
			return nil, fmt.Errorf("the payload of %g B is there twice", p[i].Bytes)
		}
	}
	c := &Curve{}
	c.trend(p)
	n := len(p)
	k := make([][]float64, n)
	r := make([]float64, n)
	for i := range p {
		c.x = append(c.x, math.Log2(p[i].Bytes))
		r[i] = math.Log(p[i].Time / c.Trend(p[i].Bytes))
	}
	for i := range k {
		k[i] = make([]float64, n)
		for j := range k[i] {
			k[i][j] = kernel(c.x[i] - c.x[j])
		}
		k[i][i] += curveNoise * curveNoise
	}
	w, ok := solve(k, r)
	if !ok {
		return nil, errors.New("the payloads lie too close together")
	}
	c.weight = w
	return c, nil
}

func kernel(d float64) float64 {
	d /= curveLength
	return math.Exp(-d * d / 2)
}

// Trend returns the smooth part, in s: what is used far from the points.
func (c *Curve) Trend(bytes float64) float64 {
	return c.alpha + c.gamma*math.Log2(1+bytes/curveUnit) + c.beta*bytes
}

// Time returns the time in s of a payload.
func (c *Curve) Time(bytes float64) float64 {
	if bytes <= 0 {
		return 0
	}
	x, d := math.Log2(bytes), 0.0
	for i, w := range c.weight {
		d += w * kernel(x-c.x[i])
	}
	return c.Trend(bytes) * math.Exp(d)
}

// Bandwidth returns payload over time far out, in B/s.
func (c *Curve) Bandwidth() float64 { return 1 / c.beta }

// trend fits the three terms without negative ones: the best of the subsets whose coefficients are all positive.
func (c *Curve) trend(p []Point) {
	basis := func(j int, s float64) float64 { return [3]float64{1, math.Log2(1 + s/curveUnit), s}[j] }
	best := math.Inf(1)
	for set := 1; set < 8; set++ {
		var terms []int
		for j := range 3 {
			if set>>j&1 == 1 {
				terms = append(terms, j)
			}
		}
		a := make([][]float64, len(terms))
		b := make([]float64, len(terms))
		scale := make([]float64, len(terms)) // the terms differ by ten orders of magnitude
		for i, j := range terms {
			a[i] = make([]float64, len(terms))
			scale[i] = 1 / basis(j, p[len(p)-1].Bytes)
		}
		for _, q := range p {
			for i, ti := range terms {
				f := scale[i] * basis(ti, q.Bytes) / q.Time
				b[i] += f
				for j, tj := range terms {
					a[i][j] += f * scale[j] * basis(tj, q.Bytes) / q.Time
				}
			}
		}
		x, ok := solve(a, b)
		if !ok || slices.Min(x) < 0 {
			continue
		}
		var coefficient [3]float64
		for i, j := range terms {
			coefficient[j] = x[i] * scale[i]
		}
		trial := Curve{alpha: coefficient[0], gamma: coefficient[1], beta: coefficient[2]}
		miss := 0.0
		for _, q := range p {
			e := trial.Trend(q.Bytes)/q.Time - 1
			miss += e * e
		}
		if miss < best-1e-12 {
			best = miss
			c.alpha, c.gamma, c.beta = trial.alpha, trial.gamma, trial.beta
		}
	}
}

// solve returns x of a·x = b by elimination with pivots, which it does in place, and false where a is singular.
func solve(a [][]float64, b []float64) ([]float64, bool) {
	n := len(b)
	for i := range n {
		k := i
		for r := i + 1; r < n; r++ {
			if math.Abs(a[r][i]) > math.Abs(a[k][i]) {
				k = r
			}
		}
		a[i], a[k], b[i], b[k] = a[k], a[i], b[k], b[i]
		if math.Abs(a[i][i]) < 1e-300 {
			return nil, false
		}
		for r := i + 1; r < n; r++ {
			f := a[r][i] / a[i][i]
			for j := i; j < n; j++ {
				a[r][j] -= f * a[i][j]
			}
			b[r] -= f * b[i]
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		x[i] = b[i]
		for j := i + 1; j < n; j++ {
			x[i] -= a[i][j] * x[j]
		}
		x[i] /= a[i][i]
	}
	return x, true
}
