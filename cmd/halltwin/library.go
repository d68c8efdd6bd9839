package main

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/models/suggest"
	"github.com/halltwin/halltwin/scenarios/document"
	"github.com/halltwin/halltwin/scenarios/library"
	"github.com/spf13/cobra"
)

// part is one file of the library.
type part struct {
	Name  string `json:"name"` // as `use` and file keys write it
	Title string `json:"title,omitempty"`
	file  string
}

func libraryVerb(p *process) *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:     "library [NAME]",
		Short:   "List the library's parts, or print one",
		Long:    "Library lists the sites, hardware, workloads, series and what-ifs that scenarios use by name, or prints one of them.",
		Example: examples("halltwin library", "halltwin library hardware/gpu-h100-sxm"),
		Args:    cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			parts, err := libraryParts()
			if err != nil {
				return err
			}
			switch {
			case len(args) == 1 && strings.HasSuffix(args[0], "/"):
				parts = slices.DeleteFunc(parts, func(x part) bool { return !strings.HasPrefix(x.Name, args[0]) })
			case len(args) == 1:
				return printPart(p, parts, args[0])
			}
			if asJSON {
				return printJSON(p.stdout.Out, parts)
			}
			return listParts(p, parts)
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print the list as JSON")
	return c
}

// libraryParts returns the parts in order of their names.
func libraryParts() ([]part, error) {
	var parts []part
	err := fs.WalkDir(library.FS, ".", func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || path.Base(file) == "NOTICE" || path.Dir(file) == "." {
			return err
		}
		x := part{Name: strings.TrimSuffix(strings.TrimSuffix(file, ".gz"), ".yaml"), file: file}
		if path.Ext(file) == ".yaml" {
			b, err := fs.ReadFile(library.FS, file)
			if err != nil {
				return err
			}
			v, ds := (&document.Loader{}).LoadBytes(file, b)
			if len(ds) > 0 {
				return ds
			}
			x.Title = heading(v)
		}
		parts = append(parts, x)
		return nil
	})
	return parts, err
}

// heading is what a part is called: its title or the first sentence of what it says about itself.
func heading(v *document.Value) string {
	for _, key := range []string{"title", "about"} {
		if t := v.Get(key); t != nil && t.Text != "" {
			text := strings.Join(strings.Fields(t.Text), " ")
			if end := strings.Index(text, ". "); end > 0 {
				text = text[:end]
			}
			return strings.TrimSuffix(text, ".")
		}
	}
	return ""
}

func listParts(p *process, parts []part) error {
	wide := 0
	for _, x := range parts {
		wide = max(wide, len(x.Name))
	}
	folder := ""
	var b strings.Builder
	for _, x := range parts {
		if d := path.Dir(x.Name); d != folder {
			if folder != "" {
				b.WriteByte('\n')
			}
			folder = d
		}
		b.WriteString(strings.TrimRight(fmt.Sprintf("%-*s  %s", wide, x.Name, x.Title), " ") + "\n")
	}
	_, err := p.stdout.Out.Write([]byte(b.String()))
	return err
}

func printPart(p *process, parts []part, name string) error {
	names := make([]string, len(parts))
	for i, x := range parts {
		if names[i] = x.Name; x.Name != strings.TrimSuffix(name, ".yaml") {
			continue
		}
		if path.Ext(x.file) != ".yaml" {
			return usage("%s is data; a scenario names it as `file: %s`", x.Name, x.Name)
		}
		b, err := fs.ReadFile(library.FS, x.file)
		if err != nil {
			return err
		}
		_, err = p.stdout.Out.Write(b)
		return err
	}
	text := fmt.Sprintf("the library has no %q", name)
	if s := suggest.Closest(name, names); s != "" {
		text += fmt.Sprintf("; did you mean %q?", s)
	}
	return usage("%s (see `halltwin library`)", text)
}
