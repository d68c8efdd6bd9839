package scenarios

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
)

// Window is a stretch of the run, written "12 h .. 14 h". The zero value is the whole run.
type Window struct{ From, To float64 }

// UnmarshalText reads "FROM .. TO", two durations from the start.
func (w *Window) UnmarshalText(text []byte) error {
	from, to, ok := strings.Cut(string(text), "..")
	if !ok {
		return fmt.Errorf("%q is no window: write 12 h .. 14 h", text)
	}
	for _, end := range []struct {
		text string
		into *float64
	}{{from, &w.From}, {to, &w.To}} {
		v, err := unit.DurationKind.Parse(end.text)
		if err != nil {
			return err
		}
		*end.into = v
	}
	if w.To <= w.From {
		return fmt.Errorf("%q ends before it begins", text)
	}
	return nil
}

// MarshalText writes the window as a scenario does; the whole run is "".
func (w Window) MarshalText() ([]byte, error) {
	if w.To == 0 {
		return nil, nil
	}
	return []byte(unit.Duration(w.From).String() + " .. " + unit.Duration(w.To).String()), nil
}
