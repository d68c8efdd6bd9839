package cooling

import (
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/facility"
	"github.com/halltwin/halltwin/models/moistair"
	"github.com/halltwin/halltwin/models/unit"
)

func sprintf(format string, args ...any) string { return fmt.Sprintf(format, args...) }

// Sizes is what a cooling system must serve. Slices are by rack; a nil one takes the spec's default for all.
type Sizes struct {
	Racks      int
	RackHall   []int32   // the hall it stands in; nil: all in hall 0
	RackRow    []int32   // the row it stands in; nil: all in one
	RackDesign []float64 // W: heat at the design load
	RackLiquid []float64 // share of its heat that cold plates take, in [0, 1]; negative: the spec's
	RackFlow   []float64 // m³/s: airflow at the design load; 0: from air.rise
	RackMass   []float64 // J/K: heat capacity of its machines; 0: from air.room.machines
	RackEdge   []bool    // it stands at the end of a row, where air recirculates twice as much
	Pressure   float64   // Pa: barometric, which thins the air; 0: standard
	Carried    []Carried // heat-recirculation matrix; nil: the zonal model
}

// Error is what is wrong with a spec, at a path relative to it.
type Error struct{ Path, Msg string }

func (e *Error) Error() string { return e.Path + ": " + e.Msg }

// Equipment is the units of one kind that a plan consists of.
type Equipment struct {
	Kind   facility.Kind
	Count  int
	Names  []string // of their own, or nil for kind-0, kind-1 …
	Models []string // hardware titles by unit; nil where the spec names none
	Halls  []int32  // by unit: the hall it stands in; nil: it serves the site
}

// rack is the immutable part of one rack.
type rack struct {
	toAir    float64 // share of its heat
	share    float64 // of its airflow that comes from the cold aisle
	minFlow  float64 // m³/s: less is not followed
	mass     float64 // J/K
	perMass  float64 // K/J
	perFlow  float64 // W/K between mass and cold aisle for each m³/s
	fromCold float64 // inlet = fromCold·cold aisle + fromMass·mass
	fromMass float64
}

// airBank is the immutable part of like air handlers of one hall.
type airBank struct {
	first, n int32
	loop     int32   // water loop that feeds the coils
	airflow  float64 // m³/s of one unit at full speed
	rating   float64 // W of one unit
	fan      float64 // W of one unit's fans at full speed
	ua       float64 // W/K of one coil
	water    float64 // W/K: heat capacity rate of one coil's water, valve open
}

// hall is the immutable part of one hall.
type hall struct {
	racks     int
	airBank           // its CRAHs
	row       airBank // its in-row coolers
	rowShare  float64 // of the air that the racks take, which in-row coolers deliver while all works
	firstDoor int32
	doors     int32   // rear doors
	around    float64 // share of the racks' air that comes round them from behind their doors
	bypass    float64
	air       float64 // J/K, on the hot side
	aisle     float64 // J/K, on the cold side
	vapour    float64 // kg of dry air in the whole hall
	fresh     float64 // kg/s of outdoor air that leaks in
	structure float64 // J/K
	exchange  float64 // W/K
	design    float64 // W of heat to air
}

// tcs is the immutable part of one technology loop.
type tcs struct {
	hall     int32
	first, n int32   // its CDUs
	needed   int32   // of them, for the design heat
	rating   float64 // W of one CDU
	ua       float64 // W/K of one CDU at the rating
	flow     float64 // W/K: heat capacity rate of the loop
	water    float64 // W/K: heat capacity rate of the facility water through one CDU, valve open
	mass     float64 // J/K
	pump     float64 // W of one CDU at its rated flow
	design   float64 // W
	onUPS    bool
}

