package fit

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/hil/telemetry"
)

// PowerOptions says how a power model is fitted.
type PowerOptions struct {
	// Limit is the power limit of the device in W; 0: the column of limits, or the published board power of its model, or none.
	Limit float64
	// Window and Lag are those of the meter in s: a reading is the mean of the Window s that end Lag s before it. With Search the
	// ones that fit best are taken.
	Window, Lag float64
	Search      bool
	// Proportional makes leakage a share of the activity's power instead of a power of its own.
	Proportional bool
}

// PowerFit is the power of a GPU over what it does:
//
//	P = min(cap, idle + awake·w + leakage·(T - 40 °C) + f^γ·(sm·a_sm·u + tensor·a_tensor + memory·a_dram + link·traffic))
//
// with w whether it has a context (its clocks are up), u the share of time with any kernel: multiprocessors of a chip that stands
// still between kernels draw less than their activity says. Each signal is averaged as the meter averages power. A log without
// profiling counters has one term of utilisation in place of the three.
type PowerFit struct {
	*Solution
	Limit       float64
	Window, Lag float64
	RMSE        float64 // W, on the data of the fit

	terms        []powerTerm
	proportional bool
}

// leakageAt is the die temperature in °C at which the idle power is stated.
const leakageAt = 40

// What the fit takes for granted; typical. A model of a chip by its activity errs by about a fiftieth of its limit between
// workloads, whatever the number of samples: that, not the noise of the meter, is a residual's standard deviation. A recording
// is worth nine independent load levels.
const (
	discrepancy = 15.0 / 700
	runWorth    = 9.0
)

// powerTerm is one signal that power follows.
type powerTerm struct {
	name, unit   string
	mean, sd     float64 // of what is typical; shares of the limit less idle unless absolute
	absolute     bool
	scaledByBusy bool
	clocked      bool // scales with the clock
	quantity     telemetry.Quantity
	factor       float64 // from the column to the term's unit
	advice       string
}

const typicalSource = "typical of data-centre GPUs: GEMMs of large matrices would draw more than the limit, copies at full memory bandwidth about half"

var activityTerms = []powerTerm{
	{name: "sm", unit: "W", mean: 0.43, sd: 0.26, scaledByBusy: true, clocked: true, quantity: telemetry.SMActive, factor: 1, advice: "run a load of plain arithmetic (FP32) at several duty cycles"},
	{name: "tensor", unit: "W", mean: 1.55, sd: 0.69, clocked: true, quantity: telemetry.TensorActive, factor: 1, advice: "run matrix products below the power limit, at several duty cycles"},
	{name: "memory", unit: "W", mean: 0.345, sd: 0.17, clocked: true, quantity: telemetry.DRAMActive, factor: 1, advice: "run copies in device memory at several duty cycles"},
	{name: "link", unit: "W per 100 GB/s", mean: 8, sd: 5, absolute: true, quantity: telemetry.NVLink, factor: 1e-11, advice: "run a tensor-parallel job or an all-reduce"},
}

var utilisationTerm = powerTerm{name: "utilisation", unit: "W", mean: 0.7, sd: 0.5, clocked: true, quantity: telemetry.Utilisation, factor: 1, advice: "run a load step up and down"}

// signals is what a series says at its samples, averaged as its meter does.
type signals struct {
	power, temperature, awake, clock []float64
	term                             [][]float64
}

