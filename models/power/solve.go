package power

import "math"

// unlimited is the rating of what has no limit.
var unlimited = math.Inf(1)

// Solve finds what is live and what flows, at this instant, for racks that would draw rackW W each and cooling that
// would draw mechW W. It also sets or cancels the intentions of gensets and transfer switches that follow, so that
// [Plan.Next] knows them; it does not advance time. Racks without power draw nothing. It does not allocate but for the
// first time.
func (p *Plan) Solve(s *State, rackW []float64, mechW float64) {
	s.stir()
	p.solve(s, rackW, mechW)
}

// solve is Solve where the racks that draw something else since the last one are marked in the state's memory.
func (p *Plan) solve(s *State, rackW []float64, mechW float64) {
	m := p.recall(s)
	s.Loss, s.Storing, s.News = Losses{}, 0, false
	if m.calm {
		clear(s.Flow[:p.layers[utilities].end])
	} else {
		clear(s.Flow[:p.layers[pdus].first])
	}
	if !m.still {
		if p.static {
			p.switchStatic(s)
		}
		for i := range p.sides {
			p.energise(s, i)
		}
	}
	p.loadRacks(s, m, rackW)
	for i := range p.sides {
		p.loadPDUs(s, m, i)
	}
	p.loadMech(s, mechW)
	for i := range p.sides {
		p.loadUPS(s, m, i)
	}
	p.loadSources(s, m)
	p.react(s, m)
	if !m.still {
		p.command(s)
	}
	p.rate(s, m)
	if m.still {
		m.still = !s.News
		m.calm = m.calm && m.still
	} else {
		m.still = p.rests(s)
		m.calm = m.still && p.settles(s, m)
	}
}

// restart is the charge, above the cut-off, that a battery which was cut off must have regained to be used again.
const restart = 0.02

// energise finds what has voltage on a side, from the source down.
func (p *Plan) energise(s *State, i int) {
	sd := &p.sides[i]
	good := p.available(s, i, s.Source[i])
	live := good
	if good {
		s.Sagging[i], s.Gap[i] = false, 0
	} else {
		live = p.rides(s, i)
	}
	s.Live[i] = live
	if p.step > 0 && !live && int(s.Source[i]) == len(sd.feeds) {
		s.Blocks[i], s.Connect[i] = 0, 0 // gensets that come back take it block by block
	}
	s.Fed[i] = live && sd.ups.count() == 0
	first := p.layers[upses].first
	if s.Bypassed[i] && !live && s.Drew[i] <= p.layers[upses].rating*float64(p.working(s, sd.ups)) {
		s.Bypassed[i] = false // the line path is dead, and the inverters can carry what there is
	}
	working := false
	for u := sd.ups.first; u < sd.ups.end; u++ {
		k := u - first
		m := UPSOff
		switch {
		case !s.Up[u] || s.Open[u]:
		case s.Bypassed[i]:
			if live {
				m = UPSBypass
			}
		case good && u-sd.ups.first < s.Blocks[i]:
			m = UPSOnline
		case !s.Drained[k] || s.Available[k] > p.battery.low()+restart*p.battery.Capacity:
			m = UPSBattery
			s.Drained[k] = false
		}
		working = working || m == UPSOnline || m == UPSBattery
		if p.gap > 0 && m == UPSBattery && s.UPS[k] == UPSOnline {
			s.Gap[i] = p.gap
		}
		s.UPS[k] = m
	}
	if sd.ups.count() > 0 {
		s.Fed[i] = working && s.Gap[i] <= due || live && p.bypass && s.Blocks[i] > 0
	}
}

// available reports whether source k of a side could carry it now: one of its feeds, or the gensets behind them.
func (p *Plan) available(s *State, i int, k int32) bool {
	sd := &p.sides[i]
	if int(k) < len(sd.feeds) {
		u := sd.feeds[k]
		return s.Up[u] && !s.Open[u] && s.Voltage[u] >= window && (sd.transformers.count() == 0 || p.working(s, sd.transformers) > 0)
	}
	return p.running(s, sd.group) > 0
}