// Plan is a compiled cooling system: sizes, equipment and coefficients. It is immutable.
type Plan struct {
	air   AirSpec
	plant PlantSpec
	curve *eirCurve // of the chillers, or nil
	none  bool      // heat leaves without effort
	open  bool      // halls are cooled with outdoor air and DX coils

	rackHall  []int32
	rackLoop  []int32 // index in loops, or -1
	rackFixed []rack
	rhoCp     float64 // J/(m³ K)
	pressure  float64 // Pa
	driedTo   float64 // kg/kg of ventilation air, at most

	halls  []hall
	loops  []tcs
	doors  []door  // hall by hall
	matrix *matrix // of recirculation, or nil
	water  []water // chilled, then warm where there is one

	airLoad     [2]float64 // W of design heat that air handlers and doors put into each water loop, fans included
	rowGuard    float64    // K of the in-row coolers' water above the dew point
	doorGuard   float64    // K, of the doors
	doorLeaving float64    // °C: set point of the air from the doors, -Inf without
	doorLoop    int32
	doorPassive bool

	liquidSupply float64 // °C
	liquidReset  *LiquidResetSpec
	constantPump float64 // W of a CDU, or negative: the affinity law
	cduPumps     int
	banks        [numBanks]bank
	pumps        []pumpGroup
	condenser    float64 // J/K: water of towers and condensers
	tankNodes    int
	designHeat   float64
	counts       [facility.NumKinds]int
	names        [facility.NumKinds][]string
	class        classLimits
}

// Kinds of equipment that a plan may hold, in the order of [Plan.Equipment].
var kinds = [...]facility.Kind{facility.CRAH, facility.InRow, facility.RearDoor, facility.CDU, facility.Chiller, facility.Tower, facility.DryCooler, facility.Pump}

// The banks of the plant.
const (
	chillers = iota
	towers
	dryCoolers
	numBanks
)

// bank is alike units of the plant.
type bank struct {
	n      int     // with spares
	needed int     // for the design heat
	rating float64 // W of one
	fan    float64 // W of one at full speed
	tower  Tower
	dry    DryCooler
	model  string
}

// pumpGroup is alike pumps that share one flow, or the pumps of one CDU.
type pumpGroup struct {
	first, n, needed int32
	power            float64 // W of the whole group at design flow
}

// spares returns the units beyond the n that the design needs.
func spares(n int, redundancy string) int {
	switch redundancy {
	case "N+1":
		return 1
	case "N+2":
		return 2
	case "2N":
		return n
	}
	return 0
}

// size chooses the number of units and the rating of one. Where the rating is given the count follows; where
// both are auto, units are at most largest W. The needed units carry heat·(1+margin).
func size(count Count, rating *float64, heat, margin, largest float64, redundancy string) (n, needed int, each float64, err error) {
	want := max(heat*(1+margin), 1)
	switch {
	case rating != nil:
		each = *rating
		needed = int(math.Ceil(want/each - 1e-9))
	case count != Auto:
		needed = max(int(count)-spares(1, redundancy), 1)
		if redundancy == "2N" {
			needed = max(int(count)/2, 1)
		}
		each = want / float64(needed)
	default:
		needed = int(math.Ceil(want/largest - 1e-9))
		each = want / float64(max(needed, 1))
	}
	if count != Auto {
		switch {
		case redundancy == "2N" && count%2 == 1:
			return 0, 0, 0, fmt.Errorf("%d units are no two equal sets: 2N needs an even count", count)
		case redundancy == "N+2" && count < 3:
			return 0, 0, 0, fmt.Errorf("of %d units N+2 leaves none to carry the heat: write count: 3 or more, or redundancy: N", count)
		case rating != nil && float64(count)*each < heat:
			return 0, 0, 0, fmt.Errorf("%d units of %s carry %s, and the design heat is %s: write count: %d or more, a larger rating, or count: auto",
				count, unit.Power(each), unit.Power(float64(count)*each), unit.Power(heat), int(math.Ceil(heat/each)))
		}
	}
	needed = max(needed, 1)
	n = needed + spares(needed, redundancy)
	if count != Auto {
		n = int(count)
		needed = min(needed, n)
	}
	if n > maxUnits {
		return 0, 0, 0, fmt.Errorf("%d units would be needed: raise the rating of one unit", n)
	}
	return n, needed, each, nil
}

