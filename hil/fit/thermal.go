package fit

import (
	"fmt"
	"math"
	"slices"

	"github.com/halltwin/halltwin/hil/telemetry"
	"github.com/halltwin/halltwin/models/compute"
)

// ThermalFit is the way of heat of the GPUs of one node ([compute.TwoPole]):
//
//	C1 dT1/dt = P - (T1 - T2)/R1      C2 dT2/dt = (T1 - T2)/R1 - (T2 - Tc)/R2
//
// R1, C1 and C2 are of the type, R2 and the coolant Tc of the place in the node: those behind others breathe what these have
// warmed. The fans answer to the hottest die: above a knee, with a lag, they lower what R2 carries by a share for each kelvin.
type ThermalFit struct {
	*Solution
	Places int     // 1 or 2: cooler and warmer positions
	RMSE   float64 // K, on the data of the fit
	Of     []int   // place of each series of the fit

	start   float64 // of the recording, s
	hottest []float64
}

// The order of the unknowns.
const (
	thermalInlet = iota
	thermalR1
	thermalC1
	thermalR2
	thermalR2Warm
	thermalC2
	thermalOffset
	thermalRelief
	thermalKnee
	thermalFanLag
)

const (
	thermalStep  = 1.0  // s, of the means that are fitted: below it a die's way is not seen by sensors of whole degrees
	thermalWorth = 20.0 // independent temperatures of one device in a recording of some minutes
	thermalNoise = 1.0  // K
)

// trace is a device's power and temperature on the grid.
type trace struct {
	t, power, temperature []float64
	block                 int
}

func traceOf(s *telemetry.Series) (trace, bool) {
	p, c := s.Filled(telemetry.Power), s.Filled(telemetry.Temperature)
	if p == nil || c == nil || len(s.Time) < 10 {
		return trace{}, false
	}
	t, v := every(thermalStep, s.Time, p, c)
	return trace{t: t, power: v[0], temperature: v[1]}, len(t) >= 10
}

