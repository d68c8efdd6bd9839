package scenarios

import (
	"fmt"
	"slices"
	"testing"
)

// A run can be understood afterwards though its scenario says nothing of what to record; a long or large one costs no more
// for that.
func TestUsualChannels(t *testing.T) {
	for _, c := range []struct {
		record, duration string
		with, without    []string
	}{
		{"{}", "1 d", []string{"utility.state", "pdu.load", "ups.autonomy", "crah.supply_temperature", "rack.state", "rack.power", "rack.inlet_temperature", "node.state", "site.power"},
			[]string{"gpu.state", "gpu.temperature", "rack.airflow", "node.power", "job.state", "cdu.state"}},
		{"{}", "300 d", []string{"site.power"}, []string{"utility.state", "rack.state"}},
		{`{select: "rack[0]", channels: [rack.power]}`, "1 d", []string{"rack.power", "rack.state", "site.power"}, []string{"pdu.load", "node.state"}},
		{"{channels: [gpu.temperature]}", "300 d", []string{"gpu.temperature", "gpu.state"}, []string{"node.state"}},
	} {
		f, ds := LoadBytes("test.yaml", fmt.Appendf(nil, "halltwin: v1\nname: test\nstart: 2025-07-01T00:00:00Z\nduration: %s\nsite: {use: sites/h100-hall-1k}\nrecord: %s\n", c.duration, c.record))
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		plan, ds := f.Plan("")
		if len(ds) > 0 {
			t.Fatal(ds)
		}
		var names []string
		for _, ch := range plan.Channels {
			names = append(names, ch.Name)
		}
		if !slices.IsSorted(names) {
			t.Errorf("%s: not in order: %v", c.record, names)
		}
		for _, n := range c.with {
			if !slices.Contains(names, n) {
				t.Errorf("%s for %s: %s is not recorded", c.record, c.duration, n)
			}
		}
		for _, n := range c.without {
			if slices.Contains(names, n) {
				t.Errorf("%s for %s: %s is recorded", c.record, c.duration, n)
			}
		}
	}
}