// Compile makes a plan from a spec. Errors are *[Error] with a path relative to the spec.
func Compile(spec *Spec, n Sizes) (*Plan, error) {
	p := &Plan{air: spec.Air, plant: spec.Plant, none: spec.Plant.Kind == "none", open: spec.Plant.Kind == "outdoor-air", constantPump: -1}
	p.pressure = n.Pressure
	if p.pressure == 0 {
		p.pressure = moistair.StandardPressure
	}
	p.driedTo = moistair.FromDewPoint(float64(spec.Air.Humidity.DriedTo), p.pressure)
	p.rhoCp = moistair.Density(25, 0.008, p.pressure) * moistair.Cp
	if spec.Plant.Chiller.Each.Curve != nil {
		p.curve = spec.Plant.Chiller.Each.Curve.compile()
	}
	if err := p.compileRacks(spec, &n); err != nil {
		return nil, err
	}
	if err := p.compileMatrix(spec, &n); err != nil {
		return nil, err
	}
	if err := p.compileLoops(spec, &n); err != nil {
		return nil, err
	}
	if !p.none {
		if err := p.compileHalls(spec, &n); err != nil {
			return nil, err
		}
		if err := p.compilePlant(spec); err != nil {
			return nil, err
		}
	} else {
		p.compileIdleHalls(&n)
		if err := p.refuseWaterless(spec); err != nil {
			return nil, err
		}
	}
	p.compileCDUPumps()
	if p.none {
		return p, nil
	}
	if err := p.checkControls(spec); err != nil {
		return nil, err
	}
	if err := p.compileClass(spec); err != nil {
		return nil, err
	}
	return p, nil
}

func (p *Plan) compileRacks(spec *Spec, n *Sizes) error {
	for _, s := range []struct {
		name string
		len  int
		nils bool
	}{
		{"RackHall", len(n.RackHall), n.RackHall == nil}, {"RackRow", len(n.RackRow), n.RackRow == nil}, {"RackDesign", len(n.RackDesign), false},
		{"RackLiquid", len(n.RackLiquid), n.RackLiquid == nil}, {"RackFlow", len(n.RackFlow), n.RackFlow == nil},
		{"RackMass", len(n.RackMass), n.RackMass == nil}, {"RackEdge", len(n.RackEdge), n.RackEdge == nil},
	} {
		if s.len != n.Racks && !s.nils {
			panic(sprintf("cooling: Sizes.%s has %d entries for %d racks", s.name, s.len, n.Racks))
		}
	}
	recirculation, _ := leakage(&spec.Air)
	if len(n.Carried) > 0 {
		recirculation = 0 // the matrix says
	}
	if spec.Air.RearDoor != nil {
		recirculation = 0 // it passes the doors first: the hall says
	}
	p.rackHall = make([]int32, n.Racks)
	p.rackLoop = make([]int32, n.Racks)
	p.rackFixed = make([]rack, n.Racks)
	eps := float64(spec.Air.Room.Coupling)
	for i := range n.Racks {
		if n.RackHall != nil {
			p.rackHall[i] = n.RackHall[i]
		}
		p.rackLoop[i] = -1
		liquid := 0.0
		if spec.Liquid != nil {
			liquid = float64(spec.Liquid.Fraction)
			if n.RackLiquid != nil && n.RackLiquid[i] >= 0 {
				liquid = min(n.RackLiquid[i], 1)
			}
		} else if n.RackLiquid != nil && n.RackLiquid[i] > 0 {
			return &Error{"liquid", sprintf("rack %d has cold plates for %.0f %% of its heat and the site has no liquid cooling: add liquid: {}", i, 100*n.RackLiquid[i])}
		}
		r := recirculation
		if n.RackEdge != nil && n.RackEdge[i] {
			r = min(2*r, 0.9)
		}
		mass := float64(spec.Air.Room.Machines)
		if n.RackMass != nil && n.RackMass[i] > 0 {
			mass = n.RackMass[i]
		}
		mix := 1 - r + r*eps
		p.rackFixed[i] = rack{
			toAir: 1 - liquid, share: 1 - r, mass: mass, perMass: 1 / mass,
			minFlow:  max(0.02*n.airflow(spec, i, (1-liquid)*n.RackDesign[i], p.rhoCp), 1e-4),
			perFlow:  eps * p.rhoCp * (1 - r) / mix,
			fromCold: (1 - r) / mix, fromMass: r * eps / mix,
		}
		p.designHeat += n.RackDesign[i]
	}
	return nil
}

// airflow returns the airflow of rack i at the design load in m³/s.
func (n *Sizes) airflow(spec *Spec, i int, heat, rhoCp float64) float64 {
	if n.RackFlow != nil && n.RackFlow[i] > 0 {
		return n.RackFlow[i]
	}
	return heat / (rhoCp * float64(spec.Air.Rise))
}

