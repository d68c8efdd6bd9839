package cooling

import "github.com/halltwin/halltwin/models/moistair"

// Electricity of humidifiers in J for each kg of water.
const (
	SteamHumidifier      = 0.75 * 3.6e6 // electrode or resistive boiler: the heat of evaporation and blowdown (typical)
	UltrasonicHumidifier = 0.06 * 3.6e6 // droplets that the air evaporates (typical)
)

// Humidify returns the kg/s of water that a humidifier of at most capacity kg/s adds to air kg/s of dry air to
// bring it from humidity ratio w to the goal, and the humidity ratio that results.
func Humidify(air, w, goal, capacity float64) (water, out float64) {
	if air <= 0 || goal <= w {
		return 0, w
	}
	water = min(air*(goal-w), capacity)
	return water, w + water/air
}

// SprayOutlet returns the temperature in °C of air at t °C and humidity ratio w after it took up liquid water of
// tWater °C to the humidity ratio out, without other heat: enthalpy is kept.
func SprayOutlet(t, w, out, tWater float64) float64 {
	h := moistair.Enthalpy(t, w) + (out-w)*cpWater*tWater
	return (h - out*moistair.Latent0) / (moistair.Cp + out*moistair.CpVapour)
}

// SteamOutlet returns the temperature in °C of air at t °C and humidity ratio w after it took up steam of 100 °C to
// the humidity ratio out.
func SteamOutlet(t, w, out float64) float64 {
	h := moistair.Enthalpy(t, w) + (out-w)*(moistair.Latent0+moistair.CpVapour*100)
	return (h - out*moistair.Latent0) / (moistair.Cp + out*moistair.CpVapour)
}

// Reheat returns the W that bring air kg/s of humidity ratio w from t to the goal in °C, at most capacity W and
// never cooling.
func Reheat(air, t, w, goal, capacity float64) float64 {
	return min(max(air*(moistair.Cp+w*moistair.CpVapour)*(goal-t), 0), capacity)
}
