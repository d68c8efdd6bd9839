package power

import (
	"fmt"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/unit"
)

// Sizes is what a power chain must feed.
type Sizes struct {
	Racks      int
	RackRating []float64 // W by rack: the design power, as drawn at its cords
	MechRating float64   // W: the design power of cooling
}

// Error is what is wrong with a spec, at a path relative to it.
type Error struct{ Path, Msg string }

func (e *Error) Error() string { return e.Path + ": " + e.Msg }

// The layers of units. A unit is a utility feed, a transformer, a genset, a UPS or a PDU; all units of a plan are
// numbered through, layer by layer, and within a layer side by side.
const (
	utilities = iota
	transformers
	gensets
	upses
	pdus
	numLayers
)

var layerKinds = [numLayers]facility.Kind{
	facility.Utility, facility.Transformer, facility.Genset, facility.UPS, facility.PDU,
}

// layer is the units of one kind: all alike.
type layer struct {
	first, end int32
	rating     float64 // W; +Inf: not limited
	breaker    Breaker
	model      string
}

func (l *layer) count() int { return int(l.end - l.first) }

// span is the units [first, end) of one layer that belong to one side.
type span struct{ first, end int32 }

func (r span) count() int { return int(r.end - r.first) }

// side is one lineup from utility to PDUs.
type side struct {
	feeds        []int32 // utility units in order of preference
	group        int32   // genset group, or -1
	transformers span
	ups          span
	pdus         span // a hidden, lossless outlet where the plan has no PDUs
}

// rackFeed is the racks [lo, hi), fed by the PDU units a and, unless it is -1, b.
type rackFeed struct{ a, b, lo, hi int32 }

// Plan is a compiled power chain. It is immutable.
type Plan struct {
	layers [numLayers]layer
	names  []string // of utilities
	units  int32

	sides  []side
	groups []span // gensets that share a bus

	racks        int
	rackFeeds    []rackFeed // racks in order, by the PDUs that feed them
	groupOf      []int32    // by rack: its group in rackFeeds
	cordA, cordB []int32    // by rack: the PDU unit of each cord; -1: none
	outletSide   []int32    // by PDU: its side
	limit        float64    // W of a rack cord; +Inf: not limited
	branch       Breaker    // of a rack cord
	hidden       bool       // the PDUs are only outlets, not equipment

	noLoad, loadLoss float64 // of a transformer
	curve, line      Curve   // of a UPS
	pduCurve         Curve
	continuous       float64 // of a PDU
	battery          Battery
	discharging      float64 // output ÷ battery power
	charger          float64 // W of one unit
	charging         float64 // stored ÷ charging power
	bypass           bool
	mechUPS          bool
	eco              bool     // UPSs feed their load over the line path
	factor           *factors // nil: a power factor of 1 everywhere

	start, retry, cooldown float64 // s
	failToStart            float64
	failToCrank            float64
	delivery, reorder      float64 // s, 0 for none; m³
	gap                    float64 // s that an eco UPS leaves its load without power; 0: not noticed
	attempts               int
	tank, fullFuel, idle   float64 // m³, m³/J, ratio

	transfer, retransfer float64 // s
	static               bool    // transfers between live sources are not noticed

	step, settle               float64 // of a genset's rating, 0 for any; s
	shed                       bool
	restartAfter, restartEvery float64 // s
	gated                      bool    // groups of racks are shed, or restart in turn
	volts, powerFactor         float64

	notes []string
}

// Equipment is one kind of equipment in a plan, for the map of the site.
type Equipment struct {
	Kind   facility.Kind
	Count  int
	Names  []string // of their own, or nil for kind-0, kind-1 …
	Models []string // hardware titles by unit; nil where the spec names none
}

// Equipment returns what a plan consists of, from the utility down.
func (p *Plan) Equipment() []Equipment {
	var all []Equipment
	for i := range p.layers {
		l := &p.layers[i]
		if l.count() == 0 || i == pdus && p.hidden {
			continue
		}
		e := Equipment{Kind: layerKinds[i], Count: l.count()}
		if i == utilities {
			e.Names = p.names
		}
		if l.model != "" {
			e.Models = make([]string, l.count())
			for j := range e.Models {
				e.Models[j] = l.model
			}
		}
		all = append(all, e)
	}
	return all
}

