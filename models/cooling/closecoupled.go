package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// feed returns the water loop that a cooler hangs on, its set point in °C and its design rise in K. Errors stand at the
// cooler's key.
func (p *Plan) feed(spec *Spec, key, water string) (loop int32, supply, rise float64, err error) {
	s := &spec.Plant
	switch {
	case p.none || p.open:
		return 0, 0, 0, &Error{"air." + key, sprintf("a plant of kind %s has no water loop to feed it: choose chiller-tower or dry-cooler, or leave air.%s out", s.Kind, key)}
	case water != "warm":
		return 0, float64(s.Chilled.Supply), float64(s.Chilled.Rise), nil
	case s.Kind != "dry-cooler":
		return 0, 0, 0, &Error{"air." + key + ".water", sprintf("a plant of kind %s has no warm loop: write water: chilled, or plant.kind: dry-cooler", s.Kind)}
	case s.Warm.Supply == nil && len(p.loops) == 0:
		return 0, 0, 0, &Error{"air." + key + ".water", "without liquid cooling nothing says how warm the warm loop is: write plant.warm.supply, 22 degC for example"}
	}
	return 1, p.warmSupply(spec), float64(s.Warm.Rise), nil
}

// refuseWaterless refuses coolers that hang on water in a plant without it.
func (p *Plan) refuseWaterless(spec *Spec) (err error) {
	if spec.Air.InRow != nil {
		_, _, _, err = p.feed(spec, "in_row", "")
	} else if spec.Air.RearDoor != nil {
		_, _, _, err = p.feed(spec, "rear_door", "")
	}
	return err
}

// warmSupply returns the set point of the warm loop in °C.
func (p *Plan) warmSupply(spec *Spec) float64 {
	if w := spec.Plant.Warm.Supply; w != nil {
		return float64(*w)
	}
	return float64(spec.Liquid.Supply) - float64(spec.Liquid.CDU.Each.Approach)
}

// largestRow is the rating in W of an in-row cooler where none is stated, at most (typical of half-rack units).
const largestRow = 60e3

// compileRow sizes the in-row coolers of a hall for their share of its heat, and returns the share of heat and air that
// is left to the CRAHs.
func (p *Plan) compileRow(spec *Spec, h *hall, flow float64) (rest float64, err error) {
	r := spec.Air.InRow
	if r == nil {
		return 1, nil
	}
	loop, water, rise, err := p.feed(spec, "in_row", r.Water)
	if err != nil {
		return 0, err
	}
	each := &r.Each
	supply := float64(spec.Air.Supply)
	if water > supply-1 {
		return 0, &Error{"air.in_row.water", sprintf("water at %s cannot make air of %s: keep it at least 1 K below air.supply", unit.Temperature(water), spec.Air.Supply)}
	}
	share := float64(r.Share)
	n, needed, rating, err := size(r.Count, (*float64)(each.Rating), h.design*share, float64(r.Margin), largestRow, r.Redundancy)
	if err != nil {
		return 0, &Error{"air.in_row", err.Error()}
	}
	b := &h.row
	b.first, b.n, b.loop, b.rating = int32(p.counts[facility.InRow]), int32(n), loop, rating
	p.counts[facility.InRow] += n
	b.airflow = rating / (p.rhoCp * float64(each.Rise))
	if each.Rating == nil { // an auto unit also moves the air that its racks take
		b.airflow = max(b.airflow, share*flow*(1+float64(each.Excess))/float64(needed))
	}
	b.fan = rating * float64(each.Fan)
	b.water = rating / rise
	if eps, ok := b.sizeCoil(p.rhoCp, supply, water); !ok {
		return 0, &Error{"air.in_row.each", sprintf("no coil takes %s from air at %.1f °C with water at %s (an effectiveness of %.2f): use colder water or raise air.supply or in_row.each.rise",
			unit.Power(rating), supply+rating/(b.airflow*p.rhoCp), unit.Temperature(water), eps)}
	}
	h.rowShare = share
	p.rowGuard = float64(each.Guard)
	p.airLoad[loop] += h.design * share * (1 + float64(each.Fan))
	return max(1-share, 0), nil
}

// sizeCoil sets the coil that brings the rating and the fans' heat from the design return to the design supply with
// water of the given °C; it is false where no coil of at most 97 % effectiveness does.
func (b *airBank) sizeCoil(rhoCp, supply, water float64) (eps float64, ok bool) {
	ca := b.airflow * rhoCp
	cmin, cmax := min(ca, b.water), max(ca, b.water)
	ret := supply + b.rating/ca
	eps = (b.rating + b.fan) / (cmin * (ret - water))
	b.ua = CounterflowNTU(eps, cmin/cmax) * cmin
	return eps, eps <= 0.97
}

