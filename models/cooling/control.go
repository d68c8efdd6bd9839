package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// PI is proportional-integral control of a set point u in [Low, High] whose plant follows with a static gain of one,
// as the inlets of racks follow the supply air: the plain state is the integral.
//
//	u = K e + I,  dI/dt = K e / T,  e = d - u
//
// with d the set point at which the error e vanishes. Each step is exact for a constant d, so a step of seconds is the
// usual control, a step much longer than T is the quasi-steady answer, and none overshoots. The integral is held inside
// the bounds: it cannot wind up.
type PI struct {
	Gain, Time float64 // K, in K for each K; T in s
	Low, High  float64
}

// Step moves the integral by dt s for a set point u and the error e that it leaves, and returns it and the new set
// point.
func (c *PI) Step(integral, u, e, dt float64) (float64, float64) {
	d := u + e
	gain := max(c.Gain, 1e-6)
	integral += (d - integral) * -math.Expm1(-dt*gain/((1+gain)*c.Time))
	integral = min(max(integral, c.Low), c.High)
	return integral, min(max((gain*d+integral)/(1+gain), c.Low), c.High)
}

// lag returns where a set point is dt s after it began to move towards a goal with a time constant in s.
func lag(set, goal, dt, time float64) float64 { return set + (goal-set)*-math.Expm1(-dt/time) }

// line returns the value at x of the line from a at x0 to b at x1, constant beyond.
func line(x, x0, x1, a, b float64) float64 {
	return a + (b-a)*min(max((x-x0)/(x1-x0), 0), 1)
}

// checkControls refuses resets that contradict the plant.
func (p *Plan) checkControls(spec *Spec) error {
	if r := spec.Air.Reset; r != nil {
		if !p.open && spec.Plant.Chilled.Reset == nil && float64(r.Lowest) < float64(spec.Plant.Chilled.Supply)+1 {
			return &Error{"air.reset.lowest", sprintf("air of %s cannot be made with water of %s: raise it to at least 1 K above plant.chilled.supply, or let the water follow with plant.chilled.reset: {by: air}",
				r.Lowest, spec.Plant.Chilled.Supply)}
		}
	}
	if r := spec.Plant.Chilled.Reset; r != nil {
		if p.open {
			return &Error{"plant.chilled.reset", "outdoor air needs no chilled water: leave it out"}
		}
		for i := range p.water {
			if w := &p.water[i]; !w.warm && w.cdus && float64(r.Highest) > p.coldest()-1 {
				return &Error{"plant.chilled.reset.highest", sprintf("coolant of %s cannot be made with water of %s: keep it at least 1 K below liquid.supply and liquid.reset.lowest",
					unit.Temperature(p.coldest()), r.Highest)}
			}
		}
	}
	if err := p.checkLiquidReset(spec); err != nil {
		return err
	}
	if spec.Plant.Chiller.Staging != nil && p.open {
		return &Error{"plant.chiller.staging", "DX units follow their own thermostats: staging is for chillers of a water loop"}
	}
	return nil
}

// gap is by how many K the design has the chilled water below the supply air.
func (p *Plan) gap() float64 { return float64(p.air.Supply) - float64(p.plant.Chilled.Supply) }

// control moves the set points that a reset governs, from what the last step left.
func (p *Plan) control(s *State, in *Input) {
	if p.air.Reset != nil {
		for i := range p.halls {
			p.resetAir(s, i, in)
		}
	}
	if p.plant.Chilled.Reset != nil && len(p.water) > 0 {
		p.resetWater(s, in)
	}
	if p.liquidReset != nil {
		p.resetLiquid(s, in)
	}
	if p.plant.Warm.Reset != nil && len(p.water) > 1 {
		p.resetWarm(s, in)
	}
}

func (p *Plan) resetAir(s *State, i int, in *Input) {
	r := p.air.Reset
	low, high := float64(r.Lowest), float64(r.Highest)
	pi := PI{float64(r.Gain), float64(r.Time), low, high}
	set := s.HallSet[i]
	switch r.By {
	case "inlet":
		s.HallReset[i], s.HallSet[i] = pi.Step(s.HallReset[i], set, p.goal(27)-p.hottest(s, i), in.Dt)
	case "return":
		s.HallReset[i], s.HallSet[i] = pi.Step(s.HallReset[i], set, p.goal(38)-s.HallAir[i], in.Dt)
	case "outdoor":
		s.HallSet[i] = lag(set, line(in.Weather.DryBulb, float64(r.Cold), float64(r.Hot), low, high), in.Dt, float64(r.Time))
	case "smart":
		warmest := min(set+p.goal(27)-p.hottest(s, i), p.drySupply(s, i))
		goal := min(max(p.freeSupply(s, i, in), low), max(min(high, warmest), low))
		s.HallSet[i] = lag(set, goal, in.Dt, float64(r.Time))
	}
}

func (p *Plan) goal(otherwise float64) float64 {
	if g := p.air.Reset.Goal; g != nil {
		return float64(*g)
	}
	return otherwise
}

// hottest returns the °C of the hottest inlet of a hall.
func (p *Plan) hottest(s *State, hall int) float64 {
	top := math.Inf(-1)
	for r, t := range s.RackInlet {
		if p.rackHall[r] == int32(hall) && t > top {
			top = t
		}
	}
	if math.IsInf(top, -1) {
		return s.HallCold[hall]
	}
	return top
}

// freeSupply returns the coldest supply air in °C that the weather gives at the design load without compressors and
// with dry coils; +Inf where it gives none.
func (p *Plan) freeSupply(s *State, i int, in *Input) float64 {
	eco, c := &p.plant.Economizer, &in.Weather
	if !eco.Enabled {
		return math.Inf(1)
	}
	if p.open {
		if c.DewPoint > float64(p.plant.Outdoor.DewPoint) {
			return math.Inf(1)
		}
		fans := 0.0
		if w := &s.c.halls[i]; w.air > 0 {
			fans = w.fans / (p.rhoCp * w.air)
		}
		return p.outdoorAir(c, float64(p.air.Reset.Lowest)).temperature + fans
	}
	water := c.DryBulb + float64(eco.Coil)
	if p.banks[towers].n > 0 {
		water = c.WetBulb + float64(p.plant.Tower.Each.Approach) + float64(eco.Approach)
	}
	if dry := p.DewPoint(s, i) + float64(p.air.Reset.Guard); water < dry {
		water = dry
	}
	return water + p.gap()
}

// wettest is the dew point in °C of the recommended envelopes of ASHRAE TC 9.9, 2021.
const wettest = 15

// wetDepression keeps the relative humidity at the inlets under 75 %: K from dew point to supply air.
const wetDepression = 4.5

// drySupply returns the warmest supply air in °C whose chilled water still dries the hall: as its dew point comes
// within 1 K of the recommended limit, the supply falls, and the surface of the coils with it; not so far that the inlets become moist.
func (p *Plan) drySupply(s *State, i int) float64 {
	r := p.plant.Chilled.Reset
	if r == nil || r.By != "air" {
		return math.Inf(1) // the supply air does not move the water
	}
	high := float64(p.air.Reset.Highest)
	dew := p.DewPoint(s, i)
	driest := min(high, max(wettest-3+p.gap(), min(dew, wettest+2)+wetDepression))
	return line(dew, wettest-1, wettest, high, driest)
}
