package power

import "github.com/halltwin/halltwin/models/facility"

// Lineup is what stands on one side of a plan, from the utility down, as indices within each kind.
type Lineup struct {
	Feeds        []int32 // utilities in order of preference
	Gensets      Units
	Transformers Units
	UPS          Units
	PDUs         Units // empty where racks hang on the side itself
}

// Units is the range [Lo, Hi) of the units of one kind.
type Units struct{ Lo, Hi int32 }

// Lineups describes the sides of a plan, for diagrams.
func (p *Plan) Lineups() []Lineup {
	local := func(r span, layer int) Units {
		first := p.layers[layer].first
		return Units{r.first - first, r.end - first}
	}
	var all []Lineup
	for i := range p.sides {
		sd := &p.sides[i]
		l := Lineup{Transformers: local(sd.transformers, transformers), UPS: local(sd.ups, upses)}
		for _, f := range sd.feeds {
			l.Feeds = append(l.Feeds, f-p.layers[utilities].first)
		}
		if sd.group >= 0 {
			l.Gensets = local(p.groups[sd.group], gensets)
		}
		if p.Count(facility.PDU) > 0 {
			l.PDUs = local(sd.pdus, pdus)
		}
		all = append(all, l)
	}
	return all
}

// MechOnUPS reports whether the cooling hangs on the UPS.
func (p *Plan) MechOnUPS() bool { return p.mechUPS }
