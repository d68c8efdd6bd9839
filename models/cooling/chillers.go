package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// loading returns the mean over dt s, and the value at their end, of the share of its rating that a chiller may carry
// while it ramps up from ready to 1 in ramp s for the whole way.
func loading(ready, dt, ramp float64) (mean, end float64) {
	if ready >= 1 || ramp <= 0 {
		return 1, 1
	}
	if full := (1 - ready) * ramp; dt > full {
		return 1 - (1-ready)/2*full/dt, 1
	}
	end = ready + dt/ramp
	return (ready + end) / 2, end
}

// runChillers counts the chillers at work and returns the W that they may take over the step at their rating; one
// that restarts counts for the part of the step that is left, and then for what it has loaded.
func (p *Plan) runChillers(s *State, dt float64, w *plantWork) float64 {
	ramp := float64(p.plant.Chiller.Each.Ramp)
	share := 0.0
	for i := range s.Restart {
		if s.down[facility.Chiller][i] != 0 || !s.On[i] {
			s.Ready[i] = 0
			continue
		}
		wait := min(s.Restart[i], dt)
		s.Restart[i] -= wait
		if wait >= dt {
			s.Ready[i] = 0
			continue
		}
		mean, end := loading(s.Ready[i], dt-wait, ramp)
		s.Ready[i] = end
		w.up++
		share += mean * (1 - wait/dt)
	}
	return share * p.banks[chillers].rating
}

// runs reports whether a chiller is neither down, nor staged off, nor about to start.
func (s *State) runs(i int) bool {
	return s.down[facility.Chiller][i] == 0 && s.On[i] && s.Restart[i] == 0
}

// capacity returns the capacity of a chiller over its rating at the temperatures decided.
func (p *Plan) capacity(w *plantWork) float64 {
	w.each = 1
	if p.curve != nil {
		e, c, _ := p.curve.clamp(w.evap, w.cond)
		w.each = min(max(p.curve.capacity.At(e, c), 0.1), 1.3)
	}
	return w.each
}

// lift returns the refrigerant's temperatures in °C for water leaving the evaporator, and water or air entering the
// condenser.
func (p *Plan) lift(evap, cond float64) (evaporating, condensing float64) {
	each := &p.plant.Chiller.Each
	if p.banks[towers].n > 0 {
		return evap - float64(each.Approach), cond + float64(p.plant.Tower.Each.Range) + float64(each.Approach)
	}
	return evap - float64(each.Approach), cond + float64(each.AirSide)
}

// beyond returns the efficiency outside the range of a curve over that at its end, and whether the temperatures lie
// outside: there a chiller keeps the share of Carnot's efficiency that it has at the end, up to the limit.
func (p *Plan) beyond(evap, cond float64) (ratio float64, outside bool) {
	e, c, outside := p.curve.clamp(evap, cond)
	if !outside {
		return 1, false
	}
	ideal := func(evap, cond float64) float64 {
		low, high := p.lift(evap, cond)
		return (low + 273.15) / max(high-low, 1)
	}
	edge := p.curve.cop / max(p.curve.eir.At(e, c), 0.01)
	return min(ideal(evap, cond)/ideal(e, c), max(p.plant.Chiller.Each.Limit/edge, 1)), true
}

// compress returns the W that the chillers draw to take up the heat, and shows it by unit.
func (p *Plan) compress(s *State, w *plantWork, dt, heat float64) (power float64) {
	b := &p.banks[chillers]
	s.Taken = heat
	if heat > 0 && w.available > 0 {
		each := w.each * b.rating
		running := min(math.Ceil(heat/(0.95*each)), float64(max(w.up, 1)))
		load := heat / (running * each)
		if p.curve != nil {
			e, c, _ := p.curve.clamp(w.evap, w.cond)
			ratio, outside := p.beyond(w.evap, w.cond)
			if outside {
				s.Clamped += dt
			}
			power = running * each * p.curve.power(e, c, load) / ratio
		} else {
			power = heat / max(w.cop, 0.5) * p.partLoad(load)
		}
	}
	n := float64(max(w.up, 1))
	for i := range s.Chiller.Power {
		s.Chiller.Power[i], s.Chiller.Load[i] = 0, 0
		s.Chiller.Supply[i] = s.WaterSupply[0]
		if s.runs(i) {
			s.Chiller.Power[i], s.Chiller.Load[i] = power/n, heat/n/b.rating
		}
	}
	return power
}

// partLoad returns the energy for each W taken up at a part load over that at full load, of chillers without curves.
func (p *Plan) partLoad(x float64) float64 {
	k := p.plant.Chiller.Each.PartLoad
	if len(k) == 0 || x <= 0 {
		return 1
	}
	x = max(x, 0.1) // below, the unit cycles
	return max((k[0]+x*(k[1]+x*k[2]))/x, 0.1)
}

// carnot returns the coefficient of performance at full load of chillers without a curve; 0 with one.
func (p *Plan) carnot(w *plantWork) float64 {
	if p.curve != nil {
		return 0
	}
	each := &p.plant.Chiller.Each
	evaporating, condensing := p.lift(w.evap, w.cond)
	return CarnotCOP(float64(each.Carnot), evaporating, condensing, each.Limit)
}

// airFans returns the W of the fans of air-cooled chillers and their free-cooling coils, and adds them to the
// units that run.
func (p *Plan) airFans(s *State, w *plantWork, heat float64) float64 {
	fans := float64(p.plant.Chiller.Each.Fan) * heat
	n := float64(max(w.up, 1))
	for i := range s.Chiller.Power {
		if s.runs(i) {
			s.Chiller.Power[i] += fans / n
		}
	}
	return fans
}
