package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/library"
	"github.com/spf13/cobra"
)

// schemaFile is what init writes beside a scenario for the editor: it works without a network.
const schemaFile = "halltwin.schema.json"

//go:embed init.yaml.tmpl
var initText string

var initTemplate = template.Must(template.New("init").Parse(initText))

// initFlags are the flags of `halltwin init`.
type initFlags struct {
	from  string
	list  bool
	force bool
	json  bool
}

func initVerb(p *process) *cobra.Command {
	var f initFlags
	c := &cobra.Command{
		Use:   "init [FILE]",
		Short: "Write a commented scenario to start from",
		Long: "Init writes a scenario (scenario.yaml by default) with a comment on every part, and beside it the JSON Schema, so that\n" +
			"an editor with a YAML language server completes and documents every key.",
		Example: examples("halltwin init my-hall.yaml", "halltwin init --list", "halltwin init heat.yaml --from what-if/heat-wave-and-caps"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if f.list {
				return listBeginnings(p, f.json)
			}
			path := "scenario.yaml"
			if len(args) == 1 {
				path = args[0]
			}
			return initScenario(p, path, &f)
		},
	}
	c.Flags().StringVar(&f.from, "from", "sites/h100-hall-1k", "a site or a what-if of the library to start from")
	c.Flags().BoolVar(&f.list, "list", false, "list what can be started from")
	c.Flags().BoolVar(&f.force, "force", false, "replace an existing file")
	c.Flags().BoolVar(&f.json, "json", false, "print the list as JSON")
	return c
}

// beginnings are the parts that a scenario can start from.
func beginnings() ([]part, error) {
	parts, err := libraryParts()
	return slices.DeleteFunc(parts, func(x part) bool {
		return !strings.HasPrefix(x.Name, "sites/") && !strings.HasPrefix(x.Name, "what-if/")
	}), err
}

func listBeginnings(p *process, asJSON bool) error {
	parts, err := beginnings()
	if err != nil {
		return err
	}
	if asJSON {
		return printJSON(p.stdout.Out, parts)
	}
	return listParts(p, parts)
}

func initScenario(p *process, path string, f *initFlags) error {
	text, err := beginning(f.from, strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)))
	if err != nil {
		return err
	}
	if _, err := os.Stat(path); err == nil && !f.force {
		return usage("%s exists already; choose another name, or replace it with --force", path)
	}
	schema, err := document.Schema(&scenarios.Spec{}, schemaID)
	if err != nil {
		return err
	}
	text = append([]byte("# yaml-language-server: $schema=./"+schemaFile+"\n"), text...)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), schemaFile), schema, 0o644); err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout.Out, "%s is written, with %s for your editor\nnext: halltwin check %[1]s --plan && halltwin run %[1]s\n", path, schemaFile)
	return err
}

// beginning returns the text of a scenario that starts from a site or a what-if.
func beginning(from, name string) ([]byte, error) {
	parts, err := beginnings()
	if err != nil {
		return nil, err
	}
	names := make([]string, len(parts))
	for i, x := range parts {
		if names[i] = x.Name; x.Name != from {
			continue
		}
		if strings.HasPrefix(from, "what-if/") {
			return fs.ReadFile(library.FS, x.file)
		}
		var b bytes.Buffer
		err := initTemplate.Execute(&b, map[string]string{"Name": name, "Site": x.Name, "Title": x.Title, "Workload": workFor(x.Name)})
		return b.Bytes(), err
	}
	text := fmt.Sprintf("there is no site or what-if %q", from)
	if s := suggest.Closest(from, names); s != "" {
		text += fmt.Sprintf("; did you mean %q?", s)
	}
	return nil, usage("%s (see `halltwin init --list`)", text)
}

// workFor is a workload that suits a site of the library.
func workFor(site string) string {
	switch site {
	case "sites/frontier", "sites/marconi100":
		return "workloads/hpc-frontier"
	case "sites/surf-lisa":
		return "workloads/finance-risk"
	case "sites/edge-cabinet":
		return "workloads/edge-inference"
	}
	return "workloads/llm-lab"
}
