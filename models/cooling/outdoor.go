package cooling

import (
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
)

// compileOutdoor sizes the DX units of halls that outdoor air cools.
func (p *Plan) compileOutdoor(spec *Spec, heat float64) error {
	s := &spec.Plant
	if len(p.loops) > 0 {
		return &Error{"plant.kind", "outdoor air cools no liquid loops: choose chiller-tower or dry-cooler, or leave liquid out"}
	}
	if s.Chiller.Each.Curve != nil {
		return &Error{"plant.chiller.each.curve", "the curve is that of a water chiller: DX units take a share of Carnot's efficiency"}
	}
	n, needed, rating, err := size(s.Chiller.Count, (*float64)(s.Chiller.Each.Rating), max(heat, 1), float64(s.Margin), 500e3, s.Redundancy)
	if err != nil {
		return &Error{"plant.chiller", err.Error()}
	}
	p.banks[chillers] = bank{n: n, needed: needed, rating: rating, model: s.Chiller.Each.Title}
	p.counts[facility.Chiller] = n
	return nil
}

// outdoor returns the kg/s of outdoor air that the handlers of a hall drew in the last step beside its leaks.
func (w *hallWork) outdoor(p *Plan) float64 {
	if !p.open {
		return 0
	}
	return w.drawn
}

// runOutdoor decides how much outdoor air the halls take, lets DX coils do the rest, and sends the heat out.
//
// The exchange of air is in the books what a coil of the air's own capacity rate would be, between the return and
// the outdoors.
func (p *Plan) runOutdoor(s *State, in *Input, out *Output) {
	plant := &p.plant
	var demand, design, ret, set, fans, air float64
	for i := range p.halls {
		h, w := &p.halls[i], &s.c.halls[i]
		demand += w.demand
		design += h.design
		back := s.HallAir[i] // of what the handlers take in, the bypass is supply air
		if w.air > 0 {
			back = s.HallSupply[i] + w.through/w.air*(s.HallAir[i]-s.HallSupply[i])
		}
		ret += w.demand * back
		set += w.demand * s.HallSet[i]
		fans += w.fans
		air += w.air
	}
	set /= demand
	ret /= demand
	if air > 0 {
		set -= fans / (p.rhoCp * air) // the fans warm what they deliver
	}
	take := p.outdoorAir(&in.Weather, set)
	p.chooseAir(s, &take, in, set, ret)

	var plan plantWork
	available := p.runChillers(s, in.Dt, &plan)
	if s.Mode == Free {
		available = 0
	}
	evaporating := set - float64(plant.Outdoor.Coil)
	each := &plant.Chiller.Each
	cop := CarnotCOP(float64(each.Carnot), evaporating, in.Weather.DryBulb+float64(each.AirSide), each.Limit)
	var removed, taken float64
	for i := range p.halls {
		h, w := &p.halls[i], &s.c.halls[i]
		share := 1.0
		if s.Mode == Mechanical {
			share = float64(plant.Outdoor.Least)
		}
		w.coil = share * p.rhoCp * w.air
		w.boost = available * h.design / max(design, 1)
		w.drawn = share * w.air * p.rhoCp / moistair.Cp
		w.source = take.temperature
		w.water[0] = w.source
		w.solve(p.rhoCp)
		if w.air <= 0 {
			w.drawn = 0
			removed += w.heat
			continue
		}
		back := w.supply + w.through/w.air*(w.hot-w.supply)
		direct := w.coil * (back - take.temperature)
		if direct > w.heat { // dampers let in what brings the supply to its set point
			share *= max(w.heat, 0) / direct
			direct = w.heat
			w.drawn = share * w.air * p.rhoCp / moistair.Cp
		}
		removed += w.heat
		taken += max(w.heat-direct, 0)
		if take.water > 0 {
			out.Water += Makeup(w.drawn*take.water, plant.Water.Cycles)
		}
	}
	power := 0.0
	if taken > 0 {
		power = taken / max(cop, 0.5)
		power += float64(each.Fan) * (taken + power)
	}
	p.showDX(s, &plan, taken, power)
	out.Chillers += power
	out.Rejected += removed + power
}

// chooseAir brings the mode to what the rule asks for. A long step has room for more than one change.
func (p *Plan) chooseAir(s *State, take *intake, in *Input, set, ret float64) {
	eco := &p.plant.Economizer
	if !eco.Enabled {
		s.Mode = Mechanical
		return
	}
	limits := AirLimits{Band: float64(eco.Band), DewPoint: float64(p.plant.Outdoor.DewPoint)}
	lost := false
	for i := range p.halls {
		lost = lost || s.HallSupply[i] > s.HallSet[i]+1
	}
	goal := AirRule(s.Mode, take.temperature, take.dewPoint, set, ret, limits)
	p.setMode(s, goal, in.Dt, lost && goal < s.Mode)
	if next := AirRule(s.Mode, take.temperature, take.dewPoint, set, ret, limits); next != s.Mode && in.Dt > 2*float64(eco.Wait) {
		s.Mode, s.ModeAge = next, 0
	}
}

// showDX sets what is known of the DX units.
func (p *Plan) showDX(s *State, w *plantWork, heat, power float64) {
	n := float64(max(w.up, 1))
	for i := range s.Chiller.Power {
		s.Chiller.Power[i], s.Chiller.Load[i] = 0, 0
		s.Chiller.Supply[i] = s.HallSupply[0]
		if s.down[facility.Chiller][i] == 0 && s.Restart[i] == 0 {
			s.Chiller.Power[i], s.Chiller.Load[i] = power/n, heat/n/p.banks[chillers].rating
		}
	}
}
