package cooling

import (
	"fmt"
	"math"
	"strings"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
)

// envelope is a range of air at the inlets of racks: dry bulb and dew point in °C, relative humidity in [0, 1].
// Air is too dry below the higher of the two low limits, and too humid above the lower of the two high ones.
type envelope struct {
	coldest, hottest float64
	dryDew, wetDew   float64
	dryRH, wetRH     float64
}

// airClass is an ASHRAE class of air-cooled equipment.
type airClass struct {
	recommended, allowable envelope
	derate                 float64 // m of altitude above derateFrom that take 1 K off the hottest allowable air
}

// derateFrom is the altitude in m from which thin air lowers the hottest allowable air.
const derateFrom = 900

// airClasses are the classes of ASHRAE TC 9.9, Thermal Guidelines for Data Processing Environments, 5th ed. 2021
// (typical: limits as commonly quoted; the dry limit of the allowable envelopes is -12 °C of dew point and 8 %).
var airClasses = map[string]airClass{
	"A1": {envelope{18, 27, -9, 15, 0, 0.7}, envelope{15, 32, -12, 17, 0.08, 0.8}, 300},
	"A2": {envelope{18, 27, -9, 15, 0, 0.7}, envelope{10, 35, -12, 21, 0.08, 0.8}, 300},
	"A3": {envelope{18, 27, -9, 15, 0, 0.7}, envelope{5, 40, -12, 24, 0.08, 0.85}, 175},
	"A4": {envelope{18, 27, -9, 15, 0, 0.7}, envelope{5, 45, -12, 24, 0.08, 0.9}, 125},
	"H1": {envelope{18, 22, -9, 15, 0, 0.7}, envelope{5, 25, -12, 17, 0.08, 0.8}, 500},
}

// waterClasses are the hottest facility water in °C of the W classes, and technologyClasses the hottest coolant of
// the S classes, of ASHRAE TC 9.9 (typical). W+ has no upper limit.
var (
	waterClasses      = map[string]float64{"W17": 17, "W27": 27, "W32": 32, "W40": 40, "W45": 45, "W+": math.Inf(1)}
	technologyClasses = []struct {
		name    string
		hottest float64
	}{{"S30", 30}, {"S35", 35}, {"S40", 40}, {"S45", 45}, {"S50", 50}}
)

// hysteresis is how far in K a hall must be back inside its class to count as returned.
const hysteresis = 0.5

// coldLiquid is the coldest facility water or coolant of every class in °C; W and S classes begin at 2 °C (typical).
const coldLiquid = 2

// liquidTolerance is the K by which control may overshoot a liquid class.
const liquidTolerance = 0.1

// Breach is which limit of a class the air or the coolant of a hall passes.
type Breach uint8

// The breaches.
const (
	Inside Breach = iota
	TooWarm
	TooCold
	TooDry
	TooHumid
)

func (b Breach) String() string {
	return [...]string{"inside its class", "too warm", "too cold", "too dry", "too humid"}[b]
}

// Class is how one hall keeps to the classes of its equipment.
type Class struct {
	Air         Breach  // of the allowable envelope, at the end of the last step
	Recommended Breach  // of the recommended envelope
	Liquid      Breach  // of the coolant's class, by any loop of the hall
	Hottest     float64 // °C: the warmest inlet of the hall
	Coldest     float64 // °C: its coldest inlet
	Coolant     float64 // °C: the warmest coolant, or facility water for a W class

	OutsideRecommended float64 // s outside the recommended envelope so far
	OutsideAllowable   float64 // s outside the allowable one
	OutsideLiquid      float64 // s outside the class of the coolant
	Above              float64 // K: the most by which an inlet was above the hottest allowable
	CoolantAbove       float64 // K: likewise of the coolant

	Change      float64 // K: the most by which an inlet has changed within an hour, or 15 minutes with tape
	Fast        bool    // that is more than is allowable
	OutsideRate float64 // s in which it was

	swing               swing
	toldAir, toldLiquid Breach // what [Plan.Crossings] said last
	toldFast            bool
}

// classLimits are the limits of a plan, with humidity limits as ratios at its pressure.
type classLimits struct {
	air, liquid            string // names; "" without
	recommended, allowable envelope
	dry, wet               [2]float64 // kg/kg at the dew points of recommended and allowable
	liquidHottest          float64    // °C
	facility               bool       // the liquid class is of facility water
	altitude               float64    // m
}

