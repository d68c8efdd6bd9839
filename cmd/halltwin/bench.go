package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	hilbench "github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/train"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/spf13/cobra"
)

// benchFlags are the flags of `halltwin bench`.
type benchFlags struct {
	hardware
	host, emulate       bool
	list, restore, json bool
	transformer         bool
	gpus                int
	seed                uint64
	experiments         []string
	scale, rate, stopAt float64
	out, scenario       string
	noLimits            bool
	replay              bool
}

func benchVerb(p *process) *cobra.Command {
	var f benchFlags
	c := &cobra.Command{
		Use:   "bench [-- PROGRAM ARGS]",
		Short: "Run experiments on real devices and record what they did",
		Long: "Bench loads devices, sets limits within their own range, and records. On GPUs the load is a program that prints a JSON line a\n" +
			"step (`halltwin bench --transformer` prints one for torchrun); --host loads this machine's processors with the built-in\n" +
			"trainer, fits what it saw and replays it in the twin; --emulate does all of it on emulated GPUs in virtual time.\n" +
			"--replay does so for GPUs: idle, a load step, a sweep of limits, a fit, and steps that the fit did not see, in the twin; without\n" +
			"a program it loads them with the shipped transformer, and where there is no GPU it says so and ends well.\n\n" +
			"A dry run comes first. Limits are restored when it ends, fails, crashes or is killed; a die at --stop-at ends it.",
		Example: examples("halltwin bench --host", "halltwin bench --replay", "halltwin bench --experiment load-step,mixes -- torchrun --nproc-per-node 8 transformer.py --seconds 3600",
			"halltwin bench --emulate --gpus 8 --out emulated.csv"),
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error { return f.dispatch(p, args) },
	}
	f.register(c)
	c.Flags().BoolVar(&f.host, "host", false, "load the host's processors: bench, fit and replay in the twin")
	c.Flags().BoolVar(&f.emulate, "emulate", false, "build and bench emulated GPUs")
	c.Flags().IntVar(&f.gpus, "gpus", 8, "with --emulate: how many")
	c.Flags().Uint64Var(&f.seed, "seed", 1, "with --emulate: of their hidden parameters and noise")
	c.Flags().StringSliceVarP(&f.experiments, "experiment", "e", []string{"all"}, "which experiments; --list names them")
	c.Flags().Float64Var(&f.scale, "scale", 1, "length of the experiments relative to their full length")
	c.Flags().Float64Var(&f.rate, "rate", 5, "readings a second, 1 to 20")
	c.Flags().Float64Var(&f.stopAt, "stop-at", hilbench.DefaultStop, "die temperature in °C at which it stops")
	c.Flags().BoolVar(&f.replay, "replay", false, "fit what GPUs did, and replay in the twin what the fit did not see")
	c.Flags().BoolVar(&f.noLimits, "no-limits", false, "leave out the steps that set limits")
	c.Flags().StringVarP(&f.out, "out", "o", "recording.csv", "the recording, which `halltwin calibrate` reads; bursts of the power sensor go beside it, as …-sensor.csv")
	c.Flags().StringVar(&f.scenario, "scenario", "", "with --host: write the scenario that was replayed to this file")
	c.Flags().BoolVar(&f.list, "list", false, "list the experiments")
	c.Flags().BoolVar(&f.restore, "restore", false, "restore limits that a process which is gone has left behind")
	c.Flags().BoolVar(&f.transformer, "transformer", false, "print the PyTorch program for torchrun")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	exclude(c, [2]string{"host", "emulate"}, [2]string{"host", "replay"})
	return c
}

func (f *benchFlags) dispatch(p *process, args []string) error {
	switch {
	case f.list:
		for _, e := range hilbench.Experiments(f.scale) {
			fmt.Fprintf(p.stdout.Out, "%-18s %4.0f s  %s\n", e.Name, e.Seconds(), e.About)
		}
		return nil
	case f.transformer:
		_, err := p.stdout.Out.Write(train.Transformer)
		return err
	case f.restore:
		return restorePending(p)
	case !(f.scale > 0):
		return usage("--scale is positive, not %g", f.scale)
	case f.host:
		return f.benchHost(p)
	case f.emulate && !device.HasNVML:
		return usage("emulated GPUs stand behind NVML: %w", device.ErrNoNVML)
	case f.emulate:
		return f.benchEmulated(p)
	case f.replay:
		return f.benchGPUs(p, args)
	case len(args) == 0:
		return usage("GPUs need a load: give a program after --, as in `halltwin bench -- torchrun --nproc-per-node 8 transformer.py --seconds 3600`, or --host or --emulate")
	}
	return f.benchProgram(p, args)
}

// benchProgram loads GPUs with a program.
func (f *benchFlags) benchProgram(p *process, args []string) error {
	if err := warnPending(p); err != nil {
		return err
	}
	if !f.noLimits && p.getenv(guard.Environment) == "" {
		return supervised(p)
	}
	load := &hilbench.Command{Args: args, Stderr: p.stderr.Out}
	b := f.bench(p, &device.NVML{Path: f.library}, load)
	b.Pacer = &kernel.Pacer{Factor: 1}
	return f.record(p, b, p.getenv(guard.Environment))
}

// bench returns a bench as the flags say.
func (f *benchFlags) bench(p *process, s device.Source, w hilbench.Workload) *hilbench.Bench {
	return &hilbench.Bench{Source: s, Workload: w, Rate: f.rate, StopAt: f.stopAt, Say: func(format string, args ...any) {
		fmt.Fprintf(p.stderr.Out, format+"\n", args...)
	}}
}