func leakage(a *AirSpec) (recirculation, bypass float64) {
	recirculation, bypass = 0.02, 0.05
	if a.Containment == "none" {
		recirculation, bypass = 0.12, 0.30
	}
	if a.Recirculation != nil {
		recirculation = float64(*a.Recirculation)
	}
	if a.Bypass != nil {
		bypass = float64(*a.Bypass)
	}
	return recirculation, bypass
}

func (n *Sizes) hallCount() int {
	halls := int32(0)
	for _, h := range n.RackHall {
		halls = max(halls, h)
	}
	return int(halls) + 1
}

// compileIdleHalls makes halls without equipment, for a plan in which heat leaves without effort.
func (p *Plan) compileIdleHalls(n *Sizes) {
	p.halls = make([]hall, n.hallCount())
	for i := range n.Racks {
		p.halls[p.rackHall[i]].racks++
	}
}

func (p *Plan) compileHalls(spec *Spec, n *Sizes) error {
	a := &spec.Air
	_, bypass := leakage(a)
	p.halls = make([]hall, n.hallCount())
	flows := make([]float64, len(p.halls))
	for i := range n.Racks {
		h := &p.halls[p.rackHall[i]]
		h.racks++
		heat := p.rackFixed[i].toAir * n.RackDesign[i]
		h.design += heat
		flows[p.rackHall[i]] += n.airflow(spec, i, heat, p.rhoCp)
	}
	each := &a.CRAH.Each
	approach := float64(a.Supply) - float64(spec.Plant.Chilled.Supply)
	if approach < 1 && !p.open {
		return &Error{"plant.chilled.supply", sprintf("water at %s cannot make air of %s: keep it at least 1 K below air.supply", spec.Plant.Chilled.Supply, a.Supply)}
	}
	capture := 0.0
	if a.RearDoor != nil {
		capture = min(float64(a.RearDoor.Capture), 1)
	}
	for i := range p.halls {
		h := &p.halls[i]
		racks := float64(max(h.racks, 1))
		h.bypass = bypass
		h.air = racks * float64(a.Room.Volume) * p.rhoCp
		h.aisle = racks * float64(a.Room.Aisle) * p.rhoCp
		h.vapour = 2 * h.air / moistair.Cp // the cold side and the plenum hold about as much
		h.fresh = racks * float64(a.Humidity.Ventilation) * p.rhoCp / moistair.Cp
		h.structure = racks * float64(a.Room.Structure)
		h.exchange = racks * float64(a.Room.Exchange)
		rest, err := p.compileRow(spec, h, flows[i])
		if err != nil {
			return err
		}
		p.airLoad[0] += h.design * rest * (1 - capture) * (1 + float64(each.Fan))
		if rest < 1e-9 {
			if a.CRAH.Count == Auto {
				continue // in-row coolers carry all
			}
			rest = 1 // in reserve
		}
		heat := h.design * rest // of rear doors, too: they may fail
		count, _, rating, err := size(a.CRAH.Count, (*float64)(each.Rating), heat, float64(a.CRAH.Margin), 500e3, a.CRAH.Redundancy)
		if err != nil {
			return &Error{"air.crah", err.Error()}
		}
		h.first, h.n = int32(p.counts[facility.CRAH]), int32(count)
		p.counts[facility.CRAH] += count
		h.rating = rating
		h.airflow = rating / (p.rhoCp * float64(each.Rise))
		if each.Rating == nil { // an auto unit also moves the air that the racks take
			needed := max(math.Round(heat*(1+float64(a.CRAH.Margin))/rating), 1)
			h.airflow = max(h.airflow, rest*flows[i]/(1-bypass)*(1+float64(each.Excess))/needed)
		}
		h.fan = rating * float64(each.Fan)
		h.water = rating / float64(spec.Plant.Chilled.Rise)
		if eps, ok := h.sizeCoil(p.rhoCp, float64(a.Supply), float64(spec.Plant.Chilled.Supply)); !ok && !p.open {
			return &Error{"air.crah.each", sprintf("no coil takes %.0f kW from air at %.1f °C with water at %s (an effectiveness of %.2f): lower plant.chilled.supply or raise air.supply or crah.each.rise",
				rating/1e3, float64(a.Supply)+rating/(h.airflow*p.rhoCp), spec.Plant.Chilled.Supply, eps)}
		}
	}
	return p.compileDoors(spec, n)
}