// compileClass takes the limits from the spec. Errors are for the person who wrote it.
func (p *Plan) compileClass(spec *Spec) error {
	l := &p.class
	l.altitude = (1 - math.Pow(p.pressure/moistair.StandardPressure, 1/5.2559)) / 2.25577e-5
	if c, ok := airClasses[spec.Air.Class]; ok {
		l.air = spec.Air.Class
		l.recommended, l.allowable = c.recommended, c.allowable
		l.allowable.hottest -= max(l.altitude-derateFrom, 0) / c.derate
		l.recommended.hottest = min(l.recommended.hottest, l.allowable.hottest)
		for i, e := range []envelope{l.recommended, l.allowable} {
			l.dry[i], l.wet[i] = moistair.FromDewPoint(e.dryDew, p.pressure), moistair.FromDewPoint(e.wetDew, p.pressure)
		}
	}
	if spec.Liquid == nil || spec.Liquid.Class == "none" || len(p.loops) == 0 {
		return nil
	}
	name := spec.Liquid.Class
	if hottest, ok := waterClasses[name]; ok {
		l.liquid, l.liquidHottest, l.facility = name, hottest, true
		if w := p.cduWater(); w >= 0 && p.water[w].supply > hottest {
			path := "plant.chilled.supply"
			if p.water[w].warm {
				path = "plant.warm.supply"
			}
			return &Error{"liquid.class", sprintf("%s allows facility water of at most %g °C, but its set point is %.3g °C: lower %s (or liquid.supply) or choose a warmer class", name, hottest, p.water[w].supply, path)}
		}
		return nil
	}
	for _, c := range technologyClasses {
		if name == c.name && p.liquidSupply > c.hottest {
			return &Error{"liquid.class", sprintf("%s allows coolant of at most %g °C, but liquid.supply is %.3g °C: lower it or choose a warmer class", name, c.hottest, p.liquidSupply)}
		}
		if name == c.name || name == "auto" && p.liquidSupply <= c.hottest {
			l.liquid, l.liquidHottest = c.name, c.hottest
			return nil
		}
	}
	return nil
}

// cduWater returns the index of the water loop that serves the CDUs, or -1.
func (p *Plan) cduWater() int {
	for i := range p.water {
		if p.water[i].cdus {
			return i
		}
	}
	return -1
}

// find returns which limit the air of a hall passes, with limits of temperature drawn in by some K. i is 0 for the
// recommended envelope and 1 for the allowable one.
func (l *classLimits) find(e *envelope, i int, hottest, coldest, humidity, saturated, by float64) Breach {
	switch {
	case hottest > e.hottest-by:
		return TooWarm
	case coldest < e.coldest+by:
		return TooCold
	case humidity > min(l.wet[i], e.wetRH*saturated):
		return TooHumid
	case humidity < max(l.dry[i], e.dryRH*saturated)*(1-1e-9):
		return TooDry
	}
	return Inside
}

// classify compares every hall with its classes, counts the time outside, and reports in out whether one crossed a
// limit that [Plan.Crossings] has not told yet.
func (p *Plan) classify(s *State, dt float64, out *Output) {
	l := &p.class
	if l.air == "" && l.liquid == "" {
		return
	}
	for i := range s.Class {
		s.Class[i].Hottest, s.Class[i].Coldest, s.Class[i].Coolant = math.Inf(-1), math.Inf(1), math.Inf(-1)
	}
	halls := p.rackHall[:len(s.RackInlet)]
	at, hottest, coldest := int32(-1), 0.0, 0.0
	for r, t := range s.RackInlet {
		if h := halls[r]; h != at {
			s.span(at, hottest, coldest)
			at, hottest, coldest = h, t, t
		}
		if t > hottest {
			hottest = t
		} else if t < coldest {
			coldest = t
		}
	}
	s.span(at, hottest, coldest)
	for j := range p.loops {
		c := &s.Class[p.loops[j].hall]
		if c.Coolant = max(c.Coolant, s.LoopSupply[j]); l.facility {
			if w := p.cduWater(); w >= 0 {
				c.Coolant = s.WaterSupply[w]
			}
		}
	}
	for i := range s.Class {
		c := &s.Class[i]
		if l.air != "" && p.halls[i].racks > 0 {
			p.classifyAir(s, i, dt)
			p.classifyChange(c, dt)
			out.Crossed = out.Crossed || p.crossedAir(s, i) || p.crossedRate(c)
		}
		if l.liquid != "" && c.Coolant > math.Inf(-1) {
			above := c.Coolant - l.liquidHottest
			c.Liquid = Inside
			if above > liquidTolerance {
				c.Liquid = TooWarm
				c.OutsideLiquid += dt
				c.CoolantAbove = max(c.CoolantAbove, above)
			} else if c.Coolant < coldLiquid-liquidTolerance {
				c.Liquid = TooCold
				c.OutsideLiquid += dt
			}
			out.Crossed = out.Crossed || c.crossedLiquid(l)
		}
	}
}

