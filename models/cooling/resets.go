package cooling

import (
	"math"
	"slices"
)

// resetWater moves the set point of the chilled water.
func (p *Plan) resetWater(s *State, in *Input) {
	r := p.plant.Chilled.Reset
	low, high := float64(r.Lowest), float64(r.Highest)
	goal := s.WaterSet[0]
	switch r.By {
	case "load":
		if need := p.warmest(s, &p.water[0]); !math.IsInf(need, 1) {
			goal = need - float64(r.Margin)
		}
	case "outdoor":
		outdoors := in.Weather.DryBulb
		if p.banks[towers].n > 0 {
			outdoors = in.Weather.WetBulb
		}
		goal = line(outdoors, float64(r.Cold), float64(r.Hot), high, low)
	case "air":
		goal = math.Inf(1)
		for _, set := range s.HallSet {
			goal = min(goal, set-p.gap())
		}
	}
	s.WaterSet[0] = lag(s.WaterSet[0], min(max(goal, low), high), in.Dt, float64(r.Time))
}

// warmest returns the °C of the warmest water of a loop with which every coil and CDU on it would have done the last
// step's work with its valve open; +Inf where none worked.
func (p *Plan) warmest(s *State, l *water) float64 {
	need := math.Inf(1)
	for i := range s.c.halls {
		if l.halls {
			need = min(need, s.c.halls[i].warmest(l.warm))
		}
	}
	if !l.cdus {
		return need
	}
	for j := range s.c.loops {
		if w := &s.c.loops[j]; w.exchange > 0 && w.flow > 0 && w.out > 0 {
			need = min(need, w.mean+w.heat/(p.loops[j].flow*w.flow)-w.out/w.exchange)
		}
	}
	return need
}

// coldest returns the lowest set point in °C that the coolant may have.
func (p *Plan) coldest() float64 {
	if r := p.liquidReset; r != nil {
		return min(p.liquidSupply, float64(r.Lowest))
	}
	return p.liquidSupply
}

// checkLiquidReset refuses resets of coolant and warm water that contradict the plant or each other.
func (p *Plan) checkLiquidReset(spec *Spec) error {
	warm := spec.Plant.Warm.Reset
	if warm != nil && (len(p.water) < 2 || !p.water[1].warm) {
		return &Error{"plant.warm.reset", "this plant has no warm loop: it needs kind: dry-cooler and liquid cooling"}
	}
	r := p.liquidReset
	if r == nil || p.none {
		return nil
	}
	w := &p.water[len(p.water)-1]
	if !w.warm && float64(r.Lowest) < w.supply+1 {
		return &Error{"liquid.reset.lowest", sprintf("coolant of %s cannot be made with water of %s: raise it to at least 1 K above plant.chilled.supply", r.Lowest, spec.Plant.Chilled.Supply)}
	}
	if warm != nil && warm.By == "load" && r.By == "valve" {
		return &Error{"plant.warm.reset.by", "the warm water would follow the coolant, and the coolant the warm water (liquid.reset.by: valve): let one of them follow outdoor"}
	}
	return nil
}

// resetLiquid moves the set points of the technology loops; without a reset of its own the warm water follows those that
// do not follow it.
func (p *Plan) resetLiquid(s *State, in *Input) {
	r := p.liquidReset
	low, high := float64(r.Lowest), float64(r.Highest)
	for i := range s.LoopSet {
		goal := s.LoopSet[i]
		switch r.By {
		case "outdoor":
			goal = line(in.Weather.DryBulb, float64(r.Cold), float64(r.Hot), low, high)
		case "valve":
			if w := &s.c.loops[i]; w.exchange > 0 && w.flow > 0 {
				goal = s.facilityWater(p) + (w.heat+w.pump)/w.exchange - w.heat/(p.loops[i].flow*w.flow) + float64(r.Margin)
			}
		}
		s.LoopSet[i] = lag(s.LoopSet[i], min(max(goal, low), high), in.Dt, float64(r.Time))
	}
	if r.By == "outdoor" {
		p.followCoolant(s)
	}
}

// facilityWater returns the °C of the water that goes to the CDUs.
func (s *State) facilityWater(p *Plan) float64 {
	for i := range p.water {
		if p.water[i].cdus {
			return s.Delivered[i]
		}
	}
	return math.Inf(1)
}

// followCoolant keeps the warm water as far below the coldest coolant as the plan has it.
func (p *Plan) followCoolant(s *State) {
	if len(p.water) > 1 && len(s.LoopSet) > 0 && p.plant.Warm.Reset == nil {
		s.WaterSet[1] = slices.Min(s.LoopSet) - (p.liquidSupply - p.water[1].supply)
	}
}

// resetWarm moves the set point of the warm water.
func (p *Plan) resetWarm(s *State, in *Input) {
	r := p.plant.Warm.Reset
	low, high := float64(r.Lowest), float64(r.Highest)
	goal := s.WaterSet[1]
	switch r.By {
	case "load":
		if need := p.warmest(s, &p.water[1]); !math.IsInf(need, 1) {
			goal = need - float64(r.Margin)
		}
	case "outdoor":
		goal = line(in.Weather.DryBulb, float64(r.Cold), float64(r.Hot), low, high)
	}
	goal = min(max(goal, low), high, slices.Min(s.LoopSet)-0.5)
	s.WaterSet[1] = lag(s.WaterSet[1], goal, in.Dt, float64(r.Time))
}
