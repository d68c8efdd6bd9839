package twin

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin/record"
)

const solarSite = `halltwin: v1
name: solar
start: 2025-06-20T00:00:00-07:00
duration: 24 h
site:
  use: sites/edge-cabinet
  weather: {file: weather/denver.epw}
  solar: {rating: 40 kW, tilt: 30, EXPORT}
  BATTERY
workload:
  - job: {name: a, gpus: 1, work: 30 h}
timeline:
  - {at: 11 h, fail: "utility[*]", for: 30 min}
step: {calm: 5 min}
`

func solarWorld(t *testing.T, export, battery string) *World {
	t.Helper()
	text := strings.NewReplacer("EXPORT", export, "BATTERY", battery).Replace(solarSite)
	f, ds := scenarios.LoadBytes("solar.yaml", []byte(text))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	p, ds := f.Plan("")
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	w, err := New(p, 1)
	if err != nil {
		t.Fatal(err)
	}
	w.out = func(*record.Event) {}
	w.until(t, p.Duration)
	return w
}

// What the sun could give is given or curtailed, but for the outage and the five minutes of IEEE 1547 after it; what is given
// is used, stored, lost in the battery or exported; and each arrangement makes more of it than the one before.
func TestSunIsUsedStoredExportedOrCurtailed(t *testing.T) {
	small := "battery: {capacity: 20 kWh, power: 5 kW, policy: self-consumption}"
	const rounding = 1e-3 // J, of a meter that is held at zero
	last := 0.0
	for _, c := range []struct{ name, export, battery string }{
		{"alone", "export: 0 W", ""},
		{"with a battery", "export: 0 W", small},
		{"with some export", "export: 5 kW", small},
		{"with all export", "export: 1 GW", small},
	} {
		w := solarWorld(t, c.export, c.battery)
		s, e := &w.Solar, &w.Books.Energy
		p := w.plan.Solar
		want := p.Energy(w.Now) - (p.Energy(11.5*3600+300) - p.Energy(11*3600))
		if got := s.Given + s.Curtailed; math.Abs(got/want-1) > 1e-9 {
			t.Errorf("%s: given and curtailed %g J, the sun had %g J", c.name, got, want)
		}
		if s.Given <= last {
			t.Errorf("%s: %g J from the sun, not more than %g J", c.name, s.Given, last)
		}
		last = s.Given
		if most := float64(p.Export); e.Export.Value() > most*w.Now+rounding || (most == 0) != (e.Export.Value() <= rounding) {
			t.Errorf("%s: %g J exported at up to %g W", c.name, e.Export.Value(), most)
		}
		w.countAll()
		if err := w.Books.Check(); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	if w := solarWorld(t, "export: 1 GW", ""); w.Solar.Curtailed != 0 {
		t.Errorf("%g J curtailed though all may be exported", w.Solar.Curtailed)
	}
}
