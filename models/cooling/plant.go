package cooling

import (
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
	goal      float64 // °C: set point of the condenser water
	each      float64 // capacity of one chiller over its rating
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

// airSink is the plant of air-cooled chillers, with a free-cooling coil where it has an economizer.
func (p *Plan) airSink(s *State, l *water, in *Input, start, load, rate float64, w plantWork) (sink, plantWork) {
	air := in.Weather.DryBulb
	ret := start + load/rate
	coils := w.up
	if p.plant.Chiller.Staging != nil { // a unit whose compressor is staged off still has its coil
		coils = s.working(facility.Chiller, 0, int32(len(s.On)))
	}
	effect := l.economizer(rate) * min(float64(coils)/float64(p.banks[chillers].needed), 1)
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
	w.available *= p.capacity(&w)
	w.cop = p.carnot(&w)
	k.base = w.available
	return k, w
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
		direct = min(heat, k.exchange*max(s.Delivered[0]+load/rate-k.temperature, 0))
		if s.Mode == Free || w.available <= 0 {
			direct = heat
		} else if heat-direct > w.available {
			direct = heat - w.available
		}
	}
	power := p.compress(s, w, in.Dt, heat-direct)
	if p.banks[towers].n == 0 {
		power += p.airFans(s, w, heat+power)
		out.Chillers += power
		out.Rejected += heat + power
		return
	}
	out.Chillers += power
	p.rejectTower(s, w, in, heat+power, out)
}

// rejectDry sends heat in W through the dry coolers; the fans turn as fast as the water needs.
func (p *Plan) rejectDry(s *State, w *plantWork, in *Input, heat, load, rate float64, out *Output) {
	b := &p.banks[dryCoolers]
	clear(s.DryCooler.Power)
	clear(s.DryCooler.Load)
	fans := 0.0
	if w.up > 0 && heat > 0 && rate > 0 {
		n := float64(w.up)
		drive := s.Delivered[1] + load/rate - w.air
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
