package cooling

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
)

// hallWork is what a step knows of one hall.
//
// Over a step every flow of heat is taken at the mean temperatures. The racks then release A - K·Tc for a mean
// cold-aisle temperature Tc, and all else is affine too, so the means follow without iteration.
type hallWork struct {
	a, k   float64 // the racks' release A - K·Tc, in W and W/K
	demand float64 // m³/s that the racks take from the cold side

	drawn    float64 // kg/s of outdoor air beside its leaks, where that cools
	latent   float64 // W: heat of the vapour that condenses on the coils
	wall     float64 // W/K to the structure, as the step sees it
	wallPhi  float64
	weight   float64 // of the air's mean between its ends
	z        float64 // weight·dt/C of the air
	wallTemp float64 // °C at the start
	airTemp  float64 // °C at the start
	coldTemp float64 // °C at the start, of the air on the cold side
	kept     float64 // share of it in the mean over the step, and
	keptEnd  float64 // at its end
	setPoint float64 // °C

	handlers          // CRAHs
	row      handlers // in-row coolers
	door     doorWork

	// The solution for one temperature of each water loop.
	water  [2]float64 // °C
	c0, c1 float64    // cold = c0 + c1·hot
	hot    float64    // °C, mean
	cold   float64    // °C, mean
	taken  [2]float64 // W to each water loop, fans included
	slope  [2]float64 // -dtaken/dwater in W/K, at least 0
}

// prepareHall sets the airflow and the coefficients of a step; a, k and demand are known.
func (p *Plan) prepareHall(s *State, i int, dt float64) {
	h, w := &p.halls[i], &s.c.halls[i]
	w.up = s.working(facility.CRAH, h.first, h.n)
	w.row.up = s.working(facility.InRow, h.row.first, h.row.n)
	w.loop, w.row.loop, w.boost = 0, h.row.loop, 0
	w.floor, w.row.floor = math.Inf(-1), math.Inf(-1)
	copy(w.water[:], s.Delivered)
	if h.row.n > 0 || h.doors > 0 {
		dew := p.DewPoint(s, i)
		w.row.floor = dew + p.rowGuard
		w.door.loop, w.door.floor, w.door.leaving = p.doorLoop, dew+p.doorGuard, p.doorLeaving
	}
	w.wallPhi = 0
	if h.structure > 0 {
		w.wallPhi, _ = fitted(h.exchange * dt / h.structure)
	}
	w.wall = h.exchange * w.wallPhi
	w.wallTemp, w.airTemp, w.coldTemp, w.setPoint = s.HallWall[i], s.HallAir[i], s.HallCold[i], s.HallSet[i]
	w.kept, w.keptEnd = 0, 0
	if h.aisle > 0 {
		x := p.rhoCp * w.demand * dt / h.aisle
		w.kept, w.keptEnd = meanDecay(x), math.Exp(-x)
	}
	if p.air.CRAH.Control != nil && w.up > 0 {
		p.controlFans(s, i, dt)
	} else {
		p.blow(s, i, dt, pressure, overStep)
	}
}

// pressure, instead of a speed, lets the fans of the CRAHs deliver what the racks take.
const pressure = -1

// instant is when the fans are looked at.
type instant uint8

const (
	overStep instant = iota
	atEnd            // of the step
	atRest           // when the drives have followed
)

// blow sets what follows from the speed of the fans: airflow, coils, and how fast the hall answers. The in-row coolers
// deliver their share of what the racks take, the CRAHs the rest, and the in-row coolers what these cannot; or the
// CRAHs' fans are told their speed, and are looked at when they have it.
func (p *Plan) blow(s *State, i int, dt, command float64, when instant) {
	h, w := &p.halls[i], &s.c.halls[i]
	each := &p.air.CRAH.Each
	row, take := 0.0, w.demand*(1-h.around)
	if w.row.up > 0 {
		most := float64(w.up) * h.airflow * (1 - h.bypass)
		row = min(max(h.rowShare*take, take-most), float64(w.row.up)*h.row.airflow)
		p.blowRow(s, i, row, dt)
	} else {
		w.row.stop()
	}
	if w.up > 0 {
		if command == pressure {
			want := (take - row) / (1 - h.bypass) * (1 + float64(each.Excess))
			command = want / (float64(w.up) * h.airflow)
		}
		goal := min(max(command, float64(each.MinSpeed)), 1)
		w.speed, w.lastSpeed = follow(s.HallSpeed[i], goal, dt, float64(each.Ramp))
		switch when {
		case atEnd:
			w.speed = w.lastSpeed
		case atRest:
			w.speed = goal
		}
		w.run(&h.airBank, p.rhoCp, s.airWater(), each.Exponent)
	} else {
		w.stop()
	}
	w.through, w.row.through = (1-h.bypass)*w.air, w.row.air
	if sum := w.through + w.row.through; sum > take {
		w.through *= take / sum
		w.row.through *= take / sum
	}
	x, y := w.sides()
	leak := (1 - x - y) * (1 - w.kept)
	w.weight = fittedWeight((p.rhoCp*w.demand*(x+y) + (w.k+w.door.ec-w.door.ek)*leak + w.wall) * dt / h.air)
	w.z = w.weight * dt / h.air
}

