package training

import (
	"math"
	"strings"
	"testing"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
)

func ptr[T any](v T) *T { return &v }

// example is the run of the heat-wave scenario.
func example() *Spec {
	return &Spec{Name: "llm-405b", Model: &llama405, GPUs: 2304, MicroBatch: 1, GlobalBatch: 2048, Precision: "bf16", Recompute: "none",
		Attention: "flash", Jitter: 0.004,
		Parallel:   ParallelSpec{Tensor: 8, Pipeline: 8, Context: 2, Expert: 1, Overlap: 0.6, Sequence: true},
		Checkpoint: CheckpointSpec{Write: "async", Copy: 10e9, Stall: 2}}
}

func TestExample(t *testing.T) {
	s := example()
	s.Validate(func(path, msg string) { t.Errorf("%s: %s", path, msg) })
	p, err := Compile(s, Site{Device: gb200, Horizon: 12 * 3600, Interruption: func(nodes int) float64 { return float64(nodes) * meta / 2 }})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("step %.2f s, %.3g tokens/s, MFU %.3f, memory %s, use %.3f, ETTR %.4f, %+v", p.Step.Total, p.Rate, p.MFU,
		unit.Data(p.Memory), p.Use(), p.Expected, p.Save)
	t.Log(p.Describe(s.Name))
	j := &p.Job
	if j.Parts != 576 || j.Part[workload.GPU] != 4 || !j.Whole || j.Work != 12*3600 || j.Class != workload.Train {
		t.Errorf("job %+v", j)
	}
	if p.MFU < 0.3 || p.MFU > 0.6 || j.Util.GPU < 0.6 || j.Util.GPU > 0.95 {
		t.Errorf("MFU %.2f, utilisation %.2f", p.MFU, j.Util.GPU)
	}
	if want := Daly(p.Save.Block, 1/p.Save.Interruption); j.Every != want || j.Cost > 5 {
		t.Errorf("checkpoint %+v, want every %g", j.Checkpoint, want)
	}
	shares := 0.0
	for _, ph := range p.Phases {
		shares += ph.Share
	}
	if math.Abs(shares-1) > 1e-12 {
		t.Errorf("phases fill %g of the step", shares)
	}
}

func TestTokensAndDuration(t *testing.T) {
	s := example()
	s.Tokens = ptr(15e12)
	p, err := Compile(s, Site{Device: gb200})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "work", p.Job.Work, 15e12/p.Rate, 1e-12)
	s.Tokens, s.Duration = nil, ptr(unit.Duration(3600))
	if p, _ = Compile(s, Site{Device: gb200}); p.Job.Work != 3600 {
		t.Errorf("work %g", p.Job.Work)
	}
}

// A blocking write of the whole checkpoint costs what cluster.md warns of; never and a fixed interval are obeyed.
func TestCheckpointModes(t *testing.T) {
	site := Site{Device: gb200, Horizon: 1e6, Interruption: func(nodes int) float64 { return float64(nodes) * meta }}
	every := map[string]float64{}
	for _, c := range []struct {
		name string
		edit func(*CheckpointSpec)
	}{
		{"async", func(*CheckpointSpec) {}},
		{"sync", func(c *CheckpointSpec) { c.Write = "sync"; c.Bandwidth = ptr(unit.Bandwidth(20e9)) }},
		{"never", func(c *CheckpointSpec) { c.Every = workload.Never }},
		{"fixed", func(c *CheckpointSpec) { c.Every = 1800 }},
		{"often", func(c *CheckpointSpec) { c.Every = 1; c.Bandwidth = ptr(unit.Bandwidth(20e9)) }},
	} {
		s := example()
		c.edit(&s.Checkpoint)
		p, err := Compile(s, site)
		if err != nil {
			t.Fatal(err)
		}
		every[c.name] = p.Job.Every
		t.Logf("%s: every %.0f s, blocks %.1f s, ETTR %.4f", c.name, p.Job.Every, p.Job.Cost, p.Expected)
		if c.name == "often" && p.Job.Every != p.Save.Write {
			t.Errorf("a checkpoint every %g s, though one takes %g s to write", p.Job.Every, p.Save.Write)
		}
	}
	if every["never"] != 0 || every["fixed"] != 1800 || every["sync"] <= every["async"] {
		t.Errorf("intervals %v", every)
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		edit func(*Spec, *Device)
		want string
	}{
		{func(s *Spec, d *Device) { d.Memory = 40e9 }, "raise tensor"},
		{func(s *Spec, d *Device) { s.GPUs = 2306 }, "whole nodes of 4"},
		{func(s *Spec, d *Device) { d.BF16 = 0 }, "states no bf16"},
	} {
		s, d := example(), gb200
		c.edit(s, &d)
		if _, err := Compile(s, Site{Device: d}); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want one with %q", err, c.want)
		}
	}
	for _, c := range []struct {
		edit func(*Spec)
		path string
	}{
		{func(s *Spec) { s.GPUs = 2305 }, "gpus"},
		{func(s *Spec) { s.Parallel.Data = 3 }, "parallel.data"},
		{func(s *Spec) { s.Parallel.Tensor, s.GPUs = 3, 2304*3 }, "parallel.tensor"},
		{func(s *Spec) { s.Parallel.Pipeline, s.GPUs = 128, 2048 }, "parallel.pipeline"},
		{func(s *Spec) { s.Tokens, s.Duration = ptr(1.0), ptr(unit.Duration(1)) }, "tokens"},
	} {
		s := example()
		c.edit(s)
		var got []string
		s.Validate(func(path, _ string) { got = append(got, path) })
		if len(got) != 1 || got[0] != c.path {
			t.Errorf("%s: complaints about %v", c.path, got)
		}
	}
}
