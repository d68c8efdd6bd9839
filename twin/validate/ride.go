package validate

import (
	"context"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
)

// RideThrough lets the cooling stop in the running model and times what follows, against closed forms and published
// cases.
var RideThrough = Benchmark{
	Name:  "ride-through",
	About: "how long halls and liquid loops last without cooling: closed forms, and published times to thermal shutdown",
	Data:  "none",
	Run:   runRide,
}

// stillHall is a hall of one m² of floor for each rack, whose machines hold no heat: air, and a mass that it warms.
func stillHall(q, height, mass, exchange float64) (*cooling.Plan, *cooling.Input, error) {
	const rhoCp = 1.19 * 1006
	const racks = 50
	air := moistair.Density(25, 0.008, moistair.StandardPressure) * moistair.Cp
	text := fmt.Sprintf("{air: {supply: 25 degC, recirculation: 0, bypass: 0, humidity: {ventilation: 0 m3/s}, "+
		"room: {volume: %.9g m3, aisle: 0 m3, structure: %.9g J/K, exchange: %.9g W/K, machines: 0.01 J/K, coupling: 1}}}",
		height*rhoCp/air, mass, exchange)
	return rideHall(text, racks, q)
}

// rideHall is a hall of alike racks at their design load.
func rideHall(text string, racks int, heat float64) (*cooling.Plan, *cooling.Input, error) {
	sizes := cooling.Sizes{Racks: racks}
	in := &cooling.Input{Weather: weather.Air(20, moistair.FromRelative(20, 0.5, moistair.StandardPressure), moistair.StandardPressure)}
	for range racks {
		sizes.RackDesign = append(sizes.RackDesign, heat)
	}
	p, spec, err := compileCooling(text, sizes)
	if err != nil {
		return nil, nil, err
	}
	flow := heat / (moistair.Density(25, 0.008, moistair.StandardPressure) * moistair.Cp * float64(spec.Air.Rise))
	for range racks {
		in.RackHeat, in.RackFlow = append(in.RackHeat, heat), append(in.RackFlow, flow)
	}
	return p, in, nil
}

// lasts settles a plan, lets fail happen, and returns the s until the hottest inlet reaches the limit in °C, to a
// fraction of a step of dt.
func lasts(p *cooling.Plan, in *cooling.Input, fail func(*cooling.State), reading func(*cooling.State) float64, limit, dt float64) float64 {
	s := cooling.New(p)
	p.Settle(s, in)
	start := reading(s)
	fail(s)
	in.Dt = dt
	var out cooling.Output
	last := start
	for k := range int(7200 / dt) {
		p.Step(s, in, &out)
		now := reading(s)
		if now >= limit {
			return (float64(k) + (limit-last)/(now-last)) * dt
		}
		last = now
	}
	return math.Inf(1)
}

func hottest(s *cooling.State) float64 {
	top := math.Inf(-1)
	for _, t := range s.RackInlet {
		top = max(top, t)
	}
	return top
}

