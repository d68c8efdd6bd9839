package moistair

import "math"

// BuildingsSaturation returns the saturation pressure in Pa over liquid water at t °C, and its logarithmic slope in
// 1/K, by the formula of the Modelica Buildings Library, for comparisons with it. Between 0 and 60 °C it lies within
// 5e-4 of [SaturationPressure].
func BuildingsSaturation(t float64) (p, slope float64) {
	k := t + kelvin - 35.719
	return 611.657 * math.Exp(17.2799-4102.99/k), 4102.99 / (k * k)
}

// BuildingsEnthalpySlope returns the enthalpy in J of saturated air at t °C and p Pa and its slope along the
// saturation line in J/K as the Modelica Buildings Library has them: for each kg of moist air, not of dry air. A
// tower sized with one and run with the other would be 5 % off.
func BuildingsEnthalpySlope(t, p float64) (h, slope float64) {
	const ratio, latent = 0.621964713077499, 2501014.5
	ps, ln := BuildingsSaturation(t)
	x := ratio / (p/ps - 1 + ratio) // kg of water for each kg of moist air
	dx := ratio * p / ps * ln / ((p/ps - 1 + ratio) * (p/ps - 1 + ratio))
	h = Cp*t*(1-x) + x*(latent+CpVapour*t)
	return h, Cp*(1-x) + x*CpVapour + dx*(latent+CpVapour*t-Cp*t)
}
