package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/moistair"
)

// CoilSides returns the film conductances hA in W/K of the water side and the air side of a coil whose overall
// conductance is ua in W/K. r is the ratio of air side to water side.
func CoilSides(ua, r float64) (water, air float64) { return ua * (r + 1) / r, ua * (r + 1) }

// WaterFilm returns the film conductance in W/K of the water side of a coil at a fraction of its nominal flow and
// a water temperature in °C, for one of nominal W/K at full flow and 20 °C.
//
// Wetter, Simulation model finned water-air-coil without condensation, LBNL-42355, 1999.
func WaterFilm(nominal, flow, t float64) float64 {
	return nominal * math.Pow(max(flow, 0), 0.85) * (1 + 0.014/(1+0.014*20)*(t-20))
}

// AirFilm returns the film conductance in W/K of the air side of a coil at a fraction of its nominal flow and an
// air temperature in °C, for one of nominal W/K at full flow and 20 °C.
//
// Wetter, LBNL-42355, 1999.
func AirFilm(nominal, flow, t float64) float64 {
	return nominal * math.Pow(max(flow, 0), 0.8) * (1 + 7.8532e-4*(t-20))
}

// Stream is what enters a coil.
type Stream struct {
	WaterIn float64 // °C
	Water   float64 // W/K: heat capacity rate
	AirIn   float64 // °C
	Air     float64 // kg/s of dry air
	W       float64 // kg/kg: humidity ratio of the entering air
	P       float64 // Pa
}

// CoilOutput is what a cooling coil does to its streams.
type CoilOutput struct {
	Heat     float64 // W, sensible and latent
	AirOut   float64 // °C
	W        float64 // kg/kg: humidity ratio of the leaving air
	Drain    float64 // kg/s of condensate
	WaterOut float64 // °C
}

// airRate returns the heat capacity rate of the air in W/K.
func (s *Stream) airRate() float64 { return s.Air * (moistair.Cp + s.W*moistair.CpVapour) }

// DryCoil returns what a coil does whose surface stays dry, with film conductances of its sides in W/K.
func DryCoil(s *Stream, arrangement Arrangement, waterFilm, airFilm float64) CoilOutput {
	ca := s.airRate()
	cmin, cmax := min(ca, s.Water), max(ca, s.Water)
	if cmin <= 0 {
		return CoilOutput{AirOut: s.AirIn, W: s.W, WaterOut: s.WaterIn}
	}
	ua := waterFilm * airFilm / (waterFilm + airFilm)
	q := cmin * arrangement.Effectiveness(ua/cmin, cmin/cmax) * (s.AirIn - s.WaterIn)
	return CoilOutput{Heat: q, AirOut: s.AirIn - q/ca, W: s.W, WaterOut: s.WaterIn + q/s.Water}
}

// wetSteps bounds the search for a wet coil's water temperature; the mean slope of the saturation line changes
// little with it, so each step gains a digit or two.
const wetSteps = 12

// WetCoil returns what a counterflow cooling coil does to moist air, with film conductances of its sides in W/K.
// It is dry or wet as a whole, whichever takes more heat.
//
// A wet coil is driven by enthalpy: with c = dh/dT along the saturation line between the water's ends it is a
// counterflow exchanger between the air and a stream of Water/c kg/s of saturated air at the water's temperature,
// of conductance 1/(c/waterFilm + cp/airFilm) kg/s. The air leaves on the line from its entering state to the
// effective surface. Braun, Klein, Mitchell, ASHRAE Transactions 95(1), 1989, 164-174; EnergyPlus Engineering
// Reference, Coil:Cooling:Water.
//
// A surface that is wet in part is the hardest case: there the heat is up to 6 % and the air up to 0.5 K off the
// Modelica Buildings Library's blend of both.
func WetCoil(s *Stream, waterFilm, airFilm float64) CoilOutput {
	dry := DryCoil(s, CounterArrangement, waterFilm, airFilm)
	if s.Air <= 0 || s.Water <= 0 || s.WaterIn >= moistair.DewPoint(s.W, s.P) {
		return dry
	}
	cp := moistair.Cp + s.W*moistair.CpVapour
	in := moistair.Enthalpy(s.AirIn, s.W)
	surface, slope := moistair.SaturatedEnthalpySlope(s.WaterIn, s.P)
	var q float64
	for range wetSteps {
		m := s.Water / slope
		ua := 1 / (slope/waterFilm + cp/airFilm)
		cmin, cmax := min(s.Air, m), max(s.Air, m)
		next := cmin * Counterflow(ua/cmin, cmin/cmax) * (in - surface)
		warmer := s.WaterIn + next/s.Water
		if math.Abs(next-q) < 1e-9*math.Abs(next) {
			break
		}
		q = next
		if warmer > s.WaterIn+1e-6 {
			slope = (moistair.SaturatedEnthalpy(warmer, s.P) - surface) / (warmer - s.WaterIn)
		}
	}
	if q <= dry.Heat {
		return dry
	}
	// The air approaches an effective surface of one temperature with the transfer units of its own side.
	gone := -math.Expm1(-airFilm / (s.Air * cp))
	plate := saturatedAt(in-q/s.Air/gone, s.P, s.WaterIn)
	out := CoilOutput{Heat: q, WaterOut: s.WaterIn + q/s.Water, AirOut: s.AirIn - gone*(s.AirIn-plate)}
	h := in - q/s.Air
	out.W = min((h-moistair.Cp*out.AirOut)/(moistair.Latent0+moistair.CpVapour*out.AirOut), s.W)
	out.Drain = s.Air * (s.W - out.W)
	return out
}

// saturatedAt returns the temperature in °C of saturated air of enthalpy h J/kg, from a first guess, by Newton's
// method: the enthalpy is convex and rising, so it converges from anywhere.
func saturatedAt(h, p, guess float64) float64 {
	t := guess
	for range 12 {
		v, slope := moistair.SaturatedEnthalpySlope(t, p)
		step := min(max((h-v)/slope, -20), 20)
		t += step
		if math.Abs(step) < 1e-9 {
			break
		}
	}
	return t
}
