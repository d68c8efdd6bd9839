package validate

import (
	"context"
	"fmt"
	"math"
	"sort"
	"strings"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/weather"
	"github.com/halltwin/halltwin/scenarios/document"
)

// Integrator compares long steps of the cooling model with steps of 0.1 s, in a hall of 2 MW through a load step and a
// chiller trip.
var Integrator = Benchmark{
	Name:  "integrator",
	About: "steps of the cooling model from 1 s to 300 s against steps of 0.1 s: 200 racks of 10 kW, a load step, chillers off for seven minutes",
	Data:  "none",
	Run:   runIntegrator,
}

const hall2MW = `
air: {supply: 24 degC, rise: 12 K}
plant: {kind: chiller-tower, chilled: {volume: 60 m3}, economizer: {enabled: false}}
`

// compileCooling makes a plan of a cooling spec that was written in memory.
func compileCooling(text string, sizes cooling.Sizes) (*cooling.Plan, *cooling.Spec, error) {
	v, ds := (&document.Loader{}).LoadBytes("plant", []byte(strings.TrimSpace(text)))
	if len(ds) > 0 {
		return nil, nil, ds
	}
	spec := &cooling.Spec{}
	if ds := document.Decode(v, spec); len(ds) > 0 {
		return nil, nil, ds
	}
	p, err := cooling.Compile(spec, sizes)
	return p, spec, err
}

// history is the path of a run.
type history struct {
	time   []float64
	inlet  []float64 // °C, hottest rack
	energy float64   // J of electricity
}

// at returns the inlet at a time by linear interpolation, and where it is highest within a window.
func (h *history) peak(from, to float64) float64 {
	top := math.Inf(-1)
	for i, t := range h.time {
		if t >= from && t <= to {
			top = max(top, h.inlet[i])
		}
	}
	return top
}

// tripHall runs the hall for 7,200 s in steps of dt, cut where load or chillers change, as the twin does.
func tripHall(dt float64) (*history, error) {
	const racks = 200
	sizes := cooling.Sizes{Racks: racks}
	in := cooling.Input{Weather: weather.Air(25, moistair.FromRelative(25, 0.5, moistair.StandardPressure), moistair.StandardPressure)}
	flow := 10e3 / (moistair.Density(25, 0.008, moistair.StandardPressure) * moistair.Cp * 12)
	for range racks {
		sizes.RackDesign = append(sizes.RackDesign, 10e3)
		in.RackHeat = append(in.RackHeat, 5e3)
		in.RackFlow = append(in.RackFlow, flow)
	}
	p, _, err := compileCooling(hall2MW, sizes)
	if err != nil {
		return nil, err
	}
	s := cooling.New(p)
	p.Settle(s, &in)
	h := &history{}
	var out cooling.Output
	chillers := len(s.Chiller.Power)
	switchTo := func(on bool) {
		for i := range chillers {
			p.Health(s, facility.Ref{Kind: facility.Chiller, Index: int32(i)}, on)
		}
	}
	events := []struct {
		at float64
		do func()
	}{
		{600, func() {
			for i := range in.RackHeat {
				in.RackHeat[i] = 10e3
			}
		}},
		{3000, func() { switchTo(false) }}, {3420, func() { switchTo(true) }}, {7200, func() {}},
	}
	now := 0.0
	for _, e := range events {
		start := now
		for k := 1; now < e.at; {
			next := min(start+float64(k)*dt, e.at)
			in.Dt = next - now
			if part := p.Part(s, in.Dt); part < in.Dt-1e-6 {
				in.Dt = part
				next = now + part
			} else {
				k++
			}
			p.Step(s, &in, &out)
			now = next
			h.energy += out.Power.Total() * in.Dt
			top := math.Inf(-1)
			for _, t := range s.RackInlet {
				top = max(top, t)
			}
			h.time, h.inlet = append(h.time, now), append(h.inlet, top)
		}
		e.do()
	}
	return h, nil
}

func runIntegrator(ctx context.Context, _ string) (*Result, error) {
	fine, err := tripHall(0.1)
	if err != nil {
		return nil, err
	}
	r := &Result{}
	r.Add("peak_inlet", fine.peak(0, 7200), "degC", "", true)
	r.Add("peak_after_load_step", fine.peak(600, 3000), "degC", "", true)
	for _, dt := range []float64{1, 10, 30, 60, 300} {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		h, err := tripHall(dt)
		if err != nil {
			return nil, err
		}
		worst := 0.0
		for i, t := range h.time {
			k := sort.SearchFloat64s(fine.time, t-1e-6)
			worst = max(worst, math.Abs(h.inlet[i]-fine.inlet[min(k, len(fine.inlet)-1)]))
		}
		peak := max(math.Abs(h.peak(3000, 7200)-fine.peak(3000, 7200)), math.Abs(h.peak(600, 3000)-fine.peak(600, 3000)))
		// Steps of the calm see no more than the end of each: their bounds are for what a person would see.
		r.Add(fmt.Sprintf("any_instant_%gs", dt), worst, "K", "<= 0.5", worst <= 0.5)
		r.Add(fmt.Sprintf("peaks_%gs", dt), peak, "K", "<= 0.05", peak <= 0.05)
		energy := math.Abs(h.energy/fine.energy - 1)
		r.Add(fmt.Sprintf("energy_%gs", dt), 100*energy, "%", "<= 0.1", energy <= 0.001)
	}
	return r, nil
}
