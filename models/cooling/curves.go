package cooling

import "math"

// biquadratic is c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y.
type biquadratic [6]float64

func (c *biquadratic) at(x, y float64) float64 {
	return c[0] + x*(c[1]+c[2]*x) + y*(c[3]+c[4]*y) + c[5]*x*y
}

// eirCurve is a compiled CurveSpec.
type eirCurve struct {
	cop              float64
	capacity, eir    biquadratic
	partLoad         [3]float64
	evapMin, evapMax float64
	condMin, condMax float64
	minLoad          float64
}

func (s *CurveSpec) compile() *eirCurve {
	c := &eirCurve{
		cop:     s.COP,
		evapMin: float64(s.EvaporatorMin), evapMax: float64(s.EvaporatorMax),
		condMin: float64(s.CondenserMin), condMax: float64(s.CondenserMax),
		minLoad: float64(s.MinLoad),
	}
	copy(c.capacity[:], s.Capacity)
	copy(c.eir[:], s.EIR)
	copy(c.partLoad[:], s.PartLoad)
	return c
}

// clamp holds the temperatures inside the curve's range; outside it a biquadratic means nothing.
func (c *eirCurve) clamp(evap, cond float64) (e, k float64, clamped bool) {
	e, k = min(max(evap, c.evapMin), c.evapMax), min(max(cond, c.condMin), c.condMax)
	return e, k, e != evap || k != cond
}

// ChillerPerformance returns the capacity available over the reference capacity, and the compressor power over
// that available capacity, of an electric chiller at part load plr ≥ 0, for water leaving the evaporator and
// entering the condenser at the given °C.
//
// EnergyPlus Engineering Reference, Chiller:Electric:EIR; below its least part load the unit cycles.
func (s *CurveSpec) ChillerPerformance(evaporator, condenser, plr float64) (capacity, power float64) {
	c := s.compile()
	e, k, _ := c.clamp(evaporator, condenser)
	return c.capacity.at(e, k), c.power(e, k, plr)
}

// power returns compressor power over available capacity.
func (c *eirCurve) power(e, k, plr float64) float64 {
	run := max(plr, c.minLoad)
	cycle := 1.0
	if c.minLoad > 0 {
		cycle = min(plr/c.minLoad, 1)
	}
	return max(c.eir.at(e, k), 0.01) / c.cop * (c.partLoad[0] + run*(c.partLoad[1]+run*c.partLoad[2])) * cycle
}

// CarnotCOP returns the coefficient of performance of a chiller that reaches the given share of Carnot's between
// refrigerant temperatures in °C, at most limit.
func CarnotCOP(share, evaporating, condensing, limit float64) float64 {
	lift := condensing - evaporating
	if lift <= 0 {
		return limit
	}
	return min(share*(evaporating+273.15)/lift, limit)
}

// Affinity returns power at a fraction y of the nominal speed or flow: nominal·y^exponent. The affinity laws give
// an exponent of 3.
func Affinity(nominal, y, exponent float64) float64 {
	if y <= 0 {
		return 0
	}
	if exponent == 3 {
		return nominal * y * y * y
	}
	return nominal * math.Pow(y, exponent)
}
