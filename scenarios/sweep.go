package scenarios

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/scenarios/document"
)

// AxisSpec is one axis of a sweep: what it changes, and the values that it takes.
type AxisSpec struct {
	Values []string      `yaml:"values" short:"list" doc:"the values in order, as the scenario would have them"`
	From   string        `yaml:"from" doc:"lower end of a range, instead of values"`
	To     string        `yaml:"to" doc:"upper end of the range, in the same unit"`
	Steps  int           `yaml:"steps" doc:"values that a grid takes from the range, both ends included" default:"5" range:"[2,100000]"`
	Scale  string        `yaml:"scale" doc:"how a range is divided" enum:"linear,log" default:"linear"`
	Path   string        `yaml:"path" doc:"what it changes, as a path in the scenario; the name of the axis where neither this nor set is given"`
	Set    string        `yaml:"set" doc:"what it changes instead, as an action of the timeline has it: gpu[*].power_limit"`
	At     unit.Duration `yaml:"at" doc:"when set is done" default:"0 s" range:"[0,)"`
}

// Validate checks that the axis has values, and that ends of a range belong together.
func (s *AxisSpec) Validate(fail func(path, msg string)) {
	ranged := s.From != "" || s.To != ""
	switch {
	case len(s.Values) > 0 && ranged:
		fail("", "has both values and a range: write one of them")
	case len(s.Values) == 0 && !ranged:
		fail("", "is an axis without values: write a list of them, or from and to")
	case s.Path != "" && s.Set != "":
		fail("", "has both path and set: an axis changes one thing")
	case ranged:
		s.checkRange(fail)
	}
}

func (s *AxisSpec) checkRange(fail func(path, msg string)) {
	lo, in, err := number(s.From)
	if err != nil {
		fail("from", err.Error())
		return
	}
	hi, out, err := number(s.To)
	if err != nil {
		fail("to", err.Error())
		return
	}
	switch {
	case in != out:
		fail("to", fmt.Sprintf("is in %s where from is in %s: write both in one unit", strings.TrimSpace(out), strings.TrimSpace(in)))
	case !(hi > lo):
		fail("to", "is not above from")
	case s.Scale == "log" && lo <= 0:
		fail("from", "a logarithmic range begins above 0")
	}
}

// number splits "600 W" into 600 and " W".
func number(text string) (v float64, rest string, err error) {
	t := strings.TrimSpace(text)
	end := len(t)
	for end > 0 {
		if v, err = strconv.ParseFloat(t[:end], 64); err == nil && !math.IsInf(v, 0) && !math.IsNaN(v) {
			return v, t[end:], nil
		}
		end--
	}
	return 0, "", fmt.Errorf("%q is no end of a range: write a number with its unit, or a list of values instead", text)
}

// ExperimentSpec says how the runs of an experiment are chosen and judged.
type ExperimentSpec struct {
	Design     string        `yaml:"design" doc:"points of the sweep: all of the grid, a sample that fills the space, or one made to find what matters (morris: elementary effects, saltelli: Sobol indices)" enum:"grid,latin-hypercube,sobol,morris,saltelli" default:"grid"`
	Points     int           `yaml:"points" doc:"points of latin-hypercube and sobol; trajectories of morris; base points of saltelli, which runs this many for each axis and twice more" default:"32" range:"[2,1000000]"`
	Confidence unit.Ratio    `yaml:"confidence" doc:"of every interval, and with which an expectation must be shown to be missed" default:"95 %" source:"usual" range:"[0.5,0.9999]"`
	Holds      unit.Ratio    `yaml:"holds" doc:"share of futures in which an expectation is to hold; an experiment fails (exit code 3) where the interval of that share lies below" default:"100 %" source:"a target is meant" range:"(0,1]"`
	WarmUp     unit.Duration `yaml:"warm_up" doc:"time that all replicas of a cell live as one, under the first seed, so that it is lived once; from then on each has a future of its own. Figures count from the beginning" default:"0 s" range:"[0,)"`
	Until      *StopSpec     `yaml:"until" doc:"stop adding replicas once a figure is known well enough; replicas is then the most that are run"`
	Search     *SearchSpec   `yaml:"search" doc:"look for the best point of the ranges (a first sample, then Nelder and Mead) instead of running a design: the sweep says what may be chosen, expectations what must hold"`
	Rare       *RareSpec     `yaml:"rare" doc:"how likely an event is that hardly any run sees: futures that come near it are split into several, which lets them be counted"`
}

// Validate refuses a search beside what it takes the place of.
func (s *ExperimentSpec) Validate(fail func(path, msg string)) {
	switch {
	case s.Search == nil:
	case s.Until != nil:
		fail("search", "does not go with until: points are compared over the same seeds")
	case s.Design != "grid":
		fail("search", "takes the place of design: "+s.Design+"; write one of them")
	}
}

// SearchSpec says what the best point is.
type SearchSpec struct {
	Figure string     `yaml:"figure" doc:"figure of the summary whose mean over the replicas is to be made small or large, as energy.pue" required:"true"`
	Aim    string     `yaml:"aim" doc:"what is best" enum:"least,greatest" default:"least"`
	Points int        `yaml:"points" doc:"most points that are tried, each with all replicas" default:"60" range:"[8,100000]"`
	Close  unit.Ratio `yaml:"tolerance" doc:"stop when the best has not become better by this share of itself for a while" default:"0.1 %" source:"usual" range:"(0,0.5)"`
}

