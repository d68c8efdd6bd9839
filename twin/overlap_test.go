package twin

import (
	"testing"

	"github.com/halltwin/halltwin/scenarios"
)

// Timed settings that overlap: each holds until its own end, and what was before the first comes back after the last.
// A setting for good inside a timed one outlasts it.
func TestOverlappingSettings(t *testing.T) {
	for _, c := range []struct {
		timeline string
		want     map[float64]float64 // s: power limit of GPU 0 in W, 0 for none
	}{
		{`[{at: 1 h, set: {"gpu[*].power_limit": 300 W}, for: 2 h}, {at: 2 h, set: {"gpu[*].power_limit": 250 W}, for: 2 h}]`,
			map[float64]float64{0.5: 0, 1.5: 300, 2.5: 250, 3.5: 250, 4.5: 0}},
		{`[{at: 1 h, set: {"gpu[*].power_limit": 300 W}, for: 3 h}, {at: 2 h, set: {"gpu[*].power_limit": 250 W}, for: 1 h}]`,
			map[float64]float64{0.5: 0, 1.5: 300, 2.5: 250, 3.5: 300, 4.5: 0}},
		{`[{at: 1 h, set: {"gpu[*].power_limit": 300 W}, for: 2 h}, {at: 2 h, set: {"gpu[*].power_limit": 250 W}}]`,
			map[float64]float64{1.5: 300, 2.5: 250, 4.5: 250}},
		{`[{at: 1 h, set: {"gpu[*].power_limit": 300 W}, for: 2 h}, {at: 2 h, set: {"gpu[*].power_limit": 250 W}, for: 9 h}]`,
			map[float64]float64{1.5: 300, 2.5: 250, 4.5: 250}},
	} {
		f, ds := scenarios.LoadBytes("overlap.yaml", []byte("halltwin: v1\nname: o\nstart: 2025-01-01T00:00:00Z\nduration: 6 h\nsite: {use: sites/edge-cabinet}\ntimeline: "+c.timeline+"\n"))
		p, more := f.Plan("")
		if p == nil {
			t.Fatal(ds, more)
		}
		for h, want := range c.want {
			got := 0.0
			if w := world(t, p, h*3600); w.GPULimit != nil {
				got = float64(w.GPULimit[0])
			}
			if got != want {
				t.Errorf("%s: after %g h the limit is %g W, want %g", c.timeline, h, got, want)
			}
		}
	}
}

// A drain that somebody lifted by hand is over: its timed end does not lift a later one.
func TestUndrainEndsTimedDrains(t *testing.T) {
	f, ds := scenarios.LoadBytes("drain.yaml", []byte(`halltwin: v1
name: d
start: 2025-01-01T00:00:00Z
duration: 6 h
site: {use: sites/edge-cabinet}
timeline: [{at: 0 h, drain: "rack[0]", for: 3 h}, {at: 1 h, undrain: "rack[0]"}, {at: 2 h, drain: "node[0]"}]
`))
	p, more := f.Plan("")
	if p == nil {
		t.Fatal(ds, more)
	}
	for h, want := range map[float64]int32{0.5: 4, 1.5: 0, 2.5: 1, 5: 1} {
		if got := world(t, p, h*3600).Drains; got != want {
			t.Errorf("after %g h %d nodes are drained, want %d", h, got, want)
		}
	}
}