// record runs the experiments and writes what was seen.
func (f *benchFlags) record(p *process, b *hilbench.Bench, journal string) error {
	experiments, err := f.chosen()
	if err != nil {
		return usage("%w", err)
	}
	if !f.noLimits && journal != "" {
		b.Setter = guard.New(journal, f.library)
	}
	ctx, stop := p.interruptible("ending the experiment and restoring limits")
	defer stop()
	r, err := b.Run(ctx, experiments...)
	err = errors.Join(err, b.Workload.Close())
	if r == nil {
		return cutShort(ctx, err)
	}
	if werr := f.write(r); werr != nil {
		return errors.Join(err, werr)
	}
	if err != nil {
		return cutShort(ctx, err)
	}
	if f.replay {
		return f.foretell(ctx, p, r)
	}
	return f.tell(p, r)
}

func (f *benchFlags) write(r *hilbench.Recording) error {
	for _, bursts := range []bool{false, true} {
		path := f.out
		if bursts {
			path = strings.TrimSuffix(f.out, filepath.Ext(f.out)) + "-sensor" + filepath.Ext(f.out)
			if !r.Bursts() {
				continue
			}
		}
		file, err := os.Create(path)
		if err != nil {
			return err
		}
		if err := errors.Join(r.WriteCSV(file, bursts), file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// benched is what `bench --json` prints of a device.
type benched struct {
	Device     device.Identity    `json:"device"`
	Parameters []benchedParameter `json:"parameters"`
	Missing    []string           `json:"missing"`
}

type benchedParameter struct {
	Name       string  `json:"name"`
	Value      float64 `json:"value"`
	Low        float64 `json:"low"`
	High       float64 `json:"high"`
	Unit       string  `json:"unit"`
	Determined bool    `json:"determined"`
	Advice     string  `json:"advice,omitempty"`
}

// tell says what the recording determines.
func (f *benchFlags) tell(p *process, r *hilbench.Recording) error {
	var all []benched
	for _, d := range hilbench.Identify(r) {
		x := benched{Device: d.Device, Parameters: []benchedParameter{}, Missing: append([]string{}, d.Missing...)}
		for _, s := range d.Solutions() {
			for _, q := range s.Parameters {
				b := benchedParameter{Name: q.Name, Value: q.Value, Low: q.Low, High: q.High, Unit: q.Unit, Determined: q.Determined}
				if !q.Determined {
					b.Advice = q.Advice
				}
				x.Parameters = append(x.Parameters, b)
			}
		}
		if d.Period != nil {
			x.Parameters = append(x.Parameters, benchedParameter{Name: "sensor_period", Value: d.Period.Period, Low: d.Period.Low, High: d.Period.High, Unit: "s", Determined: true})
		}
		if d.Window != nil {
			x.Parameters = append(x.Parameters, benchedParameter{Name: "sensor_window", Value: d.Window.Window, Low: d.Window.Low, High: d.Window.High, Unit: "s", Determined: true})
		}
		all = append(all, x)
	}
	if f.json {
		return printJSON(p.stdout.Out, all)
	}
	var b strings.Builder
	for _, x := range all {
		fmt.Fprintf(&b, "%s  %s\n", x.Device.Name(), x.Device.Model)
		for _, q := range x.Parameters {
			fmt.Fprintf(&b, "  %-15s %10.4g %-5s [%.4g, %.4g]", q.Name, q.Value, q.Unit, q.Low, q.High)
			if !q.Determined {
				fmt.Fprintf(&b, "  not determined: %s", q.Advice)
			}
			b.WriteByte('\n')
		}
		for _, m := range x.Missing {
			fmt.Fprintf(&b, "  – %s\n", m)
		}
	}
	for _, h := range r.Held {
		fmt.Fprintf(&b, "held back: %s %s %s, %d times\n", h.Device, h.What, h.Why, h.Count)
	}
	fmt.Fprintf(&b, "recorded in %s; `halltwin calibrate %s` makes a calibration of it\n", f.out, f.out)
	_, err := p.stdout.Out.Write([]byte(b.String()))
	return err
}

// supervised runs this command line again as a child and restores what it leaves behind.
func supervised(p *process) error {
	cmd := p.self(os.Args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, p.stdout.Out, p.stderr.Out
	restored, err := guard.Supervise(context.Background(), cmd, limitsJournal(p), p.signals)
	if len(restored) > 0 {
		fmt.Fprintf(p.stderr.Out, "the process ended without restoring limits; restored now: %s\n", strings.Join(restored, ", "))
	}
	if cmd.ProcessState != nil && cmd.ProcessState.ExitCode() > 0 {
		return ends(cmd.ProcessState.ExitCode())
	}
	return err
}

// restorePending takes back limits that nobody takes back any more.
func restorePending(p *process) error {
	left, err := guard.Pending(guard.Folder(p.getenv))
	if err != nil {
		return err
	}
	if len(left) == 0 {
		fmt.Fprintln(p.stdout.Out, "no limits are left behind")
	}
	var failed []error
	for _, path := range left {
		names, err := guard.Recover(context.Background(), path)
		if err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", filepath.Base(path), err))
			continue
		}
		fmt.Fprintf(p.stdout.Out, "restored: %s\n", strings.Join(names, ", "))
	}
	if err := errors.Join(failed...); err != nil {
		return &exitError{exitIO, err}
	}
	return nil
}
