package power

import "math"

// Curve is a loss curve relative to rating: loss = R (K0 + K1 x + K2 x²), with x = output ÷ R.
type Curve struct{ K0, K1, K2 float64 }

// At returns the relative loss at relative load x ≥ 0.
func (c Curve) At(x float64) float64 { return c.K0 + x*(c.K1+x*c.K2) }

// The curves that stand where a spec gives none. All are typical values: double conversion about 97 % at half load,
// the line path about 98.7 %, a rectifier to 380 V DC about 98.3 %, a PDU with transformer about 98.8 % at full load.
var (
	doubleConversion = Curve{0.010, 0.005, 0.012}
	linePath         = Curve{0.004, 0.001, 0.008}
	rectifierLoss    = Curve{0.005, 0.003, 0.009}
	pduLoss          = Curve{0.004, 0, 0.008}
)

func (s *CurveSpec) curve(absent Curve) Curve {
	if s == nil {
		return absent
	}
	return Curve{float64(s.K0), float64(s.K1), float64(s.K2)}
}

// TransformerLoss returns the loss in W of a transformer of rating W at a load of w W, with core loss noLoad and
// rated winding loss load, both relative to rating.
func TransformerLoss(w, rating, noLoad, load float64) float64 {
	x := w / rating
	return rating * (noLoad + load*x*x)
}

// FuelUse returns the fuel use in m³/s of a genset that gives w W: affine between idle (relative to that at rated
// power) and full m³/J at rated power.
func FuelUse(w, rating, full, idle float64) float64 {
	return full * (idle*rating + (1-idle)*w)
}

// LineCurrent returns the current in A of each line of a balanced three-phase feed of w W at volts line to line.
func LineCurrent(w, volts, powerFactor float64) float64 {
	return w / (math.Sqrt(3) * volts * powerFactor)
}
