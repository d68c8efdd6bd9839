package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// TankSpec is a buffer tank of a water loop, of equal mixed nodes one above the other; warm water rises at once.
//
// series: all the water of the loop passes it on its way from the plant to coils and CDUs, from top to bottom, so
// that the water in it is used up before they feel that the plant fails. parallel: it stands beside the loop; where the
// plant cannot hold the set point, water returns through it, in at the top and out at the bottom, and where the plant
// has capacity to spare it is recharged.
type TankSpec struct {
	Title      string            `yaml:"title" doc:"name of the product"`
	About      string            `yaml:"about" doc:"what it is and where its figures come from"`
	Volume     unit.Volume       `yaml:"volume" doc:"water in the tank, beside that of the loop" required:"true" range:"(0,)"`
	Connection string            `yaml:"connection" doc:"how it is connected" enum:"series,parallel" default:"series"`
	Nodes      int               `yaml:"nodes" doc:"mixed layers: 1 is a mixed tank, 20 one with diffusers that keep the layers apart" default:"10" source:"typical of a tank with diffusers: 85 to 90 % of it can be used" range:"[1,20]"`
	Charge     unit.Ratio        `yaml:"charge" doc:"share of the loop's design flow that recharges a parallel tank" default:"20 %" source:"typical: some hours after a discharge of minutes" range:"(0,1]"`
	Loss       *unit.Conductance `yaml:"loss" doc:"to outdoor air; absent: 0.5 W/m2/K over six faces of the cube of its volume (typical of 60 mm of insulation)" range:"[0,)"`
}

// store is the immutable part of a loop's tank.
type store struct {
	first, n int32   // its nodes in State.TankNodes
	mass     float64 // J/K
	wall     float64 // W/K
	parallel bool
	charge   float64 // W/K: most capacity rate that recharges it
	warm     float64 // °C: water that returns at the design load; at it the tank is used up
}

// addTank gives a loop its tank.
func (p *Plan) addTank(l *water, spec *TankSpec, rise float64) {
	if spec == nil {
		return
	}
	v := float64(spec.Volume)
	t := &store{first: int32(p.tankNodes), n: int32(spec.Nodes), mass: v * rhoWater * cpWater, parallel: spec.Connection == "parallel",
		charge: float64(spec.Charge) * l.rate, wall: 0.5 * 6 * math.Pow(v, 2.0/3), warm: l.supply + rise}
	if spec.Loss != nil {
		t.wall = float64(*spec.Loss)
	}
	p.tankNodes += spec.Nodes
	l.tank = t
}

// tankOf returns the tank of a loop, which has one.
func (s *State) tankOf(t *store) Tank {
	return Tank{Mass: t.mass, Wall: t.wall, T: s.TankNodes[t.first : t.first+t.n]}
}

// TankCharge returns the share of a loop's tank that is charged: 1 where all its water is at the set point, 0 where all is
// as warm as the return at the design load. NaN for a loop without a tank.
func (p *Plan) TankCharge(s *State, loop int) float64 {
	if loop >= len(p.water) || p.water[loop].tank == nil {
		return math.NaN()
	}
	t := p.water[loop].tank
	k := s.tankOf(t)
	set := s.WaterSet[loop]
	return (t.warm - k.Energy()/k.Mass) / max(t.warm-set, 0.1)
}

// tankMap is the temperature at which water leaves a tank over that at which it enters, both means over a step.
type tankMap struct{ offset, pass float64 }

func (m tankMap) at(in float64) float64 { return m.offset + m.pass*in }

// outlet returns what leaves over what enters at a heat capacity rate in W/K, negative downwards, for dt s.
func (k *Tank) outlet(rate, dt float64) tankMap {
	n := len(k.T)
	x := math.Abs(rate) * dt / k.Mass * float64(n)
	if x == 0 {
		return tankMap{pass: 1}
	}
	at := func(i int) float64 {
		if rate < 0 {
			i = n - 1 - i
		}
		return k.T[i]
	}
	weights := poisson(x, n)
	from, fresh := 0.0, 0.0 // K that the nodes gain from each other, and for each K of the inlet
	for i := range n {
		left, t := 0.0, 0.0
		for j := 0; j <= i; j++ {
			t += weights[i-j] * at(j)
			left += weights[i-j]
		}
		from += t - at(i)
		fresh += 1 - left
	}
	return tankMap{offset: -from / x, pass: min(max(1-fresh/x, 0), 1)}
}

