package compute

import "math"

// GPU is a compiled GPU type. Powers in W, temperatures in °C.
type GPU struct {
	Name               string
	Curve              Curve
	Idle, Max          float64
	MinLimit           float64
	Resistance         float64 // K/W at full coolant flow
	FlowExponent       float64
	Spread             float64
	Target             float64
	Slowdown, Shutdown float64
	limit, speed       []float64
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
		Target: float64(s.Target), Slowdown: float64(s.Slowdown), Shutdown: float64(s.Shutdown),
		limit: v100Limit, speed: v100Speed,
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

// ThermalLimit returns the power in W at which the die reaches its slowdown temperature, with its coolant at the
// given temperature, at full flow, for a die whose resistance is spread times the type's. It is never below the
// idle power, which cannot be throttled away.
func (g *GPU) ThermalLimit(coolant, spread float64) float64 {
	return max(g.Idle, (g.Slowdown-coolant)/(g.Resistance*spread))
}

// ThrottleInlet returns the coolant temperature in °C above which a GPU drawing power W must throttle.
func (g *GPU) ThrottleInlet(power, spread float64) float64 {
	return g.Slowdown - g.Resistance*spread*power
}

// Temperature returns the die temperature in °C at relative coolant flow y in (0, 1].
func (g *GPU) Temperature(coolant, power, spread, y float64) float64 {
	r := g.Resistance * spread
	if g.FlowExponent > 0 && y < 1 {
		r *= math.Pow(y, -g.FlowExponent)
	}
	return coolant + r*power
}

// needForTarget returns by how much the resistance at full flow may rise, as a reciprocal, for the die to stand at its
// target: the flow, to the power of the flow exponent, that holds it there. It is at most 1.
func (g *GPU) needForTarget(coolant, power, spread float64) float64 {
	rise := g.Target - coolant
	if rise <= 0 {
		return 1
	}
	return min(g.Resistance*spread*power/rise, 1)
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
