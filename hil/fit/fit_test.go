package fit

import (
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"testing"

	"github.com/halltwin/halltwin/hil/telemetry"
	"github.com/halltwin/halltwin/models/compute"
)

// Each fit is given data of known parameters, twenty times, and must find them: inside its 95 % intervals in at least 90 % of
// the cases, over all parameters and draws.
const draws = 20

// tally counts how often the truth lies inside.
type tally struct{ in, all int }

func (c *tally) add(t *testing.T, p Parameter, truth float64) {
	c.all++
	if truth >= p.Low && truth <= p.High {
		c.in++
	} else {
		t.Logf("%s: %g is outside [%.5g, %.5g]", p.Name, truth, p.Low, p.High)
	}
}

func (c *tally) check(t *testing.T) {
	t.Helper()
	t.Logf("%d of %d inside", c.in, c.all)
	if c.all == 0 || 10*c.in < 9*c.all {
		t.Errorf("%d of %d parameters inside their intervals; 90 %% are required", c.in, c.all)
	}
}

func about(r *rand.Rand, x, share float64) float64 { return x * (1 + share*(2*r.Float64()-1)) }

// gpu makes a recording of a load that goes through levels of activity, of a GPU with the given parameters.
func gpu(r *rand.Rand, run, device string, x []float64) *telemetry.Series {
	s := &telemetry.Series{Run: run, Device: device, Model: "NVIDIA H100 80GB HBM3"}
	var power, temperature, util, sm, tensor, dram, link, throttle []float64
	die := 30.0
	for level := range 12 {
		a, b, c, d := r.Float64(), 0.4*r.Float64(), 0.8*r.Float64(), 1e11*r.Float64()
		u := 0.5 + 0.5*r.Float64()
		idle, awake := 0.0, 1.0
		switch level {
		case 0:
			a, b, c, d, u, idle, awake = 0, 0, 0, 0, 0, 1, 0
		case 1:
			a, b, c, d, u = 0, 0, 0, 0, 0
		}
		for range 20 {
			s.Time = append(s.Time, float64(len(s.Time)))
			p := x[0] + x[1]*awake + x[2]*(die-leakageAt) + x[3]*a*u + x[4]*b + x[5]*c + x[6]*d*1e-11
			p = min(p, 693)
			die += 0.1 * (25 + 0.06*p - die)
			power = append(power, p+2*r.NormFloat64())
			temperature = append(temperature, die)
			util, sm, tensor, dram, link, throttle = append(util, u), append(sm, a), append(tensor, b), append(dram, c), append(link, d), append(throttle, idle)
		}
	}
	for q, v := range map[telemetry.Quantity][]float64{telemetry.Power: power, telemetry.Temperature: temperature, telemetry.Utilisation: util, telemetry.SMActive: sm,
		telemetry.TensorActive: tensor, telemetry.DRAMActive: dram, telemetry.NVLink: link, telemetry.Throttle: throttle} {
		s.Set(q, v)
	}
	return s
}

