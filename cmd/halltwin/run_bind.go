package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	hilbench "github.com/halltwin/halltwin/hil/bench"
	"github.com/halltwin/halltwin/hil/device"
	"github.com/halltwin/halltwin/hil/guard"
	"github.com/halltwin/halltwin/hil/loop"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/kernel"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/spf13/cobra"
)

// bindFlags are the flags of `halltwin run` that make things of a site real.
type bindFlags struct {
	bonds    []string
	train    string
	standIn  bool
	noLimits bool
	stopAt   float64
	late     time.Duration
	last     time.Duration
	library  string
	seed     uint64
}

func (f *bindFlags) add(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.bonds, "bind", nil, "make GPUs real, as 'hall-0/row-1/rack-3/node-2/gpu[0..7]=nvml:0..7' (emulated:0..7 for emulated ones), or the processors of a node, as 'hall-0/row-1/rack-3/node-2=cpu': jobs there train for real, in real time; may be repeated")
	c.Flags().StringVar(&f.train, "train", "", "with --bind …=nvml: program that trains on a job's GPUs and prints a JSON line a step, its words parted at blanks; {gpus} is their number")
	c.Flags().BoolVar(&f.standIn, "stand-in", false, "with --bind: real GPUs stand for the others in racks of their type: the model follows them in proportion")
	c.Flags().BoolVar(&f.noLimits, "no-limits", false, "with --bind …=nvml: leave the power limits of real GPUs alone")
	c.Flags().Float64Var(&f.stopAt, "stop-at", hilbench.DefaultStop, "with --bind: die temperature in °C at which the run ends")
	c.Flags().DurationVar(&f.late, "late", time.Second, "with --bind: how late the run may be against real time before it ends")
	c.Flags().DurationVar(&f.last, "for", 0, "with --bind: end after this time; 0: the scenario's end")
	c.Flags().StringVar(&f.library, "nvml", "", "with --bind: path of the NVML library; the machine's own by default")
	c.Flags().Uint64Var(&f.seed, "emulated-seed", 1, "with --bind …=emulated: of the hidden parameters of emulated GPUs")
}

// any reports whether something is to be real.
func (f *bindFlags) any() bool { return len(f.bonds) > 0 }

// limits reports whether limits may be set that somebody must take back.
func (f *bindFlags) limits() bool {
	return !f.noLimits && slices.ContainsFunc(f.bonds, func(s string) bool { return strings.Contains(s, "="+loop.NVML) })
}

// check says what cannot be before anything is done. It reports whether this process must be supervised.
func (f *runFlags) checkBind(p *process, changed func(flag string) bool) (supervise bool, err error) {
	b := &f.bind
	switch {
	case !b.any():
		for _, name := range []string{"train", "stand-in", "no-limits", "stop-at", "late", "for", "nvml", "emulated-seed"} {
			if changed(name) {
				return false, usage("--%s goes with --bind: nothing of this run is real", name)
			}
		}
		return false, nil
	case f.view:
		return false, usage("--bind and --view exclude each other: a person cannot pause what is real; look at it with `halltwin serve` afterwards")
	case b.late < time.Millisecond:
		return false, usage("--late is 1ms or more, not %s", b.late)
	case b.last < 0:
		return false, usage("--for is a time to come, not %s", b.last)
	}
	if err := warnPending(p); err != nil {
		return false, err
	}
	return b.limits() && p.getenv(guard.Environment) == "", nil
}

