package validate

import (
	"math"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
)

// dryCold is the first day of DRYCOLD, the weather of the load-side plant (Denver, ASHRAE standard 140): dry bulb in °C and
// relative humidity in % at the end of each hour. The wet bulbs that follow from the reference's own tower agree with it.
var dryCold = [24][2]float64{
	{0, 57}, {0, 60}, {0, 57}, {0, 57}, {0, 57}, {0, 47}, {3.3, 45}, {2.2, 51}, {3.3, 52}, {7.2, 28}, {7.8, 23}, {8.9, 25},
	{9.4, 24}, {10.6, 19}, {10, 20}, {9.4, 23}, {6.7, 24}, {5.6, 25}, {2.8, 35}, {2.2, 36}, {1.7, 32}, {0.6, 35}, {0, 45}, {-4.4, 79},
}

// dryColdAir returns the outdoor air at a time in s of that day, at sea level as the library reckons by default.
func dryColdAir(now float64) weather.Conditions {
	x := max(now/3600-1, 0)
	i := min(int(x), len(dryCold)-2)
	f := min(x-float64(i), 1)
	at := func(k int) float64 { return dryCold[i][k] + f*(dryCold[i+1][k]-dryCold[i][k]) }
	const p = moistair.StandardPressure
	return weather.Air(at(0), moistair.FromRelative(at(0), at(1)/100, p), p)
}

// limPI is the library's PI controller: output in [low, 1], integral held while it is at an end.
type limPI struct{ gain, time, low, integral float64 }

func (c *limPI) step(e, dt float64) float64 {
	y := c.gain*e + c.integral
	out := min(max(y, c.low), 1)
	if y == out || (y > out) != (e > 0) {
		c.integral += c.gain * e * dt / c.time
	}
	return out
}

// loadSide is the load-side plant of the library with its own parameters and rules, of our equations: a mixed room of
// 50 m × 30 m × 3 m whose load rises to 500 kW in ten hours, an air handler with PI-controlled fan and valve, an
// exchanger that always carries all the water (effectiveness 0.8), two York towers, and Stein's rule with its waits.
type loadSide struct {
	chiller cooling.CurveSpec

	room, supply, chws, tower float64 // °C
	fan, valve, cell          limPI
	mode                      cooling.ModeTimer
	chws2wse                  float64 // °C: water behind the exchanger
}

const (
	lsAir      = 161.35 // kg/s of air at full fan speed
	lsWater    = 36.6   // kg/s of chilled water at the design
	lsTower    = 69.4   // kg/s of condenser water
	lsExchange = 0.8
	lsStep     = 5.0 // s
	lsCp       = 4184.0
	lsUA       = 2 * 18.3 * 4200 * 11.89 / 4.796 // W/K of the coil
)

func newLoadSide(c cooling.CurveSpec) *loadSide {
	return &loadSide{chiller: c, room: 20, supply: 20, chws: 20, tower: 20, chws2wse: 20,
		fan: limPI{gain: 0.1, time: 240, low: 0.2}, valve: limPI{gain: 0.01, time: 40, low: 0.1}, cell: limPI{gain: 0.1, time: 60},
		mode: cooling.ModeTimer{Mode: cooling.Free, Goal: cooling.Free}}
}

// flow returns the chilled water in kg/s at a valve position: an equal-percentage valve (50:1) of 6 kPa and a coil of
// 30 kPa at the design flow, between which the pumps keep 80 kPa.
func lsFlow(y float64) float64 {
	valve := math.Pow(50, y-1) / math.Sqrt(6e3)
	coil := 1 / math.Sqrt(30e3)
	return lsWater * math.Sqrt(80e3) / math.Sqrt(1/(valve*valve)+1/(coil*coil))
}

// step advances the plant from now s and returns W through the coil and of the chillers.
func (p *loadSide) step(now float64) (coil, power float64) {
	air := lsAir * p.fan.step(p.room-25, lsStep)
	water := lsFlow(p.valve.step(p.supply-18, lsStep))
	ca, cw := air*1006, water*lsCp
	cmin, cmax := min(ca, cw), max(ca, cw)
	ua := cooling.Conductance(lsUA, 2.0/3, water/lsWater, air/lsAir, 0.85, 0.8)
	coil = cmin * cooling.Counterflow(ua/cmin, cmin/cmax) * (p.room - p.chws)
	load := 500e3 * min(now/36000, 1)
	p.room += (load - coil) * lsStep / (50 * 30 * 3 * 1.2 * 1006)
	p.supply = p.room - coil/ca

	ret := p.chws + coil/cw
	direct := 0.0
	behind := ret
	if p.mode.Mode != cooling.Mechanical {
		direct = lsExchange * cw * (ret - p.tower)
		behind = ret - direct/cw
	}
	const tau = 30.0 // s: the library's volumes
	lag := -math.Expm1(-lsStep / tau)
	p.chws2wse += (behind - p.chws2wse) * lag
	goal, taken := p.chws2wse, 0.0
	if p.mode.Mode != cooling.Free && p.chws2wse > 8 {
		goal, taken = 8, cw*(p.chws2wse-8)
		capacity, _ := p.chiller.Extrapolated(8, p.tower, 1)
		const rating = 1055e3
		_, each := p.chiller.Extrapolated(8, p.tower, taken/(capacity*rating))
		power = each * capacity * rating
	}
	p.chws += (goal - p.chws) * lag

	wet := dryColdAir(now).WetBulb
	speed := p.cell.step(p.chws-8, lsStep)
	switch p.mode.Mode {
	case cooling.Partial:
		speed = 1
	case cooling.Mechanical:
		speed = p.cell.step(p.tower-max(wet+3, 15.56), 0)
	}
	p.tower += (lsCell(direct+taken+power, wet, speed) - p.tower) * lag
	bands := cooling.SteinBands{ChillerOn: 1.1, EconomizerOff: 0.5, EconomizerOn: 1.1, ChillerOff: 0.5}
	p.mode.Advance(cooling.SteinRule(p.mode.Mode, ret, p.chws2wse, 8, wet, 6, bands), lsStep, 1200)
	return coil, power
}

// lsCell returns the °C of the water that leaves the towers: YorkCalc down to 30 % of speed, free convection of an eighth
// of the way to the wet bulb at rest, and a line between.
func lsCell(heat, wet, speed float64) float64 {
	rng := heat / (lsTower * lsCp)
	york := wet + cooling.YorkApproach(rng, wet, 1, max(speed, 0.3))
	if speed >= 0.3 {
		return york
	}
	still := wet + rng*(1-0.125)/0.125
	return still + (york-still)*speed/0.3
}

// loadSideDay runs the plant through the day, sampled as the library's.
func loadSideDay(dir string) (*plantDay, error) {
	rec, err := findRecord(dir, "York_YT_1055kW_5_96COP_Vanes")
	if err != nil {
		return nil, err
	}
	p := newLoadSide(*rec.curve())
	d := &plantDay{}
	for k := range int(86400 / lsStep) {
		now := float64(k) * lsStep
		if math.Mod(now, 864) < lsStep {
			d.modes[p.mode.Mode]++
		}
		coil, power := p.step(now)
		d.coil += coil * lsStep / 3.6e6
		d.chiller += power * lsStep / 3.6e6
	}
	d.modes[p.mode.Mode]++
	return d, nil
}