// Thermal fits the devices of one node in one recording.
func Thermal(train []*telemetry.Series) (*ThermalFit, error) {
	f := &ThermalFit{}
	var all []trace
	for _, s := range train {
		x, ok := traceOf(s)
		if !ok {
			return nil, fmt.Errorf("%w: %s has no ten seconds of power and temperature", ErrNoData, s.Name())
		}
		x.block = len(all)
		all = append(all, x)
		if f.start == 0 || s.Time[0] < f.start {
			f.start = s.Time[0]
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: no device with power and temperature", ErrNoData)
	}
	for i := range all {
		for k := range all[i].t {
			all[i].t[k] += train[i].Time[0] - f.start
		}
	}
	f.hottest = hottest(all)
	f.Of, f.Places = places(all)
	inlet := math.NaN()
	for _, s := range train {
		if c := s.Filled(telemetry.Inlet); c != nil {
			inlet = median(slices.Clone(c))
		}
	}
	for range 3 { // places follow from a fit, and the fit from places
		if err := f.solve(all, inlet); err != nil {
			return nil, err
		}
		if f.Places == 1 || !f.reassign(all) {
			break
		}
	}
	return f, nil
}

// hottest returns the temperature of the hottest device on the grid from the start.
func hottest(all []trace) []float64 {
	var out []float64
	for _, x := range all {
		for i, v := range x.temperature {
			k := int(x.t[i] / thermalStep)
			for len(out) <= k {
				out = append(out, math.Inf(-1))
			}
			out[k] = max(out[k], v)
		}
	}
	for i := 1; i < len(out); i++ {
		if math.IsInf(out[i], -1) {
			out[i] = out[i-1]
		}
	}
	return out
}

// places divides devices by the largest gap between their temperatures in the last quarter, where that is more than a spread of
// single devices would be.
func places(all []trace) (of []int, n int) {
	const least = 2.0 // K
	late := make([]float64, len(all))
	for i, x := range all {
		late[i] = mean(x.temperature[len(x.temperature)*3/4:])
	}
	sorted := slices.Sorted(slices.Values(late))
	of = make([]int, len(all))
	gap, at := 0.0, 0.0
	for i := 1; i < len(sorted); i++ {
		if d := sorted[i] - sorted[i-1]; d > gap {
			gap, at = d, (sorted[i]+sorted[i-1])/2
		}
	}
	if gap < least {
		return of, 1
	}
	for i, v := range late {
		if v > at {
			of[i] = 1
		}
	}
	return of, 2
}

func mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// reassign moves devices to the place whose prediction is nearer; it reports whether any moved.
func (f *ThermalFit) reassign(all []trace) bool {
	moved := false
	for i, x := range all {
		if place := f.nearest(x, len(x.t)); place != f.Of[i] {
			f.Of[i], moved = place, true
		}
	}
	if n := len(f.Of); moved && (count(f.Of, 1) == 0 || count(f.Of, 1) == n) {
		f.Places = 1
		clear(f.Of)
	}
	return moved
}

func count(x []int, v int) int {
	n := 0
	for _, y := range x {
		if y == v {
			n++
		}
	}
	return n
}

// nearest returns the place whose response comes closest to the first n samples of a trace.
func (f *ThermalFit) nearest(x trace, n int) (place int) {
	rmse := math.Inf(1)
	for p := range f.Places {
		if e := RMSE(f.follow(f.X, x, p)[:n], x.temperature[:n]); e < rmse {
			place, rmse = p, e
		}
	}
	return place
}

func (f *ThermalFit) solve(all []trace, inlet float64) error {
	v := []Variable{
		thermalInlet:  {Name: "inlet", Unit: "°C", Start: 24, Lower: 5, Upper: 50, Scale: 3, Prior: Prior{24, 4, "typical"}, Advice: "record the inlet temperature, or a minute of idling after a night at rest"},
		thermalR1:     {Name: "die_resistance", Unit: "K/W", Start: 0.03, Lower: 0.003, Upper: 0.12, Scale: 0.01, Prior: Prior{0.03, 0.015, "typical"}, Advice: "record a load step at 1 Hz or faster"},
		thermalC1:     {Name: "die_capacity", Unit: "J/K", Start: 120, Lower: 10, Upper: 2000, Scale: 60, Prior: Prior{120, 80, "typical"}, Advice: "record a load step at 1 Hz or faster"},
		thermalR2:     {Name: "sink_resistance", Unit: "K/W", Start: 0.03, Lower: 0.003, Upper: 0.2, Scale: 0.01, Prior: Prior{0.03, 0.02, "typical"}, Advice: "record two steady loads"},
		thermalR2Warm: {Name: "sink_resistance_warm", Unit: "K/W", Start: 0.05, Lower: 0.003, Upper: 0.25, Scale: 0.01, Prior: Prior{0.05, 0.02, "typical"}, Advice: "record two steady loads"},
		thermalC2:     {Name: "sink_capacity", Unit: "J/K", Start: 1400, Lower: 50, Upper: 20000, Scale: 500, Prior: Prior{1400, 800, "typical"}, Advice: "record five minutes after a load step"},
		thermalOffset: {Name: "coolant_offset_warm", Unit: "K", Start: 2, Lower: -5, Upper: 15, Scale: 2, Prior: Prior{2, 3, "typical"}, Advice: "record all devices at idle"},
		thermalRelief: {Name: "fan_relief", Unit: "1/K", Start: 0.01, Upper: 0.08, Scale: 0.01, Prior: Prior{0.015, 0.015, "typical"}, Advice: "record ten minutes of full load"},
		thermalKnee:   {Name: "fan_knee", Unit: "°C", Start: 65, Lower: 40, Upper: 90, Scale: 5, Prior: Prior{65, 6, "typical"}, Advice: "record ten minutes of full load"},
		thermalFanLag: {Name: "fan_lag", Unit: "s", Start: 60, Lower: 5, Upper: 300, Scale: 30, Prior: Prior{60, 30, "typical"}, Advice: "record ten minutes of full load"},
	}
	if !math.IsNaN(inlet) {
		v[thermalInlet].Start, v[thermalInlet].Prior, v[thermalInlet].Known = inlet, Prior{inlet, 1, "measured"}, true
	}
	if f.Places == 1 {
		v[thermalR2Warm].Lower, v[thermalR2Warm].Upper, v[thermalR2Warm].Prior = 0.05, 0.05, Prior{}
		v[thermalOffset].Lower, v[thermalOffset].Upper, v[thermalOffset].Prior = 0, 0, Prior{}
	}
	// Devices are blocks; of few devices stretches longer than the slow time constant.
	stretch := 0
	if len(all) < 6 {
		stretch = 240
	}
	p := &Problem{Variables: v, Huber: 2}
	blocks := 0
	for _, x := range all {
		last := -1
		for k := range x.t {
			b := 0
			if stretch > 0 {
				b = k / stretch
			}
			if b != last {
				last = b
				blocks++
			}
			p.Block = append(p.Block, blocks)
		}
		p.N += len(x.t)
	}
	p.Residuals = func(x, out []float64) {
		i := 0
		for d, tr := range all {
			w := math.Sqrt(thermalWorth/float64(len(tr.t))) / thermalNoise
			for k, v := range f.follow(x, tr, f.Of[d]) {
				out[i] = w * (v - tr.temperature[k])
				i++
			}
		}
	}
	s, err := p.Solve()
	if err != nil {
		return err
	}
	f.Solution = s
	sum, n := 0.0, 0
	for d, tr := range all {
		e := RMSE(f.follow(s.X, tr, f.Of[d]), tr.temperature)
		sum += e * e * float64(len(tr.t))
		n += len(tr.t)
	}
	f.RMSE = math.Sqrt(sum / float64(n))
	return nil
}

// Path returns the two poles of a place.
func (f *ThermalFit) Path(place int) compute.TwoPole { return path(f.X, place) }

func path(x []float64, place int) compute.TwoPole {
	r2 := x[thermalR2]
	if place == 1 {
		r2 = x[thermalR2Warm]
	}
	return compute.TwoPole{R1: x[thermalR1], R2: r2, C1: x[thermalC1], C2: x[thermalC2]}
}

// follow returns the temperatures of a trace, from its first one on.
func (f *ThermalFit) follow(x []float64, tr trace, place int) []float64 {
	p := path(x, place)
	tc := x[thermalInlet]
	if place == 1 {
		tc += x[thermalOffset]
	}
	relief := make([]float64, len(f.hottest))
	gain := 1 - math.Exp(-thermalStep/x[thermalFanLag])
	for i := 1; i < len(relief); i++ {
		relief[i] = relief[i-1] + gain*(max(0, f.hottest[i-1]-x[thermalKnee])-relief[i-1])
	}
	coolant, die := make([]float64, len(tr.t)), make([]float64, len(tr.t))
	for i, t := range tr.t {
		k := min(max(int(t/thermalStep), 0), len(relief)-1)
		coolant[i] = tc - min(0.9, x[thermalRelief]*relief[k])*p.R2*tr.power[i]
	}
	p.Follow(compute.Temperatures{Die: tr.temperature[0], Sink: tr.temperature[0] - p.R1*tr.power[0]}, tr.t, tr.power, coolant, die)
	return die
}

// Place finds the place of a device that the fit did not see from its first seconds, and returns what the fit then predicts at the
// device's own sampling times.
func (f *ThermalFit) Place(s *telemetry.Series, seconds float64) (place int, predicted []float64, err error) {
	x, ok := traceOf(s)
	if !ok {
		return 0, nil, fmt.Errorf("%w: %s has no ten seconds of power and temperature", ErrNoData, s.Name())
	}
	for k := range x.t {
		x.t[k] += s.Time[0] - f.start
	}
	place = f.nearest(x, min(len(x.t), max(1, int(seconds/thermalStep))))
	die := f.follow(f.X, x, place)
	predicted = make([]float64, len(s.Time))
	for i, t := range s.Time {
		predicted[i] = interpolate(x.t, die, t-f.start)
	}
	return place, predicted, nil
}