func TestPowerFindsWhatIsHidden(t *testing.T) {
	var c tally
	for seed := range uint64(draws) {
		r := rand.New(rand.NewPCG(seed, 1))
		truth := []float64{about(r, 72, 0.2), about(r, 48, 0.2), about(r, 0.8, 0.4), about(r, 250, 0.4), about(r, 700, 0.3), about(r, 200, 0.4), about(r, 8, 0.5)}
		var all []*telemetry.Series
		for run := range 4 {
			for d := range 2 {
				all = append(all, gpu(r, fmt.Sprint(run), fmt.Sprint(d), truth))
			}
		}
		f, err := Power(all, PowerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for i, name := range []string{"idle", "awake", "leakage", "sm", "tensor", "memory", "link"} {
			p, ok := f.Get(name)
			if !ok {
				t.Fatalf("no parameter %s", name)
			}
			c.add(t, p, truth[i])
		}
		left := gpu(r, "left out", "0", truth)
		if e := RMSE(f.Predict(left), left.Get(telemetry.Power)); e > 12 {
			t.Errorf("draw %d: %.1f W on a recording left out", seed, e)
		}
	}
	c.check(t)
}

// Two signals that always move together cannot be told apart, and the fit says so instead of guessing.
func TestPowerSaysWhatItCannotKnow(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	var all []*telemetry.Series
	for run := range 3 {
		s := gpu(r, fmt.Sprint(run), "0", []float64{72, 48, 0.8, 250, 700, 200, 8})
		sm := s.Get(telemetry.SMActive)
		tensor, dram, link, util := make([]float64, len(sm)), make([]float64, len(sm)), make([]float64, len(sm)), make([]float64, len(sm))
		power := make([]float64, len(sm))
		for i, a := range sm {
			tensor[i], dram[i], util[i] = 0.3*a, 0.5*a, 1
			power[i] = 120 + 250*a + 700*tensor[i] + 200*dram[i] + r.NormFloat64()
		}
		s.Set(telemetry.TensorActive, tensor)
		s.Set(telemetry.DRAMActive, dram)
		s.Set(telemetry.NVLink, link)
		s.Set(telemetry.Utilisation, util)
		s.Set(telemetry.Power, power)
		all = append(all, s)
	}
	f, err := Power(all, PowerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if f.Condition < illConditioned {
		t.Errorf("condition index %.0f", f.Condition)
	}
	link, _ := f.Get("link")
	memory, _ := f.Get("memory")
	if link.Determined || memory.Determined {
		t.Errorf("link and memory count as determined: %s", f.Verdict())
	}
	if memory.Advice == "" {
		t.Error("no experiment is named")
	}
}

func TestThermalFindsWhatIsHidden(t *testing.T) {
	var c tally
	for seed := range uint64(draws) {
		r := rand.New(rand.NewPCG(seed, 2))
		inlet, offset := 20+8*r.Float64(), 1+3*r.Float64()
		front := compute.TwoPole{R1: about(r, 0.03, 0.25), R2: about(r, 0.03, 0.25), C1: about(r, 130, 0.25), C2: about(r, 1300, 0.25)}
		rear := front
		rear.R2 = front.R2 + 0.012 + 0.01*r.Float64()
		node := make([]*telemetry.Series, 8)
		for d := range node {
			p, tc := front, inlet
			if d%2 == 1 {
				p, tc = rear, inlet+offset
			}
			var time, power, coolant []float64
			load := 100.0
			for i := range 600 {
				if i%60 == 30 {
					load = 100 + 500*r.Float64()
				}
				time, power, coolant = append(time, float64(i)), append(power, load), append(coolant, tc)
			}
			die := make([]float64, len(time))
			p.Follow(p.Rest(power[0], tc), time, power, coolant, die)
			for i := range die {
				die[i] = math.Round(die[i] + 0.3*r.NormFloat64())
			}
			s := &telemetry.Series{Run: "r", Device: fmt.Sprint(d), Time: time}
			s.Set(telemetry.Power, power)
			s.Set(telemetry.Temperature, die)
			node[d] = s
		}
		f, err := Thermal(node[:6])
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range []struct {
			name  string
			truth float64
		}{{"inlet", inlet}, {"die_resistance", front.R1}, {"die_capacity", front.C1}, {"sink_resistance", front.R2}, {"sink_resistance_warm", rear.R2}, {"sink_capacity", front.C2}, {"coolant_offset_warm", offset}} {
			p, ok := f.Get(x.name)
			if !ok {
				t.Fatalf("draw %d: no %s; %d places", seed, x.name, f.Places)
			}
			c.add(t, p, x.truth)
		}
		for _, s := range node[6:] {
			_, predicted, err := f.Place(s, 60)
			if err != nil {
				t.Fatal(err)
			}
			if e := RMSE(predicted, s.Get(telemetry.Temperature)); e > 1 {
				t.Errorf("draw %d: %.2f K on a device left out", seed, e)
			}
		}
	}
	c.check(t)
}

func TestLimitFindsWhatIsHidden(t *testing.T) {
	var c tally
	for seed := range uint64(draws) {
		r := rand.New(rand.NewPCG(seed, 3))
		bend := make([]float64, len(limitKnots)-1)
		for i := range bend {
			bend[i] = 0.05 + 0.3*r.Float64()
		}
		truth := concave(bend)
		static := about(r, 50, 0.3)
		points := []LimitPoint{{Load: "rest", Device: "d", Limit: 300, Power: static, Speed: 1}}
		for load := range 40 {
			demand := 120 + 170*r.Float64()
			for limit := static + 15; limit <= 300; limit += 20 {
				x := min(1, (limit-static)/(demand-static))
				points = append(points, LimitPoint{Load: fmt.Sprint(load), Device: "d", Limit: limit, Power: min(limit, demand), Speed: 7 * interpolate(limitKnots, truth, x) * (1 + 0.01*r.NormFloat64())})
			}
			points = append(points, LimitPoint{Load: fmt.Sprint(load), Device: "d", Limit: 320, Power: demand, Speed: 7})
		}
		f, err := Limit(points)
		if err != nil {
			t.Fatal(err)
		}
		for k := 1; k < len(limitKnots)-1; k++ {
			p, _ := f.Get(fmt.Sprintf("speed_at_%.1f", limitKnots[k]))
			c.add(t, p, truth[k])
		}
		for k := 2; k < len(f.Speeds); k++ {
			if f.Speeds[k] < f.Speeds[k-1] || f.Speeds[k]-f.Speeds[k-1] > f.Speeds[k-1]-f.Speeds[k-2]+1e-9 {
				t.Fatalf("draw %d: neither growing nor concave: %v", seed, f.Speeds)
			}
		}
	}
	c.check(t)
}

// A meter of known period and window reads a load that steps at random; the readings are polled, as nvidia-smi does.
func TestMeterFindsWhatIsHidden(t *testing.T) {
	var c tally
	n := 5 // a draw takes half a second
	if os.Getenv("HALLTWIN_SOAK") != "" {
		n = draws
	}
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 4))
		period := 0.03 + 0.1*r.Float64()
		window := period * (0.3 + 1.5*r.Float64())
		var time, power []float64
		level, next := 100.0, 0.0
		for i := range 12000 {
			x := float64(i) * 1e-3
			if x >= next {
				level, next = 80+250*r.Float64(), x+0.05+0.4*r.Float64()
			}
			time, power = append(time, 1.7e9+x), append(power, level+r.NormFloat64())
		}
		s := integrate(time, power)
		var t2, v2 []float64
		update, value := 0.0, 0.0
		for x := 0.0; x < 12; x += 0.007 + 0.001*r.Float64() {
			for update <= x {
				value = math.Round(100*(0.96*s.mean(1.7e9+update, window)+3+0.3*r.NormFloat64())) / 100
				update += period
			}
			t2, v2 = append(t2, 1.7e9+3600+x), append(v2, value)
		}
		p, err := Period(t2, v2)
		if err != nil {
			t.Fatal(err)
		}
		c.add(t, Parameter{Name: "period", Low: p.Low, High: p.High}, period)
		w, err := Window(time, power, t2, v2)
		if err != nil {
			t.Fatal(err)
		}
		c.add(t, Parameter{Name: "window", Low: w.Low, High: w.High}, window)
		if w.Exponential {
			t.Errorf("draw %d: a mean is taken for a low pass", seed)
		}
		if w.Shift != 3600 || math.Abs(w.Gain-0.96) > 0.02 {
			t.Errorf("draw %d: shift %g s, gain %g", seed, w.Shift, w.Gain)
		}
	}
	c.check(t)
}

