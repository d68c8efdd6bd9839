package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"

	"github.com/halltwin/halltwin/twin/record/report"
	"github.com/halltwin/halltwin/twin/record/rundir"
	"github.com/halltwin/halltwin/twin/record/series"
	"github.com/spf13/cobra"
)

func reportVerb(p *process) *cobra.Command {
	var out string
	var asJSON bool
	c := &cobra.Command{
		Use:   "report RUN",
		Short: "Print the verdict of a recorded run and write its report again",
		Long: "Report reads a run directory, also one that did not finish, prints its verdict and writes its report: one HTML\n" +
			"file that opens anywhere without a network.",
		Example: examples("halltwin report runs/first-run", "halltwin report runs/first-run --out first-run.html"),
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				out = filepath.Join(args[0], rundir.ReportFile)
			}
			return writeReport(p, args[0], out, asJSON)
		},
	}
	c.Flags().StringVarP(&out, "out", "o", "", "the HTML file; report.html in the run directory by default")
	c.Flags().BoolVar(&asJSON, "json", false, "print the summary as JSON")
	return c
}

func writeReport(p *process, dir, out string, asJSON bool) error {
	r, err := openRun(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	store := series.New(report.Needs)
	if err := r.Replay(store); err != nil {
		return &exitError{exitIO, err}
	}
	var page bytes.Buffer
	if err := report.Write(&page, store); err != nil {
		return err
	}
	if err := os.WriteFile(out, page.Bytes(), 0o644); err != nil {
		return err
	}
	switch {
	case store.Summary == nil:
		fmt.Fprintf(p.stderr.Out, "%s has no verdict: the run did not finish\n", dir)
	case asJSON:
		return printJSON(p.stdout.Out, store.Summary)
	default:
		if err := p.stdout.Summary(store.Summary); err != nil {
			return err
		}
	}
	if !asJSON {
		fmt.Fprintf(p.stdout.Out, "\nreport in %s\n", out)
	}
	return nil
}
