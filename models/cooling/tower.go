package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/moistair"
)

// Thermal properties of water, and the mean heat of vaporisation in towers and pads.
const (
	cpWater  = 4184.0 // J/(kg K) at 20 °C
	rhoWater = 998.0  // kg/m³ at 20 °C
	latent   = 2.43e6 // J/kg at 30 °C
)

// Tower is one cell of a counterflow cooling tower after Merkel's theory: a counterflow heat exchanger between
// water and air whose heat capacity is that of saturated air, dh/dT along the saturation line, with the driving
// temperature the wet bulb. Its conductance follows the flows after Scheier.
//
// EnergyPlus Engineering Reference, CoolingTower:VariableSpeed:Merkel; Modelica Buildings Library, Merkel.
type Tower struct {
	Water    float64 // kg/s at the design
	Air      float64 // kg/s at the design, full fan speed
	UA       float64 // W/K at the design, referred to dry air's heat capacity
	WetBulb  float64 // °C at the design
	Pressure float64 // Pa
	Moist    bool    // air as in the Modelica Buildings Library, for each kg of moist air and not of dry air: for comparisons with it
}

// enthalpy returns the enthalpy in J/kg of saturated air at t °C and its slope in J/(kg K).
func (t *Tower) enthalpy(temperature float64) (h, slope float64) {
	if t.Moist {
		return moistair.BuildingsEnthalpySlope(temperature, t.Pressure)
	}
	return moistair.SaturatedEnthalpySlope(temperature, t.Pressure)
}

// NewTower sizes a cell for the heat in W at a design of water range and approach in K, wet bulb in °C, and water
// to air mass ratio.
func NewTower(heat, rng, approach, wetBulb, ratio, pressure float64) Tower {
	t := Tower{Water: heat / (cpWater * rng), WetBulb: wetBulb, Pressure: pressure}
	t.Air = t.Water / ratio
	t.Rate(heat, rng, approach)
	return t
}

// Rate sets the conductance of a cell of known water and air so that it meets a design: it rejects heat W at a
// water range and approach in K.
func (t *Tower) Rate(heat, rng, approach float64) {
	cp := heat / (t.Air * (t.airOut(heat, t.Air, t.WetBulb) - t.WetBulb))
	ca, cw := t.Air*cp, heat/rng
	cmin, cmax := min(ca, cw), max(ca, cw)
	eps := heat / (cmin * (rng + approach))
	t.UA = CounterflowNTU(eps, cmin/cmax) * cmin * moistair.Cp / cp
}

// feasible reports whether the design can be built: the exchanger's effectiveness stays below one.
func (t *Tower) feasible(heat, rng, approach float64) bool {
	cp := heat / (t.Air * (t.airOut(heat, t.Air, t.WetBulb) - t.WetBulb))
	return heat/(min(t.Air*cp, t.Water*cpWater)*(rng+approach)) < 0.98
}

// airOut returns the wet bulb in °C of the air that leaves after taking up the heat in W.
func (t *Tower) airOut(heat, air, wetBulb float64) float64 {
	goal, _ := t.enthalpy(wetBulb)
	goal += heat / air
	// Saturated enthalpy is convex and smooth: Newton's method converges from any start in a few steps.
	out := wetBulb + min(heat/air/4000, 60)
	for range 6 {
		h, slope := t.enthalpy(out)
		step := (goal - h) / slope
		out = min(max(out+step, wetBulb+1e-6), 95)
		if math.Abs(step) < 1e-4 {
			break
		}
	}
	return out
}

// Scheier's factors on the conductance (EnergyPlus default curves), for flow fractions and the wet bulb's
// distance below the design in K. Outside the range in which they were fitted they go on as straight lines, as in
// the Modelica Buildings Library.
func scheierAir(x float64) float64     { return extended(x, 0, 1.3, -0.3, 0.2, 1) }
func scheierWater(x float64) float64   { return extended(x, 0.1082, 1.667, -0.7713, 0.3, 1) }
func scheierWetBulb(d float64) float64 { return 1 + 0.0081*d }

// extended is c0 + c1 x + c2 x² inside [lo, hi], and its tangent outside.
func extended(x, c0, c1, c2, lo, hi float64) float64 {
	at := min(max(x, lo), hi)
	return c0 + at*(c1+at*c2) + (x-at)*(c1+2*c2*at)
}

// freeConvection is the share of the design airflow that passes a cell whose fans stand (typical).
const freeConvection = 0.1

