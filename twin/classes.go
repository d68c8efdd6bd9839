package twin

import (
	"fmt"

	"github.com/halltwin/halltwin/models/cooling"
	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/twin/record"
)

// tellClasses tells which halls left the ASHRAE class of their equipment, or came back to it.
func (w *World) tellClasses() {
	for _, c := range w.plan.Cooling.Crossings(&w.Cooling, nil) {
		hall := facility.Ref{Kind: facility.Hall, Index: int32(c.Hall)}
		e := record.Event{Severity: record.Info, Type: "class.return", Subject: w.name(hall), Text: c.Text}
		if c.Out {
			e.Severity, e.Type = record.Warning, "class.leave"
		}
		w.bear(hall, c.Over, e)
	}
}

// hallGauge reads the air of the halls.
func (w *World) hallGauge(name string, out []float64) []float64 {
	p, s := w.plan.Cooling, &w.Cooling
	for i := range s.HallSupply {
		v := 0.0
		switch name {
		case "hall.class":
			switch c := &s.Class[i]; {
			case c.Air != cooling.Inside:
				v = 2
			case c.Recommended != cooling.Inside:
				v = 1
			}
		case "hall.dew_point":
			v = p.DewPoint(s, i)
		case "hall.relative_humidity":
			v = p.RelativeHumidity(s, i)
		case "hall.supply_temperature":
			v = s.HallSupply[i]
		}
		out = append(out, v)
	}
	return out
}

// outside returns the hours that halls spent outside their classes; nothing is outside of no class.
func (w *World) outside(name string) float64 {
	sum := 0.0
	for i := range w.Cooling.Class {
		c := &w.Cooling.Class[i]
		switch name {
		case "outside_recommended_hours":
			sum += c.OutsideRecommended
		case "outside_allowable_hours":
			sum += c.OutsideAllowable
		case "outside_liquid_hours":
			sum += c.OutsideLiquid
		}
	}
	return sum / hrs
}

// classes adds the time outside each class, with the hall that was there longest. A site that kept to its classes has
// nothing to say.
func (w *World) classes(s *record.Summary) {
	air, liquid := w.plan.Cooling.ClassNames()
	for _, of := range []struct {
		channel, key, label string
		time, above         func(*cooling.Class) float64
	}{
		{"outside_recommended_hours", "cooling.outside_recommended", "hall-hours outside ASHRAE " + air + " recommended",
			func(c *cooling.Class) float64 { return c.OutsideRecommended }, nil},
		{"outside_allowable_hours", "cooling.outside_allowable", "hall-hours outside ASHRAE " + air + " allowable",
			func(c *cooling.Class) float64 { return c.OutsideAllowable }, func(c *cooling.Class) float64 { return c.Above }},
		{"outside_liquid_hours", "cooling.outside_liquid", "hall-hours of coolant outside ASHRAE " + liquid,
			func(c *cooling.Class) float64 { return c.OutsideLiquid }, func(c *cooling.Class) float64 { return c.CoolantAbove }},
	} {
		hours := w.outside(of.channel)
		if !(hours > 0) {
			continue
		}
		worst := 0
		for i := range w.Cooling.Class {
			if of.time(&w.Cooling.Class[i]) > of.time(&w.Cooling.Class[worst]) {
				worst = i
			}
		}
		note := ""
		if len(w.Cooling.Class) > 1 {
			note = fmt.Sprintf("worst %s, %.3g h", w.name(facility.Ref{Kind: facility.Hall, Index: int32(worst)}), of.time(&w.Cooling.Class[worst])/hrs)
		}
		if of.above != nil {
			if above := of.above(&w.Cooling.Class[worst]); above > 0 {
				if note != "" {
					note += ", "
				}
				note += fmt.Sprintf("up to %.1f K above", above)
			}
		}
		s.Add(record.Cooling, record.KPI{Key: of.key, Label: of.label, Value: hours, Unit: "h", Provenance: record.ProvModelled, Note: note})
	}
}