// StopSpec is the precision at which an experiment may stop.
type StopSpec struct {
	Figure string     `yaml:"figure" doc:"figure of the summary, as pue or energy.facility" required:"true"`
	Half   unit.Ratio `yaml:"half_width" doc:"half of the interval of its mean, and of its difference to the base, as a share of the base's mean" required:"true" range:"(0,1)"`
	First  int        `yaml:"at_least" doc:"replicas before it is first looked at" default:"10" range:"[4,1000000]"`
}

// Axis is a compiled axis of a sweep.
type Axis struct {
	Name   string
	Values []string // of a grid, in order
	lo, hi float64  // of a range
	unit   string
	ranged bool
	log    bool

	path []string       // to what it changes; nil where set says it
	set  string         // likewise
	at   string         // of set
	from document.Value // where it stands
}

// At returns the value at u in [0, 1): that far along the range, or of the list.
func (a *Axis) At(u float64) string {
	switch {
	case !a.ranged:
		return a.Values[min(int(u*float64(len(a.Values))), len(a.Values)-1)]
	case a.log:
		return a.text(a.lo * math.Pow(a.hi/a.lo, u))
	}
	return a.text(a.lo + u*(a.hi-a.lo))
}

// Of returns a value of the axis as a number, in its own unit; for a list of texts the position in it.
func (a *Axis) Of(text string) float64 {
	if v, rest, err := number(text); err == nil && rest == a.unit && (a.ranged || a.unit != "" || rest == "") {
		return v
	}
	for i, v := range a.Values {
		if v == text {
			return float64(i)
		}
	}
	return math.NaN()
}

// Ranged tells whether the axis is a range, and not a list.
func (a *Axis) Ranged() bool { return a.ranged }

// Unit returns the unit in which [Axis.Of] counts, with its leading space, as the values are written.
func (a *Axis) Unit() string { return a.unit }

func (a *Axis) text(v float64) string { return strconv.FormatFloat(v, 'g', 6, 64) + a.unit }

// Axes returns the axes of the sweep, in order of their names.
func (f *File) Axes() ([]Axis, document.Diagnostics) {
	spec, whole, ds := f.Decode("")
	if spec == nil || len(ds) > 0 {
		return nil, ds
	}
	var axes []Axis
	sweep := whole.Get("sweep")
	for _, name := range slices.Sorted(maps.Keys(spec.Sweep)) {
		s := spec.Sweep[name]
		a := Axis{Name: name, Values: s.Values, set: s.Set, at: fmt.Sprintf("%g s", float64(s.At)), log: s.Scale == "log", from: *sweep.Get(name)}
		if s.Set == "" {
			path := s.Path
			if path == "" {
				path = name
			}
			a.path = strings.Split(path, ".")
			for _, k := range a.path {
				if k == "" || strings.ContainsAny(k, "[]{}:,\"' ") {
					ds = append(ds, document.Diagnostic{Code: "sweep", Pos: a.from.Pos, Used: a.from.Used.Chain(), Path: "sweep." + name,
						Msg: fmt.Sprintf("%q is no path in the scenario", path), Fix: "name what it changes as site.liquid.supply, or with set: as gpu[*].power_limit"})
					break
				}
			}
		}
		if s.From != "" {
			a.ranged = true
			a.lo, a.unit, _ = number(s.From)
			a.hi, _, _ = number(s.To)
			for i := range s.Steps {
				a.Values = append(a.Values, a.At(float64(i)/float64(s.Steps-1)))
			}
		} else {
			_, a.unit, _ = number(s.Values[0])
		}
		axes = append(axes, a)
	}
	if len(ds) > 0 {
		return nil, ds
	}
	return axes, nil
}

// At returns the document of a variant at a point of the sweep: a value for each axis.
func (f *File) At(variant string, axes []Axis, values []string) (*document.Value, document.Diagnostics) {
	whole, ds := f.Variant(variant)
	if whole == nil {
		return nil, ds
	}
	for i := range axes {
		merged, more := document.Merge(whole, axes[i].patch(values[i]))
		ds = append(ds, more...)
		whole = merged
	}
	return whole, ds
}

// patch is what a value of the axis changes.
func (a *Axis) patch(value string) *document.Value {
	at := a.from
	items := a.from.Items
	if list := a.from.Get("values"); list != nil {
		items = list.Items
	}
	for _, item := range items {
		if item.Text == value {
			at = *item
		}
	}
	leaf := func(text string) *document.Value {
		return &document.Value{Kind: document.Scalar, Text: text, Pos: at.Pos, Used: at.Used}
	}
	under := func(key string, v *document.Value) *document.Value {
		return &document.Value{Kind: document.Map, Pos: at.Pos, Used: at.Used,
			Entries: []document.Entry{{Key: key, Pos: at.Pos, Used: at.Used, Value: v}}}
	}
	if a.set != "" {
		v := under("set", under(a.set, leaf(value)))
		v.Entries = append(v.Entries, document.Entry{Key: "at", Pos: at.Pos, Used: at.Used, Value: leaf(a.at)})
		return longhand(v)
	}
	v := leaf(value)
	for i := len(a.path) - 1; i >= 0; i-- {
		v = under(a.path[i], v)
	}
	return v
}

// Numeric tells whether all values of the axis are numbers in one unit.
func (a *Axis) Numeric() bool {
	for _, v := range a.Values {
		if _, rest, err := number(v); err != nil || rest != a.unit {
			return false
		}
	}
	return true
}

// Override is the value as `--set` takes it, KEY.KEY=VALUE; empty for an axis that is an action of the timeline.
func (a *Axis) Override(value string) string {
	if a.set != "" {
		return ""
	}
	return strings.Join(a.path, ".") + "=" + value
}