func TestOverheadFindsWhatIsHidden(t *testing.T) {
	var c tally
	for seed := range uint64(draws) {
		r := rand.New(rand.NewPCG(seed, 5))
		fixed, share := about(r, 1500, 0.4), 1.05+0.15*r.Float64()
		var gpus, node []float64
		memory := 0.0
		for i := range 400 {
			g := 800 + 4500*float64(i%80)/80
			memory += 0.2 * (60*r.NormFloat64() - memory)
			gpus, node = append(gpus, g), append(node, fixed+share*g+memory)
		}
		f, err := Overhead(gpus, node, 20)
		if err != nil {
			t.Fatal(err)
		}
		c.add(t, f.Parameters[0], fixed)
		c.add(t, f.Parameters[1], share)
	}
	c.check(t)
}

// A third of wild readings, as a broken exporter sends them, does not move a fit by more than its interval.
func TestOutliersBendNothing(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 6))
	var gpus, node, spoiled []float64
	for i := range 400 {
		g := 800 + 4500*float64(i%80)/80
		gpus, node = append(gpus, g), append(node, 1500+1.1*g+20*r.NormFloat64())
		spoiled = append(spoiled, node[i])
		if i%20 == 3 {
			spoiled[i] = 50000
		}
	}
	clean, err := Overhead(gpus, node, 20)
	if err != nil {
		t.Fatal(err)
	}
	bent, err := Overhead(gpus, spoiled, 20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range clean.X {
		if p := bent.Parameters[i]; p.Value < clean.Parameters[i].Low-0.02*clean.X[i] || p.Value > clean.Parameters[i].High+0.02*clean.X[i] {
			t.Errorf("%s moves from %v to %v", p.Name, clean.X[i], bent.X[i])
		}
	}
}

// Phases come back from runs of known levels and edges.
func TestPhases(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 8))
	run := func() PhaseRun {
		p := PhaseRun{Phases: []Phase{{0, "first"}, {100, "eval"}, {120, "train"}, {300, "eval"}, {320, "done"}}}
		for x := -20.0; x < 340; x++ {
			v := 2000.0
			switch w := p.where(x); {
			case w.phase == "first" && w.since < 6:
				v = 2500
			case w.phase == "first" || w.phase == "train":
				v = 7000
			case w.phase == "eval":
				v = 5000
			}
			p.Time, p.Power = append(p.Time, x), append(p.Power, v+30*r.NormFloat64())
		}
		return p
	}
	f, err := Phases([]PhaseRun{run(), run(), run()})
	if err != nil {
		t.Fatal(err)
	}
	left := run()
	if e := RMSE(f.Predict(left), left.Power); e > 60 {
		t.Errorf("%.0f W on a run left out", e)
	}
}