// compileLoops groups the racks that have cold plates into technology loops.
func (p *Plan) compileLoops(spec *Spec, n *Sizes) error {
	if spec.Liquid == nil {
		return nil
	}
	l := spec.Liquid
	p.liquidSupply, p.liquidReset = float64(l.Supply), l.Reset
	if l.CDU.Each.Constant != nil {
		p.constantPump = float64(*l.CDU.Each.Constant)
	}
	p.cduPumps = l.CDU.Each.Pumps
	racks, row := 0, int32(-1) // of the current loop
	for i := range n.Racks {
		if p.rackFixed[i].toAir == 1 {
			continue
		}
		last := len(p.loops) - 1
		at := int32(0)
		if n.RackRow != nil {
			at = n.RackRow[i]
		}
		if last < 0 || p.loops[last].hall != p.rackHall[i] || l.Loop > 0 && racks >= int(l.Loop) || l.Loop == LoopRow && at != row {
			p.loops = append(p.loops, tcs{hall: p.rackHall[i]})
			last++
			racks, row = 0, at
		}
		p.rackLoop[i] = int32(last)
		p.loops[last].design += (1 - p.rackFixed[i].toAir) * n.RackDesign[i]
		racks++
	}
	for i := range p.loops {
		t := &p.loops[i]
		each := &l.CDU.Each
		count, needed, rating, err := size(l.CDU.Count, (*float64)(each.Rating), t.design, float64(l.CDU.Margin), 1.3e6, l.CDU.Redundancy)
		if err != nil {
			return &Error{"liquid.cdu", err.Error()}
		}
		t.first, t.n, t.needed = int32(p.counts[facility.CDU]), int32(count), int32(needed)
		p.counts[facility.CDU] += count
		t.rating, t.onUPS = rating, each.OnUPS
		t.flow = max(t.design, 1) * float64(l.Flow) * rhoWater * cpWater
		t.mass = float64(needed) * float64(each.Volume) * rhoWater * cpWater
		t.pump = rating * float64(each.Pump)
		// Counterflow with equal capacity rates at the rating: coolant rise over rise plus approach.
		c := rating * float64(l.Flow) * rhoWater * cpWater
		rise := rating / c
		eps := rise / (rise + float64(each.Approach))
		t.ua = CounterflowNTU(eps, 1) * c
		t.water = c
	}
	return nil
}

// Equipment returns what the plan consists of.
func (p *Plan) Equipment() []Equipment {
	var out []Equipment
	for _, k := range kinds {
		if p.counts[k] == 0 {
			continue
		}
		e := Equipment{Kind: k, Count: p.counts[k], Names: p.names[k]}
		model := ""
		switch k {
		case facility.CRAH:
			model = p.air.CRAH.Each.Title
			e.Halls = make([]int32, 0, e.Count)
			for i := range p.halls {
				for range p.halls[i].n {
					e.Halls = append(e.Halls, int32(i))
				}
			}
		case facility.InRow:
			model = p.air.InRow.Each.Title
			e.Halls = make([]int32, 0, e.Count)
			for i := range p.halls {
				for range p.halls[i].row.n {
					e.Halls = append(e.Halls, int32(i))
				}
			}
		case facility.RearDoor:
			model = p.air.RearDoor.Title
			e.Halls = make([]int32, 0, e.Count)
			for _, d := range p.doors {
				e.Halls = append(e.Halls, p.rackHall[d.rack])
			}
		case facility.CDU:
			e.Halls = make([]int32, 0, e.Count)
			for i := range p.loops {
				for range p.loops[i].n {
					e.Halls = append(e.Halls, p.loops[i].hall)
				}
			}
		case facility.Chiller:
			model = p.banks[chillers].model
		case facility.Tower:
			model = p.banks[towers].model
		case facility.DryCooler:
			model = p.banks[dryCoolers].model
		}
		if model != "" {
			e.Models = make([]string, e.Count)
			for i := range e.Models {
				e.Models[i] = model
			}
		}
		out = append(out, e)
	}
	return out
}
