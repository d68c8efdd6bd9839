package cooling

// Circuit says what carries the heat of a site away, for diagrams.
type Circuit struct {
	Kind     string // of the plant: chiller-tower, dry-cooler, outdoor-air, none
	RackHall []int32
	Loops    []Loop
	RackLoop []int32 // index in Loops, or -1: the rack has no cold plates
	CDUWater string  // which water takes up the heat of the loops: "chilled", "warm", or "" for none
}

// Loop is one technology cooling loop with its CDUs, [Lo, Hi).
type Loop struct {
	Hall   int32
	Lo, Hi int32
	Rating float64 // W of one CDU
}

// Circuit describes the plan.
func (p *Plan) Circuit() Circuit {
	c := Circuit{Kind: p.plant.Kind, RackHall: p.rackHall, RackLoop: p.rackLoop}
	for i := range p.loops {
		l := &p.loops[i]
		c.Loops = append(c.Loops, Loop{Hall: l.hall, Lo: l.first, Hi: l.first + l.n, Rating: l.rating})
	}
	switch i := p.cduWater(); {
	case i == 0:
		c.CDUWater = "chilled"
	case i > 0:
		c.CDUWater = "warm"
	}
	return c
}
