package cooling

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/halltwin/halltwin/models/moistair"
)

// What these equations agree with outside is in `halltwin validate physics-references`; here are their own laws.

// TestArrangements: each NTU is the inverse of its effectiveness; counterflow is best, parallel flow worst.
func TestArrangements(t *testing.T) {
	all := []Arrangement{CounterArrangement, CrossUnmixed, CrossMinMixed, CrossMinUnmixed, ParallelArrangement, PhaseChangeArrangement}
	for _, z := range []float64{0, 0.2, 0.7, 1} {
		for _, ntu := range []float64{0.05, 0.5, 2, 4} {
			best, worst := CounterArrangement.Effectiveness(ntu, z), ParallelArrangement.Effectiveness(ntu, z)
			for _, a := range all {
				eps := a.Effectiveness(ntu, z)
				if a != PhaseChangeArrangement && (eps > best+0.004 || eps < 0.975*worst) { // unmixed crossflow is an approximation
					t.Errorf("arrangement %d, NTU %v, z %v: ε %v outside [%v, %v]", a, ntu, z, eps, worst, best)
				}
				if back := a.Effectiveness(a.NTU(eps, z), z); math.Abs(back-eps) > 1e-9 {
					t.Errorf("arrangement %d, NTU %v, z %v: ε %v comes back as %v", a, ntu, z, eps, back)
				}
			}
		}
	}
	if ntu := ParallelArrangement.NTU(0.9, 1); !math.IsInf(ntu, 1) {
		t.Errorf("parallel flow reaches 0.9 with %v", ntu)
	}
}

// TestWetCoil: heat in is heat out, dry air stays as humid, humid air comes out near saturation and drier.
func TestWetCoil(t *testing.T) {
	hw, ha := CoilSides(4748, 2.0/3)
	for _, rh := range []float64{0.1, 0.3, 0.5, 0.7, 0.95} {
		s := Stream{WaterIn: 7, Water: 3.78 * cpWater, AirIn: 27, Air: 2.6, P: moistair.StandardPressure}
		s.W = moistair.FromRelative(s.AirIn, rh, s.P)
		got := WetCoil(&s, hw, ha)
		air := s.Air * (moistair.Enthalpy(s.AirIn, s.W) - moistair.Enthalpy(got.AirOut, got.W))
		if math.Abs(air-got.Heat) > 1e-6*got.Heat || math.Abs(s.Water*(got.WaterOut-s.WaterIn)-got.Heat) > 1e-6*got.Heat {
			t.Errorf("rh %v: air gives %v W, water takes %v, want %v", rh, air, s.Water*(got.WaterOut-s.WaterIn), got.Heat)
		}
		out := moistair.VapourPressure(got.W, s.P) / moistair.SaturationPressure(got.AirOut)
		if wet := got.Drain > 0; wet != (rh > 0.4) || wet && (out < 0.85 || out > 1.03) {
			t.Errorf("rh %v: drains %v kg/s, leaves at %v", rh, got.Drain, out)
		}
	}
	dry := WetCoil(&Stream{WaterIn: 18, Water: 1e4, AirIn: 36, Air: 2, W: 0.008, P: moistair.StandardPressure}, hw, ha)
	if dry.Drain != 0 || dry.W != 0.008 {
		t.Errorf("water above the dew point drains %v kg/s", dry.Drain)
	}
}

