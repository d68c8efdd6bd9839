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
