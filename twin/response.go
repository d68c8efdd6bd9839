package twin

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/account"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/models/unit"
	"github.com/halltwin/halltwin/twin/record"
)

// A demand response event goes through phases, each of which begins at a time of the plan:
//
//	measuring  the baseline is the mean power at the meter from here to the begin of the event
//	asked      the site knows: no job starts if deferral was agreed
//	binding    the meter is to stay under the limit: the battery delivers, GPUs are capped by what that leaves
//	over       limits are lifted, deferred jobs start
//
// It is judged at the meter of the utilities. Flows are constant between events, so that all its figures are exact.

// ResponsePhase is how far a demand response event has come.
type ResponsePhase uint8

// The phases.
const (
	ResponseAhead ResponsePhase = iota
	ResponseMeasuring
	ResponseAsked
	ResponseBinding
	ResponseOver
)

// ResponseState is the state of demand response.
type ResponseState struct {
	Phase     ResponsePhase
	Event     int64   // that told of the phase
	Metered   float64 // J at the meter since the baseline began
	Base      float64 // W: the baseline
	Limit     float64 // W: not to exceed while it binds
	Bound     float64 // s for which it has bound
	Shed      float64 // J below the baseline since it binds
	Met       float64 // J of what is asked for, at most
	Throttled float64 // GPU-s that limits took: when it began, and in the end by it
	Waited    float64 // GPU-s that stood free while deferred jobs waited
}

// asked returns what the event asks of the battery, or nil.
func (w *World) asked() *power.Request {
	if w.Response.Phase != ResponseBinding {
		return nil
	}
	return &power.Request{Limit: w.Response.Limit, Left: w.plan.Response.Until - w.Now}
}

// phasesOf returns the times at which the phases of the plan's event begin.
func (w *World) phasesOf() [ResponseOver]float64 {
	r := w.plan.Response
	return [...]float64{max(r.From-r.Baseline, 0), r.From, r.From + r.Notice, r.Until}
}

// armResponse puts the phases of the event on the agenda.
func (w *World) armResponse() {
	if w.plan.Response == nil {
		return
	}
	for i, at := range w.phasesOf() {
		if at < w.plan.Duration || i+1 == int(ResponseOver) && at == w.plan.Duration {
			w.push(at, phasePower, evResponse, int32(i)+1, 0)
		}
	}
}

// respond begins a phase of the demand response event.
func (w *World) respond(phase ResponsePhase) {
	r, s := w.plan.Response, &w.Response
	tell := func(kind, text string) {
		w.origin(nil, false, record.Event{Parent: s.Event, Severity: record.Info, Type: kind, Subject: w.plan.Tree.Name, Text: text})
		s.Event = w.EventID
	}
	s.Phase = phase
	switch phase {
	case ResponseAsked:
		s.Base = w.meter()
		if begin := w.phasesOf()[0]; w.Now > begin {
			s.Base = s.Metered / (w.Now - begin)
		}
		s.Limit = r.Limit
		if r.Reduce > 0 {
			s.Limit = max(s.Base-r.Reduce, 0)
		}
		w.countAll()
		s.Throttled = w.Books.GPU.By[account.Throttled].Value()
		tell("response.notice", fmt.Sprintf("demand response: hold the meter under %s in %s, %s below the baseline",
			unit.Power(s.Limit), clock(r.Notice), unit.Power(w.requested())))
		if r.Defer {
			for n := range w.Nodes {
				w.drain(int32(n))
			}
		}
	case ResponseBinding:
		tell("response.begin", fmt.Sprintf("demand response binds: the meter stands at %s of %s", unit.Power(w.meter()), unit.Power(s.Limit)))
	case ResponseOver:
		w.countAll()
		s.Throttled = w.Books.GPU.By[account.Throttled].Value() - s.Throttled
		if r.Defer {
			for n := range w.Nodes {
				w.undrain(int32(n))
			}
		}
		tell("response.end", fmt.Sprintf("demand response ends: %.0f %% of the request was met", 100*ratio(s.Met, w.requested()*s.Bound)))
	}
	w.disturb()
	w.wantSettle()
}

// requested returns by how many W the event asks the site to stay below its baseline.
func (w *World) requested() float64 { return math.Max(w.Response.Base-w.Response.Limit, 0) }

// measureResponse counts what the meter shows over dt seconds of constant power.
func (w *World) measureResponse(dt float64) {
	s := &w.Response
	switch s.Phase {
	case ResponseMeasuring:
		s.Metered += w.meter() * dt
	case ResponseAsked, ResponseBinding:
		if w.plan.Response.Defer && w.Books.Jobs.Queued > 0 {
			s.Waited += w.DrainedGPUs * dt
		}
		if s.Phase == ResponseBinding {
			shed := s.Base - w.meter()
			s.Bound += dt
			s.Shed += shed * dt
			s.Met += math.Min(math.Max(shed, 0), w.requested()) * dt
		}
	}
}

// responseResult returns what a demand response event has brought so far, NaN before it was asked for.
func (w *World) responseResult(name string) float64 {
	s := &w.Response
	if s.Phase < ResponseAsked {
		return math.NaN()
	}
	switch name {
	case "response.requested":
		return w.requested()
	case "response.shed":
		return ratio(s.Shed, s.Bound)
	case "response.met":
		return ratio(s.Met, w.requested()*s.Bound)
	}
	slowed := s.Throttled
	if s.Phase != ResponseOver {
		slowed = w.Books.GPU.By[account.Throttled].Value() - s.Throttled
	}
	return (slowed + s.Waited) / hrs
}

// responseKPIs adds the outcome of a demand response event to a summary.
func (w *World) responseKPIs(add func(group, key, label string, v float64, unit string)) {
	if w.plan.Response == nil {
		return
	}
	add(record.Energy, "response.requested", "demand response: requested", w.responseResult("response.requested"), "W")
	add(record.Energy, "response.shed", "demand response: shed, mean", w.responseResult("response.shed"), "W")
	add(record.Energy, "response.met", "demand response: share of the request met", w.responseResult("response.met"), "")
	add(record.Compute, "response.gpu_hours", "GPU-hours that demand response cost", w.responseResult("response.gpu_hours"), "h")
}
