package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/external"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/influx"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/halltwin/halltwin/twin/record/lineproto"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/twin/record/term"
	"github.com/halltwin/halltwin/twin/session"
	"github.com/spf13/cobra"
)

// runFlags are the flags of `halltwin run`.
type runFlags struct {
	variant  string
	seed     uint64
	seeded   bool
	set      []string
	out      string
	replace  bool
	csv      bool
	influx   string
	spool    string
	view     bool
	speed    float64
	paused   bool
	wide     bool
	serve    serveFlags
	exitZero bool
	quiet    bool
	json     bool

	scheduler      string
	schedulerLimit time.Duration
	bind           bindFlags
}

func runVerb(p *process) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run FILE",
		Short: "Live a scenario and print its verdict",
		Long: "Run checks a scenario, lives it, prints the verdict with its evidence, and leaves a run directory.\n" +
			"FILE is a scenario file or a what-if of the library. A missed expectation is exit code 3.\n" +
			"Ctrl-C stops at the next boundary and keeps what was recorded; twice aborts.",
		Example: examples("halltwin run first-run", "halltwin run first-run --variant three-crahs --seed 8",
			"halltwin run my-hall.yaml --set 'site.air.supply=26 degC' --out runs/warm --json"),
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			f.seeded = c.Flags().Changed("seed")
			if alone, err := f.checkBind(p, c.Flags().Changed); err != nil || alone {
				if alone {
					err = supervised(p)
				}
				return err
			}
			return run(p, args[0], &f)
		},
	}
	c.Flags().StringVar(&f.variant, "variant", "", "run this variant instead of the base")
	c.Flags().Uint64Var(&f.seed, "seed", 0, "seed of all random streams; the scenario's by default")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value, as in --set 'site.liquid.supply=40 degC'; may be repeated")
	c.Flags().StringVarP(&f.out, "out", "o", "", "run directory; runs/NAME by default, with a number if that exists")
	c.Flags().BoolVar(&f.replace, "replace", false, "replace an earlier run in the --out directory")
	c.Flags().BoolVar(&f.csv, "csv", false, "also write the samples as CSV into the run directory")
	c.Flags().StringVar(&f.influx, "influx", "", "also send the samples to the InfluxDB server at this http address, or write them as line protocol to this file; .gz compresses")
	c.Flags().StringVar(&f.spool, "spool", "", "folder in which points wait while that server is away; see `halltwin influx status`")
	c.Flags().BoolVar(&f.view, "view", false, "show the run in a browser, live and afterwards, if this is a terminal or --listen is given")
	c.Flags().Float64Var(&f.speed, "speed", 0, "with --view: simulated seconds a second; 0: as fast as possible")
	c.Flags().BoolVar(&f.paused, "paused", false, "with --view: wait for somebody to let it go")
	c.Flags().BoolVar(&f.wide, "wide", false, "record also what the scenario does not ask for, of things that are few enough; --view does")
	f.serve.add(c)
	c.Flags().StringVar(&f.scheduler, "scheduler", "", "command of a process that schedules, for scheduler: {policy: external}; its words are parted at blanks")
	c.Flags().DurationVar(&f.schedulerLimit, "scheduler-limit", 10*time.Second, "how long that process may take for an answer")
	f.bind.add(c)
	c.Flags().BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also when an expectation is missed")
	c.Flags().BoolVarP(&f.quiet, "quiet", "q", false, "no progress and no event lines")
	c.Flags().BoolVar(&f.json, "json", false, "print the summary as JSON")
	return c
}

func run(p *process, path string, f *runFlags) error {
	file, err := load(path, f.set, "was not run")
	if err != nil {
		return err
	}
	plan, err := compile(file, path, f.variant, "was not run")
	if err != nil {
		return err
	}
	seed := plan.Seed
	if f.seeded {
		seed = f.seed
	}
	dir := f.out
	if dir == "" {
		dir = freeDir(filepath.Join("runs", record.RunName(plan.Name, plan.Variant)))
	}
	if f.wide = f.wide || f.view; f.wide {
		plan = session.Widen(plan)
	}
	ctx, stop := p.interruptible("stopping at the next boundary")
	defer stop()
	v, err := f.show(ctx, p, plan, seed, dir)
	if err != nil {
		return err
	}
	defer v.close()
	summary, err := f.live(ctx, p, plan, path, seed, dir, v)
	if summary == nil {
		return err
	}
	if f.json {
		err = errors.Join(err, printJSON(p.stdout.Out, summary))
	} else {
		err = errors.Join(err, p.stdout.Summary(summary))
		fmt.Fprintf(p.stdout.Out, "\nrecorded in %s (%s)\n", dir, filepath.Join(dir, rundir.ReportFile))
		if v == nil {
			fmt.Fprintf(p.stdout.Out, "to look at it: halltwin serve %s\n", quote([]string{dir}))
		}
	}
	err = errors.Join(err, v.wait(ctx, p, dir))
	if err != nil {
		return err
	}
	return f.outcome(summary)
}

