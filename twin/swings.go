package twin

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/twin/record"
)

// swingResult returns how the power of training moves within its steps, NaN where the scenario does not ask.
func (w *World) swingResult(name string) float64 {
	if w.plan.Swings == nil {
		return math.NaN()
	}
	x := &w.plan.Swings.Together
	switch name {
	case "swing.range":
		return x.Peak - x.Trough
	case "swing.ramp":
		return x.Ramp
	case "swing.band":
		return x.Band
	case "swing.stop":
		return x.Stop
	case "swing.wasted":
		return x.Wasted
	case "swing.flicker":
		return x.Flicker
	}
	return math.NaN()
}

// mostLines is how many lines of the spectrum are told.
const mostLines = 16

// swingKPIs adds how the power of training moves within its steps.
func (w *World) swingKPIs(s *record.Summary) {
	p := w.plan.Swings
	if p == nil {
		return
	}
	x := &p.Together
	add := func(key, label string, v float64, unit, note string) {
		if !math.IsNaN(v) {
			s.Add(record.Energy, record.KPI{Key: key, Label: label, Value: v, Unit: unit, Provenance: record.ProvModelled, Note: note})
		}
	}
	share := func(v float64) string { return fmt.Sprintf("%.3g %% of its mean", 100*v/x.Mean) }
	add("swing.range", "swing of training power in a step", x.Peak-x.Trough, "W", share(x.Peak-x.Trough))
	add("swing.ramp", "its steepest change", x.Ramp, "W/s", "")
	line := ""
	if len(x.Lines) > 0 {
		line = fmt.Sprintf("; largest line %s at %.3g Hz", record.Show(x.Lines[0].Amplitude, "W"), x.Lines[0].Frequency)
	}
	add("swing.band", "RMS of it in the band", x.Band, "W", share(x.Band)+line)
	add("swing.stop", "fall when the largest run stops", x.Stop, "W", "")
	add("swing.flicker", "flicker severity Pst", x.Flicker, "", "")
	if x.Wasted > 0 {
		add("swing.wasted", "burnt to smooth it, on the mean", x.Wasted, "W", share(x.Wasted))
	}
	for _, l := range x.Lines[:min(len(x.Lines), mostLines)] {
		s.Spectrum = append(s.Spectrum, record.SpectralLine{Frequency: l.Frequency, Amplitude: l.Amplitude})
	}
}
