package ensemble

import (
	"fmt"
	"slices"
	"strings"

	"github.com/halltwin/halltwin/scenarios"
)

// Experiment is all that is to be run: variants × points of the sweep × seeds.
type Experiment struct {
	Name     string
	File     *scenarios.File
	Spec     scenarios.ExperimentSpec
	Variants []string // "" for the base, which is the first
	Design   *Design
	Seed     uint64 // the first; replica n has Seed + n
	Replicas int    // at most
	Version  string // of the program: results of another are not taken

	searching bool // for the best point: the design grows as it is looked for

	cells []cell
	data  digests // of data files, by their names
}

// Request says which part of a scenario's experiment is to be run. The zero value is all of it.
type Request struct {
	Variants []string // nil: the base and all of them
	Replicas int      // 0: as the scenario says
	NoSweep  bool     // the scenario as it is, without its axes
}

// New prepares the experiment of a scenario file whose base and variants have been checked.
func New(f *scenarios.File, r Request, version string) (*Experiment, error) {
	spec, _, ds := f.Decode("")
	if len(ds) > 0 {
		return nil, ds
	}
	e := &Experiment{Name: spec.Name, File: f, Spec: spec.Experiment, Seed: spec.Seed, Replicas: spec.Replicas, Version: version}
	if r.Replicas > 0 {
		e.Replicas = r.Replicas
	}
	e.Variants = append([]string{""}, r.Variants...)
	if r.Variants == nil {
		e.Variants = append(e.Variants, f.Variants()...)
	}
	for _, v := range e.Variants[1:] {
		if !slices.Contains(f.Variants(), v) {
			return nil, fmt.Errorf("there is no variant %q: the variants are %s", v, strings.Join(f.Variants(), ", "))
		}
	}
	var axes []scenarios.Axis
	if !r.NoSweep {
		if axes, ds = f.Axes(); len(ds) > 0 {
			return nil, ds
		}
	}
	if e.Spec.Search != nil && !r.NoSweep {
		return e, e.prepareSearch(axes, r)
	}
	var err error
	if e.Design, err = NewDesign(&e.Spec, axes, e.Seed); err != nil {
		return nil, err
	}
	if n := float64(e.Cells()) * float64(e.Replicas); n > maxRuns {
		return nil, fmt.Errorf("%d variants × %d points × %d replicas are %.3g runs, and at most %d are taken: ask for fewer", len(e.Variants), len(e.Design.Text), e.Replicas, n, maxRuns)
	}
	if e.Spec.Until != nil && e.Spec.Until.First > e.Replicas {
		return nil, fmt.Errorf("experiment.until looks first at %d replicas, and there are %d in all: raise replicas", e.Spec.Until.First, e.Replicas)
	}
	e.cells = make([]cell, e.Cells())
	return e, nil
}

// Cells returns how many scenarios there are to run: the points of the first variant, then those of the next.
func (e *Experiment) Cells() int { return len(e.Variants) * len(e.Design.Text) }

// Of returns the variant and the point of a cell.
func (e *Experiment) Of(cell int) (variant string, point int) {
	n := len(e.Design.Text)
	return e.Variants[cell/n], cell % n
}

// Base returns the cell with which a cell is compared: that of the base at the same point.
func (e *Experiment) Base(cell int) int { return cell % len(e.Design.Text) }

// Label names a cell for people: "cap-600, supply = 20 degC".
func (e *Experiment) Label(cell int) string {
	variant, point := e.Of(cell)
	parts := []string{variantName(variant)}
	for i, v := range e.Design.Text[point] {
		parts = append(parts, e.Design.Axes[i].Name+" = "+v)
	}
	return strings.Join(parts, ", ")
}

func variantName(v string) string {
	if v == "" {
		return "base"
	}
	return v
}
