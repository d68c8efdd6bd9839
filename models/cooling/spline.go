package cooling

import (
	"math"
	"slices"
)

var inf = math.Inf(1)

// Spline is a cubic Hermite curve through points whose slopes are the means of those of the pieces beside them. A
// monotone table gives a monotone curve. Outside its points it goes on as a straight line.
//
// Fritsch, Carlson, SIAM Journal on Numerical Analysis 17, 1980; splineDerivatives of the Modelica Buildings
// Library.
type Spline struct {
	X, Y, D []float64 // points and slopes; X rises
}

// NewSpline makes a curve from at least two points with rising x.
func NewSpline(x, y []float64) Spline {
	n := len(x)
	s := Spline{X: slices.Clone(x), Y: slices.Clone(y), D: make([]float64, n)}
	delta := make([]float64, n-1)
	rising, falling := true, true
	for i := range delta {
		delta[i] = (y[i+1] - y[i]) / (x[i+1] - x[i])
		rising, falling = rising && delta[i] >= 0, falling && delta[i] <= 0
	}
	s.D[0], s.D[n-1] = delta[0], delta[n-2]
	for i := 1; i < n-1; i++ {
		s.D[i] = (delta[i-1] + delta[i]) / 2
	}
	if !rising && !falling {
		return s
	}
	for i, d := range delta {
		if d == 0 {
			s.D[i], s.D[i+1] = 0, 0
			continue
		}
		a, b := s.D[i]/d, s.D[i+1]/d
		if r := a*a + b*b; r > 9 {
			s.D[i], s.D[i+1] = 3*a/math.Sqrt(r)*d, 3*b/math.Sqrt(r)*d
		}
	}
	return s
}

// At returns the value at x.
func (s *Spline) At(x float64) float64 {
	n := len(s.X)
	if x <= s.X[0] {
		return s.Y[0] + s.D[0]*(x-s.X[0])
	}
	if x >= s.X[n-1] {
		return s.Y[n-1] + s.D[n-1]*(x-s.X[n-1])
	}
	i, _ := slices.BinarySearch(s.X, x)
	i = max(i-1, 0)
	h := s.X[i+1] - s.X[i]
	t := (x - s.X[i]) / h
	return s.Y[i]*(1+2*t)*(1-t)*(1-t) + h*s.D[i]*t*(1-t)*(1-t) + s.Y[i+1]*t*t*(3-2*t) - h*s.D[i+1]*t*t*(1-t)
}

// Mover is a fan or pump: pressure rise over flow at full speed, and its power or efficiency, carried to other
// speeds by the affinity laws: V ~ y, Δp ~ y², P ~ y³.
type Mover struct {
	Pressure Spline  // Pa over m³/s, at full speed
	Power    *Spline // W over m³/s, at full speed; nil: from the efficiency
	Eta      float64 // of fan or pump and motor together, where no power is given
}

// Rise returns the pressure rise in Pa at a flow in m³/s and speed y in (0, 1].
func (m *Mover) Rise(flow, y float64) float64 { return y * y * m.Pressure.At(flow/y) }

// Draw returns the electrical power in W at a flow in m³/s and speed y in (0, 1].
func (m *Mover) Draw(flow, y float64) float64 {
	if m.Power != nil {
		return y * y * y * m.Power.At(flow/y)
	}
	return flow * max(m.Rise(flow, y), 0) / m.Eta
}

// Operate returns the flow in m³/s at speed y in (0, 1] through a resistance k·V² in Pa with a static pressure in
// Pa to overcome; 0 where the mover does not reach it.
func (m *Mover) Operate(y, k, static float64) float64 {
	if y <= 0 || m.Rise(0, y) <= static {
		return 0
	}
	lo, hi := 0.0, y*m.Pressure.X[len(m.Pressure.X)-1]*4
	for range 60 {
		v := (lo + hi) / 2
		if m.Rise(v, y) > static+k*v*v {
			lo = v
		} else {
			hi = v
		}
	}
	return (lo + hi) / 2
}
