package power

import (
	"math"
	"testing"
)

func TestSiteBatteryCycle(t *testing.T) {
	b := &SiteBattery{Capacity: 3600, Charging: 100, Discharge: 60, Threshold: 2, Efficiency: 0.9}
	s := NewSiteBattery(b)
	steps := []struct {
		name            string
		intensity, load float64
		in, out, next   float64
	}{
		{"empty and dirty: rests", 3, 50, 0, 0, math.Inf(1)},
		{"clean: charges until it is full", 1, 50, 100, 0, 40},
		{"full and clean: rests", 1, 50, 0, 0, math.Inf(1)},
		{"dirty: delivers no more than the site draws", 2, 50, 0, 50, 72},
	}
	for _, c := range steps {
		b.Dispatch(&s, c.intensity, c.load, 0, nil)
		if s.In != c.in || s.Out != c.out || math.Abs(b.Next(&s)-c.next) > 1e-9 {
			t.Errorf("%s: in %g, out %g, next %g s", c.name, s.In, s.Out, b.Next(&s))
		}
		if n := b.Next(&s); !math.IsInf(n, 1) {
			b.Advance(&s, n)
		}
	}
	if s.Stored != 0 {
		t.Errorf("after a full cycle %g J are left", s.Stored)
	}
	if got := s.Given / s.Drawn; math.Abs(got-b.Efficiency) > 1e-12 {
		t.Errorf("round trip %g, want %g", got, b.Efficiency)
	}
	s = SiteBatteryState{Stored: 10}
	if b.Dispatch(&s, 3, 500, 0, nil); s.Out != b.Discharge {
		t.Errorf("delivers %g W, its limit is %g", s.Out, b.Discharge)
	}
	if b.Dispatch(&s, 1, 0, 0, nil); s.In != 0 || s.Out != 0 {
		t.Error("works though the grid is gone")
	}
}
