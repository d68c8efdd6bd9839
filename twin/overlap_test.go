package twin

import (
	"math"
	"testing"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/failure"
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

// Of sags that overlap the deepest is felt, whichever began or ends first.
func TestOverlappingSags(t *testing.T) {
	feed := facility.Ref{Kind: facility.Utility}
	type sag struct{ from, to, voltage float64 }
	for seed := range 50 {
		d := newDraw(seed)
		w := world(t, plan(t, thermalBench(25, "resistance: 0.05 K/W", "record: {every: 0.5 s}")), 0.5)
		var sags []sag
		for range 6 {
			from := math.Round(d.between(1, 60))
			sags = append(sags, sag{from, from + math.Round(d.between(1, 60)), math.Round(d.between(0, 9)) / 10})
		}
		for at := 0.5; at < 130; at++ {
			for _, s := range sags {
				if s.from == at+0.5 {
					w.sag(&failure.Outcome{Targets: []facility.Ref{feed}, Sag: true, Voltage: s.voltage, Repair: s.to - at - 0.25}, w.EventID+1)
					w.EventID++
				}
			}
			if err := w.RunTo(t.Context(), at+1); err != nil {
				t.Fatal(err)
			}
			want := 1.0
			for _, s := range sags {
				if s.from < at+1 && at+1 < s.to+0.25 {
					want = min(want, s.voltage)
				}
			}
			if got := w.plan.Power.Voltage(&w.Power, feed); math.Abs(got-want) > 1e-12 {
				t.Fatalf("seed %d: at %g s %g of the voltage, want %g: %v", seed, at+1, got, want, sags)
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
