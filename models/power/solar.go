package power

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/weather"
)

// SolarSpec is a photovoltaic array behind the site's meter, the scenario key site.solar. Its inverters follow the grid:
// they are spread evenly over the feeds, stand still while theirs is gone, and rejoin some time after it is back.
type SolarSpec struct {
	Title       string           `yaml:"title" doc:"name of the array"`
	About       string           `yaml:"about" doc:"what it is and where its figures come from"`
	Source      string           `yaml:"source" doc:"citation of the figures"`
	Rating      unit.Power       `yaml:"rating" doc:"power of the modules at 1000 W/m2 and 25 degC (DC)" required:"true" range:"(0,)"`
	Inverter    *unit.Power      `yaml:"inverter" doc:"most that the inverters give (AC), at which they clip; absent: rating ÷ 1.2, as in PVWatts" range:"(0,)"`
	Efficiency  unit.Ratio       `yaml:"efficiency" doc:"efficiency of the inverters at their rating" default:"96 %" source:"PVWatts, NREL/TP-6A20-62641" range:"(0,1]"`
	Losses      unit.Ratio       `yaml:"losses" doc:"what soiling, shading, mismatch, wiring, ageing and the like take" default:"14 %" source:"PVWatts, NREL/TP-6A20-62641" range:"[0,0.9]"`
	Tilt        float64          `yaml:"tilt" doc:"degrees from the horizontal: 0 lies flat" default:"20" source:"typical of roofs and fixed rows; PVWatts" range:"[0,90]"`
	Azimuth     float64          `yaml:"azimuth" doc:"degrees from north, clockwise, that it faces: 180 is south" default:"180" source:"PVWatts" range:"[0,360]"`
	Albedo      unit.Ratio       `yaml:"albedo" doc:"share of light that the ground throws back" default:"0.2" source:"typical of grass and gravel; fresh snow 0.7" range:"[0,1]"`
	Temperature unit.PerKelvin   `yaml:"temperature_coefficient" doc:"change of power with each kelvin of the cells above 25 degC" default:"-0.37 %/K" source:"typical of crystalline silicon; PVWatts -0.35 to -0.47" range:"[-0.02,0]"`
	Nominal     unit.Temperature `yaml:"noct" doc:"cell temperature at 800 W/m2 in air of 20 degC (NOCT)" default:"45 degC" source:"typical of IEC 61215 data sheets" range:"[20,80]"`
	Export      unit.Power       `yaml:"export" doc:"most that the site may give back to the grid; 0: none, what is left over is curtailed" default:"0 W" source:"chosen" range:"[0,)"`
	Rejoin      unit.Duration    `yaml:"rejoin" doc:"time that a returned feed must hold before inverters use it again" default:"5 min" source:"IEEE 1547-2018, enter service delay" range:"[0,)"`
}

// Validate checks what tags cannot say.
func (s *SolarSpec) Validate(fail func(path, msg string)) {
	if s.Inverter != nil && *s.Inverter > 4*s.Rating {
		fail("inverter", fmt.Sprintf("inverters of %s for modules of %s: they would idle; are the two swapped, or is a unit wrong?", *s.Inverter, s.Rating))
	}
}

// Solar is a compiled array: what it can give over a run, a step function. It is immutable.
type Solar struct {
	times, watts []float64 // AC, each from its time to the next
	Inverter     float64   // W
	Export       float64   // W at most
	Rejoin       float64   // s
}

// SolarState is the state of an array.
type SolarState struct {
	Cursor    weather.Cursor
	Live      []bool    // by feed: it was there at the last look
	Back      []float64 // by feed: time in s at which its inverters may work again
	Available float64   // W that it could give now
	Out       float64   // W that it gives: the rest is curtailed
	Given     float64   // J, counted up
	Curtailed float64   // J, counted up
}

// inverterReference is the efficiency at which the part-load curve of PVWatts was measured.
const inverterReference = 0.9637

// InverterOutput returns the AC power in W of inverters of AC rating rated W for dc W of DC, with their efficiency at that
// rating: the part-load curve and the clipping of PVWatts version 5 (Dobos, NREL/TP-6A20-62641, equation 10).
func InverterOutput(dc, rated, efficiency float64) float64 {
	if dc <= 0 {
		return 0
	}
	x := dc / (rated / efficiency)
	eta := efficiency / inverterReference * (-0.0162*x - 0.0059/x + 0.9858)
	return min(max(eta*dc, 0), rated)
}

