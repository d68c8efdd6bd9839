package cooling

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// TestSwing finds the largest change within a window of a path that a brute force knows.
func TestSwing(t *testing.T) {
	for _, dt := range []float64{1, 7, 30, 120, 299, 4000} {
		var r swing
		var path []float64
		for n := range 400 {
			now := float64(n+1) * dt
			v := 22 + 8*math.Sin(now/2500) + 3*math.Sin(now/400)
			path = append(path, v)
			r.widen([2]float64{v, v - 1}, dt, 3600)
			low, top := v, v
			for k := len(path) - 1; k >= 0 && float64(n-k)*dt <= 3600; k-- {
				low, top = min(low, path[k]), max(top, path[k])
			}
			brute := top - low
			// A part more or less of the window, in which the path moves at most 0.011 K/s.
			if tol := 0.011 * (3600/rateBins + dt); math.Abs(r.most()-brute) > tol && dt < 3600 {
				t.Fatalf("steps of %v s, %v s: %.3f K, brute force %.3f", dt, now, r.most(), brute)
			}
		}
	}
}

// TestRateOfChange: a slow drift is inside, a lost hall is not; tape asks for less.
func TestRateOfChange(t *testing.T) {
	for _, tape := range []bool{false, true} {
		p, s, in := coupledHall(t, Sizes{}, func(s *Spec) { s.Air.Tape = tape })
		for n := range 12 { // 7 K in two hours
			_ = p.Set(s, facility.Ref{Kind: facility.Site}, "air.supply", 24+float64(n)*0.6)
			run(t, p, s, in, 600, nil)
		}
		if c := &s.Class[0]; c.Fast || c.OutsideRate > 0 || c.Change < 0.5 {
			t.Errorf("tape %v, a drift of 3.6 K/h: %.2f K, %v", tape, c.Change, c.Fast)
		}
		_ = p.Set(s, facility.Ref{Kind: facility.Site}, "air.supply", 38)
		var told []Crossing
		run(t, p, s, in, 1200, func(_ float64, out *Output) { told = p.Crossings(s, told) })
		found := false
		for _, c := range told {
			found = found || c.Out && strings.Contains(c.Text, "outside ASHRAE A2 with tape, too fast: inlets changed by") && strings.Contains(c.Text, "in 15 min, 5 allowable")
		}
		if found != tape || (s.Class[0].OutsideRate > 0) != tape {
			t.Errorf("tape %v, 7 K at once: told %v", tape, told)
		}
	}
}

// TestDehumidifier keeps a damp hall at its dew point, closes the ledger, and reheats the air it dries.
func TestDehumidifier(t *testing.T) {
	var drawn [2]float64
	for k, goal := range []float64{25, 13} {
		dew := unit.Temperature(goal)
		p, s, in := coupledHall(t, Sizes{}, func(s *Spec) {
			s.Air.Humidity.DriedTo, s.Air.Humidity.Ventilation = 40, 0.02
			s.Air.Humidity.Dehumidify = &dew
		})
		in.Weather = outdoors(32, 0.7)
		var last Output
		run(t, p, s, in, 4*3600, func(_ float64, out *Output) { last = *out })
		if dew := p.DewPoint(s, 0); dew > goal+0.01 {
			t.Errorf("dew point %.2f °C, dried above %v", dew, goal)
		}
		if goal == 13 && (last.Drain <= 0 || last.Humidity < 0.3*last.Drain*condensing) {
			t.Errorf("drain %v kg/s, power %v W", last.Drain, last.Humidity)
		}
		drawn[k] = s.c.halls[0].heat
	}
	if drawn[1] <= drawn[0] {
		t.Errorf("the dehumidifiers do not reheat: coils take %v W, %v without", drawn[1], drawn[0])
	}
}
