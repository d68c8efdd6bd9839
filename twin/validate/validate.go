package validate

import (
	"context"
	"fmt"
	"strings"
)

// Benchmark is one public benchmark.
type Benchmark struct {
	Name  string   // "surf-week"
	Also  []string // earlier names, still understood
	About string   // one line: what is compared with what
	Data  string   // the folder and files that it reads below the data folder, and where they are published
	Run   func(ctx context.Context, dataDir string) (*Result, error)
}

// Result is the outcome of a benchmark.
type Result struct {
	Figures []Figure
	Lines   []string // what a reader should know: published figures beside ours, where we differ and why
	Plots   []Plot
}

// Plot is a figure of a benchmark's report: lines over x.
type Plot struct {
	Title, X, Y string
	Lines       []Line
}

// Line is one of a plot.
type Line struct {
	Name string
	X, Y []float64
}

// Figure is one number beside its target.
type Figure struct {
	Name   string
	Value  float64
	Unit   string
	Target string // in words: "<= 2.3"; empty where there is none
	OK     bool
}

// Add appends a figure.
func (r *Result) Add(name string, value float64, unit, target string, ok bool) {
	r.Figures = append(r.Figures, Figure{name, value, unit, target, ok})
}

// Say appends a line.
func (r *Result) Say(format string, args ...any) {
	r.Lines = append(r.Lines, fmt.Sprintf(format, args...))
}

// OK reports whether every figure meets its target.
func (r *Result) OK() bool {
	for i := range r.Figures {
		if !r.Figures[i].OK {
			return false
		}
	}
	return true
}

// MissingError says that the data of a benchmark is not there, and where it can be had.
type MissingError struct {
	Path string
	From string // where it is published
}

func (e *MissingError) Error() string {
	return strings.TrimSuffix(fmt.Sprintf("%s is not there; %s", e.Path, e.From), "; ")
}

// benchmarks is the registry, filled where each benchmark is defined in its own file.
var benchmarks = []Benchmark{SURFWeek, SURFWeekLive, OpenDCMicro, RAPSFrontier, RAPSMarconi100, Schedules, Failures, PhysicsReferences, PowerSequences, AnnualPUE, Integrator, RideThrough, WholePlants, Collectives, StepTime, MLPerfPower, Reliability, Serving}

// All returns every benchmark, in the order in which they are listed.
func All() []Benchmark { return benchmarks }
