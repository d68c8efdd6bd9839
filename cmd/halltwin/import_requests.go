package main

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/serving"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/trace"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/spf13/cobra"
)

// importRequestsFlags are the flags of `halltwin import requests`.
type importRequestsFlags struct {
	format  string
	columns map[string]string
	unit    string
	zone    string
	skipBad int
	json    bool
}

func importRequestsVerb(p *process) *cobra.Command {
	var f importRequestsFlags
	c := &cobra.Command{
		Use:   "requests LOG",
		Short: "Fit the load of an inference service to a log of requests",
		Long: "Import requests reads a table with a request in each row (time, prompt tokens, output tokens), or JSON lines, says what is\n" +
			"in it, and prints the load that could have made it as YAML: its rate over the day, its bursts, its lengths.\n" +
			"Azure LLM inference traces, BurstGPT and Mooncake are known by their headers. A log can also be replayed as it is: `load: {file: LOG}`.",
		Example: examples("halltwin import requests AzureLLMInferenceTrace_code.csv.gz > my-load.yaml",
			"halltwin import requests conversation_trace.jsonl --json"),
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error { return importRequests(p, args[0], &f) },
	}
	c.Flags().StringVar(&f.format, "format", "auto", "how the log is written: csv or jsonl")
	c.Flags().StringToStringVar(&f.columns, "columns", nil, "our name (time, input, output, count) to the header of the column")
	c.Flags().StringVar(&f.unit, "unit", "s", "unit of times that are numbers: s, ms, us, min or h")
	c.Flags().StringVar(&f.zone, "zone", "+00:00", "offset of time stamps that have none")
	c.Flags().IntVar(&f.skipBad, "skip-bad", 0, "malformed rows to pass over before giving up")
	c.Flags().BoolVar(&f.json, "json", false, "print what is in the log as JSON, without a fit")
	return c
}

func importRequests(p *process, path string, f *importRequestsFlags) error {
	t, err := trace.ReadRequests(&trace.RequestSpec{File: path, Format: f.format, Columns: f.columns, Units: f.unit, Zone: f.zone, SkipBad: f.skipBad, TimeGain: 1, Scale: 1}, openFile)
	if err != nil {
		return &exitError{exitIO, err}
	}
	n := t.Len()
	if n == 0 {
		return &exitError{exitIO, fmt.Errorf("%s holds no requests", path)}
	}
	out := imported{File: path, Format: f.format, Records: n, Span: t.T[n-1] - t.T[0]}
	gaps := make([]float64, n-1)
	for i := range gaps {
		gaps[i] = t.T[i+1] - t.T[i]
	}
	out.add("time between requests", "s", gaps)
	out.add("prompt", "tokens", floats(t.Input))
	out.add("output", "tokens", floats(t.Output))
	if f.json {
		return printJSON(p.stdout.Out, out)
	}
	fmt.Fprintf(p.stderr.Out, "%d requests in %s\n", n, record.Show(out.Span, "s"))
	out.print(p)
	midnight := 0.0
	if !t.Zero.IsZero() {
		midnight = float64(t.Zero.Hour()*3600 + t.Zero.Minute()*60 + t.Zero.Second())
	}
	fmt.Fprintf(p.stdout.Out, "# fitted by `halltwin import requests`; a service uses it as `load: {use: ./FILE.yaml}`\n")
	if !math.IsNaN(t.PrefixHits) {
		fmt.Fprintf(p.stdout.Out, "# a prefix cache that forgets nothing finds %.1f %% of the prompt tokens: `prefix_hits: %.1f %%` of the service\n", 100*t.PrefixHits, 100*t.PrefixHits)
	}
	return document.Encode(serving.FitLoad(&t.Requests, midnight)).Print(p.stdout.Out, false)
}

func floats(v []int32) []float64 {
	out := make([]float64, len(v))
	for i := range v {
		out[i] = float64(v[i])
	}
	return out
}
