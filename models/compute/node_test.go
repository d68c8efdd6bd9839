package compute

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/workload"
)

// frontierRack and marconiRack are the systems as ExaDigiT RAPS configures them.
func frontierRack() Rack {
	flat := CurveSpec{Model: "linear"}
	s := RackSpec{
		Nodes: 128, Shelves: 8, Switches: 4, SwitchPower: 250, Mass: 3600,
		Rectifier: power.PSUSpec{Model: "affine", Constant: 17, Efficiency: 0.96, Count: 4},
		Node: NodeSpec{
			GPUs: 4, GPU: GPUSpec{Idle: 88, Max: 560, Power: flat, Resistance: 0.01, Target: 80, Slowdown: 87, Shutdown: 95},
			CPUs: 1, CPU: CPUSpec{Cores: 64, Idle: 90, Max: 280, Power: flat},
			MemoryPower: 74.26, DrivePower: 30, NICs: 4, NICPower: 20,
			PSU: power.PSUSpec{Model: "affine", Constant: 13, Efficiency: 0.98},
		},
	}
	return s.Compile()
}

func marconiRack() Rack {
	flat := CurveSpec{Model: "linear"}
	s := RackSpec{
		Nodes: 20, Shelves: 1, Switches: 5, SwitchPower: 250, Mass: 1000,
		Node: NodeSpec{
			GPUs: 4, GPU: GPUSpec{Idle: 75, Max: 300, Power: flat, Resistance: 0.01, Target: 80, Slowdown: 87, Shutdown: 95},
			CPUs: 2, CPU: CPUSpec{Cores: 16, Idle: 47.25, Max: 252, Power: flat},
			MemoryPower: 74.26, DrivePower: 45, NICs: 2, NICPower: 21,
		},
	}
	return s.Compile()
}

// raps is the sum that RAPS forms for Frontier, in kW, with every node at the same utilisation.
func raps(cpu, gpu float64) float64 {
	dc := cpu*280 + (1-cpu)*90 + gpu*560 + (4-gpu)*88 + 74.26 + 4*20 + 30
	node := (dc + 13) / 0.98
	chassis := 16*node + 4*250
	rack := 8 * 4 * ((chassis/4 + 17) / 0.96)
	return (74*rack + 25*8473.47) / 1000
}

// Three published levels of Frontier, to 0.001 kW, and the two of Marconi100.
func TestRAPSLevels(t *testing.T) {
	r := frontierRack()
	total := func(cpu, gpu float64) float64 {
		l := Load{GPUsUp: 4, CPU: cpu * 64, Groups: []Group{{GPUs: 4, Util: workload.Util{GPU: gpu / 4, CPU: cpu}, Limit: math.Inf(1), Spread: 1}}}
		d := r.Node.Eval(&l, 20)
		return (74*float64(r.Shelves)*r.ShelfInput(d.Input*float64(r.Nodes/r.Shelves)) + 25*8473.47) / 1000
	}
	for _, x := range []struct {
		name             string
		cpu, gpu, stated float64 // busy CPUs and GPUs of a node; kW
	}{
		{"idle", 0, 0, 7306.5238},
		{"HPL", 0.33, 3.16, 22954.4531},
		{"peak", 1, 4, 28227.8844},
	} {
		got := total(x.cpu, x.gpu)
		if math.Abs(got-x.stated) > 0.001 {
			t.Errorf("Frontier %s: %.4f kW, published %.4f", x.name, got, x.stated)
		}
		near(t, "Frontier "+x.name, got, raps(x.cpu, x.gpu), 1e-12)
	}
	near(t, "Frontier's rack at rest", (74*r.Idle+25*8473.47)/1000, 7306.5238, 1e-8)
	near(t, "Frontier's rack at full load", (74*r.Max+25*8473.47)/1000, 28227.8844, 1e-8)

	m := marconiRack()
	near(t, "Marconi100 idle in MW", 49*m.Idle/1e6, 0.6059, 1e-4)
	near(t, "Marconi100 peak in MW", 49*m.Max/1e6, 1.8892, 1e-4)
}

