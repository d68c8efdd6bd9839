package scenarios

import (
	"slices"
	"testing"
)

const swept = `halltwin: v1
name: swept
start: 2025-07-15T00:00:00-05:00
duration: 2 h
site: {use: sites/h100-hall-1k}
variants: {warm: {site: {air: {supply: 26 degC}}}}
sweep:
  controls.power_limit: [500 W, 600 W]
  late cap: {set: "gpu[0..7].power_limit", from: 200 W, to: 800 W, steps: 3, scale: log, at: 1 h}
  site.air.supply: {from: 20 degC, to: 24 degC, steps: 3}
`

func TestSweep(t *testing.T) {
	f, ds := LoadBytes("swept.yaml", []byte(swept))
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if ds := f.CheckAll(); len(ds) > 0 {
		t.Fatal(ds)
	}
	axes, ds := f.Axes()
	if len(ds) > 0 || len(axes) != 3 {
		t.Fatal(axes, ds)
	}
	for i, want := range [][]string{{"500 W", "600 W"}, {"200 W", "400 W", "800 W"}, {"20 degC", "22 degC", "24 degC"}} {
		if !slices.Equal(axes[i].Values, want) {
			t.Errorf("%s has the values %v, want %v", axes[i].Name, axes[i].Values, want)
		}
	}
	if v := axes[1].At(0.5); v != "400 W" || axes[1].Of(v) != 400 || axes[1].Unit() != " W" {
		t.Errorf("the middle of 200 to 800 W in logarithms is %q, %v", v, axes[1].Of(v))
	}
	if v := axes[0].At(0.999999); v != "600 W" {
		t.Errorf("the end of a list is %q", v)
	}
	plan, ds := f.PlanAt("warm", axes, []string{"600 W", "400 W", "22 degC"})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if plan.CapAll != 600 || len(plan.Actions) != 1 || plan.Actions[0].At != 3600 || plan.Actions[0].Value != 400 {
		t.Errorf("the point has a cap of %g W and the actions %v", plan.CapAll, plan.Actions)
	}
	base, _ := f.Plan("warm")
	if plan.Hash == base.Hash {
		t.Error("a point of the sweep has the hash of the variant")
	}
}
