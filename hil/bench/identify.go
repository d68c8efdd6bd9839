package bench

import (
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/fit"
	"github.com/halltwin/halltwin/models/compute"
)

// Identified is what an experiment tells of one device. A part that its steps do not determine is nil, and said why in Missing.
//
// The power and the thermal path of a designed experiment need no knowledge of the class of device: its loads are made to tell the
// parameters apart. So these fits have no priors, other than those of package fit for recordings that came about by chance.
type Identified struct {
	Device  device.Identity
	Power   *fit.Solution // idle, sm, tensor, dram (W at activity 1 and full clock), clock_exponent
	Thermal *fit.Solution // r1, r2 (K/W), c1, c2 (J/K), coolant (°C)
	Period  *fit.PeriodFit
	Window  *fit.WindowFit
	Missing []string
}

// Solutions returns the fits that were made.
func (d *Identified) Solutions() []*fit.Solution {
	var all []*fit.Solution
	for _, s := range []*fit.Solution{d.Power, d.Thermal} {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// Identify fits every device of a recording.
func Identify(r *Recording) []Identified {
	all := make([]Identified, len(r.Devices))
	var wait sync.WaitGroup
	for i := range all {
		wait.Go(func() { all[i] = r.identify(i) })
	}
	wait.Wait()
	return all
}

func (r *Recording) identify(i int) (d Identified) {
	d.Device = r.Devices[i]
	var err error
	if d.Power, err = r.identifyPower(i); err != nil {
		d.Missing = append(d.Missing, "power: "+err.Error())
	}
	if d.Thermal, err = r.identifyThermal(i); err != nil {
		d.Missing = append(d.Missing, "thermal path: "+err.Error())
	}
	if d.Period, d.Window, err = r.identifySensor(i); err != nil {
		d.Missing = append(d.Missing, "power sensor: "+err.Error())
	}
	return d
}

// settled are the means of a part of a step.
type settled struct{ power, sm, tensor, dram, clock, n float64 }

// identifyPower fits P = idle + (sm·a + tensor·b + dram·c) f^γ to the settled parts of steps, each a block of its own.
func (r *Recording) identifyPower(i int) (*fit.Solution, error) {
	steps := map[int]*[5]mean{}
	var order []int
	for k := range r.Rows {
		row := &r.Rows[k]
		if row.Device != i || row.Step == 0 {
			continue
		}
		s := &r.Steps[row.Step-1]
		if s.Seconds < shortStep || row.Time < s.From+settle*s.Seconds+pause {
			continue
		}
		from := s.From + settle*s.Seconds + pause
		part := parts*row.Step + min(parts-1, int(parts*(row.Time-from)/(s.To-from)))
		m := steps[part]
		if m == nil {
			m = &[5]mean{}
			steps[part] = m
			order = append(order, part)
		}
		for q, of := range []device.Quantity{device.Power, device.SMActive, device.TensorActive, device.DRAMActive, device.Clock} {
			m[q].add(row.Values[of])
		}
	}
	var all []settled
	top := 0.0
	for _, s := range order {
		m := steps[s]
		x := settled{m[0].value(), m[1].value(), m[2].value(), m[3].value(), m[4].value(), float64(m[0].n)}
		if math.IsNaN(x.power + x.sm + x.tensor + x.dram + x.clock) {
			return nil, errors.New("the device tells no activity of its multiprocessors, tensor cores and memory")
		}
		top = max(top, x.clock)
		all = append(all, x)
	}
	if len(all) < 8*parts {
		return nil, fmt.Errorf("%d steady loads, 8 are needed: run mixes", len(all)/parts)
	}
	slowest, highest := 1.0, 0.0
	for _, x := range all {
		slowest, highest = min(slowest, x.clock/top), max(highest, x.power)
	}
	v := []fit.Variable{
		{Name: "idle", Unit: "W", Start: 0.15 * highest, Upper: highest, Advice: "run idle"},
		{Name: "sm", Unit: "W", Start: 0.3 * highest, Upper: 3 * highest, Scale: 0.2 * highest, Advice: "run mixes"},
		{Name: "tensor", Unit: "W", Start: 0.3 * highest, Upper: 3 * highest, Scale: 0.2 * highest, Advice: "run mixes"},
		{Name: "dram", Unit: "W", Start: 0.3 * highest, Upper: 3 * highest, Scale: 0.2 * highest, Advice: "run mixes"},
		{Name: "clock_exponent", Start: 2.2, Lower: 1, Upper: 3.5, Scale: 0.3, Advice: "run clock-sweep"},
	}
	if slowest > 0.95 {
		v[4].Lower, v[4].Upper = 2.2, 2.2
	}
	p := &fit.Problem{Variables: v, N: len(all), Huber: 3, Starts: 2}
	p.Residuals = func(x, out []float64) {
		for k, s := range all {
			out[k] = x[0] + (x[1]*s.sm+x[2]*s.tensor+x[3]*s.dram)*math.Pow(s.clock/top, x[4]) - s.power
		}
	}
	return p.Solve()
}

// Steps shorter than these s are not steady; the pause is what a load needs to be felt at all. The sensor's noise is new with
// each update, so parts of a steady step are measurements of their own.
const (
	shortStep = 5.0
	pause     = 0.5
	parts     = 3
)

// thermalStep is that of the grid on which temperatures are compared, in s; memory is how long its residuals remember.
const (
	thermalStep = 1.0
	memory      = 30.0
)

// identifyThermal fits the two poles to the whole recording, driven by the measured power.
func (r *Recording) identifyThermal(i int) (*fit.Solution, error) {
	t, power, temperature := r.thermalGrid(i)
	if len(t) < 120 {
		return nil, fmt.Errorf("%d s of temperatures, 120 are needed: run load-step", len(t))
	}
	low, high := math.Inf(1), math.Inf(-1)
	for _, x := range temperature {
		low, high = min(low, x), max(high, x)
	}
	if high-low < 8 {
		return nil, fmt.Errorf("the temperature moves by %.0f K only: run load-step", high-low)
	}
	path := func(x []float64) compute.TwoPole { return compute.TwoPole{R1: x[0], R2: x[1], C1: x[2], C2: x[3]} }
	const tell = "run load-step, full length"
	v := []fit.Variable{
		{Name: "r1", Unit: "K/W", Start: 0.03, Lower: 1e-3, Upper: 1, Scale: 0.01, Advice: tell},
		{Name: "r2", Unit: "K/W", Start: 0.05, Lower: 1e-3, Upper: 1, Scale: 0.02, Advice: tell},
		{Name: "c1", Unit: "J/K", Start: 120, Lower: 5, Upper: 5000, Scale: 40, Advice: tell},
		{Name: "c2", Unit: "J/K", Start: 1000, Lower: 20, Upper: 50000, Scale: 400, Advice: tell},
		{Name: "coolant", Unit: "degC", Start: low - 5, Lower: -20, Upper: low, Scale: 3, Advice: "run idle"},
	}
	n := len(t)
	coolant, die := make([]float64, n), make([]float64, n)
	problem := &fit.Problem{Variables: v, N: n, Huber: 3, Starts: 2, Block: make([]int, n)}
	for k := range n {
		problem.Block[k] = int(t[k] / memory)
	}
	problem.Residuals = func(x, out []float64) {
		for k := range coolant {
			coolant[k] = x[4]
		}
		two := path(x)
		two.Follow(two.Rest(power[0], x[4]), t, power, coolant, die)
		for k := range out {
			out[k] = (die[k] - temperature[k]) / 0.4
		}
	}
	return problem.Solve()
}

// thermalGrid returns a device's die temperature once a second, and the mean power from there on: from the energy counter where
// there is one, since it does not lag.
func (r *Recording) thermalGrid(i int) (t, power, temperature []float64) {
	var p mean
	begin, from, energy, celsius := math.NaN(), math.NaN(), math.NaN(), math.NaN()
	for k := range r.Rows {
		row := &r.Rows[k]
		if row.Device != i {
			continue
		}
		if !(row.Time < begin+thermalStep) {
			watts := (row.Values[device.Energy] - energy) / (row.Time - from)
			if math.IsNaN(watts) {
				watts = p.value()
			}
			if !math.IsNaN(watts + celsius) {
				t, power, temperature = append(t, from), append(power, watts), append(temperature, celsius)
			}
			begin, from, p = thermalStep*math.Floor(row.Time/thermalStep+1e-9), row.Time, mean{}
			energy, celsius = row.Values[device.Energy], row.Values[device.Temperature]
		}
		p.add(row.Values[device.Power])
	}
	return t, power, temperature
}

// identifySensor finds period and window of the power sensor from the square wave, with the energy counter as witness: its rise
// from reading to reading is the power without the sensor's averaging.
func (r *Recording) identifySensor(i int) (*fit.PeriodFit, *fit.WindowFit, error) {
	var t, v, mid, truth []float64
	at, energy := math.NaN(), math.NaN()
	for k := range r.Rows {
		row := &r.Rows[k]
		if row.Device != i || row.Step == 0 || r.Steps[row.Step-1].Name != "square" || math.IsNaN(row.Values[device.Power]) {
			continue
		}
		t, v = append(t, row.Time), append(v, row.Values[device.Power])
		e := row.Values[device.Energy]
		if e > energy {
			mid, truth = append(mid, (at+row.Time)/2), append(truth, (e-energy)/(row.Time-at))
			at, energy = row.Time, e
		} else if math.IsNaN(energy) {
			at, energy = row.Time, e
		}
	}
	if len(t) == 0 {
		return nil, nil, errors.New("no reading of it under a changing load: run square-wave")
	}
	period, err := fit.Period(t, v)
	if err != nil {
		return nil, nil, err
	}
	window, err := fit.Window(mid, truth, t, v)
	return period, window, err
}
