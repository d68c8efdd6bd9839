package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/halltwin/halltwin/twin/ensemble"
	"github.com/halltwin/halltwin/twin/record/journal"
	"github.com/spf13/cobra"
)

// sweepFlags are the flags of `halltwin sweep`.
type sweepFlags struct {
	variants []string
	replicas int
	workers  int
	set      []string
	figures  []string
	out      string
	markdown bool
	json     bool
	exitZero bool
	queue    queueFlags
}

func sweepVerb(p *process) *cobra.Command {
	var f sweepFlags
	c := &cobra.Command{
		Use:   "sweep FILE",
		Short: "Run a scenario's whole experiment: variants × sweep × replicas",
		Long: "Sweep runs every variant of a scenario at every point of its sweep over all its seeds, and says what can be said:\n" +
			"how often each expectation holds, each figure with its interval, each difference to the base over pairs of one seed.\n" +
			"Results are kept as they come: interrupted, the same command goes on where it was.\n" +
			"With --serve or --url the runs are made by `halltwin worker` on any number of machines; --workers then says how many this\n" +
			"process makes at a time beside them, none by default.\n" +
			"An expectation that is shown to be missed is exit code 3, a point that cannot be built 4; the others are run all the same.",
		Example: examples("halltwin sweep supply-sweep", "halltwin sweep heat-wave-and-caps --replicas 10 --figure energy.pue --figure compute.goodput",
			"halltwin sweep heat-wave-and-caps --serve=0.0.0.0:4222 --workers 2"),
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return sweep(p, args[0], &f) },
	}
	c.Flags().StringSliceVar(&f.variants, "variant", nil, "run only these variants beside the base")
	c.Flags().IntVar(&f.replicas, "replicas", 0, "number of seeds, counted up from the scenario's; the scenario's replicas by default")
	c.Flags().IntVar(&f.workers, "workers", 0, "runs at a time; as many as there are processors by default")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value everywhere, as in --set 'duration=6 h'; may be repeated")
	c.Flags().StringArrayVar(&f.figures, "figure", nil, "show this figure, by its key, as energy.pue; may be repeated. The headlines that vary by default")
	c.Flags().StringVarP(&f.out, "out", "o", "", "directory of the experiment; runs/NAME-experiment by default")
	c.Flags().BoolVar(&f.markdown, "markdown", false, "print Markdown")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, with all figures")
	c.Flags().BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also when an expectation is missed")
	f.queue.add(c)
	exclude(c, [2]string{"markdown", "json"}, [2]string{"serve", "url"})
	return c
}

func sweep(p *process, path string, f *sweepFlags) error {
	file, err := load(path, f.set, "was not run")
	if err != nil {
		return err
	}
	for _, v := range append([]string{""}, file.Variants()...) {
		if _, err := compile(file, path, v, "was not run"); err != nil {
			return err
		}
	}
	if _, ds := file.Axes(); len(ds) > 0 {
		return wrong(file, path, ds, "was not run")
	}
	e, err := ensemble.New(file, ensemble.Request{Variants: f.variants, Replicas: f.replicas}, versionText())
	if err != nil {
		return &exitError{exitInvalid, err}
	}
	dir := f.out
	if dir == "" {
		dir = filepath.Join("runs", e.Name+"-experiment")
	}
	store, err := ensemble.OpenStore(dir)
	if err != nil {
		return &exitError{exitIO, err}
	}
	outcome, err := f.carryOut(p, e, store, dir)
	err = errors.Join(err, store.Close())
	if errors.Is(err, context.Canceled) {
		fmt.Fprintf(p.stderr.Out, "what is done is kept in %s; the same command goes on from there\n", dir)
		return ends(exitInterrupted)
	}
	if err != nil {
		return err
	}
	return f.show(p, outcome, dir)
}

// carryOut runs the experiment with its progress shown.
func (f *sweepFlags) carryOut(p *process, e *ensemble.Experiment, store *ensemble.Store, dir string) (*ensemble.Outcome, error) {
	ctx, stop := p.interruptible("stopping: runs that are not done are left out")
	defer stop()
	crew, err := f.gather(ctx, p, e, dir)
	if err != nil {
		return nil, err
	}
	defer crew.close()
	began, shown := p.now(), time.Time{}
	o, err := e.Run(ctx, store, ensemble.Options{Executor: crew, Progress: func(g ensemble.Progress) {
		now := p.now()
		if !p.stderr.Live || now.Sub(shown) < 100*time.Millisecond && g.Done < g.Total {
			return
		}
		shown = now
		line := fmt.Sprintf("%d of %d runs", g.Done, g.Total)
		if g.Taken > 0 {
			line += fmt.Sprintf(", %d of them at hand", g.Taken)
		}
		if g.Failed > 0 {
			line += fmt.Sprintf(", %d failed", g.Failed)
		}
		if made := g.Done - g.Taken; made > 0 {
			left := time.Duration(float64(now.Sub(began)) / float64(made) * float64(g.Total-g.Done))
			line += fmt.Sprintf(" · %s to go", left.Round(time.Second))
		}
		line += crew.word()
		fmt.Fprint(p.stderr.Out, "\r\x1b[K", line)
	}})
	if p.stderr.Live {
		fmt.Fprint(p.stderr.Out, "\r\x1b[K")
	}
	if err == nil {
		err = errors.Join(store.Sync(), crew.done())
	}
	return o, err
}

// show prints the outcome and leaves its files.
func (f *sweepFlags) show(p *process, o *ensemble.Outcome, dir string) error {
	figures := f.figures
	for _, key := range figures {
		if _, ok := o.Figure(key); !ok {
			return usage("--figure %s: no run has this figure; `--json` lists all of them", key)
		}
	}
	if len(figures) == 0 {
		figures = o.Varying(5)
	}
	if err := o.Table(journal.Dir(dir)); err != nil {
		return &exitError{exitIO, err}
	}
	report, err := os.Create(filepath.Join(dir, ensemble.ReportFile))
	if err != nil {
		return &exitError{exitIO, err}
	}
	if err := errors.Join(o.Report(report, figures), report.Close()); err != nil {
		return &exitError{exitIO, err}
	}
	switch {
	case f.json:
		err = o.JSON(p.stdout.Out)
	case f.markdown:
		err = o.Markdown(p.stdout.Out, figures)
	default:
		err = o.Text(p.stdout.Out, figures)
		fmt.Fprintf(p.stdout.Out, "results in %s (%s, %s)\n", dir, ensemble.ReportFile, ensemble.TableFile)
	}
	if err != nil || f.exitZero {
		return err
	}
	return judge(o)
}

// judge gives the exit code of an experiment. A search tries points that cannot be built; of a design they are mistakes.
func judge(o *ensemble.Outcome) error {
	broke := slices.ContainsFunc(o.Failed, func(r ensemble.Result) bool { return !r.Unbuilt() })
	switch {
	case o.Missed():
		return ends(exitMissed)
	case broke:
		return ends(exitInternal)
	case len(o.Failed) > 0 && o.Best < 0:
		return ends(exitInvalid)
	}
	return nil
}