// live runs a plan, records it into dir and shows its progress.
func (f *runFlags) live(ctx context.Context, p *process, plan *scenarios.Plan, path string, seed uint64, dir string, v *view) (*record.Summary, error) {
	metrics := []string{rundir.Parquet}
	if f.csv {
		metrics = append(metrics, rundir.CSV)
	}
	if plan.Lines {
		metrics = append(metrics, rundir.LineProtocol)
	}
	server, err := f.server(p, plan)
	if err != nil {
		return nil, err
	}
	writer, err := rundir.Create(dir, rundir.Options{Metrics: metrics, Replace: f.replace})
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	log := &logbook{Writer: writer, plan: plan}
	sinks := []record.Sink{log}
	if server != nil {
		sinks = append(sinks, server)
		defer func() { tellInflux(p, server.Status(), dir) }()
	}
	if f.influx != "" && !influx.IsAddress(f.influx) {
		sinks = append(sinks, lineproto.New(journal.Dir(filepath.Dir(f.influx)), filepath.Base(f.influx)))
	}
	options := twin.Options{Seed: seed, Version: versionText(), Command: f.command(path, seed)}
	if f.scheduler != "" {
		decider, err := external.Start(strings.Fields(f.scheduler), f.schedulerLimit)
		if err != nil {
			return nil, err
		}
		defer decider.Close()
		options.Decider = decider
	}
	if !f.quiet {
		w := &watcher{progress: term.NewProgress(p.stderr, p.now()), now: p.now}
		defer w.progress.Close()
		sinks = append(sinks, w)
		options.Progress = w.show
	}
	options.Sink = record.NewFanout(sinks...)
	if f.bind.any() {
		return f.bind.live(ctx, p, plan, options, dir)
	}
	if v != nil {
		return v.live(ctx, plan, session.Options{Options: options, Path: path, Speed: f.speed, Paused: f.paused, Did: log.did})
	}
	return twin.Run(ctx, plan, options)
}

// command reproduces the run.
func (f *runFlags) command(path string, seed uint64) string {
	args := []string{"halltwin", "run", path}
	if f.variant != "" {
		args = append(args, "--variant", f.variant)
	}
	for _, s := range f.set {
		args = append(args, "--set", s)
	}
	if f.wide {
		args = append(args, "--wide")
	}
	if f.scheduler != "" {
		args = append(args, "--scheduler", f.scheduler)
	}
	return quote(append(f.bind.command(args), "--seed", fmt.Sprint(seed)))
}

// outcome maps a verdict to the exit code.
func (f *runFlags) outcome(s *record.Summary) error {
	switch s.Verdict {
	case record.Missed:
		if !f.exitZero {
			return ends(exitMissed)
		}
	case record.Interrupted:
		return ends(exitInterrupted)
	case record.Broken:
		return ends(exitInternal)
	}
	return nil
}

// freeDir returns a path that does not exist yet: the one asked for, or that with a number.
func freeDir(path string) string {
	for free, n := path, 2; ; n++ {
		if _, err := os.Lstat(free); errors.Is(err, fs.ErrNotExist) {
			return free
		}
		free = fmt.Sprintf("%s-%d", path, n)
	}
}

// watcher is the sink that shows a run to the person who waits.
type watcher struct {
	progress *term.Progress
	now      func() time.Time
}

var _ record.Sink = (*watcher)(nil)

func (w *watcher) show(s twin.Progress) {
	w.progress.Update(w.now(), term.Status{Time: s.Now, Duration: s.Duration, IT: s.IT, Site: s.Site, PUE: s.PUE, HottestGPU: s.Hottest,
		Running: float64(s.Running), Queued: float64(s.Queued), Faults: float64(s.Faults)})
}

// Open does nothing.
func (w *watcher) Open(*record.Header) error { return nil }

// Frame does nothing: the status comes with its own rhythm.
func (w *watcher) Frame(*record.Frame) error { return nil }

// Event shows what matters.
func (w *watcher) Event(e *record.Event) error {
	w.progress.Event(w.now(), e)
	return nil
}

// Close takes the live lines away, so that the summary begins on a clean screen.
func (w *watcher) Close(*record.Summary) error {
	w.progress.Close()
	return nil
}
