package power

import "math"

// Nearly always nothing above the PDUs is on its way: feeds and switches stand, batteries are full, gensets are off. Units of
// a side that were alike then stay alike, whatever racks draw. So an instant reckons one unit of each run of such units and
// copies it to the others: the same bytes come out as from each unit for itself.

// run is units of one layer that are alike, and stay so while the chain is calm.
type run struct {
	layer int
	span
}

// bank is what carries a side while the chain is calm.
type bank struct {
	ups          []run // those online; the others are off
	transformers []run // those that work
	online       int   // UPSs
	working      int   // transformers
}

// calm reports whether the runs in the state's memory hold.
func (s *State) calm() bool { return s.memory != nil && s.memory.calm }

// settles reports whether a chain that rests is calm: nothing charges, and no genset waits for fuel. It then finds its runs.
func (p *Plan) settles(s *State, m *memory) bool {
	for _, c := range s.Charging {
		if c {
			return false
		}
	}
	for k := range s.Gensets {
		if !math.IsInf(p.fuelTime(s, k), 1) {
			return false
		}
	}
	m.runs = m.runs[:0]
	for u := p.layers[utilities].first; u < p.layers[utilities].end; u++ { // each carries its own sides
		m.runs = append(m.runs, run{utilities, span{u, u + 1}})
	}
	p.divide(s, m, gensets, span{p.layers[gensets].first, p.layers[gensets].end})
	for i := range p.sides {
		b := &m.banks[i]
		*b = bank{ups: b.ups[:0], transformers: b.transformers[:0]}
		for _, r := range p.divide(s, m, transformers, p.sides[i].transformers) {
			if s.Up[r.first] && !s.Open[r.first] {
				b.transformers = append(b.transformers, r)
				b.working += r.count()
			}
		}
		for _, r := range p.divide(s, m, upses, p.sides[i].ups) {
			if s.UPS[r.first-p.layers[upses].first] == UPSOnline {
				b.ups = append(b.ups, r)
				b.online += r.count()
			}
		}
	}
	return true
}

// divide divides units of a layer into runs, and returns them.
func (p *Plan) divide(s *State, m *memory, layer int, units span) []run {
	from := len(m.runs)
	for u := units.first; u < units.end; u++ {
		if u > units.first && p.alike(s, layer, u-1, u) {
			m.runs[len(m.runs)-1].end++
		} else {
			m.runs = append(m.runs, run{layer, span{u, u + 1}})
		}
	}
	return m.runs[from:]
}

// alike reports whether two units of a layer are in the same state.
func (p *Plan) alike(s *State, layer int, a, b int32) bool {
	first := p.layers[upses].first
	return s.Up[a] == s.Up[b] && s.Open[a] == s.Open[b] && s.Over[a] == s.Over[b] && s.Heat[a] == s.Heat[b] &&
		s.Flow[a] == s.Flow[b] && s.Load[a] == s.Load[b] && (p.factor == nil || s.Var[a] == s.Var[b]) &&
		(layer != upses || s.UPS[a-first] == s.UPS[b-first])
}

// spread sets what the units of a run have in common, where it changed.
func (r *run) spread(x []float64, v float64) {
	x = x[r.first:r.end]
	if x[0] == v {
		return
	}
	x[0] = v
	for n := 1; n < len(x); n *= 2 {
		copy(x[n:], x[:n])
	}
}

// repeated returns what x ≥ 0 comes to when it is added n times, one by one, to nothing. Between two powers of two each
// addition rounds to the same step, all but the first if that is a tie (to even); multiples of the step are exact there. So it
// takes one addition for each few doublings of the sum, not n.
func repeated(x float64, n int) float64 {
	sum := 0.0
	for n > 0 {
		was := sum
		sum += x
		n--
		step := sum - was
		_, e := math.Frexp(sum)
		top := math.Ldexp(1, e) // the power of two above the sum
		if n == 0 || was < top/2 || sum+x-sum != step {
			continue
		}
		if k := min(int((top-sum)/step)-1, n); k > 0 {
			sum += float64(k) * step
			n -= k
		}
	}
	return sum
}

// warmRuns brings the heat of breakers above the PDUs over dt seconds.
func (p *Plan) warmRuns(s *State, dt float64) {
	var forget [pdus]float64
	for i := range forget {
		if l := &p.layers[i]; l.count() > 0 {
			forget[i] = forgotten(&l.breaker, dt)
		}
	}
	for k := range s.memory.runs {
		r := &s.memory.runs[k]
		l := &p.layers[r.layer]
		if l.rating == unlimited {
			continue
		}
		x := s.Load[r.first]
		r.spread(s.Heat, l.breaker.Heat(s.Heat[r.first], x, dt, forget[r.layer]))
		for n := r.count(); x > overload && n > 0; n-- { // one by one: sums keep their bytes
			s.Counts.OverloadSeconds += dt
		}
	}
}

// rateRuns sets the loads of units above the PDUs and notices whether there is something to report.
func (p *Plan) rateRuns(s *State, m *memory) {
	for k := range m.runs {
		r := &m.runs[k]
		l := &p.layers[r.layer]
		x := p.burden(s, r.layer, r.first) * (1 / l.rating)
		r.spread(s.Load, x)
		if p.level(l, 1, x, s.Over[r.first]) != s.Over[r.first] {
			s.News = true
		}
	}
}
