package failure

import (
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/random"
)

// Early is infant mortality: a share of new parts lives by a law of its own, if the other does not end it sooner.
//
// The survival of a new part is then S(t)·(1 - share + share·S_weak(t)): a hazard that falls from the first hours on.
type Early struct {
	Share float64
	Life  Law
}

// life returns how long a new part lives of this, in s; infinite for one that is not weak.
func (e *Early) life(st *random.Stream) float64 {
	if st.Float64() >= e.Share {
		return math.Inf(1)
	}
	return e.Life.Draw(st)
}

// Heat is how a rate follows the temperature.
type Heat struct {
	at   float64 // °C
	kelv float64 // K: activation energy over Boltzmann's constant; or
	per  float64 // K that double the rate
	most float64
}

// boltzmann is in eV/K.
const boltzmann = 8.617333262e-5

func (s *HeatSpec) compile() *Heat {
	if s == nil {
		return nil
	}
	h := &Heat{at: float64(s.At), most: s.Most}
	if s.Energy != nil {
		h.kelv = *s.Energy / boltzmann
	} else {
		h.per = float64(*s.Doubles)
	}
	return h
}

// Factor returns the factor on the rate at a temperature in °C.
func (h *Heat) Factor(t float64) float64 {
	if h.kelv > 0 {
		return min(math.Exp(h.kelv*(1/(h.at+273.15)-1/(t+273.15))), h.most)
	}
	return min(math.Exp2((t-h.at)/h.per), h.most)
}

// Silent is a failure that does not show at once, or never.
type Silent struct {
	Found float64
	After Law
}

// Health is the checks of the nodes.
type Health struct {
	Every, Coverage, Start, Takes, False, Clears float64 // s; shares; 1/s
}

// Quarantine is what makes a lemon, and what is done with it.
type Quarantine struct {
	Failures    int
	Within, For float64 // s
	Replaced    bool
}

// Wave is planned work.
type Wave struct {
	Name                       string
	Unit                       facility.Kind
	Size                       int
	First, Every, Takes, Grace float64 // s
	Hours                      Hours
}

// Pool is the nodes held back as spares.
type Pool struct {
	Nodes int
	Warm  bool
	Swap  float64 // s
}

// compileCare makes what is done about failures, once the processes are there.
func (p *Plan) compileCare(s *Spec) {
	if h := s.Health; h != nil {
		p.Health = &Health{float64(h.Every), float64(h.Coverage), float64(h.Start), float64(h.Takes), float64(h.False), float64(h.Clears)}
	}
	if q := s.Quarantine; q != nil {
		p.Quarantine = &Quarantine{q.Failures, float64(q.Within), float64(q.For), q.Replaced}
	}
	for i := range s.Maintenance {
		m := &s.Maintenance[i]
		unit, _ := facility.ParseKind(m.Unit)
		p.Waves = append(p.Waves, Wave{m.Name, unit, m.Size, float64(m.First), float64(m.Every), float64(m.Takes), float64(m.Grace), m.Hours.compile()})
	}
	if x := s.Spares; x != nil {
		n := p.tree.Count(facility.Node)
		p.Pool = &Pool{Warm: x.Start != "cold", Swap: float64(x.Swap)}
		if x.Nodes != nil {
			p.Pool.Nodes = min(*x.Nodes, n)
		} else if n > 0 {
			p.Pool.Nodes = Spares(n, p.InterruptionRate(n)/float64(n), float64(x.Recovery), float64(x.Over), x.Quantile)
		}
	}
}

// compileCrews makes crews and parts, which repairs call by their places.
func (p *Plan) compileCrews(s *Spec) {
	for i := range s.Crews {
		c := &s.Crews[i]
		p.Crews = append(p.Crews, Crew{c.Name, c.Size, c.Order == "largest", c.Hours.compile()})
	}
	for i := range s.Parts {
		x := &s.Parts[i]
		p.Parts = append(p.Parts, Stock{x.Name, x.Stock, float64(x.Lead)})
	}
}

// Cares reports whether anything is done about failures that needs memory of its own, or a failure does not stop what it
// strikes.
func (p *Plan) Cares() bool {
	if len(p.Crews)+len(p.Parts)+len(p.Waves) > 0 || p.Health != nil || p.Quarantine != nil || p.Pool != nil {
		return true
	}
	for i := range p.Processes {
		if p.Processes[i].Slow > 0 || p.Processes[i].Silent != nil {
			return true
		}
	}
	return false
}

// Passes reports whether a failure that is due strikes at a temperature in °C of its subject. If not, the next is drawn: the
// clock of such a process runs as if always at the highest rate, and of its moments as many pass as the temperature says
// (Lewis and Shedler, Nav. Res. Logist. Q. 26, 1979).
func (p *Plan) Passes(s *State, process int, subject int32, now, temperature float64) bool {
	pr := &p.Processes[process]
	st := &s.Streams[process][subject]
	chance, gap := fork(st), fork(st)
	if chance.Float64()*pr.Heat.most < pr.Heat.Factor(temperature) {
		return true
	}
	s.At[process][subject] = now + pr.Gap.Draw(&gap)/float64(s.Factor[process][subject])
	return false
}

// Resume lets the clock of a subject go on that stood still while it waited for a crew: its next failure comes gap s from now.
func (s *State) Resume(process, subject int32, now, gap float64) { s.At[process][subject] = now + gap }

// Replace gives the components of a node new ones of no history: frailties are drawn anew, and failures to come with them.
func (p *Plan) Replace(s *State, node int32, now float64, st *random.Stream) {
	for i := range p.Processes {
		pr := &p.Processes[i]
		if pr.Burst || pr.Frailty == 0 || pr.Subject != facility.Node && pr.Subject != facility.GPU {
			continue
		}
		lo, hi := node, node+1
		if pr.Subject == facility.GPU {
			lo, hi = p.tree.Children(facility.GPU, node)
		}
		for j := lo; j < hi; j++ {
			old := s.Factor[i][j]
			s.Factor[i][j] = pr.factor(p, j, st)
			if at := s.At[i][j]; at > now {
				s.At[i][j] = now + (at-now)*float64(old)/float64(s.Factor[i][j])
			}
		}
	}
}