// door is the immutable part of one rear door.
type door struct {
	rack   int32
	rating float64 // W
	flow   float64 // m³/s: design airflow
	water  float64 // W/K: heat capacity rate of its water
	ua     float64 // W/K
	fan    float64 // W
}

// DoorUA returns the conductance in W/K with which a rear door takes a share of its rack's heat in W: the air, of
// capacity rate ca in W/K, enters the rack at the inlet's °C and carries all the heat; the water, of capacity rate cw,
// enters at its °C. It also returns the effectiveness that this takes; above 97 % no door has it, and ua is NaN.
func DoorUA(heat, share, ca, cw, inlet, water float64) (ua, eps float64) {
	cmin, cmax := min(ca, cw), max(ca, cw)
	eps = share * heat / (cmin * (inlet + heat/ca - water))
	if !(eps > 0 && eps <= 0.97) {
		return math.NaN(), eps
	}
	return CounterflowNTU(eps, cmin/cmax) * cmin, eps
}

// compileDoors gives every rack with heat to air a rear door, numbered hall by hall.
func (p *Plan) compileDoors(spec *Spec, n *Sizes) error {
	r := spec.Air.RearDoor
	if r == nil {
		return nil
	}
	loop, water, _, err := p.feed(spec, "rear_door", r.Water)
	if err != nil {
		return err
	}
	if len(n.Carried) > 0 {
		return &Error{"air.rear_door", "a recirculation matrix carries the racks' outlet air to other racks, and rear doors cool that air on its way: leave one of the two out"}
	}
	p.doorLoop, p.doorGuard, p.doorPassive = loop, float64(r.Guard), r.Kind == "passive"
	p.doorLeaving = math.Inf(-1)
	if r.Leaving != nil {
		p.doorLeaving = float64(*r.Leaving)
		if p.doorLeaving < water+1 {
			return &Error{"air.rear_door.leaving", sprintf("water at %s cannot make air of %s: keep it at least 1 K above the water", unit.Temperature(water), *r.Leaving)}
		}
	}
	of := make([][]int32, len(p.halls))
	for i := range n.Racks {
		if p.rackFixed[i].toAir*n.RackDesign[i] > 0 {
			of[p.rackHall[i]] = append(of[p.rackHall[i]], int32(i))
		}
	}
	for i, racks := range of {
		h := &p.halls[i]
		h.firstDoor, h.doors = int32(len(p.doors)), int32(len(racks))
		h.around = n.around(spec, p, int32(i))
		for _, rack := range racks {
			heat := p.rackFixed[rack].toAir * n.RackDesign[rack]
			d := door{rack: rack, rating: float64(r.Capture) * heat, flow: n.airflow(spec, int(rack), heat, p.rhoCp)}
			d.water = d.rating * float64(r.Flow) * rhoWater * cpWater
			ca := d.flow * p.rackFixed[rack].share * p.rhoCp
			var eps float64
			if d.ua, eps = DoorUA(heat, float64(r.Capture), ca, d.water, float64(spec.Air.Supply), water); math.IsNaN(d.ua) {
				return &Error{"air.rear_door.capture", sprintf("no door takes %.4g %% of %s from air at %.1f °C with water at %s (an effectiveness of %.2f): use colder water, more of it (flow), a warmer air.supply, or a smaller capture",
					100*float64(r.Capture), unit.Power(heat), float64(spec.Air.Supply)+heat/ca, unit.Temperature(water), eps)}
			}
			if !p.doorPassive {
				d.fan = d.rating * float64(r.Fan)
			}
			p.doors = append(p.doors, d)
			p.airLoad[loop] += d.rating + d.fan
		}
	}
	p.counts[facility.RearDoor] = len(p.doors)
	return nil
}

// around returns the share of the air of a hall's racks that recirculates.
func (n *Sizes) around(spec *Spec, p *Plan, hall int32) float64 {
	r, _ := leakage(&spec.Air)
	sum, all := 0.0, 0.0
	for i := range n.Racks {
		if p.rackHall[i] != hall {
			continue
		}
		flow := n.airflow(spec, i, p.rackFixed[i].toAir*n.RackDesign[i], p.rhoCp)
		all += flow
		if n.RackEdge != nil && n.RackEdge[i] {
			sum += min(2*r, 0.9) * flow
		} else {
			sum += r * flow
		}
	}
	if all <= 0 {
		return 0
	}
	return sum / all
}

// blowRow sets what the in-row coolers do that are to deliver m³/s of air.
func (p *Plan) blowRow(s *State, i int, want, dt float64) {
	b, w := &p.halls[i].row, &s.c.halls[i].row
	each := &p.air.InRow.Each
	goal := want * (1 + float64(each.Excess)) / (float64(w.up) * b.airflow)
	w.speed, w.lastSpeed = follow(s.RowSpeed[i], min(max(goal, float64(each.MinSpeed)), 1), dt, float64(each.Ramp))
	w.run(b, p.rhoCp, s.c.flowOf[b.loop], each.Exponent)
}

