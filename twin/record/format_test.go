package record

import (
	"math"
	"testing"
)

func TestShow(t *testing.T) {
	for _, c := range []struct {
		v    float64
		unit string
		want string
	}{
		{1.4203e11, "J", "39.45 MWh"}, {950, "W", "950 W"}, {1.5e11, "B/s", "150 GB/s"}, {1.8114e6, "W", "1.811 MW"}, {86400, "s", "24 h"},
		{259200, "s", "3 d"}, {31.24, "degC", "31.24 °C"}, {0.9, "ratio", "0.9"}, {20193.4, "h", "20,193 h"}, {3708.6, "USD", "3,709 USD"},
		{0, "kg", "0 kg"}, {-12345.6, "", "-12,346"}, {math.NaN(), "W", "—"}, {math.Inf(1), "", "∞"}, {1e-7, "", "1e-07"}, {0.04, "s", "40 ms"}, {0, "s", "0 s"}, {0, "J", "0 Wh"},
		{1.5e-4, "ratio", "0.00015"}, {100, "%", "100 %"}, {999999.9, "W", "1,000 kW"}, {41210, "L", "41.21 m³"}, {2.5e20, "", "2.5e+20"},
	} {
		if got := Show(c.v, c.unit); got != c.want {
			t.Errorf("Show(%g, %s) = %q, want %q", c.v, c.unit, got, c.want)
		}
	}
}

func TestClock(t *testing.T) {
	for v, want := range map[float64]string{0: "00:00:00", 3725: "01:02:05", 180000: "2 d 02:00:00", -60: "-00:01:00", math.Inf(1): "—"} {
		if got := Clock(v); got != want {
			t.Errorf("Clock(%g) = %q, want %q", v, got, want)
		}
	}
}
