package compute

import "math"

// GPU is a compiled GPU type. Powers in W, temperatures in °C.
type GPU struct {
	Name               string
	Curve              Curve
	Idle, Max          float64
	MinLimit           float64
	Resistance         float64 // K/W, die to coolant at full coolant flow
	DieResistance      float64 // K/W of it, die to sink: the same at any flow
	DieCapacity        float64 // J/K; 0: the die follows power and coolant at once
	SinkCapacity       float64 // J/K
	FlowExponent       float64
	Spread             float64
	Leakage            float64 // 1/K
	Target             float64
	Slowdown, Shutdown float64
	Hold               float64 // °C at which the die is held while it throttles
	limit, speed       []float64
	Calibrated         bool    // its figures were fitted to measurements of it
	slow               float64 // s: the slower time constant of the die at full flow
}

// The mean of the measured power-limit sweeps of a V100 (ResNet-50 and BERT; Zeus, NSDI 2023, its public data):
// relative throughput over limit ÷ 250 W. Below 0.4 the line runs to the point where a GPU has only its idle
// power left.
var (
	v100Limit = []float64{0.15, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}
	v100Speed = []float64{0, 0.56, 0.73, 0.846, 0.905, 0.948, 0.982, 1}
)

// Compile makes the type ready for use.
func (s *GPUSpec) Compile() GPU {
	g := GPU{
		Name: s.Name(), Curve: s.Power.Compile(float64(s.Idle), float64(s.Max)),
		Idle: float64(s.Idle), Max: float64(s.Max), MinLimit: float64(s.MinLimit),
		Resistance: float64(s.Resistance), FlowExponent: s.FlowExponent, Spread: float64(s.Spread),
		DieResistance: float64(s.DieResistance), DieCapacity: float64(s.DieCapacity), SinkCapacity: float64(s.SinkCapacity),
		Leakage: float64(s.Leakage), Target: float64(s.Target), Slowdown: float64(s.Slowdown), Shutdown: float64(s.Shutdown),
		Hold:  max(float64(s.Target), float64(s.Slowdown)-float64(s.Clear)),
		limit: v100Limit, speed: v100Speed, Calibrated: s.Calibration != nil,
	}
	if g.Lags() {
		_, g.slow = TwoPole{R1: g.DieResistance, R2: g.Resistance - g.DieResistance, C1: g.DieCapacity, C2: g.SinkCapacity}.Taus()
	}
	if len(s.Limits) > 0 {
		g.limit, g.speed = nil, nil
		for _, p := range s.Limits {
			g.limit = append(g.limit, float64(p.Limit))
			g.speed = append(g.speed, float64(p.Speed))
		}
	}
	return g
}

// Speed returns the relative throughput in [0, 1] of a GPU that would draw demand W and may draw limit W.
func (g *GPU) Speed(limit, demand float64) float64 {
	if limit >= demand || demand <= 0 {
		return 1
	}
	return interpolate(g.limit, g.speed, limit/demand)
}

// ThermalLimit returns the power in W that holds a throttling die at its temperature, with its coolant at the given
// temperature and r K/W between them. It is never below the idle power, which cannot be throttled away.
func (g *GPU) ThermalLimit(coolant, r float64) float64 {
	return max(g.Idle, (g.Hold-coolant)/r)
}

// ThrottleInlet returns the coolant temperature in °C above which a GPU drawing power W must throttle, with r K/W between
// die and coolant.
func (g *GPU) ThrottleInlet(power, r float64) float64 {
	return g.Slowdown - r*power
}

// ResistanceAt returns the K/W between die and coolant, of a die that has spread times the type's, where the flow to the
// power of the flow exponent is relief.
func (g *GPU) ResistanceAt(spread, relief float64) float64 {
	return spread * (g.DieResistance + (g.Resistance-g.DieResistance)/relief)
}

// Temperature returns the die temperature in °C at rest, at relative coolant flow y in (0, 1].
func (g *GPU) Temperature(coolant, power, spread, y float64) float64 {
	relief := 1.0
	if g.FlowExponent > 0 && y < 1 {
		relief = math.Pow(y, g.FlowExponent)
	}
	return coolant + g.ResistanceAt(spread, relief)*power
}

// Lags reports whether the die takes time to follow its power and its coolant.
func (g *GPU) Lags() bool { return g.DieCapacity > 0 }

// leaky returns what a GPU draws whose curve says base W for a die at its target temperature, with the die at the given
// temperature. What it draws idle is stated at rest and stays.
func (g *GPU) leaky(base, die float64) float64 {
	return g.Idle + (base-g.Idle)*max(0, 1+g.Leakage*(die-g.Target))
}

// warmed is leaky with the die where that power takes it, r K/W above its coolant. It is linear: no iteration.
func (g *GPU) warmed(base, coolant, r float64) float64 {
	if g.Leakage == 0 || base <= g.Idle {
		return base
	}
	slope := g.Leakage * (base - g.Idle)
	if slope*r >= 1 {
		return math.Inf(1) // each watt brings forth another: only a limit holds it
	}
	return max(g.Idle, (base+slope*(coolant-g.Target))/(1-slope*r))
}

// Name returns the short name of the type, or its title where it has none.
func (s *GPUSpec) Name() string { return first(s.Model, s.Title) }

func first(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}
