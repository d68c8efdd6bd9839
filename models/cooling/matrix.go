package cooling

import "math"

// Carried is one entry of a heat-recirculation matrix: the share of the outlet air of one rack that reaches the inlet of
// another.
type Carried struct {
	From, To int32
	Share    float64
}

// entry is one source of a rack's inlet air.
type entry struct {
	from  int32
	share float64 // of the outlet air of the rack it comes from
}

// matrix is a heat-recirculation matrix by inlet: entries [start[j], start[j+1]) are the sources of rack j.
//
// Tang, Gupta, Varsamopoulos, IEEE TPDS 19(11), 2008: with A_ij the share of the outlet air of rack i that reaches the
// inlet of rack j and K = diag(ρ cp V), K Tin = Aᵀ K Tout + (K - Aᵀ K 1) Tsup and Tout = Tin + P/K give
// Tin = Tsup + D P with D = (K - Aᵀ K)⁻¹ - K⁻¹. Here Tsup is the cold aisle, which is warmer than the supply where the
// air handlers deliver less than the racks take, and P what the machines release. D is never made: its inverse is
// sparse, and a few sweeps solve it.
type matrix struct {
	start []int32
	entry []entry
}

// sweeps bounds the Gauss-Seidel iteration; sums below 0.9 take some 20 from scratch to rounding, and few from the last
// step's answer.
const (
	sweeps  = 400
	settled = 1e-11 // K
)

// compileMatrix checks and sorts the entries of a heat-recirculation matrix.
func (p *Plan) compileMatrix(spec *Spec, n *Sizes) error {
	if len(n.Carried) == 0 {
		return nil
	}
	const at = "air.recirculation_matrix"
	if spec.Plant.Kind == "none" {
		return &Error{at, "heat leaves a plant of kind none without effort, and no air recirculates: leave one of the two out"}
	}
	m := &matrix{start: make([]int32, n.Racks+1)}
	out, in := make([]float64, n.Racks), make([]float64, n.Racks)
	for k, e := range n.Carried {
		switch {
		case e.From < 0 || int(e.From) >= n.Racks || e.To < 0 || int(e.To) >= n.Racks:
			return &Error{at, sprintf("entry %d names a rack that is not there", k)}
		case !(e.Share >= 0 && e.Share <= 1):
			return &Error{at, sprintf("entry %d carries %v of a rack's air: a share lies from 0 to 1", k, e.Share)}
		case p.rackHall[e.From] != p.rackHall[e.To]:
			return &Error{at, sprintf("entry %d carries air from rack %d to rack %d, which stand in different halls", k, e.From, e.To)}
		}
		m.start[e.To+1]++
		out[e.From] += e.Share
		in[e.To] += e.Share * n.designFlow(spec, p, int(e.From))
	}
	for i := range n.Racks {
		m.start[i+1] += m.start[i]
		if out[i] > 1-1e-6 {
			return &Error{at, sprintf("the shares of rack %d's outlet air add up to %.4g %%: some of it must return to the air handlers, or the heat never leaves; keep each rack's sum below 100 %%", i, 100*out[i])}
		}
		if flow := n.designFlow(spec, p, i); in[i] > flow*(1-1e-6) {
			return &Error{at, sprintf("%.4g m³/s of other racks' outlet air reach rack %d, which takes %.4g m³/s: lower the shares towards it", in[i], i, flow)}
		}
	}
	m.entry = make([]entry, len(n.Carried))
	next := append([]int32(nil), m.start...)
	for _, e := range n.Carried {
		m.entry[next[e.To]] = entry{e.From, e.Share}
		next[e.To]++
	}
	p.matrix = m
	return nil
}

// designFlow returns the airflow of rack i at the design load in m³/s.
func (n *Sizes) designFlow(spec *Spec, p *Plan, i int) float64 {
	return max(n.airflow(spec, i, p.rackFixed[i].toAir*n.RackDesign[i], p.rhoCp), p.rackFixed[i].minFlow)
}

// matrixWork is what a step knows of a heat-recirculation matrix.
//
// Over a step the mean x of a machine's mass is α + β·Tin, so the mean inlets are the solution of
// Tin_j = Σ b_ji ((1-ε+ε β_i) Tin_i + ε α_i) + b_j Tc: affine in the cold aisle, u + v·Tc. b_ji is the share of the air
// into j that comes out of i, b_j that from the cold aisle.
type matrixWork struct {
	b       []float64 // by entry: share of the inlet's air
	cold    []float64 // by rack: share of its inlet's air that the cold aisle gives
	weight  []float64 // by rack: of its mass's mean between its ends
	beta    []float64 // by rack
	gain    []float64 // by rack: α for each K of the mass at the start
	alpha   []float64 // by rack: °C
	u, v    []float64 // by rack: °C and 1
	inlet   []float64 // by rack: °C at the end of the last step
	current bool
}

func newMatrixWork(m *matrix, racks int) matrixWork {
	zero := func(n int) []float64 { return make([]float64, n) }
	return matrixWork{b: zero(len(m.entry)), cold: zero(racks), weight: zero(racks), beta: zero(racks), gain: zero(racks),
		alpha: zero(racks), u: zero(racks), v: zero(racks), inlet: zero(racks)}
}

func (c *matrixWork) clone() matrixWork {
	w := *c
	for _, f := range [...]*[]float64{&w.b, &w.cold, &w.weight, &w.beta, &w.gain, &w.alpha, &w.u, &w.v, &w.inlet} {
		*f = append([]float64(nil), *f...)
	}
	return w
}