// working counts the units of a span that are neither failed nor tripped.
func (p *Plan) working(s *State, r span) int {
	n := 0
	for u := r.first; u < r.end; u++ {
		if s.Up[u] && !s.Open[u] {
			n++
		}
	}
	return n
}

// running counts the gensets of a group that take load.
func (p *Plan) running(s *State, group int32) int {
	if group < 0 {
		return 0
	}
	n := 0
	first := p.layers[gensets].first
	for u := p.groups[group].first; u < p.groups[group].end; u++ {
		if m := s.Gensets[u-first]; m == GensetRunning || m == GensetCooling {
			n++
		}
	}
	return n
}

// liveOutlet reports whether a PDU can feed racks.
func (p *Plan) liveOutlet(s *State, u int32) bool {
	i := p.outletSide[u-p.layers[pdus].first]
	if !s.Fed[i] || !s.Up[u] || s.Open[u] {
		return false
	}
	sd := &p.sides[i]
	return p.step == 0 || sd.ups.count() > 0 || u-sd.pdus.first < s.Blocks[i]
}

func mask(a, b bool) uint8 {
	var n uint8
	if a {
		n = 1
	}
	if b {
		n |= 2
	}
	return n
}

// loadMech divides the cooling load over the sides that can feed it. It goes to Out or, as the start of the
// switchboard's load, to Bus.
func (p *Plan) loadMech(s *State, w float64) {
	live := s.Live
	if p.mechUPS {
		live = s.Fed
	}
	n := 0
	for i := range p.sides {
		s.Bus[i] = 0
		if live[i] && (p.mechUPS || p.connected(s, i)) {
			n++
		}
	}
	s.MechOn, s.Mech = n > 0, 0
	if n == 0 {
		return
	}
	s.Mech = w
	for i := range p.sides {
		switch {
		case !live[i]:
		case p.mechUPS:
			s.Out[i] += w / float64(n)
		case p.connected(s, i):
			s.Bus[i] = w / float64(n)
			s.Cooled[i] = s.Bus[i]
		}
	}
}

// loadUPS puts a side's load on its UPS bank and adds what the bank draws to the switchboard, without charging.
func (p *Plan) loadUPS(s *State, m *memory, i int) {
	sd := &p.sides[i]
	out, rating := s.Out[i], p.layers[upses].rating
	first := p.layers[upses].first
	carry, present := m.banks[i].online, m.banks[i].online
	if !m.calm {
		carry, present = p.muster(s, sd.ups)
	}
	switch {
	case sd.ups.count() == 0:
		s.Bus[i] += out
	case carry > 0:
		p.carry(s, m, i, out/float64(carry))
	case s.Fed[i]: // over the line path of the whole bank
		all := rating * float64(sd.ups.count())
		loss := all * p.line.At(out/all)
		s.Bus[i] += out + loss
		s.Loss.UPS += loss
		for u := sd.ups.first; u < sd.ups.end && present > 0; u++ {
			if s.UPS[u-first] == UPSBypass {
				s.Flow[u] = out / float64(present)
			}
		}
	}
	if s.Live[i] && p.connected(s, i) && !s.Sagging[i] {
		s.Demand[i] = s.Bus[i]
	}
	if s.Fed[i] {
		s.Drew[i] = out
	}
}

// muster takes a bank off its batteries, and counts its units that carry load and those that are not off.
func (p *Plan) muster(s *State, bank span) (carry, present int) {
	first := p.layers[upses].first
	for u := bank.first; u < bank.end; u++ {
		k := u - first
		s.BatteryW[k] = 0
		if s.UPS[k] == UPSOnline || s.UPS[k] == UPSBattery {
			carry++
		}
		if s.UPS[k] != UPSOff {
			present++
		}
	}
	return carry, present
}

