package cooling

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/moistair"
)

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
