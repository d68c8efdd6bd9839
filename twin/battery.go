package twin

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/power"
	"github.com/halltwin/halltwin/twin/record"
)

// utilities returns what the feeds of the grid give to the power chain, in W.
func (w *World) utilities() float64 {
	lo, hi := w.plan.Power.Range(facility.Utility)
	sum := 0.0
	for u := lo; u < hi; u++ {
		sum += w.Power.Flow[u]
	}
	return sum
}

// meter returns the power at the meter of the utilities, in W: what the feeds give, what the battery behind the meter draws
// or delivers, and what the sun gives. It is negative while the site gives back.
func (w *World) meter() float64 {
	return w.utilities() + w.Battery.In - w.Battery.Out - w.Solar.Out
}

// dispatch lets what stands behind the meter, solar array and battery, answer the flows and the carbon intensity of this
// instant, and returns the time in s until it will have to again: the sun or the grid changes, or the battery is full or
// empty.
func (w *World) dispatch() float64 {
	const finest = 1e-6 // s: what rounding leaves to store or deliver takes no event of its own
	next := math.Inf(1)
	if p := w.plan.Solar; p != nil {
		next = max(p.Look(&w.Solar, w.Now, func(feed int) bool { return w.plan.Power.Follows(&w.Power, feed) }), finest)
	}
	if b, s := w.plan.Battery, &w.Battery; b != nil {
		charging, delivering := s.In > 0, s.Out > 0
		intensity := 0.0
		if w.plan.Carbon != nil {
			intensity = w.plan.Carbon.At(&w.CarbonCursor, w.Now)
		}
		b.Dispatch(s, intensity, w.utilities(), w.Solar.Available, w.asked())
		switch {
		case s.In > 0 && !charging:
			w.tellBattery(reasons[b.Policy][0], false)
		case s.Out > 0 && !delivering:
			w.tellBattery(reasons[b.Policy][1], false)
		case s.In == 0 && s.Out == 0 && (charging || delivering):
			w.tellBattery("rests", true)
		}
		next = min(next, max(b.Next(s), finest))
		if w.plan.Carbon != nil {
			if at, ok := w.plan.Carbon.Next(&w.CarbonCursor, w.Now); ok {
				next = min(next, at-w.Now)
			}
		}
	}
	if p := w.plan.Solar; p != nil {
		p.Curtail(&w.Solar, w.meter())
	}
	return next
}

// reasons says why a battery charges and why it delivers, by policy.
var reasons = [...][2]string{
	power.FollowCarbon:    {"charges: the grid is clean", "carries the site: the grid is not clean"},
	power.SelfConsumption: {"charges: the sun gives more than the site draws", "carries the site: the sun gives less than it draws"},
	power.Reserve:         {"charges for demand response", "helps in demand response"},
}

func (w *World) tellBattery(text string, over bool) {
	w.follow(scene(ofSite), scene(ofBattery), over, 0, record.Event{Severity: record.Info, Type: "battery", Subject: w.plan.Tree.Name, Text: "the battery behind the meter " + text})
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

// auditBattery closes the ledgers of energy of the battery and of the solar array.
func (w *World) auditBattery() error {
	if p, s := w.plan.Solar, &w.Solar; p != nil {
		given := w.Books.Energy.Solar.Value()
		if err := w.close("solar", []LedgerRow{{"given by the array (J)", s.Given}, {"in the books (J)", -given}}); err != nil {
			return err
		}
	}
	b, s := w.plan.Battery, &w.Battery
	if b == nil {
		return nil
	}
	return w.close("site battery", []LedgerRow{{"held at the begin (J)", b.Initial}, {"drawn (J)", s.Drawn}, {"lost (J)", -(1 - b.Efficiency) * s.Drawn},
		{"delivered (J)", -s.Given}, {"stored (J)", -s.Stored}})
}

// tankCharge returns how far the buffer tank of the water loops is charged, the emptier of two; NaN without any.
func (w *World) tankCharge() float64 {
	charge := math.NaN()
	for loop := range w.Cooling.WaterSupply {
		if c := w.plan.Cooling.TankCharge(&w.Cooling, loop); !math.IsNaN(c) && !(charge <= c) {
			charge = min(max(c, 0), 1)
		}
	}
	return charge
}
