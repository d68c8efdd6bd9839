package reading

import (
	"fmt"
	"math"
	"strconv"
)

// Number is a float that JSON can carry whatever it is.
type Number float64

// MarshalJSON writes the shortest text that reads back to the same value; what is not finite as a string.
func (n Number) MarshalJSON() ([]byte, error) {
	v := float64(n)
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return strconv.AppendQuote(nil, strconv.FormatFloat(v, 'g', -1, 64)), nil
	}
	return strconv.AppendFloat(nil, v, 'g', -1, 64), nil
}

// UnmarshalJSON reads a number, or one in a string: "NaN", "+Inf", "-Inf" and, as Prometheus writes them, "71.5".
func (n *Number) UnmarshalJSON(b []byte) error {
	text := string(b)
	if text == "null" {
		return nil
	}
	if len(text) > 1 && text[0] == '"' {
		text = text[1 : len(text)-1]
	}
	v, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(v, 0) {
		return fmt.Errorf("%.40q is no number", text)
	}
	*n = Number(v)
	return nil
}