// span widens what is known of a hall's inlets; a negative hall is none.
func (s *State) span(hall int32, hottest, coldest float64) {
	if hall >= 0 {
		c := &s.Class[hall]
		c.Hottest, c.Coldest = max(c.Hottest, hottest), min(c.Coldest, coldest)
	}
}

func (p *Plan) classifyAir(s *State, i int, dt float64) {
	l, c := &p.class, &s.Class[i]
	saturated := moistair.Saturated(c.Coldest, p.pressure) // the coldest inlet is the most humid; the dry limit bears it
	w := s.HallHumidity[i]
	c.Air = l.find(&l.allowable, 1, c.Hottest, c.Coldest, w, saturated, 0)
	c.Recommended = l.find(&l.recommended, 0, c.Hottest, c.Coldest, w, saturated, 0)
	if c.Air != Inside {
		c.OutsideAllowable += dt
		c.Above = max(c.Above, c.Hottest-l.allowable.hottest)
		if c.Recommended == Inside {
			c.Recommended = c.Air
		}
	}
	if c.Recommended != Inside {
		c.OutsideRecommended += dt
	}
}

// crossedAir reports whether the air of a hall has left its class, or is well inside it again, and nobody was told.
func (p *Plan) crossedAir(s *State, i int) bool {
	l, c := &p.class, &s.Class[i]
	if c.toldAir == Inside || c.Air != Inside {
		return c.toldAir == Inside && c.Air != Inside
	}
	return l.find(&l.allowable, 1, c.Hottest, c.Coldest, s.HallHumidity[i], moistair.Saturated(c.Coldest, p.pressure), hysteresis) == Inside
}

// crossedLiquid is the same of a hall's coolant. A set point at the limit of its class is inside.
func (c *Class) crossedLiquid(l *classLimits) bool {
	if c.toldLiquid == Inside || c.Liquid != Inside {
		return c.toldLiquid == Inside && c.Liquid != Inside
	}
	return c.toldLiquid == TooCold || c.Coolant <= l.liquidHottest+liquidTolerance/2
}

// Crossing is a hall that left its class or came back to it.
type Crossing struct {
	Hall int
	Out  bool
	Over bool   // the hall keeps to all its classes again
	Text string // for people: what left what, by how much, and what stands behind it
}

// Crossings appends the halls that have left their class or come back since the last call, in order.
func (p *Plan) Crossings(s *State, add []Crossing) []Crossing {
	for i := range s.Class {
		c, told := &s.Class[i], len(add)
		if p.crossedAir(s, i) {
			c.toldAir = c.Air
			text := p.explainAir(s, i)
			if c.Air == Inside {
				text = sprintf("back inside ASHRAE %s: inlets %.1f to %.1f °C, dew point %.1f °C", p.class.air, c.Coldest, c.Hottest, p.DewPoint(s, i))
			}
			add = append(add, Crossing{Hall: i, Out: c.Air != Inside, Text: text})
		}
		if l := &p.class; l.air != "" && p.crossedRate(c) {
			c.toldFast = c.Fast
			add = append(add, Crossing{Hall: i, Out: c.Fast, Text: p.explainRate(s, i)})
		}
		if c.crossedLiquid(&p.class) {
			c.toldLiquid = c.Liquid
			text := p.explainLiquid(s, i)
			if c.Liquid == Inside {
				text = sprintf("back inside ASHRAE %s: %s of %.1f °C", p.class.liquid, p.class.medium(), c.Coolant)
			}
			add = append(add, Crossing{Hall: i, Out: c.Liquid != Inside, Text: text})
		}
		if len(add) > told {
			add[len(add)-1].Over = c.toldAir == Inside && !c.toldFast && c.toldLiquid == Inside
		}
	}
	return add
}

