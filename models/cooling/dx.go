package cooling

// Biquadratic is c0 + c1 x + c2 x² + c3 y + c4 y² + c5 x y, the form of EnergyPlus' temperature curves.
type Biquadratic [6]float64

// At returns the value at x and y.
func (c *Biquadratic) At(x, y float64) float64 {
	return c[0] + x*(c[1]+c[2]*x) + y*(c[3]+c[4]*y) + c[5]*x*y
}

// DXCurve is the performance of a direct-expansion coil of one speed, relative to its rating. x of the temperature
// curves is the wet bulb of the entering air (dry bulb where the coil stays dry), y the outdoor dry bulb, both in
// °C; the flow curves are polynomials of the airflow over the rated one.
//
// EnergyPlus Engineering Reference, Coil:Cooling:DX:SingleSpeed.
type DXCurve struct {
	Capacity, EIR         Biquadratic
	CapacityFlow, EIRFlow [4]float64
	EvaporatorMin         float64 // °C
	EvaporatorMax         float64 // °C
	CondenserMin          float64 // °C
	CondenserMax          float64 // °C
	FlowMin, FlowMax, COP float64 // COP is the rated one
}

// At returns the capacity over the rated one, and electrical power over that capacity, at entering air and outdoor
// air in °C and relative airflow ff. Inputs outside the curve's range are held at its end, and clamped says so.
func (c *DXCurve) At(evaporator, condenser, ff float64) (capacity, eir float64, clamped bool) {
	e := min(max(evaporator, c.EvaporatorMin), c.EvaporatorMax)
	k := min(max(condenser, c.CondenserMin), c.CondenserMax)
	f := min(max(ff, c.FlowMin), c.FlowMax)
	capacity = c.Capacity.At(e, k) * cubic(&c.CapacityFlow, f)
	eir = c.EIR.At(e, k) * cubic(&c.EIRFlow, f) / c.COP
	return capacity, eir, e != evaporator || k != condenser || f != ff
}

func cubic(c *[4]float64, x float64) float64 { return c[0] + x*(c[1]+x*(c[2]+x*c[3])) }

// TypicalDX is the curve of a packaged air-cooled unit of one speed, from EnergyPlus' example 5ZoneAutoDXVAV, with
// a rated COP of 3.
func TypicalDX() DXCurve {
	return DXCurve{
		Capacity:      Biquadratic{0.476428, 0.0401147, 0.000226411, -0.000827136, -0.0000073224, -0.000446278},
		CapacityFlow:  [4]float64{0.47278589, 1.2433415, -1.0387055, 0.32257813},
		EIR:           Biquadratic{0.632475, -0.0121321, 0.000507773, 0.0155377, 0.00027284, -0.000679201},
		EIRFlow:       [4]float64{1.0079484, 0.34544129, -0.6922891, 0.33889943},
		EvaporatorMin: 12.77778, EvaporatorMax: 23.88889, CondenserMin: 23.88889, CondenserMax: 46.11111,
		FlowMin: 0.5, FlowMax: 1.5, COP: 3,
	}
}
