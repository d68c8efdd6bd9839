package cooling

import (
	"errors"

	"gonum.org/v1/gonum/mat"
)

// GordonNg is the universal thermodynamic model of a chiller in three parameters, all linear, so that measurements
// of a live plant give them by regression:
//
//	(1 + 1/COP) Te/Tc - 1 = S·Te/Q + L·(Tc - Te)/(Tc Q) + R·(1 + 1/COP) Q/Tc
//
// with Q the heat taken up in W and Te, Tc in K of the water (or air) that enters evaporator and condenser; any
// consistent choice of ends does.
//
// Gordon, Ng, Cool Thermodynamics, 2000; Jiang, Reddy, ASHRAE Transactions 109(2), 2003.
type GordonNg struct {
	S float64 // W/K: entropy production inside
	L float64 // W: heat leaks
	R float64 // K/W: resistance of the exchangers
}

// ChillerPoint is one measurement of a chiller.
type ChillerPoint struct {
	Evaporator, Condenser float64 // °C, entering
	Heat                  float64 // W taken up, above 0
	COP                   float64 // above 0
}

// COP returns the coefficient of performance at a heat in W taken up and entering temperatures in °C; +Inf where
// the model needs no work, 0 for no heat.
func (g GordonNg) COP(evaporator, condenser, heat float64) float64 {
	if heat <= 0 {
		return 0
	}
	te, tc := evaporator+273.15, condenser+273.15
	x := (1 + g.S*te/heat + g.L*(tc-te)/(tc*heat)) / (te/tc - g.R*heat/tc)
	if x <= 1 {
		if x <= 0 { // beyond the heat that the exchangers can carry
			return 0
		}
		return inf
	}
	return 1 / (x - 1)
}

// errPoints says what a fit needs.
var errPoints = errors.New("three parameters need at least three points that differ in load and temperatures")

// FitGordonNg finds the parameters by linear regression.
func FitGordonNg(points []ChillerPoint) (GordonNg, error) {
	if len(points) < 3 {
		return GordonNg{}, errPoints
	}
	// Columns are scaled to a like size: the condition of the plain problem is some 1e9.
	q := 0.0
	for _, p := range points {
		q += p.Heat / float64(len(points))
	}
	a, b := mat.NewDense(len(points), 3, nil), mat.NewVecDense(len(points), nil)
	for i, p := range points {
		te, tc, x := p.Evaporator+273.15, p.Condenser+273.15, 1+1/p.COP
		a.SetRow(i, []float64{te / p.Heat * q / 300, (tc - te) / (tc * p.Heat) * q, x * p.Heat / tc / q * 300})
		b.SetVec(i, x*te/tc-1)
	}
	var qr mat.QR
	qr.Factorize(a)
	var v mat.VecDense
	if err := qr.SolveVecTo(&v, false, b); err != nil {
		return GordonNg{}, errPoints
	}
	return GordonNg{S: v.AtVec(0) * q / 300, L: v.AtVec(1) * q, R: v.AtVec(2) / q * 300}, nil
}
