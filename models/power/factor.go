package power

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// PowerFactorSpec is how far current and voltage are apart, so that feeds, transformers, PDUs, UPSs and gensets are loaded by
// what they really carry, in kVA. Without it all loads have a power factor of 1.
type PowerFactorSpec struct {
	Supplies   []FactorPoint `yaml:"supplies" doc:"power factor of power supplies over their load, rising loads; absent: 0.90 at 10 %, 0.95 at 20 %, 0.99 from 50 %, what 80 PLUS Titanium asks for or better"`
	Oversize   unit.Ratio    `yaml:"oversize" doc:"rating of all supplies of a rack relative to its design power; two full sets have 200 %" default:"200 %" source:"typical of supplies on two cords" range:"[1,10]"`
	UPS        unit.Ratio    `yaml:"ups" doc:"power factor of a rectifier's input, in double conversion and mode dc; the line path passes on what its load has" default:"0.99" source:"typical of IGBT rectifiers" range:"(0,1]"`
	Mechanical unit.Ratio    `yaml:"mechanical" doc:"power factor of cooling" default:"0.95" source:"typical of motors on variable-speed drives" range:"(0,1]"`
	UPSRated   unit.Ratio    `yaml:"ups_rated" doc:"rated kW ÷ kVA of a UPS's output" default:"1" source:"typical of present UPSs; 0.9 or 0.8 before about 2010" range:"(0,1]"`
	GenRated   unit.Ratio    `yaml:"genset_rated" doc:"rated kW ÷ kVA of a genset" default:"0.8" source:"ISO 8528-1" range:"(0,1]"`
}

// FactorPoint is one point of a curve of the power factor.
type FactorPoint struct {
	Load   unit.Ratio `yaml:"load" doc:"output ÷ rating" required:"true" range:"(0,1.5]"`
	Factor unit.Ratio `yaml:"factor" doc:"power factor there" required:"true" range:"(0,1]"`
}

// Validate checks what tags cannot say.
func (s *PowerFactorSpec) Validate(fail func(path, msg string)) {
	for i := 1; i < len(s.Supplies); i++ {
		if s.Supplies[i].Load <= s.Supplies[i-1].Load {
			fail(fmt.Sprintf("supplies[%d].load", i), "loads must rise")
		}
	}
}

// supplyFactor is the power factor of supplies where a spec has none.
var supplyFactor = []FactorPoint{{0.1, 0.90}, {0.2, 0.95}, {0.5, 0.99}}

// factors is a compiled PowerFactorSpec. Reactive power is given by tangents: var ÷ W.
type factors struct {
	points    []FactorPoint
	supply    []float64 // by PDU: W of the supplies on it
	ups, mech float64   // tangents
	rated     [numLayers]float64
}

// Factor interpolates a power factor between points at relative load x; it holds before the first and after the last.
func Factor(points []FactorPoint, x float64) float64 {
	i := 0
	for i < len(points) && float64(points[i].Load) < x {
		i++
	}
	switch i {
	case 0:
		return float64(points[0].Factor)
	case len(points):
		return float64(points[i-1].Factor)
	}
	a, b := points[i-1], points[i]
	return float64(a.Factor) + float64(b.Factor-a.Factor)*(x-float64(a.Load))/float64(b.Load-a.Load)
}

// tangent returns the reactive power of 1 W at a power factor.
func tangent(factor float64) float64 { return math.Sqrt(max(1-factor*factor, 0)) / factor }

// factors compiles power factors, once the racks are plugged in.
func (c *compiler) factors() {
	s := c.spec.PowerFactor
	if s == nil {
		return
	}
	f := &factors{points: s.Supplies, ups: tangent(float64(s.UPS)), mech: tangent(float64(s.Mechanical)), supply: make([]float64, len(c.outletSide))}
	if len(f.points) == 0 {
		f.points = supplyFactor
	}
	for i := range f.rated {
		f.rated[i] = 1
	}
	f.rated[upses], f.rated[gensets] = float64(s.UPSRated), float64(s.GenRated)
	first := c.layers[pdus].first
	for i := range c.rackFeeds {
		r := &c.rackFeeds[i]
		design := 0.0
		for k := r.lo; k < r.hi; k++ {
			design += c.sizes.RackRating[k] * float64(s.Oversize)
		}
		if r.b >= 0 {
			design /= 2
			f.supply[r.b-first] += design
		}
		f.supply[r.a-first] += design
	}
	c.Plan.factor = f
}

// apparentPDU returns the apparent power in VA of w W on the supplies of a PDU, and keeps their reactive power.
func (p *Plan) apparentPDU(s *State, u int32, w float64) float64 {
	f := p.factor
	if f == nil || w == 0 {
		if f != nil {
			s.Var[u] = 0
		}
		return w
	}
	factor := Factor(f.points, w/f.supply[u-p.layers[pdus].first])
	s.Var[u] = w * tangent(factor)
	return w / factor
}

