package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// plantWork is what was decided for one water loop in this step.
type plantWork struct {
	up        int32   // chillers, towers (of the chilled loop) or dry coolers at work
	cells     int32   // towers at work
	available float64 // W: of all chillers that may cool
	cop       float64 // of the chillers; 0 with a curve, which depends on the load
	evap      float64 // °C: leaving the evaporator
	cond      float64 // °C: entering the condenser
	air       float64 // °C: at the dry coolers' coil
	pads      bool
	condFlow  float64 // share of the condenser water's design flow
}

// sink finds what the plant can take from a loop whose load is about the given W.
func (p *Plan) sink(s *State, l *water, in *Input, start, load, rate float64) (sink, plantWork) {
	if l.warm {
		return p.drySink(s, in, rate)
	}
	var w plantWork
	w.evap = s.WaterSet[0]
	p.stage(s, load, in.Dt)
	w.available = p.runChillers(s, in.Dt, &w)
	if p.banks[towers].n > 0 {
		return p.towerSink(s, l, in, start, load, rate, w)
	}
	return p.airSink(s, l, in, start, load, rate, w)
}

// runChillers counts the chillers at work and returns the W that they may take over the step at their rating;
// one that restarts counts for the part of the step that is left.
func (p *Plan) runChillers(s *State, dt float64, w *plantWork) float64 {
	share := 0.0
	for i := range s.Restart {
		if s.down[facility.Chiller][i] != 0 || !s.On[i] {
			continue
		}
		wait := min(s.Restart[i], dt)
		s.Restart[i] -= wait
		if wait < dt {
			w.up++
			share += 1 - wait/dt
		}
	}
	return share * p.banks[chillers].rating
}

// towerSink is the plant of water-cooled chillers, towers and a water-side economizer.
func (p *Plan) towerSink(s *State, l *water, in *Input, start, load, rate float64, w plantWork) (sink, plantWork) {
	b := &p.banks[towers]
	w.cells = s.working(facility.Tower, 0, int32(b.n))
	w.condFlow = p.condenserFlow(s)
	if w.cells == 0 || w.condFlow <= 0 {
		w.available = 0
		p.setMode(s, Mechanical, in.Dt, true)
		return sink{}, w
	}
	coldest := p.leaving(load, in, &w)
	ret := start + load/rate
	eco := &p.plant.Economizer
	effect := l.coil * rate
	mode := Mechanical
	if l.coil > 0 {
		switch {
		case effect*(ret-coldest) >= load:
			mode = Free
		case coldest+float64(eco.Approach)+float64(eco.Band) < ret:
			mode = Partial
		}
	}
	lost := start > s.WaterSet[0]+1 && mode < s.Mode
	p.setMode(s, mode, in.Dt, lost)
	k := sink{}
	if s.Mode != Mechanical {
		k.exchange, k.temperature = effect, coldest
	}
	if s.Mode == Free {
		return k, w
	}
	// Condenser water: as cold as the chillers like, or as cold as the towers can make it with the heat of the
	// compressors on top.
	total := load * 1.15
	each := &p.plant.Tower.Each
	w.cond = max(p.leaving(total, in, &w), float64(each.MinWater))
	if s.Mode == Mechanical {
		w.cond = max(w.cond, in.Weather.WetBulb+float64(each.Approach))
	}
	w.available = p.limitByTowers(in, &w, w.available*p.capacity(s, &w))
	w.cop = p.carnot(w.evap, w.cond+float64(each.Range))
	k.base = w.available
	return k, w
}

// condenserFlow returns the share of the condenser water's design flow that its pumps can give.
func (p *Plan) condenserFlow(s *State) float64 { return p.pumps[p.water[0].pumps+1].able(s) }

// leaving returns the °C of the water that leaves the towers with the given total heat at full fan speed.
func (p *Plan) leaving(heat float64, in *Input, w *plantWork) float64 {
	n := float64(w.cells)
	_, out := p.banks[towers].tower.Leaving(heat/n, 1, p.cellWater(w), in.Weather.WetBulb)
	return out
}

// cellWater returns the kg/s of water through one cell; all cells at work share the condenser water.
func (p *Plan) cellWater(w *plantWork) float64 {
	b := &p.banks[towers]
	return min(b.tower.Water*float64(b.needed)*w.condFlow/float64(w.cells), 1.2*b.tower.Water)
}