// Power fits the model to recordings.
func Power(train []*telemetry.Series, o PowerOptions) (*PowerFit, error) {
	train = slices.DeleteFunc(slices.Clone(train), func(s *telemetry.Series) bool { return len(s.Time) < 10 || !s.Has(telemetry.Power) })
	if len(train) == 0 {
		return nil, fmt.Errorf("%w: no series of 10 samples of power or more", ErrNoData)
	}
	f := &PowerFit{Limit: o.Limit, Window: o.Window, Lag: o.Lag, proportional: o.Proportional}
	if f.Limit == 0 {
		f.Limit = limitOf(train)
	}
	all := func(q telemetry.Quantity) bool {
		return !slices.ContainsFunc(train, func(s *telemetry.Series) bool { return s.Filled(q) == nil })
	}
	for _, t := range activityTerms {
		if all(t.quantity) {
			f.terms = append(f.terms, t)
		}
	}
	if !slices.ContainsFunc(f.terms, func(t powerTerm) bool { return t.quantity == telemetry.SMActive }) {
		if !all(telemetry.Utilisation) {
			return nil, errors.New("neither sm_active nor utilisation is in every series: there is nothing that power could follow")
		}
		f.terms = append([]powerTerm{utilisationTerm}, f.terms...)
	}
	if !o.Search {
		return f, f.solve(train)
	}
	var best *PowerFit
	for _, window := range []float64{0, 0.5, 1, 1.5, 2} {
		for _, lag := range []float64{-0.2, 0, 0.2} {
			try := *f
			try.Window, try.Lag = window, lag
			if err := try.solve(train); err != nil {
				return nil, err
			}
			if best == nil || try.RMSE < best.RMSE {
				best = &try
			}
		}
	}
	return best, nil
}

// signals reads a series.
func (f *PowerFit) signals(s *telemetry.Series) signals {
	n := len(s.Time)
	average := func(v []float64) []float64 { return averaged(s.Time, v, f.Window, f.Lag) }
	constant := func(v float64) []float64 { return slices.Repeat([]float64{v}, n) }
	out := signals{power: s.Get(telemetry.Power), temperature: s.Filled(telemetry.Temperature), awake: constant(1), clock: constant(1)}
	if out.temperature == nil {
		out.temperature = constant(leakageAt)
	}
	if throttle := s.Filled(telemetry.Throttle); throttle != nil {
		for i, v := range throttle {
			if uint64(v)&1 == 1 { // the reason of bit 0: nothing to run
				out.awake[i] = 0
			}
		}
		out.awake = average(out.awake)
	}
	if c := s.Filled(telemetry.Clock); c != nil {
		if top := slices.Max(c); top > 0 {
			for i, v := range c {
				out.clock[i] = max(v/top, 0.05)
			}
		}
		out.clock = average(out.clock)
	}
	busy := s.Filled(telemetry.Utilisation)
	for _, t := range f.terms {
		v := s.Filled(t.quantity)
		if v == nil {
			out.term = append(out.term, constant(0))
			continue
		}
		x := make([]float64, n)
		for i := range x {
			x[i] = v[i] * t.factor
		}
		a := average(x)
		if t.scaledByBusy && busy != nil {
			for i, u := range average(busy) {
				a[i] *= u
			}
		}
		out.term = append(out.term, a)
	}
	return out
}

// level is a stretch of load of one series: medians of what was seen there.
type level struct {
	power, temperature, awake, clock float64
	term                             []float64
	weight                           float64
	block                            int
}

// levels sorts the samples of a series by what they are likely to draw, and returns the medians of each of sixteen classes.
func (f *PowerFit) levels(s signals) []level {
	const classes, fewest = 16, 10
	expected := make([]float64, 0, len(s.power))
	index := make([]int, 0, len(s.power))
	for i := range s.power {
		if math.IsNaN(s.power[i]) {
			continue
		}
		e := 0.08 * s.awake[i]
		for k, t := range f.terms {
			if !t.absolute {
				e += t.mean * s.term[k][i]
			}
		}
		expected, index = append(expected, e), append(index, i)
	}
	if len(index) == 0 {
		return nil
	}
	lo, hi := slices.Min(expected), slices.Max(expected)
	members := make([][]int, classes)
	for k, i := range index {
		c := 0
		if hi > lo {
			c = min(classes-1, int(classes*(expected[k]-lo)/(hi-lo)))
		}
		members[c] = append(members[c], i)
	}
	pick := func(v []float64, m []int) float64 {
		x := make([]float64, len(m))
		for k, i := range m {
			x[k] = v[i]
		}
		return median(x)
	}
	var out []level
	for _, m := range members {
		if len(m) < min(fewest, len(index)) {
			continue
		}
		l := level{power: pick(s.power, m), temperature: pick(s.temperature, m), awake: pick(s.awake, m), clock: pick(s.clock, m),
			weight: float64(len(m)) / float64(len(index))}
		for k := range f.terms {
			l.term = append(l.term, pick(s.term[k], m))
		}
		out = append(out, l)
	}
	return out
}