// poisson returns the weights e^-x x^i/i! of n nodes in a row.
func poisson(x float64, n int) (weight [maxNodes]float64) {
	weight[0] = math.Exp(-x)
	for i := 1; i < n; i++ {
		weight[i] = weight[i-1] * x / float64(i)
	}
	return weight
}

// prepareTank decides what a tank can do in the step. What comes through its wall goes to the water that passes, so that
// a tank in use keeps its temperature.
func (p *Plan) prepareTank(s *State, b *waterWork, in *Input) {
	b.series = tankMap{pass: 1}
	t := p.water[b.loop].tank
	if t == nil || b.rate <= 0 {
		return
	}
	k := s.tankOf(t)
	b.gain = t.wall * (in.Weather.DryBulb - k.Energy()/k.Mass)
	down := k.outlet(-b.rate, b.dt)
	if !t.parallel {
		b.series, b.tankRate = down, -b.rate
		return
	}
	if down.pass < 1 {
		b.tank = sink{exchange: b.rate * (1 - down.pass), temperature: down.offset / (1 - down.pass)}
	}
}

// flowSteps halve the flow of a parallel tank until it is known to 1e-9 of the loop's.
const flowSteps = 30

// discharge lets a parallel tank take want W from the return of a loop that is in control but for them. It reports
// whether it can.
func (p *Plan) discharge(s *State, b *waterWork, want float64) bool {
	most, _ := b.tank.most(b.delivered, b.heat, b.rate, 0)
	if want > most {
		return false
	}
	k := s.tankOf(p.water[b.loop].tank)
	b.tankIn = b.delivered + b.heat/b.rate
	b.through(&k, want, -1, b.rate)
	return true
}

// recharge lets the plant cool a parallel tank with at most spare W.
func (p *Plan) recharge(s *State, b *waterWork, spare float64) {
	t := p.water[b.loop].tank
	if t == nil || b.rate <= 0 {
		return
	}
	if !t.parallel {
		b.stored = b.rate * (b.mean - b.delivered)
		b.tankIn = b.mean
		return
	}
	k := s.tankOf(t)
	if k.T[len(k.T)-1] <= b.set+1e-6 || spare <= 0 {
		return
	}
	b.tankIn = b.set
	b.through(&k, -spare, 1, min(t.charge, b.rate))
	if b.stored > 0 { // it would give off cold that the set point does not ask for: a warm layer lies below a cold one
		b.stored, b.tankRate = 0, 0
	}
	b.rejected -= b.stored
}

// through passes water of b.tankIn through a tank, at most a capacity rate in W/K, such that it takes up the W wanted, or
// as much as it can; a negative number is given off.
func (b *waterWork) through(k *Tank, want, direction, most float64) {
	takes := func(rate float64) float64 {
		return rate * (b.tankIn - k.outlet(direction*rate, b.dt).at(b.tankIn))
	}
	lo, hi := 0.0, most
	if math.Abs(takes(most)) > math.Abs(want) {
		for range flowSteps {
			mid := (lo + hi) / 2
			if math.Abs(takes(mid)) > math.Abs(want) {
				hi = mid
			} else {
				lo = mid
			}
		}
	} else {
		lo = most
	}
	b.tankRate, b.stored = direction*lo, takes(lo)
}

// empty lets the tank work as it can while the plant cannot hold the set point; heat is what a parallel tank takes, in W.
func (b *waterWork) empty(heat float64) {
	if b.tankRate != 0 { // in series
		b.stored = b.rate * (b.mean - b.delivered)
		b.tankIn = b.mean
		return
	}
	if heat > 0 {
		b.tankRate, b.tankIn, b.stored = -b.rate, b.delivered+b.heat/b.rate, heat
	}
}

// commitTank moves the water of a loop's tank to the end of the step, and returns the W that it lost to the outdoors.
func (p *Plan) commitTank(s *State, b *waterWork, in *Input, out *Output) {
	t := p.water[b.loop].tank
	if t == nil {
		return
	}
	k := s.tankOf(t)
	if b.tankRate != 0 {
		k.Flow(b.tankIn, b.tankRate, b.dt)
	}
	k.Mix()
	lost := -b.gain
	if b.rate <= 0 {
		lost = k.Lose(in.Weather.DryBulb, b.dt) / b.dt
		b.stored -= lost
	}
	out.Rejected += lost
	out.Storing += b.stored
	if !t.parallel {
		s.Delivered[b.loop] = k.T[0]
	}
}
