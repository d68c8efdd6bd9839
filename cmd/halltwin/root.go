package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
)

// newRoot returns the command with all its verbs.
func newRoot(p *process) *cobra.Command {
	root := &cobra.Command{
		Use:           "halltwin",
		Short:         "A digital twin of AI data centres",
		Long:          "Halltwin is a digital twin of AI data centres: from a scenario file to a verdict.",
		Example:       "  halltwin run first-run\n  halltwin init my-hall.yaml && halltwin check my-hall.yaml --plan",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          unknownVerb,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SuggestionsMinimumDistance = 2
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return usage("%w (see `%s --help`)", err, c.CommandPath())
	})
	for _, g := range []struct {
		title string
		verbs []*cobra.Command
	}{
		{"Write a scenario:", []*cobra.Command{initVerb(p), checkVerb(p), libraryVerb(p), schemaVerb(p), importVerb(p)}},
		{"Run it:", []*cobra.Command{runVerb(p), compareVerb(p), sweepVerb(p), workerVerb(p)}},
		{"See it:", []*cobra.Command{reportVerb(p), serveVerb(p), influxVerb(p)}},
		{"Measure it:", []*cobra.Command{probeVerb(p), agentVerb(p), benchVerb(p), liveVerb(p)}},
		{"Trust it:", []*cobra.Command{verifyVerb(p), validateVerb(p), calibrateVerb(p), doctorVerb(p), versionVerb(p)}},
	} {
		root.AddGroup(&cobra.Group{ID: g.title, Title: g.title})
		for _, v := range g.verbs {
			v.GroupID = g.title
			v.Args = asUsage(v.Args)
			root.AddCommand(v)
		}
	}
	root.AddCommand(stateVerb(p), exitCodesTopic())
	root.InitDefaultHelpCmd()
	return root
}

// exitCodesTopic is the help page about exit codes.
func exitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString("Exit codes\n\n")
	for _, c := range exitCodes {
		fmt.Fprintf(&b, "  %3d  %s\n", c.code, c.meaning)
	}
	return &cobra.Command{Use: "exit-codes", Short: "What the exit codes mean", Long: b.String()}
}

// unknownVerb says which verb was probably meant.
func unknownVerb(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("there is no verb %q", args[0])
	if s := c.SuggestionsFor(args[0]); len(s) > 0 {
		text += fmt.Sprintf("; did you mean `halltwin %s`?", s[0])
	}
	return usage("%s (see `halltwin --help`)", text)
}

// asUsage makes the errors of an argument check errors of the command line.
func asUsage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if check == nil {
			return nil
		}
		if err := check(c, args); err != nil {
			return usage("%s takes %s (see `%s --help`)", c.CommandPath(), strings.TrimPrefix(c.Use, c.Name()+" "), c.CommandPath())
		}
		return nil
	}
}

// exclude makes it an error of the command line to give both flags of a pair.
func exclude(c *cobra.Command, pairs ...[2]string) {
	c.PreRunE = func(*cobra.Command, []string) error {
		for _, x := range pairs {
			if c.Flags().Changed(x[0]) && c.Flags().Changed(x[1]) {
				return usage("--%s and --%s exclude each other", x[0], x[1])
			}
		}
		return nil
	}
}

// examples indents the lines of a help text's examples.
func examples(lines ...string) string { return "  " + strings.Join(lines, "\n  ") }

// printJSON writes v for machines.
func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}
