package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Setting is a set point that an action may change while a run goes on.
type Setting struct {
	Kind  facility.Kind // of the thing it is set on
	Field string        // as a timeline writes it, after the selector and a dot
	Unit  *unit.Kind
	Doc   string
}

// Settings returns every set point, for messages and the reference.
func Settings() []Setting {
	t := unit.TemperatureKind
	return []Setting{
		{facility.Site, "air.supply", t, "air that all CRAHs deliver"},
		{facility.Site, "liquid.supply", t, "coolant that goes to the racks of all technology loops; the warm water follows it"},
		{facility.Site, "plant.chilled.supply", t, "water of the chilled loop"},
		{facility.Site, "plant.warm.supply", t, "water of the warm loop"},
		{facility.Hall, "air.supply", t, "air that the CRAHs of the hall deliver"},
		{facility.CRAH, "supply", t, "air that the unit delivers; the CRAHs of a hall share one set point"},
		{facility.CDU, "supply", t, "coolant that goes to the racks; the CDUs of a loop share one set point"},
		{facility.Chiller, "supply", t, "water of the chilled loop, one for all chillers"},
		{facility.DryCooler, "supply", t, "water of the warm loop, one for all dry coolers"},
	}
}

// coldestSet and hottestSet are the bounds of any set point in °C.
const coldestSet, hottestSet = 2.0, 70.0

// setPoints returns the set points in °C, inside the state, that a field of one thing addresses; none where the
// plan does not have them.
func (p *Plan) setPoints(s *State, r facility.Ref, field string) []float64 {
	one := func(v []float64, i int) []float64 {
		if i < 0 || i >= len(v) {
			return nil
		}
		return v[i : i+1]
	}
	switch {
	case r.Kind == facility.Site && field == "air.supply":
		return s.HallSet
	case r.Kind == facility.Site && field == "liquid.supply":
		return s.LoopSet
	case r.Kind == facility.Hall && field == "air.supply":
		return one(s.HallSet, int(r.Index))
	case r.Kind == facility.CRAH && field == "supply":
		for i := range p.halls {
			if h := &p.halls[i]; r.Index >= h.first && r.Index < h.first+h.n {
				return one(s.HallSet, i)
			}
		}
	case r.Kind == facility.CDU && field == "supply":
		for i := range p.loops {
			if l := &p.loops[i]; r.Index >= l.first && r.Index < l.first+l.n {
				return one(s.LoopSet, i)
			}
		}
	case r.Kind == facility.Site && field == "plant.chilled.supply", r.Kind == facility.Chiller && field == "supply":
		return one(s.WaterSet, 0)
	case r.Kind == facility.Site && field == "plant.warm.supply", r.Kind == facility.DryCooler && field == "supply":
		return one(s.WaterSet, 1)
	}
	return nil
}

// Setting returns the value in °C of a set point of one thing, NaN for one that the plan does not have.
func (p *Plan) Setting(s *State, r facility.Ref, field string) float64 {
	if v := p.setPoints(s, r, field); len(v) > 0 {
		return v[0]
	}
	return math.NaN()
}

// Set changes a set point of one thing to a value in °C. The warm water follows the coldest technology loop, as far
// below it as the plan had it. Errors are for the person who wrote the action.
func (p *Plan) Set(s *State, r facility.Ref, field string, value float64) error {
	if !(value >= coldestSet && value <= hottestSet) {
		return &Error{field, sprintf("%.4g degC is no set point of a cooling plant: it lies from %g to %g degC", value, coldestSet, hottestSet)}
	}
	if p.air.Reset != nil && (field == "air.supply" || r.Kind == facility.CRAH) {
		return &Error{field, "air.reset moves this set point: change its bounds, or leave the reset out"}
	}
	if p.plant.Chilled.Reset != nil && (field == "plant.chilled.supply" || r.Kind == facility.Chiller) {
		return &Error{field, "plant.chilled.reset moves this set point: change its bounds, or leave the reset out"}
	}
	if p.liquidReset != nil && (field == "liquid.supply" || r.Kind == facility.CDU) {
		return &Error{field, "liquid.reset moves this set point: change its bounds, or leave the reset out"}
	}
	if p.plant.Warm.Reset != nil && (field == "plant.warm.supply" || r.Kind == facility.DryCooler) {
		return &Error{field, "plant.warm.reset moves this set point: change its bounds, or leave the reset out"}
	}
	points := p.setPoints(s, r, field)
	if len(points) == 0 {
		return &Error{field, sprintf("this plant has no setting %q on a %s: settings are %s", field, r.Kind, settingNames(r.Kind))}
	}
	for i := range points {
		points[i] = value
	}
	if field == "liquid.supply" || r.Kind == facility.CDU {
		p.followCoolant(s)
	}
	return nil
}

func settingNames(k facility.Kind) string {
	names := ""
	for _, s := range Settings() {
		if s.Kind == k {
			if names != "" {
				names += ", "
			}
			names += s.Field
		}
	}
	if names == "" {
		return "none for this kind; a site has air.supply, liquid.supply, plant.chilled.supply and plant.warm.supply"
	}
	return names
}