func (l *classLimits) medium() string {
	if l.facility {
		return "facility water"
	}
	return "coolant"
}

// explainAir says which limit the air of a hall passes and what stands behind it.
func (p *Plan) explainAir(s *State, i int) string {
	l, c := &p.class, &s.Class[i]
	a := &l.allowable
	var b strings.Builder
	fmt.Fprintf(&b, "outside ASHRAE %s, %s: ", l.air, c.Air)
	switch c.Air {
	case TooWarm:
		fmt.Fprintf(&b, "inlets reach %.1f °C, %.1f allowable", c.Hottest, a.hottest)
		if l.altitude > derateFrom {
			fmt.Fprintf(&b, " at %.0f m", l.altitude)
		}
	case TooCold:
		fmt.Fprintf(&b, "an inlet is at %.1f °C, %.1f allowable", c.Coldest, a.coldest)
	default:
		fmt.Fprintf(&b, "dew point %.1f °C and %.0f %% at the inlets, allowable %.0f to %.0f °C and %.0f to %.0f %%",
			p.DewPoint(s, i), 100*moistair.Relative(c.Coldest, s.HallHumidity[i], p.pressure), a.dryDew, a.wetDew, 100*a.dryRH, 100*a.wetRH)
	}
	return b.String() + p.behind(s, i)
}

// behind says what stands behind the air of a hall: its supply, the units that are lost, and the water.
func (p *Plan) behind(s *State, i int) string {
	h := &p.halls[i]
	var b strings.Builder
	fmt.Fprintf(&b, "; supply air %.1f °C for a set point of %.1f", s.HallSupply[i], s.HallSet[i])
	for _, of := range []struct {
		kind     facility.Kind
		name     string
		first, n int32
	}{
		{facility.CRAH, "CRAHs", h.first, h.n}, {facility.InRow, "in-row coolers", h.row.first, h.row.n},
		{facility.RearDoor, "rear doors", h.firstDoor, h.doors},
	} {
		if up := s.working(of.kind, of.first, of.n); up < of.n {
			fmt.Fprintf(&b, ", %d of %d %s work", up, of.n, of.name)
		}
	}
	for w := range p.water {
		if p.water[w].halls {
			fmt.Fprintf(&b, ", %s", p.waterText(s, w))
		}
	}
	return b.String()
}

func (p *Plan) explainLiquid(s *State, i int) string {
	l, c := &p.class, &s.Class[i]
	var b strings.Builder
	fmt.Fprintf(&b, "outside ASHRAE %s, %s: %s of %.1f °C, %g allowable", l.liquid, c.Liquid, l.medium(), c.Coolant, l.liquidHottest)
	up, n, dry := int32(0), int32(0), 0
	for j := range p.loops {
		if t := &p.loops[j]; t.hall == int32(i) {
			up, n = up+s.c.loops[j].up, n+t.n
			if s.c.loops[j].flow == 0 {
				dry++
			}
		}
	}
	if up < n {
		fmt.Fprintf(&b, "; %d of %d CDUs work", up, n)
	}
	if dry > 0 {
		fmt.Fprintf(&b, "; no flow in %d of its loops", dry)
	}
	if w := p.cduWater(); w >= 0 {
		fmt.Fprintf(&b, "; %s", p.waterText(s, w))
	}
	return b.String()
}

// waterText says how a water loop fares.
func (p *Plan) waterText(s *State, i int) string {
	name, kind, plural := "chilled water", facility.Chiller, "chillers"
	if p.water[i].warm {
		name, kind, plural = "warm water", facility.DryCooler, "dry coolers"
	}
	text := sprintf("%s %.1f °C for %.1f", name, s.WaterSupply[i], s.WaterSet[i])
	n := int32(p.counts[kind])
	up := s.working(kind, 0, n)
	if kind == facility.Chiller {
		for j := range n {
			if s.down[kind][j] == 0 && s.Restart[j] > 0 {
				up--
			}
		}
	}
	if up < n {
		text += sprintf(", %d of %d %s run", up, n, plural)
	}
	return text
}

// ClassNames returns the class of the air and that of the coolant that the plan checks; "" for none.
func (p *Plan) ClassNames() (air, liquid string) { return p.class.air, p.class.liquid }