// stop is a bank of which no unit works.
func (b *handlers) stop() {
	b.speed, b.lastSpeed, b.air, b.fans, b.coil, b.through, b.contact = 0, 0, 0, 0, 0, 0, 0
}

// run sets what a bank at work delivers and what its coils can do, with a share of the design flow of their water.
func (b *handlers) run(bank *airBank, rhoCp, flow, exponent float64) {
	b.air = float64(b.up) * bank.airflow * b.speed
	b.fans = float64(b.up) * Affinity(bank.fan, b.speed, exponent)
	b.coil, b.contact = 0, 0
	if flow > 0 {
		ca, cw := bank.airflow*b.speed*rhoCp, bank.water*flow
		b.contact = -math.Expm1(-bank.ua * (1 + 2.0/3) * math.Pow(b.speed, 0.8) / ca)
		cmin, cmax := min(ca, cw), max(ca, cw)
		b.coil = float64(b.up) * cmin * Counterflow(Conductance(bank.ua, 2.0/3, flow, b.speed, 0.85, 0.8)/cmin, cmin/cmax)
	}
}

// follow returns the mean over dt s, and the value at their end, of what moves from y to a goal with a time constant in s.
func follow(y, goal, dt, time float64) (mean, end float64) {
	if time <= 0 {
		return goal, goal
	}
	return goal - (y-goal)*math.Expm1(-dt/time)*time/dt, lag(y, goal, dt, time)
}

// airWater returns the share of the design flow of the water that serves the air handlers; 0 where there is none.
func (s *State) airWater() float64 {
	if len(s.c.flowOf) == 0 {
		return 0
	}
	return s.c.flowOf[0]
}

// commitAisle advances the mass of the air on the cold side of a hall, whose HallCold is what enters at the end of the step,
// and returns the W that it took up.
//
// What enters moved in a line about its mean, and the mass after it. The mean is all that the balance of the step knows: what
// the line adds is lent by the structure, or by the hot air where there is none.
func (p *Plan) commitAisle(s *State, i int, dt float64) (storing float64) {
	h, w := &p.halls[i], &s.c.halls[i]
	mean, end := w.entering(w.hot), s.HallCold[i]
	x := p.rhoCp * w.demand * dt / h.aisle
	follows := (1 + w.keptEnd) - 2*w.kept
	if x < 1e-2 {
		follows = x * x / 6
	}
	aisle := mean + (w.coldTemp-mean)*w.keptEnd
	lent := follows * (end - mean)
	if h.structure > 0 {
		s.HallWall[i] -= h.aisle * lent / h.structure
	} else {
		s.HallAir[i] -= h.aisle * lent / h.air
	}
	s.HallCold[i] = aisle + lent
	s.HallRate[i] = (s.HallCold[i] - w.coldTemp) / dt
	return h.aisle * (aisle - w.coldTemp) / dt
}

// commitHall advances the masses of a hall to the end of the step and returns the W that they took up, and sets
// what is known of its CRAHs.
func (p *Plan) commitHall(s *State, i int, dt float64) (storing float64) {
	h, w := &p.halls[i], &s.c.halls[i]
	air := w.airTemp + (w.hot-w.airTemp)/w.weight
	storing = h.air * (air - w.airTemp) / dt
	s.HallAir[i], s.HallSpeed[i] = air, w.lastSpeed
	if h.structure > 0 {
		wall := w.wallTemp + w.wall*(w.hot-w.wallTemp)*dt/h.structure
		storing += h.structure * (wall - w.wallTemp) / dt
		s.HallWall[i] = wall
	}
	supply, row := w.at(p.rhoCp, w.setPoint, air), w.row.at(p.rhoCp, w.setPoint, air)
	x, y := w.sides()
	s.HallCold[i] = x*supply + y*row + (1-x-y)*air
	if h.aisle > 0 {
		storing += p.commitAisle(s, i, dt)
	}
	s.HallSupply[i] = supply
	if y > 0 {
		s.HallSupply[i] = (x*supply + y*row) / (x + y)
	}
	ret := air
	if w.air > 0 {
		ret = supply + w.through/w.air*(air-supply)
	}
	s.HallSurface[i] = ret
	if ca := p.rhoCp * w.air; w.contact > 0 {
		s.HallSurface[i] = ret - w.heat/ca/w.contact
	}
	n := float64(max(w.up, 1))
	for u := h.first; u < h.first+h.n; u++ {
		s.CRAH.Power[u], s.CRAH.Load[u], s.CRAH.Flow[u] = 0, 0, 0
		s.CRAH.Supply[u], s.CRAH.Return[u] = ret, ret
		if s.down[facility.CRAH][u] == 0 {
			s.CRAH.Power[u] = w.fans / n
			s.CRAH.Load[u] = (w.heat + w.latent) / n / h.rating
			s.CRAH.Flow[u] = w.air / n
			s.CRAH.Supply[u] = supply
		}
	}
	p.showRow(s, i, row, air)
	p.showDoors(s, i)
	return storing
}