func runRide(ctx context.Context, _ string) (*Result, error) {
	r := &Result{}
	for _, c := range []struct {
		q, height, mass, exchange, want float64
	}{
		{1000, 3, 0, 0, 71.83}, {2000, 3, 0, 0, 35.91}, {5000, 4, 0, 0, 19.15}, {10000, 4, 0, 0, 9.58},
		{1000, 3, 150e3, 60, 630.34}, {2000, 3, 150e3, 60, 54.56}, {5000, 3, 150e3, 60, 16.42}, {5000, 3, 150e3, 200, 28.24},
	} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p, in, err := stillHall(c.q, c.height, c.mass, c.exchange)
		if err != nil {
			return nil, err
		}
		// From the air of 25 °C on the hot side too: the machines hold nothing, so the rise begins with the failure.
		got := lastsFrom(p, in, 25, 45, 0.05)
		name := fmt.Sprintf("air_%g_W/m2", c.q)
		if c.mass > 0 {
			name = fmt.Sprintf("air_and_mass_%g_W/m2_%g_W/m2/K", c.q, c.exchange)
		}
		r.Add(name, got, "s", fmt.Sprintf("%g ± 0.1 %%", c.want), math.Abs(got/c.want-1) <= 0.001)
	}
	for _, c := range []struct {
		rack     float64
		low, top float64
	}{{5e3, 120, 270}, {10e3, 0, 60}, {20e3, 0, 60}} {
		// Racks of the time: 400 kg, 22 °C supply; machines of the time give up at about 40 °C.
		p, in, err := rideHall("{air: {supply: 22 degC, room: {volume: 2.5 m3, aisle: 2.5 m3, machines: 200 kJ/K}}}", 100, c.rack)
		if err != nil {
			return nil, err
		}
		got := lasts(p, in, func(s *cooling.State) { p.Powered(s, false) }, hottest, 40, 0.5)
		r.Add(fmt.Sprintf("inlet_40_degC_%gkW_rack", c.rack/1e3), got, "s", fmt.Sprintf("%g to %g", c.low, c.top), got >= c.low && got <= c.top)
	}
	p, in, err := rideHall("{liquid: {fraction: 100 %, cdu: {count: 1, redundancy: N, margin: 0, each: {volume: 200 L, rating: 1 MW}}}}", 10, 100e3)
	if err != nil {
		return nil, err
	}
	start := 0.0
	got := lasts(p, in, func(s *cooling.State) {
		start = s.LoopSupply[0]
		p.Health(s, facility.Ref{Kind: facility.CDU}, false)
	}, func(s *cooling.State) float64 { return s.LoopSupply[0] }, 42, 0.1)
	want := 8.35 * (42 - start) / 10
	r.Add("liquid_200L_1MW_10K", got, "s", fmt.Sprintf("%.2f ± 2 %%", want), math.Abs(got/want-1) <= 0.02)
	if err := rideBuffer(r); err != nil {
		return nil, err
	}
	r.Say("published: thermal shutdown after 3 min 9 s with 5 kW in each rack, in less than a minute from 10 kW (Active Power, Opengate)")
	r.Say("the racks of those tests are not described: here 400 kg each, on 22 degC, and an inlet of 40 degC as the limit")
	r.Say("without power the CRAHs' fans and the plant stop, the machines run on and draw their own air")
	return r, nil
}

// lastsFrom is [lasts] from a hall whose air, walls and machines all stand at start °C.
func lastsFrom(p *cooling.Plan, in *cooling.Input, start, limit, dt float64) float64 {
	s := cooling.New(p) // everything at its set point, which is start
	p.Powered(s, false)
	in.Dt = dt
	var out cooling.Output
	last := start
	for k := range int(7200 / dt) {
		p.Step(s, in, &out)
		if now := s.HallAir[0]; now >= limit {
			return (float64(k) + (limit-last)/(now-last)) * dt
		}
		last = s.HallAir[0]
	}
	return math.Inf(1)
}

// rideBuffer empties a tank of 100 m³ by 6 K with 2 MW: mixed with the loop, and in series in twenty layers.
func rideBuffer(r *Result) error {
	const whole, heat = 1252.7, 2e6 // s, W
	plant := func(chilled string) (*cooling.Plan, *cooling.Input, error) {
		return rideHall("{air: {supply: 32 degC, crah: {margin: 200 %, each: {fan: 0}}, humidity: {humidifier: none}}, "+
			"plant: {economizer: {enabled: false}, pump: {chilled: 0}, chilled: {rise: 6 K, "+chilled+"}}}", 200, heat/200)
	}
	trip := func(p *cooling.Plan) func(*cooling.State) {
		return func(s *cooling.State) {
			for i := range s.Chiller.Power {
				p.Health(s, facility.Ref{Kind: facility.Chiller, Index: int32(i)}, false)
			}
		}
	}
	p, in, err := plant("volume: 100 m3")
	if err != nil {
		return err
	}
	got := lasts(p, in, trip(p), func(s *cooling.State) float64 { return s.Delivered[0] }, 18+6, 1)
	r.Add("buffer_mixed_100m3_6K_2MW", got, "s", fmt.Sprintf("%g ± 0.5 %%", whole), math.Abs(got/whole-1) <= 0.005)

	if p, in, err = plant("volume: 10 L, tank: {volume: 100 m3, nodes: 20, loss: 0 W/K}"); err != nil {
		return err
	}
	got = lasts(p, in, trip(p), func(s *cooling.State) float64 { return s.Delivered[0] }, 18+3, 1)
	// The outlet of n tanks in series is half way to its end shortly before the volume has passed once.
	want := whole * halfTurn(20)
	r.Add("buffer_series_100m3_half_of_6K", got, "s", fmt.Sprintf("%.1f ± 0.5 %%", want), math.Abs(got/want-1) <= 0.005)
	return nil
}

// halfTurn returns the turnovers after which the outlet of n tanks in series is half way to its end.
func halfTurn(n int) float64 {
	lo, hi := 0.0, 2.0
	for range 60 {
		if mid := (lo + hi) / 2; cooling.TankSeries(n, mid) < 0.5 {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}
