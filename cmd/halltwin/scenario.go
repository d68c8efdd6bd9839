package main

import (
	"fmt"
	"strings"

	"github.com/halltwin/halltwin/scenarios"
	"github.com/halltwin/halltwin/scenarios/document"
)

// load reads a scenario and lays overrides ("site.liquid.supply=40 degC") over it. was says what is not done when
// it is invalid.
func load(path string, overrides []string, was string) (*scenarios.File, error) {
	f, ds := scenarios.Load(path)
	if f.Whole == nil {
		return nil, wrong(f, path, ds, was)
	}
	for _, text := range overrides {
		patch, err := override(f, text)
		if err != nil {
			return nil, err
		}
		whole, more := document.Merge(f.Whole, patch)
		ds = append(ds, more...)
		f.Whole = whole
	}
	if len(ds) > 0 {
		return nil, wrong(f, path, ds, was)
	}
	return f, nil
}

// override reads PATH=VALUE as a patch. The value is YAML, as the scenario would have it.
func override(f *scenarios.File, text string) (*document.Value, error) {
	path, value, ok := strings.Cut(text, "=")
	keys := strings.Split(strings.TrimSpace(path), ".")
	for _, k := range keys {
		if !ok || k == "" || strings.ContainsAny(k, "[]{}:,\"' ") {
			return nil, usage("--set %q: write KEY.KEY=VALUE, for example --set 'site.liquid.supply=40 degC'", text)
		}
	}
	name := "--set " + text
	v, ds := f.Loader.LoadBytes(name, []byte(strings.Join(keys, ": {")+": "+strings.TrimSpace(value)+strings.Repeat("}", len(keys)-1)))
	if len(ds) == 0 {
		v, ds = f.Loader.Resolve(v)
	}
	if len(ds) > 0 {
		return nil, wrong(f, name, ds, "")
	}
	return v, nil
}

// compile checks a variant and returns its plan.
func compile(f *scenarios.File, path, variant, was string) (*scenarios.Plan, error) {
	plan, ds := f.Plan(variant)
	if len(ds) > 0 {
		return nil, wrong(f, path, ds, was)
	}
	return plan, nil
}

func wrong(f *scenarios.File, path string, ds document.Diagnostics, was string) error {
	return &invalid{path: path, ds: ds, sources: f.Loader.Sources(), was: was}
}

// variants names the variants of a file for people: "base and 2 variants (a, b)".
func variants(f *scenarios.File) string {
	names := f.Variants()
	switch len(names) {
	case 0:
		return "base"
	case 1:
		return "base and 1 variant (" + names[0] + ")"
	}
	return fmt.Sprintf("base and %d variants (%s)", len(names), strings.Join(names, ", "))
}
