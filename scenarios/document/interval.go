package document

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
)

// interval is the range tag of a field: "[0,1]", "(0,)". Its bounds are in SI.
type interval struct {
	low, high         float64
	openLow, openHigh bool // the bound itself is out
}

func parseInterval(text string) (*interval, error) {
	bad := fmt.Errorf(`range %q: write it as "[0,1]" or "(0,)"`, text)
	body := strings.TrimSpace(text)
	if len(body) < 3 || !strings.ContainsRune("[(", rune(body[0])) || !strings.ContainsRune("])", rune(body[len(body)-1])) {
		return nil, bad
	}
	in := &interval{low: math.Inf(-1), high: math.Inf(1), openLow: body[0] == '(', openHigh: body[len(body)-1] == ')'}
	low, high, ok := strings.Cut(body[1:len(body)-1], ",")
	if !ok {
		return nil, bad
	}
	for _, b := range []struct {
		text  string
		bound *float64
	}{{low, &in.low}, {high, &in.high}} {
		if t := strings.TrimSpace(b.text); t != "" {
			v, err := strconv.ParseFloat(t, 64)
			if err != nil || math.IsNaN(v) {
				return nil, bad
			}
			*b.bound = v
		}
	}
	if in.low > in.high {
		return nil, bad
	}
	return in, nil
}

func (in *interval) holds(v float64) bool {
	return (v > in.low || v == in.low && !in.openLow) && (v < in.high || v == in.high && !in.openHigh)
}

// String writes the interval for a person: "above 0 W and at most 5 MW".
func (in *interval) text(kind *unit.Kind) string {
	show := func(v float64) string {
		if kind == nil {
			return plain(v)
		}
		if kind == unit.RatioKind && v != 0 {
			return fmt.Sprintf("%s (%s %%)", plain(v), strconv.FormatFloat(v*100, 'g', 6, 64))
		}
		return kind.Format(v, 6)
	}
	var low, high string
	if !math.IsInf(in.low, 0) {
		low = "at least " + show(in.low)
		if in.openLow {
			low = "above " + show(in.low)
		}
	}
	if !math.IsInf(in.high, 0) {
		high = "at most " + show(in.high)
		if in.openHigh {
			high = "below " + show(in.high)
		}
	}
	switch {
	case low == "":
		return high
	case high == "":
		return low
	case !in.openLow && !in.openHigh:
		return "from " + show(in.low) + " to " + show(in.high)
	}
	return low + " and " + high
}

// plain writes a number without an exponent, unless that would be long.
func plain(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e15) {
		return strconv.FormatFloat(v, 'g', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}
