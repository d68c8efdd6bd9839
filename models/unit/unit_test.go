package unit

import (
	"math"
	"testing"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		kind *Kind
		text string
		want float64
	}{
		{PowerKind, "700 W", 700}, {PowerKind, "1.2MW", 1.2e6}, {TemperatureKind, "75.2 degF", 24},
		{TemperatureKind, "300 K", 26.85}, {TemperatureDifferenceKind, "-3 K", -3}, {DurationKind, "90 min", 5400},
		{RatioKind, "60 %", .6}, {RatioKind, "0.6", .6}, {RatioKind, "1e-3", 1e-3}, {EnergyPriceKind, "0.094 USD/kWh", 0.094 / 3.6e6},
		{SpecificFlowKind, "1.5 L/min/kW", 2.5e-8}, {BandwidthKind, "400 Gb/s", 5e10},
	} {
		got, err := c.kind.Parse(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		if math.Abs(got-c.want) > 1e-12*(1+math.Abs(c.want)) {
			t.Errorf("%s = %v, want %v", c.text, got, c.want)
		}
	}
	for _, c := range []struct {
		kind *Kind
		text string
		want string
	}{
		{PowerKind, "1.2", "power needs a unit: write 1.2 kW or 1.2 MW"},
		{TemperatureDifferenceKind, "3 degC", `"3 degC" is a temperature, a temperature difference is due: write 3 K`},
		{PowerKind, "700 w", `unknown unit "w": did you mean "W"?`},
		{PowerKind, "abc", `"abc" is no power: write 700 W, 1.2 kW or 1.2 MW`},
		{PowerKind, "1e999 W", `"1e999 W" is not a finite number`},
	} {
		if _, err := c.kind.Parse(c.text); err == nil || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.text, err, c.want)
		}
	}
	for _, c := range []struct {
		q    interface{ String() string }
		want string
	}{{Power(1.2e6), "1.2 MW"}, {Temperature(24), "24 degC"}, {Duration(5400), "1.5 h"}, {Ratio(.6), "0.6"}, {Power(0), "0 W"}, {Power(-5e3), "-5 kW"}, {Energy(3.6e6), "1 kWh"}} {
		if got := c.q.String(); got != c.want {
			t.Errorf("got %s, want %s", got, c.want)
		}
	}
}