// TestGordonNg: a fit to points of a known chiller finds it again, and tells that a constant load does not do.
func TestGordonNg(t *testing.T) {
	truth := GordonNg{S: 55, L: 12e3, R: 2.5e-6}
	var points []ChillerPoint
	rng := rand.New(rand.NewPCG(1, 2))
	for range 40 {
		p := ChillerPoint{Evaporator: 8 + 6*rng.Float64(), Condenser: 20 + 12*rng.Float64(), Heat: 2e5 + 8e5*rng.Float64()}
		p.COP = truth.COP(p.Evaporator, p.Condenser, p.Heat)
		points = append(points, p)
	}
	got, err := FitGordonNg(points)
	if err != nil {
		t.Fatal(err)
	}
	if math.Abs(got.S/truth.S-1) > 1e-6 || math.Abs(got.L/truth.L-1) > 1e-6 || math.Abs(got.R/truth.R-1) > 1e-6 {
		t.Errorf("found %+v, want %+v", got, truth)
	}
	if cop := truth.COP(10, 25, 6e5); cop < 3 || cop > 15 {
		t.Errorf("COP %v is no chiller", cop)
	}
	if _, err := FitGordonNg(points[:2]); err == nil {
		t.Error("two points fit three parameters")
	}
	same := []ChillerPoint{points[0], points[0], points[0], points[0]}
	if g, err := FitGordonNg(same); err == nil && !math.IsNaN(g.S) {
		t.Logf("equal points give %+v", g)
	}
}

// TestTank: one long flow is many short ones, the heat is kept, a step comes out as [TankSeries] has it.
func TestTank(t *testing.T) {
	for _, n := range []int{1, 5, 20} {
		start := func() *Tank {
			k := &Tank{Mass: 4e8, T: make([]float64, n)}
			for i := range k.T {
				k.T[i] = 12
			}
			return k
		}
		long, short := start(), start()
		out := long.Flow(18, 1e6, 600)
		sum := 0.0
		for range 600 {
			sum += short.Flow(18, 1e6, 1)
		}
		if math.Abs(out-sum/600) > 1e-9 {
			t.Errorf("%d nodes: %v °C in one step, %v in 600", n, out, sum/600)
		}
		for i := range long.T {
			if math.Abs(long.T[i]-short.T[i]) > 1e-9 {
				t.Errorf("%d nodes: node %d is at %v or %v °C", n, i, long.T[i], short.T[i])
			}
		}
		if want := 12 + 6*TankSeries(n, 1e6*600/4e8); math.Abs(long.T[n-1]-want) > 1e-9 {
			t.Errorf("%d nodes: the top is at %v °C, want %v", n, long.T[n-1], want)
		}
		before := long.Energy()
		low := long.Flow(6, -2e6, 900)
		if bal := long.Energy() - before - 2e6*900*(6-low); math.Abs(bal) > 1e-6*before {
			t.Errorf("%d nodes: %v J from nowhere", n, bal)
		}
		long.T[0] = 40
		before = long.Energy()
		long.Mix()
		for i := 1; i < n; i++ {
			if long.T[i] < long.T[i-1]-1e-9 {
				t.Errorf("%d nodes: an inversion is left: %v", n, long.T)
			}
		}
		if math.Abs(long.Energy()/before-1) > 1e-12 {
			t.Error("mixing makes heat")
		}
		long.Wall = 500
		before = long.Energy()
		if lost := long.Lose(30, 3600); math.Abs(before-lost-long.Energy()) > 1e-6*before {
			t.Errorf("%d nodes: %v J lost, %v J gone", n, lost, before-long.Energy())
		}
	}
}

// TestHumidity: spray cools along the wet bulb, steam hardly heats, and a capacity is a capacity.
func TestHumidity(t *testing.T) {
	water, w := Humidify(10, 0.004, 0.007, 0.02)
	if water != 0.02 || math.Abs(w-0.006) > 1e-12 {
		t.Errorf("%v kg/s to %v", water, w)
	}
	cool := SprayOutlet(30, 0.005, 0.008, 15)
	p := moistair.StandardPressure
	if a, b := moistair.WetBulb(30, 0.005, p), moistair.WetBulb(cool, 0.008, p); math.Abs(a-b) > 0.1 {
		t.Errorf("the wet bulb goes from %v to %v °C", a, b)
	}
	if warm := SteamOutlet(22, 0.004, 0.008); warm < 22 || warm > 23 {
		t.Errorf("steam heats to %v °C", warm)
	}
	if got := Reheat(2, 10, 0.005, 14, 1e6); math.Abs(got-2*4*(moistair.Cp+0.005*moistair.CpVapour)) > 1e-9 || Reheat(2, 15, 0, 14, 1e6) != 0 {
		t.Errorf("reheat %v W", got)
	}
}

