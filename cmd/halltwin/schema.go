package main

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/models/channel"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/expect"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"
)

// schemaID is the address under which the schema of the scenario language is known.
const schemaID = "https://halltwin.dev/schema/v1.json"

func schemaVerb(p *process) *cobra.Command {
	var expectations, reference bool
	c := &cobra.Command{
		Use:     "schema",
		Short:   "Print the JSON Schema of the scenario language, or its reference page",
		Long:    "Schema prints what an editor needs to complete and document every key of a scenario (draft 2020-12).",
		Example: examples("halltwin schema > halltwin.schema.json", "halltwin schema --expectations"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			switch {
			case expectations:
				return printExpectations(p)
			case reference:
				return document.Reference(p.stdout.Out, &scenarios.Spec{})
			}
			b, err := document.Schema(&scenarios.Spec{}, schemaID)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintf(p.stdout.Out, "%s\n", strings.TrimSpace(string(b)))
			return err
		},
	}
	c.Flags().BoolVar(&expectations, "expectations", false, "list the names and functions that an expectation may use")
	c.Flags().BoolVar(&reference, "reference", false, "print the reference page of the language as Markdown")
	exclude(c, [2]string{"expectations", "reference"})
	return c
}

func printExpectations(p *process) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Options = table.OptionsNoBordersAndSeparators
	t.AppendHeader(table.Row{"name", "unit", "of", "is", "means"})
	for _, c := range channel.All() {
		t.AppendRow(table.Row{c.Name, c.Unit, c.Kind, c.Type, c.Doc})
	}
	_, err := fmt.Fprintf(p.stdout.Out, "%s\n\nA gauge needs a function over time and things; a counter or a total is its value at the end.\nFunctions: %s\n",
		t.Render(), strings.Join(expect.Functions(), ", "))
	return err
}
