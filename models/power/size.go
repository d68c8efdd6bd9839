package power

import (
	"errors"
	"fmt"
	"math"

	"github.com/halltwin/halltwin/models/unit"
)

// designLoad is the relative load at which rated equipment is chosen where a spec leaves the choice.
const designLoad = 0.8

// design is what a redundancy means.
type design struct {
	lineups int      // sides
	share   float64  // of the design load that one side carries once another is lost
	spare   int      // units that each layer has beyond its need
	pairs   [][2]int // of sides that feed a rack; -1: none
}

var designs = [...]struct {
	name string
	design
}{
	{"none", design{1, 1, 0, [][2]int{{0, -1}}}},
	{"N", design{1, 1, 0, [][2]int{{0, -1}}}},
	{"N+1", design{1, 1, 1, [][2]int{{0, -1}}}},
	{"2N", design{2, 1, 0, [][2]int{{0, 1}}}},
	{"3N/2", design{3, 0.5, 0, [][2]int{{0, 1}, {1, 2}, {2, 0}}}},
}

// compiler holds what Compile works with.
type compiler struct {
	*Plan
	design
	spec  *Spec
	bare  bool // redundancy none: a layer exists only where it is asked for
	sizes Sizes
	errs  []error
}

// Compile builds the feed graph that a spec means for the given racks. Its error joins one [Error] for each fault.
func Compile(spec *Spec, n Sizes) (*Plan, error) {
	c := &compiler{Plan: &Plan{racks: n.Racks}, spec: spec, sizes: n, bare: spec.Redundancy == "none"}
	for _, d := range designs {
		if d.name == spec.Redundancy {
			c.design = d.design
		}
	}
	if c.lineups == 0 {
		return nil, &Error{"redundancy", fmt.Sprintf("%q is none of none, N, N+1, 2N, 3N/2", spec.Redundancy)}
	}
	if n.Racks <= 0 || len(n.RackRating) != n.Racks {
		return nil, &Error{"", fmt.Sprintf("a power chain needs racks with a design power each; it got %d racks, %d ratings", n.Racks, len(n.RackRating))}
	}
	c.sides = make([]side, c.lineups)

	// From the load up: each layer is sized by what the one below it draws.
	var it float64
	for _, w := range n.RackRating {
		it += w
	}
	if !(it > 0) || math.IsInf(it, 0) || !(n.MechRating >= 0) || math.IsInf(n.MechRating, 0) {
		return nil, &Error{"", fmt.Sprintf("the design power must be positive and finite; racks have %g W, cooling %g W", it, n.MechRating)}
	}
	pairs := c.outlets()
	it *= c.share * (1 + c.pduCurve.At(1))
	mech := n.MechRating * c.share
	bus := c.upsLayer(it, mech)
	c.gensetLayer(bus)
	c.transformerLayer(bus)
	c.utilityLayer()
	if err := errors.Join(c.errs...); err != nil {
		return nil, err
	}
	c.number()
	c.wire(pairs)
	c.gated = c.shed || c.restartAfter > 0 || c.restartEvery > 0
	return c.Plan, nil
}

func (c *compiler) fail(path, format string, args ...any) {
	c.errs = append(c.errs, &Error{path, fmt.Sprintf(format, args...)})
}

func (c *compiler) note(format string, args ...any) {
	c.notes = append(c.notes, fmt.Sprintf(format, args...))
}

// perSide turns a count over all sides into one for each.
func (c *compiler) perSide(path string, n Count, sides int, auto func() int) int {
	switch {
	case n == Auto && c.bare:
		return 0
	case n == Auto:
		return auto()
	case int(n)%sides != 0:
		c.fail(path, "%d do not divide over the %d sides of %s: write a multiple of %d", n, sides, c.spec.Redundancy, sides)
		return 1
	}
	return int(n) / sides
}

// units is how many units of a rating carry a load.
func units(load, rating float64) int { return max(int(math.Ceil(load/rating-1e-9)), 1) }

