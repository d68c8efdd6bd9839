package cooling

import (
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

// Set changes a set point of one thing to a value in °C. Errors are for the person who wrote the action.
func (p *Plan) Set(s *State, r facility.Ref, field string, value float64) error {
	if !(value >= coldestSet && value <= hottestSet) {
		return &Error{field, sprintf("%.4g degC is no set point of a cooling plant: it lies from %g to %g degC", value, coldestSet, hottestSet)}
	}
	set := func(v []float64, i int) { v[i] = value }
	all := func(v []float64) {
		for i := range v {
			v[i] = value
		}
	}
	at := int(r.Index)
	switch {
	case r.Kind == facility.Site && field == "air.supply":
		all(s.HallSet)
	case r.Kind == facility.Site && field == "liquid.supply" && len(s.LoopSet) > 0:
		p.setLiquid(s, value, s.LoopSet)
	case r.Kind == facility.Hall && field == "air.supply" && at < len(s.HallSet):
		set(s.HallSet, at)
	case r.Kind == facility.CRAH && field == "supply" && at < p.counts[facility.CRAH]:
		for i := range p.halls {
			if h := &p.halls[i]; r.Index >= h.first && r.Index < h.first+h.n {
				set(s.HallSet, i)
			}
		}
	case r.Kind == facility.CDU && field == "supply" && at < p.counts[facility.CDU]:
		for i := range p.loops {
			if l := &p.loops[i]; r.Index >= l.first && r.Index < l.first+l.n {
				p.setLiquid(s, value, s.LoopSet[i:i+1])
			}
		}
	case (r.Kind == facility.Site && field == "plant.chilled.supply" || r.Kind == facility.Chiller && field == "supply") && len(s.WaterSet) > 0:
		set(s.WaterSet, 0)
	case (r.Kind == facility.Site && field == "plant.warm.supply" || r.Kind == facility.DryCooler && field == "supply") && len(s.WaterSet) > 1:
		set(s.WaterSet, 1)
	default:
		return &Error{field, sprintf("this plant has no setting %q on a %s: settings are %s", field, r.Kind, settingNames(r.Kind))}
	}
	return nil
}

// setLiquid sets technology loops, and the warm water as far below the coldest of them as the plan had it.
func (p *Plan) setLiquid(s *State, value float64, loops []float64) {
	for i := range loops {
		loops[i] = value
	}
	if len(p.water) < 2 {
		return
	}
	coldest := s.LoopSet[0]
	for _, v := range s.LoopSet {
		coldest = min(coldest, v)
	}
	s.WaterSet[1] = coldest - (p.liquidSupply - p.water[1].supply)
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