// carry puts w W on each working unit of a bank.
func (p *Plan) carry(s *State, m *memory, i int, w float64) {
	rating := p.layers[upses].rating
	loss, online := rating*p.curve.At(w/rating), 0
	if m.calm {
		b := &m.banks[i]
		online = b.online
		for k := range b.ups {
			b.ups[k].spread(s.Flow, w)
		}
	} else {
		online = p.carryEach(s, i, w)
	}
	s.Bus[i] += float64(online) * (w + loss)
	s.Loss.UPS += float64(online) * loss
}

// carryEach puts w W on each working unit of a bank, drains the batteries of those that are on them, and returns how many are
// online.
func (p *Plan) carryEach(s *State, i int, w float64) (online int) {
	first := p.layers[upses].first
	for u := p.sides[i].ups.first; u < p.sides[i].ups.end; u++ {
		k := u - first
		switch s.UPS[k] {
		case UPSOnline:
			s.Flow[u] = w
			online++
		case UPSBattery:
			s.Flow[u] = w
			s.BatteryW[k] = w / p.discharging
			s.Storing -= s.BatteryW[k]
			s.Loss.Battery += s.BatteryW[k] - w
			s.Charging[k] = true
		}
	}
	return online
}

// loadSources charges batteries within the headroom of each side's source, and puts the switchboards on their
// transformers and feeds, or on their gensets.
func (p *Plan) loadSources(s *State, m *memory) {
	for i := range p.sides {
		sd := &p.sides[i]
		if !s.Live[i] {
			continue
		}
		if m.calm {
			s.Flow[sd.feeds[s.Source[i]]] += s.Bus[i]
			continue
		}
		if p.connected(s, i) {
			s.Bus[i] += p.chargeBatteries(s, i, p.headroom(s, i))
		} else {
			p.chargeBatteries(s, i, 0)
		}
		if k := s.Source[i]; int(k) < len(sd.feeds) {
			s.Flow[sd.feeds[k]] += s.Bus[i]
		} else {
			first := p.layers[gensets].first
			g := p.groups[sd.group]
			w := s.Bus[i] / float64(p.running(s, sd.group))
			for u := g.first; u < g.end; u++ {
				if m := s.Gensets[u-first]; m == GensetRunning || m == GensetCooling {
					s.Flow[u] += w
				}
			}
		}
	}
	for i := range p.sides {
		p.loadTransformers(s, m, i)
	}
	if m.calm {
		return
	}
	fuel := p.layers[gensets]
	for k := range s.FuelUse {
		s.FuelUse[k] = 0
		if m := s.Gensets[k]; m == GensetRunning || m == GensetCooling {
			s.FuelUse[k] = FuelUse(s.Flow[int(fuel.first)+k], fuel.rating, p.fullFuel, p.idle)
		}
	}
}

// headroom is what the source of a live side can give beyond what all sides on it draw, W.
func (p *Plan) headroom(s *State, i int) float64 {
	sd := &p.sides[i]
	k := s.Source[i]
	onFeed := int(k) < len(sd.feeds)
	room := p.layers[utilities].rating
	if !onFeed {
		room = p.layers[gensets].rating * float64(p.running(s, sd.group))
	}
	for j := range p.sides {
		other := &p.sides[j]
		l := s.Source[j]
		feed := int(l) < len(other.feeds)
		if s.Live[j] && feed == onFeed && (feed && other.feeds[l] == sd.feeds[k] || !feed && other.group == sd.group) {
			room -= s.Bus[j]
		}
	}
	if onFeed && sd.transformers.count() > 0 {
		room = min(room, p.layers[transformers].rating*float64(p.working(s, sd.transformers))-s.Bus[i])
	}
	return max(room, 0)
}

