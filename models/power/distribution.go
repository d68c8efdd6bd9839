package power

import (
	"math"
	"math/bits"
)

// A chain is narrow at the top and wide below: nearly all of its units are PDUs, and between two solves most of their racks
// draw what they drew. So what each group of racks and each PDU comes to is kept, and of those only the ones that changed
// are reckoned again. Sums run over blocks of units, each in the order of its units, and then over the blocks: whatever
// changed in which order, the same bytes come out as from the start.

// block is the number of groups of racks, or of a side's PDUs, that are summed together.
const block = 32

// memory is what the last Solve found at the wide end of the chain. It follows from the state and the racks' power and is no
// part of either.
type memory struct {
	still bool    // sources, switches and banks stay as they are until Fire or a change from outside
	stale []int32 // groups of racks to reckon again
	known []bool  // by group: not stale

	groups []groupLoad // by group
	sums   []groupLoad // by block of groups
	fresh  []bool      // by block of groups

	loss  []float64 // by PDU: W
	on    []bool    // by PDU: live
	sides []sideSum

	calm  bool   // and nothing charges or waits for fuel: the runs and banks hold
	runs  []run  // of the units above the PDUs
	banks []bank // by side

	since, forget float64 // the last time span that breakers were brought over, s, and its 1 - exp(-since/τ)
}

// groupLoad is what a group of racks comes to.
type groupLoad struct {
	flow     [2]float64 // W over each of its PDUs
	served   float64    // W
	unserved float64    // W
	dark     int        // racks
}

// sideSum is what the PDUs of a side come to, by block.
type sideSum struct {
	out, loss []float64 // W
	vars      []float64 // var
	reactive  float64   // var, of all blocks
	fresh     []bool
}

func blocks(n int) int { return (n + block - 1) / block }

// recall returns the memory of a state. When the state has none, or is not still, all is to be reckoned.
func (p *Plan) recall(s *State) *memory {
	m := s.memory
	if m == nil {
		n := len(p.rackFeeds)
		m = &memory{
			stale: make([]int32, 0, n), known: make([]bool, n), groups: make([]groupLoad, n),
			sums: make([]groupLoad, blocks(n)), fresh: make([]bool, blocks(n)),
			loss: make([]float64, len(p.outletSide)), on: make([]bool, len(p.outletSide)), sides: make([]sideSum, len(p.sides)), banks: make([]bank, len(p.sides)),
		}
		for i := range m.sides {
			n := blocks(p.sides[i].pdus.count())
			m.sides[i] = sideSum{out: make([]float64, n), loss: make([]float64, n), vars: make([]float64, n), fresh: make([]bool, n)}
		}
		s.memory = m
	}
	if !m.still {
		m.stale = m.stale[:0]
		clear(m.known)
		clear(m.fresh)
		for g := range p.rackFeeds {
			m.stale = append(m.stale, int32(g))
		}
		for i := range m.sides {
			clear(m.sides[i].fresh)
		}
	}
	return m
}

// stir says that something other than the racks' power changed: the next Solve reckons all.
func (s *State) stir() {
	if s.memory != nil {
		s.memory.still, s.memory.calm = false, false
	}
}

// mark says that a rack may draw something else.
func (m *memory) mark(g int32) {
	if m.known[g] {
		m.known[g] = false
		m.stale = append(m.stale, g)
	}
}

// rests reports whether nothing in the chain is on its way: everything above the PDUs stays as it is while only loads
// change.
func (p *Plan) rests(s *State) bool {
	if s.News || s.Cuts > 0 || p.gated && s.Dark > 0 {
		return false
	}
	for i := range p.sides {
		if !s.Live[i] || !s.Fed[i] || s.Sagging[i] || s.Bypassed[i] || s.Target[i] >= 0 || !p.connected(s, i) ||
			int(s.Source[i]) >= len(p.sides[i].feeds) {
			return false
		}
	}
	for _, m := range s.UPS {
		if m != UPSOnline && m != UPSOff {
			return false
		}
	}
	for _, m := range s.Gensets {
		if m != GensetOff && m != GensetLockedOut {
			return false
		}
	}
	return true
}

