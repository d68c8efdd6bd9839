package record

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Clock prints a simulated time for people: "00:05:00", and with days "2 d 03:00:00".
func Clock(t float64) string {
	if math.IsNaN(t) || math.Abs(t) > 1e15 {
		return "—"
	}
	sign := ""
	if t < 0 {
		sign, t = "-", -t
	}
	s := int64(math.Round(t))
	d := s / 86400
	s %= 86400
	text := fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
	if d > 0 {
		text = fmt.Sprintf("%d d %s", d, text)
	}
	return sign + text
}

// scale is a unit and the larger ones that it is shown in.
type scale struct {
	unit  string
	steps []step
}

type step struct {
	symbol string
	factor float64
	from   float64 // the least magnitude shown in it, if not one
}

var scales = []scale{
	{"W", []step{{"W", 1, 0}, {"kW", 1e3, 0}, {"MW", 1e6, 0}, {"GW", 1e9, 0}}},
	{"W/s", []step{{"W/s", 1, 0}, {"kW/s", 1e3, 0}, {"MW/s", 1e6, 0}}},
	{"kW", []step{{"kW", 1, 0}, {"MW", 1e3, 0}, {"GW", 1e6, 0}}},
	{"J", []step{{"Wh", 3600, 0}, {"kWh", 3.6e6, 0}, {"MWh", 3.6e9, 0}, {"GWh", 3.6e12, 0}}},
	{"kWh", []step{{"kWh", 1, 0}, {"MWh", 1e3, 0}, {"GWh", 1e6, 0}}},
	{"s", []step{{"µs", 1e-6, 0}, {"ms", 1e-3, 0}, {"s", 1, 0}, {"min", 60, 0}, {"h", 3600, 0}, {"d", 86400, 2 * 86400}}},
	{"kg", []step{{"kg", 1, 0}, {"t", 1e3, 0}, {"kt", 1e6, 0}}},
	{"kg/J", []step{{"g/kWh", 1e-3 / 3.6e6, 0}}},
	{"USD/J", []step{{"USD/kWh", 1 / 3.6e6, 0}}},
	{"L", []step{{"L", 1, 0}, {"m³", 1e3, 0}}},
	{"B", []step{{"B", 1, 0}, {"kB", 1e3, 0}, {"MB", 1e6, 0}, {"GB", 1e9, 0}, {"TB", 1e12, 0}, {"PB", 1e15, 0}, {"EB", 1e18, 0}}},
	{"B/s", []step{{"B/s", 1, 0}, {"kB/s", 1e3, 0}, {"MB/s", 1e6, 0}, {"GB/s", 1e9, 0}, {"TB/s", 1e12, 0}}},
}

// Scale chooses the unit in which the magnitude v, given in unit, reads best, and what v is to be divided by.
func Scale(v float64, unit string) (symbol string, factor float64) {
	for _, s := range scales {
		if s.unit != unit {
			continue
		}
		best := s.steps[0]
		if v == 0 && unit == "s" {
			return "s", 1
		}
		for _, st := range s.steps {
			if math.Abs(v) >= max(st.factor, st.from)*(1-1e-9) {
				best = st
			}
		}
		return best.symbol, best.factor
	}
	return Symbol(unit), 1
}

// Symbol is a unit as people write it: degC is °C and a pure number has none.
func Symbol(unit string) string {
	switch unit {
	case "degC":
		return "°C"
	case "1", "ratio", "count":
		return ""
	}
	return unit
}

// Display gives a value as people read it: up to four significant digits, thousands apart, in a unit of
// convenient size. A ratio stays a ratio; an unknown value is a dash.
func Display(v float64, unit string) (number, symbol string) {
	if math.IsNaN(v) {
		return "—", ""
	}
	symbol, factor := Scale(v, unit)
	number = Digits(v/factor, 4)
	if strings.Contains(number, ".") && !strings.Contains(number, "e") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number, symbol
}

// Show is Display in one string.
func Show(v float64, unit string) string {
	number, symbol := Display(v, unit)
	if symbol == "" {
		return number
	}
	return number + " " + symbol
}

// Digits prints v with n significant digits, but whole numbers whole, and thousands set apart by a
// comma.
func Digits(v float64, n int) string {
	switch {
	case math.IsNaN(v):
		return "—"
	case math.IsInf(v, 1):
		return "∞"
	case math.IsInf(v, -1):
		return "-∞"
	case v == 0:
		return "0"
	case math.Abs(v) < 1e-4 || math.Abs(v) >= 1e15:
		return strconv.FormatFloat(v, 'g', n, 64)
	}
	decimals := max(n-1-int(math.Floor(math.Log10(math.Abs(v)))), 0)
	if v == math.Trunc(v) {
		decimals = 0
	}
	return group(strconv.FormatFloat(v, 'f', decimals, 64))
}

// group sets thousands apart in a decimal number.
func group(s string) string {
	whole, fraction, _ := strings.Cut(s, ".")
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	if len(whole) > 3 {
		var b strings.Builder
		for i, c := range whole {
			if i > 0 && (len(whole)-i)%3 == 0 {
				b.WriteByte(',')
			}
			b.WriteRune(c)
		}
		whole = b.String()
	}
	if fraction != "" {
		return sign + whole + "." + fraction
	}
	return sign + whole
}