// Leaving returns the temperatures in °C of the water that enters and leaves a cell that rejects heat W, with
// fan speed y in [0, 1], water kg/s, and outdoor wet bulb in °C.
func (t *Tower) Leaving(heat, y, water, wetBulb float64) (in, out float64) {
	if heat <= 0 || water <= 0 {
		return wetBulb, wetBulb
	}
	x := max(y, freeConvection)
	air := t.Air * x
	leave := t.airOut(heat, air, wetBulb)
	cp := heat / (air * (leave - wetBulb))
	ca, cw := air*cp, water*cpWater
	cmin, cmax := min(ca, cw), max(ca, cw)
	ua := t.UA * cp / moistair.Cp * scheierAir(x) * max(scheierWater(min(water/t.Water, 1.2)), 0.1) *
		max(scheierWetBulb(t.WetBulb-wetBulb), 0.2)
	in = wetBulb + heat/(cmin*Counterflow(ua/cmin, cmin/cmax))
	return in, in - heat/cw
}

// Heat returns the W that a cell rejects from water kg/s that enters at in °C, with fan speed y in [0, 1] and
// outdoor wet bulb in °C. It is the inverse of [Tower.Leaving].
func (t *Tower) Heat(in, y, water, wetBulb float64) float64 {
	if in <= wetBulb || water <= 0 {
		return 0
	}
	lo, hi := 0.0, water*cpWater*(in-wetBulb) // the most that any tower takes
	flo, fhi := wetBulb-in, math.Inf(1)
	if v, _ := t.Leaving(hi, y, water, wetBulb); v > in {
		fhi = v - in
	}
	q := hi
	for i := range 60 {
		if q = (lo + hi) / 2; i%2 == 1 && !math.IsInf(fhi, 1) { // secant and bisection in turn
			q = (lo*fhi - hi*flo) / (fhi - flo)
		}
		v, _ := t.Leaving(q, y, water, wetBulb)
		if f := v - in; f > 0 {
			hi, fhi = q, f
		} else {
			lo, flo = q, f
		}
		if hi-lo < 1e-9*hi {
			break
		}
	}
	return q
}

// speed returns the lowest fan speed in [lowest, 1] at which the water leaves at the goal in °C or colder.
func (t *Tower) speed(heat, water, wetBulb, goal, lowest float64) float64 {
	return lowestSpeed(lowest, func(y float64) float64 {
		_, out := t.Leaving(heat, y, water, wetBulb)
		return out - goal
	})
}

// lowestSpeed finds the lowest speed in [lowest, 1] at which a falling function is at most zero, by a fixed
// number of false-position steps (Illinois).
func lowestSpeed(lowest float64, f func(y float64) float64) float64 {
	lo, hi := lowest, 1.0
	fh := f(hi)
	if fh >= 0 {
		return 1
	}
	fl := f(lo)
	if fl <= 0 {
		return lo
	}
	side := 0
	for range 7 {
		y := (lo*fh - hi*fl) / (fh - fl)
		v := f(y)
		if math.Abs(v) < 1e-3 {
			return y
		}
		if v > 0 {
			lo, fl = y, v
			if side > 0 {
				fh /= 2
			}
			side = 1
		} else {
			hi, fh = y, v
			if side < 0 {
				fl /= 2
			}
			side = -1
		}
	}
	return hi
}

// york are the coefficients of YorkCalc, in the order of their terms in [YorkApproach].
var york = [27]float64{
	-0.359741205, -0.055053608, 0.0023850432, 0.173926877, -0.0248473764, 0.00048430224,
	-0.005589849456, 0.0005770079712, -0.00001342427256, 2.84765801111111, -0.121765149, 0.0014599242,
	1.680428651, -0.0166920786, -0.0007190532, -0.025485194448, 0.0000487491696, 0.00002719234152,
	-0.0653766255555556, -0.002278167, 0.0002500254, -0.0910565458, 0.00318176316, 0.000038621772,
	-0.0034285382352, 0.00000856589904, -0.000001516821552,
}

// YorkApproach returns the approach in K of a tower by the YorkCalc correlation, for a water range in K (1.1 to
// 22.2), a wet bulb in °C (-34.4 to 26.7), and fractions of the design flow of water (0.75 to 1.25) and air. The
// inputs are not clamped: the correlation is a reference, not the model of the plant.
//
// EnergyPlus Engineering Reference, variable-speed tower; 27 coefficients.
func YorkApproach(rng, wetBulb, water, air float64) float64 {
	lg := water / air
	sum, i := 0.0, 0
	for _, c := range [3]float64{1, lg, lg * lg} {
		for _, b := range [3]float64{1, rng, rng * rng} {
			for _, a := range [3]float64{1, wetBulb, wetBulb * wetBulb} {
				sum += york[i] * a * b * c
				i++
			}
		}
	}
	return sum
}

// Evaporation returns the water in kg/s that leaves a tower as vapour while it rejects heat W, of which the given
// share is latent; never more than all of it.
func Evaporation(heat, share float64) float64 { return max(heat, 0) * min(share, 1) / latent }

// Makeup returns the water in kg/s that replaces evaporation at the given cycles of concentration (above 1).
func Makeup(evaporation, cycles float64) float64 { return evaporation * cycles / (cycles - 1) }
