package main

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/failure"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/trace"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/spf13/cobra"
)

// importFailuresFlags are the flags of `halltwin import failures`.
type importFailuresFlags struct {
	columns   map[string]string
	unit      string
	zone      string
	nodes     int
	component string
	skipBad   int
	json      bool
}

func importFailuresVerb(p *process) *cobra.Command {
	var f importFailuresFlags
	c := &cobra.Command{
		Use:   "failures LOG",
		Short: "Fit rates, lemons, common causes and repairs to a log of failures",
		Long: "Import failures reads a table with a failure in each row (node, start, and end or duration), says what is in it, and\n" +
			"prints the failures that would have made it as YAML: how often components fail and how unlike they are, how often one\n" +
			"cause strikes several, and how long repairs take. A scenario uses the file as `failures: {use: ./FILE.yaml}`.",
		Example: examples("halltwin import failures faults.csv --nodes 400 > my-failures.yaml",
			"halltwin import failures tickets.csv --columns node=Host,start=Opened,end=Closed"),
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return importFailures(p, args[0], &f) },
	}
	c.Flags().StringToStringVar(&f.columns, "columns", nil, "our name (node, start, end, duration, class, text) to the header of the column")
	c.Flags().StringVar(&f.unit, "unit", "", "unit of times that are numbers: s, ms, min, h or d; by default that which the header tells (start_d), else s")
	c.Flags().StringVar(&f.zone, "zone", "+00:00", "offset of time stamps that have none")
	c.Flags().IntVar(&f.nodes, "nodes", 0, "components that were watched, those that never failed included; those in the log by default")
	c.Flags().StringVar(&f.component, "component", "node", "kind of component that the log is of: gpu, node, rack, …")
	c.Flags().IntVar(&f.skipBad, "skip-bad", 0, "malformed rows to pass over before giving up")
	c.Flags().BoolVar(&f.json, "json", false, "print what is in the log as JSON, without a fit")
	return c
}

func importFailures(p *process, path string, f *importFailuresFlags) error {
	faults, err := trace.ReadFaults(&trace.FaultSpec{File: path, Columns: f.columns, Unit: f.unit, Zone: f.zone, SkipBad: f.skipBad}, openFile)
	if err != nil {
		return &exitError{exitIO, err}
	}
	if len(faults) == 0 {
		return &exitError{exitIO, fmt.Errorf("%s holds no faults", path)}
	}
	o := trace.Incidents(faults)
	seen := o.Components
	switch {
	case f.nodes != 0 && f.nodes < seen:
		return usage("--nodes %d: the log names %d", f.nodes, seen)
	case f.nodes != 0:
		o.Components = f.nodes
	}
	out := imported{File: path, Records: len(faults), Span: o.Span}
	var repairs []float64
	for _, x := range o.Incidents {
		if !math.IsInf(x.Repair, 1) {
			repairs = append(repairs, x.Repair)
		}
	}
	out.add("time to repair", "s", repairs)
	if f.json {
		return printJSON(p.stdout.Out, out)
	}
	fmt.Fprintf(p.stderr.Out, "%d failures of %d %ss, %d watched, in %s\n", len(faults), seen, f.component, o.Components, record.Show(o.Span, "s"))
	if f.nodes == 0 {
		fmt.Fprintf(p.stderr.Out, "components that never failed are not in the log: tell how many were watched with --nodes, or the rate is too high\n")
	}
	out.print(p)
	fit, err := failure.Fit(f.component, f.component, o)
	if err != nil {
		return &exitError{exitIO, err}
	}
	if fit.Clusters > 0 {
		fmt.Fprintf(p.stderr.Out, "%d times one cause struck several: %d failures followed each other within %s\n", fit.Clusters, fit.Struck, record.Show(fit.Window, "s"))
	}
	if !math.IsNaN(fit.Worst) {
		fmt.Fprintf(p.stderr.Out, "quantiles of the repair times are met within %.2g %%\n", 100*fit.Worst)
	}
	fit.Spec.Title, fit.Spec.Source = "Fitted to "+path, path
	fmt.Fprintf(p.stdout.Out, "# fitted by `halltwin import failures`; a scenario uses it as `failures: {use: ./FILE.yaml}`\n")
	return document.Encode(fit.Spec).Print(p.stdout.Out, false)
}