// chargeBatteries charges those of a side's batteries that are not full with at most room W, and returns the W drawn.
func (p *Plan) chargeBatteries(s *State, i int, room float64) float64 {
	first := p.layers[upses].first
	n := 0
	for u := p.sides[i].ups.first; u < p.sides[i].ups.end; u++ {
		if k := u - first; s.UPS[k] == UPSOnline && s.Charging[k] {
			n++
		}
	}
	if n == 0 {
		return 0
	}
	w := min(p.charger, room/float64(n))
	for u := p.sides[i].ups.first; u < p.sides[i].ups.end; u++ {
		if k := u - first; s.UPS[k] == UPSOnline && s.Charging[k] {
			s.BatteryW[k] = -w * p.charging
			s.Storing += w * p.charging
			s.Loss.Battery += w - w*p.charging
		}
	}
	return w * float64(n)
}

// loadTransformers puts a side's load on its transformers. They are energised, and lose their core loss, whenever
// their feed has voltage, also while the side is on gensets.
func (p *Plan) loadTransformers(s *State, m *memory, i int) {
	sd := &p.sides[i]
	n := m.banks[i].working
	if !m.calm {
		n = p.working(s, sd.transformers)
	}
	if n == 0 {
		return
	}
	k := s.Source[i]
	w := 0.0
	if int(k) < len(sd.feeds) && s.Live[i] {
		w = s.Bus[i] / float64(n)
	} else if k = p.preferred(s, i); k < 0 {
		return
	}
	loss := float64(n) * TransformerLoss(w, p.layers[transformers].rating, p.noLoad, p.loadLoss)
	s.Loss.Transformer += loss
	s.Flow[sd.feeds[k]] += loss
	if m.calm {
		for r := range m.banks[i].transformers {
			m.banks[i].transformers[r].spread(s.Flow, w)
		}
		return
	}
	for u := sd.transformers.first; u < sd.transformers.end; u++ {
		if s.Up[u] && !s.Open[u] {
			s.Flow[u] = w
		}
	}
}

// preferred returns the first of a side's feeds that is available, or -1.
func (p *Plan) preferred(s *State, i int) int32 {
	for k := range p.sides[i].feeds {
		if p.available(s, i, int32(k)) {
			return int32(k)
		}
	}
	return -1
}

// rate sets the loads of all units but PDUs relative to their ratings and notices whether there is something to report.
func (p *Plan) rate(s *State, m *memory) {
	s.News = s.News || s.Told.Dark != s.Dark || s.Told.Mech != s.MechOn
	if m.calm { // modes and sources are as they were told
		p.rateRuns(s, m)
		return
	}
	for i := range pdus {
		l := &p.layers[i]
		inverse, like := 1/l.rating, 0.0
		for u := l.first; u < l.end; u++ {
			if u == l.first || s.Flow[u] != s.Flow[u-1] || p.factor != nil && s.Var[u] != s.Var[u-1] { // mostly units are alike
				like = p.burden(s, i, u) * inverse
			}
			x := like
			if i == upses && s.UPS[u-l.first] == UPSBypass {
				x = 0 // the inverter carries nothing
			}
			s.Load[u] = x
			if u > l.first && x == s.Load[u-1] && s.Over[u] == s.Over[u-1] {
				continue
			}
			if p.level(l, 1, x, s.Over[u]) != s.Over[u] {
				s.News = true
			}
		}
	}
	for k, m := range s.UPS {
		if m != s.Told.UPS[k] {
			s.News = true
		}
	}
	for i, live := range s.Live {
		if live != s.Told.Live[i] || s.Source[i] != s.Told.From[i] {
			s.News = true
		}
	}
}

// level says how a load stands to its limits, 0 to 2 as in State.Over; it falls back with a hysteresis of 2 %.
func (p *Plan) level(l *layer, continuous, x float64, was uint8) uint8 {
	limit := [...]float64{continuous, l.breaker.Pickup}
	level := uint8(0)
	for i, most := range limit {
		if was > uint8(i) {
			most *= 0.98
		}
		if x > most*(1+1e-12) {
			level = uint8(i) + 1
		}
	}
	return level
}