// loadRacks divides each rack's power over its live cords and puts it on the PDUs.
func (p *Plan) loadRacks(s *State, m *memory, rackW []float64) {
	for _, g := range m.stale {
		f := &p.rackFeeds[g]
		live := mask(p.liveOutlet(s, f.a), f.b >= 0 && p.liveOutlet(s, f.b))
		if p.gated {
			live = p.gate(s, int(g), live)
		}
		l := &m.groups[g]
		*l = groupLoad{}
		if s.Cuts > 0 {
			for r := f.lo; r < f.hi; r++ {
				p.loadRun(s, m, l, live&^s.Cut[r], r, r+1, rackW)
			}
		} else {
			p.loadRun(s, m, l, live, f.lo, f.hi, rackW)
		}
		p.loadPDU(s, m, f.a, l.flow[0])
		if f.b >= 0 {
			p.loadPDU(s, m, f.b, l.flow[1])
		}
		m.known[g], m.fresh[g/block] = true, false
	}
	m.stale = m.stale[:0]

	all := groupLoad{}
	for b := range m.sums {
		sum := &m.sums[b]
		if !m.fresh[b] {
			m.fresh[b], *sum = true, groupLoad{}
			for g := b * block; g < min((b+1)*block, len(m.groups)); g++ {
				sum.add(&m.groups[g])
			}
		}
		all.add(sum)
	}
	s.IT, s.Unserved, s.Dark = all.served, all.unserved, all.dark
}

func (l *groupLoad) add(o *groupLoad) {
	l.served += o.served
	l.unserved += o.unserved
	l.dark += o.dark
}

// loadRun puts the racks [lo, hi) of a group on those of its PDUs whose bits are set in live.
func (p *Plan) loadRun(s *State, m *memory, l *groupLoad, live uint8, lo, hi int32, rackW []float64) {
	w := rackW[lo:hi]
	on := s.RackOn[lo:hi]
	sum := 0.0
	for r, x := range w {
		sum += x
		on[r] = live != 0
	}
	half := 1.0
	switch live {
	case 0:
		l.dark += len(w)
		l.unserved += sum
		half = 0
	case 1:
		l.flow[0] += sum
	case 2:
		l.flow[1] += sum
	case 3:
		half = 0.5
		l.flow[0] += half * sum
		l.flow[1] += half * sum
	}
	if live != 0 {
		l.served += sum
	}
	if s.CordLoad != nil {
		each := half / p.limit
		for r, x := range w {
			p.loadCord(s, m, lo+int32(r), live, x*each)
		}
	}
}

// loadCord puts a load, relative to its limit, on each of a rack's cords whose bits are set in live.
func (p *Plan) loadCord(s *State, m *memory, r int32, live uint8, x float64) {
	if s.CordLive[r] == live && s.CordLoad[r] == x {
		return
	}
	p.warmCords(s, m, r)
	s.HotCords += hot(x, p.branch.Pickup) - hot(s.CordLoad[r], p.branch.Pickup)
	s.CordLive[r], s.CordLoad[r] = live, x
}

// hot returns 1 where a load is above a limit.
func hot(x, limit float64) int32 {
	if x > limit {
		return 1
	}
	return 0
}

// overload is a load relative to a limit from which it counts as above it: rounding is forgiven.
const overload = 1 + 1e-12

// loadPDU puts w W on a PDU. A live PDU has its no-load loss.
func (p *Plan) loadPDU(s *State, m *memory, u int32, w float64) {
	l := &p.layers[pdus]
	k := u - l.first
	m.on[k] = p.liveOutlet(s, u)
	if m.loss[k] = 0; m.on[k] && !p.hidden {
		m.loss[k] = l.rating * p.pduCurve.At(w/l.rating)
	}
	i := p.outletSide[k]
	m.sides[i].fresh[(u-p.sides[i].pdus.first)/block] = false

	s.Flow[u] = w
	x, was := p.apparentPDU(s, u, w)*(1/l.rating), s.Load[u]
	if x != was {
		p.warmPDU(s, m, u)
		s.AbovePDUs += hot(x, p.continuous*overload) - hot(was, p.continuous*overload)
		s.HotPDUs += hot(x, l.breaker.Pickup) - hot(was, l.breaker.Pickup)
		s.Load[u] = x
	}
	if p.level(l, p.continuous, x, s.Over[u]) != s.Over[u] {
		s.News = true
	}
}

