package cooling

import (
	"bufio"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/moistair"
)

// rows reads the numeric rows of a text file.
func rows(t *testing.T, path string) [][]float64 {
	t.Helper()
	f, err := os.Open(filepath.Join(dataDir(), "physics", path))
	if err != nil {
		t.Skipf("reference data is absent: set HALLTWIN_DATA to its folder (%v)", err)
	}
	defer f.Close()
	var out [][]float64
	for in := bufio.NewScanner(f); in.Scan(); {
		var row []float64
		for _, c := range strings.Split(in.Text(), ",") {
			v, err := strconv.ParseFloat(c, 64)
			if err != nil {
				row = nil
				break
			}
			row = append(row, v)
		}
		if row != nil {
			out = append(out, row)
		}
	}
	return out
}

// TestMerkelEnergyPlus rejects EnergyPlus' heat in EnergyPlus' tower: the water must come in as warm as there.
func TestMerkelEnergyPlus(t *testing.T) {
	const water, air = 0.00109317 * 995.586, 0.56124 * 1.2
	const rng, approach, wetBulb = 5.5, 3.9, 25.6
	tower := Tower{Water: water, Air: air, WetBulb: wetBulb, Pressure: moistair.StandardPressure}
	heat := water * cpWater * rng
	cp := heat / (air * (tower.airOut(heat, air, wetBulb) - wetBulb))
	ca, cw := air*cp, water*cpWater
	cmin, cmax := min(ca, cw), max(ca, cw)
	tower.UA = CounterflowNTU(heat/(cmin*(rng+approach)), cmin/cmax) * cmin * moistair.Cp / cp
	var errs []float64
	for _, r := range rows(t, "energyplus/CoolingTower_VariableSpeed_Merkel.dat") {
		wb, in, flow, q, y := r[2], r[3], r[5], r[6], r[9]
		if y < 0.1 || q < 100 {
			continue
		}
		got, _ := tower.Leaving(q, y, flow, wb)
		errs = append(errs, math.Abs(got-in)/(in-wb))
	}
	slices.Sort(errs)
	n := len(errs)
	if n < 100 {
		t.Fatalf("only %d rows in service", n)
	}
	t.Logf("%d rows: driving difference off by %.2f %% (median), %.2f %% (95th), %.2f %% (most)", n, 100*errs[n/2], 100*errs[n*95/100], 100*errs[n-1])
	if errs[n/2] > 0.03 || errs[n*95/100] > 0.05 {
		t.Error("further from EnergyPlus than the Modelica Buildings Library, which differs by 2.1 %")
	}
}

// TestEffectivenessNTU compares with the Modelica Buildings Library over its whole trajectory.
func TestEffectivenessNTU(t *testing.T) {
	for _, r := range rows(t, "modelica-buildings/Fluid_HeatExchangers_BaseClasses_Examples_EpsilonNTUZ.csv") {
		z := math.Abs(math.Cos(r[0]))
		eps := 0.01 + 0.98*math.Abs(math.Sin(r[0]))/(1+z)
		if z <= 0.98 && z > 1e-3 { // the library holds z at 0.98
			if got := CounterflowNTU(eps, z); math.Abs(got-r[4]) > 1e-5*(1+r[4]) {
				t.Errorf("counterflow z %.4f ε %.4f: NTU %.7g, want %.7g", z, eps, got, r[4])
			}
		}
		if got := CrossflowNTU(eps, z); math.Abs(got-r[3]) > 2e-5*(1+r[3]) {
			t.Errorf("crossflow z %.4f ε %.4f: NTU %.7g, want %.7g", z, eps, got, r[3])
		}
	}
}

// TestTowerLaws: a sized tower meets its design (Scheier's factor of water is 1.004 there); more air or drier air is colder water.
func TestTowerLaws(t *testing.T) {
	tower := NewTower(2e6, 5.5, 3.9, 25.6, 1.2, moistair.StandardPressure)
	in, out := tower.Leaving(2e6, 1, tower.Water, 25.6)
	if math.Abs(out-29.5) > 0.02 || math.Abs(in-35) > 0.02 {
		t.Errorf("at the design water runs from %v to %v °C, want 35 to 29.5", in, out)
	}
	last := 99.0
	for y := 0.1; y <= 1; y += 0.1 {
		_, out := tower.Leaving(1.5e6, y, tower.Water, 20)
		if out >= last {
			t.Errorf("fan speed %.1f: %v °C is not colder", y, out)
		}
		last = out
	}
	if y := tower.speed(1.5e6, tower.Water, 20, 27, 0.1); y <= 0.1 || y >= 1 {
		t.Errorf("speed %v", y)
	} else if _, out := tower.Leaving(1.5e6, y, tower.Water, 20); math.Abs(out-27) > 0.02 {
		t.Errorf("speed %v leaves %v °C, want 27", y, out)
	}
}

func TestDryCooler(t *testing.T) {
	d := NewDryCooler(1e6, 10, 7, 10)
	c := d.Conductance(1, 1e5)
	if q := c * 17; math.Abs(q-1e6) > 1 {
		t.Errorf("at the design the unit rejects %v W", q)
	}
	if d.Conductance(0.5, 1e5) >= c {
		t.Error("half the air is not half as much heat")
	}
	if got := Adiabatic(40, 20, 0.75); got != 25 {
		t.Errorf("pads give %v °C", got)
	}
}
