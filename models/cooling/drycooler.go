package cooling

import "math"

// DryCooler is one dry cooler: a crossflow exchanger between water and air, UA ~ air^0.8.
type DryCooler struct {
	Air float64 // W/K: heat capacity rate of the air at full fan speed
	UA  float64 // W/K at full fan speed
}

// NewDryCooler sizes a unit for the heat in W at water range, approach (water leaving above air entering) and air
// rise in K. The design does not depend on a temperature.
func NewDryCooler(heat, rng, approach, airRise float64) DryCooler {
	ca, cw := heat/airRise, heat/rng
	cmin, cmax := min(ca, cw), max(ca, cw)
	return DryCooler{Air: ca, UA: CrossflowNTU(heat/(cmin*(rng+approach)), cmin/cmax) * cmin}
}

// Conductance returns heat over the difference of entering temperatures, ε·Cmin in W/K, at fan speed y in [0, 1]
// and a water capacity rate in W/K.
func (d *DryCooler) Conductance(y, water float64) float64 {
	if y <= 0 || water <= 0 {
		return 0
	}
	ca := d.Air * y
	cmin, cmax := min(ca, water), max(ca, water)
	return cmin * Crossflow(d.UA*math.Pow(y, 0.8)/cmin, cmin/cmax)
}

// Adiabatic returns the temperature in °C of air behind wetted pads of the given effectiveness in [0, 1].
func Adiabatic(dryBulb, wetBulb, effectiveness float64) float64 {
	return dryBulb - effectiveness*(dryBulb-wetBulb)
}
