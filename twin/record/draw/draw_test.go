package draw

import (
	"math"
	"testing"
)

// Values that differ by rounding alone have an axis all the same.
func TestFlat(t *testing.T) {
	for _, x := range [][2]float64{{1, math.Nextafter(1, 2)}, {0.3, 0.1 + 0.2}, {-1e300, math.Nextafter(-1e300, 0)}, {0, 0}} {
		if list, _ := Ticks(x[0], x[1], 5); len(list) > 7 {
			t.Errorf("%d ticks between %v and %v", len(list), x[0], x[1])
		}
		if lo, hi := Round(x[0], x[1], 5); !(lo <= x[0] && hi >= x[1] && hi > lo) {
			t.Errorf("%v to %v becomes %v to %v", x[0], x[1], lo, hi)
		}
	}
}
