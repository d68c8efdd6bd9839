package cooling

import "github.com/halltwin/halltwin/models/facility"

// water is the immutable part of one facility-water loop.
type water struct {
	warm   bool    // cooled by dry coolers, and not by chillers
	supply float64 // °C
	rate   float64 // W/K: heat capacity rate at design flow
	mass   float64 // J/K
	design float64 // W
	pumps  int32   // its group in Plan.pumps
	halls  bool    // it serves air handlers or rear doors
	cdus   bool    // it serves the CDUs
	coil   float64 // of its economizer: effectiveness at design flow, 0 without
	tank   *store  // nil without
}

// compilePlant sizes the water loops and the banks that cool them.
func (p *Plan) compilePlant(spec *Spec) error {
	s := &spec.Plant
	toAir, toLiquid := p.airLoad[0], 0.0
	for i := range p.loops {
		toLiquid += p.loops[i].design
	}
	if p.open {
		return p.compileOutdoor(spec, toAir)
	}
	dry := s.Kind == "dry-cooler"
	chilled := water{halls: true, supply: float64(s.Chilled.Supply), design: max(toAir, 1), cdus: !dry && toLiquid > 0}
	if chilled.cdus {
		chilled.design += toLiquid
		if spec.Liquid.Supply < s.Chilled.Supply+1 {
			return &Error{"liquid.supply", sprintf("coolant of %s cannot be made with water of %s: raise it or lower plant.chilled.supply", spec.Liquid.Supply, s.Chilled.Supply)}
		}
	}
	if toAir <= 0 && !chilled.cdus && s.Chilled.Tank != nil && p.airLoad[1] > 0 {
		return &Error{"plant.chilled.tank", "everything hangs on the warm loop and nothing draws from this tank: leave it out, or write plant.warm.tank"}
	}
	chilled.rate = chilled.design / float64(s.Chilled.Rise)
	chilled.mass = 20e-6 * chilled.design * rhoWater * cpWater
	if s.Chilled.Volume != nil {
		chilled.mass = float64(*s.Chilled.Volume) * rhoWater * cpWater
	}
	if s.Economizer.Enabled {
		a := float64(s.Economizer.Approach)
		if dry {
			a = float64(s.Economizer.Coil)
		}
		chilled.coil = float64(s.Chilled.Rise) / (float64(s.Chilled.Rise) + a)
	}
	p.addTank(&chilled, s.Chilled.Tank, float64(s.Chilled.Rise))
	chilled.pumps = p.addPumps("chilled-pump", chilled.design*float64(s.Pump.Chilled), s)
	p.water = append(p.water, chilled)

	n, needed, rating, err := size(s.Chiller.Count, (*float64)(s.Chiller.Each.Rating), chilled.design, float64(s.Margin), 2e6, s.Redundancy)
	if err != nil {
		return &Error{"plant.chiller", err.Error()}
	}
	p.banks[chillers] = bank{n: n, needed: needed, rating: rating, model: s.Chiller.Each.Title}
	p.counts[facility.Chiller] = n
	if !dry {
		return p.compileTowers(s, chilled.design)
	}
	if toLiquid+p.airLoad[1] > 0 {
		return p.compileDryCoolers(spec, toLiquid)
	}
	return nil
}

// compileTowers sizes the towers for the heat of the loop and the compressors at their design.
func (p *Plan) compileTowers(s *PlantSpec, heat float64) error {
	each := &s.Tower.Each
	heat *= 1.15 // compressors and pumps at a coefficient of performance of about 7
	n, needed, rating, err := size(s.Tower.Count, (*float64)(each.Rating), heat, float64(s.Margin), 2.5e6, s.Redundancy)
	if err != nil {
		return &Error{"plant.tower", err.Error()}
	}
	t := NewTower(rating, float64(each.Range), float64(each.Approach), float64(each.WetBulb), each.Ratio, p.pressure)
	if !t.feasible(rating, float64(each.Range), float64(each.Approach)) {
		return &Error{"plant.tower.each", sprintf("no tower brings water to %s above a wet bulb of %s with %.2g kg of water for each kg of air: lower ratio or raise approach",
			each.Approach, each.WetBulb, each.Ratio)}
	}
	p.banks[towers] = bank{n: n, needed: needed, rating: rating, fan: rating * float64(each.Fan), tower: t, model: each.Title}
	p.counts[facility.Tower] = n
	p.condenser = 10e-6 * heat * rhoWater * cpWater
	if s.Tower.Volume != nil {
		p.condenser = float64(*s.Tower.Volume) * rhoWater * cpWater
	}
	p.addPumps("condenser-pump", heat*float64(s.Pump.Condenser), s)
	return nil
}