// upsLayer sizes the UPS bank of a side that feeds it W of PDUs and mech W of cooling, and returns the load of the
// switchboard.
func (c *compiler) upsLayer(it, mech float64) float64 {
	s := &c.spec.UPS.Each
	c.mechUPS = c.spec.Mechanical.UPS
	load := it
	if c.mechUPS {
		load += mech
	}
	rating := float64(s.Rating)
	n := c.perSide("ups.count", c.spec.UPS.Count, c.lineups, func() int { return units(load, rating) + c.spare })
	if n > 0 && load > rating*float64(max(n-c.spare, 1)) {
		c.note("ups: %d × %s a side are less than the design load of %s", max(n-c.spare, 1), watts(rating), watts(load))
	}
	l := &c.layers[upses]
	*l = layer{end: int32(n * c.lineups), rating: rating, breaker: s.Overload.breaker(upsOverload), model: s.Title}
	c.curve, c.line = s.Curve.curve(doubleConversion), s.Line.curve(linePath)
	c.bypass = s.Bypass && s.Mode != "dc"
	switch s.Mode {
	case "eco":
		c.curve, c.eco = c.line, true
		if s.Transfer > holdUp {
			c.gap = float64(s.Transfer)
			c.note("ups: it takes %s to leave eco mode, and power supplies run on for %s: racks with one cord are lost with the line", seconds(c.gap), seconds(holdUp))
		}
	case "dc":
		c.curve = s.Curve.curve(rectifierLoss)
	}
	c.compileBattery(s)
	if n > 0 {
		load += rating * float64(n) * c.curve.At(load/(rating*float64(n)))
	}
	if !c.mechUPS {
		load += mech
	}
	return load
}

func (c *compiler) compileBattery(s *UPSSpec) {
	b := &s.Battery
	c.battery = Battery{Floor: float64(b.Floor), Exponent: b.Peukert, Hours: float64(b.Hours), Well: float64(b.Well), Rate: float64(b.Rate)}
	switch b.Model {
	case "peukert":
		c.battery.Model = PeukertBattery
	case "kibam":
		c.battery.Model = KiBaMBattery
	}
	c.discharging, c.charging = float64(b.Efficiency), float64(b.Charging)
	c.charger = float64(b.Charger) * float64(s.Rating)
	c.battery.Size(float64(s.Rating)/c.discharging, float64(s.Autonomy))
	if b.Age != nil {
		c.battery.Capacity *= BatteryHealth(float64(*b.Age), float64(b.Life), float64(b.Ambient)) / BatteryHealth(1, 1, 25)
	}
}

// rated chooses count a side and rating of a layer that must carry load W a side: either may be given.
func (c *compiler) rated(path string, n Count, sides int, rating *unit.Power, load float64) (count int, w float64) {
	count = c.perSide(path+".count", n, sides, func() int {
		if rating == nil {
			return 1 + c.spare
		}
		return units(load/designLoad, float64(*rating)) + c.spare
	})
	carry := float64(max(count-c.spare, 1))
	if rating == nil {
		return count, load / designLoad / carry
	}
	w = float64(*rating)
	if count > 0 && load > w*carry {
		c.note("%s: %d × %s a side are less than the design load of %s", path, int(carry), watts(w), watts(load))
	}
	return count, w
}

func (c *compiler) gensetLayer(bus float64) {
	s := &c.spec.Genset
	l := &c.layers[gensets]
	buses := c.lineups
	if s.Bus == "common" {
		buses, bus = 1, bus/c.share
	}
	n, w := c.rated("genset", s.Count, buses, s.Rating, bus)
	l.end, l.rating = int32(n*buses), w
	l.breaker, l.model = s.Overload.breaker(gensetOverload), s.Title
	c.start, c.retry, c.cooldown = float64(s.Start), float64(s.Retry), float64(s.Cooldown)
	c.failToStart, c.attempts = float64(s.FailToStart), s.Attempts
	c.failToCrank = float64(s.FailToCrank)
	c.settle, c.shed = float64(s.Settle), s.Shed
	if s.Step != nil {
		c.step = float64(*s.Step)
	}
	c.idle = float64(s.Fuel.Idle)
	c.fullFuel = float64(s.Fuel.FullLoad) / 3.6e6
	c.tank = float64(s.Fuel.Tank) * FuelUse(l.rating, l.rating, c.fullFuel, c.idle)
	if d := s.Fuel.Delivery; d != nil {
		c.delivery, c.reorder = float64(*d), float64(s.Fuel.Reorder)*c.tank
	}
}

