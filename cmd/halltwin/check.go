package main

import (
	"errors"
	"fmt"

	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/spf13/cobra"
)

// checkFlags are the flags of `halltwin check`.
type checkFlags struct {
	variant  string
	set      []string
	resolved bool
	plan     bool
	json     bool
}

// checked is what `check --json` prints.
type checked struct {
	File        string               `json:"file"`
	OK          bool                 `json:"ok"`
	Variants    []string             `json:"variants"`
	Diagnostics document.Diagnostics `json:"diagnostics"`
	Plan        *outline             `json:"plan,omitempty"`
}

func checkVerb(p *process) *cobra.Command {
	var f checkFlags
	c := &cobra.Command{
		Use:   "check FILE",
		Short: "Say everything that is wrong with a scenario, or what it will do",
		Long: "Check reads a scenario with all its parts, the base and every variant, and reports every mistake at once.\n" +
			"FILE is a scenario file or a what-if of the library.",
		Example: examples("halltwin check my-hall.yaml", "halltwin check first-run --plan", "halltwin check my-hall.yaml --resolved --variant warm-water"),
		Args:    cobra.ExactArgs(1),
		RunE:    func(_ *cobra.Command, args []string) error { return check(p, args[0], &f) },
	}
	c.Flags().StringVar(&f.variant, "variant", "", "the variant that --resolved and --plan show; the base by default")
	c.Flags().StringArrayVar(&f.set, "set", nil, "override one value, as in --set 'site.liquid.supply=40 degC'; may be repeated")
	c.Flags().BoolVar(&f.resolved, "resolved", false, "print the whole scenario with every default and where it comes from")
	c.Flags().BoolVar(&f.plan, "plan", false, "say what will be built and happen, and how long it will take here")
	c.Flags().BoolVar(&f.json, "json", false, "print JSON")
	exclude(c, [2]string{"resolved", "plan"}, [2]string{"resolved", "json"})
	return c
}

func check(p *process, path string, f *checkFlags) error {
	out := checked{File: path, Variants: []string{}, Diagnostics: document.Diagnostics{}}
	file, err := load(path, f.set, "")
	if err == nil {
		out.Variants = append(out.Variants, file.Variants()...)
		if ds := file.CheckAll(); len(ds) > 0 {
			err = wrong(file, path, ds, "")
		}
	}
	var bad *invalid
	if errors.As(err, &bad) && f.json {
		out.Diagnostics = bad.ds
		if err := printJSON(p.stdout.Out, out); err != nil {
			return err
		}
		return ends(exitInvalid)
	}
	if err != nil {
		return err
	}
	if f.resolved {
		plan, err := compile(file, path, f.variant, "")
		if err != nil {
			return err
		}
		_, err = p.stdout.Out.Write(plan.Resolved)
		return err
	}
	if f.plan {
		if out.Plan, err = planOutline(file, path, f.variant); err != nil {
			return err
		}
	}
	out.OK = true
	switch {
	case f.json:
		return printJSON(p.stdout.Out, out)
	case f.plan:
		return out.Plan.print(p.stdout)
	}
	_, err = fmt.Fprintf(p.stdout.Out, "%s is valid: %s\n", path, variants(file))
	return err
}
