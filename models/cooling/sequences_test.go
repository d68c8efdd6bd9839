package cooling

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// TestSequences runs the stories in testdata/sequences: a hall of 32 racks and its plant, what is done to them, and what
// its chillers and water do.
//
//	plant [chillers=N] [staging] [ramp=D] [restart=D] [min_on=D] [min_off=D] [tank=M3 nodes=N parallel] [economizer]
//	weather dry_bulb=T rh=X
//	load kW=P            of each rack, and settles unless there is a run before
//	fail KIND=I…         restore KIND=I…
//	run for=D step=D every=D
func TestSequences(t *testing.T) {
	datadriven.Walk(t, "testdata/sequences", func(t *testing.T, path string) {
		var q sequence
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string { return q.do(t, d) })
	})
}

type sequence struct {
	p   *Plan
	s   *State
	in  *Input
	now float64
}

func scan[T any](t *testing.T, d *datadriven.TestData, name string, to *T) bool {
	t.Helper()
	if !d.HasArg(name) {
		return false
	}
	d.ScanArgs(t, name, to)
	return true
}

func seconds(t *testing.T, d *datadriven.TestData, name string, otherwise float64) float64 {
	t.Helper()
	var text string
	if !scan(t, d, name, &text) {
		return otherwise
	}
	v, err := time.ParseDuration(text)
	if err != nil {
		d.Fatalf(t, "%s: %v", name, err)
	}
	return v.Seconds()
}

func (q *sequence) do(t *testing.T, d *datadriven.TestData) string {
	switch d.Cmd {
	case "plant":
		return q.plant(t, d)
	case "weather":
		dry, rh := 30, 50
		scan(t, d, "dry_bulb", &dry)
		scan(t, d, "rh", &rh)
		q.in.Weather = outdoors(float64(dry), float64(rh)/100)
	case "load":
		var kW int
		d.ScanArgs(t, "kW", &kW)
		for i := range q.in.RackHeat {
			q.in.RackHeat[i], q.in.RackFlow[i] = float64(kW)*1e3, float64(kW)/34*2.2
		}
		if q.now == 0 {
			q.p.Settle(q.s, q.in)
		}
	case "fail", "restore":
		for _, a := range d.CmdArgs {
			for _, k := range kinds {
				if k.String() != a.Key {
					continue
				}
				for _, v := range a.Vals {
					var i int32
					if _, err := fmt.Sscan(v, &i); err != nil {
						d.Fatalf(t, "%v", err)
					}
					q.p.Health(q.s, facility.Ref{Kind: k, Index: i}, d.Cmd == "restore")
				}
			}
		}
	case "run":
		return q.run(t, d)
	default:
		d.Fatalf(t, "no command %s", d.Cmd)
	}
	return ""
}

func (q *sequence) plant(t *testing.T, d *datadriven.TestData) string {
	var spec Spec
	n := 3
	scan(t, d, "chillers", &n)
	spec.Plant.Chiller.Count = Count(n)
	if d.HasArg("staging") {
		g := &StagingSpec{}
		g.MinOn, g.MinOff = unit.Duration(seconds(t, d, "min_on", 0)), unit.Duration(seconds(t, d, "min_off", 0))
		defaults(t, g)
		spec.Plant.Chiller.Staging = g
	}
	var volume int
	if scan(t, d, "tank", &volume) {
		k := &TankSpec{Volume: unit.Volume(volume)}
		scan(t, d, "nodes", &k.Nodes)
		if d.HasArg("parallel") {
			k.Connection = "parallel"
		}
		defaults(t, k)
		spec.Plant.Chilled.Tank = k
	}
	defaults(t, &spec)
	spec.Plant.Economizer.Enabled = d.HasArg("economizer")
	spec.Plant.Chiller.Each.Ramp = unit.Duration(seconds(t, d, "ramp", 120))
	spec.Plant.Chiller.Each.Restart = unit.Duration(seconds(t, d, "restart", 300))
	p, err := Compile(&spec, Sizes{Racks: 32, RackDesign: fillOf(32, 41e3)})
	if err != nil {
		d.Fatalf(t, "%v", err)
	}
	*q = sequence{p: p, s: New(p), in: inputs(p, 34e3, 2.2)}
	return ""
}

func (q *sequence) run(t *testing.T, d *datadriven.TestData) string {
	var b strings.Builder
	q.in.Dt = seconds(t, d, "step", 10)
	every := seconds(t, d, "every", 60)
	end := q.now + seconds(t, d, "for", 600)
	fmt.Fprintf(&b, "%7s %-14s %6s %6s %6s %7s %6s\n", "time", "chillers", "load", "leaves", "goes", "towers", "tank")
	for start := q.now; q.now < end-1e-6; {
		run(t, q.p, q.s, q.in, min(every, end-q.now), nil)
		q.now = start + (q.now - start) + min(every, end-q.now)
		units, load := "", 0.0
		for i := range q.s.On {
			switch {
			case q.s.down[facility.Chiller][i] != 0:
				units += " --"
			case !q.s.On[i] && q.s.Locked[i] > 0:
				units += " lk"
			case !q.s.On[i]:
				units += " of"
			case q.s.Restart[i] > 0:
				units += " st"
			default:
				units += fmt.Sprintf(" %2.0f", 99*q.s.Ready[i])
			}
			load += q.s.Chiller.Load[i]
		}
		tank := ""
		if c := q.p.TankCharge(q.s, 0); c == c {
			tank = fmt.Sprintf("%.0f %%", 100*c)
		}
		fmt.Fprintf(&b, "%7s%-15s %6.2f %6.2f %6.2f %7.2f %6s\n", time.Duration(q.now)*time.Second, units, load, q.s.WaterSupply[0], q.s.Delivered[0], q.s.TowerLeaving, tank)
	}
	return b.String()
}