// compileDryCoolers adds the warm loop.
func (p *Plan) compileDryCoolers(spec *Spec, heat float64) error {
	s := &spec.Plant
	each := &s.DryCooler.Each
	w := water{warm: true, cdus: heat > 0, halls: p.airLoad[1] > 0, supply: p.warmSupply(spec)}
	heat += p.airLoad[1]
	w.design = heat
	if s.Warm.Supply != nil && w.cdus {
		if w.supply > float64(spec.Liquid.Supply)-0.5 {
			return &Error{"plant.warm.supply", sprintf("coolant of %s cannot be made with water of %s: keep it at least 0.5 K below liquid.supply", spec.Liquid.Supply, s.Warm.Supply)}
		}
	}
	w.rate = heat / float64(s.Warm.Rise)
	w.mass = 10e-6 * heat * rhoWater * cpWater
	if s.Warm.Volume != nil {
		w.mass = float64(*s.Warm.Volume) * rhoWater * cpWater
	}
	p.addTank(&w, s.Warm.Tank, float64(s.Warm.Rise))
	w.pumps = p.addPumps("warm-pump", heat*float64(s.Pump.Warm), s)
	p.water = append(p.water, w)
	n, needed, rating, err := size(s.DryCooler.Count, (*float64)(each.Rating), heat, float64(s.Margin), 1e6, s.Redundancy)
	if err != nil {
		return &Error{"plant.dry_cooler", err.Error()}
	}
	rng, approach, rise := float64(s.Warm.Rise), float64(each.Approach), float64(each.AirRise)
	if max(rng, rise) > 0.97*(rng+approach) {
		return &Error{"plant.dry_cooler.each.air_rise", sprintf("no coil warms air by %s with water that leaves %s above it: lower air_rise or raise approach", each.AirRise, each.Approach)}
	}
	p.banks[dryCoolers] = bank{n: n, needed: needed, rating: rating, fan: rating * float64(each.Fan), dry: NewDryCooler(rating, rng, approach, rise), model: each.Title}
	p.counts[facility.DryCooler] = n
	return nil
}

// addPumps adds the pumps of one water loop and returns the group's index.
func (p *Plan) addPumps(name string, power float64, s *PlantSpec) int32 {
	needed := 2
	n := needed + spares(needed, s.Redundancy)
	if s.Pump.Count != Auto {
		n = int(s.Pump.Count)
		needed = max(n-spares(1, s.Redundancy), 1)
		if s.Redundancy == "2N" {
			needed = max(n/2, 1)
		}
	}
	g := pumpGroup{first: int32(p.counts[facility.Pump]), n: int32(n), needed: int32(needed), power: power}
	p.pumps = append(p.pumps, g)
	p.counts[facility.Pump] += n
	for i := range n {
		p.names[facility.Pump] = append(p.names[facility.Pump], sprintf("%s-%d", name, i))
	}
	return int32(len(p.pumps) - 1)
}

// compileCDUPumps numbers the pumps inside the CDUs behind those of the plant.
func (p *Plan) compileCDUPumps() {
	for c := range p.counts[facility.CDU] {
		n := p.cduPumps
		g := pumpGroup{first: int32(p.counts[facility.Pump]), n: int32(n), needed: int32(max(n-1, 1))}
		p.pumps = append(p.pumps, g)
		p.counts[facility.Pump] += n
		for i := range n {
			p.names[facility.Pump] = append(p.names[facility.Pump], sprintf("cdu-%d-pump-%d", c, i))
		}
	}
}

// cduPump returns the pump group of a CDU.
func (p *Plan) cduPump(cdu int32) *pumpGroup {
	return &p.pumps[len(p.pumps)-p.counts[facility.CDU]+int(cdu)]
}
