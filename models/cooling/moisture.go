package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
)

// condensing is the heat in J/kg that vapour leaves on a coil.
const condensing = 2.47e6

// dryingCOP is the heat of condensation that a ventilation unit takes from outdoor air for each J of electricity
// (typical of packaged units), and of the air of a hall likewise.
const dryingCOP = 3

// moisten moves a hall's vapour through the step and sets what it means for the heat: a wet coil takes its heat of
// condensation, droplets cool the air.
//
//	m dW/dt = fresh (Wo - W) - contact·air (W - Ws)⁺ + humidifier - dehumidifier
//
// Ws is saturation at the coils' surface as the last step left it. The vapour carries no heat in the books until it
// condenses or evaporates: then what it brings or takes crosses the site's boundary with the air.
func (p *Plan) moisten(s *State, i int, in *Input, out *Output) {
	h, w := &p.halls[i], &s.c.halls[i]
	w.latent = 0
	outdoors := in.Weather.Humidity
	fresh := h.fresh + w.outdoor(p)
	if excess := outdoors - p.driedTo; excess > 0 && h.fresh > 0 {
		// The unit condenses the excess before the hall and rejects it outdoors: only its power is in the books.
		power := h.fresh * excess * condensing / dryingCOP
		out.Humidity += power
		out.Rejected += power
		outdoors -= h.fresh / fresh * excess
	}
	was := s.HallHumidity[i]
	wet, surface := 0.0, 0.0
	if w.contact > 0 {
		if surface = moistair.Saturated(s.HallSurface[i], p.pressure); was > surface || outdoors > surface {
			wet = w.contact * w.air * p.rhoCp / moistair.Cp
		}
	}
	rate := fresh + wet
	if rate <= 0 {
		return
	}
	end := (fresh*outdoors + wet*surface) / rate
	mean, now := settle(was, end, rate*in.Dt/h.vapour)
	if wet > 0 && (end < surface || mean < surface) { // the coil is dry for some of the step: let it be for all of it
		wet = 0
		mean, now = settle(was, outdoors, fresh*in.Dt/h.vapour)
	}
	if least := moistair.FromDewPoint(float64(p.air.Humidity.DewPoint), p.pressure); now < least && p.air.Humidity.Humidifier != "none" {
		added := max(h.vapour*(least-was)/in.Dt-fresh*(outdoors-max(mean, least)), 0)
		p.humidify(w, added, out)
		now = least
	}
	if goal := p.air.Humidity.Dehumidify; goal != nil {
		if most := moistair.FromDewPoint(float64(*goal), p.pressure); now > most {
			mean = min(mean, max(was, most))
			p.dehumidify(w, max(fresh*(outdoors-mean)-wet*max(mean-surface, 0)-h.vapour*(most-was)/in.Dt, 0), out)
			now = most
		}
	}
	s.HallHumidity[i] = now
	if drain := wet * max(mean-surface, 0); drain > 0 {
		w.latent = drain * condensing
		out.Drain += drain
		out.Rejected -= w.latent
	}
}

// settle returns the mean and the end of an exponential approach over x time constants.
func settle(was, end, x float64) (mean, now float64) {
	return end + (was-end)*meanDecay(x), end + (was-end)*math.Exp(-x)
}

// humidify adds water kg/s to a hall. Droplets take their heat of evaporation from its air; steam brings its own.
func (p *Plan) humidify(w *hallWork, water float64, out *Output) {
	out.Water += water
	if p.air.Humidity.Humidifier == "steam" {
		out.Humidity += water * SteamHumidifier
		out.Rejected += water * SteamHumidifier
		return
	}
	power := water * UltrasonicHumidifier
	out.Humidity += power
	w.a += power - water*condensing
	out.Rejected += water * condensing
}

// dehumidify takes water kg/s out of a hall. The condenser of the unit stands in the air that it has dried: what the
// vapour leaves and what the compressor draws reheat it.
func (p *Plan) dehumidify(w *hallWork, water float64, out *Output) {
	power := water * condensing / dryingCOP
	out.Drain += water
	out.Humidity += power
	w.a += water*condensing + power
	out.Rejected -= water * condensing
}

// DewPoint returns the dew point in °C of the air of a hall.
func (p *Plan) DewPoint(s *State, hall int) float64 {
	return moistair.DewPoint(s.HallHumidity[hall], p.pressure)
}

// RelativeHumidity returns the relative humidity, in [0, 1], of the air before the racks of a hall.
func (p *Plan) RelativeHumidity(s *State, hall int) float64 {
	return moistair.Relative(s.HallCold[hall], s.HallHumidity[hall], p.pressure)
}

// intake is the outdoor air that air handlers draw.
type intake struct {
	temperature float64 // °C behind the pads
	dewPoint    float64 // °C behind the pads
	water       float64 // kg for each kg of air that the pads evaporate
}

// outdoorAir returns the air that the handlers draw: over wetted pads where it is warmer than the goal in °C, and
// stays dry enough.
func (p *Plan) outdoorAir(c *weather.Conditions, goal float64) intake {
	air := intake{temperature: c.DryBulb, dewPoint: c.DewPoint}
	pads := p.plant.Outdoor.Pads
	if pads == nil || c.DryBulb <= goal || c.DryBulb <= float64(pads.Above) {
		return air
	}
	t := Adiabatic(c.DryBulb, c.WetBulb, float64(pads.Effectiveness))
	w := moistair.FromWetBulb(t, c.WetBulb, c.Pressure)
	dew := moistair.DewPoint(w, c.Pressure)
	if dew > float64(p.plant.Outdoor.DewPoint) {
		return air
	}
	return intake{temperature: t, dewPoint: dew, water: max(w-c.Humidity, 0)}
}