func median(x []float64) float64 {
	slices.Sort(x)
	n := len(x)
	if n%2 == 1 {
		return x[n/2]
	}
	return (x[n/2-1] + x[n/2]) / 2
}

// The order of the unknowns; those of the terms follow.
const (
	powerIdle = iota
	powerAwake
	powerLeakage
	powerCap
	powerGamma
	powerTerms
)

func (f *PowerFit) solve(train []*telemetry.Series) error {
	runs := map[string]int{}
	perRun := map[string]int{}
	for _, s := range train {
		if _, ok := runs[s.Run]; !ok {
			runs[s.Run] = len(runs)
		}
		perRun[s.Run]++
	}
	var all []level
	seen := make([]signals, len(train))
	asleep, clocks := false, false
	highest := 0.0
	for i, s := range train {
		seen[i] = f.signals(s)
		for _, l := range f.levels(seen[i]) {
			l.weight = math.Sqrt(l.weight * runWorth / float64(perRun[s.Run]))
			l.block = i
			if len(runs) >= 6 {
				l.block = runs[s.Run]
			}
			all = append(all, l)
			asleep = asleep || l.awake < 0.5
			clocks = clocks || l.clock < 0.9
			highest = max(highest, l.power)
		}
	}
	limit := f.Limit
	if limit == 0 {
		limit = highest / 0.9
	}
	span := limit * 0.83 // less what it draws at rest, an eighth to a fifth of the limit
	sd := discrepancy * limit
	v := []Variable{
		powerIdle: {Name: "idle", Unit: "W", Start: 0.1 * limit, Upper: limit, Scale: 0.05 * limit, Prior: Prior{0.1 * limit, 0.05 * limit, typicalSource},
			Advice: "record a minute without any process on the device"},
		powerAwake: {Name: "awake", Unit: "W", Start: 0.07 * limit, Upper: limit, Scale: 0.05 * limit, Prior: Prior{0.07 * limit, 0.04 * limit, typicalSource},
			Advice: "record a minute with a process that holds the device and does nothing"},
		powerLeakage: {Name: "leakage", Unit: "W/K", Start: 0.8 / 700 * limit, Upper: 4.0 / 700 * limit, Prior: Prior{0.8 / 700 * limit, 0.4 / 700 * limit, typicalSource},
			Advice: "record one steady load from a cold start until it is warm"},
		powerCap: {Name: "cap", Unit: "W", Start: 0.99 * limit, Lower: 0.3 * limit, Upper: 1.1 * limit, Scale: 0.01 * limit,
			Known: true, Prior: Prior{0.99 * limit, 0.007 * limit, "the power limit"}, Advice: "run a load that the power limit holds"},
		powerGamma: {Name: "clock_exponent", Unit: "", Start: 2.2, Lower: 1, Upper: 3, Scale: 0.3, Prior: Prior{2.2, 0.4, "f·V², with voltage rising with clock"},
			Advice: "sweep the clock under one load"},
	}
	if f.proportional {
		v[powerLeakage] = Variable{Name: "leakage", Unit: "1/K", Start: 0.002, Upper: 0.01, Scale: 0.001, Prior: Prior{0.002, 0.0015, typicalSource}, Advice: v[powerLeakage].Advice}
	}
	if f.Limit == 0 {
		v[powerCap].Start, v[powerCap].Lower, v[powerCap].Upper = 10*highest, 10*highest, 10*highest
		v[powerCap].Prior, v[powerCap].Known = Prior{}, false
	}
	if !asleep { // idle and awake are one
		v[powerAwake].Lower, v[powerAwake].Start, v[powerAwake].Upper, v[powerAwake].Prior = 0, 0, 0, Prior{}
		v[powerIdle].Prior = Prior{0.16 * limit, 0.08 * limit, typicalSource}
	}
	if !clocks {
		v[powerGamma].Lower, v[powerGamma].Upper = 2.2, 2.2
	}
	for _, t := range f.terms {
		mean, tsd := t.mean, t.sd
		if !t.absolute {
			mean, tsd = mean*span, tsd*span
		}
		v = append(v, Variable{Name: t.name, Unit: t.unit, Start: mean, Upper: 20 * mean, Prior: Prior{mean, tsd, typicalSource}, Advice: t.advice})
	}
	p := &Problem{Variables: v, N: len(all), Huber: 2, Starts: 4, Block: make([]int, len(all))}
	for i, l := range all {
		p.Block[i] = l.block
	}
	p.Residuals = func(x, out []float64) {
		for i, l := range all {
			out[i] = l.weight * (f.power(x, l.awake, l.temperature, l.clock, func(k int) float64 { return l.term[k] }) - l.power) / sd
		}
	}
	s, err := p.Solve()
	if err != nil {
		return err
	}
	f.Solution = s
	sum, n := 0.0, 0
	for i := range train {
		for k, p := range f.predict(seen[i]) {
			if d := p - seen[i].power[k]; !math.IsNaN(d) {
				sum += d * d
				n++
			}
		}
	}
	f.RMSE = math.Sqrt(sum / float64(n))
	return nil
}