// TestMover: the affinity laws, and a spline that keeps a monotone table monotone.
func TestMover(t *testing.T) {
	m := Mover{Pressure: NewSpline([]float64{0, 1, 2, 2.5}, []float64{1000, 900, 300, 0}), Eta: 0.6}
	v := m.Operate(1, 600, 0)
	half := m.Operate(0.5, 600, 0)
	if math.Abs(half-v/2) > 1e-9 || math.Abs(m.Draw(half, 0.5)-m.Draw(v, 1)/8) > 1e-6 {
		t.Errorf("half the speed: %v of %v m³/s, %v of %v W", half, v, m.Draw(half, 0.5), m.Draw(v, 1))
	}
	last := math.Inf(1)
	for x := -0.2; x < 2.8; x += 0.01 {
		y := m.Pressure.At(x)
		if y > last+1e-9 {
			t.Fatalf("rises at %v", x)
		}
		last = y
	}
	if m.Operate(1, 600, 2000) != 0 {
		t.Error("it lifts more than its shut-off pressure")
	}
}

// TestAirRule: hysteresis of the air-side economizer, and its shut-out of humid air.
func TestAirRule(t *testing.T) {
	l := AirLimits{Band: 1, DewPoint: 15}
	for _, c := range []struct {
		from         Mode
		outdoor, dew float64
		want         Mode
	}{
		{Free, 23, 5, Free}, {Free, 25.5, 5, Partial}, {Free, 10, 16, Partial},
		{Partial, 35, 5, Partial}, {Partial, 38, 5, Mechanical}, {Partial, 30, 17, Mechanical}, {Partial, 22, 5, Free}, {Partial, 23.5, 5, Partial},
		{Mechanical, 35.5, 5, Mechanical}, {Mechanical, 30, 5, Partial}, {Mechanical, 30, 15.5, Mechanical},
	} {
		if got := AirRule(c.from, c.outdoor, c.dew, 24, 36, l); got != c.want {
			t.Errorf("from %v at %v °C, dew point %v: %v, want %v", c.from, c.outdoor, c.dew, got, c.want)
		}
	}
	if got := MixShare(5, 35, 20, 0.05); got != 0.5 {
		t.Errorf("mixing takes %v", got)
	}
}

// TestDXCurve: the curve is 1 at its rating and holds its inputs inside its range.
func TestDXCurve(t *testing.T) {
	c := TypicalDX()
	capacity, eir, clamped := c.At(19.44, 35, 1)
	if math.Abs(capacity-1) > 0.01 || math.Abs(eir*c.COP-1) > 0.01 || clamped {
		t.Errorf("at the rating: %v, %v, %v", capacity, eir*c.COP, clamped)
	}
	a, b, clamped := c.At(40, -10, 3)
	if x, y, _ := c.At(c.EvaporatorMax, c.CondenserMin, c.FlowMax); a != x || b != y || !clamped {
		t.Error("inputs outside the range are not held")
	}
}

// TestTowerHeat: the heat from water of a known temperature is the inverse of the temperature for a known heat.
func TestTowerHeat(t *testing.T) {
	tower := NewTower(2e6, 5.5, 3.9, 25.6, 1.2, moistair.StandardPressure)
	for _, y := range []float64{0, 0.3, 1} {
		for _, q := range []float64{1e5, 1e6, 2.5e6} {
			in, _ := tower.Leaving(q, y, tower.Water, 18)
			if got := tower.Heat(in, y, tower.Water, 18); math.Abs(got/q-1) > 1e-6 {
				t.Errorf("speed %v: %v W from water of %v °C, want %v", y, got, in, q)
			}
		}
	}
	if tower.Heat(15, 1, tower.Water, 18) != 0 {
		t.Error("water below the wet bulb gives heat")
	}
}
