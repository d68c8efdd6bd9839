package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	hilbench "github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/hil/train"
)

// chosen returns the experiments that the flags name; with --replay those that a replay needs, and the steps to replay.
func (f *benchFlags) chosen() ([]hilbench.Experiment, error) {
	names := f.experiments
	if f.replay && slices.Equal(names, []string{"all"}) {
		names = []string{"idle", "load-step", "cap-sweep"}
	}
	all, err := hilbench.Select(names, f.scale)
	if err != nil || !f.replay {
		return all, err
	}
	return append(all, loop.ReplaySteps(f.scale, !f.noLimits)), nil
}

// benchGPUs benches, fits and replays the GPUs of this machine, if it has some.
func (f *benchFlags) benchGPUs(p *process, args []string) error {
	n, err := f.gpusHere()
	switch {
	case err != nil:
		return &exitError{exitSource, err}
	case n == 0:
		_, err := fmt.Fprintln(p.stdout.Out, "skipped: no GPU")
		return err
	case len(args) > 0:
		return f.benchProgram(p, args)
	}
	if err := exec.Command("python3", "-c", "import torch; assert torch.cuda.is_available()").Run(); err != nil {
		return usage("%d GPUs, and no PyTorch that can use them: install it, or give a program after --", n)
	}
	dir, err := os.MkdirTemp("", "halltwin-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program := filepath.Join(dir, "transformer.py")
	if err := os.WriteFile(program, train.Transformer, 0o600); err != nil {
		return err
	}
	return f.benchProgram(p, []string{"torchrun", "--nproc-per-node", fmt.Sprint(n), program, "--seconds", "3600"})
}

// gpusHere counts the GPUs that this machine has. A machine without a driver has none.
func (f *benchFlags) gpusHere() (int, error) {
	s := &device.NVML{Path: f.library}
	ctx := context.Background()
	all, err := s.Open(ctx)
	if errors.Is(err, device.ErrNoNVML) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	return len(all), s.Close()
}

// foretell fits, replays and prints.
func (f *benchFlags) foretell(ctx context.Context, p *process, r *hilbench.Recording) error {
	model := ""
	if len(r.Devices) > 0 {
		model = r.Devices[0].Model
	}
	out, err := loop.ReplayGPUs(ctx, r, "hardware/"+partOf(model))
	if err != nil {
		return cutShort(ctx, err)
	}
	if f.scenario != "" {
		if err := os.WriteFile(f.scenario, []byte(out.Scenario), 0o644); err != nil {
			return err
		}
	}
	if f.json {
		return printJSON(p.stdout.Out, out)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d × %s\n\nFITTED\n  idle %.1f W, at full utilisation %.1f W a GPU\n", out.GPUs, model, out.Idle, out.Max)
	for _, k := range out.Knots {
		fmt.Fprintf(&b, "  under a limit of %3.0f %% of what it would draw, %3.0f %% of its speed\n", 100*k[0], 100*k[1])
	}
	if len(out.Knots) == 0 {
		b.WriteString("  – no limit was set that held the load back: speed under limits is that of the library\n")
	}
	b.WriteString("\nREPLAYED, steps that the fit did not see\n")
	for _, s := range out.Steps {
		name := s.Name
		if s.Limit > 0 {
			name = fmt.Sprintf("%s to %.0f W", name, s.Limit)
		}
		fmt.Fprintf(&b, "  %-18s measured %6.1f W  in the twin %6.1f W  %+5.1f %%", name, s.Measured, s.Simulated, 100*(s.Simulated/s.Measured-1))
		if s.Seconds > 0 {
			fmt.Fprintf(&b, "   work of %5.1f s takes %5.1f s  %+5.1f %%", s.Seconds, s.Lived, 100*(s.Lived/s.Seconds-1))
		}
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "  mean error of power %.1f %%, of run times %.1f %%\nrecorded in %s\n", 100*out.Error, 100*out.RunError, f.out)
	_, err = p.stdout.Out.Write([]byte(b.String()))
	return err
}

// partOf returns the part of the library that a GPU's product name means.
func partOf(model string) string {
	for _, t := range types {
		if strings.Contains(strings.ToUpper(model), t.name) {
			return t.part
		}
	}
	return "gpu-l40s"
}
