package twin

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/twin/record"
)

// ResponseState is the state of demand response.
type ResponseState struct {
	Active bool
	Cap    float64 // W: what it holds every GPU to, 0 for none
}

// respond keeps the site's power under the limit of a demand response event by one power limit on every GPU. It looks
// once a step: the GPUs' dynamic power is scaled by what the site is over or under, with 2 % of hysteresis.
func (w *World) respond() {
	r, s := w.plan.Response, &w.Response
	if r == nil {
		return
	}
	due := w.Now >= r.From+r.Notice && w.Now < r.Until
	if !due {
		if s.Active {
			s.Active, s.Cap = false, 0
			w.capAll(w.plan.CapAll)
			w.emit(record.Event{Severity: record.Info, Type: "response.end", Subject: w.plan.Tree.Name, Text: "demand response ends: GPU limits are lifted"})
		}
		return
	}
	if !s.Active {
		s.Active = true
		w.emit(record.Event{Severity: record.Info, Type: "response.begin", Subject: w.plan.Tree.Name,
			Text: fmt.Sprintf("demand response: hold the site under %s", unit.Power(r.Limit))})
	}
	grid, genset := w.sources()
	site := grid + genset
	top, floor := w.capRange()
	if top == 0 || site <= 0 {
		return
	}
	now := s.Cap
	if now == 0 {
		now = top
	}
	over := site - r.Limit
	switch {
	case over > 0 || s.Cap > 0 && over < -0.02*r.Limit:
		// The share of site power above idle that the cap scales: a cap moves GPU power, and losses and cooling with it.
		want := now * (1 - over/math.Max(site, 1)*1.2)
		want = math.Min(math.Max(want, floor), top)
		if math.Abs(want-now) < 1 {
			return
		}
		s.Cap = want
		if want >= top {
			s.Cap = 0
		}
	default:
		return
	}
	limit := s.Cap
	if w.plan.CapAll > 0 && (limit == 0 || w.plan.CapAll < limit) {
		limit = w.plan.CapAll
	}
	w.capAll(limit)
}

// capRange returns the highest and lowest power limit that the site's GPUs take, in W.
func (w *World) capRange() (top, floor float64) {
	for i := range w.plan.RackTypes {
		n := &w.plan.RackTypes[i].Node
		if n.GPUs > 0 {
			top, floor = math.Max(top, n.GPU.Max), math.Max(floor, n.GPU.MinLimit)
		}
	}
	return top, floor
}

// capAll sets the power limit of every GPU, 0 for none.
func (w *World) capAll(limit float64) {
	if limit == w.CapAll {
		return
	}
	w.CapAll = limit
	for r := range w.Racks {
		w.stir(int32(r))
	}
}
