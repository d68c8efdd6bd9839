package moistair

import "math"

// Constants of ASHRAE Fundamentals 2017, chapter 1, and of dry air.
const (
	StandardPressure = 101325.0 // Pa
	Cp               = 1006.0   // J/(kg K), dry air
	CpVapour         = 1860.0   // J/(kg K), water vapour
	Latent0          = 2501e3   // J/kg, heat of vaporisation at 0 °C
	massRatio        = 0.621945 // of the molar masses of water and dry air
	gasConstant      = 287.042  // J/(kg K), dry air
	kelvin           = 273.15
	triplePoint      = 0.01 // °C, where saturation over ice passes to saturation over water
	lowest, highest  = -100.0, 200.0
	minHumidity      = 1e-7 // kg/kg; below it the dew point of any air lies outside the valid range
)

// SaturationPressure returns the pressure of saturated vapour in Pa at t °C, over ice below the triple point and
// over liquid water above it.
//
// Hyland and Wexler 1983; ASHRAE Fundamentals 2017, chapter 1, equations 5 and 6. Valid from -100 to 200 °C.
func SaturationPressure(t float64) float64 {
	p, _ := saturation(t)
	return p
}

// saturation returns the saturation pressure in Pa and its logarithmic slope d(ln p)/dT in 1/K.
func saturation(t float64) (p, slope float64) {
	k := min(max(t, lowest), highest) + kelvin
	if t <= triplePoint {
		ln := -5.6745359e3/k + 6.3925247 + k*(-9.677843e-3+k*(6.2215701e-7+k*(2.0747825e-9-9.484024e-13*k))) + 4.1635019*math.Log(k)
		slope = 5.6745359e3/(k*k) - 9.677843e-3 + k*(2*6.2215701e-7+k*(3*2.0747825e-9-4*9.484024e-13*k)) + 4.1635019/k
		return math.Exp(ln), slope
	}
	ln := -5.8002206e3/k + 1.3914993 + k*(-4.8640239e-2+k*(4.1764768e-5-1.4452093e-8*k)) + 6.5459673*math.Log(k)
	slope = 5.8002206e3/(k*k) - 4.8640239e-2 + k*(2*4.1764768e-5-3*1.4452093e-8*k) + 6.5459673/k
	return math.Exp(ln), slope
}

// HumidityRatio returns the humidity ratio of air in which water vapour has the partial pressure pw, at total
// pressure p, both in Pa. The vapour is held below 0.99 of the total pressure.
func HumidityRatio(pw, p float64) float64 {
	pw = min(max(pw, 0), 0.99*p)
	return massRatio * pw / (p - pw)
}

// VapourPressure returns the partial pressure of water vapour in Pa of air of humidity ratio w at pressure p Pa.
func VapourPressure(w, p float64) float64 {
	w = max(w, 0)
	return p * w / (massRatio + w)
}

// Saturated returns the humidity ratio of saturated air at t °C and pressure p Pa.
func Saturated(t, p float64) float64 { return HumidityRatio(SaturationPressure(t), p) }

// FromRelative returns the humidity ratio of air at t °C, relative humidity rh in [0, 1] and pressure p Pa.
func FromRelative(t, rh, p float64) float64 {
	return HumidityRatio(min(max(rh, 0), 1)*SaturationPressure(t), p)
}

// FromDewPoint returns the humidity ratio of air of dew point dp °C at pressure p Pa.
func FromDewPoint(dp, p float64) float64 { return Saturated(dp, p) }

// Relative returns the relative humidity, in [0, 1], of air at t °C, humidity ratio w and pressure p Pa.
func Relative(t, w, p float64) float64 {
	return min(VapourPressure(w, p)/SaturationPressure(t), 1)
}

