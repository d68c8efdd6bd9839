package compute

import (
	"math"
	"testing"
)

// h100 is a GPU with round figures: R = 0.08 K/W, slowdown at 87 °C, so 775 W at 25 °C.
func h100() GPU {
	s := GPUSpec{Model: "h", Idle: 70, Max: 700, MinLimit: 200, Resistance: 0.08, Target: 80, Slowdown: 87, Shutdown: 95,
		FlowExponent: 0.8, Power: CurveSpec{Model: "linear"}}
	return s.Compile()
}

func TestThermalLimit(t *testing.T) {
	g := h100()
	near(t, "limit at 25 °C", g.ThermalLimit(25, 0.08), (87-25)/0.08, 1e-12)
	near(t, "limit in air at slowdown", g.ThermalLimit(87, 0.08), 70, 0)
	near(t, "limit in hotter air", g.ThermalLimit(99, 0.08), 70, 0)
	// Three statements of one fact: at the inlet where 700 W just throttles, the limit is 700 W and the die is at 87 °C.
	inlet := g.ThrottleInlet(700, 0.08*1.02)
	near(t, "inlet", inlet, 87-0.08*1.02*700, 1e-12)
	near(t, "limit there", g.ThermalLimit(inlet, 0.08*1.02), 700, 1e-12)
	near(t, "die there", g.Temperature(inlet, 700, 1.02, 1), 87, 1e-12)
	g.Hold = 85
	near(t, "limit with a margin of 2 K", g.ThermalLimit(25, 0.08), (85-25)/0.08, 1e-12)
}

func TestTemperature(t *testing.T) {
	g := h100()
	near(t, "full flow", g.Temperature(25, 500, 1, 1), 25+0.08*500, 1e-12)
	near(t, "half flow", g.Temperature(25, 500, 1, 0.5), 25+0.08*500*math.Pow(2, 0.8), 1e-12)
	near(t, "idle", g.Temperature(25, 0, 1, 0.3), 25, 1e-12)
	stack := g // 0.03 K/W from the die to its sink, which no flow lowers
	stack.DieResistance = 0.03
	near(t, "half flow over the sink", stack.Temperature(25, 500, 1, 0.5), 25+500*(0.03+0.05*math.Pow(2, 0.8)), 1e-12)
	plate := g
	plate.FlowExponent = 0
	near(t, "cold plate at any flow", plate.Temperature(32, 500, 1, 0.3), 32+0.08*500, 1e-12)
}

// The default is the mean of the sweeps that Zeus (NSDI 2023) measured on V100: 0.73 of the throughput at half power.
func TestSpeed(t *testing.T) {
	g := h100()
	for _, x := range [][3]float64{{700, 700, 1}, {900, 700, 1}, {350, 700, 0.73}, {700 * 0.4, 700, 0.56}, {700 * 0.55, 700, (0.73 + 0.846) / 2},
		{125, 250, 0.73}, {700 * 0.15, 700, 0}, {50, 700, 0}, {100, 0, 1}} {
		near(t, "speed", g.Speed(x[0], x[1]), x[2], 1e-12)
	}
	s := GPUSpec{Power: CurveSpec{Model: "linear"}, Limits: []LimitPoint{{0.5, 0.9}, {1, 1}}}
	own := s.Compile()
	near(t, "own curve", own.Speed(75, 100), 0.95, 1e-12)
	last := 0.0
	for l := 0.0; l <= 700; l += 7 {
		v := g.Speed(l, 700)
		if v < last || v > 1 {
			t.Fatalf("speed %g at %g W, %g before", v, l, last)
		}
		last = v
	}
}

func TestGPUValidation(t *testing.T) {
	for want, s := range map[string]GPUSpec{
		"max":       {Idle: 100, Max: 100, Target: 80, Slowdown: 87, Shutdown: 95},
		"slowdown":  {Max: 1, Target: 90, Slowdown: 87, Shutdown: 95},
		"shutdown":  {Max: 1, Target: 80, Slowdown: 87, Shutdown: 87},
		"limits[1]": {Max: 1, Target: 80, Slowdown: 87, Shutdown: 95, Limits: []LimitPoint{{0.5, 0.9}, {0.6, 0.8}}},
	} {
		got := ""
		s.Validate(func(path, _ string) { got = path })
		if got != want {
			t.Errorf("complains of %q instead of %q", got, want)
		}
	}
}