func (c *compiler) transformerLayer(bus float64) {
	s := &c.spec.Transformer
	n, w := c.rated("transformer", s.Count, c.lineups, s.Rating, bus)
	c.layers[transformers] = layer{end: int32(n * c.lineups), rating: w, breaker: s.Breaker.breaker(), model: s.Title}
	c.noLoad, c.loadLoss = float64(s.NoLoad), float64(s.Load)
}

func (c *compiler) utilityLayer() {
	s := &c.spec.Utility
	n := int(s.Count)
	if s.Count == Auto {
		n = min(c.lineups, 2)
		if len(s.Names) > 0 {
			n = len(s.Names)
		}
	}
	switch {
	case n < 1 || n > 26:
		c.fail("utility.count", "%d feeds: a site has 1 to 26", n)
		return
	case len(s.Names) > 0 && len(s.Names) != n:
		c.fail("utility.names", "%d names for %d feeds", len(s.Names), n)
		return
	}
	c.names = s.Names
	if len(c.names) == 0 {
		for i := range n {
			c.names = append(c.names, "utility-"+string(rune('a'+i)))
		}
	}
	c.layers[utilities] = layer{end: int32(n), rating: math.Inf(1), breaker: s.Breaker.breaker()}
	if s.Rating != nil {
		c.layers[utilities].rating = float64(*s.Rating)
	}
	c.transfer, c.retransfer = 0.150, float64(s.Retransfer)
	if c.spec.Transfer.Kind == "sts" {
		c.transfer = 0.006
	}
	if b := c.spec.Transfer.Break; b != nil {
		c.transfer = float64(*b)
	}
	c.static = c.spec.Transfer.Kind == "sts" && c.transfer <= holdUp
	c.restartAfter, c.restartEvery = float64(c.spec.Restart.After), float64(c.spec.Restart.Every)
	c.volts, c.powerFactor = float64(s.Voltage), float64(s.PowerFactor)
}

// number gives each layer its units.
func (c *compiler) number() {
	var next int32
	for i := range c.layers {
		l := &c.layers[i]
		n := l.end
		l.first, l.end = next, next+n
		next += n
	}
	c.Plan.units = next
}

// share of a layer's units that belong to side i.
func (c *compiler) sideSpan(l, i int) span {
	lay := &c.layers[l]
	n := int32(lay.count() / c.lineups)
	return span{lay.first + int32(i)*n, lay.first + int32(i+1)*n}
}

// wire connects sides, gensets and racks.
func (c *compiler) wire(pairs []pair) {
	g := &c.layers[gensets]
	common := c.spec.Genset.Bus == "common"
	if common && g.count() > 0 {
		c.groups = []span{{g.first, g.end}}
	}
	for i := range c.sides {
		sd := &c.sides[i]
		n := c.layers[utilities].count()
		for u := i % n; u < n; u += c.lineups {
			sd.feeds = append(sd.feeds, c.layers[utilities].first+int32(u))
		}
		sd.transformers, sd.ups = c.sideSpan(transformers, i), c.sideSpan(upses, i)
		sd.group = -1
		switch {
		case g.count() == 0:
		case common:
			sd.group = 0
		default:
			sd.group = int32(len(c.groups))
			c.groups = append(c.groups, c.sideSpan(gensets, i))
		}
	}
	c.cordRacks(pairs)
	c.factors()
}