// power is the model.
func (f *PowerFit) power(x []float64, awake, temperature, clock float64, term func(int) float64) float64 {
	active := 0.0
	factor := 1.0
	if clock != 1 {
		factor = math.Pow(clock, x[powerGamma])
	}
	for k, t := range f.terms {
		w := x[powerTerms+k] * term(k)
		if t.clocked {
			w *= factor
		}
		active += w
	}
	p := x[powerIdle] + x[powerAwake]*awake
	if f.proportional {
		p += active * (1 + x[powerLeakage]*(temperature-leakageAt))
	} else {
		p += active + x[powerLeakage]*(temperature-leakageAt)
	}
	return min(p, x[powerCap])
}

func (f *PowerFit) predict(s signals) []float64 {
	out := make([]float64, len(s.power))
	for i := range out {
		out[i] = f.power(f.X, s.awake[i], s.temperature[i], s.clock[i], func(k int) float64 { return s.term[k][i] })
	}
	return out
}

// Predict returns the power in W at each sample of a series, from all but its power.
func (f *PowerFit) Predict(s *telemetry.Series) []float64 { return f.predict(f.signals(s)) }

// Heaviest returns the share of samples at the limit, and the largest tensor activity below it, of a series.
func (f *PowerFit) Heaviest(s *telemetry.Series) (capped, tensor float64) {
	x := f.signals(s)
	at := slices.IndexFunc(f.terms, func(t powerTerm) bool { return t.name == "tensor" })
	n := 0
	for i, p := range x.power {
		if math.IsNaN(p) {
			continue
		}
		n++
		if f.Limit > 0 && p > 0.975*f.Limit {
			capped++
		} else if at >= 0 {
			tensor = max(tensor, x.term[at][i])
		}
	}
	return capped / float64(max(n, 1)), tensor
}

// boards are published board powers in W by a part of the name that drivers report, the more special first.
var boards = []struct {
	name  string
	power float64
}{
	{"B200", 1000}, {"GB200", 1200}, {"H200 NVL", 600}, {"H200", 700}, {"H100 80GB HBM3", 700}, {"H100 SXM", 700}, {"H100 NVL", 400}, {"H100 PCIe", 350},
	{"A100-SXM", 400}, {"A100-PCIE", 300}, {"A100 80GB PCIe", 300}, {"V100-SXM", 300}, {"V100-PCIE", 250}, {"L40S", 350}, {"A40", 300}, {"RTX 3090", 350},
	{"MI300X", 750}, {"Tesla K40", 235}, {"P100-SXM", 300}, {"P100-PCIE", 250}, {"TITAN X", 250},
}

// limitOf returns the power limit of the devices in W, 0 where it is not known.
func limitOf(all []*telemetry.Series) float64 {
	limit := 0.0
	for _, s := range all {
		if c := s.Filled(telemetry.PowerLimit); c != nil {
			limit = max(limit, slices.Max(c))
		}
	}
	if limit > 0 {
		return limit
	}
	for _, s := range all {
		for _, b := range boards {
			if strings.Contains(s.Model, b.name) {
				return b.power
			}
		}
	}
	return 0
}
