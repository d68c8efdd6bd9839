package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/twin"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/compare"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/spf13/cobra"
)

// compareFlags are the flags of `halltwin compare`.
type compareFlags struct {
	variants []string
	replicas int
	set      []string
	markdown bool
	json     bool
	html     bool
}

func compareVerb(p *process) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use:   "compare FILE | compare RUN RUN",
		Short: "Say what a variant, or one run against another, changes",
		Long: "Compare sets two recorded runs side by side, or runs a scenario's base and variants over the same seeds and\n" +
			"compares them in pairs: what differs in what goes in, when they first part, and each figure with its difference\n" +
			"and 95 % confidence interval.",
		Example: examples("halltwin compare first-run --replicas 10", "halltwin compare runs/first-run runs/first-run.three-crahs --markdown",
			"halltwin compare heat-wave-and-caps --html > caps.html"),
		Args: cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 2 {
				return compareRuns(p, args[0], args[1], &f)
			}
			return compareVariants(p, args[0], &f)
		},
	}
	c.Flags().StringSliceVar(&f.variants, "variant", nil, "compare only these variants with the base")
	c.Flags().IntVar(&f.replicas, "replicas", 0, "number of seeds, counted up from the scenario's; the scenario's replicas by default")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value on all sides, as in --set 'duration=6 h'; may be repeated")
	c.Flags().BoolVar(&f.markdown, "markdown", false, "print Markdown")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	c.Flags().BoolVar(&f.html, "html", false, "print a page, for a browser or beside a pull request")
	exclude(c, [2]string{"markdown", "json"}, [2]string{"markdown", "html"}, [2]string{"json", "html"})
	return c
}

func compareRuns(p *process, a, b string, f *compareFlags) error {
	base, err := openRun(a)
	if err != nil {
		return err
	}
	defer base.Close()
	other, err := openRun(b)
	if err != nil {
		return err
	}
	defer other.Close()
	c, err := compare.Runs(base, other)
	if err != nil {
		return err
	}
	return f.print(p, []*compare.Comparison{c})
}

func (f *compareFlags) print(p *process, all []*compare.Comparison) error {
	if f.json {
		return printJSON(p.stdout.Out, struct {
			Comparisons []*compare.Comparison `json:"comparisons"`
		}{all})
	}
	if f.html {
		return compare.Page(p.stdout.Out, all, versionText())
	}
	for i, c := range all {
		if i > 0 {
			fmt.Fprintln(p.stdout.Out)
		}
		var err error
		if f.markdown {
			err = c.Markdown(p.stdout.Out)
		} else {
			err = c.Text(p.stdout.Out, p.stdout.Width)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// compareVariants runs the base and its variants over the same seeds and compares each with the base.
func compareVariants(p *process, path string, f *compareFlags) error {
	file, err := load(path, f.set, "was not run")
	if err != nil {
		return err
	}
	names := f.variants
	if len(names) == 0 {
		names = file.Variants()
	}
	if len(names) == 0 {
		return usage("%s has no variants to compare; add some under `variants:`, or compare two runs", path)
	}
	scratch, err := os.MkdirTemp("", "halltwin-compare-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	sides := make([]*side, 0, len(names)+1)
	for i, name := range append([]string{""}, names...) {
		plan, err := compile(file, path, name, "was not run")
		if err != nil {
			return err
		}
		s := &side{plan: plan, dir: filepath.Join(scratch, fmt.Sprint(i)), Side: compare.Side{Name: name, Resolved: plan.Resolved}}
		if name == "" {
			s.Name = "base"
		}
		n := f.replicas
		if n <= 0 {
			n = plan.Replicas
		}
		s.Runs = make([]*record.Summary, n)
		sides = append(sides, s)
	}
	ctx, stop := p.interruptible("stopping")
	defer stop()
	if err := runAll(ctx, p, sides); err != nil {
		return err
	}
	all := make([]*compare.Comparison, 0, len(names))
	for _, s := range sides[1:] {
		c, err := compare.Sides(sides[0].Side, s.Side)
		if err != nil {
			return err
		}
		if c.Divergence, err = diverge(sides[0].dir, s.dir); err != nil {
			return err
		}
		all = append(all, c)
	}
	return f.print(p, all)
}

// side is the base or a variant with its runs; the first is recorded.
type side struct {
	compare.Side
	plan *scenarios.Plan
	dir  string
}

// runAll carries out every run of every side, as many at a time as there are processors.
func runAll(ctx context.Context, p *process, sides []*side) error {
	type task struct {
		side *side
		n    int
	}
	tasks := make(chan task)
	var mu sync.Mutex
	var failed error
	done, total := 0, 0
	for _, s := range sides {
		total += len(s.Runs)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), total) {
		workers.Go(func() {
			for t := range tasks {
				if ctx.Err() != nil {
					continue
				}
				summary, err := t.side.one(ctx, t.n)
				mu.Lock()
				t.side.Runs[t.n] = summary
				done++
				if err != nil && failed == nil {
					failed = err
					cancel()
				}
				if p.stderr.Live {
					fmt.Fprintf(p.stderr.Out, "\r\x1b[K%d of %d runs", done, total)
				}
				mu.Unlock()
			}
		})
	}
	for _, s := range sides {
		for n := range s.Runs {
			tasks <- task{s, n}
		}
	}
	close(tasks)
	workers.Wait()
	if p.stderr.Live {
		fmt.Fprint(p.stderr.Out, "\r\x1b[K")
	}
	if failed == nil && ctx.Err() != nil {
		failed = ends(exitInterrupted)
	}
	return failed
}

// one carries out the n-th replica of a side.
func (s *side) one(ctx context.Context, n int) (*record.Summary, error) {
	o := twin.Options{Seed: s.plan.Seed + uint64(n), Version: versionText()}
	if n == 0 {
		w, err := rundir.Create(s.dir, rundir.Options{})
		if err != nil {
			return nil, &exitError{exitIO, err}
		}
		o.Sink = w
	}
	return twin.Run(ctx, s.plan, o)
}

func diverge(a, b string) (*compare.Divergence, error) {
	base, err := rundir.Open(a)
	if err != nil {
		return nil, err
	}
	defer base.Close()
	other, err := rundir.Open(b)
	if err != nil {
		return nil, err
	}
	defer other.Close()
	return compare.Diverge(base, other)
}

// openRun opens a run directory; one that is none is an error of input.
func openRun(dir string) (*rundir.Run, error) {
	r, err := rundir.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &exitError{exitIO, fmt.Errorf("%s is no run directory: it has no %s; `halltwin run FILE` makes one", dir, rundir.ManifestFile)}
	}
	if err != nil {
		return nil, &exitError{exitIO, err}
	}
	return r, nil
}
