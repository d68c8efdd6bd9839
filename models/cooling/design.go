package cooling

// designCOP is the coefficient of performance that feeds are sized for: a hot afternoon (typical).
const designCOP = 4

// DesignPower returns the electrical power in W that the cooling may draw at the design heat, with every unit that the
// design needs at work: what the feeds of the site are sized for.
func (p *Plan) DesignPower() float64 {
	sum := 0.0
	for i := range p.halls {
		sum += float64(p.halls[i].n) * p.halls[i].fan
	}
	for i := range p.halls {
		sum += float64(p.halls[i].row.n) * p.halls[i].row.fan
	}
	for i := range p.doors {
		sum += p.doors[i].fan
	}
	for i := range p.loops {
		each := p.loops[i].pump
		if p.constantPump >= 0 {
			each = p.constantPump
		}
		sum += float64(p.loops[i].n) * each
	}
	if p.none {
		return sum
	}
	for i := range p.pumps {
		sum += p.pumps[i].power
	}
	for i := range p.banks {
		b := &p.banks[i]
		sum += float64(b.needed) * b.fan
		if i == chillers {
			sum += float64(b.needed) * b.rating / designCOP
		}
	}
	return sum
}