// limitByTowers sheds chiller load where the towers cannot keep the condenser water below the trip.
func (p *Plan) limitByTowers(in *Input, w *plantWork, available float64) float64 {
	trip := float64(p.plant.Chiller.Each.Trip)
	if p.leaving(available*1.2, in, w) <= trip {
		return available
	}
	lo, hi := 0.0, available
	for range 10 {
		mid := (lo + hi) / 2
		if p.leaving(mid*1.2, in, w) <= trip {
			lo = mid
		} else {
			hi = mid
		}
	}
	w.cond = min(w.cond, trip)
	return lo
}

// airSink is the plant of air-cooled chillers, with a free-cooling coil where it has an economizer.
func (p *Plan) airSink(s *State, l *water, in *Input, start, load, rate float64, w plantWork) (sink, plantWork) {
	air := in.Weather.DryBulb
	ret := start + load/rate
	coils := w.up
	if p.plant.Chiller.Staging != nil { // a unit whose compressor is staged off still has its coil
		coils = s.working(facility.Chiller, 0, int32(len(s.On)))
	}
	effect := l.coil * rate * float64(coils) / float64(p.banks[chillers].needed)
	effect = min(effect, l.coil*rate)
	mode := Mechanical
	if l.coil > 0 {
		switch {
		case effect*(ret-air) >= load:
			mode = Free
		case air+float64(p.plant.Economizer.Band) < ret && effect*(ret-air) > 0.1*load:
			mode = Partial
		}
	}
	lost := start > s.WaterSet[0]+1 && mode < s.Mode
	p.setMode(s, mode, in.Dt, lost)
	k := sink{}
	if s.Mode != Mechanical {
		k.exchange, k.temperature = effect, air
	}
	if s.Mode == Free {
		return k, w
	}
	w.cond = air
	w.available *= p.capacity(s, &w)
	w.cop = p.carnot(w.evap, air+float64(p.plant.Chiller.Each.AirSide)-float64(p.plant.Chiller.Each.Approach))
	k.base = w.available
	return k, w
}

// capacity returns the capacity of a chiller over its rating at the temperatures decided, and counts clamps.
func (p *Plan) capacity(s *State, w *plantWork) float64 {
	if p.curve == nil {
		return 1
	}
	e, c, clamped := p.curve.clamp(w.evap, w.cond)
	if clamped {
		s.Clamps++
	}
	return min(max(p.curve.capacity.At(e, c), 0.1), 1.3)
}

// carnot returns the coefficient of performance for water leaving the evaporator and the condenser at the given
// °C; 0 where the plant has a curve.
func (p *Plan) carnot(evap, cond float64) float64 {
	if p.curve != nil {
		return 0
	}
	each := &p.plant.Chiller.Each
	return CarnotCOP(float64(each.Carnot), evap-float64(each.Approach), cond+float64(each.Approach), each.Limit)
}