// DewPoint returns the dew point in °C of air of humidity ratio w at pressure p Pa: the temperature at which its
// vapour saturates, over ice below the triple point.
func DewPoint(w, p float64) float64 {
	pw := VapourPressure(max(w, minHumidity), p)
	ln := math.Log(pw)
	// Magnus form as the first guess; it is within 0.5 K from -45 to 60 °C.
	m := ln - math.Log(611.2)
	t := min(max(243.12*m/(17.62-m), lowest), highest)
	for range 8 {
		ps, slope := saturation(t)
		step := (ln - math.Log(ps)) / slope
		t = min(max(t+step, lowest), highest)
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return t
}

// FromWetBulb returns the humidity ratio of air at t °C with wet bulb wb °C at pressure p Pa, at least 0.
//
// ASHRAE Fundamentals 2017, chapter 1, equations 33 (above freezing) and 35 (below).
func FromWetBulb(t, wb, p float64) float64 {
	w, _ := fromWetBulb(t, min(wb, t), Saturated(wb, p))
	return max(w, 0)
}

// fromWetBulb returns the humidity ratio for a wet bulb and its saturation humidity, not clipped, and the
// denominator of the equation.
func fromWetBulb(t, wb, ws float64) (w, den float64) {
	if wb >= 0 {
		den = 2501 + 1.86*t - 4.186*wb
		return ((2501-2.326*wb)*ws - 1.006*(t-wb)) / den, den
	}
	den = 2830 + 1.86*t - 2.1*wb
	return ((2830-0.24*wb)*ws - 1.006*(t-wb)) / den, den
}

// WetBulb returns the thermodynamic wet bulb in °C of air at t °C, humidity ratio w and pressure p Pa. It is t
// itself where the air is saturated.
func WetBulb(t, w, p float64) float64 {
	w = min(max(w, 0), Saturated(t, p))
	wb := (t + DewPoint(w, p)) / 2
	for range 12 {
		ps, slope := saturation(wb)
		ws := HumidityRatio(ps, p)
		f, den := fromWetBulb(t, wb, ws)
		f -= w
		// d(ws)/dT = ws (1 + ws/0.622) d(ln ps)/dT; the remaining terms are those of the equation itself.
		dws := ws * (1 + ws/massRatio) * slope
		var df float64
		if wb >= 0 {
			df = ((2501-2.326*wb)*dws - 2.326*ws + 1.006 + 4.186*(f+w)) / den
		} else {
			df = ((2830-0.24*wb)*dws - 0.24*ws + 1.006 + 2.1*(f+w)) / den
		}
		step := min(max(-f/df, -8), 8)
		wb = min(wb+step, t)
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return wb
}

// Enthalpy returns the specific enthalpy in J per kg of dry air at t °C and humidity ratio w, zero for dry air
// and liquid water at 0 °C.
func Enthalpy(t, w float64) float64 { return Cp*t + w*(Latent0+CpVapour*t) }

// SaturatedEnthalpy returns the enthalpy in J/kg of saturated air at t °C and pressure p Pa.
func SaturatedEnthalpy(t, p float64) float64 { return Enthalpy(t, Saturated(t, p)) }

// SaturatedEnthalpySlope returns the enthalpy in J/kg of saturated air at t °C and pressure p Pa, and its slope
// along the saturation line in J/(kg K).
func SaturatedEnthalpySlope(t, p float64) (h, slope float64) {
	ps, ln := saturation(t)
	w := HumidityRatio(ps, p)
	dw := w * (1 + w/massRatio) * ln
	return Enthalpy(t, w), Cp + dw*(Latent0+CpVapour*t) + w*CpVapour
}

// MoistMass returns the mass fraction of water in kg for each kg of moist air of humidity ratio w, and
// [DryMass] its inverse.
func MoistMass(w float64) float64 { return w / (1 + w) }

// DryMass returns the humidity ratio of moist air that holds x kg of water in each kg of itself.
func DryMass(x float64) float64 { return x / (1 - x) }

// Volume returns the specific volume in m³ per kg of dry air at t °C, humidity ratio w and pressure p Pa.
func Volume(t, w, p float64) float64 { return gasConstant * (t + kelvin) * (1 + w/massRatio) / p }

// Density returns the density in kg/m³ of moist air at t °C, humidity ratio w and pressure p Pa.
func Density(t, w, p float64) float64 { return (1 + w) / Volume(t, w, p) }

// PressureAt returns the standard pressure in Pa at z m above the sea (ASHRAE Fundamentals 2017, chapter 1,
// equation 3), for -500 to 11,000 m.
func PressureAt(z float64) float64 {
	return StandardPressure * math.Pow(1-2.25577e-5*min(max(z, -500), 11000), 5.2559)
}
