package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	hil "github.com/halltwin/halltwin/hil/validate"
	"github.com/halltwin/halltwin/twin/validate"
)

// benchmarksOf lists all benchmarks: those of the twin, then those of the fits of hardware, whose reports go into a folder where
// one is given.
func benchmarksOf(reports string) []validate.Benchmark {
	all := validate.All()
	for i := range all {
		all[i] = reported(all[i], reports)
	}
	for _, b := range hil.All() {
		all = append(all[:len(all):len(all)], validate.Benchmark{Name: b.Name, About: b.About, Data: b.Data, Run: func(ctx context.Context, data string) (*validate.Result, error) {
			r, err := b.Run(ctx, data)
			var missing *hil.MissingError
			if errors.As(err, &missing) {
				return nil, &validate.MissingError{Path: missing.Path, From: missing.From}
			}
			if err != nil {
				return nil, err
			}
			out := &validate.Result{Lines: r.Lines}
			for _, f := range r.Figures {
				out.Figures = append(out.Figures, validate.Figure(f))
			}
			if reports != "" {
				path, err := writeFitReport(reports, b.Name, b.About, r)
				if err != nil {
					return nil, &exitError{exitIO, err}
				}
				out.Say("report with plots in %s", path)
			}
			return out, nil
		}})
	}
	return all
}

// reported is a benchmark of the twin whose report, if it has plots, goes into a folder.
func reported(b validate.Benchmark, reports string) validate.Benchmark {
	if reports == "" {
		return b
	}
	run := b.Run
	b.Run = func(ctx context.Context, data string) (*validate.Result, error) {
		out, err := run(ctx, data)
		if err != nil || len(out.Plots) == 0 {
			return out, err
		}
		r := &hil.Result{Lines: out.Lines}
		for _, f := range out.Figures {
			r.Figures = append(r.Figures, hil.Figure(f))
		}
		for _, p := range out.Plots {
			x := hil.Plot{Title: p.Title, X: p.X, Y: p.Y}
			for _, l := range p.Lines {
				x.Series = append(x.Series, hil.Points{Name: l.Name, X: l.X, Y: l.Y})
			}
			r.Plots = append(r.Plots, x)
		}
		path, err := writeFitReport(reports, b.Name, b.About, r)
		if err != nil {
			return nil, &exitError{exitIO, err}
		}
		out.Say("report with plots in %s", path)
		return out, nil
	}
	return b
}

// writeFitReport writes the report of a benchmark into a folder.
func writeFitReport(dir, name, about string, r *hil.Result) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	path := filepath.Join(dir, name+".html")
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	return path, errors.Join(r.Report(f, name, about), f.Close())
}