// ModuleOutput returns the DC power in W of modules of a rating under irradiance W/m² on their plane with cells of a
// temperature in °C, of which power changes by coefficient 1/K (PVWatts, equation 8).
func ModuleOutput(rating, irradiance, cell, coefficient float64) float64 {
	return max(rating*irradiance/1000*(1+coefficient*(cell-25)), 0)
}

// CellTemperature returns the temperature in °C of cells under irradiance W/m² in air of a temperature, from that at
// 800 W/m² in air of 20 °C (NOCT; Ross, 1976): wind is that of the test, 1 m/s.
func CellTemperature(air, irradiance, nominal float64) float64 {
	return air + (nominal-20)/800*irradiance
}

// Compile turns the sunshine of a run into what the array can give.
func (s *SolarSpec) Compile(sky []weather.Sky) *Solar {
	p := &Solar{Inverter: float64(s.Rating) / 1.2, Export: float64(s.Export), Rejoin: float64(s.Rejoin)}
	if s.Inverter != nil {
		p.Inverter = float64(*s.Inverter)
	}
	for i := range sky {
		x := &sky[i]
		plane := x.Tilted(s.Tilt, s.Azimuth, float64(s.Albedo))
		dc := ModuleOutput(float64(s.Rating), plane, CellTemperature(x.DryBulb, plane, float64(s.Nominal)), float64(s.Temperature))
		w := InverterOutput(dc*(1-float64(s.Losses)), p.Inverter, float64(s.Efficiency))
		if n := len(p.watts); n == 0 || w != p.watts[n-1] {
			p.times, p.watts = append(p.times, x.From), append(p.watts, w)
		}
	}
	if len(p.times) == 0 {
		p.times, p.watts = []float64{0}, []float64{0}
	}
	return p
}

// Energy returns what the array could give from time 0 to end s, in J.
func (p *Solar) Energy(end float64) float64 {
	sum := 0.0
	for i, w := range p.watts {
		to := end
		if i+1 < len(p.times) {
			to = min(to, p.times[i+1])
		}
		sum += w * max(to-max(p.times[i], 0), 0)
	}
	return sum
}

// NewSolar returns the state of an array on a number of feeds at the begin of a run; p may be nil.
func NewSolar(p *Solar, feeds int) SolarState {
	if p == nil {
		return SolarState{}
	}
	s := SolarState{Live: make([]bool, feeds), Back: make([]float64, feeds)}
	for i := range s.Live {
		s.Live[i] = true
	}
	return s
}

// Look finds what the array can give at a time, with the feeds that are there now, and returns the time in s until that
// changes by itself.
func (p *Solar) Look(s *SolarState, now float64, live func(feed int) bool) (next float64) {
	next = math.Inf(1)
	joined := 0
	for i := range s.Live {
		on := live(i)
		if on && !s.Live[i] {
			s.Back[i] = now + p.Rejoin
		}
		s.Live[i] = on
		switch {
		case !on:
		case s.Back[i] <= now+due:
			joined++
		default:
			next = min(next, s.Back[i]-now)
		}
	}
	i := int(s.Cursor)
	if i >= len(p.times) || p.times[i] > now+due {
		i = 0
	}
	for i+1 < len(p.times) && p.times[i+1] <= now+due {
		i++
	}
	s.Cursor = weather.Cursor(i)
	if i+1 < len(p.times) {
		next = min(next, p.times[i+1]-now)
	}
	s.Available = p.watts[i] * float64(joined) / float64(len(s.Live))
	s.Out = s.Available
	return next
}

// Curtail lets the array give what the meter can take: net is what the site draws from the grid, in W, with everything that
// the array has; below zero it exports, at most what is allowed.
func (p *Solar) Curtail(s *SolarState, net float64) {
	if over := -net - p.Export; over > 0 {
		s.Out = max(s.Available-over, 0)
	}
}

// Advance lets dt s pass.
func (p *Solar) Advance(s *SolarState, dt float64) {
	s.Given += s.Out * dt
	s.Curtailed += (s.Available - s.Out) * dt
}

// momentary is the voltage, relative to nominal, below which inverters stop: the momentary cessation of IEEE 1547-2018,
// category II.
const momentary = 0.5

// Follows reports whether inverters behind the meter can follow utility i: it is there, and no deep sag.
func (p *Plan) Follows(s *State, i int) bool {
	u := int(p.layers[utilities].first) + i
	return s.Up[u] && !s.Open[u] && s.Voltage[i] >= momentary
}