// bench is an air-cooled node with round figures: fans 100 W and 0.5 m³/s at full speed, 8 GPUs of 100–500 W.
func bench() Node {
	s := NodeSpec{
		GPUs: 8, GPU: GPUSpec{Idle: 100, Max: 500, MinLimit: 150, Power: CurveSpec{Model: "linear"}, Resistance: 0.1, FlowExponent: 0.8, Target: 80, Slowdown: 87, Shutdown: 95},
		CPUs: 2, CPU: CPUSpec{Cores: 50, Idle: 50, Max: 150, Power: CurveSpec{Model: "linear"}},
		MemoryPower: 40, DrivePower: 10, NICs: 2, NICPower: 15, Other: 20,
		Fans: FanSpec{Power: 100, Flow: 0.5, Minimum: 0.3, RampFrom: 27, RampTo: 40, Exponent: 3},
	}
	return s.Compile()
}

func TestNodeIsTheSumOfItsParts(t *testing.T) {
	n := bench()
	fixed := 40.0 + 10 + 2*15 + 20
	fans := 100 * math.Pow(0.3, 3)
	near(t, "idle", n.IdlePower, fixed+8*100+2*50+fans, 1e-12)
	free := math.Inf(1)
	l := Load{GPUsUp: 7, CPU: 30 + 10, Groups: []Group{
		{GPUs: 4, Util: workload.Util{GPU: 0.5}, Limit: free, Spread: 1},
		{GPUs: 2, Util: workload.Util{GPU: 0.25}, Limit: free, Spread: 1},
	}}
	d := n.Eval(&l, 20)
	near(t, "GPUs: four at 300 W, two at 200 W, one idle, one dead", d.GPUs, 4*300+2*200+100, 1e-12)
	near(t, "CPUs at 40 of 100 cores", d.CPUs, 2*(50+0.4*100), 1e-12)
	// Fans hold the hottest die at 80 °C: R y^-0.8 · 300 W = 60 K.
	y := math.Pow(0.1*300/60, 1/0.8)
	near(t, "flow", d.Flow, 0.5*y, 1e-12)
	near(t, "fans", d.Fans, 100*y*y*y, 1e-12)
	near(t, "input", d.Input, fixed+d.GPUs+d.CPUs+d.Fans, 1e-12)
	near(t, "die", n.GPU.Temperature(20, 300, 1, d.Flow/n.FullFlow), 80, 1e-9)
}

// The fans take the largest of three demands: the minimum, the ramp of the inlet, the hottest die.
func TestFanLaw(t *testing.T) {
	n := bench()
	idle := Load{GPUsUp: 8}
	for _, x := range [][2]float64{{10, 0.3}, {27, 0.3}, {33.5, 0.65}, {40, 1}, {50, 1}} {
		d := n.Eval(&idle, x[0])
		near(t, fmt.Sprintf("speed in air of %g °C", x[0]), d.Flow/0.5, x[1], 1e-12)
		near(t, "cube law", d.Fans, 100*x[1]*x[1]*x[1], 1e-12)
	}
}

func TestLimits(t *testing.T) {
	n := bench()
	eval := func(use, limit, inlet, spread float64) Group {
		l := Load{GPUsUp: 8, Groups: []Group{{GPUs: 8, Util: workload.Util{GPU: use}, Limit: limit, Spread: spread}}}
		n.Eval(&l, inlet)
		return l.Groups[0]
	}
	for _, x := range []struct {
		name              string
		use, limit, inlet float64
		power, speed      float64
		bound             Bound
	}{
		{"free", 1, math.Inf(1), 20, 500, 1, Unbound},
		{"a limit above the demand", 0.5, 301, 20, 300, 1, Unbound},
		{"half the power", 1, 250, 20, 250, 0.73, PowerLimit},
		{"0.8 of the power of a GPU that is half busy", 0.5, 240, 20, 240, 0.948, PowerLimit},
		{"a limit below idle", 1, 50, 20, 100, 0.56 * (0.2 - 0.15) / 0.25, PowerLimit},
		{"heat: 87-47 = 40 K over 0.1 K/W", 1, math.Inf(1), 47, 400, 0.948, Thermal},
		{"heat below the limit", 1, 450, 47, 400, 0.948, Thermal},
		{"the limit below the heat", 1, 250, 47, 250, 0.73, PowerLimit},
		{"idle GPUs cannot be throttled", 0, math.Inf(1), 86, 100, 1, Unbound},
		{"hotter than slowdown", 1, math.Inf(1), 90, 100, 0.56 * (0.2 - 0.15) / 0.25, Thermal},
	} {
		g := eval(x.use, x.limit, x.inlet, 1)
		near(t, x.name+": power", g.Power, x.power, 1e-9)
		near(t, x.name+": speed", g.Speed, x.speed, 1e-9)
		if g.Bound != x.bound {
			t.Errorf("%s: bound %d, want %d", x.name, g.Bound, x.bound)
		}
	}
	g := eval(1, math.Inf(1), 47, 1.25)
	near(t, "a die with a quarter more resistance", g.Power, 320, 1e-9)
}

