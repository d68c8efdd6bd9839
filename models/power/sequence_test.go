package power

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// world drives a plan as the twin does.
type world struct {
	p     *Plan
	s     *State
	t     float64
	rackW []float64
	mechW float64
	log   strings.Builder
}

func newWorld(p *Plan, seed random.Seed, rackW, mechW float64) *world {
	w := &world{p: p, s: New(p, seed), mechW: mechW, rackW: make([]float64, p.racks)}
	for r := range w.rackW {
		w.rackW[r] = rackW
	}
	w.update()
	return w
}

func (w *world) update() {
	for _, fx := range w.p.Update(w.s, w.rackW, w.mechW, nil) {
		fmt.Fprintf(&w.log, "%10.3f  %-14s %s\n", w.t, fx.Kind, fx.Text)
	}
}

// run lets dt seconds pass.
func (w *world) run(dt float64) {
	for end := w.t + dt; w.t < end; {
		step := min(w.p.Next(w.s), end-w.t)
		w.p.Advance(w.s, step)
		if w.t += step; end-w.t < 1e-9 {
			w.t = end
		}
		w.update()
	}
}

func (w *world) health(ref facility.Ref, up bool) {
	if !w.p.Health(w.s, ref, up) {
		panic("no such equipment")
	}
	w.update()
}

func (w *world) summary() string {
	s := w.s
	return fmt.Sprintf("IT %s, cooling %v, dark %d, trips %d, transfers %d, battery %.1f s, unserved %.1f rack-s\n", watts(s.IT), s.MechOn,
		s.Dark, s.Counts.BreakerTrips, s.Counts.Transfers, s.Counts.BatterySeconds, s.Counts.UnservedRackSeconds)
}

// The sequences are texts in testdata/sequences: what is built, what happens, and the log that it must cause.
func TestSequences(t *testing.T) {
	if _, err := os.Stat("testdata/sequences"); err != nil {
		t.Fatal(err)
	}
	datadriven.Walk(t, "testdata/sequences", func(t *testing.T, path string) {
		var w *world
		spec := newSpec(t, "N")
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			switch d.Cmd {
			case "spec":
				spec = newSpec(t, "N")
				for _, line := range strings.Split(d.Input, "\n") {
					set(t, spec, line)
				}
				return ""
			case "site":
				var n int
				var rated, load, mech float64
				d.ScanArgs(t, "racks", &n)
				d.ScanArgs(t, "rated", &rated)
				d.ScanArgs(t, "load", &load)
				d.ScanArgs(t, "mech", &mech)
				p, err := Compile(spec, racks(n, rated*1e3, mech*1e3))
				if err != nil {
					return err.Error() + "\n"
				}
				w = newWorld(p, 1, load*1e3, mech*1e3)
				var b strings.Builder
				for _, e := range p.Equipment() {
					fmt.Fprintf(&b, "%d × %s of %s\n", e.Count, e.Kind, watts(p.Rating(e.Kind)))
				}
				for _, n := range p.Notes() {
					fmt.Fprintln(&b, n)
				}
				return b.String()
			case "fail", "repair":
				w.health(find(t, w.p, d.CmdArgs[0].Key), d.Cmd == "repair")
			case "voltage":
				var v float64
				d.ScanArgs(t, "at", &v)
				w.p.SetVoltage(w.s, int(find(t, w.p, d.CmdArgs[0].Key).Index), v)
				w.update()
			case "load":
				var kw float64
				d.ScanArgs(t, "racks", &kw)
				for r := range w.rackW {
					w.rackW[r] = kw * 1e3
				}
				w.update()
			case "run":
				var dt float64
				d.ScanArgs(t, "for", &dt)
				w.run(dt)
			default:
				t.Fatalf("unknown command %s", d.Cmd)
			}
			out := w.log.String() + w.summary()
			w.log.Reset()
			return out
		})
	})
}

// set reads one line of a spec, "ups.autonomy 5 min", by the yaml names of its fields.
func set(t *testing.T, spec *Spec, line string) {
	t.Helper()
	path, text, _ := strings.Cut(line, " ")
	if err := setField(spec, strings.Split(path, "."), text); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
}

// find is the equipment of a name.
func find(t *testing.T, p *Plan, name string) facility.Ref {
	t.Helper()
	for _, e := range p.Equipment() {
		for i := range e.Count {
			r := facility.Ref{Kind: e.Kind, Index: int32(i)}
			if u, _ := p.unit(r); p.name(u) == name {
				return r
			}
		}
	}
	t.Fatalf("no %s", name)
	return facility.Ref{}
}