// live lives a plan with real things in it, and writes what they told beside its recording in dir.
func (f *bindFlags) live(ctx context.Context, p *process, plan *scenarios.Plan, o twin.Options, dir string) (*record.Summary, error) {
	var bonds []loop.Bond
	for _, text := range f.bonds {
		some, err := loop.ParseBond(plan.Tree, text)
		if err != nil {
			return nil, usage("--bind %w", err)
		}
		bonds = append(bonds, some...)
	}
	parts, setter, shut, err := f.parts(ctx, p, bonds)
	if err != nil {
		return nil, err
	}
	defer shut()
	until := plan.Duration
	if f.last > 0 {
		until = min(until, f.last.Seconds())
		o.Until = until
	}
	fmt.Fprintf(p.stderr.Out, "real things set the pace: this takes %s\n", record.Clock(until))
	d, err := twin.Begin(plan, o)
	if err != nil {
		return nil, err
	}
	file, err := os.Create(filepath.Join(dir, rundir.MeasuredFile))
	if err != nil {
		d.Close()
		return nil, &exitError{exitIO, err}
	}
	table := hilbench.NewTable(file)
	c := &loop.Closed{World: d, Tree: plan.Tree, Bonds: bonds, Parts: parts, Stand: f.standIn, StopAt: f.stopAt,
		Pacer: &kernel.Pacer{Factor: 1, Tolerance: f.late, Strict: true},
		Say:   func(format string, args ...any) { fmt.Fprintf(p.stderr.Out, format+"\n", args...) },
		Saw: func(at float64, id *device.Identity, r *device.Reading, work float64) error {
			table.Add(at, id, "", work, &r.Values)
			return nil
		}}
	if setter != nil {
		c.Setter = setter
	}
	err = c.Run(ctx, until)
	if failed := errors.Join(table.Flush(), file.Close()); failed != nil && err == nil {
		err = &exitError{exitIO, failed}
	}
	return d.End(ctx, err)
}

// parts returns the ways to the devices that are bound, and what sets their limits.
func (f *bindFlags) parts(ctx context.Context, p *process, bonds []loop.Bond) (parts []loop.Part, setter *guard.Guard, shut func(), err error) {
	uses := func(source string) bool {
		return slices.ContainsFunc(bonds, func(b loop.Bond) bool { return b.Source == source })
	}
	shut = func() {}
	gpus := uses(loop.NVML) || uses(loop.Emulated)
	switch {
	case uses(loop.NVML) && uses(loop.Emulated):
		return nil, nil, shut, usage("--bind: a process has one NVML library: bind either real or emulated GPUs")
	case gpus && !device.HasNVML:
		return nil, nil, shut, usage("--bind: GPUs stand behind NVML: %w", device.ErrNoNVML)
	case uses(loop.NVML) && f.train == "":
		return nil, nil, shut, usage("--bind: real GPUs need something to train: --train 'torchrun --nproc-per-node {gpus} transformer.py --seconds 86400' (`halltwin bench --transformer` prints it)")
	}
	if uses(loop.NVML) {
		parts = append(parts, loop.Part{Name: loop.NVML, Source: &device.NVML{Path: f.library}, Load: &loop.Programs{Args: strings.Fields(f.train), Stderr: p.stderr.Out}})
		if journal := p.getenv(guard.Environment); !f.noLimits && journal != "" {
			setter = guard.New(journal, f.library)
		}
	}
	if uses(loop.Emulated) {
		most := 0
		for _, b := range bonds {
			if b.Source == loop.Emulated {
				most = max(most, b.Index)
			}
		}
		part, g, end, err := f.emulated(ctx, most+1)
		if err != nil {
			return nil, nil, shut, err
		}
		parts, shut = append(parts, part), end
		if !f.noLimits {
			setter = g
		}
	}
	if uses(loop.CPU) {
		parts = append(parts, loop.Part{Name: loop.CPU, Source: &device.Host{}, Load: &loop.Host{}})
	}
	return parts, setter, shut, nil
}

// command adds its part of the command line.
func (f *bindFlags) command(args []string) []string {
	for _, b := range f.bonds {
		args = append(args, "--bind", b)
	}
	if f.standIn {
		args = append(args, "--stand-in")
	}
	if f.train != "" {
		args = append(args, "--train", f.train)
	}
	if f.last > 0 {
		args = append(args, "--for", f.last.String())
	}
	if f.noLimits {
		args = append(args, "--no-limits")
	}
	if f.any() {
		args = append(args, "--stop-at", fmt.Sprint(f.stopAt), "--late", f.late.String())
	}
	if slices.ContainsFunc(f.bonds, func(s string) bool { return strings.Contains(s, "="+loop.Emulated) }) {
		args = append(args, "--emulated-seed", fmt.Sprint(f.seed))
	}
	return args
}
