package validate

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Benchmark is one public benchmark of a fit.
type Benchmark struct {
	Name  string // "gpu-power"
	About string // one line: what is compared with what
	Data  string // the folder and files that it reads below the data folder, their columns, and where they are published
	Run   func(ctx context.Context, dataDir string) (*Result, error)
}

// All returns every benchmark, in the order in which they are listed.
func All() []Benchmark { return []Benchmark{GPUPower, GPUThermal, PowerLimit, NodePower, Meter} }

// Figure is one number beside its target.
type Figure struct {
	Name   string
	Value  float64
	Unit   string
	Target string // in words: "<= 30"; empty where there is none
	OK     bool
}

// Result is the outcome of a benchmark.
type Result struct {
	Figures []Figure
	Lines   []string // what a reader should know
	Tables  []Table
	Plots   []Plot
}

// Table is a table of the report.
type Table struct {
	Title string
	Head  []string
	Rows  [][]string
}

// Add appends a figure.
func (r *Result) Add(name string, value float64, unit, target string, ok bool) {
	r.Figures = append(r.Figures, Figure{name, value, unit, target, ok})
}

// Most appends a figure that must not be above a target.
func (r *Result) Most(name string, value float64, unit string, target float64) {
	r.Add(name, value, unit, fmt.Sprintf("<= %g", target), value <= target)
}

// Tell appends a figure without a target.
func (r *Result) Tell(name string, value float64, unit string) { r.Add(name, value, unit, "", true) }

// Say appends a line.
func (r *Result) Say(format string, args ...any) {
	r.Lines = append(r.Lines, fmt.Sprintf(format, args...))
}

// OK reports whether every figure meets its target.
func (r *Result) OK() bool {
	return !slices.ContainsFunc(r.Figures, func(f Figure) bool { return !f.OK })
}

// MissingError says that the data of a benchmark is not there, and where it can be had.
type MissingError struct{ Path, From string }

func (e *MissingError) Error() string { return e.Path + " is not there; " + e.From }

// folder returns the files of a benchmark whose names match a pattern: in the data folder itself, or in its place below it.
func folder(data, name, pattern, from string) ([]string, error) {
	for _, dir := range []string{data, filepath.Join(data, name), filepath.Join(data, "real", name)} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		if len(files) > 0 {
			slices.Sort(files)
			return files, nil
		}
	}
	if _, err := os.Stat(data); err != nil {
		return nil, &MissingError{data, from}
	}
	return nil, &MissingError{filepath.Join(data, "real", name, pattern), from}
}

// stem returns the name of a file without its folder and extensions.
func stem(path string) string {
	name, _, _ := strings.Cut(filepath.Base(path), ".")
	return name
}

func join(s []string) string { return strings.Join(s, ", ") }
