package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/validate"
	"github.com/spf13/cobra"
)

// validateFlags are the flags of `halltwin validate`.
type validateFlags struct {
	data    string
	reports string
	list    bool
	json    bool
}

// validated is what `validate NAME --json` prints.
type validated struct {
	Name    string          `json:"name"`
	Figures []validateValue `json:"figures"`
}

type validateValue struct {
	Name   string  `json:"name"`
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target string  `json:"target"`
	OK     bool    `json:"ok"`
}

func validateVerb(p *process) *cobra.Command {
	var f validateFlags
	c := &cobra.Command{
		Use:   "validate [NAME]",
		Short: "Hold the models against public measurements and other simulators",
		Long: "Validate runs a public benchmark, or all of them, and prints its figures beside their targets. Its inputs are read\n" +
			"from a data folder; `halltwin validate --list` says which files, and where they are published. A missed target is exit code 3.",
		Example: examples("halltwin validate --list", "halltwin validate surf-week --data ../data --json", "halltwin validate gpu-power --report reports"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if f.list {
				return listBenchmarks(p)
			}
			return runBenchmarks(p, args, &f)
		},
	}
	c.Flags().StringVar(&f.data, "data", "", "data folder; $HALLTWIN_DATA or ../shared/data by default")
	c.Flags().StringVar(&f.reports, "report", "", "folder for reports with plots, of benchmarks that have some")
	c.Flags().BoolVar(&f.list, "list", false, "list the benchmarks and the files that they read")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON, one object a benchmark")
	return c
}

func listBenchmarks(p *process) error {
	var b strings.Builder
	for _, x := range benchmarksOf("") {
		fmt.Fprintf(&b, "%s\n  %s\n", x.Name, x.About)
		if x.Data != "" {
			fmt.Fprintf(&b, "  reads %s\n", x.Data)
		}
	}
	_, err := p.stdout.Out.Write([]byte(b.String()))
	return err
}

func runBenchmarks(p *process, names []string, f *validateFlags) error {
	todo := benchmarksOf(f.reports)
	if len(names) == 1 {
		one, err := benchmark(todo, names[0])
		if err != nil {
			return err
		}
		todo = []validate.Benchmark{one}
	}
	data := f.data
	if data == "" {
		data = p.getenv("HALLTWIN_DATA")
	}
	if data == "" {
		data = "../shared/data"
	}
	ctx, stop := p.interruptible("stopping")
	defer stop()
	missed := false
	for _, x := range todo {
		r, err := x.Run(ctx, data)
		var missing *validate.MissingError
		switch {
		case errors.As(err, &missing):
			return &exitError{exitIO, fmt.Errorf("%s: %w", x.Name, err)}
		case err != nil:
			return cutShort(ctx, fmt.Errorf("%s: %w", x.Name, err))
		}
		missed = missed || !r.OK()
		if err := f.print(p, x.Name, r); err != nil {
			return err
		}
	}
	if missed {
		return ends(exitMissed)
	}
	return nil
}

func (f *validateFlags) print(p *process, name string, r *validate.Result) error {
	if f.json {
		out := validated{Name: name, Figures: []validateValue{}}
		for _, x := range r.Figures {
			out.Figures = append(out.Figures, validateValue(x))
		}
		return printJSON(p.stdout.Out, out)
	}
	wide, digits := 0, 0
	for _, x := range r.Figures {
		wide = max(wide, len([]rune(x.Name)))
		digits = max(digits, len(figure(&x)))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n", name)
	for _, x := range r.Figures {
		sign := "✓"
		if !x.OK {
			sign = "✗"
		}
		line := fmt.Sprintf("  %s %-*s  %*s %s", sign, wide, x.Name, digits, figure(&x), record.Symbol(x.Unit))
		if x.Target != "" {
			line += "  (" + x.Target + ")"
		}
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	for _, line := range r.Lines {
		fmt.Fprintf(&b, "  %s\n", line)
	}
	_, err := p.stdout.Out.Write([]byte(b.String()))
	return err
}

// figure prints a value to the digits that a target may need.
func figure(x *validate.Figure) string { return fmt.Sprintf("%.8g", x.Value) }

func benchmark(all []validate.Benchmark, name string) (validate.Benchmark, error) {
	var names []string
	for _, x := range all {
		if x.Name == name || slices.Contains(x.Also, name) {
			return x, nil
		}
		names = append(names, x.Name)
	}
	text := fmt.Sprintf("there is no benchmark %q", name)
	if s := suggest.Closest(name, names); s != "" {
		text += fmt.Sprintf("; did you mean %q?", s)
	}
	return validate.Benchmark{}, usage("%s (see `halltwin validate --list`)", text)
}
