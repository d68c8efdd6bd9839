package report

import (
	"fmt"
	"html/template"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/draw"
)

// spectral is a line of the spectrum as a row with its bar.
type spectral struct {
	Frequency, Amplitude string
	Bar                  template.HTML
}

func spectrum(list []record.SpectralLine) []spectral {
	var out []spectral
	for _, l := range list {
		bar := fmt.Sprintf(`<svg viewBox="0 0 100 9" preserveAspectRatio="none" aria-hidden="true"><rect width="100" height="9" fill="var(--tint)"/><rect width="%s" height="9" fill="var(--c2)"/></svg>`, draw.Num(100*l.Amplitude/list[0].Amplitude))
		out = append(out, spectral{record.Digits(l.Frequency, 3) + " Hz", record.Show(l.Amplitude, "W"), template.HTML(bar)}) //nolint:gosec // numbers only
	}
	return out
}
