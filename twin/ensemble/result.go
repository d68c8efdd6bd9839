package ensemble

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/halltwin/halltwin/twin/record"
)

// Result is what is kept of one run.
type Result struct {
	Key     string          `json:"key"` // of what was run, see [Experiment]
	Cell    int             `json:"cell"`
	Seed    uint64          `json:"seed"`
	Verdict record.Verdict  `json:"verdict"`
	Reason  string          `json:"reason,omitempty"` // of a run that broke, or could not be built
	Figures Figures         `json:"figures,omitempty"`
	Held    map[string]bool `json:"held,omitempty"` // by the name of the expectation
}

// unbuilt begins the reason of a run whose scenario is none.
const unbuilt = "cannot be built: "

// Unbuilt tells whether the scenario of the run is at fault, rather than the run.
func (r *Result) Unbuilt() bool { return strings.HasPrefix(r.Reason, unbuilt) }

// Figures are values by the key of their KPI.
type Figures map[string]float64

// MarshalJSON writes figures in order of their keys, unknown ones as null.
func (f Figures) MarshalJSON() ([]byte, error) {
	keys := make([]string, 0, len(f))
	for k := range f {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(k))
		b.WriteByte(':')
		if v := f[k]; finite(v) {
			b.WriteString(strconv.FormatFloat(v, 'g', -1, 64))
		} else {
			b.WriteString("null")
		}
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// UnmarshalJSON reads what MarshalJSON writes.
func (f *Figures) UnmarshalJSON(b []byte) error {
	var raw map[string]*float64
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*f = make(Figures, len(raw))
	for k, v := range raw {
		if v == nil {
			(*f)[k] = math.NaN()
		} else {
			(*f)[k] = *v
		}
	}
	return nil
}

// Figure describes a KPI of the experiment.
type Figure struct {
	Key   string `json:"key"`
	Group string `json:"group"`
	Label string `json:"label"`
	Unit  string `json:"unit"`
}

// keep takes from a summary what an experiment needs of it. How fast the run went is no property of the site.
func keep(s *record.Summary) Made {
	r := Result{Seed: s.Seed, Verdict: s.Verdict, Reason: s.Reason, Figures: make(Figures, 64), Held: map[string]bool{}}
	figures := newCatalogue()
	for _, g := range s.Groups {
		if g.Name == record.Engine {
			continue
		}
		for i, k := range g.KPIs {
			if r.Figures[k.Key] = k.Value; !finite(k.Value) {
				r.Figures[k.Key] = math.NaN() // as it is read back
			}
			figures.place(placed{Figure{Key: k.Key, Group: g.Name, Label: k.Label, Unit: k.Unit}, i})
		}
	}
	for _, e := range s.Expectations {
		r.Held[e.Name] = e.OK && e.Error == ""
		figures.expect(e.Name)
	}
	return Made{Result: r, Figures: figures.list, Expect: figures.expectations}
}