// Groups share nothing but the box: two jobs draw what each would draw on its GPUs alone.
func TestEvalIsAdditive(t *testing.T) {
	n := bench()
	n.FullFlow, n.fans.Power = 0, 0 // fans answer the hottest alone
	rapid.Check(t, func(t *rapid.T) {
		inlet := rapid.Float64Range(10, 60).Draw(t, "inlet")
		var l Load
		l.GPUsUp = 8
		left := 8
		var want float64
		for left > 0 && len(l.Groups) < 4 {
			k := rapid.IntRange(1, left).Draw(t, "gpus")
			g := Group{GPUs: k, Util: workload.Util{GPU: rapid.Float64Range(0, 1).Draw(t, "use")},
				Limit: rapid.Float64Range(100, 600).Draw(t, "limit"), Spread: rapid.Float64Range(0.9, 1.1).Draw(t, "spread")}
			alone := Load{GPUsUp: k, Groups: []Group{g}}
			want += n.Eval(&alone, inlet).GPUs
			l.Groups = append(l.Groups, g)
			left -= k
		}
		want += float64(left) * 100
		if got := n.Eval(&l, inlet).GPUs; math.Abs(got-want) > 1e-9*want {
			t.Fatalf("%g W together, %g W apart", got, want)
		}
		for i, g := range l.Groups {
			if g.Power < 100 || g.Power > 500 || g.Speed < 0 || g.Speed > 1 || (g.Bound == Unbound) != (g.Speed == 1) && g.Power != 100 {
				t.Fatalf("group %d: %+v", i, g)
			}
			if die := n.GPU.Temperature(inlet, g.Power, g.Spread, 1); die > 87+1e-9 && g.Power > 100 {
				t.Fatalf("group %d: die at %g °C", i, die)
			}
		}
	})
}

// Four rectifiers a shelf share its load: the affine loss counts once for each.
func TestRackRectifiers(t *testing.T) {
	r := frontierRack()
	near(t, "an empty shelf", r.ShelfInput(0), 4*((1000.0/4+17)/0.96), 1e-12)
	near(t, "a loaded shelf", r.ShelfInput(40e3), 4*((41000.0/4+17)/0.96), 1e-12)
	s := RackSpec{Nodes: 4, Shelves: 2, Node: NodeSpec{CPUs: 1, CPU: CPUSpec{Cores: 1, Idle: 100, Max: 200, Power: CurveSpec{Model: "linear"}}}, Mass: 1000}
	bare := s.Compile()
	near(t, "a rack without rectifiers", bare.Idle, 400, 1e-12)
	near(t, "the same at full load", bare.Max, 800, 1e-12)
	near(t, "its heat capacity", bare.HeatCapacity, 500e3, 1e-12)
}

func BenchmarkEval(b *testing.B) {
	n := bench()
	l := Load{GPUsUp: 8, CPU: 40, Groups: []Group{{GPUs: 8, Util: workload.Util{GPU: 0.9}, Limit: math.Inf(1), Spread: 1.03}}}
	b.ReportAllocs()
	for b.Loop() {
		n.Eval(&l, 24)
	}
}

func TestEvalDoesNotAllocate(t *testing.T) {
	n := bench()
	l := Load{GPUsUp: 8, CPU: 40, Groups: []Group{{GPUs: 8, Util: workload.Util{GPU: 0.9}, Limit: math.Inf(1), Spread: 1.03}}}
	if k := testing.AllocsPerRun(100, func() { n.Eval(&l, 24) }); k != 0 {
		t.Errorf("%g allocations", k)
	}
}
