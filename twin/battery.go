package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// utilities returns what the feeds of the grid give to the site, in W.
func (w *World) utilities() float64 {
	lo, hi := w.plan.Power.Range(facility.Utility)
	sum := 0.0
	for u := lo; u < hi; u++ {
		sum += w.Power.Flow[u]
	}
	return sum
}

// dispatch lets the battery behind the meter answer the flows and the carbon intensity of this instant, and returns
// the time in s until it will have to again: it is full or empty, or the grid changes.
func (w *World) dispatch() float64 {
	b, s := w.plan.Battery, &w.Battery
	if b == nil {
		return math.Inf(1)
	}
	charging, delivering := s.In > 0, s.Out > 0
	b.Dispatch(s, w.plan.Carbon.At(&w.CarbonCursor, w.Now), w.utilities())
	switch {
	case s.In > 0 && !charging:
		w.tellBattery("charges: the grid is clean")
	case s.Out > 0 && !delivering:
		w.tellBattery("carries the site: the grid is not clean")
	case s.In == 0 && s.Out == 0 && (charging || delivering):
		w.tellBattery("rests")
	}
	const finest = 1e-6 // s: what rounding leaves to store or deliver takes no event of its own
	next := max(b.Next(s), finest)
	if at, ok := w.plan.Carbon.Next(&w.CarbonCursor, w.Now); ok {
		next = min(next, at-w.Now)
	}
	return next
}

func (w *World) tellBattery(text string) {
	w.emit(record.Event{Severity: record.Info, Type: "battery", Subject: w.plan.Tree.Name, Text: "the battery behind the meter " + text})
}

// lossPower returns what the power chain and the battery behind the meter lose, in W.
func (w *World) lossPower() float64 {
	loss := w.Power.Loss.Total()
	if b := w.plan.Battery; b != nil {
		loss += b.Loss(&w.Battery)
	}
	return loss
}

// storingPower returns the rate at which energy is stored in batteries, of UPSs and behind the meter, in W.
func (w *World) storingPower() float64 {
	rate := w.Power.Storing
	if b := w.plan.Battery; b != nil {
		rate += b.Storing(&w.Battery)
	}
	return rate
}

// auditBattery closes the battery's ledger of energy.
func (w *World) auditBattery() error {
	b, s := w.plan.Battery, &w.Battery
	if b == nil {
		return nil
	}
	return w.close("site battery", []LedgerRow{{"held at the begin (J)", b.Initial}, {"drawn (J)", s.Drawn}, {"lost (J)", -(1 - b.Efficiency) * s.Drawn},
		{"delivered (J)", -s.Given}, {"stored (J)", -s.Stored}})
}
