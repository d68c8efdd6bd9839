package cooling

import "math"

// RecirculatedInlet returns the inlet temperature in °C of uniform racks whose inlet air is, to the share r in
// [0, 1), their own outlet air, for supply air in °C and a rise through the racks in K.
func RecirculatedInlet(supply, rise, r float64) float64 { return supply + r/(1-r)*rise }

// SupplyHeatIndex returns SHI in [0, 1]: of the enthalpy that air gains from the CRAH to the rack outlet, the
// share that it gains before it enters the rack. RHI is 1 - SHI.
//
// Sharma, Bash, Patel, AIAA 2002-3091.
func SupplyHeatIndex(supply, inlet, outlet float64) float64 {
	return (inlet - supply) / (outlet - supply)
}

// ReturnTemperatureIndex returns RTI: the airflow of the racks over that of the CRAHs. Above 1 air recirculates,
// below 1 it bypasses.
//
// Herrlin, ASHRAE Transactions 114(1), 2008.
func ReturnTemperatureIndex(racks, crahs float64) float64 { return racks / crahs }

// fitted returns, for a first-order decay over a step of x time constants, the mean of the decay φ = (1-e⁻ˣ)/x
// and the weight w with which the mean of the exact path stands between its ends: mean = T0 + w (T1 - T0).
//
// w runs from 1/2 for short steps, the midpoint rule, to 1 for long ones, backward Euler. A scheme that
// evaluates every flow at T0 + w (T1 - T0) is exact for a lone linear mass, stable for coupled ones at any step,
// and conserves energy because both sides of a flow see the same number.
func fitted(x float64) (phi, w float64) {
	phi = meanDecay(x)
	if x < 1e-3 {
		return phi, 0.5 + x/12
	}
	return phi, (1 - phi) / (x * phi)
}

// meanDecay returns φ of [fitted] alone. Below 0.1 it is the Padé form of order 3, which is exact to 1e-11 there
// and spares the exponential.
func meanDecay(x float64) float64 {
	if x < 0.1 {
		return (120 + 2*x*x) / (120 + x*(60+x*(12+x)))
	}
	return (1 - math.Exp(-x)) / x
}

// fittedWeight returns the weight of [fitted] alone.
func fittedWeight(x float64) float64 {
	_, w := fitted(x)
	return w
}

// AirRideThrough returns the time in s in which the air of a closed hall warms by dT K when nothing cools it and
// nothing else takes up heat: a lower bound. heat is in W/m² of floor, height in m, rhoCp in J/(m³ K).
func AirRideThrough(heat, height, rhoCp, dT float64) float64 { return dT * rhoCp * height / heat }

// TwoLump is the air of a closed hall and a mass that it warms, for each m² of floor.
//
// The structure of Khankari, ASHRAE Transactions 117(1), LV-11-C026 (2011): heat enters the air, and the air
// warms the mass; the rate falls from q/C_air to q/(C_air + C_mass).
type TwoLump struct {
	Air, Mass float64 // J/(m² K)
	Exchange  float64 // W/(m² K)
}

// Rise returns the warming of the air in K after t s of heat in W/m², from equilibrium.
func (l TwoLump) Rise(heat, t float64) float64 {
	total := l.Air + l.Mass
	tau := l.Tau()
	lag := heat * l.Mass / (total * l.Exchange) * l.Mass / total
	return heat*t/total + lag*-math.Expm1(-t/tau)
}

// Tau returns the time constant in s with which the rate falls.
func (l TwoLump) Tau() float64 { return l.Air * l.Mass / ((l.Air + l.Mass) * l.Exchange) }

// Time returns the s until the air is dT K warmer, by bisection.
func (l TwoLump) Time(heat, dT float64) float64 {
	lo, hi := 0.0, dT*(l.Air+l.Mass)/heat
	for range 80 {
		mid := (lo + hi) / 2
		if l.Rise(heat, mid) < dT {
			lo = mid
		} else {
			hi = mid
		}
	}
	return hi
}
