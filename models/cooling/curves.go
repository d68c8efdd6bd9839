package cooling

import "math"

// eirCurve is a compiled CurveSpec.
type eirCurve struct {
	cop              float64
	capacity, eir    Biquadratic
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
	return c.capacity.At(e, k), c.power(e, k, plr)
}

// power returns compressor power over available capacity.
func (c *eirCurve) power(e, k, plr float64) float64 {
	run := max(plr, c.minLoad)
	cycle := 1.0
	if c.minLoad > 0 {
		cycle = min(plr/c.minLoad, 1)
	}
	return max(c.eir.At(e, k), 0.01) / c.cop * (c.partLoad[0] + run*(c.partLoad[1]+run*c.partLoad[2])) * cycle
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

// Extrapolated returns what [CurveSpec.ChillerPerformance] does, without holding the temperatures inside the range
// of the curves: as EnergyPlus and the Modelica Buildings Library evaluate them. It is for comparisons, not for
// plants; a biquadratic means nothing far outside.
func (s *CurveSpec) Extrapolated(evaporator, condenser, plr float64) (capacity, power float64) {
	c := s.compile()
	return c.capacity.At(evaporator, condenser), c.power(evaporator, condenser, plr)
}

// ReformulatedCurve is the performance of an electric chiller over the water that leaves its condenser, with the
// energy input ratio over that temperature and part load in one bicubic. Coefficients of PartLoad: 1, t, t², plr,
// plr², t plr, t³, plr³, t² plr, t plr².
//
// EnergyPlus Engineering Reference, Chiller:Electric:ReformulatedEIR.
type ReformulatedCurve struct {
	COP, MinLoad  float64
	Capacity, EIR Biquadratic
	PartLoad      [10]float64
}

// Performance returns the capacity over the reference capacity, and compressor power over that capacity, for water
// leaving evaporator and condenser at the given °C and part load plr. Inputs are not clamped.
func (c *ReformulatedCurve) Performance(evaporator, condenser, plr float64) (capacity, power float64) {
	run, cycle := max(plr, c.MinLoad), 1.0
	if c.MinLoad > 0 {
		cycle = min(plr/c.MinLoad, 1)
	}
	t, x, k := condenser, run, &c.PartLoad
	part := k[0] + t*(k[1]+t*(k[2]+t*k[6])) + x*(k[3]+x*(k[4]+x*k[7])) + t*x*(k[5]+k[8]*t+k[9]*x)
	return c.Capacity.At(evaporator, condenser), c.EIR.At(evaporator, condenser) / c.COP * part * cycle
}
