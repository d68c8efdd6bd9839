package unit

import (
	"errors"
	"math"
	"regexp"
	"strings"
	"testing"
)

// TestKinds checks each kind as a description: its examples read, its units to show exist, its symbols are unique.
func TestKinds(t *testing.T) {
	names := map[string]bool{}
	for _, k := range Kinds() {
		if names[k.Name] {
			t.Errorf("two kinds are named %s", k.Name)
		}
		names[k.Name] = true
		for _, e := range regexp.MustCompile(`, | or `).Split(k.Example, -1) {
			if _, err := k.Parse(e); err != nil {
				t.Errorf("%s: the example %q: %v", k.Name, e, err)
			}
		}
		for _, s := range k.Show {
			if _, ok := k.Lookup(s); !ok {
				t.Errorf("%s: %q is to be shown and is no unit", k.Name, s)
			}
		}
		seen := map[string]bool{}
		for _, u := range k.Units {
			if seen[u.Symbol] || u.Factor <= 0 {
				t.Errorf("%s: unit %q", k.Name, u.Symbol)
			}
			seen[u.Symbol] = true
		}
		if k.Units[0].Factor != 1 || k.Units[0].Offset != 0 {
			t.Errorf("%s: the first unit is not SI", k.Name)
		}
	}
}

// TestTypes checks that each kind has one type, which prints as its kind does.
func TestTypes(t *testing.T) {
	types := map[*Kind]bool{}
	for _, q := range []interface {
		Kind() *Kind
		String() string
	}{
		Power(1), Energy(1), Temperature(1), TemperatureDifference(1), Duration(1), Frequency(1), Rate(1), Data(1),
		Bandwidth(1), Operations(1), Length(1), Area(1), Volume(1), Mass(1), Flow(1), MassFlow(1), SpecificFlow(1),
		Pressure(1), Resistance(1), Conductance(1), HeatCapacity(1), Voltage(1), Current(1), HumidityRatio(1),
		CarbonIntensity(1), EnergyPrice(1), Money(1), Ramp(1), Ratio(1), PerKelvin(1),
	} {
		if types[q.Kind()] {
			t.Errorf("%T is a second type of %s", q, q.Kind().Name)
		}
		types[q.Kind()] = true
		if got, want := q.String(), q.Kind().Format(1, 6); got != want {
			t.Errorf("%T: %q, want %q", q, got, want)
		}
	}
	for _, k := range Kinds() {
		if !types[k] {
			t.Errorf("no type for %s", k.Name)
		}
	}
}

// TestFactors checks conversions against their definitions (SI brochure, 9th edition; NIST SP 811, appendix B).
func TestFactors(t *testing.T) {
	for _, c := range []struct {
		kind *Kind
		text string
		want float64
	}{
		{PowerKind, "1 GW", 1e9}, {EnergyKind, "1 MWh", 3.6e9}, {TemperatureKind, "32 degF", 0}, {TemperatureKind, "212 °F", 100},
		{TemperatureKind, "0 K", -273.15}, {DurationKind, "1 week", 604800}, {DurationKind, "1 year", 31536000}, {DurationKind, "1 µs", 1e-6},
		{RateKind, "1 1/year", 1.0 / 31536000}, {DataKind, "1 TiB", 1 << 40}, {BandwidthKind, "8 bit/s", 1}, {BandwidthKind, "400 Gbit/s", 50e9},
		{LengthKind, "1 ft", 0.3048}, {AreaKind, "1 ft2", 0.3048 * 0.3048}, {FlowKind, "1 cfm", 0.3048 * 0.3048 * 0.3048 / 60}, {FlowKind, "60 L/min", 1e-3},
		{SpecificFlowKind, "1 cfm/kW", 0.3048 * 0.3048 * 0.3048 / 60 / 1000}, {PressureKind, "1 bar", 1e5}, {ResistanceKind, "1 K/kW", 1e-3},
		{CarbonIntensityKind, "1 t/MWh", 1000 / 3.6e9}, {CarbonIntensityKind, "360 g/kWh", 0.36 / 3.6e6}, {EnergyPriceKind, "1 USD/MWh", 1 / 3.6e9},
		{RampKind, "6 MW/min", 1e5}, {PerKelvinKind, "0.2 %/K", 0.002}, {HumidityRatioKind, "8 g/kg", 0.008}, {MassFlowKind, "3600 kg/h", 1},
	} {
		got, err := c.kind.Parse(c.text)
		if err != nil || math.Abs(got-c.want) > 1e-12*math.Max(1e-12, math.Abs(c.want))+1e-13 && math.Abs(got-c.want) > 1e-9*math.Abs(c.want) {
			t.Errorf("%s = %v, want %v (%v)", c.text, got, c.want, err)
		}
	}
}

func TestErrorWords(t *testing.T) {
	for _, c := range []struct {
		kind         *Kind
		text         string
		problem, fix string
	}{
		{PowerKind, "1.2", "power needs a unit", "write 1.2 kW or 1.2 MW"},
		{DurationKind, "5", "duration needs a unit", "write 5 min or 5 h"},
		{PowerKind, "700", "power needs a unit", "write 700 W or 700 kW"},
		{DurationKind, "300", "duration needs a unit", "write 300 s or 300 min"},
		{DataKind, "80", "data size needs a unit", "write 80 GB or 80 GiB"},
		{RatioKind, "x", `"x" is no ratio`, "write 60 % or 0.6"},
		{TemperatureKind, "24", "temperature needs a unit", "write 24 degC"},
		{TemperatureKind, "24 C", `unknown unit "C"`, `did you mean "degC"?`},
		{DurationKind, "5 minutes", `unknown unit "minutes"`, `did you mean "min"?`},
		{PowerKind, "5 mw", `unknown unit "mw"`, `did you mean "mW" or "MW"?`},
		{PowerKind, "5 hp", `unknown unit "hp"`, "power is written in W, mW, kW, MW, GW"},
		{EnergyKind, "5 kW", `"5 kW" is a power, an energy is due`, "write 50 kWh or 3.6 MJ"},
		{TemperatureDifferenceKind, "3 degC", `"3 degC" is a temperature, a temperature difference is due`, "write 3 K"},
		{RatioKind, "much", `"much" is no ratio`, "write 60 % or 0.6"},
		{PowerKind, "1e999 W", `"1e999 W" is not a finite number`, ""},
		{PowerKind, strings.Repeat("é", 99), `"` + strings.Repeat("é", 40) + `…" is no power`, "write 700 W, 1.2 kW or 1.2 MW"},
	} {
		_, err := c.kind.Parse(c.text)
		var e *Error
		if !errors.As(err, &e) || e.Problem() != c.problem || e.Fix() != c.fix {
			t.Errorf("%s: %v", c.text, err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := PowerKind.Parse("1.2 MW"); err != nil {
			b.Fatal(err)
		}
	}
}