// doorExponent is that of the power of an active door's fans over their airflow (typical).
const doorExponent = 2.8

// gatherDoors sums what the rear doors of each hall can take in this step. All the air of a rack passes its door, and
// what recirculates is air from behind the doors. Of a failed door, and of an active one without power, all goes by.
func (p *Plan) gatherDoors(s *State) {
	down, water := s.down[facility.RearDoor], s.c.flowOf[p.doorLoop]
	for i := range p.halls {
		h, w := &p.halls[i], &s.c.halls[i]
		d := &w.door
		d.a, d.k, d.c, d.ea, d.ek, d.ec, d.fans = 0, 0, 0, 0, 0, 0, 0
		for j := h.firstDoor; j < h.firstDoor+h.doors; j++ {
			if down[j] != 0 {
				continue
			}
			f := &p.doors[j]
			flow := s.c.flow[f.rack]
			ca := p.rhoCp * p.rackFixed[f.rack].share * flow
			if s.c.doorFlow[j] != flow || s.c.doorWater[j] != water {
				s.c.doorFlow[j], s.c.doorWater[j] = flow, water
				s.c.doorEffect[j] = f.effect(ca, flow, water)
				s.c.doorFan[j] = Affinity(f.fan, min(flow/f.flow, 1), doorExponent)
			}
			e, k := s.c.doorEffect[j], s.c.k[f.rack]
			a := s.c.air[f.rack]*(1-s.c.held[f.rack]) + k*s.Machines[f.rack]
			d.a, d.k, d.c = d.a+a, d.k+k, d.c+ca
			d.ea, d.ek, d.ec = d.ea+e*a, d.ek+e*k, d.ec+e*ca
			d.fans += s.c.doorFan[j]
		}
		w.a += d.fans
	}
}

// effect returns the share of the difference between air and water that a door takes from air of capacity rate ca in W/K
// and m³/s, at a share of the design flow of its water.
func (d *door) effect(ca, air, water float64) float64 {
	cw := d.water * water
	if cw <= 0 || ca <= 0 {
		return 0
	}
	cmin, cmax := min(ca, cw), max(ca, cw)
	return cmin / ca * Counterflow(Conductance(d.ua, 2.0/3, water, air/d.flow, 0.85, 0.8)/cmin, cmin/cmax)
}

// showRow sets what is known of the in-row coolers of a hall, for air of the given °C that they deliver and that of the
// hot side.
func (p *Plan) showRow(s *State, i int, supply, air float64) {
	b, w := &p.halls[i].row, &s.c.halls[i].row
	if b.n == 0 {
		return
	}
	s.RowSpeed[i] = w.lastSpeed
	ret := air
	if w.air > 0 {
		ret = supply + w.through/w.air*(air-supply)
	}
	u, n := &s.InRow, float64(max(w.up, 1))
	for j := b.first; j < b.first+b.n; j++ {
		u.Power[j], u.Load[j], u.Flow[j], u.Supply[j], u.Return[j] = 0, 0, 0, ret, ret
		if s.down[facility.InRow][j] == 0 {
			u.Power[j], u.Load[j], u.Flow[j], u.Supply[j] = w.fans/n, w.heat/n/b.rating, w.air/n, supply
		}
	}
}

// showDoors sets what is known of the rear doors of a hall, as means over the step: each took its part of what all took.
// The machines have not moved yet.
func (p *Plan) showDoors(s *State, i int) {
	h, w := &p.halls[i], &s.c.halls[i]
	d, u := &w.door, &s.RearDoor
	if h.doors == 0 {
		return
	}
	water := max(w.water[d.loop], d.floor)
	part := 0.0
	if open := d.ea + (d.ec-d.ek)*w.cold - d.ec*water; open > 0 {
		part = d.heat / open
	}
	for j := h.firstDoor; j < h.firstDoor+h.doors; j++ {
		r := p.doors[j].rack
		ca := p.rhoCp * p.rackFixed[r].share * s.c.flow[r]
		release := s.c.air[r]*(1-s.c.held[r]) + s.c.k[r]*(s.Machines[r]-w.cold)
		u.Return[j] = w.cold + release/ca
		u.Power[j], u.Load[j], u.Supply[j] = 0, 0, u.Return[j]
		if s.down[facility.RearDoor][j] == 0 {
			heat := part * s.c.doorEffect[j] * (release + ca*(w.cold-water))
			u.Power[j], u.Load[j] = s.c.doorFan[j], heat/p.doors[j].rating
			u.Supply[j] += (s.c.doorFan[j] - heat) / ca
		}
	}
}