// loadPDUs sums what a side's PDUs draw.
func (p *Plan) loadPDUs(s *State, m *memory, i int) {
	sum, r := &m.sides[i], p.sides[i].pdus
	first := p.layers[pdus].first
	out, loss, reactive := 0.0, 0.0, 0.0
	for b := range sum.out {
		if !sum.fresh[b] {
			o, l, v := 0.0, 0.0, 0.0
			lo := r.first + int32(b*block)
			for u := lo; u < min(lo+block, r.end); u++ {
				if p.factor != nil {
					v += s.Var[u]
				}
				if k := u - first; m.on[k] {
					o += s.Flow[u]
					if !p.hidden {
						o += m.loss[k]
						l += m.loss[k]
					}
				}
			}
			sum.out[b], sum.loss[b], sum.vars[b], sum.fresh[b] = o, l, v, true
		}
		out += sum.out[b]
		loss += sum.loss[b]
		reactive += sum.vars[b]
	}
	s.Out[i], sum.reactive = out, reactive
	s.Loss.PDU += loss
}

// The breakers of PDUs and cords are many and their loads change seldom, so their heat is kept as of the last change of their
// load, and of nothing else: who looks, forks or restores leaves it alone.

// span returns 1 - exp(-dt/τ) of the breakers of PDUs and cords, which are alike.
func (m *memory) span(b *Breaker, dt float64) float64 {
	if dt != m.since {
		m.since, m.forget = dt, forgotten(b, dt)
	}
	return m.forget
}

// forgotten returns the share of its heat that a breaker without load loses in dt seconds.
func forgotten(b *Breaker, dt float64) float64 { return -math.Expm1(-dt / b.Tau) }

// warmPDU brings the heat of a PDU's breaker up to now.
func (p *Plan) warmPDU(s *State, m *memory, u int32) {
	l := &p.layers[pdus]
	k := u - l.first
	if dt := s.Age - s.HeatAge[k]; dt > 0 && l.rating != unlimited {
		s.Heat[u] = l.breaker.Heat(s.Heat[u], s.Load[u], dt, m.span(&l.breaker, dt))
	}
	s.HeatAge[k] = s.Age
}

// warmCords brings the heat of the breakers of a rack's cords up to now.
func (p *Plan) warmCords(s *State, m *memory, r int32) {
	if dt := s.Age - s.CordAge[r]; dt > 0 {
		forget := m.span(&p.branch, dt)
		for c := range int32(2) {
			s.BranchHeat[2*r+c] = p.heatCord(s, r, c, dt, forget)
		}
	}
	s.CordAge[r] = s.Age
}

// heatCord returns the heat of a cord's breaker dt seconds after it was last brought up to date.
func (p *Plan) heatCord(s *State, r, c int32, dt, forget float64) float64 {
	h := s.BranchHeat[2*r+c]
	if s.CordLive[r]>>c&1 == 1 {
		return p.branch.Heat(h, s.CordLoad[r], dt, forget)
	}
	return h - h*forget
}

// heat returns the heat of a unit's breaker now.
func (p *Plan) heat(s *State, u int32) float64 {
	l := &p.layers[pdus]
	if u < l.first || l.rating == unlimited {
		return s.Heat[u]
	}
	dt := s.Age - s.HeatAge[u-l.first]
	return l.breaker.Heat(s.Heat[u], s.Load[u], dt, forgotten(&l.breaker, dt))
}

// cordTrip returns the seconds until the breaker of a rack's cord trips.
func (p *Plan) cordTrip(s *State, r, c int32) float64 {
	dt := s.Age - s.CordAge[r]
	return p.branch.TripTime(p.heatCord(s, r, c, dt, forgotten(&p.branch, dt)), s.CordLoad[r])
}

// resetCords closes a rack's tripped cord breakers.
func (p *Plan) resetCords(s *State, rack int32) {
	s.stir()
	s.Cuts -= bits.OnesCount8(s.Cut[rack])
	s.Cut[rack] = 0
	if s.BranchHeat != nil {
		s.BranchHeat[2*rack], s.BranchHeat[2*rack+1], s.CordAge[rack] = 0, 0, s.Age
	}
}