// Notes returns what a planner should know about the sizes chosen or given, such as a layer that is too small.
func (p *Plan) Notes() []string { return p.notes }

// Sides returns the number of lineups.
func (p *Plan) Sides() int { return len(p.sides) }

// Count returns the number of units of kind k.
func (p *Plan) Count(k facility.Kind) int {
	lo, hi := p.Range(k)
	return hi - lo
}

// Range returns the units [lo, hi) of kind k in the arrays of a State that are by unit; empty for a kind that is not
// power equipment of this plan.
func (p *Plan) Range(k facility.Kind) (lo, hi int) {
	for i, kind := range layerKinds {
		if kind == k && !(i == pdus && p.hidden) {
			return int(p.layers[i].first), int(p.layers[i].end)
		}
	}
	return 0, 0
}

// Rating returns the rated power of a unit of kind k in W; +Inf where it is not limited.
func (p *Plan) Rating(k facility.Kind) float64 {
	for i, kind := range layerKinds {
		if kind == k {
			return p.layers[i].rating
		}
	}
	return 0
}

// Cords returns the PDUs that feed a rack, -1 for none. Without PDUs it returns the sides instead.
func (p *Plan) Cords(rack int) (a, b int) {
	first := int(p.layers[pdus].first)
	a, b = int(p.cordA[rack])-first, int(p.cordB[rack])
	if b >= 0 {
		b -= first
	}
	return a, b
}

// SideOf returns the lineup that equipment r belongs to, and false where it serves several.
func (p *Plan) SideOf(r facility.Ref) (int, bool) {
	u, ok := p.unit(r)
	if !ok {
		return 0, false
	}
	found, n := 0, 0
	for i := range p.sides {
		if p.serves(i, u) {
			found = i
			n++
		}
	}
	return found, n == 1
}

// Behind returns the racks that draw through equipment r while everything works, in order.
func (p *Plan) Behind(r facility.Ref) []int32 {
	u, ok := p.unit(r)
	if !ok {
		return nil
	}
	cord := func(outlet int32) bool {
		if outlet < 0 || r.Kind == facility.PDU {
			return outlet == u
		}
		return p.serves(int(p.outletSide[outlet-p.layers[pdus].first]), u)
	}
	var racks []int32
	for i := range p.rackFeeds {
		f := &p.rackFeeds[i]
		for k := f.lo; k < f.hi && (cord(f.a) || cord(f.b)); k++ {
			racks = append(racks, k)
		}
	}
	return racks
}

func (p *Plan) serves(i int, u int32) bool {
	sd := &p.sides[i]
	in := func(r span) bool { return u >= r.first && u < r.end }
	for _, f := range sd.feeds {
		if f == u {
			return true
		}
	}
	return in(sd.transformers) || in(sd.ups) || in(sd.pdus) || sd.group >= 0 && in(p.groups[sd.group])
}

// unit finds the unit that a reference means.
func (p *Plan) unit(r facility.Ref) (int32, bool) {
	lo, hi := p.Range(r.Kind)
	u := lo + int(r.Index)
	return int32(u), r.Index >= 0 && u < hi
}

// layerOf returns the layer of a unit.
func (p *Plan) layerOf(u int32) int {
	i := 0
	for u >= p.layers[i].end {
		i++
	}
	return i
}

// ref is the reference of a unit.
func (p *Plan) ref(u int32) facility.Ref {
	i := p.layerOf(u)
	return facility.Ref{Kind: layerKinds[i], Index: u - p.layers[i].first}
}

// name is the name of a unit, as the map of the site has it.
func (p *Plan) name(u int32) string {
	i := p.layerOf(u)
	n := u - p.layers[i].first
	if i == utilities {
		return p.names[n]
	}
	return fmt.Sprintf("%s-%d", layerKinds[i], n)
}

// watts prints a power for people.
func watts(w float64) string { return unit.PowerKind.Format(w, 3) }

// percent prints a ratio for people.
func percent(x float64) string { return fmt.Sprintf("%.0f %%", 100*x) }
