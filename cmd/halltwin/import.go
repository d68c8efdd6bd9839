package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/models/workload"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/trace"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/spf13/cobra"
)

// importFlags are the flags of `halltwin import`.
type importFlags struct {
	format       string
	columns      map[string]string
	units        map[string]string
	zone         string
	with         string
	gpusPerNode  int
	coresPerNode int
	siteGPUs     float64
	skipBad      int
	json         bool
	anonymise    string
}

func importVerb(p *process) *cobra.Command {
	var f importFlags
	c := &cobra.Command{
		Use:   "import LOG",
		Short: "Read a log of jobs, failures or requests and fit a generator to it",
		Long: "Import reads a log, says what is in it, and prints a generator of jobs like those as YAML, to be used in a scenario.\n" +
			"A log of jobs can also be replayed as it is: `workload: [{trace: {file: LOG}}]`. `halltwin import failures LOG` fits failures,\n" +
			"`halltwin import requests LOG` the load of an inference service.",
		Example: examples("halltwin import jobs.swf > my-load.yaml", "halltwin import cluster_log.csv --format helios --json",
			"halltwin import failures faults.csv --nodes 400"),
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if f.anonymise != "" {
				return anonymise(p, args[0], f.anonymise)
			}
			return importJobs(p, args[0], &f)
		},
	}
	c.Flags().StringVar(&f.format, "format", "auto", "how the log is written: swf, opendc, raps, sacct, slurmdb, philly, helios, acme, openb, eagle, tiresias, csv")
	c.Flags().StringToStringVar(&f.columns, "columns", nil, "our name to the header of the column, as in submit=SubmitTime,gpus=NumGPUs")
	c.Flags().StringToStringVar(&f.units, "units", nil, "our name to the unit of a column's numbers, as in run=min,memory=MiB")
	c.Flags().StringVar(&f.zone, "zone", "+00:00", "offset of time stamps that have none")
	c.Flags().StringVar(&f.with, "with", "", "second file: fragments of opendc, traces of raps")
	c.Flags().IntVar(&f.gpusPerNode, "gpus-per-node", 8, "GPUs of a node: a larger job becomes a gang")
	c.Flags().IntVar(&f.coresPerNode, "cores-per-node", 0, "cores of a node: a larger CPU job becomes a gang; 0 leaves jobs as they are")
	c.Flags().Float64Var(&f.siteGPUs, "site-gpus", 0, "GPUs of the site that the log is from: the fit then states a load, else a rate")
	c.Flags().IntVar(&f.skipBad, "skip-bad", 0, "malformed rows to pass over before giving up")
	c.Flags().BoolVar(&f.json, "json", false, "print what is in the log as JSON, without a fit")
	c.Flags().StringVar(&f.anonymise, "anonymise", "", "file with a secret key of 16 bytes or more: print the table with users replaced by keyed pseudonyms, and do nothing else")
	c.AddCommand(importFailuresVerb(p), importRequestsVerb(p))
	return c
}

// imported is what `import --json` prints.
type imported struct {
	File    string     `json:"file"`
	Format  string     `json:"format,omitempty"`
	Records int        `json:"records"`
	Span    float64    `json:"span_s"`
	Amounts []quantity `json:"quantities"`
}

// quantity is one column of a log in quantiles.
type quantity struct {
	Name string  `json:"name"`
	Unit string  `json:"unit"`
	Min  float64 `json:"min"`
	P25  float64 `json:"p25"`
	P50  float64 `json:"p50"`
	P75  float64 `json:"p75"`
	P95  float64 `json:"p95"`
	Max  float64 `json:"max"`
	Mean float64 `json:"mean"`
}

func openFile(name string) (io.ReadCloser, error) { return os.Open(name) }

func importJobs(p *process, path string, f *importFlags) error {
	spec := &trace.Spec{}
	if ds := document.Decode(&document.Value{Kind: document.Map, Entries: []document.Entry{
		{Key: "file", Value: &document.Value{Kind: document.Scalar, Text: path, Quoted: true}}}}, spec); len(ds) > 0 {
		return ds
	}
	spec.Format, spec.Columns, spec.Units, spec.Zone, spec.With = f.format, f.columns, f.units, f.zone, f.with
	spec.GPUsPerNode, spec.CoresPerNode, spec.SkipBad = f.gpusPerNode, f.coresPerNode, f.skipBad
	t, err := trace.Read(spec, openFile)
	if err != nil {
		return &exitError{exitIO, err}
	}
	if len(t.Jobs) == 0 {
		return &exitError{exitIO, fmt.Errorf("%s holds no jobs: %s", path, t.Summary())}
	}
	var gpus, runs, gaps, waits []float64
	for i := range t.Jobs {
		j := &t.Jobs[i]
		gpus, runs = append(gpus, j.GPUs()), append(runs, j.Work)
		if i > 0 {
			gaps = append(gaps, j.Submit-t.Jobs[i-1].Submit)
		}
		if j.Pinned {
			waits = append(waits, j.Start-j.Submit)
		}
	}
	out := imported{File: path, Format: t.Format, Records: len(t.Jobs), Span: t.Jobs[len(t.Jobs)-1].Submit - t.Jobs[0].Submit}
	out.add("GPUs", "", gpus)
	out.add("run time", "s", runs)
	out.add("gap between submissions", "s", gaps)
	out.add("wait", "s", waits)
	if f.json {
		return printJSON(p.stdout.Out, out)
	}
	fmt.Fprintln(p.stderr.Out, t.Summary())
	out.print(p)
	g, err := workload.Fit(&t.Set, workload.Observed{Start: t.Zero, Capacity: workload.Vector{workload.GPU: f.siteGPUs}})
	if err != nil {
		return &exitError{exitIO, err}
	}
	g.Title, g.Source = "Fitted to "+path, path
	fmt.Fprintf(p.stdout.Out, "# fitted by `halltwin import`; a scenario uses it as `workload: [{generate: {use: ./FILE.yaml}}]`\n")
	return document.Encode(g).Print(p.stdout.Out, false)
}

// add appends the quantiles of some values, if there are any.
func (m *imported) add(name, unit string, values []float64) {
	if len(values) == 0 {
		return
	}
	slices.Sort(values)
	at := func(q float64) float64 { return values[min(len(values)-1, int(q*float64(len(values))))] }
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	m.Amounts = append(m.Amounts, quantity{Name: name, Unit: unit, Min: values[0], P25: at(0.25), P50: at(0.5), P75: at(0.75),
		P95: at(0.95), Max: values[len(values)-1], Mean: sum / float64(len(values))})
}

// print writes the quantiles for a person, beside the YAML that goes to standard output.
func (m *imported) print(p *process) {
	show := func(v float64, u string) string {
		if u == "s" {
			return unit.DurationKind.Format(v, 3)
		}
		return record.Digits(v, 3)
	}
	fmt.Fprintf(p.stderr.Out, "%-24s %10s %10s %10s %10s %10s %10s\n", "", "min", "25 %", "median", "75 %", "95 %", "max")
	for _, q := range m.Amounts {
		var b strings.Builder
		for _, v := range []float64{q.Min, q.P25, q.P50, q.P75, q.P95, q.Max} {
			fmt.Fprintf(&b, " %10s", show(v, q.Unit))
		}
		fmt.Fprintf(p.stderr.Out, "%-24s%s\n", q.Name, b.String())
	}
}