// least is the least share of a rack's inlet air that the cold aisle gives: fans at other speeds than the design's may
// ask for less.
const least = 0.02

// blend sets the shares of each inlet's air for the airflows of the step, and the answer of the masses.
func (p *Plan) blend(s *State, dt float64) {
	m, c := p.matrix, &s.c.matrix
	eps := float64(p.air.Room.Coupling)
	for j := range c.cold {
		sum := 0.0
		for k := m.start[j]; k < m.start[j+1]; k++ {
			c.b[k] = m.entry[k].share * s.c.flow[m.entry[k].from] / s.c.flow[j]
			sum += c.b[k]
		}
		if sum > 1-least {
			for k := m.start[j]; k < m.start[j+1]; k++ {
				c.b[k] *= (1 - least) / sum
			}
			sum = 1 - least
		}
		c.cold[j] = 1 - sum
		own := 0.0
		for k := m.start[j]; k < m.start[j+1]; k++ {
			if m.entry[k].from == int32(j) {
				own += c.b[k]
			}
		}
		ek := eps * p.rhoCp * s.c.flow[j]
		perMass := p.rackFixed[j].perMass
		c.weight[j] = fittedWeight(ek * (1 - own) / (1 - own + own*eps) * dt * perMass)
		z := c.weight[j] * dt * perMass
		c.gain[j] = 1 / (1 + z*ek)
		c.beta[j] = z * ek * c.gain[j]
		c.v[j] = 1
	}
	p.sweep(s, c.v, func(i int32) float64 { return 1 - eps + eps*c.beta[i] }, func(j int) float64 { return c.cold[j] })
	c.current = true
}

// sweep solves x_j = Σ b_ji through_i x_i + rhs_j in place.
func (p *Plan) sweep(s *State, x []float64, through func(i int32) float64, rhs func(j int) float64) {
	m, c := p.matrix, &s.c.matrix
	for range sweeps {
		worst := 0.0
		for j := range x {
			sum, own := rhs(j), 0.0
			for k := m.start[j]; k < m.start[j+1]; k++ {
				i := m.entry[k].from
				if g := c.b[k] * through(i); int(i) == j {
					own += g
				} else {
					sum += g * x[i]
				}
			}
			next := sum / (1 - own)
			worst = max(worst, math.Abs(next-x[j]))
			x[j] = next
		}
		if worst < settled {
			return
		}
	}
}

// gatherMatrix does what gatherRacks does for racks whose inlets a matrix describes.
func (p *Plan) gatherMatrix(s *State, in *Input) (heat float64) {
	m, c := p.matrix, &s.c.matrix
	for i := range s.c.halls {
		w := &s.c.halls[i]
		w.a, w.k, w.demand = 0, 0, 0
	}
	for i := range s.c.loops {
		s.c.loops[i].heat = 0
	}
	for i, q := range in.RackHeat {
		f := &p.rackFixed[i]
		heat += q
		if flow := max(in.RackFlow[i], f.minFlow); flow != s.c.flow[i] {
			s.c.flow[i] = flow
			c.current = false
		}
		s.c.air[i] = f.toAir * q
		if l := p.rackLoop[i]; l >= 0 {
			s.c.loops[l].heat += q - s.c.air[i]
		}
	}
	if !c.current {
		p.blend(s, in.Dt)
	}
	eps := float64(p.air.Room.Coupling)
	for i, mass := range s.Machines {
		c.alpha[i] = (mass + c.weight[i]*in.Dt*p.rackFixed[i].perMass*s.c.air[i]) * c.gain[i]
	}
	p.sweep(s, c.u, func(i int32) float64 { return 1 - eps + eps*c.beta[i] }, func(j int) float64 {
		sum := 0.0
		for k := m.start[j]; k < m.start[j+1]; k++ {
			sum += c.b[k] * eps * c.alpha[m.entry[k].from]
		}
		return sum
	})
	for i, h := range p.rackHall {
		w := &s.c.halls[h]
		ek := eps * p.rhoCp * s.c.flow[i]
		w.a += ek * (c.alpha[i] - (1-c.beta[i])*c.u[i])
		w.k += ek * (1 - c.beta[i]) * c.v[i]
		w.demand += c.cold[i] * s.c.flow[i]
	}
	s.c.define()
	return heat
}

// advanceMatrix does what advanceRacks does for racks whose inlets a matrix describes.
func (p *Plan) advanceMatrix(s *State, in *Input) (storing float64) {
	m, c := p.matrix, &s.c.matrix
	eps := float64(p.air.Room.Coupling)
	for i, mass := range s.Machines {
		inlet := c.u[i] + c.v[i]*s.c.halls[p.rackHall[i]].cold
		next := mass + (c.alpha[i]+c.beta[i]*inlet-mass)/c.weight[i]
		storing += (next - mass) * p.rackFixed[i].mass
		s.Machines[i] = next
	}
	p.sweep(s, c.inlet, func(int32) float64 { return 1 - eps }, func(j int) float64 {
		sum := c.cold[j] * s.HallCold[p.rackHall[j]]
		for k := m.start[j]; k < m.start[j+1]; k++ {
			sum += c.b[k] * eps * s.Machines[m.entry[k].from]
		}
		return sum
	})
	for i, t := range c.inlet {
		s.RackInlet[i] = t
		s.RackOutlet[i] = t + eps*(s.Machines[i]-t)
		s.RackLiquid[i] = t
		if l := p.rackLoop[i]; l >= 0 {
			s.RackLiquid[i] = s.LoopSupply[l]
		}
	}
	return storing / in.Dt
}
