package viz

import (
	"math"
	"net/http"

	"github.com/halltwin/halltwin/twin/record"
	"github.com/halltwin/halltwin/twin/record/compare"
	"github.com/halltwin/halltwin/viz/wire"
)

// getCompare sets two runs side by side, as the command compare does.
func (s *Server) getCompare(_ http.ResponseWriter, q *http.Request, _ identity) (any, error) {
	a, b := s.run(q.URL.Query().Get("a")), s.run(q.URL.Query().Get("b"))
	if a == nil || b == nil {
		return nil, &wire.Error{Code: wire.CodeUnknownRun, Text: "say which runs: a=RUN&b=RUN"}
	}
	out := &wire.Comparison{A: a.spec.ID, B: b.spec.ID, Inputs: []wire.Difference{}, KPIs: []wire.KPIDifference{}}
	inputs, err := compare.Inputs(a.header.Resolved, b.header.Resolved)
	if err != nil {
		return nil, err
	}
	for _, i := range inputs {
		out.Inputs = append(out.Inputs, wire.Difference{Path: i.Path, A: i.Base, B: i.Other})
	}
	for i, line := range b.spec.Acts {
		if i == 0 && len(a.spec.Acts) == 0 {
			out.Notes = append(out.Notes, b.spec.ID+" is a fork: what was done there is not among the inputs")
		}
		out.Inputs = append(out.Inputs, wire.Difference{Path: "done in " + b.spec.ID, B: line})
	}
	if base, other := a.directory(), b.directory(); base != nil && other != nil {
		d, err := compare.Diverge(base, other)
		if err != nil {
			return nil, err
		}
		if d != nil {
			out.Diverges = &wire.Divergence{T: d.Time, Text: divergence(d)}
		}
		out.Command = "halltwin compare " + base.Path + " " + other.Path
	}
	x, y := a.figures(), b.figures()
	for _, r := range []*Run{a, b} {
		if !r.ended() {
			out.Notes = append(out.Notes, r.spec.ID+" has not ended: it has no figures yet")
		}
	}
	if x == nil || y == nil {
		return out, nil
	}
	for _, g := range x.Groups {
		if g.Name == record.Engine {
			continue
		}
		for _, k := range g.KPIs {
			other, ok := y.KPI(k.Key)
			if !ok {
				continue
			}
			diff := other.Value - k.Value
			percent := math.NaN()
			if k.Value != 0 && k.Unit != "degC" {
				percent = 100 * diff / math.Abs(k.Value)
			}
			out.KPIs = append(out.KPIs, wire.KPIDifference{Group: g.Name, Key: k.Key, Label: k.Label, Unit: k.Unit, A: wire.Number(k.Value),
				B: wire.Number(other.Value), Difference: wire.Number(diff), Percent: wire.Number(percent), Provenance: string(k.Provenance)})
		}
	}
	return out, nil
}

func divergence(d *compare.Divergence) string {
	text := d.Channel
	if text == "" {
		text = "event"
	}
	if d.Subject != "" {
		text += " of " + d.Subject
	}
	return text + ": " + orNothing(d.Base) + ", and " + orNothing(d.Other)
}

func orNothing(s string) string {
	if s == "" {
		return "nothing"
	}
	return s
}

func (r *Run) figures() *record.Summary {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.summary
}
