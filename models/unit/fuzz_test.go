package unit

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// FuzzUnit reads any text as every kind of quantity: the answer is a finite value that prints and reads back
// exactly, or an *Error with words.
func FuzzUnit(f *testing.F) {
	for _, s := range []string{"", "700 W", "1.2MW", "-4 K", "75.2 degF", "1e-3 kWh", "1e999 W", ".5 %", "+.e3 W", "1_000 W", "5 °C", "0x10 W",
		"1e+ W", "--3 W", "NaN W", "Inf W", "1.5 L/min/kW", "0.094 USD/kWh", "\xff W", "3 µs", "1e-" + strings.Repeat("5", 2000), "1e-320 W", "1.7976931348623157e308 GW"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, k := range Kinds() {
			v, err := k.Parse(text)
			if err != nil {
				var e *Error
				if !errors.As(err, &e) || e.Error() == "" || e.Problem() == "" || len(e.Error()) > 1000 {
					t.Fatalf("%s: %q: %v", k.Name, text, err)
				}
				continue
			}
			if math.IsNaN(v) || math.IsInf(v, 0) {
				t.Fatalf("%s: %q is %v", k.Name, text, v)
			}
			shown := k.Format(v, 0)
			back, err := k.Parse(shown)
			if err != nil || back != v {
				t.Fatalf("%s: %q is %v, shown as %q, read back as %v (%v)", k.Name, text, v, shown, back, err)
			}
			if _, err := k.Parse(k.Format(v, 6)); err != nil && math.Abs(v) < 1e300 {
				t.Fatalf("%s: %v is shown as %q: %v", k.Name, v, k.Format(v, 6), err)
			}
		}
	})
}