// compress returns the W that the chillers draw to take up the heat, and shows it by unit.
func (p *Plan) compress(s *State, w *plantWork, heat float64) (power float64) {
	b := &p.banks[chillers]
	s.Taken = heat
	if heat > 0 && w.available > 0 {
		if p.curve != nil {
			e, c, _ := p.curve.clamp(w.evap, w.cond)
			each := w.available / float64(max(w.up, 1))
			running := min(math.Ceil(heat/(0.95*each)), float64(w.up))
			plr := heat / (running * each)
			power = running * each * p.curve.power(e, c, plr)
		} else {
			power = heat / max(w.cop, 0.5)
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

// runs reports whether a chiller is neither down, nor staged off, nor about to start.
func (s *State) runs(i int) bool {
	return s.down[facility.Chiller][i] == 0 && s.On[i] && s.Restart[i] == 0
}

// setMode changes the mode of the chilled loop if it has held long enough, or at once.
func (p *Plan) setMode(s *State, mode Mode, dt float64, now bool) {
	s.ModeAge += dt
	if mode != s.Mode && (now || s.ModeAge-dt >= float64(p.plant.Economizer.Wait)) {
		s.Mode, s.ModeAge = mode, 0
	}
}

// drySink is the plant of dry coolers. Their pads are wetted when the air is warm enough.
func (p *Plan) drySink(s *State, in *Input, rate float64) (sink, plantWork) {
	b := &p.banks[dryCoolers]
	w := plantWork{up: s.working(facility.DryCooler, 0, int32(b.n))}
	if w.up == 0 {
		return sink{}, w
	}
	each := &p.plant.DryCooler.Each
	w.air = in.Weather.DryBulb
	if each.Pads != nil && w.air > float64(each.Pads.Above) {
		w.pads = true
		w.air = Adiabatic(w.air, in.Weather.WetBulb, float64(each.Pads.Effectiveness))
	}
	w.air += float64(each.Short)
	n := float64(w.up)
	return sink{exchange: n * b.dry.Conductance(1, rate/n), temperature: w.air}, w
}

// reject lets the plant take the heat in W from a loop: it shares it out, finds fan speeds and compressor power,
// and writes what leaves the site. load is the heat in W that the water carries back.
func (p *Plan) reject(s *State, l *water, k *sink, w *plantWork, in *Input, heat, load, rate float64, out *Output) {
	if l.warm {
		p.rejectDry(s, w, in, heat, load, rate, out)
		return
	}
	direct := 0.0
	if k.exchange > 0 && rate > 0 {
		direct = min(heat, k.exchange*max(s.WaterSupply[0]+load/rate-k.temperature, 0))
		if s.Mode == Free || w.available <= 0 {
			direct = heat
		} else if heat-direct > w.available {
			direct = heat - w.available
		}
	}
	power := p.compress(s, w, heat-direct)
	if p.banks[towers].n == 0 {
		power += p.airFans(s, w, heat+power)
		out.Chillers += power
		out.Rejected += heat + power
		return
	}
	out.Chillers += power
	p.rejectTower(s, w, in, heat+power, out)
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

// rejectTower sends heat in W through the towers.
func (p *Plan) rejectTower(s *State, w *plantWork, in *Input, heat float64, out *Output) {
	b := &p.banks[towers]
	g := &p.pumps[p.water[0].pumps+1]
	pump, fans := 0.0, 0.0
	clear(s.Tower.Power)
	clear(s.Tower.Load)
	if w.cells > 0 && w.condFlow > 0 {
		y := min(max(heat/(b.rating*float64(b.needed)), float64(p.plant.Pump.MinFlow)), w.condFlow)
		pump = Affinity(g.power, y, p.plant.Pump.Exponent)
		n := float64(w.cells)
		goal := w.cond
		if s.Mode == Free {
			goal = s.WaterSet[0] - float64(p.plant.Economizer.Approach)
		}
		speed := 1.0
		if s.Mode != Partial {
			speed = b.tower.speed((heat+pump)/n, p.cellWater(w), in.Weather.WetBulb, goal, 0.1)
		}
		fans = n * Affinity(b.fan, speed, 3)
		_, s.TowerLeaving = b.tower.Leaving((heat+pump)/n, speed, p.cellWater(w), in.Weather.WetBulb)
		for i := range s.Tower.Power {
			if s.down[facility.Tower][i] == 0 {
				s.Tower.Power[i] = fans / n
				s.Tower.Load[i] = (heat + pump) / n / b.rating
			}
		}
		water := &p.plant.Water
		evaporated := Evaporation(heat+pump, float64(water.Evaporation))
		out.Water += Makeup(evaporated, water.Cycles) + water.Drift*p.cellWater(w)*n
	}
	p.showPumps(s, g, pump, w.condFlow)
	out.Pumps += pump
	out.Towers += fans
	out.Rejected += heat + pump + fans
}

// rejectDry sends heat in W through the dry coolers; the fans turn as fast as the water needs.
func (p *Plan) rejectDry(s *State, w *plantWork, in *Input, heat, load, rate float64, out *Output) {
	b := &p.banks[dryCoolers]
	clear(s.DryCooler.Power)
	clear(s.DryCooler.Load)
	fans := 0.0
	if w.up > 0 && heat > 0 && rate > 0 {
		n := float64(w.up)
		drive := s.WaterSupply[1] + load/rate - w.air
		speed := lowestSpeed(0.1, func(y float64) float64 {
			return heat - n*b.dry.Conductance(y, rate/n)*drive
		})
		fans = n * Affinity(b.fan, speed, 3)
		for i := range s.DryCooler.Power {
			if s.down[facility.DryCooler][i] == 0 {
				s.DryCooler.Power[i] = fans / n
				s.DryCooler.Load[i] = heat / n / b.rating
			}
		}
		if w.pads {
			cooled := in.Weather.DryBulb + float64(p.plant.DryCooler.Each.Short) - w.air
			out.Water += Makeup(n*b.dry.Air*speed*cooled/latent, p.plant.Water.Cycles)
		}
	}
	out.DryCooler += fans
	out.Rejected += heat + fans
}