// react finds the reactive power of every unit above the PDUs from what flows: the sum of what is below, which a rectifier
// replaces by its own. Losses have none; what a transformer's leakage takes is left out.
func (p *Plan) react(s *State, m *memory) {
	f := p.factor
	if f == nil {
		return
	}
	if m.calm {
		clear(s.Var[:p.layers[utilities].end])
	} else {
		clear(s.Var[:p.layers[pdus].first])
	}
	mech := 0
	for i := range p.sides {
		if p.mechUPS && s.Fed[i] || !p.mechUPS && s.Live[i] && p.connected(s, i) {
			mech++
		}
	}
	for i := range p.sides {
		p.reactSide(s, m, i, s.Mech*f.mech/float64(max(mech, 1)))
	}
}

// reactSide finds the reactive power of a side of which cooling takes mech var where it is fed.
func (p *Plan) reactSide(s *State, m *memory, i int, mech float64) {
	sd := &p.sides[i]
	bus := m.sides[i].reactive
	if p.mechUPS && s.Fed[i] {
		bus += mech
	}
	switch {
	case sd.ups.count() == 0 || !s.Fed[i]:
	case m.calm:
		bus = p.reactBank(s, &m.banks[i], bus)
	default:
		bus = p.reactEach(s, sd.ups, bus)
	}
	if !s.Live[i] {
		return
	}
	if !p.mechUPS && p.connected(s, i) {
		bus += mech
	}
	k := s.Source[i]
	if m.calm {
		s.Var[sd.feeds[k]] += bus
		for r := range m.banks[i].transformers {
			m.banks[i].transformers[r].spread(s.Var, bus/float64(m.banks[i].working))
		}
		return
	}
	if int(k) < len(sd.feeds) {
		s.Var[sd.feeds[k]] += bus
		if n := p.working(s, sd.transformers); n > 0 {
			for u := sd.transformers.first; u < sd.transformers.end; u++ {
				if s.Up[u] && !s.Open[u] {
					s.Var[u] = bus / float64(n)
				}
			}
		}
		return
	}
	first, n := p.layers[gensets].first, p.running(s, sd.group)
	for u := p.groups[sd.group].first; u < p.groups[sd.group].end; u++ {
		if m := s.Gensets[u-first]; m == GensetRunning || m == GensetCooling {
			s.Var[u] += bus / float64(n)
		}
	}
}

// reactEach divides out var over the units of a bank that carry load, and returns what the bank asks of its switchboard.
func (p *Plan) reactEach(s *State, bank span, out float64) float64 {
	carry := 0
	for u := bank.first; u < bank.end; u++ {
		if s.Flow[u] > 0 {
			carry++
		}
	}
	bus, each := 0.0, out/float64(carry)
	for u := bank.first; u < bank.end; u++ {
		k := u - p.layers[upses].first
		if s.Flow[u] > 0 {
			s.Var[u] = each
		}
		switch {
		case s.UPS[k] == UPSBypass || s.UPS[k] == UPSOnline && p.eco:
			bus += s.Var[u]
		case s.UPS[k] == UPSOnline:
			bus += float64(p.factor.ups * (s.Flow[u] + max(-s.BatteryW[k], 0))) // rounded before it is added, as in reactBank
		}
	}
	return bus
}

// reactBank is reactEach where the units of the bank are alike.
func (p *Plan) reactBank(s *State, b *bank, out float64) float64 {
	if b.online == 0 {
		return 0
	}
	w, each := s.Flow[b.ups[0].first], 0.0
	if w > 0 {
		each = out / float64(b.online)
	}
	for k := range b.ups {
		b.ups[k].spread(s.Var, each)
	}
	if p.eco {
		return repeated(each, b.online)
	}
	return repeated(p.factor.ups*w, b.online)
}

// burden returns what unit u of a layer carries, as W of its rating: its power, or its apparent power at the rated power
// factor where that is more.
func (p *Plan) burden(s *State, layer int, u int32) float64 {
	w := s.Flow[u]
	if p.factor == nil {
		return w
	}
	return max(w, math.Hypot(w, s.Var[u])*p.factor.rated[layer])
}

// PowerFactor returns the power factor of what a unit carries in the arrays by unit of a State; 1 without a model of it.
func (p *Plan) PowerFactor(s *State, u int) float64 {
	if p.factor == nil || s.Flow[u] <= 0 {
		return 1
	}
	return s.Flow[u] / math.Hypot(s.Flow[u], s.Var[u])
}
